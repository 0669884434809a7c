//! What people are told about a run from outside of it: from another terminal, or after it has ended.

use jiff::Timestamp;
use photomove_core::SinkCaps;
use serde::{Deserialize, Serialize};

use crate::{Accounting, AlbumSummary, Count, JobId, Progress, Reason, Stage, WaitReason};

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunKind {
    /// It lists the source and moves what is new.
    Migrate,
    /// It takes up again what failed.
    Retry,
    /// It looks again at what the destination holds.
    Verify,
}

impl RunKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::Retry => "retry",
            Self::Verify => "verify",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "retry" => Self::Retry,
            "verify" => Self::Verify,
            _ => Self::Migrate,
        }
    }
}

/// A run of a job as the journal knows it.
///
/// Whether one without an end is still under way, only its lock can say: see [`crate::Journal::holder`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The job that it works on.
    pub job: JobId,
    /// What it does.
    pub kind: RunKind,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` = it is under way, or was killed.
    pub ended_at: Option<Timestamp>,
    /// When it last wrote down how far it is.
    pub updated_at: Timestamp,
    /// How it ended: `planned`, `finished`, or the reason of a [`crate::StopReason`] such as `quota`.
    pub outcome: Option<String>,
    /// How far it is.
    pub notes: RunNotes,
}

/// What a run writes down every few seconds; small, whatever the size of the library.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RunNotes {
    /// Its process.
    pub pid: u32,
    /// FROM and TO as they were typed, if they were.
    pub words: Option<(String, String)>,
    /// What it is at.
    pub stage: Option<Stage>,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// Its counters.
    pub progress: Progress,
    /// How far it was in the last minutes, oldest first; at most [`RunNotes::SAMPLES_MAX`].
    pub samples: Vec<SpeedSample>,
    /// Where the destination's requests of the day are counted.
    pub budget: Option<Budget>,
    /// What of the destination is looked at again, in a run that does only that.
    pub checked: Option<Checked>,
    /// Why it ended before its work, for people.
    pub message: Option<String>,
}

impl RunNotes {
    /// Most samples kept.
    pub const SAMPLES_MAX: usize = 16;
    /// Milliseconds between two samples, at least.
    const SAMPLE_EVERY_MS: i64 = 20_000;

    /// Keeps how far the run is, unless that was done just now.
    pub(crate) fn sample(&mut self, now: Timestamp) {
        let sample = SpeedSample {
            at: now,
            files: self
                .checked
                .as_ref()
                .map_or(self.progress.uploaded, |checked| checked.done),
            bytes: self.progress.received_bytes,
        };
        // The newest one follows the run until it is old enough to stay.
        let fixed = self.samples.len() < 2
            || self.samples.get(self.samples.len() - 2).is_some_and(|before| {
                self.samples.last().map_or(0, |last| last.at.as_millisecond()) - before.at.as_millisecond()
                    >= Self::SAMPLE_EVERY_MS
            });
        if !fixed {
            self.samples.pop();
        }
        self.samples.push(sample);
        if self.samples.len() > Self::SAMPLES_MAX {
            self.samples.remove(0);
        }
    }

    /// Returns the speed over the samples; `None` while there is too little to tell.
    pub fn speed(&self) -> Option<Speed> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let seconds = last.at.duration_since(first.at).as_secs_f64();
        (seconds >= 1.0).then(|| Speed {
            files_per_minute: last.files.saturating_sub(first.files) as f64 * 60.0 / seconds,
            bytes_per_second: last.bytes.saturating_sub(first.bytes) as f64 / seconds,
            over_seconds: seconds,
        })
    }
}

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Why.
    pub reason: WaitReason,
    /// Until when, if known.
    pub until: Option<Timestamp>,
}

/// How far a run was at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeedSample {
    /// When.
    pub at: Timestamp,
    /// Files sent, or looked at, in this run.
    pub files: u64,
    /// Bytes received in this run.
    pub bytes: u64,
}

/// How fast a run is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Files sent, or looked at, a minute.
    pub files_per_minute: f64,
    /// Bytes received a second.
    pub bytes_per_second: f64,
    /// How many seconds that is the mean of.
    pub over_seconds: f64,
}

/// Where requests of the day are counted, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Whose.
    pub account: String,
    /// Which.
    pub resource: String,
    /// Requests a day; `None` = not known.
    pub per_day: Option<u64>,
    /// IANA time zone at whose midnight the day ends.
    pub day_ends: Option<String>,
    /// Requests for a file, in thousandths: part of a request makes one of many items.
    pub thousandths_per_file: u64,
}

impl Budget {
    pub(crate) fn of(caps: &SinkCaps) -> Option<Self> {
        let ledger = caps.ledger.as_ref()?;
        Some(Self {
            account: ledger.account.clone(),
            resource: ledger.resource.to_owned(),
            per_day: caps.requests.per_day.map(u64::from),
            day_ends: caps.requests.day_ends.map(str::to_owned),
            thousandths_per_file: u64::from(caps.requests.per_part) * 1_000
                + u64::from(caps.requests.per_commit) * 1_000 / u64::from(caps.commit_batch.get()),
        })
    }
}

/// How far a look at the destination is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Checked {
    /// The level.
    pub level: String,
    /// Items looked at.
    pub done: u64,
    /// Items to look at.
    pub of: u64,
    /// Items whose bytes are proven to be the same.
    pub same: u64,
    /// Items that are there, with no more proof than that.
    pub exists: u64,
    /// Items that are not there any more.
    pub missing: u64,
    /// Items that are others than those that were sent.
    pub differs: u64,
    /// Items about which the destination could not tell.
    pub unknown: u64,
}

/// How many files each stage of a job has seen; each one counts what is further on, too.
///
/// What the destination had before and what failed is in none but the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Stages {
    /// Found in the listing.
    pub listed: Count,
    /// Received from the source, whole and as promised.
    pub received: Count,
    /// Sent to the destination.
    pub sent: Count,
    /// Items at the destination.
    pub created: Count,
    /// Proven, or as good as the destination allows.
    pub verified: Count,
    /// Albums that exist at the destination, of how many.
    pub albums: (u64, u64),
    /// Places in albums that are kept, of how many.
    pub places: (u64, u64),
}

/// What a later pass over the source found to be different.
///
/// Nothing is ever taken away at the destination: what is gone, renamed or in fewer albums stays there as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Later {
    /// When the pass before began; `None` = not known.
    pub since: Option<Timestamp>,
    /// Files that no earlier pass had listed.
    pub new: Count,
    /// Files whose contents are others than before; the earlier ones stay at the destination.
    pub changed: Count,
    /// New places in albums of files that were listed before.
    pub new_places: u64,
    /// New albums.
    pub new_albums: u64,
    /// Files that are not listed any more.
    pub gone: Count,
    /// Places in albums that are gone, of files that are still there.
    pub gone_places: u64,
    /// Albums that are not listed any more.
    pub gone_albums: u64,
    /// Albums that have another title than at the destination.
    pub renamed_albums: u64,
}

/// What a retry of a job would take up, and what it would leave.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Retryable {
    /// Whether the listing of the job is complete; without that nothing can be retried.
    pub listed: bool,
    /// Failed files that it takes up.
    pub files: Count,
    /// Files that an earlier retry took up and did not finish; it goes on with them.
    pub unfinished: u64,
    /// Failed albums that it takes up.
    pub albums: u64,
    /// Places in albums that it takes up.
    pub places: u64,
    /// Failed files that it leaves, by reason.
    pub left: Vec<LeftAlone>,
    /// Failed albums that it leaves.
    pub albums_left: u64,
    /// Places in albums that it leaves.
    pub places_left: u64,
    /// Files that were left out because the source had them no more; only a new pass can find them again.
    pub skipped: u64,
    /// Listed items that could not be read; only a new pass can read them.
    pub unreadable: u64,
}

impl Retryable {
    /// Says whether there is nothing to take up.
    pub fn is_empty(&self) -> bool {
        self.files.count == 0 && self.unfinished == 0 && self.albums == 0 && self.places == 0
    }
}

/// Failed files that are not taken up, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftAlone {
    /// Why they failed; the message is about one of them.
    pub reason: Reason,
    /// How many.
    pub parts: Count,
}

/// What became of what a retry took up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Retried {
    /// Where those files are now.
    pub accounting: Accounting,
    /// What became of those albums and places in albums.
    pub albums: AlbumSummary,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn samples_reach_back_some_minutes_and_stay_few() {
        let mut notes = RunNotes::default();
        for second in 0..3_600 {
            notes.progress.uploaded = u64::try_from(second).unwrap();
            notes.progress.received_bytes = 1_000 * notes.progress.uploaded;
            notes.sample(after(second));
        }
        assert_eq!(notes.samples.len(), RunNotes::SAMPLES_MAX);
        let speed = notes.speed().unwrap();
        assert!((290.0..330.0).contains(&speed.over_seconds), "{speed:?}");
        assert!((59.9..60.1).contains(&speed.files_per_minute), "{speed:?}");
        assert!((999.0..1001.0).contains(&speed.bytes_per_second), "{speed:?}");
        assert!(serde_json::to_string(&notes).unwrap().len() < 4_000);
    }

    #[test]
    fn notes_of_an_older_run_are_read_with_what_they_have() {
        let notes: RunNotes = serde_json::from_str(r#"{"pid":7,"progress":{"found":3}}"#).unwrap();
        assert_eq!((notes.pid, notes.progress.found, notes.stage), (7, 3, None));
        assert!(notes.speed().is_none());
    }
}
