//! The route by which the web page renews its cookies without a new sign-in (amazon reference 1.8).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::reply;
use super::session::NotRenewed;
use super::state::State;

/// Path of the route.
pub(super) const PATH: &str = "/ap/exchangetoken/refresh";

pub(super) async fn renew(
    Extract(state): Extract<Arc<State>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let is = |name: &str, wanted: &str| form.get(name).is_some_and(|value| value == wanted);
    let complete = is("app_name", "Amazon Drive")
        && is("requested_token_type", "auth_cookies")
        && is("source_token_type", "refresh_token")
        && is("domain", &format!(".{}", state.switches.marketplace.domain));
    let source = form.get("source_token").map(String::as_str).filter(|_| complete);
    match state.sessions.renew(&headers, source, &state.shared.clock) {
        Ok(cookies) => {
            let cookies: Vec<_> = cookies
                .into_iter()
                .map(|(name, value)| json!({ "Name": name, "Value": value }))
                .collect();
            reply::json_ok(&json!({ "response": { "tokens": { "cookies": cookies } } }))
        }
        Err(NotRenewed::Absent) => crate::origin::unknown_route(method, uri).await,
        Err(NotRenewed::Incomplete) => refusal(StatusCode::BAD_REQUEST, "MissingValue"),
        Err(NotRenewed::Refused) => refusal(StatusCode::UNAUTHORIZED, "InvalidToken"),
    }
}

/// The shape of a refusal is not known; a client must go by the status.
fn refusal(status: StatusCode, code: &str) -> Response {
    let body = json!({ "response": { "error": { "code": code, "message": "The request could not be processed" } } });
    (status, axum::Json(body)).into_response()
}
