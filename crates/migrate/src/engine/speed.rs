//! How fast bytes get from the source to the target, measured while files are on their way, for the plans of later runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{FactStore, Result, SharedClock};
use serde::{Deserialize, Serialize};

use super::core::Core;
use crate::Journal;
use crate::journal::to_json;

/// Name of the fact.
const FACT: &str = "transfer_speed";
/// Less than this says nothing about a line.
const LEAST: Duration = Duration::from_secs(5);
const LEAST_BYTES: u64 = 1_000_000;
/// What counts of the runs before: as much as an hour, so that a new line is soon noticed.
const MEMORY_SECONDS: f64 = 3600.0;

/// Measures the time in which at least one file is on its way.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    running: u32,
    since: Option<Timestamp>,
    busy: Duration,
    /// Bytes sent that are part of an earlier note.
    noted_bytes: u64,
}

/// Counts a file as on its way until dropped.
pub(super) struct Running {
    meter: Arc<Meter>,
    clock: SharedClock,
}

impl Meter {
    pub(super) fn enter(self: &Arc<Self>, clock: &SharedClock) -> Running {
        let mut counted = self.counted();
        if counted.running == 0 {
            counted.since = Some(clock.now());
        }
        counted.running += 1;
        Running {
            meter: Arc::clone(self),
            clock: Arc::clone(clock),
        }
    }

    /// Returns what was measured since the last time, of `sent` bytes in all.
    fn take(&self, sent: u64) -> (u64, Duration) {
        let mut counted = self.counted();
        let bytes = sent.saturating_sub(counted.noted_bytes);
        counted.noted_bytes = sent;
        (bytes, std::mem::take(&mut counted.busy))
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut counted = self.meter.counted();
        counted.running -= 1;
        if counted.running == 0
            && let Some(since) = counted.since.take()
        {
            // A clock that was put back meanwhile measures nothing.
            let took = self.clock.now().duration_since(since);
            counted.busy += took.max(jiff::SignedDuration::ZERO).unsigned_abs();
        }
    }
}

/// What is kept of an account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Measured {
    bytes: f64,
    seconds: f64,
}

impl Measured {
    /// Adds a run to what is known of the runs before.
    fn after(self, before: Option<Self>) -> Self {
        let Some(before) = before.filter(|before| before.seconds > 0.0 && before.bytes >= 0.0) else {
            return self;
        };
        let kept = (MEMORY_SECONDS / before.seconds).min(1.0);
        Self {
            bytes: self.bytes + before.bytes * kept,
            seconds: self.seconds + before.seconds * kept,
        }
    }

    fn bytes_per_second(self) -> Option<u64> {
        let speed = self.bytes / self.seconds;
        // Whole bytes: nobody plans with less.
        (speed.is_finite() && speed >= 1.0).then_some(speed as u64)
    }
}

/// Returns how many bytes a second earlier runs brought to the account; `None` before the first of them.
pub(super) async fn known(journal: &Journal, account: &str) -> Result<Option<u64>> {
    Ok(read(journal, account).await?.and_then(Measured::bytes_per_second))
}

async fn read(journal: &Journal, account: &str) -> Result<Option<Measured>> {
    let text = journal.get(account, FACT).await?;
    // What an older or newer version wrote is as good as nothing.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keeps what this run measured, if it says anything.
pub(super) async fn note(core: &Core) -> Result<()> {
    let (bytes, busy) = core.board.meter.take(core.board.now().uploaded_bytes);
    if busy < LEAST || bytes < LEAST_BYTES {
        return Ok(());
    }
    let before = read(&core.journal, &core.speed_account).await?;
    let measured = Measured {
        bytes: bytes as f64,
        seconds: busy.as_secs_f64(),
    };
    let text = to_json(&measured.after(before))?;
    core.journal.put(&core.speed_account, FACT, &text).await
}

#[cfg(test)]
mod tests {
    use photomove_core::ManualClock;

    use super::*;

    #[test]
    fn only_the_time_with_files_on_their_way_counts() {
        let clock = Arc::new(ManualClock::new("2026-03-01T10:00:00Z".parse().unwrap()));
        let shared: SharedClock = Arc::clone(&clock) as SharedClock;
        let meter = Arc::new(Meter::default());
        let first = meter.enter(&shared);
        clock.advance(Duration::from_secs(10));
        let second = meter.enter(&shared);
        drop(first);
        clock.advance(Duration::from_secs(5));
        drop(second);
        clock.advance(Duration::from_secs(100));
        drop(meter.enter(&shared));
        assert_eq!(meter.take(3_000), (3_000, Duration::from_secs(15)));
        assert_eq!(meter.take(3_500), (500, Duration::ZERO));
    }

    #[test]
    fn an_hour_of_the_past_counts_at_most() {
        let day = Measured {
            bytes: 86_400.0 * 1000.0,
            seconds: 86_400.0,
        };
        let hour = Measured {
            bytes: 3_600.0 * 3000.0,
            seconds: 3_600.0,
        };
        assert_eq!(hour.after(Some(day)).bytes_per_second(), Some(2000));
        assert_eq!(hour.after(None).bytes_per_second(), Some(3000));
    }
}
