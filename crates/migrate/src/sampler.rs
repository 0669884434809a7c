//! Who wants to look at some of the files that are sent, such as a contact sheet of a report.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use photomove_core::ItemKey;

use crate::JobId;

/// A file that was sent.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Sample<'a> {
    /// Job in the journal.
    pub job: JobId,
    /// Key of its item; as good as random, and the same in every run.
    pub key: ItemKey,
    /// File name as the source said it.
    pub name: &'a str,
    /// Its media type, as the source said it.
    pub media_type: Option<&'a str>,
    /// Length in bytes.
    pub size_bytes: u64,
}

impl<'a> Sample<'a> {
    /// Names a file of a job; everything else is not known.
    pub fn new(job: JobId, key: ItemKey, name: &'a str, size_bytes: u64) -> Self {
        Self {
            job,
            key,
            name,
            media_type: None,
            size_bytes,
        }
    }
}

/// What a look at a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How much of the file, from its first byte on.
    pub first_bytes: u64,
    /// Memory while it is looked at, the copy of those bytes included; taken from the budget for files on their way.
    pub work_bytes: u64,
}

/// Looks at files that were sent. A run does not depend on it: it cannot fail, and whatever is not wanted costs nothing.
#[async_trait]
pub trait Sampler: fmt::Debug + Send + Sync {
    /// Says what it wants of a file; `None` = nothing. Called for every file, so it must be quick.
    fn wants(&self, sample: &Sample<'_>) -> Option<Wish>;
    /// Takes the first bytes of a file: as many as were wanted, or all of it.
    async fn take(&self, sample: &Sample<'_>, first: Bytes);
}
