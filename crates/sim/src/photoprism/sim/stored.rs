//! What lies in the library, as tests look at it.

use super::super::time;
use super::PhotoPrismSim;

/// A photo as it lies in the library of the stand-in.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredPhoto {
    /// UID.
    pub uid: String,
    /// `image`, `raw`, `live`, `video`, `animated`, `vector`.
    pub kind: String,
    /// Title.
    pub title: String,
    /// `Caption`, or `Description` in generation 1.
    pub caption: String,
    /// `TakenAt` as the server writes it.
    pub taken_at: String,
    /// `TakenAtLocal` as the server writes it.
    pub taken_at_local: String,
    /// Time zone.
    pub time_zone: String,
    /// Latitude and longitude; both 0 if there is no place.
    pub position: (f64, f64),
    /// Keywords, with commas between them.
    pub keywords: String,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether it is private.
    pub private: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// −1 is hidden, below 3 in review.
    pub quality: i64,
    /// Titles of its albums in order of their creation.
    pub albums: Vec<String>,
    /// All its files in order of their creation, previews and side-cars too.
    pub files: Vec<StoredFile>,
}

/// A file of a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFile {
    /// UID.
    pub uid: String,
    /// Path below its root.
    pub name: String,
    /// `/`, `sidecar`.
    pub root: String,
    /// Name that it came with.
    pub original_name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1, 40 lower-case hexadecimal digits.
    pub sha1: String,
    /// Whether it is the one for thumbnails.
    pub primary: bool,
    /// `image`, `video`, `sidecar`…
    pub media_type: String,
}

/// An album.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAlbum {
    /// UID.
    pub uid: String,
    /// `album`, `folder`…
    pub kind: String,
    /// Title.
    pub title: String,
    /// Whether it was deleted.
    pub deleted: bool,
    /// UIDs of the photos that it shows, in their order.
    pub photos: Vec<String>,
}

impl PhotoPrismSim {
    /// Everything in the library in order of creation: archived and hidden photos and ghosts of merges too.
    pub fn photos(&self) -> Vec<StoredPhoto> {
        let world = self.server.world();
        let photos = world.photos.values();
        photos
            .map(|photo| StoredPhoto {
                uid: photo.uid.clone(),
                kind: photo.kind.clone(),
                title: photo.title.clone(),
                caption: photo.caption.clone(),
                taken_at: time::write(photo.taken_at),
                taken_at_local: photo.taken_at_local.to_string(),
                time_zone: photo.time_zone.clone(),
                position: (photo.lat, photo.lng),
                keywords: photo.details.keywords.clone(),
                favorite: photo.favorite,
                private: photo.private,
                archived: photo.is_archived(),
                quality: photo.quality,
                albums: world.titles_of(photo),
                files: world
                    .files_of(photo)
                    .map(|file| StoredFile {
                        uid: file.uid.clone(),
                        name: file.name.clone(),
                        root: file.root.as_str().to_owned(),
                        original_name: file.original_name.clone(),
                        size: file.size,
                        sha1: file.hash.clone(),
                        primary: file.primary,
                        media_type: file.media_type.clone(),
                    })
                    .collect(),
            })
            .collect()
    }

    /// All albums in order of creation, deleted ones too.
    pub fn albums(&self) -> Vec<StoredAlbum> {
        let world = self.server.world();
        let shown = |uid: &str| {
            let entries = world.entries.of_album(uid).filter(|entry| !entry.hidden);
            entries.map(|entry| entry.photo_uid.clone()).collect()
        };
        let albums = world.albums.values();
        albums
            .map(|album| StoredAlbum {
                uid: album.uid.clone(),
                kind: album.kind.clone(),
                title: album.title.clone(),
                deleted: album.deleted_at.is_some(),
                photos: shown(&album.uid),
            })
            .collect()
    }
}
