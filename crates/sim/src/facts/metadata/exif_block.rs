//! Exif of a still, read with kamadak-exif.

use std::io::Cursor;

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;

use super::{Clock, Found, Metadata, apple, set};

/// Dates of an Exif block by their tags.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ExifDates {
    pub(super) original: Option<Found>,
    pub(super) digitized: Option<Found>,
    pub(super) modified: Option<Found>,
    /// UTC by the standard.
    pub(super) gps: Option<DateTime>,
}

/// Reads the block of a picture; whether there is one.
pub(super) fn read(bytes: &[u8], dates: &mut ExifDates, found: &mut Metadata) -> bool {
    if let Ok(exif) = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)) {
        // Seen: fractions are kept for blocks that the server's own reader takes, and WebP is not among them.
        take(&whole(&exif), dates, found, bytes.starts_with(b"RIFF"));
        return true;
    }
    let parsed = exif::Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(bytes))
        .or_else(|error| error.distill_partial_result(|_| {}));
    parsed.is_ok_and(|exif| {
        take(&whole(&exif), dates, found, true);
        true
    })
}

/// Reads a bare TIFF block, as CR3 has several.
pub(super) fn read_block(block: &[u8], dates: &mut ExifDates, found: &mut Metadata) -> bool {
    let parsed = exif::Reader::new()
        .continue_on_error(true)
        .read_raw(block.to_vec())
        .or_else(|error| error.distill_partial_result(|_| {}));
    parsed.is_ok_and(|exif| {
        let block = Block {
            exif: &exif,
            by_number: true,
        };
        take(&block, dates, found, true);
        true
    })
}

fn whole(exif: &Exif) -> Block<'_> {
    Block { exif, by_number: false }
}

/// `as_decimal` is how exposure times are written.
fn take(exif: &Block<'_>, dates: &mut ExifDates, found: &mut Metadata, as_decimal: bool) {
    take_dates(exif, dates);
    take_gps(exif, found);
    let text = |tag| value(exif, tag).and_then(text).unwrap_or_default();
    set(&mut found.description, &text(Tag::ImageDescription));
    set(&mut found.artist, &text(Tag::Artist));
    set(&mut found.copyright, &text(Tag::Copyright));
    set(&mut found.software, &text(Tag::Software));
    set(&mut found.make, &text(Tag::Make));
    set(&mut found.model, &text(Tag::Model));
    set(&mut found.serial, &text(Tag::BodySerialNumber));
    set(&mut found.lens_make, &text(Tag::LensMake));
    set(&mut found.lens_model, &text(Tag::LensModel));
    set(&mut found.comment, &user_comment(exif).unwrap_or_default());
    let number = |tag| value(exif, tag).and_then(|value| value.get_uint(0)).unwrap_or_default();
    if found.iso == 0 {
        found.iso = number(Tag::PhotographicSensitivity);
    }
    if found.orientation == 0 {
        found.orientation = u16::try_from(number(Tag::Orientation))
            .ok()
            .filter(|way| *way <= 8)
            .unwrap_or(0);
    }
    if found.f_number == 0.0 {
        found.f_number = decimal(exif, Tag::FNumber).map_or(0.0, |value| (value * 100.0).round() / 100.0);
    }
    if found.focal_length_mm == 0 {
        found.focal_length_mm = match number(Tag::FocalLengthIn35mmFilm) {
            0 => decimal(exif, Tag::FocalLength).map_or(0, |value| value as u32),
            equivalent => equivalent,
        };
    }
    if found.exposure.is_empty() {
        found.exposure = exposure(exif, as_decimal).unwrap_or_default();
    }
    found.flash_fired |= number(Tag::Flash) & 1 == 1;
    if found.width_px == 0 {
        let either = |first, second| {
            [first, second]
                .into_iter()
                .map(number)
                .find(|size| *size > 0)
                .unwrap_or(0)
        };
        found.width_px = either(Tag::ImageWidth, Tag::PixelXDimension);
        found.height_px = either(Tag::ImageLength, Tag::PixelYDimension);
    }
    if let Some(Value::Undefined(note, _)) = value(exif, Tag::MakerNote) {
        let note = apple::read(note);
        found.hdr |= note.hdr;
        if let Some(id) = note.unique_id {
            set(&mut found.document_id, &id);
        }
    }
}

/// A block of Exif. CR3 has each group of tags in a block of its own, where only their numbers tell them.
struct Block<'a> {
    exif: &'a Exif,
    by_number: bool,
}

fn value<'a>(block: &Block<'a>, tag: Tag) -> Option<&'a Value> {
    let field = match block.by_number {
        true => block
            .exif
            .fields()
            .find(|field| field.tag.number() == tag.number() && field.ifd_num == In::PRIMARY),
        false => block.exif.get_field(tag, In::PRIMARY),
    };
    field.map(|field| &field.value)
}

