//! The whole state of a server, behind one lock.

mod callers;

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::events::Events;
use super::limiter::Limiter;
use super::mint::{Mint, prefix};
use super::model::{
    Album, AlbumId, ApiClient, Camera, Cell, Disk, Entries, File, FileId, Label, LabelId, Lens, Link, LogLine, Photo,
    PhotoId, Place, Session, Stored, Subject, User,
};
use super::settings::Settings;
use super::switches::PhotoPrismSwitches;
use super::words::Message;

/// Log lines that are kept; the oldest are dropped first.
const LOG_LINES: usize = 5000;

/// Everything that the server holds.
#[derive(Debug)]
pub(crate) struct World {
    /// Time of the present call.
    pub(crate) now: Timestamp,
    pub(crate) mint: Mint,
    pub(crate) settings: Settings,
    pub(crate) photos: BTreeMap<PhotoId, Photo>,
    photo_ids: HashMap<String, PhotoId>,
    last_photo: PhotoId,
    pub(crate) files: BTreeMap<FileId, File>,
    file_ids: HashMap<String, FileId>,
    by_hash: HashMap<String, Vec<FileId>>,
    last_file: FileId,
    pub(crate) albums: BTreeMap<AlbumId, Album>,
    album_ids: HashMap<String, AlbumId>,
    last_album: AlbumId,
    pub(crate) entries: Entries,
    pub(crate) links: Vec<Link>,
    pub(crate) labels: BTreeMap<LabelId, Label>,
    pub(crate) subjects: Vec<Subject>,
    pub(crate) cameras: Vec<Camera>,
    pub(crate) lenses: Vec<Lens>,
    pub(crate) places: BTreeMap<String, Place>,
    pub(crate) cells: BTreeMap<String, Cell>,
    pub(crate) disk: Disk,
    /// Files of uploads that are not processed yet: staging folder (RefID and token) → base name → file.
    pub(crate) staging: BTreeMap<String, BTreeMap<String, Stored>>,
    pub(crate) users: Vec<User>,
    pub(crate) clients: Vec<ApiClient>,
    /// By session id.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) last_session: u64,
    /// Download and preview tokens of sessions that were used since the start; a restart forgets them.
    known_download: HashSet<String>,
    known_preview: HashSet<String>,
    pub(crate) login_limiter: Limiter,
    pub(crate) auth_limiter: Limiter,
    log: Vec<LogLine>,
    last_log: u64,
    pub(crate) events: Events,
    /// What ingest remembers.
    pub(crate) ingest: super::ingest::State,
    /// Archives that wait to be fetched.
    pub(crate) zips: super::library::zips::Zips,
}

impl World {
    /// An empty library and no users.
    pub(crate) fn new(seed: u64, now: Timestamp, switches: &PhotoPrismSwitches) -> Self {
        let unknown = || "Unknown".to_owned();
        let place = Place {
            id: "zz".to_owned(),
            label: unknown(),
            district: unknown(),
            city: unknown(),
            state: unknown(),
            country: "zz".to_owned(),
            created_at: now,
            updated_at: now,
        };
        let cell = Cell {
            id: "zz".to_owned(),
            name: String::new(),
            street: String::new(),
            postcode: String::new(),
            place_id: "zz".to_owned(),
            created_at: now,
            updated_at: now,
        };
        Self {
            now,
            mint: Mint::new(seed),
            settings: Settings::new(switches),
            photos: BTreeMap::new(),
            photo_ids: HashMap::new(),
            last_photo: 0,
            files: BTreeMap::new(),
            file_ids: HashMap::new(),
            by_hash: HashMap::new(),
            last_file: 0,
            albums: BTreeMap::new(),
            album_ids: HashMap::new(),
            last_album: 0,
            entries: Entries::default(),
            links: Vec::new(),
            labels: BTreeMap::new(),
            subjects: Vec::new(),
            cameras: vec![Camera {
                id: 1,
                slug: "zz".to_owned(),
                name: unknown(),
                make: String::new(),
                model: unknown(),
                kind: String::new(),
            }],
            lenses: vec![Lens {
                id: 1,
                slug: "zz".to_owned(),
                name: unknown(),
                make: String::new(),
                model: unknown(),
            }],
            places: BTreeMap::from([("zz".to_owned(), place)]),
            cells: BTreeMap::from([("zz".to_owned(), cell)]),
            disk: Disk::default(),
            staging: BTreeMap::new(),
            users: Vec::new(),
            clients: Vec::new(),
            sessions: HashMap::new(),
            last_session: 0,
            known_download: HashSet::new(),
            known_preview: HashSet::new(),
            login_limiter: Limiter::new(SignedDuration::from_secs(60), now),
            auth_limiter: Limiter::new(SignedDuration::from_secs(10), now),
            log: Vec::new(),
            last_log: 0,
            events: Events::default(),
            ingest: super::ingest::State::default(),
            zips: super::library::zips::Zips::new(),
        }
    }

