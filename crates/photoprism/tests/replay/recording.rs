//! Recorded exchanges.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

/// One request and what the server answered.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) method: String,
    /// Path without its query.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Value,
    pub(crate) body: Value,
    pub(crate) status: u16,
    pub(crate) answer_headers: Value,
    pub(crate) json: Option<Value>,
    pub(crate) text: Option<String>,
    /// Length of an answer whose bytes were not kept.
    pub(crate) size: Option<usize>,
}

impl Exchange {
    /// Returns the segments of the path, an empty last one for a trailing slash.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// Returns the segments below the interface; none for other paths.
    pub(crate) fn api(&self) -> Vec<&str> {
        match self.segments().as_slice() {
            ["api", "v1", rest @ ..] => rest.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Returns whose upload it is.
    pub(crate) fn user(&self) -> &str {
        match self.api().as_slice() {
            ["users", user, ..] => user,
            _ => "uqxetse3cy5eo9z2",
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_object()?;
        let found = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found?.1.as_str()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

/// Returns the names of all recordings.
pub(crate) fn names() -> BTreeSet<String> {
    std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect()
}

pub(crate) fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads the exchanges of a recording; the one line that sums others up is none.
pub(crate) fn exchanges(name: &str) -> Vec<Exchange> {
    let recording = read(name);
    let list = recording["exchanges"].as_array().unwrap();
    assert!(!list.is_empty(), "{name}");
    list.iter()
        .filter(|exchange| !exchange["request"].is_null())
        .map(exchange)
        .collect()
}

fn exchange(value: &Value) -> Exchange {
    let (request, response) = (&value["request"], &value["response"]);
    let full = request["path"].as_str().unwrap();
    let (path, query) = full.split_once('?').unwrap_or((full, ""));
    let size = response["binary"]["size"].as_u64();
    Exchange {
        name: value["name"].as_str().unwrap().to_owned(),
        method: request["method"].as_str().unwrap().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: request["headers"].clone(),
        body: request["body"].clone(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        answer_headers: response["headers"].clone(),
        json: response.get("json").cloned().map(whole),
        text: response["text"].as_str().map(str::to_owned),
        size: size.map(|size| usize::try_from(size).unwrap()),
    }
}

/// Makes records of what recordings shorten to names.
fn whole(mut json: Value) -> Value {
    if json.get("_note").is_some() {
        let named = |list: &mut Value, make: fn(&Value) -> Value| {
            for item in list
                .as_array_mut()
                .into_iter()
                .flatten()
                .filter(|item| item.is_string())
            {
                *item = make(item);
            }
        };
        named(&mut json["Albums"], |title| json!({"Title": title}));
        named(&mut json["Labels"], |name| json!({"Label": {"Name": name}}));
    }
    json
}

/// Collects the statuses of a matrix.
pub(crate) fn numbers(value: &Value, into: &mut BTreeSet<u16>) {
    match value {
        Value::Number(number) => {
            let status = number.as_u64().and_then(|number| u16::try_from(number).ok());
            into.extend(status.filter(|status| (200..600).contains(status)));
        }
        Value::Array(values) => values.iter().for_each(|value| numbers(value, into)),
        Value::Object(values) => values.values().for_each(|value| numbers(value, into)),
        _ => {}
    }
}
