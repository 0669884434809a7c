//! Albums, what is in them, and links to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

/// Numeric id of an album, from 1.
pub(crate) type AlbumId = u64;

/// An album of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Album {
    pub(crate) id: AlbumId,
    pub(crate) uid: String,
    pub(crate) parent_uid: String,
    pub(crate) slug: String,
    /// `album`, `folder`, `moment`, `month`, `state`.
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) location: String,
    pub(crate) category: String,
    pub(crate) caption: String,
    pub(crate) description: String,
    pub(crate) notes: String,
    /// A stored search; not empty makes it a smart album.
    pub(crate) filter: String,
    pub(crate) order: String,
    pub(crate) template: String,
    pub(crate) path: String,
    pub(crate) state: String,
    pub(crate) country: String,
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) favorite: bool,
    pub(crate) private: bool,
    pub(crate) thumb: String,
    pub(crate) thumb_src: String,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

impl Album {
    /// A manual album without properties. [`World::add_album`](super::super::world::World::add_album) gives the ids.
    pub(crate) fn new(title: impl Into<String>, slug: impl Into<String>, now: Timestamp) -> Self {
        let empty = String::new;
        let now = super::super::time::whole_seconds(now);
        Self {
            id: 0,
            uid: empty(),
            parent_uid: empty(),
            slug: slug.into(),
            kind: "album".to_owned(),
            title: title.into(),
            location: empty(),
            category: empty(),
            caption: empty(),
            description: empty(),
            notes: empty(),
            filter: empty(),
            order: "oldest".to_owned(),
            template: empty(),
            path: empty(),
            state: empty(),
            country: "zz".to_owned(),
            year: 0,
            month: 0,
            day: 0,
            favorite: false,
            private: false,
            thumb: empty(),
            thumb_src: empty(),
            created_by: empty(),
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// A photo in an album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) photo_uid: String,
    pub(crate) album_uid: String,
    /// Taken out, or the photo was archived.
    pub(crate) hidden: bool,
    pub(crate) missing: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// All entries; the album of an entry need not exist.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    by_album: HashMap<String, BTreeMap<String, Entry>>,
    by_photo: HashMap<String, BTreeSet<String>>,
}

impl Entries {
    /// Puts an entry in, or over the one there is.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.by_photo
            .entry(entry.photo_uid.clone())
            .or_default()
            .insert(entry.album_uid.clone());
        self.by_album
            .entry(entry.album_uid.clone())
            .or_default()
            .insert(entry.photo_uid.clone(), entry);
    }

    /// The entry of a photo in an album, hidden ones too.
    pub(crate) fn get(&self, album_uid: &str, photo_uid: &str) -> Option<&Entry> {
        self.by_album.get(album_uid)?.get(photo_uid)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, album_uid: &str, photo_uid: &str) -> Option<&mut Entry> {
        self.by_album.get_mut(album_uid)?.get_mut(photo_uid)
    }

    /// Entries of an album in order of the photos' UIDs, hidden ones too.
    pub(crate) fn of_album(&self, album_uid: &str) -> impl Iterator<Item = &Entry> {
        self.by_album.get(album_uid).into_iter().flat_map(BTreeMap::values)
    }

    /// UIDs of the albums with an entry of this photo, hidden ones too.
    pub(crate) fn albums_of(&self, photo_uid: &str) -> impl Iterator<Item = &str> {
        self.by_photo.get(photo_uid).into_iter().flatten().map(String::as_str)
    }

    /// Takes every entry of a photo away.
    pub(crate) fn forget_photo(&mut self, photo_uid: &str) {
        for album in self.by_photo.remove(photo_uid).unwrap_or_default() {
            if let Some(entries) = self.by_album.get_mut(&album) {
                entries.remove(photo_uid);
            }
        }
    }

    /// Takes every entry of an album away.
    pub(crate) fn forget_album(&mut self, album_uid: &str) {
        for photo in self.by_album.remove(album_uid).unwrap_or_default().into_keys() {
            if let Some(albums) = self.by_photo.get_mut(&photo) {
                albums.remove(album_uid);
            }
        }
    }
}

/// A link by which others may see an album.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) uid: String,
    /// UID of the album.
    pub(crate) share_uid: String,
    pub(crate) slug: String,
    pub(crate) token: String,
    /// Seconds after the last change; 0 is never.
    pub(crate) expires: i64,
    pub(crate) views: i64,
    pub(crate) max_views: i64,
    pub(crate) password: String,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_from_both_sides() {
        let mut entries = Entries::default();
        let entry = |album: &str, photo: &str| Entry {
            photo_uid: photo.to_owned(),
            album_uid: album.to_owned(),
            hidden: false,
            missing: false,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        for (album, photo) in [("a1", "p1"), ("a1", "p2"), ("a2", "p1"), ("a1", "p1")] {
            entries.put(entry(album, photo));
        }
        entries.get_mut("a1", "p1").unwrap().hidden = true;
        assert!(entries.get("a1", "p1").unwrap().hidden);
        assert_eq!(entries.albums_of("p1").collect::<Vec<_>>(), ["a1", "a2"]);
        entries.forget_photo("p1");
        assert_eq!(entries.of_album("a1").count() + entries.of_album("a2").count(), 1);
        entries.forget_album("a1");
        assert_eq!(entries.albums_of("p2").count(), 0);
    }
}
