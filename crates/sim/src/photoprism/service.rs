//! One server: its world behind a lock, and what happens to every call before and after its handler.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use jiff::Timestamp;
use serde_json::json;

use crate::origin::{Shared, UNKNOWN, mark_unknown};

use super::ingest::Gates;
use super::reply::{HTML, JSON, Reply};
use super::request::{Call, Query};
use super::routes::{self, Act, Incoming};
use super::switches::PhotoPrismSwitches;
use super::world::World;

/// Largest JSON request that is read; the real server has no limit.
const JSON_BYTES: usize = 64 * 1024 * 1024;

/// A running server.
#[derive(Debug)]
pub(crate) struct PhotoPrism {
    pub(crate) shared: Arc<Shared>,
    /// Existing folder for bodies that are too large for memory.
    pub(crate) state_dir: PathBuf,
    /// Hash uploaded bodies and throw them away.
    pub(crate) discard: bool,
    /// `http://127.0.0.1:2342` with the base path, without a slash at the end.
    pub(crate) site: Arc<str>,
    /// The base path with a slash before it, or nothing.
    base: String,
    /// Where tests hold imports and uploads.
    pub(crate) gates: Gates,
    /// How often pictures were added by command.
    pub(crate) editions: AtomicU64,
    world: Mutex<World>,
    switches: Mutex<PhotoPrismSwitches>,
}

impl PhotoPrism {
    pub(crate) fn new(
        shared: Arc<Shared>,
        state_dir: PathBuf,
        discard: bool,
        origin: &str,
        switches: PhotoPrismSwitches,
    ) -> Self {
        let base = match switches.base_path.trim_matches('/') {
            "" => String::new(),
            path => format!("/{path}"),
        };
        let world = World::new(shared.seed, shared.clock.now(), &switches);
        Self {
            site: format!("{origin}{base}").into(),
            base,
            shared,
            state_dir,
            discard,
            gates: Gates::default(),
            editions: AtomicU64::new(0),
            world: Mutex::new(world),
            switches: Mutex::new(switches),
        }
    }

    /// The present time of the server's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The world; let go of it before the next `await`.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The switches, to be changed.
    pub(crate) fn switches_mut(&self) -> MutexGuard<'_, PhotoPrismSwitches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The switches as they are now.
    pub(crate) fn switches(&self) -> PhotoPrismSwitches {
        self.switches_mut().clone()
    }
}

/// Every address of the server.
pub(crate) fn router(server: Arc<PhotoPrism>) -> Router {
    // Own routing: the real server answers wrong methods, HEAD and slashes in its own way.
    Router::new()
        .route("/", any(serve))
        .route("/{*path}", any(serve))
        .with_state(server)
}

/// Operation of a request, for faults and the log; the base path is not known here, so every suffix of the path counts.
pub(crate) fn operation_of(parts: &Parts) -> &'static str {
    let path = decoded(parts.uri.path());
    let found = path.match_indices('/').find_map(|(at, _)| {
        let own = &path[at..];
        routes::find(parts.method.as_str(), own).or_else(|| routes::find(parts.method.as_str(), &toggled(own)))
    });
    found.map_or(UNKNOWN, |(route, _)| route.operation)
}

/// What a fault plan's `status` is answered with: what the server itself would say, or a proxy before it.
pub(crate) fn fault_body(status: StatusCode) -> (&'static str, String) {
    let text = match status.as_u16() {
        401 => "Please log in to your account",
        403 => "Permission denied",
        404 => "Entity not found",
        429 => "Busy, please try again later",
        500 => "Changes could not be saved",
        503 => "Busy, please try again later",
        507 => "Insufficient storage",
        400 => "Unable to do that",
        _ => {
            let reason = status.canonical_reason().unwrap_or("Error");
            let page = format!(
                "<html>\r\n<head><title>{0} {reason}</title></head>\r\n<body>\r\n<center><h1>{0} {reason}</h1></center>\r\n\
                 <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                status.as_u16()
            );
            return ("text/html", page);
        }
    };
    (JSON, json!({ "code": status.as_u16(), "error": text }).to_string())
}

async fn serve(State(server): State<Arc<PhotoPrism>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let vary = vary(&parts.headers);
    let reply = route(&server, parts, body).await;
    finished(reply, vary)
}

