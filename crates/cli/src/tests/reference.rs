//! The pages of `docs/reference` are what the code says. `UPDATE_DOCS=1 cargo test -p photomove-cli reference` writes them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::pages;
use crate::settings::table::{DRILLS, GIVEN, SETTINGS, Setting, VARIABLES, Variable};

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Compares a page with what it should be, or writes it.
pub(super) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name);
    let page = format!("{}\n", text.trim_end());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default().replace('\r', "");
    assert!(
        found == page,
        "docs/reference/{name} is not what the code says; `UPDATE_DOCS=1 cargo test -p photomove-cli reference` writes it anew"
    );
}

/// A cell of a table: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn variables(list: &[Variable]) -> String {
    let rows: Vec<String> = list
        .iter()
        .map(|variable| format!("| `{}` | {} |", variable.name, cell(variable.about)))
        .collect();
    format!("| variable | meaning |\n|---|---|\n{}", rows.join("\n"))
}

#[test]
fn exit_codes() {
    let advice = |exit| match exit {
        Exit::Done => "nothing",
        Exit::Error => "read the message and its hint; `photomove doctor` looks at everything around it",
        Exit::Usage => "correct the command, the settings or the file that the message names",
        Exit::ItemsFailed => "`photomove report` lists them with reason and remedy, `photomove retry` tries them again",
        Exit::SignIn => "run the command of the hint, then the same command again: it goes on",
        Exit::Quota => "run the same command again at the time that it names, or begin with `--wait`",
        Exit::Full => "make room at the destination, then run the same command again: it goes on",
        Exit::Differences => "look at the files that are listed before anything is deleted at the source",
        Exit::InUse => "wait for the other run; `photomove status` shows how far it is",
        Exit::Interrupted => "run the same command again: it goes on",
    };
    let rows: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("| {} | {} | {} |", exit.code(), exit.meaning(), advice(*exit)))
        .collect();
    let mut left: Vec<Exit> = Exit::ALL.to_vec();
    let mut order = Vec::new();
    while let Some(place) = left.iter().position(|exit| *exit == Exit::worst(left.iter().copied())) {
        order.push(left.remove(place).code().to_string());
    }
    check(
        "exit-codes.md",
        &format!(
            "# Exit codes\n\n| code | meaning | what to do |\n|---|---|---|\n{}\n\nWhere several apply, the first of these is given: {}.\n\n\
             The codes are the same for every command. A script that runs photomove at night can take 0 for done, 4 and 5 for \
             \"later\", and everything else for \"a person should look\".",
            rows.join("\n"),
            order.join(", ")
        ),
    );
}

#[test]
fn environment() {
    let row = |setting: &Setting| {
        format!(
            "| `{}` | {} | {} | {} |",
            setting.variable,
            cell(setting.about),
            setting.form.word(),
            cell(setting.default)
        )
    };
    let rows: Vec<String> = SETTINGS.iter().map(row).collect();
    check(
        "environment.md",
        &format!(
            "# Environment variables\n\nAn option beats a variable, a variable beats the [settings file](configuration.md), and that \
             beats the default. A variable that is set to nothing counts as not set. `photomove doctor` shows which value is in \
             force and where it comes from.\n\n## Settings\n\n| variable | meaning | form | if nobody says anything |\n|---|---|---|---|\n{}\n\n\
             ## Of the system\n\n{}\n\nThe names of the proxies may be written in small letters too.\n\n\
             ## Given to the command of `--notify-command`\n\n{}\n\n## For tests\n\n{}",
            rows.join("\n"),
            variables(VARIABLES),
            variables(GIVEN),
            variables(DRILLS)
        ),
    );
}

