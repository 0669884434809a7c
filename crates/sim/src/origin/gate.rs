//! What stands around every request: log, counters, pace and faults.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};

use crate::control::SessionCommand;
use crate::faults::{Fault, FaultBody, FaultDecided, RetryAfter, http_date, is_listing};
use crate::log::RequestLine;

use super::form::{names_of_parts, peek};
use super::paging::{self, Asked};
use super::wire::{Ending, Follower, Wire};
use super::{Operation, Shared, UNKNOWN, answer, cookies};

/// Headers that carry a credential; their names appear in the request log.
const CREDENTIAL_HEADERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "x-amzn-sessionid",
    "x-amz-access-token",
];
/// Largest request that is read to find the file names in it.
const NAMES_BYTES: usize = 16 * 1024 * 1024;
const SIGN_IN_PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>Sign-In</title></head><body>\
     <form name=\"signIn\" method=\"post\" action=\"/ap/signin\"><h1>Sign in</h1>\
     <label>Email <input type=\"email\" name=\"email\"></label>\
     <input type=\"submit\" value=\"Continue\"></form></body></html>\n";

#[derive(Debug, Clone, Copy)]
struct UnknownRoute;

#[derive(Debug)]
pub(super) struct Gate {
    pub(super) name: &'static str,
    pub(super) operation_of: fn(&Parts) -> &'static str,
    pub(super) error_body: fn(StatusCode) -> (&'static str, String),
    pub(super) shared: Arc<Shared>,
    /// Makes page tokens of faults differ.
    pub(super) numbers: AtomicU64,
}

/// Lets one request pass.
pub(super) async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let shared = &gate.shared;
    let wire = request
        .extensions()
        .get::<ConnectInfo<Wire>>()
        .map(|ConnectInfo(wire)| wire.clone())
        .unwrap_or_default();
    let (mut parts, body) = request.into_parts();
    let operation = (gate.operation_of)(&parts);
    let entry = Entry::new(&gate, operation, &parts);
    let head = parts.method == Method::HEAD;

    let mut body = metered(body, Arc::clone(shared), Direction::In);
    let mut names = Vec::new();
    if shared.faults.asks_for_names(operation) {
        (names, body) = gate.names(operation, &parts, body).await;
    }
    let fault = shared.faults.decide(operation, &names);
    if let Some(fault) = &fault {
        parts.extensions.insert(FaultDecided(fault.clone()));
    }
    if !shared.pace.latency.is_zero() {
        tokio::time::sleep(shared.pace.latency).await;
    }

    let own = parts.uri.clone();
    let mut asked = Asked::default();
    if is_listing(operation) {
        (asked, body) = paging::asked(shared.service, &mut parts, body).await;
    }
    let exchange = Exchange {
        gate: &gate,
        wire,
        own,
        asked,
        head,
    };
    let acted = match &fault {
        None => Acted::from(next.run(Request::from_parts(parts, body)).await),
        Some(fault) => exchange.act(fault, parts, body, next).await,
    };
    let unknown = acted.response.extensions().get::<UnknownRoute>().is_some();
    let acted = match &fault {
        Some(fault) if !unknown => exchange.spoil(fault, acted).await,
        _ => acted,
    };
    let happened = fault.filter(|_| acted.done);
    entry.finish(&acted, happened.as_ref(), unknown);
    let response = match &happened {
        Some(fault) => exchange.send(fault, acted.response).await,
        None => acted.response,
    };
    let mut response = answer::with_length(response).map(|body| metered(body, Arc::clone(shared), Direction::Out));
    answer::set_header(&mut response, header::DATE, &http_date(shared.clock.now()));
    response
}

/// What became of a request.
struct Acted {
    response: Response,
    /// Whether the fault could be done.
    done: bool,
    /// Whether the client gets to see the response.
    answered: bool,
}

impl From<Response> for Acted {
    fn from(response: Response) -> Self {
        Self {
            response,
            done: false,
            answered: true,
        }
    }
}

impl From<answer::Done> for Acted {
    fn from((response, done): answer::Done) -> Self {
        Self {
            response,
            done,
            answered: true,
        }
    }
}

impl Acted {
    fn planned(response: Response) -> Self {
        Self::from((response, true))
    }

