//! The library as a sink that keeps to its capabilities and refuses what they do not allow.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Agreement, Body, BytesBody, Checksums, Claim, Committed, DestAlbumId, DestId, Error, ErrorKind, Evidence, Fields,
    Intent, Lookup, Media, Metadata, NewAlbum, NewPart, Operation, PartId, PhotoSink, Rejection, Resource, Result,
    SettingChange, Settled, SinkCaps, StageKind, StageLog, Staged, StagedBundle, Wanted,
};

use crate::limits::byte_limit;

use super::commit::create;
use super::state::{Entry, StagedBytes, State, all_checksums, merge, only};
use super::{ALL_HASHES, LaneKind, MemoryProvider};

/// What the handle of an upload ends with once the hash of the whole is known.
const SEALED: &str = " sealed";

impl MemoryProvider {
    pub(super) fn caps(&self, operation: Operation) -> Result<&SinkCaps> {
        let caps = self.rules.sink.as_ref();
        caps.ok_or_else(|| Self::refuse(ErrorKind::Unsupported, operation, "it is no sink"))
    }

    pub(super) fn invalid(operation: Operation, message: impl Into<String>) -> Error {
        Self::refuse(ErrorKind::Rejected(Rejection::Invalid), operation, message)
    }

    fn check_new_part(caps: &SinkCaps, part: &NewPart, body: &dyn Body) -> Result<()> {
        let size = body.size_bytes();
        let limit = byte_limit(caps, part.media_type.as_deref());
        let rejected = |why, message: &str| Err(Self::refuse(ErrorKind::Rejected(why), Operation::Stage, message));
        if size == 0 {
            return rejected(Rejection::Empty, "the file is empty");
        }
        if limit.is_some_and(|limit| size > limit) {
            return rejected(Rejection::TooLarge, "the file is too large");
        }
        if is_longer(&part.file_name, caps.texts.file_name_chars) {
            return rejected(Rejection::Invalid, "the file name is too long");
        }
        if !caps.resumable && !body.checksums().kinds().contains(caps.needs_before_stage) {
            return rejected(Rejection::Invalid, "a hash of the file is missing");
        }
        Ok(())
    }

    /// Finds where to go on: an upload that still lives, perhaps with all its bytes, or a new one.
    fn open_upload(&self, caps: &SinkCaps, part: &NewPart, resume: Option<&Staged>) -> (String, u64, Staged) {
        let now = self.clock.now();
        let mut state = self.state();
        let old = resume.filter(|_| caps.resumable).and_then(|staged| {
            let token = staged.token.expose_secret();
            let token = token.strip_suffix(SEALED).unwrap_or(token);
            let kept = state
                .staged
                .get(token)
                .filter(|kept| kept.became.is_none() && is_alive(kept, now))?;
            Some((token.to_owned(), kept.bytes.len() as u64, kept.until))
        });
        let (token, offset, until) = old.unwrap_or_else(|| {
            let token = state.fresh("staged");
            let until = caps.staged_ttl.and_then(|ttl| now.saturating_add(ttl).ok());
            let part = part.clone();
            let empty = StagedBytes {
                part,
                bytes: Vec::new(),
                complete: false,
                until,
                became: None,
            };
            state.staged.insert(token.clone(), empty);
            (token, 0, until)
        });
        let staged = Staged {
            token: SecretString::from(token.clone()),
            until,
            bound_to: self.rules.sessions.then(|| state.session()),
            visible: None,
        };
        (token, offset, staged)
    }

    fn store_chunk(&self, token: &str, chunk: &[u8]) -> u64 {
        let mut state = self.state();
        let Some(upload) = state.staged.get_mut(token) else {
            return 0;
        };
        upload.bytes.extend_from_slice(chunk);
        let stored = upload.bytes.len() as u64;
        state.taken_bytes += chunk.len() as u64;
        stored
    }

    /// Stores what the body gives from `offset` on, up to the byte at which the connection is to break.
    async fn take_body(&self, token: &str, body: &dyn Body, offset: u64, log: &dyn StageLog) -> Result<()> {
        let breaks_at = self.state().breaks.pop_front();
        let mut stored = offset;
        let mut stream = body.stream(offset).await?;
        while let Some(chunk) = stream.try_next().await? {
            let room = breaks_at.map_or(u64::MAX, |at| at.saturating_sub(stored));
            let kept = usize::try_from(room).unwrap_or(usize::MAX).min(chunk.len());
            stored = self.store_chunk(token, &chunk[..kept]);
            log.stored(stored).await;
            if kept < chunk.len() {
                return Err(Self::refuse(ErrorKind::Network, Operation::Stage, "connection lost"));
            }
        }
        Ok(())
    }

