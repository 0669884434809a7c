//! Signing in and out: sessions, passcodes, app passwords, OAuth clients.

mod discovery;
mod login;
mod oauth;
mod passcode;
mod session;
mod totp;
mod users;

use super::reply::{Answer, Refusal};
use super::request::Call;
use super::routes::Route;
use super::world::World;

pub(crate) use login::NewSession;
pub(crate) use totp::code_at;
pub(crate) use users::{NewUser, add_client, add_user, end_other_sessions};

/// Routes of signing in.
pub(crate) const ROUTES: &[Route] = &[
    Route::json("POST", "/api/v1/session", "session_create", login::create),
    Route::json("POST", "/api/v1/sessions", "session_create", login::create),
    Route::json("GET", "/api/v1/session", "session_get", session::get),
    Route::json("GET", "/api/v1/session/:id", "session_get", session::get),
    Route::json("GET", "/api/v1/sessions/:id", "session_get", session::get),
    Route::json("DELETE", "/api/v1/session", "session_delete", session::delete),
    Route::json("DELETE", "/api/v1/session/:id", "session_delete", session::delete),
    Route::json("DELETE", "/api/v1/sessions/:id", "session_delete", session::delete),
    Route::json("POST", "/api/v1/oauth/token", "oauth_token", oauth::token),
    Route::json("POST", "/api/v1/oauth/revoke", "oauth_revoke", oauth::revoke),
    Route::json("GET", "/api/v1/oauth/userinfo", "oauth_refused", refused),
    Route::json("GET", "/api/v1/oauth/authorize", "oauth_refused", refused),
    Route::json(
        "GET",
        "/.well-known/oauth-authorization-server",
        "discovery",
        discovery::oauth,
    ),
    Route::json(
        "GET",
        "/.well-known/openid-configuration",
        "discovery",
        discovery::openid,
    ),
    Route::json("GET", "/api/v1/users/:uid/sessions", "user_sessions", users::sessions),
    Route::json("PUT", "/api/v1/users/:uid/password", "password", users::change_password),
    Route::json("POST", "/api/v1/users/:uid/passcode", "passcode", passcode::create),
    Route::json(
        "POST",
        "/api/v1/users/:uid/passcode/confirm",
        "passcode",
        passcode::confirm,
    ),
    Route::json(
        "POST",
        "/api/v1/users/:uid/passcode/activate",
        "passcode",
        passcode::activate,
    ),
    Route::json(
        "POST",
        "/api/v1/users/:uid/passcode/deactivate",
        "passcode",
        passcode::deactivate,
    ),
];

/// Calls that the real server knows and always refuses.
fn refused(_: &mut World, _: &Call) -> Answer {
    Err(Refusal::json(405, serde_json::json!({ "status": "failed" })))
}
