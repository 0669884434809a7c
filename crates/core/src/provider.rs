//! The traits that a provider implements. They have no default methods, so that a wrapper cannot forget one.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Album, AlbumId, Asset, AssetId, Body, Capabilities, Claim, Committed, Cursor, DestAlbumId, DestId, Evidence,
    Fields, Filters, Intent, Locator, Lookup, Media, Member, Metadata, NewAlbum, NewPart, Owner, Page, PartId, Result,
    Settled, Staged, StagedBundle, Wanted,
};

/// Who a provider is. Never holds a secret.
#[derive(Debug, Clone)]
pub struct ProviderInfo {
    /// Kind in lower case, such as `amazon`.
    pub kind: &'static str,
    /// Name for people, such as `Amazon Photos`.
    pub label: String,
    /// Origins (scheme, host, port) that it talks to.
    pub origins: Vec<Url>,
}

/// Whose account a provider is signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Owner as the service knows it.
    pub owner: Owner,
    /// Name for people, such as an e-mail address; shown only to the person themselves.
    pub label: Option<String>,
    /// Bytes used.
    pub used: Option<u64>,
    /// Bytes allowed.
    pub limit: Option<u64>,
    /// When the sign-in ends.
    pub expires: Option<Timestamp>,
}

/// A service that holds photos.
#[async_trait]
pub trait PhotoProvider: fmt::Debug + Send + Sync + 'static {
    /// Says who it is.
    fn info(&self) -> &ProviderInfo;
    /// Says what it can do at present.
    fn capabilities(&self) -> Capabilities;
    /// Checks the sign-in with one cheap call; made on start and after every new sign-in.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Auth`] if the sign-in does not do.
    async fn connect(&self) -> Result<Account>;
    /// Returns it as a source, if it is one.
    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>>;
    /// Returns it as a sink, if it is one.
    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>>;
}

/// A service that photos are read from. Nothing here can change it.
#[async_trait]
pub trait PhotoSource: PhotoProvider {
    /// Begins a listing: fixes the snapshot's bound and partitions.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn start(&self, filters: &Filters) -> Result<Cursor>;
    /// Lists one page of assets.
    ///
    /// # Errors
    /// When the page cannot be had; a bad item is an error inside the page.
    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>>;
    /// Lists one page of albums; `None` = the first one.
    ///
    /// # Errors
    /// When the page cannot be had.
    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>>;
    /// Lists one page of an album's members, in the album's order where it has one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] if the album is gone.
    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>>;
    /// Reads one asset again; `None` = it is gone.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn refresh(&self, asset: &AssetId, locator: &Locator) -> Result<Option<Asset>>;
    /// Opens the bytes of a part from `offset` on; a source that cannot start in the middle starts at 0 and says so.
    ///
    /// # Errors
    /// [`crate::ErrorKind::NotFound`] if the part is gone.
    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media>;
}

/// A setting of the destination that was changed for the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// Name of the setting.
    pub setting: String,
    /// Value before.
    pub before: String,
    /// Value during the run.
    pub after: String,
}

/// Progress inside [`PhotoSink::stage`].
#[async_trait]
pub trait StageLog: Send + Sync {
    /// Tells where a resumable upload lives; returns once that is durable.
    ///
    /// # Errors
    /// When it cannot be written down; the upload must not go on then.
    async fn opened(&self, handle: &Staged) -> Result<()>;
    /// Tells how many bytes the server has.
    async fn stored(&self, bytes: u64);
}

/// A service that photos are written to.
#[async_trait]
pub trait PhotoSink: PhotoProvider {
    /// Looks for items that are there already. One answer per element, same order.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>>;
    /// Sends the bytes of one part; with [`crate::StageKind::Hidden`] nothing becomes visible yet.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Rejected`] if the service refuses the file for good.
    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged>;
    /// Makes items of staged bundles, at most [`crate::SinkCaps::commit_batch`]. One result per bundle, same order.
    ///
    /// # Errors
    /// When the whole call failed; [`crate::ErrorKind::BadBatch`] if one unknown element spoils it.
    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>>;
    /// Finds out what became of a call whose reply never came.
    ///
    /// # Errors
    /// When the service cannot be asked; the intent stays open then.
    async fn settle(&self, intent: &Intent) -> Result<Settled>;
    /// Creates an album. Not idempotent.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId>;
    /// Adds items to an album, at most [`crate::AlbumCaps::add_batch`]; adding twice does no harm. One result per
    /// member, same order.
    ///
    /// # Errors
    /// When the whole call failed.
    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>>;
    /// Sets metadata of an item and returns the fields that were really stored.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields>;
    /// Says what the service can prove about each claim. One answer per claim, same order.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>>;
    /// Downloads a part of an item, for verification by its bytes.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Unsupported`] if the service does not give the bytes back.
    async fn read_back(&self, item: &DestId, part: &PartId) -> Result<Media>;
    /// Says which settings [`PhotoSink::prepare`] would change now, and changes nothing. It is written down before they
    /// are changed, so that a run which dies in between leaves nothing changed that nobody knows of.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn changes_ahead(&self) -> Result<Vec<SettingChange>> {
        Ok(Vec::new())
    }
    /// Prepares the destination for a run and says which settings were changed.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    async fn prepare(&self) -> Result<Vec<SettingChange>>;
    /// Puts settings back.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    async fn restore(&self, changes: &[SettingChange]) -> Result<()>;
}
