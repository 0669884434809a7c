//! Control routes: how tests and people look into a running stand-in and change its fate.
//!
//! | route | answer |
//! |---|---|
//! | `GET /library` | one JSON object per line and stored item |
//! | `GET /albums` | one per line: `id, title, count` |
//! | `GET /counters` | see [`Counts`](crate::log::Counts) |
//! | `GET /requests` | one [`RequestLine`](crate::log::RequestLine) per line |
//! | `GET /clock` | `{"now": "…", "advanced_s": N}` |
//! | `POST /clock` | `{"advance_s": N}` moves the service's clock |
//! | `POST /faults` | replaces the fault plan while running |
//! | `POST /session` | `{"expire": true}` ends the sessions; `{"revoke_refresh": true}` too |

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{check_operations, parse_faults};
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

    /// Ends the signed-in sessions.
    fn end_sessions(&self, command: SessionCommand);
}

/// What becomes of the signed-in sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionCommand {
    /// Cookies and access tokens stop working.
    pub expire: bool,
    /// Refresh tokens stop working too.
    pub revoke_refresh: bool,
}

/// The control routes of one service.
pub fn router(service: Arc<dyn Service>) -> Router {
    Router::new()
        .route("/library", get(library))
        .route("/albums", get(albums))
        .route("/counters", get(counters))
        .route("/requests", get(requests))
        .route("/clock", get(clock).post(advance_clock))
        .route("/faults", axum::routing::post(replace_faults))
        .route("/session", axum::routing::post(end_sessions))
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
    lines(&service.shared().log.lines())
}

async fn clock(State(service): Control) -> Response {
    let clock = &service.shared().clock;
    axum::Json(json!({ "now": clock.now().to_string(), "advanced_s": clock.advanced().as_secs() })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: u64,
}

async fn advance_clock(State(service): Control, body: String) -> Response {
    match serde_json::from_str::<Advance>(&body) {
        Ok(command) => {
            service.shared().clock.advance(Duration::from_secs(command.advance_s));
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

async fn end_sessions(State(service): Control, body: String) -> Response {
    match serde_json::from_str::<SessionCommand>(&body) {
        Ok(command) => {
            service.end_sessions(command);
            axum::Json(json!({ "expire": command.expire, "revoke_refresh": command.revoke_refresh })).into_response()
        }
        Err(error) => refused(format!("session: {error}")),
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
