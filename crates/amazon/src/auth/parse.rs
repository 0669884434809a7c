//! The forms in which people have cookies.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};
use serde_json::Value;

use super::cookies::{Cookies, config};

/// Fields of a line in a Netscape file: domain, whether sub-domains too, path, whether secure, expiry, name, value.
const FIELDS: usize = 7;

/// Detects the form and reads it.
pub(super) fn any(text: &str) -> Result<Cookies> {
    let text = text
        .trim_start_matches('\u{feff}')
        .trim_matches(|c| matches!(c, ' ' | '\r' | '\n'));
    if text.starts_with('{') {
        json(text)
    } else if looks_like_netscape(text) {
        netscape(text)
    } else {
        header(text)
    }
}

fn looks_like_netscape(text: &str) -> bool {
    text.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let flag = |index: usize| words.get(index).is_some_and(|word| matches!(*word, "TRUE" | "FALSE"));
        line.starts_with("# Netscape")
            || line.starts_with("# HTTP Cookie File")
            || line.starts_with("#HttpOnly_")
            || line.matches('\t').count() >= 3
            // Tabs turned into spaces: told as such by the reader.
            || (flag(1) && flag(3))
    })
}

/// Reads a Netscape file. The expiry is not looked at: it says nothing about whether the server still accepts a cookie.
pub(super) fn netscape(text: &str) -> Result<Cookies> {
    let mut cookies = Cookies::default();
    let mut others = 0_usize;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim_end_matches('\r');
        let content = line.strip_prefix("#HttpOnly_").unwrap_or(line);
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = content.split('\t').collect();
        let [domain, _, _, _, _, name, value] = fields[..] else {
            return Err(malformed(index + 1, fields.len()));
        };
        if is_amazon_host(domain) {
            cookies.add(name, value, Some(domain), &format!("line {}", index + 1))?;
        } else {
            others += 1;
        }
    }
    if cookies.is_empty() {
        return Err(match others {
            0 => none("the cookie file holds no cookie"),
            _ => none(format!(
                "the cookie file holds {others} cookies, but none of an Amazon shop"
            )),
        });
    }
    Ok(cookies)
}

fn malformed(line: usize, fields: usize) -> Error {
    let what = match fields {
        1 => "has no tabs".to_owned(),
        count => format!("has {count} fields"),
    };
    config(format!(
        "line {line} of the cookie file {what}; a cookie is {FIELDS} fields separated by tabs"
    ))
    .hint(
        "export the cookies again in the Netscape format, and copy the file as a file: pasting turns tabs into spaces",
    )
}

fn is_amazon_host(domain: &str) -> bool {
    let host = domain.trim_start_matches('.').to_ascii_lowercase();
    host.starts_with("amazon.") || host.contains(".amazon.")
}

/// Reads `name=value` parts separated by `;` or line ends, with or without `Cookie:` before them.
pub(super) fn header(text: &str) -> Result<Cookies> {
    let mut cookies = Cookies::default();
    let mut number = 0;
    for line in text.lines() {
        let line = line.trim();
        let line = match line.split_once(':') {
            Some((name, rest)) if name.trim().eq_ignore_ascii_case("cookie") => rest,
            _ => line,
        };
        for part in line.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            number += 1;
            let place = format!("part {number} of the cookie text");
            let (name, value) = part.split_once('=').ok_or_else(|| {
                config(format!("{place} has no `=`"))
                    .hint("give the cookies as `name=value; name=value`, as the browser's developer tools show them")
            })?;
            cookies.add(name.trim(), value.trim(), None, &place)?;
        }
    }
    if cookies.is_empty() {
        return Err(none("no cookies were given"));
    }
    Ok(cookies)
}

fn json(text: &str) -> Result<Cookies> {
    // serde's words could quote a value, so only the place is kept.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        config(format!(
            "the cookies begin like JSON but are none (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    if value.get("cookies").is_some_and(Value::is_array) {
        return Cookies::from_credential(&text.into());
    }
    let mut cookies = Cookies::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .ok_or_else(|| config(format!("cookie `{}` in the JSON is no text", name.escape_debug())))?;
        cookies.add(name, value, None, &format!("cookie `{}`", name.escape_debug()))?;
    }
    if cookies.is_empty() {
        return Err(none("no cookies were given"));
    }
    Ok(cookies)
}

