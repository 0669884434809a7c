//! What a service reads out of the bytes: type, date, place, camera, size. An own reading, apart from photomove's.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

mod exif_values;
pub(crate) mod metadata;
mod sniff;
mod video;

pub(crate) use sniff::by_bytes;
pub use sniff::content_type;

/// When something was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Wall clock time where it was taken, to the second.
    pub local: DateTime,
    /// Seconds east of UTC, if the bytes tell; a video's time is UTC and has 0.
    pub offset_s: Option<i32>,
    /// Digits after the second as written, such as `89`.
    pub sub_second: Option<String>,
}

impl Taken {
    /// A wall clock time without an offset.
    pub fn local(local: DateTime) -> Self {
        Self {
            local,
            offset_s: None,
            sub_second: None,
        }
    }
}

/// One EXIF value in both spellings that the service is known to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExifText {
    /// As stored: `54823/32325`, `2`.
    pub raw: String,
    /// As a person reads it: `8.0`, `Pixels/Inch`.
    pub shown: String,
}

/// What the bytes of an item tell; whatever they do not tell is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaFacts {
    /// When it was taken.
    pub taken: Option<Taken>,
    /// Latitude and longitude in degrees, north and east positive.
    pub gps: Option<(f64, f64)>,
    /// Maker of the camera.
    pub make: Option<String>,
    /// Model of the camera.
    pub model: Option<String>,
    /// Width in pixels as stored.
    pub width_px: Option<u32>,
    /// Height in pixels as stored.
    pub height_px: Option<u32>,
    /// Length of a video in seconds.
    pub duration_s: Option<f64>,
    /// Further EXIF values by their name in `contentProperties.image` of Amazon Photos, such as `focalLength`.
    pub exif: BTreeMap<&'static str, ExifText>,
}

/// Reads the facts out of the bytes of a photo or video; nothing for other types and for bytes that cannot be read.
pub fn read_facts(content_type: &str, bytes: &[u8]) -> MediaFacts {
    match content_type.split('/').next() {
        Some("image") => exif_values::read(content_type, bytes),
        Some("video") => video::read(bytes),
        _ => MediaFacts::default(),
    }
}
