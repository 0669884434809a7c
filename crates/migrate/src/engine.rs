//! The engine: connects both sides, then takes rows until none is left or something stops it.

mod albums;
mod commit;
mod core;
mod discover;
mod finish;
mod plan;
mod policy;
mod progress;
mod receive;
mod schedule;
mod settle;
mod spool;
#[cfg(test)]
mod tests;
mod transfer;
mod verify;

use std::sync::Arc;

use photomove_core::{
    Account, Error, ErrorKind, LimitedSink, Operation, PhotoProvider, PhotoSink, PhotoSource, Result, SinkCaps,
    SourceCaps,
};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::journal::listing::Intake;
use crate::journal::{JobState, jobs, staging};
use crate::lock::{LockKind, Locks};
use crate::{AccountName, EngineEnv, Journal, MigrateOptions, Plan, Stage, StopReason, Summary};

use self::core::Core;
use self::policy::Streaks;
use self::progress::Board;
use self::spool::Spool;

/// Moves a library from a source to a target.
///
/// A job is (source owner, target owner, filters): the same three continue an unfinished job, and look for what is
/// new after a finished one.
#[derive(Debug)]
pub struct Migration {
    source: Arc<dyn PhotoProvider>,
    target: Arc<dyn PhotoProvider>,
    journal: Journal,
    options: MigrateOptions,
    env: EngineEnv,
}

/// Both sides connected, the job known, its locks held.
struct Session {
    core: Arc<Core>,
    source: AccountName,
    target: AccountName,
    _locks: Locks,
}

impl Migration {
    /// Names what is moved where; nothing is asked or written yet.
    pub fn new(
        source: Arc<dyn PhotoProvider>,
        target: Arc<dyn PhotoProvider>,
        journal: Journal,
        options: MigrateOptions,
        env: EngineEnv,
    ) -> Self {
        Self {
            source,
            target,
            journal,
            options,
            env,
        }
    }

    /// Lists the source and works out what a run would do. Writes nothing at the target; a run goes on from here.
    ///
    /// # Errors
    /// When a side cannot be reached, the job is in use, the listing fails, or it is stopped.
    pub async fn plan(&self) -> Result<Plan> {
        let session = Box::pin(self.connect()).await?;
        let core = &session.core;
        core.board.stage(Stage::Discover);
        if let Some(stop) = Box::pin(schedule::list_only(core)).await {
            return Err(match stop {
                StopReason::Interrupted => Error::new(ErrorKind::Cancelled, "stopped while listing")
                    .hint("run the command again; it continues where it stopped"),
                StopReason::SignInNeeded(error)
                | StopReason::Quota { error, .. }
                | StopReason::DestinationFull(error)
                | StopReason::Failed(error) => error,
            });
        }
        core.board.stage(Stage::Plan);
        plan::plan(core, session.source.clone(), session.target.clone()).await
    }

    /// Moves what is to be moved until nothing is left or something stops it; [`Summary::stopped`] says what.
    ///
    /// # Errors
    /// When nothing could be begun: a side cannot be reached, the job is in use, the journal cannot be written; and
    /// when the accounting does not add up at the end.
    pub async fn run(&self) -> Result<Summary> {
        let session = Box::pin(self.connect()).await?;
        let core = &session.core;
        let stopped = Box::pin(schedule::run(core)).await;
        core.board.stage(Stage::Report);
        finish::finish(core, session.source.clone(), session.target.clone(), stopped).await
    }

