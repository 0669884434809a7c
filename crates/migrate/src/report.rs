//! Plans, sums and summaries.

use jiff::Timestamp;
use photomove_core::{Error, MediaKind};
use serde::Serialize;

use crate::{JobId, Reason};

/// A number of parts and their bytes, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

/// Where every part that was found ended, or still is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Accounting {
    /// All that was found; the sum of all others.
    pub found: Count,
    /// Arrived, and a hash that the source promised is proven at the destination.
    pub verified: Count,
    /// Arrived, but the source or the destination gives nothing to prove it by.
    pub unverifiable: Count,
    /// The destination had it before.
    pub already_there: Count,
    /// Left out on purpose.
    pub skipped: Count,
    /// Did not arrive.
    pub failed: Count,
    /// Not finished yet.
    pub waiting: Count,
}

impl Accounting {
    /// Says whether the outcomes add up to what was found.
    pub fn adds_up(&self) -> bool {
        self.outcomes() == self.found
    }

    /// Adds up all outcomes, and what waits for its own.
    pub(crate) fn outcomes(&self) -> Count {
        let mut sum = Count::default();
        for part in [
            self.verified,
            self.unverifiable,
            self.already_there,
            self.skipped,
            self.failed,
            self.waiting,
        ] {
            sum.add(part);
        }
        sum
    }
}

/// Whose account a job reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountName {
    /// Provider kind, such as `amazon`.
    pub kind: String,
    /// Name for people, such as an e-mail address.
    pub label: Option<String>,
}

/// Assets of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Kind.
    pub kind: MediaKind,
    /// How many assets.
    pub assets: u64,
    /// Their files, and the bytes as far as known.
    pub parts: Count,
}

/// Files that will not be sent, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedCount {
    /// Why.
    pub reason: Reason,
    /// How many.
    pub parts: Count,
}

/// Something that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Whether it is kept as far as the file itself holds it.
    pub in_file: bool,
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// How many assets or albums; `None` = not counted.
    pub count: Option<u64>,
}

/// Requests that the destination will see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Estimate {
    /// How many in all.
    pub requests: u64,
    /// How many a day allows.
    pub per_day: Option<u32>,
    /// How many days that takes.
    pub days: Option<u64>,
}

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Job in the journal.
    pub job: JobId,
    /// Where from.
    pub source: AccountName,
    /// Where to.
    pub target: AccountName,
    /// Assets and bytes by kind.
    pub kinds: Vec<KindCount>,
    /// Assets found.
    pub assets: u64,
    /// Files found.
    pub parts: Count,
    /// Files whose size the source does not tell.
    pub unknown_sizes: u64,
    /// Files to send.
    pub to_send: Count,
    /// Files that are copies of other files to send, by the hashes that the source promises.
    pub duplicates: Count,
    /// Files that the destination holds from an earlier run.
    pub already_there: Count,
    /// Files that will not be sent.
    pub refused: Vec<RefusedCount>,
    /// Albums.
    pub albums: u64,
    /// Places of assets in albums.
    pub memberships: u64,
    /// Places in albums of assets that the source does not list.
    pub unlisted_members: u64,
    /// What cannot be kept.
    pub losses: Vec<Loss>,
    /// Requests to the destination.
    pub estimate: Estimate,
    /// Listed items that could not be read.
    pub unreadable: u64,
    /// Whether there is nothing to do.
    pub nothing_to_do: bool,
}

/// Why a run ended before its work.
#[derive(Debug)]
#[non_exhaustive]
pub enum StopReason {
    /// Somebody stopped it.
    Interrupted,
    /// A person has to sign in.
    SignInNeeded(Error),
    /// A budget is used up.
    Quota {
        /// When it is full again.
        resets_at: Option<Timestamp>,
        /// What the service said.
        error: Error,
    },
    /// The destination has no room.
    DestinationFull(Error),
    /// Something else.
    Failed(Error),
}

impl StopReason {
    /// Returns the error behind it.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Interrupted => None,
            Self::SignInNeeded(error)
            | Self::Quota { error, .. }
            | Self::DestinationFull(error)
            | Self::Failed(error) => Some(error),
        }
    }
}

impl Serialize for StopReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let (kind, resets_at) = match self {
            Self::Interrupted => ("interrupted", None),
            Self::SignInNeeded(_) => ("sign_in_needed", None),
            Self::Quota { resets_at, .. } => ("quota", *resets_at),
            Self::DestinationFull(_) => ("destination_full", None),
            Self::Failed(_) => ("failed", None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", kind)?;
        if let Some(error) = self.error() {
            map.serialize_entry("message", &error.to_string())?;
            map.serialize_entry("hint", &error.hint_text())?;
        }
        if let Some(at) = resets_at {
            map.serialize_entry("resets_at", &at)?;
        }
        map.end()
    }
}

/// What became of albums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct AlbumSummary {
    /// Albums found.
    pub found: u64,
    /// Albums that exist at the destination.
    pub open: u64,
    /// Albums that could not be created.
    pub failed: u64,
    /// Places in albums that were kept.
    pub filed: u64,
    /// Places in albums that could not be kept.
    pub unfiled: u64,
    /// Places in albums that are not done yet, or whose item did not arrive.
    pub waiting: u64,
}

/// What a run did, and how the job stands.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Job in the journal.
    pub job: JobId,
    /// Where from.
    pub source: AccountName,
    /// Where to.
    pub target: AccountName,
    /// Where every part ended.
    pub accounting: Accounting,
    /// What became of albums.
    pub albums: AlbumSummary,
    /// Parts that the destination lost or holds with other bytes; they count as failed too.
    pub differences: u64,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// Listed items that could not be read, in this pass.
    pub unreadable: u64,
    /// Assets that the source counts but did not list in this pass, although it was asked twice.
    pub unlisted: u64,
    /// Files sent in this run.
    pub uploaded: Count,
    /// Whether there was nothing to do.
    pub nothing_to_do: bool,
    /// Why the run ended before its work; `None` = the job is finished.
    pub stopped: Option<StopReason>,
}
