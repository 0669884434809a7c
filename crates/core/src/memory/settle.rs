//! What became of calls whose replies were lost.

use secrecy::ExposeSecret;

use crate::{
    AssetId, DestAlbumId, DestId, HashKinds, Intent, ItemKey, MemoryAlbum, Operation, Result, Settled, SinkCaps,
    StageKind, StagedBundle, Wanted,
};

use super::MemoryProvider;
use super::state::{State, all_checksums};

impl MemoryProvider {
    pub(super) fn settle_now(&self, intent: &Intent) -> Result<Settled> {
        let caps = self.caps(Operation::Settle)?;
        let state = self.state();
        Ok(match intent {
            Intent::Stage { part, wanted, .. } => self.settle_stage(&state, caps, *part, wanted),
            Intent::Commit { bundles, album } => self.settle_commit(&state, bundles, album.as_ref()),
            Intent::CreateAlbum { album, known, .. } => {
                // Only finding makes creating harmless.
                if caps.albums.as_ref().is_some_and(|albums| albums.find_or_create) {
                    return Ok(Settled::RepeatIsHarmless);
                }
                let is_known = |album: &MemoryAlbum| known.iter().any(|id| id.as_str() == album.id.as_str());
                let unknown = state
                    .albums
                    .iter()
                    .filter(|one| one.title == album.title && !is_known(one));
                settle_album(&unknown.collect::<Vec<_>>())
            }
            Intent::AddToAlbum { .. } => Settled::RepeatIsHarmless,
        })
    }

    fn settle_stage(&self, state: &State, caps: &SinkCaps, part: ItemKey, wanted: &Wanted) -> Settled {
        if caps.stage == StageKind::Hidden {
            // The bytes expire unseen.
            return Settled::RepeatIsHarmless;
        }
        match state.find(&wanted.checksums, caps.find_by) {
            Ok(Some(entry)) => Settled::Happened(vec![(part, DestId::new(entry.item.id.as_str()))]),
            Ok(None) => Settled::DidNot,
            Err(()) if self.rules.dedup => Settled::RepeatIsHarmless,
            Err(()) => Settled::Unknown,
        }
    }

    fn settle_commit(&self, state: &State, bundles: &[StagedBundle], album: Option<&DestAlbumId>) -> Settled {
        if self.rules.dedup {
            return Settled::RepeatIsHarmless;
        }
        let parts: Vec<_> = bundles.iter().flat_map(|bundle| &bundle.parts).collect();
        // An equal item outside the album that was asked for is an older one.
        let is_filed = |id: &AssetId| {
            album.is_none_or(|album| {
                state
                    .album(album.as_str())
                    .is_some_and(|album| album.members.contains(id))
            })
        };
        let mut found = Vec::new();
        for (key, staged) in &parts {
            if let Some(visible) = &staged.visible {
                found.push((*key, visible.clone()));
                continue;
            }
            let Some(kept) = state.staged.get(staged.token.expose_secret()) else {
                continue;
            };
            if let Ok(Some(entry)) = state.find(&all_checksums(&kept.bytes), HashKinds::SHA1)
                && is_filed(&entry.item.id)
            {
                found.push((*key, DestId::new(entry.item.id.as_str())));
            }
        }
        // Some of several: those that are missing were refused one by one.
        if found.is_empty() {
            Settled::DidNot
        } else {
            Settled::Happened(found)
        }
    }
}

/// One album of that title that nobody knows is the lost one; of several it can only be an empty one.
fn settle_album(unknown: &[&MemoryAlbum]) -> Settled {
    let happened = |album: &MemoryAlbum| Settled::AlbumHappened(DestAlbumId::new(album.id.as_str()));
    match unknown {
        [] => Settled::DidNot,
        [album] => happened(album),
        several => {
            let empty: Vec<_> = several.iter().filter(|album| album.members.is_empty()).collect();
            if let [album] = empty[..] {
                happened(album)
            } else {
                Settled::Unknown
            }
        }
    }
}
