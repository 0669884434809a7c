//! Settings of a migration, and what is handed to it from outside: time, randomness, an observer, a stop.

use std::path::PathBuf;
use std::sync::Arc;

use photomove_core::drill::Drill;
use photomove_core::{Filters, SharedClock, SharedRandom, SystemClock, SystemRandom};
use tokio_util::sync::CancellationToken;

use crate::{NoObserver, Observer};

/// Settings of a migration; [`MigrateOptions::new`] gives the defaults, the fields are public to change.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MigrateOptions {
    /// Which assets to move; part of what makes a job.
    pub filters: Filters,
    /// Folder of the lock files.
    pub lock_dir: PathBuf,
    /// Folder for files on their way.
    pub spool_dir: PathBuf,
    /// Most bytes that lie in `spool_dir` at once; the last tenth of the disk is never used whatever this says.
    pub spool_max_bytes: u64,
    /// Largest part that is kept in memory on its way.
    pub memory_part_max_bytes: u64,
    /// Most bytes of parts in memory at once.
    pub memory_budget_bytes: u64,
    /// How many parts are received at once; `None` = what the source bears.
    pub open_concurrency: Option<u16>,
    /// How many parts are sent at once; `None` = what the destination bears.
    pub stage_concurrency: Option<u16>,
    /// How often a whole item is tried before it counts as failed.
    pub attempts: u32,
    /// Listing pauses while this many parts wait to be sent, unless it must end first.
    pub high_water: u64,
    /// How many parts are sent before all albums are known.
    pub stage_ahead: u64,
    /// A new pass tries files again that were refused for good, not only those that failed by bad luck.
    pub retry_refused: bool,
}

impl MigrateOptions {
    /// Returns the defaults; locks and spool lie in `state_dir`.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        let state_dir = state_dir.into();
        Self {
            filters: Filters::default(),
            lock_dir: state_dir.join("locks"),
            spool_dir: state_dir.join("spool"),
            spool_max_bytes: 10 << 30,
            memory_part_max_bytes: 8 << 20,
            memory_budget_bytes: 12 << 20,
            open_concurrency: None,
            stage_concurrency: None,
            attempts: 3,
            high_water: 50_000,
            stage_ahead: 2_000,
            retry_refused: false,
        }
    }
}

/// What is handed to the engine from outside.
#[derive(Debug, Clone)]
pub struct EngineEnv {
    /// Tells the time.
    pub clock: SharedClock,
    /// Gives jitter.
    pub random: SharedRandom,
    /// Is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Stops the run.
    pub stop: StopToken,
    /// Planted defects and deaths of a test.
    pub drill: Drill,
}

impl EngineEnv {
    /// The machine's clock and randomness, nobody looking on.
    pub fn system() -> Self {
        Self {
            clock: SystemClock::shared(),
            random: SystemRandom::shared(),
            observer: Arc::new(NoObserver),
            stop: StopToken::new(),
            drill: Drill::none(),
        }
    }
}

/// Stops a run from outside, gently or at once. Clones stop the same run.
#[derive(Debug, Clone, Default)]
pub struct StopToken {
    drain: CancellationToken,
    abort: CancellationToken,
}

impl StopToken {
    /// Makes a token that stops nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no more rows; requests that are under way are finished.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Drops requests that are under way; the next run finds out what became of them.
    pub fn abort(&self) {
        self.drain.cancel();
        self.abort.cancel();
    }

    /// Says whether the run is to take no more rows.
    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Says whether the run is to end at once.
    pub fn is_aborted(&self) -> bool {
        self.abort.is_cancelled()
    }

    /// Returns once the run is to take no more rows; whoever waits for a person waits for this too.
    pub async fn drained(&self) {
        self.drain.cancelled().await;
    }

    /// Returns once the run is to end at once.
    pub async fn aborted(&self) {
        self.abort.cancelled().await;
    }
}
