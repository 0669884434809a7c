//! Control routes: how tests and people look into a running stand-in and change its fate.
//!
//! | route | answer |
//! |---|---|
//! | `GET /library` | one JSON object per line and stored item |
//! | `POST /library` | a [`LibraryCommand`]: `{"add": 3, "into": "Summer"}` uploads pictures, `{"join": [{"album": "Summer", "names": ["a.jpg"]}]}`, `{"remove": ["a.jpg"]}`; answers the names of what was added |
//! | `GET /albums` | one per line: `id, title, count` |
//! | `GET /counters` | see [`Counts`](crate::log::Counts) |
//! | `GET /requests` | one [`RequestLine`](crate::log::RequestLine) per line; only the last 50,000, the header `x-dropped-lines` counts the others |
//! | `GET /clock` | `{"now_ms": N, "now": "…", "advanced_s": N}`; `now_ms` is milliseconds since 1970 |
//! | `POST /clock` | `{"advance_s": N}` moves the service's clock, back if N is negative |
//! | `POST /faults` | replaces the fault plan while running |
//! | `GET /uploads` | one per line and upload in several requests: `id, size, received, bytes_in, requests, state` |
//! | `POST /session` | a [`SessionCommand`]: `{"expire": true}` ends the sessions; `{"issue": "same", "to": "FILE"}` signs in anew; `{"restart": true}` restarts PhotoPrism |

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::SimError;
use crate::faults::{check_operations, parse_faults};
use crate::library_change::LibraryCommand;
use crate::origin::Shared;

/// What a stand-in shows to control routes and tests.
pub trait Service: fmt::Debug + Send + Sync + 'static {
    /// `amazon` or `google`.
    fn name(&self) -> &'static str;

    /// Every operation name that requests may get; a fault plan may name these only.
    fn operations(&self) -> &'static [&'static str];

    /// What all listeners of the service share.
    fn shared(&self) -> &Arc<Shared>;

    /// One object per stored item with `id, name, size, md5, sha1, albums` (titles), `taken, description, favorite, state`.
    ///
    /// Asynchronous because hashes of files are taken when first asked for.
    fn library_lines(&self) -> BoxFuture<'_, Vec<Value>>;

    /// One object per album with `id, title, count`.
    fn album_lines(&self) -> Vec<Value>;

    /// One object per upload in several requests with `id, size, received, bytes_in, requests, state`, oldest first.
    ///
    /// `received` is what the service holds, `bytes_in` what came, kept or not; `state` is one of `active, final, refused,
    /// cancelled, expired`.
    fn upload_lines(&self) -> Vec<Value>;

    /// Names of the files that a request is about, as far as it tells: by its path, its headers, or the JSON in its body.
    fn file_names(&self, operation: &str, parts: &Parts, json: &[u8]) -> Vec<String>;

    /// The same request for another item of the same kind; `None` if the address names no item or there is no other.
    fn other_item(&self, uri: &Uri) -> Option<Uri>;

    /// Ends, changes or begins signed-in sessions; gives what was done, with the path of a written file as `file`.
    ///
    /// # Errors
    /// [`SimError`] if the service has nothing of the kind, or a file cannot be written.
    fn change_sessions(&self, command: &SessionCommand) -> Result<Value, SimError>;

    /// Does with the library what a person does on another device; gives the names of what was added as `added`.
    ///
    /// # Errors
    /// [`SimError`] if the service has nothing of the kind, or a name or a title is not known.
    fn change_library(&self, command: LibraryCommand) -> BoxFuture<'_, Result<Value, SimError>>;
}

