//! A stand-in and clients of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::{
    Answer, BytesBody, Clock, CredentialKey, Interaction, MemoryCredentialStore, Prompt, Result, SeededRandom,
};
use photomove_http::http::Request;
use photomove_http::{Http, HttpEnv};
use photomove_photoprism::client::{PhotoPrismClient, UploadFile, Uploaded};
use photomove_photoprism::search::PhotoSearch;
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismConfig, SignIn};
use photomove_sim::{Library, PhotoPrismSim, PhotoPrismSwitches, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims};

/// The stand-in's clock as the client's: waiting moves both.
#[derive(Debug, Clone)]
struct CommonClock(SimClock);

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

pub(crate) struct Bench {
    sims: Sims,
    pub(crate) env: HttpEnv,
    pub(crate) store: Arc<MemoryCredentialStore>,
}

pub(crate) fn key() -> CredentialKey {
    CredentialKey::new("photoprism", "default")
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut PhotoPrismSwitches)) -> Self {
        let clock = SimClock::frozen("2026-11-21T20:00:00Z".parse().unwrap());
        let mut switches = PhotoPrismSwitches::default();
        change(&mut switches);
        let options = SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
            photoprism: switches,
            clock: Some(clock.clone()),
            ..SimOptions::default()
        };
        let sims = photomove_sim::start(options).await.unwrap();
        let env = HttpEnv {
            clock: Arc::new(CommonClock(clock)),
            random: Arc::new(SeededRandom::new(1)),
            ..HttpEnv::system()
        };
        Self {
            sims,
            env,
            store: Arc::default(),
        }
    }

    pub(crate) fn sim(&self) -> &PhotoPrismSim {
        self.sims.photoprism().unwrap()
    }

    pub(crate) fn config(&self) -> PhotoPrismConfig {
        PhotoPrismConfig::new(self.sim().url().parse().unwrap())
    }

    pub(crate) fn user(&self) -> SignIn {
        SignIn::User {
            name: self.sim().user().to_owned(),
            password: self.sim().password().into(),
        }
    }

    pub(crate) fn app_password(&self, scope: &str) -> SignIn {
        SignIn::AppPassword {
            password: self.sim().add_app_password("photomove", scope).into(),
        }
    }

    pub(crate) fn client(&self, sign_in: SignIn) -> PhotoPrismClient {
        self.client_with(PhotoPrismAuth::new(sign_in))
    }

    pub(crate) fn client_with(&self, auth: PhotoPrismAuth) -> PhotoPrismClient {
        PhotoPrismClient::new(&self.config(), &self.env, auth).unwrap()
    }

    /// A client with the sign-in that the store keeps.
    pub(crate) fn kept_client(&self) -> PhotoPrismClient {
        self.client_with(PhotoPrismAuth::kept(self.store.clone(), key()))
    }

    /// How often something was asked for.
    pub(crate) fn count(&self, operation: &str) -> u64 {
        let counts = self.sim().counters();
        counts.by_operation.get(operation).copied().unwrap_or_default()
    }

    /// Asks with a token of the right form that the server does not know, as some other program at the same address.
    pub(crate) async fn ask_with_unknown_token(&self) -> u16 {
        let http = Http::builder("stranger", &self.env).build().unwrap();
        let request = Request::get(format!("{}/api/v1/photos?count=1", self.sim().url()))
            .header("x-auth-token", "a".repeat(48))
            .body(Vec::new())
            .unwrap();
        let reply = http.raw(photomove_core::Operation::ListAssets, request).await.unwrap();
        reply.status().as_u16()
    }
}

/// Looks at the library, which needs a sign-in.
pub(crate) async fn look(client: &PhotoPrismClient) -> Result<usize> {
    let page = client.photos(&PhotoSearch::new(), 10, 0).await?;
    Ok(page.rows.len())
}

/// The bytes of a small JPEG, another one for each number.
pub(crate) async fn picture(number: u64) -> Bytes {
    let library = Library::synthetic(1, 4096, number).unwrap();
    library.items[0].blob.bytes().await.unwrap()
}

pub(crate) async fn upload(client: &PhotoPrismClient, name: &str, bytes: Bytes) -> Uploaded {
    let body = BytesBody::new(bytes);
    let uploaded = client.upload::<&str>(&[UploadFile::new(name, &body)], &[]).await;
    uploaded.unwrap().remove(0)
}

/// A person who says the same each time, and remembers what was asked.
#[derive(Debug)]
pub(crate) struct Person {
    says: Vec<Option<String>>,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Person {
    pub(crate) fn saying(says: &[Option<&str>]) -> Arc<Self> {
        Arc::new(Self {
            says: says.iter().map(|say| say.map(str::to_owned)).collect(),
            asked: Mutex::default(),
        })
    }
}

#[async_trait]
impl Interaction for Person {
    async fn ask(&self, prompt: Prompt) -> Result<Answer> {
        let Prompt::NewCredentials { why } = prompt else {
            panic!("asked for {prompt:?}");
        };
        let mut asked = self.asked.lock().unwrap();
        let answer = self.says.get(asked.len()).cloned().unwrap_or_default();
        asked.push(why);
        Ok(answer.map_or(Answer::Refused, |text| Answer::Text(text.into())))
    }
}
