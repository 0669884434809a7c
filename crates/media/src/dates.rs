//! Dates as text, in the many ways that cameras and programs write them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::Precision;

/// A date as one field writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) local: DateTime,
    pub(crate) offset: Option<Offset>,
    pub(crate) precision: Precision,
}

/// Latest and earliest offset from UTC that any place uses, in seconds.
pub(crate) const OFFSETS_S: std::ops::RangeInclusive<i32> = -12 * 3600..=14 * 3600;

/// Reads a date: `2008:05:30 15:56:01`, `2008-05-30T15:56:01.123+02:00`, `2003-08-31`, `2003`, and what lies between.
/// Blanks and zeros, which stand for no date, are none.
pub(crate) fn parse(text: &str) -> Option<Stamp> {
    let mut letters = Letters::new(text);
    let year = letters.digits(4, 4)?;
    let separator = letters.peek();
    if !matches!(separator, Some(':' | '-' | '/' | '.')) {
        let date = Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
        return (year > 0 && letters.at_end()).then(|| Stamp::of_day(date, Precision::Year));
    }
    letters.skip();
    let month = letters.digits(1, 2)?;
    let day = if letters.peek() == separator {
        letters.skip();
        letters.digits(1, 2)?
    } else {
        0
    };
    let (date, precision) = calendar_day(year, month, day)?;
    let mut stamp = Stamp::of_day(date, precision);
    if precision != Precision::Day || !letters.skip_between_date_and_time() {
        return Some(stamp);
    }
    // A day with a time that makes no sense is still a day.
    let Some((time, precision)) = clock_time(&mut letters) else {
        return Some(stamp);
    };
    stamp.local = DateTime::from_parts(date, time);
    stamp.precision = precision;
    stamp.offset = offset(letters.rest());
    Some(stamp)
}

/// Reads a date as mail has it: `Tue, 13 Feb 2007 06:34:38 +0000`.
pub(crate) fn parse_rfc_1123(text: &str) -> Option<Stamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_zoned(text.trim())
        .ok()?;
    Some(Stamp {
        local: zoned.datetime(),
        offset: Some(zoned.offset()),
        precision: Precision::Second,
    })
}

/// Reads what AVI files have: `MON JAN 02 15:04:05 2006`.
pub(crate) fn parse_c_time(text: &str) -> Option<Stamp> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let words: Vec<&str> = text.trim_end_matches('\0').split_ascii_whitespace().collect();
    let &[_, month, day, time, year] = words.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))? + 1;
    parse(&format!("{year}:{month:02}:{day} {time}"))
}

/// Reads day and time as IPTC has them: `20080808` and `080808+0200`.
pub(crate) fn parse_iptc(day: &str, time: Option<&str>) -> Option<Stamp> {
    let mut letters = Letters::new(day);
    let year = letters.digits(4, 4)?;
    // Some programs write dashes or colons, which the standard does not have.
    letters.skip_one_of(&[':', '-']);
    let month = letters.digits(2, 2)?;
    letters.skip_one_of(&[':', '-']);
    let (date, precision) = calendar_day(year, month, letters.digits(2, 2).unwrap_or(0))?;
    let mut stamp = Stamp::of_day(date, precision);
    let Some(time) = time.filter(|_| precision == Precision::Day) else {
        return Some(stamp);
    };
    let mut letters = Letters::new(time);
    let parts = (|| {
        let hour = letters.digits(2, 2)?;
        letters.skip_one_of(&[':']);
        let minute = letters.digits(2, 2)?;
        letters.skip_one_of(&[':']);
        Some((hour, minute, letters.digits(2, 2)?))
    })();
    let Some(time) = parts.and_then(|(hour, minute, second)| time_of(hour, minute, second, 0)) else {
        return Some(stamp);
    };
    stamp.local = DateTime::from_parts(date, time);
    stamp.precision = Precision::Second;
    // `+0000` is what programs write that know no zone.
    stamp.offset = offset(letters.rest()).filter(|offset| *offset != Offset::UTC);
    Some(stamp)
}

/// Finds a date in a file's name: `IMG_20190704_050607.jpg`, `2019-07-04 05.06.07.jpg`, `IMG-20190704-WA0001.jpg`.
/// Names of Pixel phones (`PXL_`) have UTC.
pub(crate) fn parse_name(name: &str) -> Option<Stamp> {
    let digits: Vec<(usize, char)> = name.char_indices().filter(|(_, c)| c.is_ascii_digit()).collect();
    let mut tried = 0;
    while let Some((start, _)) = digits.get(tried) {
        let previous = name[..*start].chars().next_back();
        if !previous.is_some_and(|c| c.is_ascii_digit())
            && let Some(stamp) = name_at(&name[*start..])
        {
            let utc = name.starts_with("PXL_") && stamp.precision >= Precision::Second;
            return Some(Stamp {
                offset: utc.then_some(Offset::UTC),
                ..stamp
            });
        }
        tried += 1;
    }
    None
}

fn name_at(text: &str) -> Option<Stamp> {
    const BETWEEN: &[char] = &['-', '_', '.', ' ', 'T'];
    let mut letters = Letters::new(text);
    let year = letters.digits(4, 4).filter(|year| (1900..2200).contains(year))?;
    letters.skip_one_of(BETWEEN);
    let month = letters.digits(2, 2)?;
    letters.skip_one_of(BETWEEN);
    let day = letters.digits(2, 2)?;
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    let mut stamp = Stamp::of_day(date, Precision::Day);
    // A number of nine digits is no date; one of fourteen has the time in it.
    if (1..6).contains(&letters.0.bytes().take_while(u8::is_ascii_digit).count()) {
        return None;
    }
    letters.skip_one_of(BETWEEN);
    letters.skip_word("at ");
    let time = (|| {
        let hour = letters.digits(2, 2)?;
        letters.skip_one_of(&['-', '_', '.', ':', 'h']);
        let minute = letters.digits(2, 2)?;
        letters.skip_one_of(&['-', '_', '.', ':', 'm']);
        time_of(hour, minute, letters.digits(2, 2)?, 0)
    })();
    if let Some(time) = time {
        stamp.local = DateTime::from_parts(date, time);
        stamp.precision = Precision::Second;
    }
    Some(stamp)
}

