//! One line of the log for each request: what is needed to find a fault, and nothing that lets anybody in.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use photomove_core::Error;
use url::Url;

use crate::redact;

/// What services call a request in their own logs, the most telling first.
const REQUEST_IDS: [&str; 4] = ["x-amzn-requestid", "x-amz-rid", "x-amz-request-id", "x-request-id"];
/// Longer than any request id that was seen.
const ID_CHARS: usize = 80;
/// Longer than any name of a parameter that is worth seeing; a bare key in a query is longer.
const NAME_CHARS: usize = 24;

/// A request that is over.
pub(crate) struct Asked<'a> {
    pub(crate) provider: &'static str,
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) took: Duration,
    /// How often it was sent before.
    pub(crate) retry: u32,
}

impl Asked<'_> {
    /// Writes the line; `answer` is the head of the reply, or why there is none.
    pub(crate) fn log(&self, answer: Result<(StatusCode, &HeaderMap), &Error>) {
        let (status, id) = match answer {
            Ok((status, headers)) => (Some(status.as_u16()), request_id(headers)),
            Err(_) => (None, None),
        };
        tracing::debug!(
            provider = self.provider,
            method = %self.method,
            url = redact::url(self.url),
            query = parameters(self.url),
            status,
            ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            retry = self.retry,
            request_id = id,
            error = answer.err().map(tracing::field::display),
            "request"
        );
    }
}

/// Names of the query's parameters, never a value; `None` without a query.
fn parameters(url: &Url) -> Option<String> {
    let query = url.query().filter(|query| !query.is_empty())?;
    let tame = |name: &str| {
        name.len() <= NAME_CHARS && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$[]".contains(c))
    };
    let names: Vec<&str> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if tame(name) => name,
            // A word without a value may be one.
            _ => "hidden",
        })
        .collect();
    Some(names.join(","))
}

/// Returns the name under which the service can find the request again.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let tame = |id: &&str| !id.is_empty() && id.len() <= ID_CHARS && id.chars().all(|c| c.is_ascii_graphic());
    REQUEST_IDS
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok().filter(tame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_named_without_their_values() {
        let names = |text: &str| parameters(&Url::parse(text).unwrap());
        assert_eq!(names("https://a.example/b"), None);
        assert_eq!(
            names("https://a.example/b?limit=200&ownerId=A1HUSH&filters=kind%3AHUSH").as_deref(),
            Some("limit,ownerId,filters")
        );
        assert_eq!(
            names("https://a.example/b?hushhush&x%20y=1").as_deref(),
            Some("hidden,hidden")
        );
    }

    #[test]
    fn a_request_id_is_short_and_plain() {
        let mut headers = HeaderMap::new();
        assert_eq!(request_id(&headers), None);
        headers.insert("x-request-id", "later".parse().unwrap());
        headers.insert("x-amz-rid", "QF8G".parse().unwrap());
        assert_eq!(request_id(&headers), Some("QF8G"));
        headers.insert("x-amz-rid", "x".repeat(100).parse().unwrap());
        assert_eq!(request_id(&headers), Some("later"));
    }
}
