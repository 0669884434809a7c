//! The signed-in session: its cookies, the gate in front of every route, the token helper, its end and its renewal.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::clock::SimClock;
use crate::control::Person;
use crate::error::SimError;
use crate::files::write_private;
use crate::origin::cookies;
use crate::seeded::Seeded;

use super::switches::{AmazonSwitches, LossScope, Marketplace, Renewal, SetCookies};

/// Expiry that browsers show for these cookies: 2038. The server does not care, as users found out.
const EXPIRES_S: u64 = 2_145_916_800;
/// Life of a token of the token helper.
const TOKEN_LIFE_S: i64 = 3600;
/// Ordinary answers after which one of them sets a new access cookie, where they do so at all.
const ROTATE_EVERY: u64 = 10;

/// How the gate judges a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    /// Cookies are missing, or have names that this host does not know.
    NoAuth,
    /// The right names with values of a session that is over.
    Stale,
}

/// Which gate a request stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Metadata,
    /// Content, download and thumbnail.
    Bytes,
}

/// Why cookies were not renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRenewed {
    /// The route does not exist.
    Absent,
    /// The request lacks a field or a cookie.
    Incomplete,
    /// The route refuses these cookies.
    Refused,
}

/// The service's present session; there is one at a time.
#[derive(Debug)]
pub(super) struct Sessions {
    seed: u64,
    switches: AmazonSwitches,
    current: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    number: u64,
    person: Person,
    cookies: Vec<(String, String)>,
    /// The access cookie before the last one that an answer set; good until the new one is used.
    former_access: Option<String>,
    token: Option<(String, i64)>,
    over: bool,
    renewable: bool,
    began: Timestamp,
    /// Requests until the end, where somebody set an end.
    left: Option<u64>,
    answers: u64,
}

