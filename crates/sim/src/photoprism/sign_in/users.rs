//! Users and clients: how tests and the administrator add them, their passwords and their sessions.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::access::{Action, Grant, Resource, sorted_scope};
use super::super::mint::prefix;
use super::super::model::{ApiClient, Provider, Role, Session, User};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::time;
use super::super::words::Message;
use super::super::world::World;

/// What a user needs.
#[derive(Debug, Clone)]
pub(crate) struct NewUser<'a> {
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
    pub(crate) role: Role,
}

/// Adds a user and gives the UID; the first one is the super admin.
pub(crate) fn add_user(world: &mut World, new: &NewUser<'_>, now: Timestamp) -> String {
    let uid = world.mint.uid(prefix::USER, now);
    let mut display = new.name.to_owned();
    if let Some(first) = display.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let user = User {
        id: world.users.len() as u64 + 1,
        uid: uid.clone(),
        name: new.name.to_lowercase(),
        display_name: display,
        email: String::new(),
        role: new.role,
        super_admin: world.users.is_empty(),
        can_login: true,
        webdav: new.role == Role::Admin,
        password: new.password.to_owned(),
        passcode: None,
        base_path: String::new(),
        upload_path: String::new(),
        download_token: world.mint.base36(8),
        preview_token: world.mint.base36(8),
        login_at: None,
        created_at: now,
        updated_at: now,
    };
    world.users.push(user);
    uid
}

/// Adds an OAuth client with the limits of the command line and gives its id and secret.
pub(crate) fn add_client(
    world: &mut World,
    name: &str,
    scope: &str,
    user_uid: &str,
    token_limit: usize,
    now: Timestamp,
) -> (String, String) {
    let client = ApiClient {
        uid: world.mint.uid(prefix::CLIENT, now),
        name: name.to_owned(),
        secret: world.mint.base62(32),
        scope: sorted_scope(scope),
        user_uid: user_uid.to_owned(),
        expires_s: 86_400,
        token_limit,
        enabled: true,
    };
    let made = (client.uid.clone(), client.secret.clone());
    world.clients.push(client);
    made
}

/// Place of the user in the path, who must be the caller; apps may not act here.
pub(super) fn own_user(world: &World, call: &Call, grant: &Grant) -> Result<usize, Refusal> {
    let uid = call.uid("uid");
    if grant.is_client || uid != grant.user_uid {
        return Err(Refusal::forbidden());
    }
    world
        .users
        .iter()
        .position(|user| user.uid == uid)
        .ok_or_else(Refusal::forbidden)
}

pub(super) fn change_password(world: &mut World, call: &Call) -> Answer {
    if call.switches.public {
        return Err(Refusal::new(403, Message::Public));
    }
    let grant = world.authorize(call, Resource::Password, &[Action::Update])?;
    let at = own_user(world, call, &grant)?;
    let body = call.object()?;
    let (old, new) = (
        body.string("old")?.unwrap_or_default(),
        body.string("new")?.unwrap_or_default(),
    );
    let uid = {
        let user = &mut world.users[at];
        if user.password != old {
            return Err(Refusal::new(400, Message::InvalidPassword));
        }
        if new.chars().count() < 8 {
            return Err(Refusal::bad_request());
        }
        user.password = new;
        user.uid.clone()
    };
    end_other_sessions(world, &uid, &grant.session_id);
    Ok(Reply::message(world.say(Message::PasswordChanged))
        .header("x-download-token", &grant.download_token)
        .header("x-preview-token", &grant.preview_token))
}

/// Ends the sessions that a user's password began; app passwords and clients go on.
pub(crate) fn end_other_sessions(world: &mut World, user_uid: &str, keep: &str) {
    world
        .sessions
        .retain(|id, session| session.user_uid != user_uid || session.provider != Provider::Local || id == keep);
}

pub(super) fn sessions(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Users, &[Action::View])?;
    let uid = call.uid("uid");
    // Also for users that there are not: an empty list with 403.
    let allowed =
        !grant.is_client && (grant.user_uid == uid || grant.role == Role::Admin) && world.user(&uid).is_some();
    if !allowed {
        return Err(Refusal::json(403, json!([])));
    }
    let (limit, count) = call.query.count()?;
    let (sent_offset, offset) = call.query.offset()?;
    let provider = call.query.get("provider");
    // Without a provider the real server shows none.
    let mut own: Vec<&Session> = world
        .sessions
        .values()
        .filter(|session| {
            session.user_uid == uid && session.provider.as_str() == provider && session.parent_id.is_empty()
        })
        .collect();
    own.sort_by_key(|session| session.number);
    let rows: Vec<Value> = own
        .into_iter()
        .skip(offset)
        .take(count)
        .map(|session| row(world, session))
        .collect();
    Ok(Reply::ok(&rows)
        .header("x-limit", limit.to_string())
        .header("x-offset", sent_offset.to_string()))
}

fn row(world: &World, session: &Session) -> Value {
    let name = world.user(&session.user_uid).map_or("", |user| user.name.as_str());
    let seconds = |time: Option<Timestamp>| time.map_or(0, |time| time.as_second());
    let used = Some(session.last_active).filter(|time| *time != session.created_at);
    json!({
        "UserUID": session.user_uid, "UserName": name, "ClientUID": session.client_uid, "ClientName": session.client_name,
        "ClientIP": "", "AuthProvider": session.provider.as_str(), "AuthMethod": "default", "AuthID": "",
        "AuthScope": session.scope, "GrantType": "password", "LastActive": seconds(used),
        "Expires": seconds(session.expires_at), "Timeout": session.timeout_s, "UserAgent": "", "ID": session.ref_id,
        "LoginIP": "", "LoginAt": time::write(time::zero()), "CreatedAt": time::write(time::whole_seconds(session.created_at)),
        "UpdatedAt": time::write(session.created_at), "Status": 0,
    })
}
