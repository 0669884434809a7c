//! The engine: connects both sides, then takes rows until none is left or something stops it.

mod albums;
mod commit;
mod core;
mod diary;
mod discover;
mod finish;
mod forecast;
mod opening;
mod plan;
mod planned;
mod policy;
mod progress;
mod receive;
mod recheck;
mod sample;
mod schedule;
mod settings;
mod settle;
mod speed;
mod spool;
mod stream;
#[cfg(test)]
mod tests;
mod titles;
mod transfer;
mod verify;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use photomove_core::drill::Mutant;
use photomove_core::{
    Account, AuthProblem, Error, ErrorKind, Interaction, LimitedSink, NobodyThere, Operation, PhotoProvider, PhotoSink,
    PhotoSource, Result, SinkCaps, SourceCaps,
};
use tokio::sync::{Mutex, MutexGuard, Semaphore};

use crate::journal::listing::Intake;
use crate::journal::{jobs, staging};
use crate::lock::{LockKind, Locks};
use crate::{
    AccountName, EngineEnv, Journal, MigrateOptions, Observer, Plan, PlanAccount, PlanEnd, Stage, StopReason, Summary,
};

pub use self::recheck::{RecheckOptions, Verification};
pub use self::settings::restore_settings;

use self::core::Core;
use self::diary::{Diary, Notebook};
use self::policy::Streaks;
use self::progress::Board;
use self::spool::Spool;

/// Moves a library from a source to a target.
///
/// A job is (source owner, target owner, filters): the same three continue an unfinished job, and look for what is
/// new after a finished one.
///
/// The locks of the job are taken by the first [`plan`](Self::plan) or [`run`](Self::run). They stay until a run has
/// finished the job or this is dropped, so that nobody else gets between a plan and its run, or into a pause: after a
/// run that stopped, [`run`](Self::run) can be called again and goes on, if need be with other sign-ins given to
/// [`with_sides`](Self::with_sides).
#[derive(Debug)]
pub struct Migration {
    source: Arc<dyn PhotoProvider>,
    target: Arc<dyn PhotoProvider>,
    journal: Journal,
    options: MigrateOptions,
    env: EngineEnv,
    interaction: Arc<dyn Interaction>,
    notebook: Arc<Notebook>,
    held: Mutex<Option<Held>>,
}

/// What is kept from one call to the next.
#[derive(Debug)]
struct Held {
    _locks: Locks,
    source: Party,
    target: Party,
    board: Arc<Board>,
    busy: Arc<AtomicBool>,
    /// What this run writes down about itself, once its job is known.
    diary: Option<Arc<Diary>>,
    /// The connection that a plan leaves to its run.
    core: Option<Arc<Core>>,
}

/// One side of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Party {
    kind: &'static str,
    origin: String,
    owner: String,
}

