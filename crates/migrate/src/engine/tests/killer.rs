//! A sink in front of another one, at whose every call the process may "die".

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use photomove_core::{
    Account, Body, ByteStream, Capabilities, Checksums, Claim, Committed, DestAlbumId, DestId, Error, Evidence,
    FailWhen, Fields, Intent, Lookup, Media, MemoryProvider, Metadata, NewAlbum, NewPart, Operation, PartId,
    PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, Result, SettingChange, Settled, StageLog, Staged,
    StagedBundle, Wanted,
};
use tokio::sync::Notify;

use crate::journal::writer::Fuse;

/// Dies at the k-th boundary: before or after a call of the sink, before or after a transaction is durable.
#[derive(Debug)]
pub(super) struct Killer {
    at: u64,
    seen: AtomicU64,
    dead: AtomicBool,
    died: Notify,
}

impl Killer {
    pub(super) fn new(at: u64) -> Arc<Self> {
        Arc::new(Self {
            at,
            seen: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            died: Notify::new(),
        })
    }

    /// Counts a boundary; `true` = the process is dead from here on.
    fn tick(&self) -> bool {
        let seen = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        if seen == self.at {
            self.died.notify_one();
        }
        seen >= self.at || self.dead.load(Ordering::SeqCst)
    }

    pub(super) fn fuse(self: &Arc<Self>) -> Fuse {
        let killer = Arc::clone(self);
        Arc::new(move |_| killer.tick())
    }

    pub(super) async fn died(&self) {
        self.died.notified().await;
    }

    /// Dies here and now, whatever the count.
    pub(super) fn strike(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    async fn boundary(&self) {
        if self.tick() {
            std::future::pending::<()>().await;
        }
    }
}

/// Looks at a call right before it is made.
pub(super) type Look = Box<dyn Fn(Operation, &[StagedBundle]) + Send + Sync>;

/// Decides whether a call about a subject fails: before it is made, or after, when only its reply is lost.
pub(super) type Meddle = Box<dyn Fn(Operation, &str, FailWhen) -> Option<Error> + Send + Sync>;

pub(super) struct Gate {
    pub inner: Arc<MemoryProvider>,
    pub killer: Arc<Killer>,
    pub look: Look,
    pub meddle: Meddle,
    /// Said about every claim instead of what is true.
    pub evidence: Option<Evidence>,
    /// Files of this name are created without telling their ids.
    pub nameless: Option<&'static str>,
    /// The process dies once the sink has stored so many bytes of a file that has as many.
    pub dies_at: Option<u64>,
    /// The process dies right before or right after this call.
    pub dies_around: Option<(Operation, FailWhen)>,
    /// Called whenever the sink has at least so many bytes of a file.
    pub at_byte: Option<(u64, Box<dyn Fn() + Send + Sync>)>,
    /// Others run for a while between any two pieces of a file.
    pub slow: bool,
    /// Whether uploads were to be continued, one after the other.
    pub resumed: Arc<Mutex<Vec<bool>>>,
}

/// Hears how far an upload is.
struct Ear<'a> {
    gate: &'a Gate,
    log: &'a dyn StageLog,
}

#[async_trait]
impl StageLog for Ear<'_> {
    async fn opened(&self, handle: &Staged) -> Result<()> {
        self.log.opened(handle).await
    }
    async fn stored(&self, bytes: u64) {
        self.log.stored(bytes).await;
        if self.gate.slow {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        if let Some((_, call)) = self.gate.at_byte.as_ref().filter(|(at, _)| bytes >= *at) {
            call();
        }
    }
}

/// A body in whose middle the process dies.
#[derive(Debug)]
struct Mortal<'a> {
    inner: &'a dyn Body,
    killer: &'a Arc<Killer>,
    dies_at: u64,
}

