//! Which of a file's dates is when it was taken.

use jiff::civil::{DateTime, date};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::{Draft, Found, When, is_usual};
use crate::{Confidence, DateField, OffsetFrom, Precision, Taken, WarningKind};

/// Largest difference of a GPS fix to a full quarter of an hour from the picture's time.
const GPS_LAG_S: i64 = 10;
const QUARTER_S: i64 = 15 * 60;

/// Makes dates of what was found, completed by each other, in the order of precedence.
pub(super) fn in_order(
    mut found: Vec<Found>,
    is_video: bool,
    latest: Option<Timestamp>,
    draft: &mut Draft,
) -> Vec<Taken> {
    found.sort_by_key(|found| (rank(found.field, is_video), found.field));
    let mut dates: Vec<Taken> = found.into_iter().map(taken).collect();
    dates.retain(|taken| {
        let future = latest.is_some_and(|latest| is_after(taken, latest));
        if future {
            draft.warn(WarningKind::Implausible, "date in the future left out");
        }
        !future
    });
    let all = dates.clone();
    for taken in &mut dates {
        complete(taken, &all);
    }
    dates
}

/// Takes the first date that has a time of day and no reason for doubt, else the first without such a reason, else the
/// first with a time of day, else the first.
pub(super) fn best(dates: &[Taken]) -> Option<Taken> {
    dates
        .iter()
        .min_by_key(|taken| (taken.confidence == Confidence::Low, taken.precision <= Precision::Day))
        .copied()
}

/// Videos have their own first: XMP comes from programs.
fn rank(field: DateField, is_video: bool) -> u8 {
    if !is_video {
        return 0;
    }
    match field {
        DateField::QuickTimeKeys => 0,
        DateField::XmpOriginal | DateField::XmpDateCreated | DateField::XmpDigitized | DateField::XmpCreated => 1,
        DateField::MovieHeader | DateField::MatroskaDate | DateField::RiffDate => 2,
        DateField::UserData => 3,
        _ => 4,
    }
}

fn taken(found: Found) -> Taken {
    let mut taken = Taken {
        local: None,
        offset: None,
        instant: None,
        precision: Precision::Second,
        field: found.field,
        offset_from: None,
        confidence: Confidence::Usual,
    };
    match found.when {
        When::Wall(stamp) => {
            taken.local = Some(stamp.local);
            taken.precision = stamp.precision;
            taken.offset = stamp.offset.filter(|offset| is_usual(*offset));
            taken.offset_from = taken.offset.map(|_| OffsetFrom::Field);
        }
        When::Instant(instant) => {
            taken.instant = Some(instant);
            if instant.subsec_nanosecond() != 0 {
                taken.precision = Precision::Subsecond;
            }
        }
    }
    let weak_field = matches!(
        found.field,
        DateField::Gps | DateField::ExifModified | DateField::FileName
    );
    let shown = taken.local.or_else(|| Some(Offset::UTC.to_datetime(taken.instant?)));
    if weak_field || found.doubtful || shown.is_some_and(is_where_clocks_start) {
        taken.confidence = Confidence::Low;
    }
    taken
}

/// Dates that clocks show after a battery was changed, and that programs write for none.
fn is_where_clocks_start(local: DateTime) -> bool {
    let hours = |from: DateTime| from.duration_until(local).as_hours();
    let unix = date(1970, 1, 1).at(0, 0, 0, 0);
    (-14..14).contains(&hours(unix))
        || [date(1980, 1, 1), date(2000, 1, 1), date(2001, 1, 1)]
            .iter()
            .any(|day| local == day.at(0, 0, 0, 0))
        || local == date(2002, 12, 8).at(12, 0, 0, 0)
}

fn is_after(taken: &Taken, latest: Timestamp) -> bool {
    let instant = taken.instant.or_else(|| {
        let offset = taken.offset.unwrap_or(Offset::UTC);
        offset.to_timestamp(taken.local?).ok()
    });
    instant.is_some_and(|instant| instant > latest)
}

