//! The course of a migration: both sides signed in, the plan, the run, and the pauses between.

use std::sync::Arc;

use photomove_core::{AuthProblem, Error, ErrorKind, PhotoProvider, Resource, Result};
use photomove_migrate::{EngineEnv, Journal, MigrateOptions, Migration, Plan, StopReason, StopToken, Summary};
use tokio_util::task::AbortOnDropHandle;

use super::How;
use super::pause::{Pause, Woken};
use crate::again;
use crate::app::App;
use crate::endpoint::Endpoint;
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

    fn waits_for(self, cause: &Cause<'_>) -> bool {
        match (self, cause) {
            (Self::None, _) | (Self::AtTerminal, Cause::Quota(..)) => false,
            // Who never signed in is told how, and is back at once: nothing has begun that could be lost.
            (Self::AtTerminal, Cause::SignIn(error)) => *error.kind() != ErrorKind::Auth(AuthProblem::Missing),
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
        let pause = Pause::new(app, settings, how.notifier);
        // Before the journal is made: who is not signed in should not find an empty one.
        let source = find(&pause, how.patience, from).await?;
        let target = find(&pause, how.patience, to).await?;
        let journal = Journal::open_drilled(&path, app.clock.clone(), app.drill.clone())?;
        let from = source.open(pause.accounts(), &journal).await?;
        let to = target.open(pause.accounts(), &journal).await?;
        let watcher = Watcher::new(app.printer.clone(), app.clock.clone());
        let (stop, passing) = pass_on(app);
        let env = EngineEnv {
            clock: app.clock.clone(),
            random: app.random.clone(),
            observer: watcher.clone(),
            stop,
            drill: app.drill.clone(),
        };
        let mut options = MigrateOptions::new(&settings.state_dir);
        options.spool_max_bytes = settings.spool_max_bytes;
        options.retry_refused = how.retry_refused;
        let migration = Migration::new(
            Arc::clone(&from.provider),
            Arc::clone(&to.provider),
            journal.clone(),
            options,
            env,
        );
        Ok(Self {
            pause,
            patience: how.patience,
            journal,
            from,
            to,
            migration,
            watcher,
            _signals: passing,
        })
    }

    /// Lists the source and works out what a run would do.
    pub(super) async fn plan(&mut self) -> Result<Plan> {
        loop {
            let error = match self.watched(self.migration.plan()).await {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            match Cause::of_error(&error).filter(|cause| self.patience.waits_for(cause)) {
                Some(cause) if self.wait(cause).await? == Woken::GoOn => {}
                Some(_) => return Err(stopped_while_waiting()),
                None => return Err(self.exact(error)),
            }
        }
    }

    /// Moves everything; ends when it is done, or stopped by what is not waited for.
    pub(super) async fn run(&mut self) -> Result<Summary> {
        loop {
            let result = self.watched(self.migration.run()).await;
            let cause = match &result {
                Ok(summary) => summary.stopped.as_ref().and_then(Cause::of_stop),
                Err(error) => Cause::of_error(error),
            };
            let Some(cause) = cause.filter(|cause| self.patience.waits_for(cause)) else {
                return self.ended(result);
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

    /// Waits until the run can go on, and gives it what is new.
    async fn wait(&mut self, cause: Cause<'_>) -> Result<Woken> {
        match cause {
            Cause::Quota(error, resets_at) => Ok(self.pause.for_quota(error, resets_at).await),
            Cause::SignIn(error) => self.wait_for_sign_in(error).await,
        }
    }

    async fn wait_for_sign_in(&mut self, error: &Error) -> Result<Woken> {
        let side = match error.provider_name() {
            Some(kind) if kind == self.to.endpoint.kind.word() => &mut self.to,
            _ => &mut self.from,
        };
        let mut known = side.fingerprint.clone();
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

    /// Runs while the watcher writes its lines.
    async fn watched<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.watcher.begin();
        let result = tokio::select! {
            result = work => result,
            never = self.watcher.tell_regularly() => match never {},
        };
        self.watcher.finish();
        result
    }

    /// Puts the exact command into whatever asks for a sign-in.
    fn ended(&self, result: Result<Summary>) -> Result<Summary> {
        let mut summary = result.map_err(|error| self.exact(error))?;
        summary.stopped = match summary.stopped {
            Some(StopReason::SignInNeeded(error)) => Some(StopReason::SignInNeeded(self.exact(error))),
            other => other,
        };
        Ok(summary)
    }

    fn exact(&self, error: Error) -> Error {
        let endpoint = match error.provider_name() {
            Some(kind) if kind == self.to.endpoint.kind.word() => &self.to.endpoint,
            _ => &self.from.endpoint,
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
        if !Cause::of_error(&error).is_some_and(|cause| patience.waits_for(&cause)) {
            return Err(again::exact(pause.app(), &endpoint, error));
        }
        pause.for_sign_in(&endpoint, &error);
        waited = true;
        if pause.until_changed(&endpoint, &fingerprint).await?.is_none() {
            return Err(stopped_while_waiting());
        }
    }
}

fn stopped_while_waiting() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped while waiting").hint("run the same command again: it goes on from here")
}

/// Passes the requests of the person and the system on to the engine.
fn pass_on(app: &App) -> (StopToken, AbortOnDropHandle<()>) {
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
