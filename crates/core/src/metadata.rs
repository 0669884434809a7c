//! What is known about an asset besides its bytes, each value with where it was found.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The service said so.
    Provider,
    /// The file's own metadata said so.
    Embedded,
    /// A side-car file said so.
    Sidecar,
    /// Guessed, for example from a file name.
    Inferred,
}

/// A value and where it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was found.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value that the service gave.
    pub fn provider(value: T) -> Self {
        Self {
            value,
            origin: Origin::Provider,
        }
    }
}

/// How exact a capture time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Only the year is known.
    Year,
    /// Year and month are known.
    Month,
    /// The day is known.
    Day,
    /// The second is known.
    Second,
    /// Fractions of a second are known.
    Subsecond,
}

/// When a picture was taken. Cameras write wall-clock time without a zone, videos an instant without a wall clock:
/// each is kept as found, and `None` where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CaptureTime {
    /// The instant, UTC.
    pub instant: Option<Timestamp>,
    /// What the clock on the wall showed.
    pub local: Option<DateTime>,
    /// Seconds east of UTC that link the two.
    pub offset_s: Option<i32>,
    /// How exact it is.
    pub precision: Precision,
}

impl CaptureTime {
    /// A wall-clock time whose zone is not known.
    pub fn local(local: DateTime, precision: Precision) -> Self {
        Self {
            instant: None,
            local: Some(local),
            offset_s: None,
            precision,
        }
    }

    /// An instant whose zone is not known.
    pub fn instant(instant: Timestamp, precision: Precision) -> Self {
        Self {
            instant: Some(instant),
            local: None,
            offset_s: None,
            precision,
        }
    }

    /// Returns the instant if it is known or follows from wall clock and offset.
    pub fn as_instant(&self) -> Option<Timestamp> {
        self.instant.or_else(|| {
            let offset = Offset::from_seconds(self.offset_s?).ok()?;
            offset.to_timestamp(self.local?).ok()
        })
    }
}

/// A point on the earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude_m: Option<f64>,
    /// A name for people.
    pub name: Option<String>,
}

/// What is known about an asset besides its bytes. `None` means not known, not "no".
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<Sourced<CaptureTime>>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Sourced<String>>,
    /// Description or caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Sourced<String>>,
    /// Keywords.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keywords: Option<Sourced<Vec<String>>>,
    /// Where it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Sourced<Place>>,
    /// Marked as a favourite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favourite: Option<Sourced<bool>>,
    /// Stars, 0 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Sourced<u8>>,
    /// Hidden from the usual views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Sourced<bool>>,
    /// Put away but kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<Sourced<bool>>,
    /// Visible to its owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<Sourced<bool>>,
    /// Names of the people in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Sourced<Vec<String>>>,
    /// What could not be mapped, under the provider's own names; nothing is dropped in silence.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Metadata {
    /// Says which fields hold something worth carrying; a flag that is `false` is what every service assumes.
    pub fn fields(&self) -> Fields {
        let flag = |value: &Option<Sourced<bool>>| value.as_ref().is_some_and(|v| v.value);
        let words = |value: &Option<Sourced<Vec<String>>>| value.as_ref().is_some_and(|v| !v.value.is_empty());
        let text = |value: &Option<Sourced<String>>| value.as_ref().is_some_and(|v| !v.value.is_empty());
        [
            (self.taken.is_some(), Fields::TAKEN),
            (text(&self.title), Fields::TITLE),
            (text(&self.description), Fields::DESCRIPTION),
            (words(&self.keywords), Fields::KEYWORDS),
            (self.place.is_some(), Fields::PLACE),
            (flag(&self.favourite), Fields::FAVOURITE),
            (self.rating.as_ref().is_some_and(|v| v.value > 0), Fields::RATING),
            (flag(&self.hidden), Fields::HIDDEN),
            (flag(&self.archived), Fields::ARCHIVED),
            (flag(&self.private), Fields::PRIVATE),
            (words(&self.people), Fields::PEOPLE),
        ]
        .into_iter()
        .filter(|(present, _)| *present)
        .fold(Fields::NONE, |all, (_, field)| all.union(field))
    }
}

/// A set of metadata fields; makes loss arithmetic: `lost = source.fields.minus(sink.on_create.union(sink.on_update))`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(u32);

impl Fields {
    /// No field.
    pub const NONE: Self = Self(0);
    /// [`Metadata::taken`].
    pub const TAKEN: Self = Self(1);
    /// [`Metadata::title`].
    pub const TITLE: Self = Self(1 << 1);
    /// [`Metadata::description`].
    pub const DESCRIPTION: Self = Self(1 << 2);
    /// [`Metadata::keywords`].
    pub const KEYWORDS: Self = Self(1 << 3);
    /// [`Metadata::place`].
    pub const PLACE: Self = Self(1 << 4);
    /// [`Metadata::favourite`].
    pub const FAVOURITE: Self = Self(1 << 5);
    /// [`Metadata::rating`].
    pub const RATING: Self = Self(1 << 6);
    /// [`Metadata::hidden`].
    pub const HIDDEN: Self = Self(1 << 7);
    /// [`Metadata::archived`].
    pub const ARCHIVED: Self = Self(1 << 8);
    /// [`Metadata::private`].
    pub const PRIVATE: Self = Self(1 << 9);
    /// [`Metadata::people`].
    pub const PEOPLE: Self = Self(1 << 10);

    const NAMES: [(Self, &'static str); 11] = [
        (Self::TAKEN, "capture date"),
        (Self::TITLE, "title"),
        (Self::DESCRIPTION, "description"),
        (Self::KEYWORDS, "keywords"),
        (Self::PLACE, "place"),
        (Self::FAVOURITE, "favourite"),
        (Self::RATING, "rating"),
        (Self::HIDDEN, "hidden"),
        (Self::ARCHIVED, "archived"),
        (Self::PRIVATE, "private"),
        (Self::PEOPLE, "people"),
    ];

    /// Returns the fields in either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the fields in this set that are not in `other`.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Says whether every field of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Says whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Lists each field in the set by itself with its name for people.
    pub fn each(self) -> impl Iterator<Item = (Self, &'static str)> {
        Self::NAMES.into_iter().filter(move |(field, _)| self.contains(*field))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.each().map(|(_, name)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_false_flag_is_no_loss() {
        let mut metadata = Metadata {
            favourite: Some(Sourced::provider(false)),
            ..Metadata::default()
        };
        assert!(metadata.fields().is_empty());
        metadata.favourite = Some(Sourced::provider(true));
        assert_eq!(metadata.fields(), Fields::FAVOURITE);
    }

    #[test]
    fn instant_follows_from_wall_clock_and_offset() {
        let local = DateTime::constant(2024, 5, 2, 9, 0, 0, 0);
        let mut taken = CaptureTime::local(local, Precision::Second);
        assert_eq!(taken.as_instant(), None);
        taken.offset_s = Some(7200);
        assert_eq!(
            taken.as_instant().map(|t| t.to_string()),
            Some("2024-05-02T07:00:00Z".into())
        );
    }
}