impl Sessions {
    pub(super) fn new(seed: u64, switches: &AmazonSwitches, clock: &SimClock) -> Self {
        let session = Session {
            number: 0,
            person: Person::Same,
            cookies: Vec::new(),
            former_access: None,
            token: None,
            over: false,
            renewable: true,
            began: clock.now(),
            left: switches.session_requests,
            answers: 0,
        };
        let sessions = Self {
            seed,
            switches: switches.clone(),
            current: Mutex::new(session),
        };
        sessions.lock().cookies = sessions.fresh_cookies(0);
        sessions
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names and values of the cookies of the session, as a browser would hold them.
    pub(super) fn cookies(&self) -> Vec<(String, String)> {
        self.lock().cookies.clone()
    }

    /// Whose account the session opens.
    pub(super) fn person(&self) -> Person {
        self.lock().person
    }

    pub(super) fn expire(&self) {
        let mut session = self.lock();
        session.over = true;
        session.token = None;
    }

    /// Ends the session after this many further requests.
    pub(super) fn expire_after(&self, requests: u64) {
        self.lock().left = Some(requests);
    }

    pub(super) fn set_renewable(&self, renewable: bool) {
        self.lock().renewable = renewable;
    }

    /// The same cookies open another account from now on.
    pub(super) fn give_to(&self, person: Person) {
        self.lock().person = person;
    }

    /// A person signs in: other cookies; those of the session before stay refused.
    pub(super) fn sign_in(&self, person: Person, clock: &SimClock) {
        let mut session = self.lock();
        session.number += 1;
        session.person = person;
        session.cookies = self.fresh_cookies(session.number);
        session.renewable = true;
        self.restart(&mut session, clock);
    }

    fn restart(&self, session: &mut Session, clock: &SimClock) {
        session.former_access = None;
        session.token = None;
        session.over = false;
        session.began = clock.now();
        session.left = self.switches.session_requests;
        session.answers = 0;
    }

    /// The gate of a host; counts the requests that it lets pass.
    pub(super) fn judge(
        &self,
        headers: &HeaderMap,
        wants_session_header: bool,
        host: Host,
        clock: &SimClock,
    ) -> Verdict {
        let sent = cookies(headers);
        let value = |name: &str| {
            let found = sent.iter().find(|(sent, _)| sent == name);
            found.map(|(_, value)| value.as_str())
        };
        let access = self.named("at");
        let needed = ["session-id".to_owned(), access.clone(), self.named("ubid")];
        if needed.iter().any(|name| value(name).is_none()) {
            return Verdict::NoAuth;
        }
        let header = headers.get("x-amzn-sessionid").and_then(|value| value.to_str().ok());
        if self.switches.strict && wants_session_header && header != value("session-id") {
            return Verdict::NoAuth;
        }
        let mut session = self.lock();
        let given = value(&access);
        let former = given.is_some() && given == session.former_access.as_deref();
        let right = |name: &String| {
            let own = session.cookies.iter().find(|(own, _)| own == name);
            own.is_some_and(|(_, text)| Some(text.as_str()) == value(name))
        };
        if !needed.iter().all(|name| right(name) || (*name == access && former)) {
            return Verdict::Stale;
        }
        if !former {
            session.former_access = None;
        }
        self.pass(&mut session, host, clock)
    }

    /// Whether a request with the right cookies passes, now that it is counted.
    fn pass(&self, session: &mut Session, host: Host, clock: &SimClock) -> Verdict {
        let ends_here = match self.switches.loss_scope {
            LossScope::Everywhere => true,
            LossScope::MetadataOnly => host == Host::Metadata,
            LossScope::ContentOnly => host == Host::Bytes,
        };
        if !ends_here {
            return Verdict::Welcome;
        }
        let age_s = clock.now().duration_since(session.began).as_secs();
        let life_s = self
            .switches
            .session_life
            .map(|life| i64::try_from(life.as_secs()).unwrap_or(i64::MAX));
        let too_old = life_s.is_some_and(|life_s| age_s >= life_s);
        if too_old || session.left == Some(0) {
            session.over = true;
            session.token = None;
        }
        if session.over {
            return Verdict::Stale;
        }
        session.left = session.left.map(|left| left - 1);
        Verdict::Welcome
    }

    /// The gate of the content host: cookies of its own region, or a token of the token helper.
    pub(super) fn judge_content(&self, headers: &HeaderMap, clock: &SimClock) -> Verdict {
        let token = headers.get("x-amz-access-token").and_then(|value| value.to_str().ok());
        if let Some(token) = token {
            let now_s = clock.now().as_second();
            let session = self.lock();
            let alive = session
                .token
                .as_ref()
                .is_some_and(|(own, until_s)| own == token && now_s < *until_s);
            return if alive { Verdict::Welcome } else { Verdict::Stale };
        }
        if self.switches.marketplace.region != self.switches.content_region {
            return Verdict::NoAuth;
        }
        self.judge(headers, true, Host::Bytes, clock)
    }

    /// A token for `x-amz-access-token` and its life in seconds.
    pub(super) fn token(&self, clock: &SimClock) -> (String, i64) {
        let now_s = clock.now().as_second();
        let token = format!(
            "Atza|{}",
            Seeded::new(self.seed ^ now_s.unsigned_abs(), "amazon access token").id(315)
        );
        self.lock().token = Some((token.clone(), now_s + TOKEN_LIFE_S));
        (token, TOKEN_LIFE_S)
    }

    /// New cookies for a session, over or not; the cookies before them are refused from now on.
    ///
    /// `source_token` is what the form named as its refresh token.
    pub(super) fn renew(
        &self,
        headers: &HeaderMap,
        source_token: Option<&str>,
        clock: &SimClock,
    ) -> Result<Vec<(String, String)>, NotRenewed> {
        if self.switches.renewal == Renewal::Absent {
            return Err(NotRenewed::Absent);
        }
        let sent = cookies(headers);
        let mut session = self.lock();
        let of = |list: &[(String, String)], name: &str| {
            let found = list.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let (refresh, sst) = (self.named("sess-at"), self.named("sst"));
        let needed = [
            "session-id".to_owned(),
            self.named("at"),
            self.named("ubid"),
            refresh.clone(),
            sst.clone(),
        ];
        if needed.iter().any(|name| of(&sent, name).is_none()) {
            return Err(NotRenewed::Incomplete);
        }
        let source_token = source_token.map(|token| token.trim_matches('"').to_owned());
        let known = source_token.is_some()
            && source_token == of(&session.cookies, &refresh)
            && [&refresh, &sst]
                .iter()
                .all(|name| of(&sent, name) == of(&session.cookies, name));
        if !known || !session.renewable || self.switches.renewal == Renewal::Refuses {
            return Err(NotRenewed::Refused);
        }
        session.number += 1;
        let mut renewed = self.fresh_cookies(session.number);
        let rotates = self.switches.renewal == Renewal::RotatesSessionId;
        let kept = |name: &str| name == self.named("ubid") || (name == "session-id" && !rotates);
        renewed.retain(|(name, _)| !kept(name));
        for (name, value) in &renewed {
            match session.cookies.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) => own.clone_from(value),
                None => session.cookies.push((name.clone(), value.clone())),
            }
        }
        self.restart(&mut session, clock);
        Ok(renewed)
    }

