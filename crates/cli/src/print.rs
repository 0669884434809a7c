//! Where words go: data to standard output, talk to standard error, both around a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::Value;

use crate::terminal;

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

    /// Prints data that has one form for people and programs.
    pub(crate) fn line(&self, text: &str) {
        self.write(&self.0.data, text);
    }

    /// Prints what is said around the data.
    pub(crate) fn talk(&self, text: &str) {
        self.write(&self.0.talk, text);
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
