//! `photomove retry`: takes up what failed in a job, and nothing else: no listing, no new pass over the source.

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::{JobStatus, Journal, Retryable, Summary};
use serde_json::json;

use super::migrate::{self, GoingArgs, How};
use super::status::failure_line;
use crate::app::App;
use crate::exit::Exit;
use crate::limits::{LimitArgs, Limits};
use crate::notify::Notifier;
use crate::settings::Settings;
use crate::{again, filters, jobs, report, text};

/// Files that failed again that are named at the end.
const FAILURES_TOLD: u32 = 10;

/// Arguments of `photomove retry`.
#[derive(Debug, Args)]
pub(crate) struct RetryArgs {
    /// Number of the job, as `photomove status` shows it; the one that ran last if not given
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// Also take what the destination refused for good
    #[arg(long)]
    retry_refused: bool,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    going: GoingArgs,
}

/// Sends what failed once more.
pub(crate) async fn run(app: &App, args: RetryArgs) -> Result<Exit> {
    let notifier = args.going.notifier(app);
    let result = Box::pin(to_the_end(app, &args, &notifier)).await;
    migrate::notified(app, &notifier, result).await
}

async fn to_the_end(app: &App, args: &RetryArgs, notifier: &Notifier) -> Result<(Exit, String)> {
    let settings = app.settings(args.going.spool_max.as_deref())?;
    let Some(journal) = Journal::open_read_only(&settings.journal(), app.clock.clone())? else {
        return Err(jobs::missing(app, args.job, &[]));
    };
    let job = jobs::pick_job(app, &journal, args.job).await?;
    let (from, to) = jobs::endpoints(&journal, &job).await?;
    let found = journal.retryable(job.id, args.retry_refused).await?;
    drop(journal);
    let whole = again::command(app, &format!("{from} {to}{}", filters::options(&job.filters)));
    if !found.listed {
        let message = format!(
            "the listing of job {} is not finished, so nothing of it can be tried again yet",
            job.id.0
        );
        return Err(Error::new(ErrorKind::Config, message).hint(format!("`{whole}` goes on with it")));
    }
    app.printer
        .object(&json!({ "type": "retryable", "job": job.id, "retryable": found }));
    app.printer.talk(&format!("{}\n", beginning(&job, &found)));
    if found.is_empty() {
        return Ok(nothing(app, &job, &found, args.retry_refused, &whole));
    }
    let limits = args.limits.limits(app, &settings)?;
    let how = How::default()
        .with_retry(job.id, args.retry_refused)
        .with_limits(limits)
        .with_notifier(notifier)
        .with_patience(app, args.going.wait)
        .with_settings_restored(args.going.restore_settings);
    let summary = migrate::once_more(app, &settings, &from, &to, &how).await?;
    let exit = exit_of(&summary);
    let last = last_line(&summary);
    tell_end(app, &settings, &summary, exit, &limits).await?;
    for line in next_steps(app, &summary, &found, &whole) {
        app.printer.text(&format!("next: {line}"));
    }
    app.printer.text(&format!("\n{last}"));
    Ok((exit, last))
}

/// Which job it is, what is taken up and what is left.
fn beginning(job: &JobStatus, found: &Retryable) -> String {
    let mut lines = vec![format!(
        "job {}: {} → {}",
        job.id.0,
        report::account(&job.source),
        report::account(&job.target)
    )];
    let mut taken = Vec::new();
    if found.files.count > 0 {
        let files = text::counted(found.files.count, "failed file");
        taken.push(format!("{files} ({})", text::bytes(found.files.bytes)));
    }
    if found.unfinished > 0 {
        taken.push(format!(
            "{} that an earlier retry did not finish",
            text::counted(found.unfinished, "file")
        ));
    }
    for (count, word) in [(found.albums, "failed album"), (found.places, "refused place")] {
        if count > 0 {
            taken.push(text::counted(count, word));
        }
    }
    if !taken.is_empty() {
        lines.push(format!("trying again: {}", taken.join(", ")));
    }
    lines.extend(left_lines(found));
    lines.join("\n")
}

/// What is not taken up, by reason.
fn left_lines(found: &Retryable) -> Vec<String> {
    let mut lines: Vec<String> = found
        .left
        .iter()
        .map(|left| {
            format!(
                "left as failed: {} ({}): {}",
                text::counted(left.parts.count, "file"),
                text::bytes(left.parts.bytes),
                left.reason.message
            )
        })
        .collect();
    for (count, word) in [(found.albums_left, "album"), (found.places_left, "place in an album")] {
        if count > 0 {
            let words = match (word, count) {
                ("place in an album", 2..) => format!("{} places in albums", text::count(count)),
                _ => text::counted(count, word),
            };
            lines.push(format!("left as refused for good: {words}"));
        }
    }
    lines
}

