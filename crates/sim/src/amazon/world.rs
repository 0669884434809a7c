//! What the account holds: folders, files and albums.

use std::collections::{HashMap, HashSet};

use crate::blob::Blob;
use crate::error::SimError;
use crate::facts::MediaFacts;
use crate::library::{Library, LibraryItem};
use crate::seeded::Seeded;

use super::odd::Quirk;

/// Milliseconds since 1970 at which the account was opened: 2011-04-06.
const OPENED_MS: i64 = 1_302_114_129_120;
/// Milliseconds since 1970 of the first upload: 2024-05-01.
const FIRST_UPLOAD_MS: i64 = 1_714_550_400_412;
/// Between two uploads; odd, so that milliseconds vary.
const UPLOAD_STEP_MS: i64 = 37_413;
/// The service processes an upload for a while and touches the node then, as a recorded node shows.
const PROCESSING_MS: i64 = 25_813;

/// Position of a node in [`World::nodes`].
pub(super) type NodeIndex = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    Album,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Folder => "FOLDER",
            Self::File => "FILE",
            Self::Album => "VISUAL_COLLECTION",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Absent on the root.
    pub(super) name: Option<String>,
    pub(super) parent: Option<NodeIndex>,
    pub(super) created_ms: i64,
    pub(super) modified_ms: i64,
    pub(super) trashed: bool,
    pub(super) favorite: bool,
    pub(super) hidden: bool,
    pub(super) description: Option<String>,
    pub(super) file: Option<FileFacts>,
    /// Files of an album, or nodes of a folder, in order.
    pub(super) members: Vec<NodeIndex>,
    /// Albums of a file.
    pub(super) albums: Vec<NodeIndex>,
    pub(super) quirk: Option<Quirk>,
}

#[derive(Debug, Clone)]
pub(super) struct FileFacts {
    pub(super) blob: Blob,
    pub(super) content_type: String,
    pub(super) facts: MediaFacts,
    /// The date that Photos sorts by: a wall clock written as if it were UTC.
    pub(super) content_ms: i64,
}

impl Node {
    pub(super) fn is_media(&self) -> bool {
        self.is_type("image/") || self.is_type("video/")
    }

    pub(super) fn is_type(&self, prefix: &str) -> bool {
        self.file
            .as_ref()
            .is_some_and(|file| file.content_type.starts_with(prefix))
    }

    /// Extension without the dot, as uploaded; empty if there is none.
    pub(super) fn extension(&self) -> &str {
        self.name
            .as_deref()
            .and_then(|name| name.rsplit_once('.'))
            .map_or("", |(_, extension)| extension)
    }
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) owner: String,
    /// How often the library was changed since the start.
    pub(super) edition: u64,
    pub(super) nodes: Vec<Node>,
    by_id: HashMap<String, NodeIndex>,
}

impl World {
    /// Files the library as if the web page had uploaded it to `/Pictures/Web`.
    pub(super) async fn new(library: Library, seed: u64, odd_nodes: bool) -> Result<Self, SimError> {
        let mut ids = Seeded::new(seed, "amazon ids");
        let owner = format!("A{}", ids.upper_id(13));
        let mut world = Self {
            owner,
            edition: 0,
            nodes: Vec::with_capacity(library.items.len() + 32),
            by_id: HashMap::new(),
        };
        let root = world.add(folder(ids.id(22), None, None));
        let named = |id, name: &str, parent| folder(id, Some(name.to_owned()), Some(parent));
        let pictures = world.add(named(ids.id(22), "Pictures", root));
        let web = world.add(named(ids.id(22), "Web", pictures));
        for name in ["Videos", "Documents", "Backup"] {
            world.add(named(ids.id(22), name, root));
        }
        let albums: Vec<_> = (0_i64..)
            .zip(&library.albums)
            .map(|(index, album)| world.add(album_node(ids.id(22), album.title.clone(), index)))
            .collect();
        let mut names = HashSet::new();
        for (index, item) in (0_i64..).zip(library.items) {
            // Listings name the MD5, so that of a file must be known before the first one.
            if item.blob.is_file() {
                let hashed = item.blob.hashes().await;
                hashed.map_err(|source| SimError::io("read", item.name.clone(), source))?;
            }
            let mut node = file_node(ids.id(22), item, index, web, &albums);
            node.name = node.name.map(|name| free_name(name, &mut names));
            world.add(node);
        }
        if odd_nodes {
            for node in super::odd::nodes(&mut ids, web)? {
                world.add(node);
            }
        }
        Ok(world)
    }

