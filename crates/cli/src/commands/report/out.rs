//! Where a report goes: standard output, or a file that is there once it is whole.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use photomove_core::{Error, ErrorKind, PrivateFile, Result};

use crate::app::App;
use crate::print::Printer;

/// A report on its way. Files are readable by their owner alone: they name the pictures of a person.
pub(super) struct Out {
    to: To,
    /// The name that the person gave, if it is no standard output.
    path: Option<PathBuf>,
}

enum To {
    Printer(BufWriter<ToPrinter>),
    File(PrivateFile),
    /// A pipe, a device: it is written to, never put in place of.
    Other(BufWriter<fs::File>),
}

impl Out {
    /// Opens it; `-` and nothing are standard output.
    pub(super) fn open(app: &App, path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self {
                to: To::Printer(BufWriter::new(ToPrinter(app.printer.clone()))),
                path: None,
            });
        };
        let to = match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(found) if !found.is_file() => fs::OpenOptions::new()
                .write(true)
                .open(path)
                .map(|file| To::Other(BufWriter::new(file))),
            // Where a link leads, not the link, is replaced.
            Ok(_) => fs::canonicalize(path).and_then(|path| PrivateFile::create(&path).map(To::File)),
            Err(_) => PrivateFile::create(path).map(To::File),
        };
        Ok(Self {
            to: to.map_err(|error| unwritable(path, error))?,
            path: Some(path.to_path_buf()),
        })
    }

    /// Writes a piece.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let path = self.path.clone();
        self.write_all(bytes)
            .map_err(|error| unwritable(path.as_deref().unwrap_or(Path::new("-")), error))
    }

    /// Writes a line of text.
    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        self.put(text.as_bytes())?;
        self.put(b"\n")
    }

    /// Puts the file in its place; returns the name that the person gave it.
    pub(super) fn finish(self) -> Result<Option<PathBuf>> {
        let Self { to, path } = self;
        let done = match to {
            To::Printer(mut out) => out.flush(),
            To::File(file) => file.commit(),
            To::Other(mut file) => file.flush(),
        };
        match (done, path) {
            (Ok(()), path) => Ok(path),
            (Err(error), path) => Err(unwritable(path.as_deref().unwrap_or(Path::new("-")), error)),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Printer(out) => out.write(bytes),
            To::File(file) => file.write(bytes),
            To::Other(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Printer(out) => out.flush(),
            To::File(file) => file.flush(),
            To::Other(file) => file.flush(),
        }
    }
}

struct ToPrinter(Printer);

impl Write for ToPrinter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.data(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot write {}", path.display()))
        .source(error)
        .hint("name another file, or make room")
}
