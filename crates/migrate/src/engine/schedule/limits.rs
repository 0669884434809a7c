//! When nothing more is begun, and what is still done then: what was sent becomes items, so that it need not be sent
//! again another day.

use jiff::Timestamp;

use super::Schedule;
use crate::engine::core::StepResult;
use crate::journal::JobState;
use crate::journal::reserve::{self, Calls};
use crate::journal::uploads::Ready;
use crate::{Event, RunLimit, StopReason, WaitReason};

/// One of so many requests of a day is kept back besides, for calls that have to be repeated.
const SPARE_OF: u64 = 400;
/// As long as so many times more requests are left than what is begun has uploads, nobody counts exactly.
const PLENTY: u64 = 10;
/// That is, and so many more.
const PLENTY_AT_LEAST: u64 = 500;
/// Requests kept back for one upload while albums are still listed: it may be the only one of its batch, begin an album, and
/// belong to another one besides. One in yet more albums may wait for them until the next day.
const FINISH_UNKNOWN: u64 = 3;

impl Schedule<'_> {
    /// Begins nothing more. What is under way is finished, and what was sent becomes items.
    pub(super) fn close(&mut self, stop: StopReason) {
        if self.closing.is_some() || self.stop.is_some() {
            tracing::debug!(?stop, "stopped once more while closing");
            return;
        }
        if matches!(stop, StopReason::Limit(RunLimit::Time)) {
            // What can be continued is cut: nobody waits hours for the end of a film.
            self.core.cut.store(true, std::sync::atomic::Ordering::SeqCst);
            if !self.listed && self.core.job.state == JobState::Listing {
                // Nothing can be made into items before all albums are known, which may take long.
                return self.halt(stop);
            }
        }
        self.core.board.tell(&Event::Waiting {
            reason: WaitReason::Closing,
            until: None,
        });
        self.closing = Some(stop);
    }

    /// Says whether nothing is begun any more, and nothing more of it will come.
    pub(super) fn is_finishing(&self) -> bool {
        self.closing.is_some() && self.transfers.is_empty()
    }

    /// Closes when the run's time is over.
    pub(super) fn mind_the_time(&mut self) {
        if self.core.options.stop_at.is_some_and(|at| at <= self.core.now()) {
            self.close(StopReason::Limit(RunLimit::Time));
        }
    }

    /// When the run's time is over, unless it closes already.
    pub(super) fn time_left(&self) -> Option<Timestamp> {
        self.core
            .options
            .stop_at
            .filter(|_| self.closing.is_none() && self.stop.is_none())
    }

    /// Says whether one more upload may be begun now; if none is under way and none may be, the run closes.
    pub(super) async fn may_begin(&mut self, next: Ready) -> StepResult<bool> {
        if let Some(most) = self.core.options.max_transfer_bytes {
            let under_way: u64 = self.transfers.values().sum();
            if self.core.board.now().uploaded_bytes.saturating_add(under_way) >= most {
                if self.transfers.is_empty() {
                    self.close(StopReason::Limit(RunLimit::Transfer));
                }
                return Ok(false);
            }
        }
        self.keep_back(next.id).await
    }

    /// Keeps back the requests that finish what is begun and this one; `false` = those under way may need the rest.
    ///
    /// The last word has whoever counts the requests: alone, an upload is begun in any case, and refused there.
    async fn keep_back(&self, next: i64) -> StepResult<bool> {
        let Some(allowance) = &self.core.sink_caps.allowance else {
            return Ok(true);
        };
        let (job, left) = (self.core.job.id, allowance.left());
        let mut begun: Vec<i64> = self.transfers.keys().copied().collect();
        begun.push(next);
        let count = begun.len() as u64;
        if let Some(left) = left.filter(|left| *left > PLENTY_AT_LEAST) {
            let staged = self.core.read(move |c| reserve::staged(c, job, left / PLENTY)).await?;
            if left > PLENTY_AT_LEAST + PLENTY * (staged + count) {
                // What was kept back the day before is finished.
                allowance.keep(0);
                return Ok(true);
            }
        }
        let caps = &self.core.sink_caps;
        let calls = Calls {
            commit_batch: caps.commit_batch.get(),
            add_batch: caps.albums.as_ref().map(|albums| albums.add_batch),
            on_commit: caps.albums.as_ref().is_some_and(|albums| albums.on_commit),
        };
        // Which albums uploads belong to is known only once all are listed. A listing of which staged bytes may grow old
        // is never held up by what waits, so it always ends, and the rest is sent after it.
        let albums_unknown = !self.listed && self.core.sink_caps.staged_ttl.is_some();
        let finish = self
            .core
            .read(move |c| {
                let known = reserve::requests(c, job, &begun, calls)?;
                if !albums_unknown {
                    return Ok(known);
                }
                Ok(known.max((reserve::staged(c, job, u64::MAX)? + count) * FINISH_UNKNOWN))
            })
            .await?;
        let per_part = u64::from(caps.requests.per_part.max(1));
        let per_day = u64::from(caps.requests.per_day.unwrap_or(u32::MAX));
        // A day that is too short for all of it takes one upload and as much of the rest as there is room for.
        let first = u64::from(caps.requests.per_connect) + u64::from(caps.requests.per_staging_day) + per_part;
        let kept = (finish + per_day / SPARE_OF).min(per_day.saturating_sub(first));
        let needed = kept + count * per_part;
        let alone = self.transfers.is_empty() && !albums_unknown;
        let may = alone || left.is_none_or(|left| left >= needed);
        if may {
            // Not for one that does not begin: it would take the requests of those that have begun.
            allowance.keep(kept);
        }
        Ok(may)
    }

    /// Says whether a person lets the run pause, and tells it once.
    pub(super) fn is_paused(&mut self) -> bool {
        let paused = self.stop.is_none() && self.core.env.stop.is_paused();
        if paused && !self.told_paused {
            self.core.board.tell(&Event::Waiting {
                reason: WaitReason::Paused,
                until: None,
            });
        }
        self.told_paused = paused;
        paused
    }

    /// Waits until then, until the run's time is over, or until a person does something.
    pub(super) async fn nap(&self, until: Option<Timestamp>) {
        let until = [until, self.time_left()].into_iter().flatten().min();
        let woken = async {
            match until {
                Some(until) => self.core.wait_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = woken => {}
            () = self.core.env.stop.pause_is_not(self.told_paused) => {}
            () = self.core.env.stop.drained() => {}
        }
    }
}
