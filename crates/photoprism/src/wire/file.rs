//! Files of a photo and the regions marked in them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::or_unset;
use super::{MediaType, Root, Source, nullable};

/// One file of a photo, as `GET /files/:hash` and the photo's `Files` tell it.
///
/// The server leaves out what is zero, empty or false, so that a missing number reads as 0 and a missing text as empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct File {
    /// Id, `f…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Id of the photo that it belongs to now; a merge moves files to another one.
    #[serde(rename = "PhotoUID")]
    pub photo_uid: String,
    /// Path relative to the root.
    pub name: String,
    /// Root folder.
    pub root: Root,
    /// SHA-1 of the content, 40 lower-case hex digits.
    pub hash: String,
    /// Length in bytes.
    pub size: u64,
    /// Whether previews are made of it; one file of a photo is, else the photo is shown nowhere.
    pub primary: bool,
    /// Key of the order by time; none for missing files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_index: Option<String>,
    /// Key of the order of adding; none for missing files.
    #[serde(rename = "MediaID", skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// When it was taken, in milliseconds since 1970.
    #[serde(rename = "MediaUTC")]
    pub media_utc: i64,
    /// XMP instance id.
    #[serde(rename = "InstanceID")]
    pub instance_id: String,
    /// Name before import, with extension.
    pub original_name: String,
    /// Codec, such as `jpeg`, `heic`, `avc1`.
    pub codec: String,
    /// Type by extension, such as `jpg`, `dng`, `mov`.
    pub file_type: String,
    /// What it is.
    pub media_type: MediaType,
    /// Media type of the content.
    pub mime: String,
    /// Whether it is a companion.
    pub sidecar: bool,
    /// Whether it vanished from the server's disk.
    pub missing: bool,
    /// Whether it is higher than wide.
    pub portrait: bool,
    /// Whether it is a video.
    pub video: bool,
    /// Length of a video in nanoseconds.
    pub duration: i64,
    /// Pictures a second.
    #[serde(rename = "FPS")]
    pub fps: f64,
    /// Number of pictures.
    pub frames: i64,
    /// Width in pixels, as shown.
    pub width: u32,
    /// Height in pixels, as shown.
    pub height: u32,
    /// Exif orientation, 1 to 8.
    pub orientation: u8,
    /// Where the orientation comes from.
    pub orientation_src: Source,
    /// Projection, such as `equirectangular`.
    pub projection: String,
    /// Width by height.
    pub aspect_ratio: f64,
    /// Whether it has a high dynamic range.
    #[serde(rename = "HDR")]
    pub hdr: bool,
    /// Whether it has a watermark.
    pub watermark: bool,
    /// Colour profile.
    pub color_profile: String,
    /// Name of the main colour.
    pub main_color: String,
    /// Colours of nine fields, a hex digit each.
    pub colors: String,
    /// Brightness of nine fields, a hex digit each.
    pub luminance: String,
    /// Perceptual hash; -1 if it is no preview picture.
    pub diff: i64,
    /// Colourfulness; -1 if it is no preview picture.
    pub chroma: i64,
    /// Program that wrote it.
    pub software: String,
    /// What went wrong with it; then it is hidden in normal searches.
    pub error: String,
    /// Time of change on disk, in seconds since 1970.
    pub mod_time: i64,
    /// When it became known.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// How long indexing took, in nanoseconds.
    pub created_in: i64,
    /// When its record changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// How long indexing anew took, in nanoseconds.
    pub updated_in: i64,
    /// When it was removed.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Regions, of faces above all.
    #[serde(deserialize_with = "nullable")]
    pub markers: Vec<Marker>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl File {
    /// Says whether it is something that people put there, not a preview that the server made.
    pub fn is_original(&self) -> bool {
        self.root == Root::Originals
    }

    /// Returns the name on the server's disk without folders.
    pub fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// A region of a picture, of a face above all; sizes are parts of the whole, 0 to 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Marker {
    /// Id, `m…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Id of the file.
    #[serde(rename = "FileUID")]
    pub file_uid: String,
    /// What it marks, `face` above all.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Where the region comes from.
    pub src: Source,
    /// Name of the person.
    pub name: String,
    /// Whether somebody should look at it.
    pub review: bool,
    /// Whether somebody said that it is none.
    pub invalid: bool,
    /// Id of the face.
    #[serde(rename = "FaceID")]
    pub face_id: String,
    /// Id of the person.
    #[serde(rename = "SubjUID")]
    pub subj_uid: String,
    /// Where the person's name comes from.
    pub subj_src: Source,
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
    /// How good the face is.
    pub q: i64,
    /// Size in pixels.
    pub size: i64,
    /// How sure the server is.
    pub score: i64,
    /// Hash and area of its little picture.
    pub thumb: String,
    /// When it became known.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
