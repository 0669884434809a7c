//! Originals that are gone on with in the middle, by every route, and hosts that answer that oddly.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::Response;
use photomove_core::{AuthProblem, ErrorKind};
use rstest::rstest;
use serde_json::json;

use crate::support::{Seen, Server, answer, not_found, open, read, reply, root};

const WHOLE: &[u8] = b"0123456789";

/// Routes to the bytes, each the only one that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Signed,
    Redirection,
    TempLink,
}

/// Answers with the bytes from the asked-for byte on, if the route is open.
async fn server(only: Only, bytes: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static) -> Server {
    Server::start(move |seen| {
        let base = format!("http://{}", seen.header("host").unwrap());
        match seen.path.as_str() {
            "/bytes" => bytes(seen),
            path if path.starts_with("/downloads/") && only == Only::Signed => bytes(seen),
            path if path.ends_with("/contentRedirection") && only == Only::Redirection => {
                reply(302, &[("location", &format!("{base}/bytes"))], "")
            }
            "/drive/v1/nodes/n1" if only == Only::TempLink => {
                answer(&json!({"id": "n1", "tempLink": format!("{base}/bytes")}))
            }
            _ if seen.asks_for_root() => root("A0OWN"),
            _ => not_found(),
        }
    })
    .await
}

fn whole() -> Response {
    reply(
        200,
        &[
            ("content-type", "image/jpeg"),
            ("content-disposition", "attachment; filename=\"../../x\""),
        ],
        WHOLE,
    )
}

fn part(range: &str, body: &'static [u8]) -> Response {
    reply(206, &[("content-range", range)], body)
}

#[rstest]
#[tokio::test]
async fn every_route_goes_on_in_the_middle(#[values(Only::Signed, Only::Redirection, Only::TempLink)] only: Only) {
    let server = server(only, |seen| match seen.header("range") {
        Some(_) => {
            let from = seen.first_byte();
            part(&format!("bytes {from}-9/10"), &WHOLE[from..])
        }
        None => whole(),
    })
    .await;
    let amazon = server.provider();
    let media = open(&amazon, "n1", 0).await.unwrap();
    assert_eq!((media.starts_at, media.size_bytes), (0, Some(10)));
    assert_eq!(read(media).await.unwrap(), WHOLE);
    let media = open(&amazon, "n1", 4).await.unwrap();
    assert_eq!((media.starts_at, media.size_bytes), (4, Some(10)));
    assert_eq!(read(media).await.unwrap(), &WHOLE[4..]);
    let asked: Vec<_> = server
        .seen()
        .iter()
        .filter_map(|seen| seen.header("range").map(str::to_owned))
        .collect();
    assert!(
        asked.iter().all(|range| range == "bytes=4-") && !asked.is_empty(),
        "{asked:?}"
    );
}

#[rstest]
#[case::ignored(|| whole())]
#[case::past_the_end(|| reply(416, &[("content-range", "bytes */3")], ""))]
#[case::another_part(|| part("bytes 6-9/10", b"6789"))]
#[case::an_earlier_part(|| part("bytes 0-9/10", WHOLE))]
#[case::part_of_what(|| reply(206, &[], &b"456789"[..]))]
#[case::of_another_size(|| part("bytes 4-9/12", b"456789"))]
#[case::longer_than_it_says(|| part("bytes 4-9/10", b"456789xyz"))]
#[case::shorter_than_it_says(|| part("bytes 4-9/10", b"45"))]
#[case::outside_the_file(|| part("bytes 4-10/10", b"4567890"))]
#[case::backwards(|| part("bytes 9-4/10", b"456789"))]
#[tokio::test]
async fn an_odd_answer_to_a_range_is_read_anew_and_never_joined(
    #[case] odd: fn() -> Response,
    #[values(Only::Signed, Only::Redirection, Only::TempLink)] only: Only,
) {
    let server = server(
        only,
        move |seen| if seen.header("range").is_some() { odd() } else { whole() },
    )
    .await;
    let amazon = server.provider();
    read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap();
    let media = open(&amazon, "n1", 4).await.unwrap();
    assert_eq!((media.starts_at, read(media).await.unwrap()), (0, WHOLE.to_vec()));
}

#[tokio::test]
async fn a_part_that_ends_early_as_announced_ends_in_an_error_to_go_on_from() {
    let server = server(Only::Signed, |seen| match seen.header("range") {
        Some("bytes=4-") => part("bytes 4-6/10", b"456"),
        Some(_) => part("bytes 7-9/10", b"789"),
        None => whole(),
    })
    .await;
    let amazon = server.provider();
    let media = open(&amazon, "n1", 4).await.unwrap();
    assert_eq!(media.size_bytes, Some(10));
    let error = read(media).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Network);
    assert_eq!(read(open(&amazon, "n1", 7).await.unwrap()).await.unwrap(), b"789");
}

