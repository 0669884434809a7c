//! Log lines on standard error, around the progress bar, and in a file if one was named.
//!
//! Only photomove's own targets are let through, whatever `RUST_LOG` says: the HTTP libraries below write headers, and
//! with them secrets, into theirs.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

use crate::print::Printer;

pub(crate) use self::file::LogFile;

mod file;

/// Target of what was said to people: the file holds it among the events, where standard error has it anyway.
pub(crate) const SAID: &str = "photomove_said";

/// Starts the log. Does nothing if the process has one already, which a test does.
pub(crate) fn start(verbose: u8, rust_log: Option<&str>, printer: &Printer, colour: bool, file: Option<LogFile>) {
    let targets = rust_log
        .and_then(|text| text.parse::<Targets>().ok())
        .unwrap_or_else(|| {
            Targets::new().with_default(match verbose {
                0 => LevelFilter::WARN,
                1 => LevelFilter::INFO,
                2 => LevelFilter::DEBUG,
                _ => LevelFilter::TRACE,
            })
        });
    let ours = filter_fn(|metadata| metadata.target().starts_with("photomove") && metadata.target() != SAID);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Lines(printer.clone()))
        .with_ansi(colour)
        .without_time()
        .with_target(verbose > 1)
        .with_filter(targets)
        .with_filter(ours);
    let entries = file.map(|file| {
        tracing_subscriber::fmt::layer()
            .with_writer(file)
            .with_ansi(false)
            .with_timer(file::Stamp)
            .with_filter(filter_fn(|metadata| {
                metadata.target().starts_with("photomove") && *metadata.level() <= LevelFilter::DEBUG
            }))
    });
    let _ = tracing_subscriber::registry().with(lines).with(entries).try_init();
}

struct Lines(Printer);

/// One event; printed as a whole when it is dropped.
struct Line {
    printer: Printer,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line {
            printer: self.0.clone(),
            text: Vec::new(),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.printer.talk_only(&String::from_utf8_lossy(&self.text));
        }
    }
}
