//! The course of a migration: both sides signed in, the plan, the run, and the pauses between.

mod seven_days;

use std::path::Path;
use std::sync::Arc;

use photomove_core::{AuthProblem, Error, ErrorKind, PhotoProvider, Resource, Result};
use photomove_http::Waits;
use photomove_migrate::{
    EngineEnv, Journal, MigrateOptions, Migration, Plan, PlanEnd, RunLimit, StopReason, StopToken, Summary,
};
use tokio_util::task::AbortOnDropHandle;

pub(crate) use self::seven_days::{EndingArgs, Strictness};
use super::How;
use super::awaited::Awaited;
use super::offer::offer;
use super::pause::{Pause, Woken};
use crate::again;
use crate::app::App;
use crate::endpoint::Endpoint;
use crate::keys::Keyboard;
use crate::limits::Limits;
use crate::progress::Watcher;
use crate::providers::{Accounts, SignIn};
use crate::settings::Settings;

/// Which stops are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Patience {
    /// None.
    #[default]
    None,
    /// Sign-ins, if somebody is at the terminal who can give one.
    AtTerminal,
    /// Sign-ins and quotas.
    Always,
}

/// One side of the migration.
struct Side {
    endpoint: Endpoint,
    /// Tells the sign-in that was found from a later one.
    fingerprint: String,
    /// Whether it was replaced since the run got anywhere. Then no other one is tried before the person is told: services
    /// give new cookies with answers too, and a run would go on trying them for ever without a word.
    tried: bool,
    provider: Arc<dyn PhotoProvider>,
}

/// A migration that is ready to start, and who watches it.
pub(super) struct Course<'a> {
    pause: Pause<'a>,
    patience: Patience,
    journal: Journal,
    from: Side,
    to: Side,
    migration: Migration,
    watcher: Arc<Watcher>,
    keyboard: Keyboard,
    limits: Limits,
    awaited: Awaited,
    /// Files that have an outcome, as the last run said.
    settled: u64,
    // Aborted with the run: it only passes signals on.
    _signals: AbortOnDropHandle<()>,
}

/// What a run waits for.
#[derive(Clone, Copy)]
enum Cause<'e> {
    SignIn(&'e Error),
    Quota(&'e Error, Option<jiff::Timestamp>),
}

impl<'e> Cause<'e> {
    fn of_stop(stop: &'e StopReason) -> Option<Self> {
        match stop {
            StopReason::SignInNeeded(error) => Some(Self::SignIn(error)),
            StopReason::Quota { resets_at, error } => Some(Self::Quota(error, *resets_at)),
            _ => None,
        }
    }

    fn of_error(error: &'e Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::Auth(_) => Some(Self::SignIn(error)),
            ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at,
            } => Some(Self::Quota(error, *resets_at)),
            _ => None,
        }
    }
}

impl Patience {
    /// What to wait for on this terminal.
    pub(super) fn of(app: &App, wait: bool) -> Self {
        match (wait, app.person.is_there()) {
            (true, _) => Self::Always,
            (false, true) => Self::AtTerminal,
            (false, false) => Self::None,
        }
    }

    /// Says so of a run that has, or has not, `begun`.
    fn waits_for(self, cause: &Cause<'_>, begun: bool) -> bool {
        match (self, cause) {
            (Self::None, _) | (Self::AtTerminal, Cause::Quota(..)) => false,
            // Who never signed in is told how, and is back at once: nothing has begun that could be lost.
            (Self::AtTerminal, Cause::SignIn(error)) => begun || *error.kind() != ErrorKind::Auth(AuthProblem::Missing),
            (Self::Always, _) => true,
        }
    }
}

