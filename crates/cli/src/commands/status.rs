//! `photomove status`: what has been moved so far. Works while a run is under way.

use clap::Args;
use jiff::tz::TimeZone;
use photomove_core::Result;
use photomove_migrate::{Failure, JobState, JobStatus, Journal};
use serde_json::json;

use crate::app::App;
use crate::exit::Exit;
use crate::{report, text};

/// Failures that are read from the journal at once.
const PAGE: u32 = 500;

/// Arguments of `photomove status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// List every file that failed or was skipped, and why
    #[arg(long)]
    failures: bool,
}

/// Prints how each job stands.
pub(crate) async fn run(app: &App, args: StatusArgs) -> Result<Exit> {
    let settings = app.settings(None)?;
    let path = settings.journal();
    let jobs = match Journal::open_read_only(&path, app.clock.clone())? {
        Some(journal) => {
            let jobs = journal.jobs().await?;
            for job in &jobs {
                tell_job(app, job);
                if args.failures {
                    tell_failures(app, &journal, job).await?;
                }
            }
            jobs
        }
        None => Vec::new(),
    };
    if jobs.is_empty() {
        app.printer.text("nothing has been moved yet");
    }
    app.printer.text(&format!("journal: {}", path.display()));
    Ok(Exit::Done)
}

fn tell_job(app: &App, job: &JobStatus) {
    app.printer.object(&json!({ "type": "job", "job": job }));
    app.printer.text(&format!(
        "{} → {}: {}\n",
        report::account(&job.source),
        report::account(&job.target),
        state_words(job)
    ));
    app.printer.text(&report::accounting_table(&job.accounting));
    if job.open_intents > 0 {
        app.printer.text(&format!(
            "\n{} without a known outcome; the next run finds out",
            text::counted(job.open_intents, "request")
        ));
    }
    app.printer
        .text(&format!("\n{}\n", report::outcome_line(&job.accounting)));
}

fn state_words(job: &JobStatus) -> String {
    let state = match job.state {
        JobState::Listing => "the listing is not finished",
        JobState::Running => "not finished",
        JobState::Waiting if job.wake_at.is_none() => "waiting for a new sign-in",
        JobState::Waiting => "waiting",
        JobState::Finished => "finished",
    };
    match job.wake_at.filter(|_| job.state == JobState::Waiting) {
        Some(at) => format!(
            "{state} until {}",
            at.to_zoned(TimeZone::system()).strftime("%a %d %b %H:%M")
        ),
        None => state.to_owned(),
    }
}

async fn tell_failures(app: &App, journal: &Journal, job: &JobStatus) -> Result<()> {
    let mut after = None;
    loop {
        let page = journal.failures(job.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for failure in &page {
            app.printer
                .object(&json!({ "type": "failure", "job": job.id, "failure": failure }));
            app.printer.text(&failure_line(failure));
        }
    }
}

/// `failed: IMG_1.jpg (2 MB): why`.
pub(crate) fn failure_line(failure: &Failure) -> String {
    let word = if failure.skipped { "skipped" } else { "failed" };
    let size = failure
        .size_bytes
        .map(|bytes| format!(" ({})", text::bytes(bytes)))
        .unwrap_or_default();
    let name: String = failure
        .name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    format!("{word}: {name}{size}: {}", failure.reason.message)
}