    fn silent() -> Self {
        Self {
            response: Response::new(Body::empty()),
            done: true,
            answered: false,
        }
    }
}

/// One request and what its fault needs to know.
struct Exchange<'a> {
    gate: &'a Gate,
    wire: Wire,
    /// Address as it was sent.
    own: Uri,
    asked: Asked,
    head: bool,
}

impl Exchange<'_> {
    /// The part of a fault that comes before or instead of acting.
    async fn act(&self, fault: &Fault, mut parts: Parts, body: Body, next: Next) -> Acted {
        let shared = &self.gate.shared;
        match fault {
            Fault::Status {
                status,
                retry_after,
                body: text,
            } => {
                // A client in the middle of a body would see a reset instead of the status.
                drain(body).await;
                return Acted::planned(self.gate.failure(*status, retry_after.as_ref(), text.as_ref()));
            }
            Fault::Html200 { body: page } => {
                drain(body).await;
                let page = page.clone().unwrap_or_else(|| SIGN_IN_PAGE.to_owned());
                return Acted::planned(Html(page).into_response());
            }
            Fault::Redirect { to, status } => {
                drain(body).await;
                let to = to.clone().unwrap_or_else(|| self.own.to_string());
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
                let mut response = status.into_response();
                answer::set_header(&mut response, header::LOCATION, &to);
                return Acted::planned(response);
            }
            Fault::TokenExpired if self.asked.has_token() => {
                drain(body).await;
                return Acted::planned(self.asked.expired());
            }
            Fault::ResetBefore => return Acted::silent(),
            Fault::Stall {
                acted: false, at: None, ..
            } => return Acted::silent(),
            Fault::CutUpload { after_bytes } => return self.cut_upload(*after_bytes, parts, body, next).await,
            _ => {}
        }
        let mut done = false;
        match fault {
            Fault::ExpireSession | Fault::RevokeRefresh => {
                let command = SessionCommand {
                    expire: true,
                    revoke_refresh: *fault == Fault::RevokeRefresh,
                    ..SessionCommand::default()
                };
                let changed = shared.with_service(|service| service.change_sessions(&command));
                done = changed.is_some_and(|changed| changed.is_ok());
            }
            Fault::Restart { lose_sessions } => {
                let command = SessionCommand {
                    restart: true,
                    expire: *lose_sessions,
                    ..SessionCommand::default()
                };
                let changed = shared.with_service(|service| service.change_sessions(&command));
                done = changed.is_some_and(|changed| changed.is_ok());
            }
            Fault::Intruder { count } => done = shared.intrude(*count).await,
            Fault::SwapBody => {
                let other = shared.with_service(|service| service.other_item(&parts.uri)).flatten();
                done = other.is_some();
                parts.uri = other.unwrap_or(parts.uri);
            }
            Fault::RepeatPage => done = self.asked.step_back(&mut parts),
            _ => {}
        }
        let response = next.run(Request::from_parts(parts, body)).await;
        Acted::from((response, done))
    }

    /// Lets the body break off as it would if the connection had broken; whoever reads it keeps what it has.
    async fn cut_upload(&self, after_bytes: u64, parts: Parts, body: Body, next: Next) -> Acted {
        let cut = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&cut);
        let mut left = after_bytes;
        let pieces = body.into_data_stream().flat_map(move |piece| {
            let Ok(piece) = piece else {
                return futures_util::stream::iter(vec![piece]);
            };
            let fits = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= fits as u64;
            let mut out = vec![Ok(piece.slice(..fits))];
            if fits < piece.len() {
                mark.store(true, Ordering::SeqCst);
                out.push(Err(axum::Error::new(std::io::Error::other(
                    "cut off by the fault plan",
                ))));
            }
            futures_util::stream::iter(out)
        });
        let response = next.run(Request::from_parts(parts, Body::from_stream(pieces))).await;
        if cut.load(Ordering::SeqCst) {
            Acted::silent()
        } else {
            Acted::from(response)
        }
    }

    /// The part of a fault that changes what the service answered, as far as it must be known for the log.
    async fn spoil(&self, fault: &Fault, acted: Acted) -> Acted {
        if !acted.answered {
            return acted;
        }
        let Acted { response, done, .. } = acted;
        let gate = self.gate;
        let response = answer::with_length(response);
        Acted::from(match fault {
            Fault::StatusAfter {
                status,
                retry_after,
                body,
            } => (gate.failure(*status, retry_after.as_ref(), body.as_ref()), true),
            Fault::ResetAfter { at: None } | Fault::Stall { at: None, .. } => return Acted::silent(),
            Fault::ResetAfter { at: Some(at) } => {
                let at = i64::try_from(*at).unwrap_or(i64::MAX);
                answer::cut_off(response, Some(at), self.wire.clone(), Ending::Reset, async {}).await
            }
            Fault::Stall { at: Some(at), ms, .. } => {
                let at = i64::try_from(*at).unwrap_or(i64::MAX);
                let (clock, wait) = (gate.shared.clock.clone(), Duration::from_millis(*ms));
                let pause = async move { clock.pause(wait).await };
                answer::cut_off(response, Some(at), self.wire.clone(), Ending::Close, pause).await
            }
            Fault::Truncate { at } => answer::cut_off(response, *at, self.wire.clone(), Ending::Close, async {}).await,
            Fault::Late { .. } => (response, true),
            Fault::Drip { ms, bytes } => {
                let pause = Duration::from_millis(*ms);
                answer::dripped(response, *bytes, pause, gate.shared.clock.clone())
            }
            Fault::Short { at } => answer::shortened(response, *at).await,
            Fault::Overlong { by } => answer::lengthened(response, *by).await,
            Fault::FlipBit => answer::flipped(response, gate.shared.seed),
            Fault::DuplicateReply => answer::followed(response, &self.wire, Follower::Same, self.head).await,
            Fault::GarbageReply => {
                let garbage = Follower::Bytes(Bytes::from_static(b"\x16\x03\x01garbage that is no HTTP\r\n\r\n"));
                answer::followed(response, &self.wire, garbage, self.head).await
            }
            Fault::MalformedJson => answer::rewritten(response, answer::half).await,
            Fault::JsonBom => answer::rewritten(response, answer::marked).await,
            Fault::DeepJson { depth } => answer::rewritten(response, |whole| answer::deep(whole, *depth)).await,
            Fault::Encoded { encoding } => answer::encoded(response, encoding).await,
            Fault::WrongContentType { content_type } => {
                let mut response = response;
                answer::set_header(&mut response, header::CONTENT_TYPE, content_type);
                (response, true)
            }
            Fault::ContentDisposition { value } => {
                let mut response = response;
                response.headers_mut().remove(header::CONTENT_DISPOSITION);
                if let Some(value) = value {
                    answer::set_header(&mut response, header::CONTENT_DISPOSITION, value);
                }
                (response, true)
            }
            Fault::HugeHeader { bytes } => answer::with_huge_header(response, *bytes),
            // Done already by asking for the page before.
            Fault::RepeatPage if done => (response, true),
            Fault::RepeatToken | Fault::RepeatPage | Fault::EmptyPage | Fault::EndlessListing { .. } => {
                let number = gate.numbers.fetch_add(1, Ordering::Relaxed);
                self.asked.spoil(response, fault, number).await
            }
            _ => (response, done),
        })
    }

    /// The part of a fault that takes time or breaks the connection.
    async fn send(&self, fault: &Fault, response: Response) -> Response {
        let wait = |ms: u64| self.gate.shared.clock.pause(Duration::from_millis(ms));
        match fault {
            Fault::ResetBefore | Fault::ResetAfter { at: None } | Fault::CutUpload { .. } => {
                self.wire.end(Ending::Reset);
            }
            Fault::Stall { ms, at: None, .. } => {
                wait(*ms).await;
                self.wire.end(Ending::Close);
            }
            Fault::Late { ms } => wait(*ms).await,
            _ => {}
        }
        response
    }
}

