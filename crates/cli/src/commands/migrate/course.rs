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
            settled: 0,
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
            match Cause::of_error(&error).filter(|cause| self.patience.waits_for(cause, false)) {
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
            if let Ok(summary) = &result {
                self.note_progress(summary);
            }
            let cause = match &result {
                Ok(summary) => summary.stopped.as_ref().and_then(Cause::of_stop),
                Err(error) => Cause::of_error(error),
            };
            let Some(cause) = cause.filter(|cause| self.patience.waits_for(cause, true)) else {
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

    fn note_progress(&mut self, summary: &Summary) {
        let accounting = &summary.accounting;
        let settled = accounting.found.count.saturating_sub(accounting.waiting.count);
        if settled > self.settled {
            (self.from.tried, self.to.tried) = (false, false);
        }
        self.settled = settled;
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
        if !Cause::of_error(&error).is_some_and(|cause| patience.waits_for(&cause, false)) {
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
