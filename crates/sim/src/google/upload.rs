//! `POST /v1/uploads`, raw protocol. Its errors have a shape of their own: a bare status object, labelled `text/html`.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;

use crate::blob::Hashes;

use super::call::admit;
use super::create::token_key;
use super::receive::{Limits, NotReceived};
use super::reply::{ApiError, Reply, too_large, upload_error, upload_token};
use super::routes::Route;
use super::service::Google;
use super::switches::{EmptyUpload, GoogleSwitches};
use super::world::{AccountIndex, Grant, Stored, Upload, World};

/// What a body is refused with that is not the one its hash says.
pub(super) const WRONG_HASH: &str = "User-provided checksum does not match received payload content.";

/// Takes in one body and answers with the token that stands for it.
pub(super) async fn upload(google: &Arc<Google>, parts: &Parts, body: Body) -> Reply {
    let switches = google.switches();
    let upload_id = google.world().mint.secret("ADPycd", 68);
    let admitted = check(google, parts, &switches);
    let grant = match admitted {
        Ok(grant) => grant,
        Err((status, code, message)) => {
            // A client in the middle of sending would see a reset instead of the answer.
            drain(body).await;
            return upload_error(status, code, &message, &upload_id);
        }
    };
    let declared = header(&parts.headers, "x-goog-upload-content-type");
    let limits = Limits {
        photo_bytes: switches.photo_limit_bytes,
        video_bytes: switches.video_limit_bytes,
        declared_video: declared.is_some_and(|declared| declared.starts_with("video/")),
        check_end: switches.strict_media,
    };
    let stored = match google.receiver.receive(body, limits).await {
        Ok(stored) => stored,
        Err(NotReceived::TooLarge) => return too_large(&upload_id),
        Err(NotReceived::Empty) => {
            return match switches.empty_upload {
                EmptyUpload::Refuse => upload_error(400, 3, "Payload must not be empty", &upload_id),
                EmptyUpload::EmptyToken => upload_token(String::new(), &upload_id),
            };
        }
        Err(NotReceived::Broken(error)) => {
            tracing::warn!(%error, "an upload did not arrive");
            return upload_error(500, 13, "Internal error encountered.", &upload_id);
        }
    };
    let agrees = hash_agrees(header(&parts.headers, "x-goog-hash"), &stored.hashes);
    if !agrees && !google.shared.faults.wrong_hash_accepted("upload") {
        return upload_error(400, 3, WRONG_HASH, &upload_id);
    }
    google.tokens_die(stored.size);
    let upload = Received {
        account: grant.account,
        stored,
        file_name: header(&parts.headers, "x-goog-upload-file-name").map(str::to_owned),
        declared_type: declared.map(str::to_owned),
    };
    upload_token(token_for(google, upload), &upload_id)
}

/// A body that has arrived whole.
pub(super) struct Received {
    pub(super) account: AccountIndex,
    pub(super) stored: Stored,
    pub(super) file_name: Option<String>,
    pub(super) declared_type: Option<String>,
}

/// Keeps a body and makes the token that stands for it.
pub(super) fn token_for(google: &Google, received: Received) -> String {
    let (created, life) = (google.now(), google.switches().upload_token_life);
    let world = &mut *google.world();
    let stored = keep(world, received.stored);
    let token = world.mint.upload_token();
    let upload = Upload {
        account: received.account,
        stored,
        file_name: received.file_name,
        declared_type: received
            .declared_type
            .filter(|declared| declared != "application/octet-stream"),
        created,
        used: false,
        failed_once: false,
    };
    world.add_upload(token_key(&token), upload, life);
    token
}

/// The same bytes are kept once, with what was found out about them last.
fn keep(world: &mut World, stored: Stored) -> Arc<Stored> {
    let held = world.bodies.get(&stored.content()).and_then(std::sync::Weak::upgrade);
    match held.filter(|held| held.details.complete == stored.details.complete) {
        Some(held) => held,
        None => {
            let stored = Arc::new(stored);
            world.bodies.insert(stored.content(), Arc::downgrade(&stored));
            stored
        }
    }
}

/// Whether the request may send bytes at all; else status, code and message.
fn check(google: &Google, parts: &Parts, switches: &GoogleSwitches) -> Result<Grant, (u16, u8, String)> {
    let admitted = admit(google, &Route::Upload, switches, &parts.headers, &parts.uri);
    let grant = admitted.map_err(|error| as_bare_status(&error))?;
    take_upload(google, switches)?;
    match header(&parts.headers, "x-goog-upload-protocol") {
        Some("raw") => Ok(grant),
        Some(other) => Err((400, 3, format!("Unsupported upload protocol: {other}"))),
        None => Err((
            400,
            3,
            "Missing upload protocol header: X-Goog-Upload-Protocol".to_owned(),
        )),
    }
}

/// Counts one upload against the project's limit per minute.
pub(super) fn take_upload(google: &Google, switches: &GoogleSwitches) -> Result<(), (u16, u8, String)> {
    let now = google.now();
    let world = &mut *google.world();
    let project = world.client.project_number.clone();
    world
        .quotas
        .take_upload(now, switches, &project)
        .map_err(|text| (400, 3, text))
}

/// A bad token and a token without the upload scope look the same here (uploads-401-authentication-session).
pub(super) fn as_bare_status(error: &ApiError) -> (u16, u8, String) {
    let missing_scope = error.status == 403 && error.message.contains("insufficient authentication scopes");
    match error.status {
        _ if missing_scope => (401, 16, "Authentication session is not defined.".to_owned()),
        401 => (401, 16, "Authentication session is not defined.".to_owned()),
        403 => (403, 7, error.message.clone()),
        429 => (429, 8, error.message.clone()),
        status => (status, 3, error.message.clone()),
    }
}

/// Whether the SHA-1 in `X-Goog-Hash`, if the client sent one, is that of the bytes.
pub(super) fn hash_agrees(given: Option<&str>, hashes: &Hashes) -> bool {
    let sha1 = given
        .unwrap_or_default()
        .split(',')
        .find_map(|part| part.trim().strip_prefix("sha1="));
    sha1.is_none_or(|sha1| STANDARD.decode(sha1).is_ok_and(|bytes| bytes == hashes.sha1))
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

pub(super) async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    while let Some(Ok(_)) = pieces.next().await {}
}
