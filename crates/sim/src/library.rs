//! What a stand-in holds from the start: a folder's files, computed pictures, or the demo's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use crate::blob::Blob;
use crate::error::SimError;
use crate::facts::{MediaFacts, Taken, content_type, read_facts};
use crate::seeded::Seeded;
use crate::synthetic::video::VideoShape;
use crate::synthetic::{SIDE_PX, Shape};

/// Bytes of a computed picture if nothing else is asked for.
pub const DEFAULT_SYNTHETIC_BYTES: u64 = 256 * 1024;

/// Bytes at the start of a file in which its metadata is looked for, and which a reader may keep in memory.
const FACTS_BYTES: u64 = 64 * 1024 * 1024;

/// One photo, video or other file.
#[derive(Debug, Clone)]
pub struct LibraryItem {
    /// File name with extension.
    pub name: String,
    /// The bytes.
    pub blob: Blob,
    /// Media type by the first bytes, else by the extension.
    pub content_type: String,
    /// Date, place, camera and size, as far as the bytes tell.
    pub facts: MediaFacts,
    /// Whether it is starred.
    pub favorite: bool,
    /// Text that a person wrote about it.
    pub description: Option<String>,
    /// Indices into [`Library::albums`], ascending.
    pub albums: Vec<usize>,
}

/// One album; which items it has is told by [`LibraryItem::albums`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryAlbum {
    /// Title.
    pub title: String,
}

/// Items and albums.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// In the order in which they are taken to have been uploaded.
    pub items: Vec<LibraryItem>,
    /// In the order in which they are taken to have been created.
    pub albums: Vec<LibraryAlbum>,
}

impl Library {
    /// The files of a folder, in the order of their paths; each sub-folder with files is an album named by its path.
    ///
    /// Files directly in the folder are in no album. Any file is accepted as it is; bytes stay on the disk.
    ///
    /// # Errors
    /// [`SimError::Io`] if the folder or a file in it cannot be read.
    pub fn from_dir(dir: &Path) -> Result<Self, SimError> {
        let mut library = Self::default();
        let mut albums = BTreeMap::new();
        for (path, relative) in files_below(dir)? {
            let mut item = item_from_file(&path)?;
            if let Some(title) = album_title(&relative) {
                let index = *albums.entry(title.clone()).or_insert_with(|| {
                    library.albums.push(LibraryAlbum { title });
                    library.albums.len() - 1
                });
                item.albums.push(index);
            }
            library.items.push(item);
        }
        Ok(library)
    }

    /// `count` computed JPEGs of `bytes` bytes each, dated one every 40 minutes, most of them in one of up to 12 albums.
    ///
    /// # Errors
    /// [`SimError::Options`] if `bytes` is too few for a JPEG; the message says how many are needed.
    pub fn synthetic(count: u64, bytes: u64, seed: u64) -> Result<Self, SimError> {
        let shape = Shape::new(seed, bytes)?;
        let album_count = (count / 20).clamp(u64::from(count > 0), 12);
        let albums = (1..=album_count)
            .map(|n| LibraryAlbum {
                title: format!("Synthetic {n:02}"),
            })
            .collect();
        let mut seeded = Seeded::new(seed, "synthetic library");
        let items = (0..count)
            .map(|index| LibraryItem {
                name: format!("SYN_{index:07}.jpg"),
                blob: Blob::synthetic(std::sync::Arc::clone(&shape), index),
                content_type: "image/jpeg".to_owned(),
                facts: MediaFacts {
                    taken: synthetic_date(index).map(Taken::local),
                    width_px: Some(SIDE_PX),
                    height_px: Some(SIDE_PX),
                    ..MediaFacts::default()
                },
                favorite: seeded.below(20) == 0,
                description: None,
                albums: synthetic_albums(&mut seeded, album_count),
            })
            .collect();
        Ok(Self { items, albums })
    }

    /// `count` computed MP4s of `bytes` bytes each, of any size; nothing is stored. Every second one is in an album.
    ///
    /// Their hashes are taken when first needed: about two seconds for each gigabyte, once for all of them.
    ///
    /// # Errors
    /// [`SimError::Options`] if `bytes` is too few for an MP4; the message says how many are needed.
    pub fn synthetic_videos(count: u64, bytes: u64, seed: u64) -> Result<Self, SimError> {
        let mut library = Self::default();
        library.add_synthetic_videos(count, bytes, seed)?;
        Ok(library)
    }