    async fn connect(&self) -> Result<Session> {
        let board = Board::new(Arc::clone(&self.env.observer));
        board.stage(Stage::Connect);
        let (source, sink) = self.sides()?;
        let source_account = source.connect().await?;
        let sink_account = sink.connect().await?;
        let (source_caps, sink_caps) = self.capabilities()?;
        let options = serde_json::to_string(&self.options.filters)
            .map_err(|error| Error::new(ErrorKind::Internal, "the filters cannot be written down").source(error))?;
        let options_hash = Sha256::digest(options.as_bytes()).to_vec();
        let (from, to) = (origin(&*self.source), origin(&*self.target));
        let from_owner = source_account.owner.as_str();
        let to_owner = sink_account.owner.as_str();
        let mut locks = Locks::new(&self.options.lock_dir, self.env.clock.now());
        let target_words = [to.0, to.1.as_str(), to_owner];
        let job_words = [
            from.0,
            from.1.as_str(),
            from_owner,
            to.0,
            to.1.as_str(),
            to_owner,
            options.as_str(),
        ];
        locks.take(LockKind::Job, &job_words)?;
        locks.take(LockKind::Target, &target_words)?;
        let job = self
            .open_job(&from, &source_account, &to, &sink_account, options, options_hash)
            .await?;
        let spool = Arc::new(Spool::new(self.options.spool_dir.clone(), self.options.spool_max_bytes));
        self.tidy(&spool).await?;
        let intake = Intake {
            job,
            kind: from.0,
            owner: source_account.owner.clone(),
            bundle: sink_caps.bundle,
            photo_max_bytes: sink_caps.limits.photo,
            video_max_bytes: sink_caps.limits.video,
            albums_in_listing: source_caps.members_in_listing,
        };
        let memory_kib = self.options.memory_budget_bytes.div_ceil(1024).max(1);
        let open = self.options.open_concurrency.unwrap_or(source_caps.open_concurrency);
        let stage = self.options.stage_concurrency.unwrap_or(sink_caps.stage_concurrency);
        let core = Core {
            journal: self.journal.clone(),
            source,
            sink,
            job,
            intake,
            options: self.options.clone(),
            env: self.env.clone(),
            board,
            streaks: Streaks::default(),
            spool,
            memory: Arc::new(Semaphore::new(
                usize::try_from(memory_kib).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            open_places: Semaphore::new(usize::from(open.max(1))),
            stage_places: Semaphore::new(usize::from(stage.max(1))),
            busy: std::sync::atomic::AtomicBool::new(false),
            source_caps,
            sink_caps,
        };
        // The counters go on where the last run, or the plan, left them.
        core.align().await?;
        Ok(Session {
            core: Arc::new(core),
            source: name(&from, &source_account),
            target: name(&to, &sink_account),
            _locks: locks,
        })
    }

    fn sides(&self) -> Result<(Arc<dyn PhotoSource>, Arc<dyn PhotoSink>)> {
        let cannot = |provider: &dyn PhotoProvider, what: &str| {
            Error::new(
                ErrorKind::Unsupported,
                format!("{} cannot be {what}", provider.info().label),
            )
        };
        let source = Arc::clone(&self.source)
            .as_source()
            .ok_or_else(|| cannot(&*self.source, "read from"))?;
        let sink = Arc::clone(&self.target)
            .as_sink()
            .ok_or_else(|| cannot(&*self.target, "written to"))?;
        Ok((source, Arc::new(LimitedSink::new(sink))))
    }

    fn capabilities(&self) -> Result<(SourceCaps, SinkCaps)> {
        let silent = |what| Error::new(ErrorKind::Internal, format!("the {what} does not say what it can do"));
        let source = self.source.capabilities().source.ok_or_else(|| silent("source"))?;
        let sink = self.target.capabilities().sink.ok_or_else(|| silent("destination"))?;
        Ok((source, sink))
    }

    async fn open_job(
        &self,
        from: &(&'static str, String),
        source: &Account,
        to: &(&'static str, String),
        target: &Account,
        options: String,
        options_hash: Vec<u8>,
    ) -> Result<jobs::Job> {
        let (from, to) = (from.clone(), to.clone());
        let (source, target) = (source.clone(), target.clone());
        let (now, retry_refused) = (self.env.clock.now(), self.options.retry_refused);
        self.journal
            .write(move |c| {
                let source = jobs::account(c, from.0, &from.1, source.owner.as_str(), source.label.as_deref())?;
                let target = jobs::account(c, to.0, &to.1, target.owner.as_str(), target.label.as_deref())?;
                let mut job = jobs::open_job(c, source, target, &options, &options_hash, now)?;
                if job.state == JobState::Finished {
                    jobs::begin_pass(c, job.id, retry_refused, now)?;
                    job.pass += 1;
                }
                let listed = jobs::cursor(c, job.id, "planned")?.is_some();
                let state = if listed { JobState::Running } else { JobState::Listing };
                jobs::set_state(c, job.id, state, None)?;
                job.state = state;
                Ok(job)
            })
            .await
    }

    async fn tidy(&self, spool: &Spool) -> Result<()> {
        let files = self.journal.read(staging::spool_files).await?;
        let names = files.into_iter().map(|(name, _)| name).collect();
        spool
            .tidy(&names)
            .map_err(|error| spool::spool_error(&self.options.spool_dir, error))
    }
}

/// Kind and first origin of a provider: with the owner they name an account.
fn origin(provider: &dyn PhotoProvider) -> (&'static str, String) {
    let info = provider.info();
    let origin = info.origins.first().map(|url| url.origin().ascii_serialization());
    (info.kind, origin.unwrap_or_default())
}

fn name(provider: &(&'static str, String), account: &Account) -> AccountName {
    AccountName {
        kind: provider.0.to_owned(),
        label: account.label.clone(),
    }
}

/// An error of a task that panicked or was cancelled from outside; never lost.
fn task_error(error: tokio::task::JoinError) -> Error {
    Error::new(
        ErrorKind::Internal,
        "a task of the engine ended in a way it never should",
    )
    .operation(Operation::Journal)
    .source(error)
    .hint("this is a defect of photomove; run the command again, it continues where it stopped")
}