/// Adds what follows from the date itself and from the others of the file.
fn complete(taken: &mut Taken, all: &[Taken]) {
    if taken.offset.is_none() && taken.precision >= Precision::Minute {
        let known = same_second_elsewhere(taken, all).or_else(|| difference_to_gps(taken, all));
        if let Some((offset, from)) = known {
            taken.offset = Some(offset);
            taken.offset_from = Some(from);
        }
    }
    if let Some(offset) = taken.offset {
        taken.instant = taken
            .instant
            .or_else(|| offset.to_timestamp(taken.local?).ok())
            .filter(|_| taken.precision >= Precision::Minute);
        taken.local = taken.local.or_else(|| Some(offset.to_datetime(taken.instant?)));
    }
}

fn same_second_elsewhere(taken: &Taken, all: &[Taken]) -> Option<(Offset, OffsetFrom)> {
    let whole = |local: DateTime| local.with().subsec_nanosecond(0).build().ok();
    let local = whole(taken.local?)?;
    let other = all.iter().find(|other| {
        other.field != taken.field
            && other.offset.is_some()
            && other.precision >= Precision::Minute
            && other.local.and_then(whole) == Some(local)
    })?;
    Some((other.offset?, OffsetFrom::SameTime(other.field)))
}

/// The clock on the wall less the time of the GPS fix is a zone if it is close to a quarter of an hour. None at all proves
/// nothing: some devices write the wall's time as GPS time.
fn difference_to_gps(taken: &Taken, all: &[Taken]) -> Option<(Offset, OffsetFrom)> {
    let gps = all.iter().find(|other| other.field == DateField::Gps)?.instant?;
    let local = Offset::UTC.to_timestamp(taken.local?).ok()?;
    let difference: SignedDuration = gps.duration_until(local);
    let seconds = difference.as_secs();
    let rest = (seconds + QUARTER_S / 2).rem_euclid(QUARTER_S) - QUARTER_S / 2;
    let zone = seconds - rest;
    if rest.abs() > GPS_LAG_S || zone == 0 {
        return None;
    }
    let offset = Offset::from_seconds(i32::try_from(zone).ok()?).ok()?;
    is_usual(offset).then_some((offset, OffsetFrom::GpsDifference))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::dates;

    fn wall(field: DateField, text: &str) -> Found {
        Found {
            field,
            when: When::Wall(dates::parse(text).unwrap()),
            doubtful: false,
        }
    }

    fn at(field: DateField, text: &str) -> Found {
        Found {
            field,
            when: When::Instant(text.parse().unwrap()),
            doubtful: false,
        }
    }

    fn chosen(found: Vec<Found>, is_video: bool) -> Taken {
        best(&in_order(found, is_video, None, &mut Draft::default())).unwrap()
    }

    #[test]
    fn photos_are_dated_by_the_order_of_precedence() {
        let mut found = vec![
            wall(DateField::ExifModified, "2020:01:07 00:00:01"),
            wall(DateField::PngCreationTime, "2020:01:06 00:00:01"),
            wall(DateField::ExifDigitized, "2020:01:05 00:00:01"),
            wall(DateField::IptcCreated, "2020:01:04 00:00:01"),
            wall(DateField::XmpDateCreated, "2020:01:03 00:00:01"),
            wall(DateField::XmpOriginal, "2020:01:02 00:00:01"),
            wall(DateField::ExifOriginal, "2020:01:01 00:00:01"),
        ];
        for day in 1..=7 {
            let taken = chosen(found.clone(), false);
            assert_eq!(taken.local.unwrap().day(), day);
            found.pop();
        }
    }

    #[test]
    fn videos_are_dated_by_their_own_fields() {
        let mut found = vec![
            wall(DateField::UserData, "2020-01-04T00:00:01Z"),
            at(DateField::MovieHeader, "2020-01-03T00:00:01Z"),
            wall(DateField::XmpCreated, "2020-01-02T00:00:01Z"),
            wall(DateField::QuickTimeKeys, "2020-01-01T00:00:01Z"),
        ];
        for day in 1..=4 {
            let taken = chosen(found.clone(), true);
            assert_eq!(Offset::UTC.to_datetime(taken.instant.unwrap()).day(), day);
            found.pop();
        }
    }

    #[rstest]
    #[case("1970:01:01 00:00:00")]
    #[case("1970:01:01 08:00:00")]
    #[case("1980:01:01 00:00:00")]
    #[case("2000:01:01 00:00:00")]
    #[case("2002:12:08 12:00:00")]
    fn where_clocks_start_is_believed_last(#[case] start: &str) {
        let both = vec![
            wall(DateField::ExifOriginal, start),
            wall(DateField::ExifDigitized, "2019:07:04 05:06:07"),
        ];
        assert_eq!(chosen(both, false).field, DateField::ExifDigitized);
        let alone = chosen(vec![wall(DateField::ExifOriginal, start)], false);
        assert_eq!(alone.confidence, Confidence::Low);
    }

    #[test]
    fn a_time_goes_before_a_bare_day_and_a_day_before_a_doubt() {
        let day = wall(DateField::XmpDateCreated, "2003-08-31");
        let time = wall(DateField::XmpCreated, "2005-12-17T22:03:32Z");
        let doubt = wall(DateField::ExifModified, "2008:07:31 10:50:00");
        assert_eq!(chosen(vec![day, time, doubt], false).field, DateField::XmpCreated);
        assert_eq!(chosen(vec![day, doubt], false).field, DateField::XmpDateCreated);
        assert_eq!(chosen(vec![doubt], false).field, DateField::ExifModified);
    }

    #[rstest]
    #[case("2019:07:04 05:06:07", "2019-07-04T03:06:07Z", Some(7200))]
    #[case("2019:07:04 05:06:07", "2019-07-04T08:36:09Z", Some(-12600))]
    #[case("2019:07:04 05:06:07", "2019-07-03T23:21:00Z", Some(20700))]
    #[case("2019:07:04 05:06:07", "2019-07-04T03:08:07Z", None)]
    #[case("2019:07:04 05:06:07", "2019-07-04T05:06:07Z", None)]
    #[case("2019:07:04 05:06:07", "2019-07-05T03:06:07Z", None)]
    #[case("2019:07:04 05:06:07", "2019-07-03T14:36:07Z", None)]
    fn a_gps_fix_tells_the_zone(#[case] local: &str, #[case] gps: &str, #[case] seconds: Option<i32>) {
        let found = vec![wall(DateField::ExifOriginal, local), at(DateField::Gps, gps)];
        let taken = chosen(found, false);
        assert_eq!(taken.field, DateField::ExifOriginal);
        assert_eq!(taken.offset.map(Offset::seconds), seconds);
        assert_eq!(taken.instant.is_some(), seconds.is_some());
    }

    #[test]
    fn the_same_second_with_a_zone_lends_it() {
        let taken = chosen(
            vec![
                wall(DateField::XmpDateCreated, "2022-01-10T15:15:44.31"),
                wall(DateField::IptcCreated, "2022-01-10T15:15:44-04:00"),
                at(DateField::Gps, "2022-01-10T21:15:44Z"),
            ],
            false,
        );
        assert_eq!(taken.offset_from, Some(OffsetFrom::SameTime(DateField::IptcCreated)));
        assert_eq!(taken.instant.unwrap().to_string(), "2022-01-10T19:15:44.31Z");
    }

    #[test]
    fn the_future_is_left_out() {
        let mut draft = Draft::default();
        let found = vec![
            wall(DateField::ExifOriginal, "2087:01:01 00:00:00"),
            wall(DateField::ExifDigitized, "2019:07:04 05:06:07"),
        ];
        let latest = "2026-11-22T00:00:00Z".parse().ok();
        let dates = in_order(found, false, latest, &mut draft);
        assert_eq!(dates.len(), 1);
        assert_eq!(draft.warnings.len(), 1);
    }
}
