//! Log lines on standard error, around the progress bar.
//!
//! Only photomove's own targets are let through, whatever `RUST_LOG` says: the HTTP libraries below write headers, and
//! with them secrets, into theirs.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

use crate::print::Printer;

/// Starts the log. Does nothing if the process has one already, which a test does.
pub(crate) fn start(verbose: u8, rust_log: Option<&str>, printer: &Printer, colour: bool) {
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
    let ours = filter_fn(|metadata| metadata.target().starts_with("photomove"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Lines(printer.clone()))
        .with_ansi(colour)
        .without_time()
        .with_target(verbose > 1)
        .with_filter(targets)
        .with_filter(ours);
    let _ = tracing_subscriber::registry().with(lines).try_init();
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
            self.printer.talk(&String::from_utf8_lossy(&self.text));
        }
    }
}
