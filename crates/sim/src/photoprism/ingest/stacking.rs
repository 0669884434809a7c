//! Which photo a new file joins, and which photos become one later (reference 3.6).

use jiff::Timestamp;

use crate::facts::metadata::Metadata;
use crate::photoprism::model::{Entry, PhotoId, src};
use crate::photoprism::world::World;

use super::apply::Dated;
use super::index::Context;
use super::state::{photos_of_document, photos_of_moment};

/// The photo that a file joins by its ids, or by its second and place.
pub(crate) fn photo_to_join(world: &World, _: Context<'_>, found: &Metadata, dated: &Dated) -> Option<PhotoId> {
    if world.settings.flag("stack", "uuid")
        && let Some(photo) = photos_of_document(world, &found.document_id).into_iter().next()
    {
        return Some(photo);
    }
    if world.settings.flag("stack", "meta")
        && dated.source == src::META
        && let Some((lat, lng)) = found.gps
    {
        let twins = photos_of_moment(world, dated.taken_at, lat, lng);
        return twins
            .into_iter()
            .filter_map(|id| world.photos.get(&id))
            .find(|photo| photo.taken_src == src::META && photo.camera_serial == found.serial)
            .map(|photo| photo.id);
    }
    None
}

/// Merges a photo with those that were found to be the same; gives the survivor if anything was merged.
pub(crate) fn merge_twins(world: &mut World, now: Timestamp, photo: PhotoId) -> Option<PhotoId> {
    let mut twins = twins_of(world, photo);
    if twins.len() < 2 {
        return None;
    }
    // The best one survives, then the oldest.
    twins.sort_by_key(|id| {
        (
            std::cmp::Reverse(world.photos.get(id).map_or(-1, |photo| photo.quality)),
            *id,
        )
    });
    let survivor = *twins.first()?;
    for twin in twins.into_iter().skip(1) {
        absorb(world, now, survivor, twin);
    }
    Some(survivor)
}

fn twins_of(world: &World, id: PhotoId) -> Vec<PhotoId> {
    let Some(photo) = world.photos.get(&id) else {
        return Vec::new();
    };
    if photo.stack < 0 || photo.files.is_empty() {
        return Vec::new();
    }
    let mut twins = vec![id];
    if world.settings.flag("stack", "uuid") {
        twins.extend(photos_of_document(world, &photo.document_id));
    }
    let placed = photo.cell_id != "zz" && src::priority(&photo.place_src) > src::priority(src::ESTIMATE);
    if world.settings.flag("stack", "meta") && placed && photo.taken_src == src::META {
        let same = photos_of_moment(world, photo.taken_at, photo.lat, photo.lng);
        twins.extend(
            same.into_iter()
                .filter_map(|id| world.photos.get(&id))
                .filter_map(|other| {
                    let fits = other.cell_id == photo.cell_id
                        && other.camera_id == photo.camera_id
                        && other.camera_serial == photo.camera_serial;
                    fits.then_some(other.id)
                }),
        );
    }
    twins.sort_unstable();
    twins.dedup();
    twins.retain(|id| world.photos.get(id).is_some_and(|photo| photo.deleted_at.is_none()));
    twins
}

/// Moves files, labels, keywords and albums to the survivor and leaves a ghost behind.
pub(crate) fn absorb(world: &mut World, now: Timestamp, survivor: PhotoId, ghost: PhotoId) {
    let Some(gone) = world.photos.get(&ghost).cloned() else {
        return;
    };
    let Some(uid) = world.photos.get(&survivor).map(|photo| photo.uid.clone()) else {
        return;
    };
    let has_primary = world
        .photos
        .get(&survivor)
        .is_some_and(|photo| world.files_of(photo).any(|file| file.primary));
    for file in &gone.files {
        if has_primary && let Some(file) = world.files.get_mut(file) {
            file.primary = false;
        }
        world.move_file(*file, survivor);
    }
    super::index::show_all(world, survivor);
    let albums: Vec<String> = world.entries.albums_of(&gone.uid).map(str::to_owned).collect();
    for album_uid in albums {
        let hidden = world
            .entries
            .get(&album_uid, &gone.uid)
            .is_some_and(|entry| entry.hidden);
        if world.entries.get(&album_uid, &uid).is_none() {
            world.entries.put(Entry {
                photo_uid: uid.clone(),
                album_uid,
                hidden,
                missing: false,
                created_at: now,
                updated_at: now,
            });
        }
    }
    world.entries.forget_photo(&gone.uid);
    if let Some(photo) = world.photos.get_mut(&survivor) {
        for label in gone.labels {
            if !photo.labels.iter().any(|known| known.label_id == label.label_id) {
                photo.labels.push(label);
            }
        }
        photo.updated_at = now;
    }
    if let Some(photo) = world.photos.get_mut(&ghost) {
        photo.quality = -1;
        photo.labels.clear();
        photo.deleted_at = Some(crate::photoprism::time::whole_seconds(now));
    }
}

/// What the background worker does: looks for twins among all photos that share an id or a place, and at photos that it has
/// not seen yet.
pub(crate) fn background(world: &mut World, now: Timestamp) {
    if std::mem::take(&mut world.ingest.twins_possible) {
        for document in world.ingest.shared_documents() {
            if let Some(photo) = photos_of_document(world, &document).into_iter().next() {
                merge_twins(world, now, photo);
            }
        }
        for photo in world.ingest.shared_moments() {
            merge_twins(world, now, photo);
        }
        // What was kept apart by the settings may be merged when they are changed.
        let all_on = ["uuid", "meta"]
            .into_iter()
            .all(|name| world.settings.flag("stack", name));
        world.ingest.twins_possible = !all_on;
    }
    let checked = crate::photoprism::time::whole_seconds(now);
    for photo in world.photos.values_mut() {
        if photo.checked_at.is_none() && photo.deleted_at.is_none() {
            photo.checked_at = Some(checked);
            photo.updated_at = now;
            if (photo.lat, photo.lng) == (0.0, 0.0) {
                photo.estimated_at = Some(checked);
            }
        }
    }
}
