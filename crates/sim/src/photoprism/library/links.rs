//! Share links of albums.

use serde_json::Value;

use super::super::access::{Action, Resource};
use super::super::mint::{clean_uid, prefix};
use super::super::model::Link;
use super::super::reply::{Answer, HTML, Refusal, Reply};
use super::super::request::{Call, Object};
use super::super::switches::Generation;
use super::super::time::whole_seconds;
use super::super::wire;
use super::super::world::World;
use super::albums::known;

/// Characters of a link's token.
const TOKEN_CHARS: usize = 10;

/// Lets a call in; clients and app passwords may share from 250707 on.
fn admit(world: &mut World, call: &Call) -> Result<String, Refusal> {
    let resource = match call.switches.generation {
        Generation::G1 => Resource::Shares,
        _ => Resource::Albums,
    };
    world
        .authorize(call, resource, &[Action::Share])
        .map(|grant| grant.user_uid)
}

/// `GET /albums/:uid/links`: the newest first.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    admit(world, call)?;
    let uid = known(world, call)?;
    let own = world.links.iter().rev().filter(|link| link.share_uid == uid);
    Ok(Reply::ok(&own.map(wire::link).collect::<Vec<Value>>()))
}

/// `POST /albums/:uid/links`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let user_uid = admit(world, call)?;
    let uid = known(world, call)?;
    let body = call.object()?;
    let now = whole_seconds(call.now);
    let mut link = Link {
        uid: world.mint.uid(prefix::LINK, now),
        share_uid: uid,
        slug: body.string("Slug")?.unwrap_or_default(),
        token: world.mint.base36(TOKEN_CHARS),
        expires: 0,
        views: 0,
        max_views: 0,
        password: String::new(),
        created_by: user_uid,
        created_at: now,
        modified_at: now,
    };
    limit(&mut link, &body)?;
    let told = wire::link(&link);
    world.links.push(link);
    Ok(Reply::ok(&told))
}

/// Ends of a link: both are replaced, sent or not.
fn limit(link: &mut Link, body: &Object) -> Result<(), Refusal> {
    link.expires = body.int("Expires")?.unwrap_or(0);
    link.max_views = body.int("MaxViews")?.unwrap_or(0);
    if let Some(password) = body.string("Password")?.filter(|text| !text.is_empty()) {
        link.password = password;
    }
    Ok(())
}

/// Where the link of the path stands; the server falls over an unknown one.
fn place(world: &World, call: &Call) -> Result<usize, Refusal> {
    let uid = clean_uid(call.param("link"));
    world
        .links
        .iter()
        .position(|link| link.uid == uid)
        .ok_or_else(|| Refusal::empty(500))
}

/// `PUT /albums/:uid/links/:link`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    admit(world, call)?;
    known(world, call)?;
    let body = call.object()?;
    let at = place(world, call)?;
    let token = body.string("Token")?.filter(|text| !text.is_empty());
    let taken = |token: &String| {
        world
            .links
            .iter()
            .enumerate()
            .any(|(other, link)| other != at && link.token == *token)
    };
    if token.as_ref().is_some_and(taken) {
        return Err(Refusal::bare_text(409, "token already exists"));
    }
    let link = &mut world.links[at];
    limit(link, &body)?;
    if let Some(slug) = body.string("Slug")?.filter(|text| !text.is_empty()) {
        link.slug = slug;
    }
    if let Some(token) = token {
        link.token = token;
    }
    link.modified_at = whole_seconds(call.now);
    Ok(Reply::ok(&wire::link(link)))
}

/// `DELETE /albums/:uid/links/:link`.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    admit(world, call)?;
    known(world, call)?;
    let at = place(world, call)?;
    Ok(Reply::ok(&wire::link(&world.links.remove(at))))
}

/// `GET /s/:token/*slug`: what somebody with the link opens. The page itself is not imitated.
pub(super) fn open(world: &mut World, call: &Call) -> Answer {
    let token = call.param("token");
    let base = &call.switches.base_path;
    let base = if base.is_empty() {
        String::new()
    } else {
        format!("/{base}")
    };
    let Some(link) = world.links.iter_mut().find(|link| link.token == token) else {
        return Ok(
            Reply::text(307, HTML, "<a href=\"/\">Temporary Redirect</a>.\n\n").header("location", format!("{base}/"))
        );
    };
    if call.param("slug").is_empty() {
        return Ok(Reply::text(200, HTML, "<!DOCTYPE html>\n<title>Shared album</title>\n"));
    }
    link.views += 1;
    let location = format!("{base}/s/{token}/");
    let page = format!("<a href=\"{location}\">Temporary Redirect</a>.\n\n");
    Ok(Reply::text(307, HTML, page).header("location", location))
}
