//! Parameters of a photo search: from the query string, and from `q` and `filter`.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::query;
use crate::photoprism::library::patterns::says_no;
use crate::photoprism::time::{self, WallTime};

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Anything; lists swallow what they do not understand.
    Text,
    Bool,
    Int,
    Float,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    Time,
}

/// Parameters that may stand in the query string only.
const PLAIN: &[(&str, Kind)] = &[
    ("count", Kind::Int),
    ("offset", Kind::Int),
    ("order", Kind::Text),
    ("merged", Kind::Bool),
    ("s", Kind::Text),
    ("q", Kind::Text),
    ("filter", Kind::Text),
];

/// Filters: they may stand in `q` and `filter`, too.
#[rustfmt::skip]
const FILTERS: &[(&str, Kind)] = &[
    ("quality", Kind::Int), ("primary", Kind::Bool), ("public", Kind::Bool), ("private", Kind::Bool), ("archived", Kind::Bool),
    ("hidden", Kind::Bool), ("review", Kind::Bool), ("error", Kind::Bool), ("uid", Kind::Text), ("hash", Kind::Text),
    ("id", Kind::Text), ("filename", Kind::Text), ("name", Kind::Text), ("original", Kind::Text), ("path", Kind::Text),
    ("folder", Kind::Text), ("title", Kind::Text), ("type", Kind::Text), ("photo", Kind::Bool), ("video", Kind::Bool),
    ("raw", Kind::Bool), ("live", Kind::Bool), ("image", Kind::Bool), ("animated", Kind::Bool), ("vector", Kind::Bool),
    ("audio", Kind::Bool), ("document", Kind::Bool), ("added", Kind::Time), ("updated", Kind::Time), ("edited", Kind::Time),
    ("taken", Kind::Date), ("before", Kind::Date), ("after", Kind::Date), ("year", Kind::Text), ("month", Kind::Text),
    ("day", Kind::Text), ("lat", Kind::Float), ("lng", Kind::Float), ("dist", Kind::Float), ("latlng", Kind::Text),
    ("s2", Kind::Text), ("olc", Kind::Text), ("near", Kind::Text), ("geo", Kind::Text), ("alt", Kind::Text), ("iso", Kind::Text),
    ("mm", Kind::Text), ("f", Kind::Text), ("mp", Kind::Text), ("camera", Kind::Text), ("lens", Kind::Text),
    ("country", Kind::Text), ("state", Kind::Text), ("city", Kind::Text), ("category", Kind::Text), ("color", Kind::Text),
    ("chroma", Kind::Int), ("mono", Kind::Bool), ("diff", Kind::Int), ("keywords", Kind::Text), ("label", Kind::Text),
    ("face", Kind::Text), ("faces", Kind::Text), ("subject", Kind::Text), ("person", Kind::Text), ("subjects", Kind::Text),
    ("people", Kind::Text), ("album", Kind::Text), ("albums", Kind::Text), ("unsorted", Kind::Bool), ("favorite", Kind::Text),
    ("scan", Kind::Text), ("portrait", Kind::Bool), ("landscape", Kind::Bool), ("square", Kind::Bool), ("panorama", Kind::Bool),
    ("stack", Kind::Bool), ("unstacked", Kind::Bool), ("stackable", Kind::Bool),
];

/// Words of a search text that are filters in disguise.
const WORDS: &[(&str, &str, &str)] = &[
    ("photo", "photo", "true"),
    ("photos", "photo", "true"),
    ("video", "video", "true"),
    ("videos", "video", "true"),
    ("raw", "raw", "true"),
    ("raws", "raw", "true"),
    ("live", "live", "true"),
    ("lives", "live", "true"),
    ("gif", "animated", "true"),
    ("gifs", "animated", "true"),
    ("animated", "animated", "true"),
    ("vector", "vector", "true"),
    ("vectors", "vector", "true"),
    ("faces", "faces", "yes"),
    ("people", "faces", "yes"),
    ("favorites", "favorite", "true"),
    ("stacks", "stack", "true"),
    ("panoramas", "panorama", "true"),
    ("scans", "scan", "true"),
    ("mono", "mono", "true"),
    ("monochrome", "mono", "true"),
];

/// Largest page; a larger or negative `count` asks for this.
const MOST_ROWS: i64 = 100_000;

/// Bytes of a search text that are read at most.
const LONGEST_TEXT: usize = 4096;

/// Why a search cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FormError {
    /// The query string cannot be read; the server answers before it knows what it would answer with.
    Malformed,
    /// The text in `q` or `filter` cannot be read, or nothing of the kind exists.
    Refused,
}

/// The parameters of one search.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    values: HashMap<&'static str, String>,
    /// Words of `q` that are no filters.
    pub(crate) words: Vec<String>,
}

impl Form {
    /// Reads a query string; parameters that nobody knows are ignored.
    pub(crate) fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, FormError> {
        let mut form = Self::default();
        for (key, value) in pairs {
            let Some((name, kind)) = PLAIN.iter().chain(FILTERS).find(|(name, _)| *name == key) else {
                continue;
            };
            check(*kind, value, false).ok_or(FormError::Malformed)?;
            // Of several values of one name the first counts.
            form.values.entry(*name).or_insert_with(|| value.to_owned());
        }
        if form.int("count") == 0 {
            return Err(FormError::Malformed);
        }
        for text in ["q", "filter"] {
            // Texts that nobody would type are passed over.
            let text = form.values.get(text).filter(|text| text.len() <= LONGEST_TEXT).cloned();
            form.add_text(&text.unwrap_or_default())?;
        }
        Ok(form)
    }