    pub(super) fn add(&mut self, node: Node) -> NodeIndex {
        let index = self.nodes.len() as NodeIndex;
        for container in node.albums.iter().copied().chain(node.parent) {
            self.nodes[container as usize].members.push(index);
        }
        self.by_id.insert(node.id.clone(), index);
        self.nodes.push(node);
        index
    }

    pub(super) fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index as usize]
    }

    /// Position of the first node that suits.
    pub(super) fn position(&self, suits: impl Fn(&Node) -> bool) -> Option<NodeIndex> {
        self.nodes.iter().position(suits).map(|index| index as NodeIndex)
    }

    /// The folder into which the web page uploads.
    pub(super) fn web(&self) -> NodeIndex {
        self.position(|node| node.kind == Kind::Folder && node.name.as_deref() == Some("Web"))
            .unwrap_or_default()
    }

    pub(super) fn find(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&Node, &FileFacts)> {
        self.nodes.iter().filter_map(|node| Some((node, node.file.as_ref()?)))
    }
}

fn folder(id: String, name: Option<String>, parent: Option<NodeIndex>) -> Node {
    Node {
        id,
        kind: Kind::Folder,
        name,
        parent,
        created_ms: OPENED_MS,
        modified_ms: OPENED_MS,
        trashed: false,
        favorite: false,
        hidden: false,
        description: None,
        file: None,
        members: Vec::new(),
        albums: Vec::new(),
        quirk: None,
    }
}

pub(super) fn album_node(id: String, title: String, index: i64) -> Node {
    let created_ms = FIRST_UPLOAD_MS + index * 60_000;
    Node {
        kind: Kind::Album,
        created_ms,
        modified_ms: created_ms + 86_400_000,
        ..folder(id, Some(title), None)
    }
}

pub(super) fn file_node(id: String, item: LibraryItem, index: i64, parent: NodeIndex, albums: &[NodeIndex]) -> Node {
    // Now and then two uploads share a millisecond, as they do when several are in flight.
    let turn = if index % 16 == 1 { index - 1 } else { index };
    let created_ms = FIRST_UPLOAD_MS + turn * UPLOAD_STEP_MS;
    let content_ms = content_ms(&item.facts).unwrap_or(created_ms);
    Node {
        kind: Kind::File,
        created_ms,
        modified_ms: created_ms + PROCESSING_MS,
        favorite: item.favorite,
        description: item.description,
        albums: item
            .albums
            .iter()
            .filter_map(|album| albums.get(*album).copied())
            .collect(),
        file: Some(FileFacts {
            blob: item.blob,
            content_type: item.content_type,
            facts: item.facts,
            content_ms,
        }),
        ..folder(id, Some(item.name), Some(parent))
    }
}

/// The wall clock with a meaningless `Z`, and the service's slip: the sub-second digits `89` become 89 milliseconds.
fn content_ms(facts: &MediaFacts) -> Option<i64> {
    let taken = facts.taken.as_ref()?;
    let whole = jiff::tz::Offset::UTC.to_timestamp(taken.local).ok()?.as_millisecond();
    let digits = taken
        .sub_second
        .as_deref()
        .and_then(|digits| digits.get(..digits.len().min(3))?.parse().ok());
    Some(whole + digits.unwrap_or(0))
}

/// Siblings differ in more than case, so a second `IMG.jpg` becomes `IMG (1).jpg`.
pub(super) fn free_name(name: String, taken: &mut HashSet<String>) -> String {
    if taken.insert(name.to_lowercase()) {
        return name;
    }
    let (stem, extension) = name
        .rsplit_once('.')
        .map_or((name.as_str(), String::new()), |(stem, e)| (stem, format!(".{e}")));
    (1..)
        .map(|n| format!("{stem} ({n}){extension}"))
        .find(|name| taken.insert(name.to_lowercase()))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Taken;

    #[test]
    fn names_that_clash_are_renamed_as_the_service_does() {
        let mut taken = HashSet::new();
        let names: Vec<_> = ["a.jpg", "A.JPG", "a.jpg", "noext", "noext"]
            .map(|name| free_name(name.to_owned(), &mut taken))
            .into();
        assert_eq!(names, ["a.jpg", "A (1).JPG", "a (2).jpg", "noext", "noext (1)"]);
    }

    #[test]
    fn content_dates_keep_the_wall_clock_and_the_sub_second_slip() {
        let mut taken = Taken::local(jiff::civil::date(2019, 9, 6).at(16, 30, 9, 0));
        taken.sub_second = Some("89".to_owned());
        taken.offset_s = Some(7200);
        let facts = MediaFacts {
            taken: Some(taken),
            ..MediaFacts::default()
        };
        assert_eq!(
            super::super::node::date_text(content_ms(&facts).unwrap()),
            "2019-09-06T16:30:09.089Z"
        );
    }
}
