//! The library as a place that photos are moved to.

mod albums;
mod commit;
mod describe;
mod naming;
mod present;
mod settings;
mod settle;
mod stage;
mod suspicion;
mod token;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use photomove_core::{
    Account, AlbumCaps, AuthProblem, Body, BundleKind, ByteLimits, Capabilities, Claim, Committed, DestAlbumId, DestId,
    Error, ErrorKind, Evidence, Fields, Gap, HashKinds, Intent, Lookup, Media, Metadata, NewAlbum, NewPart, Operation,
    PartId, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, Rejection, RequestCost, Result, SettingChange,
    Settled, SinkCaps, StageKind, StageLog, Staged, StagedBundle, TextLimits, Visibility, Wanted,
};

use crate::KIND;
use crate::client::DownloadName;
use crate::provider::{PhotoPrism, lacks, refused};
use crate::wire::{Features, ServerConfig};

use albums::InFlight;
use present::Recent;

/// Bundles that are created in one go; each is a call of its own.
const BATCH: NonZeroU32 = NonZeroU32::new(16).unwrap();
/// Files that wait on the server at most: they die with the session.
const STAGE_AHEAD: u32 = 64;
/// Photos added to an album at once (reference 2.6.3).
const ADD_BATCH: u32 = 250;
/// Characters of an album's title.
const TITLE_CHARS: u32 = 160;
/// Characters of a caption (reference 5.1).
const CAPTION_CHARS: u32 = 4096;

/// Types that every server takes which has its usual helpers.
const MEDIA_TYPES: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/x-adobe-dng",
    "image/svg+xml",
    "video/mp4",
    "video/quicktime",
    "video/x-m4v",
    "video/x-msvideo",
    "video/x-matroska",
    "video/webm",
    "video/mpeg",
    "video/3gpp",
    "video/3gpp2",
    "video/mp2t",
    "video/x-ms-wmv",
    "video/x-flv",
];

/// What the service does not keep, in words for people.
const LOSES: &[Gap] = &[
    Gap {
        what: "order of albums",
        why: "the server sorts albums by date, title or upload, and by nothing else",
    },
    Gap {
        what: "names of places",
        why: "the server looks them up itself by position",
    },
];

pub(crate) fn capabilities(provider: &PhotoPrism) -> SinkCaps {
    let mut sink = SinkCaps::new(BATCH);
    sink.find_by = HashKinds::SHA1;
    sink.needs_before_stage = HashKinds::SHA1;
    sink.reports = HashKinds::SHA1;
    sink.reports_later = HashKinds::SHA1;
    sink.stage = StageKind::Hidden;
    sink.bundle = BundleKind::PartsStack;
    sink.on_create = Fields::NONE;
    sink.on_update = describe::FIELDS;
    sink.reads_from_file = Fields::NONE;
    // 1000 MB unless it was told otherwise, and it does not say what it was told (reference 5.1).
    sink.limits = ByteLimits::default();
    sink.texts = TextLimits {
        description_chars: Some(CAPTION_CHARS),
        // Names are cut to bytes, not characters, when they are sent; the whole is kept as the name before import.
        file_name_chars: None,
    };
    sink.stage_concurrency = provider.uploads();
    sink.stage_ahead = Some(STAGE_AHEAD);
    sink.write_lanes = 2;
    sink.staged_ttl = None;
    sink.resumable = false;
    sink.visible_after = Visibility::Immediate;
    sink.albums = Some(AlbumCaps::new(TITLE_CHARS, ADD_BATCH));
    sink.requests = RequestCost {
        // Looked for, then sent.
        per_part: 2,
        // Processed, looked for, described.
        per_commit: 2,
        ..RequestCost::default()
    };
    sink.media_types = MEDIA_TYPES;
    sink.session = provider.last_session();
    if provider.stacks() != Some(false) {
        sink.changes = Some(settings::CHANGES);
    }
    // Asked for whatever is still changed from an earlier run.
    sink.restore_warning = Some(settings::RESTORE_WARNING);
    sink.loses = LOSES;
    sink
}

/// A PhotoPrism server as a sink; [`PhotoPrism`] gives it.
pub struct PhotoPrismSink {
    provider: Arc<PhotoPrism>,
    /// Names under which albums are being created by this process.
    naming: InFlight,
    recent: Recent,
    log_seen: std::sync::atomic::AtomicI64,
}

impl PhotoPrismSink {
    pub(crate) fn new(provider: Arc<PhotoPrism>) -> Self {
        Self {
            provider,
            naming: InFlight::default(),
            recent: Recent::default(),
            log_seen: std::sync::atomic::AtomicI64::new(0),
        }
    }

