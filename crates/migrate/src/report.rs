//! Sums and summaries.

use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Resource, SettingChange};
use serde::{Deserialize, Serialize};

use crate::{Drift, JobId, Later, Loss, Outcome, Retried};

/// A number of parts and their bytes, as far as known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

    /// Returns where files of an outcome are counted; `None` = those that have none yet.
    pub(crate) fn place(&mut self, outcome: Option<Outcome>) -> &mut Count {
        match outcome {
            Some(Outcome::Verified) => &mut self.verified,
            Some(Outcome::Unverifiable) => &mut self.unverifiable,
            Some(Outcome::AlreadyThere) => &mut self.already_there,
            Some(Outcome::Skipped) => &mut self.skipped,
            Some(Outcome::Failed) => &mut self.failed,
            None => &mut self.waiting,
        }
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
    /// A limit of the person's own is reached.
    Limit(RunLimit),
    /// Something else.
    Failed(Error),
}

/// What a person allows one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunLimit {
    /// So many bytes sent.
    Transfer,
    /// So much time.
    Time,
}

impl RunLimit {
    /// Returns the error of a call that could not be finished within the limit.
    pub(crate) fn error(self) -> Error {
        let what = match self {
            Self::Transfer => "as many bytes were sent as this run was allowed",
            Self::Time => "the time that this run was allowed is over",
        };
        let kind = ErrorKind::Quota {
            resource: Resource::Run,
            resets_at: None,
        };
        Error::new(kind, what).hint("run the same command again: it goes on from here")
    }
}

impl StopReason {
    /// Returns the short name for programs, such as `quota`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::SignInNeeded(_) => "sign_in_needed",
            Self::Quota { .. } => "quota",
            Self::DestinationFull(_) => "destination_full",
            Self::Limit(_) => "limit",
            Self::Failed(_) => "failed",
        }
    }

    /// Returns the error behind it.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Interrupted | Self::Limit(_) => None,
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
        let resets_at = match self {
            Self::Quota { resets_at, .. } => *resets_at,
            _ => None,
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", self.name())?;
        if let Some(error) = self.error() {
            map.serialize_entry("message", &error.to_string())?;
            map.serialize_entry("hint", &error.hint_text())?;
        }
        if let Self::Limit(limit) = self {
            map.serialize_entry("limit", limit)?;
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
    /// Where the source is not as the plan file says; `None` = the run kept to no plan file.
    pub drift: Option<Drift>,
    /// Whether only a part of the library is meant.
    pub is_filtered: bool,
    /// Settings of the destination that are still changed, because nobody allowed to put them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings_left: Vec<SettingChange>,
    /// What this pass found to be different from the passes before; `None` in the first one.
    pub later: Option<Later>,
    /// What became of what was taken up again, in a run that did only that.
    pub retried: Option<Retried>,
    /// Why the run ended before its work; `None` = the job is finished.
    pub stopped: Option<StopReason>,
}
