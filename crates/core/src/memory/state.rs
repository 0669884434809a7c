//! The library that a memory provider holds: items, albums and staged bytes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    Agreement, AlbumId, AssetId, Checksums, DestId, Digester, Fields, HashKinds, MediaKind, MemoryAlbum, MemoryItem,
    Metadata, NewPart, OutOfSight, PartRole, SessionId,
};

use super::day::Day;
use super::faults::Calls;
use super::{Damage, MemoryPart};

/// One file of an entry, primary or not.
pub(super) struct File<'a> {
    pub(super) role: PartRole,
    pub(super) file_name: &'a str,
    pub(super) media_type: Option<&'a String>,
    pub(super) bytes: &'a Bytes,
    pub(super) checksums: &'a Checksums,
}

/// An item of the library. What was removed stays as a gap, so that offsets in cursors keep their meaning.
pub(super) struct Entry {
    pub(super) item: MemoryItem,
    /// Of the primary part and of the further ones, in order.
    checksums: Vec<Checksums>,
    pub(super) revision: u32,
    pub(super) removed: bool,
    pub(super) trashed: bool,
    /// In what way it is held where people do not see it.
    pub(super) aside: Option<OutOfSight>,
    /// What is wrong when it is opened, and how often still.
    pub(super) damage: Option<(Damage, u32)>,
}

impl Entry {
    fn new(item: MemoryItem, revision: u32) -> Self {
        let parts = item.parts.iter().map(|part| &part.bytes);
        let checksums = std::iter::once(&item.bytes)
            .chain(parts)
            .map(|bytes| all_checksums(bytes))
            .collect();
        Self {
            item,
            checksums,
            revision,
            removed: false,
            trashed: false,
            aside: None,
            damage: None,
        }
    }

    pub(super) fn is_listed(&self) -> bool {
        !self.removed && !self.trashed
    }

    pub(super) fn files(&self) -> impl Iterator<Item = File<'_>> {
        let primary = (
            PartRole::Primary,
            &self.item.file_name,
            self.item.media_type.as_ref(),
            &self.item.bytes,
        );
        let further = self
            .item
            .parts
            .iter()
            .map(|part| (part.role, &part.file_name, part.media_type.as_ref(), &part.bytes));
        std::iter::once(primary).chain(further).zip(&self.checksums).map(
            |((role, file_name, media_type, bytes), checksums)| File {
                role,
                file_name,
                media_type,
                bytes,
                checksums,
            },
        )
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.files().map(|file| file.bytes.len() as u64).sum()
    }
}

/// Bytes that were staged and perhaps committed.
pub(super) struct StagedBytes {
    pub(super) part: NewPart,
    pub(super) bytes: Vec<u8>,
    pub(super) complete: bool,
    pub(super) until: Option<Timestamp>,
    pub(super) became: Option<DestId>,
}

/// How many calls of a kind run at once, now and at most so far.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) now: u32,
    pub(super) peak: u32,
}

#[derive(Default)]
pub(super) struct State {
    /// Requests of the day.
    pub(super) day: Day,
    pub(super) owner: String,
    pub(super) entries: Vec<Entry>,
    by_id: HashMap<AssetId, usize>,
    /// Where to look for equal bytes; may name entries that have changed since.
    by_md5: HashMap<[u8; 16], Vec<usize>>,
    pub(super) albums: Vec<MemoryAlbum>,
    pub(super) staged: HashMap<String, StagedBytes>,
    /// Bytes that were ever sent to it.
    pub(super) taken_bytes: u64,
    /// Where the next uploads break off.
    pub(super) breaks: VecDeque<u64>,
    pub(super) settings: BTreeMap<String, String>,
    /// Sessions that have ended.
    pub(super) ended_sessions: u32,
    pub(super) calls: Calls,
    pub(super) stages: Lane,
    pub(super) writes: Lane,
    last_number: u64,
}

impl State {
    pub(super) fn new(owner: String) -> Self {
        Self {
            owner,
            ..Self::default()
        }
    }

    pub(super) fn session(&self) -> SessionId {
        SessionId::new(format!("session-{}", self.ended_sessions))
    }

