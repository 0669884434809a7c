//! The library after a person has used another device.

use std::collections::HashSet;

use crate::error::SimError;
use crate::library::{DEFAULT_SYNTHETIC_BYTES, Library, LibraryItem};
use crate::library_change::{LibraryCommand, Membership};
use crate::seeded::{Seeded, mix};

use super::world::{Kind, NodeIndex, World, album_node, file_node, free_name};

/// Between two uploads of one command.
const UPLOAD_STEP_MS: i64 = 1_009;

/// Computes the pictures that a command adds to that edition of a library.
///
/// # Errors
/// [`SimError::Options`] if they have too few bytes for a picture.
pub(super) fn pictures(command: &LibraryCommand, seed: u64, edition: u64) -> Result<Vec<LibraryItem>, SimError> {
    let bytes = command.bytes.unwrap_or(DEFAULT_SYNTHETIC_BYTES);
    // Another seed each time: two commands must not add the same picture.
    let library = Library::synthetic(command.add, bytes, seed ^ mix(edition + 1))?;
    let named = (0..).zip(library.items).map(|(number, item): (u64, _)| LibraryItem {
        name: format!("NEW_{:02}_{number:05}.jpg", edition + 1),
        albums: Vec::new(),
        ..item
    });
    Ok(named.collect())
}

impl World {
    /// Returns the library after the command, with the names of what was added.
    ///
    /// # Errors
    /// [`SimError::Options`] if a name or a title is not known; then nothing is to be changed.
    pub(super) fn changed(
        &self,
        command: &LibraryCommand,
        pictures: Vec<LibraryItem>,
        seed: u64,
        now_ms: i64,
    ) -> Result<(Self, Vec<String>), SimError> {
        let mut world = self.clone();
        world.edition += 1;
        let mut ids = Seeded::new(seed ^ mix(world.edition), "amazon ids");
        let added = world.upload(command, pictures, &mut ids, now_ms);
        for joining in &command.join {
            let album = world.album(&joining.album, &mut ids, now_ms);
            for file in world.files_of(joining)? {
                world.put_into(album, file);
                world.nodes[album as usize].modified_ms = now_ms;
            }
        }
        for leaving in &command.leave {
            let album = world.known_album(&leaving.album)?;
            for file in world.files_of(leaving)? {
                world.take_out(album, file);
                world.nodes[album as usize].modified_ms = now_ms;
            }
        }
        for renamed in &command.rename {
            let album = world.known_album(&renamed.from)?;
            world.nodes[album as usize].name = Some(renamed.to.clone());
            world.nodes[album as usize].modified_ms = now_ms;
        }
        for name in &command.remove {
            let file = world.file_called(name)?;
            for album in world.nodes[file as usize].albums.clone() {
                world.take_out(album, file);
            }
            world.nodes[file as usize].trashed = true;
            world.nodes[file as usize].modified_ms = now_ms;
        }
        Ok((world, added))
    }

    fn upload(
        &mut self,
        command: &LibraryCommand,
        pictures: Vec<LibraryItem>,
        ids: &mut Seeded,
        now_ms: i64,
    ) -> Vec<String> {
        let folder = self.web();
        let into = command.into.as_ref().map(|title| self.album(title, ids, now_ms));
        let mut names: HashSet<String> = self
            .nodes
            .iter()
            .filter(|node| node.parent == Some(folder))
            .filter_map(|node| node.name.as_ref().map(|name| name.to_lowercase()))
            .collect();
        let mut added = Vec::with_capacity(pictures.len());
        for (number, item) in (0_i64..).zip(pictures) {
            let mut node = file_node(ids.id(22), item, 0, folder, &[]);
            let processing_ms = node.modified_ms - node.created_ms;
            node.created_ms = now_ms + number * UPLOAD_STEP_MS;
            node.modified_ms = node.created_ms + processing_ms;
            node.albums = into.into_iter().collect();
            node.name = node.name.map(|name| free_name(name, &mut names));
            added.extend(node.name.clone());
            self.add(node);
        }
        added
    }

    fn album(&mut self, title: &str, ids: &mut Seeded, now_ms: i64) -> NodeIndex {
        match self.known_album(title) {
            Ok(album) => album,
            Err(_) => {
                let mut album = album_node(ids.id(22), title.to_owned(), 0);
                (album.created_ms, album.modified_ms) = (now_ms, now_ms);
                self.add(album)
            }
        }
    }