    /// Adds such videos to a library; see [`synthetic_videos`](Self::synthetic_videos).
    ///
    /// # Errors
    /// [`SimError::Options`] if `bytes` is too few for an MP4; the message says how many are needed.
    pub fn add_synthetic_videos(&mut self, count: u64, bytes: u64, seed: u64) -> Result<(), SimError> {
        let shape = VideoShape::new(seed, bytes)?;
        let facts = read_facts("video/mp4", shape.opening());
        let title = "Synthetic videos";
        let album = match self.albums.iter().position(|album| album.title == title) {
            Some(album) => album,
            None => {
                self.albums.push(LibraryAlbum {
                    title: title.to_owned(),
                });
                self.albums.len() - 1
            }
        };
        let first = self.items.iter().filter(|item| item.name.starts_with("VID_")).count() as u64;
        self.items.extend((first..first + count).map(|index| LibraryItem {
            name: format!("VID_{index:07}.mp4"),
            blob: Blob::synthetic_video(std::sync::Arc::clone(&shape), index),
            content_type: "video/mp4".to_owned(),
            facts: facts.clone(),
            favorite: false,
            description: None,
            albums: if index % 2 == 0 { vec![album] } else { Vec::new() },
        }));
        Ok(())
    }

    /// Titles of the albums of an item.
    pub fn titles_of<'a>(&'a self, item: &'a LibraryItem) -> impl Iterator<Item = &'a str> {
        item.albums
            .iter()
            .filter_map(|index| self.albums.get(*index))
            .map(|album| album.title.as_str())
    }
}

impl LibraryItem {
    /// An item whose type and facts are read from its bytes.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<bytes::Bytes>) -> Self {
        let (name, bytes) = (name.into(), bytes.into());
        let content_type = content_type(&name, &bytes).to_owned();
        let facts = read_facts(&content_type, &bytes);
        Self {
            name,
            blob: Blob::memory(bytes),
            content_type,
            facts,
            favorite: false,
            description: None,
            albums: Vec::new(),
        }
    }
}

fn synthetic_date(index: u64) -> Option<DateTime> {
    let minutes = i64::try_from(index.checked_mul(40)?).ok()?;
    jiff::civil::date(2010, 1, 1)
        .at(8, 0, 0, 0)
        .checked_add(jiff::Span::new().try_minutes(minutes).ok()?)
        .ok()
}

/// Three of four items are in an album, one of twelve in two.
fn synthetic_albums(seeded: &mut Seeded, count: u64) -> Vec<usize> {
    if count == 0 || seeded.below(4) == 0 {
        return Vec::new();
    }
    let first = seeded.below(count) as usize;
    let second = seeded.below(count) as usize;
    match seeded.below(9) {
        0 if first != second => vec![first.min(second), first.max(second)],
        _ => vec![first],
    }
}

/// Absolute and relative paths of all files below `dir`, sorted by relative path.
fn files_below(dir: &Path) -> Result<Vec<(PathBuf, PathBuf)>, SimError> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir).follow_links(true) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(dir).to_owned();
            SimError::io(
                "read",
                path,
                error
                    .into_io_error()
                    .unwrap_or_else(|| std::io::Error::other("a loop of links")),
            )
        })?;
        if entry.file_type().is_file() {
            let relative = entry.path().strip_prefix(dir).unwrap_or(entry.path()).to_owned();
            files.push((entry.into_path(), relative));
        }
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files)
}

/// The sub-folder's path with `/` between its parts, on every system.
fn album_title(relative: &Path) -> Option<String> {
    let parts: Vec<_> = relative.parent()?.iter().map(|part| part.to_string_lossy()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn item_from_file(path: &Path) -> Result<LibraryItem, SimError> {
    let read = |source| SimError::io("read", path, source);
    let blob = Blob::file(path).map_err(read)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(read)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, FACTS_BYTES), &mut head).map_err(read)?;
    let content_type = content_type(&name, &head).to_owned();
    let facts = read_facts(&content_type, &head);
    Ok(LibraryItem {
        name,
        blob,
        content_type,
        facts,
        favorite: false,
        description: None,
        albums: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_folders_become_albums_and_files_keep_their_order() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["root.txt", "b/two.txt", "a/one.txt", "a/deep/three.txt"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "any file").unwrap();
        }
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        let library = Library::from_dir(dir.path()).unwrap();
        let seen: Vec<_> = library
            .items
            .iter()
            .map(|item| (item.name.as_str(), library.titles_of(item).collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            seen,
            [
                ("three.txt", vec!["a/deep"]),
                ("one.txt", vec!["a"]),
                ("two.txt", vec!["b"]),
                ("root.txt", vec![])
            ]
        );
        assert_eq!(library.items[0].content_type, "text/plain");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Library::from_dir(Path::new("does/not/exist")).unwrap_err().to_string();
        assert!(error.contains("exist"), "{error}");
    }

    #[tokio::test]
    async fn a_large_synthetic_library_is_quick_and_every_body_differs() {
        let library = Library::synthetic(200_000, DEFAULT_SYNTHETIC_BYTES, 1).unwrap();
        assert_eq!(library.items.len(), 200_000);
        assert_eq!(library.albums.len(), 12);
        let mut seen = std::collections::HashSet::new();
        for item in library.items.iter().step_by(97) {
            assert!(seen.insert(item.blob.hashes().await.unwrap().md5));
        }
        let in_two = library.items.iter().filter(|item| item.albums.len() == 2).count();
        assert!(in_two > 10_000, "{in_two} items in two albums");
    }
}
