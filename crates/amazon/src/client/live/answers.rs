//! Takes over what ordinary answers set.

use jiff::SignedDuration;
use photomove_http::{HeaderMap, Origin, header};
use secrecy::ExposeSecret;

use super::LiveSession;
use crate::auth::{Session, SessionCredentials, is_amazon_name, set_cookie};

/// Some services set a cookie with every answer; that often they are written down at most.
const SAVE_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Longest value of a cookie that is taken from an answer.
const VALUE_BYTES: usize = 4096;

impl LiveSession {
    /// Takes new values of cookies that are held already, from an ordinary answer. Refusals set cookies too, those of a
    /// visitor whom the service does not know; they are never taken.
    pub(crate) async fn take(&self, origin: &Origin, headers: &HeaderMap) {
        if !headers.contains_key(header::SET_COOKIE) || !self.takes_from(origin) {
            return;
        }
        if self.take_values(origin, headers) {
            self.save().await;
        }
    }

    /// Returns whether what was taken is worth writing down now.
    fn take_values(&self, origin: &Origin, headers: &HeaderMap) -> bool {
        let (now, domain) = (self.clock.now(), self.marketplace.domain());
        let mut state = self.state();
        let (mut cookies, mut fresh) = (state.cookies.clone(), Vec::new());
        for text in headers.get_all(header::SET_COOKIE) {
            let Some(set) = text.to_str().ok().and_then(|text| set_cookie::read(text, now)) else {
                continue;
            };
            let for_us = set.domain.as_deref().is_none_or(|wanted| {
                wanted == domain || wanted.strip_prefix("www.") == Some(domain) || wanted == origin.host
            });
            let changed = state
                .cookies
                .iter()
                .any(|held| held.name == set.name && held.belongs(domain) && held.value.expose_secret() != set.value);
            if for_us && changed && set.value.len() <= VALUE_BYTES {
                let one = (set.name.to_owned(), set.value.into());
                // What no header may hold is not taken; an answer must not end the session, nor one cookie spoil another.
                if let Ok(renewed) = cookies.renewed(domain, std::slice::from_ref(&one)) {
                    cookies = renewed;
                    fresh.push(one);
                }
            }
        }
        if fresh.is_empty() {
            return false;
        }
        let made = Session::try_new(&cookies, Some(self.marketplace))
            .and_then(|session| Ok((SessionCredentials::try_new(&session)?, session)));
        let Ok((credentials, session)) = made else {
            return false;
        };
        (state.cookies, state.session, state.credentials) = (cookies, session, credentials);
        let passing = |name: &str| matches!(name, "session-token" | "session-id-time") || !is_amazon_name(name);
        let of_session = fresh.iter().any(|(name, _)| !passing(name));
        if of_session {
            let before = state.generation;
            state.generation += 1;
            state.changed = Some(now);
            if state.content_worked == Some(before) {
                state.content_worked = Some(before + 1);
            }
        }
        let due = state
            .saved
            .is_none_or(|saved| now.duration_since(saved).abs() >= SAVE_EVERY);
        let worth = due || of_session;
        if worth {
            state.saved = Some(now);
        }
        worth
    }

    fn takes_from(&self, origin: &Origin) -> bool {
        let below = origin.host.strip_suffix(self.marketplace.domain());
        let of_shop = origin.scheme == "https" && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        of_shop || self.origins.contains(origin)
    }
}
