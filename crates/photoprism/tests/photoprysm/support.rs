//! A stand-in, a client that is signed in to it, and a look at its state that uses none of our types.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::{BytesBody, Clock, Operation, SeededRandom};
use photomove_http::http::{Method, Request};
use photomove_http::{Http, HttpEnv};
use photomove_photoprism::client::{Arrival, UploadFile, Uploaded};
use photomove_photoprism::wire::{Album, Photo};
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use photomove_sim::{
    FaultRule, Library, PhotoPrismSim, PhotoPrismSwitches, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims,
};
use serde_json::{Value, json};

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

/// A picture of the stand-in's making.
#[derive(Debug, Clone)]
pub struct Picture {
    pub name: String,
    pub bytes: Bytes,
    pub body: BytesBody,
    pub sha1: String,
}

pub struct Bench {
    sims: Sims,
    env: HttpEnv,
    raw: Http,
    /// Token of a session beside the client's.
    token: String,
    pub client: PhotoPrismClient,
    /// Id and secret of an OAuth2 client that acts for the user.
    pub oauth: (String, String),
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(PhotoPrismSwitches::default()).await
    }

    pub async fn with(switches: PhotoPrismSwitches) -> Self {
        Self::with_faults(switches, Vec::new()).await
    }

    pub async fn with_faults(switches: PhotoPrismSwitches, faults: Vec<FaultRule>) -> Self {
        let clock = SimClock::frozen("2026-11-21T20:00:00Z".parse().unwrap());
        let options = SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
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
        let raw = Http::builder("raw", &env).build().unwrap();
        let mut bench = Self {
            client: client(&sims, &env),
            oauth: sims.photoprism().unwrap().add_client("photoprysm", "*", true, 10),
            token: String::new(),
            sims,
            env,
            raw,
        };
        let login = json!({"username": bench.user(), "password": bench.password()});
        let (status, session) = bench.send(Method::POST, "session", &login).await;
        assert_eq!(status, 200, "{session}");
        bench.token = session["access_token"].as_str().unwrap().to_owned();
        bench
    }

    /// Another client of the same server and user.
    pub fn another_client(&self) -> PhotoPrismClient {
        client(&self.sims, &self.env)
    }

    pub fn client_as(&self, sign_in: SignIn) -> PhotoPrismClient {
        PhotoPrismClient::new(&config(&self.sims), &self.env, PhotoPrismAuth::new(sign_in)).unwrap()
    }

    pub fn user(&self) -> String {
        self.sim().user().to_owned()
    }

    pub fn password(&self) -> String {
        self.sim().password().to_owned()
    }

    pub fn url(&self) -> &str {
        self.sim().url()
    }

    pub fn sim(&self) -> &PhotoPrismSim {
        self.sims.photoprism().unwrap()
    }

    pub fn config(&self) -> PhotoPrismConfig {
        config(&self.sims)
    }

    /// How many requests of an operation came.
    pub fn count(&self, operation: &str) -> u64 {
        self.sim().counters().by_operation.get(operation).copied().unwrap_or(0)
    }

    /// Sends JSON and returns status and answer, with nothing of ours in between.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let address = format!("{}/api/v1/{path}", self.url());
        let request = Request::builder()
            .method(method)
            .uri(address)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("x-auth-token", &self.token)
            .body(match body {
                Value::Null => Vec::new(),
                body => serde_json::to_vec(body).unwrap(),
            })
            .unwrap();
        let reply = self.raw.raw(Operation::Connect, request).await.unwrap();
        let json = serde_json::from_slice(reply.body()).unwrap_or_default();
        (reply.status().as_u16(), json)
    }

    /// What the stand-in says of something.
    pub async fn state(&self, path: &str) -> Value {
        let (status, state) = self.send(Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {state}");
        state
    }

    pub async fn status_of(&self, path: &str) -> u16 {
        self.send(Method::GET, path, &Value::Null).await.0
    }

    /// What the stand-in says of a photo.
    pub async fn photo_state(&self, photo: &str) -> Value {
        self.state(&format!("photos/{photo}")).await
    }

    pub async fn album_state(&self, album: &str) -> Value {
        self.state(&format!("albums/{album}")).await
    }

    /// Ids of the photos of an album, as the stand-in says.
    pub async fn members(&self, album: &str) -> Vec<String> {
        let rows = self.state(&format!("photos?count=100&primary=true&s={album}")).await;
        let mut uids: Vec<_> = rows.as_array().unwrap().iter().map(|row| text(&row["UID"])).collect();
        uids.sort();
        uids
    }

    /// Uploads pictures, each for itself, and returns their photos.
    pub async fn photos(&self, count: u64) -> Vec<Photo> {
        let mut photos = Vec::new();
        for picture in pictures(count).await {
            photos.push(self.upload(&picture).await);
        }
        photos
    }

    pub async fn photo(&self) -> Photo {
        self.photos(1).await.remove(0)
    }

    pub async fn upload(&self, picture: &Picture) -> Photo {
        let file = UploadFile::new(&picture.name, &picture.body);
        let uploaded = self.client.upload::<&str>(&[file], &[]).await.unwrap();
        visible(&uploaded[0])
    }

    pub async fn album(&self, title: &str) -> Album {
        self.client.create_album(title, false).await.unwrap()
    }
}

pub fn visible(uploaded: &Uploaded) -> Photo {
    match &uploaded.arrival {
        Arrival::Visible(photo) => (**photo).clone(),
        Arrival::Unknown => panic!("{} is not known", uploaded.name),
        other => panic!(
            "{} is not shown: {:?}",
            uploaded.name,
            other.photo().map(|photo| (&photo.uid, photo.quality))
        ),
    }
}

/// Pictures that differ; the same ones each time.
pub async fn pictures(count: u64) -> Vec<Picture> {
    let library = Library::synthetic(count, 4096, 7).unwrap();
    let mut pictures = Vec::new();
    for item in library.items {
        let bytes = item.blob.bytes().await.unwrap();
        let body = BytesBody::new(bytes.clone());
        pictures.push(Picture {
            sha1: photomove_core::Body::checksums(&body).sha1_hex().unwrap(),
            name: item.name,
            bytes,
            body,
        });
    }
    pictures
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn config(sims: &Sims) -> PhotoPrismConfig {
    PhotoPrismConfig::new(sims.photoprism().unwrap().url().parse().unwrap())
}

fn client(sims: &Sims, env: &HttpEnv) -> PhotoPrismClient {
    let sim = sims.photoprism().unwrap();
    let sign_in = SignIn::User {
        name: sim.user().to_owned(),
        password: sim.password().into(),
    };
    PhotoPrismClient::new(&config(sims), env, PhotoPrismAuth::new(sign_in)).unwrap()
}
