//! What a call is about: the lists of UIDs in its body.

use std::collections::BTreeSet;

use crate::photoprism::mint::{clean_uid, is_uid, prefix};
use crate::photoprism::reply::Refusal;
use crate::photoprism::request::Call;
use crate::photoprism::world::World;

/// The body of batch calls, zips and album changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) photos: Vec<String>,
    pub(crate) files: Vec<String>,
    pub(crate) albums: Vec<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) places: Vec<String>,
    pub(crate) subjects: Vec<String>,
    pub(crate) all: bool,
}

impl Selection {
    pub(crate) fn read(call: &Call) -> Result<Self, Refusal> {
        let body = call.object()?;
        let list = |key: &str| body.strings(key).map(Option::unwrap_or_default);
        Ok(Self {
            photos: list("photos")?,
            files: list("files")?,
            albums: list("albums")?,
            labels: list("labels")?,
            places: list("places")?,
            subjects: list("subjects")?,
            all: body.boolean("all")?.unwrap_or(false),
        })
    }

    /// Whether it names nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        [
            &self.photos,
            &self.files,
            &self.albums,
            &self.labels,
            &self.places,
            &self.subjects,
        ]
        .into_iter()
        .all(Vec::is_empty)
    }

    /// UIDs of the photos that it names in whatever way and that are there, in order of the UIDs.
    pub(crate) fn photo_uids(&self, world: &World) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let known = |uid: &String| world.photo(&clean_uid(uid));
        found.extend(self.photos.iter().filter_map(known).map(|photo| photo.uid.clone()));
        let owners = self.files.iter().filter_map(|uid| world.file(&clean_uid(uid)));
        found.extend(owners.map(|file| file.photo_uid.clone()));
        for album in &self.albums {
            let entries = world.entries.of_album(album).filter(|entry| !entry.hidden);
            let there = entries.filter(|entry| world.photo(&entry.photo_uid).is_some_and(|photo| !photo.is_archived()));
            found.extend(there.map(|entry| entry.photo_uid.clone()));
        }
        if self.labels.is_empty() && self.subjects.is_empty() && self.places.is_empty() {
            return found;
        }
        let named = world.labels.values().filter(|label| self.labels.contains(&label.uid));
        let labels: Vec<u64> = named.map(|label| label.id).collect();
        for photo in world.photos.values().filter(|photo| !photo.is_archived()) {
            let labelled = photo
                .labels
                .iter()
                .any(|own| own.uncertainty < 100 && labels.contains(&own.label_id));
            let markers = || world.files_of(photo).flat_map(|file| &file.markers);
            let shown = || markers().any(|marker| !marker.invalid && self.subjects.contains(&marker.subj_uid));
            if labelled || self.places.contains(&photo.place_id) || (!self.subjects.is_empty() && shown()) {
                found.insert(photo.uid.clone());
            }
        }
        found
    }
}

/// Whether a text has the form of a photo's UID.
pub(crate) fn is_photo_uid(text: &str) -> bool {
    is_uid(text, prefix::PHOTO)
}
