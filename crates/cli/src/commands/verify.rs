//! `photomove verify`: looks again at what the destination holds; the source is not needed, nothing is written there.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use photomove_core::{Error, Result};
use photomove_migrate::{EngineEnv, Journal, Level, Recheck, RecheckOptions, StopReason, Verification};
use serde_json::json;

use super::migrate;
use crate::app::App;
use crate::exit::Exit;
use crate::progress::Watcher;
use crate::providers::Accounts;
use crate::settings::Settings;
use crate::{again, errors, jobs, report, text};

/// Items that are missing or changed that are named at the end; `--json` has all of them.
const TOLD: u32 = 20;
/// Items that are read from the journal at once.
const PAGE: u32 = 500;

/// Arguments of `photomove verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Number of the job, as `photomove status` shows it; the one that ran last if not given
    #[arg(value_name = "JOB")]
    job: Option<i64>,
    /// How closely to look; if not given, as closely as the destination allows without giving all bytes back
    #[arg(long, value_enum)]
    level: Option<LevelArg>,
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelArg {
    /// Whether each item is still there
    Receipt,
    /// Whether the hashes that the destination tells are those of the bytes that were sent
    Checksum,
    /// Whether the bytes that the destination gives back are those that were sent; reads all of them
    Download,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Receipt => Self::Receipt,
            LevelArg::Checksum => Self::Checksum,
            LevelArg::Download => Self::Download,
        }
    }
}

/// Looks at every item of a job.
pub(crate) async fn run(app: &App, args: VerifyArgs) -> Result<Exit> {
    let settings = app.settings(None)?;
    let Some(look) = Journal::open_read_only(&settings.journal(), app.clock.clone())? else {
        return Err(jobs::missing(app, args.job, &[]));
    };
    let job = jobs::pick_job(app, &look, args.job).await?;
    let (from, to) = jobs::endpoints(&look, &job).await?;
    drop(look);
    app.printer.talk(&format!(
        "job {}: what {} holds of it\n",
        job.id.0,
        report::account(&job.target)
    ));
    let accounts = Accounts::new(app, &settings);
    let exact = |error: Error| again::exact(app, &to, error);
    let sign_in = accounts.sign_in(&to).await.map_err(exact)?;
    let journal = Journal::open_drilled(&settings.journal(), app.clock.clone(), app.drill.clone())?;
    let target = accounts.open(sign_in, &journal).await.map_err(exact)?;
    let watcher = Watcher::new(app.printer.clone(), app.clock.clone());
    let (stop, _passing) = migrate::pass_on(app);
    let env = EngineEnv {
        clock: app.clock.clone(),
        random: app.random.clone(),
        observer: Arc::clone(&watcher) as _,
        stop,
        drill: app.drill.clone(),
        ..EngineEnv::system()
    };
    let mut options = RecheckOptions::new(job.id, &settings.state_dir);
    options.level = args.level.map(Level::from);
    options.words = Some((from.to_string(), to.to_string()));
    let verification = Verification::new(target, journal.clone(), options, env);
    watcher.begin();
    let result = tokio::select! {
        result = Box::pin(verification.run()) => result,
        never = watcher.tell_regularly() => match never {},
    };
    watcher.finish();
    let mut found = result.map_err(exact)?;
    found.stopped = match found.stopped {
        Some(StopReason::SignInNeeded(error)) => Some(StopReason::SignInNeeded(exact(error))),
        other => other,
    };
    let exit = exit_of(&found);
    tell_end(app, &settings, &journal, &found, exit).await?;
    Ok(exit)
}

async fn tell_end(app: &App, settings: &Settings, journal: &Journal, found: &Recheck, exit: Exit) -> Result<()> {
    tell_differences(app, journal, found).await?;
    app.printer
        .object(&json!({ "type": "recheck", "exit_code": exit.code(), "recheck": found }));
    app.printer.text(&result_text(found));
    app.printer
        .text(&format!("\njournal: {}", settings.journal().display()));
    if let Some(error) = found.stopped.as_ref().and_then(StopReason::error) {
        app.printer.talk_in_columns(&errors::render(error));
    }
    if found.stopped.is_some() {
        app.printer
            .text(&format!("next: {} goes on from here", again::to_go_on(app)));
    } else if found.has_differences() {
        let command = again::command(app, &format!("retry {}", found.job.0));
        app.printer
            .text(&format!("next: `{command}` sends what is missing or changed once more"));
    }
    app.printer.text(&format!("\n{}", last_line(found)));
    Ok(())
}

