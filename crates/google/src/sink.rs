//! The adapter: Google Photos as a place that photos are moved to.

mod batch;
mod existence;
mod piece;
mod promises;
mod resumable;

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use jiff::Timestamp;
use photomove_core::{
    Account, AlbumCaps, AuthProblem, Body, BundleKind, ByteLimits, Capabilities, Claim, Committed, CredentialKey,
    CredentialStore, DestAlbumId, DestId, Error, ErrorKind, Evidence, FactStore, Fields, HashKinds, Intent, Ledger,
    Lookup, Media, Metadata, NewAlbum, NewPart, Operation, PartId, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo,
    Rejection, RequestCost, Result, SettingChange, Settled, SinkCaps, StageKind, StageLog, Staged, StagedBundle,
    TextLimits, Visibility, Wanted,
};
use photomove_http::{Credentials, HttpEnv};

use crate::auth::{GoogleAuth, Identity, Whose};
use crate::client::{LibraryClient, REQUESTS, UPLOADS_IN_FLIGHT, quota_account};
use crate::convert::{Upload, description};
use crate::learnt::Learnt;
use crate::proof::{Kind, Proof};
use crate::{GoogleConfig, day};
use promises::{LASTING, LOSSES, MEDIA_TYPES, UNSEEN};
use resumable::{Session, Uploading};

/// Items a `batchCreate`, ids a `batchAdd` and a `batchGet` take.
pub(crate) const BATCH: usize = 50;
const BATCH_LIMIT: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// An upload token is documented to work for one day; another uploader forgets it an hour earlier.
const TOKEN_LIFE: Duration = Duration::from_secs(23 * 60 * 60);
/// A new album may take a while to be listed (*inferred*).
const ALBUM_VISIBLE_AFTER: Duration = Duration::from_secs(20);
/// Pages of 50 albums that one listing has at most.
const MOST_ALBUM_PAGES: usize = 1000;

/// Google Photos as a destination. Cheap to clone.
#[derive(Debug, Clone)]
pub struct GooglePhotos {
    info: Arc<ProviderInfo>,
    client: LibraryClient,
    auth: GoogleAuth,
    proof: Arc<Proof>,
    learnt: Arc<Learnt>,
    hash_header: bool,
    resumable_from_bytes: Option<u64>,
    requests_per_day: u32,
    project: Arc<RwLock<Option<String>>>,
}

impl GooglePhotos {
    /// Opens the account whose sign-in `store` keeps under `key`; asks nobody yet.
    ///
    /// `facts` must live as long as claims are to be verified: it remembers on which days the service compared hashes.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if nobody is signed in; [`ErrorKind::Config`] if settings cannot be used.
    pub async fn open(
        config: GoogleConfig,
        store: Arc<dyn CredentialStore>,
        key: CredentialKey,
        facts: Arc<dyn FactStore>,
        env: &HttpEnv,
    ) -> Result<Self> {
        let auth = GoogleAuth::new(env, store, key, config.client_secret.clone())?;
        let credentials: Arc<dyn Credentials> = Arc::new(auth.clone());
        let client = LibraryClient::new(&config, env, credentials)?;
        let info = ProviderInfo {
            kind: crate::KIND,
            label: "Google Photos".to_owned(),
            origins: client.origins(),
        };
        let google = Self {
            info: Arc::new(info),
            client,
            auth,
            proof: Arc::new(Proof::new(Arc::clone(&facts), config.hash_header)),
            learnt: Arc::new(Learnt::new(facts)),
            hash_header: config.hash_header,
            resumable_from_bytes: config.resumable_from_bytes,
            requests_per_day: config.requests_per_day,
            project: Arc::default(),
        };
        if let Some(whose) = google.auth.whose().await? {
            google.belongs_to(&whose).await?;
        }
        Ok(google)
    }

    /// Returns the typed client, for what the sink does not offer.
    pub fn client(&self) -> &LibraryClient {
        &self.client
    }