    /// Lets the body say that all is as it was promised; otherwise the upload is cancelled.
    async fn seal_body(&self, caps: &SinkCaps, staged: &Staged, body: &dyn Body, log: &dyn StageLog) -> Result<()> {
        let token = staged.token.expose_secret();
        if let Err(error) = body.seal().await {
            self.state().staged.remove(token);
            return Err(error);
        }
        if caps.resumable && body.checksums().sha1.is_none() {
            // As Google does: the handle now says more of the same upload, namely which bytes it is of.
            let told = Staged {
                token: SecretString::from(format!("{token}{SEALED}")),
                ..staged.clone()
            };
            log.opened(&told).await?;
        }
        Ok(())
    }

    /// Ends an upload: the bytes must be those that were announced.
    fn close_upload(&self, caps: &SinkCaps, token: &str, body: &dyn Body) -> Result<Option<DestId>> {
        let mut state = self.state();
        let gone = || Self::refuse(ErrorKind::NotFound, Operation::Stage, "the upload is gone");
        let upload = state.staged.get_mut(token).ok_or_else(gone)?;
        // As services do, it compares only hashes that it knows.
        let known = only(body.checksums(), caps.reports.union(caps.needs_before_stage));
        let has_arrived = upload.bytes.len() as u64 == body.size_bytes()
            && !matches!(all_checksums(&upload.bytes).agrees(&known), Agreement::Different(_));
        if !has_arrived {
            state.staged.remove(token);
            let message = "the bytes that arrived are not those that were announced";
            return Err(Self::refuse(ErrorKind::Corrupt, Operation::Stage, message));
        }
        upload.complete = true;
        if caps.stage == StageKind::Hidden {
            return Ok(None);
        }
        let (part, bytes) = (upload.part.clone(), Bytes::from(upload.bytes.clone()));
        self.check_capacity(&state, bytes.len() as u64, Operation::Stage)?;
        let existing = self
            .equal_bytes(&state, &bytes)
            .map(|entry| DestId::new(entry.item.id.as_str()));
        if existing.is_some() {
            let kind = ErrorKind::Conflict { existing };
            return Err(Self::refuse(kind, Operation::Stage, "the file is there already"));
        }
        let metadata = part.metadata.clone();
        let id = create(&mut state, caps, &[(part, bytes)], &metadata);
        if let Some(upload) = state.staged.get_mut(token) {
            upload.became = Some(id.clone());
        }
        Ok(Some(id))
    }

    pub(super) fn equal_bytes<'a>(&self, state: &'a State, bytes: &[u8]) -> Option<&'a Entry> {
        if !self.rules.dedup {
            return None;
        }
        state
            .find(&all_checksums(bytes), ALL_HASHES)
            .ok()
            .flatten()
            .filter(|entry| entry.is_listed())
    }

    pub(super) fn check_capacity(&self, state: &State, new_bytes: u64, operation: Operation) -> Result<()> {
        let Some(capacity) = self.rules.capacity else {
            return Ok(());
        };
        if state.used_bytes().saturating_add(new_bytes) <= capacity {
            return Ok(());
        }
        let kind = ErrorKind::Quota {
            resource: Resource::Storage,
            resets_at: None,
        };
        Err(Self::refuse(kind, operation, "the storage is full"))
    }

    fn evidence(&self, caps: &SinkCaps, claim: &Claim) -> Evidence {
        let state = self.state();
        let Some(entry) = state.entry(claim.id.as_str()).filter(|entry| entry.is_listed()) else {
            return Evidence::Missing;
        };
        if self.rules.exists_only {
            return Evidence::ExistsOnly;
        }
        let sized: Vec<Checksums> = entry
            .files()
            .filter(|file| file.bytes.len() as u64 == claim.size_bytes)
            .map(|file| only(file.checksums, caps.reports))
            .collect();
        if sized.is_empty() {
            let what = format!("no file of {} bytes", claim.size_bytes);
            return Evidence::Differs { what };
        }
        let mut evidence = Evidence::SizeOnly;
        for checksums in sized {
            match checksums.agrees(&claim.checksums) {
                Agreement::Same(kinds) => return Evidence::Hash(kinds),
                Agreement::Different(kinds) => {
                    evidence = Evidence::Differs {
                        what: kinds.to_string(),
                    }
                }
                Agreement::Unknown => {}
            }
        }
        evidence
    }
}

pub(super) fn is_longer(text: &str, max: Option<u32>) -> bool {
    max.and_then(|max| usize::try_from(max).ok())
        .is_some_and(|max| text.chars().count() > max)
}

pub(super) fn is_alive(staged: &StagedBytes, now: jiff::Timestamp) -> bool {
    staged.until.is_none_or(|until| now < until)
}

impl MemoryProvider {
    /// Settings that are not as a run wants them.
    fn open_changes(&self) -> Vec<SettingChange> {
        let state = self.state();
        let mut changes = Vec::new();
        for change in &self.rules.settings {
            let present = state.settings.get(&change.setting);
            if present != Some(&change.after) {
                changes.push(SettingChange {
                    before: present.cloned().unwrap_or_default(),
                    ..change.clone()
                });
            }
        }
        changes
    }
}

