//! Reading requests as proto3 JSON does: either spelling of a name, quoted numbers and booleans, no unknown fields.

use serde_json::{Map, Value};

use super::reply::ApiError;

/// One message of a request, checked for unknown fields when made.
#[derive(Debug)]
pub(super) struct Message<'a> {
    map: Option<&'a Map<String, Value>>,
    path: String,
}

impl<'a> Message<'a> {
    /// Reads the body of a request; an empty body is the empty message.
    pub(super) fn of_body(body: Option<&'a Value>, known: &[&str]) -> Result<Self, ApiError> {
        Self::read(body.unwrap_or(&Value::Null), String::new(), known)
    }

    fn read(value: &'a Value, path: String, known: &[&str]) -> Result<Self, ApiError> {
        let map = match value {
            Value::Null => None,
            Value::Object(map) => Some(map),
            _ => {
                return Err(ApiError::invalid(format!(
                    "Invalid value at '{path}' (type message), expected an object."
                )));
            }
        };
        for name in map.into_iter().flat_map(Map::keys) {
            if !known.iter().any(|field| names(field, name)) {
                let place = if path.is_empty() {
                    String::new()
                } else {
                    format!(" at '{path}'")
                };
                return Err(ApiError::invalid(format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
                )));
            }
        }
        Ok(Self { map, path })
    }

    /// Whether the field is there, even with its default value.
    pub(super) fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    pub(super) fn message(&self, field: &str, known: &[&str]) -> Result<Option<Message<'a>>, ApiError> {
        self.value(field)
            .map(|value| Message::read(value, self.path_of(field), known))
            .transpose()
    }

    pub(super) fn messages(&self, field: &str, known: &[&str]) -> Result<Vec<Message<'a>>, ApiError> {
        let mut messages = Vec::new();
        for (at, value) in self.list(field)?.iter().enumerate() {
            messages.push(Message::read(value, format!("{}[{at}]", self.path_of(field)), known)?);
        }
        Ok(messages)
    }

    /// A string; absent and null are the empty one.
    pub(super) fn string(&self, field: &str) -> Result<String, ApiError> {
        match self.value(field) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.bad(field, "TYPE_STRING", other)),
        }
    }

    pub(super) fn strings(&self, field: &str) -> Result<Vec<String>, ApiError> {
        self.list(field)?
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| self.bad(field, "TYPE_STRING", value))
            })
            .collect()
    }

    /// A 32-bit number, quoted or not; absent is 0.
    pub(super) fn int(&self, field: &str) -> Result<i64, ApiError> {
        let bad = |value: &Value| self.bad(field, "TYPE_INT32", value);
        match self.value(field) {
            None => Ok(0),
            Some(Value::String(text)) => text.parse().map_err(|_| bad(&Value::String(text.clone()))),
            Some(value) => value.as_i64().ok_or_else(|| bad(value)),
        }
    }

    pub(super) fn float(&self, field: &str) -> Result<f64, ApiError> {
        match self.value(field) {
            None => Ok(0.0),
            Some(Value::String(text)) => text
                .parse()
                .map_err(|_| self.bad(field, "TYPE_DOUBLE", &Value::String(text.clone()))),
            Some(value) => value.as_f64().ok_or_else(|| self.bad(field, "TYPE_DOUBLE", value)),
        }
    }

    /// A boolean, quoted or not; absent is false.
    pub(super) fn flag(&self, field: &str) -> Result<bool, ApiError> {
        match self.value(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.bad(field, "TYPE_BOOL", other)),
        }
    }

    fn list(&self, field: &str) -> Result<&'a [Value], ApiError> {
        match self.value(field) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            // A single value stands for a list of one, as the real parser reads it.
            Some(one) => Ok(std::slice::from_ref(one)),
        }
    }

    fn value(&self, field: &str) -> Option<&'a Value> {
        let found = self
            .map?
            .iter()
            .find(|(name, _)| names(field, name))
            .map(|(_, value)| value)?;
        (!found.is_null()).then_some(found)
    }

    fn path_of(&self, field: &str) -> String {
        let snake = snake(field);
        if self.path.is_empty() {
            snake
        } else {
            format!("{}.{snake}", self.path)
        }
    }

    fn bad(&self, field: &str, kind: &str, value: &Value) -> ApiError {
        ApiError::invalid(format!("Invalid value at '{}' ({kind}), {value}", self.path_of(field)))
    }
}

