//! What may be shown of a request.

use std::fmt;

use http::header::{HeaderMap, HeaderName};
use url::Url;

/// Headers whose values are never shown.
const SECRET: [&str; 12] = [
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
    // The same key once more, on replies of an upload session.
    "x-guploader-uploadid",
];

/// Says whether a header's value is never shown and never leaves the allowed origins.
pub fn is_secret_header(name: &HeaderName) -> bool {
    SECRET.contains(&name.as_str())
}

/// A path segment of this length may be a key: temporary links carry theirs in the path. Amazon's node ids, which are
/// worth seeing, have 22 letters, the shortest known keys 49.
const KEY_CHARS: usize = 32;

/// Returns an address without query, fragment, user name, password and keys in its path, fit for messages and logs.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    if let Some(path) = path_without_keys(url.path()) {
        shown.set_path(&path);
    }
    shown.set_query(None);
    shown.set_fragment(None);
    // An address that can have no user name has none to hide.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.into()
}

/// Returns a path with its keys taken out; `None` if it has none.
///
/// PhotoPrism's addresses of previews have short ones: `…/t/<hash>/<key>/tile_500`, `…/t/<key>/tile_500` and
/// `/videos/<hash>/<key>/avc`.
fn path_without_keys(path: &str) -> Option<String> {
    let is_key = |segment: &str| segment.len() >= KEY_CHARS;
    let segments: Vec<&str> = path.split('/').collect();
    let hidden = |at: usize| {
        let last = at + 1 == segments.len();
        let follows_key = at.checked_sub(1).is_some_and(|before| is_key(segments[before]));
        is_key(segments[at]) || (!last && (follows_key || segments[..at].contains(&"t")))
    };
    if !(0..segments.len()).any(hidden) {
        return None;
    }
    let shown = segments
        .iter()
        .enumerate()
        .map(|(at, segment)| if hidden(at) { "hidden" } else { segment });
    Some(shown.collect::<Vec<_>>().join("/"))
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

/// Makes one line of serde's words and takes out what stands in quotes, for that may be anything that came in a reply.
/// Our own names of fields that are missing or came twice stay.
pub(crate) fn without_quoted(text: &str) -> String {
    let mut quote = None;
    let mut shown = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            // Inside double quotes serde writes `\"` for a quote of the reply itself: it ends nothing.
            (Some('"'), '\\') => {
                letters.next();
            }
            (Some(open), _) if open == letter => {
                quote = None;
                shown.push(letter);
            }
            (Some(_), _) => {}
            (None, '`')
                if ["missing field ", "duplicate field "]
                    .iter()
                    .any(|words| shown.ends_with(words)) =>
            {
                shown.push('`');
                shown.extend(letters.by_ref().take_while(|letter| *letter != '`'));
                shown.push('`');
            }
            (None, '"' | '`') => {
                quote = Some(letter);
                shown.extend([letter, '…']);
            }
            (None, _) if letter.is_control() => shown.push(' '),
            (None, _) => shown.push(letter),
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
    fn addresses_lose_keys_in_their_path() {
        let link =
            "https://content-eu.drive.amazonaws.com/cdproxy/templink/WGTWSqXvZQvbiQy_zfDT7DdsBEy9zsFWi01f4GdweTLoblu5T";
        let node = "https://www.amazon.de/drive/v1/nodes/-mQx2LPtT2aVvn4uq0w7qg/children?a=b";
        assert_eq!(
            url(&Url::parse(link).unwrap()),
            "https://content-eu.drive.amazonaws.com/cdproxy/templink/hidden"
        );
        assert_eq!(
            url(&Url::parse(node).unwrap()),
            "https://www.amazon.de/drive/v1/nodes/-mQx2LPtT2aVvn4uq0w7qg/children"
        );
    }

    #[test]
    fn addresses_of_previews_lose_their_short_keys() {
        let hash = "82c61c54275982e72e1cfb13e4e3bba3e26b3da0";
        for (path, shown) in [
            (
                format!("/api/v1/t/{hash}/p51mz8t2/tile_500"),
                "/api/v1/t/hidden/hidden/tile_500",
            ),
            (
                format!("/api/v1/videos/{hash}/p51mz8t2/avc"),
                "/api/v1/videos/hidden/hidden/avc",
            ),
            (
                "/albums/a1/t/p51mz8t2/fit_720".to_owned(),
                "/albums/a1/t/hidden/fit_720",
            ),
            (
                "/folders/t/u1/p51mz8t2/fit_720".to_owned(),
                "/folders/t/hidden/hidden/fit_720",
            ),
            (format!("/api/v1/files/{hash}"), "/api/v1/files/hidden"),
            ("/api/v1/photos/p1/t".to_owned(), "/api/v1/photos/p1/t"),
        ] {
            let address = Url::parse(&format!("https://a.example{path}")).unwrap();
            assert_eq!(url(&address), format!("https://a.example{shown}"));
        }
    }

    #[test]
    fn secret_values_are_hidden_by_name_and_by_mark() {
        let mut map = HeaderMap::new();
        let upload = ["x-goog-upload-url", "x-guploader-uploadid"];
        for name in upload
            .into_iter()
            .chain(["authorization", "cookie", "set-cookie", "x-amzn-sessionid"])
        {
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

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its errors")]
    struct Small {
        count: u64,
        kind: Kind,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Kind {
        One,
    }

    #[test]
    fn whatever_serde_quotes_is_taken_out_and_our_own_names_stay() {
        let told = |json: &str| without_quoted(&serde_json::from_str::<Small>(json).unwrap_err().to_string());
        for json in [
            r#"{"count": "s3cret"}"#,
            r#"{"count": "a\"s3cret"}"#,
            r#"{"count": "a\\\"s3cret\\"}"#,
            r#"{"kind": "s3cret"}"#,
            r#"{"s3cret": 1}"#,
        ] {
            assert!(!told(json).contains("s3cret"), "{}", told(json));
        }
        assert!(told(r#"{"kind": "One"}"#).starts_with("missing field `count` at line 1"));
    }
}
