//! The cookies that a person gave, by their real names.

use std::fmt;

use photomove_core::{Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::marketplace::Marketplace;
use super::parse;
use super::session::Session;

/// Cookies of a browser that is signed in to Amazon; values never show in `Debug`, errors or logs.
///
/// Names are kept as Amazon spells them, with hyphens, however they were given. Where several spellings or copies of a
/// name come together, the first one with hyphens wins.
#[derive(Clone, Default)]
pub struct Cookies(Vec<Cookie>);

#[derive(Clone)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: SecretString,
    /// Host that set it, without the leading dot; `None` if the person did not say.
    pub(crate) domain: Option<String>,
    /// Whether the name was spelt with underscores.
    respelt: bool,
}

impl Cookies {
    /// Reads cookies in whatever form they come: a request that a browser copied ("Copy as cURL" for bash, zsh and the
    /// Windows command prompt, "Copy as PowerShell"), a Netscape `cookies.txt`, JSON as browsers' add-ons export it or of
    /// names and values, the text of a `Cookie:` header (with or without its name, on one line or several, alone or
    /// among others), lines `name=value`, or what [`Cookies::to_credential`] wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the line or part that is malformed, never its content, or the place that a copied
    /// request went to, if that is no Amazon shop or another one than that of its cookies; [`ErrorKind::Auth`] if there
    /// is no cookie at all.
    pub fn parse(text: &str) -> Result<Self> {
        parse::any(text)
    }

    /// Says whether a text that comes line by line can end here: a copied command has all that its quotes and line ends
    /// promise, JSON is closed, a header is there. Of a `cookies.txt` nothing tells, so it never can.
    pub fn is_whole(text: &str) -> bool {
        parse::is_whole(text)
    }

    /// Takes cookies out of a browser's own store: name, value, and the host that set each. Those of other sites are
    /// left out; of equal names and hosts the first one stays.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a value holds what no cookie may hold.
    pub fn from_browser<N: AsRef<str>, V: AsRef<str>, H: AsRef<str>>(
        cookies: impl IntoIterator<Item = (N, V, H)>,
    ) -> Result<Self> {
        let mut taken = Self::default();
        for (name, value, host) in cookies {
            let (name, host) = (name.as_ref(), host.as_ref());
            if parse::is_amazon_host(host) {
                let place = format!("cookie `{}` of the browser", name.escape_debug());
                taken.add_of_browser(name, value.as_ref(), Some(host), &place)?;
            }
        }
        Ok(taken)
    }

    /// Reads a Netscape `cookies.txt`, which browsers' add-ons and curl write; cookies of other sites are left out.
    ///
    /// # Errors
    /// As [`Cookies::parse`].
    pub fn from_netscape(text: &str) -> Result<Self> {
        parse::netscape(text)
    }

    /// Reads the text of a `Cookie:` header; all of its cookies are forwarded.
    ///
    /// # Errors
    /// As [`Cookies::parse`].
    pub fn from_header(text: &str) -> Result<Self> {
        parse::header(text)
    }

    /// Picks the cookies out of variables as users of the Python client know them: `session_id`, `ubid_main`,
    /// `at_main`, `ubid_acbde` and so on, in either spelling and any case; other variables are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a value holds what no cookie may hold.
    pub fn from_variables<N: AsRef<str>, V: AsRef<str>>(variables: impl IntoIterator<Item = (N, V)>) -> Result<Self> {
        let mut cookies = Self::default();
        for (name, value) in variables {
            let name = name.as_ref().trim().to_ascii_lowercase();
            if is_amazon_name(&name.replace('_', "-")) && !value.as_ref().trim().is_empty() {
                cookies.add(&name, value.as_ref().trim(), None, &format!("variable `{name}`"))?;
            }
        }
        Ok(cookies)
    }

    /// Reads what [`Cookies::to_credential`] wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is anything else.
    pub fn from_credential(credential: &SecretString) -> Result<Self> {
        let stored: Stored = serde_json::from_str(credential.expose_secret())
            // serde's words could quote a value, so they are left out.
            .map_err(|_| {
                config("kept cookies cannot be read").hint("sign in again with `photomove auth login amazon`")
            })?;
        let mut cookies = Self::default();
        for cookie in stored.cookies {
            cookies.add(&cookie.name, &cookie.value, cookie.domain.as_deref(), "a kept cookie")?;
        }
        Ok(cookies)
    }

