//! A running stand-in with a client that knows its way around.

use std::sync::Once;
use std::time::Duration;

use photomove_sim::google::GoogleSwitches;
use photomove_sim::{FaultRule, GoogleSim, Library, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims, start};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};

pub const APPEND: &str = "https://www.googleapis.com/auth/photoslibrary.appendonly";
pub const READ: &str = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata";
pub const EDIT: &str = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata";
pub const ALL: [&str; 3] = [APPEND, READ, EDIT];

/// Noon in California on a day without a change of the clocks.
pub const START: &str = "2026-06-15T19:00:00Z";

pub struct Stand {
    pub sims: Sims,
    pub http: Client,
    pub token: String,
}

impl Stand {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut GoogleSwitches)) -> Self {
        let mut google = GoogleSwitches::default();
        change(&mut google);
        Self::with_options(SimOptions {
            google,
            ..SimOptions::default()
        })
        .await
    }

    pub async fn with_faults(faults: Vec<FaultRule>) -> Self {
        Self::with_options(SimOptions {
            faults,
            ..SimOptions::default()
        })
        .await
    }

    pub async fn with_options(options: SimOptions) -> Self {
        let clock = SimClock::frozen(START.parse().unwrap());
        let services = vec![ServiceSpec::new(ServiceKind::Google)];
        let sims = start(SimOptions {
            services,
            clock: Some(clock),
            ..options
        })
        .await
        .unwrap();
        let token = sims.google().unwrap().access_token(&ALL);
        Self {
            sims,
            http: client(),
            token,
        }
    }

    pub fn google(&self) -> &GoogleSim {
        self.sims.google().unwrap()
    }

    pub fn advance(&self, seconds: u64) {
        self.google().clock().advance(Duration::from_secs(seconds));
    }

    /// A request to the Library host, signed in.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.google().library_url()))
            .bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        json_of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        json_of(self.request(Method::POST, path).json(&body).send().await.unwrap()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        json_of(self.request(Method::PATCH, path).json(&body).send().await.unwrap()).await
    }

    pub fn upload_request(&self, bytes: Vec<u8>) -> RequestBuilder {
        self.request(Method::POST, "/v1/uploads")
            .header("content-type", "application/octet-stream")
            .header("x-goog-upload-protocol", "raw")
            .header("x-goog-upload-content-type", "image/jpeg")
            .body(bytes)
    }

    /// Uploads bytes and returns their token.
    pub async fn upload(&self, bytes: Vec<u8>) -> String {
        let response = self.upload_request(bytes).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub async fn create(&self, body: Value) -> (u16, Value) {
        self.post("/v1/mediaItems:batchCreate", body).await
    }

    /// Uploads and creates one item, and returns its id.
    pub async fn item(&self, bytes: Vec<u8>, name: &str) -> String {
        let token = self.upload(bytes).await;
        let (status, reply) = self.create(batch(&[(&token, name)])).await;
        assert_eq!(status, 200, "{reply}");
        reply["newMediaItemResults"][0]["mediaItem"]["id"]
            .as_str()
            .expect("an item")
            .to_owned()
    }

    pub async fn album(&self, title: &str) -> String {
        let (status, album) = self.post("/v1/albums", json!({ "album": { "title": title } })).await;
        assert_eq!(status, 200, "{album}");
        album["id"].as_str().unwrap().to_owned()
    }
}

/// The body of a `batchCreate` for tokens and names.
pub fn batch(items: &[(&str, &str)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(token, name)| json!({ "simpleMediaItem": { "uploadToken": token, "fileName": name } }))
        .collect();
    json!({ "newMediaItems": items })
}

/// A valid JPEG, different for every number.
pub async fn jpeg(number: usize) -> Vec<u8> {
    let library = Library::synthetic(number as u64 + 1, 4096, 5).unwrap();
    library.items[number].blob.bytes().await.unwrap().to_vec()
}

pub fn message(reply: &Value) -> &str {
    reply["error"]["message"].as_str().unwrap_or_default()
}

/// The names of an object's members.
pub fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

pub async fn json_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sim's tests use no crate of the toolkit, so they build their own client"
)]
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}
