//! EXIF of stills, read with kamadak-exif, in the two spellings of Amazon Photos.

use std::collections::BTreeMap;
use std::io::Cursor;

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;

use super::{ExifText, MediaFacts, Taken};

/// How a value is shown to people.
type Show = fn(&Value) -> Option<String>;

/// EXIF tag, name in `contentProperties.image`, how it is shown where that differs from the stored value.
const VALUES: [(Tag, &str, Show); 20] = [
    (Tag::Orientation, "orientation", raw),
    (Tag::Software, "software", raw),
    (Tag::XResolution, "xResolution", decimal),
    (Tag::YResolution, "yResolution", decimal),
    (Tag::ResolutionUnit, "resolutionUnit", resolution_unit),
    (Tag::ApertureValue, "apertureValue", aperture),
    (Tag::ExposureTime, "exposureTime", exposure_time),
    (Tag::ExposureMode, "exposureMode", exposure_mode),
    (Tag::ExposureProgram, "exposureProgram", exposure_program),
    (Tag::FocalLength, "focalLength", decimal),
    (Tag::Flash, "flash", flash),
    (Tag::PhotographicSensitivity, "isoSpeedRatings", raw),
    (Tag::MeteringMode, "meteringMode", metering_mode),
    (Tag::WhiteBalance, "whiteBalance", white_balance),
    (Tag::Sharpness, "sharpness", raw),
    (Tag::SensingMethod, "sensingMethod", sensing_method),
    (Tag::ColorSpace, "colorSpace", color_space),
    (Tag::SubSecTime, "subSecTime", raw),
    (Tag::SubSecTimeOriginal, "subSecTimeOriginal", raw),
    (Tag::SubSecTimeDigitized, "subSecTimeDigitized", raw),
];

const DATES: [(Tag, &str); 3] = [
    (Tag::DateTime, "dateTime"),
    (Tag::DateTimeOriginal, "dateTimeOriginal"),
    (Tag::DateTimeDigitized, "dateTimeDigitized"),
];

pub(super) fn read(content_type: &str, bytes: &[u8]) -> MediaFacts {
    let size = match content_type {
        "image/jpeg" => jpeg_size(bytes),
        "image/png" => png_size(bytes),
        _ => None,
    };
    let parsed = exif::Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(bytes))
        .or_else(|error| error.distill_partial_result(|_| {}));
    let Ok(exif) = parsed else {
        return MediaFacts {
            width_px: size.map(|size| size.0),
            height_px: size.map(|size| size.1),
            ..MediaFacts::default()
        };
    };
    let number = |tags: [Tag; 2]| tags.iter().find_map(|tag| value(&exif, *tag)?.get_uint(0));
    MediaFacts {
        taken: taken(&exif),
        gps: gps(&exif),
        make: value(&exif, Tag::Make).and_then(raw),
        model: value(&exif, Tag::Model).and_then(raw),
        width_px: size
            .map(|size| size.0)
            .or_else(|| number([Tag::PixelXDimension, Tag::ImageWidth])),
        height_px: size
            .map(|size| size.1)
            .or_else(|| number([Tag::PixelYDimension, Tag::ImageLength])),
        duration_s: None,
        exif: texts(&exif),
    }
}

fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

fn texts(exif: &Exif) -> BTreeMap<&'static str, ExifText> {
    let mut texts = BTreeMap::new();
    for (tag, name, show) in VALUES {
        let Some(value) = value(exif, tag) else { continue };
        if let Some(raw) = raw(value) {
            let shown = show(value).unwrap_or_else(|| raw.clone());
            texts.insert(name, ExifText { raw, shown });
        }
    }
    for (tag, name) in DATES {
        // The service writes the wall clock with a `Z` that means nothing.
        if let Some(date) = date(exif, tag) {
            let text = date.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
            texts.insert(
                name,
                ExifText {
                    raw: text.clone(),
                    shown: text,
                },
            );
        }
    }
    texts
}

