//! EXIF blocks of generated pictures, written with kamadak-exif.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};
use jiff::civil::DateTime;

use super::Camera;
use crate::error::SimError;

/// What a camera writes down with a picture.
pub(super) struct Shot {
    pub(super) camera: Camera,
    pub(super) taken: DateTime,
    pub(super) offset_s: i32,
    /// Hundredths of a second.
    pub(super) sub_second: u64,
    /// Latitude and longitude in degrees.
    pub(super) place: Option<(f64, f64)>,
    pub(super) orientation: u16,
    /// The exposure lasted one `exposure`-th of a second.
    pub(super) exposure: u32,
    pub(super) iso: u16,
}

/// The block without the leading `Exif\0\0`.
pub(super) fn encode(shot: &Shot) -> Result<Vec<u8>, SimError> {
    let date = shot.taken.strftime("%Y:%m:%d %H:%M:%S").to_string();
    let hundredths = format!("{:02}", shot.sub_second);
    let offset = offset_text(shot.offset_s);
    let mut values = vec![
        (Tag::Make, text(shot.camera.make)),
        (Tag::Model, text(shot.camera.model)),
        (Tag::Orientation, Value::Short(vec![shot.orientation])),
        (Tag::XResolution, rational(72, 1)),
        (Tag::YResolution, rational(72, 1)),
        (Tag::ResolutionUnit, Value::Short(vec![2])),
        (Tag::DateTime, text(&date)),
        (Tag::DateTimeOriginal, text(&date)),
        (Tag::DateTimeDigitized, text(&date)),
        (Tag::SubSecTimeOriginal, text(&hundredths)),
        (Tag::OffsetTimeOriginal, text(&offset)),
        (Tag::ExposureTime, rational(1, shot.exposure)),
        (Tag::ExposureProgram, Value::Short(vec![2])),
        (Tag::ApertureValue, rational(3, 1)),
        (Tag::FocalLength, rational(shot.camera.focal_length_mm, 1)),
        (Tag::PhotographicSensitivity, Value::Short(vec![shot.iso])),
        (Tag::Flash, Value::Short(vec![16])),
        (Tag::ColorSpace, Value::Short(vec![1])),
    ];
    if let Some((latitude, longitude)) = shot.place {
        values.extend([
            (Tag::GPSLatitudeRef, text(if latitude < 0.0 { "S" } else { "N" })),
            (Tag::GPSLatitude, degrees(latitude)),
            (Tag::GPSLongitudeRef, text(if longitude < 0.0 { "W" } else { "E" })),
            (Tag::GPSLongitude, degrees(longitude)),
        ]);
    }
    let fields: Vec<_> = values
        .into_iter()
        .map(|(tag, value)| Field {
            tag,
            ifd_num: In::PRIMARY,
            value,
        })
        .collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).map_err(|error| SimError::Generate {
        what: "an EXIF block".to_owned(),
        message: error.to_string(),
    })?;
    Ok(block.into_inner())
}

fn text(text: &str) -> Value {
    Value::Ascii(vec![text.as_bytes().to_vec()])
}

fn rational(num: u32, denom: u32) -> Value {
    Value::Rational(vec![Rational { num, denom }])
}

/// Degrees, minutes, and seconds to a hundredth: about 30 cm.
fn degrees(value: f64) -> Value {
    let hundredths = (value.abs() * 360_000.0).round() as u32;
    let part = |num, denom| Rational { num, denom };
    let seconds = part(hundredths % 6000, 100);
    Value::Rational(vec![
        part(hundredths / 360_000, 1),
        part(hundredths / 6000 % 60, 1),
        seconds,
    ])
}

fn offset_text(offset_s: i32) -> String {
    let sign = if offset_s < 0 { '-' } else { '+' };
    let minutes = offset_s.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
