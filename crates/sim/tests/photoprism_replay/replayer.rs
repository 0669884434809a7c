//! Sends recorded requests to the stand-in and compares what comes back.

mod answers;
mod own;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use photomove_sim::photoprism::Hold;
use photomove_sim::{PhotoPrismSim, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::bind::{Bindings, is_uid};
use super::compare::Comparison;
use super::recipes;
use super::recording::{Exchange, Part, Request};
use super::scenarios::{Chain, Held, Overlap};
use super::totp;

/// Longest wait for one answer; only a stand-in that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A difference between an answer and the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) recording: String,
    pub(crate) exchange: String,
    pub(crate) what: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{} {}", self.recording, self.exchange, self.what)
    }
}

/// What came back for a request.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// One scenario on its way through the stand-in.
pub(crate) struct Replayer {
    sims: Sims,
    clock: SimClock,
    base: String,
    client: reqwest::Client,
    bindings: Bindings,
    samples: Option<PathBuf>,
    token: Option<String>,
    /// Hashes of the files of the last upload.
    last_upload: Vec<String>,
    /// Requests that others are made beside, by the names of their exchanges.
    under_way: BTreeMap<String, JoinHandle<Result<Answer, reqwest::Error>>>,
    hold: Option<Hold>,
    pub(crate) differences: Vec<Difference>,
}

impl Replayer {
    /// Starts a stand-in in the state in which the recorded server was.
    pub(crate) async fn start(chain: &Chain, began: Option<Timestamp>, samples: Option<PathBuf>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = SimClock::frozen(began.unwrap_or(Timestamp::UNIX_EPOCH));
        let sims = photomove_sim::start(SimOptions {
            services: vec![ServiceSpec::new(ServiceKind::PhotoPrism)],
            clock: Some(clock.clone()),
            photoprism: chain.switches.clone(),
            ..SimOptions::default()
        })
        .await
        .expect("the stand-in starts");
        let base = sims.photoprism().expect("it was asked for").url().to_owned();
        let client = client();
        Self {
            sims,
            clock,
            base,
            client,
            bindings: Bindings::default(),
            samples,
            token: None,
            last_upload: Vec::new(),
            under_way: BTreeMap::new(),
            hold: None,
            differences: Vec::new(),
        }
    }

    pub(crate) fn sim(&self) -> &PhotoPrismSim {
        self.sims.photoprism().expect("it was asked for")
    }

    pub(crate) fn samples(&self) -> Option<&Path> {
        self.samples.as_deref()
    }

    pub(crate) fn bind(&mut self, recorded: &str, here: &str) {
        self.bindings.bind(recorded, here);
    }

    /// One recorded exchange.
    pub(crate) async fn exchange(&mut self, recording: &str, exchange: &Exchange) {
        let mut comparison = Comparison::default();
        if let Some(at) = exchange.answered_at() {
            self.set_clock(at);
        }
        let path = exchange.request.as_ref().map_or("", |request| &request.path);
        let under_way = self.under_way.remove(&exchange.name);
        let answer = match (under_way, &exchange.request) {
            (Some(under_way), _) => {
                // Whoever is held may go on now.
                self.hold = None;
                Some(under_way.await.expect("the request does not panic"))
            }
            (None, Some(request)) => {
                let request = self.request_of(exchange, request, &mut comparison).await;
                Some(Self::answer(request).await)
            }
            (None, None) => {
                self.compare_statuses(&exchange.response["statuses"], &mut comparison)
                    .await;
                None
            }
        };
        match answer {
            Some(Ok(answer)) => self.compare(exchange, path, &answer, &mut comparison),
            Some(Err(error)) => comparison.say("", format!("no answer: {error}")),
            None => {}
        }
        self.differ(recording, exchange, comparison);
    }

    fn differ(&mut self, recording: &str, exchange: &Exchange, comparison: Comparison) {
        self.differences
            .extend(comparison.differences.into_iter().map(|what| Difference {
                recording: recording.to_owned(),
                exchange: exchange.name.clone(),
                what,
            }));
    }

    /// Begins requests that others are made beside, and comes back when they are in their midst.
    pub(crate) async fn begin(&mut self, recording: &str, overlap: &Overlap, exchanges: &[&Exchange]) {
        let hold = match overlap.held {
            Held::Imports => self.sim().hold_imports(overlap.passes),
            Held::Uploads => self.sim().hold_uploads(overlap.passes),
        };
        for exchange in exchanges {
            let mut comparison = Comparison::default();
            let request = exchange.request.as_ref().expect("only requests overlap");
            let request = self.request_of(exchange, request, &mut comparison).await;
            self.differ(recording, exchange, comparison);
            self.under_way
                .insert(exchange.name.clone(), tokio::spawn(Self::answer(request)));
        }
        hold.reached(exchanges.len()).await;
        self.hold = Some(hold);
    }

