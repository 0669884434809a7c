//! Every kind of error in every place where a person can meet it: what is wrong, where, and what next.

use std::fmt::Write;
use std::path::Path;

use photomove_core::{Error, ErrorKind, Operation};
use photomove_migrate::{Failure, Reason};

use crate::commands::doctor;
use crate::commands::status::failure_line;
use crate::{errors, remedy};

/// A place where a person meets an error: what was being done there, and how it is shown.
struct Place {
    name: &'static str,
    operation: Operation,
    show: fn(&Error) -> String,
}

const PLACES: &[Place] = &[
    place("login", Operation::SignIn, errors::render),
    place("setup", Operation::Settings, errors::render),
    place("status", Operation::Journal, errors::render),
    place("plan", Operation::ListAssets, errors::render),
    place("start of a run", Operation::Connect, errors::render),
    place("middle of a run", Operation::Commit, errors::render),
    place("verify", Operation::Verify, errors::render),
    place("--json", Operation::Stage, json),
    place("doctor", Operation::Connect, doctor::shown),
    place("file in a report", Operation::Stage, item),
];

const fn place(name: &'static str, operation: Operation, show: fn(&Error) -> String) -> Place {
    Place { name, operation, show }
}

fn json(error: &Error) -> String {
    let object = errors::object(error);
    let said = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    format!(
        "{}: could not {}: {}\nhint: {}",
        said("provider"),
        said("operation"),
        said("message"),
        said("hint")
    )
}

/// As the journal keeps it and `report` shows it, with the remedy of its kind.
fn item(error: &Error) -> String {
    let kind = photomove_migrate::Reason::of(error).kind;
    let failure = Failure {
        id: 1,
        asset: "a".to_owned(),
        name: "IMG_1.jpg".to_owned(),
        size_bytes: Some(4100),
        skipped: false,
        reason: Reason {
            kind: kind.clone(),
            message: error.to_string(),
        },
    };
    format!("{}\nhint: {}", failure_line(&failure), remedy::remedy(&kind))
}

/// What an error of that kind is made of by whoever knows least: no hint of its own.
fn bare(kind: &ErrorKind, operation: Operation) -> Error {
    Error::new(kind.clone(), "the thing went wrong")
        .provider("google")
        .operation(operation)
        .context("status", 418)
        .source(std::io::Error::other("broken pipe"))
}