#[tokio::test]
async fn a_file_that_was_swapped_between_two_requests_is_read_anew() {
    // The host honours neither `If-Range` nor the size: only its tag tells.
    let tag = Arc::new(Mutex::new("\"one\""));
    let now = Arc::clone(&tag);
    let server = server(Only::Signed, move |seen| {
        let tag = *now.lock().unwrap();
        match seen.header("range") {
            Some(_) => reply(206, &[("content-range", "bytes 4-9/10"), ("etag", tag)], &b"OTHERS"[..]),
            None => reply(200, &[("etag", tag)], WHOLE),
        }
    })
    .await;
    let amazon = server.provider();
    read(open(&amazon, "n1", 0).await.unwrap()).await.unwrap();
    assert_eq!(open(&amazon, "n1", 4).await.unwrap().starts_at, 4);
    *tag.lock().unwrap() = "\"two\"";
    let media = open(&amazon, "n1", 4).await.unwrap();
    assert_eq!((media.starts_at, read(media).await.unwrap()), (0, WHOLE.to_vec()));
    let seen = server.seen();
    let conditions: Vec<_> = seen
        .iter()
        .filter(|seen| seen.header("range").is_some())
        .map(|seen| seen.header("if-range"))
        .collect();
    assert_eq!(conditions, [Some("\"one\""), Some("\"one\"")]);
    assert!(
        seen.iter()
            .filter(|seen| seen.header("range").is_none())
            .all(|seen| seen.header("if-range").is_none())
    );
}

#[rstest]
#[case::longer(b"0123456789abc")]
#[case::shorter(b"0123")]
#[tokio::test]
async fn a_body_of_another_length_than_announced_never_passes_for_whole(#[case] sent: &'static [u8]) {
    // hyper refuses to send that itself, so the bytes are written by hand.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut guest, _)) = listener.accept().await {
            let mut head = [0; 8192];
            let _ = guest.read(&mut head).await;
            let _ = guest
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n")
                .await;
            let _ = guest.write_all(sent).await;
        }
    });
    let server = server(Only::Redirection, move |_| {
        reply(302, &[("location", &format!("http://{address}/x"))], "")
    })
    .await;
    let amazon = server.provider();
    let result = match open(&amazon, "n1", 0).await {
        Ok(media) => read(media).await,
        Err(error) => Err(error),
    };
    match result {
        // What comes after the announced end is not the file's.
        Ok(bytes) => assert_eq!((bytes.as_slice(), sent.len()), (WHOLE, 13)),
        Err(error) => assert!(error.is_transient(), "{error:?}"),
    }
}

#[rstest]
#[case::another_port("/bytes", true)]
#[case::plain_file("file:///etc/passwd", false)]
#[case::other_scheme("ftp://files.example/x", false)]
#[case::data("data:image/jpeg;base64,AAAA", false)]
#[case::circle("loop", false)]
#[tokio::test]
async fn redirects_lead_without_cookies_or_nowhere(#[case] to: &'static str, #[case] arrives: bool) {
    let foreign = Server::start(|_| reply(200, &[("content-type", "image/jpeg")], WHOLE)).await;
    let foreign_base = foreign.base.clone();
    let target = match to {
        "/bytes" => foreign_base.join("bytes").unwrap().to_string(),
        other => other.to_owned(),
    };
    let redirecting = Server::start(move |seen| {
        if seen.asks_for_root() {
            return root("A0OWN");
        }
        if !seen.path.ends_with("contentRedirection") {
            return not_found();
        }
        let own = format!("http://{}{}", seen.header("host").unwrap(), seen.path);
        let to = if target == "loop" { own } else { target.clone() };
        reply(302, &[("location", &to)], Body::empty())
    })
    .await;
    let amazon = redirecting.provider();
    let opened = open(&amazon, "n1", 0).await;
    if arrives {
        assert_eq!(read(opened.unwrap()).await.unwrap(), WHOLE);
        let seen = foreign.seen();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].header("cookie").is_none() && seen[0].header("x-amzn-sessionid").is_none());
    } else {
        let error = opened.unwrap_err();
        assert!(
            !matches!(error.kind(), ErrorKind::Auth(AuthProblem::Expired)),
            "{error:?}"
        );
        assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(foreign.seen().is_empty());
    }
}
