//! How `verified` comes about at a service that tells no hash of what it holds.
//!
//! Every upload carries its SHA-1, and the service refuses bytes that differ from it. That this is so is not documented,
//! so that it is tried out once a day, before the day's first upload: a canary, a small picture with a deliberately
//! wrong hash. If it is refused, what the service takes that day is what was sent. If it is accepted, or nobody can tell,
//! the contents of that day's uploads are written down as unproven, before they are sent. A claim is proven if there was
//! a day with a refused canary and its content is not written down as unproven; this holds across restarts, as long as
//! the [`FactStore`] lives as long as the claims do.
//!
//! Uploads that can be continued take another way through the service, so that they have a canary of their own, in two
//! pieces as they are. An upload that ends on another day than it began is proven only if both days are.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::{
    Body, BytesBody, Checksums, Disposition, Error, ErrorKind, Evidence, FactStore, HashKinds, Operation, Rejection,
    Result,
};
use tokio::sync::Mutex;

use crate::client::{Finish, LibraryClient, Progress};
use crate::convert::sha1_hex;
use crate::day;

const LAST_REFUSED: &str = "upload_hash_last_refused";
const REFUSED: &str = "refused";
const ACCEPTED: &str = "accepted";
const UNPROVEN: &str = "unproven";
const PROVEN: &str = "proven";

/// How bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In one request.
    Raw,
    /// So that it can be continued.
    Resumable {
        /// Every piece but the last is a multiple of this, in bytes.
        granularity: u64,
    },
}

impl Kind {
    /// Names the fact that keeps a day's verdict.
    fn fact(self, date: &str) -> String {
        match self {
            Self::Raw => format!("upload_hash_checked:{date}"),
            Self::Resumable { .. } => format!("resumable_hash_checked:{date}"),
        }
    }
}

/// What a canary showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The service compares the hash.
    Refused,
    /// It does not.
    Accepted,
    /// The canary failed for another reason, or uploads carry no hash.
    Unknown,
}

/// What is known about the day's uploads.
pub(crate) struct Proof {
    facts: Arc<dyn FactStore>,
    account: RwLock<String>,
    hash_header: bool,
    raw: Mutex<Option<(String, Verdict)>>,
    resumable: Mutex<Option<(String, Verdict)>>,
}

/// What has to be known of an upload once it succeeded.
#[derive(Debug)]
pub(crate) struct Pending {
    fact: Option<String>,
    proven: bool,
    kind: Kind,
    date: String,
    /// What was written down before about these bytes stays.
    keeps_doubt: bool,
}

impl Pending {
    /// Says that an earlier process made the upload, and began it on that day. It may have sent no hash, but has written
    /// that down then.
    pub(crate) fn of_earlier_process(mut self, date: &str) -> Self {
        date.clone_into(&mut self.date);
        self.keeps_doubt = true;
        self
    }
}

impl Proof {
    pub(crate) fn new(facts: Arc<dyn FactStore>, hash_header: bool) -> Self {
        Self {
            facts,
            account: RwLock::default(),
            hash_header,
            raw: Mutex::default(),
            resumable: Mutex::default(),
        }
    }

    /// Says whose facts these are.
    pub(crate) fn set_account(&self, owner: &str) {
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = format!("google:{owner}");
    }

