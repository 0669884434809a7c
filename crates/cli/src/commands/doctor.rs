//! `photomove doctor`: what is in force, what is broken, and what to do about it. Fit for a bug report, changes nothing.

mod findings;
mod machine;
mod network;
mod state;

use std::io::{self, IsTerminal};

use clap::Args;
use dialoguer::console::style;
use photomove_core::{Error, Result};
use serde_json::json;

use crate::app::App;
use crate::clean::Cleaner;
use crate::exit::Exit;
use crate::settings::table::{Form, InForce, Origin};
use crate::settings::{self, Settings};
use crate::text;

use self::findings::{Area, Finding, Findings, State};

/// Arguments of `photomove doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is printed can be pasted into a public bug report: it holds no secret, no e-mail address, no name of an account and not \
the name of your home folder. Nothing is changed, and no request counts against a quota: each host is asked once, without a \
sign-in, whether it is there and what time it has.

Exit code 1 means that something is broken.")]
pub(crate) struct DoctorArgs {
    /// Ask no host
    #[arg(long)]
    offline: bool,
}

/// Runs all checks and prints them.
pub(crate) async fn run(app: &App, args: &DoctorArgs) -> Result<Exit> {
    let mut found = Findings::new(Cleaner::of_user());
    machine::versions(&mut found);
    let settings = match app.settings(None) {
        Ok(settings) => settings,
        Err(error) => {
            failed(&mut found, Area::Settings, &error);
            // The other checks go on with what is left.
            settings::without_file(&app.global, &app.environment)?
        }
    };
    state::folder(&mut found, app, &settings);
    state::sign_ins(&mut found, app, &settings).await;
    state::journal(&mut found, app, &settings).await;
    state::locks(&mut found, &settings);
    let certificates = network::trust(&mut found, app, &settings);
    network::proxies(&mut found, app);
    if args.offline {
        found.note(Area::Network, "no host was asked, because of `--offline`", None);
    } else if certificates {
        network::hosts(&mut found, app, &settings).await;
    }
    machine::terminal(&mut found, app);
    Ok(tell(app, &settings, &found))
}

/// Notes an error as something broken, with its hint as the remedy.
fn failed(found: &mut Findings, area: Area, error: &Error) {
    let remedy = crate::errors::next_step(error);
    found.bad(area, &error.to_string(), &remedy);
}

/// Shows an error as a check does.
#[cfg(test)]
pub(crate) fn shown(error: &Error) -> String {
    let mut found = Findings::new(Cleaner::default());
    failed(&mut found, Area::Network, error);
    finding_lines(found.all(), usize::MAX).join("\n")
}

fn tell(app: &App, settings: &Settings, found: &Findings) -> Exit {
    for one in &settings.in_force {
        app.printer.object(&setting_object(one, settings, found));
    }
    for finding in found.all() {
        app.printer.object(&json!({
            "type": "check", "area": finding.area.word(), "state": finding.state.word(), "what": finding.what, "remedy": finding.remedy,
        }));
    }
    // What goes into a file or another program stays as it is.
    let width = if io::stdout().is_terminal() {
        text::columns()
    } else {
        usize::MAX
    };
    let mut lines = Vec::new();
    for area in Area::ALL {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(area.word().to_owned());
        if area == Area::Settings {
            lines.extend(setting_lines(settings, found, width));
        }
        lines.extend(finding_lines(found.of(area), width));
    }
    app.printer.text(&lines.join("\n"));
    let count = |state| found.all().filter(|finding| finding.state == state).count() as u64;
    let (notes, bad) = (count(State::Note), count(State::Bad));
    let exit = if bad == 0 { Exit::Done } else { Exit::Error };
    app.printer.object(&json!({
        "type": "doctor", "ok": count(State::Ok), "notes": notes, "bad": bad, "exit_code": exit.code(),
    }));
    app.printer.text(&format!("\n{}", verdict(notes, bad)));
    exit
}

fn verdict(notes: u64, bad: u64) -> String {
    match (bad, notes) {
        (0, 0) => "all is well".to_owned(),
        (0, notes) => format!("nothing is broken · {}", text::counted(notes, "note")),
        (bad, notes) => format!("{} broken · {}", text::count(bad), text::counted(notes, "note")),
    }
}

/// The lines of an area; the same remedy of several findings in a row is told once, below the last one.
fn finding_lines<'f>(findings: impl Iterator<Item = &'f Finding>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut findings = findings.peekable();
    while let Some(finding) = findings.next() {
        let word = match finding.state {
            State::Ok => style("ok  ").green(),
            State::Note => style("note").yellow(),
            State::Bad => style("bad ").red().bold(),
        };
        let what = text::wrapped(&finding.what, 6, width.saturating_sub(2));
        lines.push(format!("  {word}  {}", what.trim_start()));
        let again = findings.peek().is_some_and(|next| next.remedy == finding.remedy);
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| !again) {
            lines.push(text::wrapped(remedy, 8, width));
        }
    }
    lines
}

/// Settings that somebody made or that have a value anyhow; the others are named in one line.
fn setting_lines(settings: &Settings, found: &Findings, width: usize) -> Vec<String> {
    let shown = |one: &InForce| Some((one.setting.name, value_of(one, settings)?, place_of(one)));
    let rows: Vec<_> = settings.in_force.iter().filter_map(shown).collect();
    let names = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut lines: Vec<String> = rows
        .iter()
        .map(|(name, value, place)| {
            let rest = format!("{} · {place}", found.clean(value));
            let rest = text::wrapped(&rest, names + 2, width.saturating_sub(2));
            format!("  {name:names$}  {}", rest.trim_start())
        })
        .collect();
    let others: Vec<&str> = settings
        .in_force
        .iter()
        .filter(|one| value_of(one, settings).is_none())
        .map(|one| one.setting.name)
        .collect();
    if !others.is_empty() {
        lines.push(text::wrapped(&format!("not set: {}", others.join(", ")), 2, width));
    }
    lines
}

/// The value in force; `None` where none is needed unless it is set.
fn value_of(one: &InForce, settings: &Settings) -> Option<String> {
    if one.value.is_some() {
        return one.value.clone();
    }
    match (one.setting.name, one.setting.form) {
        ("state_dir", _) => Some(settings.state_dir.display().to_string()),
        ("config", _) => settings::usual_file().map(|path| {
            let missing = if path.exists() { "" } else { " (does not exist)" };
            format!("{}{missing}", path.display())
        }),
        (_, Form::Number | Form::Size) => Some(one.setting.default.to_owned()),
        _ => None,
    }
}

/// Where a value comes from, as it is typed.
fn place_of(one: &InForce) -> String {
    match one.origin {
        Origin::Option => one.setting.option.unwrap_or("option").to_owned(),
        Origin::Environment => one.setting.variable.to_owned(),
        Origin::File => "settings file".to_owned(),
        Origin::Default => "default".to_owned(),
    }
}

fn setting_object(one: &InForce, settings: &Settings, found: &Findings) -> serde_json::Value {
    let from = match one.origin {
        Origin::Option => "option",
        Origin::Environment => "environment",
        Origin::File => "file",
        Origin::Default => "default",
    };
    json!({
        "type": "setting",
        "name": one.setting.name,
        "value": value_of(one, settings).map(|value| found.clean(&value)),
        "from": from,
        "variable": one.setting.variable,
        "option": one.setting.option,
    })
}
