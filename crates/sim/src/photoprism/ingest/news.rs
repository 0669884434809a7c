//! What the websockets are told of each file and photo (reference 4.3).

use std::collections::BTreeSet;

use serde_json::json;

use crate::photoprism::library::albums::album_row;
use crate::photoprism::model::{AlbumId, PhotoId};
use crate::photoprism::wire;
use crate::photoprism::world::World;

use super::index::{Context, Member};

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A file goes into the index.
pub(super) fn indexing(world: &World, context: Context<'_>, member: &Member) {
    let data = json!({
        "uid": context.user_uid, "action": context.step, "fileName": member.path, "baseName": base_name(&member.path),
        "fileRoot": "/", "fileSize": member.probe.stored.size(), "fileHash": "",
    });
    world.events.publish("index.indexing", data);
}

/// A file is converted to get a preview.
pub(super) fn converting(world: &World, member: &Member, code: &str) {
    let data = json!({
        "fileName": member.path, "baseName": base_name(&member.path), "fileType": code, "xmpName": ".",
    });
    world.events.publish("index.converting", data);
}

/// A photo was made.
pub(super) fn photo_created(world: &World, context: Context<'_>, id: PhotoId) {
    let Some(photo) = world.photos.get(&id) else { return };
    world.events.created("count.photos", "photos.created", || {
        let mut told = wire::bare_photo(world, photo, context.switches.generation);
        // It is told before it is judged, and before it gets title and labels.
        told["Quality"] = (-1).into();
        told["Title"] = "Unknown".into();
        told["Labels"] = serde_json::Value::Null;
        told
    });
    let name = world
        .files_of(photo)
        .find(|file| file.primary)
        .map_or(photo.name.as_str(), |file| file.name.as_str());
    world.inform(context.now, format!("{}: added main file {name}", context.action));
}

/// The albums that an upload made or was told.
pub(super) fn albums_updated(world: &World, first_new: AlbumId, told: &[String]) {
    if !world.events.heard() {
        return;
    }
    let rows: Vec<_> = world
        .albums
        .values()
        .filter(|album| album.id >= first_new || told.contains(&album.uid))
        .map(|album| album_row(world, album))
        .collect();
    if !rows.is_empty() {
        world.events.publish("albums.updated", json!({ "entities": rows }));
    }
}

/// An import has ended; it counts as an index run too.
pub(super) fn import_completed(world: &World, user: &str, path: &str, seconds: u64) {
    let path = format!("/photoprism/import/{path}");
    let data = json!({ "uid": user, "action": "import", "path": path, "seconds": seconds });
    for topic in ["import.completed", "index.completed"] {
        world.events.publish(topic, data.clone());
    }
}

/// An index run goes through these folders, and all above them.
pub(super) fn folders<'a>(world: &World, user: &str, folders: impl Iterator<Item = &'a String>) {
    if !world.events.heard() {
        return;
    }
    let mut all = BTreeSet::from([""]);
    for folder in folders {
        all.extend(folder.match_indices('/').map(|(at, _)| &folder[..at]));
        all.insert(folder);
    }
    for folder in all {
        world
            .events
            .publish("index.folder", json!({ "uid": user, "filePath": folder }));
    }
}

/// The last steps of an index run.
pub(super) fn steps(world: &World, user: &str) {
    for step in ["folders", "purge", "moments"] {
        world.events.publish(
            "index.updating",
            json!({ "uid": user, "action": "index", "step": step }),
        );
    }
}
