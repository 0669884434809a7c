//! The resumable protocol of `uploads`, one function per command.
//!
//! # Source
//! "Resumable uploads" (read 2026-08); states, statuses and the answer to a query of an upload that is complete are
//! *observed* at Google's own test server for the same protocol.

use photomove_core::{Body, Error, ErrorKind, Operation, Rejection, Result};
use photomove_http::{Call, Method, Origin, Reply};
use url::Url;

use super::{LibraryClient, TOKEN_BYTES, UPLOADS, hash_value, refused_for_good, upload_token};

/// What pieces are multiples of where the service does not say: a multiple of all that Google's hosts were seen to ask.
const USUAL_GRANULARITY: u64 = 8 * 1024 * 1024;
/// The last piece is kept in memory, and is smaller than this.
pub(crate) const LARGEST_GRANULARITY: u64 = 16 * 1024 * 1024;

/// Where the bytes of one upload go.
pub(crate) struct Started {
    /// Address of the session; as good as a key.
    pub(crate) url: Url,
    /// Every piece but the last is a multiple of this, in bytes.
    pub(crate) granularity: u64,
}

/// How far an upload has come.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// So many bytes are there.
    Active(u64),
    /// It is complete; the token, if the service tells it.
    Final(Option<String>),
    /// There is no such upload, or no longer.
    Gone,
}

/// The end of an upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish {
    /// SHA-1 that the service is to compare with the whole.
    pub(crate) sha1: Option<[u8; 20]>,
}

impl LibraryClient {
    /// Begins an upload of `size_bytes`; nothing is sent yet. One that is never used expires unseen.
    pub(crate) async fn upload_start(
        &self,
        operation: Operation,
        size_bytes: u64,
        media_type: Option<&str>,
    ) -> Result<Started> {
        let mut call = self
            .call(operation, Method::POST, &["v1", "uploads"], UPLOADS)
            .repeatable(true)
            .no_redirects()
            .header("x-goog-upload-protocol", "resumable")
            .header("x-goog-upload-command", "start")
            .header("x-goog-upload-raw-size", size_bytes);
        if let Some(media_type) = media_type.filter(|text| text.is_ascii()) {
            call = call.header("x-goog-upload-content-type", media_type);
        }
        let reply = call.send().await.map_err(refused_for_good)?;
        if status(&reply, operation)? != "active" {
            let kind = ErrorKind::Rejected(Rejection::Invalid);
            return Err(told(kind, operation, "google photos does not want the file"));
        }
        let url = text(&reply, "x-goog-upload-url").and_then(|text| Url::parse(text).ok());
        let url = url.ok_or_else(|| {
            told(
                ErrorKind::Protocol,
                operation,
                "google photos gave no address to upload to",
            )
        })?;
        if !self.is_session(&url) {
            let message = "google photos gave an address to upload to that is not its own";
            return Err(told(ErrorKind::Protocol, operation, message).context("host", Origin::of(&url)));
        }
        let granularity = number(&reply, "x-goog-upload-chunk-granularity").filter(|bytes| *bytes > 0);
        let granularity = granularity.unwrap_or(USUAL_GRANULARITY);
        if granularity > LARGEST_GRANULARITY {
            let message = "google photos wants an upload in larger pieces than are kept in memory";
            return Err(told(ErrorKind::Protocol, operation, message).context("bytes", granularity));
        }
        Ok(Started { url, granularity })
    }

    /// Says whether an address is one of the Library API, which may see the sign-in.
    pub(crate) fn is_session(&self, url: &Url) -> bool {
        Origin::of(url) == Origin::of(&self.library)
    }

