//! Dates as the service writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::Offset;
use photomove_core::{CaptureTime, Origin, Precision, Sourced};

use crate::wire::{ContentProperties, Node};

/// A date and what it says about its zone.
struct Written {
    local: DateTime,
    /// `None` if it ends in `Z` or has no zone at all.
    offset: Option<Offset>,
}

fn written(text: &str) -> Option<Written> {
    let text = text.trim();
    let Ok(pieces) = Pieces::parse(text) else {
        // EXIF's own spelling.
        let local = DateTime::strptime("%Y:%m:%d %H:%M:%S", text).ok()?;
        return Some(Written { local, offset: None });
    };
    let offset = match pieces.offset() {
        Some(PiecesOffset::Numeric(numeric)) => Some(numeric.offset()),
        _ => None,
    };
    Some(Written {
        local: pieces.date().to_datetime(pieces.time()?),
        offset,
    })
}

/// Reads a date of the node itself, which is an instant.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    let written = written(text)?;
    written.offset.unwrap_or(Offset::UTC).to_timestamp(written.local).ok()
}

/// Reads a date that came out of a picture: wall-clock time, for EXIF has no zone and the service appends a `Z` that
/// means nothing. *Observed*: a German account's record has the EXIF digits unchanged.
fn wall_clock(text: &str, precision: Precision) -> Option<CaptureTime> {
    let Written { local, offset } = written(text)?;
    let local = match precision {
        Precision::Subsecond => local,
        _ => local.with().subsec_nanosecond(0).build().ok()?,
    };
    Some(CaptureTime {
        instant: offset.and_then(|offset| offset.to_timestamp(local).ok()),
        offset_s: offset.map(Offset::seconds),
        ..CaptureTime::local(local, precision)
    })
}

/// Returns when it was taken and the name of the field that said so.
pub(super) fn taken(node: &Node) -> Option<(Sourced<CaptureTime>, &'static str)> {
    let nothing = ContentProperties::default();
    let content = node.content.as_ref().unwrap_or(&nothing);
    let (image, video) = (&content.image, &content.video);
    let exif = |name: &str, fraction: &str| {
        let base = wall_clock(image.date(name)?, Precision::Second)?;
        Some(
            image
                .text(fraction)
                .and_then(|digits| with_fraction(base, digits))
                .unwrap_or(base),
        )
    };
    let provider = |taken: CaptureTime| Sourced::provider(taken);
    // The order is that of a client whose dates agree with the service's own pages (reference 3.5).
    exif("dateTimeOriginal", "subSecTimeOriginal")
        .map(|taken| (provider(taken), "image.dateTimeOriginal"))
        .or_else(|| {
            exif("dateTimeDigitized", "subSecTimeDigitized").map(|taken| (provider(taken), "image.dateTimeDigitized"))
        })
        .or_else(|| video_date(video.date("creationDate")?).map(|taken| (provider(taken), "video.creationDate")))
        .or_else(|| {
            // Its milliseconds are not to be trusted: the service makes .089 of the sub-second digits "89".
            let taken = wall_clock(content.content_date.as_deref()?, Precision::Second)?;
            Some((provider(taken), "contentDate"))
        })
        .or_else(|| exif("dateTime", "subSecTime").map(|taken| (provider(taken), "image.dateTime")))
        .or_else(|| {
            let created = instant(node.created_date.as_deref()?)?;
            let taken = CaptureTime::instant(created, Precision::Second);
            Some((
                Sourced {
                    value: taken,
                    origin: Origin::Inferred,
                },
                "createdDate",
            ))
        })
}

/// Videos keep an instant in UTC, unlike pictures. 1904 is the zero of their clock, which means "not set".
fn video_date(text: &str) -> Option<CaptureTime> {
    let Written { local, offset } = written(text)?;
    if local.year() <= 1904 {
        return None;
    }
    let instant = offset.unwrap_or(Offset::UTC).to_timestamp(local).ok()?;
    Some(match offset {
        Some(offset) => CaptureTime {
            instant: Some(instant),
            offset_s: Some(offset.seconds()),
            ..CaptureTime::local(local, Precision::Second)
        },
        None => CaptureTime::instant(instant, Precision::Second),
    })
}

