//! Answers that are no data: the error bodies of each host, the sign-in page, redirects.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::seeded::Seeded;

/// 200 with JSON.
pub(super) fn json_ok(body: &Value) -> Response {
    axum::Json(body).into_response()
}

/// `{"logref", "message", "code"}`, as the metadata and content services write it.
pub(super) fn service_error(status: StatusCode, logref: String, message: &str, code: &str) -> Response {
    (
        status,
        axum::Json(json!({ "logref": logref, "message": message, "code": code })),
    )
        .into_response()
}

/// The expired page token, whose body has no `code` key.
pub(super) fn token_expired(logref: String) -> Response {
    let body = json!({ "logref": logref, "message": "Next token is expired" });
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
}

/// `{"message"}`, as the gateway writes it.
pub(super) fn gateway_error(status: StatusCode, message: &str) -> Response {
    (status, axum::Json(json!({ "message": message }))).into_response()
}

/// 401 of the front end of the metadata host; note the capital letter.
pub(super) fn no_auth() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        axum::Json(json!({ "Message": "No Auth Method Provided" })),
    )
        .into_response()
}

pub(super) fn bad_authentication() -> Response {
    let body = json!({ "message": "Bad authentication data: the session has ended", "code": "BadAuthenticationData" });
    (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response()
}

pub(super) fn redirect(status: u16, location: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    match HeaderValue::from_str(location) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        // Only a suffix that the client sent can spoil the header.
        Err(_) => gateway_error(StatusCode::BAD_REQUEST, "querySuffix cannot stand in a header"),
    }
}

pub(super) fn sign_in_page() -> Response {
    Html(concat!(
        "<!doctype html><html lang=\"en\"><head><title>Sign-In</title></head><body>",
        "<form name=\"signIn\" method=\"post\" action=\"/ap/signin\"><h1>Sign in</h1>",
        "<label>Email <input type=\"email\" name=\"email\"></label>",
        "<input type=\"submit\" value=\"Continue\"></form></body></html>\n"
    ))
    .into_response()
}

/// Error of the storage service behind signed links.
pub(super) fn storage_error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>\n"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

/// Body of a status that the fault plan makes the metadata host answer with.
pub(super) fn metadata_fault(status: StatusCode) -> (&'static str, String) {
    let body = match status.as_u16() {
        401 => json!({ "Message": "No Auth Method Provided" }),
        403 => json!({ "message": "Not Registered" }),
        429 => json!({ "message": "Rate exceeded" }),
        500 => json!({ "message": "Internal failure" }),
        _ => json!({ "message": status.canonical_reason().unwrap_or("error") }),
    };
    ("application/json", body.to_string())
}

/// Body of a status that the fault plan makes a content host answer with.
pub(super) fn content_fault(status: StatusCode) -> (&'static str, String) {
    let message = match status.as_u16() {
        401 => "No Auth Method Provided",
        429 => "Rate exceeded",
        500 => return ("application/json", json!({ "message": "Internal failure" }).to_string()),
        _ => status.canonical_reason().unwrap_or("error"),
    };
    let logref = Seeded::new(u64::from(status.as_u16()), "fault").uuid();
    (
        "application/json",
        json!({ "logref": logref, "message": message, "code": "" }).to_string(),
    )
}
