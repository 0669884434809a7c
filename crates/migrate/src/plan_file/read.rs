//! Reading plan files: a line at a time, and nothing is believed before the end was seen.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use photomove_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Line, PLAN_FILE_VERSION, PlanEnd, PlanHeader, PlanOutcome, hex};

/// The longest line: an item in some 100,000 albums.
const LINE_MAX: u64 = 16 << 20;

/// The lines of a plan file.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    hasher: Sha256,
    number: u64,
    header: PlanHeader,
    end: Option<PlanEnd>,
    counted: PlanEnd,
}

/// What the first line must say before anything else of it is looked at.
#[derive(Deserialize)]
struct Begin {
    #[serde(rename = "type")]
    kind: String,
    version: u32,
}

impl Lines {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| {
            refusal("the plan file cannot be read", path)
                .source(error)
                .hint("`photomove plan FROM TO --out FILE` writes one")
        })?;
        let mut reader = BufReader::new(file);
        let first = read_line(&mut reader, path)?;
        let begin: Begin = serde_json::from_slice(&first)
            .ok()
            .filter(|begin: &Begin| begin.kind == "photomove_plan")
            .ok_or_else(|| {
                refusal("this is no plan file", path).hint("`photomove plan FROM TO --out FILE` writes one")
            })?;
        if begin.version > PLAN_FILE_VERSION {
            return Err(refusal("the plan file was written by a newer photomove", path)
                .context("its version", begin.version)
                .context("known up to", PLAN_FILE_VERSION)
                .hint("update photomove, or make a new plan with this one"));
        }
        let Ok(Line::PhotomovePlan(header)) = serde_json::from_slice(&first) else {
            return Err(altered(path, Some(1)));
        };
        let mut hasher = Sha256::new();
        hasher.update(&first);
        Ok(Self {
            path: path.to_path_buf(),
            reader,
            hasher,
            number: 1,
            header: *header,
            end: None,
            counted: PlanEnd {
                albums: 0,
                items: 0,
                files: 0,
                bytes: 0,
                sha256: String::new(),
            },
        })
    }

    /// Reads the next line about an album or an item; `None` once the end was seen and found right.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        if self.end.is_some() {
            return Ok(None);
        }
        let bytes = read_line(&mut self.reader, &self.path)?;
        self.number += 1;
        if !bytes.ends_with(b"\n") {
            return Err(refusal("the plan file is cut off: its end is missing", &self.path)
                .context("line", self.number)
                .hint("copy it again, or make a new plan with `photomove plan FROM TO --out FILE`"));
        }
        let line = serde_json::from_slice(&bytes).map_err(|_| altered(&self.path, Some(self.number)))?;
        match &line {
            Line::PhotomovePlan(_) => return Err(altered(&self.path, Some(self.number))),
            Line::Album(_) => self.counted.albums += 1,
            Line::Item(item) => {
                self.counted.items += 1;
                for part in item.parts.iter().filter(|part| part.outcome == PlanOutcome::Planned) {
                    self.counted.files += 1;
                    self.counted.bytes += part.size.unwrap_or(0);
                }
            }
            Line::End(end) => {
                self.counted.sha256 = hex(&self.hasher.clone().finalize());
                let mut rest = [0];
                let more = self
                    .reader
                    .read(&mut rest)
                    .map_err(|error| unreadable(error, &self.path))?;
                if *end != self.counted || more > 0 {
                    return Err(altered(&self.path, None));
                }
                self.end = Some(end.clone());
                return Ok(None);
            }
        }
        self.hasher.update(&bytes);
        Ok(Some(line))
    }

    /// Returns first and last line, once all was read.
    pub(crate) fn finish(self) -> Result<(PlanHeader, PlanEnd)> {
        match self.end {
            Some(end) => Ok((self.header, end)),
            None => Err(altered(&self.path, None)),
        }
    }
}

/// Reads a line with its end, if it has one.
fn read_line(reader: &mut BufReader<File>, path: &Path) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    reader
        .by_ref()
        .take(LINE_MAX)
        .read_until(b'\n', &mut line)
        .map_err(|error| unreadable(error, path))?;
    Ok(line)
}

fn refusal(message: &str, path: &Path) -> Error {
    Error::new(ErrorKind::Config, message).context("file", path.display())
}

fn unreadable(error: std::io::Error, path: &Path) -> Error {
    refusal("the plan file cannot be read", path)
        .source(error)
        .hint("check the disk it lies on")
}

fn altered(path: &Path, line: Option<u64>) -> Error {
    let mut error = refusal("the plan file was changed since it was written", path);
    if let Some(line) = line {
        error = error.context("line", line);
    }
    error.hint(
        "make a new plan with `photomove plan FROM TO --out FILE`; what is to be moved is chosen by options there",
    )
}
