//! What may be shown of a request.

use std::fmt;

use http::header::{HeaderMap, HeaderName};
use url::Url;

/// Headers whose values are never shown.
const SECRET: [&str; 11] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-amzn-sessionid",
    "x-amz-access-token",
    "x-session-id",
    "x-auth-token",
    // Addresses as good as a key travel here: upload sessions, signed downloads.
    "location",
    "x-goog-upload-url",
    "x-goog-upload-control-url",
];

/// Says whether a header's value is never shown and never leaves the allowed origins.
pub fn is_secret_header(name: &HeaderName) -> bool {
    SECRET.contains(&name.as_str())
}

/// Returns an address without query, fragment, user name and password, fit for messages and logs.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // An address that can have no user name has none to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.into()
}

/// Shows headers in `Debug`, secret values left out.
pub fn headers(headers: &HeaderMap) -> impl fmt::Debug + '_ {
    ShownHeaders(headers)
}

struct ShownHeaders<'h>(&'h HeaderMap);

impl fmt::Debug for ShownHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            if value.is_sensitive() || is_secret_header(name) {
                map.entry(&name.as_str(), &format_args!("<hidden>"));
            } else {
                map.entry(&name.as_str(), value);
            }
        }
        map.finish()
    }
}

/// Cuts a foreign text to one short line and takes out what stands in double quotes, for that may be anything that
/// came in a reply.
pub(crate) fn without_quoted(text: &str) -> String {
    let mut quoted = false;
    let mut shown = String::new();
    for letter in text.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                shown.push_str(if quoted { "\"…" } else { "\"" });
            }
            _ if quoted => {}
            _ if letter.is_control() => shown.push(' '),
            _ => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_query_fragment_and_user() {
        let full = Url::parse("https://me:pw@a.example/b/c?token=s3cret#frag").unwrap();
        assert_eq!(url(&full), "https://a.example/b/c");
    }

    #[test]
    fn secret_values_are_hidden_by_name_and_by_mark() {
        let mut map = HeaderMap::new();
        for name in ["authorization", "cookie", "set-cookie", "x-amzn-sessionid"] {
            map.insert(HeaderName::from_static(name), "s3cret".parse().unwrap());
        }
        let mut marked: http::HeaderValue = "s3cret".parse().unwrap();
        marked.set_sensitive(true);
        map.insert("x-of-my-own", marked);
        map.insert("accept", "image/jpeg".parse().unwrap());
        let shown = format!("{:?}", headers(&map));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("image/jpeg") && shown.contains("x-of-my-own"), "{shown}");
    }

    #[test]
    fn quoted_words_of_a_reply_are_taken_out() {
        assert_eq!(
            without_quoted("invalid type: string \"ya29.s3cret\", expected u64 at line 1"),
            "invalid type: string \"…\", expected u64 at line 1"
        );
    }
}
