//! Times: real ones, unset ones, and wall clocks that are dressed up as UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What the server writes where a time is not set and may not be `null`.
const UNSET: &str = "0001-01-01T00:00:00Z";

/// What the clock on the wall said, without a zone.
///
/// The server writes it with `Z`, and sometimes with a numeric offset; both mean nothing and are dropped. What is sent
/// ends in `Z`, for a time without zone is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime(DateTime);

impl LocalTime {
    /// Takes over a wall clock.
    pub fn new(time: DateTime) -> Self {
        Self(time)
    }

    /// Returns the wall clock.
    pub fn datetime(self) -> DateTime {
        self.0
    }
}

impl From<DateTime> for LocalTime {
    fn from(time: DateTime) -> Self {
        Self(time)
    }
}

impl FromStr for LocalTime {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pieces = Pieces::parse(text)?;
        Ok(Self(pieces.date().to_datetime(pieces.time().unwrap_or_default())))
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.0)
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// Reads a time that may be `null`, missing, empty or the zero time.
pub(crate) fn or_unset<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    match Option::<String>::deserialize(from)?.as_deref() {
        None | Some("" | UNSET) => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// Reads a wall clock that may be `null`, missing, empty or the zero time.
pub(crate) fn local_or_unset<'de, D: Deserializer<'de>>(from: D) -> Result<Option<LocalTime>, D::Error> {
    match Option::<String>::deserialize(from)?.as_deref() {
        None | Some("" | UNSET) => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_wall_clock_loses_its_false_zone_and_is_sent_with_z() {
        let wall = date(2010, 4, 13).at(9, 37, 22, 0);
        for text in ["2010-04-13T09:37:22+02:00", "2010-04-13T09:37:22Z"] {
            let time: LocalTime = text.parse().unwrap();
            assert_eq!(time.datetime(), wall);
            assert_eq!(time.to_string(), "2010-04-13T09:37:22Z");
        }
        let fraction: LocalTime = "2010-04-13T09:37:22.25Z".parse().unwrap();
        assert_eq!(fraction.to_string(), "2010-04-13T09:37:22.25Z");
        assert!("yesterday".parse::<LocalTime>().is_err());
    }

    #[test]
    fn unset_times_have_three_spellings() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "or_unset")]
            at: Option<Timestamp>,
        }
        for text in [
            "{}",
            r#"{"at":null}"#,
            r#"{"at":""}"#,
            r#"{"at":"0001-01-01T00:00:00Z"}"#,
        ] {
            assert_eq!(serde_json::from_str::<Row>(text).unwrap().at, None, "{text}");
        }
        let row: Row = serde_json::from_str(r#"{"at":"2026-11-21T02:54:23.379712Z"}"#).unwrap();
        assert_eq!(row.at.unwrap().to_string(), "2026-11-21T02:54:23.379712Z");
    }
}
