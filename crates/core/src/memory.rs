//! A provider in memory: a source and a demanding sink for tests, examples and documentation.

mod albums;
mod commit;
mod day;
mod faults;
mod model;
mod settle;
mod setup;
mod sink;
mod source;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    Account, AlbumId, AssetId, Capabilities, Error, ErrorKind, HashKinds, Operation, OutOfSight, Owner, PhotoProvider,
    PhotoSink, PhotoSource, ProviderInfo, Result, SharedClock, Siblings,
};

pub use model::{Damage, FailWhen, MemoryAlbum, MemoryItem, MemoryPart};
use setup::Rules;
use state::{Lane, State};

const KIND: &str = "memory";
const ALL_HASHES: HashKinds = HashKinds::MD5.union(HashKinds::SHA1).union(HashKinds::SHA256);

/// A provider in memory, source and sink at once.
///
/// [`MemoryProvider::new`] is a kind one; [`MemoryProvider::demanding`] behaves like a service that gives nothing away.
/// Both refuse what their capabilities do not allow, as a real service would. The `with_…` methods set it up; all
/// others take `&self` and work while it is in use.
///
/// ```
/// use std::sync::Arc;
/// use photomove_core::{Filters, MemoryAlbum, MemoryItem, MemoryProvider, PhotoSource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> photomove_core::Result<()> {
/// let library = Arc::new(MemoryProvider::new("anna"));
/// library.insert(MemoryItem::new("1", "harbour.jpg", "bytes of a picture"));
/// library.add_album(MemoryAlbum::new("a", "Summer", ["1".into()]));
///
/// let start = library.start(&Filters::default()).await?;
/// let page = library.assets(&start).await?;
/// assert_eq!(page.items.len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct MemoryProvider {
    info: ProviderInfo,
    clock: SharedClock,
    rules: Rules,
    state: Mutex<State>,
}

/// Which calls are counted together when they run at once.
#[derive(Clone, Copy)]
enum LaneKind {
    Stages,
    Writes,
}

impl LaneKind {
    fn of(self, state: &mut State) -> &mut Lane {
        match self {
            Self::Stages => &mut state.stages,
            Self::Writes => &mut state.writes,
        }
    }
}

/// Counts a call as running until dropped.
struct InFlight<'a>(&'a MemoryProvider, LaneKind);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.1.of(&mut self.0.state()).now -= 1;
    }
}

/// What a call will answer once it has acted: the result, or the failure that hides it.
struct Reply(Option<Error>);

impl Reply {
    fn give<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

impl MemoryProvider {
    /// Puts an item into the library, or replaces the one with its id and gives it a new revision.
    pub fn insert(&self, item: MemoryItem) {
        self.state().insert(item);
    }

    /// Puts an album into the library, or replaces the one with its id.
    pub fn add_album(&self, album: MemoryAlbum) {
        let mut state = self.state();
        match state.album_mut(album.id.as_str()) {
            Some(old) => *old = album,
            None => state.albums.push(album),
        }
    }

    /// Takes an item away for good; says whether it was there.
    pub fn remove(&self, id: &AssetId) -> bool {
        let mut state = self.state();
        let Some(entry) = state.entry_mut(id.as_str()) else {
            return false;
        };
        entry.removed = true;
        for album in &mut state.albums {
            album.members.retain(|member| member != id);
        }
        true
    }

    /// Takes an album away, its members stay; says whether it was there.
    pub fn remove_album(&self, id: &AlbumId) -> bool {
        let mut state = self.state();
        let before = state.albums.len();
        state.albums.retain(|album| album.id != *id);
        state.albums.len() < before
    }

    /// Puts an item into the bin: it is found but no longer listed; says whether it was there.
    pub fn trash(&self, id: &AssetId) -> bool {
        self.state()
            .entry_mut(id.as_str())
            .map(|entry| entry.trashed = true)
            .is_some()
    }

    /// Puts an item where people do not see it: it is told apart by `find`; says whether it was there.
    pub fn put_out_of_sight(&self, id: &AssetId, how: OutOfSight) -> bool {
        self.state()
            .entry_mut(id.as_str())
            .map(|entry| entry.aside = Some(how))
            .is_some()
    }

    /// Returns what the files that were sent and not made items of were sent with as their siblings, in any order.
    pub fn staged_siblings(&self) -> Vec<Siblings> {
        let state = self.state();
        let open = state.staged.values().filter(|kept| kept.became.is_none());
        open.map(|kept| kept.part.siblings.clone()).collect()
    }

    /// Ends the session: what was staged and not committed is gone, if it was set up [`MemoryProvider::with_sessions`].
    pub fn end_session(&self) {
        let mut state = self.state();
        state.ended_sessions += 1;
        if self.rules.sessions {
            state.staged.retain(|_, kept| kept.became.is_some());
        }
    }

    /// Lets the next `times` openings of an item give wrong bytes; says whether the item is there.
    pub fn damage(&self, id: &AssetId, damage: Damage, times: u32) -> bool {
        self.state()
            .entry_mut(id.as_str())
            .map(|entry| entry.damage = Some((damage, times)))
            .is_some()
    }

