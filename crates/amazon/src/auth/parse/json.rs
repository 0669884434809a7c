//! Cookies as JSON: what browsers' add-ons and test drivers export, names and values, and what this program keeps.

use photomove_core::{Error, Result};
use serde_json::Value;

use super::{COPY_AGAIN, config, is_amazon_host, none};
use crate::auth::cookies::Cookies;

/// How exporters call the fields; the last ones are those of an add-on for Firefox.
const NAMES: [&str; 3] = ["name", "Name", "Name raw"];
const VALUES: [&str; 3] = ["value", "Value", "Content raw"];
const DOMAINS: [&str; 4] = ["domain", "host", "Domain", "Host raw"];

/// Whether a text is JSON to its end.
pub(super) fn is_whole(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Reads a list of cookies, an object that holds one, or an object of names and values.
pub(super) fn json(text: &str) -> Result<Cookies> {
    // serde's words could quote a value, so only the place is kept.
    let value: Value = serde_json::from_str(text).map_err(|error| {
        config(format!(
            "the cookies begin like JSON but are none (line {}, column {})",
            error.line(),
            error.column()
        ))
        .hint("export or copy them again, whole")
    })?;
    if value.pointer("/log/entries").is_some() {
        return Err(config("this is the record of a whole visit (HAR), not a list of cookies").hint(COPY_AGAIN));
    }
    let mut cookies = Cookies::default();
    let others = match list(&value) {
        Value::Array(entries) => of_list(entries, &mut cookies)?,
        Value::Object(map) => {
            for (name, value) in map {
                let value = value
                    .as_str()
                    .ok_or_else(|| no_text(&format!("cookie `{}` in the JSON", name.escape_debug())))?;
                cookies.add(name, value, None, &format!("cookie `{}`", name.escape_debug()))?;
            }
            0
        }
        _ => 0,
    };
    if cookies.is_empty() {
        return Err(match others {
            0 => none("no cookies were given"),
            _ => none(format!("the JSON holds {others} cookies, but none of an Amazon shop")),
        });
    }
    Ok(cookies)
}

/// What holds the cookies, however deep `cookies` lies in `cookies`.
fn list(value: &Value) -> &Value {
    match value.get("cookies") {
        Some(inner @ (Value::Array(_) | Value::Object(_))) => list(inner),
        _ => value,
    }
}

/// Adds those of an Amazon shop; returns how many others there were.
fn of_list(entries: &[Value], cookies: &mut Cookies) -> Result<usize> {
    let mut others = 0;
    for (index, entry) in entries.iter().enumerate() {
        let place = format!("cookie {} of the JSON", index + 1);
        let text = |names: &[&str]| names.iter().find_map(|name| entry.get(name)).map(Value::as_str);
        let (Some(name), Some(value)) = (text(&NAMES), text(&VALUES)) else {
            return Err(config(format!("{place} has no `name` or no `value`"))
                .hint("export the cookies again; each is an object with `name`, `value` and `domain`"));
        };
        let (Some(name), Some(value)) = (name, value) else {
            return Err(no_text(&place));
        };
        let domain = text(&DOMAINS).flatten().map(host);
        match domain {
            Some(domain) if !is_amazon_host(domain) => others += 1,
            domain => cookies.add_of_browser(name, value, domain, &place)?,
        }
    }
    Ok(others)
}

/// The host of `https://.amazon.de/`, as one add-on writes it.
fn host(domain: &str) -> &str {
    let bare = domain.split_once("://").map_or(domain, |(_, rest)| rest);
    bare.split(['/', ':']).next().unwrap_or(bare)
}

fn no_text(place: &str) -> Error {
    config(format!("{place} is no text")).hint("export the cookies again; names and values are texts in quotes")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String, Option<String>)> {
        json(text)
            .unwrap()
            .iter()
            .map(|cookie| {
                (
                    cookie.name.clone(),
                    cookie.value.expose_secret().to_owned(),
                    cookie.domain.clone(),
                )
            })
            .collect()
    }

    #[rstest]
    #[case::cookie_editor(r#"[{"domain": ".amazon.de", "hostOnly": false, "httpOnly": true, "name": "at-acbde", "path": "/",
        "sameSite": null, "secure": true, "session": false, "storeId": "0", "value": "x", "expirationDate": 1799999999.5},
        {"domain": ".example.org", "name": "sid", "value": "secret"}]"#)]
    #[case::storage_state(r#"{"cookies": [{"name": "at-acbde", "value": "x", "domain": ".amazon.de", "path": "/", "expires": -1}], "origins": []}"#)]
    #[case::quick_manager(
        r#"[{"Host raw": "https://.amazon.de/", "Name raw": "at-acbde", "Path raw": "/", "Content raw": "x"}]"#
    )]
    #[case::kept(r#"{"marketplace": null, "cookies": {"version": 1, "cookies": [{"name": "at-acbde", "value": "x", "domain": "amazon.de"}]}}"#)]
    fn lists_of_many_exporters_are_understood(#[case] text: &str) {
        let expected = ("at-acbde".to_owned(), "x".to_owned(), Some("amazon.de".to_owned()));
        assert_eq!(pairs(text), [expected]);
        assert!(is_whole(text));
        assert!(!is_whole(&text[..text.len() - 1]));
    }

    #[rstest]
    #[case(
        r#"[{"domain": ".example.org", "name": "sid", "value": "HUSH"}]"#,
        "holds 1 cookies, but none of an Amazon shop"
    )]
    #[case(r#"[]"#, "no cookies were given")]
    #[case(r#"{"log": {"entries": [{"HUSH": 1}]}}"#, "the record of a whole visit (HAR)")]
    #[case(r#"[{"name": "at-main"}]"#, "cookie 1 of the JSON has no `name` or no `value`")]
    #[case(r#"[{"name": "at-main", "value": 3}]"#, "cookie 1 of the JSON is no text")]
    #[case(r#"["HUSH"]"#, "cookie 1 of the JSON has no `name` or no `value`")]
    fn what_is_no_list_of_cookies_is_told_without_its_content(#[case] text: &str, #[case] expected: &str) {
        let error = json(text).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("HUSH"), "{error:?}");
    }
}
