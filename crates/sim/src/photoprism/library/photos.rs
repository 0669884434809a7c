//! Single photos: reading, liking, approving, choosing the preview, taking stacks apart.

use serde_json::json;

use super::super::access::{Action, Resource};
use super::super::mint::clean_uid;
use super::super::model::{File, Photo, Root};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::request::Call;
use super::super::routes::Incoming;
use super::super::time::whole_seconds;
use super::super::wire;
use super::super::words::Message;
use super::super::world::World;
use super::{quality, unstack, yaml};

/// The UID of the path, if there is such a photo.
pub(super) fn known(world: &World, call: &Call) -> Result<String, Refusal> {
    let uid = call.uid("uid");
    let photo = world.photo(&uid);
    photo.map(|photo| photo.uid.clone()).ok_or_else(Refusal::not_found)
}

/// A photo to be changed that is known to be there.
pub(super) fn changed<'w>(world: &'w mut World, uid: &str) -> Result<&'w mut Photo, Refusal> {
    world.photo_mut(uid).ok_or_else(Refusal::not_found)
}

/// The whole photo as the answer of a change.
pub(super) fn whole(world: &World, uid: &str, call: &Call) -> Answer {
    let photo = world.photo(uid).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(&wire::photo(world, photo, call.switches.generation)))
}

/// `GET /photos/:uid`.
pub(super) fn get(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::View])?;
    let uid = known(world, call)?;
    let photo = world.photo(&uid).ok_or_else(Refusal::not_found)?;
    Ok(Reply::indented(&wire::photo(world, photo, call.switches.generation)))
}

/// `GET /photos/:uid/yaml`: the backup form.
pub(super) fn backup(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::View])?;
    let uid = known(world, call).map_err(|_| Refusal::empty(404))?;
    let photo = world.photo(&uid).ok_or_else(|| Refusal::empty(404))?;
    let reply = Reply::text(
        200,
        "text/x-yaml; charset=utf-8",
        yaml::backup(photo, call.switches.generation),
    );
    Ok(match call.query.has("download") {
        true => reply.header("content-disposition", format!("attachment; filename=\"{uid}.yml\"")),
        false => reply,
    })
}

/// `POST /photos/:uid/like`.
pub(super) fn like(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, true)
}

/// `DELETE /photos/:uid/like`.
pub(super) fn unlike(world: &mut World, call: &Call) -> Answer {
    set_favorite(world, call, false)
}

fn set_favorite(world: &mut World, call: &Call, favorite: bool) -> Answer {
    let grant = world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    // Clients without a user get 200, and nothing changes.
    if grant.has_user() {
        let photo = changed(world, &uid)?;
        photo.favorite = favorite;
        photo.quality = quality::score(photo);
    }
    bare(world, &uid, call)
}

/// The photo alone, without files and albums.
fn bare(world: &World, uid: &str, call: &Call) -> Answer {
    let photo = world.photo(uid).ok_or_else(Refusal::not_found)?;
    Ok(Reply::ok(
        &json!({ "photo": wire::bare_photo(world, photo, call.switches.generation) }),
    ))
}

/// `POST /photos/:uid/approve`.
pub(super) fn approve(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    approve_photo(world, &uid, call);
    bare(world, &uid, call)
}

/// Takes a photo out of review, and out of the archive if it was in review.
pub(super) fn approve_photo(world: &mut World, uid: &str, call: &Call) {
    let Some(photo) = world.photo_mut(uid).filter(|photo| photo.quality < quality::APPROVED) else {
        return;
    };
    photo.deleted_at = None;
    photo.edited_at = Some(whole_seconds(call.now));
    photo.updated_at = call.now;
    // Unlike a change of its metadata this shows a hidden photo, too.
    photo.quality = quality::score(photo);
}

/// `POST /photos/:uid/files/:fuid/primary`: nothing is checked, so an unknown file leaves the photo without any.
pub(super) fn set_primary(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    let wanted = clean_uid(call.param("fuid"));
    let files = world.photo(&uid).map(|photo| photo.files.clone()).unwrap_or_default();
    for id in files {
        if let Some(file) = world.files.get_mut(&id) {
            file.primary = file.uid == wanted;
        }
    }
    whole(world, &uid, call)
}

/// `POST /photos/:uid/files/:fuid/unstack`.
pub(super) async fn unstack(incoming: Incoming) -> Answer {
    let Incoming { server, call, .. } = incoming;
    let (grant, uid, file, stored) = {
        let mut world = server.world();
        let grant = world.authorize(&call, Resource::Photos, &[Action::Update])?;
        let uid = known(&world, &call)?;
        let file = file_of(&world, &call, &uid)?;
        if file.primary || file.sidecar || file.root != Root::Originals {
            return Err(Refusal::bad_request());
        }
        let stored = world
            .disk
            .get(file.root, &file.name)
            .cloned()
            .ok_or_else(Refusal::bad_request)?;
        (grant, uid, file, stored)
    };
    let checksum = unstack::checksum(&stored).await.map_err(|_| Refusal::empty(500))?;
    let mut world = server.world();
    unstack::take_out(&mut world, &uid, &file, checksum, &grant.user_uid, call.now).ok_or_else(Refusal::bad_request)?;
    whole(&world, &uid, &call)
}

/// The file of the path, if it is one of the photo's.
fn file_of(world: &World, call: &Call, photo_uid: &str) -> Result<File, Refusal> {
    let file = world
        .file(&clean_uid(call.param("fuid")))
        .filter(|file| file.photo_uid == photo_uid);
    file.cloned().ok_or_else(Refusal::not_found)
}

/// `PUT /photos/:uid/files/:fuid/orientation`.
pub(super) fn orient(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Files, &[Action::Update])?;
    let uid = known(world, call)?;
    let wanted = call.object()?.int("Orientation")?.unwrap_or(0);
    let file = file_of(world, call, &uid)?;
    if !(1..=8).contains(&wanted) {
        return Err(Refusal::bad_request());
    }
    if let Some(file) = world.files.get_mut(&file.id) {
        let turned = |orientation: i64| orientation > 4;
        if turned(file.orientation) != turned(wanted) {
            std::mem::swap(&mut file.width, &mut file.height);
            file.portrait = file.height > file.width;
        }
        file.orientation = wanted;
        file.orientation_src = "manual".to_owned();
        file.updated_at = call.now;
    }
    whole(world, &uid, call)
}

/// `DELETE /photos/:uid/files/:fuid`: with its bytes.
pub(super) fn delete_file(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Files, &[Action::Delete])?;
    if call.switches.read_only {
        return Err(Refusal::new(403, Message::ReadOnly));
    }
    if !world.settings.feature("delete") {
        return Err(Refusal::feature_disabled());
    }
    let uid = known(world, call)?;
    let file = file_of(world, call, &uid)?;
    if file.primary {
        return Err(Refusal::new(500, Message::DeleteFailed));
    }
    world.disk.remove(file.root, &file.name);
    world.remove_file(file.id);
    whole(world, &uid, call)
}
