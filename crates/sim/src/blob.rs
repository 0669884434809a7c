//! Bodies of items: in memory, in a file, computed, or thrown away after hashing.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use md5::{Digest, Md5};
use sha1::Sha1;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::OnceCell;

use crate::synthetic::Shape;
use crate::synthetic::video::VideoShape;

/// Bytes that one element of a [`Blob::stream`] has at most, so that memory stays flat.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// MD5 and SHA-1 of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes {
    /// The 16 bytes of the MD5.
    pub md5: [u8; 16],
    /// The 20 bytes of the SHA-1.
    pub sha1: [u8; 20],
}

impl Hashes {
    /// Hashes bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// MD5 as 32 lower-case hexadecimal digits.
    pub fn md5_hex(&self) -> String {
        hex(&self.md5)
    }

    /// SHA-1 as 40 lower-case hexadecimal digits.
    pub fn sha1_hex(&self) -> String {
        hex(&self.sha1)
    }
}

/// Takes MD5 and SHA-1 of a body while it streams by.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    md5: Md5,
    sha1: Sha1,
}

impl Hasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
    }

    /// The hashes of all bytes added.
    pub fn finish(self) -> Hashes {
        Hashes {
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
        }
    }
}

/// The body of one item; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Blob(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Memory(Bytes, Arc<OnceLock<Hashes>>),
    File(Arc<FileBody>),
    Synthetic(Arc<Shape>, u64),
    Video(Arc<VideoShape>, u64),
    Discarded(Arc<DiscardedBody>),
}

#[derive(Debug)]
struct FileBody {
    path: PathBuf,
    len: u64,
    hashes: OnceCell<Hashes>,
}

#[derive(Debug)]
struct DiscardedBody {
    len: u64,
    hashes: Hashes,
    head: Bytes,
}

impl Blob {
    /// A body that is kept in memory.
    pub fn memory(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Memory(bytes.into(), Arc::default()))
    }

    /// A body that stays in its file and is read when asked for; the file must not change meanwhile.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn file(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let len = std::fs::metadata(&path)?.len();
        Ok(Self(Kind::File(Arc::new(FileBody {
            path,
            len,
            hashes: OnceCell::new(),
        }))))
    }

    /// A computed JPEG: the same for the same shape and index, different for every index.
    pub(crate) fn synthetic(shape: Arc<Shape>, index: u64) -> Self {
        Self(Kind::Synthetic(shape, index))
    }

    /// A computed MP4: the same for the same shape and index, different for every index.
    pub(crate) fn synthetic_video(shape: Arc<VideoShape>, index: u64) -> Self {
        Self(Kind::Video(shape, index))
    }

    /// A body of which only length, hashes and first bytes were kept (`--discard`).
    pub fn discarded(len: u64, hashes: Hashes, head: impl Into<Bytes>) -> Self {
        Self(Kind::Discarded(Arc::new(DiscardedBody {
            len,
            hashes,
            head: head.into(),
        })))
    }

    /// Length in bytes.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a body of 0 bytes is a body like any other here"
    )]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kind::Memory(bytes, _) => bytes.len() as u64,
            Kind::File(file) => file.len,
            Kind::Synthetic(shape, _) => shape.len(),
            Kind::Video(shape, _) => shape.len(),
            Kind::Discarded(body) => body.len,
        }
    }

    /// MD5 and SHA-1 of the whole body; taken once and remembered.
    ///
    /// # Errors
    /// The file of the body cannot be read.
    pub async fn hashes(&self) -> io::Result<Hashes> {
        match &self.0 {
            Kind::Memory(bytes, known) => Ok(*known.get_or_init(|| Hashes::of(bytes))),
            Kind::File(file) => file.hashes.get_or_try_init(|| hash_file(&file.path)).await.copied(),
            Kind::Synthetic(shape, index) => Ok(shape.hashes(*index)),
            Kind::Video(shape, index) => {
                let (shape, index) = (Arc::clone(shape), *index);
                // Takes seconds for gigabytes; goes on when the asker is gone, so that asking again is no new start.
                let hashed = tokio::task::spawn_blocking(move || shape.hashes(index)).await;
                hashed.map_err(io::Error::other)
            }
            Kind::Discarded(body) => Ok(body.hashes),
        }
    }

    /// The hashes without waiting; `None` for a file or a computed video whose [`hashes`](Self::hashes) nobody has asked
    /// for yet.
    pub fn known_hashes(&self) -> Option<Hashes> {
        match &self.0 {
            Kind::Memory(bytes, known) => Some(*known.get_or_init(|| Hashes::of(bytes))),
            Kind::File(file) => file.hashes.get().copied(),
            Kind::Synthetic(shape, index) => Some(shape.hashes(*index)),
            Kind::Video(shape, index) => shape.known_hashes(*index),
            Kind::Discarded(body) => Some(body.hashes),
        }
    }

    /// Whether its hashes can be had without reading gigabytes.
    pub(crate) fn is_quick_to_hash(&self) -> bool {
        !matches!(self.0, Kind::Video(..))
    }

    /// Whether its bytes are computed when they are asked for.
    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.0, Kind::Synthetic(..) | Kind::Video(..))
    }

    /// Whether its hashes need the disk.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.0, Kind::File(_))
    }

    /// The bytes of `range`, cut to the body's end, in pieces of at most [`CHUNK_BYTES`].
    pub fn stream(&self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        let range = range.start.min(self.len())..range.end.min(self.len());
        match &self.0 {
            Kind::Memory(bytes, _) => chunks(bytes.slice(range.start as usize..range.end as usize)),
            Kind::File(file) => stream::once(open_at(file.path.clone(), range))
                .map_ok(read_chunks)
                .try_flatten()
                .boxed(),
            Kind::Synthetic(shape, index) => {
                let (shape, index) = (Arc::clone(shape), *index);
                stream::iter(split(range))
                    .map(move |piece| Ok(shape.bytes(index, piece)))
                    .boxed()
            }
            Kind::Video(shape, index) => {
                let (shape, index) = (Arc::clone(shape), *index);
                stream::iter(split(range))
                    .map(move |piece| Ok(shape.bytes(index, piece)))
                    .boxed()
            }
            Kind::Discarded(_) => stream::once(async {
                Err(io::Error::other(
                    "the body was discarded; start the stand-in without `--discard` to read it back",
                ))
            })
            .boxed(),
        }
    }

    /// The first `n` bytes, or all if there are fewer.
    ///
    /// # Errors
    /// The file of the body cannot be read.
    pub async fn head(&self, n: usize) -> io::Result<Bytes> {
        if let Kind::Discarded(body) = &self.0 {
            return Ok(body.head.slice(..n.min(body.head.len())));
        }
        self.collect(0..n as u64).await
    }

    /// The whole body in memory: for tests and small items.
    ///
    /// # Errors
    /// The file of the body cannot be read, or the body was discarded.
    pub async fn bytes(&self) -> io::Result<Bytes> {
        self.collect(0..self.len()).await
    }

    async fn collect(&self, range: Range<u64>) -> io::Result<Bytes> {
        let whole = self
            .stream(range)
            .try_fold(BytesMut::new(), |mut all, piece| async move {
                all.extend_from_slice(&piece);
                Ok(all)
            });
        Ok(whole.await?.freeze())
    }
}

