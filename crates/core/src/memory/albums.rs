//! Albums of the library as a sink.

use crate::{AlbumCaps, AssetId, DestAlbumId, DestId, ErrorKind, MemoryAlbum, NewAlbum, Operation, Rejection, Result};

use super::MemoryProvider;
use super::sink::is_longer;
use super::state::State;

impl MemoryProvider {
    pub(super) fn album_caps(&self, operation: Operation) -> Result<&AlbumCaps> {
        let albums = self.caps(operation)?.albums.as_ref();
        albums.ok_or_else(|| Self::refuse(ErrorKind::Unsupported, operation, "it has no albums"))
    }

    pub(super) fn check_album(
        &self,
        state: &State,
        album: &DestAlbumId,
        new: usize,
        operation: Operation,
    ) -> Result<()> {
        let found = state.album(album.as_str()).ok_or_else(|| {
            Self::refuse(ErrorKind::NotFound, operation, "album does not exist").context("album", album)
        })?;
        let max = self
            .album_caps(operation)?
            .max_items
            .and_then(|max| usize::try_from(max).ok());
        if max.is_some_and(|max| found.members.len() + new > max) {
            let kind = ErrorKind::Rejected(Rejection::Policy);
            return Err(Self::refuse(kind, operation, "album is full").context("album", album));
        }
        Ok(())
    }

    pub(super) fn create_album_now(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        let caps = self.album_caps(Operation::CreateAlbum)?;
        if is_longer(&album.title, Some(caps.title_chars)) {
            return Err(Self::invalid(Operation::CreateAlbum, "the title is too long"));
        }
        let mut state = self.state();
        let is_same = |old: &&MemoryAlbum| caps.find_or_create && old.title == album.title;
        if let Some(old) = state.albums.iter().find(is_same) {
            return Ok(DestAlbumId::new(old.id.as_str()));
        }
        let id = state.fresh("album");
        let description = album.description.clone();
        state.albums.push(MemoryAlbum {
            description,
            ..MemoryAlbum::new(&*id, &*album.title, [])
        });
        Ok(DestAlbumId::from(id))
    }

    fn may_join(&self, state: &State, albums: &AlbumCaps, id: &DestId) -> Result<()> {
        let entry = state.entry(id.as_str()).ok_or_else(|| {
            Self::refuse(ErrorKind::NotFound, Operation::AddToAlbum, "item does not exist").context("item", id)
        })?;
        if albums.foreign_items_only_on_commit && entry.item.foreign {
            let kind = ErrorKind::Rejected(Rejection::Policy);
            let message = "the item belongs to another app";
            return Err(Self::refuse(kind, Operation::AddToAlbum, message).context("item", id));
        }
        Ok(())
    }

    pub(super) fn add_now(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        let caps = self.album_caps(Operation::AddToAlbum)?;
        let limit = caps.add_batch;
        if members.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            let message = format!("{} members in one request, it takes {limit}", members.len());
            return Err(Self::invalid(Operation::AddToAlbum, message));
        }
        let mut state = self.state();
        let is_new = |id: &&DestId| {
            let found = state.album(album.as_str());
            found.is_some_and(|album| !album.members.iter().any(|member| member.as_str() == id.as_str()))
        };
        let new = members.iter().filter(is_new).count();
        self.check_album(&state, album, new, Operation::AddToAlbum)?;
        let mut checked: Vec<Result<()>> = members.iter().map(|id| self.may_join(&state, caps, id)).collect();
        if caps.all_or_nothing
            && let Some(bad) = checked.iter().position(Result::is_err)
        {
            if members.len() > 1 {
                let message = "one of the items cannot be added";
                return Err(Self::refuse(ErrorKind::BadBatch, Operation::AddToAlbum, message));
            }
            checked.swap_remove(bad)?;
            return Ok(Vec::new());
        }
        if let Some(album) = state.album_mut(album.as_str()) {
            members
                .iter()
                .zip(&checked)
                .filter(|(_, may)| may.is_ok())
                .for_each(|(id, _)| join(album, id));
        }
        Ok(checked)
    }
}

pub(super) fn join(album: &mut MemoryAlbum, id: &DestId) {
    let member = AssetId::new(id.as_str());
    if !album.members.contains(&member) {
        album.members.push(member);
    }
}
