//! A stand-in, and a sink that is signed in to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{
    Body, BytesBody, Claim, Clock, Committed, CredentialKey, CredentialStore, DestAlbumId, DestId, Evidence, FactStore,
    ItemKey, MemoryCredentialStore, MemoryFactStore, Metadata, NewPart, PartRole, PhotoSink, Result, SeededRandom,
    Sourced, StageLog, Staged, StagedBundle,
};
use photomove_google::{ClientSecret, GoogleConfig, GooglePhotos, TokenFile};
use photomove_http::HttpEnv;
use photomove_sim::{FaultRule, GoogleSim, GoogleSwitches, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims};
use secrecy::ExposeSecret;

/// The stand-in's clock as the client's: waiting moves both.
#[derive(Debug, Clone)]
pub struct CommonClock(pub SimClock);

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

/// A running stand-in with all that a client needs.
pub struct Bench {
    pub sims: Sims,
    pub store: Arc<MemoryCredentialStore>,
    pub facts: Arc<MemoryFactStore>,
    pub env: HttpEnv,
}

pub fn key() -> CredentialKey {
    CredentialKey::new("google", "default")
}

/// Noon in California on a day in winter.
pub fn noon() -> Timestamp {
    "2026-11-21T20:00:00Z".parse().unwrap()
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(GoogleSwitches::default(), Vec::new()).await
    }

    pub async fn with(switches: GoogleSwitches, faults: Vec<FaultRule>) -> Self {
        let clock = SimClock::frozen(noon());
        let options = SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::Google)],
            google: switches,
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
        let bench = Self {
            sims,
            store: Arc::default(),
            facts: Arc::default(),
            env,
        };
        let token = std::fs::read_to_string(&bench.sims.env()["PHOTOMOVE_GOOGLE_TOKEN"]).unwrap();
        bench.store.save(&key(), &token.into()).await.unwrap();
        bench
    }

    pub fn sim(&self) -> &GoogleSim {
        self.sims.google().unwrap()
    }

    pub fn secret(&self) -> ClientSecret {
        let path = &self.sims.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"];
        ClientSecret::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    pub fn config(&self) -> GoogleConfig {
        let url = |name: &str| self.sims.env()[name].parse().unwrap();
        GoogleConfig::default()
            .with_library_url(url("PHOTOMOVE_GOOGLE_LIBRARY_URL"))
            .with_userinfo_url(url("PHOTOMOVE_GOOGLE_USERINFO_URL"))
            .with_revoke_url(url("PHOTOMOVE_GOOGLE_REVOKE_URL"))
            .with_client_secret(self.secret())
    }

    pub async fn google(&self) -> GooglePhotos {
        self.configured(self.config()).await
    }

    pub async fn configured(&self, config: GoogleConfig) -> GooglePhotos {
        self.configured_in(config, &self.env).await
    }

    pub async fn configured_in(&self, config: GoogleConfig, env: &HttpEnv) -> GooglePhotos {
        let facts: Arc<dyn FactStore> = self.facts.clone();
        GooglePhotos::open(config, self.store.clone(), key(), facts, env)
            .await
            .unwrap()
    }

    pub async fn file(&self) -> TokenFile {
        TokenFile::load(&*self.store, &key()).await.unwrap()
    }

    /// Replaces the kept sign-in by a bare access token with these scopes.
    pub async fn sign_in_with(&self, scopes: &[&str]) {
        let mut file = self.file().await;
        file.access_token = Some(self.sim().access_token(scopes).into());
        file.refresh_token = None;
        file.save(&*self.store, &key()).await.unwrap();
    }

    pub async fn access_token(&self) -> String {
        self.file().await.access_token.unwrap().expose_secret().to_owned()
    }

    pub fn count(&self, operation: &str) -> u64 {
        self.sim().counters().by_operation.get(operation).copied().unwrap_or(0)
    }
}

/// What is proven about an item of these bytes.
pub async fn evidence(google: &GooglePhotos, id: &str, body: &BytesBody) -> Evidence {
    let claim = Claim {
        id: DestId::from(id),
        size_bytes: body.size_bytes(),
        checksums: *body.checksums(),
    };
    google.verify(&[claim]).await.unwrap().remove(0).unwrap()
}

/// The defaults, changed.
pub fn switched(change: impl FnOnce(&mut GoogleSwitches)) -> GoogleSwitches {
    let mut switches = GoogleSwitches::default();
    change(&mut switches);
    switches
}

/// A file whose content depends on the number.
pub fn body(number: u32) -> BytesBody {
    BytesBody::new(bytes(number))
}

pub fn bytes(number: u32) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00".to_vec();
    bytes.extend(format!("picture {number}").into_bytes());
    bytes
}

pub fn part(number: u32) -> NewPart {
    NewPart {
        key: ItemKey::from_u128(number.into()),
        bundle: ItemKey::from_u128(number.into()),
        role: PartRole::Primary,
        file_name: format!("{number}.jpg"),
        media_type: None,
        metadata: Metadata::default(),
        siblings: photomove_core::Siblings::default(),
    }
}

pub async fn stage(google: &GooglePhotos, number: u32) -> Result<Staged> {
    google.stage(&part(number), &body(number), None, &Silent).await
}

pub fn bundle(number: u32, staged: Staged) -> StagedBundle {
    StagedBundle {
        key: ItemKey::from_u128(number.into()),
        parts: vec![(ItemKey::from_u128(number.into()), staged)],
        file_name: format!("{number}.jpg"),
        metadata: Metadata {
            description: Some(Sourced::provider(format!("words {number}"))),
            ..Metadata::default()
        },
    }
}

pub async fn staged(google: &GooglePhotos, numbers: impl IntoIterator<Item = u32>) -> Vec<StagedBundle> {
    let mut batch = Vec::new();
    for number in numbers {
        batch.push(bundle(number, stage(google, number).await.unwrap()));
    }
    batch
}

/// Returns the item of each answer.
pub fn ids(answers: &[Result<Committed>]) -> Vec<String> {
    let id = |answer: &Result<Committed>| answer.as_ref().unwrap().parts[0].1.clone().unwrap().to_string();
    answers.iter().map(id).collect()
}

pub async fn put(
    google: &GooglePhotos,
    numbers: impl IntoIterator<Item = u32>,
    album: Option<&DestAlbumId>,
) -> Vec<String> {
    let batch = staged(google, numbers).await;
    ids(&google.commit(&batch, album).await.unwrap())
}

pub fn sha1_hex(number: u32) -> String {
    let sha1 = body(number).checksums().sha1.unwrap();
    sha1.iter().map(|byte| format!("{byte:02x}")).collect()
}