    /// Signs in as somebody else.
    pub fn set_owner(&self, owner: impl Into<String>) {
        self.state().owner = owner.into();
    }

    /// Lets the next call of that operation fail that no other failure is meant for; calling it twice fails two calls.
    pub fn fail_next(&self, operation: Operation, when: FailWhen, error: impl FnOnce() -> Error + Send + 'static) {
        self.state().calls.fail(operation, 0, when, Box::new(error));
    }

    /// Lets the `nth` call of that operation from now fail, counting from 1.
    pub fn fail_nth(
        &self,
        operation: Operation,
        nth: u64,
        when: FailWhen,
        error: impl FnOnce() -> Error + Send + 'static,
    ) {
        self.state().calls.fail(operation, nth.max(1), when, Box::new(error));
    }

    /// Lets the next `stage` call that no other break is meant for lose its connection once the upload has that many
    /// bytes; they are kept where uploads can be resumed.
    pub fn break_next_stage(&self, after_bytes: u64) {
        self.state().breaks.push_back(after_bytes);
    }

    /// Forgets all that was staged and not committed, as a service may do at any time.
    pub fn forget_staged(&self) {
        self.state().staged.retain(|_, kept| kept.became.is_some());
    }

    /// Returns how many bytes `stage` calls have taken, those of uploads that broke off included.
    pub fn taken_bytes(&self) -> u64 {
        self.state().taken_bytes
    }

    /// Returns the items in the order in which they came, without what is in the bin.
    pub fn items(&self) -> Vec<MemoryItem> {
        self.state()
            .entries
            .iter()
            .filter(|entry| entry.is_listed())
            .map(|entry| entry.item.clone())
            .collect()
    }

    /// Returns the albums in the order in which they came.
    pub fn albums(&self) -> Vec<MemoryAlbum> {
        self.state().albums.clone()
    }

    /// Returns how often each operation was called, failed calls included, in the order of their first calls.
    pub fn calls(&self) -> Vec<(Operation, u64)> {
        self.state().calls.counts().to_vec()
    }

    /// Returns how often one operation was called, failed calls included.
    pub fn calls_of(&self, operation: Operation) -> u64 {
        self.state().calls.count(operation)
    }

    /// Returns how many `stage` calls ran at once, at most.
    pub fn peak_stages(&self) -> u32 {
        self.state().stages.peak
    }

    /// Returns how many writing calls (commit, albums, describe) ran at once, at most.
    pub fn peak_writes(&self) -> u32 {
        self.state().writes.peak
    }

    /// Returns the present value of a setting made with [`MemoryProvider::with_setting`].
    pub fn setting(&self, name: &str) -> Option<String> {
        self.state().settings.get(name).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step leaves the state half changed, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and lets it fail if it is to fail before acting.
    fn begin(&self, operation: Operation) -> Result<Reply> {
        self.spend(operation)?;
        match self.state().calls.begin(operation) {
            None => Ok(Reply(None)),
            Some((when, error)) => {
                let error = error.provider(KIND).operation(operation);
                if when == FailWhen::Before {
                    Err(error)
                } else {
                    Ok(Reply(Some(error)))
                }
            }
        }
    }

    /// Counts a call as running and lets others run as well, as they could while a service works.
    async fn enter(&self, lane: LaneKind) -> InFlight<'_> {
        {
            let mut state = self.state();
            let lane = lane.of(&mut state);
            lane.now += 1;
            lane.peak = lane.peak.max(lane.now);
        }
        let guard = InFlight(self, lane);
        tokio::task::yield_now().await;
        guard
    }

    fn refuse(kind: ErrorKind, operation: Operation, message: impl Into<String>) -> Error {
        Error::new(kind, message).provider(KIND).operation(operation)
    }
}

impl fmt::Debug for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tokens of staged bytes are secrets, so the state is counted, not shown.
        let state = self.state();
        f.debug_struct("MemoryProvider")
            .field("label", &self.info.label)
            .field("items", &state.entries.iter().filter(|entry| entry.is_listed()).count())
            .field("albums", &state.albums.len())
            .field("staged", &state.staged.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PhotoProvider for MemoryProvider {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        let mut sink = self.rules.sink.clone();
        if let Some(caps) = sink.as_mut().filter(|_| self.rules.sessions) {
            caps.session = Some(self.state().session());
        }
        Capabilities::new(self.rules.source.clone(), sink)
    }

    async fn connect(&self) -> Result<Account> {
        let reply = self.begin(Operation::Connect)?;
        let account = {
            let state = self.state();
            Account {
                owner: Owner::new(&*state.owner),
                label: Some(state.owner.clone()),
                used: Some(state.used_bytes()),
                limit: self.rules.capacity,
                expires: None,
            }
        };
        reply.give(account)
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        self.rules.source.is_some().then_some(self as Arc<dyn PhotoSource>)
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        self.rules.sink.is_some().then_some(self as Arc<dyn PhotoSink>)
    }
}
