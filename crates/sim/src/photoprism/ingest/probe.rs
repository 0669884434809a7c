//! Reading a file before the index takes it: type, metadata, checksum. Done without holding the world.

use std::io;

use futures_util::TryStreamExt;

use crate::blob::Blob;
use crate::facts::metadata::{Metadata, read_metadata};
use crate::photoprism::model::Stored;

use super::judge::is_whole;
use super::kinds;

/// Bytes of a file that are kept in memory while it is read; of longer videos the headers are fetched one by one.
const HEAD_BYTES: u64 = 64 * 1024 * 1024;

/// A file and what its bytes tell.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) stored: Stored,
    /// CRC-32C, part of the name in originals.
    pub(crate) crc: u32,
    /// By content.
    pub(crate) content_type: &'static str,
    /// Whether it can be decoded at least in part.
    pub(crate) whole: bool,
    pub(crate) metadata: Metadata,
    /// The bytes of a companion.
    pub(crate) text: Vec<u8>,
}

impl Probe {
    /// Reads a file that came under `name`.
    ///
    /// # Errors
    /// Its bytes cannot be read.
    pub(crate) async fn read(name: &str, stored: Stored) -> io::Result<Self> {
        let len = stored.size();
        let head = stored.blob.head(HEAD_BYTES as usize).await?;
        let content_type = kinds::content_type(name, &head);
        let is_sidecar = kinds::kind_of(name, true).is_some_and(|kind| kind.media == kinds::Media::Sidecar);
        let headers = match len > head.len() as u64 && content_type.starts_with("video/") {
            true => movie_headers(&stored.blob).await?,
            false => None,
        };
        let (whole, metadata) = match &headers {
            Some(headers) => (true, read_metadata(content_type, headers)),
            None => (is_whole(content_type, &head, len), read_metadata(content_type, &head)),
        };
        Ok(Self {
            crc: checksum(&stored).await?,
            content_type,
            whole,
            metadata,
            text: if is_sidecar { head.to_vec() } else { Vec::new() },
            stored,
        })
    }
}

/// CRC-32C of the whole file; of one whose bytes were thrown away that of its SHA-1, so that names still differ.
async fn checksum(stored: &Stored) -> io::Result<u32> {
    let whole = stored.blob.stream(0..stored.size());
    let crc = whole
        .try_fold(0, |crc, piece| async move { Ok(crc32c::crc32c_append(crc, &piece)) })
        .await;
    Ok(crc.unwrap_or_else(|_| crc32c::crc32c(stored.sha1.as_bytes())))
}

/// `ftyp` and `moov` of a file that is too large for memory; `None` if they are not there or go beyond its end.
async fn movie_headers(blob: &Blob) -> io::Result<Option<Vec<u8>>> {
    let mut headers = Vec::new();
    let mut at = 0;
    while at + 16 <= blob.len() {
        let box_head = range(blob, at, 16).await?;
        let (Some(size), Some(kind)) = (box_head.first_chunk(), box_head.get(4..8)) else {
            break;
        };
        let size = match u32::from_be_bytes(*size) {
            0 => blob.len() - at,
            1 => box_head[8..].first_chunk().map_or(0, |wide| u64::from_be_bytes(*wide)),
            size => u64::from(size),
        };
        if size < 8 || at + size > blob.len() {
            return Ok(None);
        }
        if kind == b"ftyp" || kind == b"moov" {
            headers.extend(range(blob, at, size.min(HEAD_BYTES)).await?);
        }
        at += size;
    }
    Ok((!headers.is_empty()).then_some(headers))
}

async fn range(blob: &Blob, from: u64, len: u64) -> io::Result<Vec<u8>> {
    let pieces = blob.stream(from..from + len);
    pieces
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}