/// Reads an offset: `+02:00`, `-0330`, `+2`, `Z`.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let mut letters = Letters::new(text);
    letters.skip();
    let hours = letters.digits(1, 2)?;
    letters.skip_one_of(&[':']);
    let minutes = letters.digits(2, 2).unwrap_or(0);
    if minutes > 59 || !letters.at_end() {
        return None;
    }
    let seconds = sign * i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Offset::from_seconds(seconds)
        .ok()
        .filter(|_| OFFSETS_S.contains(&seconds))
}

/// Reads the digits of a fraction of a second: `7` is seven tenths, as `70` is. Returns nanoseconds.
pub(crate) fn fraction(digits: &str) -> Option<i32> {
    let digits = digits.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().ok()
}

/// Turns seconds since a day of some other epoch into an instant.
pub(crate) fn instant(seconds: i64, nanoseconds: i32) -> Option<Timestamp> {
    Timestamp::new(seconds, nanoseconds).ok()
}

impl Stamp {
    fn of_day(date: Date, precision: Precision) -> Self {
        Self {
            local: DateTime::from_parts(date, Time::midnight()),
            offset: None,
            precision,
        }
    }

    /// Adds fractions that stand in a field of their own.
    pub(crate) fn with_fraction(mut self, digits: Option<&str>) -> Self {
        if self.precision == Precision::Second
            && let Some(nanoseconds) = digits.and_then(fraction)
            && let Ok(local) = self.local.with().subsec_nanosecond(nanoseconds).build()
        {
            self.local = local;
            self.precision = Precision::Subsecond;
        }
        self
    }

    /// Adds an offset that stands in a field of its own.
    pub(crate) fn with_offset(mut self, other: Option<Offset>) -> Self {
        if self.precision >= Precision::Minute {
            self.offset = self.offset.or(other);
        }
        self
    }
}

/// A month of 0 means that only the year is known, a day of 0 that only the month is.
fn calendar_day(year: u32, month: u32, day: u32) -> Option<(Date, Precision)> {
    let precision = match (year, month, day) {
        (0, ..) => return None,
        (_, 0, _) => Precision::Year,
        (_, _, 0) => Precision::Month,
        _ => Precision::Day,
    };
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month.max(1)).ok()?,
        i8::try_from(if month == 0 { 1 } else { day.max(1) }).ok()?,
    );
    Some((date.ok()?, precision))
}

fn clock_time(letters: &mut Letters<'_>) -> Option<(Time, Precision)> {
    let hour = letters.digits(1, 2)?;
    if !matches!(letters.peek(), Some(':' | '.' | '-')) {
        return None;
    }
    letters.skip();
    let minute = letters.digits(1, 2)?;
    if !matches!(letters.peek(), Some(':' | '.' | '-')) || letters.second_is_offset() {
        return Some((time_of(hour, minute, 0, 0)?, Precision::Minute));
    }
    letters.skip();
    let second = letters.digits(1, 2)?;
    let mut nanoseconds = None;
    if matches!(letters.peek(), Some('.' | ',')) {
        letters.skip();
        nanoseconds = fraction(letters.run_of_digits());
    }
    let precision = if nanoseconds.is_some() {
        Precision::Subsecond
    } else {
        Precision::Second
    };
    Some((time_of(hour, minute, second, nanoseconds.unwrap_or(0))?, precision))
}

/// A leap second is the last one of its minute.
fn time_of(hour: u32, minute: u32, second: u32, nanoseconds: i32) -> Option<Time> {
    Time::new(
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(if second == 60 { 59 } else { second }).ok()?,
        nanoseconds,
    )
    .ok()
}

struct Letters<'t>(&'t str);

impl<'t> Letters<'t> {
    fn new(text: &'t str) -> Self {
        Self(text.trim_matches(|c: char| c.is_whitespace() || c == '\0'))
    }

    fn rest(&self) -> &'t str {
        self.0
    }

    fn at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn peek(&self) -> Option<char> {
        self.0.chars().next()
    }

    fn skip(&mut self) {
        let mut letters = self.0.chars();
        letters.next();
        self.0 = letters.as_str();
    }

    fn skip_one_of(&mut self, wanted: &[char]) {
        if self.peek().is_some_and(|letter| wanted.contains(&letter)) {
            self.skip();
        }
    }

    fn skip_word(&mut self, word: &str) {
        self.0 = self.0.strip_prefix(word).unwrap_or(self.0);
    }

    fn skip_between_date_and_time(&mut self) -> bool {
        let rest = self.0.trim_start_matches([' ', 'T', 't', ':']);
        let skipped = rest.len() < self.0.len();
        self.0 = rest;
        skipped && !rest.is_empty()
    }

    /// `15:13-04:00` has no seconds, `15-13-04` has.
    fn second_is_offset(&self) -> bool {
        self.0.starts_with('-') && self.0.contains(':')
    }

    fn run_of_digits(&mut self) -> &'t str {
        let end = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let end = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if end < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests;