    /// Puts what a text of the query language says over the parameters that are there.
    pub(crate) fn add_text(&mut self, text: &str) -> Result<(), FormError> {
        let parsed = query::parse(text);
        for (key, value) in parsed.pairs {
            let (name, kind) = FILTERS
                .iter()
                .find(|(name, _)| *name == key)
                .ok_or(FormError::Refused)?;
            check(*kind, &value, true).ok_or(FormError::Refused)?;
            let value = match kind {
                Kind::Bool => (!says_no(&value)).to_string(),
                _ => value,
            };
            self.values.insert(name, value);
        }
        for word in parsed.words {
            match WORDS.iter().find(|(text, ..)| *text == word) {
                Some((_, name, value)) => {
                    self.values.insert(name, (*value).to_owned());
                }
                None => self.words.push(word),
            }
        }
        Ok(())
    }

    /// Sets a parameter that the server sets by itself.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.insert(name, value.into());
    }

    /// A parameter as it came; `None` if it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        debug_assert!(PLAIN.iter().chain(FILTERS).any(|(known, _)| *known == name), "{name}");
        self.values
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// The first of several names for the same parameter.
    pub(crate) fn either(&self, names: [&str; 2]) -> Option<&str> {
        names.into_iter().find_map(|name| self.text(name))
    }

    /// Whether a switch is on.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| boolean(text) == Some(true))
    }

    /// A whole number; 0 if it is missing.
    pub(crate) fn int(&self, name: &str) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// A number; 0 if it is missing.
    pub(crate) fn float(&self, name: &str) -> f64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    }

    /// A day.
    pub(crate) fn date(&self, name: &str) -> Option<Date> {
        self.text(name)?.parse().ok()
    }

    /// A moment.
    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let by_day = || {
            text.parse::<Date>()
                .ok()
                .map(|day| time::at_utc(day.to_datetime(jiff::civil::Time::midnight())))
        };
        WallTime::parse(text).map(WallTime::moment).or_else(by_day)
    }

    /// Rows that are wanted.
    pub(crate) fn count(&self) -> usize {
        let asked = self.int("count");
        let count = if (1..=MOST_ROWS).contains(&asked) {
            asked
        } else {
            MOST_ROWS
        };
        usize::try_from(count).unwrap_or_default()
    }

    /// Rows that are left out at the start.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.int("offset")).unwrap_or_default()
    }
}

/// Whether a value can be read; inside a text the rules for yes and no are softer, and times are days.
fn check(kind: Kind, value: &str, in_text: bool) -> Option<()> {
    if value.is_empty() {
        return Some(());
    }
    match kind {
        Kind::Text => true,
        Kind::Bool => in_text || boolean(value).is_some(),
        Kind::Int => value.parse::<i64>().is_ok(),
        Kind::Float => value.parse::<f64>().is_ok(),
        Kind::Date => value.parse::<Date>().is_ok(),
        Kind::Time if in_text => value.parse::<Date>().is_ok() || WallTime::parse(value).is_some(),
        Kind::Time => WallTime::parse(value).is_some(),
    }
    .then_some(())
}

/// Yes or no as query strings spell it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Form, FormError> {
        Form::read(pairs.iter().copied())
    }

    #[test]
    fn values_are_checked_by_their_kind() {
        for (key, value) in [
            ("count", "abc"),
            ("count", "0"),
            ("merged", "yes"),
            ("primary", "maybe"),
            ("lat", "abc"),
            ("before", "abc"),
            ("quality", "abc"),
            ("added", "2020-01-01"),
        ] {
            let form = read(&[(key, value), ("count", "10")]);
            assert_eq!(form.unwrap_err(), FormError::Malformed, "{key}={value}");
        }
        assert_eq!(read(&[("order", "oldest")]).unwrap_err(), FormError::Malformed);
        for text in ["bogus:1", "a:b:c", ":", "quality:x", "count:3", "Merged:true"] {
            let form = read(&[("count", "1"), ("q", text)]);
            assert_eq!(form.unwrap_err(), FormError::Refused, "{text}");
        }
    }

    #[test]
    fn a_text_overrides_the_query_string() {
        let form = read(&[
            ("count", "-1"),
            ("offset", "-5"),
            ("title", "x"),
            ("bogus", "1"),
            ("primary", ""),
            ("q", "Title:\"Falcon at dusk\" falcon live archived:yes"),
            ("filter", "year:2001"),
        ])
        .unwrap();
        assert_eq!((form.count(), form.offset()), (100_000, 0));
        assert_eq!(form.text("title"), Some("Falcon at dusk"));
        assert_eq!(form.words, ["falcon"]);
        assert!(form.is("live") && form.is("archived") && !form.is("primary"));
        assert_eq!(form.text("year"), Some("2001"));
    }
}