/// What becomes of the signed-in sessions. Everything asked for is done, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionCommand {
    /// Cookies and access tokens stop working.
    pub expire: bool,
    /// Refresh tokens stop working too.
    pub revoke_refresh: bool,
    /// Amazon: whether cookies that stopped working can be renewed.
    pub renewable: Option<bool>,
    /// Amazon: the same cookies belong to this person from now on. Google: this person signs in at the consent screen.
    pub switch_account: Option<Person>,
    /// Amazon: the session ends after this many further requests.
    pub expire_after_requests: Option<u64>,
    /// Google: all access tokens stop working when this many further bytes of uploads have arrived.
    pub expire_after_bytes: Option<u64>,
    /// Google: the OAuth client is deleted and one of another project takes its place, also in its file.
    pub new_project: bool,
    /// PhotoPrism: the server restarts: download tokens and limiters are forgotten, sessions and staged files are not.
    pub restart: bool,
    /// PhotoPrism: so many sign-ins have failed that all are refused for a minute.
    pub exhaust_sign_in: bool,
    /// PhotoPrism: so many unknown tokens have come that even good ones are refused for ten seconds.
    pub exhaust_tokens: bool,
    /// PhotoPrism: the admin's password becomes this, and the sessions that the old one began end.
    pub new_password: Option<String>,
    /// Signs this person in and writes a fresh file of cookies or tokens.
    pub issue: Option<Person>,
    /// Where that file goes; if `None`, over the one that was written at the start.
    pub to: Option<PathBuf>,
}

/// One of the two people that a stand-in knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Person {
    /// Whose library it is.
    Same,
    /// Somebody else, with an account of their own.
    Other,
}

/// The control routes of one service.
pub fn router(service: Arc<dyn Service>) -> Router {
    Router::new()
        .route("/library", get(library).post(change_library))
        .route("/albums", get(albums))
        .route("/uploads", get(uploads))
        .route("/counters", get(counters))
        .route("/requests", get(requests))
        .route("/clock", get(clock).post(advance_clock))
        .route("/faults", axum::routing::post(replace_faults))
        .route("/session", axum::routing::post(change_sessions))
        .with_state(service)
}

type Control = State<Arc<dyn Service>>;

async fn library(State(service): Control) -> Response {
    lines(&service.library_lines().await)
}

async fn albums(State(service): Control) -> Response {
    lines(&service.album_lines())
}

async fn counters(State(service): Control) -> Response {
    axum::Json(service.shared().counters.counts()).into_response()
}

async fn requests(State(service): Control) -> Response {
    let log = &service.shared().log;
    let mut response = lines(&log.lines());
    response
        .headers_mut()
        .insert("x-dropped-lines", HeaderValue::from(log.dropped()));
    response
}

async fn clock(State(service): Control) -> Response {
    let clock = &service.shared().clock;
    let now = clock.now();
    axum::Json(json!({
        "now_ms": now.as_millisecond(),
        "now": now.to_string(),
        "advanced_s": clock.shifted().as_secs(),
    }))
    .into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: i64,
}

async fn advance_clock(State(service): Control, body: String) -> Response {
    match serde_json::from_str::<Advance>(&body) {
        Ok(command) => {
            service
                .shared()
                .clock
                .shift(SignedDuration::from_secs(command.advance_s));
            clock(State(service)).await
        }
        Err(error) => refused(format!("clock: {error}")),
    }
}

async fn replace_faults(State(service): Control, body: String) -> Response {
    let checked = parse_faults(&body).and_then(|rules| {
        check_operations(&rules, service.operations())?;
        Ok(rules)
    });
    match checked {
        Ok(rules) => {
            let count = rules.len();
            service.shared().faults.replace(rules);
            axum::Json(json!({ "rules": count })).into_response()
        }
        Err(error) => refused(error.to_string()),
    }
}

async fn uploads(State(service): Control) -> Response {
    lines(&service.upload_lines())
}

async fn change_sessions(State(service): Control, body: String) -> Response {
    let command = match serde_json::from_str::<SessionCommand>(&body) {
        Ok(command) => command,
        Err(error) => return refused(format!("session: {error}")),
    };
    match service.change_sessions(&command) {
        Ok(done) => axum::Json(done).into_response(),
        Err(error) => refused(format!("session: {error}")),
    }
}

async fn change_library(State(service): Control, body: String) -> Response {
    let command = match serde_json::from_str::<LibraryCommand>(&body) {
        Ok(command) => command,
        Err(error) => return refused(format!("library: {error}")),
    };
    match service.change_library(command).await {
        Ok(done) => axum::Json(done).into_response(),
        Err(error) => refused(format!("library: {error}")),
    }
}

fn refused(message: String) -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "message": message }))).into_response()
}

fn lines<T: serde::Serialize>(items: &[T]) -> Response {
    let text: String = items
        .iter()
        .filter_map(|item| serde_json::to_string(item).ok())
        .flat_map(|line| [line, "\n".to_owned()])
        .collect();
    ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
}