fn none(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Missing), message)
        .provider(crate::KIND)
        .operation(Operation::SignIn)
        .hint(
            "sign in to Amazon Photos in a browser and give the cookies `session-id`, `ubid-…` and `at-…` of that shop",
        )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret;

    use super::*;

    fn pairs(cookies: &Cookies) -> Vec<(&str, &str)> {
        cookies
            .iter()
            .map(|cookie| (cookie.name.as_str(), cookie.value.expose_secret()))
            .collect()
    }

    const FILE: &str = "# Netscape HTTP Cookie File\r\n\r\n# a comment\r\n\
        .amazon.de\tTRUE\t/\tTRUE\t1999999999\tsession-id\t133-1\r\n\
        #HttpOnly_.amazon.de\tTRUE\t/\tTRUE\t1\tat-acbde\tAtza|abc=\r\n\
        .example.org\tTRUE\t/\tFALSE\t0\tsid\tsecret\r\n\
        .www.amazon.de\tTRUE\t/\tTRUE\t0\tempty\t\r\n";

    #[test]
    fn a_netscape_file_gives_the_cookies_of_amazon_only() {
        let expected = [("session-id", "133-1"), ("at-acbde", "Atza|abc="), ("empty", "")];
        assert_eq!(pairs(&any(FILE).unwrap()), expected);
    }

    #[rstest]
    #[case("session-id=1; at-main=Atza|x=y; i18n-prefs=USD")]
    #[case("Cookie: session-id=1; at-main=Atza|x=y; i18n-prefs=USD")]
    #[case("cookie:session-id=1;\n  at-main=Atza|x=y;\r\n i18n-prefs=USD;\n")]
    #[case("session_id=1\nat_main=Atza|x=y\ni18n-prefs=USD")]
    fn header_text_may_come_in_many_shapes(#[case] text: &str) {
        let expected = [("session-id", "1"), ("at-main", "Atza|x=y"), ("i18n-prefs", "USD")];
        assert_eq!(pairs(&any(text).unwrap()), expected);
    }

    #[test]
    fn a_json_object_and_a_credential_are_understood() {
        let object = any(r#"{"session_id": "1", "at-main": "2"}"#).unwrap();
        assert_eq!(pairs(&object), [("at-main", "2"), ("session-id", "1")]);
        assert_eq!(
            pairs(&any(object.to_credential().expose_secret()).unwrap()),
            pairs(&object)
        );
    }

    #[rstest]
    #[case(
        "# Netscape HTTP Cookie File\n.amazon.de\tTRUE\t/\tTRUE\tat-acbde\tHUSH",
        "line 2 of the cookie file has 6 fields"
    )]
    #[case("# Netscape HTTP Cookie File\n\nHUSH", "line 3 of the cookie file has no tabs")]
    #[case(".amazon.de TRUE / TRUE 0 at-acbde HUSH", "line 1 of the cookie file has no tabs")]
    #[case(
        ".amazon.de\tTRUE\t/\tTRUE\t0\tat-acbde\tHUSH;x",
        "line 1 has a character in its cookie value"
    )]
    #[case(".amazon.de\tTRUE\t/\tTRUE\t0\t\tHUSH", "line 1 has no cookie name")]
    #[case("session-id=1; HUSH", "part 2 of the cookie text has no `=`")]
    #[case(
        "session-id=HUSH\u{e9}",
        "part 1 of the cookie text has a character in its cookie value"
    )]
    #[case("{\"session-id\": HUSH}", "begin like JSON but are none (line 1, column 16)")]
    #[case("{\"session-id\": 3}", "cookie `session-id` in the JSON is no text")]
    fn malformed_input_is_placed_and_never_quoted(#[case] text: &str, #[case] expected: &str) {
        let error = any(text).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("HUSH"), "{error:?}");
    }

    #[rstest]
    #[case("", "no cookies were given")]
    #[case(" \r\n", "no cookies were given")]
    #[case("# Netscape HTTP Cookie File\n", "holds no cookie")]
    #[case(
        ".example.org\tTRUE\t/\tFALSE\t0\tsid\tx",
        "holds 1 cookies, but none of an Amazon shop"
    )]
    fn no_cookie_at_all_is_a_missing_sign_in(#[case] text: &str, #[case] expected: &str) {
        let error = any(text).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Missing));
        assert!(error.to_string().contains(expected), "{error}");
    }
}
