//! Reads `Set-Cookie`, as far as taking over new values needs it.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// A cookie that an answer sets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SetCookie<'h> {
    pub(crate) name: &'h str,
    pub(crate) value: &'h str,
    /// Domain that it is for, without the leading dot; `None` = the host that sets it.
    pub(crate) domain: Option<String>,
}

/// Reads one header; `None` if it deletes a cookie, or is none.
pub(crate) fn read(header: &str, now: Timestamp) -> Option<SetCookie<'_>> {
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    // A lone hyphen is how the service takes cookies away.
    if name.is_empty() || matches!(value.trim_matches('"'), "" | "-") {
        return None;
    }
    let mut domain = None;
    for part in parts {
        let (attribute, text) = part.split_once('=').unwrap_or((part, ""));
        let text = text.trim();
        match attribute.trim().to_ascii_lowercase().as_str() {
            "domain" if !text.is_empty() => domain = Some(text.trim_start_matches('.').to_ascii_lowercase()),
            "max-age" if text.parse::<i64>().is_ok_and(|seconds| seconds <= 0) => return None,
            "expires" if date(text).is_some_and(|until| until <= now) => return None,
            _ => {}
        }
    }
    Some(SetCookie { name, value, domain })
}

/// Reads `Wed, 21 Oct 2026 07:28:00 GMT`, also with the hyphens that older servers write.
fn date(text: &str) -> Option<Timestamp> {
    let parser = DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text.replace('-', " ")).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("at-main=Atza|x=; Domain=.amazon.com; Path=/; Secure; HttpOnly", Some(("at-main", "Atza|x=", Some("amazon.com"))))]
    #[case("session-id=1-2", Some(("session-id", "1-2", None)))]
    #[case("sess-at-main=\"a=\"; expires=Tue, 01-Jan-2036 08:00:01 GMT; domain=www.Amazon.com", Some(("sess-at-main", "\"a=\"", Some("www.amazon.com"))))]
    #[case("at-main=x; Max-Age=60; Expires=soon", Some(("at-main", "x", None)))]
    #[case("at-main=; Path=/", None)]
    #[case("at-main=\"\"", None)]
    #[case("session-token=-; expires=Mon, 01-Jan-2004 08:00:01 GMT", None)]
    #[case("at-main=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None)]
    #[case("at-main=x; max-age=0", None)]
    #[case("at-main=x; Max-Age=-1", None)]
    #[case("=x", None)]
    #[case("nonsense", None)]
    #[case("", None)]
    fn what_is_set_is_told_from_what_is_deleted(
        #[case] header: &str,
        #[case] expected: Option<(&str, &str, Option<&str>)>,
    ) {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let expected = expected.map(|(name, value, domain)| SetCookie {
            name,
            value,
            domain: domain.map(str::to_owned),
        });
        assert_eq!(read(header, now), expected);
    }
}
