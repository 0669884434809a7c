//! The library as a source.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Album, AlbumId, Asset, AssetId, ByteStream, BytesBody, Cursor, Error, ErrorKind, Fields, FilterCaps, Filters, Fit,
    HashKinds, Locator, Media, Member, Operation, Page, Part, PartId, PhotoSource, Rejection, Result,
};

use super::state::{ALL_FIELDS, Entry, State, merge, only};
use super::{Damage, KIND, MemoryProvider};

const FAST_PREFIX: &str = "page-at-";
/// Where a cursor keeps what the listing leaves out.
const ONLY: &str = "only";

/// What a listing is narrowed to: no more than the capabilities say.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Only {
    filters: Filters,
    albums: Vec<AlbumId>,
}

impl Only {
    fn new(filters: &Filters, caps: FilterCaps) -> Self {
        let mut applied = filters.clone();
        applied.limit = None;
        applied.albums.clear();
        if !caps.dates {
            (applied.since, applied.until, applied.zone) = (None, None, None);
        }
        if !caps.kind {
            applied.kind = None;
        }
        applied.favourite &= caps.favourite;
        let albums = std::mem::take(&mut applied.album_ids);
        Self {
            filters: applied,
            albums: if caps.albums { albums } else { Vec::new() },
        }
    }

    /// Reads it back out of a cursor.
    fn of(cursor: &Cursor) -> Self {
        let only = cursor.resume.get(ONLY).cloned().unwrap_or_default();
        serde_json::from_value(only).unwrap_or_default()
    }

    fn is_everything(&self) -> bool {
        self.filters.is_empty() && self.albums.is_empty()
    }

    fn lets_pass(&self, state: &State, entry: &Entry) -> bool {
        let item = &entry.item;
        let of_albums = || {
            state
                .albums_of(&item.id)
                .iter()
                .any(|album| self.albums.contains(album))
        };
        self.filters.matches_facts(item.kind, &item.metadata) == Fit::Yes && (self.albums.is_empty() || of_albums())
    }
}

impl MemoryProvider {
    fn cursor(&self, offset: usize) -> Cursor {
        let until = self.clock.now().saturating_add(self.rules.page_token_life);
        Cursor {
            resume: json!({ "offset": offset }),
            fast: Some(format!("{FAST_PREFIX}{offset}")),
            fast_until: until.ok(),
        }
    }

    /// Reads a cursor: the fast form while it works, the durable one otherwise.
    fn offset(&self, operation: Operation, at: Option<&Cursor>) -> Result<usize> {
        let Some(cursor) = at else { return Ok(0) };
        let is_fresh = cursor.fast_until.is_none_or(|until| self.clock.now() < until);
        let fast = cursor.fast.as_deref().filter(|_| is_fresh);
        let offset = match fast {
            Some(fast) => fast.strip_prefix(FAST_PREFIX).and_then(|digits| digits.parse().ok()),
            None => cursor.resume["offset"]
                .as_u64()
                .and_then(|offset| usize::try_from(offset).ok()),
        };
        offset.ok_or_else(|| {
            Self::refuse(
                ErrorKind::Config,
                operation,
                "the place to go on from is not one of ours",
            )
        })
    }

    /// Cuts a page out of a listing; what is not `there` is a gap.
    fn page<E, T>(
        &self,
        all: &[E],
        offset: usize,
        there: impl Fn(&E) -> bool,
        make: impl Fn(usize, &E) -> T,
    ) -> Page<T> {
        let end = all.len().min(offset.saturating_add(self.rules.page_items));
        let items = (offset..end)
            .filter(|index| there(&all[*index]))
            .map(|index| Ok(make(index, &all[index])))
            .collect();
        Page {
            items,
            next: (end < all.len()).then(|| self.cursor(end)),
            total_hint: Some(all.iter().filter(|one| there(one)).count() as u64),
        }
    }

    fn asset(&self, state: &State, entry: &Entry) -> Asset {
        let item = &entry.item;
        let caps = self.rules.source.as_ref();
        let (hashes, fields) = caps.map_or((HashKinds::NONE, Fields::NONE), |caps| (caps.hashes, caps.fields));
        let parts = entry.files().enumerate().map(|(number, file)| Part {
            id: PartId::new(number.to_string()),
            role: file.role,
            file_name: file.file_name.to_owned(),
            media_type: file.media_type.cloned(),
            size_bytes: Some(file.bytes.len() as u64),
            checksums: only(&only(file.checksums, hashes), item.promise_hashes),
        });
        let mut metadata = item.metadata.clone();
        if !fields.contains(ALL_FIELDS) {
            metadata = crate::Metadata {
                extra: metadata.extra,
                ..crate::Metadata::default()
            };
            merge(&mut metadata, &item.metadata, fields);
        }
        Asset {
            id: item.id.clone(),
            kind: item.kind,
            revision: entry.revision.to_string(),
            parts: parts.collect(),
            metadata,
            albums: caps
                .is_some_and(|caps| caps.members_in_listing)
                .then(|| state.albums_of(&item.id)),
            locator: Locator(json!({ "item": item.id.as_str() })),
            read_before: None,
        }
    }