fn split(range: Range<u64>) -> impl Iterator<Item = Range<u64>> + Send {
    let end = range.end;
    range
        .step_by(CHUNK_BYTES)
        .map(move |start| start..end.min(start + CHUNK_BYTES as u64))
}

fn chunks(bytes: Bytes) -> BoxStream<'static, io::Result<Bytes>> {
    let pieces = split(0..bytes.len() as u64);
    stream::iter(pieces)
        .map(move |piece| Ok(bytes.slice(piece.start as usize..piece.end as usize)))
        .boxed()
}

async fn open_at(path: PathBuf, range: Range<u64>) -> io::Result<(tokio::fs::File, u64)> {
    let mut file = tokio::fs::File::open(path).await?;
    file.seek(io::SeekFrom::Start(range.start)).await?;
    Ok((file, range.end - range.start))
}

fn read_chunks((file, left): (tokio::fs::File, u64)) -> BoxStream<'static, io::Result<Bytes>> {
    stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::zeroed(CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES)));
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"));
        }
        piece.truncate(read);
        Ok(Some((piece.freeze(), (file, left - read as u64))))
    })
    .boxed()
}

async fn hash_file(path: &Path) -> io::Result<Hashes> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::open(path)?;
        let mut hasher = Hasher::default();
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            match io::Read::read(&mut file, &mut buffer)? {
                0 => return Ok(hasher.finish()),
                read => hasher.update(&buffer[..read]),
            }
        }
    })
    .await
    .map_err(io::Error::other)?
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_kind_of_body_gives_the_same_bytes_and_hashes() {
        let content: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("body");
        std::fs::write(&path, &content).unwrap();
        for blob in [Blob::memory(content.clone()), Blob::file(&path).unwrap()] {
            assert_eq!(blob.len(), 200_000);
            assert_eq!(blob.bytes().await.unwrap(), content);
            assert_eq!(blob.hashes().await.unwrap(), Hashes::of(&content));
            assert_eq!(blob.head(5).await.unwrap(), content[..5]);
            assert_eq!(blob.collect(70_000..140_001).await.unwrap(), content[70_000..140_001]);
            assert_eq!(blob.collect(199_999..900_000).await.unwrap(), content[199_999..]);
        }
    }

    #[test]
    fn hashes_are_written_as_known_test_vectors() {
        let hashes = Hashes::of(b"abc");
        assert_eq!(hashes.md5_hex(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hashes.sha1_hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[tokio::test]
    async fn a_discarded_body_keeps_its_facts_and_says_why_it_cannot_be_read() {
        let blob = Blob::discarded(3, Hashes::of(b"abc"), &b"ab"[..]);
        assert_eq!(blob.len(), 3);
        assert_eq!(blob.head(10).await.unwrap(), "ab");
        assert_eq!(blob.hashes().await.unwrap(), Hashes::of(b"abc"));
        assert!(blob.bytes().await.unwrap_err().to_string().contains("discarded"));
    }
}
