//! The clock of a stand-in: real time plus what tests have moved it by.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that tests can move forward; clones share the same time.
///
/// Tokens, sessions and quotas of a stand-in expire by this clock, so a test needs no waiting.
#[derive(Debug, Clone)]
pub struct SimClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    frozen_at: Option<Timestamp>,
    advanced_ms: AtomicU64,
}

impl SimClock {
    /// Follows the computer's clock, plus what [`advance`](Self::advance) adds.
    pub fn real() -> Self {
        Self(Arc::new(Inner {
            frozen_at: None,
            advanced_ms: AtomicU64::new(0),
        }))
    }

    /// Stands still at `at`; only [`advance`](Self::advance) moves it.
    pub fn frozen(at: Timestamp) -> Self {
        Self(Arc::new(Inner {
            frozen_at: Some(at),
            advanced_ms: AtomicU64::new(0),
        }))
    }

    /// The service's present time (UTC).
    pub fn now(&self) -> Timestamp {
        let base = self.0.frozen_at.unwrap_or_else(wall_clock);
        let moved = i64::try_from(self.0.advanced_ms.load(Ordering::SeqCst)).unwrap_or(i64::MAX);
        base.saturating_add(SignedDuration::from_millis(moved))
            .unwrap_or(Timestamp::MAX)
    }

    /// Moves the clock forward by `by`, counted in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        // Saturates: a test that asks for more than the year 9999 gets the end of time, not a wrapped clock.
        let _ = self
            .0
            .advanced_ms
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |old| Some(old.saturating_add(ms)));
    }

    /// How far [`advance`](Self::advance) has moved the clock so far.
    pub fn advanced(&self) -> Duration {
        Duration::from_millis(self.0.advanced_ms.load(Ordering::SeqCst))
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::real()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a stand-in reads the computer's clock"
)]
fn wall_clock() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_advanced() {
        let start: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let clock = SimClock::frozen(start);
        assert_eq!(clock.now(), start);
        clock.clone().advance(Duration::from_secs(90));
        assert_eq!(clock.now().to_string(), "2026-03-01T10:01:30Z");
    }

    #[test]
    fn a_clock_moved_too_far_stays_at_the_end_of_time() {
        let clock = SimClock::real();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
