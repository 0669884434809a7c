//! What ingest remembers besides the library: who holds the worker lock, what changed over WebDAV, and short cuts to photos.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::photoprism::model::{Photo, PhotoId};
use crate::photoprism::world::World;

/// Which run holds the lock that index and import share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Import,
    Index,
}

/// State of ingest.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The run that holds the lock.
    pub(crate) running: Option<Run>,
    /// The run has been told to stop.
    pub(crate) cancelled: bool,
    /// Last write to originals over WebDAV that no index run has seen.
    pub(crate) originals_touched: Option<Timestamp>,
    /// Last write to the import folder over WebDAV that no import has seen.
    pub(crate) import_touched: Option<Timestamp>,
    /// Last time the background worker looked at the photos.
    pub(crate) last_wakeup: Option<Timestamp>,
    /// Locked paths of WebDAV with their tokens and ends.
    pub(crate) locks: BTreeMap<String, (String, Timestamp)>,
    /// Whether photos changed since the background worker last looked for twins.
    pub(crate) twins_possible: bool,
    /// Folders that have their album.
    pub(crate) folder_albums: std::collections::HashSet<String>,
    by_name: HashMap<(String, String), Vec<PhotoId>>,
    by_document: HashMap<String, Vec<PhotoId>>,
    by_moment: HashMap<i64, Vec<PhotoId>>,
}

impl State {
    /// Notes under what a photo can be found; to be called whenever one of these values may have changed.
    pub(crate) fn note(&mut self, photo: &Photo) {
        remember(
            self.by_name
                .entry((photo.path.clone(), photo.name.clone()))
                .or_default(),
            photo.id,
        );
        if !photo.document_id.is_empty() {
            remember(self.by_document.entry(photo.document_id.clone()).or_default(), photo.id);
            self.twins_possible = true;
        }
        if (photo.lat, photo.lng) != (0.0, 0.0) {
            remember(self.by_moment.entry(photo.taken_at.as_second()).or_default(), photo.id);
            self.twins_possible = true;
        }
    }

    /// Document ids that more than one photo was seen with.
    pub(crate) fn shared_documents(&self) -> Vec<String> {
        let shared = self.by_document.iter().filter(|(_, photos)| photos.len() > 1);
        let mut shared: Vec<String> = shared.map(|(id, _)| id.clone()).collect();
        shared.sort_unstable();
        shared
    }

    /// Photos of seconds in which more than one was taken at some place.
    pub(crate) fn shared_moments(&self) -> Vec<PhotoId> {
        let shared = self.by_moment.values().filter(|photos| photos.len() > 1);
        let mut shared: Vec<PhotoId> = shared.flatten().copied().collect();
        shared.sort_unstable();
        shared
    }
}

fn remember(known: &mut Vec<PhotoId>, id: PhotoId) {
    if !known.contains(&id) {
        known.push(id);
    }
}

/// Photos that a short cut leads to and that still are what it says, in order of their ids.
fn still<'a>(world: &'a World, ids: Option<&'a Vec<PhotoId>>, is: impl Fn(&Photo) -> bool + 'a) -> Vec<PhotoId> {
    let photos = ids.into_iter().flatten().filter_map(|id| world.photos.get(id));
    let mut found: Vec<PhotoId> = photos.filter(|photo| is(photo)).map(|photo| photo.id).collect();
    found.sort_unstable();
    found
}

/// The photo of this folder and base name.
pub(crate) fn photo_named(world: &World, path: &str, name: &str) -> Option<PhotoId> {
    let ids = world.ingest.by_name.get(&(path.to_owned(), name.to_owned()));
    still(world, ids, |photo| {
        photo.path == path && photo.name == name && !photo.files.is_empty()
    })
    .into_iter()
    .next()
}

/// Photos with this document id that may be stacked.
pub(crate) fn photos_of_document(world: &World, document_id: &str) -> Vec<PhotoId> {
    if document_id.is_empty() {
        return Vec::new();
    }
    still(world, world.ingest.by_document.get(document_id), |photo| {
        photo.document_id == document_id && photo.stack >= 0 && !photo.files.is_empty()
    })
}

/// Photos taken in this second at this very place that may be stacked.
pub(crate) fn photos_of_moment(world: &World, taken_at: Timestamp, lat: f64, lng: f64) -> Vec<PhotoId> {
    if (lat, lng) == (0.0, 0.0) {
        return Vec::new();
    }
    still(world, world.ingest.by_moment.get(&taken_at.as_second()), |photo| {
        photo.taken_at.as_second() == taken_at.as_second()
            && (photo.lat, photo.lng) == (lat, lng)
            && photo.stack >= 0
            && !photo.files.is_empty()
    })
}
