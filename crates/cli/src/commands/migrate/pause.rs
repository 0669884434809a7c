//! Pauses: what people are told while a run waits for a sign-in or for a new day, and the waiting itself.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::{AuthProblem, Error, ErrorKind, Result};
use photomove_http::{Bandwidth, Waits};
use serde_json::json;

use crate::again;
use crate::app::App;
use crate::endpoint::Endpoint;
use crate::notify::{Happening, Notifier};
use crate::providers::{Accounts, files};
use crate::settings::Settings;
use crate::text;

/// How often the sign-ins are looked at. Real time, whatever clock the run has: a person changes them.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Where a service does not say when a budget is full again.
const UNKNOWN_RESET: Duration = Duration::from_secs(3600);
/// The shortest wait for a budget. The services' clocks and this one differ, and an hour that has come already would mean
/// asking again and again.
const SHORTEST: Duration = Duration::from_secs(60);
/// The longest sleep at once: a machine that was suspended does not sleep on for the time it was away.
const NAP: Duration = Duration::from_secs(60);

/// How a pause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Woken {
    /// What it waited for is there.
    GoOn,
    /// Somebody wants the run to end.
    Stopped,
}

/// Tells about pauses and waits.
pub(super) struct Pause<'a> {
    accounts: Accounts<'a>,
    notifier: Option<&'a Notifier>,
}

impl<'a> Pause<'a> {
    pub(super) fn new(app: &'a App, settings: &'a Settings, notifier: Option<&'a Notifier>) -> Self {
        Self {
            accounts: Accounts::new(app, settings),
            notifier,
        }
    }

    /// Lets both sides share the line, and say when they wait.
    pub(super) fn with_traffic(mut self, bandwidth: Bandwidth, waits: Waits) -> Self {
        self.accounts = self.accounts.with_traffic(bandwidth, waits);
        self
    }

