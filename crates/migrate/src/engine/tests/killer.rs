//! A sink in front of another one, at whose every call the process may "die".

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use photomove_core::{
    Account, Body, Capabilities, Claim, Committed, DestAlbumId, DestId, Evidence, Fields, Intent, Lookup, Media,
    MemoryProvider, Metadata, NewAlbum, NewPart, Operation, PartId, PhotoProvider, PhotoSink, PhotoSource,
    ProviderInfo, Result, SettingChange, Settled, StageLog, Staged, StagedBundle, Wanted,
};
use tokio::sync::Notify;

use crate::journal::writer::Fuse;

/// Dies at the k-th boundary: before or after a call of the sink, before or after a transaction is durable.
#[derive(Debug)]
pub(super) struct Killer {
    at: u64,
    seen: AtomicU64,
    died: Notify,
}

impl Killer {
    pub(super) fn new(at: u64) -> Arc<Self> {
        Arc::new(Self {
            at,
            seen: AtomicU64::new(0),
            died: Notify::new(),
        })
    }

    /// Counts a boundary; `true` = the process is dead from here on.
    fn tick(&self) -> bool {
        let seen = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if seen == self.at {
            self.died.notify_one();
        }
        seen >= self.at
    }

    pub(super) fn fuse(self: &Arc<Self>) -> Fuse {
        let killer = Arc::clone(self);
        Arc::new(move |_| killer.tick())
    }

    pub(super) async fn died(&self) {
        self.died.notified().await;
    }

    async fn boundary(&self) {
        if self.tick() {
            std::future::pending::<()>().await;
        }
    }
}

/// Looks at a call right before it is made.
pub(super) type Look = Box<dyn Fn(Operation, &[StagedBundle]) + Send + Sync>;

pub(super) struct Gate {
    pub inner: Arc<MemoryProvider>,
    pub killer: Arc<Killer>,
    pub look: Look,
    /// Said about every claim instead of what is true.
    pub evidence: Option<Evidence>,
    /// Files of this name are created without telling their ids.
    pub nameless: Option<&'static str>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl Gate {
    pub(super) fn new(inner: &Arc<MemoryProvider>, killer: &Arc<Killer>) -> Self {
        Self {
            inner: Arc::clone(inner),
            killer: Arc::clone(killer),
            look: Box::new(|_, _| {}),
            evidence: None,
            nameless: None,
        }
    }

    async fn through<T>(&self, operation: Operation, batch: &[StagedBundle], call: impl Future<Output = T>) -> T {
        self.killer.boundary().await;
        (self.look)(operation, batch);
        let reply = call.await;
        self.killer.boundary().await;
        reply
    }
}

#[async_trait]
impl PhotoProvider for Gate {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn connect(&self) -> Result<Account> {
        self.inner.connect().await
    }
    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        None
    }
    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(self)
    }
}

#[async_trait]
impl PhotoSink for Gate {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        self.through(Operation::Find, &[], self.inner.find(wanted)).await
    }
    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        self.through(Operation::Stage, &[], self.inner.stage(part, body, resume, log))
            .await
    }
    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        let mut reply = self
            .through(Operation::Commit, batch, self.inner.commit(batch, album))
            .await;
        for (bundle, done) in batch.iter().zip(reply.iter_mut().flatten()) {
            if self.nameless.is_some_and(|name| bundle.file_name == name)
                && let Ok(done) = done
            {
                done.parts.iter_mut().for_each(|(_, id)| *id = None);
            }
        }
        reply
    }
    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        self.through(Operation::Settle, &[], self.inner.settle(intent)).await
    }
    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        self.through(Operation::CreateAlbum, &[], self.inner.create_album(album))
            .await
    }
    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        self.through(Operation::AddToAlbum, &[], self.inner.add_to_album(album, members))
            .await
    }
    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        self.through(Operation::Describe, &[], self.inner.describe(item, patch))
            .await
    }
    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        if let Some(evidence) = &self.evidence {
            return Ok(claims.iter().map(|_| Ok(evidence.clone())).collect());
        }
        self.through(Operation::Verify, &[], self.inner.verify(claims)).await
    }
    async fn read_back(&self, item: &DestId, part: &PartId) -> Result<Media> {
        self.inner.read_back(item, part).await
    }
    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        self.through(Operation::Prepare, &[], self.inner.prepare()).await
    }
    async fn restore(&self, changes: &[SettingChange]) -> Result<()> {
        self.through(Operation::Restore, &[], self.inner.restore(changes)).await
    }
}
