//! What the recorded ids, tokens and hashes are here.

use std::collections::HashMap;

use serde_json::Value;

/// Keys whose texts name something although nothing in their form says so.
const NAMING_KEYS: &[&str] = &[
    "downloadToken",
    "previewToken",
    "Token",
    "filename",
    "Secret",
    "RecoveryCode",
    "RefID",
];

/// Headers that name something.
const NAMING_HEADERS: &[&str] = &["x-download-token", "x-preview-token"];

/// Names of the recording and what stands for them here.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    here: HashMap<String, String>,
    /// Secrets of passcodes, recorded and here.
    pub(crate) secrets: Vec<(String, String)>,
}

/// Shorter texts, such as `public`, name nothing.
const SHORTEST_NAME: usize = 8;

impl Bindings {
    /// Remembers that `recorded` is `here`; the first word counts.
    pub(crate) fn bind(&mut self, recorded: &str, here: &str) {
        if recorded != here && recorded.len() >= SHORTEST_NAME && here.len() >= SHORTEST_NAME {
            self.here.entry(recorded.to_owned()).or_insert_with(|| here.to_owned());
            if is_uid(recorded) {
                // Some requests try whether upper case counts.
                self.here
                    .entry(recorded.to_uppercase())
                    .or_insert_with(|| here.to_uppercase());
            }
        }
    }

    /// What a recorded name is here, if it is known by another one.
    pub(crate) fn get(&self, recorded: &str) -> Option<&str> {
        self.here.get(recorded).map(String::as_str)
    }

    /// A text of a recorded request with the names that count here.
    pub(crate) fn translate(&self, text: &str) -> String {
        let mut found: Vec<_> = self
            .here
            .iter()
            .filter(|(recorded, _)| text.contains(recorded.as_str()))
            .collect();
        // A session's id must not be torn apart by a shorter name inside it.
        found.sort_by_key(|(recorded, _)| std::cmp::Reverse(recorded.len()));
        found.into_iter().fold(text.to_owned(), |text, (recorded, here)| {
            text.replace(recorded.as_str(), here)
        })
    }

    /// Learns from two answers to the same request.
    pub(crate) fn learn(&mut self, recorded: &Value, here: &Value) {
        self.learn_at("", recorded, here);
    }

    /// Learns from two headers of the same name.
    pub(crate) fn learn_header(&mut self, name: &str, recorded: &str, here: &str) {
        if NAMING_HEADERS.contains(&name) {
            self.bind(recorded, here);
        }
    }

    fn learn_at(&mut self, key: &str, recorded: &Value, here: &Value) {
        match (recorded, here) {
            (Value::String(recorded), Value::String(here)) => {
                if let (Some(recorded), Some(here)) = (checksum(recorded), checksum(here)) {
                    self.bind(recorded, here);
                }
                if key == "Secret" {
                    self.secrets.push((recorded.clone(), here.clone()));
                }
                if NAMING_KEYS.contains(&key) || same_kind_of_name(recorded, here) {
                    self.bind(recorded, here);
                }
            }
            (Value::Array(recorded), Value::Array(here)) => {
                for (recorded, here) in pairs(recorded, here) {
                    self.learn_at(key, recorded, here);
                }
            }
            (Value::Object(recorded), Value::Object(here)) => {
                for (key, recorded) in recorded {
                    if let Some(here) = here.get(key) {
                        self.learn_at(key, recorded, here);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Elements of two lists that belong together: by what their bytes are where they have any, else by their place.
pub(crate) fn pairs<'a>(recorded: &'a [Value], here: &'a [Value]) -> Vec<(&'a Value, &'a Value)> {
    let recorded: Vec<_> = recorded.iter().filter(|value| value.get("_note").is_none()).collect();
    let identity = |value: &'a Value| {
        let part = |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        // A search row is one file of a photo, and its name says which.
        part("FileName")
            .or_else(|| part("Hash"))
            .or_else(|| part("Path"))
            .map(str::to_owned)
    };
    let mut left: Vec<_> = here.iter().collect();
    let mut paired = Vec::new();
    let mut others = Vec::new();
    for value in recorded {
        let same = identity(value).and_then(|name| left.iter().position(|here| identity(here).as_ref() == Some(&name)));
        match same {
            Some(at) => paired.push((value, left.remove(at))),
            None => others.push(value),
        }
    }
    paired.extend(others.into_iter().zip(left));
    paired
}

/// The checksum in a name that the server gives: `20190721_164207_8F2B61C4`.
fn checksum(name: &str) -> Option<&str> {
    let stem = name.rsplit('/').next()?.split('.').next()?;
    let (date, sum) = stem.rsplit_once('_')?;
    let digits = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    (date.len() == 15 && date.bytes().all(digits) && sum.len() == 8 && is_hex(sum)).then_some(sum)
}

/// Whether two texts have the form of the same kind of name.
fn same_kind_of_name(recorded: &str, here: &str) -> bool {
    is_uid(recorded) && is_uid(here) && recorded.as_bytes()[0] == here.as_bytes()[0]
        || recorded.len() == here.len() && matches!(recorded.len(), 40 | 48 | 64) && is_hex(recorded) && is_hex(here)
        || is_app_password(recorded) && is_app_password(here)
}

/// A UID: sixteen lower-case letters and digits behind a letter that says what it is of.
pub(crate) fn is_uid(text: &str) -> bool {
    text.len() == 16
        && text.starts_with(['p', 'f', 'a', 'l', 'j', 'm', 'u', 'c', 's', 'd'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_app_password(text: &str) -> bool {
    text.len() == 27 && text.bytes().filter(|byte| *byte == b'-').count() == 3
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_learnt_by_form_and_by_key() {
        let mut bindings = Bindings::default();
        bindings.learn(
            &json!({ "UID": "ptou02e8g0ye14ul", "Title": "Falcon", "config": { "downloadToken": "pkc6qs7l" } }),
            &json!({ "UID": "ptou02x000000001", "Title": "Other", "config": { "downloadToken": "aaaaaaaa" } }),
        );
        assert_eq!(
            bindings.translate("/photos/ptou02e8g0ye14ul/dl?t=pkc6qs7l"),
            "/photos/ptou02x000000001/dl?t=aaaaaaaa"
        );
        assert_eq!(bindings.get("Falcon"), None);
    }

    #[test]
    fn files_are_paired_by_their_bytes() {
        let recorded = [
            json!({ "Hash": "b" }),
            json!({ "_note": "cut" }),
            json!({ "Hash": "a" }),
            json!({ "Hash": "x" }),
        ];
        let here = [json!({ "Hash": "a" }), json!({ "Hash": "z" }), json!({ "Hash": "b" })];
        let paired: Vec<_> = pairs(&recorded, &here)
            .into_iter()
            .map(|(recorded, here)| format!("{}{}", recorded["Hash"], here["Hash"]))
            .collect();
        assert_eq!(paired, ["\"b\"\"b\"", "\"a\"\"a\"", "\"x\"\"z\""]);
    }
}