    fn client(&self) -> &crate::client::PhotoPrismClient {
        self.provider.client()
    }

    /// Refuses a server that takes nothing, before anything is read anywhere.
    fn must_take(&self, config: &ServerConfig) -> Result<()> {
        if config.readonly {
            return Err(refused(ErrorKind::Unsupported, "the server is read-only")
                .hint("start it without `PHOTOPRISM_READONLY`, then run again"));
        }
        let features = config.settings.as_ref().and_then(|settings| settings.features.as_ref());
        let off = |of: fn(&Features) -> Option<bool>| features.and_then(of) == Some(false);
        let switched_off: Vec<&str> = [
            (off(|features| features.upload), "upload"),
            (off(|features| features.import), "import"),
            (off(|features| features.edit), "edit"),
            (off(|features| features.albums), "albums"),
        ]
        .into_iter()
        .filter_map(|(is_off, name)| is_off.then_some(name))
        .collect();
        if switched_off.is_empty() {
            return Ok(());
        }
        let message = format!(
            "features that a migration needs are switched off: {}",
            switched_off.join(", ")
        );
        Err(refused(ErrorKind::Unsupported, message).hint("switch them on under Settings, General, on the server"))
    }

    /// Refuses a sign-in that cannot do all that is needed.
    async fn must_be_allowed(&self) -> Result<()> {
        let account = self.client().account().await?;
        let lacking = account
            .scope
            .as_deref()
            .map(|scope| lacks(scope, true))
            .unwrap_or_default();
        if !lacking.is_empty() {
            let kind = ErrorKind::Auth(AuthProblem::MissingScope);
            let message = format!(
                "the scope of the sign-in lacks what uploads need: {}",
                lacking.join(", ")
            );
            return Err(refused(kind, message)
                .hint("make an app password with the scope `*`, or `photos albums files settings sessions logs`"));
        }
        Ok(())
    }
}

impl fmt::Debug for PhotoPrismSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PhotoPrismSink").field(&self.provider).finish()
    }
}

#[async_trait]
impl PhotoProvider for PhotoPrismSink {
    fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    /// Besides what a source needs, the server has to take uploads, and stacking has to be off or to be switched off.
    async fn connect(&self) -> Result<Account> {
        let (account, config) = self.provider.enter().await?;
        self.must_take(&config)?;
        self.must_be_allowed().await?;
        self.must_not_stack(&config).await?;
        Ok(account)
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Some(Arc::clone(&self.provider) as Arc<dyn PhotoSource>)
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(self)
    }
}

#[async_trait]
impl PhotoSink for PhotoPrismSink {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        let mut found = Vec::with_capacity(wanted.len());
        for one in wanted {
            found.push(self.look_for(&one.checksums).await?);
        }
        Ok(found)
    }

    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        _resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        // The state machine is large, and callers hold several in one future.
        let staged = Box::pin(self.stage_part(part, body)).await?;
        log.stored(body.size_bytes()).await;
        Ok(staged)
    }

    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        let most = usize::try_from(BATCH.get()).unwrap_or(usize::MAX);
        if batch.len() > most || album.is_some() {
            let message = match album {
                Some(_) => "it takes no album when items are created".to_owned(),
                None => format!("{} items in one request, it takes {most}", batch.len()),
            };
            return Err(Error::new(ErrorKind::Rejected(Rejection::Invalid), message)
                .provider(KIND)
                .operation(Operation::Commit));
        }
        Box::pin(self.commit_all(batch)).await
    }

    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        match intent {
            // The same name under the same token replaces what was sent; under another session it is sent anew.
            Intent::Stage { .. } | Intent::AddToAlbum { .. } => Ok(Settled::RepeatIsHarmless),
            Intent::Commit { bundles, .. } => Box::pin(self.settle_commit(bundles)).await,
            Intent::CreateAlbum { album, since, known } => self.settle_album(album, *since, known).await,
        }
    }

    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        self.new_album(album).await
    }

    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        self.add(album, members).await
    }

    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        Box::pin(self.set_metadata(item, patch)).await
    }

    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        self.evidence(claims).await
    }

    async fn read_back(&self, item: &DestId, _part: &PartId) -> Result<Media> {
        let download = self
            .client()
            .download_part(Operation::ReadBack, item.as_str(), 0, &DownloadName::File)
            .await?;
        Ok(Media {
            starts_at: download.offset(),
            size_bytes: download.size_bytes(),
            stream: download.stream(),
        })
    }

    async fn changes_ahead(&self) -> Result<Vec<SettingChange>> {
        self.stacking_changes().await
    }

    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        self.stop_stacking().await
    }

    async fn restore(&self, changes: &[SettingChange]) -> Result<()> {
        self.put_back(changes).await
    }
}
