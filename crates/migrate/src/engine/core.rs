//! What all stages share.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Interaction, PhotoSink, PhotoSource, Result, SinkCaps, SourceCaps, Staged};
use tokio::sync::Semaphore;

use super::policy::{self, Situation, Step, Streaks};
use super::progress::Board;
use super::spool::Spool;
use crate::journal::jobs::{self, Job};
use crate::journal::listing::Intake;
use crate::journal::{accounting, verdicts};
use crate::{AccountName, Count, EngineEnv, Event, Journal, MigrateOptions, Outcome, PlanAccount, Reason, StopReason};

/// What a step of a stage ends with: the run goes on, or stops.
pub(super) type StepResult<T = ()> = Result<T, StopReason>;

/// What all stages share.
#[derive(Debug)]
pub(super) struct Core {
    pub journal: Journal,
    pub source: Arc<dyn PhotoSource>,
    pub sink: Arc<dyn PhotoSink>,
    pub source_caps: SourceCaps,
    pub sink_caps: SinkCaps,
    pub job: Job,
    pub intake: Intake,
    /// Whether an earlier journal was lost: what it knew about albums is asked from the destination.
    pub follows_lost_journal: bool,
    pub options: MigrateOptions,
    /// The run that takes up failed files only, those that bear its number.
    pub only: Option<i64>,
    pub env: EngineEnv,
    /// Asks a person, if there is one.
    pub interaction: Arc<dyn Interaction>,
    /// Both sides as people know them.
    pub names: (AccountName, AccountName),
    /// Both sides as plan files name them.
    pub plan_accounts: (PlanAccount, PlanAccount),
    /// Whose measured speed it is.
    pub speed_account: String,
    /// Free bytes at the destination, as it says itself.
    pub room: Option<u64>,
    pub board: Arc<Board>,
    pub streaks: Streaks,
    pub spool: Arc<Spool>,
    /// Bytes of parts in memory, in KiB.
    pub memory: Arc<Semaphore>,
    pub open_places: Semaphore,
    pub stage_places: Semaphore,
    /// Whether the disk had no room for a part: nothing else is asked for in this run.
    pub disk_full: std::sync::atomic::AtomicBool,
    /// Whether uploads that can be continued later are cut: the run's time is over.
    pub cut: Arc<std::sync::atomic::AtomicBool>,
    /// Parts that stream from the source straight to the destination.
    pub stream_places: Semaphore,
    pub busy: Arc<std::sync::atomic::AtomicBool>,
    /// Looks at files that were sent.
    pub sample_place: Semaphore,
}

impl Core {
    pub(super) fn now(&self) -> Timestamp {
        self.env.clock.now()
    }

    /// Says how many parts may lie staged before more are sent: of those that all albums are not known for yet, and at
    /// sinks that may lose them at any time.
    pub(super) fn stage_ahead(&self) -> u64 {
        let sink = self
            .sink_caps
            .stage_ahead
            .map_or(u64::MAX, |ahead| u64::from(ahead.max(1)));
        sink.min(self.options.stage_ahead)
    }

