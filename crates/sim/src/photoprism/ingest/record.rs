//! The index's records of files: made of what a file tells, and put over older ones.

use crate::photoprism::model::{File, FileId, PhotoId, Stored, src};
use crate::photoprism::world::World;

use super::apply::Dated;
use super::index::{Context, Member};
use super::kinds::{self, Kind, Media};

/// The index's record of a file.
pub(super) fn file_of(context: Context<'_>, member: &Member, kind: Kind, dated: &Dated) -> File {
    let Stored { sha1, modified, .. } = &member.probe.stored;
    let found = &member.probe.metadata;
    let mut file = File::new(&member.path, sha1, member.probe.stored.size(), context.now);
    let (width, height) = found.shown_size();
    file.original_name.clone_from(&member.original_name);
    file.codec.clone_from(&found.codec);
    kind.code.clone_into(&mut file.file_type);
    kind.media.as_str().clone_into(&mut file.media_type);
    kinds::told_as(member.probe.content_type).clone_into(&mut file.mime);
    file.sidecar = kind.media == Media::Sidecar;
    if found.embedded_video && kind.media == Media::Image {
        "live".clone_into(&mut file.media_type);
    } else if found.frames > 1 && kind.media == Media::Image {
        "animated".clone_into(&mut file.media_type);
    }
    file.video = kind.media == Media::Video || file.media_type == "live";
    file.portrait = height > width;
    file.hdr = found.hdr;
    file.instance_id.clone_from(&found.instance_id);
    file.duration_ns = i64::try_from(found.duration_ns).unwrap_or(0);
    file.fps = found.frames_per_second;
    // Seen: of QuickTime files the number of frames is not told.
    file.frames = match member.probe.content_type {
        "video/quicktime" => 0,
        _ => i64::try_from(found.frames).unwrap_or(0),
    };
    if width > 0 {
        (file.width, file.height) = (i64::from(width), i64::from(height));
        file.orientation = i64::from(found.orientation.max(1));
        src::META.clone_into(&mut file.orientation_src);
        file.aspect_ratio = (f64::from(width) / f64::from(height.max(1)) * 100.0).round() / 100.0;
    }
    file.projection.clone_from(&found.projection);
    file.color_profile.clone_from(&found.color_profile);
    file.software.clone_from(&found.software);
    (file.diff, file.chroma) = (-1, -1);
    file.mod_time = modified.as_second();
    if dated.source != src::AUTO {
        file.media_utc = dated.taken_at.as_millisecond();
    }
    // Shown as the time that indexing took; the true one would differ from run to run.
    file.created_in = 10_000_000 + i64::from(member.probe.crc % 9_000_000);
    file
}

/// Puts a file into the index, or over its own record.
pub(super) fn put_file(world: &mut World, photo: PhotoId, mut file: File) -> FileId {
    file.in_media_index = false;
    let hash = file.hash.clone();
    let known = world
        .files_by_hash(&hash)
        .find(|known| known.name == file.name && known.root == file.root);
    let Some(known) = known.map(|known| known.id) else {
        world.events.publish("count.files", serde_json::json!({ "count": 1 }));
        return world.add_file(photo, file);
    };
    if let Some(record) = world.files.get_mut(&known) {
        file.id = record.id;
        file.uid = std::mem::take(&mut record.uid);
        file.photo_id = record.photo_id;
        file.photo_uid = std::mem::take(&mut record.photo_uid);
        file.primary |= record.primary;
        if file.original_name.is_empty() {
            file.original_name = std::mem::take(&mut record.original_name);
        }
        file.created_at = record.created_at;
        file.updated_in = file.created_in;
        file.created_in = record.created_in;
        *record = file;
    }
    known
}
