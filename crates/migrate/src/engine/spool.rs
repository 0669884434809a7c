//! Files on their way that do not fit into memory.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use photomove_core::{Body, ByteStream, Checksums, Digester, Error, ErrorKind, HashKinds, Operation, Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

const CHUNK_BYTES: usize = 64 * 1024;

/// A folder for files on their way, with a budget.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    max_bytes: u64,
    used_bytes: Mutex<u64>,
}

/// Why there is no room for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// It is larger than the spool may ever be.
    Never,
    /// Other files hold the room.
    Later,
    /// The disk itself has no room.
    DiskFull,
}

/// Room in the spool; given back when dropped.
#[derive(Debug)]
pub(super) struct Room {
    spool: Arc<Spool>,
    bytes: u64,
}

impl Room {
    /// Takes more room for a file whose length nobody knows, up to `bytes` in all.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), NoRoom> {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        if bytes > self.spool.max_bytes {
            return Err(NoRoom::Never);
        }
        let mut used = self.spool.used_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if *used + more > self.spool.max_bytes {
            return Err(NoRoom::Later);
        }
        *used += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut used = self.spool.used_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(self.bytes);
    }
}

impl Spool {
    pub(super) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        Self {
            folder,
            max_bytes,
            used_bytes: Mutex::new(0),
        }
    }

    /// Deletes files that no upload needs any more.
    pub(super) fn tidy(&self, needed: &HashSet<String>) -> io::Result<()> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Only names that we give: whatever else lies there is not ours to delete.
            let ours = name.strip_suffix(".part").is_some_and(|id| id.parse::<i64>().is_ok());
            if ours && !needed.contains(&name) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Sets room aside without waiting: who waits would hold a place that those who hold the room need.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Room, NoRoom> {
        if bytes > self.max_bytes {
            return Err(NoRoom::Never);
        }
        let mut used = self.used_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if *used + bytes > self.max_bytes {
            return Err(NoRoom::Later);
        }
        if !self.disk_has(bytes) {
            return Err(if *used > 0 { NoRoom::Later } else { NoRoom::DiskFull });
        }
        *used += bytes;
        Ok(Room {
            spool: Arc::clone(self),
            bytes,
        })
    }

    /// Takes room for what lies in the spool already.
    pub(super) fn hold(self: &Arc<Self>, bytes: u64) -> Room {
        *self.used_bytes.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
        Room {
            spool: Arc::clone(self),
            bytes,
        }
    }

    /// Says whether the disk can take that much and keep a tenth of itself free.
    fn disk_has(&self, bytes: u64) -> bool {
        if std::fs::create_dir_all(&self.folder).is_err() {
            return false;
        }
        match (fs4::available_space(&self.folder), fs4::total_space(&self.folder)) {
            (Ok(free), Ok(total)) => free.saturating_sub(bytes) >= total / 10,
            // A file system that does not say; a full one says so when it is written.
            _ => true,
        }
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(super) fn file_name(upload: i64) -> String {
        format!("{upload}.part")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Creates the file of an upload anew, for its owner alone.
    pub(super) async fn create(&self, upload: i64) -> Result<File> {
        let path = self.path(&Self::file_name(upload));
        let make = async {
            tokio::fs::create_dir_all(&self.folder).await?;
            let mut options = tokio::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            // On Windows the file inherits the access list of its folder.
            #[cfg(unix)]
            options.mode(0o600);
            options.open(&path).await
        };
        make.await.map_err(|error| spool_error(&path, error))
    }

    /// Deletes the file of an upload; one that is gone is no trouble.
    pub(super) async fn remove(&self, upload: i64) {
        let path = self.path(&Self::file_name(upload));
        match tokio::fs::remove_file(&path).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(file = %path.display(), %error, "a file on its way cannot be deleted"),
        }
    }

    /// Opens what an earlier run left, if it still is what that run received.
    pub(super) async fn reopen(&self, name: &str, size_bytes: u64, checksums: &Checksums) -> Result<Option<FileBody>> {
        let path = self.path(name);
        let Ok(mut file) = File::open(&path).await else {
            return Ok(None);
        };
        let mut digester = Digester::new(checksums.kinds());
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let n = file
                .read(&mut buffer)
                .await
                .map_err(|error| spool_error(&path, error))?;
            if n == 0 {
                break;
            }
            digester.update(&buffer[..n]);
        }
        let same = digester.size_bytes() == size_bytes
            && matches!(
                digester.finish().agrees(checksums),
                photomove_core::Agreement::Same(kinds) if kinds.contains(HashKinds::SHA1)
            );
        Ok(same.then(|| FileBody::new(path, size_bytes, *checksums)))
    }
}

/// An error of the disk that the spool lies on.
pub(super) fn spool_error(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "a file on its way cannot be kept on disk")
        .operation(Operation::Spool)
        .context("file", path.display())
        .source(error)
        .hint("make room on the disk, or name another folder for the spool")
}

/// A body that lies in a file.
#[derive(Debug)]
pub(super) struct FileBody {
    path: PathBuf,
    size_bytes: u64,
    checksums: Checksums,
}

impl FileBody {
    pub(super) fn new(path: PathBuf, size_bytes: u64, checksums: Checksums) -> Self {
        Self {
            path,
            size_bytes,
            checksums,
        }
    }
}

#[async_trait]
impl Body for FileBody {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn checksums(&self) -> &Checksums {
        &self.checksums
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        if offset > self.size_bytes {
            return Err(Error::new(ErrorKind::Internal, "offset is past the end of the file"));
        }
        let failed = |error| spool_error(&self.path, error);
        let mut file = File::open(&self.path).await.map_err(failed)?;
        file.seek(io::SeekFrom::Start(offset)).await.map_err(failed)?;
        let path = self.path.clone();
        let stream = ReaderStream::with_capacity(file, CHUNK_BYTES)
            .map(move |chunk| chunk.map_err(|error| spool_error(&path, error)));
        Ok(stream.boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        Ok(self.checksums.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Arc::new(Spool::new(folder.path().to_path_buf(), 10));
        assert_eq!(spool.reserve(11).unwrap_err(), NoRoom::Never);
        let room = spool.reserve(8).unwrap();
        assert_eq!(spool.reserve(3).unwrap_err(), NoRoom::Later);
        drop(room);
        assert!(spool.reserve(10).is_ok());
    }

    #[test]
    fn tidying_deletes_only_our_own_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1.part", "2.part", "mine.txt", "x.part"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        let spool = Spool::new(folder.path().to_path_buf(), 10);
        spool.tidy(&HashSet::from(["2.part".to_owned()])).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["2.part", "mine.txt", "x.part"]);
    }

    #[tokio::test]
    async fn a_file_that_was_changed_is_not_reopened() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().to_path_buf(), 10);
        std::fs::write(folder.path().join("1.part"), b"abc").unwrap();
        let sums = Checksums::of(b"abc");
        assert!(spool.reopen("1.part", 3, &sums).await.unwrap().is_some());
        std::fs::write(folder.path().join("1.part"), b"abd").unwrap();
        assert!(spool.reopen("1.part", 3, &sums).await.unwrap().is_none());
        assert!(spool.reopen("2.part", 3, &sums).await.unwrap().is_none());
    }
}