#[test]
fn configuration() {
    let options = |setting: &Setting| {
        let option = setting.option.map(|option| format!("`{option}`, ")).unwrap_or_default();
        format!("{option}`{}`", setting.variable)
    };
    let in_file = || SETTINGS.iter().filter(|setting| setting.in_file);
    let rows: Vec<String> = in_file()
        .map(|setting| {
            format!(
                "| `{}` | {} | {} | {} | {} |",
                setting.name,
                cell(setting.about),
                setting.form.word(),
                cell(setting.default),
                options(setting)
            )
        })
        .collect();
    let example = "state_dir = \"~/photomove\"\nspool_max = \"50 GiB\"\n\n[amazon]\ncookies = \"cookies.txt\"\nmarketplace = \"amazon.de\"\n\n\
                   [google]\nclient_secret = \"client_secret.json\"\nrequests_per_day = 75000";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, example).unwrap();
    let global = crate::args::Global {
        config: Some(path),
        ..crate::args::Global::default()
    };
    let settings = crate::settings::load(&global, &crate::settings::Environment::default(), None);
    assert!(settings.is_ok(), "the example is read: {settings:?}");
    check(
        "configuration.md",
        &format!(
            "# Settings file\n\nA file in TOML: `~/.config/photomove/config.toml` on Linux and macOS (`$XDG_CONFIG_HOME` where that is \
             set), `%APPDATA%\\photomove\\photomove\\config\\config.toml` on Windows, or the one that `--config` names. None is needed. \
             An unknown name in it is an error that shows the line.\n\n```toml\n{example}\n```\n\nPaths may begin with `~/`; others \
             are relative to the folder of the file. Sizes have a unit: `10GiB`, `500 MB`. The file holds no secrets, only the \
             places of files that do.\n\n| name | meaning | form | if nobody says anything | also |\n|---|---|---|---|---|\n{}",
            rows.join("\n")
        ),
    );
}

#[test]
fn json_events() {
    let text = include_str!("../json.md").trim();
    let text = text.replace("\n# ", "\n## ");
    let text = text.trim_start_matches("# `--json`").trim();
    check(
        "json-events.md",
        &format!("# JSON events\n\nWhat every command writes with `--json`.\n\n{text}"),
    );
}

#[test]
fn command_line() {
    let mut text = "# Command line\n\nWhat `photomove help` says, all on one page.\n".to_owned();
    let mut command = pages::public(Cli::command()).disable_help_subcommand(true);
    command.build();
    describe(&mut command, "photomove", &mut text);
    check("command-line.md", &text);
}

fn describe(command: &mut clap::Command, name: &str, text: &mut String) {
    let named = command.clone().name(name.to_owned()).bin_name(name.to_owned());
    let help = named.term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!(
        "\n## `{name}`\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    ));
    for below in command.get_subcommands_mut() {
        let name = format!("{name} {}", below.get_name());
        describe(below, &name, text);
    }
}

/// Every variable that the program's code names is in one of the tables.
#[test]
fn no_variable_is_missing() {
    let mut named = BTreeSet::new();
    collect(&sources(), &mut named);
    assert!(named.contains("PHOTOMOVE_STATE_DIR"), "{named:?}");
    let known: BTreeSet<&str> = SETTINGS
        .iter()
        .map(|setting| setting.variable)
        .chain(
            [VARIABLES, GIVEN, DRILLS]
                .into_iter()
                .flatten()
                .map(|variable| variable.name),
        )
        .collect();
    let missing: Vec<&String> = named.iter().filter(|name| !known.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "not in settings/table.rs: {missing:?}");
}

fn collect(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if is_test {
            continue;
        }
        if path.is_dir() {
            collect(&path, named);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
            for piece in code.split("PHOTOMOVE_").skip(1) {
                let end = piece
                    .find(|c: char| !(c.is_ascii_uppercase() || c == '_'))
                    .unwrap_or(piece.len());
                // A beginning that several have in common is no name.
                if !piece[..end].is_empty() && !piece[..end].ends_with('_') && !piece[..end].starts_with("SIM") {
                    named.insert(format!("PHOTOMOVE_{}", &piece[..end]));
                }
            }
        }
    }
}