impl<'a> Course<'a> {
    /// Finds both sign-ins and opens the journal; nothing is asked at the services yet.
    pub(super) async fn prepare(
        app: &'a App,
        settings: &'a Settings,
        from: &Endpoint,
        to: &Endpoint,
        how: &How<'a>,
    ) -> Result<Self> {
        let path = settings.journal();
        if how.new_journal
            && let Some(kept) = Journal::set_aside(&path)?
        {
            app.printer.talk(&format!("old journal kept: {}", kept.display()));
        }
        let watcher = Watcher::new(app.printer.clone(), app.clock.clone());
        let waits = Waits::to(watcher.clone());
        let pause = Pause::new(app, settings, how.notifier).with_traffic(how.limits.bandwidth(app)?, waits);
        // Before the journal is made: who is not signed in should not find an empty one.
        let source = find(&pause, how.patience, from).await?;
        let target = find(&pause, how.patience, to).await?;
        let journal = Journal::open_drilled(&path, app.clock.clone(), app.drill.clone())?;
        let from = source.open(pause.accounts(), &journal).await?;
        let to = target.open(pause.accounts(), &journal).await?;
        let (stop, passing) = pass_on(app);
        let keyboard = Keyboard::new(app, stop.clone(), Arc::clone(&watcher));
        let env = EngineEnv {
            clock: app.clock.clone(),
            random: app.random.clone(),
            observer: watcher.clone(),
            stop,
            drill: app.drill.clone(),
            sampler: sampler(settings, how),
        };
        let mut options = MigrateOptions::new(&settings.state_dir);
        options.spool_max_bytes = settings.spool_max_bytes;
        options.retry_refused = how.retry_refused;
        options.retry = how.retry;
        options.restore_settings = how.restore_settings.then_some(true);
        options.words = Some((from.endpoint.to_string(), to.endpoint.to_string()));
        options.filters = how.filters.cloned().unwrap_or_default();
        options.target_free_bytes = how.free_bytes;
        options.max_transfer_bytes = how.limits.transfer_bytes;
        options.stop_at = how.limits.stop_at;
        if let Some(plan) = how.plan {
            options = options.with_plan(plan.clone());
        }
        let migration = Migration::new(
            Arc::clone(&from.provider),
            Arc::clone(&to.provider),
            journal.clone(),
            options,
            env,
        );
        watcher.note_waits(migration.notebook());
        Ok(Self {
            pause,
            patience: how.patience,
            journal,
            from,
            to,
            migration,
            watcher,
            keyboard,
            limits: how.limits,
            awaited: Awaited::default(),
            settled: 0,
            _signals: passing,
        })
    }

