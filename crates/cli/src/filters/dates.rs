//! Dates as people type them: a year, a month, a day, or an instant.

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use photomove_core::{Error, ErrorKind, Filters, Result};

/// How a date can be typed.
const FORMS: &str = "use a year, a month, a day, or a time with its offset: `2023`, `2023-07`, `2023-07-14`, `2023-07-14T18:00:00+02:00`";

/// Reads what was typed for `option`: its first instant, and the first one after it.
pub(super) fn span(option: &str, text: &str, zone: &TimeZone) -> Result<(Timestamp, Timestamp)> {
    let text = text.trim();
    let refused = |why: &str, hint: &str| {
        Error::new(ErrorKind::Config, format!("`{option} {}` {why}", text.escape_default())).hint(hint)
    };
    let Some((numbers, length)) = parts(text) else {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok((instant, after(instant)));
        }
        return Err(match text.parse::<DateTime>() {
            Ok(_) if text.contains([':', 'T']) => refused(
                "has no offset",
                "add `Z` for UTC or the offset: `2023-07-14T18:00:00+02:00`; a day alone is one of this machine's time zone: `2023-07-14`",
            ),
            _ => refused("is no date", FORMS),
        });
    };
    let [year, month, day] = numbers;
    if !(1..=12).contains(&month) {
        return Err(refused("is no date: there is no such month", FORMS));
    }
    let narrow = |number: u16| i8::try_from(number).unwrap_or(0);
    let first = i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, narrow(month), narrow(day)).ok())
        .ok_or_else(|| refused("is no date: there is no such day", FORMS))?;
    // The calendar ends with the year 9999.
    let next = first.checked_add(length).ok();
    let begin = |date: Date| date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).ok();
    Ok((
        begin(first).unwrap_or(Timestamp::MIN),
        next.and_then(begin).unwrap_or(Timestamp::MAX),
    ))
}

/// Takes a year, month or day apart; `None` = it is none of them.
fn parts(text: &str) -> Option<([u16; 3], Span)> {
    let number = |text: &str, digits: usize| {
        let only_digits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        only_digits.then(|| text.parse().ok()).flatten()
    };
    let mut words = text.split('-');
    let year = number(words.next()?, 4)?;
    let Some(month) = words.next() else {
        return Some(([year, 1, 1], 1.year()));
    };
    let month = number(month, 2)?;
    let Some(day) = words.next() else {
        return Some(([year, month, 1], 1.month()));
    };
    let day = number(day, 2)?;
    words.next().is_none().then_some(([year, month, day], 1.day()))
}

/// The first instant that is not meant any more: the second that was named is meant to its end.
fn after(instant: Timestamp) -> Timestamp {
    let step = match instant.subsec_nanosecond() {
        0 => 1.second(),
        _ => 1.nanosecond(),
    };
    instant.checked_add(step).unwrap_or(Timestamp::MAX)
}

/// Names a zone so that it can be found again: by its name, by its rules, or by its offset at that instant.
pub(super) fn name(zone: &TimeZone, at: Timestamp) -> Option<String> {
    let printer = DateTimePrinter::new();
    let known = !zone.is_unknown();
    let by_rule = printer.time_zone_to_string(zone).ok().filter(|_| known);
    by_rule.or_else(|| {
        let offset = TimeZone::fixed(zone.to_offset(at));
        printer.time_zone_to_string(&offset).ok()
    })
}

/// The word behind `--since` that means this instant.
pub(super) fn since_word(filters: &Filters, since: Timestamp) -> String {
    match is_midnight(filters, since) {
        true => filters.time_zone().to_datetime(since).date().to_string(),
        false => since.to_string(),
    }
}

/// The word behind `--until` of which this instant is the first one after.
pub(super) fn until_word(filters: &Filters, until: Timestamp) -> String {
    let before = |step: Span| until.checked_sub(step).unwrap_or(until);
    match (is_midnight(filters, until), until.subsec_nanosecond()) {
        (true, _) => filters
            .time_zone()
            .to_datetime(before(1.nanosecond()))
            .date()
            .to_string(),
        (false, 0) => before(1.second()).to_string(),
        (false, _) => before(1.nanosecond()).to_string(),
    }
}

/// Says whether a day begins then.
fn is_midnight(filters: &Filters, at: Timestamp) -> bool {
    let zone = filters.time_zone();
    let begin = zone.to_datetime(at).date().to_zoned(zone);
    begin.is_ok_and(|begin| begin.timestamp() == at)
}

/// Says when something must have been taken; `None` = at any time.
pub(super) fn words(filters: &Filters) -> Option<String> {
    let zone = filters.time_zone();
    let local = |at: Timestamp| zone.to_datetime(at);
    let shown = |at: Timestamp, by_days: bool| match by_days {
        true => local(at).date().to_string(),
        false => local(at).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    };
    let by_days = [filters.since, filters.until]
        .iter()
        .flatten()
        .all(|at| is_midnight(filters, *at));
    // The last instant that is meant.
    let last = |until: Timestamp| until.checked_sub(1.nanosecond()).unwrap_or(until);
    match (filters.since, filters.until) {
        (None, None) => None,
        (Some(since), None) => Some(format!("taken since {}", shown(since, by_days))),
        (None, Some(until)) => Some(format!("taken until {}", shown(last(until), by_days))),
        (Some(since), Some(until)) => {
            let (from, to) = (shown(since, by_days), shown(last(until), by_days));
            Some(match by_days && from == to {
                true => format!("taken on {from}"),
                false => format!("taken from {from} to {to}"),
            })
        }
    }
}
