//! Reading requests as the server does: JSON bodies with its tolerance and its strictness, and queries.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::mint::clean_uid;
use super::reply::Refusal;
use super::switches::PhotoPrismSwitches;
use super::time::WallTime;

/// One call, with everything that a handler may ask.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Operation as faults and the log name it.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// Path below the base path, decoded: `/api/v1/photos`.
    pub(crate) path: String,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    /// The body; empty for streaming handlers, which read it themselves.
    pub(crate) body: Bytes,
    pub(crate) now: Timestamp,
    /// The switches as they were when the call came.
    pub(crate) switches: Arc<PhotoPrismSwitches>,
    /// `http://127.0.0.1:2342` with the base path, without a slash at the end.
    pub(crate) site: Arc<str>,
}

impl Call {
    /// A part of the path as it came, such as `hash`; empty if the route has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(own, _)| *own == name)
            .map_or("", |(_, value)| value)
    }

    /// A UID out of the path, in lower case and without other characters; it may still be none.
    pub(crate) fn uid(&self, name: &str) -> String {
        clean_uid(self.param(name))
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The JSON object of the body; 400 as for every body that cannot be decoded.
    pub(crate) fn object(&self) -> Result<Object, Refusal> {
        Object::read(&self.body)
    }

    /// Whether `Accept` names JSON: then errors about routes are JSON, not a page.
    pub(crate) fn wants_json(&self) -> bool {
        self.header("accept")
            .is_some_and(|accept| accept.contains("application/json"))
    }
}

/// A JSON object as the server decodes it: keys in any case, `null` and unknown keys without effect, of equal keys the
/// last one; a value of a wrong type fails the whole request.
///
/// ```text
/// let body = call.object()?;
/// let title = body.string("Title")?;          // Option<String>: None if absent
/// let details = body.object("Details")?;      // Option<Object>
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object(Vec<(String, Value)>);

impl Object {
    /// Reads the first JSON value and ignores what follows; a bare `null` is an empty object.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = String::from_utf8_lossy(bytes);
        let text = without_lone_surrogates(&text);
        let mut reader = serde_json::Deserializer::from_str(&text);
        Option::<Self>::deserialize(&mut reader)
            .map(Option::unwrap_or_default)
            .map_err(|_| Refusal::undecodable())
    }

    fn put(&mut self, key: &str, value: Value) {
        if value.is_null() {
            return;
        }
        let key = key.to_lowercase();
        match self.0.iter_mut().find(|(own, _)| *own == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
    }

    /// The value of a key, whatever its type.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let key = key.to_lowercase();
        self.0.iter().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    fn read_as<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Refusal> {
        self.get(key)
            .map(|value| read(value).ok_or_else(Refusal::undecodable))
            .transpose()
    }

    /// A text.
    pub(crate) fn string(&self, key: &str) -> Result<Option<String>, Refusal> {
        self.read_as(key, |value| value.as_str().map(str::to_owned))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, key: &str) -> Result<Option<bool>, Refusal> {
        self.read_as(key, Value::as_bool)
    }

    /// A whole number; `1e2` and `100.0` are none.
    pub(crate) fn int(&self, key: &str) -> Result<Option<i64>, Refusal> {
        self.read_as(key, Value::as_i64)
    }

    /// Any number.
    pub(crate) fn float(&self, key: &str) -> Result<Option<f64>, Refusal> {
        self.read_as(key, Value::as_f64)
    }

    /// A time with a zone suffix.
    pub(crate) fn time(&self, key: &str) -> Result<Option<WallTime>, Refusal> {
        self.read_as(key, |value| WallTime::parse(value.as_str()?))
    }

    /// An object.
    pub(crate) fn object(&self, key: &str) -> Result<Option<Self>, Refusal> {
        self.read_as(key, |value| {
            let mut object = Self::default();
            for (key, value) in value.as_object()? {
                object.put(key, value.clone());
            }
            Some(object)
        })
    }

    /// A list of texts; `null` in it is an empty text.
    pub(crate) fn strings(&self, key: &str) -> Result<Option<Vec<String>>, Refusal> {
        self.read_as(key, |value| {
            let texts = value.as_array()?.iter().map(|element| match element {
                Value::Null => Some(String::new()),
                element => element.as_str().map(str::to_owned),
            });
            texts.collect()
        })
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    object.put(&key, value);
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

/// Half a pair of `\uD8..` escapes stands for U+FFFD, where our own reader would refuse the whole text.
fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = text[at..].find('\\') {
        out.push_str(&text[at..at + next]);
        at += next;
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push('\u{fffd}');
                at += 6;
                continue;
            }
            // The escape and the character behind it, which may be of several bytes.
            _ => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&text[at..at + length]);
        at += length;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// Parameters of a query, in the order they came; names are case-sensitive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    /// A percent sign without two digits: whoever needs a number out of it is refused.
    broken: bool,
}

