//! Calls about many photos, albums or labels at once.

use serde_json::json;

use super::super::access::{Action, Resource};
use super::super::mint::clean_uid;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::server::tell_config;
use super::super::time::whole_seconds;
use super::super::words::Message;
use super::super::world::World;
use super::photos::approve_photo;
use super::selection::Selection;

/// The photos that a call names; 400 if it names none.
fn named(call: &Call) -> Result<Vec<String>, Refusal> {
    let photos = Selection::read(call)?.photos;
    match photos.is_empty() {
        true => Err(Refusal::new(400, Message::NoItemsSelected)),
        false => Ok(photos.iter().map(|uid| clean_uid(uid)).collect()),
    }
}

fn done(world: &World, message: Message) -> Answer {
    Ok(Reply::message(world.say(message)))
}

fn tell(world: &World, topic: &'static str, uids: &[String]) {
    world.events.publish(topic, json!({ "entities": uids }));
}

/// `POST /batch/photos/archive`: the photos leave their albums and are not private any more. Unknown ones are passed over.
pub(super) fn archive(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Delete])?;
    if !world.settings.feature("archive") {
        return Err(Refusal::feature_disabled());
    }
    let uids = named(call)?;
    for uid in &uids {
        let Some(photo) = world.photo_mut(uid) else { continue };
        if photo.deleted_at.is_none() {
            photo.deleted_at = Some(whole_seconds(call.now));
        }
        // Seen on the real server: who was private is so no longer, also after a restore.
        if photo.private {
            photo.private = false;
            photo.updated_at = call.now;
        }
        let albums: Vec<String> = world.entries.albums_of(uid).map(str::to_owned).collect();
        for album in albums {
            if let Some(entry) = world.entries.get_mut(&album, uid) {
                entry.hidden = true;
                entry.updated_at = call.now;
            }
        }
    }
    tell_config(world, call);
    tell(world, "photos.archived", &uids);
    done(world, Message::SelectionArchived)
}

/// `POST /batch/photos/restore`: the photos do not come back into their albums.
pub(super) fn restore(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Delete])?;
    let uids = named(call)?;
    for uid in &uids {
        if let Some(photo) = world.photo_mut(uid).filter(|photo| photo.deleted_at.is_some()) {
            photo.deleted_at = None;
        }
    }
    tell_config(world, call);
    tell(world, "photos.restored", &uids);
    done(world, Message::SelectionRestored)
}

/// `POST /batch/photos/approve`.
pub(super) fn approve(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    for uid in named(call)? {
        approve_photo(world, &uid, call);
    }
    done(world, Message::SelectionApproved)
}

/// `POST /batch/photos/private`: turns the flag of each photo round.
pub(super) fn toggle_private(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    for uid in named(call)? {
        if let Some(photo) = world.photo_mut(&uid) {
            photo.private = !photo.private;
        }
    }
    done(world, Message::SelectionPrivate)
}

/// `POST /batch/photos/delete`: for good, with the bytes; of archived and other photos alike.
pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Delete])?;
    if call.switches.read_only || !world.settings.feature("delete") {
        return Err(Refusal::feature_disabled());
    }
    let selection = Selection::read(call)?;
    let uids: Vec<String> = match selection.all {
        true => world
            .photos
            .values()
            .filter(|photo| photo.is_archived() && photo.quality >= 0)
            .map(|photo| photo.uid.clone())
            .collect(),
        false => {
            let known = |uid: &String| world.photo(&clean_uid(uid));
            selection
                .photos
                .iter()
                .filter_map(known)
                .map(|photo| photo.uid.clone())
                .collect()
        }
    };
    if uids.is_empty() {
        return Err(Refusal::new(400, Message::NoItemsSelected));
    }
    for uid in &uids {
        erase(world, uid);
    }
    tell(world, "photos.deleted", &uids);
    done(world, Message::PermanentlyDeleted)
}

/// Takes a photo away with its files on the disk.
pub(crate) fn erase(world: &mut World, uid: &str) {
    let Some(photo) = world.photo(uid) else { return };
    let files: Vec<_> = world
        .files_of(photo)
        .map(|file| (file.root, file.name.clone()))
        .collect();
    for (root, name) in files {
        world.disk.remove(root, &name);
    }
    world.remove_photo(uid);
}

/// `POST /batch/albums/delete`: of any kind, none of them for good.
pub(super) fn delete_albums(world: &mut World, call: &Call) -> Answer {
    let grant = world.authorize(call, Resource::Albums, &[Action::Delete])?;
    if !grant.has_user() {
        return Err(Refusal::forbidden());
    }
    let uids = Selection::read(call)?.albums;
    if uids.is_empty() {
        return Err(Refusal::new(400, Message::NoAlbumsSelected));
    }
    let mut found = 0;
    for uid in uids {
        if let Some(album) = world
            .album_mut(&clean_uid(&uid))
            .filter(|album| album.deleted_at.is_none())
        {
            album.deleted_at = Some(whole_seconds(call.now));
            found += 1;
        }
    }
    if found == 0 {
        return Err(Refusal::not_found());
    }
    done(world, Message::AlbumsDeleted)
}

/// `POST /batch/labels/delete`: photos lose them.
pub(super) fn delete_labels(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Labels, &[Action::Delete])?;
    let uids = Selection::read(call)?.labels;
    if uids.is_empty() {
        return Err(Refusal::new(400, Message::NoLabelsSelected));
    }
    let mut gone = Vec::new();
    for label in world.labels.values_mut().filter(|label| uids.contains(&label.uid)) {
        label.deleted_at = Some(whole_seconds(call.now));
        gone.push(label.id);
    }
    for photo in world.photos.values_mut() {
        photo.labels.retain(|label| !gone.contains(&label.label_id));
    }
    done(world, Message::LabelsDeleted)
}
