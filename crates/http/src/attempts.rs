//! How often something is tried, and the waits in between.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Disposition, Error, ErrorKind, Happened, Operation, Result};

use crate::retry::Schedule;
use crate::{Http, Wait, WaitCause};

/// Counts attempts of one undertaking by the client's retry policy and waits between them.
///
/// [`crate::Call`] does so by itself. A caller that has to find something out between two attempts sends each of them
/// with [`crate::Call::once`] and waits here.
pub struct Attempts<'h> {
    http: &'h Http,
    operation: Operation,
    schedule: Schedule,
    /// An earlier attempt may have had an effect.
    unknown: bool,
}

impl<'h> Attempts<'h> {
    pub(crate) fn new(http: &'h Http, operation: Operation) -> Self {
        Self {
            http,
            operation,
            schedule: Schedule::new(&http.inner().retry.of(operation)),
            unknown: false,
        }
    }

    /// Starts the time budget; only the first call counts.
    pub fn begin(&mut self) {
        self.schedule.begin(self.http.env().clock.now());
    }

    /// Waits until it may be tried again.
    ///
    /// # Errors
    /// The given error, marked as exhausted, if attempts or time are spent; at once, and as it is, if it is none that
    /// passes by itself; [`ErrorKind::Cancelled`] if the run is to stop, with what is known of the effect.
    pub async fn again(&mut self, error: Error) -> Result<()> {
        match error.disposition() {
            Disposition::Retry { after } => self.again_after(error, after).await,
            _ => Err(error),
        }
    }

    /// Begins to count anew, after an attempt that failed but brought the undertaking forward.
    pub fn progressed(&mut self) {
        self.schedule = Schedule::new(&self.http.inner().retry.of(self.operation));
        self.begin();
    }

    /// Returns how often it was tried again.
    pub(crate) fn retries(&self) -> u32 {
        self.schedule.retries()
    }

    pub(crate) async fn again_after(&mut self, error: Error, after: Option<Duration>) -> Result<()> {
        let env = self.http.env();
        self.unknown |= error.has_happened() == Happened::Unknown;
        if env.stop.is_cancelled() {
            return Err(self.stopped(error));
        }
        let Some(delay) = self.schedule.next(after, env.clock.now(), &*env.random) else {
            return Err(spent(error, self.schedule.retries()));
        };
        tell_wait(self.http, self.schedule.retries(), delay, &error);
        if env.wait(delay).await {
            return Ok(());
        }
        Err(self.stopped(error))
    }

    /// Completes the error of an attempt that never left because the run is to stop: an earlier one may have acted.
    pub(crate) fn cut_short(&self, error: Error) -> Error {
        match self.unknown {
            true => error.happened(Happened::Unknown, true),
            false => error,
        }
    }

    fn stopped(&self, error: Error) -> Error {
        let stopped = Error::new(ErrorKind::Cancelled, "stopped instead of trying again")
            .provider(error.provider_name().unwrap_or(self.http.inner().provider))
            .operation(error.operation_name().unwrap_or(self.operation))
            .happened(error.has_happened(), true)
            .source(error);
        self.cut_short(stopped)
    }
}

impl fmt::Debug for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("operation", &self.operation)
            .field("retries", &self.schedule.retries())
            .finish_non_exhaustive()
    }
}

/// Says why nothing happens for a while; a person watches, and a short wait is not worth a line to them.
fn tell_wait(http: &Http, retry: u32, delay: Duration, error: &Error) {
    const WORTH_TELLING: Duration = Duration::from_secs(5);
    let (provider, env) = (http.inner().provider, http.env());
    if delay >= WORTH_TELLING {
        let cause = match error.kind() {
            ErrorKind::RateLimited { .. } => WaitCause::RateLimited,
            _ => WaitCause::Retry,
        };
        let until = env.clock.now().saturating_add(delay).unwrap_or(Timestamp::MAX);
        env.waits.tell(&Wait { provider, cause, until });
        tracing::warn!("waiting {} s: {error}", delay.as_secs());
    } else {
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(provider, retry, delay_ms, %error, "trying again");
    }
}

fn spent(error: Error, retries: u32) -> Error {
    let error = error.exhausted();
    if retries == 0 {
        return error;
    }
    error.context("attempts", retries + 1)
}
