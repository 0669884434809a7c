//! From cookies to a session: which marketplace, and is everything there.

use std::fmt;

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};

use super::cookies::{Cookie, Cookies, suffix};
use super::marketplace::{self, Marketplace};

/// The cookies of one marketplace, complete and ready to be sent.
#[derive(Clone)]
pub struct Session {
    marketplace: Marketplace,
    header: SecretString,
    session_id: SecretString,
    suffix: String,
    /// Value of `sess-at-…`, if `sst-…` is there too: both are needed to renew the cookies.
    renewal_key: Option<SecretString>,
}

impl Session {
    /// Chooses the marketplace from the cookies' names, unless `wanted` says it, and checks that no cookie is missing.
    ///
    /// Of cookies whose site is known only those of the marketplace are taken; all of them are sent, whether needed or
    /// not.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] naming exactly the cookies that are missing; [`ErrorKind::Config`] if the names belong to a
    /// marketplace that is not known, or to another one than `wanted`.
    pub fn try_new(cookies: &Cookies, wanted: Option<Marketplace>) -> Result<Self> {
        let (marketplace, suffix) = match wanted {
            Some(marketplace) => (marketplace, suffix_at(cookies, marketplace)?),
            None => detect(cookies)?,
        };
        let domain = marketplace.domain();
        let sent: Vec<&Cookie> = cookies.iter().filter(|cookie| cookie.belongs(domain)).collect();
        let find = |name: &str| {
            sent.iter()
                .find(|cookie| cookie.name == name && !cookie.value.expose_secret().is_empty())
        };
        let needed = [
            "session-id".to_owned(),
            format!("ubid-{suffix}"),
            format!("at-{suffix}"),
        ];
        let missing: Vec<&str> = needed
            .iter()
            .filter(|name| find(name).is_none())
            .map(String::as_str)
            .collect();
        match find("session-id") {
            Some(cookie) if missing.is_empty() => {
                let pairs: Vec<String> = sent
                    .iter()
                    .map(|cookie| format!("{}={}", cookie.name, cookie.value.expose_secret()))
                    .collect();
                Ok(Self {
                    marketplace,
                    header: pairs.join("; ").into(),
                    session_id: cookie.value.clone(),
                    renewal_key: find(&format!("sst-{suffix}"))
                        .and_then(|_| find(&format!("sess-at-{suffix}")))
                        .map(|cookie| cookie.value.clone()),
                    suffix,
                })
            }
            _ => Err(incomplete(&missing, domain, &needed)),
        }
    }

    /// Returns the marketplace.
    pub fn marketplace(&self) -> Marketplace {
        self.marketplace
    }

    /// Returns what the names of its cookies end in.
    pub(crate) fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Returns what renews the cookies, if everything that it takes is there.
    pub(crate) fn renewal_key(&self) -> Option<&SecretString> {
        self.renewal_key.as_ref()
    }

    /// Returns the text of the `Cookie` header.
    pub(crate) fn header(&self) -> &SecretString {
        &self.header
    }

    /// Returns the text of the `x-amzn-sessionid` header.
    pub(crate) fn session_id(&self) -> &SecretString {
        &self.session_id
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("marketplace", &self.marketplace)
            .finish_non_exhaustive()
    }
}

/// The first known suffix wins.
fn detect(cookies: &Cookies) -> Result<(Marketplace, String)> {
    let mut unknown = None;
    for suffix in cookies.names().filter_map(suffix) {
        match Marketplace::from_suffix(suffix) {
            Some(marketplace) => return Ok((marketplace, suffix.to_owned())),
            None => unknown = unknown.or(Some(suffix)),
        }
    }
    match unknown {
        Some(suffix) => Err(marketplace::unknown(&format!(
            "cookies end in `{suffix}`, which belongs to no known Amazon shop"
        ))),
        None => {
            let has_session = cookies.names().any(|name| name == "session-id");
            let missing: &[&str] = if has_session {
                &["ubid-…", "at-…"]
            } else {
                &["session-id", "ubid-…", "at-…"]
            };
            Err(incomplete(
                missing,
                "your Amazon shop",
                &["session-id".into(), "ubid-…".into(), "at-…".into()],
            ))
        }
    }
}

