//! What differs between a recorded reply and a stand-in's, and between a recorded body and what a client read of it.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::lab::Given;
use super::recording::{Recording, Reply};
use super::shape;
use super::table::Shape;

/// One difference, in the words of the second table of `docs/recordings.md`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub recording: String,
    pub path: String,
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| `{}` | `{}` | {} |", self.recording, self.path, self.what)
    }
}

/// Names of keys whose values are fixed words of the protocol.
const WORDS: [&str; 6] = ["code", "status", "reason", "domain", "@type", "error"];
/// Headers that say something about the service and not about the moment.
const HEADERS: [&str; 3] = ["content-type", "server", "www-authenticate"];
/// Keys of texts for people.
const MESSAGES: [&str; 3] = ["message", "Message", "error_description"];

/// Compares a stand-in's replies with the recorded ones, one by one.
pub fn differences(recording: &Recording, shape: Shape, given: &[Option<Given>]) -> Vec<Difference> {
    let replies = recording.replies();
    assert_eq!(
        replies.len(),
        given.len(),
        "{}: recorded and given replies",
        recording.name
    );
    let many = replies.len() > 1;
    let mut all = Vec::new();
    for (index, (reply, given)) in replies.iter().zip(given).enumerate() {
        let found = match given {
            // A connection that broke is no reply.
            None if reply.status.is_none() => Vec::new(),
            None => vec![(String::new(), "no such reply at the stand-in".to_owned())],
            Some(given) => of_reply(reply, shape, given),
        };
        let prefix = if many { format!("[{index}] ") } else { String::new() };
        all.extend(found.into_iter().map(|(path, what)| Difference {
            recording: recording.name.clone(),
            path: format!("{prefix}{path}").trim_end().to_owned(),
            what,
        }));
    }
    all
}

fn of_reply(reply: &Reply, shape: Shape, given: &Given) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let status = reply.status.expect("a reply");
    if status != given.status {
        found.push(("status".to_owned(), format!("{} instead of {status}", given.status)));
    }
    for (name, recorded) in &reply.headers {
        let name = name.to_ascii_lowercase();
        if HEADERS.contains(&name.as_str()) && Some(essence(recorded)) != given.header(&name).map(essence) {
            found.push((
                format!("header {name}"),
                format!("{:?} instead of {recorded:?}", given.header(&name)),
            ));
        }
    }
    if let Some(recorded) = &reply.body {
        let body = given.body.as_ref().unwrap_or(&Value::Null);
        found.extend(of_shapes(recorded, body, shape));
        if status >= 400 {
            found.extend(of_words(recorded, body));
        }
    }
    found
}

/// Media types without their parameters, which come with and without a blank.
fn essence(header: &str) -> &str {
    header.split(';').next().unwrap_or_default()
}

fn of_shapes(recorded: &Value, given: &Value, mode: Shape) -> Vec<(String, String)> {
    let (recorded, given) = (shape::of(recorded), shape::of(given));
    let kinds = |kinds: &std::collections::BTreeSet<&str>| kinds.iter().copied().collect::<Vec<_>>().join(" or ");
    let mut found: Vec<(String, String)> = Vec::new();
    for (path, types) in &recorded {
        match given.get(path) {
            None => found.push((path.clone(), "missing at the stand-in".to_owned())),
            Some(own) if own != types => {
                found.push((path.clone(), format!("{} instead of {}", kinds(own), kinds(types))))
            }
            Some(_) => {}
        }
    }
    if mode == Shape::Exact {
        let extra = given.keys().filter(|path| !recorded.contains_key(*path));
        found.extend(extra.map(|path| (path.clone(), "extra at the stand-in".to_owned())));
    }
    // What lies below a key that is missing or extra says nothing more.
    let whole: Vec<String> = found.iter().map(|(path, _)| path.clone()).collect();
    let below = |path: &str| {
        whole.iter().any(|other| {
            path.strip_prefix(other.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '[']))
        })
    };
    found.retain(|(path, _)| !below(path));
    found
}

