//! Plans as files: what was planned, line by line, so that exactly that can be done later.
//!
//! A plan file is JSON Lines: a header, the albums, the items, and an end with the SHA-256 of all lines before it. The
//! format is described in `docs/reference/plan-file.md`. Neither writing nor reading keeps more than a page of it in
//! memory.

mod drift;
mod read;
mod write;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use photomove_core::{Checksums, Filters, MediaKind, PartRole, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use drift::{Drift, DriftExample, DriftKind};
pub(crate) use read::Lines;
pub(crate) use write::PlanWriter;

/// The version of the format that this program writes and reads.
pub const PLAN_FILE_VERSION: u32 = 1;

/// Which account a plan is for, without saying who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAccount {
    /// Provider kind, such as `amazon`.
    pub kind: String,
    /// Address of the service: scheme, host and port, empty where it has none.
    pub origin: String,
    /// SHA-256 of kind, origin and owner, 64 hexadecimal digits.
    pub owner_sha256: String,
    /// Name for people, such as an e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl PlanAccount {
    /// Names an account; `owner` is the service's own id of it.
    pub(crate) fn new(kind: &str, origin: &str, owner: &str, label: Option<&str>) -> Self {
        let mut hasher = Sha256::new();
        for word in [kind, origin, owner] {
            hasher.update(word.as_bytes());
            // No word holds it, so that no two accounts run into each other.
            hasher.update([0]);
        }
        Self {
            kind: kind.to_owned(),
            origin: origin.to_owned(),
            owner_sha256: hex(&hasher.finalize()),
            label: label.map(str::to_owned),
        }
    }

    /// Says whether it is the same account, whatever it is called.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.owner_sha256 == other.owner_sha256
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHeader {
    /// [`PLAN_FILE_VERSION`] of the program that wrote it.
    pub version: u32,
    /// That program, such as `photomove 0.1.0`.
    pub program: String,
    /// When it was made, UTC.
    pub made_at: Timestamp,
    /// FROM as it was typed.
    pub from: String,
    /// TO as it was typed.
    pub to: String,
    /// Where from.
    pub source: PlanAccount,
    /// Where to.
    pub target: PlanAccount,
    /// Which part of the library is meant.
    pub filters: Filters,
    /// Free bytes at the destination, as the person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
}

/// What a plan says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanOutcome {
    /// It is to be moved.
    Planned,
    /// The destination does not take it, or it was left out.
    Refused,
    /// The destination holds it from an earlier run.
    AlreadyThere,
}

/// A file of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPart {
    /// Its id at the source.
    pub id: String,
    /// What it is to its item.
    pub role: PartRole,
    /// Its name.
    pub name: String,
    /// Its length in bytes, where the source tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// MD5 that the source promises, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// SHA-1 that the source promises, 40 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// SHA-256 that the source promises, 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What is to become of it.
    pub outcome: PlanOutcome,
    /// Why, if it is not to be moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl PlanPart {
    /// Writes hashes down.
    pub(crate) fn with_checksums(mut self, sums: &Checksums) -> Self {
        self.md5 = sums.md5.map(|sum| hex(&sum));
        self.sha1 = sums.sha1.map(|sum| hex(&sum));
        self.sha256 = sums.sha256.map(|sum| hex(&sum));
        self
    }

    /// Says whether length and hashes are those of the plan, as far as both sides know them.
    pub(crate) fn is_as_planned(&self, size: Option<u64>, sums: &Checksums) -> bool {
        let same = |planned: &Option<String>, now: Option<&[u8]>| match (planned, now) {
            (Some(planned), Some(now)) => planned.eq_ignore_ascii_case(&hex(now)),
            _ => true,
        };
        let same_size = self.size.is_none() || size.is_none() || self.size == size;
        same_size
            && same(&self.md5, sums.md5.as_ref().map(<[u8; 16]>::as_slice))
            && same(&self.sha1, sums.sha1.as_ref().map(<[u8; 20]>::as_slice))
            && same(&self.sha256, sums.sha256.as_ref().map(<[u8; 32]>::as_slice))
    }
}

/// A line about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// Its id at the source.
    pub id: String,
    /// Changes when its bytes change; the source's own.
    pub revision: String,
    /// What it is.
    pub kind: MediaKind,
    /// Its files, the primary one first.
    pub parts: Vec<PlanPart>,
    /// Ids of the albums that it is in, at the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub albums: Vec<String>,
}

impl PlanItem {
    /// The name of its first file, by which people know it.
    pub(crate) fn name(&self) -> &str {
        self.parts.first().map_or("", |part| part.name.as_str())
    }
}

/// A line about an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAlbum {
    /// Its id at the source.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Places in it that are to be kept.
    pub places: u64,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEnd {
    /// Lines about albums.
    pub albums: u64,
    /// Lines about items.
    pub items: u64,
    /// Files that are to be moved.
    pub files: u64,
    /// Bytes of those files, as far as known.
    pub bytes: u64,
    /// SHA-256 of all lines before this one with their ends, 64 hexadecimal digits.
    pub sha256: String,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line {
    PhotomovePlan(Box<PlanHeader>),
    Album(PlanAlbum),
    Item(PlanItem),
    End(PlanEnd),
}

/// A plan file that was read to its end and found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its first line.
    pub header: PlanHeader,
    /// Its last line.
    pub end: PlanEnd,
}

impl PlanFile {
    /// Reads a plan file to its end, a line at a time. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Config`] if it cannot be read, is no plan file, was written by a newer photomove, was
    /// changed since, or lacks its end.
    pub fn open(path: &Path) -> Result<Self> {
        let mut lines = Lines::open(path)?;
        while lines.next()?.is_some() {}
        let (header, end) = lines.finish()?;
        Ok(Self {
            path: path.to_path_buf(),
            header,
            end,
        })
    }
}

/// Hexadecimal digits in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
