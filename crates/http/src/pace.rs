//! How fast a service is asked.

mod lanes;
mod minute;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Result, SharedClock};

pub(crate) use self::lanes::Lane;
use self::lanes::Lanes;
pub(crate) use self::minute::Minute;
use crate::steady::Steady;
use crate::{HttpEnv, Wait, WaitCause};

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
    /// Requests at once, from sending until the reply is read; 0 counts as 1. Fewer after trouble, for a while.
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
    provider: &'static str,
    name: &'static str,
    limiter: Option<Limiter>,
    /// Its own minute, if it has one, and that of another bucket which the service counts together with this one.
    minutes: RwLock<Minutes>,
    lanes: Lanes,
    pause: Mutex<Pause>,
    backoff: Duration,
    clock: Steady,
}

#[derive(Debug, Clone, Default)]
struct Minutes {
    own: Option<Arc<Minute>>,
    shared: Option<Arc<Minute>>,
}

#[derive(Default)]
struct Pause {
    until: Option<Timestamp>,
    strikes: u32,
}

impl Pacer {
    pub(crate) fn new(
        provider: &'static str,
        name: &'static str,
        bucket: &Bucket,
        clock: &SharedClock,
    ) -> Result<Self> {
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
            provider,
            name,
            limiter,
            minutes: RwLock::new(Minutes {
                own: bucket.per_minute.map(|most| Arc::new(Minute::new(most))),
                shared: None,
            }),
            lanes: Lanes::new(bucket.in_flight),
            pause: Mutex::default(),
            backoff: bucket.rate_limited_backoff,
            clock,
        })
    }

    /// Waits until one more request may leave, or until the run is to stop.
    pub(crate) async fn pass(&self, env: &HttpEnv) -> Result<Lane> {
        let lane = tokio::select! {
            biased;
            lane = self.lanes.enter() => lane,
            () = env.stop.cancelled() => return Err(stopped()),
        };
        let lane = lane.ok_or_else(|| Error::new(ErrorKind::Internal, "pacing has ended"))?;
        while let Some((cause, wait)) = self.wait() {
            if cause == WaitCause::RateLimited {
                let until = self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
                env.waits.tell(&Wait {
                    provider: self.provider,
                    cause,
                    until,
                });
            }
            if !env.wait(wait).await {
                return Err(stopped());
            }
        }
        let minutes = self.minutes();
        for minute in [minutes.own, minutes.shared].into_iter().flatten() {
            minute.take_turn(&self.clock, env, self.provider).await?;
        }
        Ok(lane)
    }

    /// Returns how long to wait before asking again; `None` takes one request's turn.
    fn wait(&self) -> Option<(WaitCause, Duration)> {
        let now = self.clock.now();
        if let Some(until) = self.pause().until
            && let Ok(left) = Duration::try_from(until.duration_since(now))
            && !left.is_zero()
        {
            return Some((WaitCause::RateLimited, left));
        }
        let limiter = self.limiter.as_ref()?;
        let not_until = limiter.check().err()?;
        // Never zero, or a clock that stands still would let the loop spin.
        let wait = not_until
            .wait_time_from(GovernorClock::now(limiter.clock()))
            .max(Duration::from_nanos(1));
        Some((WaitCause::Pace, wait))
    }

    fn pause(&self) -> MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn minutes(&self) -> Minutes {
        self.minutes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pauses all callers after the service said "too many requests" and returns how long.
    pub(crate) fn rate_limited(&self, asked: Option<Duration>) -> Duration {
        let now = self.clock.now();
        let mut pause = self.pause();
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
        let mut pause = self.pause();
        if pause.until.is_none_or(|until| until <= now) {
            *pause = Pause::default();
        }
    }

    /// Lets one more request be in flight after a round that went well.
    pub(crate) fn went_well(&self) {
        if let Some(lanes) = self.lanes.well() {
            tracing::debug!(
                provider = self.provider,
                bucket = self.name,
                lanes,
                "more requests at once"
            );
        }
    }

    /// Lets half as many be in flight after a request with which the service could not cope.
    pub(crate) fn had_trouble(&self, number: u64) {
        if let Some(lanes) = self.lanes.trouble(number) {
            tracing::debug!(
                provider = self.provider,
                bucket = self.name,
                lanes,
                "fewer requests at once"
            );
        }
    }

    /// Returns how many requests may be in flight at present.
    pub(crate) fn lanes(&self) -> u16 {
        self.lanes.open()
    }

    /// Returns its own minute; makes one of `most` requests if there is none.
    pub(crate) fn own_minute(&self, most: Option<u32>) -> Option<Arc<Minute>> {
        let mut minutes = self.minutes.write().unwrap_or_else(PoisonError::into_inner);
        match (&minutes.own, most) {
            (Some(own), Some(most)) => own.lower(most),
            (None, Some(most)) => minutes.own = Some(Arc::new(Minute::new(most))),
            (_, None) => {}
        }
        minutes.own.clone()
    }

    /// Counts its requests in another bucket's minute as well; `false` if it did so before.
    pub(crate) fn share(&self, minute: Arc<Minute>) -> bool {
        let mut minutes = self.minutes.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = minutes
            .shared
            .as_ref()
            .is_none_or(|shared| !Arc::ptr_eq(shared, &minute));
        minutes.shared = Some(minute);
        is_new
    }

    /// Notes that the service says a minute is full of which less was known here.
    pub(crate) fn fill(&self, minute: &Minute) {
        minute.is_full(self.clock.now());
    }

    /// Returns how many requests a minute takes that it shares with another bucket.
    pub(crate) fn shared_most(&self) -> Option<u32> {
        self.minutes().shared.map(|shared| shared.most())
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped before it was its turn")
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer")
            .field("name", &self.name)
            .field("lanes", &self.lanes.open())
            .finish_non_exhaustive()
    }
}
