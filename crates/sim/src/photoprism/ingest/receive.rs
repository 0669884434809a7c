//! Taking in the bytes of a file: memory, a file, or nothing but hashes and the first bytes.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use tokio::io::AsyncWriteExt;

use crate::blob::{Blob, Hasher};
use crate::photoprism::model::Stored;

/// Bodies up to this size stay in memory.
const MEMORY_BYTES: usize = 1024 * 1024;

/// Numbers the files of all servers of a process.
static FILES: AtomicU64 = AtomicU64::new(0);

/// Where bodies go.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    /// Folder for bodies that are too large for memory.
    pub(crate) dir: PathBuf,
    /// Keep hashes and first bytes only.
    pub(crate) discard: bool,
}

impl Receiver {
    /// Reads a body to its end.
    ///
    /// # Errors
    /// The client went away, or the disk did not want it; what came so far is of no use then.
    pub(crate) async fn receive<E>(
        &self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        now: Timestamp,
    ) -> io::Result<Stored>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut hasher = Hasher::default();
        let mut size = 0;
        let mut head: Vec<u8> = Vec::new();
        let mut file: Option<(PathBuf, tokio::fs::File)> = None;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(io::Error::other)?;
            hasher.update(&piece);
            size += piece.len() as u64;
            if let Some((_, file)) = &mut file {
                file.write_all(&piece).await?;
            } else if head.len() + piece.len() <= MEMORY_BYTES {
                head.extend_from_slice(&piece);
            } else if !self.discard {
                file = Some(self.overflow(&head, &piece).await?);
                head = Vec::new();
            }
        }
        let hashes = hasher.finish();
        let blob = match file {
            Some((path, mut file)) => {
                file.flush().await?;
                drop(file);
                Blob::file(path)?
            }
            None if self.discard => Blob::discarded(size, hashes, head),
            None => Blob::memory(head),
        };
        Ok(Stored {
            blob,
            sha1: hashes.sha1_hex(),
            modified: now,
        })
    }

    async fn overflow(&self, head: &[u8], piece: &[u8]) -> io::Result<(PathBuf, tokio::fs::File)> {
        tokio::fs::create_dir_all(&self.dir).await?;
        let path = self.dir.join(format!("{:08}", FILES.fetch_add(1, Ordering::Relaxed)));
        let mut file = tokio::fs::File::create(&path).await?;
        file.write_all(head).await?;
        file.write_all(piece).await?;
        Ok((path, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn small_and_large_bodies_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        for size in [0, 100, MEMORY_BYTES, MEMORY_BYTES + 1, 3 * MEMORY_BYTES] {
            let whole: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let pieces: Vec<io::Result<Bytes>> = whole
                .chunks(70_000)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let receiver = Receiver {
                dir: dir.path().join("bodies"),
                discard: false,
            };
            let stored = receiver
                .receive(futures_util::stream::iter(pieces), Timestamp::UNIX_EPOCH)
                .await
                .unwrap();
            assert_eq!(stored.blob.bytes().await.unwrap(), whole);
            assert_eq!(stored.sha1, crate::blob::Hashes::of(&whole).sha1_hex());
        }
    }
}