/// Both sides connected, the job known, its locks held.
struct Session {
    core: Arc<Core>,
    source: AccountName,
    target: AccountName,
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
            interaction: Arc::new(NobodyThere),
            notebook: Arc::default(),
            held: Mutex::new(None),
        }
    }

    /// Asks a person where the run needs one, such as whether to put settings of the destination back. Otherwise nobody is
    /// there, and what a person would have to allow is not done.
    #[must_use]
    pub fn with_interaction(mut self, interaction: Arc<dyn Interaction>) -> Self {
        self.interaction = interaction;
        self
    }

    /// Returns where else to tell what the run waits for, such as a client that pauses between requests: it is written
    /// down for whoever asks from another terminal.
    pub fn notebook(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.notebook) as Arc<dyn Observer>
    }

    /// Goes on with other providers, such as the same ones with new sign-ins; everything else stays, the locks too.
    ///
    /// Call it after a run that stopped with [`StopReason::SignInNeeded`], then [`run`](Self::run) again. Providers of
    /// other accounts than the job's are refused there with [`AuthProblem::WrongAccount`], and nothing is touched.
    pub fn with_sides(&mut self, source: Arc<dyn PhotoProvider>, target: Arc<dyn PhotoProvider>) {
        self.source = source;
        self.target = target;
        if let Some(held) = self.held.get_mut() {
            held.core = None;
        }
    }

    /// Lists the source and works out what a run would do. Writes nothing at the target; a run goes on from here,
    /// without connecting again.
    ///
    /// # Errors
    /// When a side cannot be reached or is not the job's, the job is in use, the listing fails, or it is stopped.
    pub async fn plan(&self) -> Result<Plan> {
        let mut held = self.take_turn()?;
        let result = Box::pin(self.plan_held(&mut held)).await;
        let (name, error) = match &result {
            Ok(_) => ("planned", None),
            Err(error) => (policy::stop_name(error), Some(error)),
        };
        note_end(held.as_ref(), name, error).await;
        result
    }

    async fn plan_held(&self, held: &mut Option<Held>) -> Result<Plan> {
        let session = Box::pin(self.session(held)).await?;
        let core = &session.core;
        core.board.stage(Stage::Discover);
        if let Some(stop) = Box::pin(schedule::list_only(core)).await {
            finish::note_waiting(core, &stop).await;
            return Err(match stop {
                StopReason::Interrupted => Error::new(ErrorKind::Cancelled, "stopped while listing")
                    .hint("run the command again; it continues where it stopped"),
                StopReason::SignInNeeded(error)
                | StopReason::Quota { error, .. }
                | StopReason::DestinationFull(error)
                | StopReason::Failed(error) => error,
                StopReason::Limit(limit) => limit.error(),
            });
        }
        core.board.stage(Stage::Plan);
        core.adopt_siblings().await?;
        let plan = plan::plan(core, session.source.clone(), session.target.clone()).await?;
        if let Some(held) = held.as_mut() {
            held.core = Some(session.core);
        }
        Ok(plan)
    }

    /// Moves what is to be moved until nothing is left or something stops it; [`Summary::stopped`] says what.
    ///
    /// # Errors
    /// When nothing could be begun: a side cannot be reached or is not the job's, the job is in use, the journal
    /// cannot be written; and when the journal breaks a rule at the end.
    pub async fn run(&self) -> Result<Summary> {
        let mut held = self.take_turn()?;
        let result = Box::pin(self.run_held(&mut held)).await;
        let (name, error) = match &result {
            Ok(summary) => match &summary.stopped {
                None => ("finished", None),
                Some(stop) => (stop.name(), stop.error()),
            },
            Err(error) => (policy::stop_name(error), Some(error)),
        };
        note_end(held.as_ref(), name, error).await;
        if matches!(&result, Ok(summary) if summary.stopped.is_none()) {
            *held = None;
        }
        result
    }

    async fn run_held(&self, held: &mut Option<Held>) -> Result<Summary> {
        let session = Box::pin(self.session(held)).await?;
        let core = &session.core;
        core.adopt_siblings().await?;
        let stopped = Box::pin(schedule::run(core)).await;
        core.board.stage(Stage::Report);
        let summary = finish::finish(core, session.source.clone(), session.target.clone(), stopped).await?;
        Ok(summary)
    }

    /// Writes down what [`plan`](Self::plan) has found, for [`MigrateOptions::with_plan`]; `from` and `to` are the words
    /// by which people name the two sides. Nothing is at `path` before it is whole.
    ///
    /// # Errors
    /// When there was no plan before, or the file cannot be written.
    pub async fn save_plan(&self, path: &Path, from: &str, to: &str) -> Result<PlanEnd> {
        let held = self.take_turn()?;
        let core = held.as_ref().and_then(|held| held.core.as_ref()).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "nothing was planned that could be written down")
                .operation(Operation::Journal)
        })?;
        planned::save(core, path, from, to).await
    }

    fn take_turn(&self) -> Result<MutexGuard<'_, Option<Held>>> {
        self.held.try_lock().map_err(|_| {
            Error::new(ErrorKind::InUse, "this migration is under way already")
                .operation(Operation::Journal)
                .hint("wait until it has ended")
        })
    }

    /// Connects both sides, unless a plan has left its connection.
    async fn session(&self, held: &mut Option<Held>) -> Result<Session> {
        let left = held.as_mut().and_then(|held| held.core.take());
        let core = match left {
            Some(core) => {
                if let Some(diary) = held.as_ref().and_then(|held| held.diary.as_ref()) {
                    diary.go_on().await?;
                }
                core
            }
            None => Box::pin(self.connect(held)).await?,
        };
        let (source, target) = core.names.clone();
        Ok(Session { core, source, target })
    }

    async fn connect(&self, held: &mut Option<Held>) -> Result<Arc<Core>> {
        let board = match held {
            Some(held) => Arc::clone(&held.board),
            None => Arc::new(Board::new(Arc::clone(&self.env.observer))),
        };
        board.stage(Stage::Connect);
        let (source, sink) = self.sides()?;
        let source_account = source.connect().await?;
        let from = Party::of(&*self.source, &source_account);
        from.must_be(held.as_ref().map(|held| &held.source))?;
        let sink_account = sink.connect().await?;
        let to = Party::of(&*self.target, &sink_account);
        to.must_be(held.as_ref().map(|held| &held.target))?;
        let (source_caps, sink_caps) = self.capabilities()?;
        let recalled = match self.options.retry {
            Some(job) => Some(self.recall(job, &from, &to).await?),
            None => None,
        };
        let (options, filters) = match recalled {
            Some(recalled) => (recalled.text, recalled.filters),
            None => (self.options.identity()?, self.options.filters.clone()),
        };
        if let Some(plan) = &self.options.plan {
            planned::must_be_for(
                plan,
                &from.plan_account(&source_account),
                &to.plan_account(&sink_account),
            )?;
        }
        let busy = match held {
            Some(held) => Arc::clone(&held.busy),
            None => {
                let new = Held {
                    _locks: self.lock(&from, &to, &options)?,
                    source: from.clone(),
                    target: to.clone(),
                    board: Arc::clone(&board),
                    busy: Arc::default(),
                    diary: None,
                    core: None,
                };
                Arc::clone(&held.insert(new).busy)
            }
        };
        let begun = held.as_ref().and_then(|held| held.diary.clone());
        let opened = self
            .open_job(
                (&from, &source_account),
                (&to, &sink_account),
                &sink_caps,
                options,
                begun,
            )
            .await?;
        board.keep(Arc::clone(&opened.diary));
        self.notebook.open(&opened.diary);
        let (job, only) = (opened.job, self.options.retry.map(|_| opened.diary.run()));
        if let Some(held) = held.as_mut() {
            held.diary = Some(opened.diary);
        }
        let spool = Arc::new(Spool::new(self.options.spool_dir.clone(), self.options.spool_max_bytes));
        self.tidy(&spool, job.id).await?;
        let intake = Intake {
            job,
            kind: from.kind,
            owner: source_account.owner.clone(),
            bundle: sink_caps.bundle,
            photo_max_bytes: sink_caps.limits.photo,
            video_max_bytes: sink_caps.limits.video,
            albums_in_listing: source_caps.members_in_listing
                || (!filters.albums.is_empty() && source_caps.filters.albums),
            filters: filters.clone(),
            by_plan: self.options.plan.is_some(),
            plan_of_all: (self.options.plan.as_ref()).is_some_and(|plan| plan.header.filters.limit.is_none()),
            forget_second_album: self.env.drill.has(Mutant::ForgetSecondAlbum),
        };
        let memory_kib = self.options.memory_budget_bytes.div_ceil(1024).max(1);
        let open = self.options.open_concurrency.unwrap_or(source_caps.open_concurrency);
        let stage = self.options.stage_concurrency.unwrap_or(sink_caps.stage_concurrency);
        let core = Core {
            journal: self.journal.clone(),
            source,
            sink,
            job,
            names: (from.name(&source_account), to.name(&sink_account)),
            plan_accounts: (from.plan_account(&source_account), to.plan_account(&sink_account)),
            speed_account: format!("{}:{}", to.kind, to.owner),
            room: room(&sink_account),
            intake,
            follows_lost_journal: self.journal.read(jobs::follows_lost_journal).await?,
            options: MigrateOptions {
                filters,
                ..self.options.clone()
            },
            only,
            env: self.env.clone(),
            interaction: Arc::clone(&self.interaction),
            board,
            streaks: Streaks::default(),
            spool,
            memory: Arc::new(Semaphore::new(
                usize::try_from(memory_kib).unwrap_or(Semaphore::MAX_PERMITS),
            )),
            open_places: Semaphore::new(usize::from(open.max(1))),
            stage_places: Semaphore::new(usize::from(stage.max(1))),
            disk_full: AtomicBool::new(false),
            cut: Arc::default(),
            sample_place: Semaphore::new(1),
            stream_places: Semaphore::new(transfer::streamed::places(open, stage)),
            busy,
            source_caps,
            sink_caps,
        };
        core.read_plan().await?;
        // The counters go on where the last run, or the plan, left them.
        core.align().await?;
        Ok(Arc::new(core))
    }

    fn lock(&self, from: &Party, to: &Party, options: &str) -> Result<Locks> {
        let mut locks = Locks::new(&self.options.lock_dir, self.env.clock.now());
        let job = [from.words(), to.words()].concat();
        let job: Vec<&str> = job.into_iter().chain([options]).collect();
        locks.take(LockKind::Job, &job)?;
        locks.take(LockKind::Target, &to.words())?;
        Ok(locks)
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

    async fn tidy(&self, spool: &Spool, job: i64) -> Result<()> {
        let failed = |error| spool::spool_error(&self.options.spool_dir, error);
        let found = spool.found().map_err(failed)?;
        let leftovers = self
            .journal
            .read(move |c| staging::spool_leftovers(c, job, &found))
            .await?;
        spool.tidy(&leftovers).map_err(failed)
    }
}