fn text(value: &Value) -> Option<String> {
    let Value::Ascii(texts) = value else { return None };
    let text = String::from_utf8_lossy(texts.first()?);
    Some(text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
}

fn decimal(exif: &Block<'_>, tag: Tag) -> Option<f64> {
    let number = match value(exif, tag)? {
        Value::Rational(parts) => parts.first()?.to_f64(),
        Value::SRational(parts) => parts.first()?.to_f64(),
        other => f64::from(other.get_uint(0)?),
    };
    number.is_finite().then_some(number)
}

/// `1/75` of 13333/1000000, as seen; or `0.01`. Seen: a shutter speed alone is written as a decimal.
fn exposure(exif: &Block<'_>, as_decimal: bool) -> Option<String> {
    let Some(Value::Rational(parts)) = value(exif, Tag::ExposureTime) else {
        let speed = decimal(exif, Tag::ShutterSpeedValue)?;
        return Some((-speed).exp2().to_string());
    };
    let (num, denom) = (parts.first()?.num, parts.first()?.denom);
    match num {
        0 => None,
        _ if as_decimal && denom > 0 => Some((f64::from(num) / f64::from(denom)).to_string()),
        _ if denom == 1 => Some(num.to_string()),
        _ if num < denom => Some(format!("1/{}", denom / num)),
        _ => Some(format!("{num}/{denom}")),
    }
}

/// Eight bytes tell the encoding of the rest.
fn user_comment(exif: &Block<'_>) -> Option<String> {
    let Value::Undefined(bytes, _) = value(exif, Tag::UserComment)? else {
        return None;
    };
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"ASCII\0\0\0")?);
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    text.chars().all(|c| !c.is_control()).then(|| text.to_owned())
}

fn take_dates(exif: &Block<'_>, dates: &mut ExifDates) {
    let date = |tag, offset| {
        let wall = date(exif, tag)?;
        let clock = value(exif, offset)
            .and_then(text)
            .and_then(|text| offset_s(&text))
            .map_or(Clock::Local, Clock::Offset);
        Some(Found { wall, clock })
    };
    dates.original = dates.original.or(date(Tag::DateTimeOriginal, Tag::OffsetTimeOriginal));
    dates.digitized = dates
        .digitized
        .or(date(Tag::DateTimeDigitized, Tag::OffsetTimeDigitized));
    dates.modified = dates.modified.or(date(Tag::DateTime, Tag::OffsetTime));
    dates.gps = dates.gps.or(gps_date(exif));
}

fn date(exif: &Block<'_>, tag: Tag) -> Option<DateTime> {
    let Value::Ascii(texts) = value(exif, tag)? else {
        return None;
    };
    let found = exif::DateTime::from_ascii(texts.first()?).ok()?;
    let [month, day, hour, minute, second] =
        [found.month, found.day, found.hour, found.minute, found.second].map(|part| i8::try_from(part).unwrap_or(-1));
    DateTime::new(i16::try_from(found.year).ok()?, month, day, hour, minute, second, 0).ok()
}

fn gps_date(exif: &Block<'_>) -> Option<DateTime> {
    let day = value(exif, Tag::GPSDateStamp).and_then(text)?;
    let mut day = day.split(':').map(str::parse::<i16>);
    let (year, month, day) = (day.next()?.ok()?, day.next()?.ok()?, day.next()?.ok()?);
    let Value::Rational(time) = value(exif, Tag::GPSTimeStamp)? else {
        return None;
    };
    let [hour, minute, second] = time[..] else { return None };
    let part = |part: exif::Rational| {
        Some(part.to_f64())
            .filter(|part| (0.0..60.0).contains(part))
            .map(|part| part as i8)
    };
    DateTime::new(
        year,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        part(hour)?,
        part(minute)?,
        part(second)?,
        0,
    )
    .ok()
}

/// `+02:00` in seconds.
pub(super) fn offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.trim().split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        ("Z", "") => return Some(0),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn take_gps(exif: &Block<'_>, found: &mut Metadata) {
    let coordinate = |tag, reference, negative: u8, limit: f64| {
        let parts: Vec<f64> = match value(exif, tag)? {
            Value::Rational(parts) => parts.iter().map(|part| part.to_f64()).collect(),
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
    if found.gps.is_none()
        && let Some(latitude) = coordinate(Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S', 90.0)
        && let Some(longitude) = coordinate(Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W', 180.0)
        && (latitude, longitude) != (0.0, 0.0)
    {
        found.gps = Some((latitude, longitude));
    }
    if found.altitude_m.is_none()
        && let Some(height) = decimal(exif, Tag::GPSAltitude)
    {
        let below = matches!(value(exif, Tag::GPSAltitudeRef), Some(Value::Byte(way)) if way.first() == Some(&1));
        found.altitude_m = Some(if below { -height } else { height });
    }
}