    /// Lists the source and works out what a run would do.
    pub(super) async fn plan(&mut self) -> Result<Plan> {
        loop {
            let error = match self.watched(false, self.migration.plan()).await {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            if self.signed_in_again(&error).await? {
                continue;
            }
            let cause = Cause::of_error(&error).filter(|cause| self.patience.waits_for(cause, false));
            match cause.filter(|cause| self.fits(cause, 0)) {
                Some(cause) if self.wait(cause).await? == Woken::GoOn => {}
                Some(_) => return Err(stopped_while_waiting()),
                None => return Err(self.exact(error).await),
            }
        }
    }

    /// Writes the plan that was worked out last to a file.
    pub(super) async fn save_plan(&self, path: &Path) -> Result<PlanEnd> {
        let (from, to) = (self.from.endpoint.to_string(), self.to.endpoint.to_string());
        self.migration.save_plan(path, &from, &to).await
    }

    /// Moves everything; ends when it is done, or stopped by what is not waited for.
    pub(super) async fn run(&mut self) -> Result<Summary> {
        self.note_use().await?;
        loop {
            let result = self.watched(true, self.migration.run()).await;
            if let Ok(summary) = &result {
                self.note_progress(summary);
            }
            let cause = match &result {
                Ok(summary) => summary.stopped.as_ref().and_then(Cause::of_stop),
                Err(error) => Cause::of_error(error),
            };
            let sent_bytes = match &result {
                Ok(summary) => summary.uploaded.bytes,
                Err(_) => self.awaited.sent_bytes(),
            };
            let cause = cause.filter(|cause| self.patience.waits_for(cause, true));
            let Some(cause) = cause.filter(|cause| self.fits(cause, sent_bytes)) else {
                return self.ended(result).await;
            };
            if self.wait(cause).await? == Woken::Stopped {
                return match result {
                    Ok(mut summary) => {
                        summary.stopped = Some(StopReason::Interrupted);
                        Ok(summary)
                    }
                    Err(_) => Err(stopped_while_waiting()),
                };
            }
        }
    }

    /// Says whether a wait ends within the time that the person allowed.
    fn fits(&mut self, cause: &Cause<'_>, sent_bytes: u64) -> bool {
        let Cause::Quota(_, resets_at) = cause else { return true };
        let app = self.pause.app();
        self.awaited
            .refused(app.clock.now(), *resets_at, sent_bytes, &*app.random);
        match (self.limits.stop_at, self.awaited.until()) {
            (Some(stop_at), Some(until)) => until < stop_at,
            _ => true,
        }
    }

    fn note_progress(&mut self, summary: &Summary) {
        let accounting = &summary.accounting;
        let settled = accounting.found.count.saturating_sub(accounting.waiting.count);
        if settled > self.settled {
            (self.from.tried, self.to.tried) = (false, false);
        }
        self.settled = settled;
    }

    /// Before anything has begun: offers the person at the terminal to sign in here, and takes the new sign-in.
    async fn signed_in_again(&mut self, error: &Error) -> Result<bool> {
        let side = match self.is_of_target(error).await {
            true => &mut self.to,
            false => &mut self.from,
        };
        let offered = offer(&self.pause, &side.endpoint, error).await;
        if !offered.map_err(|error| again::exact(self.pause.app(), &side.endpoint, error))? {
            return Ok(false);
        }
        let accounts = self.pause.accounts();
        side.fingerprint = accounts.fingerprint(&side.endpoint).await?;
        let sign_in = accounts.sign_in(&side.endpoint).await?;
        side.provider = accounts.open(sign_in, &self.journal).await?;
        self.migration
            .with_sides(Arc::clone(&self.from.provider), Arc::clone(&self.to.provider));
        Ok(true)
    }

    /// Waits until the run can go on, and gives it what is new.
    async fn wait(&mut self, cause: Cause<'_>) -> Result<Woken> {
        match cause {
            Cause::Quota(error, _) => Ok(self.pause.for_quota(error, self.awaited.until()).await),
            Cause::SignIn(error) => self.wait_for_sign_in(error).await,
        }
    }

    async fn wait_for_sign_in(&mut self, error: &Error) -> Result<Woken> {
        let side = match self.is_of_target(error).await {
            true => &mut self.to,
            false => &mut self.from,
        };
        let mut known = match side.tried {
            true => self.pause.accounts().fingerprint(&side.endpoint).await?,
            false => side.fingerprint.clone(),
        };
        let mut told = None;
        loop {
            // Taken before it is read: what changes meanwhile is noticed later.
            let mut fresh = self.pause.accounts().fingerprint(&side.endpoint).await?;
            // What has changed since the run took it, by a person or by its own renewal, is tried before anybody is
            // called.
            if fresh == known {
                if told.is_none() {
                    told = Some(self.pause.for_sign_in(&side.endpoint, error));
                }
                match self.pause.until_changed(&side.endpoint, &known).await? {
                    Some(changed) => fresh = changed,
                    None => return Ok(Woken::Stopped),
                }
            }
            known = fresh;
            let found = self.pause.accounts().sign_in(&side.endpoint).await;
            let opened = match found {
                Ok(sign_in) => self.pause.accounts().open(sign_in, &self.journal).await,
                Err(error) => Err(error),
            };
            match opened {
                Ok(provider) => {
                    side.provider = provider;
                    side.fingerprint = known;
                    side.tried = true;
                    break;
                }
                // Half a file, or no sign-in any more: another change may come.
                Err(error) => {
                    if told.as_deref() != Some(&error.to_string()) {
                        told = Some(self.pause.for_sign_in(&side.endpoint, &error));
                    }
                }
            }
        }
        if told.is_some() {
            self.pause.over("a new sign-in");
        }
        self.migration
            .with_sides(Arc::clone(&self.from.provider), Arc::clone(&self.to.provider));
        Ok(Woken::GoOn)
    }

    /// Runs while the watcher writes its lines and keys are read; `moves` says whether there is something to pause for.
    async fn watched<T>(&self, moves: bool, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.watcher.begin();
        let listening = self.keyboard.listen(moves);
        let result = tokio::select! {
            result = work => result,
            never = self.watcher.tell_regularly() => match never {},
        };
        listening.end().await;
        self.watcher.finish();
        result
    }

    /// Puts the exact command into whatever asks for a sign-in or for another day.
    async fn ended(&self, result: Result<Summary>) -> Result<Summary> {
        let mut summary = match result {
            Ok(summary) => summary,
            Err(error) => return Err(self.exact(error).await),
        };
        summary.stopped = match summary.stopped {
            Some(StopReason::SignInNeeded(error)) => Some(StopReason::SignInNeeded(self.exact(error).await)),
            Some(StopReason::Quota { resets_at, error }) => Some(StopReason::Quota {
                resets_at,
                // The command is told at the end of the summary.
                error: self.pause.without_waiting(error, resets_at, self.limits.stop_at, false),
            }),
            other => other,
        };
        Ok(summary)
    }

    /// Says whether an error is the destination's, else the source's. Where both are of one kind, both are asked.
    async fn is_of_target(&self, error: &Error) -> bool {
        let (from, to) = (self.from.endpoint.kind, self.to.endpoint.kind);
        if from != to {
            return error.provider_name() == Some(to.word());
        }
        match error.kind() {
            ErrorKind::Auth(_) => {
                !matches!(self.from.provider.connect().await, Err(found) if found.kind() == error.kind())
            }
            _ => true,
        }
    }

    async fn exact(&self, error: Error) -> Error {
        let of_this_run = ErrorKind::Quota {
            resource: Resource::Run,
            resets_at: None,
        };
        if *error.kind() == of_this_run {
            // Only time runs out before anything is moved.
            return Error::new(of_this_run, self.limits.words(RunLimit::Time, 0))
                .hint(format!("{} goes on from here", again::to_go_on(self.pause.app())));
        }
        if let Some(Cause::Quota(_, resets_at)) = Cause::of_error(&error) {
            return self.pause.without_waiting(error, resets_at, self.limits.stop_at, true);
        }
        let endpoint = match self.is_of_target(&error).await {
            true => &self.to.endpoint,
            false => &self.from.endpoint,
        };
        again::exact(self.pause.app(), endpoint, error)
    }
}

/// A sign-in as it was found, before there is a journal.
struct Found {
    endpoint: Endpoint,
    fingerprint: String,
    sign_in: SignIn,
}

impl Found {
    async fn open(self, accounts: &Accounts<'_>, journal: &Journal) -> Result<Side> {
        let opened = accounts.open(self.sign_in, journal).await;
        Ok(Side {
            provider: opened.map_err(|error| again::exact(accounts.app, &self.endpoint, error))?,
            endpoint: self.endpoint,
            fingerprint: self.fingerprint,
            tried: false,
        })
    }
}

/// Finds the sign-in of an endpoint; waits for one if that is what the run is to do.
async fn find(pause: &Pause<'_>, patience: Patience, endpoint: &Endpoint) -> Result<Found> {
    let mut waited = false;
    loop {
        let endpoint = pause.accounts().settled(endpoint).await?;
        let fingerprint = pause.accounts().fingerprint(&endpoint).await?;
        let error = match pause.accounts().sign_in(&endpoint).await {
            Ok(sign_in) => {
                if waited {
                    pause.over("a new sign-in");
                }
                return Ok(Found {
                    endpoint,
                    fingerprint,
                    sign_in,
                });
            }
            Err(error) => error,
        };
        let exact = |error| again::exact(pause.app(), &endpoint, error);
        if offer(pause, &endpoint, &error).await.map_err(exact)? {
            continue;
        }
        if !Cause::of_error(&error).is_some_and(|cause| patience.waits_for(&cause, false)) {
            return Err(exact(error));
        }
        pause.for_sign_in(&endpoint, &error);
        waited = true;
        if pause.until_changed(&endpoint, &fingerprint).await?.is_none() {
            return Err(stopped_while_waiting());
        }
    }
}

pub(super) fn stopped_while_waiting() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped while waiting").hint("run the same command again: it goes on from here")
}

