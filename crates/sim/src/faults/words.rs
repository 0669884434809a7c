//! Values of a fault's fields, and what they are when a plan leaves them out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

/// A `Retry-After` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Just this: seconds, an HTTP date, or nonsense.
    Text(String),
    /// The HTTP date that is so many seconds after the service's present time; before it if negative.
    DateIn {
        /// Seconds.
        date_in_s: i64,
    },
}

impl RetryAfter {
    pub(crate) fn header(&self, now: Timestamp) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::DateIn { date_in_s } => http_date(
                now.saturating_add(SignedDuration::from_secs(*date_in_s))
                    .unwrap_or(Timestamp::MAX),
            ),
        }
    }
}

impl From<u64> for RetryAfter {
    fn from(seconds: u64) -> Self {
        Self::Text(seconds.to_string())
    }
}

impl From<&str> for RetryAfter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for RetryAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "`retry_after` is a number, a text or {\"date_in_s\": N}")]
        enum Raw {
            Number(serde_json::Number),
            Text(String),
            Date { date_in_s: i64 },
        }
        Ok(match Raw::deserialize(deserializer)? {
            Raw::Number(number) => Self::Text(number.to_string()),
            Raw::Text(text) => Self::Text(text),
            Raw::Date { date_in_s } => Self::DateIn { date_in_s },
        })
    }
}

/// A moment as HTTP headers write it.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The body of a planned answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultBody {
    /// What it says; something usual of its kind if `None`.
    #[serde(rename = "body", default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What it is; guessed from the text if `None`.
    #[serde(rename = "body_kind", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<BodyKind>,
}

/// What the body of a planned answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `text/plain`.
    Text,
    /// `text/html`.
    Html,
    /// No bytes and no type.
    Empty,
}

impl FaultBody {
    /// Content type and text.
    pub(crate) fn write(&self, status: u16) -> (Option<&'static str>, String) {
        let text = self.text.clone();
        match self.kind {
            Some(BodyKind::Empty) => (None, String::new()),
            Some(BodyKind::Json) => (
                Some("application/json"),
                text.unwrap_or_else(|| format!("{{\"message\":\"planned status {status}\"}}")),
            ),
            Some(BodyKind::Html) => (
                Some("text/html; charset=UTF-8"),
                text.unwrap_or_else(|| {
                    format!("<!doctype html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n")
                }),
            ),
            Some(BodyKind::Text) => (
                Some("text/plain"),
                text.unwrap_or_else(|| format!("planned status {status}\n")),
            ),
            None => {
                let text = text.unwrap_or_default();
                (Some(guess_type(&text)), text)
            }
        }
    }
}

impl From<&str> for FaultBody {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for FaultBody {
    fn from(text: String) -> Self {
        Self {
            text: Some(text),
            kind: None,
        }
    }
}

impl From<BodyKind> for FaultBody {
    fn from(kind: BodyKind) -> Self {
        Self {
            text: None,
            kind: Some(kind),
        }
    }
}

fn guess_type(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') => "text/html",
        _ => "text/plain",
    }
}

/// What stands on the pages of an endless listing behind the last real one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndlessItems {
    /// The elements of the last page, again and again.
    #[default]
    Same,
    /// The elements of the last page under ever new ids.
    New,
    /// Nothing.
    None,
}

/// Reads `body` and `body_kind`; `None` if there is neither.
pub(super) fn body<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FaultBody>, D::Error> {
    FaultBody::deserialize(deserializer).map(|body| Some(body).filter(|body| *body != FaultBody::default()))
}

pub(super) fn stall_ms() -> u64 {
    30_000
}

pub(super) fn drip_bytes() -> u64 {
    1024
}

pub(super) fn overlong_by() -> u64 {
    1
}

pub(super) fn intruders() -> u64 {
    1
}

pub(super) fn gzip() -> String {
    "gzip".to_owned()
}

pub(super) fn html_type() -> String {
    "text/html; charset=UTF-8".to_owned()
}

pub(super) fn depth() -> u64 {
    1_000_000
}

pub(super) fn found() -> u16 {
    302
}

pub(super) fn header_bytes() -> u64 {
    10 * 1024 * 1024
}
