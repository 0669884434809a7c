//! A stand-in with a fault plan, a client that follows nothing by itself, and bare TCP for what no client shows.

use std::collections::BTreeMap;
use std::io;
use std::sync::Once;
use std::time::Duration;

use photomove_sim::{Counts, Fill, RequestLine, ServiceKind, ServiceSpec, SimOptions, Sims, parse_faults, start};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of every item of the stand-in.
pub const ITEM_BYTES: usize = 1500;

pub struct Stage {
    pub sims: Sims,
    pub http: reqwest::Client,
    kind: ServiceKind,
    token: String,
}

/// Amazon's stand-in with `count` items and these rules.
pub async fn amazon(count: u64, rules: &str) -> Stage {
    stage(ServiceKind::Amazon, count, rules).await
}

/// Google's stand-in with `count` items and these rules.
pub async fn google(count: u64, rules: &str) -> Stage {
    stage(ServiceKind::Google, count, rules).await
}

/// Amazon's stand-in with one item, which waits so long before it acts.
pub async fn slow_amazon(latency: Duration) -> Stage {
    let options = SimOptions {
        latency,
        ..SimOptions::default()
    };
    stage_with(ServiceKind::Amazon, 1, "[]", options).await
}

async fn stage(kind: ServiceKind, count: u64, rules: &str) -> Stage {
    stage_with(kind, count, rules, SimOptions::default()).await
}

async fn stage_with(kind: ServiceKind, count: u64, rules: &str, options: SimOptions) -> Stage {
    let sims = start(SimOptions {
        services: vec![ServiceSpec::new(kind)],
        fill: (count > 0).then_some(Fill::Synthetic {
            count,
            bytes: ITEM_BYTES as u64,
        }),
        faults: parse_faults(rules).unwrap(),
        control: true,
        ..options
    })
    .await
    .unwrap();
    let scopes = ["appendonly", "readonly.appcreateddata", "edit.appcreateddata"]
        .map(|scope| format!("https://www.googleapis.com/auth/photoslibrary.{scope}"));
    let token = sims.google().map_or(String::new(), |google| {
        google.access_token(&scopes.each_ref().map(String::as_str))
    });
    Stage {
        sims,
        http: client(),
        kind,
        token,
    }
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
        .no_gzip()
        .build()
        .unwrap()
}

impl Stage {
    fn base(&self, origin: &str) -> String {
        match self.kind {
            ServiceKind::Amazon => self.sims.amazon().unwrap().origins()[origin].clone(),
            _ => self.sims.google().unwrap().origins()[origin].clone(),
        }
    }

    fn credential(&self) -> (&'static str, String) {
        match self.sims.amazon() {
            Some(amazon) => {
                let pairs = amazon.cookies();
                let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                ("cookie", pairs.join("; "))
            }
            None => ("authorization", format!("Bearer {}", self.token)),
        }
    }

    /// A request of the signed-in person.
    pub fn request(&self, method: Method, origin: &str, path: &str) -> RequestBuilder {
        let (name, value) = self.credential();
        let request = self.http.request(method, format!("{}{path}", self.base(origin)));
        match self.sims.amazon() {
            Some(amazon) => request
                .header(name, value)
                .header("x-amzn-sessionid", amazon.cookies()[0].1.clone()),
            None => request.header(name, value),
        }
    }

    pub async fn get(&self, origin: &str, path: &str) -> Response {
        self.request(Method::GET, origin, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> reqwest::Result<Response> {
        self.request(Method::POST, "library", path).json(&body).send().await
    }

    /// What comes over a connection of its own until the other side ends it, and how it ended.
    pub async fn raw(&self, origin: &str, path: &str) -> (Vec<u8>, io::Result<()>) {
        let base = self.base(origin);
        let address = base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (name, value) = self.credential();
        let session = self
            .sims
            .amazon()
            .map(|amazon| format!("x-amzn-sessionid: {}\r\n", amazon.cookies()[0].1))
            .unwrap_or_default();
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{name}: {value}\r\n{session}connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        let end = stream.read_to_end(&mut got).await.map(drop);
        (got, end)
    }

    /// Address of the bytes of Amazon's first item, and the bytes of all in order of upload.
    pub async fn downloads(&self) -> (String, Vec<Vec<u8>>) {
        let list = "/drive/v1/nodes?filters=kind:FILE&sort=['createdDate ASC']&resourceVersion=V2";
        let page: Value = self.get("metadata", list).await.json().await.unwrap();
        let id = page["data"][0]["id"].as_str().unwrap().to_owned();
        let library = photomove_sim::Library::synthetic(page["count"].as_u64().unwrap(), ITEM_BYTES as u64, 1).unwrap();
        let mut bodies = Vec::new();
        for item in &library.items {
            bodies.push(item.blob.bytes().await.unwrap().to_vec());
        }
        (format!("/v2/download/signed/{id}"), bodies)
    }

    pub fn counts(&self) -> Counts {
        self.service().shared().counters.counts()
    }

    /// Faults that happened, by name.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        self.counts().faults
    }

    pub fn log(&self) -> Vec<RequestLine> {
        self.service().shared().log.lines()
    }

    pub fn service(&self) -> &std::sync::Arc<dyn photomove_sim::Service> {
        self.sims.service(self.kind).unwrap()
    }
}

/// The header part and the body of a raw answer.
pub fn split(raw: &[u8]) -> (String, &[u8]) {
    let at = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&raw[..at]).into_owned(), &raw[at + 4..])
}

/// One fault with its count, to compare with.
pub fn only(kind: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(kind.to_owned(), count)])
}
