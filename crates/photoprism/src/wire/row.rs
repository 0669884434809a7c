//! Rows of the photo search.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::{local_or_unset, or_unset};
use super::{CameraType, File, LocalTime, MediaType, Root, Source};

/// A row of the photo search: **a file, not a photo**, unless files were merged or only primary ones asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PhotoRow {
    /// Number of the photo as text; merged rows have the number of the file behind a hyphen. See [`PhotoRow::photo_id`].
    #[serde(rename = "ID")]
    pub id: String,
    /// Id of the photo, `p…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// XMP or Exif document id.
    #[serde(rename = "DocumentID")]
    pub document_id: String,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: MediaType,
    /// Always empty in rows, whatever the photo has.
    pub type_src: Source,
    /// When it was taken, UTC.
    #[serde(deserialize_with = "or_unset")]
    pub taken_at: Option<Timestamp>,
    /// What the clock on the wall said then.
    #[serde(deserialize_with = "local_or_unset")]
    pub taken_at_local: Option<LocalTime>,
    /// Where the time comes from.
    pub taken_src: Source,
    /// Zone; see [`super::Photo::time_zone`].
    pub time_zone: String,
    /// Folder of the main file.
    pub path: String,
    /// Name of the main file without extension.
    pub name: String,
    /// Name before import without extension.
    pub original_name: String,
    /// Title.
    pub title: String,
    /// Caption, as servers since 2025 call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Caption, as servers before 2025 call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Year, wall clock; -1 for not known.
    pub year: i32,
    /// Month, wall clock; -1 for not known.
    pub month: i32,
    /// Day, wall clock; -1 for not known.
    pub day: i32,
    /// Two lower-case letters; `zz` for not known.
    pub country: String,
    /// 0 may be stacked, 1 is stacked, -1 never.
    pub stack: i8,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is a scan.
    pub scan: bool,
    /// Whether it is a panorama.
    pub panorama: bool,
    /// Sensitivity.
    pub iso: i64,
    /// Millimetres.
    pub focal_length: i64,
    /// Aperture.
    pub f_number: f64,
    /// Exposure time.
    pub exposure: String,
    /// Number of faces.
    pub faces: i64,
    /// -1 hidden, below 3 in review, up to 7.
    pub quality: i32,
    /// Megapixels, rounded.
    pub resolution: i64,
    /// Nanoseconds.
    pub duration: i64,
    /// Number of the main colour.
    pub color: i64,
    /// Number of the camera.
    #[serde(rename = "CameraID")]
    pub camera_id: u64,
    /// Serial number of the camera.
    pub camera_serial: String,
    /// Where the camera comes from.
    pub camera_src: Source,
    /// Maker of the camera.
    pub camera_make: String,
    /// Model of the camera.
    pub camera_model: String,
    /// What the camera is.
    pub camera_type: CameraType,
    /// Number of the lens.
    #[serde(rename = "LensID")]
    pub lens_id: u64,
    /// Maker of the lens.
    pub lens_make: String,
    /// Model of the lens.
    pub lens_model: String,
    /// Metres.
    pub altitude: f64,
    /// Degrees; 0 and 0 mean none.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// Id of the cell.
    #[serde(rename = "CellID")]
    pub cell_id: String,
    /// Metres.
    pub cell_accuracy: i64,
    /// Id of the place.
    #[serde(rename = "PlaceID")]
    pub place_id: String,
    /// Where the place comes from.
    pub place_src: Source,
    /// Name of the place in full.
    pub place_label: String,
    /// City.
    pub place_city: String,
    /// State.
    pub place_state: String,
    /// Country of the place.
    pub place_country: String,
    /// XMP instance id of the row's file.
    #[serde(rename = "InstanceID")]
    pub instance_id: String,
    /// Id of the row's file.
    #[serde(rename = "FileUID")]
    pub file_uid: String,
    /// Root folder of the row's file.
    pub file_root: Root,
    /// Path of the row's file relative to its root.
    pub file_name: String,
    /// SHA-1 of the row's file.
    pub hash: String,
    /// Width of the row's file in pixels.
    pub width: u32,
    /// Height of the row's file in pixels.
    pub height: u32,
    /// Whether the row's file is higher than wide.
    pub portrait: bool,
    /// Whether two files or more were merged into the row.
    pub merged: bool,
    /// When the photo became known.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When its record changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// When somebody edited it.
    #[serde(deserialize_with = "or_unset")]
    pub edited_at: Option<Timestamp>,
    /// When the server's background work looked at it.
    #[serde(deserialize_with = "or_unset")]
    pub checked_at: Option<Timestamp>,
    /// When it was archived.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Files, if merged rows were asked for.
    pub files: Option<Vec<File>>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl PhotoRow {
    /// Returns the number of the photo.
    pub fn photo_id(&self) -> Option<u64> {
        self.id.split('-').next()?.parse().ok()
    }

    /// Returns the caption, whatever the server calls it.
    pub fn caption_text(&self) -> &str {
        self.caption
            .as_deref()
            .or(self.description.as_deref())
            .unwrap_or_default()
    }

    /// Returns the files of a merged row.
    pub fn all_files(&self) -> &[File] {
        self.files.as_deref().unwrap_or_default()
    }

    /// Returns the position, `None` where it is 0 and 0, which means that there is none.
    pub fn position(&self) -> Option<(f64, f64)> {
        (self.lat != 0.0 || self.lng != 0.0).then_some((self.lat, self.lng))
    }
}
