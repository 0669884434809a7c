//! Who makes a call: tokens, sessions, rights.

use jiff::Timestamp;

use super::super::access::{Action, Grant, Resource, role_allows, scope_allows, token_of};
use super::super::mint::{is_access_token, is_app_password_form, session_id};
use super::super::model::{Provider, Role, Session};
use super::super::reply::Refusal;
use super::super::request::Call;
use super::super::switches::PhotoPrismSwitches;
use super::World;

/// The token of public mode.
const PUBLIC_TOKEN: &str = "234200000000000000000000000000000000000000000000";

impl World {
    /// Lets a call in, or refuses it with 401 or 403: the first line of nearly every handler. One of the actions is enough
    /// for the role; the scope must allow all of them.
    ///
    /// ```text
    /// let grant = world.authorize(call, Resource::Photos, &[Action::Update])?;
    /// ```
    pub(crate) fn authorize(&mut self, call: &Call, resource: Resource, actions: &[Action]) -> Result<Grant, Refusal> {
        let session = self.session_of(call).ok_or_else(Refusal::unauthorized)?;
        if !role_allows(&session, resource, actions) || !scope_allows(&session.scope, resource, actions) {
            return Err(Refusal::forbidden());
        }
        Ok(Grant::of(&session))
    }

    /// The session of a call, whatever it may do; `None` without a token that is alive.
    pub(crate) fn session_of(&mut self, call: &Call) -> Option<Session> {
        if call.switches.public {
            return self.public_session(call.now);
        }
        let token = token_of(&call.headers)?.to_owned();
        self.session_of_token(&token, call.now, &call.switches)
    }

    /// The session of a token; counts unknown ones, and knows none at all while there were too many of them.
    pub(crate) fn session_of_token(
        &mut self,
        token: &str,
        now: Timestamp,
        switches: &PhotoPrismSwitches,
    ) -> Option<Session> {
        if !is_access_token(token) && !is_app_password_form(token) {
            return None;
        }
        if !self.auth_limiter.allows(now, switches.auth_burst, 1) {
            return None;
        }
        let id = session_id(token);
        let alive = self
            .sessions
            .get(&id)
            .is_some_and(|session| self.is_alive(session, now));
        if !alive {
            self.sessions.remove(&id);
            self.auth_limiter.count(now, 1);
            return None;
        }
        let session = self.sessions.get_mut(&id)?;
        session.last_active = now;
        let session = session.clone();
        self.know_tokens(&session);
        Some(session)
    }

    fn is_alive(&self, session: &Session, now: Timestamp) -> bool {
        let in_time = session.expires_at.is_none_or(|end| now < end);
        let idle = now.duration_since(session.last_active).as_secs();
        let active = session.timeout_s == 0 || idle < session.timeout_s;
        let parent = session.parent_id.is_empty()
            || self
                .sessions
                .get(&session.parent_id)
                .is_some_and(|parent| self.is_alive(parent, now));
        in_time && active && parent
    }

    /// The session that everybody has in public mode.
    fn public_session(&mut self, now: Timestamp) -> Option<Session> {
        let admin = self.users.first()?;
        Some(Session {
            id: session_id(PUBLIC_TOKEN),
            token: PUBLIC_TOKEN.to_owned(),
            ref_id: "sess23420000".to_owned(),
            user_uid: admin.uid.clone(),
            client_uid: String::new(),
            client_name: String::new(),
            parent_id: String::new(),
            provider: Provider::Default,
            role: Role::Admin,
            is_client: false,
            scope: String::new(),
            download_token: "public".to_owned(),
            preview_token: "public".to_owned(),
            created_at: now,
            expires_at: None,
            last_active: now,
            timeout_s: 0,
            shares: Vec::new(),
            number: 0,
        })
    }

    /// Download and preview tokens count from the first call of their session on.
    pub(crate) fn know_tokens(&mut self, session: &Session) {
        if !self.known_download.contains(&session.download_token) {
            self.known_download.insert(session.download_token.clone());
            self.known_preview.insert(session.preview_token.clone());
        }
    }

    /// Whether a token may download; none may while there are too many unknown access tokens.
    pub(crate) fn may_download(&self, token: &str, switches: &PhotoPrismSwitches) -> bool {
        let known =
            || self.known_download.contains(token) && !self.auth_limiter.is_exhausted(self.now, switches.auth_burst);
        switches.public || switches.public_downloads || known()
    }

    /// Whether a token may see thumbnails; download tokens may, too.
    pub(crate) fn may_preview(&self, token: &str, switches: &PhotoPrismSwitches) -> bool {
        switches.public || self.known_preview.contains(token) || self.known_download.contains(token)
    }

    /// What a restart forgets: known download and preview tokens, and the failures that were counted. Sessions and staged
    /// files stay.
    pub(crate) fn restart(&mut self) {
        self.known_download.clear();
        self.known_preview.clear();
        self.login_limiter.reset();
        self.auth_limiter.reset();
    }
}
