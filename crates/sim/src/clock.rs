//! The clock of a stand-in: real time plus what tests have moved it by.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// A clock that tests can move both ways; clones share the same time.
///
/// Tokens, sessions and quotas of a stand-in expire by this clock, so a test needs no waiting.
#[derive(Debug, Clone)]
pub struct SimClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    frozen_at: Option<Timestamp>,
    shifted_ms: AtomicI64,
    /// All moves forward together, so that whoever waits is not kept by a clock that goes back.
    forward_ms: AtomicU64,
    moved: Notify,
}

impl SimClock {
    /// Follows the computer's clock, plus what tests have moved it by.
    pub fn real() -> Self {
        Self::based_on(None)
    }

    /// Stands still at `at`; only tests move it.
    pub fn frozen(at: Timestamp) -> Self {
        Self::based_on(Some(at))
    }

    fn based_on(frozen_at: Option<Timestamp>) -> Self {
        Self(Arc::new(Inner {
            frozen_at,
            shifted_ms: AtomicI64::new(0),
            forward_ms: AtomicU64::new(0),
            moved: Notify::new(),
        }))
    }

    /// The service's present time (UTC).
    pub fn now(&self) -> Timestamp {
        let base = self.0.frozen_at.unwrap_or_else(wall_clock);
        let shifted = self.shifted();
        let end = if shifted.is_negative() {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        base.saturating_add(shifted).unwrap_or(end)
    }

    /// Moves the clock forward by `by`, counted in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shift(SignedDuration::from_millis(ms));
    }

    /// Moves the clock forward, or back if `by` is negative, counted in whole milliseconds.
    pub fn shift(&self, by: SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(if by.is_negative() { i64::MIN } else { i64::MAX });
        // Saturates: a test that asks for more than the year 9999 gets the end of time, not a wrapped clock.
        let add = |old: i64| Some(old.saturating_add(ms));
        let _ = self.0.shifted_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        if let Ok(ms) = u64::try_from(ms) {
            let add = |old: u64| Some(old.saturating_add(ms));
            let _ = self.0.forward_ms.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
        }
        self.0.moved.notify_waiters();
    }

    /// How far the clock is ahead of where it would be had nobody moved it; 0 if it is behind.
    pub fn advanced(&self) -> Duration {
        self.shifted().try_into().unwrap_or_default()
    }

    /// How far the clock is from where it would be had nobody moved it; negative if it is behind.
    pub fn shifted(&self) -> SignedDuration {
        SignedDuration::from_millis(self.0.shifted_ms.load(Ordering::SeqCst))
    }

    /// Waits until so much real time has passed, or until the clock was moved forward by as much.
    ///
    /// A test with a large wait thus needs not wait, and one whose clock stands still is not stuck.
    pub async fn pause(&self, wait: Duration) {
        let forward = || Duration::from_millis(self.0.forward_ms.load(Ordering::SeqCst));
        let (began, from) = (tokio::time::Instant::now(), forward());
        loop {
            // Before looking, so that no move between looking and waiting is missed.
            let moved = self.0.moved.notified();
            let left = wait
                .saturating_sub(forward().saturating_sub(from))
                .saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(left) => {}
            }
        }
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
    fn a_clock_goes_back_and_forward_again() {
        let start: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        let clock = SimClock::frozen(start);
        clock.shift(SignedDuration::from_secs(-600));
        assert_eq!(clock.now().to_string(), "2026-03-01T09:50:00Z");
        assert_eq!((clock.advanced(), clock.shifted().as_secs()), (Duration::ZERO, -600));
        clock.advance(Duration::from_secs(601));
        assert_eq!(clock.now().to_string(), "2026-03-01T10:00:01Z");
        clock.shift(SignedDuration::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
    }

    #[tokio::test]
    async fn a_pause_ends_when_the_clock_was_moved_far_enough_even_if_it_went_back_first() {
        let clock = SimClock::frozen(Timestamp::UNIX_EPOCH);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.pause(Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        clock.shift(SignedDuration::from_secs(-7200));
        clock.advance(Duration::from_secs(1800));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1800));
        waiting.await.unwrap();
    }

    #[test]
    fn a_clock_moved_too_far_stays_at_the_end_of_time() {
        let clock = SimClock::real();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
