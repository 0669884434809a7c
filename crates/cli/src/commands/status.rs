//! `photomove status`: how each job stands. Works while a run is under way, and watches it.

use std::time::Duration;

use clap::Args;
use dialoguer::console::{Term, measure_text_width};
use photomove_core::Result;
use photomove_migrate::{Failure, JobId, JobStatus, Journal};
use serde_json::json;

use crate::app::App;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::standing::Standing;
use crate::{jobs, text};

/// Failures that are read from the journal at once.
const PAGE: u32 = 500;
/// How often a watched run is looked at. Real time, whatever clock the run has: a person looks on.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Arguments of `photomove status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Number of the job; all of them if not given
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// Stay and show how it goes on, until the run ends or Ctrl-C
    #[arg(long, short = 'w', conflicts_with = "failures")]
    watch: bool,
    /// List every file that failed or was skipped, and why
    #[arg(long)]
    failures: bool,
}

/// Prints how each job stands.
pub(crate) async fn run(app: &App, args: StatusArgs) -> Result<Exit> {
    let settings = app.settings(None)?;
    let path = settings.journal();
    let Some(journal) = Journal::open_read_only(&path, app.clock.clone())? else {
        if args.job.is_some() {
            return Err(jobs::missing(app, args.job, &[]));
        }
        app.printer.text("nothing has been moved yet");
        app.printer.text(&format!("journal: {}", path.display()));
        return Ok(Exit::Done);
    };
    if args.watch {
        return watch(app, &settings, &journal, args.job).await;
    }
    let picked = picked(app, &journal, args.job).await?;
    for number in &picked {
        let Some(job) = journal.job(*number).await? else {
            continue;
        };
        let standing = Standing::of(&journal, &settings, job, app.clock.now()).await?;
        app.printer.object(&standing.object());
        app.printer.text(&format!("{}\n", standing.lines().join("\n")));
        if args.failures {
            tell_failures(app, &journal, &standing.job).await?;
        }
    }
    if picked.is_empty() {
        app.printer.text("nothing has been moved yet");
    }
    app.printer.text(&format!("journal: {}", path.display()));
    Ok(Exit::Done)
}

async fn picked(app: &App, journal: &Journal, job: Option<i64>) -> Result<Vec<JobId>> {
    match job {
        Some(_) => Ok(vec![jobs::pick_job(app, journal, job).await?.id]),
        None => journal.job_numbers().await,
    }
}

/// Shows how a job goes on, until its run ends. On a terminal the same lines are drawn anew.
async fn watch(app: &App, settings: &Settings, journal: &Journal, job: Option<i64>) -> Result<Exit> {
    let job = jobs::pick_job(app, journal, job).await?.id;
    let screen = Term::stdout();
    let draws = screen.is_term() && !app.printer.is_json();
    let (mut drawn, mut last) = (0, String::new());
    loop {
        let Some(status) = journal.job(job).await? else {
            return Err(jobs::missing(app, Some(job.0), &[]));
        };
        let standing = Standing::of(journal, settings, status, app.clock.now()).await?;
        if draws {
            drawn = draw(&screen, &standing.lines(), drawn);
        } else {
            let line = standing.line();
            if line != last {
                app.printer.object(&standing.object());
                app.printer.text(&line);
                last = line;
            }
        }
        if !standing.is_held() {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Draws the lines over those that were drawn before; returns how many there are. A window that has gone away is no matter.
fn draw(screen: &Term, lines: &[String], drawn: usize) -> usize {
    let (rows, columns) = screen.size();
    // What does not fit would scroll away, and could not be drawn over.
    let room = usize::from(rows).saturating_sub(1).max(1);
    let width = usize::from(columns).saturating_sub(1).max(20);
    let shown: Vec<_> = lines.iter().flat_map(|line| wrapped(line, width)).take(room).collect();
    let _ = screen.clear_last_lines(drawn.min(room));
    let _ = screen.write_line(&shown.join("\n"));
    shown.len()
}

/// A long sentence goes on in the next line.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    match measure_text_width(line) > width {
        true => text::wrapped(line, 0, width).lines().map(str::to_owned).collect(),
        false => vec![line.to_owned()],
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
    let name = text::printable(&failure.name);
    format!("{word}: {name}{size}: {}", failure.reason.message)
}