/// Keeps small pictures for the report, unless nobody wants them.
#[cfg(feature = "thumbnails")]
fn sampler(settings: &Settings, how: &How<'_>) -> Option<Arc<dyn photomove_migrate::Sampler>> {
    (!how.no_contact_sheet).then(|| crate::contact::ContactSheet::new(&settings.state_dir) as _)
}

/// This build cannot make small pictures.
#[cfg(not(feature = "thumbnails"))]
fn sampler(_settings: &Settings, how: &How<'_>) -> Option<Arc<dyn photomove_migrate::Sampler>> {
    let _ = how.no_contact_sheet;
    None
}

/// Passes the requests of the person and the system on to the engine.
pub(crate) fn pass_on(app: &App) -> (StopToken, AbortOnDropHandle<()>) {
    let stop = StopToken::new();
    let (signals, token) = (app.signals.clone(), stop.clone());
    let task = tokio::spawn(async move {
        signals.drain.cancelled().await;
        token.drain();
        signals.abort.cancelled().await;
        token.abort();
    });
    (stop, AbortOnDropHandle::new(task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_terminal_a_lost_sign_in_is_waited_for_and_one_that_never_was_is_not() {
        let error = |problem| Error::new(ErrorKind::Auth(problem), "x");
        for (problem, begun, waits) in [
            (AuthProblem::Missing, false, false),
            (AuthProblem::Missing, true, true),
            (AuthProblem::Expired, false, true),
            (AuthProblem::Expired, true, true),
        ] {
            let error = error(problem);
            let cause = Cause::of_error(&error).unwrap();
            assert_eq!(
                Patience::AtTerminal.waits_for(&cause, begun),
                waits,
                "{problem:?} {begun}"
            );
            assert!(Patience::Always.waits_for(&cause, begun));
            assert!(!Patience::None.waits_for(&cause, begun));
        }
    }
}
