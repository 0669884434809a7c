//! The forms in which people have cookies.

mod json;
mod request;
mod words;

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};

use super::cookies::{Cookies, config, is_amazon_name, suffix};

/// Fields of a line in a Netscape file: domain, whether sub-domains too, path, whether secure, expiry, name, value.
const FIELDS: usize = 7;

/// What to do where something else than a request of Amazon Photos was copied.
const COPY_AGAIN: &str = "open Amazon Photos in a browser, sign in, open the developer tools (F12), tab \"Network\", reload \
                          the page, right click on a request with `/drive/v1/` in its address, and choose \"Copy as cURL\"";

/// A form in which cookies come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Curl,
    PowerShell,
    Netscape,
    /// A header, a block of headers, or lines `name=value`.
    Header,
    /// Something else that people copy by mistake; why it does not do.
    Mistaken(&'static str),
}

impl Form {
    fn of(text: &str) -> Self {
        let begins = |with: &str| {
            text.get(..with.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        if text.starts_with(['{', '[']) {
            Self::Json
        } else if request::is_curl(text) {
            Self::Curl
        } else if request::is_powershell(text) {
            Self::PowerShell
        } else if begins("fetch(") || begins("await fetch(") {
            Self::Mistaken("this is \"Copy as fetch\", which leaves the cookies out")
        } else if begins("https://") || begins("http://") {
            Self::Mistaken("this is the address of a page or request, without its cookies")
        } else if looks_like_netscape(text) {
            Self::Netscape
        } else {
            Self::Header
        }
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
        .trim_matches(|c| matches!(c, ' ' | '\r' | '\n'))
}

/// Detects the form and reads it.
pub(super) fn any(text: &str) -> Result<Cookies> {
    let text = trimmed(text);
    match Form::of(text) {
        Form::Json => json::json(text),
        Form::Curl => request::curl(text),
        Form::PowerShell => request::powershell(text),
        Form::Netscape => netscape(text),
        Form::Header => header(text),
        Form::Mistaken(why) => Err(config(why).hint(COPY_AGAIN)),
    }
}

/// Whether a text that comes line by line can end here. Of a file nothing tells; whoever types ends it with an empty line.
pub(super) fn is_whole(text: &str) -> bool {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match Form::of(text) {
        _ if text.is_empty() => false,
        Form::Json => json::is_whole(text),
        Form::Curl => request::is_whole_curl(text),
        Form::PowerShell => request::is_whole_powershell(text),
        Form::Netscape => false,
        Form::Mistaken(_) => true,
        Form::Header => is_whole_header(text),
    }
}

/// A header is one line; of other lines each has one cookie, and more may come until nothing is missing.
fn is_whole_header(text: &str) -> bool {
    let of_several = |line: &str| {
        let one = line.split_once('=').is_some_and(|(name, value)| {
            let spelt = name
                .trim()
                .trim_start_matches("export ")
                .replace('_', "-")
                .to_ascii_lowercase();
            is_amazon_name(&spelt) && !value.contains(';')
        });
        one || other_header(line)
    };
    if !text.lines().all(of_several) {
        return true;
    }
    header(text).is_ok_and(|cookies| {
        let has = |prefix: &str| {
            let mut names = cookies.names();
            names.any(|name| name.starts_with(prefix) && suffix(name).is_some())
        };
        has("at-") && has("ubid-") && cookies.names().any(|name| name == "session-id")
    })
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

pub(super) fn is_amazon_host(domain: &str) -> bool {
    let host = domain.trim_start_matches('.').to_ascii_lowercase();
    host.starts_with("amazon.") || host.contains(".amazon.")
}

/// Whether a line is a header of another name, or the first line of a request.
fn other_header(line: &str) -> bool {
    let line = line.trim();
    if line.contains(" HTTP/") && !line.contains(';') {
        return true;
    }
    let name = line
        .strip_prefix(':')
        .unwrap_or(line)
        .split_once(':')
        .map(|(name, _)| name.trim());
    name.is_some_and(|name| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !name.is_empty() && name.chars().all(plain) && !name.eq_ignore_ascii_case("cookie")
    })
}

/// The text behind `Cookie:`, if a line begins so.
fn behind_name(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("cookie").then_some(rest)
}

/// Reads `name=value` parts separated by `;` or line ends, with or without `Cookie:` before them. Of a block of headers
/// only that one is read.
pub(super) fn header(text: &str) -> Result<Cookies> {
    let mut cookies = Cookies::default();
    let mut number = 0;
    let block = text.lines().any(|line| behind_name(line.trim()).is_some());
    for line in text.lines().map(str::trim) {
        if block && other_header(line) {
            continue;
        }
        let line = behind_name(line).unwrap_or(line);
        // As shells set variables.
        let (line, variable) = match ["export ", "set "].iter().find_map(|word| line.strip_prefix(word)) {
            Some(line) => (line, true),
            None => (line, false),
        };
        for part in line.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            number += 1;
            let place = format!("part {number} of the cookie text");
            let (name, value) = part.split_once('=').ok_or_else(|| {
                config(format!("{place} has no `=`"))
                    .hint("give the cookies as `name=value; name=value`, as the browser's developer tools show them")
            })?;
            let value = if variable { unquoted(value.trim()) } else { value.trim() };
            cookies.add(name.trim(), value, None, &place)?;
        }
    }
    if cookies.is_empty() {
        return Err(none("no cookies were given"));
    }
    Ok(cookies)
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).unwrap_or(value)
}

fn none(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Missing), message)
        .provider(crate::KIND)
        .operation(Operation::SignIn)
        .hint(COPY_AGAIN)
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
    #[case(
        "GET /drive/v1/nodes HTTP/2\r\nHost: www.amazon.com\r\nAccept: */*;q=0.8\r\nCookie: session-id=1; at-main=Atza|x=y; i18n-prefs=USD\r\nTE: trailers\r\n"
    )]
    #[case("export session_id='1'\nexport at_main=\"Atza|x=y\"\nexport i18n-prefs=USD")]
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
    #[case("fetch(\"https://www.amazon.de/HUSH\", {\n", "which leaves the cookies out")]
    #[case("https://www.amazon.de/photos/HUSH", "this is the address of a page or request")]
    fn what_is_copied_by_mistake_is_named(#[case] text: &str, #[case] expected: &str) {
        let error = any(text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint_text().unwrap().contains("Copy as cURL"));
        assert!(!format!("{error:?}").contains("HUSH"), "{error:?}");
        assert!(is_whole(text));
    }

    #[rstest]
    #[case("", false)]
    #[case("\n", false)]
    #[case("Cookie: session-id=1; x=2", true)]
    #[case("session-id=1; x=2", true)]
    #[case("what is this", true)]
    #[case("session_id=1", false)]
    #[case("export session_id=1\nexport ubid_main=2\n", false)]
    #[case("export session_id=1\nexport ubid_main=2\nexport at_main=3", true)]
    #[case("# Netscape HTTP Cookie File\n", false)]
    #[case("{\"session-id\": \"1\",\n", false)]
    #[case("{\"session-id\": \"1\"}", true)]
    #[case("GET /drive/v1/nodes HTTP/2\nHost: www.amazon.com", false)]
    #[case(
        "GET /drive/v1/nodes HTTP/2\nHost: www.amazon.com\nCookie: session-id=1; x=2\n",
        true
    )]
    fn whether_more_lines_may_come_is_told(#[case] text: &str, #[case] whole: bool) {
        assert_eq!(is_whole(text), whole);
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
