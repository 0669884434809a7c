//! Beginning sessions of users and of visitors.

use jiff::{SignedDuration, Timestamp};

use super::super::access::{Action, Resource, scope_allows, token_of};
use super::super::mint::{is_app_password, session_id};
use super::super::model::{Provider, Role, Session};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::words::Message;
use super::super::world::World;
use super::session::answer;
use super::totp;

/// Life of a visitor's session in seconds.
const VISITOR_S: i64 = 86_400;
/// Failures that a sign-in with a passcode reserves; one without reserves one.
const PASSCODE_COST: u32 = 3;

/// What a new session needs.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    pub(crate) token: String,
    pub(crate) user_uid: String,
    pub(crate) client_uid: String,
    pub(crate) client_name: String,
    pub(crate) parent_id: String,
    pub(crate) provider: Provider,
    pub(crate) role: Role,
    pub(crate) is_client: bool,
    pub(crate) scope: String,
    /// Seconds; never ends if 0.
    pub(crate) life_s: i64,
    /// Seconds without a call; never if 0.
    pub(crate) timeout_s: i64,
}

impl World {
    /// Adds a session and gives it with its ids.
    pub(crate) fn add_session(&mut self, new: NewSession, now: Timestamp) -> Session {
        self.last_session += 1;
        let (download_token, preview_token) = match self.users.iter().find(|user| user.uid == new.user_uid) {
            Some(user) => (user.download_token.clone(), user.preview_token.clone()),
            None => (self.mint.base36(8), self.mint.base36(8)),
        };
        let expires_at = (new.life_s > 0)
            .then(|| now.checked_add(SignedDuration::from_secs(new.life_s)).ok())
            .flatten();
        let session = Session {
            id: session_id(&new.token),
            token: new.token,
            ref_id: self.mint.ref_id(),
            user_uid: new.user_uid,
            client_uid: new.client_uid,
            client_name: new.client_name,
            parent_id: new.parent_id,
            provider: new.provider,
            role: new.role,
            is_client: new.is_client,
            scope: new.scope,
            download_token,
            preview_token,
            created_at: now,
            expires_at,
            last_active: now,
            timeout_s: new.timeout_s,
            shares: Vec::new(),
            number: self.last_session,
        };
        self.know_tokens(&session);
        self.sessions.insert(session.id.clone(), session.clone());
        session
    }
}

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let body = call.object()?;
    if call.switches.public {
        let session = world.session_of(call).ok_or_else(Refusal::unauthorized)?;
        return Ok(Reply::ok(&answer(world, call, &session, true)));
    }
    let text = |key: &str| body.string(key).map(Option::unwrap_or_default);
    let (username, password) = (text("username")?.trim().to_lowercase(), text("password")?);
    let code: String = text("code")?.split_whitespace().collect();
    let share = text("token")?;

    let cost = if code.is_empty() { 1 } else { PASSCODE_COST };
    reserve(world, call, cost)?;
    let session = if username.is_empty() && password.is_empty() && !share.is_empty() {
        visitor(world, call, &share)
    } else {
        user(world, call, &username, &password, &code)
    };
    let session = session.map_err(|(refusal, counts)| {
        if counts {
            world.login_limiter.count(call.now, cost);
        }
        refusal
    })?;
    Ok(Reply::ok(&answer(world, call, &session, true)))
}

/// Refuses with 429 while there were too many failures.
pub(super) fn reserve(world: &mut World, call: &Call, cost: u32) -> Result<(), Refusal> {
    let login = world.login_limiter.allows(call.now, call.switches.login_burst, cost);
    let auth = world.auth_limiter.allows(call.now, call.switches.auth_burst, 1);
    if login && auth {
        Ok(())
    } else {
        Err(Refusal::sign_in(429, "rate limit exceeded", 429, None))
    }
}

/// A refusal and whether it counts as a failure.
type Failed = (Refusal, bool);