async fn route(server: &Arc<PhotoPrism>, parts: Parts, body: Body) -> Reply {
    let switches = Arc::new(server.switches());
    let path = decoded(parts.uri.path());
    let mut call = Call {
        operation: UNKNOWN,
        method: parts.method.clone(),
        path: path.strip_prefix(server.base.as_str()).unwrap_or_default().to_owned(),
        params: Vec::new(),
        query: Query::parse(parts.uri.query().unwrap_or_default()),
        headers: parts.headers.clone(),
        body: bytes::Bytes::new(),
        now: server.now(),
        switches,
        site: Arc::clone(&server.site),
    };
    // Outside the base path somebody else would answer; content networks are turned away.
    if !call.path.starts_with('/') || call.header("cdn-host").is_some() {
        return no_route(&call);
    }
    let Some((found, params)) = routes::find(call.method.as_str(), &call.path) else {
        return redirected(server, &call, parts.uri.query()).unwrap_or_else(|| no_route(&call));
    };
    (call.operation, call.params) = (found.operation, params);
    super::ingest::tick(server).await;
    server.world().now = call.now;
    let answer = match found.act {
        Act::Json(handler) => match to_bytes(body, JSON_BYTES).await {
            Ok(body) => {
                call.body = body;
                handler(&mut server.world(), &call)
            }
            Err(_) => Err(super::reply::Refusal::undecodable()),
        },
        Act::Streaming(handler) => {
            let server = Arc::clone(server);
            let work = handler(Incoming {
                server,
                call,
                parts,
                body,
            });
            // The real server goes on when the client leaves, so this must not end with the connection.
            let done = tokio::spawn(work).await;
            done.unwrap_or_else(|_| Err(super::reply::Refusal::empty(500)))
        }
    };
    answer.unwrap_or_else(|refusal| refusal.into_reply(server.world().settings.language()))
}

/// The page or the object that says that nothing is there.
pub(crate) fn no_route(call: &Call) -> Reply {
    let reply = match call.wants_json() {
        true => Reply::json(404, &json!({ "error": "Not found" })),
        false => Reply::text(
            404,
            HTML,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>404</title></head>\n<body>Not found</body>\n</html>\n",
        ),
    };
    let mut response = reply.header("cache-control", "no-store").into_response();
    mark_unknown(&mut response);
    Reply::raw(response)
}

/// A superfluous or missing slash at the end leads to the right address, without a host.
fn redirected(server: &PhotoPrism, call: &Call, query: Option<&str>) -> Option<Reply> {
    let other = toggled(&call.path);
    routes::find(call.method.as_str(), &other)?;
    let status = if call.method == Method::GET { 301 } else { 307 };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}{other}{query}", server.base);
    let reply = match call.method {
        Method::GET => Reply::text(
            status,
            HTML,
            format!("<a href=\"{location}\">Moved Permanently</a>.\n\n"),
        ),
        _ => Reply::empty(status),
    };
    Some(reply.header("location", location))
}

fn toggled(path: &str) -> String {
    match path.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{path}/"),
    }
}

/// Headers that every answer has.
fn finished(reply: Reply, vary: Option<HeaderValue>) -> Response {
    const COMMON: [(&str, &str); 4] = [
        ("content-security-policy", "frame-ancestors 'none';"),
        ("x-frame-options", "DENY"),
        ("x-robots-tag", "noindex, nofollow"),
        ("cache-control", "no-store"),
    ];
    let mut response = reply.into_response();
    let headers = response.headers_mut();
    for (name, value) in COMMON {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if let Some(vary) = vary {
        headers.insert(header::VARY, vary);
    }
    response
}

fn vary(headers: &HeaderMap) -> Option<HeaderValue> {
    ["x-auth-token", "x-session-id"]
        .into_iter()
        .zip(["X-Auth-Token", "X-Session-ID"])
        .find(|(name, _)| headers.contains_key(*name))
        .map(|(_, name)| HeaderValue::from_static(name))
}

/// A path without percent signs; what is no UTF-8 becomes U+FFFD.
pub(crate) fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = path.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded() {
        assert_eq!(
            decoded("/originals/%C3%89t%C3%A9%20%F0%9F%98%80.jpg"),
            "/originals/Été 😀.jpg"
        );
        assert_eq!(decoded("/a%2"), "/a%2");
        assert_eq!(decoded("/a%zz%41"), "/a%zzA");
    }

    #[test]
    fn operations_are_found_below_any_base_path() {
        let operation = |method: &str, path: &str| {
            let request = axum::http::Request::builder()
                .method(method)
                .uri(path)
                .body(())
                .unwrap();
            operation_of(&request.into_parts().0)
        };
        assert_eq!(operation("POST", "/api/v1/session"), "session_create");
        assert_eq!(operation("POST", "/my/photos/api/v1/session/"), "session_create");
        assert_eq!(operation("HEAD", "/api/v1/session"), UNKNOWN);
    }
}