impl Party {
    /// Kind, first origin and owner: what names an account.
    fn of(provider: &dyn PhotoProvider, account: &Account) -> Self {
        let info = provider.info();
        let origin = info.origins.first().map(|url| url.origin().ascii_serialization());
        Self {
            kind: info.kind,
            origin: origin.unwrap_or_default(),
            owner: account.owner.as_str().to_owned(),
        }
    }

    fn words(&self) -> [&str; 3] {
        [self.kind, &self.origin, &self.owner]
    }

    fn name(&self, account: &Account) -> AccountName {
        AccountName {
            kind: self.kind.to_owned(),
            label: account.label.clone(),
        }
    }

    fn plan_account(&self, account: &Account) -> PlanAccount {
        PlanAccount::new(self.kind, &self.origin, &self.owner, account.label.as_deref())
    }

    /// Refuses another account than the one that the job was begun with.
    fn must_be(&self, begun_with: Option<&Self>) -> Result<()> {
        if begun_with.is_none_or(|begun_with| begun_with == self) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Auth(AuthProblem::WrongAccount),
            "the sign-in is of another account than the one this migration was begun with",
        )
        .operation(Operation::Connect)
        .provider(self.kind)
        .hint("sign in to the account that the migration was begun with; nothing was read or written at the other one"))
    }
}

/// Writes down how a run ended; whoever looks later must not take it for one that was killed.
async fn note_end(held: Option<&Held>, name: &str, error: Option<&Error>) {
    let Some(diary) = held.and_then(|held| held.diary.as_ref()) else {
        return;
    };
    if let Err(error) = diary.end(name, error.map(ToString::to_string)).await {
        // The reason of the end is what people are to see.
        tracing::warn!(%error, "the end of the run could not be written down");
    }
}

/// Free bytes, where the service says both what it allows and what is used.
fn room(account: &Account) -> Option<u64> {
    Some(account.limit?.saturating_sub(account.used?))
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