    // Texts and the log.

    /// A text in the server's language.
    pub(crate) fn say(&self, message: Message) -> &'static str {
        message.text(self.settings.language())
    }

    /// Writes a warning or an error (`level` is `warning` or `error`) to the log that `GET /errors` shows, and tells the
    /// websockets.
    pub(crate) fn log(&mut self, now: Timestamp, level: &'static str, message: impl Into<String>) {
        let message = message.into();
        let topic = if level == "error" { "log.error" } else { "log.warning" };
        let data = serde_json::json!({ "time": super::time::write(now), "level": level, "message": message });
        self.events.publish(topic, data);
        self.last_log += 1;
        self.log.push(LogLine {
            id: self.last_log,
            time: now,
            level,
            message,
        });
        if self.log.len() > LOG_LINES {
            self.log.remove(0);
        }
    }

    /// Tells the websockets a line of the log that `GET /errors` does not show.
    pub(crate) fn inform(&self, now: Timestamp, message: impl Into<String>) {
        let data = serde_json::json!({ "time": super::time::write(now), "level": "info", "message": message.into() });
        self.events.publish("log.info", data);
    }

    /// The log, oldest first.
    pub(crate) fn log_lines(&self) -> &[LogLine] {
        &self.log
    }

    /// Empties the log.
    pub(crate) fn clear_log(&mut self) {
        self.log.clear();
    }

    // Photos and files.

    /// Adds a photo, gives it ids (a UID that it has already is kept) and returns the numeric one.
    pub(crate) fn add_photo(&mut self, mut photo: Photo) -> PhotoId {
        self.last_photo += 1;
        photo.id = self.last_photo;
        if photo.uid.is_empty() {
            photo.uid = self.mint.uid(prefix::PHOTO, photo.created_at);
        }
        self.photo_ids.insert(photo.uid.clone(), photo.id);
        self.photos.insert(photo.id, photo);
        self.last_photo
    }

    /// The photo of a UID: archived ones, hidden ones and ghosts of merges too.
    pub(crate) fn photo(&self, uid: &str) -> Option<&Photo> {
        self.photos.get(self.photo_ids.get(uid)?)
    }

    /// The same, to be changed.
    pub(crate) fn photo_mut(&mut self, uid: &str) -> Option<&mut Photo> {
        self.photos.get_mut(self.photo_ids.get(uid)?)
    }

    /// Takes a photo out of the index with its files and album entries; the bytes on the disk stay.
    pub(crate) fn remove_photo(&mut self, uid: &str) -> Option<Photo> {
        let id = self.photo_ids.remove(uid)?;
        let photo = self.photos.remove(&id)?;
        for file in &photo.files {
            self.forget_file(*file);
        }
        self.entries.forget_photo(uid);
        Some(photo)
    }

    /// Adds a file to a photo, gives it ids and returns the numeric one.
    pub(crate) fn add_file(&mut self, photo: PhotoId, mut file: File) -> FileId {
        self.last_file += 1;
        file.id = self.last_file;
        if file.uid.is_empty() {
            file.uid = self.mint.uid(prefix::FILE, file.created_at);
        }
        if let Some(owner) = self.photos.get_mut(&photo) {
            owner.files.push(file.id);
            file.photo_id = photo;
            file.photo_uid.clone_from(&owner.uid);
        }
        self.file_ids.insert(file.uid.clone(), file.id);
        self.by_hash.entry(file.hash.clone()).or_default().push(file.id);
        self.files.insert(file.id, file);
        self.last_file
    }

    /// The file of a UID.
    pub(crate) fn file(&self, uid: &str) -> Option<&File> {
        self.files.get(self.file_ids.get(uid)?)
    }

    /// The first file in the index with this SHA-1 (lower case); missing ones and those of archived photos too.
    pub(crate) fn file_by_hash(&self, hash: &str) -> Option<&File> {
        self.files_by_hash(hash).next()
    }

    /// All files in the index with this SHA-1, in order of their ids.
    pub(crate) fn files_by_hash(&self, hash: &str) -> impl Iterator<Item = &File> {
        self.by_hash
            .get(hash)
            .into_iter()
            .flatten()
            .filter_map(|id| self.files.get(id))
    }

    /// Files of a photo in order of their creation.
    pub(crate) fn files_of(&self, photo: &Photo) -> impl Iterator<Item = &File> {
        photo.files.iter().filter_map(|id| self.files.get(id))
    }

    /// Moves a file to another photo.
    pub(crate) fn move_file(&mut self, file: FileId, to: PhotoId) {
        let Some(moved) = self.files.get_mut(&file) else { return };
        let Some(uid) = self.photos.get(&to).map(|photo| photo.uid.clone()) else {
            return;
        };
        let from = std::mem::replace(&mut moved.photo_id, to);
        moved.photo_uid = uid;
        if let Some(photo) = self.photos.get_mut(&from) {
            photo.files.retain(|id| *id != file);
        }
        if let Some(photo) = self.photos.get_mut(&to) {
            photo.files.push(file);
            photo.files.sort_unstable();
        }
    }

    /// Takes a file out of the index; its bytes stay on the disk.
    pub(crate) fn remove_file(&mut self, file: FileId) -> Option<File> {
        let removed = self.forget_file(file)?;
        if let Some(photo) = self.photos.get_mut(&removed.photo_id) {
            photo.files.retain(|id| *id != file);
        }
        Some(removed)
    }

    fn forget_file(&mut self, id: FileId) -> Option<File> {
        let file = self.files.remove(&id)?;
        self.file_ids.remove(&file.uid);
        if let Some(ids) = self.by_hash.get_mut(&file.hash) {
            ids.retain(|own| *own != id);
            if ids.is_empty() {
                self.by_hash.remove(&file.hash);
            }
        }
        Some(file)
    }

    // Albums and labels.

    /// Adds an album, gives it ids (a UID that it has already is kept) and returns the numeric one.
    pub(crate) fn add_album(&mut self, mut album: Album) -> AlbumId {
        self.last_album += 1;
        album.id = self.last_album;
        if album.uid.is_empty() {
            album.uid = self.mint.uid(prefix::ALBUM, album.created_at);
        }
        let counter = match album.kind.as_str() {
            "folder" => Some("count.folders"),
            "album" => Some("count.albums"),
            _ => None,
        };
        if let Some(counter) = counter {
            self.events
                .created(counter, "albums.created", || super::wire::album(&album));
        }
        self.album_ids.insert(album.uid.clone(), album.id);
        self.albums.insert(album.id, album);
        self.last_album
    }

    /// The number that the next album gets.
    pub(crate) fn next_album(&self) -> AlbumId {
        self.last_album + 1
    }

    /// The album of a UID, deleted ones too.
    pub(crate) fn album(&self, uid: &str) -> Option<&Album> {
        self.albums.get(self.album_ids.get(uid)?)
    }

    /// The same, to be changed.
    pub(crate) fn album_mut(&mut self, uid: &str) -> Option<&mut Album> {
        self.albums.get_mut(self.album_ids.get(uid)?)
    }

    /// Takes an album away for good, with its entries.
    pub(crate) fn remove_album(&mut self, uid: &str) -> Option<Album> {
        let id = self.album_ids.remove(uid)?;
        self.entries.forget_album(uid);
        self.albums.remove(&id)
    }

    /// Adds a label, gives it ids and returns the numeric one.
    pub(crate) fn add_label(&mut self, mut label: Label) -> LabelId {
        let id = self.labels.last_key_value().map_or(1, |(id, _)| id + 1);
        label.id = id;
        if label.uid.is_empty() {
            label.uid = self.mint.uid(prefix::LABEL, label.created_at);
        }
        self.labels.insert(id, label);
        id
    }

    /// The user of a UID.
    pub(crate) fn user(&self, uid: &str) -> Option<&User> {
        self.users.iter().find(|user| user.uid == uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (World, Timestamp) {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        (World::new(1, now, &PhotoPrismSwitches::default()), now)
    }

    #[test]
    fn files_follow_their_photo_and_are_found_by_hash() {
        let (mut world, now) = world();
        let first = world.add_photo(Photo::new(now));
        let second = world.add_photo(Photo::new(now));
        let file = world.add_file(first, File::new("2019/07/a.jpg", "hash", 3, now));
        world.add_file(second, File::new("2019/07/b.jpg", "hash", 3, now));
        assert_eq!(world.files_by_hash("hash").count(), 2);
        assert_eq!(world.file_by_hash("hash").unwrap().photo_id, first);

        world.move_file(file, second);
        let merged = &world.photos[&second];
        assert_eq!(
            world.files_of(merged).map(|file| file.base_name()).collect::<Vec<_>>(),
            ["a.jpg", "b.jpg"]
        );
        assert_eq!(world.file_by_hash("hash").unwrap().photo_uid, merged.uid);
        assert!(world.photos[&first].files.is_empty());

        let uid = world.photos[&second].uid.clone();
        world.remove_photo(&uid);
        assert!(world.file_by_hash("hash").is_none() && world.photo(&uid).is_none());
    }
}
