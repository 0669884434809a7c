//! Bytes on their way to a sink.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::{Checksums, Error, ErrorKind, Result};

/// A stream of chunks; ends after the first error.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// A file that can be opened as often as needed; its length is known before its first byte, and its hashes too unless it
/// streams from the source straight into the destination.
#[async_trait]
pub trait Body: fmt::Debug + Send + Sync {
    /// Returns the length in bytes; `stream(0)` yields exactly this many.
    fn size_bytes(&self) -> u64;
    /// Returns the hashes of the whole file as far as they are known before its first byte: all that are needed if the
    /// file was received before, else those that the source promised.
    fn checksums(&self) -> &Checksums;
    /// Opens the bytes from `offset` on.
    ///
    /// # Errors
    /// When the bytes are gone or `offset` is past the end.
    async fn stream(&self, offset: u64) -> Result<ByteStream>;
    /// Tells the hashes of what was streamed, once the last byte was; called before an upload is made final.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] if the bytes are not those that the source promised: the upload must be given up then.
    async fn seal(&self) -> Result<Checksums>;
}

/// A body in memory.
#[derive(Clone)]
pub struct BytesBody {
    bytes: Bytes,
    checksums: Checksums,
}

impl BytesBody {
    const CHUNK_BYTES: usize = 64 * 1024;

    /// Takes the bytes and hashes them.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let checksums = Checksums::of(&bytes);
        Self { bytes, checksums }
    }

    /// Takes the bytes and the hashes that were taken while they arrived.
    pub fn with_checksums(bytes: Bytes, checksums: Checksums) -> Self {
        Self { bytes, checksums }
    }

    /// Makes a stream of the given bytes in chunks of moderate size.
    pub fn chunks(bytes: Bytes) -> ByteStream {
        stream::unfold(bytes, |mut rest| async move {
            if rest.is_empty() {
                return None;
            }
            let chunk = rest.split_to(rest.len().min(Self::CHUNK_BYTES));
            Some((Ok(chunk), rest))
        })
        .boxed()
    }
}

impl fmt::Debug for BytesBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BytesBody")
            .field("size_bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Body for BytesBody {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn checksums(&self) -> &Checksums {
        &self.checksums
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        let offset = usize::try_from(offset)
            .ok()
            .filter(|offset| *offset <= self.bytes.len())
            .ok_or_else(|| Error::new(ErrorKind::Internal, "offset is past the end of the body"))?;
        Ok(Self::chunks(self.bytes.slice(offset..)))
    }

    async fn seal(&self) -> Result<Checksums> {
        Ok(self.checksums)
    }
}
