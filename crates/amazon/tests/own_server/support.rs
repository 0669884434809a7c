//! Servers that do as they are told, and providers that are signed in to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use photomove_amazon::{AmazonConfig, AmazonPhotos, CookieKeeper, Cookies, Endpoints};
use photomove_core::{Asset, Error, ErrorKind, Locator, ManualClock, Media, PhotoSource, Result, SeededRandom};
use photomove_http::HttpEnv;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

/// One request as a server got it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header("cookie")?.split("; ");
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn asks_for_root(&self) -> bool {
        self.query
            .get("filters")
            .is_some_and(|filters| filters.contains("isRoot"))
    }

    /// First byte of the range that is asked for.
    pub(crate) fn first_byte(&self) -> usize {
        let range = self.header("range").unwrap_or("bytes=0-");
        range
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap()
    }
}

/// A server and what it got.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) base: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers each request by the function.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, log) = (answer.clone(), Arc::clone(&log));
            async move {
                let (head, body) = request.into_parts();
                let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
                let seen = Seen {
                    method: head.method.to_string(),
                    path: head.uri.path().to_owned(),
                    query: query.into_owned().collect(),
                    headers: head.headers,
                    body: String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap(),
                };
                log.lock().unwrap().push(seen.clone());
                answer(&seen)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Requests whose path holds the text.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path.contains(path)).count()
    }

    /// Downloads have a path of their own; all the rest is the metadata host.
    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints {
            metadata: Some(self.base.clone()),
            content: Some(self.base.clone()),
            download: Some(self.base.join("downloads/").unwrap()),
            thumbnail: Some(self.base.clone()),
        }
    }

    pub(crate) fn config(&self) -> AmazonConfig {
        AmazonConfig::default()
            .with_page_size(3)
            .with_endpoints(self.endpoints())
    }

    /// A provider with cookies that can be renewed.
    pub(crate) fn provider(&self) -> Arc<AmazonPhotos> {
        AmazonPhotos::new(&self.config(), &renewable(), &env()).unwrap()
    }

    pub(crate) async fn keeping(&self, keeper: &Arc<Keeper>) -> Arc<AmazonPhotos> {
        let keeper: Arc<dyn CookieKeeper> = keeper.clone();
        AmazonPhotos::open(&self.config(), &renewable(), keeper, &env())
            .await
            .unwrap()
    }
}

pub(crate) fn env() -> HttpEnv {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    HttpEnv {
        clock: Arc::new(ManualClock::new(now)),
        random: Arc::new(SeededRandom::new(3)),
        ..HttpEnv::system()
    }
}

pub(crate) fn renewable() -> Cookies {
    Cookies::parse("session-id=133-1; ubid-main=133-2; at-main=old; x-main=x1; sess-at-main=\"key=\"; sst-main=s1")
        .unwrap()
}

/// Keeps cookies in memory, as others may change them.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    pub(crate) kept: Mutex<Option<Cookies>>,
    pub(crate) saves: Mutex<u32>,
    pub(crate) full: bool,
}

impl Keeper {
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let credential = self.kept.lock().unwrap().as_ref()?.to_credential();
        let kept: Value = serde_json::from_str(credential.expose_secret()).unwrap();
        let cookies = kept["cookies"].as_array().unwrap();
        let found = cookies.iter().find(|cookie| cookie["name"] == name)?;
        Some(found["value"].as_str().unwrap().to_owned())
    }

    pub(crate) fn saves(&self) -> u32 {
        *self.saves.lock().unwrap()
    }
}

#[async_trait]
impl CookieKeeper for Keeper {
    async fn load(&self) -> Result<Option<Cookies>> {
        Ok(self.kept.lock().unwrap().clone())
    }

    async fn save(&self, cookies: &Cookies) -> Result<()> {
        if self.full {
            return Err(Error::new(ErrorKind::Internal, "no space left"));
        }
        *self.saves.lock().unwrap() += 1;
        *self.kept.lock().unwrap() = Some(cookies.clone());
        Ok(())
    }
}

pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(body.into()).unwrap()
}

pub(crate) fn answer(value: &Value) -> Response {
    reply(200, &[("content-type", "application/json")], value.to_string())
}

/// The refusal of a session that has run out.
pub(crate) fn stale() -> Response {
    let body = json!({"message": "bad authentication data"}).to_string();
    reply(401, &[("content-type", "application/json")], body)
}

/// The refusal of a content host.
pub(crate) fn stale_content() -> Response {
    let body = json!({"logref": "1", "message": "No Auth Method Provided", "code": ""}).to_string();
    reply(401, &[("content-type", "application/json")], body)
}

pub(crate) fn not_found() -> Response {
    reply(
        404,
        &[("content-type", "application/json")],
        r#"{"message": "not found"}"#,
    )
}

pub(crate) fn root(owner: &str) -> Response {
    answer(&json!({"count": 1, "data": [{"id": "root", "kind": "FOLDER", "isRoot": true, "ownerId": owner}]}))
}

/// A photo, uploaded so many seconds after the turn of the year.
pub(crate) fn node(number: u64, owner: &str) -> Value {
    let date: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    let date = Timestamp::from_second(date.as_second() + i64::try_from(number).unwrap()).unwrap();
    json!({
        "id": format!("n{number}"), "kind": "FILE", "name": format!("{number}.jpg"), "status": "AVAILABLE", "ownerId": owner,
        "createdDate": format!("{date:.3}"), "contentProperties": {"contentType": "image/jpeg"},
    })
}

pub(crate) fn page(count: u64, nodes: Vec<Value>, token: Option<&str>) -> Response {
    answer(&json!({"count": count, "data": nodes, "nextToken": token}))
}

/// Opens an original by its id alone.
pub(crate) async fn open(source: &AmazonPhotos, id: &str, offset: u64) -> Result<Media> {
    let locator = Locator(json!({"owner": "A0OWN"}));
    source.open(&id.into(), &locator, offset).await
}

pub(crate) async fn read(media: Media) -> Result<Vec<u8>> {
    let chunks: Vec<_> = media.stream.try_collect().await?;
    Ok(chunks.concat())
}

/// Lists the first page.
pub(crate) async fn first_page(source: &AmazonPhotos) -> Result<Vec<Asset>> {
    let start = source.start(&photomove_core::Filters::default()).await?;
    let page = source.assets(&start).await?;
    page.items.into_iter().collect()
}