/// The body of a request as JSON; empty means no message.
pub(super) fn parse_body(bytes: &[u8]) -> Result<Option<Value>, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    serde_json::from_slice(bytes).map(Some).map_err(|error| {
        ApiError::invalid(format!(
            "Invalid JSON payload received. Parsing terminated at line {}.",
            error.line()
        ))
    })
}

/// Query parameters that every method of the API understands.
const SYSTEM_PARAMETERS: [&str; 14] = [
    "fields",
    "prettyPrint",
    "alt",
    "key",
    "quotaUser",
    "access_token",
    "oauth_token",
    "callback",
    "uploadType",
    "upload_protocol",
    "$.xgafv",
    "$fields",
    "$alt",
    "userIp",
];

/// Query parameters in order, refused where `known` does not have them.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Splits a query string.
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Refuses names that are neither the method's nor the system's.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.0.iter().find(|(name, _)| {
            !SYSTEM_PARAMETERS.contains(&name.as_str()) && !known.iter().any(|field| names(field, name))
        }) {
            None => Ok(()),
            Some((name, _)) => Err(ApiError::invalid(format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. \
                 Field '{name}' could not be found in request message."
            ))),
        }
    }

    pub(super) fn get(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| names(field, name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn all(&self, field: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(name, _)| names(field, name))
            .map(|(_, value)| value.clone())
            .collect()
    }

    pub(super) fn int(&self, field: &str) -> Result<i64, ApiError> {
        match self.get(field) {
            None | Some("") => Ok(0),
            Some(text) => text.parse().map_err(|_| {
                ApiError::invalid(format!("Invalid value at '{}' (TYPE_INT32), \"{text}\"", snake(field)))
            }),
        }
    }
}

/// Whether `given` is the field in its JSON or in its original spelling.
fn names(field: &str, given: &str) -> bool {
    field == given || snake(field) == given
}

fn snake(field: &str) -> String {
    let mut out = String::with_capacity(field.len() + 4);
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_field_is_named_with_its_place() {
        let body = json!({"newMediaItems": [{"simpleMediaItem": {"uploadTokens": "x"}}]});
        let message = Message::of_body(Some(&body), &["newMediaItems"]).unwrap();
        let items = message.messages("newMediaItems", &["simpleMediaItem"]).unwrap();
        let error = items[0]
            .message("simpleMediaItem", &["uploadToken", "fileName"])
            .unwrap_err();
        assert_eq!(
            error.message,
            "Invalid JSON payload received. Unknown name \"uploadTokens\" at 'new_media_items[0].simple_media_item': Cannot find field."
        );
    }

    #[test]
    fn quoted_numbers_and_booleans_and_both_spellings_are_read() {
        let body = json!({"pageSize": "50", "include_archived_media": "true", "albumId": null});
        let message = Message::of_body(Some(&body), &["pageSize", "includeArchivedMedia", "albumId"]).unwrap();
        assert_eq!(message.int("pageSize").unwrap(), 50);
        assert!(message.flag("includeArchivedMedia").unwrap());
        assert_eq!(message.string("albumId").unwrap(), "");
        assert!(!message.has("albumId"));
    }

    #[test]
    fn a_number_where_a_string_belongs_is_refused() {
        let body = json!({"title": 5});
        let message = Message::of_body(Some(&body), &["title"]).unwrap();
        assert_eq!(
            message.string("title").unwrap_err().message,
            "Invalid value at 'title' (TYPE_STRING), 5"
        );
    }
}
