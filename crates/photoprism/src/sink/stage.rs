//! Sending one file to where it waits, under the token of its bundle.

use futures_util::TryStreamExt;
use photomove_core::{Body, Error, ErrorKind, NewPart, Operation, Rejection, Result, SessionId, Staged};
use photomove_media::{SNIFF_BYTES, sniff_named};

use super::PhotoPrismSink;
use super::naming::{self, Refusal};
use super::token::Ticket;
use crate::KIND;
use crate::client::UploadFile;

/// How often a file is sent because the session changed while it was.
const SENDINGS: u32 = 3;

fn failed(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::new(kind, message).provider(KIND).operation(Operation::Stage)
}

impl PhotoPrismSink {
    pub(super) async fn stage_part(&self, part: &NewPart, body: &dyn Body) -> Result<Staged> {
        if body.size_bytes() == 0 {
            return Err(failed(
                ErrorKind::Rejected(Rejection::Empty),
                "photoprism takes no empty files",
            ));
        }
        let Some(sha1) = body.checksums().sha1_hex() else {
            return Err(failed(
                ErrorKind::Unsupported,
                "files are known by their SHA-1, which is missing",
            ));
        };
        let name = name_of(part, body).await?;
        // Of the bundle alone: files of different photos never share a token, or the server would stack them by name.
        let token = format!("photomove-{}", part.bundle);
        let session = self.send(&token, &name, part, body).await?;
        let ticket = Ticket {
            token,
            name,
            sha1,
            size_bytes: body.size_bytes(),
        };
        Ok(Staged {
            token: ticket.to_secret(),
            until: None,
            bound_to: Some(session),
            visible: None,
        })
    }

    /// Sends a file and says under which session it waits.
    async fn send(&self, token: &str, name: &str, part: &NewPart, body: &dyn Body) -> Result<SessionId> {
        for _ in 0..SENDINGS {
            let before = self.provider.session().await?;
            let file = UploadFile {
                name,
                media_type: part.media_type.as_deref(),
                body,
            };
            let received = self.client().stage_files(token, &[file]).await.map_err(not_stored)?;
            if received.dropped_some() {
                return Err(failed(
                    ErrorKind::Rejected(Rejection::MediaType),
                    "photoprism did not take the file: its type is not allowed there, or it is too large",
                )
                .hint("see `PHOTOPRISM_UPLOAD_ALLOW` and `PHOTOPRISM_ORIGINALS_LIMIT` on the server"));
            }
            let after = self.provider.session().await?;
            if before == after {
                return Ok(after);
            }
            tracing::debug!("the session changed while a file was sent; it is sent again");
        }
        Err(failed(
            ErrorKind::Unavailable { retry_after: None },
            "the session changed each time that the file was sent",
        ))
    }
}

/// A full disk, and nothing else that can happen to a form of ours, is a request that the server does not take; it is
/// worth another try, and the run ends if nothing can be stored at all.
fn not_stored(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Rejected(Rejection::Invalid) => failed(
            ErrorKind::Unavailable { retry_after: None },
            "the server could not store the file",
        )
        .exhausted()
        .hint("its disk may be full: make room on the server, then run again")
        .source(error),
        _ => error,
    }
}

/// The name to send a file under, by its first bytes.
async fn name_of(part: &NewPart, body: &dyn Body) -> Result<String> {
    let mut first = Vec::new();
    let mut stream = body.stream(0).await?;
    while first.len() < SNIFF_BYTES
        && let Some(chunk) = stream.try_next().await?
    {
        first.extend_from_slice(&chunk);
    }
    drop(stream);
    let seen = sniff_named(&first, &part.file_name);
    naming::name(&part.file_name, &part.siblings, seen).map_err(|refusal| match refusal {
        Refusal::Unknown => failed(
            ErrorKind::Rejected(Rejection::MediaType),
            "photoprism takes no files of this type",
        ),
        Refusal::Record => failed(
            ErrorKind::Rejected(Rejection::Policy),
            "photoprism would take the file for one of its own records; what it says is moved as metadata",
        ),
    })
}
