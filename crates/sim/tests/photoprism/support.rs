//! A running stand-in with a client that knows its way around.

use std::sync::Once;
use std::time::Duration;

use photomove_sim::{
    FaultRule, PhotoPrismSim, PhotoPrismSwitches, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims, start,
};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};

/// The day on which the real server was recorded.
pub const START: &str = "2026-11-21T02:32:00Z";

pub struct Stand {
    pub sims: Sims,
    pub http: Client,
    /// Access token of the admin.
    pub token: String,
}

impl Stand {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut PhotoPrismSwitches)) -> Self {
        let mut photoprism = PhotoPrismSwitches::default();
        change(&mut photoprism);
        Self::with_options(SimOptions {
            photoprism,
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
        let services = vec![ServiceSpec::new(ServiceKind::PhotoPrism)];
        let clock = SimClock::frozen(START.parse().unwrap());
        let sims = start(SimOptions {
            services,
            clock: Some(clock),
            ..options
        })
        .await
        .unwrap();
        let token = sims.photoprism().unwrap().access_token();
        Self {
            sims,
            http: client(),
            token,
        }
    }

    pub fn sim(&self) -> &PhotoPrismSim {
        self.sims.photoprism().unwrap()
    }

    pub fn advance(&self, seconds: u64) {
        self.sim().clock().advance(Duration::from_secs(seconds));
    }

    /// A request without any token; `path` is below the site's root.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.sim().url()))
    }

    /// A request to the API as the admin.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, &format!("/api/v1{path}"))
            .header("X-Auth-Token", &self.token)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        json_of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        json_of(self.request(Method::POST, path).json(&body)).await
    }

    /// Status of a search with some token, which tells whether it is alive.
    pub async fn whoami(&self, token: &str) -> u16 {
        let request = self.bare(Method::GET, "/api/v1/session").header("X-Auth-Token", token);
        request.send().await.unwrap().status().as_u16()
    }

    /// Signs in with what the body says.
    pub async fn login(&self, body: Value) -> (u16, Value) {
        json_of(self.bare(Method::POST, "/api/v1/session").json(&body)).await
    }

    pub async fn login_admin(&self) -> Value {
        let (status, body) = self.login(admin(self.sim().password())).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

pub fn admin(password: &str) -> Value {
    json!({ "username": "admin", "password": password })
}

/// Status and JSON; what is no JSON comes as a text.
pub async fn json_of(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub fn header(response: &Response, name: &str) -> Option<String> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap().to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "these tests talk to the stand-in only; photomove's own client would hide what it sends"
)]
fn client() -> Client {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}
