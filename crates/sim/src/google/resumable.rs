//! `POST /v1/uploads`, resumable protocol: start, chunks, query, finalize, cancel.
//!
//! A request is taken in by a task of its own: what has arrived is kept also when the client and with it the handler are
//! gone. A later request to the same session makes an earlier one stop, so that a client which comes back after a crash
//! never waits for its own dead connection.

use std::sync::Arc;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use super::call::admit;
use super::proto::Query;
use super::receive::Limits;
use super::reply::{Reply, too_large, upload_error, upload_token};
use super::routes::Route;
use super::service::Google;
use super::sessions::{Announced, Session, State};
use super::switches::GoogleSwitches;
use super::upload::{as_bare_status, drain, header, take_upload};
use super::world::Grant;

use intake::{Chunk, receive};

mod intake;

const SIGNED_OUT: &str = "Authentication session is not defined.";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Start,
    Query,
    Cancel,
    /// Bytes, the end, or both.
    Send {
        upload: bool,
        finalize: bool,
    },
    Unknown,
}

impl Command {
    fn of(headers: &HeaderMap) -> Self {
        let text = header(headers, "x-goog-upload-command")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut words: Vec<&str> = text.split(',').map(str::trim).collect();
        words.sort_unstable();
        match words.as_slice() {
            ["start"] => Self::Start,
            ["query"] => Self::Query,
            ["cancel"] => Self::Cancel,
            ["upload"] => Self::Send {
                upload: true,
                finalize: false,
            },
            ["finalize"] => Self::Send {
                upload: false,
                finalize: true,
            },
            ["finalize", "upload"] => Self::Send {
                upload: true,
                finalize: true,
            },
            _ => Self::Unknown,
        }
    }
}

/// Whether a request to `/v1/uploads` is one of several; else it is a whole upload in itself.
pub(super) fn is_resumable(parts: &Parts) -> bool {
    upload_id(parts).is_some() || header(&parts.headers, "x-goog-upload-protocol") == Some("resumable")
}

/// What log, counters and fault plans call such a request.
pub(super) fn operation(parts: &Parts) -> &'static str {
    match Command::of(&parts.headers) {
        Command::Start => "upload_start",
        Command::Query => "upload_query",
        Command::Cancel => "upload_cancel",
        Command::Send { .. } | Command::Unknown => "upload_chunk",
    }
}

fn upload_id(parts: &Parts) -> Option<String> {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    query.get("upload_id").map(str::to_owned)
}

/// A refusal before it is written down.
#[derive(Debug)]
struct Refusal {
    status: u16,
    code: u8,
    message: String,
    /// `X-Goog-Upload-Status`, where there is a session to speak of.
    session: Option<&'static str>,
}

impl Refusal {
    fn new(status: u16, code: u8, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            session: None,
        }
    }

    fn of(session: &Session, status: u16, code: u8, message: impl Into<String>) -> Self {
        Self {
            session: Some(status_name(&session.state())),
            ..Self::new(status, code, message)
        }
    }

    fn unknown_session() -> Self {
        Self::new(404, 5, "Upload session not found.")
    }

    fn into_reply(self, id: &str) -> Reply {
        let reply = match self.status {
            413 => too_large(id),
            _ => upload_error(self.status, self.code, &self.message, id),
        };
        match self.session {
            Some(status) => with_status(reply, status),
            None => reply,
        }
    }
}

impl From<(u16, u8, String)> for Refusal {
    fn from((status, code, message): (u16, u8, String)) -> Self {
        Self::new(status, code, message)
    }
}

fn status_name(state: &State) -> &'static str {
    match state {
        State::Open => "active",
        State::Final(_) | State::Refused => "final",
        State::Cancelled | State::Forgotten => "cancelled",
    }
}

fn with_status(mut reply: Reply, status: &'static str) -> Reply {
    let headers = reply.headers_mut();
    headers.insert("x-goog-upload-status", HeaderValue::from_static(status));
    reply
}

/// Answers one request of the protocol.
pub(super) async fn resumable(google: &Arc<Google>, parts: &Parts, body: Body) -> Reply {
    let switches = google.switches();
    let reply_id = google.world().mint.secret("ADPycd", 68);
    let mut body = Some(body);
    let answered = answer(google, parts, &mut body, &switches, &reply_id).await;
    if let Some(unread) = body {
        // A client in the middle of sending would see a reset instead of the answer.
        drain(unread).await;
    }
    answered.unwrap_or_else(|refusal| refusal.into_reply(&reply_id))
}

