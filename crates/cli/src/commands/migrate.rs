//! `photomove migrate`: moves everything; the same command again goes on where it stopped.

use std::path::Path;

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::{EngineEnv, Journal, MigrateOptions, Migration, Plan, StopReason, StopToken, Summary};
use serde_json::json;

use crate::app::App;
use crate::commands::status::failure_line;
use crate::endpoint::{self, Endpoint};
use crate::exit::Exit;
use crate::progress::Watcher;
use crate::settings::Settings;
use crate::{errors, providers, report, text};

/// Files that did not arrive that are named at the end of a run.
const FAILURES_TOLD: u32 = 10;

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
}

/// What changes a run beside its settings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    retry_refused: bool,
    new_journal: bool,
}

/// Moves everything from FROM to TO.
pub(crate) async fn run(app: &App, args: MigrateArgs) -> Result<Exit> {
    let (from, to) = endpoint::parse_pair(&args.from, &args.to)?;
    let settings = app.settings(args.spool_max.as_deref())?;
    let how = How {
        retry_refused: args.retry_refused,
        new_journal: args.new_journal,
    };
    if args.dry_run {
        return plan_only(app, &settings, &from, &to, &how).await;
    }
    let summary = between(app, &settings, &from, &to, &how).await?;
    let exit = report::exit_of(&summary);
    tell_end(app, &settings, &summary, exit).await?;
    Ok(exit)
}

/// Lists the source and prints what would be moved; nothing is written at the destination.
pub(crate) async fn plan_only(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How,
) -> Result<Exit> {
    let run = Run::prepare(app, settings, from, to, how).await?;
    let plan = run.watched(run.migration.plan()).await?;
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
    how: &How,
) -> Result<Summary> {
    let run = Run::prepare(app, settings, from, to, how).await?;
    let plan = run.watched(run.migration.plan()).await?;
    app.printer.object(&plan_object(&plan));
    if !plan.nothing_to_do {
        app.printer.talk(&format!("{}\n", report::plan_text(&plan, false)));
        if !app.person.confirm("move this?").await? {
            return Err(Error::new(ErrorKind::Cancelled, "nothing was moved"));
        }
    }
    run.watched(run.migration.run()).await
}

/// A migration that is ready to start, and who watches it.
struct Run {
    migration: Migration,
    watcher: std::sync::Arc<Watcher>,
    // Aborted with the run: it only passes signals on.
    _signals: tokio_util::task::AbortOnDropHandle<()>,
}

impl Run {
    async fn prepare(app: &App, settings: &Settings, from: &Endpoint, to: &Endpoint, how: &How) -> Result<Self> {
        let path = settings.journal();
        if how.new_journal
            && let Some(kept) = Journal::set_aside(&path)?
        {
            app.printer.talk(&format!("old journal kept: {}", kept.display()));
        }
        let accounts = providers::Accounts::new(app, settings);
        // Before the journal is made: who is not signed in should not find an empty one.
        let (source_sign_in, target_sign_in) = (accounts.sign_in(from).await?, accounts.sign_in(to).await?);
        let journal = Journal::open(&path, app.clock.clone())?;
        let source = accounts.open(source_sign_in, &journal).await?;
        let target = accounts.open(target_sign_in, &journal).await?;
        let watcher = Watcher::new(app.printer.clone(), app.clock.clone());
        let (stop, passing) = pass_on(app);
        let env = EngineEnv {
            clock: app.clock.clone(),
            random: app.random.clone(),
            observer: watcher.clone(),
            stop,
            drill: photomove_core::drill::Drill::none(),
        };
        let mut options = MigrateOptions::new(&settings.state_dir);
        options.spool_max_bytes = settings.spool_max_bytes;
        options.retry_refused = how.retry_refused;
        Ok(Self {
            migration: Migration::new(source, target, journal, options, env),
            watcher,
            _signals: passing,
        })
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
}

/// Passes the requests of the person and the system on to the engine.
fn pass_on(app: &App) -> (StopToken, tokio_util::task::AbortOnDropHandle<()>) {
    let stop = StopToken::new();
    let (signals, token) = (app.signals.clone(), stop.clone());
    let task = tokio::spawn(async move {
        signals.drain.cancelled().await;
        token.drain();
        signals.abort.cancelled().await;
        token.abort();
    });
    (stop, tokio_util::task::AbortOnDropHandle::new(task))
}

fn plan_object(plan: &Plan) -> serde_json::Value {
    json!({ "type": "plan", "plan": plan })
}

/// Prints the accounting, what to do next, and the last line.
pub(crate) async fn tell_end(app: &App, settings: &Settings, summary: &Summary, exit: Exit) -> Result<()> {
    app.printer
        .object(&json!({ "type": "summary", "exit_code": exit.code(), "summary": summary }));
    app.printer.text(&report::summary_text(summary));
    tell_first_failures(app, settings, summary).await?;
    app.printer
        .text(&format!("\njournal: {}", settings.journal().display()));
    if let Some(error) = summary.stopped.as_ref().and_then(StopReason::error) {
        app.printer.talk(&errors::render(error));
    }
    for line in next_steps(summary, app.global.state_dir.as_deref()) {
        app.printer.text(&format!("next: {line}"));
    }
    app.printer.text(&format!("\n{}", report::last_line(summary)));
    Ok(())
}

/// Lists the first files that did not arrive; whoever has more of them finds the rest where `next:` says.
async fn tell_first_failures(app: &App, settings: &Settings, summary: &Summary) -> Result<()> {
    let count = summary.accounting.failed.count + summary.accounting.skipped.count;
    if count == 0 {
        return Ok(());
    }
    let Some(journal) = Journal::open_read_only(&settings.journal(), app.clock.clone())? else {
        return Ok(());
    };
    app.printer.text("");
    for failure in journal.failures(summary.job, None, FAILURES_TOLD).await? {
        app.printer.text(&failure_line(&failure));
    }
    if let Some(more) = count.checked_sub(u64::from(FAILURES_TOLD)).filter(|more| *more > 0) {
        app.printer.text(&format!("and {} more", text::count(more)));
    }
    Ok(())
}

/// What the person can do now, at most one line per reason.
fn next_steps(summary: &Summary, state_dir: Option<&Path>) -> Vec<String> {
    let mut steps = Vec::new();
    match &summary.stopped {
        None => {}
        Some(StopReason::SignInNeeded(_)) => {
            steps.push("sign in as the hint says, then run the same command again: it goes on from here".to_owned());
        }
        Some(StopReason::Quota {
            resets_at: Some(at), ..
        }) => {
            let at = at.to_zoned(jiff::tz::TimeZone::system());
            steps.push(format!(
                "run the same command again after {}: it goes on from here",
                at.strftime("%a %d %b %H:%M")
            ));
        }
        Some(StopReason::DestinationFull(_)) => {
            steps
                .push("make room at the destination, then run the same command again: it goes on from here".to_owned());
        }
        Some(_) => steps.push("run the same command again: it goes on from here".to_owned()),
    }
    if summary.accounting.failed.count > 0 || summary.accounting.skipped.count > 0 {
        let option = state_dir
            .map(|path| format!(" --state-dir {}", path.display()))
            .unwrap_or_default();
        steps.push(format!(
            "`photomove{option} status --failures` lists what did not arrive"
        ));
    }
    steps
}
