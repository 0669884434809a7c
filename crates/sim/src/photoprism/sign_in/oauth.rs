//! Tokens of OAuth clients, app passwords, and their end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;

use super::super::access::sorted_scope;
use super::super::mint::{is_access_token, is_app_password_form, is_uid, prefix, session_id};
use super::super::model::{Provider, Role, Session};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::{Call, Object};
use super::super::time::whole_seconds;
use super::super::words::Message;
use super::super::world::World;
use super::login::{NewSession, reserve};
use super::session::expires_in;

/// Members of a request, from a form or from JSON.
struct Fields {
    pairs: Vec<(String, String)>,
    is_json: bool,
}

impl Fields {
    fn read(call: &Call) -> Result<Self, Refusal> {
        let kind = call.header("content-type").unwrap_or_default();
        if kind.starts_with("application/json") {
            let body = Object::read(&call.body)?;
            let mut pairs = Vec::new();
            for key in [
                "grant_type",
                "client_id",
                "client_name",
                "username",
                "password",
                "scope",
                "token",
            ] {
                pairs.extend(body.string(key)?.map(|value| (key.to_owned(), value)));
            }
            pairs.extend(
                body.int("expires_in")?
                    .map(|value| ("expires_in".to_owned(), value.to_string())),
            );
            return Ok(Self { pairs, is_json: true });
        }
        let pairs = match boundary(kind) {
            Some(boundary) => multipart(&call.body, boundary),
            None => url::form_urlencoded::parse(&call.body).into_owned().collect(),
        };
        Ok(Self { pairs, is_json: false })
    }

    fn get(&self, name: &str) -> &str {
        // With JSON the names that the server looks for begin with a blank by mistake, so these are never seen.
        if self.is_json && matches!(name, "client_secret" | "token_type_hint") {
            return "";
        }
        self.pairs
            .iter()
            .find(|(own, _)| own == name)
            .map_or("", |(_, value)| value)
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let (_, boundary) = rest.split_once("boundary=")?;
    Some(boundary.trim_matches('"'))
}

/// Short text fields of a multipart form.
fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let field = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let (_, name) = head.split_once("name=\"")?;
        let (name, _) = name.split_once('"')?;
        Some((name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
    };
    text.split(&format!("--{boundary}")).filter_map(field).collect()
}

fn invalid() -> Refusal {
    Refusal::sign_in(401, "invalid credentials", 40, Some(Message::InvalidCredentials))
}

pub(super) fn token(world: &mut World, call: &Call) -> Answer {
    if call.switches.public {
        return Err(Refusal::forbidden());
    }
    let fields = Fields::read(call)?;
    reserve(world, call, 1)?;
    let basic = basic(call);
    let made = match (&basic, fields.get("grant_type")) {
        (Some((id, secret)), _) => client(world, id, secret, call.now),
        (None, "" | "client_credentials") => {
            client(world, fields.get("client_id"), fields.get("client_secret"), call.now)
        }
        (None, "password") => app_password(world, call, &fields),
        // `session` is for accounts of other providers, which there are none of.
        (None, _) => None,
    };
    let Some(session) = made else {
        world.login_limiter.count(call.now, 1);
        return Err(invalid());
    };
    Ok(Reply::ok(&json!({
        "status": "success",
        "session_id": session.id,
        "access_token": session.token,
        "token_type": "Bearer",
        "expires_in": expires_in(&session, call.now),
        "client_name": session.client_name,
        "scope": session.scope,
    })))
}

fn basic(call: &Call) -> Option<(String, String)> {
    let text = call.header("authorization")?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn client(world: &mut World, id: &str, secret: &str, now: Timestamp) -> Option<Session> {
    if !is_uid(id, prefix::CLIENT) {
        return None;
    }
    let client = world
        .clients
        .iter()
        .find(|client| client.uid == id && client.enabled && client.secret == secret)?
        .clone();
    let user = world.users.iter_mut().find(|user| user.uid == client.user_uid);
    let role = match user {
        Some(user) => {
            user.login_at = Some(whole_seconds(now));
            user.role
        }
        None => Role::Client,
    };
    let new = NewSession {
        token: world.mint.access_token(),
        user_uid: client.user_uid,
        client_uid: client.uid.clone(),
        client_name: client.name,
        parent_id: String::new(),
        provider: Provider::Client,
        role,
        is_client: true,
        scope: client.scope,
        life_s: client.expires_s,
        timeout_s: 0,
    };
    let session = world.add_session(new, now);
    // The age counts in whole seconds: of tokens of one second the newest may be the one that goes.
    let mut own: Vec<(i64, String)> = world
        .sessions
        .values()
        .filter(|own| own.client_uid == client.uid)
        .map(|own| (-own.created_at.as_second(), own.id.clone()))
        .collect();
    own.sort_unstable();
    for (_, id) in own.into_iter().skip(client.token_limit) {
        world.sessions.remove(&id);
    }
    Some(session)
}

fn app_password(world: &mut World, call: &Call, fields: &Fields) -> Option<Session> {
    let caller = world.session_of(call).filter(|session| !session.is_client)?;
    let user = world.user(&caller.user_uid)?.clone();
    let name = fields.get("client_name").to_owned();
    let right = user.name == fields.get("username").trim().to_lowercase() && user.password == fields.get("password");
    if !right || name.is_empty() {
        return None;
    }
    let new = NewSession {
        token: world.mint.app_password(),
        user_uid: user.uid,
        client_uid: String::new(),
        client_name: name,
        parent_id: String::new(),
        provider: Provider::Application,
        role: user.role,
        is_client: true,
        scope: sorted_scope(fields.get("scope")),
        life_s: fields.get("expires_in").parse().unwrap_or(0).max(0),
        timeout_s: 0,
    };
    Some(world.add_session(new, call.now))
}

pub(super) fn revoke(world: &mut World, call: &Call) -> Answer {
    let fields = Fields::read(call)?;
    let given = fields.get("token").to_owned();
    let hint = fields.get("token_type_hint").to_owned();
    let caller = world.session_of(call);
    let is_token = is_access_token(&given) || is_app_password_form(&given);
    let id = match given.as_str() {
        "" => caller.as_ref().map(|caller| caller.id.clone()).ok_or_else(invalid)?,
        token if hint == "access_token" || hint.is_empty() && is_token => session_id(token),
        other => {
            // Names that are no secrets need somebody who is signed in.
            let caller = caller
                .as_ref()
                .filter(|caller| !caller.is_client)
                .ok_or_else(Refusal::forbidden)?;
            let found = world.sessions.values().find(|session| {
                (session.id == other || session.ref_id == other)
                    && (session.user_uid == caller.user_uid || caller.role == Role::Admin)
            });
            found.map(|session| session.id.clone()).ok_or_else(invalid)?
        }
    };
    let session = world.sessions.get(&id).ok_or_else(invalid)?;
    if !session.is_client {
        return Err(Refusal::forbidden());
    }
    world.sessions.remove(&id);
    Ok(Reply::ok(&json!({ "status": "deleted", "session_id": id })))
}
