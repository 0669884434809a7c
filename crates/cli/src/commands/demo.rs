//! `photomove demo`: the whole thing between stand-ins, without an account and without a network.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::Summary;
use photomove_sim::amazon::{AmazonSim, AmazonSwitches, Renewal};
use photomove_sim::{Fill, ServiceKind, ServiceSpec, SimOptions, Sims};
use serde_json::json;

use super::migrate::{self, How};
use super::sim::sim_error;
use crate::again;
use crate::app::App;
use crate::args::Global;
use crate::ask::Person;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::limits::Limits;
use crate::settings::{self, Environment, Settings};
use crate::{report, text};

/// Arguments of `photomove demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder to leave behind; `photomove-demo` here if not given, numbered if that exists
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Seed of the generated library
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Download at which Amazon's session ends, so that a pause can be seen.
const LAST_DOWNLOAD: u32 = 100;
/// How long the pause can be read before somebody signs in.
const PAUSE: Duration = Duration::from_millis(1500);
/// How often the demo looks whether somebody has to.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Files of the generated library that the destination refuses, so that a refusal can be seen.
const REFUSED_BY_DESIGN: u64 = 1;

/// Runs the demo.
pub(crate) async fn run(app: &App, args: DemoArgs) -> Result<Exit> {
    let began = app.clock.now();
    let folder = make_folder(args.dir)?;
    let sims = start(&folder, args.seed).await?;
    explain(app, &sims).await;
    let settings = settings(&sims, &folder)?;
    let (from, to) = (Endpoint::of(Kind::Amazon), Endpoint::of(Kind::Google));
    let app = &without_questions(app, &settings);
    let how = How::patient();
    let result = tokio::select! {
        result = migrate::between(app, &settings, &from, &to, &how) => result,
        never = sign_in_when_asked(app, &sims) => match never {},
    };
    let stored = stored(&sims).await;
    sims.shutdown().await;
    let summary = result?;
    let exit = exit_of(&summary);
    migrate::tell_end(app, &settings, &to, &summary, exit, &Limits::default()).await?;
    let took = app.clock.now().duration_since(began).unsigned_abs();
    app.printer.object(&json!({
        "type": "demo", "folder": std::path::absolute(&folder).unwrap_or_else(|_| folder.clone()), "seconds": took.as_secs_f64(), "stored": stored, "exit_code": exit.code(),
    }));
    app.printer.text(&ending(&folder, exit, stored, &text::duration(took)));
    Ok(exit)
}

/// `photomove-demo`, `photomove-demo-2`, …; a folder that was asked for must be new or empty.
fn make_folder(wanted: Option<PathBuf>) -> Result<PathBuf> {
    let cannot = |path: &Path, error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Config,
            format!("cannot use folder {} for the demo: {error}", path.display()),
        )
        .hint("name another one: `photomove demo DIR`")
    };
    let folder = match wanted {
        Some(path) => {
            if std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(cannot(&path, &"it is not empty"));
            }
            std::fs::create_dir_all(&path).map_err(|error| cannot(&path, &error))?;
            path
        }
        None => {
            let names =
                std::iter::once("photomove-demo".to_owned()).chain((2_u32..).map(|n| format!("photomove-demo-{n}")));
            let mut made = None;
            for path in names.map(PathBuf::from) {
                // Created, not looked for: two demos at once get two folders.
                match std::fs::create_dir(&path) {
                    Ok(()) => {
                        made = Some(path);
                        break;
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(cannot(&path, &error)),
                }
            }
            made.unwrap_or_default()
        }
    };
    Ok(folder)
}

async fn start(folder: &Path, seed: u64) -> Result<Sims> {
    let plan = json!([{ "operation": "download", "nth": LAST_DOWNLOAD, "fault": "expire_session" }]);
    let faults = photomove_sim::parse_faults(&plan.to_string())
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the demo's fault plan: {error}")))?;
    // Cookies can be renewed without the person, mostly; here the person is to be seen.
    let amazon = AmazonSwitches {
        renewal: Renewal::Refuses,
        ..AmazonSwitches::default()
    };
    let options = SimOptions {
        faults,
        amazon,
        services: vec![
            ServiceSpec::new(ServiceKind::Amazon),
            ServiceSpec::new(ServiceKind::Google),
        ],
        fill: Some(Fill::Demo),
        seed,
        strict_media: true,
        state_dir: Some(folder.join("stand-ins")),
        ..SimOptions::default()
    };
    photomove_sim::start(options).await.map_err(sim_error)
}

