//! What every provider's constructor receives.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::drill::Drill;
use photomove_core::{MemoryQuotaStore, QuotaStore, SharedClock, SharedRandom, SystemClock, SystemRandom};
use tokio_util::sync::CancellationToken;

use crate::Bandwidth;

/// Why requests wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitCause {
    /// The service asked to go slower.
    RateLimited,
    /// The service takes so many requests a minute, and those were sent.
    Minute,
    /// Requests are spaced.
    Pace,
    /// A request failed and is tried again.
    Retry,
}

/// Requests that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Which provider's.
    pub provider: &'static str,
    /// Why.
    pub cause: WaitCause,
    /// Until when.
    pub until: Timestamp,
}

/// Is told when requests have to wait for seconds; must return quickly. The same wait may be told several times.
pub trait WaitWatch: std::fmt::Debug + Send + Sync {
    /// Takes one wait.
    fn waiting(&self, wait: &Wait);
}

/// Who is told when requests have to wait; nobody by default.
#[derive(Debug, Clone, Default)]
pub struct Waits(Option<Arc<dyn WaitWatch>>);

impl Waits {
    /// Tells this one.
    pub fn to(watch: Arc<dyn WaitWatch>) -> Self {
        Self(Some(watch))
    }

    pub(crate) fn tell(&self, wait: &Wait) {
        if let Some(watch) = &self.0 {
            watch.waiting(wait);
        }
    }
}

/// Time, randomness, the ledger of daily requests and trust roots, as they are handed to every provider.
#[derive(Clone, Debug)]
pub struct HttpEnv {
    /// Tells the time and waits.
    pub clock: SharedClock,
    /// Spreads retries, so that many callers do not come back at the same instant.
    pub random: SharedRandom,
    /// Keeps the requests of the day.
    pub quota: Arc<dyn QuotaStore>,
    /// Certificates in PEM form that are trusted beside the system's.
    pub ca_certs_pem: Vec<Bytes>,
    /// What the program calls itself.
    pub user_agent: String,
    /// Once cancelled, no call waits any longer to be tried again or for its turn; requests under way are finished.
    pub stop: CancellationToken,
    /// How many bytes a second may move, over all clients that have the same one.
    pub bandwidth: Bandwidth,
    /// Who is told when requests have to wait.
    pub waits: Waits,
    /// Planted defects and deaths of a test.
    pub drill: Drill,
}

impl HttpEnv {
    /// Uses the machine's clock and randomness, and a ledger that lives in memory.
    pub fn system() -> Self {
        Self {
            clock: SystemClock::shared(),
            random: SystemRandom::shared(),
            quota: Arc::new(MemoryQuotaStore::default()),
            ca_certs_pem: Vec::new(),
            user_agent: concat!("photomove/", env!("CARGO_PKG_VERSION")).to_owned(),
            stop: CancellationToken::new(),
            bandwidth: Bandwidth::unlimited(),
            waits: Waits::default(),
            drill: Drill::none(),
        }
    }
}

impl HttpEnv {
    /// Waits, and returns whether the whole time has passed: a stop ends it at once.
    pub async fn wait(&self, duration: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = self.clock.sleep(duration) => true,
        }
    }
}

impl Default for HttpEnv {
    fn default() -> Self {
        Self::system()
    }
}