#[async_trait]
impl PhotoSink for MemoryProvider {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        let reply = self.begin(Operation::Find)?;
        let kinds = self.caps(Operation::Find)?.find_by;
        let found = {
            let state = self.state();
            let look = |wanted: &Wanted| match state.find(&wanted.checksums, kinds) {
                Err(()) => Lookup::CannotTell,
                Ok(None) => Lookup::Absent,
                Ok(Some(entry)) => {
                    let id = DestId::new(entry.item.id.as_str());
                    match entry.aside {
                        Some(how) => Lookup::OutOfSight { id, how },
                        None => Lookup::Found {
                            id,
                            trashed: entry.trashed,
                        },
                    }
                }
            };
            wanted.iter().map(look).collect()
        };
        reply.give(found)
    }

    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        let reply = self.begin(Operation::Stage)?;
        let caps = self.caps(Operation::Stage)?;
        let _running = self.enter(LaneKind::Stages).await;
        Self::check_new_part(caps, part, body)?;
        let (token, offset, mut staged) = self.open_upload(caps, part, resume);
        if caps.resumable {
            log.opened(&staged).await?;
        }
        self.take_body(&token, body, offset, log).await?;
        self.seal_body(caps, &staged, body, log).await?;
        staged.visible = self.close_upload(caps, &token, body)?;
        reply.give(staged)
    }

    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        let reply = self.begin(Operation::Commit)?;
        let _running = self.enter(LaneKind::Writes).await;
        let committed = self.commit_now(batch, album)?;
        reply.give(committed)
    }

    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        let reply = self.begin(Operation::Settle)?;
        reply.give(self.settle_now(intent)?)
    }

    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        let reply = self.begin(Operation::CreateAlbum)?;
        let _running = self.enter(LaneKind::Writes).await;
        let created = self.create_album_now(album)?;
        reply.give(created)
    }

    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        let reply = self.begin(Operation::AddToAlbum)?;
        let _running = self.enter(LaneKind::Writes).await;
        let added = self.add_now(album, members)?;
        reply.give(added)
    }

    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        let reply = self.begin(Operation::Describe)?;
        let caps = self.caps(Operation::Describe)?;
        let _running = self.enter(LaneKind::Writes).await;
        let text = patch.description.as_ref();
        if text.is_some_and(|text| is_longer(&text.value, caps.texts.description_chars)) {
            return Err(Self::invalid(Operation::Describe, "the description is too long"));
        }
        let kept = caps.on_update.minus(self.rules.forgets);
        let refused = patch.fields().minus(kept);
        {
            let mut state = self.state();
            let entry = state.entry_mut(item.as_str()).ok_or_else(|| {
                Self::refuse(ErrorKind::NotFound, Operation::Describe, "item does not exist").context("item", item)
            })?;
            merge(&mut entry.item.metadata, patch, kept);
        }
        reply.give(patch.fields().minus(refused))
    }

    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        let reply = self.begin(Operation::Verify)?;
        let caps = self.caps(Operation::Verify)?;
        reply.give(claims.iter().map(|claim| Ok(self.evidence(caps, claim))).collect())
    }

    async fn read_back(&self, item: &DestId, part: &PartId) -> Result<Media> {
        let reply = self.begin(Operation::ReadBack)?;
        let bytes = {
            let state = self.state();
            let entry = state.entry(item.as_str());
            let number = part.as_str().parse().unwrap_or(0);
            // An item of one file gives that one, whatever the source called it.
            let files: Vec<Bytes> = entry
                .iter()
                .flat_map(|entry| entry.files())
                .map(|f| f.bytes.clone())
                .collect();
            files.get(number).or(files.first()).cloned().ok_or_else(|| {
                Self::refuse(ErrorKind::NotFound, Operation::ReadBack, "item does not exist").context("item", item)
            })?
        };
        let size_bytes = Some(bytes.len() as u64);
        reply.give(Media {
            starts_at: 0,
            size_bytes,
            stream: BytesBody::chunks(bytes),
        })
    }

    async fn changes_ahead(&self) -> Result<Vec<SettingChange>> {
        Ok(self.open_changes())
    }

    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        let reply = self.begin(Operation::Prepare)?;
        let changes = self.open_changes();
        for change in &changes {
            let mut state = self.state();
            state.settings.insert(change.setting.clone(), change.after.clone());
        }
        reply.give(changes)
    }

    async fn restore(&self, changes: &[SettingChange]) -> Result<()> {
        let reply = self.begin(Operation::Restore)?;
        {
            let mut state = self.state();
            for change in changes {
                state.settings.insert(change.setting.clone(), change.before.clone());
            }
        }
        reply.give(())
    }
}