#[async_trait]
impl Body for Mortal<'_> {
    fn size_bytes(&self) -> u64 {
        self.inner.size_bytes()
    }
    fn checksums(&self) -> &Checksums {
        self.inner.checksums()
    }
    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        let (killer, dies_at) = (Arc::clone(self.killer), self.dies_at);
        let given = stream::unfold((self.inner.stream(offset).await?, offset), move |(mut rest, at)| {
            let killer = Arc::clone(&killer);
            async move {
                if at == dies_at {
                    killer.strike();
                    std::future::pending::<()>().await;
                }
                let mut chunk = match rest.next().await? {
                    Ok(chunk) => chunk,
                    Err(error) => return Some((Err(error), (rest, at))),
                };
                let room = usize::try_from(dies_at.saturating_sub(at)).unwrap();
                if room > 0 && room < chunk.len() {
                    let after = chunk.split_off(room);
                    rest = stream::iter([Ok(after)]).chain(rest).boxed();
                }
                let at = at + chunk.len() as u64;
                Some((Ok(chunk), (rest, at)))
            }
        });
        Ok(given.boxed())
    }
    async fn seal(&self) -> Result<Checksums> {
        self.inner.seal().await
    }
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
            meddle: Box::new(|_, _, _| None),
            evidence: None,
            nameless: None,
            dies_at: None,
            dies_around: None,
            at_byte: None,
            slow: false,
            resumed: Arc::default(),
        }
    }

    async fn die_around(&self, operation: Operation, when: FailWhen) {
        if self.dies_around == Some((operation, when)) {
            self.killer.strike();
            std::future::pending::<()>().await;
        }
    }

    async fn through<T>(
        &self,
        operation: Operation,
        subject: &str,
        batch: &[StagedBundle],
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.killer.boundary().await;
        (self.look)(operation, batch);
        self.die_around(operation, FailWhen::Before).await;
        if let Some(error) = (self.meddle)(operation, subject, FailWhen::Before) {
            return Err(error);
        }
        let reply = call.await;
        self.die_around(operation, FailWhen::AfterActing).await;
        self.killer.boundary().await;
        let lost = reply
            .is_ok()
            .then(|| (self.meddle)(operation, subject, FailWhen::AfterActing));
        lost.flatten().map_or(reply, Err)
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
        self.through(Operation::Find, "", &[], self.inner.find(wanted)).await
    }
    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        let mortal;
        let body = match self.dies_at.filter(|at| *at <= body.size_bytes()) {
            None => body,
            Some(dies_at) => {
                mortal = Mortal {
                    inner: body,
                    killer: &self.killer,
                    dies_at,
                };
                &mortal
            }
        };
        self.resumed.lock().unwrap().push(resume.is_some());
        let log = &Ear { gate: self, log };
        self.through(
            Operation::Stage,
            &format!("{:?}", part.key),
            &[],
            self.inner.stage(part, body, resume, log),
        )
        .await
    }
    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        let subject: Vec<_> = batch.iter().map(|bundle| format!("{:?}", bundle.key)).collect();
        let subject = subject.join(" ");
        let mut reply = self
            .through(Operation::Commit, &subject, batch, self.inner.commit(batch, album))
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
        self.through(Operation::Settle, "", &[], self.inner.settle(intent))
            .await
    }
    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        self.through(
            Operation::CreateAlbum,
            &album.title,
            &[],
            self.inner.create_album(album),
        )
        .await
    }
    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        self.through(
            Operation::AddToAlbum,
            &format!("{album} {members:?}"),
            &[],
            self.inner.add_to_album(album, members),
        )
        .await
    }
    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        self.through(Operation::Describe, "", &[], self.inner.describe(item, patch))
            .await
    }
    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        if let Some(evidence) = &self.evidence {
            return Ok(claims.iter().map(|_| Ok(evidence.clone())).collect());
        }
        self.through(Operation::Verify, "", &[], self.inner.verify(claims))
            .await
    }
    async fn read_back(&self, item: &DestId, part: &PartId) -> Result<Media> {
        self.inner.read_back(item, part).await
    }
    async fn changes_ahead(&self) -> Result<Vec<SettingChange>> {
        self.inner.changes_ahead().await
    }
    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        self.through(Operation::Prepare, "", &[], self.inner.prepare()).await
    }
    async fn restore(&self, changes: &[SettingChange]) -> Result<()> {
        self.through(Operation::Restore, "", &[], self.inner.restore(changes))
            .await
    }
}