    /// Says whether what can be done later is left for then: the run drains, or its time is over.
    pub(super) fn is_ending(&self) -> bool {
        self.env.stop.is_draining() || self.cut.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Decides what to do about an error of an item that was tried so often before.
    pub(super) fn decide(&self, error: Error, attempts: u32) -> Step {
        let situation = Situation {
            attempts,
            attempts_max: self.options.attempts,
            now: self.now(),
        };
        policy::decide(error, situation, &self.streaks, &*self.env.random)
    }

    /// Writes to the journal; if that fails, nothing else may be done.
    pub(super) async fn write<T, F>(&self, write: F) -> StepResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
    {
        self.journal.write(write).await.map_err(StopReason::Failed)
    }

    /// Reads from the journal.
    pub(super) async fn read<T, F>(&self, read: F) -> StepResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
    {
        self.journal.read(read).await.map_err(StopReason::Failed)
    }

    /// Says whether this run changed any outcome, by whatever way.
    pub(super) fn was_busy(&self) -> bool {
        self.busy.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(super) fn visible_after(&self) -> Duration {
        match self.sink_caps.visible_after {
            photomove_core::Visibility::Immediate => Duration::ZERO,
            photomove_core::Visibility::Delayed(delay) => delay,
        }
    }

    /// How long before its end a staged token counts as dead: a commit must still fit in.
    pub(super) fn token_margin(&self) -> Duration {
        match self.sink_caps.staged_ttl {
            Some(ttl) => (ttl / 24).min(Duration::from_secs(30 * 60)),
            None => Duration::ZERO,
        }
    }

    /// Lets a token that was given just now live as long as such tokens do, whatever the service's clock says: where
    /// one of the two clocks is wrong by a day, it would seem to be dead already and be sent again for ever. One of an
    /// upload that was `resumed` may be as old as that upload, so its end stays; what is sent again has a new one.
    pub(super) fn by_our_clock(&self, mut staged: Staged, resumed: bool) -> Staged {
        let (Some(ttl), Some(until)) = (self.sink_caps.staged_ttl, staged.until) else {
            return staged;
        };
        let now = self.now();
        let left = until.duration_since(now);
        let too_early = left.is_negative() || left.unsigned_abs() < ttl / 2;
        if (too_early && !resumed) || (!left.is_negative() && left.unsigned_abs() > ttl) {
            staged.until = now.saturating_add(ttl).ok();
        }
        staged
    }

    /// Sets the observer's counters to the journal's sums, which are the truth.
    pub(super) async fn align(&self) -> Result<()> {
        let job = self.job.id;
        let (sums, listed) = self
            .journal
            .read(move |c| {
                Ok((
                    accounting::accounting(c, job)?,
                    jobs::cursor(c, job, "planned")?.is_some(),
                ))
            })
            .await?;
        self.board.align(&sums, listed);
        Ok(())
    }

    /// Tells that an item is tried again.
    pub(super) fn tell_retry(&self, what: &str, reason: &Reason, at: Option<Timestamp>) {
        self.board.count(|counters| counters.retries += 1);
        self.board.tell(&Event::Retry {
            what: what.to_owned(),
            reason: reason.clone(),
            at,
        });
    }

    /// Tells what became of uploads that reached their outcome.
    pub(super) async fn tell_outcomes(&self, uploads: Vec<i64>) -> StepResult {
        let job = self.job.id;
        let parts = self
            .read(move |c| {
                let mut parts = Vec::with_capacity(uploads.len());
                for upload in uploads {
                    parts.extend(verdicts::parts_of(c, job, upload)?);
                }
                Ok(parts)
            })
            .await?;
        self.tell_parts(parts).await
    }

    /// Tells what became of parts that have their outcome; those that have none are told later, with their upload.
    pub(super) async fn tell_parts(&self, parts: Vec<i64>) -> StepResult {
        self.tell_planned(parts).await.map_err(StopReason::Failed)
    }

    /// Does that for parts that were just listed.
    pub(super) async fn tell_planned(&self, parts: Vec<i64>) -> Result<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let job = self.job.id;
        let stories = self
            .journal
            .read(move |c| {
                let mut stories = Vec::with_capacity(parts.len());
                for part in parts {
                    stories.extend(verdicts::story(c, job, part)?);
                }
                Ok(stories)
            })
            .await?;
        for story in stories {
            self.board.done(story.outcome, story.part);
            self.board.tell(&Event::Item {
                name: story.name,
                asset: story.asset,
                outcome: story.outcome,
                reason: story.reason,
            });
        }
        Ok(())
    }

    /// Tells that a part was left out.
    pub(super) fn tell_skipped(&self, name: &str, asset: &str, bytes: u64, reason: Reason) {
        self.board.done(Outcome::Skipped, Count { count: 1, bytes });
        self.board.tell(&Event::Item {
            name: name.to_owned(),
            asset: asset.to_owned(),
            outcome: Outcome::Skipped,
            reason: Some(reason),
        });
    }
}

/// An error of the engine itself.
pub(super) fn defect(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
        .hint("this is a defect of photomove; please report it with the output of `-v`")
}
