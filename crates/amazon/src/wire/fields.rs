//! Takes fields out of a JSON object where they have the expected type, and leaves them in place where they do not.

use serde_json::{Map, Value};

pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn of(value: Value) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self(map)),
            _ => None,
        }
    }

    /// Takes a field of any type; null counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.typed(name, |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.typed(name, |value| value.as_bool().or_else(|| value.as_str()?.parse().ok()))
    }

    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        self.typed(name, number)
    }

    /// Takes a list of texts; missing and null are an empty list.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let list = |value: &Value| {
            value
                .as_array()?
                .iter()
                .map(|text| text.as_str().map(str::to_owned))
                .collect()
        };
        self.typed(name, list).unwrap_or_default()
    }

    /// Takes a date as text: by itself, or wrapped as the official Android app keeps it (`{"value": "…"}`).
    pub(super) fn date(&mut self, name: &str) -> Option<String> {
        self.typed(name, |value| {
            value
                .as_str()
                .or_else(|| value.get("value")?.as_str())
                .map(str::to_owned)
        })
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.typed(name, |value| value.as_object().cloned())
    }

    fn typed<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = read(self.0.get(name)?);
        // An odd value stays, so that it is kept; a null says nothing.
        if value.is_some() || self.0.get(name).is_some_and(Value::is_null) {
            self.0.remove(name);
        }
        value
    }

    pub(super) fn rest(self) -> Map<String, Value> {
        self.0
    }
}

/// A whole number that may be written as a text.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}