    /// What `GET /files/:hash` says of each file of the last upload.
    async fn compare_statuses(&self, recorded: &Value, comparison: &mut Comparison) {
        let mut here = Vec::new();
        for hash in &self.last_upload {
            here.push(match self.file_of(hash).await {
                Some(_) => 200,
                None => 404,
            });
        }
        if *recorded != Value::from(here.clone()) {
            comparison.say("statuses", format!("recorded {recorded}, here {here:?}"));
        }
    }

    /// A recorded request with the names that count here.
    async fn request_of(
        &mut self,
        exchange: &Exchange,
        request: &Request,
        comparison: &mut Comparison,
    ) -> reqwest::RequestBuilder {
        self.bind_tokens(exchange, &request.headers);
        self.bind_before(exchange, &request.path).await;
        let body = match (&request.multipart, &request.body) {
            (Some(parts), _) => self.multipart(parts, boundary(&request.headers), comparison),
            (None, Some(Value::String(text))) if text.ends_with(" bytes)") => {
                recipes::by_size(text, self.samples.as_deref())
            }
            (None, Some(Value::String(text))) => Some(self.bindings.translate(text).into_bytes()),
            (None, Some(body)) => Some(
                self.bindings
                    .translate(&self.with_passcode(body).to_string())
                    .into_bytes(),
            ),
            (None, None) => None,
        };
        self.request(&request.method, &request.path, &request.headers, body)
    }

    /// A request that the recorder made and did not keep.
    pub(crate) async fn silently(&mut self, method: &str, path: &str, body: &str) {
        let token = self.sim().access_token();
        let headers = serde_json::Map::from_iter([("X-Auth-Token".to_owned(), Value::from(token))]);
        let body = recipes::silent_body(body, self.samples.as_deref()).expect("silent requests are made of samples");
        let answer = Self::answer(self.request(method, path, &headers, Some(body))).await;
        let status = answer.expect("the stand-in answers").status;
        assert!(status < 400, "{method} {path}: {status}");
    }

