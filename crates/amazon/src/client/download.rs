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
    /// Entity tag, where the service gives one that stands for these very bytes.
    pub etag: Option<String>,
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
        self.download_of(route, id, owner, offset, None).await
    }

    /// The same; with `etag` the service is to begin anew if the bytes are others now.
    pub(crate) async fn download_of(
        &self,
        route: Route,
        id: &str,
        owner: Option<&str>,
        offset: u64,
        etag: Option<&str>,
    ) -> Result<Download> {
        let generation = self.session().generation();
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
        let call = match etag {
            Some(etag) if offset > 0 => call.header(header::IF_RANGE, etag),
            _ => call,
        };
        let reply = call.send().await?;
        if self.content.may_see_credentials(reply.origin()) {
            self.session().note_content(generation);
            self.session().take(reply.origin(), reply.headers()).await;
        }
        download(reply, offset)
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
            .credentials(&self.content_session)
    }
}

fn owner_pair(owner: Option<&str>) -> Vec<(&'static str, &str)> {
    owner.map(|owner| ("ownerId", owner)).into_iter().collect()
}

fn download(reply: Reply, offset: u64) -> Result<Download> {
    let length = reply.content_length();
    let text = |name| {
        let value = reply.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let media_type = text(header::CONTENT_TYPE);
    // A weak tag says only that the picture looks the same.
    let etag = text(header::ETAG).filter(|tag| tag.starts_with('"') && tag.len() <= 256);
    let (starts_at, size_bytes, body_bytes) = match reply.status() {
        StatusCode::PARTIAL_CONTENT => {
            let range = text(header::CONTENT_RANGE);
            let range = range.as_deref().and_then(ContentRange::read);
            let range = range.ok_or_else(|| odd("part of a file without saying which"))?;
            if range.start != offset {
                return Err(odd("another part of the file than asked for"));
            }
            let body_bytes = range.end - range.start + 1;
            if length.is_some_and(|length| length != body_bytes) {
                return Err(odd("part of a file in another length than it says"));
            }
            // All from `offset` on was asked for.
            (range.start, Some(range.size.unwrap_or(range.end + 1)), Some(body_bytes))
        }
        StatusCode::OK => (0, length, length),
        // "Accepted", "no content" and the like bring no file, whatever they bring.
        status => return Err(odd("no file").context("status", status.as_u16())),
    };
    Ok(Download {
        starts_at,
        size_bytes,
        media_type,
        etag,
        stream: counted(reply.stream(), body_bytes, size_bytes.map(|size| size - starts_at)),
    })
}

fn odd(what: &str) -> Error {
    protocol(what).operation(Operation::Open)
}

/// What `Content-Range` says: first and last byte, and the whole's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContentRange {
    start: u64,
    end: u64,
    size: Option<u64>,
}

impl ContentRange {
    /// Reads `bytes 5-9/10` or `bytes 5-9/*`; one that contradicts itself is none.
    fn read(text: &str) -> Option<Self> {
        let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (start, end) = range.split_once('-')?;
        let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
        let size = match size.trim() {
            "*" => None,
            size => Some(size.parse().ok()?),
        };
        let possible = start <= end && end < u64::MAX && size.is_none_or(|size: u64| end < size);
        possible.then_some(Self { start, end, size })
    }
}

/// Ends with an error if the stream is shorter or longer than promised: a cut body must never pass for a whole file.
/// `rest` is what is missing of the file; a body that ends before it, as announced, can be gone on with.
fn counted(stream: ByteStream, expected: Option<u64>, rest: Option<u64>) -> ByteStream {
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
            None if received != expected => Some((Err(wrong(received)), None)),
            None => match rest {
                Some(rest) if rest > expected => Some((Err(only_a_part(expected, rest)), None)),
                _ => None,
            },
        }
    })
    .boxed()
}

fn only_a_part(received: u64, rest: u64) -> Error {
    Error::new(ErrorKind::Network, "the service sent only a part of the rest")
        .provider(KIND)
        .operation(Operation::Open)
        .context("received", format!("{received} of {rest} bytes"))
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use photomove_core::{BytesBody, Disposition};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bytes 5-9/10", Some((5, 9, Some(10))))]
    #[case("bytes 5-9/*", Some((5, 9, None)))]
    #[case("bytes 5-9/100", Some((5, 9, Some(100))))]
    #[case("bytes */10", None)]
    #[case("items 5-9/10", None)]
    #[case("bytes 5-9/9", None)]
    #[case("bytes 9-5/10", None)]
    #[case("bytes 5-9/ten", None)]
    #[case("bytes 5-18446744073709551615/*", None)]
    #[case("bytes 5-99999999999999999999/*", None)]
    fn ranges_are_read(#[case] text: &str, #[case] expected: Option<(u64, u64, Option<u64>)>) {
        let expected = expected.map(|(start, end, size)| ContentRange { start, end, size });
        assert_eq!(ContentRange::read(text), expected);
    }

    #[tokio::test]
    async fn a_body_of_another_length_ends_in_an_error() {
        let read = |bytes: &'static [u8], expected| async move {
            let stream = counted(BytesBody::chunks(Bytes::from_static(bytes)), expected, expected);
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

    #[tokio::test]
    async fn a_part_that_ends_as_announced_but_before_the_file_is_gone_on_with() {
        let stream = counted(BytesBody::chunks(Bytes::from_static(b"12345")), Some(5), Some(9));
        let error = stream.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.disposition()),
            (&ErrorKind::Network, Disposition::Retry { after: None })
        );
    }
}
