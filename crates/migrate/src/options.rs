//! Settings of a migration, and what is handed to it from outside: time, randomness, an observer, a stop.

use std::path::PathBuf;
use std::sync::Arc;

use photomove_core::drill::Drill;
use photomove_core::{Error, ErrorKind, Filters, Result, SharedClock, SharedRandom, SystemClock, SystemRandom};
use tokio_util::sync::CancellationToken;

use crate::{JobId, NoObserver, Observer, PlanFile, Sampler};

/// Settings of a migration; [`MigrateOptions::new`] gives the defaults, the fields are public to change.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MigrateOptions {
    /// Which assets to move; part of what makes a job.
    pub filters: Filters,
    /// What was planned earlier: only that is moved; part of what makes a job. [`MigrateOptions::with_plan`] sets it.
    pub plan: Option<PlanFile>,
    /// Free bytes at the destination, as the person says; for the plan only. A destination that says it itself is
    /// believed first.
    pub target_free_bytes: Option<u64>,
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
    /// No file is begun once so many bytes were sent; what was sent becomes items. Counted over the pauses of a run.
    pub max_transfer_bytes: Option<u64>,
    /// From then on no file is begun, uploads that can be continued are cut, and what was sent becomes items.
    pub stop_at: Option<jiff::Timestamp>,
    /// Takes up only what failed in this job: no listing, no new pass. Its own filters count, not those given here.
    pub retry: Option<JobId>,
    /// Whether settings of the destination that were changed for the run are put back at its end; `None` = they are, and a
    /// person is asked first where that has consequences.
    pub restore_settings: Option<bool>,
    /// FROM and TO as they were typed, for whoever is to be told the exact command later.
    pub words: Option<(String, String)>,
}

impl MigrateOptions {
    /// Returns the defaults; locks and spool lie in `state_dir`.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        let state_dir = state_dir.into();
        Self {
            filters: Filters::default(),
            plan: None,
            target_free_bytes: None,
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
            max_transfer_bytes: None,
            stop_at: None,
            retry: None,
            restore_settings: None,
            words: None,
        }
    }

    /// Keeps to a plan: what it names is listed again and compared, and what is as planned is moved.
    #[must_use]
    pub fn with_plan(mut self, plan: PlanFile) -> Self {
        self.filters = plan.header.filters.clone();
        // Which ones were the first so many, the plan says itself.
        self.filters.limit = None;
        self.target_free_bytes = self.target_free_bytes.or(plan.header.free_bytes);
        self.plan = Some(plan);
        self
    }

    /// What makes a job besides its two accounts, as JSON: the filters, and the plan that it keeps to.
    pub(crate) fn identity(&self) -> Result<String> {
        let mut value = serde_json::to_value(&self.filters);
        if let (Ok(value), Some(plan)) = (&mut value, &self.plan) {
            value["plan"] = plan.end.sha256.as_str().into();
        }
        value
            .map(|value| value.to_string())
            .map_err(|error| Error::new(ErrorKind::Internal, "the filters cannot be written down").source(error))
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
    /// Looks at some of the files that are sent.
    pub sampler: Option<Arc<dyn Sampler>>,
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
            sampler: None,
        }
    }
}

/// Stops a run from outside, gently or at once, or lets it pause. Clones are for the same run.
#[derive(Debug, Clone, Default)]
pub struct StopToken {
    drain: CancellationToken,
    abort: CancellationToken,
    paused: Switch,
}

/// On or off, and whoever waits for a change of it is woken.
#[derive(Debug, Clone)]
struct Switch(Arc<tokio::sync::watch::Sender<bool>>);

impl Default for Switch {
    fn default() -> Self {
        Self(Arc::new(tokio::sync::watch::Sender::new(false)))
    }
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

    /// Lets the run pause: it takes no new rows, requests that are under way go on. It does not end by that.
    pub fn pause(&self) {
        self.paused.0.send_replace(true);
    }

    /// Lets the run go on.
    pub fn resume(&self) {
        self.paused.0.send_replace(false);
    }

    /// Says whether the run pauses.
    pub fn is_paused(&self) -> bool {
        *self.paused.0.borrow()
    }

    /// Returns once the run pauses, or once it does not, whichever `state` is not.
    pub(crate) async fn pause_is_not(&self, state: bool) {
        // The sender lives as long as this does, so that there is always an answer.
        let _ = self.paused.0.subscribe().wait_for(|paused| *paused != state).await;
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
