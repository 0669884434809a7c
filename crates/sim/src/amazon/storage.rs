//! The foreign storage host behind signed links: whoever holds the link may read, and nobody may send more than the link.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use super::metadata::Parameters;
use super::reply::storage_error;
use super::serve::serve;
use super::state::State;

/// First part of the path of a signed link.
pub(super) const BUCKET: &str = "photos-content";
/// Life of a signed link.
const LIFE_MS: i64 = 300_000;

const CREDENTIALS: [&str; 4] = ["cookie", "authorization", "x-amzn-sessionid", "x-amz-access-token"];

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(&format!("/{BUCKET}/{{token}}"), get(read))
        .with_state(state)
}

/// A link that tells by its query that it is signed.
pub(super) fn signed_url(state: &State, token: &str) -> String {
    let signature = token.bytes().fold(state.shared.seed, |hash, byte| {
        crate::seeded::mix(hash ^ u64::from(byte))
    });
    format!(
        "{}/{BUCKET}/{token}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={}&X-Amz-Signature={signature:064x}",
        state.urls.storage,
        LIFE_MS / 1000
    )
}

async fn read(
    Extract(state): Extract<Arc<State>>,
    Path(token): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if CREDENTIALS.iter().any(|name| headers.contains_key(*name)) {
        return storage_error(
            StatusCode::BAD_REQUEST,
            "InvalidArgument",
            "Only one auth mechanism allowed",
        );
    }
    let expected = signed_url(&state, &token);
    let signed = query
        .get("X-Amz-Signature")
        .is_some_and(|given| !given.is_empty() && expected.ends_with(given.as_str()));
    match state.open_link(&token).filter(|_| signed) {
        None => storage_error(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The signature does not match",
        ),
        Some(link) if state.now_ms() >= link.issued_ms + LIFE_MS => {
            storage_error(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
        }
        Some(link) => {
            let mut response = serve(link.world.node(link.node), &headers, state.switches.ranges, true);
            response
                .headers_mut()
                .insert(header::ACCEPT_RANGES, header::HeaderValue::from_static("bytes"));
            response
        }
    }
}