/// The fixed words of an error, and the first words of its messages.
fn of_words(recorded: &Value, given: &Value) -> Vec<(String, String)> {
    let (recorded, given) = (words(recorded), words(given));
    let other = recorded
        .iter()
        .filter(|(path, text)| given.get(*path).is_some_and(|own| own != *text));
    other
        .map(|(path, _)| (path.clone(), "other words".to_owned()))
        .collect()
}

fn words(value: &Value) -> BTreeMap<String, String> {
    fn add(path: &str, key: &str, value: &Value, out: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, value)| add(&format!("{path}.{key}"), key, value, out)),
            Value::Array(list) => {
                list.iter()
                    .enumerate()
                    .for_each(|(index, value)| add(&format!("{path}[{index}]"), key, value, out));
            }
            _ if WORDS.contains(&key) => {
                out.insert(path.to_owned(), value.to_string());
            }
            Value::String(text) if MESSAGES.contains(&key) => {
                // Names, numbers and the end of the sentence differ from case to case.
                let start: Vec<&str> = text.split_whitespace().take(5).collect();
                out.insert(path.to_owned(), start.join(" "));
            }
            _ => {}
        }
    }
    let mut out = BTreeMap::new();
    add("$", "", value, &mut out);
    out
}

/// Says what of a recorded body is not in what was read: a key, or its value. Null counts as absent, and a number may
/// be a text, as 64-bit numbers are on the wire.
pub fn contained(recorded: &Value, read: &Value) -> Option<String> {
    fn missing(path: &str, recorded: &Value, read: &Value) -> Option<String> {
        match (recorded, read) {
            (Value::Null, _) => None,
            (Value::Object(recorded), Value::Object(read)) => recorded.iter().find_map(|(key, value)| {
                missing(&format!("{path}.{key}"), value, read.get(key).unwrap_or(&Value::Null))
            }),
            (Value::Array(recorded), Value::Array(read)) if recorded.len() == read.len() => {
                let mut pairs = recorded.iter().zip(read).enumerate();
                pairs.find_map(|(index, (recorded, read))| missing(&format!("{path}[{index}]"), recorded, read))
            }
            // An empty list or `false` may have been left out.
            (Value::Array(recorded), Value::Null) if recorded.is_empty() => None,
            _ => (!same(recorded, read)).then(|| format!("at {path} {recorded} was recorded and {read} was read")),
        }
    }
    fn same(recorded: &Value, read: &Value) -> bool {
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        recorded == read || (read.is_number() && number(recorded).is_some() && number(recorded) == number(read))
    }
    missing("$", recorded, read)
}

#[test]
fn what_was_not_read_is_told_with_its_path() {
    let recorded = serde_json::json!({"a": [{"size": "7", "gone": null, "list": []}], "b": 2.8});
    assert_eq!(
        contained(&recorded, &serde_json::json!({"a": [{"size": 7}], "b": 2.8, "more": 1})),
        None
    );
    let lost = contained(&recorded, &serde_json::json!({"a": [{}], "b": 2.8})).expect("a difference");
    assert!(lost.starts_with("at $.a[0].size "), "{lost}");
    assert!(contained(&recorded, &serde_json::json!({"a": [{"size": 8}], "b": 2.8})).is_some());
    assert!(contained(&recorded, &serde_json::json!({"a": [], "b": 2.8})).is_some());
}

#[test]
fn shapes_differ_by_keys_and_types_and_below_a_missing_key_by_nothing_more() {
    let recorded = serde_json::json!({"a": {"b": {"c": 1}}, "n": null, "list": [{"x": 1}, {}]});
    let given = serde_json::json!({"a": {}, "n": "text", "list": [{"x": 1}, {"x": 2}], "extra": {"y": 1}});
    let of = |mode| of_shapes(&recorded, &given, mode);
    let at_least = [
        ("$.a.b", "missing at the stand-in"),
        ("$.list[].x", "number instead of absent or number"),
        ("$.n", "string instead of null"),
    ]
    .map(|(path, what)| (path.to_owned(), what.to_owned()));
    assert_eq!(of(Shape::AtLeast), at_least);
    let exact = [
        &at_least[..],
        &[("$.extra".to_owned(), "extra at the stand-in".to_owned())],
    ]
    .concat();
    assert_eq!(of(Shape::Exact), exact);
}
