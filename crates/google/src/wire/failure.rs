//! Bodies of refused requests. They come wrapped, bare, as a list of one, and in HTML.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

/// The error object of a reply, wherever it sat.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// HTTP status in the wrapped form, google.rpc code in the bare one.
    pub code: i32,
    /// Words.
    pub message: String,
    /// google.rpc name, such as `PERMISSION_DENIED`.
    pub status: String,
    /// The older list of reasons.
    pub errors: Vec<Value>,
    /// `ErrorInfo`, `Help` and others.
    pub details: Vec<Value>,
}

/// What a refused request was answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum ErrorReplyBody {
    /// `{"error": {…}}`, as most calls answer.
    Wrapped(Failure),
    /// `{"code": …, "message": …}` without a wrapper, as the upload endpoint answers; or the form of OAuth,
    /// `{"error": "name", "error_description": …}`, with the name as status.
    Bare(Failure),
    /// A page for people, from a front end.
    Html,
    /// Anything else, or nothing.
    Other,
}

impl ErrorReplyBody {
    /// Reads a body by trying: the upload endpoint labels its JSON as HTML.
    pub fn read(body: &str) -> Self {
        let body = body.trim_start_matches('\u{feff}').trim();
        if let Ok(mut value) = serde_json::from_str::<Value>(body) {
            if let Value::Array(list) = &mut value
                && list.len() == 1
            {
                value = list.remove(0);
            }
            let read = |value: &Value| serde_json::from_value::<Failure>(value.clone()).ok();
            if let Some(wrapped) = value.get("error").filter(|error| error.is_object()) {
                return read(wrapped).map_or(Self::Other, Self::Wrapped);
            }
            if let Some(name) = value.get("error").and_then(Value::as_str) {
                let words = value.get("error_description").and_then(Value::as_str);
                return Self::Bare(Failure {
                    message: words.unwrap_or_default().to_owned(),
                    status: name.to_owned(),
                    ..Failure::default()
                });
            }
            if value.get("message").is_some() {
                return read(&value).map_or(Self::Other, Self::Bare);
            }
            return Self::Other;
        }
        let start: String = body.chars().take(200).collect::<String>().to_ascii_lowercase();
        if start.starts_with("<!doctype html") || start.contains("<html") {
            return Self::Html;
        }
        Self::Other
    }

    /// Returns the error object, if there was one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Wrapped(failure) | Self::Bare(failure) => Some(failure),
            Self::Html | Self::Other => None,
        }
    }
}

impl Failure {
    /// Returns the machine-readable reason, such as `ACCESS_TOKEN_SCOPE_INSUFFICIENT` or `accessNotConfigured`.
    pub fn reason(&self) -> Option<&str> {
        // Details first: the newer form wins where both are there.
        self.details
            .iter()
            .chain(&self.errors)
            .find_map(|entry| entry.get("reason")?.as_str())
    }

    /// Returns a value of the `metadata` of an `ErrorInfo`, such as `quota_limit`.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.details
            .iter()
            .find_map(|entry| entry.get("metadata")?.get(name)?.as_str())
    }

    /// Returns how long a `RetryInfo` asks to wait: `"30s"`, `"0.5s"`, or as an object of seconds and nanoseconds.
    pub fn retry_delay(&self) -> Option<Duration> {
        let asked = self.details.iter().filter_map(|entry| entry.get("retryDelay"));
        asked.filter_map(duration).max()
    }

    /// Returns the first address of help, from `Help` details or from the message.
    pub fn help_url(&self) -> Option<&str> {
        let linked = self
            .details
            .iter()
            .find_map(|entry| entry.get("links")?.get(0)?.get("url")?.as_str());
        linked.or_else(|| {
            let from = self.message.find("https://")?;
            self.message[from..].split_whitespace().next()
        })
    }
}

/// Reads a protobuf duration; a negative one is none.
fn duration(value: &Value) -> Option<Duration> {
    let number = |name: &str| match value.get(name)? {
        Value::String(text) => text.parse::<i64>().ok(),
        other => other.as_i64(),
    };
    let signed = match value {
        Value::String(text) => {
            let seconds: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
            // Beyond what a number of seconds holds is still a wait, if an absurd one.
            match SignedDuration::try_from_secs_f64(seconds) {
                Ok(signed) => signed,
                Err(_) if seconds > 0.0 => SignedDuration::MAX,
                Err(_) => return None,
            }
        }
        Value::Object(_) => {
            let nanos = number("nanos").unwrap_or(0);
            SignedDuration::from_secs(number("seconds").unwrap_or(0)).saturating_add(SignedDuration::from_nanos(nanos))
        }
        _ => return None,
    };
    Duration::try_from(signed).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("30s"), Some(30_000))]
    #[case(json!("30.500s"), Some(30_500))]
    #[case(json!(" 0s"), Some(0))]
    #[case(json!({"seconds": "30", "nanos": 500_000_000}), Some(30_500))]
    #[case(json!({"seconds": 7}), Some(7_000))]
    #[case(json!("-3s"), None)]
    #[case(json!({"seconds": "-3"}), None)]
    #[case(json!("soon"), None)]
    #[case(json!("30"), None)]
    #[case(json!(30), None)]
    #[case(json!("nans"), None)]
    #[case(json!(null), None)]
    fn the_delay_of_a_retry_info_is_read(#[case] delay: Value, #[case] millis: Option<u64>) {
        let failure = Failure {
            details: vec![
                json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}),
                json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}),
            ],
            ..Failure::default()
        };
        assert_eq!(failure.retry_delay(), millis.map(Duration::from_millis));
    }

    #[test]
    fn an_absurd_delay_is_a_long_one() {
        for delay in ["99999999999999999999999s", "1e300s", "infs"] {
            let failure = Failure {
                details: vec![json!({ "retryDelay": delay })],
                ..Failure::default()
            };
            assert!(
                failure.retry_delay().unwrap() > Duration::from_secs(1_000_000),
                "{delay}"
            );
        }
    }
}