    /// Notes whose account it is and returns the owner.
    async fn belongs_to(&self, whose: &Whose) -> Result<(photomove_core::Owner, Option<String>)> {
        let project = self.auth.project().await?;
        self.client.set_project(&project);
        *self.project.write().unwrap_or_else(PoisonError::into_inner) = Some(project.clone());
        let owner = whose.owner(&project);
        self.proof.set_account(owner.as_str());
        self.learnt
            .recall(&self.client, self.proof.account(), self.now())
            .await?;
        Ok((owner, whose.label(&project)))
    }

    async fn whose(&self) -> Result<Whose> {
        if let Some(whose) = self.auth.whose().await? {
            return Ok(whose);
        }
        let user = match self.client.userinfo().await {
            Ok(user) => user,
            // It came without `openid` and did not say so. Whether it opens the library is asked next.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Auth(AuthProblem::MissingScope | AuthProblem::Expired)
                ) =>
            {
                return Ok(Whose::Project);
            }
            Err(error) => return Err(error),
        };
        if user.sub.is_empty() {
            let error = Error::new(ErrorKind::Protocol, "google did not say whose account it is");
            return Err(error.provider(crate::KIND).operation(Operation::Connect));
        }
        let identity = Identity {
            sub: user.sub,
            email: user.email,
        };
        self.auth.remember(&identity).await?;
        Ok(Whose::Person(identity))
    }

    fn now(&self) -> Timestamp {
        self.client.http().env().clock.now()
    }

    /// Returns the albums of that title that nobody knows.
    async fn strangers(&self, album: &NewAlbum, known: &[DestAlbumId]) -> Result<Vec<crate::wire::Album>> {
        let mut found = Vec::new();
        let mut pages = HashSet::new();
        let mut token: Option<String> = None;
        loop {
            let page = self.client.albums_for(Operation::Settle, 50, token.as_deref()).await?;
            token = page.next().map(str::to_owned);
            found.extend(
                page.albums
                    .into_iter()
                    .filter(|seen| seen.title == album.title && !known.iter().any(|known| known.as_str() == seen.id)),
            );
            let Some(next) = &token else { break };
            if !pages.insert(next.clone()) || pages.len() > MOST_ALBUM_PAGES {
                // It would go on for ever, at the cost of the day's requests.
                let error = Error::new(ErrorKind::Protocol, "google photos lists albums without end");
                return Err(error.provider(crate::KIND).operation(Operation::Settle));
            }
        }
        // The first element of a page has been seen repeating the last one of the page before.
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    async fn settle_album(&self, album: &NewAlbum, known: &[DestAlbumId]) -> Result<Settled> {
        let mut found = self.strangers(album, known).await?;
        if found.is_empty() {
            // However long ago it was: clocks may have been set since, and a second album of that name is for ever.
            if !self.client.http().env().wait(ALBUM_VISIBLE_AFTER).await {
                let error = Error::new(ErrorKind::Cancelled, "stopped before the new album had time to appear");
                return Err(error.provider(crate::KIND).operation(Operation::Settle));
            }
            found = self.strangers(album, known).await?;
        }
        let adopt = |id: String| Settled::AlbumHappened(id.into());
        Ok(match found.len() {
            0 => Settled::DidNot,
            1 => found.pop().map_or(Settled::DidNot, |album| adopt(album.id)),
            _ => {
                found.retain(|album| album.media_items_count.unwrap_or(0) == 0);
                match found.pop() {
                    Some(only) if found.is_empty() => adopt(only.id),
                    _ => Settled::Unknown,
                }
            }
        })
    }

    /// Sends a file in one request.
    async fn stage_at_once(&self, part: &NewPart, body: &dyn Body, log: &dyn StageLog) -> Result<Staged> {
        let media_type = media_type(part, body).await?;
        let mut sums = *body.checksums();
        let mut pending = self.proof.before(Kind::Raw, &self.client, &sums, self.now()).await?;
        // Counted from before the request: better an hour too careful than a token too old.
        let until = self.now().checked_add(TOKEN_LIFE).ok();
        let token = self.client.upload_raw(body, media_type.as_deref()).await?;
        if sums.sha1.is_none() {
            // Known only now, so that no header told it: it arrived, and nothing is proven.
            sums = body.seal().await?;
            pending = self.proof.unproven(&sums).await?;
        }
        self.proof.after(&self.client, pending, self.now()).await?;
        log.stored(body.size_bytes()).await;
        Ok(Staged {
            token: Upload::new(token, &part.file_name, &sums).to_secret(),
            until,
            bound_to: None,
            visible: None,
        })
    }
}