impl Query {
    /// Reads `a=1&b=2`.
    pub(crate) fn parse(text: &str) -> Self {
        let digits = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit());
        Self {
            pairs: url::form_urlencoded::parse(text.as_bytes()).into_owned().collect(),
            broken: text.split('%').skip(1).any(|rest| !digits(rest)),
        }
    }

    /// The first value of a name; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether a parameter is there and not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// All parameters.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A whole number; 400 if it is none.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.read(name, |text| text.parse().ok())
    }

    /// `true`, `1`, `t`, `false`, `0`, `f` and their upper-case forms; 400 for anything else.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.read(name, |text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        })
    }

    /// `count`, which searches need: 400 without it or with 0; negative or too large numbers count as 100 000 rows.
    /// Gives the number that was sent and the number of rows that it means.
    pub(crate) fn count(&self) -> Result<(i64, usize), Refusal> {
        let count = self
            .int("count")?
            .filter(|count| *count != 0)
            .ok_or_else(Refusal::undecodable)?;
        let rows = usize::try_from(count).unwrap_or(usize::MAX).min(100_000);
        Ok((count, rows))
    }

    /// `offset`; negative ones count as 0.
    pub(crate) fn offset(&self) -> Result<(i64, usize), Refusal> {
        let offset = self.int("offset")?.unwrap_or(0);
        Ok((offset, usize::try_from(offset).unwrap_or(0)))
    }

    fn read<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        match self.get(name) {
            _ if self.broken => Err(Refusal::undecodable()),
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(Refusal::undecodable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Object, Refusal> {
        Object::read(text.as_bytes())
    }

    #[test]
    fn bodies_are_as_odd_as_the_server_allows() {
        let body = read(r#"{"title":"A","TITLE":"B","Title":null,"Extra":{"x":1}} and more"#).unwrap();
        assert_eq!(body.string("Title").unwrap().as_deref(), Some("B"));
        assert_eq!(body.string("Caption").unwrap(), None);
        assert_eq!(read("null").unwrap(), Object::default());
        assert_eq!(
            read(r#"{"Title":"A"}{"Title":"B"}"#)
                .unwrap()
                .string("Title")
                .unwrap()
                .as_deref(),
            Some("A")
        );
        let cut = Object::read(b"{\"Title\":\"a\xff\"}").unwrap();
        assert_eq!(cut.string("Title").unwrap().as_deref(), Some("a\u{fffd}"));
        let escaped = read(r#"{"Title":"a\ud800b \ud83d\ude00 \\ud800 \"x"}"#).unwrap();
        assert_eq!(
            escaped.string("Title").unwrap().as_deref(),
            Some("a\u{fffd}b 😀 \\ud800 \"x")
        );
        for text in ["", "hello", "[]", "\"x\"", "5", "{\"Title\":\"x\"", "\u{feff}{}"] {
            assert_eq!(read(text), Err(Refusal::undecodable()), "{text}");
        }
    }

    #[test]
    fn wrong_types_are_refused() {
        let body =
            read(r#"{"a":5,"b":"true","c":1e2,"d":100.0,"e":"2019-07-21T16:42:07","f":[1],"g":1.5,"h":["x",null]}"#)
                .unwrap();
        assert!(body.string("a").is_err() && body.boolean("b").is_err() && body.time("e").is_err());
        assert!(body.int("c").is_err() && body.int("d").is_err() && body.int("g").is_err());
        assert!(body.strings("f").is_err() && body.object("f").is_err());
        assert_eq!((body.int("a").unwrap(), body.float("g").unwrap()), (Some(5), Some(1.5)));
        assert_eq!(body.strings("h").unwrap(), Some(vec!["x".to_owned(), String::new()]));
    }

    #[test]
    fn searches_need_a_count() {
        let count = |text: &str| Query::parse(text).count();
        assert_eq!(count("count=5"), Ok((5, 5)));
        assert_eq!(count("count=-1"), Ok((-1, 100_000)));
        for text in ["", "count=0", "count=x", "Count=5", "count=5&q=%zz", "count=5&q=%1"] {
            assert!(count(text).is_err(), "{text}");
        }
        let query = Query::parse("merged=yes&primary=T&offset=-3&q=a+b%26");
        assert!(query.boolean("merged").is_err());
        assert_eq!(
            (query.boolean("primary"), query.offset()),
            (Ok(Some(true)), Ok((-3, 0)))
        );
        assert_eq!(query.get("q"), "a b&");
    }
}