    /// Takes the bytes to give for an opening, with the damage done to them.
    fn take_bytes(&self, part: &PartId, locator: &Locator) -> Result<(Bytes, Option<Damage>)> {
        let gone = || Self::refuse(ErrorKind::NotFound, Operation::Open, "the file is gone").context("part", part);
        let id = locator.0["item"].as_str().ok_or_else(gone)?;
        let mut state = self.state();
        let entry = state.entry_mut(id).filter(|entry| entry.is_listed()).ok_or_else(gone)?;
        let number: usize = part.as_str().parse().map_err(|_| gone())?;
        let bytes = entry
            .files()
            .nth(number)
            .map(|file| file.bytes.clone())
            .ok_or_else(gone)?;
        let damage = entry.damage.filter(|(_, times)| *times > 0).map(|(damage, times)| {
            entry.damage = Some((damage, times - 1));
            damage
        });
        Ok((bytes, damage))
    }
}

fn stream_of(bytes: Bytes, from: usize, damage: Option<Damage>) -> ByteStream {
    let until = |kept: u64| usize::try_from(kept).unwrap_or(usize::MAX).min(bytes.len()).max(from);
    match damage {
        None => BytesBody::chunks(bytes.slice(from..)),
        Some(Damage::WrongBytes) => {
            let mut wrong = bytes.to_vec();
            if let Some(last) = wrong.last_mut() {
                *last ^= 0xff;
            }
            BytesBody::chunks(Bytes::from(wrong).slice(from..))
        }
        Some(Damage::EndsAfter(kept)) => BytesBody::chunks(bytes.slice(from..until(kept))),
        Some(Damage::BreaksAfter(kept)) => {
            let broken = Error::new(ErrorKind::Network, "connection lost")
                .provider(KIND)
                .operation(Operation::Open);
            BytesBody::chunks(bytes.slice(from..until(kept)))
                .chain(stream::iter([Err(broken)]))
                .boxed()
        }
    }
}

#[async_trait]
impl PhotoSource for MemoryProvider {
    async fn start(&self, filters: &Filters) -> Result<Cursor> {
        let caps = self.rules.source.as_ref().map_or(FilterCaps::NONE, |caps| caps.filters);
        let only = Only::new(filters, caps);
        let mut cursor = self.cursor(0);
        if !only.is_everything() {
            cursor.resume[ONLY] = json!(only);
        }
        Ok(cursor)
    }

    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>> {
        let reply = self.begin(Operation::ListAssets)?;
        let offset = self.offset(Operation::ListAssets, Some(at))?;
        let only = Only::of(at);
        let mut page = {
            let state = self.state();
            let there = |entry: &Entry| entry.is_listed() && only.lets_pass(&state, entry);
            self.page(&state.entries, offset, there, |_, entry| {
                let mut asset = self.asset(&state, entry);
                if !only.albums.is_empty() {
                    asset.albums = Some(state.albums_of(&asset.id));
                }
                asset
            })
        };
        if let Some(next) = page.next.as_mut().filter(|_| !only.is_everything()) {
            next.resume[ONLY] = json!(only);
        }
        reply.give(page)
    }

    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>> {
        let reply = self.begin(Operation::ListAlbums)?;
        let offset = self.offset(Operation::ListAlbums, at)?;
        let page = {
            let state = self.state();
            self.page(
                &state.albums,
                offset,
                |_| true,
                |_, album| Album {
                    id: album.id.clone(),
                    title: album.title.clone(),
                    description: album.description.clone(),
                    item_count: Some(album.members.len() as u64),
                    shared: false,
                },
            )
        };
        reply.give(page)
    }

    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>> {
        let reply = self.begin(Operation::ListMembers)?;
        let offset = self.offset(Operation::ListMembers, at)?;
        let page = {
            let state = self.state();
            let album = state.album(album.as_str()).ok_or_else(|| {
                Self::refuse(ErrorKind::NotFound, Operation::ListMembers, "album does not exist")
                    .context("album", album)
            })?;
            // What is in the bin or was never there is no member that anybody could read.
            let is_listed = |id: &AssetId| state.entry(id.as_str()).is_some_and(Entry::is_listed);
            self.page(&album.members, offset, is_listed, |index, id| Member {
                asset: id.clone(),
                position: Some(index as u64),
            })
        };
        reply.give(page)
    }

    async fn refresh(&self, asset: &AssetId, _locator: &Locator) -> Result<Option<Asset>> {
        let reply = self.begin(Operation::Refresh)?;
        let found = {
            let state = self.state();
            let entry = state.entry(asset.as_str()).filter(|entry| entry.is_listed());
            entry.map(|entry| self.asset(&state, entry))
        };
        reply.give(found)
    }

    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        let reply = self.begin(Operation::Open)?;
        let is_ranged = self.rules.source.as_ref().is_some_and(|caps| caps.ranged);
        let starts_at = if is_ranged { offset } else { 0 };
        let (bytes, damage) = self.take_bytes(part, locator)?;
        let from = usize::try_from(starts_at)
            .ok()
            .filter(|from| *from <= bytes.len())
            .ok_or_else(|| {
                let message = format!("byte {offset} of a file of {}", bytes.len());
                Self::refuse(ErrorKind::Rejected(Rejection::Invalid), Operation::Open, message)
            })?;
        let size_bytes = Some(bytes.len() as u64);
        reply.give(Media {
            starts_at,
            size_bytes,
            stream: stream_of(bytes, from, damage),
        })
    }
}
