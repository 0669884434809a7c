//! What a later look at the destination is, and what it found.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountName, Count, JobId, Reason, StopReason};

/// How closely the destination is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// Whether each item is still there.
    Receipt,
    /// Whether its hashes, as the destination tells them, are those of the bytes that were sent.
    Checksum,
    /// Whether the bytes that the destination gives back are those that were sent.
    Download,
}

impl Level {
    /// All levels, the quickest first.
    pub const ALL: [Self; 3] = [Self::Receipt, Self::Checksum, Self::Download];

    /// Returns the name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Checksum => "checksum",
            Self::Download => "download",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Sums of what a look at the destination has found so far, in items; identical files are one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Findings {
    /// Items looked at.
    pub looked_at: Count,
    /// The bytes are proven to be those that were sent.
    pub same: Count,
    /// They are there; the destination proves no more at this level.
    pub exists: Count,
    /// They are not there any more. Some were known to be lost before.
    pub missing: Count,
    /// They are other bytes.
    pub differs: Count,
    /// Nobody can tell: the destination does not show them, or could not tell although it was asked again.
    pub unknown: Count,
    /// Those of them that it does not show to this program, so that nothing can be verified.
    pub unshown: Count,
    /// They had been lost, and are there.
    pub found_again: Count,
}

/// What a look at the destination found.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Recheck {
    /// Job in the journal.
    pub job: JobId,
    /// The destination.
    pub target: AccountName,
    /// How closely it was looked at.
    pub level: Level,
    /// When the look began; if it was interrupted, some runs ago.
    pub begun_at: Timestamp,
    /// Items to look at.
    pub items: Count,
    /// What was found.
    pub findings: Findings,
    /// Items that the destination never named, so that they cannot be looked for.
    pub nameless: u64,
    /// Why the destination proves less than the level asks for, in words for people; then items are only known to exist.
    pub proves_no_more: Option<String>,
    /// Why it ended before its end; the same command goes on from there.
    pub stopped: Option<StopReason>,
}

impl Recheck {
    /// Says whether the look at an item failed: the destination shows it, or would, and could not tell.
    pub fn has_failed(&self) -> bool {
        self.findings.unknown.count > self.findings.unshown.count
    }

    /// Says whether an item is missing or is another one.
    pub fn has_differences(&self) -> bool {
        self.findings.missing.count + self.findings.differs.count > 0
    }
}

/// An item that a look at the destination found to be lost, changed, or could not find out about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Place in the list; give the last one to [`crate::Journal::differences`] to go on.
    pub id: i64,
    /// Id of the item at the destination.
    pub item: String,
    /// Name of its first file.
    pub name: String,
    /// How many files of the source it stands for.
    pub files: u64,
    /// Bytes.
    pub size_bytes: Option<u64>,
    /// What is wrong: `missing`, `differs` or `unknown`.
    pub reason: Reason,
    /// When that was found.
    pub at: Timestamp,
}
