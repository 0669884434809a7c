//! `photomove migrate`: moves everything; the same command again goes on where it stopped.

mod course;
mod end;
mod pause;

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::{Plan, StopReason, Summary};
use serde_json::json;

use crate::app::{App, tell};
use crate::endpoint::{self, Endpoint};
use crate::exit::Exit;
use crate::notify::{Happening, Notifier};
use crate::report;
use crate::settings::Settings;

use self::course::{Course, Patience};
pub(crate) use self::end::tell_end;

/// Arguments of `photomove migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Where from, such as `amazon`
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// Where to, such as `google`
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Only count what would be moved, as `photomove plan` does
    #[arg(long)]
    dry_run: bool,
    /// Most bytes kept on disk on their way, such as `5GiB`; 10 GiB if nothing is said [env: PHOTOMOVE_SPOOL_MAX]
    #[arg(long, value_name = "SIZE")]
    spool_max: Option<String>,
    /// Try files again that the destination refused for good
    #[arg(long)]
    retry_refused: bool,
    /// Put a damaged journal aside and begin a new one
    #[arg(long)]
    new_journal: bool,
    /// Wait for a new sign-in and for the next day's quota, also where nobody is at a terminal, then go on
    #[arg(long)]
    wait: bool,
    /// Run a shell command on every pause and at the end; it finds `PHOTOMOVE_EVENT` (`paused`, `finished`, `stopped`,
    /// `failed`), `PHOTOMOVE_MESSAGE` and, at the end, `PHOTOMOVE_EXIT_CODE` in its environment
    #[arg(long, value_name = "CMD")]
    notify_command: Option<String>,
}

/// What changes a run beside its settings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'a> {
    retry_refused: bool,
    new_journal: bool,
    patience: Patience,
    notifier: Option<&'a Notifier>,
}

impl How<'_> {
    /// Waits for whatever stops the run and can be waited for.
    pub(crate) fn patient() -> Self {
        Self {
            patience: Patience::Always,
            ..Self::default()
        }
    }
}

/// Moves everything from FROM to TO.
pub(crate) async fn run(app: &App, args: MigrateArgs) -> Result<Exit> {
    let notifier = Notifier::new(args.notify_command.clone(), app.printer.clone(), app.signals.clone());
    let result = Box::pin(to_the_end(app, &args, &notifier)).await;
    // What went wrong is told now: the command that is notified may take its time.
    let (exit, message) = result.unwrap_or_else(|error| (tell(&error, &app.printer), error.to_string()));
    notifier.tell(Happening::Ended(exit), &message);
    notifier.finish().await;
    Ok(exit)
}

/// Does that and prints how it ended; returns the exit code and one line for who is notified.
async fn to_the_end(app: &App, args: &MigrateArgs, notifier: &Notifier) -> Result<(Exit, String)> {
    let (from, to) = endpoint::parse_pair(&args.from, &args.to)?;
    let settings = app.settings(args.spool_max.as_deref())?;
    let mut how = How {
        retry_refused: args.retry_refused,
        new_journal: args.new_journal,
        notifier: Some(notifier),
        ..How::default()
    };
    if args.dry_run {
        let exit = plan_only(app, &settings, &from, &to, &how).await?;
        return Ok((exit, "planned".to_owned()));
    }
    how.patience = Patience::of(app, args.wait);
    let summary = between(app, &settings, &from, &to, &how).await?;
    let exit = report::exit_of(&summary);
    tell_end(app, &settings, &summary, exit).await?;
    let message = match summary.stopped.as_ref().and_then(StopReason::error) {
        Some(error) => error.to_string(),
        None => report::last_line(&summary),
    };
    Ok((exit, message))
}

/// Lists the source and prints what would be moved; nothing is written at the destination.
pub(crate) async fn plan_only(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How<'_>,
) -> Result<Exit> {
    let mut course = Course::prepare(app, settings, from, to, how).await?;
    let plan = course.plan().await?;
    app.printer.object(&plan_object(&plan));
    app.printer.text(&report::plan_text(&plan, true));
    Ok(Exit::Done)
}

/// Moves everything and says how it went; the end is left to the caller. The demo runs this too.
pub(crate) async fn between(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How<'_>,
) -> Result<Summary> {
    let mut course = Course::prepare(app, settings, from, to, how).await?;
    let plan = course.plan().await?;
    app.printer.object(&plan_object(&plan));
    if !plan.nothing_to_do {
        app.printer.talk(&format!("{}\n", report::plan_text(&plan, false)));
        let answer = tokio::select! {
            answer = app.person.confirm("move this?") => answer?,
            () = app.signals.drain.cancelled() => false,
        };
        if !answer {
            return Err(Error::new(ErrorKind::Cancelled, "nothing was moved"));
        }
    }
    course.run().await
}

fn plan_object(plan: &Plan) -> serde_json::Value {
    json!({ "type": "plan", "plan": plan })
}