impl Gate {
    /// The file names that a request is about.
    async fn names(&self, operation: &str, parts: &Parts, body: Body) -> (Vec<String>, Body) {
        let about = |json: &[u8]| {
            self.shared
                .with_service(|service| service.file_names(operation, parts, json))
                .unwrap_or_default()
        };
        // An upload's body is its bytes; names stand in headers and paths, or in JSON.
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let (head, body) = peek(body).await;
            return (about(&[]).into_iter().chain(names_of_parts(&head)).collect(), body);
        }
        if !kind.starts_with("application/json") {
            return (about(&[]), body);
        }
        match axum::body::to_bytes(body, NAMES_BYTES).await {
            Ok(whole) => (about(&whole), Body::from(whole)),
            Err(_) => (Vec::new(), Body::empty()),
        }
    }

    fn failure(&self, status: u16, retry_after: Option<&RetryAfter>, body: Option<&FaultBody>) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (content_type, text) = match body {
            Some(body) => body.write(status.as_u16()),
            None => {
                let (content_type, text) = (self.error_body)(status);
                (Some(content_type), text)
            }
        };
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        if let Some(content_type) = content_type {
            answer::set_header(&mut response, header::CONTENT_TYPE, content_type);
        }
        if let Some(retry_after) = retry_after {
            let text = retry_after.header(self.shared.clock.now());
            answer::set_header(&mut response, header::RETRY_AFTER, &text);
        }
        response
    }
}

