//! Albums: finding or making them, changing and deleting them. Searching and content have modules of their own.

use jiff::Timestamp;

use super::super::access::{Action, Grant, Resource};
use super::super::model::Album;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::{Call, Object};
use super::super::switches::PhotoPrismSwitches;
use super::super::time::{month_name, utc, whole_seconds};
use super::super::wire;
use super::super::words::Message;
use super::super::world::World;
use super::patterns::like;
use super::slug::{album_slug, album_title, title_case};

pub(super) mod content;
pub(super) mod search;

pub(crate) use search::told as album_row;

/// Lets a call to an album in; clients without a user may not.
pub(super) fn admit(world: &mut World, call: &Call, action: Action) -> Result<Grant, Refusal> {
    let grant = world.authorize(call, Resource::Albums, &[action])?;
    match grant.has_user() {
        true => Ok(grant),
        false => Err(Refusal::forbidden()),
    }
}

/// UID of the album of the path, if it is there and not deleted.
pub(super) fn known(world: &World, call: &Call) -> Result<String, Refusal> {
    let album = world.album(&call.uid("uid")).filter(|album| album.deleted_at.is_none());
    album
        .map(|album| album.uid.clone())
        .ok_or_else(Refusal::album_not_found)
}

fn whole(world: &World, uid: &str) -> Answer {
    let album = world.album(uid).ok_or_else(Refusal::album_not_found)?;
    Ok(Reply::ok(&wire::album(album)))
}

/// The title under which an album would be kept; without one it is named after the month.
fn named(title: &str, now: Timestamp) -> String {
    let title = album_title(title);
    if !title.is_empty() {
        return title;
    }
    let day = utc(now).date();
    format!("{} {}", month_name(day.month().into()), day.year())
}

/// UID of the manual album of a user that the server takes for the one with this title, deleted ones too: the same slug,
/// or a title that matches when `%` and `_` are wildcards. Of several the oldest.
pub(crate) fn lookup(world: &World, title: &str, user_uid: &str, now: Timestamp) -> Option<String> {
    let title = named(title, now);
    let slug = album_slug(&title, "");
    let manual = |album: &&Album| album.kind == "album" && album.created_by == user_uid;
    let same = |album: &&Album| album.slug == slug || like(&title, &album.title);
    world
        .albums
        .values()
        .filter(manual)
        .find(same)
        .map(|album| album.uid.clone())
}

/// Makes a manual album of this title, without looking for one.
pub(crate) fn create_new(world: &mut World, title: &str, user_uid: &str, now: Timestamp) -> String {
    let title = named(title, now);
    let slug = album_slug(&title, "");
    let album = Album {
        created_by: user_uid.to_owned(),
        ..Album::new(title, slug, now)
    };
    let id = world.add_album(album);
    world.albums[&id].uid.clone()
}

/// The album that the server takes for the one with this title, or a new one. A deleted one comes back, with its photos
/// if the release does so.
pub(crate) fn find_or_create(
    world: &mut World,
    title: &str,
    user_uid: &str,
    now: Timestamp,
    switches: &PhotoPrismSwitches,
) -> (String, bool) {
    let Some(uid) = lookup(world, title, user_uid, now) else {
        return (create_new(world, title, user_uid, now), true);
    };
    let was_deleted = world
        .album_mut(&uid)
        .and_then(|album| album.deleted_at.take())
        .is_some();
    if was_deleted && !switches.resurrect_albums {
        world.entries.forget_album(&uid);
    }
    (uid, false)
}

/// `POST /albums`.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Albums, &[Action::Create])?;
    let body = call.object()?;
    let title = body.string("Title")?.unwrap_or_default();
    let favorite = body.boolean("Favorite")?.unwrap_or(false);
    let (uid, is_new) = find_or_create(world, &title, &grant.user_uid, call.now, &call.switches);
    if let Some(album) = world.album_mut(&uid).filter(|_| is_new) {
        album.favorite = favorite;
    }
    whole(world, &uid)
}

/// `GET /albums/:uid`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::View)?;
    let uid = known(world, call)?;
    whole(world, &uid)
}

/// `PUT /albums/:uid`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::Update)?;
    let uid = known(world, call)?;
    let mut album = world.album(&uid).cloned().ok_or_else(Refusal::album_not_found)?;
    merge(&mut album, &call.object()?)?;
    album.updated_at = call.now;
    if let Some(slot) = world.album_mut(&uid) {
        *slot = album;
    }
    whole(world, &uid)
}

fn merge(album: &mut Album, body: &Object) -> Result<(), Refusal> {
    for (key, slot) in [
        ("Caption", &mut album.caption),
        ("Description", &mut album.description),
        ("Notes", &mut album.notes),
        ("Location", &mut album.location),
        ("Country", &mut album.country),
        ("Filter", &mut album.filter),
        ("Order", &mut album.order),
        ("Template", &mut album.template),
        ("Type", &mut album.kind),
        ("Thumb", &mut album.thumb),
        ("ThumbSrc", &mut album.thumb_src),
    ] {
        if let Some(text) = body.string(key)? {
            *slot = text;
        }
    }
    if let Some(category) = body.string("Category")? {
        album.category = title_case(&category);
    }
    for (key, slot) in [("Favorite", &mut album.favorite), ("Private", &mut album.private)] {
        if let Some(flag) = body.boolean(key)? {
            *slot = flag;
        }
    }
    if let Some(title) = body.string("Title")? {
        album.title = album_title(&title);
        // Nobody looks whether another album has this slug already; without a title the old one stays.
        if !album.title.is_empty() {
            album.slug = album_slug(&album.title, &album.uid);
        }
    }
    Ok(())
}

/// `DELETE /albums/:uid`: manual albums can come back, others are gone.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::Delete)?;
    let uid = known(world, call)?;
    let album = world.album_mut(&uid).ok_or_else(Refusal::album_not_found)?;
    if album.kind == "album" {
        album.deleted_at = Some(whole_seconds(call.now));
        return whole(world, &uid);
    }
    let removed = world.remove_album(&uid).ok_or_else(Refusal::album_not_found)?;
    Ok(Reply::ok(&wire::album(&removed)))
}

/// `POST /albums/:uid/like`.
pub(super) fn like_album(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, true)
}

/// `DELETE /albums/:uid/like`.
pub(super) fn unlike_album(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, false)
}

fn set_favorite(world: &mut World, call: &Call, favorite: bool) -> Answer {
    admit(world, call, Action::Update)?;
    let uid = known(world, call)?;
    if let Some(album) = world.album_mut(&uid) {
        album.favorite = favorite;
        album.updated_at = call.now;
    }
    Ok(Reply::message(world.say(Message::ChangesSaved)))
}
