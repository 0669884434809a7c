//! Writing plan files.

use std::io::Write;
use std::path::{Path, PathBuf};

use photomove_core::{Error, ErrorKind, PrivateFile, Result};
use sha2::{Digest, Sha256};

use super::{Line, PlanAlbum, PlanEnd, PlanHeader, PlanItem, PlanOutcome, hex};

/// A plan file on its way; nothing is at its place before [`PlanWriter::finish`].
#[derive(Debug)]
pub(crate) struct PlanWriter {
    path: PathBuf,
    file: PrivateFile,
    hasher: Sha256,
    end: PlanEnd,
}

impl PlanWriter {
    /// Begins a file.
    pub(crate) fn create(path: &Path, header: PlanHeader) -> Result<Self> {
        let file = PrivateFile::create(path).map_err(|error| unwritable(error, path))?;
        let mut writer = Self {
            path: path.to_path_buf(),
            file,
            hasher: Sha256::new(),
            end: PlanEnd {
                albums: 0,
                items: 0,
                files: 0,
                bytes: 0,
                sha256: String::new(),
            },
        };
        writer.write(&Line::PhotomovePlan(Box::new(header)))?;
        Ok(writer)
    }

    /// Adds an album.
    pub(crate) fn album(&mut self, album: PlanAlbum) -> Result<()> {
        self.end.albums += 1;
        self.write(&Line::Album(album))
    }

    /// Adds an item.
    pub(crate) fn item(&mut self, item: PlanItem) -> Result<()> {
        self.end.items += 1;
        for part in item.parts.iter().filter(|part| part.outcome == PlanOutcome::Planned) {
            self.end.files += 1;
            self.end.bytes += part.size.unwrap_or(0);
        }
        self.write(&Line::Item(item))
    }

    /// Adds the end and puts the file to its place.
    pub(crate) fn finish(mut self) -> Result<PlanEnd> {
        self.end.sha256 = hex(&self.hasher.clone().finalize());
        let end = self.end.clone();
        self.write(&Line::End(end.clone()))?;
        let path = self.path;
        self.file.commit().map_err(|error| unwritable(error, &path))?;
        Ok(end)
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).map_err(|error| {
            Error::new(ErrorKind::Internal, "a line of the plan cannot be written as JSON").source(error)
        })?;
        bytes.push(b'\n');
        self.hasher.update(&bytes);
        self.file
            .write_all(&bytes)
            .map_err(|error| unwritable(error, &self.path))
    }
}

fn unwritable(error: std::io::Error, path: &Path) -> Error {
    Error::new(ErrorKind::Config, "the plan file cannot be written")
        .context("file", path.display())
        .source(error)
        .hint("give another place with `--out`")
}
