//! Files on their way that do not fit into memory.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use photomove_core::{Body, ByteStream, Checksums, Digester, Error, ErrorKind, HashKinds, Operation, Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::journal::staging::Leftover;

const CHUNK_BYTES: usize = 64 * 1024;
/// How often a part of unknown length asks whether the disk has room.
const GROWTH_CHECKED: u64 = 8 << 20;

/// A folder for files on their way, with a budget.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    max_bytes: u64,
    used_bytes: Mutex<u64>,
    /// Bytes of files that an earlier run left and that were not opened again so far; part of `used_bytes`.
    left: Mutex<HashMap<i64, u64>>,
    gauge: Gauge,
}

/// Tells the free bytes of the disk that a folder lies on, and all of them; `None` = the file system does not say.
type Gauge = fn(&Path) -> Option<(u64, u64)>;

fn disk(folder: &Path) -> Option<(u64, u64)> {
    Some((fs4::available_space(folder).ok()?, fs4::total_space(folder).ok()?))
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
        let mut used = self.spool.used();
        if *used + more > self.spool.max_bytes {
            return Err(NoRoom::Later);
        }
        // Asked once in a while: a part of unknown length grows by small pieces.
        let is_due = self.bytes / GROWTH_CHECKED != bytes / GROWTH_CHECKED;
        if is_due && !leaves_a_tenth(self.spool.space(), more) {
            return Err(NoRoom::DiskFull);
        }
        *used += more;
        self.bytes += more;
        Ok(())
    }
}

/// Says whether the disk can take that much and keep a tenth of itself free; one that does not say fails when written.
fn leaves_a_tenth(space: Option<(u64, u64)>, bytes: u64) -> bool {
    space.is_none_or(|(free, total)| free.saturating_sub(bytes) >= total / 10)
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut used = self.spool.used();
        *used = used.saturating_sub(self.bytes);
    }
}

impl Spool {
    pub(super) fn new(folder: PathBuf, max_bytes: u64) -> Self {
        Self {
            folder,
            max_bytes,
            used_bytes: Mutex::new(0),
            left: Mutex::default(),
            gauge: disk,
        }
    }