/// Returns the media type by name of the source, or by the bytes; by the name of a file that cannot be read twice.
async fn media_type(part: &NewPart, body: &dyn Body) -> Result<Option<String>> {
    if part.media_type.is_some() {
        return Ok(part.media_type.clone());
    }
    if body.checksums().sha1.is_none() {
        let named = photomove_media::FileType::of_name(&part.file_name);
        return Ok(named.map(|named| named.media_type.to_owned()));
    }
    let mut first = Vec::new();
    let mut stream = body.stream(0).await?;
    while first.len() < photomove_media::SNIFF_BYTES
        && let Some(chunk) = stream.next().await
    {
        first.extend_from_slice(&chunk?);
    }
    let seen = photomove_media::sniff_named(&first, &part.file_name);
    Ok(seen.map(|seen| seen.media_type.to_owned()))
}

#[async_trait]
impl PhotoProvider for GooglePhotos {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        let mut sink = SinkCaps::new(BATCH_LIMIT);
        sink.find_by = HashKinds::NONE;
        sink.needs_before_stage = HashKinds::SHA1;
        // No reply holds a hash; `verify` speaks for the one that the service compared on arrival, see `proof`.
        sink.reports = if self.hash_header {
            HashKinds::SHA1
        } else {
            HashKinds::NONE
        };
        sink.stage = StageKind::Hidden;
        sink.bundle = BundleKind::OneItemPerPart;
        sink.on_create = Fields::DESCRIPTION;
        sink.reads_from_file = Fields::TAKEN.union(Fields::PLACE);
        sink.on_update = Fields::DESCRIPTION;
        sink.limits = ByteLimits {
            photo: Some(200 * 1024 * 1024),
            video: Some(20 * 1024 * 1024 * 1024),
        };
        sink.texts = TextLimits {
            description_chars: Some(999),
            file_name_chars: Some(255),
        };
        sink.stage_concurrency = UPLOADS_IN_FLIGHT;
        sink.write_lanes = 1;
        sink.staged_ttl = Some(TOKEN_LIFE);
        sink.resumable = self.resumable_from_bytes.is_some();
        sink.visible_after = Visibility::Immediate;
        let mut albums = AlbumCaps::new(500, BATCH_LIMIT.get());
        albums.on_commit = true;
        albums.foreign_items_only_on_commit = true;
        albums.all_or_nothing = true;
        albums.max_items = Some(20_000);
        sink.albums = Some(albums);
        sink.allowance = Some(self.client.allowance().clone());
        sink.requests = RequestCost {
            per_part: 1,
            per_commit: 1,
            per_day: Some(self.requests_per_day),
            day_ends: Some(day::ZONE),
            large_from_bytes: self.resumable_from_bytes,
            // One opens the upload, one sends the file.
            per_large_part: 2,
            // The canary; see `proof`. That of uploads that can be continued takes one to open it and two pieces.
            per_staging_day: u32::from(self.hash_header),
            per_large_staging_day: 3 * u32::from(self.hash_header),
            per_connect: 1,
        };
        let project = self.project.read().unwrap_or_else(PoisonError::into_inner);
        sink.ledger = project.as_deref().map(|project| Ledger {
            account: quota_account(project),
            resource: REQUESTS,
        });
        sink.media_types = MEDIA_TYPES;
        sink.unseen = Some(UNSEEN);
        sink.lasting = Some(LASTING);
        sink.loses = LOSSES;
        Capabilities::new(None, Some(sink))
    }

    async fn connect(&self) -> Result<Account> {
        let whose = self.whose().await?;
        let (owner, label) = self.belongs_to(&whose).await?;
        // Shows that the API is switched on and the sign-in covers it, before anything is read anywhere.
        self.client.albums_for(Operation::Connect, 1, None).await?;
        Ok(Account {
            owner,
            label,
            used: None,
            limit: None,
            expires: self.auth.ends_at().await?,
        })
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        None
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(self)
    }
}

