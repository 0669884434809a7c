//! Records that a real server sent.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Decodes all recorded records that have `marks` and `key`, and compares what `ours` makes of it with what was sent. At
/// least one must say more than nothing.
pub fn agrees<T: DeserializeOwned>(marks: &[&str], key: &str, ours: impl Fn(&T) -> Value) {
    let mut telling = 0;
    for record in records(marks) {
        let Some(sent) = record.get(key) else { continue };
        let typed: T = serde_json::from_value(record.clone()).unwrap_or_else(|error| panic!("{error}: {record}"));
        let read = ours(&typed);
        assert!(same(&read, sent), "{key}: read {read} of {sent}");
        if !is_nothing(sent) {
            telling += 1;
        }
    }
    assert!(telling > 0, "no recorded record says anything in {key}");
}

/// Says whether two values are the same but for the spelling of numbers and of times.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other || is_nothing(one) && is_nothing(other) || same_time(one, other),
    }
}

fn same_time(one: &Value, other: &Value) -> bool {
    let time = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
    time(one).is_some() && time(one) == time(other)
}

/// Says whether a value is what the server leaves out or writes for "none".
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || text == "0001-01-01T00:00:00Z",
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn records(marks: &[&str]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("recordings are there") {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for exchange in file["exchanges"].as_array().into_iter().flatten() {
            collect(&exchange["response"]["json"], marks, &mut found);
        }
    }
    found
}

fn collect(value: &Value, marks: &[&str], found: &mut Vec<Value>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, marks, found)),
        Value::Object(record) => {
            // A shortened record is none.
            if marks.iter().all(|mark| record.contains_key(*mark)) && !record.contains_key("_note") {
                found.push(value.clone());
            }
            record.values().for_each(|value| collect(value, marks, found));
        }
        _ => {}
    }
}
