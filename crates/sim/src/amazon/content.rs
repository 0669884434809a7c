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
use super::session::{Host, Verdict};
use super::state::State;
use super::switches::RedirectTarget;
use super::world::{NodeIndex, World};

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
    let link = state.open_link(&token);
    // With cookies, a link is good for the person whose cookies they are.
    let Some(link) = link.filter(|link| open || link.world.owner == state.world().owner) else {
        return state.no_such_node(&token);
    };
    let life_ms = state
        .switches
        .temp_link_life
        .map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    if life_ms.is_some_and(|life_ms| state.now_ms() >= link.issued_ms + life_ms) {
        return reply::service_error(StatusCode::NOT_FOUND, state.logref(), "TempLink is expired", "");
    }
    state.bytes(&link.world, link.node, &query, &headers)
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
    let world = state.world();
    match state.own_file(&world, &id, &query) {
        Some(index) => state.bytes(&world, index, &query, &headers),
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
    let world = state.world();
    match state
        .own_file(&world, &id, &query)
        .filter(|_| state.switches.signed_download)
    {
        Some(index) => serve(world.node(index), &headers, state.switches.ranges, false),
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
    let world = state.world();
    match state
        .own_file(&world, &id, &query)
        .filter(|index| world.node(*index).is_media())
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
        let clock = &self.shared.clock;
        self.welcome(self.sessions.judge(headers, wants_session_header, Host::Bytes, clock))
    }

    fn welcome(&self, verdict: Verdict) -> Result<(), Box<Response>> {
        let refused = || {
            let (status, message) = (StatusCode::UNAUTHORIZED, "No Auth Method Provided");
            reply::service_error(status, self.logref(), message, "")
        };
        match verdict {
            Verdict::Welcome => Ok(()),
            Verdict::NoAuth => Err(Box::new(refused())),
            Verdict::Stale => Err(Box::new(self.session_lost(self.switches.content_session_loss, refused))),
        }
    }

    /// The original, or what the suffixes of `contentRedirection` turn it into.
    fn bytes(&self, world: &World, index: NodeIndex, query: &Parameters, headers: &HeaderMap) -> Response {
        match query.get("viewBox") {
            Some(view_box) => self.thumbnail(index, Some(view_box)),
            None => serve(world.node(index), headers, self.switches.ranges, true),
        }
    }

    fn thumbnail(&self, index: NodeIndex, view_box: Option<&String>) -> Response {
        match small_picture(u64::from(index), view_box.map(String::as_str)) {
            Ok(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
            Err(message) => self.bad_request(&message),
        }
    }
}