#[async_trait]
impl PhotoSink for GooglePhotos {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        Ok(wanted.iter().map(|_| Lookup::CannotTell).collect())
    }

    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        if body.size_bytes() == 0 {
            let kind = ErrorKind::Rejected(Rejection::Empty);
            let error = Error::new(kind, "google photos takes no empty files");
            return Err(error.provider(crate::KIND).operation(Operation::Stage));
        }
        let begun = resume.and_then(Session::from_staged);
        let is_large = |from| body.size_bytes() >= from || body.checksums().sha1.is_none() || begun.is_some();
        let staged = match self.resumable_from_bytes.is_some_and(is_large) {
            // The state machine is large, and callers hold several in one future.
            true => Box::pin(Uploading::new(self, part, body, log).run(begun)).await,
            false => self.stage_at_once(part, body, log).await,
        };
        self.learnt.keep(&self.client, self.now()).await;
        staged
    }

    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        batch::commit(&self.client, batch, album, self.now()).await
    }

    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        match intent {
            // An unused token expires unseen; the same bytes are the same item; membership is a set.
            Intent::Stage { .. } | Intent::Commit { .. } | Intent::AddToAlbum { .. } => Ok(Settled::RepeatIsHarmless),
            Intent::CreateAlbum { album, known, .. } => self.settle_album(album, known).await,
        }
    }

    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        let made = self.client.album_create(&album.title).await?;
        if made.id.is_empty() {
            let error = Error::new(ErrorKind::Protocol, "google photos gave the new album no id");
            let error = error.happened(photomove_core::Happened::Yes, false);
            return Err(error.provider(crate::KIND).operation(Operation::CreateAlbum));
        }
        Ok(made.id.into())
    }

    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&str> = members.iter().map(DestId::as_str).collect();
        match self.client.album_add(album.as_str(), &ids).await {
            Ok(()) => Ok(members.iter().map(|_| Ok(())).collect()),
            // All or nothing: only alone is it clear which member it is.
            Err(error) if *error.kind() == ErrorKind::BadBatch && members.len() == 1 => {
                let kind = ErrorKind::Rejected(Rejection::Policy);
                let told = Error::new(
                    kind,
                    "google photos holds this item from another app and lets no other put it into an album",
                )
                .provider(crate::KIND)
                .operation(Operation::AddToAlbum)
                .source(error);
                Ok(vec![Err(told)])
            }
            Err(error) => Err(error),
        }
    }

    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        let Some(text) = description(patch) else {
            return Ok(Fields::NONE);
        };
        self.client.patch_description(item.as_str(), text).await?;
        Ok(Fields::DESCRIPTION)
    }

    /// Says what receipts prove, without a request; see the documentation of the crate. A claim without a SHA-1 is
    /// asked for at the service, 50 a request.
    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        let asked: Vec<&str> = claims
            .iter()
            .filter(|claim| claim.checksums.sha1.is_none())
            .map(|claim| claim.id.as_str())
            .collect();
        let mut asked = self.exist(&asked).await?.into_iter();
        let mut answers = Vec::with_capacity(claims.len());
        for claim in claims {
            answers.push(match claim.checksums.sha1 {
                Some(_) => self.proof.evidence(&claim.checksums).await,
                None => asked.next().unwrap_or(Ok(Evidence::Missing)),
            });
        }
        Ok(answers)
    }

    async fn read_back(&self, _item: &DestId, _part: &PartId) -> Result<Media> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "google photos gives no original bytes back: photos lose their position, videos are encoded anew",
        )
        .provider(crate::KIND)
        .operation(Operation::ReadBack))
    }

    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        Ok(Vec::new())
    }

    async fn restore(&self, _changes: &[SettingChange]) -> Result<()> {
        Ok(())
    }
}
