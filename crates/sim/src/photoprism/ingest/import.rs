//! Moving or copying files into originals and indexing them: what an upload's PUT and an import do with each group.

use crate::facts::metadata::{Clock, Found};
use crate::photoprism::model::Root;
use crate::photoprism::time::WallTime;
use crate::photoprism::world::World;

use super::albums;
use super::apply;
use super::groups::{canonical_base, free_path};
use super::index::{Context, Member, related};
use super::kinds::{self, Media, kind_of, stem};
use super::probe::Probe;

/// A file that waits to be imported.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Name under which it came, relative to the folder that is imported.
    pub(crate) name: String,
    pub(crate) probe: Probe,
}

/// Imports the files of one picture, the main one first. Duplicates are not stored again, but go into the albums.
pub(crate) fn import_group(world: &mut World, context: Context<'_>, waiting: &[Waiting], albums: &[String]) {
    let Some(main) = waiting.first() else { return };
    let dated = dated(main, waiting);
    let base = canonical_base(dated, main.probe.crc);
    let mut members = Vec::new();
    let mut photos = Vec::new();
    for file in waiting {
        if is_media(&file.name, context) {
            match known_copy(world, &file.probe.stored.sha1) {
                Some(Copy::There(photo)) => {
                    photos.push(photo);
                    continue;
                }
                Some(Copy::Lost(photo, path)) => {
                    repair(world, context, &path, file);
                    photos.push(photo);
                    continue;
                }
                None => {}
            }
            warn_of_extension(world, context, file);
        }
        let path = free_path(&base, &file.name, |path| {
            world.disk.get(Root::Originals, path).is_some()
        });
        albums::note_folder(world, context, &path);
        world.disk.put(Root::Originals, &path, file.probe.stored.clone());
        members.push(Member {
            path,
            original_name: file.name.clone(),
            probe: file.probe.clone(),
        });
    }
    if !members.is_empty() {
        for id in related(world, context, &members) {
            if let Some(photo) = world.photos.get(&id) {
                photos.push(photo.uid.clone());
            }
        }
    }
    for album in albums {
        for photo in &photos {
            albums::add(world, context.now, album, photo);
        }
    }
}

fn is_media(name: &str, context: Context<'_>) -> bool {
    kind_of(name, context.documents()).is_some_and(|kind| kind.media != Media::Sidecar)
}

/// The moment in the main file's new name: metadata and Google's JSON, the name, the time of arrival.
fn dated(main: &Waiting, waiting: &[Waiting]) -> jiff::Timestamp {
    let mut found = main.probe.metadata.clone();
    for companion in waiting.iter().filter(|file| file.name.ends_with(".json")) {
        super::google_json::fill(&companion.probe.text, &main.name, &mut found);
    }
    if let (
        None,
        "image/heic",
        Some(Found {
            wall,
            clock: Clock::Offset(_),
        }),
    ) = (found.gps, main.probe.content_type, found.taken)
    {
        // Seen: without a position the name of a HEIF picture has the wall clock.
        return WallTime::new(wall).as_utc();
    }
    apply::date(&found, [stem(&main.name), ""], main.probe.stored.modified, "").taken_at
}

/// A file of the same bytes in the index.
enum Copy {
    /// UID of its photo.
    There(String),
    /// UID of its photo, and the path at which the disk has nothing.
    Lost(String, String),
}

fn known_copy(world: &World, sha1: &str) -> Option<Copy> {
    let file = world.files_by_hash(sha1).find(|file| file.root == Root::Originals)?;
    let photo = file.photo_uid.clone();
    Some(match world.disk.get(Root::Originals, &file.name) {
        Some(_) if !file.missing => Copy::There(photo),
        _ => Copy::Lost(photo, file.name.clone()),
    })
}

/// Puts bytes back to where the index expects them.
fn repair(world: &mut World, context: Context<'_>, path: &str, found: &Waiting) {
    let stored = &found.probe.stored;
    world.disk.put(Root::Originals, path, stored.clone());
    let known: Vec<_> = world
        .files_by_hash(&stored.sha1)
        .filter(|file| file.name == path)
        .map(|file| file.id)
        .collect();
    for id in known {
        if let Some(file) = world.files.get_mut(&id) {
            file.missing = false;
            file.deleted_at = None;
            // It is indexed again under the name with which it came this time.
            file.original_name.clone_from(&found.name);
            (file.updated_at, file.updated_in) = (context.now, 9_000_000);
        }
        let Some(photo) = world.files.get(&id).map(|file| file.photo_id) else {
            continue;
        };
        if let Some(photo) = world.photos.get_mut(&photo) {
            stem(&found.name).clone_into(&mut photo.original_name);
            crate::photoprism::library::settle_title(photo);
        }
    }
}

fn warn_of_extension(world: &mut World, context: Context<'_>, file: &Waiting) {
    let Some(kind) = kind_of(&file.name, context.documents()) else {
        return;
    };
    let content = file.probe.content_type;
    let fits = match kind.code {
        "jpg" => content == "image/jpeg",
        "png" => content == "image/png",
        "gif" => content == "image/gif",
        "tiff" => content == "image/tiff",
        "heic" => matches!(content, "image/heic" | "image/heif" | "image/avif"),
        _ => true,
    };
    if !fits {
        let told = kinds::told_as(content);
        let text = format!("import: {} has invalid extension for media type '{told}'", file.name);
        world.log(context.now, "warning", text);
    }
}
