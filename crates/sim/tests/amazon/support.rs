//! A started stand-in and a client that follows nothing by itself.

use std::sync::{LazyLock, Once};
use std::time::Duration;

use photomove_sim::{
    AmazonSim, AmazonSwitches, FaultRule, Fill, Library, LibraryItem, ServiceKind, ServiceSpec, SimClock, SimOptions,
    Sims, start,
};
use serde_json::Value;

/// The stand-in and an HTTP client.
pub struct Stage {
    pub sims: Sims,
    pub http: reqwest::Client,
    pub clock: SimClock,
}

/// Everything that tests of a listing need on every request.
pub const BASE: &str = "asset=ALL&tempLink=false&resourceVersion=V2&ContentType=JSON";

pub async fn with(library: Library, switches: AmazonSwitches) -> Stage {
    with_faults(library, switches, Vec::new()).await
}

pub async fn with_faults(library: Library, amazon: AmazonSwitches, faults: Vec<FaultRule>) -> Stage {
    let clock = SimClock::frozen("2026-03-01T10:00:00Z".parse().unwrap());
    let options = SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::Amazon)],
        fill: Some(Fill::Library(library)),
        clock: Some(clock.clone()),
        amazon,
        faults,
        ..SimOptions::default()
    };
    Stage {
        sims: start(options).await.unwrap(),
        http: client(),
        clock,
    }
}

pub fn synthetic(count: u64) -> Library {
    Library::synthetic(count, 1500, 7).unwrap()
}

/// The demo's library, made once: it takes a second in a debug build.
pub fn demo() -> Library {
    static DEMO: LazyLock<Library> = LazyLock::new(|| photomove_sim::demo::library(3).unwrap());
    DEMO.clone()
}

/// Eight photos of the demo and a text file.
pub fn small() -> Library {
    let mut library = demo();
    library.items.truncate(8);
    library
        .items
        .push(LibraryItem::from_bytes("notes with words.txt", "some text"));
    library
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-ins are tested without photomove's own client"
)]
fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

impl Stage {
    pub fn amazon(&self) -> &AmazonSim {
        self.sims.amazon().unwrap()
    }

    pub fn url(&self, origin: &str, path: &str) -> String {
        format!("{}{path}", self.amazon().origins()[origin])
    }

    pub fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .amazon()
            .cookies()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    pub fn session_id(&self) -> String {
        self.amazon().cookies()[0].1.clone()
    }

    /// A request as the signed-in person.
    pub fn signed(&self, url: &str) -> reqwest::RequestBuilder {
        self.http
            .get(url)
            .header("cookie", self.cookie_header())
            .header("x-amzn-sessionid", self.session_id())
    }

    pub async fn get(&self, origin: &str, path: &str) -> reqwest::Response {
        self.signed(&self.url(origin, path)).send().await.unwrap()
    }

    /// JSON of the metadata host, whatever the status.
    pub async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get("metadata", path).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A page of `/nodes`.
    pub async fn nodes(&self, query: &str) -> Value {
        let (status, page) = self.json(&format!("/drive/v1/nodes?{query}&{BASE}")).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    pub async fn first_file(&self) -> Value {
        self.nodes("filters=kind:FILE&limit=1").await["data"][0].clone()
    }

    pub async fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Text of a field of each element of a page.
pub fn texts(page: &Value, field: &str) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|node| node[field].as_str().unwrap_or_default().to_owned())
        .collect()
}
