//! What a memory provider is filled with and shows.

use bytes::Bytes;

use crate::{AlbumId, AssetId, HashKinds, MediaKind, Metadata, PartRole};

/// One picture or video of a [`crate::MemoryProvider`].
///
/// [`MemoryItem::new`] fills in what is usual; all fields are public to change.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryItem {
    /// Id; the same text is the [`crate::AssetId`] of a source and the [`crate::DestId`] of a sink.
    pub id: AssetId,
    /// File name of the primary part.
    pub file_name: String,
    /// Bytes of the primary part.
    pub bytes: Bytes,
    /// Media type of the primary part.
    pub media_type: Option<String>,
    /// What it is.
    pub kind: MediaKind,
    /// What is known about it.
    pub metadata: Metadata,
    /// Hashes that the listing promises, as far as the source's capabilities name them.
    pub promise_hashes: HashKinds,
    /// Further files, such as the clip of a live photo.
    pub parts: Vec<MemoryPart>,
    /// Whether another app put it there; some sinks let such items into albums only on commit.
    pub foreign: bool,
}

impl MemoryItem {
    /// Makes a picture (a video if the file name ends like one) that promises MD5 and SHA-1 and has no metadata.
    pub fn new(id: impl Into<AssetId>, file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let file_name = file_name.into();
        let media_type = media_type(&file_name);
        let is_video = media_type.as_deref().is_some_and(|kind| kind.starts_with("video/"));
        Self {
            id: id.into(),
            file_name,
            bytes: bytes.into(),
            media_type,
            kind: if is_video { MediaKind::Video } else { MediaKind::Photo },
            metadata: Metadata::default(),
            promise_hashes: HashKinds::MD5.union(HashKinds::SHA1),
            parts: Vec::new(),
            foreign: false,
        }
    }
}

/// Tells the media type of the few extensions that tests use. Real types come from the bytes, in photomove-media.
fn media_type(file_name: &str) -> Option<String> {
    let (_, extension) = file_name.rsplit_once('.')?;
    let media_type = match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "heic" => "image/heic",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        _ => return None,
    };
    Some(media_type.into())
}

/// A further file of a [`MemoryItem`].
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryPart {
    /// What the file is to its item.
    pub role: PartRole,
    /// File name.
    pub file_name: String,
    /// Bytes.
    pub bytes: Bytes,
    /// Media type.
    pub media_type: Option<String>,
}

/// An album of a [`crate::MemoryProvider`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryAlbum {
    /// Id; the same text is the [`crate::AlbumId`] of a source and the [`crate::DestAlbumId`] of a sink.
    pub id: AlbumId,
    /// Title, not unique.
    pub title: String,
    /// Description.
    pub description: Option<String>,
    /// Members in order.
    pub members: Vec<AssetId>,
}

impl MemoryAlbum {
    /// Makes an album without a description.
    pub fn new(id: impl Into<AlbumId>, title: impl Into<String>, members: impl IntoIterator<Item = AssetId>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            description: None,
            members: members.into_iter().collect(),
        }
    }
}

/// What is wrong with the bytes that a damaged item gives when it is opened; its listing stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// As many bytes as promised, the last one of them wrong.
    WrongBytes,
    /// The stream ends after this many bytes of the file as if that were all.
    EndsAfter(u64),
    /// The stream fails with a network error after this many bytes of the file.
    BreaksAfter(u64),
}

/// When an injected failure strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailWhen {
    /// Before anything was done.
    Before,
    /// After all was done: only the reply is lost.
    AfterActing,
}