    /// Adds an item or replaces the one with its id, then with a new revision.
    pub(super) fn insert(&mut self, item: MemoryItem) {
        let id = item.id.clone();
        let index = match self.by_id.get(&id) {
            Some(index) => {
                let revision = self.entries[*index].revision + 1;
                self.entries[*index] = Entry::new(item, revision);
                *index
            }
            None => {
                self.entries.push(Entry::new(item, 1));
                self.entries.len() - 1
            }
        };
        self.by_id.insert(id, index);
        for md5 in self.entries[index]
            .checksums
            .iter()
            .filter_map(|checksums| checksums.md5)
        {
            self.by_md5.entry(md5).or_default().push(index);
        }
    }

    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.by_id
            .get(&AssetId::new(id))
            .map(|index| &self.entries[*index])
            .filter(|entry| !entry.removed)
    }

    pub(super) fn entry_mut(&mut self, id: &str) -> Option<&mut Entry> {
        let index = *self.by_id.get(&AssetId::new(id))?;
        Some(&mut self.entries[index]).filter(|entry| !entry.removed)
    }

    /// Finds an item with a file whose hashes of these kinds are equal; `Err` if none of them is known.
    pub(super) fn find(&self, wanted: &Checksums, kinds: HashKinds) -> Result<Option<&Entry>, ()> {
        let wanted = only(wanted, kinds);
        if wanted.kinds().is_empty() {
            return Err(());
        }
        let is_it = |entry: &&Entry| {
            let is_same = |file: File<'_>| matches!(file.checksums.agrees(&wanted), Agreement::Same(_));
            !entry.removed && entry.files().any(is_same)
        };
        let found: Vec<&Entry> = match wanted.md5 {
            Some(md5) => {
                let near = self.by_md5.get(&md5).into_iter().flatten();
                near.map(|index| &self.entries[*index]).filter(is_it).collect()
            }
            None => self.entries.iter().filter(is_it).collect(),
        };
        // One that people see comes before one in the bin.
        Ok(found.iter().find(|entry| entry.is_listed()).or(found.first()).copied())
    }

    pub(super) fn album_mut(&mut self, id: &str) -> Option<&mut MemoryAlbum> {
        self.albums.iter_mut().find(|album| album.id.as_str() == id)
    }

    pub(super) fn album(&self, id: &str) -> Option<&MemoryAlbum> {
        self.albums.iter().find(|album| album.id.as_str() == id)
    }

    pub(super) fn albums_of(&self, id: &AssetId) -> Vec<AlbumId> {
        self.albums
            .iter()
            .filter(|album| album.members.contains(id))
            .map(|album| album.id.clone())
            .collect()
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.entries
            .iter()
            .filter(|entry| !entry.removed)
            .map(Entry::size_bytes)
            .sum()
    }

    /// Makes a number that no id with the same prefix has.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        loop {
            self.last_number += 1;
            let id = format!("{prefix}-{}", self.last_number);
            let is_taken = self.by_id.contains_key(&AssetId::new(&*id)) || self.album(&id).is_some();
            if !is_taken {
                return id;
            }
        }
    }
}

/// Makes an item of staged parts; the first is the primary one.
pub(super) fn item_of(id: AssetId, parts: &[(NewPart, Bytes)], metadata: Metadata) -> Option<MemoryItem> {
    let ((primary, bytes), further) = parts.split_first()?;
    let mut item = MemoryItem::new(id, &*primary.file_name, bytes.clone());
    item.media_type = primary.media_type.clone().or(item.media_type);
    let is_video = item
        .media_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("video/"));
    item.kind = match () {
        () if further.iter().any(|(part, _)| part.role == PartRole::Motion) => MediaKind::LivePhoto,
        () if is_video => MediaKind::Video,
        () => MediaKind::Photo,
    };
    item.metadata = metadata;
    item.parts = further
        .iter()
        .map(|(part, bytes)| MemoryPart {
            role: part.role,
            file_name: part.file_name.clone(),
            bytes: bytes.clone(),
            media_type: part.media_type.clone(),
        })
        .collect();
    Some(item)
}

pub(super) fn all_checksums(bytes: &[u8]) -> Checksums {
    let mut digester = Digester::new(HashKinds::SHA256);
    digester.update(bytes);
    digester.finish()
}

/// Returns the hashes of these kinds.
pub(super) fn only(checksums: &Checksums, kinds: HashKinds) -> Checksums {
    Checksums {
        md5: checksums.md5.filter(|_| kinds.contains(HashKinds::MD5)),
        sha1: checksums.sha1.filter(|_| kinds.contains(HashKinds::SHA1)),
        sha256: checksums.sha256.filter(|_| kinds.contains(HashKinds::SHA256)),
    }
}

/// Puts those fields of `patch` that it has into `metadata`, as far as `fields` names them.
pub(super) fn merge(metadata: &mut Metadata, patch: &Metadata, fields: Fields) {
    macro_rules! take {
        ($($field:ident $name:ident),*) => {
            $(if fields.contains(Fields::$name) && patch.$field.is_some() {
                metadata.$field.clone_from(&patch.$field);
            })*
        };
    }
    take!(
        taken TAKEN, title TITLE, description DESCRIPTION, keywords KEYWORDS, place PLACE, favourite FAVOURITE,
        rating RATING, hidden HIDDEN, archived ARCHIVED, private PRIVATE, people PEOPLE
    );
}

/// All fields that [`merge`] knows.
pub(super) const ALL_FIELDS: Fields = Fields::TAKEN
    .union(Fields::TITLE)
    .union(Fields::DESCRIPTION)
    .union(Fields::KEYWORDS)
    .union(Fields::PLACE)
    .union(Fields::FAVOURITE)
    .union(Fields::RATING)
    .union(Fields::HIDDEN)
    .union(Fields::ARCHIVED)
    .union(Fields::PRIVATE)
    .union(Fields::PEOPLE);
