//! Batches as the sink sees them: bundles of parts, never torn apart.

use photomove_core::{Committed, DestAlbumId, StagedBundle};

use super::Replies;
use crate::Reason;
use crate::engine::core::Core;
use crate::journal::commits::{CommitRow, Reply};
use crate::journal::intents::IntentRow;
use crate::journal::listing;

impl Core {
    pub(super) fn bundles(&self, intent: &IntentRow, batch: &[CommitRow]) -> (Vec<StagedBundle>, Option<DestAlbumId>) {
        let mut bundles: Vec<StagedBundle> = Vec::with_capacity(batch.len());
        let mut last = None;
        for row in batch {
            let part = (row.key, row.staged.clone());
            if row.bundle.is_some()
                && row.bundle == last
                && let Some(bundle) = bundles.last_mut()
            {
                bundle.parts.push(part);
                continue;
            }
            last = row.bundle;
            bundles.push(StagedBundle {
                key: match row.bundle {
                    Some(_) => listing::bundle_key(&self.intake, &row.asset),
                    None => row.key,
                },
                parts: vec![part],
                file_name: row.file_name.clone(),
                metadata: row.metadata.clone(),
            });
        }
        (bundles, intent.detail.dest_album.clone().map(DestAlbumId::from))
    }
}

pub(super) fn created(members: &[&CommitRow], done: &Committed, repeat: bool) -> Replies {
    members
        .iter()
        .zip(0..)
        .map(|(row, index): (_, usize)| {
            if let Some((_, error)) = done.refused.iter().find(|(key, _)| *key == row.key) {
                return (row.upload, Reply::Failed(Reason::of(error)));
            }
            let by_key = done.parts.iter().find(|(key, _)| *key == row.key);
            let part = by_key.or_else(|| done.parts.get(index));
            let reply = Reply::Created {
                dest: part.and_then(|(_, id)| id.as_ref()).map(|id| id.as_str().to_owned()),
                already_there: done.already_there && !repeat,
                app_owned: done.app_owned,
                in_album: done.in_album,
            };
            (row.upload, reply)
        })
        .collect()
}

pub(super) fn bundle_count(batch: &[CommitRow]) -> usize {
    let same = |pair: &[CommitRow]| pair[0].bundle.is_some() && pair[0].bundle == pair[1].bundle;
    batch.len() - batch.windows(2).filter(|pair| same(pair)).count()
}

/// Where to cut a batch so that no stack is torn apart.
pub(super) fn half(batch: &[CommitRow]) -> usize {
    let mut at = batch.len() / 2;
    while at > 0 && batch[at].bundle.is_some() && batch[at].bundle == batch[at - 1].bundle {
        at -= 1;
    }
    if at > 0 {
        return at;
    }
    let first = batch[0].bundle;
    batch
        .iter()
        .take_while(|row| first.is_some() && row.bundle == first)
        .count()
        .max(1)
}