    /// Returns whose facts these are.
    pub(crate) fn account(&self) -> String {
        self.account.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does what has to be done before bytes are sent.
    ///
    /// # Errors
    /// When the sign-in, the quota or the project stand in the way, or the facts cannot be kept.
    pub(crate) async fn before(
        &self,
        kind: Kind,
        client: &LibraryClient,
        sums: &Checksums,
        now: Timestamp,
    ) -> Result<Pending> {
        let verdict = match sums.sha1 {
            Some(_) if self.hash_header => self.verdict(kind, client, now).await?,
            _ => Verdict::Unknown,
        };
        if verdict != Verdict::Refused {
            return self.unproven(sums).await;
        }
        Ok(Pending {
            fact: unproven_fact(sums),
            proven: true,
            kind,
            date: day::date(now),
            keeps_doubt: false,
        })
    }

    /// Writes down that nothing proves an upload of this content.
    pub(crate) async fn unproven(&self, sums: &Checksums) -> Result<Pending> {
        let fact = unproven_fact(sums);
        if let Some(fact) = &fact {
            self.facts.put(&self.account(), fact, UNPROVEN).await?;
        }
        Ok(Pending {
            fact,
            proven: false,
            kind: Kind::Raw,
            date: String::new(),
            keeps_doubt: true,
        })
    }

    /// Notes that the service took the bytes, before anybody else learns of it.
    pub(crate) async fn after(&self, client: &LibraryClient, pending: Pending, now: Timestamp) -> Result<()> {
        let Some(fact) = pending.fact.filter(|_| pending.proven) else {
            return Ok(());
        };
        let account = self.account();
        if pending.date != day::date(now) && !self.both_days(client, pending.kind, &pending.date, now).await? {
            return self.facts.put(&account, &fact, UNPROVEN).await;
        }
        if !pending.keeps_doubt && self.facts.get(&account, &fact).await?.as_deref() == Some(UNPROVEN) {
            // An earlier upload of the same bytes proved nothing; this one does.
            self.facts.put(&account, &fact, PROVEN).await?;
        }
        Ok(())
    }

    /// Says whether hashes were compared on the day an upload began, and are today.
    async fn both_days(&self, client: &LibraryClient, kind: Kind, began: &str, now: Timestamp) -> Result<bool> {
        let began = self.facts.get(&self.account(), &kind.fact(began)).await?;
        if began.as_deref() != Some(REFUSED) {
            return Ok(false);
        }
        // The bytes are there; a canary that cannot be tried is no reason to send them again.
        let today = self.verdict(kind, client, now).await.unwrap_or(Verdict::Unknown);
        Ok(today == Verdict::Refused)
    }

    /// Says what is proven about a content that was uploaded.
    pub(crate) async fn evidence(&self, sums: &Checksums) -> Result<Evidence> {
        let account = self.account();
        let Some(sha1) = sha1_hex(sums) else {
            return Ok(Evidence::ExistsOnly);
        };
        if self.facts.get(&account, LAST_REFUSED).await?.is_none() {
            return Ok(Evidence::ExistsOnly);
        }
        let noted = self.facts.get(&account, &unproven_name(&sha1)).await?;
        Ok(match noted.as_deref() {
            None | Some(PROVEN) => Evidence::Hash(HashKinds::SHA1),
            Some(_) => Evidence::ExistsOnly,
        })
    }

    async fn verdict(&self, kind: Kind, client: &LibraryClient, now: Timestamp) -> Result<Verdict> {
        let date = day::date(now);
        let today = match kind {
            Kind::Raw => &self.raw,
            Kind::Resumable { .. } => &self.resumable,
        };
        // Held during the request: one canary, however many uploads wait for it.
        let mut today = today.lock().await;
        if let Some((day, verdict)) = &*today
            && *day == date
        {
            return Ok(*verdict);
        }
        let verdict = self.known_or_tried(kind, client, &date).await?;
        *today = Some((date, verdict));
        Ok(verdict)
    }

    async fn known_or_tried(&self, kind: Kind, client: &LibraryClient, date: &str) -> Result<Verdict> {
        let account = self.account();
        let fact = kind.fact(date);
        match self.facts.get(&account, &fact).await?.as_deref() {
            Some(REFUSED) => return Ok(Verdict::Refused),
            Some(ACCEPTED) => return Ok(Verdict::Accepted),
            _ => {}
        }
        let verdict = match kind {
            Kind::Raw => try_raw(client).await?,
            Kind::Resumable { granularity } => try_resumable(client, granularity).await?,
        };
        match verdict {
            Verdict::Refused => {
                // In this order: the day's verdict ends the trials, so that what hangs on it must be there by then.
                self.facts.put(&account, LAST_REFUSED, date).await?;
                self.facts.put(&account, &fact, REFUSED).await?;
            }
            Verdict::Accepted => {
                tracing::warn!(provider = "google", "uploads are not compared with their hash today");
                self.facts.put(&account, &fact, ACCEPTED).await?;
            }
            Verdict::Unknown => {}
        }
        Ok(verdict)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Facts name the owner and may be many.
        f.debug_struct("Proof")
            .field("hash_header", &self.hash_header)
            .finish_non_exhaustive()
    }
}

fn unproven_fact(sums: &Checksums) -> Option<String> {
    Some(unproven_name(&sha1_hex(sums)?))
}

fn unproven_name(sha1: &str) -> String {
    format!("upload_unproven:{sha1}")
}

/// A hash that no file is known to have.
const WRONG: [u8; 20] = [0; 20];

/// Sends the canary. Nothing becomes visible by it; a token, should one come, is never used.
async fn try_raw(client: &LibraryClient) -> Result<Verdict> {
    let body = BytesBody::new(one_pixel());
    let sent = client
        .upload(Operation::Verify, &body, Some("image/jpeg"), Some(WRONG))
        .await;
    match sent {
        Ok(_) => Ok(Verdict::Accepted),
        Err(error) => of_failure(error),
    }
}

/// Sends the canary on the way of uploads that can be continued; each attempt by a session of its own.
async fn try_resumable(client: &LibraryClient, granularity: u64) -> Result<Verdict> {
    let mut attempts = client.http().attempts(Operation::Verify);
    attempts.begin();
    let mut renewed = false;
    loop {
        let error = match try_in_pieces(client, granularity).await {
            Ok(Progress::Final(Some(_))) => return Ok(Verdict::Accepted),
            Ok(_) => return Ok(Verdict::Unknown),
            Err(error) => error,
        };
        match error.disposition() {
            Disposition::Retry { .. } => attempts.again(error).await?,
            // The start of the next one renews the sign-in.
            Disposition::RefreshAndRetry if !renewed => renewed = true,
            Disposition::RefreshAndRetry => return Err(error.exhausted()),
            _ => return of_failure(error),
        }
    }
}

/// Sends the wrong hash with the second of two pieces. So does every upload whose hash comes last or that broke off; a
/// canary in one piece would not tell whether the hash of a later request is compared with the whole.
async fn try_in_pieces(client: &LibraryClient, granularity: u64) -> Result<Progress> {
    let operation = Operation::Verify;
    let first = usize::try_from(granularity).unwrap_or(usize::MAX);
    let mut picture = one_pixel();
    picture.resize(first.saturating_add(1), 0);
    // Nobody asks for its hash, which is of no use.
    let body = |bytes| BytesBody::with_checksums(bytes, Checksums::default());
    let whole = Bytes::from(picture);
    let (first, whole) = (body(whole.slice(..first)), body(whole));
    let started = client
        .upload_start(operation, whole.size_bytes(), Some("image/jpeg"))
        .await?;
    match client.upload_send(operation, &started.url, &first, 0, None).await? {
        Progress::Active(received) if received == granularity => {}
        other => return Ok(other),
    }
    let finish = Finish { sha1: Some(WRONG) };
    let sending = client.upload_send(operation, &started.url, &whole, granularity, Some(finish));
    sending.await
}

fn of_failure(error: Error) -> Result<Verdict> {
    match error.kind() {
        ErrorKind::Rejected(Rejection::Damaged) => Ok(Verdict::Refused),
        // The upload behind the canary would meet the same.
        ErrorKind::Auth(_)
        | ErrorKind::Quota { .. }
        | ErrorKind::RateLimited { .. }
        | ErrorKind::Unavailable { .. }
        | ErrorKind::Network
        | ErrorKind::Timeout
        | ErrorKind::Config
        | ErrorKind::Cancelled
        | ErrorKind::Internal => Err(error),
        _ => {
            tracing::warn!(provider = "google", %error, "cannot tell whether uploads are compared with their hash");
            Ok(Verdict::Unknown)
        }
    }
}

/// Writes a grey JPEG of one pixel: quantisation, size, a one-symbol Huffman table for each of DC and AC, one byte.
fn one_pixel() -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    jpeg.extend([1; 64]);
    jpeg.extend([0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
    for class in [0x00, 0x10] {
        jpeg.extend([0xff, 0xc4, 0, 20, class, 1]);
        jpeg.extend([0; 16]);
    }
    jpeg.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f, 0xff, 0xd9]);
    jpeg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canary_is_a_picture_and_its_hash_is_wrong() {
        let canary = BytesBody::new(one_pixel());
        assert_eq!(
            photomove_media::sniff(&one_pixel()).map(|t| t.media_type),
            Some("image/jpeg")
        );
        assert_ne!(canary.checksums().sha1, Some([0; 20]));
        assert!(canary.size_bytes() < 200);
    }
}
