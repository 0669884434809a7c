//! The whole record of a photo.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::{local_or_unset, or_unset};
use super::{Album, CameraType, Color, Details, File, Label, LocalTime, MediaType, Source, nullable};

/// What `Stack` of a photo that must never be merged says.
pub const UNSTACKED: i8 = -1;

/// A photo: one or more files with common metadata. Archived ones have `deleted_at`.
///
/// A photo whose files were merged into another one stays as a ghost: it answers, but has no files, quality -1 and
/// `deleted_at`; what is written to it is lost. See [`Photo::is_ghost`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Photo {
    /// Number, which [`super::DetailsChange::photo_id`] wants.
    #[serde(rename = "ID")]
    pub id: u64,
    /// Id, `p…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// XMP or Exif document id.
    #[serde(rename = "DocumentID")]
    pub document_id: String,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: MediaType,
    /// Where the type comes from.
    pub type_src: Source,
    /// When it was taken, UTC.
    #[serde(deserialize_with = "or_unset")]
    pub taken_at: Option<Timestamp>,
    /// What the clock on the wall said then.
    #[serde(deserialize_with = "local_or_unset")]
    pub taken_at_local: Option<LocalTime>,
    /// Where the time comes from.
    pub taken_src: Source,
    /// IANA name, `UTC`, a fixed offset such as `UTC+2`, `Local`, or empty for not known. The server checks none.
    pub time_zone: String,
    /// Title.
    pub title: String,
    /// Where the title comes from.
    pub title_src: Source,
    /// Caption, as servers since 2025 call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Where the caption comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption_src: Option<Source>,
    /// Caption, as servers before 2025 call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the caption comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description_src: Option<Source>,
    /// Folder of the main file, relative to the originals.
    pub path: String,
    /// Name of the main file without extension.
    pub name: String,
    /// Name before import without extension, maybe with folders; whichever file joined last decides.
    pub original_name: String,
    /// 0 may be stacked, 1 is stacked, [`UNSTACKED`] never.
    pub stack: i8,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is a scan.
    pub scan: bool,
    /// Whether it is a panorama.
    pub panorama: bool,
    /// Id of the place; `zz` for not known.
    #[serde(rename = "PlaceID")]
    pub place_id: String,
    /// Where the place comes from.
    pub place_src: Source,
    /// Id of the cell; `zz` for not known.
    #[serde(rename = "CellID")]
    pub cell_id: String,
    /// Metres.
    pub cell_accuracy: i64,
    /// Metres.
    pub altitude: f64,
    /// Degrees; 0 and 0 mean none.
    pub lat: f64,
    /// Degrees.
    pub lng: f64,
    /// Two lower-case letters; `zz` for not known.
    pub country: String,
    /// Year, wall clock; -1 for not known.
    pub year: i32,
    /// Month, wall clock; -1 for not known.
    pub month: i32,
    /// Day, wall clock; -1 for not known.
    pub day: i32,
    /// Sensitivity.
    pub iso: i64,
    /// Exposure time, such as `1/60`.
    pub exposure: String,
    /// Aperture.
    pub f_number: f64,
    /// Millimetres, as for film of 35 mm.
    pub focal_length: i64,
    /// -1 hidden, below 3 in review, up to 7.
    pub quality: i32,
    /// Number of faces.
    pub faces: i64,
    /// Megapixels, rounded.
    pub resolution: i64,
    /// Nanoseconds.
    pub duration: i64,
    /// Number of the main colour, see [`Photo::main_color`].
    pub color: i64,
    /// Number of the camera; 1 for not known.
    #[serde(rename = "CameraID")]
    pub camera_id: u64,
    /// Serial number of the camera.
    pub camera_serial: String,
    /// Where the camera comes from.
    pub camera_src: Source,
    /// Number of the lens; 1 for not known.
    #[serde(rename = "LensID")]
    pub lens_id: u64,
    /// Keywords, notes and so on.
    pub details: Option<Details>,
    /// Camera.
    pub camera: Option<Camera>,
    /// Lens.
    pub lens: Option<Lens>,
    /// Small region of the earth.
    pub cell: Option<Cell>,
    /// Place.
    pub place: Option<Place>,
    /// Albums that it is in; `None` where the server did not look.
    pub albums: Option<Vec<Album>>,
    /// Files, generated previews and companions among them; `None` where the server did not look.
    pub files: Option<Vec<File>>,
    /// Labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: Vec<PhotoLabel>,
    /// Id of the user who uploaded it.
    pub created_by: String,
    /// When it became known.
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
    /// When its facts were guessed.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub estimated_at: Option<Timestamp>,
    /// When it was published.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// When it was indexed; servers since late 2025 say so.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub indexed_at: Option<Timestamp>,
    /// When it was archived.
    #[serde(deserialize_with = "or_unset")]
    pub deleted_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Photo {
    /// Returns the caption, whatever the server calls it.
    pub fn caption_text(&self) -> &str {
        self.caption
            .as_deref()
            .or(self.description.as_deref())
            .unwrap_or_default()
    }

    /// Returns where the caption comes from.
    pub fn caption_source(&self) -> Source {
        let source = self.caption_src.as_ref().or(self.description_src.as_ref());
        source.cloned().unwrap_or_default()
    }

    /// Returns the files, none if the server did not look.
    pub fn all_files(&self) -> &[File] {
        self.files.as_deref().unwrap_or_default()
    }

    /// Returns the files that people put there.
    pub fn originals(&self) -> impl Iterator<Item = &File> {
        self.all_files().iter().filter(|file| file.is_original())
    }

    /// Returns the file that previews are made of.
    pub fn primary_file(&self) -> Option<&File> {
        self.all_files().iter().find(|file| file.primary)
    }

    /// Returns width and height in pixels: of the primary file, else of the first file that has them.
    pub fn size_px(&self) -> Option<(u32, u32)> {
        let sized = |file: &&File| file.width > 0 && file.height > 0;
        let file = self.primary_file().filter(sized);
        let file = file.or_else(|| self.all_files().iter().find(sized))?;
        Some((file.width, file.height))
    }

    /// Returns the file of this SHA-1.
    pub fn file(&self, sha1: &str) -> Option<&File> {
        self.all_files()
            .iter()
            .find(|file| file.hash.eq_ignore_ascii_case(sha1))
    }

    /// Says whether it is archived.
    pub fn is_archived(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Says whether it is what a merge left behind: loaded with its files, and there are none.
    pub fn is_ghost(&self) -> bool {
        self.files.as_ref().is_some_and(Vec::is_empty)
    }

    /// Returns the position, `None` where it is 0 and 0, which means that there is none.
    pub fn position(&self) -> Option<(f64, f64)> {
        (self.lat != 0.0 || self.lng != 0.0).then_some((self.lat, self.lng))
    }

    /// Returns the main colour.
    pub fn main_color(&self) -> Option<Color> {
        Color::from_number(self.color)
    }
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Camera {
    /// Number; 1 for not known.
    #[serde(rename = "ID")]
    pub id: u64,
    /// Short name for addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Maker.
    pub make: String,
    /// Model.
    pub model: String,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: CameraType,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A lens.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Lens {
    /// Number; 1 for not known.
    #[serde(rename = "ID")]
    pub id: u64,
    /// Short name for addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Maker.
    pub make: String,
    /// Model.
    pub model: String,
    /// What it is.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A small region of the earth with the address found for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cell {
    /// `s2:` and an S2 token; `zz` for not known.
    #[serde(rename = "ID")]
    pub id: String,
    /// Name.
    pub name: String,
    /// Street.
    pub street: String,
    /// Post code.
    pub postcode: String,
    /// Kind of place.
    pub category: String,
    /// Place.
    pub place: Option<Place>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Place {
    /// Id; `zz` for not known.
    #[serde(rename = "PlaceID")]
    pub id: String,
    /// Name in full.
    pub label: String,
    /// District.
    pub district: String,
    /// City.
    pub city: String,
    /// State.
    pub state: String,
    /// Two lower-case letters.
    pub country: String,
    /// Keywords.
    pub keywords: String,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Number of photos.
    pub photo_count: i64,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A label of a photo.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PhotoLabel {
    /// Number of the photo.
    #[serde(rename = "PhotoID")]
    pub photo_id: u64,
    /// Number of the label, which the calls that change it want.
    #[serde(rename = "LabelID")]
    pub label_id: u64,
    /// Where it comes from.
    pub label_src: Source,
    /// Per cent; 100 hides it.
    pub uncertainty: i64,
    /// The label.
    pub label: Option<Label>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
