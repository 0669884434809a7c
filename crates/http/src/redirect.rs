//! Redirects, followed by hand so that each hop's origin is known before anything is sent to it.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use http::{Method, StatusCode};
use photomove_core::{Error, ErrorKind, Result};
use url::Url;

use crate::{Origin, redact};

/// Browsers give up at 20; a service that needs more than this is broken.
const MOST_HOPS: usize = 10;

/// Where a reply points to, if it is a redirect.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // RFC 9110 allows relative references here, and services use them.
    let mut target = from.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// Says whether the request goes on without its body, as GET.
pub(crate) fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => !matches!(*method, Method::GET | Method::HEAD),
        // Not what the standard's first version said, but what every browser does.
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

/// Takes out what described a body that is no longer sent.
pub(crate) fn drop_body_headers(headers: &mut HeaderMap) {
    for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
        headers.remove(name);
    }
}

/// The hops of one attempt.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    hops: usize,
    seen: Vec<(Method, Url)>,
}

impl Trail {
    /// Notes a hop about to be made and refuses those that lead nowhere or to an unsafe place. A reply that set a
    /// cookie may rightly send us back to where we were.
    pub(crate) fn step(&mut self, from: (&Method, &Url), to: (&Method, &Url), sets_cookie: bool) -> Result<()> {
        let ((from_method, from), (method, to)) = (from, to);
        if !matches!(to.scheme(), "http" | "https") || to.host_str().is_none() {
            return Err(refused("redirected to an address that is not of the web", from).context("scheme", to.scheme()));
        }
        if from.scheme() == "https" && to.scheme() == "http" {
            return Err(
                refused("redirected from https to plain http, which is not followed", from)
                    .context("to", Origin::of(to)),
            );
        }
        if sets_cookie {
            self.seen.clear();
        } else {
            self.seen.push((from_method.clone(), from.clone()));
        }
        if self
            .seen
            .iter()
            .any(|(seen_method, seen)| seen == to && seen_method == method)
        {
            return Err(refused("redirects lead round in a circle", from));
        }
        self.hops += 1;
        if self.hops > MOST_HOPS {
            return Err(refused(&format!("redirected more than {MOST_HOPS} times"), from));
        }
        Ok(())
    }
}

fn refused(message: &str, from: &Url) -> Error {
    Error::new(ErrorKind::Protocol, message).context("at", redact::url(from))
}

/// Says whether an address carries its own authentication in its query, as pre-signed storage links do.
pub(crate) fn is_presigned(url: &Url) -> bool {
    const SIGNATURES: [&str; 4] = [
        "x-amz-signature",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-goog-signature",
    ];
    url.query_pairs()
        .any(|(name, _)| SIGNATURES.contains(&name.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn presigned_addresses_are_told_by_their_query() {
        let told = |text: &str| is_presigned(&Url::parse(text).unwrap());
        assert!(told(
            "https://storage.example/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab"
        ));
        assert!(told("https://storage.example/a?x=1&x-amz-signature=ab"));
        assert!(!told("https://content.example/a?download=true"));
    }

    #[rstest]
    #[case(301, Method::POST, true)]
    #[case(302, Method::POST, true)]
    #[case(303, Method::POST, true)]
    #[case(303, Method::PUT, true)]
    #[case(303, Method::HEAD, false)]
    #[case(302, Method::PUT, false)]
    #[case(307, Method::POST, false)]
    #[case(308, Method::POST, false)]
    fn methods_change_as_in_browsers(#[case] status: u16, #[case] method: Method, #[case] get: bool) {
        assert_eq!(becomes_get(StatusCode::from_u16(status).unwrap(), &method), get);
    }

    #[rstest]
    #[case(302, "/b?c#d", Some("https://a.example/b?c"))]
    #[case(307, "b", Some("https://a.example/x/b"))]
    #[case(308, "//b.example/", Some("https://b.example/"))]
    #[case(300, "/b", None)]
    #[case(304, "/b", None)]
    #[case(200, "/b", None)]
    fn targets_are_read(#[case] status: u16, #[case] location: &str, #[case] to: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, location.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        let found = target(status, &headers, &url("https://a.example/x/y"));
        assert_eq!(found.as_ref().map(Url::as_str), to);
        assert_eq!(target(status, &HeaderMap::new(), &url("https://a.example/")), None);
    }

    #[rstest]
    #[case("https://a.example/", "http://a.example/", "plain http")]
    #[case("https://a.example/", "file:///etc/passwd", "not of the web")]
    #[case("https://a.example/b?token=1", "https://a.example/b?token=1", "circle")]
    fn unsafe_and_endless_hops_are_refused(#[case] from: &str, #[case] to: &str, #[case] words: &str) {
        let (from, to) = (url(from), url(to));
        let error = Trail::default()
            .step((&Method::GET, &from), (&Method::GET, &to), false)
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(!error.to_string().contains("token"), "{error}");
    }

    #[test]
    fn the_eleventh_hop_is_refused() {
        let hop = |number: usize| url(&format!("https://a.example/{number}"));
        let mut trail = Trail::default();
        for number in 0..10 {
            trail
                .step((&Method::GET, &hop(number)), (&Method::GET, &hop(number + 1)), false)
                .unwrap();
        }
        assert!(
            trail
                .step((&Method::GET, &hop(10)), (&Method::GET, &hop(11)), false)
                .is_err()
        );
    }
}
