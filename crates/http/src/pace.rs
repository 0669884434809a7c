//! How fast a service is asked.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Result, SharedClock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::HttpEnv;

/// Longest pause that repeated refusals lead to, unless the service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// How fast one group of calls may go. The numbers come from the provider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Requests per second, evenly spaced; `None` = as fast as the service answers.
    pub per_second: Option<f64>,
    /// Requests in any minute, however close together; `None` = no such limit. Waiting for the minute to pass costs less
    /// than being refused in it.
    pub per_minute: Option<u32>,
    /// Requests at once, from sending until the reply is read; 0 counts as 1.
    pub in_flight: u16,
    /// Shortest pause of the whole bucket after the service said "too many requests"; it doubles while that goes on.
    pub rate_limited_backoff: Duration,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            per_second: None,
            per_minute: None,
            in_flight: 8,
            rate_limited_backoff: Duration::from_secs(1),
        }
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Nanos>>;

/// Lets calls of one bucket pass.
pub(crate) struct Pacer {
    limiter: Option<Limiter>,
    minute: Option<Minute>,
    lanes: Arc<Semaphore>,
    pause: Mutex<Pause>,
    backoff: Duration,
    clock: Steady,
}

#[derive(Default)]
struct Pause {
    until: Option<Timestamp>,
    strikes: u32,
}

/// The right to have one request in flight.
#[derive(Debug)]
pub(crate) struct Lane(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Pacer {
    pub(crate) fn new(bucket: &Bucket, clock: &SharedClock) -> Result<Self> {
        let clock = Steady::new(clock);
        let limiter = match bucket.per_second {
            None => None,
            Some(rate) => {
                let quota = Duration::try_from_secs_f64(rate.recip())
                    .ok()
                    .and_then(Quota::with_period)
                    .ok_or_else(|| {
                        Error::new(ErrorKind::Config, "requests per second must be a positive number")
                            .context("value", rate)
                    })?;
                Some(RateLimiter::direct_with_clock(quota, clock.clone()))
            }
        };
        Ok(Self {
            limiter,
            minute: bucket.per_minute.map(Minute::new),
            lanes: Arc::new(Semaphore::new(usize::from(bucket.in_flight.max(1)))),
            pause: Mutex::default(),
            backoff: bucket.rate_limited_backoff,
            clock,
        })
    }

    /// Waits until one more request may leave, or until the run is to stop.
    pub(crate) async fn pass(&self, env: &HttpEnv) -> Result<Lane> {
        let lane = tokio::select! {
            biased;
            lane = Arc::clone(&self.lanes).acquire_owned() => lane,
            () = env.stop.cancelled() => return Err(stopped()),
        };
        let lane = lane.map_err(|error| Error::new(ErrorKind::Internal, "pacing has ended").source(error))?;
        while let Some(wait) = self.wait() {
            if !env.wait(wait).await {
                return Err(stopped());
            }
        }
        if let Some(minute) = &self.minute {
            minute.take_turn(&self.clock, env).await?;
        }
        Ok(Lane(lane))
    }

    /// Returns how long to wait before asking again; `None` takes one request's turn.
    fn wait(&self) -> Option<Duration> {
        let now = self.clock.now();
        if let Some(until) = self.pause.lock().unwrap_or_else(PoisonError::into_inner).until
            && let Ok(left) = Duration::try_from(until.duration_since(now))
            && !left.is_zero()
        {
            return Some(left);
        }
        let limiter = self.limiter.as_ref()?;
        let not_until = limiter.check().err()?;
        // Never zero, or a clock that stands still would let the loop spin.
        Some(
            not_until
                .wait_time_from(GovernorClock::now(limiter.clock()))
                .max(Duration::from_nanos(1)),
        )
    }

    /// Pauses all callers after the service said "too many requests" and returns how long.
    pub(crate) fn rate_limited(&self, asked: Option<Duration>) -> Duration {
        let now = self.clock.now();
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let still_paused = pause.until.is_some_and(|until| until > now);
        if !still_paused {
            // Replies to requests that were in flight when the pause began are one and the same refusal.
            pause.strikes = pause.strikes.saturating_add(1);
        }
        let doubled = self
            .backoff
            .saturating_mul(1 << pause.strikes.saturating_sub(1).min(16))
            .min(LONGEST_PAUSE.max(self.backoff));
        let wait = asked.unwrap_or_default().max(doubled);
        let until = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        pause.until = Some(pause.until.map_or(until, |old| old.max(until)));
        wait
    }

    /// Notes that the service answers again.
    pub(crate) fn answered(&self) {
        let now = self.clock.now();
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if pause.until.is_none_or(|until| until <= now) {
            *pause = Pause::default();
        }
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped before it was its turn")
}

/// The requests of the last minute.
struct Minute {
    most: usize,
    sent: tokio::sync::Mutex<VecDeque<Timestamp>>,
}

impl Minute {
    /// A minute of the service may begin a little later than one of ours.
    const LENGTH: Duration = Duration::from_secs(61);
    const WORTH_TELLING: Duration = Duration::from_secs(5);

    fn new(most: u32) -> Self {
        Self {
            most: usize::try_from(most.max(1)).unwrap_or(usize::MAX),
            sent: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until fewer than `most` requests were sent within a minute, and counts one more.
    async fn take_turn(&self, clock: &Steady, env: &HttpEnv) -> Result<()> {
        // Held while waiting: whoever comes later waits for the same minute, in turn.
        let mut sent = self.sent.lock().await;
        while sent.len() >= self.most {
            let Some(oldest) = sent.front() else { break };
            let free_at = oldest.saturating_add(Self::LENGTH).unwrap_or(Timestamp::MAX);
            let wait = Duration::try_from(free_at.duration_since(clock.now())).unwrap_or_default();
            if wait.is_zero() {
                sent.pop_front();
                continue;
            }
            if wait >= Self::WORTH_TELLING {
                let (seconds, most) = (wait.as_secs(), self.most);
                tracing::warn!("waiting {seconds} s: the service takes {most} changes a minute");
            }
            if !env.wait(wait).await {
                return Err(stopped());
            }
        }
        sent.push_back(clock.now());
        Ok(())
    }
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer")
            .field("free_lanes", &self.lanes.available_permits())
            .finish_non_exhaustive()
    }
}

/// The injected clock without its steps back: a clock that is set back by a day must not make anybody wait for a day.
#[derive(Debug, Clone)]
struct Steady(Arc<SteadyInner>);

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
    fn new(clock: &SharedClock) -> Self {
        Self(Arc::new(SteadyInner {
            clock: Arc::clone(clock),
            seen: Mutex::new(Seen {
                last: clock.now(),
                back: Duration::ZERO,
            }),
        }))
    }

    fn now(&self) -> Timestamp {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, or two readings might pass each other.
        let now = self.0.clock.now();
        if let Ok(step) = Duration::try_from(seen.last.duration_since(now)) {
            seen.back = seen.back.saturating_add(step);
        }
        seen.last = now;
        now.saturating_add(seen.back).unwrap_or(Timestamp::MAX)
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
