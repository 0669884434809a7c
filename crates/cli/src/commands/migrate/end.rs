//! The end of a migration in words: the accounting, the first failures, what to do next, the last line.

use photomove_core::Result;
use photomove_migrate::{Journal, StopReason, Summary};
use serde_json::json;

use crate::again;
use crate::app::App;
use crate::commands::status::failure_line;
use crate::endpoint::Endpoint;
use crate::exit::Exit;
use crate::limits::Limits;
use crate::settings::Settings;
use crate::{errors, report, text};

/// Files that did not arrive that are named at the end of a run.
const FAILURES_TOLD: u32 = 10;

/// Prints where the journal is, and why the run ended before its work.
pub(crate) fn tell_stop(app: &App, settings: &Settings, summary: &Summary, limits: &Limits) {
    app.printer
        .text(&format!("\njournal: {}", settings.journal().display()));
    if let Some(error) = summary.stopped.as_ref().and_then(StopReason::error) {
        app.printer.talk_in_columns(&errors::render(error));
    }
    if let Some(StopReason::Limit(limit)) = &summary.stopped {
        app.printer
            .text(&format!("\nstopped: {}", limits.words(*limit, summary.uploaded.bytes)));
    }
}

/// Prints the accounting, what to do next, and the last line.
pub(crate) async fn tell_end(
    app: &App,
    settings: &Settings,
    to: &Endpoint,
    summary: &Summary,
    exit: Exit,
    limits: &Limits,
) -> Result<()> {
    app.printer
        .object(&json!({ "type": "summary", "exit_code": exit.code(), "summary": summary }));
    app.printer.text(&report::summary_text(summary));
    tell_first_failures(app, settings, summary).await?;
    tell_stop(app, settings, summary, limits);
    for line in next_steps(app, to, summary) {
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
fn next_steps(app: &App, to: &Endpoint, summary: &Summary) -> Vec<String> {
    let mut steps = Vec::new();
    let command = again::to_go_on(app);
    match &summary.stopped {
        None => {}
        Some(StopReason::SignInNeeded(_)) => {
            steps.push(format!(
                "sign in as the hint says, then run {command} again: it goes on from here"
            ));
        }
        Some(StopReason::Quota {
            resets_at: Some(at), ..
        }) => {
            let at = at.to_zoned(jiff::tz::TimeZone::system());
            steps.push(format!(
                "run {command} again after {}: it goes on from here",
                at.strftime("%a %d %b %H:%M")
            ));
        }
        Some(StopReason::DestinationFull(_)) => {
            steps.push(format!(
                "make room at the destination, then run {command} again: it goes on from here"
            ));
        }
        Some(StopReason::Limit(_)) => steps.push(format!("{command} goes on from here, with the same limits")),
        Some(_) => steps.push(format!("run {command} again: it goes on from here")),
    }
    if summary.stopped.is_none() && !summary.settings_left.is_empty() {
        let command = again::command(app, &format!("{to} restore-settings"));
        steps.push(format!(
            "`{command}` puts back what the run changed in the destination's settings, and says what may follow"
        ));
    }
    if summary.accounting.failed.count > 0 || summary.accounting.skipped.count > 0 {
        let command = again::command(app, "status --failures");
        steps.push(format!("`{command}` lists what did not arrive"));
    }
    steps
}
