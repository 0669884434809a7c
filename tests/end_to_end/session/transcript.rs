//! The document: what was typed and what was said, without what is another time different.

use std::fmt::Write;
use std::path::Path;

const DOCUMENT: &str = "docs/first-migration-session.md";
const HEAD: &str = "\
<!-- Written by tests/end_to_end/session.rs: UPDATE_DOCS=1 cargo test --test end_to_end session:: -->
# A first migration, as it looks in the terminal

A whole migration from a demo library of 207 items at a stand-in of Amazon Photos to a stand-in of Google Photos, on a terminal
of 80 columns; [Your first migration](guides/first-migration.md) has the explanations. The stand-in's day ends after 150 requests
(Google's after 10,000), so that a second day is needed. Ports, durations and speeds differ each time and stand as `…`; lines that
the terminal broke are whole. `$ echo $?` shows the exit code.
";

pub const SETUP: &str = "Once, in about ten minutes.";
pub const AMAZON: &str = "The pasted request is not shown.";
pub const GOOGLE: &str = "The person opens the page, chooses the account and allows what is asked for.";
pub const PLAN: &str = "Nothing is written anywhere.";
pub const FIRST_DAY: &str = "In the middle of it Amazon's session ends, and the run waits.";
pub const SECOND_TERMINAL: &str = "In a second terminal, after signing in again in the browser:";
pub const FIRST_TERMINAL: &str = "In the first terminal the run goes on by itself, until Google's day is used up:";
pub const SECOND_DAY: &str = "The same command, next morning.";
pub const REPORT: &str = "";
pub const RETRY: &str = "One file is broken: Google refused it for good, so that `retry` leaves it alone.";
pub const VERIFY: &str = "";

/// Grows from command to command.
pub struct Transcript {
    home: String,
    text: String,
}

impl Transcript {
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.display().to_string(),
            text: HEAD.to_owned(),
        }
    }

    /// Begins a part of the story.
    pub fn chapter(&mut self, title: &str, words: &str) {
        let _ = write!(self.text, "\n## {title}\n");
        self.words(words);
    }

    /// Tells what the terminal does not show.
    pub fn words(&mut self, words: &str) {
        if !words.is_empty() {
            let _ = write!(self.text, "\n{words}\n");
        }
    }

    /// A command, all that it said, and how it ended.
    pub fn command(&mut self, words: &str, said: &str, code: i32) {
        self.goes_on(&format!("$ photomove {words}\n{said}"), code);
    }

    /// A command that has not ended yet.
    pub fn begins(&mut self, words: &str, said: &str) {
        self.block(&format!("$ photomove {words}\n{said}"));
    }

    /// The rest of what a command said, and how it ended.
    pub fn goes_on(&mut self, said: &str, code: i32) {
        let said = said.trim_end();
        self.block(&match code {
            0 => said.to_owned(),
            code => format!("{said}\n$ echo $?\n{code}"),
        });
    }

    fn block(&mut self, text: &str) {
        let _ = write!(self.text, "\n```console\n");
        for line in text.trim_matches('\n').lines() {
            let _ = writeln!(
                self.text,
                "{}",
                usual(&without_bar(line).replace(&self.home, "~")).trim_end()
            );
        }
        let _ = writeln!(self.text, "```");
    }

    /// Compares with the document, or writes it where `UPDATE_DOCS=1`.
    pub fn compare(self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
        if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
            std::fs::write(path, self.text).expect("written");
            return;
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        for (number, (now, before)) in self.text.lines().zip(kept.lines()).enumerate() {
            assert_eq!(
                now,
                before,
                "line {} of {DOCUMENT} is another one now; look at it, then UPDATE_DOCS=1",
                number + 1
            );
        }
        assert_eq!(
            self.text.lines().count(),
            kept.lines().count(),
            "{DOCUMENT}: UPDATE_DOCS=1"
        );
    }
}

/// A line without the bar that was drawn on it: its last state is no text.
fn without_bar(line: &str) -> &str {
    let is_drawn = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
    match line.rfind(is_drawn) {
        Some(at) => line[at..]
            .trim_start_matches(is_drawn)
            .trim_start()
            .trim_start_matches("starting")
            .trim_start(),
        None => line,
    }
}

/// A line without ports, single-use words of an address, durations and speeds.
fn usual(line: &str) -> String {
    let line = match line.split_once("127.0.0.1:") {
        Some((before, after)) => format!(
            "{before}127.0.0.1:…{}",
            after.trim_start_matches(|c: char| c.is_ascii_digit())
        ),
        None => line.to_owned(),
    };
    let line = match line.split_once("?response_type=code") {
        Some((before, _)) => format!("{before}?response_type=code&…"),
        None => line,
    };
    let words: Vec<&str> = line.split(' ').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let bare = word.trim_end_matches([',', '.', ';', ')']);
        let is_speed = bare.ends_with("/s");
        let is_unit = bare == "s" || bare == "ms" || is_speed;
        if let (true, Some(number)) = (is_unit, out.last_mut())
            && number.trim_start_matches('(').starts_with(|c: char| c.is_ascii_digit())
        {
            *number = if number.starts_with('(') { "(…" } else { "…" }.to_owned();
        }
        out.push(word.to_owned());
    }
    out.join(" ")
}
