//! Reading and ending sessions.

use serde_json::{Value, json};

use super::super::access::{Action, Resource};
use super::super::model::{Provider, Role, Session, User};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::server::config;
use super::super::time;
use super::super::wire::time_or_null;
use super::super::world::World;

/// The user that visitors are shown as.
const VISITOR_UID: &str = "u000000000000002";

/// What signing in and `GET /session` answer; in public mode only the former tells the token.
pub(crate) fn answer(world: &World, call: &Call, session: &Session, with_token: bool) -> Value {
    let mut out = json!({
        "status": "success",
        "session_id": session.id,
        "expires_in": expires_in(session, call.now),
        "provider": session.provider.as_str(),
        "scope": session.scope,
        "user": user(world, session),
        "data": shares(world, session),
        "config": config::of_session(world, call, session),
    });
    if with_token || !call.switches.public {
        out["id"] = session.token.as_str().into();
        out["access_token"] = session.token.as_str().into();
        out["token_type"] = "Bearer".into();
    }
    out
}

/// Seconds until a session ends; 0 if it never does.
pub(super) fn expires_in(session: &Session, now: jiff::Timestamp) -> i64 {
    session
        .expires_at
        .map_or(0, |end| end.duration_since(now).as_secs().max(1))
}

fn shares(world: &World, session: &Session) -> Value {
    if session.shares.is_empty() {
        return json!({ "tokens": null, "shares": null });
    }
    let albums: Vec<&str> = world
        .links
        .iter()
        .filter(|link| session.shares.contains(&link.token))
        .map(|link| link.share_uid.as_str())
        .collect();
    json!({ "tokens": session.shares, "shares": albums })
}

fn user(world: &World, session: &Session) -> Value {
    match world.user(&session.user_uid) {
        Some(user) => known_user(user),
        None if session.provider == Provider::Link => visitor(session),
        None => nobody(),
    }
}

fn nobody() -> Value {
    json!({
        "ID": 0, "UID": "", "AuthProvider": "", "AuthMethod": "", "AuthID": "", "Name": "", "DisplayName": "", "Email": "",
        "Role": "", "Attr": "", "SuperAdmin": false, "CanLogin": false, "LoginAt": null, "WebDAV": false, "BasePath": "",
        "UploadPath": "", "CanInvite": false, "Thumb": "", "ThumbSrc": "",
        "CreatedAt": time::write(time::zero()), "UpdatedAt": time::write(time::zero()),
    })
}

fn visitor(session: &Session) -> Value {
    let mut out = nobody();
    out["ID"] = (-2).into();
    out["UID"] = VISITOR_UID.into();
    out["AuthProvider"] = Provider::Link.as_str().into();
    out["DisplayName"] = "Visitor".into();
    out["Role"] = Role::Visitor.as_str().into();
    with_details(&mut out, session.created_at);
    out
}

fn known_user(user: &User) -> Value {
    let mut out = nobody();
    let method = if user.passcode.as_ref().is_some_and(|own| own.activated_at.is_some()) {
        "2fa"
    } else {
        ""
    };
    for (key, value) in [
        ("ID", json!(user.id)),
        ("UID", json!(user.uid)),
        ("AuthProvider", json!(Provider::Local.as_str())),
        ("AuthMethod", json!(method)),
        ("Name", json!(user.name)),
        ("DisplayName", json!(user.display_name)),
        ("Email", json!(user.email)),
        ("Role", json!(user.role.as_str())),
        ("SuperAdmin", json!(user.super_admin)),
        ("CanLogin", json!(user.can_login)),
        ("LoginAt", time_or_null(user.login_at)),
        ("WebDAV", json!(user.webdav)),
        ("BasePath", json!(user.base_path)),
        ("UploadPath", json!(user.upload_path)),
        ("CanInvite", json!(user.role == Role::Admin)),
    ] {
        out[key] = value;
    }
    with_details(&mut out, user.created_at);
    out["UpdatedAt"] = time::write(user.updated_at).into();
    out
}

fn with_details(out: &mut Value, created: jiff::Timestamp) {
    const TEXTS: [&str; 18] = [
        "NameTitle",
        "GivenName",
        "MiddleName",
        "FamilyName",
        "NameSuffix",
        "NickName",
        "NameSrc",
        "Gender",
        "About",
        "Bio",
        "Location",
        "Country",
        "Phone",
        "SiteURL",
        "ProfileURL",
        "OrgTitle",
        "OrgName",
        "OrgEmail",
    ];
    let at = time::write(created);
    let mut details = json!({
        "BirthYear": 0, "BirthMonth": 0, "BirthDay": 0, "OrgPhone": "", "OrgURL": "", "CreatedAt": at, "UpdatedAt": at,
    });
    for key in TEXTS {
        details[key] = "".into();
    }
    out["Details"] = details;
    out["Settings"] = json!({ "CreatedAt": at, "UpdatedAt": at });
    out["CreatedAt"] = at.clone().into();
    out["UpdatedAt"] = at.into();
}

/// Refuses an id in the path that is malformed, before anything else.
fn checked_id(call: &Call) -> Result<Option<&str>, Refusal> {
    let id = call.param("id");
    let is_ref = id.starts_with("sess") && (10..=14).contains(&id.len());
    match id {
        "" => Ok(None),
        id if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) || is_ref => Ok(Some(id)),
        _ => Err(Refusal::bad_request()),
    }
}

pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    let id = checked_id(call)?;
    world.authorize(call, Resource::Sessions, &[Action::View])?;
    let session = world.session_of(call).ok_or_else(Refusal::unauthorized)?;
    if !call.switches.public && id.is_some_and(|id| id != session.id) {
        return Err(Refusal::forbidden());
    }
    Ok(Reply::ok(&answer(world, call, &session, false)))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let id = checked_id(call)?;
    world.authorize(call, Resource::Sessions, &[Action::Delete])?;
    let session = world.session_of(call).ok_or_else(Refusal::unauthorized)?;
    let ended = match id {
        _ if call.switches.public => session.id,
        None => session.id,
        Some(id) if id == session.id => session.id,
        Some(id) if id.starts_with("sess") && session.role == Role::Admin && !session.is_client => {
            let other = world.sessions.values().find(|other| other.ref_id == id);
            other.map(|other| other.id.clone()).ok_or_else(Refusal::not_found)?
        }
        Some(_) => return Err(Refusal::forbidden()),
    };
    world.sessions.remove(&ended);
    Ok(Reply::ok(&json!({ "status": "deleted", "session_id": ended })))
}
