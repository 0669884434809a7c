//! What the stand-in shows of a file: capture time, pixels and camera, out of the crate's own reading of the bytes.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::facts::{MediaFacts, Taken, read_facts};

use super::frames::frames_per_second;
use super::sniff::{Family, Format, HEAD_BYTES, sniff};

/// What is known of a body without keeping it.
#[derive(Debug, Clone, Default)]
pub(super) struct Details {
    /// Its type by content; `None` for what is neither photo nor video.
    pub(super) format: Option<Format>,
    /// Whether it reaches to its own end, where that was looked at.
    pub(super) complete: bool,
    taken: Option<Taken>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) camera: Camera,
    /// Of a video.
    pub(super) frames_per_second: Option<f64>,
    /// A caption inside the file.
    pub(super) caption: Option<String>,
}

/// What the camera wrote about itself and the picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Camera {
    pub(super) make: Option<String>,
    pub(super) model: Option<String>,
    pub(super) focal_length_mm: Option<f64>,
    pub(super) aperture_f_number: Option<f64>,
    pub(super) iso: Option<u32>,
    pub(super) exposure_s: Option<f64>,
}

impl Details {
    /// Reads the details out of the whole body or its beginning.
    pub(super) fn read(bytes: &[u8], complete: bool) -> Self {
        let format = sniff(&bytes[..bytes.len().min(HEAD_BYTES)]);
        let facts = format.map(|format| read_facts(format.mime, bytes)).unwrap_or_default();
        let has_tracks = format.is_some_and(|format| format.is_video() && format.family == Family::IsoBmff);
        Self {
            caption: format.and_then(|_| caption(bytes)),
            frames_per_second: has_tracks.then(|| frames_per_second(bytes)).flatten(),
            complete,
            ..Self::from_facts(&facts, format)
        }
    }

    /// The details of an item that the crate's library already looked into; it counts as complete.
    pub(super) fn from_facts(facts: &MediaFacts, format: Option<Format>) -> Self {
        Self {
            format,
            complete: true,
            taken: facts.taken.clone(),
            width: facts.width_px,
            height: facts.height_px,
            camera: camera(facts),
            frames_per_second: None,
            caption: None,
        }
    }

    /// When it was taken; `zone` is used where the file gives no offset.
    pub(super) fn taken_at(&self, zone: &TimeZone) -> Option<Timestamp> {
        let taken = self.taken.as_ref()?;
        let zone = match taken.offset_s {
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None => zone.clone(),
        };
        let instant = zone.to_ambiguous_timestamp(taken.local).compatible().ok()?;
        instant.checked_add(fraction(taken.sub_second.as_deref())).ok()
    }

    /// The wall clock time at which it was taken; date filters compare with this.
    pub(super) fn taken_locally(&self) -> Option<DateTime> {
        self.taken.as_ref().map(|taken| taken.local)
    }
}

/// Milliseconds out of the digits of `SubSecTimeOriginal`: "89" means 890 ms.
fn fraction(digits: Option<&str>) -> SignedDuration {
    let digits = digits.unwrap_or_default().trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return SignedDuration::ZERO;
    }
    let padded: String = digits.chars().chain("000".chars()).take(3).collect();
    SignedDuration::from_millis(padded.parse().unwrap_or(0))
}

fn camera(facts: &MediaFacts) -> Camera {
    let number = |name: &str| facts.exif.get(name).and_then(|value| rational(&value.raw));
    Camera {
        make: facts.make.clone(),
        model: facts.model.clone(),
        focal_length_mm: number("focalLength").filter(|mm| *mm > 0.0),
        // Stored as APEX: the f-number is the square root of two to that power.
        aperture_f_number: number("apertureValue").map(|apex| (2_f64.powf(apex / 2.0) * 10.0).round() / 10.0),
        iso: number("isoSpeedRatings")
            .filter(|iso| *iso >= 1.0 && *iso <= 1e9)
            .map(|iso| iso as u32),
        exposure_s: number("exposureTime").filter(|seconds| *seconds > 0.0),
    }
}

fn rational(raw: &str) -> Option<f64> {
    let value = match raw.split_once('/') {
        Some((above, below)) => above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?,
        None => raw.trim().parse().ok()?,
    };
    value.is_finite().then_some(value)
}

/// `ImageDescription`, the one caption that cameras and editors write alike.
fn caption(bytes: &[u8]) -> Option<String> {
    let exif = exif::Reader::new()
        .read_from_container(&mut std::io::Cursor::new(bytes))
        .ok()?;
    let field = exif.get_field(exif::Tag::ImageDescription, exif::In::PRIMARY)?;
    let exif::Value::Ascii(lines) = &field.value else {
        return None;
    };
    let text = String::from_utf8_lossy(lines.first()?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(offset_s: Option<i32>, sub_second: Option<&str>) -> Details {
        let local = jiff::civil::date(2019, 5, 4).at(16, 16, 38, 0);
        let taken = Taken {
            local,
            offset_s,
            sub_second: sub_second.map(str::to_owned),
        };
        Details {
            taken: Some(taken),
            ..Details::default()
        }
    }

    #[test]
    fn an_offset_wins_over_the_assumed_zone() {
        let at = |details: Details, zone: &TimeZone| details.taken_at(zone).unwrap().to_string();
        let tokyo = TimeZone::fixed(jiff::tz::offset(9));
        assert_eq!(at(taken(Some(36_000), None), &tokyo), "2019-05-04T06:16:38Z");
        assert_eq!(at(taken(None, None), &TimeZone::UTC), "2019-05-04T16:16:38Z");
        assert_eq!(at(taken(None, Some("89")), &tokyo), "2019-05-04T07:16:38.89Z");
    }

    #[test]
    fn rationals_that_are_no_numbers_are_left_out() {
        assert_eq!(rational("17/4"), Some(4.25));
        assert_eq!(rational("1/0"), None);
        assert_eq!(rational("f/2"), None);
    }
}