    /// Writes them as JSON for a credential store.
    pub fn to_credential(&self) -> SecretString {
        let cookies = self.0.iter().map(|cookie| StoredCookie {
            name: cookie.name.clone(),
            value: cookie.value.expose_secret().to_owned(),
            domain: cookie.domain.clone(),
        });
        let stored = serde_json::json!({ "version": 1, "cookies": cookies.collect::<Vec<_>>() });
        stored.to_string().into()
    }

    /// Returns the names, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|cookie| cookie.name.as_str())
    }

    /// Returns the shops that they open, those that everything needed is there for, in the order of their first cookie.
    pub fn shops(&self) -> Vec<Marketplace> {
        let mut shops: Vec<Marketplace> = Vec::new();
        for shop in self.names().filter_map(suffix).filter_map(Marketplace::from_suffix) {
            if !shops.contains(&shop) && Session::try_new(self, Some(shop)).is_ok() {
                shops.push(shop);
            }
        }
        shops
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.0.iter()
    }

    /// Returns a copy with new values, as the service gave them for `domain`. Of a cookie that is held more than once all
    /// copies that are sent there change; what is not held yet is added.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a name or value holds what no cookie may hold.
    pub(crate) fn renewed(&self, domain: &str, fresh: &[(String, SecretString)]) -> Result<Self> {
        let mut renewed = self.clone();
        for (name, value) in fresh {
            let text = value.expose_secret();
            let mut held = false;
            for cookie in &mut renewed.0 {
                if cookie.name == *name && cookie.belongs(domain) {
                    check(name, text, "a renewed cookie")?;
                    cookie.value = value.clone();
                    held = true;
                }
            }
            if !held {
                renewed.add(name, text, None, "a renewed cookie")?;
            }
        }
        Ok(renewed)
    }

    /// Adds one of all that a browser has: what is no cookie by this program's lights is left out, unless it is one of
    /// the service's own.
    pub(crate) fn add_of_browser(&mut self, name: &str, value: &str, domain: Option<&str>, place: &str) -> Result<()> {
        match self.add(name, value, domain, place) {
            Err(_) if !is_amazon_name(&name.replace('_', "-")) => Ok(()),
            added => added,
        }
    }

    /// Adds one; `place` says where it stood, for the error.
    pub(crate) fn add(&mut self, name: &str, value: &str, domain: Option<&str>, place: &str) -> Result<()> {
        check(name, value, place)?;
        let hyphens = name.replace('_', "-");
        let respelt = hyphens != name && is_amazon_name(&hyphens);
        let name = if respelt { hyphens } else { name.to_owned() };
        let domain = domain.map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let cookie = Cookie {
            name,
            value: value.into(),
            domain,
            respelt,
        };
        match self
            .0
            .iter_mut()
            .find(|old| old.name == cookie.name && old.domain == cookie.domain)
        {
            Some(old) if old.respelt && !cookie.respelt => *old = cookie,
            Some(_) => {}
            None => self.0.push(cookie),
        }
        Ok(())
    }
}

impl Cookie {
    /// Says whether it is sent to a shop's domain, such as `amazon.de`.
    pub(crate) fn belongs(&self, domain: &str) -> bool {
        match &self.domain {
            None => true,
            Some(host) => host.strip_prefix("www.").unwrap_or(host) == domain,
        }
    }
}

fn check(name: &str, value: &str, place: &str) -> Result<()> {
    if name.is_empty() {
        return Err(config(format!("{place} has no cookie name")));
    }
    if !name.bytes().all(is_name_byte) {
        return Err(config(format!(
            "{place} has a character in its cookie name that no name may hold"
        )));
    }
    if !value.bytes().all(is_value_byte) {
        return Err(config(format!(
            "{place} has a character in its cookie value that no cookie may hold"
        ))
        .hint("copy the value again, without line breaks and without the name"));
    }
    Ok(())
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.names().map(|name| (name, "[redacted]")))
            .finish()
    }
}

pub(crate) fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider(crate::KIND)
        .operation(Operation::SignIn)
}

/// What cookie names of a signed-in session look like, with the marketplace's suffix cut off.
const PREFIXES: [&str; 5] = ["sess-at-", "at-", "ubid-", "sst-", "x-"];

/// Returns the marketplace's suffix of a cookie name, such as `acbde` of `ubid-acbde`.
pub(crate) fn suffix(name: &str) -> Option<&str> {
    let suffix = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    let national = suffix
        .strip_prefix("acb")
        .is_some_and(|rest| !rest.is_empty() && !rest.contains('-'));
    (suffix == "main" || national).then_some(suffix)
}

pub(crate) fn is_amazon_name(name: &str) -> bool {
    matches!(name, "session-id" | "session-id-time" | "session-token") || suffix(name).is_some()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]/@".contains(&byte)
}

