//! `photomove migrate`: moves everything; the same command again goes on where it stopped.

mod awaited;
mod course;
mod end;
mod going;
mod offer;
mod pause;
mod settings_back;

use std::path::Path;

use clap::Args;
use photomove_core::{Error, ErrorKind, Filters, Result};
use photomove_migrate::{JobId, Plan, PlanFile, StopReason, Summary};
use serde_json::json;

use crate::again;
use crate::app::{App, tell};
use crate::endpoint::{self, Endpoint};
use crate::exit::Exit;
use crate::filters::FilterArgs;
use crate::limits::{LimitArgs, Limits};
use crate::notify::{Happening, Notifier};
use crate::providers::Accounts;
use crate::report;
use crate::room::RoomArgs;
use crate::settings::Settings;
use crate::text;

pub(crate) use self::course::EndingArgs;
pub(crate) use self::course::pass_on;
use self::course::{Course, Patience, Strictness};
pub(crate) use self::end::{tell_end, tell_stop};
pub(crate) use self::going::GoingArgs;
pub(crate) use self::settings_back::{agreed as settings_agreed, put_back as put_settings_back};

/// Arguments of `photomove migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Where from, such as `amazon`
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// Where to, such as `google`
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    room: RoomArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    ending: EndingArgs,
    /// Only count what would be moved, as `photomove plan` does
    #[arg(long)]
    dry_run: bool,
    /// Try files again that the destination refused for good
    #[arg(long)]
    retry_refused: bool,
    /// Keep no small pictures for the report; else it shows 48 of the photos that were moved, chosen by chance
    #[arg(long)]
    no_contact_sheet: bool,
    /// Put a damaged journal aside and begin a new one
    #[arg(long)]
    new_journal: bool,
    #[command(flatten)]
    going: GoingArgs,
}

/// What changes a run beside its settings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'a> {
    retry_refused: bool,
    no_contact_sheet: bool,
    new_journal: bool,
    patience: Patience,
    notifier: Option<&'a Notifier>,
    /// Which part of the library; `None` = all of it.
    filters: Option<&'a Filters>,
    /// Whether a sign-in may end before the work does.
    ending: EndingArgs,
    /// Free bytes at the destination, as the person says.
    free_bytes: Option<u64>,
    /// What was planned earlier and is to be done now.
    plan: Option<&'a PlanFile>,
    /// How fast, how much and how long.
    limits: Limits,
    /// The job of which only what failed is taken up.
    retry: Option<JobId>,
    /// Whether settings of the destination are put back without a question.
    restore_settings: bool,
}

impl<'a> How<'a> {
    /// What a run is about, and nothing else.
    pub(crate) fn of(filters: &'a Filters) -> Self {
        Self {
            filters: Some(filters),
            ..Self::default()
        }
    }

    /// Compares what is needed with so many free bytes at the destination.
    pub(crate) fn with_free_bytes(mut self, free_bytes: Option<u64>) -> Self {
        self.free_bytes = free_bytes;
        self
    }

    /// Says whether a sign-in may end before the work does.
    pub(crate) fn with_ending(mut self, ending: EndingArgs) -> Self {
        self.ending = ending;
        self
    }

    /// Does what was planned, and nothing else.
    pub(crate) fn with_plan(mut self, plan: &'a PlanFile) -> Self {
        self.plan = Some(plan);
        self
    }

    /// Keeps to what the person allows this run.
    pub(crate) fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes up only what failed in a job; with `refused` also what was refused for good.
    pub(crate) fn with_retry(mut self, job: JobId, refused: bool) -> Self {
        (self.retry, self.retry_refused) = (Some(job), refused);
        self
    }

    /// Puts settings of the destination back at the end without a question, or leaves them.
    pub(crate) fn with_settings_restored(mut self, restored: bool) -> Self {
        self.restore_settings = restored;
        self
    }

    /// Tells pauses and the end.
    pub(crate) fn with_notifier(mut self, notifier: &'a Notifier) -> Self {
        self.notifier = Some(notifier);
        self
    }

    /// Waits as a run on this terminal does, or always.
    pub(crate) fn with_patience(mut self, app: &App, wait: bool) -> Self {
        self.patience = Patience::of(app, wait);
        self
    }

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
    let notifier = args.going.notifier(app);
    let result = Box::pin(to_the_end(app, &args, &notifier)).await;
    notified(app, &notifier, result).await
}

/// Tells how it ended: the person, then who is notified.
pub(crate) async fn notified(app: &App, notifier: &Notifier, result: Result<(Exit, String)>) -> Result<Exit> {
    // What went wrong is told now: the command that is notified may take its time.
    let (exit, message) = result.unwrap_or_else(|error| (tell(&error, &app.printer), error.to_string()));
    notifier.tell(Happening::Ended(exit), &message);
    notifier.finish().await;
    Ok(exit)
}

