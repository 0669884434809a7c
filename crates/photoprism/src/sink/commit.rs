//! Making photos of what is staged. The server says nothing about the files: each is looked for afterwards.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{StreamExt, stream};
use photomove_core::{
    Committed, DestId, Error, ErrorKind, Happened, Operation, Rejection, Result, SessionId, StagedBundle,
};

use super::present::{Present, unsettled};
use super::token::Ticket;
use super::{PhotoPrismSink, suspicion};
use crate::KIND;

/// Entries of the log that are looked through for a reason.
const LOG_ENTRIES: u32 = 20;
/// Characters of the log that are passed on.
const LOG_CHARS: usize = 200;

fn failed(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::new(kind, message).provider(KIND).operation(Operation::Commit)
}

/// What was staged for a bundle; an error if it cannot be made into anything.
pub(super) fn tickets(bundle: &StagedBundle) -> Result<Vec<Ticket>> {
    let gone = || {
        failed(
            ErrorKind::NotFound,
            "what was sent for this photo does not wait on the server any more",
        )
        .hint("it is sent again")
    };
    let tickets: Option<Vec<Ticket>> = bundle.parts.iter().map(|(_, staged)| Ticket::of(staged)).collect();
    let tickets = tickets.filter(|tickets| !tickets.is_empty()).ok_or_else(gone)?;
    Ok(tickets)
}

/// The session under which a bundle waits; `None` if its files wait under several.
fn session_of(bundle: &StagedBundle) -> Option<&SessionId> {
    let mut sessions = bundle.parts.iter().map(|(_, staged)| staged.bound_to.as_ref());
    let first = sessions.next()??;
    sessions.all(|session| session == Some(first)).then_some(first)
}

impl PhotoPrismSink {
    pub(super) async fn commit_all(&self, batch: &[StagedBundle]) -> Result<Vec<Result<Committed>>> {
        let at_once = usize::from(self.provider.processes());
        let processed: Vec<Result<Vec<Ticket>>> = stream::iter(0..batch.len())
            .map(|place| self.process(&batch[place]))
            .buffered(at_once)
            .collect()
            .await;
        let hashes: Vec<&str> = processed
            .iter()
            .flatten()
            .flatten()
            .map(|ticket| ticket.sha1.as_str())
            .collect();
        let present = match self.present(&hashes).await {
            Ok(present) => present,
            // They were made; only what became of them is not known yet.
            Err(error) => return Err(error.operation(Operation::Commit).happened(Happened::Unknown, false)),
        };
        let mut committed = Vec::with_capacity(batch.len());
        for (bundle, tickets) in batch.iter().zip(processed) {
            committed.push(match tickets {
                Ok(tickets) => self.judge(bundle, &tickets, &present).await,
                Err(error) => Err(error),
            });
        }
        Ok(committed)
    }

    /// Lets the server make a photo of the files of one bundle.
    async fn process(&self, bundle: &StagedBundle) -> Result<Vec<Ticket>> {
        let tickets = tickets(bundle)?;
        let token = &tickets[0].token;
        let another = || {
            failed(
                ErrorKind::NotFound,
                "the session under which the photo was sent has ended",
            )
            .hint("it is sent again under the present one")
        };
        if session_of(bundle) != Some(&self.provider.session().await?) {
            return Err(another());
        }
        let no_albums: [&str; 0] = [];
        self.client().process_upload(token, &no_albums).await?;
        // The client signs in again by itself, and under the new session nothing waited.
        if session_of(bundle) != Some(&self.provider.session().await?) {
            for ticket in &tickets {
                if self.present_one(&ticket.sha1).await? == Present::Unknown {
                    return Err(another());
                }
            }
        }
        Ok(tickets)
    }

