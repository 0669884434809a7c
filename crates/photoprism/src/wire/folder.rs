//! Folders of the server, months with photos, and photos on a map.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::or_unset;
use super::{File, MediaType, Root, nullable};

/// What a folder of the server holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FolderList {
    /// Root folder.
    pub root: Root,
    /// Folders; `None` where the folder does not exist or could not be read.
    pub folders: Option<Vec<Folder>>,
    /// Files, as the index knows them; only if a count was asked for.
    #[serde(deserialize_with = "nullable")]
    pub files: Vec<File>,
    /// Whether folders of folders are listed.
    pub recursive: bool,
    /// Whether the server answered from memory.
    pub cached: bool,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Folder {
    /// Path relative to the root.
    pub path: String,
    /// Root folder.
    pub root: Root,
    /// Id, `d…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// What it is; usually empty.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Title.
    pub title: String,
    /// Category.
    pub category: String,
    /// In which order the web page shows it.
    pub order: String,
    /// Two lower-case letters; `zz` for not known.
    pub country: String,
    /// Year.
    pub year: i32,
    /// Month.
    pub month: i32,
    /// Day.
    pub day: i32,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is not indexed.
    pub ignore: bool,
    /// Whether it is watched.
    pub watch: bool,
    /// Number of files.
    pub file_count: i64,
    /// When it changed on disk.
    #[serde(deserialize_with = "or_unset")]
    pub modified_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Photos of a month.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Moment {
    /// Label.
    pub label: String,
    /// Year.
    pub year: i32,
    /// Month.
    pub month: i32,
    /// State.
    pub state: String,
    /// Country.
    pub country: String,
    /// Number of photos.
    pub photo_count: u64,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Photos with a position, as GeoJSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GeoResult {
    /// Rectangle around all: west, south, east, north in degrees.
    #[serde(deserialize_with = "nullable")]
    pub bbox: Vec<f64>,
    /// Photos.
    #[serde(deserialize_with = "nullable")]
    pub features: Vec<GeoFeature>,
}

/// A photo on the map.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GeoFeature {
    /// Where.
    pub geometry: GeoPoint,
    /// What.
    pub properties: GeoPhoto,
}

/// A point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GeoPoint {
    /// Longitude, then latitude, in degrees.
    #[serde(deserialize_with = "nullable")]
    pub coordinates: Vec<f64>,
}

impl GeoFeature {
    /// Returns latitude and longitude in degrees.
    pub fn position(&self) -> Option<(f64, f64)> {
        match self.geometry.coordinates[..] {
            [lng, lat, ..] => Some((lat, lng)),
            _ => None,
        }
    }
}

/// What the map says of a photo.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GeoPhoto {
    /// Id of the photo.
    #[serde(rename = "UID")]
    pub uid: String,
    /// SHA-1 of its primary file.
    pub hash: String,
    /// What it is; left out for pictures.
    #[serde(rename = "Type")]
    pub kind: MediaType,
    /// Title.
    pub title: String,
    /// When it was taken.
    #[serde(deserialize_with = "or_unset")]
    pub taken_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