    /// Sends the bytes of `body` from `offset` on, once; the whole file if `finish` is given.
    ///
    /// A failed request is not sent again: what the service kept of it is to be asked for first.
    pub(crate) async fn upload_send(
        &self,
        operation: Operation,
        url: &Url,
        body: &dyn Body,
        offset: u64,
        finish: Option<Finish>,
    ) -> Result<Progress> {
        let end = body.size_bytes();
        let command = match (finish, offset < end) {
            (None, _) => "upload",
            (Some(_), true) => "upload, finalize",
            // All is there: a body would be one of no bytes.
            (Some(_), false) => "finalize",
        };
        let mut call = self.session(operation, url, command).once();
        if offset < end {
            call = call
                .header("x-goog-upload-offset", offset)
                .header("content-type", "application/octet-stream")
                .body_from(body, offset);
        }
        if let Some(sha1) = finish.and_then(|finish| finish.sha1) {
            call = call.header("x-goog-hash", hash_value(&sha1));
        }
        let reply = match call.send().await {
            Ok(reply) => reply,
            Err(error) if is_gone(&error) => return Ok(Progress::Gone),
            Err(error) => return Err(error),
        };
        progress(reply, operation, end).await
    }

    /// Asks how far an upload has come.
    pub(crate) async fn upload_query(&self, url: &Url) -> Result<Progress> {
        let operation = Operation::Stage;
        let reply = match self.session(operation, url, "query").send().await {
            Ok(reply) => reply,
            Err(error) if is_gone(&error) => return Ok(Progress::Gone),
            Err(error) => return Err(error),
        };
        if status(&reply, operation)? == "active" && number(&reply, "x-goog-upload-size-received").is_none() {
            let message = "google photos does not say how much of the upload it has";
            return Err(told(ErrorKind::Protocol, operation, message));
        }
        progress(reply, operation, 0).await
    }

    /// Gives an upload up, as far as the service listens.
    pub(crate) async fn upload_cancel(&self, url: &Url) {
        if let Err(error) = self.session(Operation::Stage, url, "cancel").once().send().await {
            // It expires by itself.
            tracing::debug!(provider = "google", %error, "an upload could not be cancelled");
        }
    }

    fn session<'a>(&'a self, operation: Operation, url: &Url, command: &str) -> Call<'a> {
        self.http
            .call(operation, Method::POST, url.clone())
            .credentials(&*self.credentials)
            .bucket(UPLOADS)
            .repeatable(true)
            .no_redirects()
            .header("x-goog-upload-command", command)
    }
}

/// Reads a reply of a session; `sent` is what the service has if it says nothing of it.
async fn progress(reply: Reply, operation: Operation, sent: u64) -> Result<Progress> {
    let size = number(&reply, "x-goog-upload-size-received");
    match status(&reply, operation)?.as_str() {
        "active" => Ok(Progress::Active(size.unwrap_or(sent))),
        "final" => {
            let body = reply.text(TOKEN_BYTES).await?;
            if body.trim().is_empty() {
                return Ok(Progress::Final(None));
            }
            Ok(Progress::Final(Some(upload_token(&body, operation)?)))
        }
        "cancelled" => Ok(Progress::Gone),
        _ => Err(told(
            ErrorKind::Protocol,
            operation,
            "google photos says of the upload what is not known",
        )),
    }
}

fn status(reply: &Reply, operation: Operation) -> Result<String> {
    let status = text(reply, "x-goog-upload-status").map(|text| text.trim().to_ascii_lowercase());
    // Pages of the network in between have none.
    status.ok_or_else(|| {
        let message = "the answer does not say how the upload stands";
        told(ErrorKind::Protocol, operation, message)
            .hint("does this network ask for a sign-in of its own? open any page in a browser")
    })
}

/// Says whether a session was refused as unknown, expired or cancelled.
fn is_gone(error: &Error) -> bool {
    matches!(http_status(error), Some(404 | 410))
}

/// Returns the status that an error tells of.
pub(crate) fn http_status(error: &Error) -> Option<u16> {
    let (_, status) = error.details().iter().find(|(name, _)| *name == "status")?;
    status.parse().ok()
}

fn text<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers().get(name)?.to_str().ok()
}

fn number(reply: &Reply, name: &str) -> Option<u64> {
    text(reply, name)?.trim().parse().ok()
}

fn told(kind: ErrorKind, operation: Operation, message: &str) -> Error {
    Error::new(kind, message).provider(crate::KIND).operation(operation)
}