/// With the shop given, cookies of a suffix that the table does not know are taken as that shop's.
fn suffix_at(cookies: &Cookies, marketplace: Marketplace) -> Result<String> {
    let suffixes: Vec<&str> = cookies.names().filter_map(suffix).collect();
    if suffixes.contains(&marketplace.suffix()) {
        return Ok(marketplace.suffix().to_owned());
    }
    let shops = suffixes.iter().map(|suffix| (suffix, Marketplace::from_suffix(suffix)));
    match shops.clone().find(|(_, shop)| shop.is_none()) {
        Some((unknown, _)) => Ok((*unknown).to_owned()),
        None => match shops.filter_map(|(_, shop)| shop).next() {
            Some(other) => Err(other_shop(other, marketplace)),
            None => Ok(marketplace.suffix().to_owned()),
        },
    }
}

fn other_shop(cookies: Marketplace, wanted: Marketplace) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("these are cookies of {cookies}, but the shop is set to {wanted}"),
    )
    .provider(crate::KIND)
    .operation(Operation::SignIn)
    .hint(format!(
        "an account opens at its own shop only: name {cookies} with `--marketplace {cookies}` or the setting \
         `marketplace`, or sign in at https://www.{wanted}/photos and copy a request of that page"
    ))
}

fn incomplete(missing: &[&str], site: &str, needed: &[String]) -> Error {
    let quoted: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    let (noun, verb) = if missing.len() == 1 {
        ("cookie", "is")
    } else {
        ("cookies", "are")
    };
    let page = if site.starts_with("amazon.") {
        format!("https://www.{site}/photos")
    } else {
        "Amazon Photos".to_owned()
    };
    // The one that browsers hide from the scripts of pages, bookmarks with a script and many add-ons.
    let hidden_only = missing.len() < needed.len() && missing.iter().all(|name| name.starts_with("at-"));
    let why = if hidden_only {
        ": the browser hides it from scripts, so that `document.cookie` and bookmarklets leave it out"
    } else {
        ""
    };
    Error::new(
        ErrorKind::Auth(AuthProblem::Missing),
        format!("{noun} {} {verb} missing{why}", quoted.join(", ")),
    )
    .provider(crate::KIND)
    .operation(Operation::SignIn)
    .hint(format!(
        "sign in at {page} in a browser, open the developer tools (F12), tab \"Network\", reload the page, right click on a \
         request with `/drive/v1/` in its address, and choose \"Copy as cURL\": it has {}",
        needed
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn session(text: &str, wanted: Option<&str>) -> Result<Session> {
        Session::try_new(&Cookies::parse(text)?, wanted.map(|text| text.parse().unwrap()))
    }

    #[rstest]
    #[case("session-id=1; ubid-main=2; at-main=3", "amazon.com")]
    #[case("session_id=1; ubid_acbde=2; at_acbde=3; x-acbde=4", "amazon.de")]
    #[case("session-id=1; x-acbuk=0; ubid-acbuk=2; at-acbuk=3", "amazon.co.uk")]
    #[case("session-id=1; ubid-acbjp=2; at-acbjp=3", "amazon.co.jp")]
    fn the_marketplace_follows_from_the_names(#[case] text: &str, #[case] domain: &str) {
        assert_eq!(session(text, None).unwrap().marketplace().domain(), domain);
    }

    #[test]
    fn everything_given_is_sent_in_hyphens() {
        let session = session("session_id=1; ubid_main=2; at_main=3; csm_hit=4", None).unwrap();
        assert_eq!(
            session.header().expose_secret(),
            "session-id=1; ubid-main=2; at-main=3; csm_hit=4"
        );
        assert_eq!(session.session_id().expose_secret(), "1");
        assert!(!format!("{session:?}").contains("at-main"));
    }

    #[rstest]
    #[case("session-id=1; ubid-main=2; at-main=3; sess-at-main=4; sst-main=5", Some("4"))]
    #[case("session-id=1; ubid-main=2; at-main=3; sess-at-main=4", None)]
    #[case("session-id=1; ubid-main=2; at-main=3; sst-main=5", None)]
    #[case("session-id=1; ubid-main=2; at-main=3; sess-at-acbde=4; sst-acbde=5", None)]
    fn renewal_takes_two_more_cookies_of_the_same_shop(#[case] text: &str, #[case] key: Option<&str>) {
        let session = session(text, Some("amazon.com")).unwrap();
        assert_eq!(session.renewal_key().map(|key| key.expose_secret()), key);
        assert_eq!(session.suffix(), "main");
    }

    #[rstest]
    #[case("session-id=1; ubid-acbde=2", "cookie `at-acbde` is missing")]
    #[case("at-main=3", "cookies `session-id`, `ubid-main` are missing")]
    #[case("session-id=1; i18n-prefs=EUR", "cookies `ubid-…`, `at-…` are missing")]
    #[case("session-id=1; ubid-main=; at-main=3", "cookie `ubid-main` is missing")]
    fn a_missing_cookie_is_named(#[case] text: &str, #[case] expected: &str) {
        let error = session(text, None).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Missing));
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint_text().unwrap().contains("browser"));
    }

    #[test]
    fn what_a_script_of_the_page_cannot_see_is_explained() {
        let copied = "session-id=1; session-id-time=2l; i18n-prefs=EUR; ubid-acbde=3; csm-hit=x&t:1";
        let error = session(copied, None).unwrap_err().to_string();
        assert!(
            error.contains("`at-acbde` is missing: the browser hides it from scripts"),
            "{error}"
        );
        let error = session("session-id=1; i18n-prefs=EUR", None).unwrap_err().to_string();
        assert!(!error.contains("scripts"), "{error}");
    }

    #[rstest]
    #[case("session-id=1; ubid-acbuk=2; at-acbuk=3", "amazon.com")]
    #[case(
        "curl 'https://www.amazon.co.uk/x' -b 'session-id=1; ubid-acbuk=2; at-acbuk=3'",
        "amazon.com"
    )]
    fn cookies_of_one_shop_are_not_sent_to_another(#[case] text: &str, #[case] wanted: &str) {
        let error = session(text, Some(wanted)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(
            error
                .to_string()
                .contains("these are cookies of amazon.co.uk, but the shop is set to amazon.com"),
            "{error}"
        );
        assert!(error.hint_text().unwrap().contains("--marketplace amazon.co.uk"));
    }

    #[test]
    fn an_unknown_shop_fails_at_once_and_can_be_overridden() {
        let text = "session-id=1; ubid-acbzz=2; at-acbzz=3";
        let error = session(text, None).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("`acbzz`") && error.hint_text().unwrap().contains("--marketplace"),
            "{error}"
        );
        assert_eq!(
            session(text, Some("amazon.de")).unwrap().marketplace().domain(),
            "amazon.de"
        );
    }

    #[test]
    fn of_a_file_with_several_shops_only_one_is_used() {
        let line = |domain: &str, name: &str, value: &str| format!("{domain}\tTRUE\t/\tTRUE\t0\t{name}\t{value}\n");
        let file: String = [
            line(".amazon.de", "session-id", "de1"),
            line(".amazon.de", "ubid-acbde", "de2"),
            line(".amazon.de", "at-acbde", "de3"),
            line(".amazon.com", "session-id", "us1"),
            line(".amazon.com", "ubid-main", "us2"),
            line("www.amazon.com", "at-main", "us3"),
        ]
        .concat();
        assert_eq!(
            session(&file, None).unwrap().header().expose_secret(),
            "session-id=de1; ubid-acbde=de2; at-acbde=de3"
        );
        let american = session(&file, Some("amazon.com")).unwrap();
        assert_eq!(
            american.header().expose_secret(),
            "session-id=us1; ubid-main=us2; at-main=us3"
        );
    }
}