/// The settings with which a person would reach the stand-ins; nothing of the person's own is read.
fn settings(sims: &Sims, folder: &Path) -> Result<Settings> {
    let environment = Environment::of(sims.env().clone());
    let global = Global {
        state_dir: Some(folder.join("state")),
        ..Global::default()
    };
    settings::without_file(&global, &environment)
}

/// Whoever starts the demo has said yes: it moves nothing of theirs.
fn without_questions(app: &App, settings: &Settings) -> App {
    App {
        person: Person::of_process(true, app.printer.clone()),
        global: Global {
            state_dir: Some(settings.state_dir.clone()),
            ..app.global.clone()
        },
        environment: Environment::default(),
        printer: app.printer.clone(),
        clock: app.clock.clone(),
        random: app.random.clone(),
        signals: app.signals.clone(),
        drill: app.drill.clone(),
    }
}

/// Plays the person: signs in at Amazon's stand-in once its session has ended. Never returns.
async fn sign_in_when_asked(app: &App, sims: &Sims) -> Infallible {
    let refused = || {
        let amazon = sims.service(ServiceKind::Amazon)?;
        amazon.shared().log.lines().into_iter().find(|line| line.status == 401)
    };
    while refused().is_none() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tokio::time::sleep(PAUSE).await;
    app.printer
        .talk("(nobody needs to: the demo signs in at the stand-in now)");
    if let Some(Err(error)) = sims.amazon().map(AmazonSim::sign_in_again) {
        app.printer.talk(&format!("warning: {error}"));
    }
    std::future::pending().await
}

async fn explain(app: &App, sims: &Sims) {
    let (mut items, mut albums) = (0, 0);
    if let Some(amazon) = sims.service(ServiceKind::Amazon) {
        (items, albums) = (amazon.library_lines().await.len(), amazon.album_lines().len());
    }
    app.printer.talk(&format!(
        "This demo needs no account and no network:\n\
         stand-ins of both services run inside this program.\n\
         \n\
         Amazon Photos (stand-in): {items} generated photos and videos in {albums} albums\n\
         Google Photos (stand-in): empty\n\
         \n\
         Now runs what `photomove amazon google` does with real accounts.\n\
         Half-way Amazon's session ends, as real ones do: the run pauses, and goes on\n\
         by itself after somebody has signed in.\n\
         One file is no photo although its name says so: Google Photos will refuse it.\n"
    ));
}

/// Items that the stand-in of the destination really holds.
async fn stored(sims: &Sims) -> u64 {
    match sims.service(ServiceKind::Google) {
        Some(google) => google.library_lines().await.len() as u64,
        None => 0,
    }
}

/// The refusal is part of the show; anything else is not.
fn exit_of(summary: &Summary) -> Exit {
    match report::exit_of(summary) {
        Exit::ItemsFailed if summary.accounting.failed.count == REFUSED_BY_DESIGN && summary.unreadable == 0 => {
            Exit::Done
        }
        exit => exit,
    }
}

fn ending(folder: &Path, exit: Exit, stored: u64, took: &str) -> String {
    let verdict = match exit {
        Exit::Done => "one file was refused, as meant; a real run would end with exit code 3",
        Exit::Interrupted => "the demo was interrupted",
        _ => "this is not how the demo should end; please report it",
    };
    let (state, folder) = (folder.join("state"), folder.display());
    let journal = state.join("journal.db");
    format!(
        "\n{verdict}\n\
         the destination holds {stored} items: equal files were sent once,\n\
         and are in all the albums of their copies\n\
         \n\
         where to look (took {took}):\n  \
         {journal}  what became of every file (SQLite)\n  \
         photomove --state-dir {state} report --out report.html  the same as a page, with pictures\n  \
         photomove --state-dir {state} status --failures\n  \
         {folder}  all that the demo leaves behind",
        journal = journal.display(),
        state = again::quoted(state.as_os_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("demo");
        assert_eq!(make_folder(Some(wanted.clone())).unwrap(), wanted);
        std::fs::write(wanted.join("x"), "x").unwrap();
        let error = make_folder(Some(wanted)).unwrap_err();
        assert!(error.to_string().ends_with("it is not empty"), "{error}");
    }
}
