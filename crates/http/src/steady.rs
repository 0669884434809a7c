//! The injected clock as pacing reads it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::nanos::Nanos;
use jiff::Timestamp;
use photomove_core::SharedClock;

/// The injected clock without its steps back: a clock that is set back by a day must not make anybody wait for a day.
#[derive(Debug, Clone)]
pub(crate) struct Steady(Arc<SteadyInner>);

#[derive(Debug)]
struct SteadyInner {
    clock: SharedClock,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    last: Timestamp,
    /// By how much the clock was set back so far.
    back: Duration,
}

impl Steady {
    pub(crate) fn new(clock: &SharedClock) -> Self {
        Self(Arc::new(SteadyInner {
            clock: Arc::clone(clock),
            seen: Mutex::new(Seen {
                last: clock.now(),
                back: Duration::ZERO,
            }),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, or two readings might pass each other.
        let now = self.0.clock.now();
        if let Ok(step) = Duration::try_from(seen.last.duration_since(now)) {
            seen.back = seen.back.saturating_add(step);
        }
        seen.last = now;
        now.saturating_add(seen.back).unwrap_or(Timestamp::MAX)
    }

    /// Waits on the injected clock.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.0.clock.sleep(duration).await;
    }
}

/// As governor reads it: nanoseconds since 1970.
impl GovernorClock for Steady {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since_1970 = Steady::now(self).duration_since(Timestamp::UNIX_EPOCH);
        Nanos::from(Duration::try_from(since_1970).unwrap_or_default())
    }
}
