//! Originals by each of the routes that lead to them, and thumbnails.

use std::fmt;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use photomove_core::{ByteStream, Error, ErrorKind, Operation, Result};
use photomove_http::{Call, Method, Reply, StatusCode, header};
use secrecy::ExposeSecret;
use url::Url;

use super::{AmazonClient, CONTENT, join};
use crate::KIND;
use crate::wire::protocol;

/// A way to the bytes of an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/v2/download/signed/{id}` of the download host; one request.
    Signed,
    /// `/nodes/{id}/contentRedirection` of the metadata host, which redirects to a content host or to storage.
    Redirection,
    /// The `tempLink` of the node; two requests.
    TempLink,
}

impl Route {
    /// All, in the order in which they are best tried.
    pub const ALL: [Self; 3] = [Self::Signed, Self::Redirection, Self::TempLink];
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed => "signed download",
            Self::Redirection => "content redirection",
            Self::TempLink => "temporary link",
        })
    }
}

/// Bytes of an original on their way.
pub struct Download {
    /// First byte within the file; 0 although more was asked for means that the service ignored the range.
    pub starts_at: u64,
    /// Length of the whole file, where the service says it.
    pub size_bytes: Option<u64>,
    /// Media type, where the service says it.
    pub media_type: Option<String>,
    /// The bytes; ends with an error if fewer or more come than were promised.
    pub stream: ByteStream,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("starts_at", &self.starts_at)
            .field("size_bytes", &self.size_bytes)
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

impl AmazonClient {
    /// Opens an original from `offset` on by one route. `owner` may be left out for one's own files.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such file or no such route; [`ErrorKind::Auth`] if the session does not
    /// do; [`ErrorKind::Rejected`] if the file ends before `offset`.
    pub async fn download(&self, route: Route, id: &str, owner: Option<&str>, offset: u64) -> Result<Download> {
        let call = match route {
            Route::Signed => {
                let url = join(&self.hosts.download, &["v2", "download", "signed", id]);
                self.bytes(url).query(&owner_pair(owner))
            }
            Route::Redirection => {
                let url = self.drive(&["nodes", id, "contentRedirection"]);
                // The suffix becomes the query of the address that it redirects to.
                self.bytes(url)
                    .query(&[("querySuffix", "?download=true")])
                    .query(&owner_pair(owner))
            }
            Route::TempLink => self.bytes(self.temp_link(id).await?),
        };
        let call = match offset {
            0 => call,
            _ => call.header(header::RANGE, format!("bytes={offset}-")),
        };
        download(call.send().await?, offset)
    }

    /// Opens a small JPEG of a photo, `width_px` wide at most. Never an original, whatever its size.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn thumbnail(&self, id: &str, owner: Option<&str>, width_px: u32) -> Result<Download> {
        let url = join(&self.hosts.thumbnail, &["v1", "thumbnail", id]);
        let width = width_px.to_string();
        let call = self
            .bytes(url)
            .query(&owner_pair(owner))
            .query(&[("viewBox", width.as_str())]);
        download(call.send().await?, 0)
    }

    async fn temp_link(&self, id: &str) -> Result<Url> {
        let node = self.node_with_link(id).await?;
        let link = node.temp_link.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the file has no temporary link")
                .provider(KIND)
                .operation(Operation::Open)
        })?;
        // The parser's own error is left out: it could quote the link.
        link.expose_secret()
            .parse()
            .map_err(|_| protocol("a temporary link that is no address").operation(Operation::Open))
    }

    fn bytes(&self, url: Url) -> Call<'_> {
        self.content
            .call(Operation::Open, Method::GET, url)
            .header(header::ACCEPT, "*/*")
            // Bytes must come as they are, or their length says nothing.
            .header(header::ACCEPT_ENCODING, "identity")
            .bucket(CONTENT)
            .html_is_error()
            // Not shown to pre-signed addresses: those carry their own permission and refuse another.
            .credentials(&self.credentials)
    }
}

fn owner_pair(owner: Option<&str>) -> Vec<(&'static str, &str)> {
    owner.map(|owner| ("ownerId", owner)).into_iter().collect()
}

fn download(reply: Reply, offset: u64) -> Result<Download> {
    let length = reply.content_length();
    let media_type = reply.content_type().map(str::to_owned);
    let (starts_at, size_bytes) = match reply.status() {
        StatusCode::PARTIAL_CONTENT => {
            let range = reply
                .headers()
                .get(header::CONTENT_RANGE)
                .and_then(|value| value.to_str().ok());
            let (start, size) = range
                .and_then(content_range)
                .ok_or_else(|| protocol("part of a file without saying which").operation(Operation::Open))?;
            if start > offset {
                return Err(protocol("another part of the file than asked for").operation(Operation::Open));
            }
            (start, size.or_else(|| length?.checked_add(start)))
        }
        StatusCode::OK => (0, length),
        // "Accepted", "no content" and the like bring no file, whatever they bring.
        status => {
            return Err(protocol("no file")
                .operation(Operation::Open)
                .context("status", status.as_u16()));
        }
    };
    let expected = size_bytes.and_then(|size| size.checked_sub(starts_at));
    Ok(Download {
        starts_at,
        size_bytes,
        media_type,
        stream: counted(reply.stream(), expected),
    })
}

/// Reads `bytes 5-9/10` or `bytes 5-9/*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, size.trim().parse().ok()))
}

/// Ends with an error if the stream is shorter or longer than promised: a cut body must never pass for a whole file.
fn counted(stream: ByteStream, expected: Option<u64>) -> ByteStream {
    let Some(expected) = expected else { return stream };
    let wrong = move |received: u64| {
        Error::new(
            ErrorKind::Corrupt,
            "the download has another length than the service promised",
        )
        .provider(KIND)
        .operation(Operation::Open)
        .context("received", format!("{received} of {expected} bytes"))
    };
    stream::unfold(Some((stream, 0_u64)), move |state| async move {
        let (mut stream, received) = state?;
        match stream.next().await {
            Some(Ok(chunk)) => {
                let received = received + chunk.len() as u64;
                if received > expected {
                    return Some((Err(wrong(received)), None));
                }
                Some((Ok::<Bytes, Error>(chunk), Some((stream, received))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None if received == expected => None,
            None => Some((Err(wrong(received)), None)),
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use photomove_core::BytesBody;

    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(content_range("bytes */10"), None);
        assert_eq!(content_range("items 5-9/10"), None);
    }

    #[tokio::test]
    async fn a_body_of_another_length_ends_in_an_error() {
        let read = |bytes: &'static [u8], expected| async move {
            let stream = counted(BytesBody::chunks(Bytes::from_static(bytes)), expected);
            stream
                .try_fold(0, |sum, chunk| async move { Ok(sum + chunk.len()) })
                .await
        };
        assert_eq!(read(b"12345", Some(5)).await.unwrap(), 5);
        assert_eq!(read(b"12345", None).await.unwrap(), 5);
        for expected in [4, 6] {
            assert_eq!(
                *read(b"12345", Some(expected)).await.unwrap_err().kind(),
                ErrorKind::Corrupt
            );
        }
    }
}