async fn answer(
    google: &Arc<Google>,
    parts: &Parts,
    body: &mut Option<Body>,
    switches: &GoogleSwitches,
    reply_id: &str,
) -> Result<Reply, Refusal> {
    let command = Command::of(&parts.headers);
    let route = match command {
        Command::Start => Route::Upload,
        _ => Route::UploadSession,
    };
    let admitted = admit(google, &route, switches, &parts.headers, &parts.uri);
    let grant = admitted.map_err(|error| as_bare_status(&error))?;
    if command == Command::Start {
        return start(google, parts, switches, &grant, reply_id);
    }
    let session = upload_id(parts).and_then(|id| google.sessions.find(&id, google.now(), switches.upload_session_life));
    let session = session.ok_or_else(Refusal::unknown_session)?;
    if session.announced.account != grant.account {
        return Err(Refusal::new(403, 7, "The caller does not have permission"));
    }
    let turn = session.enter();
    match command {
        Command::Query => query(&session, switches, reply_id).await,
        Command::Cancel => cancel(&session, reply_id).await,
        Command::Send { upload, finalize } => {
            let chunk = Chunk::of(&parts.headers, upload, finalize, switches)?;
            let Some(body) = body.take() else {
                return Err(Refusal::new(500, 13, "Internal error encountered."));
            };
            let task = receive(Arc::clone(google), session, turn, chunk, body, switches.clone());
            // A task of its own: the handler is dropped when the connection breaks.
            let received = tokio::spawn(task).await;
            let received = received.map_err(|_| Refusal::new(500, 13, "Internal error encountered."))?;
            Ok(match received? {
                None => with_status(upload_token(String::new(), reply_id), "active"),
                Some(token) => with_status(upload_token(token, reply_id), "final"),
            })
        }
        Command::Start | Command::Unknown => Err(Refusal::of(&session, 400, 3, "Unsupported upload command.")),
    }
}

fn start(
    google: &Google,
    parts: &Parts,
    switches: &GoogleSwitches,
    grant: &Grant,
    reply_id: &str,
) -> Result<Reply, Refusal> {
    take_upload(google, switches)?;
    let text = |name| header(&parts.headers, name).map(str::to_owned);
    let size = header(&parts.headers, "x-goog-upload-raw-size");
    let size = size
        .and_then(|size| size.parse().ok())
        .ok_or_else(|| Refusal::new(400, 3, "Missing or invalid header: X-Goog-Upload-Raw-Size"))?;
    if size == 0 {
        return Err(Refusal::new(400, 3, "Payload must not be empty"));
    }
    let content_type = text("x-goog-upload-content-type");
    let limits = Limits {
        photo_bytes: switches.photo_limit_bytes,
        video_bytes: switches.video_limit_bytes,
        declared_video: content_type
            .as_deref()
            .is_some_and(|declared| declared.starts_with("video/")),
        check_end: switches.strict_media,
    };
    if size > limits.of(None) {
        return Err(Refusal {
            session: Some("final"),
            ..Refusal::new(413, 3, "too large")
        });
    }
    let announced = Announced {
        account: grant.account,
        size,
        content_type,
        file_name: text("x-goog-upload-file-name"),
        hash: text("x-goog-hash"),
        limits,
        at: google.now(),
    };
    let id = google.world().mint.secret("AENB", 90);
    let url = format!(
        "{}/v1/uploads?upload_id={id}&upload_protocol=resumable",
        google.urls.library
    );
    google.sessions.open(id, announced);
    let mut reply = with_status(upload_token(String::new(), reply_id), "active");
    let headers = reply.headers_mut();
    if let Ok(url) = HeaderValue::from_str(&url) {
        headers.insert("x-goog-upload-url", url.clone());
        headers.insert("x-goog-upload-control-url", url);
    }
    headers.insert(
        "x-goog-upload-chunk-granularity",
        HeaderValue::from(switches.upload_granularity.max(1)),
    );
    Ok(reply)
}

async fn query(session: &Session, switches: &GoogleSwitches, reply_id: &str) -> Result<Reply, Refusal> {
    // Waits until a request that was still receiving has put away what it keeps.
    let _bytes = session.bytes.lock().await;
    match session.state() {
        State::Open => {
            let mut reply = with_status(upload_token(String::new(), reply_id), "active");
            reply
                .headers_mut()
                .insert("x-goog-upload-size-received", HeaderValue::from(session.received()));
            Ok(reply)
        }
        State::Final(token) => {
            let token = if switches.final_query_token {
                token
            } else {
                String::new()
            };
            Ok(with_status(upload_token(token, reply_id), "final"))
        }
        State::Refused => Ok(with_status(upload_token(String::new(), reply_id), "final")),
        State::Cancelled => Err(Refusal::of(session, 410, 9, "Upload has been cancelled.")),
        State::Forgotten => Err(Refusal::unknown_session()),
    }
}

async fn cancel(session: &Session, reply_id: &str) -> Result<Reply, Refusal> {
    let mut bytes = session.bytes.lock().await;
    match session.state() {
        State::Open | State::Cancelled => {
            *bytes = None;
            session.end(State::Cancelled);
            Ok(with_status(upload_token(String::new(), reply_id), "cancelled"))
        }
        State::Final(_) | State::Refused => Err(Refusal::of(session, 400, 3, "Upload has already been finalized.")),
        State::Forgotten => Err(Refusal::unknown_session()),
    }
}
