//! Where words go: data to standard output, talk to standard error, both around a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use dialoguer::console::{measure_text_width, strip_ansi_codes};
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::Value;

use crate::{terminal, text};

/// Prints; cheap to clone.
#[derive(Clone)]
pub(crate) struct Printer(Arc<Inner>);

struct Inner {
    json: bool,
    data: Mutex<Box<dyn Write + Send>>,
    talk: Mutex<Box<dyn Write + Send>>,
    bars: MultiProgress,
    talk_is_terminal: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer")
            .field("json", &self.0.json)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// Prints to the process's own streams.
    pub(crate) fn of_process(json: bool) -> Self {
        Self::new(
            json,
            Box::new(io::stdout()),
            Box::new(io::stderr()),
            io::stderr().is_terminal(),
        )
    }

    fn new(json: bool, data: Box<dyn Write + Send>, talk: Box<dyn Write + Send>, talk_is_terminal: bool) -> Self {
        let place = if talk_is_terminal {
            terminal::standard_error()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self(Arc::new(Inner {
            json,
            data: Mutex::new(data),
            talk: Mutex::new(talk),
            bars: MultiProgress::with_draw_target(place),
            talk_is_terminal,
        }))
    }

    /// Prints into memory, as if there were no terminal.
    #[cfg(test)]
    pub(crate) fn captured(json: bool) -> (Self, Captured, Captured) {
        let (data, talk) = (Captured::default(), Captured::default());
        (
            Self::new(json, Box::new(data.clone()), Box::new(talk.clone()), false),
            data,
            talk,
        )
    }

    /// Says whether `--json` was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.0.json
    }

    /// Says whether a person watches standard error.
    pub(crate) fn talks_to_terminal(&self) -> bool {
        self.0.talk_is_terminal
    }

    /// Returns the place where bars live.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.0.bars
    }

    /// Prints data for people; nothing with `--json`.
    pub(crate) fn text(&self, text: &str) {
        if !self.0.json {
            self.write(&self.0.data, text);
        }
    }

    /// Prints one object; nothing without `--json`.
    pub(crate) fn object(&self, object: &Value) {
        if self.0.json {
            self.write(&self.0.data, &object.to_string());
        }
    }

    /// Prints data as it is, without a line's end of its own.
    pub(crate) fn data(&self, bytes: &[u8]) {
        self.0.bars.suspend(|| {
            let mut to = self.0.data.lock().unwrap_or_else(PoisonError::into_inner);
            // As for lines: a reader that has gone away is no failure.
            let _ = to.write_all(bytes);
            let _ = to.flush();
        });
    }

    /// Prints data that has one form for people and programs.
    pub(crate) fn line(&self, text: &str) {
        self.write(&self.0.data, text);
    }

    /// Prints what is said around the data; the log file holds it too.
    pub(crate) fn talk(&self, text: &str) {
        for line in strip_ansi_codes(text).lines().filter(|line| !line.is_empty()) {
            tracing::debug!(target: crate::log::SAID, "{line}");
        }
        self.talk_only(text);
    }

    /// Prints what is said around the data, past the log: what the log itself says.
    pub(crate) fn talk_only(&self, text: &str) {
        self.write(&self.0.talk, text);
    }

    /// Says something worth knowing. Where a person reads it, its lines are broken between words, and addresses stand alone.
    pub(crate) fn note(&self, words: &str) {
        self.talk_in_columns(&format!("note: {words}"));
    }

    /// Says something whose lines are broken between words where a person reads it: addresses stand alone, commands are
    /// not torn apart.
    pub(crate) fn talk_in_columns(&self, words: &str) {
        let lines = words.lines().map(|line| match self.0.talk_is_terminal {
            true => in_columns(line, text::columns()),
            false => line.to_owned(),
        });
        self.talk(&lines.collect::<Vec<_>>().join("\n"));
    }

    fn write(&self, to: &Mutex<Box<dyn Write + Send>>, text: &str) {
        self.0.bars.suspend(|| {
            let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
            // A reader that has gone away (`photomove status | head`, a closed window) is no failure of the migration.
            let _ = to.write_all(text.as_bytes());
            if !text.ends_with('\n') {
                let _ = to.write_all(b"\n");
            }
            let _ = to.flush();
        });
    }
}

/// Stands for a blank that no line may end at.
const GLUE: char = '\u{a0}';

/// Breaks a line that is too long between words. An address stays whole, on a line of its own, so that it can be clicked
/// and copied; so does a command between backticks, unless it fits in with other words.
fn in_columns(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    if measure_text_width(line) <= width && !line.contains("://") {
        return line.to_owned();
    }
    let mut lines = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let further = indent.max(2);
    let end = |words: &mut Vec<String>, lines: &mut Vec<String>| {
        if !words.is_empty() {
            let indent = if lines.is_empty() { indent } else { further };
            lines.push(text::wrapped(&words.join(" "), indent, width).replace(GLUE, " "));
            words.clear();
        }
    };
    for word in whole_words(line) {
        if word.contains("://") || (word.contains(GLUE) && further + 2 + measure_text_width(&word) > width) {
            end(&mut words, &mut lines);
            lines.push(format!("{}{}", " ".repeat(further), word.replace(GLUE, " ")));
        } else {
            words.push(word);
        }
    }
    end(&mut words, &mut lines);
    lines.join("\n")
}

/// Splits a line into words; what stands between two backticks is one of them.
fn whole_words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let closed = line.matches('`').count().is_multiple_of(2);
    for word in line.split_whitespace() {
        match words.last_mut() {
            Some(last) if open => {
                last.push(GLUE);
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        open ^= closed && !word.matches('`').count().is_multiple_of(2);
    }
    words
}

/// What was printed.
#[cfg(test)]
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// Returns it as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_in_a_note_stands_alone() {
        let note = "note: it ends on Sunday, then publish the app at https://console.example/auth/audience?project=412345678901, then \
                    sign in again";
        assert_eq!(
            in_columns(note, 40),
            "note: it ends on Sunday, then publish\n  the app at\n  https://console.example/auth/audience?project=412345678901,\n  \
             then sign in again"
        );
        assert_eq!(in_columns("  two words", 40), "  two words");
    }

    #[test]
    fn a_command_is_not_torn_apart() {
        let hint = "hint: look with `photomove status` and then run `photomove retry 12` or another `";
        assert_eq!(
            in_columns(&hint[..hint.len() - 13], 40),
            "hint: look with `photomove status` and\n  then run `photomove retry 12`"
        );
        assert_eq!(
            in_columns("hint: run `photomove --state-dir /srv/photos/state status` now", 40),
            "hint: run\n  `photomove --state-dir /srv/photos/state status`\n  now"
        );
        assert_eq!(
            in_columns(hint, 40),
            "hint: look with `photomove status` and\n  then run `photomove retry 12` or\n  another `",
            "a backtick without another one is a character as others are"
        );
    }

    #[test]
    fn data_is_text_or_objects_never_both() {
        let (printer, data, talk) = Printer::captured(false);
        printer.text("55 photos");
        printer.object(&json!({"type": "x"}));
        printer.talk("hello");
        assert_eq!((data.text().as_str(), talk.text().as_str()), ("55 photos\n", "hello\n"));
        let (printer, data, _) = Printer::captured(true);
        printer.text("55 photos");
        printer.object(&json!({"type": "x"}));
        assert_eq!(data.text(), "{\"type\":\"x\"}\n");
    }
}