/// Whether anything is left that a person may want to have tried.
fn leaves_something(found: &Retryable) -> bool {
    !found.left.is_empty() || found.albums_left + found.places_left > 0
}

fn nothing(app: &App, job: &JobStatus, found: &Retryable, refused: bool, whole: &str) -> (Exit, String) {
    let left = leaves_something(found);
    for line in hints(app, found, refused, whole) {
        app.printer.text(&format!("next: {line}"));
    }
    let line = match (left, found.skipped + found.unreadable > 0) {
        (true, _) => "nothing to try again: what failed was refused for good".to_owned(),
        (false, true) => "nothing to try again without a new pass over the source".to_owned(),
        (false, false) => format!("nothing failed: {}", report::outcome_line(&job.accounting)),
    };
    app.printer.text(&line);
    (if left { Exit::ItemsFailed } else { Exit::Done }, line)
}

/// What else can be done about what was not taken up.
fn hints(app: &App, found: &Retryable, refused: bool, whole: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if leaves_something(found) && !refused {
        let command = again::command(app, "retry --retry-refused");
        lines.push(format!("`{command}` also tries what was refused for good"));
    }
    if found.unreadable > 0 {
        lines.push(format!(
            "`{whole}` lists the source anew: {} could not be read in the listing",
            text::counted(found.unreadable, "item")
        ));
    }
    if found.skipped > 0 {
        lines.push(format!(
            "`{whole}` lists the source anew: {} had gone there, and may be back",
            text::counted(found.skipped, "file")
        ));
    }
    lines
}

fn next_steps(app: &App, summary: &Summary, found: &Retryable, whole: &str) -> Vec<String> {
    let mut steps = Vec::new();
    if summary.stopped.is_some() {
        steps.push(format!("{} goes on from here", again::to_go_on(app)));
    } else if summary.accounting.waiting.count > 0 {
        steps.push(format!(
            "`{whole}` goes on with the rest of the job: {}",
            text::counted(summary.accounting.waiting.count, "file")
        ));
    }
    steps.extend(hints(app, found, false, whole));
    if summary.accounting.failed.count > 0 {
        let command = again::command(app, "status --failures");
        steps.push(format!("`{command}` lists what did not arrive"));
    }
    steps
}

async fn tell_end(app: &App, settings: &Settings, summary: &Summary, exit: Exit, limits: &Limits) -> Result<()> {
    app.printer
        .object(&json!({ "type": "summary", "exit_code": exit.code(), "summary": summary }));
    let retried = summary.retried.unwrap_or_default();
    app.printer.text(&report::accounting_table(&retried.accounting));
    let albums = retried.albums;
    let mut lines = Vec::new();
    if albums.found > 0 {
        lines.push(format!(
            "albums: {} of {} made",
            text::count(albums.open),
            text::count(albums.found)
        ));
    }
    let places = albums.filed + albums.unfiled + albums.waiting;
    if places > 0 {
        lines.push(format!(
            "places in albums: {} of {} filed",
            text::count(albums.filed),
            text::count(places)
        ));
    }
    if !lines.is_empty() {
        app.printer.text(&format!("\n{}", lines.join("\n")));
    }
    if retried.accounting.failed.count > 0
        && let Some(journal) = Journal::open_read_only(&settings.journal(), app.clock.clone())?
    {
        app.printer.text("");
        for failure in journal.failures(summary.job, None, FAILURES_TOLD).await? {
            app.printer.text(&failure_line(&failure));
        }
    }
    migrate::tell_stop(app, settings, summary, limits);
    Ok(())
}

/// How it ended, of what was taken up.
fn exit_of(summary: &Summary) -> Exit {
    let retried = summary.retried.unwrap_or_default();
    let failed = retried.accounting.failed.count > 0 || retried.albums.failed > 0;
    let several = [
        summary.stopped.as_ref().map(report::exit_of_stop),
        (!summary.accounting.adds_up()).then_some(Exit::Error),
        failed.then_some(Exit::ItemsFailed),
    ];
    Exit::worst(several.into_iter().flatten())
}

/// What became of what was taken up, in one line.
fn last_line(summary: &Summary) -> String {
    let retried = summary.retried.unwrap_or_default();
    if retried.accounting.found.count == 0 {
        let albums = retried.albums;
        return format!(
            "{} and {} tried again · {} not filed",
            text::counted(albums.found, "album"),
            text::counted(albums.filed + albums.unfiled + albums.waiting, "place"),
            text::count(albums.unfiled)
        );
    }
    format!("tried again: {}", report::outcome_line(&retried.accounting))
}

#[cfg(test)]
mod tests;