fn taken(exif: &Exif) -> Option<Taken> {
    let original = date(exif, Tag::DateTimeOriginal).map(|at| (at, Tag::SubSecTimeOriginal, Tag::OffsetTimeOriginal));
    let digitized =
        date(exif, Tag::DateTimeDigitized).map(|at| (at, Tag::SubSecTimeDigitized, Tag::OffsetTimeDigitized));
    let (local, sub_second, offset) = original.or(digitized)?;
    let digits = value(exif, sub_second)
        .and_then(raw)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    Some(Taken {
        local,
        offset_s: value(exif, offset).and_then(raw).and_then(|text| offset_s(&text)),
        sub_second: digits,
    })
}

fn date(exif: &Exif, tag: Tag) -> Option<DateTime> {
    let Value::Ascii(texts) = value(exif, tag)? else {
        return None;
    };
    let found = exif::DateTime::from_ascii(texts.first()?).ok()?;
    let [month, day, hour, minute, second] =
        [found.month, found.day, found.hour, found.minute, found.second].map(|part| i8::try_from(part).unwrap_or(-1));
    DateTime::new(i16::try_from(found.year).ok()?, month, day, hour, minute, second, 0).ok()
}

/// `+02:00` in seconds.
fn offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.trim().split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn gps(exif: &Exif) -> Option<(f64, f64)> {
    let coordinate = |tag, reference, negative: u8, limit: f64| {
        let parts: Vec<f64> = match value(exif, tag)? {
            Value::Rational(parts) => parts.iter().map(|part| part.to_f64()).collect(),
            // Against the standard, but phones write it.
            Value::SRational(parts) => parts.iter().map(|part| part.to_f64()).collect(),
            _ => return None,
        };
        let [degrees, minutes, seconds] = parts[..] else {
            return None;
        };
        let degrees = degrees + minutes / 60.0 + seconds / 3600.0;
        let Value::Ascii(letter) = value(exif, reference)? else {
            return None;
        };
        let south_or_west = letter.first()?.first()?.eq_ignore_ascii_case(&negative);
        let signed = if south_or_west { -degrees } else { degrees };
        (signed.is_finite() && signed.abs() <= limit).then_some(signed)
    };
    let latitude = coordinate(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S', 90.0)?;
    Some((
        latitude,
        coordinate(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W', 180.0)?,
    ))
}

/// The stored value as text: `17/4`, `65535`, `darktable`.
fn raw(value: &Value) -> Option<String> {
    let text = match value {
        Value::Ascii(texts) => String::from_utf8_lossy(texts.first()?)
            .trim_end_matches('\0')
            .trim()
            .to_owned(),
        Value::Rational(parts) => parts.first().map(|part| format!("{}/{}", part.num, part.denom))?,
        Value::SRational(parts) => parts.first().map(|part| format!("{}/{}", part.num, part.denom))?,
        other => other.get_uint(0)?.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Rational(parts) => parts.first().map(|part| part.to_f64()),
        Value::SRational(parts) => parts.first().map(|part| part.to_f64()),
        other => other.get_uint(0).map(f64::from),
    }
    .filter(|number| number.is_finite())
}

fn decimal(value: &Value) -> Option<String> {
    let text = format!("{:.2}", number(value)?);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// Stored as a power of the square root of two, shown as the f-number.
fn aperture(value: &Value) -> Option<String> {
    Some(format!("{:.1}", (number(value)? / 2.0).exp2()))
}

fn exposure_time(value: &Value) -> Option<String> {
    let seconds = number(value)?;
    match seconds {
        _ if seconds <= 0.0 => None,
        _ if seconds < 0.25001 => Some(format!("1/{}", (1.0 / seconds).round())),
        _ => decimal(value),
    }
}

fn word(value: &Value, words: &[(u32, &str)]) -> Option<String> {
    let number = value.get_uint(0)?;
    words
        .iter()
        .find(|(code, _)| *code == number)
        .map(|(_, word)| (*word).to_owned())
}

fn resolution_unit(value: &Value) -> Option<String> {
    word(value, &[(1, "None"), (2, "Pixels/Inch"), (3, "Pixels/Centimeter")])
}

fn exposure_mode(value: &Value) -> Option<String> {
    word(value, &[(0, "Auto"), (1, "Manual"), (2, "Auto bracket")])
}

fn exposure_program(value: &Value) -> Option<String> {
    let words = [
        (0, "Not Defined"),
        (1, "Manual"),
        (2, "Program AE"),
        (3, "Aperture-priority AE"),
        (4, "Shutter speed priority AE"),
        (5, "Creative (Slow speed)"),
        (6, "Action (High speed)"),
        (7, "Portrait"),
        (8, "Landscape"),
    ];
    word(value, &words)
}

fn flash(value: &Value) -> Option<String> {
    let words = [
        (0, "No Flash"),
        (1, "Fired"),
        (5, "Fired, Return not detected"),
        (7, "Fired, Return detected"),
        (8, "On, Did not fire"),
        (9, "On, Fired"),
        (15, "On, Return detected"),
        (16, "Off, Did not fire"),
        (24, "Auto, Did not fire"),
        (25, "Auto, Fired"),
        (31, "Auto, Fired, Return detected"),
        (32, "No flash function"),
        (65, "Fired, Red-eye reduction"),
        (73, "On, Red-eye reduction"),
        (89, "Auto, Fired, Red-eye reduction"),
    ];
    word(value, &words)
}

fn metering_mode(value: &Value) -> Option<String> {
    let words = [
        (0, "Unknown"),
        (1, "Average"),
        (2, "Center-weighted average"),
        (3, "Spot"),
        (4, "Multi-spot"),
        (5, "Evaluative"),
        (6, "Partial"),
    ];
    word(value, &words)
}

fn white_balance(value: &Value) -> Option<String> {
    word(value, &[(0, "Auto"), (1, "Manual")])
}

fn sensing_method(value: &Value) -> Option<String> {
    word(
        value,
        &[
            (1, "Not defined"),
            (2, "One-chip color area"),
            (3, "Two-chip color area"),
            (4, "Three-chip color area"),
        ],
    )
}

fn color_space(value: &Value) -> Option<String> {
    word(value, &[(1, "sRGB"), (2, "Adobe RGB"), (65535, "Uncalibrated")])
}

/// Width and height out of the frame header.
pub(crate) fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [marker, kind, high, low] = *bytes.get(at..at + 4)?.first_chunk()?;
        if marker != 0xff {
            return None;
        }
        match kind {
            0xff => at += 1,
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                let [h1, h0, w1, w0] = *bytes.get(at + 5..at + 9)?.first_chunk()?;
                return Some((
                    u32::from(u16::from_be_bytes([w1, w0])),
                    u32::from(u16::from_be_bytes([h1, h0])),
                ));
            }
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = |at: usize| {
        bytes
            .get(at..at + 4)?
            .first_chunk()
            .map(|bytes| u32::from_be_bytes(*bytes))
    };
    Some((word(16)?, word(20)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rational(num: u32, denom: u32) -> Value {
        Value::Rational(vec![exif::Rational { num, denom }])
    }

    #[test]
    fn values_are_shown_as_the_recorded_node_shows_them() {
        assert_eq!(aperture(&rational(6, 1)).unwrap(), "8.0");
        assert_eq!(decimal(&rational(42, 1)).unwrap(), "42");
        assert_eq!(decimal(&rational(17, 4)).unwrap(), "4.25");
        assert_eq!(exposure_time(&rational(1, 640)).unwrap(), "1/640");
        assert_eq!(exposure_time(&rational(2, 1)).unwrap(), "2");
        assert_eq!(flash(&Value::Short(vec![16])).unwrap(), "Off, Did not fire");
        assert_eq!(raw(&rational(54823, 32325)).unwrap(), "54823/32325");
        assert_eq!(aperture(&rational(1, 0)), None);
    }

    #[test]
    fn offsets_are_read_and_nonsense_is_not() {
        assert_eq!(offset_s("+05:30"), Some(19_800));
        assert_eq!(offset_s("-08:00"), Some(-28_800));
        for nonsense in ["", "Z", "+5", "+99:00", "   :  "] {
            assert_eq!(offset_s(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn broken_bytes_give_no_facts_and_no_panic() {
        for bytes in [
            &b""[..],
            b"\xff\xd8",
            b"\xff\xd8\xff\xe1\0\x08Exif\0\0",
            b"\x89PNG\r\n\x1a\n",
            b"II*\0\xff\xff\xff\xff",
        ] {
            let facts = read("image/jpeg", bytes);
            assert_eq!((facts.taken, facts.width_px), (None, None));
        }
    }
}