/// The line of a request in the log, written also if the client goes away before there is an answer.
struct Entry<'a> {
    gate: &'a Gate,
    line: Option<RequestLine>,
}

impl<'a> Entry<'a> {
    fn new(gate: &'a Gate, operation: &'static str, parts: &Parts) -> Self {
        let line = RequestLine {
            at_ms: gate.shared.clock.now().as_millisecond(),
            origin: gate.name.to_owned(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            operation: operation.to_owned(),
            status: 0,
            credentials: credential_names(&parts.headers, &parts.uri),
            fault: None,
        };
        Self { gate, line: Some(line) }
    }

    fn finish(mut self, acted: &Acted, fault: Option<&Fault>, unknown: bool) {
        let Some(mut line) = self.line.take() else { return };
        if unknown {
            line.operation = UNKNOWN.to_owned();
        } else if let Some(Operation(named)) = acted.response.extensions().get() {
            line.operation = (*named).to_owned();
        }
        if acted.answered {
            line.status = acted.response.status().as_u16();
        }
        line.fault = fault.map(|fault| fault.kind().to_owned());
        let shared = &self.gate.shared;
        if let Some(fault) = fault {
            shared.faults.tally().add(fault);
        }
        shared.counters.request(&line.operation, unknown);
        shared.log.push(line);
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            let unknown = line.operation == UNKNOWN;
            self.gate.shared.counters.request(&line.operation, unknown);
            self.gate.shared.log.push(line);
        }
    }
}

/// The answer to a route that the stand-in does not know.
pub async fn unknown_route(method: Method, uri: Uri) -> Response {
    let body = serde_json::json!({ "message": format!("unknown route {method} {}", uri.path()) });
    let mut response = (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    mark_unknown(&mut response);
    response
}

/// Says that an answer is the one to a route that the stand-in does not know: the log and the counters tell tests.
pub(crate) fn mark_unknown(response: &mut Response) {
    response.extensions_mut().insert(UnknownRoute);
}

fn credential_names(headers: &HeaderMap, uri: &Uri) -> Vec<String> {
    let mut names: BTreeSet<String> = cookies(headers)
        .into_iter()
        .map(|(name, _)| name)
        .chain(headers_present(headers))
        .collect();
    let query = uri.query().unwrap_or_default().as_bytes();
    if url::form_urlencoded::parse(query).any(|(name, _)| name == "access_token") {
        names.insert("access_token".to_owned());
    }
    names.into_iter().collect()
}

fn headers_present(headers: &HeaderMap) -> impl Iterator<Item = String> {
    CREDENTIAL_HEADERS
        .into_iter()
        .filter(|name| headers.contains_key(*name))
        .map(str::to_owned)
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    In,
    Out,
}

/// Counts and slows the bytes of a body.
fn metered(body: Body, shared: Arc<Shared>, direction: Direction) -> Body {
    if matches!(direction, Direction::Out) && HttpBody::size_hint(&body).exact() == Some(0) {
        return body;
    }
    let stream = body.into_data_stream().and_then(move |piece: Bytes| {
        let shared = Arc::clone(&shared);
        async move {
            shared.pace.carry(piece.len()).await;
            match direction {
                Direction::In => shared.counters.received(piece.len() as u64),
                Direction::Out => shared.counters.sent(piece.len() as u64),
            }
            Ok(piece)
        }
    });
    Body::from_stream(stream)
}

async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    while let Some(Ok(_)) = stream.next().await {}
}
