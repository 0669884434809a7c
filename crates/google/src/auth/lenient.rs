//! Values of token files as different programs write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::token_file::TokenAccount;

/// Reads an instant: RFC 3339, or without a zone and then in UTC, as google-auth may write it.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        None => Ok(None),
        // The value is left out of the message: it may be in the wrong place, and secret.
        Some(value) => instant(&value)
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom("not an instant")),
    }
}

/// Reads whose account it is; google-auth writes an address there, or nothing.
pub(super) fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Option<TokenAccount>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// Reads a list of scopes, or one text with spaces between them.
pub(super) fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        List(Vec<String>),
    }
    Ok(match Option::<Either>::deserialize(from)? {
        None => Vec::new(),
        Some(Either::Text(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Either::List(list)) => list,
    })
}

/// Returns an instant in any of the forms that are known.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => of_text(text.trim()),
        Value::Array(parts) => of_parts(parts),
        Value::Number(seconds) => Timestamp::from_second(seconds.as_i64()?).ok(),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    // Crate `time` writes `2026-11-20 12:34:56.0 +00:00:00`.
    let mut words = text.splitn(3, ' ');
    let (date, clock, offset) = (words.next()?, words.next(), words.next());
    let civil: DateTime = match clock {
        Some(clock) => format!("{date}T{clock}").parse().ok()?,
        None => date.parse().ok()?,
    };
    let zone = match offset {
        None => TimeZone::UTC,
        Some(offset) => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let mut parts = offset.trim_start_matches(['+', '-']).split(':');
            let mut next = || parts.next().unwrap_or("0").parse::<i64>();
            let seconds = offset_s(next().ok()?, next().ok()?, next().ok()?)?;
            TimeZone::fixed(jiff::tz::Offset::from_seconds(sign * seconds).ok()?)
        }
    };
    civil.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}

/// An offset in seconds; `None` beyond what any place of the earth has.
fn offset_s(hours: i64, minutes: i64, seconds: i64) -> Option<i32> {
    let parts = [hours, minutes, seconds];
    let is_tame = parts.iter().all(|part| (-100..=100).contains(part));
    is_tame.then(|| i32::try_from(hours * 3600 + minutes * 60 + seconds).ok())?
}

/// Crate `time` in its compact form: year, day of the year, hour, minute, second, nanosecond, offset in three parts.
fn of_parts(parts: &[Value]) -> Option<Timestamp> {
    if parts.len() < 6 || !(1..=366).contains(&parts[1].as_i64()?) {
        return None;
    }
    let part = |at: usize| parts.get(at).map_or(Some(0), Value::as_i64);
    let day = jiff::civil::Date::new(i16::try_from(part(0)?).ok()?, 1, 1)
        .ok()?
        .checked_add(jiff::Span::new().try_days(part(1)? - 1).ok()?)
        .ok()?;
    let (hour, minute, second) = (part(2)?, part(3)?, part(4)?);
    let small = |number: i64| i8::try_from(number).ok();
    let civil = day.at(0, 0, 0, 0).checked_add(
        jiff::Span::new()
            .hours(small(hour)?)
            .minutes(small(minute)?)
            .seconds(small(second)?),
    );
    let offset = jiff::tz::Offset::from_seconds(offset_s(part(6)?, part(7)?, part(8)?)?).ok()?;
    let zoned = civil.ok()?.to_zoned(TimeZone::fixed(offset)).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!("2026-11-20T12:34:56Z"))]
    #[case(json!("2026-11-20T13:34:56+01:00"))]
    #[case(json!("2026-11-20T12:34:56"))]
    #[case(json!("2026-11-20 12:34:56.0 +00:00:00"))]
    #[case(json!("2026-11-20 11:34:56.0 -01:00:00"))]
    #[case(json!([2026, 324, 12, 34, 56, 0, 0, 0, 0]))]
    #[case(json!([2026, 324, 14, 4, 56, 0, 1, 30, 0]))]
    #[case(json!(1_795_178_096))]
    fn the_same_instant_in_all_its_forms(#[case] value: Value) {
        assert_eq!(instant(&value), "2026-11-20T12:34:56Z".parse().ok(), "{value}");
    }

    #[rstest]
    #[case(json!("soon"))]
    #[case(json!([2026, 400_000, 12]))]
    #[case(json!([2026, 1, 300]))]
    #[case(json!([]))]
    #[case(json!({}))]
    #[case(json!(true))]
    #[case(json!("2026-11-20 12:34:56.0 +999999:00:00"))]
    #[case(json!("2026-11-20 12:34:56.0 +9223372036854775807:00:00"))]
    #[case(json!([2026, 324, 12, 34, 56, 0, i64::MAX, i64::MAX, i64::MAX]))]
    #[case(json!([2026, 324, 12, 34, 56, 0, i64::MIN, 0, 0]))]
    fn nonsense_is_no_instant(#[case] value: Value) {
        assert_eq!(instant(&value), None);
    }
}
