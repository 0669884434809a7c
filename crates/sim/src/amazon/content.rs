//! The hosts that serve bytes: content, download and thumbnail.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State as Extract};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::metadata::Parameters;
use super::reply;
use super::serve::{serve, small_picture};
use super::session::Verdict;
use super::state::State;
use super::switches::RedirectTarget;
use super::world::NodeIndex;

pub(super) fn content_router(state: Arc<State>) -> Router {
    Router::new()
        .route("/cdproxy/templink/{token}", get(temp_link))
        .route("/cdproxy/nodes/{id}", get(by_id))
        .route("/cdproxy/nodes/{id}/content", get(by_id))
        .with_state(state)
}

pub(super) fn download_router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v2/download/signed/{id}", get(download))
        .with_state(state)
}

pub(super) fn thumbnail_router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/thumbnail/{id}", get(thumbnail))
        .with_state(state)
}

/// Names the operation of a request to the content, download, thumbnail or storage host.
pub(super) fn operation_of(parts: &Parts) -> &'static str {
    let reads = parts.method == "GET" || parts.method == "HEAD";
    match parts.uri.path().trim_start_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["cdproxy", "templink", _] if reads => "download",
        ["cdproxy", "nodes", _] | ["cdproxy", "nodes", _, "content"] if reads => "download",
        ["v2", "download", "signed", _] if reads => "download",
        [super::storage::BUCKET, _] if reads => "download",
        ["v1", "thumbnail", _] if reads => "thumbnail",
        _ => crate::origin::UNKNOWN,
    }
}

async fn temp_link(
    Extract(state): Extract<Arc<State>>,
    Path(token): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let open = state.switches.redirect_target == RedirectTarget::Open;
    if let (false, Err(refusal)) = (open, state.admit_content(&headers)) {
        return *refusal;
    }
    let Some((index, issued_ms)) = state.open_link(&token) else {
        return state.no_such_node(&token);
    };
    let life_ms = state
        .switches
        .temp_link_life
        .map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    if life_ms.is_some_and(|life_ms| state.now_ms() >= issued_ms + life_ms) {
        return reply::service_error(StatusCode::NOT_FOUND, state.logref(), "TempLink is expired", "");
    }
    state.bytes(index, &query, &headers)
}

async fn by_id(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = state.admit_content(&headers) {
        return *refusal;
    }
    match state.own_file(&id, &query) {
        Some(index) => state.bytes(index, &query, &headers),
        None => state.no_such_node(&id),
    }
}

async fn download(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = state.admit_subdomain(&headers, true) {
        return *refusal;
    }
    match state.own_file(&id, &query).filter(|_| state.switches.signed_download) {
        Some(index) => serve(state.world.node(index), &headers, state.switches.ranges, false),
        None => state.no_such_node(&id),
    }
}

async fn thumbnail(
    Extract(state): Extract<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = state.admit_subdomain(&headers, false) {
        return *refusal;
    }
    match state
        .own_file(&id, &query)
        .filter(|index| state.world.node(*index).is_media())
    {
        Some(index) => state.thumbnail(index, query.get("viewBox")),
        None => state.no_such_node(&id),
    }
}

impl State {
    fn admit_content(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        self.welcome(self.sessions.judge_content(headers, &self.shared.clock))
    }

    /// The gate of `download-photos` and `thumbnails-photos`, which are sub-domains of the marketplace.
    fn admit_subdomain(&self, headers: &HeaderMap, wants_session_header: bool) -> Result<(), Box<Response>> {
        self.welcome(self.sessions.judge(headers, wants_session_header))
    }

    fn welcome(&self, verdict: Verdict) -> Result<(), Box<Response>> {
        match verdict {
            Verdict::Welcome => Ok(()),
            // These hosts do not tell missing, foreign and stale cookies apart.
            Verdict::NoAuth | Verdict::Stale => {
                let (status, message) = (StatusCode::UNAUTHORIZED, "No Auth Method Provided");
                Err(Box::new(reply::service_error(status, self.logref(), message, "")))
            }
        }
    }

    /// The original, or what the suffixes of `contentRedirection` turn it into.
    fn bytes(&self, index: NodeIndex, query: &Parameters, headers: &HeaderMap) -> Response {
        match query.get("viewBox") {
            Some(view_box) => self.thumbnail(index, Some(view_box)),
            None => serve(self.world.node(index), headers, self.switches.ranges, true),
        }
    }

    fn thumbnail(&self, index: NodeIndex, view_box: Option<&String>) -> Response {
        match small_picture(u64::from(index), view_box.map(String::as_str)) {
            Ok(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
            Err(message) => self.bad_request(&message),
        }
    }
}