/// EXIF keeps the digits behind the second's point in a field of their own.
fn with_fraction(taken: CaptureTime, digits: &str) -> Option<CaptureTime> {
    let digits = digits.trim();
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{digits:0<9}").parse().ok()?;
    let local = taken.local?.with().subsec_nanosecond(nanoseconds).build().ok()?;
    let instant = taken
        .offset_s
        .and_then(|seconds| Offset::from_seconds(seconds).ok()?.to_timestamp(local).ok());
    Some(CaptureTime {
        local: Some(local),
        instant,
        precision: Precision::Subsecond,
        ..taken
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn taken_of(content: Value) -> (CaptureTime, &'static str) {
        let node = json!({"id": "a", "createdDate": "2024-01-02T03:04:05.678Z", "contentProperties": content});
        let (taken, field) = taken(&Node::from_value(node).unwrap()).unwrap();
        (taken.value, field)
    }

    #[test]
    fn the_zone_letter_of_exif_dates_means_nothing() {
        let (taken, field) = taken_of(json!({
            "contentDate": "2019-09-06T16:30:09.089Z",
            "image": {"dateTimeOriginal": "2019-09-06T16:30:09.000Z", "subSecTimeOriginal": "89"},
        }));
        assert_eq!(field, "image.dateTimeOriginal");
        assert_eq!(taken.local.unwrap().to_string(), "2019-09-06T16:30:09.89");
        assert_eq!(
            (taken.instant, taken.offset_s, taken.precision),
            (None, None, Precision::Subsecond)
        );
    }

    #[rstest]
    #[case(json!({"image": {"dateTimeDigitized": "2001-01-01T00:00:00Z", "dateTime": "2002-01-01T00:00:00Z"}}), "image.dateTimeDigitized")]
    #[case(json!({"image": {"dateTimeOriginal": "0000:00:00 00:00:00"}, "contentDate": "2003-01-01T00:00:00Z"}), "contentDate")]
    #[case(json!({"image": {"dateTime": "2003-01-01T00:00:00Z"}}), "image.dateTime")]
    #[case(json!({"video": {"creationDate": "1904-01-01T00:00:00Z"}}), "createdDate")]
    #[case(json!(null), "createdDate")]
    fn the_best_date_wins_and_is_named(#[case] content: Value, #[case] field: &str) {
        assert_eq!(taken_of(content).1, field);
    }

    #[test]
    fn videos_have_instants_and_content_dates_no_trustworthy_milliseconds() {
        let (taken, _) = taken_of(json!({"video": {"creationDate": "2023-08-14T21:13:21.000Z"}}));
        assert_eq!(taken.instant.unwrap().to_string(), "2023-08-14T21:13:21Z");
        let (taken, _) = taken_of(json!({"contentDate": "1912-06-23T09:00:00.123Z"}));
        assert_eq!(taken.local.unwrap().to_string(), "1912-06-23T09:00:00");
    }

    #[test]
    fn a_real_offset_links_wall_clock_and_instant() {
        let (taken, _) = taken_of(json!({"image": {"dateTimeOriginal": "2024-05-02T09:00:00+02:00"}}));
        assert_eq!(taken.as_instant().unwrap().to_string(), "2024-05-02T07:00:00Z");
    }

    #[test]
    fn node_dates_are_instants_with_any_number_of_digits() {
        for text in [
            "2015-01-01T00:00:00.00Z",
            "2015-01-01T00:00:00Z",
            "2015-01-01T02:00:00.000+02:00",
        ] {
            assert_eq!(instant(text).unwrap().to_string(), "2015-01-01T00:00:00Z");
        }
        assert_eq!(instant("yesterday"), None);
    }
}
