//! Names of the files in a form, as far as its beginning tells.

use axum::body::Body;
use futures_util::StreamExt;

/// Beginning of a form in which the name of its first file is looked for.
const PART_HEAD_BYTES: usize = 4096;

/// The beginning of a body, and the whole of it again.
pub(super) async fn peek(body: Body) -> (Vec<u8>, Body) {
    let mut stream = body.into_data_stream();
    let (mut head, mut pieces) = (Vec::new(), Vec::new());
    while head.len() < PART_HEAD_BYTES {
        let Some(piece) = stream.next().await else { break };
        if let Ok(piece) = &piece {
            head.extend_from_slice(piece);
        }
        pieces.push(piece);
    }
    let whole = futures_util::stream::iter(pieces).chain(stream);
    (head, Body::from_stream(whole))
}

/// File names of the parts of a form, as far as its beginning tells.
pub(super) fn names_of_parts(head: &[u8]) -> Vec<String> {
    let head = &head[..head.len().min(PART_HEAD_BYTES)];
    let text = String::from_utf8_lossy(head);
    let names = text.split("filename=\"").skip(1);
    names
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_body_is_whole_after_its_beginning_was_looked_at() {
        let pieces = (0..20).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1000]));
        let (head, body) = peek(Body::from_stream(futures_util::stream::iter(pieces))).await;
        assert_eq!(head.len(), 5000);
        assert_eq!(axum::body::to_bytes(body, usize::MAX).await.unwrap().len(), 20_000);
    }

    #[test]
    fn names_stand_in_the_heads_of_parts() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"IMG 1.jpg\"\r\n\r\nx\r\n--b--";
        assert_eq!(names_of_parts(form), ["IMG 1.jpg"]);
        assert!(names_of_parts(b"filename=\"never ends").is_empty());
    }
}