/// Printable ASCII but `;`, which would begin another cookie. Wider than the standard, as browsers are.
fn is_value_byte(byte: u8) -> bool {
    (byte == b' ' || byte.is_ascii_graphic()) && byte != b';'
}

#[derive(Deserialize)]
struct Stored {
    cookies: Vec<StoredCookie>,
}

#[derive(Serialize, Deserialize)]
struct StoredCookie {
    name: String,
    value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_become_hyphens_and_the_hyphenated_value_wins() {
        let given = [
            ("session_id", "1"),
            ("at_main", "wrong"),
            ("at-main", "right"),
            ("UBID_MAIN", "2"),
            ("PATH", "/bin"),
        ];
        let cookies = Cookies::from_variables(given).unwrap();
        assert_eq!(
            cookies.names().collect::<Vec<_>>(),
            ["session-id", "at-main", "ubid-main"]
        );
        assert_eq!(cookies.0[1].value.expose_secret(), "right");
    }

    #[test]
    fn underscores_of_other_cookies_stay() {
        let mut cookies = Cookies::default();
        cookies.add("csm_hit", "x", None, "line 1").unwrap();
        assert_eq!(cookies.names().collect::<Vec<_>>(), ["csm_hit"]);
    }

    #[test]
    fn debug_shows_names_only() {
        let cookies = Cookies::from_variables([("session-id", "133-secret")]).unwrap();
        let text = format!("{cookies:?}");
        assert!(text.contains("session-id") && !text.contains("133"), "{text}");
    }

    #[test]
    fn a_credential_comes_back_as_it_was() {
        let mut cookies = Cookies::from_variables([("session-id", "1"), ("at-acbde", "Atza|x\"y")]).unwrap();
        cookies.add("extra", "z", Some(".amazon.de"), "line 1").unwrap();
        let back = Cookies::from_credential(&cookies.to_credential()).unwrap();
        assert_eq!(
            back.to_credential().expose_secret(),
            cookies.to_credential().expose_secret()
        );
        assert_eq!(back.0[2].domain.as_deref(), Some("amazon.de"));
        let broken = Cookies::from_credential(&"{\"cookies\": \"hush\"}".into()).unwrap_err();
        assert!(!format!("{broken:?}").contains("hush"));
    }

    #[test]
    fn renewed_values_replace_all_copies_and_new_names_are_added() {
        let mut cookies = Cookies::from_variables([("session-id", "1"), ("at-acbde", "2")]).unwrap();
        cookies.add("at-acbde", "old", Some("www.amazon.de"), "line 1").unwrap();
        cookies.add("at-acbde", "us", Some("amazon.com"), "line 2").unwrap();
        let fresh = [("at-acbde", "new"), ("sst-acbde", "s")].map(|(name, value)| (name.to_owned(), value.into()));
        let renewed = cookies.renewed("amazon.de", &fresh).unwrap();
        let values: Vec<_> = renewed.0.iter().map(|cookie| cookie.value.expose_secret()).collect();
        assert_eq!(values, ["1", "new", "new", "us", "s"]);
        for value in ["a;b", "a\nb", "\u{e9}"] {
            let fresh = [("at-acbde".to_owned(), value.into())];
            assert!(cookies.renewed("amazon.de", &fresh).is_err(), "{value}");
        }
    }

    #[test]
    fn a_browser_has_cookies_of_several_shops_and_of_other_sites() {
        let cookies = Cookies::from_browser([
            ("session-id", "1", ".amazon.com"),
            ("ubid-main", "2", ".amazon.com"),
            ("at-main", "3", ".amazon.com"),
            ("session-id", "4", ".amazon.de"),
            ("ubid-acbde", "5", ".amazon.de"),
            ("at-acbde", "6", "www.amazon.de"),
            ("session-id", "7", ".amazon.it"),
            ("ubid-acbit", "8", ".amazon.it"),
            ("sid", "9", ".example.org"),
            ("odd", "\u{e9}", ".amazon.de"),
        ])
        .unwrap();
        let shops: Vec<_> = cookies.shops().into_iter().map(Marketplace::domain).collect();
        assert_eq!(shops, ["amazon.com", "amazon.de"]);
        assert!(!cookies.names().any(|name| name == "sid" || name == "odd"));
    }

    #[test]
    fn suffixes_are_told_from_other_names() {
        assert_eq!(suffix("ubid-acbuk"), Some("acbuk"));
        assert_eq!(suffix("sess-at-main"), Some("main"));
        assert_eq!(suffix("x-amz-captcha-1"), None);
        assert_eq!(suffix("at-acb"), None);
    }
}
