//! What a photo or video file says about itself.

use std::fmt;
use std::time::Duration;

use crate::FileType;

mod taken;
mod turn;

pub use taken::{Confidence, DateField, OffsetFrom, Precision, Taken};
pub use turn::{Orientation, PixelSize};

/// What a file says about itself. `None` and empty mean that the file does not say.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct MediaFacts {
    /// Type by the first bytes; where these leave a choice, by the name that was given.
    pub file_type: Option<FileType>,
    /// Size of the whole file in bytes.
    pub size_bytes: u64,
    /// When it was taken: the best of [`dates`](Self::dates), with what the others add to it.
    pub taken: Option<Taken>,
    /// Every usable date of the file, in the order of precedence; several fields may say the same.
    pub dates: Vec<Taken>,
    /// Where it was taken.
    pub place: Option<Place>,
    /// How the stored picture has to be turned to be upright.
    pub orientation: Option<Orientation>,
    /// Width and height as stored, before turning; of a video those of its first picture track.
    pub size_px: Option<PixelSize>,
    /// Length of a video.
    pub duration: Option<Duration>,
    /// Camera and lens.
    pub camera: Camera,
    /// How the picture was exposed.
    pub exposure: Exposure,
    /// Title.
    pub title: Option<String>,
    /// Description or caption.
    pub description: Option<String>,
    /// Keywords, in the file's order, none twice; hierarchies by their last word.
    pub keywords: Vec<String>,
    /// Names of the people in it, none twice.
    pub people: Vec<String>,
    /// Stars: 1 to 5, 0 for none given, -1 for rejected.
    pub rating: Option<i8>,
    /// Marked as a favourite.
    pub favourite: Option<bool>,
    /// Name that the file had when it was made.
    pub original_name: Option<String>,
    /// Identifier that the two halves of an Apple live photo share.
    pub content_id: Option<String>,
    /// A video inside a photo.
    pub motion: Option<MotionPhoto>,
    /// What could not be read or was not believed, at most [`WARNINGS_MAX`].
    pub warnings: Vec<Warning>,
    /// How many bytes were read for this.
    pub bytes_read: u64,
    /// First place that was wanted and not given, as from a [`Prefix`](crate::Prefix): with more bytes there may be more
    /// facts.
    pub missing_at: Option<u64>,
}

/// Most warnings that are kept of one file.
pub const WARNINGS_MAX: usize = 32;

impl MediaFacts {
    /// Lays the facts of a side-car over those of its file: what the side-car says counts, for it was written later and
    /// on purpose; what it does not say stays.
    #[must_use]
    pub fn overlaid_by(mut self, sidecar: Self) -> Self {
        fn over<T>(below: &mut Option<T>, above: Option<T>) {
            if above.is_some() {
                *below = above;
            }
        }
        fn all_over<T>(below: &mut Vec<T>, above: Vec<T>) {
            if !above.is_empty() {
                *below = above;
            }
        }
        // A side-car often repeats the time without the zone or the fractions that the file has.
        let repeats = match (&self.taken, &sidecar.taken) {
            (Some(file), Some(sidecar)) => file.says_all_of(sidecar),
            _ => false,
        };
        if !repeats {
            over(&mut self.taken, sidecar.taken);
        }
        let own_dates = std::mem::replace(&mut self.dates, sidecar.dates);
        self.dates.extend(own_dates);
        over(&mut self.place, sidecar.place);
        over(&mut self.orientation, sidecar.orientation);
        over(&mut self.camera.make, sidecar.camera.make);
        over(&mut self.camera.model, sidecar.camera.model);
        over(&mut self.camera.lens, sidecar.camera.lens);
        over(&mut self.title, sidecar.title);
        over(&mut self.description, sidecar.description);
        all_over(&mut self.keywords, sidecar.keywords);
        all_over(&mut self.people, sidecar.people);
        over(&mut self.rating, sidecar.rating);
        over(&mut self.favourite, sidecar.favourite);
        over(&mut self.original_name, sidecar.original_name);
        self.warnings.extend(sidecar.warnings);
        self.warnings.truncate(WARNINGS_MAX);
        self.bytes_read += sidecar.bytes_read;
        self
    }
}

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude_m: Option<f64>,
    /// Where the file has it.
    pub field: PlaceField,
}

/// Where a place was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaceField {
    /// The directory of GPS facts in EXIF.
    Exif,
    /// The same facts in XMP.
    Xmp,
    /// Apple's key `com.apple.quicktime.location.ISO6709`.
    QuickTimeKeys,
    /// The video atom `©xyz`.
    UserData,
    /// The 3GPP atom `loci`.
    Loci,
}

/// What took the picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Camera {
    /// Maker, as the camera writes it.
    pub make: Option<String>,
    /// Model, as the camera writes it.
    pub model: Option<String>,
    /// Lens, as the camera or a program writes it.
    pub lens: Option<String>,
}

/// How a picture was exposed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Exposure {
    /// Sensitivity, ISO 12232.
    pub iso: Option<u32>,
    /// Aperture as f-number.
    pub f_number: Option<f64>,
    /// Exposure time in seconds.
    pub time_s: Option<f64>,
    /// Focal length in millimetres.
    pub focal_length_mm: Option<f64>,
}

/// A photo that has a short video in the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MotionPhoto {
    /// What says that there is a video.
    pub marked_by: MotionMark,
    /// Where the video's bytes are; `None` if the place that the mark names holds no video.
    pub video: Option<ByteRange>,
    /// Moment of the still picture within the video, in microseconds.
    pub still_at_us: Option<i64>,
}

/// What marks a file as photo with a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MotionMark {
    /// Google's first form, `GCamera:MicroVideo`.
    MicroVideo,
    /// Motion Photo format 1.0, `GCamera:MotionPhoto`.
    MotionPhoto,
    /// Samsung's data behind the picture, `MotionPhoto_Data`.
    SamsungTrailer,
    /// The box `mpvd` of a HEIC or AVIF file.
    VideoBox,
}

/// Some bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// Offset of the first byte.
    pub start: u64,
    /// How many bytes.
    pub length: u64,
}

/// Something that could not be read, or was not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// What kind of trouble it is.
    pub kind: WarningKind,
    /// What exactly, for people: one line without a full stop.
    pub detail: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Kinds of trouble with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The first bytes belong to no known type.
    UnknownType,
    /// The type is known, but nothing inside it is read.
    Unsupported,
    /// The file ends too early.
    CutShort,
    /// Bytes inside the file were not given, as from a [`Prefix`](crate::Prefix).
    NotGiven,
    /// More would have to be read than is allowed.
    OverLimit,
    /// Something is not as its format demands.
    Damaged,
    /// A value cannot be true and was left out.
    Implausible,
}
