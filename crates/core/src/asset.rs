//! What a source lists: assets with their parts, albums with their members, and places to go on from.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AlbumId, AssetId, ByteStream, Checksums, Metadata, PartId, Result};

/// A place in a listing. `resume` works for ever; `fast` (a server's token) only until `fast_until`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Durable position in the provider's own form.
    pub resume: serde_json::Value,
    /// Short-lived server token for the same place, opaque.
    pub fast: Option<String>,
    /// When `fast` stops working.
    pub fast_until: Option<Timestamp>,
}

/// Provider-private facts needed to read an asset later (owner id, page, archive part and offset), journalled and
/// handed back untouched. Never a link or a secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locator(pub serde_json::Value);

/// What an asset is to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A still picture.
    Photo,
    /// A moving picture.
    Video,
    /// A still picture with a short clip.
    LivePhoto,
}

/// What a file is to its asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartRole {
    /// The picture or video itself.
    Primary,
    /// The clip of a live photo.
    Motion,
    /// The camera's raw file.
    Raw,
    /// An edited rendering.
    Edited,
    /// Metadata in a file of its own.
    Sidecar,
}

/// One picture or video of a library, with all its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Stable id at the source.
    pub id: AssetId,
    /// What it is.
    pub kind: MediaKind,
    /// Changes when the bytes change; opaque.
    pub revision: String,
    /// Its files, at least one; the first is the primary one.
    pub parts: Vec<Part>,
    /// What is known about it.
    pub metadata: Metadata,
    /// Its albums, where the listing tells them.
    pub albums: Option<Vec<AlbumId>>,
    /// What the source needs to find it again.
    pub locator: Locator,
    /// After this instant the source may no longer give it.
    pub read_before: Option<Timestamp>,
}

/// One file of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Stable id at the source.
    pub id: PartId,
    /// What the file is to its asset.
    pub role: PartRole,
    /// Name as the provider said it; may hold anything, becomes a path only through a confining function.
    pub file_name: String,
    /// Media type as the provider said it.
    pub media_type: Option<String>,
    /// Length in bytes.
    pub size_bytes: Option<u64>,
    /// Hashes that the provider promises.
    pub checksums: Checksums,
}

/// An album at the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Album {
    /// Stable id at the source.
    pub id: AlbumId,
    /// Title as people see it; not unique.
    pub title: String,
    /// Description.
    pub description: Option<String>,
    /// How many members the source says it has.
    pub item_count: Option<u64>,
    /// Shared with or by others.
    pub shared: bool,
}

/// One asset's place in an album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The asset.
    pub asset: AssetId,
    /// Place in the album's own order, from 0, where the source tells it.
    pub position: Option<u64>,
}

/// One page of a listing; `next` is `None` on the last one. A page may be empty and still have a next one.
#[derive(Debug)]
pub struct Page<T> {
    /// Items in order; one that cannot be read is an error of its own and does not spoil the page.
    pub items: Vec<Result<T>>,
    /// Where to go on.
    pub next: Option<Cursor>,
    /// How many items there are in all, as the source says.
    pub total_hint: Option<u64>,
}

/// The bytes of one part, on their way.
pub struct Media {
    /// First byte of the stream within the file; 0 although more was asked means that the source ignored the range.
    pub starts_at: u64,
    /// Length of the whole file, where the source says it.
    pub size_bytes: Option<u64>,
    /// The bytes.
    pub stream: ByteStream,
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("starts_at", &self.starts_at)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}