    /// Says what became of the files of a bundle.
    async fn judge(
        &self,
        bundle: &StagedBundle,
        tickets: &[Ticket],
        present: &HashMap<String, Present>,
    ) -> Result<Committed> {
        let mut committed = Committed {
            parts: Vec::with_capacity(tickets.len()),
            refused: Vec::new(),
            already_there: false,
            in_album: false,
            app_owned: None,
        };
        let mut swallowed = 0;
        for ((key, _), ticket) in bundle.parts.iter().zip(tickets) {
            let refusal = match present.get(&ticket.sha1).unwrap_or(&Present::Unknown) {
                Present::Shown(_) => None,
                // Bytes that were archived before are swallowed; it was looked for them a moment ago.
                Present::Archived { .. } => {
                    swallowed += 1;
                    None
                }
                Present::Unsettled => return Err(unsettled().operation(Operation::Commit)),
                Present::Hidden { .. } => Some(hidden(ticket)),
                Present::Preview => Some(preview(ticket)),
                Present::Unknown => Some(self.not_imported(ticket, tickets.len() > 1).await),
            };
            match refusal {
                None => committed.parts.push((*key, Some(DestId::from(ticket.sha1.as_str())))),
                Some(error) => {
                    committed.parts.push((*key, None));
                    committed.refused.push((*key, Arc::new(error)));
                }
            }
        }
        if committed.refused.len() == tickets.len()
            && let Some((_, error)) = committed.refused.pop()
        {
            committed.refused.clear();
            return Err(Arc::into_inner(error).unwrap_or_else(|| failed(ErrorKind::Internal, "an error was lost")));
        }
        committed.already_there = swallowed == tickets.len();
        Ok(committed)
    }

    /// Why the server does not know a file that it was given. It must not be sent again: each time one more copy stays
    /// on the server's disk.
    async fn not_imported(&self, ticket: &Ticket, has_company: bool) -> Error {
        let suspicion = suspicion::of(&ticket.name, ticket.size_bytes);
        let kind = ErrorKind::Rejected(suspicion);
        let ending = ticket.name.rsplit('.').next().unwrap_or_default();
        let error = match self.log_about(ending).await {
            Some(text) => failed(
                kind,
                // Two files of one type may be refused at once, and the log does not say which is which.
                format!("photoprism did not import the file; at that time its log said of a .{ending}: {text}"),
            ),
            None if has_company => failed(
                kind,
                "photoprism did not import the file beside the others of its photo",
            ),
            None => failed(
                kind,
                format!("photoprism did not import the file: {}", suspicion::words(suspicion)),
            ),
        };
        error
            .context("sent as", &ticket.name)
            .hint("look into the server's log; to try again, run with `--retry-refused`")
    }

    /// The latest new entry of the server's log about a file of that ending, as far as the sign-in may read it.
    async fn log_about(&self, ending: &str) -> Option<String> {
        let entries = self.client().log(LOG_ENTRIES, 0, "").await.ok()?;
        let newest = entries.iter().map(|entry| entry.id).max()?;
        let before = self.log_seen.fetch_max(newest, Ordering::SeqCst);
        let ending = format!(".{}", ending.to_ascii_lowercase());
        let is_about = |text: &str| text.to_ascii_lowercase().contains(&ending);
        let entry = entries
            .iter()
            .find(|entry| entry.id > before && is_about(&entry.message))?;
        let line = entry.message.chars().map(|c| if c.is_control() { ' ' } else { c });
        Some(line.take(LOG_CHARS).collect())
    }
}

/// The server takes the bytes for something that it has: a preview, which is no original and may be thrown away.
fn preview(ticket: &Ticket) -> Error {
    failed(
        ErrorKind::Rejected(Rejection::Policy),
        "photoprism has these very bytes as a preview of another picture, and takes no second copy",
    )
    .context("sent as", &ticket.name)
    .hint("the file was made of a picture that the server holds: that one is its original")
}

/// The server made a record that it shows nowhere; the same bytes would be swallowed from now on.
fn hidden(ticket: &Ticket) -> Error {
    failed(
        ErrorKind::Rejected(Rejection::Damaged),
        "photoprism took the file but cannot show it, and hides it",
    )
    .context("sent as", &ticket.name)
    .hint("open the original: it may be damaged; delete the hidden photo for good before you upload it in another form")
}
