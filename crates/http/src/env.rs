//! What every provider's constructor receives.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use photomove_core::drill::Drill;
use photomove_core::{MemoryQuotaStore, QuotaStore, SharedClock, SharedRandom, SystemClock, SystemRandom};
use tokio_util::sync::CancellationToken;

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
