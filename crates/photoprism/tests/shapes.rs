//! Every record in the recordings is of a form that we know: nothing is lost, nothing is left without a name.

#![expect(clippy::expect_used, reason = "a failure is the end of the test")]

use std::collections::BTreeMap;
use std::path::Path;

use photomove_photoprism::wire::{
    Album, AlbumEntry, Details, File, Folder, Label, Photo, PhotoLabel, PhotoRow, ShareLink,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a record, and says which of its keys have no name with us or came out with another value.
fn lost<T: DeserializeOwned + Serialize>(record: &Map<String, Value>) -> Vec<String> {
    let record = whole(record);
    let typed: T = match serde_json::from_value(Value::Object(record.clone())) {
        Ok(typed) => typed,
        Err(error) => return vec![error.to_string()],
    };
    let Ok(Value::Object(written)) = serde_json::to_value(&typed) else {
        return vec!["is no object".to_owned()];
    };
    let named = T::deserialize_empty();
    record
        .iter()
        .filter(|(key, value)| !named.contains_key(*key) || !same(value, written.get(*key)))
        .map(|(key, value)| format!("{key}: {value}"))
        .collect()
}

/// Names that a type has of its own: those of a record without any.
trait Named {
    fn deserialize_empty() -> Map<String, Value>;
}

impl<T: DeserializeOwned + Serialize> Named for T {
    fn deserialize_empty() -> Map<String, Value> {
        // What is left out where it is not set gets a value here.
        let given = serde_json::json!({
            "ID": 1, "Caption": "", "CaptionSrc": "", "Description": "", "DescriptionSrc": "", "TimeIndex": "",
            "MediaID": "", "PhotoCount": 1, "LinkCount": 1, "DeletedAt": "2020-01-01T00:00:00Z",
            "EstimatedAt": "2020-01-01T00:00:00Z",
        });
        let empty = serde_json::from_value::<T>(given.clone())
            .or_else(|_| {
                let mut text = given.as_object().cloned().unwrap_or_default();
                text.insert("ID".into(), "1".into());
                serde_json::from_value(Value::Object(text))
            })
            .expect("a record without keys is one");
        let Ok(Value::Object(written)) = serde_json::to_value(&empty) else {
            return Map::new();
        };
        written
    }
}

/// Takes out what belongs to other records, which are looked at themselves, and what says the same as nothing.
fn whole(record: &Map<String, Value>) -> Map<String, Value> {
    let nested = [
        "Albums", "Files", "Labels", "Label", "Camera", "Lens", "Cell", "Place", "Details", "Markers", "Photo",
        "Album", "_note",
    ];
    let mut record = record.clone();
    record.retain(|key, _| !nested.contains(&key.as_str()));
    record
}

/// Says whether a value came out as it went in, but for the spelling of numbers and of times that mean nothing.
fn same(value: &Value, written: Option<&Value>) -> bool {
    let number = |value: &Value| value.as_f64();
    let unset = |value: &Value| value.is_null() || value == "0001-01-01T00:00:00Z";
    match written {
        None => unset(value),
        Some(written) if written == value => true,
        Some(written) if unset(value) && unset(written) => true,
        Some(written) => match (number(value), number(written)) {
            (Some(one), Some(other)) => (one - other).abs() < f64::EPSILON,
            // A wall clock loses an offset that means nothing.
            _ => match (value.as_str(), written.as_str()) {
                (Some(one), Some(other)) => one.get(..19) == other.get(..19),
                _ => false,
            },
        },
    }
}

#[derive(Default)]
struct Seen(BTreeMap<&'static str, usize>, Vec<String>);

impl Seen {
    fn record<T: DeserializeOwned + Serialize>(
        &mut self,
        kind: &'static str,
        place: &str,
        record: &Map<String, Value>,
    ) {
        *self.0.entry(kind).or_default() += 1;
        for what in lost::<T>(record) {
            self.1.push(format!("{place}: {kind}: {what}"));
        }
    }

    fn walk(&mut self, place: &str, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.walk(place, value)),
            Value::Object(record) => {
                let has = |key: &str| record.contains_key(key);
                match () {
                    () if has("FileUID") && has("TakenAtLocal") => self.record::<PhotoRow>("row", place, record),
                    () if has("TakenAtLocal") && has("Details") => self.record::<Photo>("photo", place, record),
                    () if has("PhotoUID") && has("Hash") => self.record::<File>("file", place, record),
                    () if has("PhotoID") && has("Keywords") => self.record::<Details>("details", place, record),
                    () if has("PhotoUID") && has("AlbumUID") => self.record::<AlbumEntry>("entry", place, record),
                    () if has("Template") => self.record::<Album>("album", place, record),
                    () if has("CustomSlug") => self.record::<Label>("label", place, record),
                    () if has("LabelSrc") => self.record::<PhotoLabel>("photo label", place, record),
                    () if has("ShareUID") => self.record::<ShareLink>("link", place, record),
                    () if has("Watch") => self.record::<Folder>("folder", place, record),
                    () => {}
                }
                record.values().for_each(|value| self.walk(place, value));
            }
            _ => {}
        }
    }
}

#[test]
fn no_key_of_a_recorded_record_is_without_a_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut seen = Seen::default();
    for entry in std::fs::read_dir(folder).expect("recordings are there") {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for exchange in file["exchanges"].as_array().into_iter().flatten() {
            let place = format!("{name}#{}", exchange["name"].as_str().unwrap_or_default());
            seen.walk(&place, &exchange["response"]["json"]);
        }
    }
    seen.1.truncate(20);
    assert!(seen.1.is_empty(), "{}", seen.1.join("\n"));
    // Fewer would mean that records are not found any more.
    for (kind, least) in [
        ("row", 80),
        ("photo", 270),
        ("file", 340),
        ("details", 270),
        ("entry", 28),
        ("album", 190),
        ("label", 25),
        ("photo label", 20),
        ("link", 7),
        ("folder", 6),
    ] {
        assert!(
            seen.0.get(kind).is_some_and(|count| *count >= least),
            "{kind}: {:?}",
            seen.0
        );
    }
}
