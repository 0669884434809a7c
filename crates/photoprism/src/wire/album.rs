//! Albums and what is in them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::or_unset;
use super::{AlbumType, Source, nullable};

/// An album: a record of its own (`GET /albums/:uid`) or a row of the search, which alone has the counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Album {
    /// Number; not in search rows.
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Id, `a…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Id of the album above.
    #[serde(rename = "ParentUID")]
    pub parent_uid: String,
    /// Short name for addresses; follows the title and is not unique.
    pub slug: String,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: AlbumType,
    /// Title, not unique.
    pub title: String,
    /// Location.
    pub location: String,
    /// Category.
    pub category: String,
    /// Caption.
    pub caption: String,
    /// Description.
    pub description: String,
    /// Notes.
    pub notes: String,
    /// A stored search; an album with one shows what is found.
    pub filter: String,
    /// In which order the web page shows it; a search of its content does not follow it.
    pub order: String,
    /// Template.
    pub template: String,
    /// Folder, of folder albums.
    pub path: String,
    /// State, of state albums.
    pub state: String,
    /// Two lower-case letters; `zz` for not known.
    pub country: String,
    /// Year; 0 for none.
    pub year: i32,
    /// Month; 0 for none.
    pub month: i32,
    /// Day; 0 for none.
    pub day: i32,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether it is private.
    pub private: bool,
    /// SHA-1 of the cover's file.
    pub thumb: String,
    /// Where the cover comes from.
    pub thumb_src: Source,
    /// Number of visible photos; in search rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_count: Option<u64>,
    /// Number of share links; in search rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_count: Option<u64>,
    /// Id of the user who made it.
    pub created_by: String,
    /// When it was made.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// When it was published.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(deserialize_with = "or_unset")]
    pub deleted_at: Option<Timestamp>,
    /// What else came; with the named fields it makes the whole reply.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Album {
    /// Returns the record as JSON, what has no name here among it.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Says whether its content is a stored search: then nothing can be added to it, although the server says so.
    pub fn is_smart(&self) -> bool {
        !self.filter.is_empty()
    }
}

/// A change of an album: what is `None` stays as it is.
///
/// Limits in characters: title, location 160, category 100, caption and notes 1024, description 2048; filter 2048 bytes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlbumProperties {
    /// Title; changes the slug and need not be unique. An empty one is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Category; written With Capitals by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Two lower-case letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// A stored search; makes a smart album of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// In which order the web page shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// Template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it is. **To be left alone**: the server does change it.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AlbumType>,
    /// Whether it is a favourite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
    /// Whether it is private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// SHA-1 of the cover's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb: Option<String>,
    /// Where the cover comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_src: Option<Source>,
    /// Fields that have no name here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl AlbumProperties {
    /// Sets the title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

/// That a photo is in an album.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AlbumEntry {
    /// Id of the photo.
    #[serde(rename = "PhotoUID")]
    pub photo_uid: String,
    /// Id of the album.
    #[serde(rename = "AlbumUID")]
    pub album_uid: String,
    /// Always 0: albums have no order of their own.
    pub order: i64,
    /// Whether it was removed or its photo archived.
    pub hidden: bool,
    /// Whether the photo vanished.
    pub missing: bool,
    /// When it was made; none where it was there before.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a change of an album's content did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AlbumChange {
    /// The album.
    pub album: Album,
    /// Ids of the photos that exist of those that were named; one that is not here does not exist.
    #[serde(deserialize_with = "nullable")]
    pub photos: Vec<String>,
    /// Entries that were added; those that were there before among them.
    #[serde(deserialize_with = "nullable")]
    pub added: Vec<AlbumEntry>,
    /// Entries that were removed; photos that never were in the album among them.
    #[serde(deserialize_with = "nullable")]
    pub removed: Vec<AlbumEntry>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
