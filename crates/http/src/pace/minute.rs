//! So many requests in any minute.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::Result;

use super::stopped;
use crate::steady::Steady;
use crate::{HttpEnv, Wait, WaitCause};

/// The requests of the last minute, of one bucket or of several that a service counts together.
#[derive(Debug)]
pub(crate) struct Minute {
    most: AtomicU32,
    /// Nothing leaves before: the service has said that its minute is full.
    full_until: Mutex<Option<Timestamp>>,
    sent: tokio::sync::Mutex<VecDeque<Timestamp>>,
}

impl Minute {
    /// A minute of the service may begin a little later than one of ours.
    const LENGTH: Duration = Duration::from_secs(61);
    const WORTH_TELLING: Duration = Duration::from_secs(5);

    pub(super) fn new(most: u32) -> Self {
        Self {
            most: AtomicU32::new(most.max(1)),
            full_until: Mutex::default(),
            sent: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn most(&self) -> u32 {
        self.most.load(Ordering::Relaxed)
    }

    /// Takes what the service says if that is less than what was known.
    pub(super) fn lower(&self, most: u32) {
        self.most.fetch_min(most.max(1), Ordering::Relaxed);
    }

    /// Notes that the service counts more than was known here: a whole minute passes before the next request.
    pub(super) fn is_full(&self, now: Timestamp) {
        let until = now.saturating_add(Self::LENGTH).unwrap_or(Timestamp::MAX);
        *self.full_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// Waits until fewer than `most` requests were sent within a minute, and counts one more.
    pub(super) async fn take_turn(&self, clock: &Steady, env: &HttpEnv, provider: &'static str) -> Result<()> {
        // Held while waiting: whoever comes later waits for the same minute, in turn.
        let mut sent = self.sent.lock().await;
        while let Some(wait) = self.left(&mut sent, clock.now()) {
            if wait >= Self::WORTH_TELLING {
                let (seconds, most) = (wait.as_secs(), self.most());
                tracing::info!(
                    provider,
                    "waiting {seconds} s: the service takes {most} of these requests a minute"
                );
                env.waits.tell(&Wait {
                    provider,
                    cause: WaitCause::Minute,
                    until: clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX),
                });
            }
            if !env.wait(wait).await {
                return Err(stopped());
            }
        }
        sent.push_back(clock.now());
        Ok(())
    }

    /// Returns how long to wait, `None` if the next one may leave.
    fn left(&self, sent: &mut VecDeque<Timestamp>, now: Timestamp) -> Option<Duration> {
        let until = |at: Timestamp| {
            let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            (!wait.is_zero()).then_some(wait)
        };
        let full_until = *self.full_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = full_until.and_then(until) {
            return Some(wait);
        }
        let passed = |at: &Timestamp| at.saturating_add(Self::LENGTH).unwrap_or(Timestamp::MAX);
        while sent.front().is_some_and(|oldest| until(passed(oldest)).is_none()) {
            sent.pop_front();
        }
        let most = usize::try_from(self.most()).unwrap_or(usize::MAX);
        // With a limit that was lowered, more than one has to grow old.
        let over = sent.len().checked_sub(most)?;
        sent.get(over).and_then(|one| until(passed(one)))
    }
}