    pub(super) fn accounts(&self) -> &Accounts<'a> {
        &self.accounts
    }

    pub(super) fn app(&self) -> &'a App {
        self.accounts.app
    }

    /// Tells that a sign-in is waited for, and returns the reason that was told.
    pub(super) fn for_sign_in(&self, endpoint: &Endpoint, error: &Error) -> String {
        let command = again::login_after(self.app(), endpoint, error);
        let refused = *error.kind() == ErrorKind::Auth(AuthProblem::WrongAccount);
        let mut lines = vec![if refused {
            format!("paused: refused, nothing touched: {error}")
        } else {
            format!("paused: {error}")
        }];
        // Some need more than a sign-in: a check that a person passes, another region.
        let more = error.hint_text().filter(|hint| !again::names_login(hint));
        lines.extend(more.map(str::to_owned));
        lines.push("sign in again in another terminal; then this run goes on by itself:".to_owned());
        lines.push(format!("  {command}"));
        if let Some(path) = files::named(self.accounts.settings, endpoint.kind).filter(|_| endpoint.account.is_none()) {
            lines.push(format!("or put a new sign-in into {}", path.display()));
        }
        self.tell(
            &lines,
            error,
            json!({ "reason": "sign_in", "command": command, "until": null }),
        );
        error.to_string()
    }

    /// Waits until the sign-ins that an endpoint may use are others than the known ones, and returns what tells these
    /// apart from later ones; `None` if somebody wants the run to end.
    pub(super) async fn until_changed(&self, endpoint: &Endpoint, known: &str) -> Result<Option<String>> {
        loop {
            let found = self.accounts.fingerprint(endpoint).await?;
            if found != known {
                return Ok(Some(found));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.app().signals.drain.cancelled() => return Ok(None),
            }
        }
    }

    /// Tells that the run waits for a budget to be full again, and waits.
    pub(super) async fn for_quota(&self, error: &Error, resets_at: Option<Timestamp>) -> Woken {
        let clock = &self.app().clock;
        let now = clock.now();
        let after = |wait: Duration| now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        let until = resets_at.map_or_else(|| after(UNKNOWN_RESET), |at| at.max(after(SHORTEST)));
        let left = until.duration_since(now).max(jiff::SignedDuration::ZERO).unsigned_abs();
        let lines = [
            format!("paused: {error}"),
            format!(
                "this run goes on by itself on {} (in {})",
                local(until),
                text::duration(left)
            ),
        ];
        self.tell(
            &lines,
            error,
            json!({ "reason": "quota", "command": null, "until": until }),
        );
        loop {
            let left = until.duration_since(clock.now());
            if left <= jiff::SignedDuration::ZERO {
                self.over("the wait is over");
                return Woken::GoOn;
            }
            tokio::select! {
                () = clock.sleep(left.unsigned_abs().min(NAP)) => {}
                () = self.app().signals.drain.cancelled() => return Woken::Stopped,
            }
        }
    }

    /// Says of a budget that is used up and not waited for when it is full again; and what to type then, unless that is
    /// told elsewhere.
    pub(super) fn without_waiting(
        &self,
        error: Error,
        resets_at: Option<Timestamp>,
        stop_at: Option<Timestamp>,
        with_command: bool,
    ) -> Error {
        let Some(at) = resets_at else {
            return error;
        };
        let left = at
            .duration_since(self.app().clock.now())
            .max(jiff::SignedDuration::ZERO);
        let mut hint = format!(
            "a new day begins on {} (in {})",
            local(at),
            text::duration(left.unsigned_abs())
        );
        let is_too_late = stop_at.is_some_and(|stop_at| stop_at <= at);
        hint.push_str(match is_too_late {
            true => ", when the time of `--max-duration` is over",
            false => "; with `--wait` a run waits for it",
        });
        if with_command {
            hint.push_str(&format!("; then {} goes on", again::to_go_on(self.app())));
        }
        error.hint_instead(hint)
    }

    /// Tells that the run goes on, and why it can.
    pub(super) fn over(&self, why: &str) {
        self.app().printer.object(&json!({ "type": "resumed" }));
        self.app().printer.talk(&format!("{why}: going on"));
    }

    fn tell(&self, lines: &[String], error: &Error, mut object: serde_json::Value) {
        object["type"] = "paused".into();
        object["provider"] = error.provider_name().into();
        object["message"] = error.to_string().into();
        let printer = &self.app().printer;
        printer.object(&object);
        printer.talk(&format!(
            "\n{}\nCtrl-C ends it here; the same command goes on later\n\n",
            lines.join("\n")
        ));
        if let Some(notifier) = self.notifier {
            notifier.tell(Happening::Paused, &error.to_string());
        }
    }
}

/// The time of this machine's place.
fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%a %d %b at %H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use photomove_core::drill::Drill;
    use photomove_core::{ManualClock, Resource, SystemRandom};

    use super::*;
    use crate::args::Global;
    use crate::ask::Person;
    use crate::print::Printer;
    use crate::settings::{self, Environment};
    use crate::signal::Signals;

    #[tokio::test]
    async fn an_hour_that_has_come_already_is_not_asked_again_at_once() {
        let (printer, _, talk) = Printer::captured(false);
        let clock = ManualClock::new("2026-01-02T10:00:00Z".parse().unwrap());
        let app = App {
            global: Global {
                state_dir: Some("state".into()),
                ..Global::default()
            },
            environment: Environment::default(),
            person: Person::nobody(true, printer.clone()),
            printer,
            clock: Arc::new(clock.clone()),
            random: SystemRandom::shared(),
            signals: Signals::default(),
            drill: Drill::none(),
        };
        let settings = settings::without_file(&app.global, &app.environment).unwrap();
        let before = app.clock.now();
        let resets_at = Some(before);
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at,
        };
        let pause = Pause::new(&app, &settings, None);
        assert_eq!(
            pause.for_quota(&Error::new(kind, "used up"), resets_at).await,
            Woken::GoOn
        );
        assert!(app.clock.now().duration_since(before) >= jiff::SignedDuration::from_mins(1));
        assert!(talk.text().contains("the wait is over: going on"), "{}", talk.text());
    }
}