/// Names what is not as it should be: the first ones for people, all of it for programs.
async fn tell_differences(app: &App, journal: &Journal, found: &Recheck) -> Result<()> {
    let (mut after, mut told) = (None, 0);
    loop {
        let page = journal
            .differences(found.job, found.level, found.begun_at, after, PAGE)
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for one in &page {
            app.printer
                .object(&json!({ "type": "difference", "job": found.job, "level": found.level, "difference": one }));
            told += 1;
            if told <= TOLD {
                app.printer.text(&format!(
                    "{}: {}{}: {}",
                    word(&one.reason.kind),
                    text::printable(&one.name),
                    one.size_bytes
                        .map(|bytes| format!(" ({})", text::bytes(bytes)))
                        .unwrap_or_default(),
                    one.reason.message
                ));
            }
        }
    }
    if let Some(more) = told.checked_sub(TOLD).filter(|more| *more > 0) {
        app.printer.text(&format!(
            "and {} more; `{}` names all of them",
            text::count(more.into()),
            again::command(app, "status --failures")
        ));
    }
    if told > 0 {
        app.printer.text("");
    }
    Ok(())
}

fn word(kind: &str) -> &str {
    match kind {
        "differs" => "changed",
        "unknown" => "not known",
        other => other,
    }
}

/// What was found, without the last line.
fn result_text(found: &Recheck) -> String {
    let target = report::service(&found.target);
    let sums = &found.findings;
    // Asked for no more than that, nothing is missing to its proof.
    let there = match found.level {
        Level::Receipt => "there",
        _ => "there, unverifiable",
    };
    let mut table = report::new_table(["found", "items", "bytes"]);
    for (what, count) in [
        ("the same bytes", sums.same),
        (there, sums.exists),
        ("missing", sums.missing),
        ("changed", sums.differs),
        ("not known", sums.unknown),
        ("looked at", sums.looked_at),
    ] {
        if count.count > 0 || what == "looked at" {
            table.add_row([what.to_owned(), text::count(count.count), text::bytes(count.bytes)]);
        }
    }
    let mut lines = vec![table.trim_fmt(), String::new()];
    lines.push(match (found.level, &found.proves_no_more) {
        (level, Some(why)) => format!("level {level}: not possible here: {why}"),
        (Level::Receipt, None) => {
            format!("level receipt: {target} was asked whether each item is there, and not for more")
        }
        (Level::Checksum, None) => {
            format!("level checksum: hashes that {target} tells were compared with those of the bytes that were sent")
        }
        _ => "level download: the bytes were read back and compared with those that were sent".to_owned(),
    });
    if found.proves_no_more.is_some() {
        lines.push(format!("so {target} was only asked whether each item is there"));
        lines.push("outcomes stay as they are: `verified` ones were proven while they were sent".to_owned());
    }
    if sums.found_again.count > 0 {
        lines.push(format!(
            "{} had been lost and are there again: they have their outcome back",
            text::counted(sums.found_again.count, "item")
        ));
    }
    if sums.unshown.count > 0 {
        lines.push(format!(
            "{} cannot be verified: {target} shows a program only what that made itself",
            text::counted(sums.unshown.count, "item")
        ));
    }
    if found.nameless > 0 {
        lines.push(format!(
            "{} cannot be looked for: {target} never said which items they are",
            text::counted(found.nameless, "file")
        ));
    }
    if found.has_differences() && found.stopped.is_none() {
        lines.push("what is missing or changed counts as failed from now on".to_owned());
    }
    lines.join("\n")
}

fn last_line(found: &Recheck) -> String {
    let sums = &found.findings;
    let there = sums.same.count + sums.exists.count;
    let mut line = match found.stopped {
        Some(_) => format!(
            "{} of {} looked at",
            text::count(sums.looked_at.count.min(found.items.count)),
            text::counted(found.items.count, "item")
        ),
        None => format!(
            "{} of {} there",
            text::count(there),
            text::counted(found.items.count, "item")
        ),
    };
    for (count, word) in [
        (sums.same, "with the same bytes"),
        (sums.differs, "changed"),
        (sums.unknown, "not known"),
    ] {
        if count.count > 0 {
            line.push_str(&format!(" · {} {word}", text::count(count.count)));
        }
    }
    line.push_str(&format!(" · {} missing", text::count(sums.missing.count)));
    line
}

fn exit_of(found: &Recheck) -> Exit {
    let several = [
        found.stopped.as_ref().map(report::exit_of_stop),
        found.has_differences().then_some(Exit::Differences),
        found.has_failed().then_some(Exit::ItemsFailed),
    ];
    Exit::worst(several.into_iter().flatten())
}

#[cfg(test)]
mod tests;
