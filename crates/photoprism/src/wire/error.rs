//! Refusals and confirmations.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `code` of a login that wants a passcode; not an HTTP status.
pub(crate) const PASSCODE_REQUIRED: i64 = 32;
/// `code` of a login with a wrong passcode.
pub(crate) const PASSCODE_WRONG: i64 = 401;

/// A refusal: `{"code":404,"error":"Album not found"}` or `{"error":"Invalid credentials"}`.
///
/// The texts are in the language of the server's settings: good for people, never for decisions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorBody {
    /// Mostly the HTTP status once more; for logins, an enumeration (see [`crate::classify()`]).
    pub code: Option<i64>,
    /// What is wrong.
    pub error: Option<String>,
    /// More of it.
    pub message: Option<String>,
    /// Even more of it.
    pub details: Option<Value>,
    /// `failed`, at some routes of the sign-in.
    pub status: Option<String>,
}

impl ErrorBody {
    /// Reads a body; anything else than such an object has no fields.
    pub fn read(text: &str) -> Self {
        // A list would be taken for the fields in their order.
        let is_object = text.trim_start().starts_with('{');
        is_object
            .then(|| serde_json::from_str(text).ok())
            .flatten()
            .unwrap_or_default()
    }
}

/// A confirmation: `{"code":200,"message":"Changes successfully saved"}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Message {
    /// The HTTP status once more.
    pub code: i64,
    /// What was done, in the language of the server's settings.
    pub message: String,
}

impl Message {
    /// Returns the first number of the text, which is language-independent: files received, seconds taken.
    pub fn number(&self) -> Option<u64> {
        let from = self.message.find(|c: char| c.is_ascii_digit())?;
        let digits: String = self.message[from..].chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_of_a_message_is_read_in_any_language() {
        let told = |text: &str| {
            Message {
                code: 200,
                message: text.to_owned(),
            }
            .number()
        };
        assert_eq!(told("2 files uploaded in 1 s"), Some(2));
        assert_eq!(told("12 Dateien in 3 s hochgeladen"), Some(12));
        assert_eq!(told("Upload has been processed"), None);
    }

    #[test]
    fn anything_else_than_a_refusal_has_no_fields() {
        for text in ["", "<html>", "[1]", "{", "\"x\"", r#"{"code":"x"}"#] {
            assert_eq!(ErrorBody::read(text), ErrorBody::default(), "{text}");
        }
        assert_eq!(ErrorBody::read(r#"{"error":"x","new":1}"#).error.as_deref(), Some("x"));
    }
}
