//! Taking a file out of a stack.

use std::io;

use futures_util::TryStreamExt;
use jiff::Timestamp;

use crate::photoprism::ingest::preview;
use crate::photoprism::model::{File, FileId, Photo, PhotoId, Root, Stored, src};
use crate::photoprism::time::{WallTime, utc};
use crate::photoprism::world::World;

use super::quality;
use super::update::settle_title;

/// Photos of a stack that is taken apart are never stacked again.
const UNSTACKED: i64 = -1;

/// The checksum that goes into the new name of a file.
pub(super) async fn checksum(stored: &Stored) -> io::Result<u32> {
    let bytes = stored.blob.stream(0..stored.size());
    bytes
        .try_fold(0, async |crc, piece| Ok(crc32c::crc32c_append(crc, &piece)))
        .await
}

/// What the server says that looking at a file again took.
const INDEXING_NS: i64 = 9_000_000;

/// Makes a photo of its own out of a file; the file gets a new name. `None` if the file is not on the disk.
pub(super) fn take_out(
    world: &mut World,
    from: &str,
    file: &File,
    checksum: u32,
    user_uid: &str,
    now: Timestamp,
) -> Option<()> {
    let stored = world.disk.remove(Root::Originals, &file.name)?;
    let old = world.photo(from)?.clone();
    let (stem, extension) = file.name.rsplit_once('.').unwrap_or((&file.name, ""));
    let tag = format!("{checksum:08x}");
    let name = format!("{stem}.{tag}.{extension}");
    world.disk.put(Root::Originals, name.clone(), stored);

    let mut photo = Photo::new(now);
    photo.path.clone_from(&old.path);
    photo.name = format!("{}.{tag}", old.name);
    photo.original_name = file
        .original_name
        .rsplit_once('.')
        .map_or(&*file.original_name, |(stem, _)| stem)
        .to_owned();
    photo.created_by = user_uid.to_owned();
    photo.stack = UNSTACKED;
    photo.kind = kind(file);
    photo.duration_ns = file.duration_ns;
    // What the index knows of the file alone; the rest of the stack may have had another date.
    match Timestamp::from_millisecond(file.media_utc) {
        Ok(at) if file.media_utc != 0 && file.video => {
            photo.taken_at = at;
            photo.taken_at_local = WallTime::utc(at);
            photo.taken_src = src::META.to_owned();
            let day = utc(at).date();
            (photo.year, photo.month, photo.day) = (day.year().into(), day.month().into(), day.day().into());
        }
        _ => {
            photo.time_zone = "UTC".to_owned();
            photo.taken_at = crate::photoprism::time::whole_seconds(now);
            photo.taken_at_local = WallTime::utc(photo.taken_at);
        }
    }
    settle_title(&mut photo);
    photo.quality = quality::score(&photo);
    let id = world.add_photo(photo);
    world.move_file(file.id, id);
    if let Some(moved) = world.files.get_mut(&file.id) {
        moved.name.clone_from(&name);
        moved.primary = is_preview(file);
        moved.in_media_index = true;
        moved.updated_at = now;
        moved.updated_in = INDEXING_NS;
        if file.video && file.colors.is_empty() {
            let look = preview::look(&file.hash);
            look.name().clone_into(&mut moved.main_color);
            (moved.colors, moved.luminance) = (look.colors(), look.luminance());
        }
        if file.video && file.frames == 0 {
            moved.frames = (file.fps * file.duration_ns as f64 / 1e9).round() as i64;
        }
    }
    if !is_preview(file) {
        add_preview(world, id, file.id, now);
    }
    settle_old(world, from, now);
    Some(())
}

/// A preview for a file that cannot be its own.
fn add_preview(world: &mut World, photo: PhotoId, of: FileId, now: Timestamp) {
    let Some(of) = world.files.get(&of).cloned() else {
        return;
    };
    let made = preview::make(&of.hash, now);
    let look = preview::look(&of.hash);
    let mut file = File::new(format!("{}.jpg", of.name), made.sha1.clone(), made.size(), now);
    file.root = Root::Sidecar;
    file.primary = true;
    for (slot, text) in [
        (&mut file.file_type, "jpg"),
        (&mut file.media_type, "image"),
        (&mut file.mime, "image/jpeg"),
        (&mut file.orientation_src, src::META),
        (&mut file.main_color, look.name()),
    ] {
        text.clone_into(slot);
    }
    file.orientation = 1;
    (file.width, file.height, file.portrait, file.aspect_ratio) = (of.width, of.height, of.portrait, of.aspect_ratio);
    (file.colors, file.luminance) = (look.colors(), look.luminance());
    (file.diff, file.chroma) = (look.diff(), look.chroma());
    (file.media_utc, file.mod_time) = (of.media_utc, now.as_second());
    let name = file.name.clone();
    world.disk.put(Root::Sidecar, name, made);
    world.add_file(photo, file);
}

/// The rest of the stack: without its video it is no live photo any more.
fn settle_old(world: &mut World, uid: &str, now: Timestamp) {
    let Some(photo) = world.photo(uid) else { return };
    let has = |media: &str| world.files_of(photo).any(|file| file.media_type == media);
    let kind = match photo.kind.as_str() {
        "live" if !has("video") => "image",
        "raw" if !has("raw") => "image",
        other => other,
    };
    let kind = kind.to_owned();
    if let Some(photo) = world.photo_mut(uid) {
        photo.kind = kind;
        photo.stack = UNSTACKED;
        photo.updated_at = now;
    }
}

/// Whether a file can be its own preview.
fn is_preview(file: &File) -> bool {
    matches!(file.file_type.as_str(), "jpg" | "png" | "gif")
}

fn kind(file: &File) -> String {
    const SHORT_NS: i64 = 3_000_000_000;
    match file.media_type.as_str() {
        "video" if file.duration_ns > 0 && file.duration_ns <= SHORT_NS => "live",
        other => other,
    }
    .to_owned()
}
