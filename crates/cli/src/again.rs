//! Commands to be typed: with the folder and the files that this run was told, or they would reach another account.

use std::ffi::OsStr;
use std::path::Path;

use photomove_core::{Error, ErrorKind};

use crate::app::App;
use crate::endpoint::Endpoint;

/// What a provider calls the command; it does not know which account and which folder it works for.
const LOGIN: &str = "photomove auth login ";

/// Returns `words` as a command that works with what this one works with.
pub(crate) fn command(app: &App, words: &str) -> String {
    let global = &app.global;
    let set = |name: &str| app.environment.get(name).map(Path::new);
    // A variable may not be set where the command is typed: in another terminal, or after a job of the night.
    let options = [
        (
            "--state-dir",
            global.state_dir.as_deref().or_else(|| set("PHOTOMOVE_STATE_DIR")),
        ),
        ("--config", global.config.as_deref().or_else(|| set("PHOTOMOVE_CONFIG"))),
        (
            "--ca-cert",
            global.ca_cert.as_deref().or_else(|| set("PHOTOMOVE_CA_CERT")),
        ),
    ];
    let mut out = "photomove".to_owned();
    for (option, path) in options {
        if let Some(path) = path {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            out.push_str(&format!(" {option} {}", quoted(path.as_os_str())));
        }
    }
    format!("{out} {words}")
}

/// Returns the command that was typed, as it goes on from where it stopped; `None` where nobody typed one.
pub(crate) fn same(app: &App) -> Option<String> {
    let global = &app.global;
    if global.words.is_empty() {
        return None;
    }
    let mut out = "photomove".to_owned();
    let unset = [
        ("--state-dir", "PHOTOMOVE_STATE_DIR", global.state_dir.is_none()),
        ("--config", "PHOTOMOVE_CONFIG", global.config.is_none()),
        ("--ca-cert", "PHOTOMOVE_CA_CERT", global.ca_cert.is_none()),
    ];
    for (option, variable, _) in unset.into_iter().filter(|(_, _, is_unset)| *is_unset) {
        if let Some(path) = app.environment.get(variable).map(Path::new) {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            out.push_str(&format!(" {option} {}", quoted(path.as_os_str())));
        }
    }
    // A new journal would know nothing of what this one has done.
    for word in global.words.iter().filter(|word| *word != "--new-journal") {
        out.push_str(&format!(" {}", quoted(word)));
    }
    Some(out)
}

/// Returns what to run to go on: the exact command, if one was typed.
pub(crate) fn to_go_on(app: &App) -> String {
    match same(app) {
        Some(command) => format!("`{command}`"),
        None => "the same command".to_owned(),
    }
}

/// Returns the command that signs in where `endpoint` is.
pub(crate) fn login(app: &App, endpoint: &Endpoint) -> String {
    command(app, &format!("auth login {endpoint}"))
}

/// Returns the exact command that an error of a sign-in asks for, as far as its hint names one; else [`login`].
pub(crate) fn login_after(app: &App, endpoint: &Endpoint, error: &Error) -> String {
    let options = error.hint_text().and_then(named).map_or("", |(_, options)| options);
    format!("{}{options}", login(app, endpoint))
}

/// Puts the exact command into the hint of an error that a sign-in would mend, and where a hint names one; other errors stay
/// as they are.
pub(crate) fn exact(app: &App, endpoint: &Endpoint, error: Error) -> Error {
    if !matches!(error.kind(), ErrorKind::Auth(_)) && !error.hint_text().is_some_and(names_login) {
        return error;
    }
    let command = login_after(app, endpoint, &error);
    let hint = match error.hint_text() {
        Some(hint) => match named(hint) {
            Some((known, _)) => hint.replacen(known, &command, 1),
            None => format!("{hint}; to sign in again: `{command}`"),
        },
        None => format!("sign in again with `{command}`"),
    };
    error.hint_instead(hint)
}

/// Says whether a hint tells to sign in, by whatever command.
pub(crate) fn names_login(hint: &str) -> bool {
    named(hint).is_some()
}

/// The command in a hint, and its options with the space before them.
fn named(hint: &str) -> Option<(&str, &str)> {
    let start = hint.find(LOGIN)?;
    let command = hint[start..].split('`').next()?;
    let endpoint = command[LOGIN.len()..].split(' ').next()?;
    Some((command, &command[LOGIN.len() + endpoint.len()..]))
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=\\".contains(c);
    if !text.is_empty() && text.chars().all(|c| plain(c) && (c != '\\' || cfg!(windows))) {
        return text.into_owned();
    }
    if cfg!(windows) {
        return format!("\"{text}\"");
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_in_a_hint_is_found_with_its_options() {
        assert_eq!(
            named("sign in again with `photomove auth login google`; while `Testing`"),
            Some(("photomove auth login google", ""))
        );
        assert_eq!(
            named("run `photomove auth login google --client-secret FILE`"),
            Some((
                "photomove auth login google --client-secret FILE",
                " --client-secret FILE"
            ))
        );
        assert_eq!(named("press `Continue`"), None);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_with_a_space_is_one_word() {
        assert_eq!(quoted(OsStr::new("/home/anna/state")), "/home/anna/state");
        assert_eq!(quoted(OsStr::new("/it's here")), r"'/it'\''s here'");
    }
}
