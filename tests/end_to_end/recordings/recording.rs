//! Recorded exchanges as they lie in the folder, brought back into the form they had on the wire.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::support::skip_aloud;

const FOLDERS: [&str; 2] = ["amazon-photos", "google-photos"];

/// One file.
#[derive(Debug)]
pub struct Recording {
    /// `amazon-photos/NAME.json`.
    pub name: String,
    root: Value,
}

/// One recorded reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// `None` where the connection broke instead.
    pub status: Option<u16>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    /// The body as text; as it was sent where the text was recorded.
    pub text: String,
}

impl Recording {
    /// All of them in the order of their names; `None` after saying aloud that they are missing.
    pub fn all() -> Option<Vec<Self>> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings");
        let folder = std::env::var_os("PHOTOMOVE_RECORDINGS").map_or(beside, PathBuf::from);
        let mut all = Vec::new();
        for service in FOLDERS {
            let folder = folder.join(service);
            if !folder.is_dir() {
                skip_aloud("recordings", &folder);
                return None;
            }
            for entry in std::fs::read_dir(&folder).expect("recordings") {
                let path = entry.expect("entry").path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    let text = std::fs::read_to_string(&path).expect("recording");
                    let file = path.file_name().expect("name").to_string_lossy();
                    let root = serde_json::from_str(&text).expect("recordings are JSON");
                    all.push(Self {
                        name: format!("{service}/{file}"),
                        root,
                    });
                }
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Some(all)
    }

    pub fn service(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Name of the file without folder and ending.
    pub fn stem(&self) -> &str {
        self.name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".json")
    }

    /// Path and query of the recorded request.
    pub fn request_target(&self) -> Option<String> {
        self.root["request"]["path"].as_str().map(str::to_owned)
    }

    /// The replies, none if only a request was recorded.
    pub fn replies(&self) -> Vec<Reply> {
        let response = &self.root["response"];
        let samples = match response.get("samples") {
            Some(Value::Array(samples)) => samples.clone(),
            _ if response.as_object().is_none_or(Map::is_empty) => Vec::new(),
            _ => vec![response.clone()],
        };
        let status = response["status"].as_u64();
        // What a client noted without a status is no reply.
        let replies = samples
            .iter()
            .filter(|sample| sample.get("result").is_none() && sample["status"] != "2xx");
        replies.map(|sample| self.reply(sample, status)).collect()
    }

    fn reply(&self, sample: &Value, common: Option<u64>) -> Reply {
        let status = match sample.get("status") {
            Some(Value::Number(status)) => status.as_u64(),
            Some(Value::Null) => None,
            // A node has a status of its own, in words.
            _ => Some(common.unwrap_or(200)),
        };
        let headers = sample["headers"].as_object().into_iter().flatten();
        let headers = headers
            .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
            .collect();
        let status = status.map(|status| u16::try_from(status).expect("an HTTP status"));
        let (body, text) = match sample.get("text").and_then(Value::as_str) {
            Some(text) => {
                let text = closed(text);
                (
                    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))),
                    text,
                )
            }
            None => {
                let body = self.body(sample, status);
                let text = body.as_ref().map(ToString::to_string).unwrap_or_default();
                (body, text)
            }
        };
        Reply {
            status,
            headers,
            body,
            text,
        }
    }

    fn body(&self, sample: &Value, status: Option<u16>) -> Option<Value> {
        if let Some(body) = sample.get("json") {
            return Some(self.as_on_the_wire(body.clone()));
        }
        if let Some(message) = sample.get("message").filter(|_| status.is_some()) {
            // Of some Google errors only the words were kept.
            return Some(json!({"error": {"code": status, "message": message}}));
        }
        if let Some(code) = sample.get("errorCode") {
            return Some(json!({"errorCode": code}));
        }
        if let Some(table) = sample.get("table").and_then(Value::as_array) {
            return Some(unflattened(table));
        }
        if sample.is_string() {
            return Some(json!({"id": "node", "tempLink": sample}));
        }
        sample.get("id").map(|_| sample.clone())
    }

    /// Undoes what the place where the recording was found did to it.
    fn as_on_the_wire(&self, mut body: Value) -> Value {
        let says = |field: &str, words: &str| self.root[field].as_str().is_some_and(|text| text.contains(words));
        if says("kind", "wrapped as {\"value\": …}") {
            unwrap_values(&mut body);
        }
        if says("trimmed", "one element of the list") && self.name.contains("mediaitem") {
            body = json!({"mediaItems": [body]});
        }
        body
    }
}

impl Reply {
    /// 200 with nothing to say.
    pub fn empty() -> Self {
        Self {
            status: Some(200),
            headers: Vec::new(),
            body: None,
            text: String::new(),
        }
    }

    pub fn is_refusal(&self) -> bool {
        self.status.is_none_or(|status| status >= 400)
    }
}

/// JSON text, of which the end may have been cut off inside a message.
fn closed(text: &str) -> String {
    if text.ends_with('…') {
        format!("{text}\"}}}}")
    } else {
        text.to_owned()
    }
}

/// Takes off the wrapping with which the Android app keeps dates.
fn unwrap_values(value: &mut Value) {
    match value {
        Value::Object(map) if map.len() == 1 && map.contains_key("value") => *value = map["value"].take(),
        Value::Object(map) => map.values_mut().for_each(unwrap_values),
        Value::Array(list) => list.iter_mut().for_each(unwrap_values),
        _ => {}
    }
}

/// The account's usage, out of the table that a client printed.
fn unflattened(table: &[Value]) -> Value {
    let category = |row: &Value| {
        let amount = |kind: &str| json!({"bytes": row[format!("{kind}_bytes")], "count": row[format!("{kind}_count")]});
        let name = row["type"].as_str().expect("a category").to_owned();
        (name, json!({"total": amount("total"), "billable": amount("billable")}))
    };
    table.iter().map(category).collect::<Map<String, Value>>().into()
}

/// Path and decoded query of a request.
pub fn split(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    (
        decoded(path),
        query.split('&').filter(|text| !text.is_empty()).map(pair).collect(),
    )
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
