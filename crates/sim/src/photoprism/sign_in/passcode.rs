//! Setting a passcode up and taking it away.

use serde_json::{Value, json};

use super::super::access::{Action, Resource};
use super::super::model::{Passcode, User};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::{Call, Object};
use super::super::time;
use super::super::wire::time_or_null;
use super::super::words::Message;
use super::super::world::World;
use super::{totp, users};

pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let (at, body) = own(world, call)?;
    check_password(&world.users[at], &body)?;
    let now = time::whole_seconds(call.now);
    let passcode = Passcode {
        secret: world.mint.passcode_secret(),
        recovery_code: world.mint.base36(12),
        created_at: now,
        updated_at: call.now,
        verified_at: None,
        activated_at: None,
    };
    world.users[at].passcode = Some(passcode);
    shown(&world.users[at])
}

pub(super) fn confirm(world: &mut World, call: &Call) -> Answer {
    let (at, body) = own(world, call)?;
    let code: String = body.string("code")?.unwrap_or_default().split_whitespace().collect();
    let now = call.now;
    let passcode = world.users[at].passcode.as_mut().ok_or_else(Refusal::not_found)?;
    if !totp::is_right(&passcode.secret, &code, now) {
        return Err(Refusal::new(403, Message::InvalidPasscode));
    }
    passcode.verified_at = Some(time::whole_seconds(now));
    passcode.updated_at = now;
    shown(&world.users[at])
}

pub(super) fn activate(world: &mut World, call: &Call) -> Answer {
    let (at, _) = own(world, call)?;
    let now = call.now;
    let passcode = world.users[at].passcode.as_mut().ok_or_else(Refusal::not_found)?;
    if passcode.verified_at.is_none() {
        return Err(Refusal::new(403, Message::InvalidPasscode));
    }
    passcode.activated_at = Some(time::whole_seconds(now));
    passcode.updated_at = now;
    shown(&world.users[at])
}

pub(super) fn deactivate(world: &mut World, call: &Call) -> Answer {
    let (at, body) = own(world, call)?;
    check_password(&world.users[at], &body)?;
    world.users[at].passcode = None;
    Ok(Reply::message(world.say(Message::SettingsSaved)))
}

/// The caller's own user and the body.
fn own(world: &mut World, call: &Call) -> Result<(usize, Object), Refusal> {
    if call.switches.public {
        return Err(Refusal::new(403, Message::Public));
    }
    let grant = world.authorize(call, Resource::Passcode, &[Action::Update])?;
    let at = users::own_user(world, call, &grant)?;
    Ok((at, call.object()?))
}

fn check_password(user: &User, body: &Object) -> Result<(), Refusal> {
    match body.string("password")? {
        Some(password) if password == user.password => Ok(()),
        _ => Err(Refusal::new(403, Message::InvalidPassword)),
    }
}

fn shown(user: &User) -> Answer {
    let passcode = user.passcode.as_ref().ok_or_else(Refusal::not_found)?;
    let out: Value = json!({
        "UID": user.uid, "Type": "totp", "Secret": passcode.secret, "QRCode": "", "RecoveryCode": passcode.recovery_code,
        "CreatedAt": time::write(passcode.created_at), "UpdatedAt": time::write(passcode.updated_at),
        "VerifiedAt": time_or_null(passcode.verified_at), "ActivatedAt": time_or_null(passcode.activated_at),
    });
    Ok(Reply::ok(&out))
}
