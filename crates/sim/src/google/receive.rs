//! Taking in the bytes of an upload: hashes, type and details, then memory, a file, or nothing but the facts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use crate::blob::{Blob, Hasher};

use super::details::Details;
use super::sniff::{Format, HEAD_BYTES, is_complete, sniff};
use super::world::Stored;

/// Bodies up to this size stay in memory.
const MEMORY_BYTES: usize = 1024 * 1024;

/// Bytes of a larger body in which its metadata is looked for.
const DETAILS_BYTES: u64 = 64 * 1024 * 1024;

/// Where bodies go, and how large they may be.
#[derive(Debug)]
pub(super) struct Receiver {
    dir: PathBuf,
    discard: bool,
    files: AtomicU64,
}

/// What one upload may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) photo_bytes: u64,
    pub(super) video_bytes: u64,
    /// Whether the client says that it is a video.
    pub(super) declared_video: bool,
    /// Whether to look for the end of the file.
    pub(super) check_end: bool,
}

/// Why a body was not taken in.
#[derive(Debug)]
pub(super) enum NotReceived {
    TooLarge,
    Empty,
    /// The client went away, or the disk did not want it.
    Broken(io::Error),
}

impl Receiver {
    /// Large bodies become files of `dir`; with `discard` only facts of any body are kept.
    pub(super) fn new(dir: PathBuf, discard: bool) -> Self {
        Self {
            dir,
            discard,
            files: AtomicU64::new(0),
        }
    }

    /// Reads a body to its end.
    pub(super) async fn receive(&self, body: Body, limits: Limits) -> Result<Stored, NotReceived> {
        let mut incoming = Incoming::default();
        let mut pieces = body.into_data_stream();
        let mut too_large = false;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| NotReceived::Broken(io::Error::other(error)))?;
            // Read on when it is too large: a client in the middle of sending would not see the answer.
            if too_large {
                continue;
            }
            self.feed(&mut incoming, &piece, limits)
                .await
                .map_err(NotReceived::Broken)?;
            too_large = incoming.size > incoming.limit(limits);
        }
        if too_large {
            return Err(NotReceived::TooLarge);
        }
        if incoming.size == 0 {
            return Err(NotReceived::Empty);
        }
        self.finish(incoming, limits).await.map_err(NotReceived::Broken)
    }

    /// Takes the next bytes of a body.
    ///
    /// # Errors
    /// The disk does not want them; what was taken in before is of no use then.
    pub(super) async fn feed(&self, incoming: &mut Incoming, piece: &[u8], limits: Limits) -> io::Result<()> {
        incoming.hasher.update(piece);
        incoming.size += piece.len() as u64;
        let (fits, rest) = piece.split_at(piece.len().min(MEMORY_BYTES - incoming.head.len()));
        incoming.head.extend_from_slice(fits);
        if rest.is_empty() {
            return Ok(());
        }
        self.overflow(incoming, rest, limits).await
    }

    /// The rest of a body that is too large for memory.
    async fn overflow(&self, incoming: &mut Incoming, piece: &[u8], limits: Limits) -> io::Result<()> {
        incoming.overflowed = true;
        if self.discard && !limits.check_end {
            return Ok(());
        }
        if incoming.file.is_none() {
            tokio::fs::create_dir_all(&self.dir).await?;
            let path = self
                .dir
                .join(format!("{:08}", self.files.fetch_add(1, Ordering::Relaxed)));
            let mut file = tokio::fs::File::create(&path).await?;
            file.write_all(&incoming.head).await?;
            incoming.file = Some((path, file));
        }
        match &mut incoming.file {
            Some((_, file)) => file.write_all(piece).await,
            None => Ok(()),
        }
    }

    /// Ends a body: what it is, its hashes, and where it lies from now on.
    ///
    /// # Errors
    /// The disk does not take or give its bytes.
    pub(super) async fn finish(&self, mut incoming: Incoming, limits: Limits) -> io::Result<Stored> {
        let (size, format) = (incoming.size, incoming.format());
        let hashes = std::mem::take(&mut incoming.hasher).finish();
        let path = match incoming.file.take() {
            Some((path, mut file)) => {
                file.flush().await?;
                Some(path)
            }
            None => None,
        };
        let head = std::mem::take(&mut incoming.head);
        let (details, head) = match path.clone() {
            Some(path) => (
                blocking(move || details_of_file(&path, format, size, limits.check_end)).await?,
                head,
            ),
            None => {
                let complete = !limits.check_end || ends(format, io::Cursor::new(&head), size)?;
                (Details::read(&head, complete), head)
            }
        };
        let blob = match path {
            Some(path) if self.discard => {
                tokio::fs::remove_file(path).await?;
                Blob::discarded(size, hashes, Vec::new())
            }
            Some(path) => Blob::file(path)?,
            None if self.discard || incoming.overflowed => Blob::discarded(size, hashes, Vec::new()),
            None => Blob::memory(head),
        };
        Ok(Stored {
            blob,
            size,
            hashes,
            details,
        })
    }
}

