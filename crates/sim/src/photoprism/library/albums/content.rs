//! Photos in albums: putting in, taking out, copying from other albums.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::access::Action;
use super::super::super::mint::clean_uid;
use super::super::super::model::Entry;
use super::super::super::reply::{Answer, Refusal, Reply};
use super::super::super::request::Call;
use super::super::super::time::zero;
use super::super::super::wire;
use super::super::super::words::Message;
use super::super::super::world::World;
use super::super::photos::approve_photo;
use super::super::search::{Form, find};
use super::super::selection::{Selection, is_photo_uid};
use super::{admit, known};

/// Photos that a clone copies from one album at most.
const CLONED: &str = "100000";

/// `POST /albums/:uid/photos`.
pub(in super::super) fn add(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::Update)?;
    let selection = Selection::read(call)?;
    let uid = known(world, call)?;
    if selection.is_empty() {
        return Err(Refusal::new(400, Message::NoItemsSelected));
    }
    let photos: Vec<String> = selection.photo_uids(world).into_iter().collect();
    let added: Vec<Value> = photos.iter().map(|photo| put(world, &uid, photo, call.now)).collect();
    if world.settings.feature("review") {
        for photo in &photos {
            approve_photo(world, photo, call);
        }
    }
    answer(
        world,
        &uid,
        Message::ChangesSaved,
        &[("photos", json!(photos)), ("added", list(added))],
    )
}

/// Puts a photo into an album, or shows it again; gives the entry as the server tells it. An entry that was there already
/// is told with a zero time, because it is not read before it is written.
pub(crate) fn put(world: &mut World, album_uid: &str, photo_uid: &str, now: Timestamp) -> Value {
    let known = world.entries.get(album_uid, photo_uid).map(|entry| entry.created_at);
    let entry = Entry {
        photo_uid: photo_uid.to_owned(),
        album_uid: album_uid.to_owned(),
        hidden: false,
        missing: false,
        created_at: known.unwrap_or(now),
        updated_at: now,
    };
    let told = wire::entry(&Entry {
        created_at: known.map_or(now, |_| zero()),
        ..entry.clone()
    });
    world.entries.put(entry);
    told
}

/// `DELETE /albums/:uid/photos`: also of photos that were never in it.
pub(in super::super) fn remove(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::Update)?;
    let photos = Selection::read(call)?.photos;
    let uid = known(world, call)?;
    if photos.is_empty() {
        return Err(Refusal::new(400, Message::NoItemsSelected));
    }
    let well_formed: Vec<String> = photos
        .iter()
        .map(|photo| clean_uid(photo))
        .filter(|photo| is_photo_uid(photo))
        .collect();
    let removed = well_formed
        .iter()
        .map(|photo| hide(world, &uid, photo, call.now))
        .collect();
    answer(
        world,
        &uid,
        Message::ChangesSaved,
        &[("photos", json!(photos)), ("removed", list(removed))],
    )
}

fn hide(world: &mut World, album_uid: &str, photo_uid: &str, now: Timestamp) -> Value {
    put(world, album_uid, photo_uid, now);
    let known = world
        .entries
        .get(album_uid, photo_uid)
        .is_some_and(|entry| entry.created_at != now);
    let Some(entry) = world.entries.get_mut(album_uid, photo_uid) else {
        return Value::Null;
    };
    entry.hidden = true;
    let mut told = wire::entry(entry);
    if known {
        told["CreatedAt"] = wire::time_or_zero(None);
    }
    told
}

/// `POST /albums/:uid/clone`: copies the photos of other albums into this one.
pub(in super::super) fn clone(world: &mut World, call: &Call) -> Answer {
    admit(world, call, Action::Create)?;
    let sources = Selection::read(call)?.albums;
    let uid = known(world, call)?;
    let mut added = Vec::new();
    for source in sources {
        let source = clean_uid(&source);
        let form = Form::read([("count", CLONED), ("s", source.as_str())])?;
        // Albums that are not there are passed over. A photo with two files is put in twice.
        let Ok(rows) = find(world, form) else { continue };
        let photos: Vec<String> = rows.iter().map(|row| row.photo.uid.clone()).collect();
        added.extend(photos.iter().map(|photo| put(world, &uid, photo, call.now)));
    }
    answer(world, &uid, Message::AlbumCloned, &[("added", list(added))])
}

/// A list that is null when it is empty.
fn list(entries: Vec<Value>) -> Value {
    match entries.is_empty() {
        true => Value::Null,
        false => Value::Array(entries),
    }
}

fn answer(world: &World, uid: &str, message: Message, members: &[(&str, Value)]) -> Answer {
    let album = world.album(uid).ok_or_else(Refusal::album_not_found)?;
    let mut body = json!({ "code": 200, "message": world.say(message), "album": wire::album(album) });
    for (key, value) in members {
        body[*key] = value.clone();
    }
    Ok(Reply::ok(&body))
}