    fn set_clock(&self, at: Timestamp) {
        let by: SignedDuration = at.duration_since(self.clock.now());
        self.clock.shift(by);
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &serde_json::Map<String, Value>,
        body: Option<Vec<u8>>,
    ) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("recorded methods are methods");
        // The recording tells a long address in words.
        let path = path.replace("<9000 times x>", &"x".repeat(9000));
        let url = format!("{}{}", self.base, self.bindings.translate(&path));
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            let value = self.header_value(value.as_str().unwrap_or_default());
            let value = recipes::absolute(name, &value, &self.base);
            let name = HeaderName::from_bytes(name.as_bytes()).expect("recorded names of headers are such");
            request = request.header(
                name,
                HeaderValue::from_str(&value).expect("recorded values of headers are such"),
            );
        }
        match body {
            Some(body) => request.body(body),
            None => request,
        }
    }

    async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// A header with the names that count here, inside of Basic credentials too.
    fn header_value(&self, value: &str) -> String {
        let decoded = value.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
        match decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(credentials) => format!("Basic {}", STANDARD.encode(self.bindings.translate(&credentials))),
            None => self.bindings.translate(value),
        }
    }

    /// A body whose passcode is that of the secret here.
    fn with_passcode(&self, body: &Value) -> Value {
        let mut body = body.clone();
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let now = self.clock.now().as_second();
        let new = self
            .bindings
            .secrets
            .iter()
            .find_map(|(recorded, here)| totp::translated(&code, recorded, here, now));
        if let Some(new) = new {
            body["code"] = new.into();
        }
        body
    }

    fn multipart(&mut self, parts: &[Part], boundary: &str, comparison: &mut Comparison) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        self.last_upload = parts.iter().filter_map(|part| part.sha1.clone()).collect();
        for part in parts {
            let bytes = match recipes::bytes_of(part, self.samples.as_deref()) {
                Ok(bytes) => bytes,
                Err(error) => {
                    comparison.say("multipart", error);
                    return None;
                }
            };
            if let (Some(file), Some(sha1)) = (&part.file, &part.sha1)
                && recipes::is_rewritten(file)
            {
                self.bindings.bind(sha1, &recipes::sha1_hex(&bytes));
            }
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", part.name).as_bytes(),
            );
            if let Some(name) = &part.filename {
                body.extend_from_slice(format!("; filename=\"{name}\"").as_bytes());
            }
            if let Some(kind) = &part.content_type {
                body.extend_from_slice(format!("\r\nContent-Type: {kind}").as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(&bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Some(body)
    }

    /// Sessions and app passwords that the recorder got elsewhere: on the command line, or in a login that it did not keep.
    fn bind_tokens(&mut self, exchange: &Exchange, headers: &serde_json::Map<String, Value>) {
        if exchange.status() == 401 || exchange.response["json"]["mode"] == "public" {
            return;
        }
        let basic = |text: &str| String::from_utf8(STANDARD.decode(text.strip_prefix("Basic ")?).ok()?).ok();
        let credentials = headers.get("Authorization").and_then(Value::as_str).unwrap_or_default();
        let token = headers
            .get("X-Auth-Token")
            .or_else(|| headers.get("X-Session-ID"))
            .and_then(Value::as_str);
        let token = match (token, basic(credentials)) {
            (Some(token), _) => token.to_owned(),
            (None, Some(basic)) => basic
                .split_once(':')
                .map(|(_, password)| password.to_owned())
                .unwrap_or_default(),
            (None, None) => credentials.trim_start_matches("Bearer ").to_owned(),
        };
        if self.bindings.get(&token).is_some() {
            return;
        }
        let note = exchange.note.clone().unwrap_or_default();
        let here = match token.len() {
            48 => self.sim().access_token(),
            27 if token.matches('-').count() == 3 => {
                // The note names the scope, if it is not everything.
                let scope = note
                    .split('"')
                    .nth(1)
                    .filter(|_| note.starts_with("scope "))
                    .unwrap_or("*")
                    .to_owned();
                self.sim().add_app_password("command line", &scope)
            }
            _ => return,
        };
        self.bindings.bind(&token, &here);
    }

    /// Uploads do not tell the photos that they made: the recorder found them by hash, and so is it done here.
    async fn bind_before(&mut self, exchange: &Exchange, path: &str) {
        let json = &exchange.response["json"];
        let segments = path.split(['/', '?', '&', '=']).filter(|part| is_uid(part));
        let unknown: Vec<_> = segments
            .filter(|uid| self.bindings.get(uid).is_none())
            .map(str::to_owned)
            .collect();
        for uid in unknown
            .iter()
            .filter(|uid| exchange.status() == 200 && path.contains(&format!("/users/{uid}/")))
        {
            let admin = self.sim().user_uid();
            self.bindings.bind(uid, &admin);
        }
        if unknown.is_empty() {
            return;
        }
        // Albums that uploads made by their titles.
        if let (Some(uid), Some(title)) = (json["album"]["UID"].as_str(), json["album"]["Title"].as_str()) {
            let albums = self.sim().albums();
            let known = albums.iter().any(|album| album.uid == uid);
            let own = albums.into_iter().find(|album| album.title == title && !known);
            self.bindings.bind(uid, &own.map(|album| album.uid).unwrap_or_default());
        }
        let files = json["Files"].as_array().or_else(|| json["photo"]["Files"].as_array());
        let hashes: Vec<_> = files
            .into_iter()
            .flatten()
            .filter_map(|file| Some((file["Hash"].as_str()?.to_owned(), file["UID"].as_str()?.to_owned())))
            .collect();
        let recorded_photo = json["UID"]
            .as_str()
            .or_else(|| json["photo"]["UID"].as_str())
            .map(str::to_owned);
        for (hash, file_uid) in hashes {
            let Some(file) = self.file_of(&hash).await else {
                continue;
            };
            if let (Some(recorded), Some(here)) = (&recorded_photo, file["PhotoUID"].as_str()) {
                self.bindings.bind(recorded, here);
            }
            self.bindings.bind(&file_uid, file["UID"].as_str().unwrap_or_default());
        }
    }

    /// The stand-in's file with these bytes; asked beside the recorded requests.
    async fn file_of(&self, hash: &str) -> Option<Value> {
        let token = self.token.clone()?;
        let headers = serde_json::Map::from_iter([("X-Auth-Token".to_owned(), Value::from(token))]);
        let path = format!("/api/v1/files/{hash}");
        let answer = Self::answer(self.request("GET", &path, &headers, None)).await.ok()?;
        (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok())?
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in is tested without photomove's own client"
)]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .timeout(PATIENCE)
        .build()
        .expect("a client can be made")
}

/// What stands between the parts of a recorded form.
fn boundary(headers: &serde_json::Map<String, Value>) -> &str {
    let content_type = headers.get("Content-Type").and_then(Value::as_str).unwrap_or_default();
    content_type
        .split_once("boundary=")
        .map_or("", |(_, boundary)| boundary.trim_matches('"'))
}