impl Limits {
    pub(super) fn of(self, format: Option<Format>) -> u64 {
        let video = format.map_or(self.declared_video, Format::is_video);
        if video { self.video_bytes } else { self.photo_bytes }
    }
}

/// A body that is not complete yet; a file of it goes away with it.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    hasher: Hasher,
    size: u64,
    head: Vec<u8>,
    overflowed: bool,
    file: Option<(PathBuf, tokio::fs::File)>,
}

impl Incoming {
    fn format(&self) -> Option<Format> {
        sniff(&self.head[..self.head.len().min(HEAD_BYTES)])
    }

    /// Bytes taken in so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Largest size of a file of its kind, by the bytes so far.
    pub(super) fn limit(&self, limits: Limits) -> u64 {
        limits.of(self.format())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some((path, file)) = self.file.take() {
            drop(file);
            // A left-over goes away with the state folder.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn ends(format: Option<Format>, bytes: impl io::Read + io::Seek, size: u64) -> io::Result<bool> {
    format.map_or(Ok(true), |format| is_complete(format, bytes, size))
}

fn details_of_file(path: &Path, format: Option<Format>, size: u64, check_end: bool) -> io::Result<Details> {
    let file = std::fs::File::open(path)?;
    let complete = !check_end || ends(format, io::BufReader::new(&file), size)?;
    let mut head = Vec::new();
    io::Seek::seek(&mut &file, io::SeekFrom::Start(0))?;
    io::Read::read_to_end(&mut io::Read::take(&file, DETAILS_BYTES), &mut head)?;
    Ok(Details::read(&head, complete))
}

/// Runs disk work off the threads that answer requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        photo_bytes: 4 << 20,
        video_bytes: 8 << 20,
        declared_video: false,
        check_end: false,
    };

    fn jpeg(size: usize) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xda, 0, 2];
        bytes.resize(size - 2, 7);
        bytes.extend([0xff, 0xd9]);
        bytes
    }

    #[tokio::test]
    async fn small_and_large_bodies_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = Receiver::new(dir.path().join("bodies"), false);
        for size in [100, MEMORY_BYTES, MEMORY_BYTES + 1, 3 << 20] {
            let bytes = jpeg(size);
            let stored = receiver.receive(Body::from(bytes.clone()), LIMITS).await.unwrap();
            assert_eq!(stored.blob.bytes().await.unwrap(), bytes);
            assert_eq!(stored.hashes, crate::blob::Hashes::of(&bytes));
            assert_eq!(stored.details.format.unwrap().mime, "image/jpeg");
        }
    }

    #[tokio::test]
    async fn discarded_bodies_leave_no_file_and_are_still_checked() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = Receiver::new(dir.path().to_owned(), true);
        let limits = Limits {
            check_end: true,
            ..LIMITS
        };
        let bytes = jpeg(2 << 20);
        let whole = receiver.receive(Body::from(bytes.clone()), limits).await.unwrap();
        let cut = receiver
            .receive(Body::from(bytes[..bytes.len() - 1].to_vec()), limits)
            .await
            .unwrap();
        assert_eq!((whole.details.complete, cut.details.complete), (true, false));
        assert_eq!(whole.size, 2 << 20);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn the_limit_depends_on_the_kind() {
        let dir = tempfile::tempdir().unwrap();
        let receiver = Receiver::new(dir.path().to_owned(), false);
        let photo = receiver.receive(Body::from(jpeg(5 << 20)), LIMITS).await;
        assert!(matches!(photo, Err(NotReceived::TooLarge)), "{photo:?}");
        let mut video = b"\0\0\0\x10ftypisom\0\0\0\0".to_vec();
        video.resize(5 << 20, 0);
        receiver.receive(Body::from(video), LIMITS).await.unwrap();
        assert!(matches!(
            receiver.receive(Body::empty(), LIMITS).await,
            Err(NotReceived::Empty)
        ));
    }
}
