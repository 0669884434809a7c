//! This program and the terminal that it runs on.

use std::io::{self, IsTerminal};

use dialoguer::console::{self, Term};
use jiff::tz::TimeZone;
use photomove_migrate::{JOURNAL_VERSION, sqlite_version};

use super::findings::{Area, Findings};
use crate::app::App;
use crate::endpoint::Kind;

/// Narrower than this, tables break.
const WIDTH_MIN: u16 = 60;

pub(super) fn versions(found: &mut Findings) {
    let build = if cfg!(debug_assertions) {
        "debug build"
    } else {
        "release build"
    };
    let providers: Vec<&str> = Kind::ALL
        .iter()
        .filter(|kind| match kind {
            Kind::Amazon => cfg!(feature = "amazon"),
            Kind::Google => cfg!(feature = "google"),
            Kind::PhotoPrism => cfg!(feature = "photoprism"),
        })
        .map(|kind| kind.word())
        .collect();
    let providers = match providers.is_empty() {
        true => "no provider".to_owned(),
        false => providers.join(", "),
    };
    found.ok(
        Area::Program,
        &format!("photomove {} · {build} · {providers}", env!("CARGO_PKG_VERSION")),
    );
    found.ok(
        Area::Program,
        &format!("journal version {JOURNAL_VERSION} · SQLite {}", sqlite_version()),
    );
    found.ok(
        Area::Program,
        &format!("{} · {}", std::env::consts::OS, std::env::consts::ARCH),
    );
}

pub(super) fn terminal(found: &mut Findings, app: &App) {
    let yes_no = |yes: bool| if yes { "a terminal" } else { "no terminal" };
    found.ok(
        Area::Terminal,
        &format!(
            "standard input is {}, output {}, error {}",
            yes_no(io::stdin().is_terminal()),
            yes_no(io::stdout().is_terminal()),
            yes_no(io::stderr().is_terminal())
        ),
    );
    let colours = if console::colors_enabled_stderr() {
        "colours"
    } else {
        "no colours"
    };
    let kind = app.environment.get("TERM").map_or_else(
        || "TERM is not set".to_owned(),
        |term| format!("TERM is {}", term.to_string_lossy()),
    );
    match Term::stderr().size_checked() {
        Some((rows, columns)) if columns < WIDTH_MIN => found.note(
            Area::Terminal,
            &format!("{columns} columns and {rows} rows · {colours} · {kind}"),
            Some("make the window wider: tables need 60 columns"),
        ),
        Some((rows, columns)) => found.ok(
            Area::Terminal,
            &format!("{columns} columns and {rows} rows · {colours} · {kind}"),
        ),
        None => found.ok(Area::Terminal, &format!("{colours} · {kind}")),
    }
    locale(found, app);
    match TimeZone::system().iana_name() {
        Some(zone) => found.ok(Area::Terminal, &format!("time zone {zone}")),
        None => found.note(
            Area::Terminal,
            "the time zone is not known; times are shown with their offset to UTC",
            Some("set TZ, such as `TZ=Europe/Berlin`"),
        ),
    }
}

/// Names of albums come in all scripts. On Windows the console takes Unicode whatever the locale.
fn locale(found: &mut Findings, app: &App) {
    if cfg!(windows) {
        return;
    }
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| Some((*name, app.environment.get(name)?.to_string_lossy().into_owned())));
    let is_unicode = |value: &str| value.to_lowercase().replace('-', "").contains("utf8");
    match set {
        Some((name, value)) if is_unicode(&value) => found.ok(Area::Terminal, &format!("{name} is {value}")),
        other => {
            let what = other.map_or_else(
                || "no locale is set".to_owned(),
                |(name, value)| format!("{name} is {value}, which is not UTF-8"),
            );
            found.note(
                Area::Terminal,
                &format!("{what}; names may look wrong here, never at the destination"),
                Some("set a UTF-8 locale, such as `LANG=C.UTF-8`"),
            );
        }
    }
}
