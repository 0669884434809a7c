//! Folders and files as they lie on the server's disk, indexed or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::blob::Blob;

/// Which tree a path is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Root {
    /// The library.
    Originals,
    /// What the server made: previews and moved side-cars.
    Sidecar,
    /// The folder from which files are imported.
    Import,
}

impl Root {
    /// Its word in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Originals => "/",
            Self::Sidecar => "sidecar",
            Self::Import => "import",
        }
    }
}

/// A file on the disk.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) blob: Blob,
    /// SHA-1, 40 lower-case hexadecimal digits.
    pub(crate) sha1: String,
    pub(crate) modified: Timestamp,
}

impl Stored {
    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.blob.len()
    }
}

/// The disk. Paths are relative to their root, with `/` between their parts and none at their ends.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<(Root, String), Stored>,
    folders: BTreeSet<(Root, String)>,
}

impl Disk {
    /// The file at a path.
    pub(crate) fn get(&self, root: Root, path: &str) -> Option<&Stored> {
        self.files.get(&(root, path.to_owned()))
    }

    /// Writes a file, over one that is there, and makes the folders above it.
    pub(crate) fn put(&mut self, root: Root, path: impl Into<String>, stored: Stored) {
        let path = path.into();
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.make_folder(root, folder);
        }
        self.files.insert((root, path), stored);
    }

    /// Takes a file away and gives it.
    pub(crate) fn remove(&mut self, root: Root, path: &str) -> Option<Stored> {
        self.files.remove(&(root, path.to_owned()))
    }

    /// Makes a folder and those above it.
    pub(crate) fn make_folder(&mut self, root: Root, path: &str) {
        let mut path = path;
        while !path.is_empty() && self.folders.insert((root, path.to_owned())) {
            path = path.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// Whether there is such a folder; the root itself, `""`, always is.
    pub(crate) fn is_folder(&self, root: Root, path: &str) -> bool {
        path.is_empty() || self.folders.contains(&(root, path.to_owned()))
    }

    /// Takes a folder away with all that is in it.
    pub(crate) fn remove_folder(&mut self, root: Root, path: &str) {
        let inside = |(of, at): &(Root, String)| *of == root && (at == path || is_below(at, path));
        self.files.retain(|key, _| !inside(key));
        self.folders.retain(|key| !inside(key));
    }

    /// All files below a folder (`""` is the root), in order of their paths.
    pub(crate) fn files_below(&self, root: Root, folder: &str) -> impl Iterator<Item = (&str, &Stored)> {
        self.files
            .range((root, folder.to_owned())..)
            .take_while(move |((of, at), _)| *of == root && (folder.is_empty() || at.starts_with(folder)))
            .filter(move |((_, at), _)| folder.is_empty() || is_below(at, folder))
            .map(|((_, at), stored)| (at.as_str(), stored))
    }

    /// All folders below a folder (`""` is the root), in order of their paths.
    pub(crate) fn folders_below(&self, root: Root, folder: &str) -> impl Iterator<Item = &str> {
        self.folders
            .range((root, folder.to_owned())..)
            .take_while(move |(of, at)| *of == root && (folder.is_empty() || at.starts_with(folder)))
            .filter(move |(_, at)| folder.is_empty() || is_below(at, folder))
            .map(|(_, at)| at.as_str())
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Stored {
        Stored {
            blob: Blob::memory(b"x".to_vec()),
            sha1: String::new(),
            modified: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn folders_come_with_files_and_go_with_all_in_them() {
        let mut disk = Disk::default();
        for path in ["2019/07/a.jpg", "2019/07 x.jpg", "2019/b.jpg", "c.jpg"] {
            disk.put(Root::Originals, path, stored());
        }
        disk.put(Root::Import, "2019/d.jpg", stored());
        let below = |disk: &Disk, folder: &str| {
            let files = disk.files_below(Root::Originals, folder);
            files.map(|(path, _)| path.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(below(&disk, "2019/07"), ["2019/07/a.jpg"]);
        assert_eq!(
            below(&disk, ""),
            ["2019/07 x.jpg", "2019/07/a.jpg", "2019/b.jpg", "c.jpg"]
        );
        assert_eq!(
            disk.folders_below(Root::Originals, "").collect::<Vec<_>>(),
            ["2019", "2019/07"]
        );
        assert!(disk.is_folder(Root::Originals, "2019/07") && !disk.is_folder(Root::Originals, "2018"));
        disk.remove_folder(Root::Originals, "2019");
        assert_eq!(below(&disk, ""), ["c.jpg"]);
        assert!(disk.get(Root::Import, "2019/d.jpg").is_some());
        assert!(
            disk.remove(Root::Originals, "c.jpg")
                .is_some_and(|file| file.size() == 1)
        );
    }
}