fn wrong() -> Failed {
    (Refusal::bare(401, Message::InvalidCredentials), true)
}

fn user(world: &mut World, call: &Call, username: &str, password: &str, code: &str) -> Result<Session, Failed> {
    let user = world
        .users
        .iter()
        .find(|user| user.name == username && user.can_login && !username.is_empty())
        .cloned()
        .ok_or_else(wrong)?;
    let max_age = i64::try_from(call.switches.session_max_age.as_secs()).unwrap_or(0);
    let timeout = i64::try_from(call.switches.session_timeout.as_secs()).unwrap_or(0);
    let mut new = NewSession {
        token: String::new(),
        user_uid: user.uid.clone(),
        client_uid: String::new(),
        client_name: String::new(),
        parent_id: String::new(),
        provider: Provider::Local,
        role: user.role,
        is_client: false,
        scope: String::new(),
        life_s: max_age,
        timeout_s: timeout,
    };
    if is_app_password(password) {
        let own = world
            .sessions
            .get(&session_id(password))
            .filter(|own| own.provider == Provider::Application && own.user_uid == user.uid)
            .filter(|own| own.expires_at.is_none_or(|end| call.now < end))
            .filter(|own| scope_allows(&own.scope, Resource::Sessions, &[Action::Create]))
            .ok_or_else(wrong)?;
        new.provider = Provider::Application;
        new.is_client = true;
        new.parent_id.clone_from(&own.id);
        new.scope.clone_from(&own.scope);
    } else {
        if user.password != password || password.is_empty() {
            return Err(wrong());
        }
        if let Some(own) = user.passcode.as_ref().filter(|own| own.activated_at.is_some()) {
            (new.life_s, new.timeout_s) = (2 * max_age, 2 * timeout);
            if code.is_empty() {
                let refusal = Refusal::sign_in(401, "passcode required", 32, Some(Message::PasscodeRequired));
                return Err((refusal, false));
            }
            let invalid = |error| (Refusal::sign_in(401, error, 401, Some(Message::InvalidPasscode)), true);
            if code == own.recovery_code {
                if let Some(user) = world.users.iter_mut().find(|own| own.uid == user.uid) {
                    user.passcode = None;
                }
            } else if code.len() != 6 {
                return Err(invalid("Input length unexpected"));
            } else if !totp::is_right(&own.secret, code, call.now) {
                return Err(invalid("invalid passcode"));
            }
        }
    }
    // Signing in with a token that is alive gives that session another token.
    if let Some(old) = token_of(&call.headers).map(session_id) {
        world.sessions.remove(&old);
    }
    new.token = world.mint.access_token();
    if let Some(user) = world.users.iter_mut().find(|own| own.uid == user.uid) {
        user.login_at = Some(super::super::time::whole_seconds(call.now));
    }
    Ok(world.add_session(new, call.now))
}

fn visitor(world: &mut World, call: &Call, share: &str) -> Result<Session, Failed> {
    let open = |link: &&super::super::model::Link| {
        let end = link
            .modified_at
            .checked_add(SignedDuration::from_secs(link.expires))
            .unwrap_or(link.modified_at);
        link.token == share
            && (link.expires == 0 || call.now < end)
            && (link.max_views == 0 || link.views <= link.max_views)
    };
    let Some(link) = world.links.iter().find(open) else {
        return Err((Refusal::bare(404, Message::InvalidCredentials), true));
    };
    let token = link.token.clone();
    let new = NewSession {
        token: world.mint.access_token(),
        user_uid: String::new(),
        client_uid: String::new(),
        client_name: String::new(),
        parent_id: String::new(),
        provider: Provider::Link,
        role: Role::Visitor,
        is_client: false,
        scope: String::new(),
        life_s: VISITOR_S,
        timeout_s: 0,
    };
    let session = world.add_session(new, call.now);
    if let Some(own) = world.sessions.get_mut(&session.id) {
        own.shares.push(token);
        return Ok(own.clone());
    }
    Ok(session)
}