/// Does that and prints how it ended; returns the exit code and one line for who is notified.
async fn to_the_end(app: &App, args: &MigrateArgs, notifier: &Notifier) -> Result<(Exit, String)> {
    let (from, to) = endpoint::parse_pair(&args.from, &args.to)?;
    let filters = args.filters.filters()?;
    let settings = app.settings(args.going.spool_max.as_deref())?;
    let mut how = How {
        retry_refused: args.retry_refused,
        no_contact_sheet: args.no_contact_sheet,
        new_journal: args.new_journal,
        notifier: Some(notifier),
        ending: args.ending,
        restore_settings: args.going.restore_settings,
        ..How::of(&filters)
    };
    how.free_bytes = args.room.free_bytes(&to)?;
    how.limits = args.limits.limits(app, &settings)?;
    if args.dry_run {
        let exit = plan_only(app, &settings, &from, &to, &how, None).await?;
        return Ok((exit, "planned".to_owned()));
    }
    how.patience = Patience::of(app, args.going.wait);
    moved(app, &settings, &from, &to, &how).await
}

/// Moves and prints how that ended; returns the exit code and one line for who is notified.
pub(crate) async fn moved(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How<'_>,
) -> Result<(Exit, String)> {
    // Which of several accounts is asked once: what is put back at the end is put back where the run was.
    let accounts = Accounts::new(app, settings);
    let from = &accounts.settled(from).await?;
    let to = &accounts.settled(to).await?;
    let mut summary = between(app, settings, from, to, how).await?;
    settings_back::offer(app, settings, to, &mut summary).await?;
    let exit = report::exit_of(&summary);
    tell_end(app, settings, to, &summary, exit, &how.limits).await?;
    let message = match &summary.stopped {
        Some(StopReason::Limit(limit)) => how.limits.words(*limit, summary.uploaded.bytes),
        stopped => match stopped.as_ref().and_then(StopReason::error) {
            Some(error) => error.to_string(),
            None => report::last_line(&summary),
        },
    };
    Ok((exit, message))
}

/// Lists the source and prints what would be moved; nothing is written at the destination. Writes the plan to the file
/// `out`, if there is one.
pub(crate) async fn plan_only(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How<'_>,
    out: Option<&Path>,
) -> Result<Exit> {
    let mut course = Course::prepare(app, settings, from, to, how).await?;
    course.tell_changes().await?;
    let plan = course.plan().await?;
    app.printer.object(&plan_object(&plan));
    app.printer.text(&report::plan_text(&plan, true, text::columns()));
    course.check_endings(&plan, Strictness::Tell).await?;
    let Some(path) = out else {
        return Ok(Exit::Done);
    };
    let end = course.save_plan(path).await?;
    app.printer
        .object(&json!({ "type": "plan_file", "path": path.display().to_string(), "end": end }));
    let words = format!("apply {}", again::quoted(path.as_os_str()));
    app.printer.text(&format!(
        "\nwritten: {} with {}\nnext: `{}` does exactly this",
        path.display(),
        text::counted(end.items, "item"),
        again::command(app, &words)
    ));
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
    // Before an hour of listing, not after it.
    app.person.must_answer("moving photos")?;
    course.tell_changes().await?;
    let plan = course.plan().await?;
    app.printer.object(&plan_object(&plan));
    let drifted = plan.drift.as_ref().is_some_and(|drift| !drift.is_none());
    // Of a filter that nothing fits it is said what it was.
    let nothing_fits = plan.filtered.is_some() && plan.assets == 0;
    if !plan.nothing_to_do || drifted || nothing_fits {
        app.printer
            .talk(&format!("{}\n\n", report::plan_text(&plan, false, text::columns())));
    }
    if !plan.nothing_to_do {
        let strictness = match how.ending.accept_7_days {
            true => Strictness::Tell,
            false => Strictness::Refuse,
        };
        course.check_endings(&plan, strictness).await?;
        let question = report::question(&plan);
        let lines = question.before.iter();
        let lines: Vec<_> = lines.map(|line| text::wrapped(line, 0, text::columns())).collect();
        if !lines.is_empty() {
            app.printer.talk(&format!("{}\n\n", lines.join("\n")));
        }
        let answer = tokio::select! {
            answer = app.person.confirm_or(&question.words, question.default) => answer?,
            () = app.signals.drain.cancelled() => false,
        };
        if !answer {
            return Err(Error::new(ErrorKind::Cancelled, "nothing was moved"));
        }
    }
    course.run().await
}

/// Takes up what failed, as `how` says, and says how it went; the end is left to the caller.
pub(crate) async fn once_more(
    app: &App,
    settings: &Settings,
    from: &Endpoint,
    to: &Endpoint,
    how: &How<'_>,
) -> Result<Summary> {
    Course::prepare(app, settings, from, to, how).await?.run().await
}

fn plan_object(plan: &Plan) -> serde_json::Value {
    json!({ "type": "plan", "plan": plan })
}