    /// `Set-Cookie` values for an ordinary answer.
    pub(super) fn set_cookies(&self) -> Vec<String> {
        let domain = self.switches.marketplace.domain;
        let line = |name: &str, value: &str| format!("{name}={value}; Domain=.{domain}; Path=/; Secure; HttpOnly");
        let mut session = self.lock();
        session.answers += 1;
        match self.switches.set_cookies {
            SetCookies::Never => Vec::new(),
            SetCookies::SessionToken => {
                let mut seeded = Seeded::new(self.seed ^ session.answers, "amazon session token");
                vec![line("session-token", &seeded.id(120))]
            }
            SetCookies::RotateAccess if session.answers.is_multiple_of(ROTATE_EVERY) => {
                let access = self.named("at");
                let purpose = format!("amazon rotation {}", session.number);
                let mut seeded = Seeded::new(self.seed ^ session.answers, &purpose);
                let value = format!("Atza|{}", seeded.id(320));
                let set = line(&access, &value);
                if let Some((_, own)) = session.cookies.iter_mut().find(|(name, _)| *name == access) {
                    let former = std::mem::replace(own, value);
                    session.former_access = Some(former);
                }
                vec![set]
            }
            SetCookies::RotateAccess => Vec::new(),
        }
    }

    /// Writes the cookies as browsers export them, for its owner's eyes only.
    pub(super) fn write_cookie_file(&self, path: &Path) -> Result<(), SimError> {
        let mut text = "# Netscape HTTP Cookie File\n# Written by photomove's stand-in of Amazon Photos; worth nothing elsewhere\n\n".to_owned();
        for (name, value) in self.cookies() {
            text += &format!(
                ".{}\tTRUE\t/\tTRUE\t{EXPIRES_S}\t{name}\t{value}\n",
                self.switches.marketplace.domain
            );
        }
        write_private(path, &text).map_err(|source| SimError::io("write", path, source))
    }

    fn named(&self, name: &str) -> String {
        let Marketplace { suffix, .. } = self.switches.marketplace;
        format!("{name}-{suffix}")
    }

    fn fresh_cookies(&self, number: u64) -> Vec<(String, String)> {
        let mut seeded = Seeded::new(self.seed ^ number.wrapping_mul(0x5e55_1017), "amazon session");
        let mut cookies = vec![
            ("session-id".to_owned(), dashed_number(&mut seeded)),
            (self.named("ubid"), dashed_number(&mut seeded)),
            (self.named("at"), format!("Atza|{}", seeded.id(320))),
            (self.named("x"), seeded.id(64)),
            // The real one is quoted too.
            (self.named("sess-at"), format!("\"{}=\"", seeded.id(43))),
        ];
        if self.switches.renewable_cookies {
            cookies.push((self.named("sst"), format!("Sst1|{}", seeded.id(320))));
        }
        cookies
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