    /// Returns the uploads whose files lie here. Only names that we give: whatever else lies there is not ours.
    pub(super) fn found(&self) -> io::Result<Vec<i64>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".part"));
            found.extend(id.and_then(|id| id.parse::<i64>().ok()));
        }
        Ok(found)
    }

    /// Deletes files that no upload needs any more, and takes room for those that are needed.
    pub(super) fn tidy(&self, leftovers: &[Leftover]) -> io::Result<()> {
        for leftover in leftovers {
            match leftover.needed {
                Some(bytes) => {
                    self.left().insert(leftover.upload, bytes);
                    *self.used() += bytes;
                }
                None => match std::fs::remove_file(self.path(&Self::file_name(leftover.upload))) {
                    // Gone since it was found: that is what was wanted.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed?,
                },
            }
        }
        Ok(())
    }

    fn used(&self) -> MutexGuard<'_, u64> {
        self.used_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, HashMap<i64, u64>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back the room of a file that an earlier run left.
    fn give_back(&self, upload: i64) {
        if let Some(bytes) = self.left().remove(&upload) {
            let mut used = self.used();
            *used = used.saturating_sub(bytes);
        }
    }

    /// Sets room aside without waiting: who waits would hold a place that those who hold the room need.
    pub(super) fn reserve(self: &Arc<Self>, bytes: u64) -> Result<Room, NoRoom> {
        let space = self.space();
        if self.is_beyond(bytes, space) {
            return Err(NoRoom::Never);
        }
        let mut used = self.used();
        if *used + bytes > self.max_bytes {
            return Err(NoRoom::Later);
        }
        // What is promised to other parts may not be written yet; counted twice it is better than not at all.
        if !leaves_a_tenth(space, *used + bytes) {
            return Err(if *used > 0 { NoRoom::Later } else { NoRoom::DiskFull });
        }
        *used += bytes;
        Ok(Room {
            spool: Arc::clone(self),
            bytes,
        })
    }

    /// Takes room for what lies in the spool already.
    pub(super) fn hold(self: &Arc<Self>, upload: i64, bytes: u64) -> Room {
        self.give_back(upload);
        *self.used() += bytes;
        Room {
            spool: Arc::clone(self),
            bytes,
        }
    }

    /// Says whether a file of that length never has room here, however empty the spool and the disk may be.
    pub(super) fn never_holds(&self, bytes: u64) -> bool {
        self.is_beyond(bytes, self.space())
    }

    fn is_beyond(&self, bytes: u64, space: Option<(u64, u64)>) -> bool {
        bytes > self.max_bytes || space.is_some_and(|(_, total)| bytes > total - total / 10)
    }

    fn space(&self) -> Option<(u64, u64)> {
        // Asked of the nearest folder that exists: the spool's own is made with its first file.
        let folder = self.folder.ancestors().find(|folder| folder.exists())?;
        (self.gauge)(folder)
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
        self.give_back(upload);
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
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let message = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "the disk is full: a file on its way cannot be kept there",
        _ => "a file on its way cannot be kept on disk",
    };
    Error::new(ErrorKind::Internal, message)
        .operation(Operation::Spool)
        .context("file", path.display())
        .source(error)
        .hint("make room on the disk, or name another folder for the spool, and run the command again; it continues where it stopped")
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
        Ok(self.checksums)
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
    fn a_tenth_of_the_disk_stays_free() {
        let folder = tempfile::tempdir().unwrap();
        // A disk of 1,000 bytes of which 300 are free: 200 may be used, and never more than 900.
        let mut spool = Spool::new(folder.path().join("not yet there"), 5000);
        spool.gauge = |_| Some((300, 1000));
        let spool = Arc::new(spool);
        assert!(spool.never_holds(901) && !spool.never_holds(900));
        assert_eq!(spool.reserve(901).unwrap_err(), NoRoom::Never);
        assert_eq!(spool.reserve(201).unwrap_err(), NoRoom::DiskFull);
        let mut room = spool.reserve(150).unwrap();
        // What was given away may not be written yet: whoever comes next waits for its end.
        assert_eq!(spool.reserve(51).unwrap_err(), NoRoom::Later);
        assert!(spool.reserve(50).is_ok());
        room.grow_to(180).unwrap();
        assert_eq!(room.grow_to(9 << 20).unwrap_err(), NoRoom::Never);
        let mut large = Spool::new(folder.path().to_path_buf(), 1 << 30);
        large.gauge = |_| Some((300 << 20, 1000 << 20));
        let mut room = Arc::new(large).reserve(100 << 20).unwrap();
        assert_eq!(room.grow_to(400 << 20).unwrap_err(), NoRoom::DiskFull);
    }

    #[test]
    fn a_full_disk_is_said() {
        let full = spool_error(Path::new("1.part"), io::ErrorKind::StorageFull.into());
        assert!(full.message().starts_with("the disk is full"), "{full}");
        let other = spool_error(Path::new("1.part"), io::ErrorKind::PermissionDenied.into());
        assert!(!other.message().contains("full"), "{other}");
        assert!(full.hint_text().unwrap().contains("make room"));
    }

    #[tokio::test]
    async fn leftovers_are_deleted_or_take_their_room_until_they_are_done() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1.part", "2.part", "mine.txt", "x.part"] {
            std::fs::write(folder.path().join(name), b"xxxx").unwrap();
        }
        let spool = Arc::new(Spool::new(folder.path().to_path_buf(), 10));
        let mut found = spool.found().unwrap();
        found.sort_unstable();
        assert_eq!(found, [1, 2]);
        let leftover = |upload, needed| Leftover { upload, needed };
        spool.tidy(&[leftover(1, None), leftover(2, Some(4))]).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["2.part", "mine.txt", "x.part"]);
        assert_eq!(spool.reserve(7).unwrap_err(), NoRoom::Later);
        let room = spool.hold(2, 4);
        assert_eq!(spool.reserve(7).unwrap_err(), NoRoom::Later, "counted once, not twice");
        assert!(spool.reserve(6).is_ok());
        drop(room);
        spool.remove(2).await;
        assert!(spool.reserve(10).is_ok());
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
