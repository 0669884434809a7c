//! Times as the server reads and writes them: RFC 3339 with `Z`, and wall clocks that only look like it.

use std::fmt;

use jiff::civil::{self, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The zero time of the server: what stands where a time was never set and `null` is not possible.
pub(crate) fn zero() -> Timestamp {
    civil::date(1, 1, 1)
        .to_zoned(TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// Without the parts of a second.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    let nanos = i64::from(time.subsec_nanosecond());
    // Before 1970 the fraction is negative; the server cuts towards the past.
    let cut = if nanos < 0 { 1_000_000_000 + nanos } else { nanos };
    time.checked_sub(SignedDuration::from_nanos(cut)).unwrap_or(time)
}

/// `2019-07-21T16:42:07.5Z`: up to nine decimals, trailing zeros cut.
pub(crate) fn write(time: Timestamp) -> String {
    write_wall(TimeZone::UTC.to_datetime(time), None)
}

/// English name of a month, 1 to 12; another number counts as January.
pub(crate) fn month_name(month: i64) -> String {
    let month = i8::try_from(month).unwrap_or(1);
    let day = civil::Date::new(2000, month, 1).unwrap_or(civil::date(2000, 1, 1));
    day.strftime("%B").to_string()
}

/// The wall clock of a time in UTC.
pub(crate) fn utc(time: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(time)
}

/// What a wall clock shows, dressed up as a time in UTC or, if it was sent so, with an offset. The offset means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WallTime {
    /// The wall clock.
    pub(crate) at: DateTime,
    /// Seconds east of UTC, if it was written with an offset and not with `Z`.
    pub(crate) offset_s: Option<i32>,
}

impl WallTime {
    /// A wall clock that is written with `Z`.
    pub(crate) fn new(at: DateTime) -> Self {
        Self { at, offset_s: None }
    }

    /// The UTC wall clock of a time.
    pub(crate) fn utc(time: Timestamp) -> Self {
        Self::new(utc(time))
    }

    /// The wall clock as if it were UTC; what the server sorts by.
    pub(crate) fn as_utc(self) -> Timestamp {
        at_utc(self.at)
    }

    /// The moment that it names when `Z` or the offset is taken seriously.
    pub(crate) fn moment(self) -> Timestamp {
        let offset = SignedDuration::from_secs(i64::from(self.offset_s.unwrap_or(0)));
        self.as_utc().checked_sub(offset).unwrap_or(self.as_utc())
    }

    /// Reads RFC 3339 as strictly as the server: with `T`, seconds, and `Z` or an offset; anything else is refused.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let zone_at = rest.find(['Z', '+', '-'])?;
        let (clock, zone) = rest.split_at(zone_at);
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (clock, fraction) = match clock.split_once('.') {
            Some((clock, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
                (clock, nine.parse().ok()?)
            }
            Some(_) => return None,
            None => (clock, 0),
        };
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        let at = DateTime::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(second).ok()?,
            fraction,
        )
        .ok()?;
        let offset_s = match zone {
            "Z" => None,
            zone => {
                let sign = if zone.starts_with('-') { -1 } else { 1 };
                let [hours, minutes] = numbers(&zone[1..], ':', [2, 2])?;
                (hours < 24 && minutes < 60).then_some(())?;
                let seconds = sign * (hours * 3600 + minutes * 60);
                (seconds != 0).then_some(seconds)
            }
        };
        Some(Self { at, offset_s })
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write_wall(self.at, self.offset_s))
    }
}

/// Digits in groups of just these lengths.
fn numbers<const N: usize>(text: &str, between: char, lengths: [usize; N]) -> Option<[i32; N]> {
    let mut out = [0; N];
    let mut parts = text.split(between);
    for (slot, length) in out.iter_mut().zip(lengths) {
        let part = parts.next()?;
        (part.len() == length && part.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(out)
}

fn write_wall(at: DateTime, offset_s: Option<i32>) -> String {
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    let nanos = at.subsec_nanosecond();
    if nanos != 0 {
        text.push('.');
        text.push_str(format!("{nanos:09}").trim_end_matches('0'));
    }
    match offset_s {
        None | Some(0) => text.push('Z'),
        Some(seconds) => {
            let sign = if seconds < 0 { '-' } else { '+' };
            let minutes = seconds.unsigned_abs() / 60;
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
    }
    text
}

/// The moment at which UTC's wall clock shows this.
pub(crate) fn at_utc(at: DateTime) -> Timestamp {
    in_zone(at, &TimeZone::UTC)
}

/// The moment at which a zone's wall clock shows this; inside a gap the clock is taken to go on as before it.
pub(crate) fn in_zone(at: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(at)
        .compatible()
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The zone of this name, or `None` where the server takes UTC: names that are unknown or wrongly cased, and no name.
///
/// `UTC+2` and `UTC-05:30` are fixed offsets.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    if let Some(offset) = name.strip_prefix("UTC") {
        return fixed(offset);
    }
    let found = TimeZone::get(name).ok()?;
    (found.iana_name() == Some(name)).then_some(found)
}

fn fixed(offset: &str) -> Option<TimeZone> {
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "0"));
    let seconds = sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60);
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_strictly_and_written_with_trimmed_decimals() {
        for text in [
            "2019-07-21T16:42:07Z",
            "2019-07-21T16:42:07.48Z",
            "2010-04-13T09:37:22+02:00",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(WallTime::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "2019-07-21T16:42:07",
            "2019-07-21 16:42:07Z",
            "2019-07-21T16:42Z",
            "2019-7-21T16:42:07Z",
            "2019-02-30T00:00:00Z",
            "2019-07-21T25:00:00Z",
            "2019-07-21T16:42:07+0200",
            "2019-07-21T16:42:07.Z",
            "",
        ] {
            assert_eq!(WallTime::parse(text), None, "{text}");
        }
        assert_eq!(write(zero()), "0001-01-01T00:00:00Z");
        let offset = WallTime::parse("2010-04-13T09:37:22+02:00").unwrap();
        assert_eq!(write(offset.moment()), "2010-04-13T07:37:22Z");
        assert_eq!(write(offset.as_utc()), "2010-04-13T09:37:22Z");
    }

    #[test]
    fn seconds_are_cut_towards_the_past() {
        let cut = |text: &str| write(whole_seconds(text.parse().unwrap()));
        assert_eq!(cut("2019-07-21T16:42:07.999Z"), "2019-07-21T16:42:07Z");
        assert_eq!(cut("1950-01-01T00:00:00.25Z"), "1950-01-01T00:00:00Z");
    }

    #[test]
    fn only_exact_zone_names_count() {
        let summer = DateTime::constant(2019, 7, 21, 18, 0, 0, 0);
        let in_it = |name: &str| zone(name).map(|zone| write(in_zone(summer, &zone)));
        assert_eq!(in_it("Europe/Berlin").as_deref(), Some("2019-07-21T16:00:00Z"));
        assert_eq!(in_it("UTC+2").as_deref(), Some("2019-07-21T16:00:00Z"));
        assert_eq!(in_it("Etc/GMT-2").as_deref(), Some("2019-07-21T16:00:00Z"));
        assert_eq!(in_it("utc").as_deref(), Some("2019-07-21T18:00:00Z"));
        for name in ["europe/berlin", "Nowhere", "", "UTC2"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