    fn known_album(&self, title: &str) -> Result<NodeIndex, SimError> {
        let is_meant = |kind: Kind, name: Option<&str>| kind == Kind::Album && name == Some(title);
        self.position(|node| is_meant(node.kind, node.name.as_deref()))
            .ok_or_else(|| SimError::Options(format!("there is no album `{title}`")))
    }

    fn files_of(&self, membership: &Membership) -> Result<Vec<NodeIndex>, SimError> {
        membership.names.iter().map(|name| self.file_called(name)).collect()
    }

    fn file_called(&self, name: &str) -> Result<NodeIndex, SimError> {
        self.position(|node| node.kind == Kind::File && !node.trashed && node.name.as_deref() == Some(name))
            .ok_or_else(|| SimError::Options(format!("there is no item `{name}`")))
    }

    fn put_into(&mut self, album: NodeIndex, file: NodeIndex) {
        if !self.nodes[file as usize].albums.contains(&album) {
            self.nodes[file as usize].albums.push(album);
            self.nodes[album as usize].members.push(file);
        }
    }

    fn take_out(&mut self, album: NodeIndex, file: NodeIndex) {
        self.nodes[file as usize].albums.retain(|other| *other != album);
        self.nodes[album as usize].members.retain(|other| *other != file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library_change::Renamed;

    async fn world() -> World {
        World::new(Library::synthetic(40, 3_000, 7).unwrap(), 7, false)
            .await
            .unwrap()
    }

    fn change(world: &World, command: &LibraryCommand) -> Result<(World, Vec<String>), SimError> {
        let added = pictures(command, 7, world.edition)?;
        world.changed(command, added, 7, 1_900_000_000_000)
    }

    fn members(world: &World, title: &str) -> Vec<String> {
        let album = world.known_album(title).unwrap();
        let names = world
            .node(album)
            .members
            .iter()
            .map(|file| world.node(*file).name.clone());
        names.flatten().collect()
    }

    #[tokio::test]
    async fn what_is_added_joined_left_renamed_and_removed_is_so_afterwards() {
        let before = world().await;
        let command = LibraryCommand {
            add: 2,
            bytes: Some(3_000),
            into: Some("Summer".into()),
            join: vec![Membership {
                album: "Summer".into(),
                names: vec!["SYN_0000003.jpg".into()],
            }],
            rename: vec![Renamed {
                from: "Synthetic 01".into(),
                to: "Winter".into(),
            }],
            remove: vec!["SYN_0000004.jpg".into()],
            ..LibraryCommand::default()
        };
        let (after, added) = change(&before, &command).unwrap();
        assert_eq!(added, ["NEW_01_00000.jpg", "NEW_01_00001.jpg"]);
        assert_eq!(
            members(&after, "Summer"),
            ["NEW_01_00000.jpg", "NEW_01_00001.jpg", "SYN_0000003.jpg"]
        );
        assert!(after.known_album("Winter").is_ok());
        assert!(after.file_called("SYN_0000004.jpg").is_err());
        assert_eq!(after.edition, 1);
        let (again, added) = change(&after, &command_of(1)).unwrap();
        assert_eq!(added, ["NEW_02_00000.jpg"]);
        let bodies: HashSet<_> = again.files().map(|(_, file)| format!("{:?}", file.blob)).collect();
        assert_eq!(bodies.len(), 43, "each has bytes of its own");
        let left = LibraryCommand {
            leave: vec![Membership {
                album: "Summer".into(),
                names: vec!["SYN_0000003.jpg".into()],
            }],
            ..LibraryCommand::default()
        };
        assert_eq!(members(&change(&after, &left).unwrap().0, "Summer").len(), 2);
    }

    fn command_of(add: u64) -> LibraryCommand {
        LibraryCommand {
            add,
            bytes: Some(3_000),
            ..LibraryCommand::default()
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_known_is_refused() {
        let command = LibraryCommand {
            remove: vec!["nothing.jpg".into()],
            ..LibraryCommand::default()
        };
        let error = change(&world().await, &command).unwrap_err();
        assert!(error.to_string().contains("nothing.jpg"), "{error}");
    }
}
