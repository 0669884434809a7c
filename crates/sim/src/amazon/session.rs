//! The signed-in session: its cookies, the gate in front of every route, the token helper.

use std::path::Path;
use std::sync::{PoisonError, RwLock};

use axum::http::HeaderMap;

use crate::clock::SimClock;
use crate::error::SimError;
use crate::files::write_private;
use crate::origin::cookies;
use crate::seeded::Seeded;

use super::switches::{Marketplace, Region};

/// Expiry that browsers show for these cookies: 2038. The server does not care, as users found out.
const EXPIRES_S: u64 = 2_145_916_800;
/// Life of a token of the token helper.
const TOKEN_LIFE_S: i64 = 3600;

/// How the gate judges a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// Cookies are missing, or have names that this host does not know.
    NoAuth,
    /// The right names with values of a session that is over.
    Stale,
}

/// The account's present session.
#[derive(Debug)]
pub(super) struct Sessions {
    marketplace: Marketplace,
    content_region: Region,
    strict: bool,
    current: RwLock<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    number: u64,
    cookies: Vec<(String, String)>,
    token: Option<(String, i64)>,
    over: bool,
}

impl Sessions {
    pub(super) fn new(seed: u64, marketplace: Marketplace, content_region: Region, strict: bool) -> Self {
        let current = RwLock::new(Session::new(seed, 0, marketplace));
        Self {
            marketplace,
            content_region,
            strict,
            current,
        }
    }

    /// Names and values of the cookies of the session, as a browser would hold them.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        self.read().cookies
    }

    pub(super) fn expire(&self) {
        self.write(|session| {
            session.over = true;
            session.token = None;
        });
    }

    /// The person signs in again: other cookies, the same account.
    pub(super) fn sign_in_again(&self, seed: u64) {
        self.write(|session| *session = Session::new(seed, session.number + 1, self.marketplace));
    }

    /// The gate of the metadata, download and thumbnail hosts.
    pub(super) fn judge(&self, headers: &HeaderMap, wants_session_header: bool) -> Verdict {
        let sent = cookies(headers);
        let session = self.read();
        let value = |name: &str| sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value);
        let needed = [
            "session-id".to_owned(),
            format!("at-{}", self.marketplace.suffix),
            format!("ubid-{}", self.marketplace.suffix),
        ];
        if needed.iter().any(|name| value(name).is_none()) {
            return Verdict::NoAuth;
        }
        let header = headers.get("x-amzn-sessionid").and_then(|value| value.to_str().ok());
        if self.strict && wants_session_header && header != value("session-id").map(String::as_str) {
            return Verdict::NoAuth;
        }
        let right = |name: &String| {
            session
                .cookies
                .iter()
                .any(|(own, text)| own == name && Some(text) == value(name))
        };
        if !session.over && needed.iter().all(right) {
            Verdict::Welcome
        } else {
            Verdict::Stale
        }
    }

    /// The gate of the content host: cookies of its own region, or a token of the token helper.
    pub(super) fn judge_content(&self, headers: &HeaderMap, clock: &SimClock) -> Verdict {
        let token = headers.get("x-amz-access-token").and_then(|value| value.to_str().ok());
        if let Some(token) = token {
            let known = self.read().token;
            let now_s = clock.now().as_second();
            let alive = known.is_some_and(|(own, until_s)| own == token && now_s < until_s);
            return if alive { Verdict::Welcome } else { Verdict::Stale };
        }
        if self.marketplace.region != self.content_region {
            return Verdict::NoAuth;
        }
        self.judge(headers, true)
    }

    /// A token for `x-amz-access-token` and its life in seconds.
    pub(super) fn token(&self, seed: u64, clock: &SimClock) -> (String, i64) {
        let now_s = clock.now().as_second();
        let token = format!(
            "Atza|{}",
            Seeded::new(seed ^ now_s.unsigned_abs(), "amazon access token").id(315)
        );
        self.write(|session| session.token = Some((token.clone(), now_s + TOKEN_LIFE_S)));
        (token, TOKEN_LIFE_S)
    }

    /// Writes the cookies as browsers export them, for its owner's eyes only.
    pub(super) fn write_cookie_file(&self, path: &Path) -> Result<(), SimError> {
        let mut text = "# Netscape HTTP Cookie File\n# Written by photomove's stand-in of Amazon Photos; worth nothing elsewhere\n\n".to_owned();
        for (name, value) in self.cookies() {
            text += &format!(
                ".{}\tTRUE\t/\tTRUE\t{EXPIRES_S}\t{name}\t{value}\n",
                self.marketplace.domain
            );
        }
        write_private(path, &text).map_err(|source| SimError::io("write", path, source))
    }

    fn read(&self) -> Session {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, change: impl FnOnce(&mut Session)) {
        change(&mut self.current.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Session {
    fn new(seed: u64, number: u64, marketplace: Marketplace) -> Self {
        let mut seeded = Seeded::new(seed ^ number.wrapping_mul(0x5e55_1017), "amazon session");
        let suffix = marketplace.suffix;
        let cookies = vec![
            ("session-id".to_owned(), dashed_number(&mut seeded)),
            (format!("ubid-{suffix}"), dashed_number(&mut seeded)),
            (format!("at-{suffix}"), format!("Atza|{}", seeded.id(320))),
            (format!("x-{suffix}"), seeded.id(64)),
            // The real one is quoted too.
            (format!("sess-at-{suffix}"), format!("\"{}=\"", seeded.id(43))),
        ];
        Self {
            number,
            cookies,
            token: None,
            over: false,
        }
    }
}

/// `133-1234567-1234567`.
fn dashed_number(seeded: &mut Seeded) -> String {
    format!(
        "{}-{:07}-{:07}",
        130 + seeded.below(15),
        seeded.below(10_000_000),
        seeded.below(10_000_000)
    )
}