#[test]
fn every_kind_says_what_where_and_what_next_in_every_place() {
    let mut wrong = String::new();
    for place in PLACES {
        for kind in ErrorKind::samples() {
            let said = (place.show)(&bare(&kind, place.operation));
            let mut complain = |what: &str| {
                let _ = writeln!(wrong, "{}, {kind:?}: {what}:\n{said}\n", place.name);
            };
            if !said.contains("the thing went wrong") {
                complain("does not say what");
            }
            if !said.contains("google") || !said.contains(&place.operation.to_string()) {
                complain("does not say where");
            }
            let next = said
                .lines()
                .skip_while(|line| !line.contains("went wrong"))
                .skip(1)
                .last();
            if next.is_none_or(|line| line.split_whitespace().count() < 4) {
                complain("does not say what next");
            }
            for flaw in flaws(&said) {
                complain(&flaw);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What no text for people has.
fn flaws(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lower = text.to_lowercase();
    for twice in ["error: error", "failed: failed", "hint: hint", "could not could not"] {
        if lower.contains(twice) {
            found.push(format!("`{twice}`"));
        }
    }
    // The look of `{:?}`: a struct, a variant with something in it.
    for (at, open) in text.char_indices().filter(|(_, c)| "({".contains(*c)) {
        let before = text[..at].trim_end_matches(' ');
        let word = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != ':')
            .next()
            .unwrap_or_default();
        let is_type = word.chars().next().is_some_and(char::is_uppercase) && word.chars().any(char::is_lowercase);
        let touches = open == '(' && before.len() == at;
        if is_type && (touches || (open == '{' && before.len() + 1 == at)) {
            found.push(format!("`{word} {open}` looks like the name of a struct"));
        }
    }
    for pair in ["..", ". .", "!!", "::", "None", "hint: \n"] {
        // `…` is one letter; `../x` is a path.
        let hits = text
            .match_indices(pair)
            .filter(|(at, _)| !text[at + pair.len()..].starts_with(['/', '\\']));
        if hits.count() > 0 {
            found.push(format!("`{pair}`"));
        }
    }
    if text.lines().any(|line| line.trim_end().ends_with(['.', '!'])) {
        found.push("a line ends with a period or an exclamation mark".to_owned());
    }
    if text.lines().any(|line| line.trim() == "hint:") {
        found.push("an empty hint".to_owned());
    }
    // What is to be typed stands between backticks.
    let spoken: String = text.split('`').step_by(2).collect();
    for word in spoken.split(|c: char| !c.is_alphabetic()) {
        if word.len() > 4 && word.chars().all(char::is_uppercase) {
            found.push(format!("`{word}` shouts"));
        }
    }
    found
}

#[test]
fn the_flaws_are_found() {
    for bad in [
        "error: Error: x",
        "got Some(3)",
        "Asset { id: 1 }",
        "it ended..",
        "it ended. .",
        "it ended.",
        "this is BROKEN",
        "hint:",
        "at core::Error",
    ] {
        assert!(!flaws(bad).is_empty(), "{bad}");
    }
    for good in [
        "error: google: could not upload: nothing answers (status 418)",
        "Google Photos (anna)",
        "it must be in PEM form: `-----BEGIN CERTIFICATE-----`",
        "see ../x",
    ] {
        assert_eq!(flaws(good), Vec::<String>::new(), "{good}");
    }
}

/// All texts that errors and hints are made of in the sources keep the same rules, whoever writes them.
#[test]
fn the_texts_in_the_sources_have_no_flaws() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut wrong = String::new();
    let mut seen = 0;
    for name in ["core", "http", "media", "amazon", "google", "migrate", "cli"] {
        visit(&crates.join(name).join("src"), &mut |path, code| {
            for (line, text) in texts(code) {
                seen += 1;
                let text = without_values(&text);
                let mut told = flaws(&text);
                if text.trim().is_empty() {
                    told.push("nothing is said".to_owned());
                }
                if text.contains(":?}") {
                    told.push("shows what is for programmers".to_owned());
                }
                let first: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
                let is_name = [
                    "Google", "Amazon", "OAuth", "JSON", "HTTP", "TLS", "FROM", "SQL", "PEM", "Ctrl", "SHA", "MD5",
                ];
                if first.chars().next().is_some_and(char::is_uppercase)
                    && !is_name.iter().any(|name| first.starts_with(name))
                {
                    told.push("begins with a capital letter".to_owned());
                }
                for flaw in told {
                    let _ = writeln!(wrong, "{}:{line}: {flaw}: {text}", path.display());
                }
            }
        });
    }
    assert!(seen > 200, "only {seen} texts were found");
    assert!(wrong.is_empty(), "{wrong}");
}

fn visit(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_stem()
            .is_some_and(|name| name == "tests" || name == "conformance" || name == "samples")
        {
            continue;
        }
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            look(&path, text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
        }
    }
}

/// The literals that stand first in `Error::new(KIND, …)` and `.hint(…)`, each with its line; values left as `{}`.
fn texts(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for marker in ["Error::new(", ".hint(", ".hint_instead("] {
        for (at, _) in code.match_indices(marker) {
            let mut rest = code[at + marker.len()..].trim_start();
            if marker == "Error::new(" {
                // The kind ends at the first comma outside of brackets.
                let mut depth = 0_i32;
                let end = rest.find(|c: char| {
                    depth += match c {
                        '(' | '{' | '[' => 1,
                        ')' | '}' | ']' => -1,
                        _ => 0,
                    };
                    depth < 0 || (c == ',' && depth == 0)
                });
                let Some(end) = end.filter(|end| rest[*end..].starts_with(',')) else {
                    continue;
                };
                rest = rest[end + 1..].trim_start();
            }
            rest = rest.strip_prefix("format!(").unwrap_or(rest).trim_start();
            if let Some(text) = rest.strip_prefix('"').and_then(literal) {
                found.push((code[..at].matches('\n').count() + 1, text));
            }
        }
    }
    found
}

/// A text with `…` where a value is put in.
fn without_values(text: &str) -> String {
    let mut pieces = text.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            // A value as programmers see it stays, to be found.
            Some((value, rest)) if !value.contains('?') => {
                out.push('…');
                out.push_str(rest);
            }
            _ => {
                out.push('{');
                out.push_str(piece);
            }
        }
    }
    out
}

/// The text of a literal after its first quote.
fn literal(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                // A line that goes on in the next one.
                '\n' => {
                    let left = letters.as_str().trim_start();
                    letters = left.chars();
                }
                other => text.push(other),
            },
            letter => text.push(letter),
        }
    }
}
