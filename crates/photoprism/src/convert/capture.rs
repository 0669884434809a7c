//! When a photo was taken.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use photomove_core::{CaptureTime, Precision, Sourced};

use super::origin;
use crate::wire::{Photo, Source};

/// Returns the time; `None` where the server had nothing to go by but the time of the upload.
pub(crate) fn taken(photo: &Photo) -> Option<Sourced<CaptureTime>> {
    if matches!(photo.taken_src, Source::Auto | Source::Default) {
        return None;
    }
    let local = photo.taken_at_local.map(|local| local.datetime())?;
    let precision = match (photo.year, photo.month, photo.day) {
        (..=0, _, _) => return None,
        (_, ..=0, _) => Precision::Year,
        (_, _, ..=0) => Precision::Month,
        _ if local.subsec_nanosecond() != 0 => Precision::Subsecond,
        _ if photo.taken_src == Source::Estimate => Precision::Day,
        _ => Precision::Second,
    };
    // The offset is that between the two times; a zone that the server does not know it takes for UTC.
    let offset = zone(&photo.time_zone).and_then(|_| {
        let seconds = photo
            .taken_at
            .map(|instant| between(local, instant.to_zoned(TimeZone::UTC).datetime()))?;
        Offset::from_seconds(i32::try_from(seconds).ok()?).ok()
    });
    Some(Sourced {
        value: CaptureTime {
            instant: offset.and(photo.taken_at),
            local: Some(local),
            offset_s: offset.map(Offset::seconds),
            precision,
        },
        origin: origin(&photo.taken_src),
    })
}

/// Whole seconds by which one wall clock is ahead of another.
fn between(ahead: DateTime, behind: DateTime) -> i64 {
    let whole = |time: DateTime| time.with().subsec_nanosecond(0).build().unwrap_or(time);
    let duration = whole(ahead).duration_since(whole(behind));
    duration.as_secs()
}

/// Returns the zone of a name that the server knows too; `None` for none, for `Local`, and for names that it takes for
/// UTC because it does not know them.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "" | "Local" => return None,
        "UTC" => return Some(TimeZone::UTC),
        _ => {}
    }
    if let Some(hours) = name.strip_prefix("UTC").and_then(|hours| hours.parse::<i8>().ok()) {
        return Offset::from_hours(hours).ok().map(TimeZone::fixed);
    }
    let zone = TimeZone::get(name).ok()?;
    // The server minds the case of the letters.
    (zone.iana_name() == Some(name)).then_some(zone)
}
