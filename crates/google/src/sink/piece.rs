//! A part of a body on its way, with the end of the file kept for later.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use photomove_core::{Body, ByteStream, BytesBody, Checksums, Error, ErrorKind, Result, SharedClock};

/// A body up to `end`.
///
/// What follows is read too, before the last bytes up to `end` are handed over: the source is read in one go, and a
/// request that was sent whole has a whole file behind it.
pub(super) struct Piece<'b> {
    body: &'b dyn Body,
    end: u64,
    clock: SharedClock,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Bytes that were handed over.
    sent: AtomicU64,
    failed: AtomicBool,
    tail: Mutex<Option<Bytes>>,
    ended: Mutex<Option<Timestamp>>,
}

impl<'b> Piece<'b> {
    pub(super) fn new(body: &'b dyn Body, end: u64, clock: &SharedClock) -> Self {
        Self {
            body,
            end,
            clock: Arc::clone(clock),
            seen: Arc::default(),
        }
    }

    /// Returns how many bytes were handed over.
    pub(super) fn sent(&self) -> u64 {
        self.seen.sent.load(Ordering::SeqCst)
    }

    /// Says whether it was the body itself that failed.
    pub(super) fn has_failed(&self) -> bool {
        self.seen.failed.load(Ordering::SeqCst)
    }

    /// Returns when its last byte was handed over.
    pub(super) fn ended(&self) -> Option<Timestamp> {
        *self.seen.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what follows `end`, if it was read.
    pub(super) fn take_tail(&self) -> Option<Bytes> {
        self.seen.tail.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Reads the end of a body.
pub(super) async fn read_tail(body: &dyn Body, offset: u64) -> Result<Bytes> {
    rest_of(
        &mut body.stream(offset).await?,
        body.size_bytes() - offset,
        Bytes::new(),
    )
    .await
}

/// Reads exactly `left` bytes, of which the first are at hand.
async fn rest_of(stream: &mut ByteStream, left: u64, first: Bytes) -> Result<Bytes> {
    // Exactly as much as is needed: it is the largest piece of memory of an upload.
    let mut rest = BytesMut::with_capacity(usize::try_from(left).unwrap_or_default());
    rest.extend_from_slice(&first);
    drop(first);
    while let Some(chunk) = stream.next().await {
        rest.extend_from_slice(&chunk?);
        if rest.len() as u64 > left {
            break;
        }
    }
    match rest.len() as u64 {
        size if size == left => Ok(rest.freeze()),
        size if size < left => Err(changed("shorter")),
        _ => Err(changed("longer")),
    }
}

fn changed(how: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the file to send is {how} than was said"))
}

struct Reading {
    stream: ByteStream,
    /// Bytes up to the end of the piece.
    left: u64,
    /// Bytes behind it.
    behind: u64,
    clock: SharedClock,
    seen: Arc<Seen>,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<Bytes>> {
        if self.left == 0 {
            return None;
        }
        let chunk = match self.stream.next().await {
            None => return Some(Err(changed("shorter"))),
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(chunk)) => chunk,
        };
        if (chunk.len() as u64) < self.left {
            self.left -= chunk.len() as u64;
            return Some(Ok(chunk));
        }
        let mut last = chunk;
        // Not longer than the chunk, so that it fits.
        let rest = last.split_off(usize::try_from(self.left).unwrap_or(usize::MAX));
        match rest_of(&mut self.stream, self.behind, rest).await {
            Ok(tail) => {
                self.left = 0;
                *self.seen.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(tail);
                *self.seen.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
                Some(Ok(last))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

#[async_trait]
impl Body for Piece<'_> {
    fn size_bytes(&self) -> u64 {
        self.end
    }

    fn checksums(&self) -> &Checksums {
        self.body.checksums()
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        self.seen.sent.store(0, Ordering::SeqCst);
        self.take_tail();
        let opened = self.body.stream(offset).await;
        let stream = opened.inspect_err(|_| self.seen.failed.store(true, Ordering::SeqCst))?;
        let reading = Reading {
            stream,
            left: self.end - offset,
            behind: self.body.size_bytes() - self.end,
            clock: Arc::clone(&self.clock),
            seen: Arc::clone(&self.seen),
        };
        let pieces = stream::unfold(Some(reading), |reading| async move {
            let mut reading = reading?;
            match reading.next().await? {
                Ok(chunk) => {
                    reading.seen.sent.fetch_add(chunk.len() as u64, Ordering::SeqCst);
                    Some((Ok(chunk), Some(reading)))
                }
                Err(error) => {
                    reading.seen.failed.store(true, Ordering::SeqCst);
                    Some((Err(error), None))
                }
            }
        });
        Ok(pieces.boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        self.body.seal().await
    }
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece").field("end", &self.end).finish_non_exhaustive()
    }
}

/// The end of a file, at its place in the file.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) bytes: BytesBody,
    pub(super) start: u64,
}

#[async_trait]
impl Body for Rest {
    fn size_bytes(&self) -> u64 {
        self.start + self.bytes.size_bytes()
    }

    fn checksums(&self) -> &Checksums {
        self.bytes.checksums()
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        self.bytes.stream(offset.saturating_sub(self.start)).await
    }

    async fn seal(&self) -> Result<Checksums> {
        self.bytes.seal().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use photomove_core::SystemClock;

    use super::*;

    #[tokio::test]
    async fn a_piece_ends_where_it_should_and_the_rest_is_kept() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let body = BytesBody::new(bytes.clone());
        for (offset, end) in [(0, 131_072), (7, 65_543), (100_000, 199_999), (0, 200_000)] {
            let piece = Piece::new(&body, end, &SystemClock::shared());
            let sent: Vec<Bytes> = piece.stream(offset).await.unwrap().try_collect().await.unwrap();
            let (offset, end) = (usize::try_from(offset).unwrap(), usize::try_from(end).unwrap());
            assert_eq!(sent.concat(), bytes[offset..end]);
            assert_eq!(piece.sent(), (end - offset) as u64);
            assert_eq!(piece.take_tail().unwrap(), bytes[end..]);
            assert!(!piece.has_failed());
        }
        assert_eq!(read_tail(&body, 199_990).await.unwrap(), bytes[199_990..]);
        assert_eq!(read_tail(&body, 200_000).await.unwrap(), "");
    }

    /// Says another length than it has.
    #[derive(Debug)]
    struct Liar(BytesBody, u64);

    #[async_trait]
    impl Body for Liar {
        fn size_bytes(&self) -> u64 {
            self.1
        }

        fn checksums(&self) -> &Checksums {
            self.0.checksums()
        }

        async fn stream(&self, offset: u64) -> Result<ByteStream> {
            self.0.stream(offset).await
        }

        async fn seal(&self) -> Result<Checksums> {
            self.0.seal().await
        }
    }

    #[tokio::test]
    async fn a_body_of_another_length_never_gives_its_last_bytes() {
        for said in [99_999, 100_001] {
            let liar = Liar(BytesBody::new(vec![7; 100_000]), said);
            let piece = Piece::new(&liar, 65_537, &SystemClock::shared());
            let failed = piece.stream(0).await.unwrap().try_collect::<Vec<_>>().await;
            assert_eq!(*failed.unwrap_err().kind(), ErrorKind::Corrupt);
            assert!(piece.has_failed() && piece.sent() < 65_537);
            assert!(read_tail(&liar, 99_000).await.is_err());
        }
    }
}
