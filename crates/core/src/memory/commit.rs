//! Making items of what was staged.

use bytes::Bytes;
use secrecy::ExposeSecret;

use crate::{
    AssetId, BundleKind, Committed, DestAlbumId, DestId, ErrorKind, Metadata, NewPart, Operation, Result, SinkCaps,
    StageKind, Staged, StagedBundle,
};

use super::MemoryProvider;
use super::albums::join;
use super::sink::{is_alive, is_longer};
use super::state::{State, item_of, merge};

/// What the token of a part stands for.
enum Ready {
    /// Staging was final: the item exists.
    There(DestId),
    /// Bytes to make an item of.
    Bytes(Box<NewPart>, Bytes),
}

impl MemoryProvider {
    /// Commits a batch; nothing is done if the call as a whole is refused.
    pub(super) fn commit_now(
        &self,
        batch: &[StagedBundle],
        album: Option<&DestAlbumId>,
    ) -> Result<Vec<Result<Committed>>> {
        let caps = self.caps(Operation::Commit)?;
        let limit = caps.commit_batch.get();
        if batch.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            let message = format!("{} items in one request, it takes {limit}", batch.len());
            return Err(Self::invalid(Operation::Commit, message));
        }
        let mut state = self.state();
        if let Some(album) = album {
            if !self.album_caps(Operation::Commit)?.on_commit {
                let message = "it takes no album when items are created";
                return Err(Self::refuse(ErrorKind::Unsupported, Operation::Commit, message));
            }
            self.check_album(&state, album, batch.len(), Operation::Commit)?;
        }
        let ready: Vec<Result<Vec<Ready>>> = batch.iter().map(|bundle| self.ready(&state, caps, bundle)).collect();
        let is_bad = |one: &Result<Vec<Ready>>| one.as_ref().is_err_and(|error| *error.kind() == ErrorKind::NotFound);
        if self.rules.bad_token_spoils_batch && batch.len() > 1 && ready.iter().any(is_bad) {
            let message = "one of the tokens is not valid";
            return Err(Self::refuse(ErrorKind::BadBatch, Operation::Commit, message));
        }
        self.check_capacity(&state, self.new_bytes(&state, &ready), Operation::Commit)?;
        let committed = ready
            .into_iter()
            .zip(batch)
            .map(|(ready, bundle)| Ok(self.commit_bundle(&mut state, caps, bundle, ready?, album)))
            .collect();
        Ok(committed)
    }

    /// Looks up what the tokens of a bundle stand for.
    fn ready(&self, state: &State, caps: &SinkCaps, bundle: &StagedBundle) -> Result<Vec<Ready>> {
        let description = bundle.metadata.description.as_ref();
        if description.is_some_and(|text| is_longer(&text.value, caps.texts.description_chars)) {
            return Err(Self::invalid(Operation::Commit, "the description is too long"));
        }
        if bundle.parts.is_empty() {
            return Err(Self::invalid(Operation::Commit, "the item has no file"));
        }
        let parts = bundle.parts.iter().map(|(_, staged)| {
            self.ready_part(state, caps, staged).ok_or_else(|| {
                Self::refuse(ErrorKind::NotFound, Operation::Commit, "the staged bytes are gone")
                    .hint("send the file again")
            })
        });
        parts.collect()
    }

    fn ready_part(&self, state: &State, caps: &SinkCaps, staged: &Staged) -> Option<Ready> {
        let kept = state.staged.get(staged.token.expose_secret());
        if caps.stage == StageKind::VisibleAtOnce {
            // The item counts, not the token, which may have been lost with the reply.
            let id = staged.visible.clone().or_else(|| kept?.became.clone())?;
            return state.entry(id.as_str()).map(|_| Ready::There(id));
        }
        let is_usable = kept?.became.is_none() || self.rules.reuse_tokens;
        let kept = kept.filter(|kept| kept.complete && is_usable && is_alive(kept, self.clock.now()))?;
        Some(Ready::Bytes(
            Box::new(kept.part.clone()),
            Bytes::from(kept.bytes.clone()),
        ))
    }

    fn commit_bundle(
        &self,
        state: &mut State,
        caps: &SinkCaps,
        bundle: &StagedBundle,
        ready: Vec<Ready>,
        album: Option<&DestAlbumId>,
    ) -> Committed {
        let (made, already_there) = self.make_items(state, caps, ready, &bundle.metadata);
        for ((_, staged), id) in bundle.parts.iter().zip(&made) {
            if let Some(kept) = state.staged.get_mut(staged.token.expose_secret()) {
                kept.became = Some(id.clone());
            }
        }
        let is_foreign = made
            .iter()
            .any(|id| state.entry(id.as_str()).is_some_and(|entry| entry.item.foreign));
        let album = album.and_then(|album| state.album_mut(album.as_str()));
        let in_album = album.map(|album| made.iter().for_each(|id| join(album, id))).is_some();
        let keys = bundle.parts.iter().map(|(key, _)| *key);
        Committed {
            parts: keys.zip(made.into_iter().map(Some)).collect(),
            refused: Vec::new(),
            already_there,
            in_album,
            app_owned: Some(!is_foreign),
        }
    }

    /// Makes the items of one bundle; returns the item of each part, and whether all of them existed before.
    fn make_items(
        &self,
        state: &mut State,
        caps: &SinkCaps,
        ready: Vec<Ready>,
        metadata: &Metadata,
    ) -> (Vec<DestId>, bool) {
        let count = ready.len();
        let mut made = Vec::new();
        let mut files = Vec::new();
        for part in ready {
            match part {
                Ready::There(id) => made.push((id, false)),
                Ready::Bytes(part, bytes) if caps.bundle == BundleKind::PartsStack => files.push((*part, bytes)),
                Ready::Bytes(part, bytes) => made.push(self.make_item(state, caps, &[(*part, bytes)], metadata)),
            }
        }
        if !files.is_empty() {
            let stack = self.make_item(state, caps, &files, metadata);
            made.resize(count, stack);
        }
        let is_old = made.iter().all(|(_, is_old)| *is_old);
        (made.into_iter().map(|(id, _)| id).collect(), is_old)
    }

    /// Makes one item, or finds the one with the same primary file; says whether it existed.
    fn make_item(
        &self,
        state: &mut State,
        caps: &SinkCaps,
        files: &[(NewPart, Bytes)],
        metadata: &Metadata,
    ) -> (DestId, bool) {
        let old = files.first().and_then(|(_, bytes)| self.equal_bytes(state, bytes));
        match old.map(|entry| DestId::new(entry.item.id.as_str())) {
            Some(old) => (old, true),
            None => (create(state, caps, files, metadata), false),
        }
    }

    /// Counts the bytes that a commit would add.
    fn new_bytes(&self, state: &State, ready: &[Result<Vec<Ready>>]) -> u64 {
        let size = |part: &Ready| match part {
            Ready::Bytes(_, bytes) if self.equal_bytes(state, bytes).is_none() => bytes.len() as u64,
            _ => 0,
        };
        ready.iter().flatten().flatten().map(size).sum()
    }
}

/// Makes a new item of files and the metadata that is kept on creation.
pub(super) fn create(state: &mut State, caps: &SinkCaps, files: &[(NewPart, Bytes)], metadata: &Metadata) -> DestId {
    let id = state.fresh("item");
    let mut kept = Metadata::default();
    merge(&mut kept, metadata, caps.on_create);
    if let Some(item) = item_of(AssetId::new(&*id), files, kept) {
        state.insert(item);
    }
    DestId::from(id)
}
