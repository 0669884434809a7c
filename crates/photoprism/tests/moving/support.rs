//! A stand-in, and the provider that is signed in to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::{
    BytesBody, Clock, Committed, DestId, ItemKey, Metadata, NewPart, PartRole, PhotoProvider, PhotoSink, PhotoSource,
    Result, SeededRandom, Siblings, StageLog, Staged, StagedBundle,
};
use photomove_http::HttpEnv;
use photomove_photoprism::{PhotoPrism, PhotoPrismAuth, PhotoPrismConfig, SignIn};
use photomove_sim::photoprism::StoredPhoto;
use photomove_sim::{
    FaultRule, Fill, Library, PhotoPrismSim, PhotoPrismSwitches, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims,
};

/// The stand-in's clock as the client's: waiting moves both.
#[derive(Debug, Clone)]
pub struct CommonClock(SimClock);

#[async_trait]
impl Clock for CommonClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// Nobody wants to know.
pub struct Silent;

#[async_trait]
impl StageLog for Silent {
    async fn opened(&self, _handle: &Staged) -> Result<()> {
        Ok(())
    }

    async fn stored(&self, _bytes: u64) {}
}

pub struct Bench {
    pub sims: Sims,
    pub env: HttpEnv,
}

/// How a server is that has stacking by metadata switched off.
pub fn unstacked(switches: &mut PhotoPrismSwitches) {
    (switches.stack_meta, switches.stack_uuid) = (false, false);
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(unstacked).await
    }

    pub async fn with(change: impl FnOnce(&mut PhotoPrismSwitches)) -> Self {
        Self::filled(None, Vec::new(), change).await
    }

    pub async fn filled(
        library: Option<Library>,
        faults: Vec<FaultRule>,
        change: impl FnOnce(&mut PhotoPrismSwitches),
    ) -> Self {
        let clock = SimClock::frozen("2026-11-21T20:00:00Z".parse().unwrap());
        let mut switches = PhotoPrismSwitches::default();
        change(&mut switches);
        let options = SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
            fill: library.map(Fill::Library),
            photoprism: switches,
            faults,
            clock: Some(clock.clone()),
            ..SimOptions::default()
        };
        let sims = photomove_sim::start(options).await.unwrap();
        let env = HttpEnv {
            clock: Arc::new(CommonClock(clock)),
            random: Arc::new(SeededRandom::new(1)),
            ..HttpEnv::system()
        };
        Self { sims, env }
    }

    pub fn sim(&self) -> &PhotoPrismSim {
        self.sims.photoprism().unwrap()
    }

    pub fn config(&self) -> PhotoPrismConfig {
        PhotoPrismConfig::new(self.sim().url().parse().unwrap())
    }

    pub fn user(&self) -> SignIn {
        SignIn::User {
            name: self.sim().user().to_owned(),
            password: self.sim().password().into(),
        }
    }

    pub fn app_password(&self, scope: &str) -> SignIn {
        SignIn::AppPassword {
            password: self.sim().add_app_password("photomove", scope).into(),
        }
    }

    pub fn provider_with(&self, sign_in: SignIn) -> Arc<PhotoPrism> {
        let auth = PhotoPrismAuth::new(sign_in);
        PhotoPrism::with_page_photos(&self.config(), &self.env, auth, 7).unwrap()
    }

    pub fn provider(&self) -> Arc<PhotoPrism> {
        self.provider_with(self.user())
    }

    pub fn source(&self) -> Arc<dyn PhotoSource> {
        self.provider().as_source().unwrap()
    }

    pub fn sink(&self) -> Arc<dyn PhotoSink> {
        self.provider().as_sink().unwrap()
    }

    pub fn count(&self, operation: &str) -> u64 {
        let counts = self.sim().counters();
        counts.by_operation.get(operation).copied().unwrap_or_default()
    }

    /// The photo that a file belongs to.
    pub fn photo(&self, sha1: &str) -> StoredPhoto {
        let of = |photo: &StoredPhoto| photo.files.iter().any(|file| file.sha1 == sha1);
        self.sim().photos().into_iter().find(of).unwrap()
    }
}

/// Pictures of the stand-in's making.
pub async fn pictures(count: u64) -> Vec<Bytes> {
    let library = Library::synthetic(count, 4096, 7).unwrap();
    let mut bytes = Vec::new();
    for item in &library.items {
        bytes.push(item.blob.bytes().await.unwrap());
    }
    bytes
}

/// A file to be sent.
pub struct Item {
    pub part: NewPart,
    pub body: BytesBody,
    pub sha1: String,
}

pub fn item(number: u128, name: &str, bytes: impl Into<Bytes>) -> Item {
    let body = BytesBody::new(bytes.into());
    let sha1 = photomove_core::Body::checksums(&body).sha1_hex().unwrap();
    Item {
        part: NewPart {
            key: ItemKey::from_u128(number),
            bundle: ItemKey::from_u128(1000 + number),
            role: PartRole::Primary,
            file_name: name.into(),
            media_type: None,
            metadata: Metadata::default(),
            siblings: Siblings::default(),
        },
        body,
        sha1,
    }
}

/// Files of one photo.
pub fn stack(number: u128, files: &[(&str, Bytes)]) -> Vec<Item> {
    let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let of = |(place, (name, bytes)): (usize, &(&str, Bytes))| {
        let mut one = item(number * 100 + place as u128, name, bytes.clone());
        one.part.bundle = ItemKey::from_u128(number);
        one.part.siblings = Siblings {
            names: names.clone(),
            place,
        };
        one
    };
    files.iter().enumerate().map(of).collect()
}

pub async fn stage(sink: &dyn PhotoSink, one: &Item) -> Result<Staged> {
    sink.stage(&one.part, &one.body, None, &Silent).await
}

pub async fn bundle(sink: &dyn PhotoSink, items: &[Item]) -> StagedBundle {
    let mut parts = Vec::new();
    for one in items {
        parts.push((one.part.key, stage(sink, one).await.unwrap()));
    }
    StagedBundle {
        key: items[0].part.bundle,
        parts,
        file_name: items[0].part.file_name.clone(),
        metadata: Metadata::default(),
    }
}

/// Stages and commits files of one photo.
pub async fn commit(sink: &dyn PhotoSink, items: &[Item]) -> Result<Committed> {
    let bundle = bundle(sink, items).await;
    sink.commit(&[bundle], None).await.unwrap().remove(0)
}

/// Puts a file there and returns its id.
pub async fn put(sink: &dyn PhotoSink, one: &Item) -> DestId {
    commit(sink, std::slice::from_ref(one)).await.unwrap();
    DestId::from(one.sha1.as_str())
}
