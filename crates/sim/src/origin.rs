//! One listener of a service: a host role on its own port of 127.0.0.1, with everything that all requests share.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::SimClock;
use crate::error::SimError;
use crate::faults::{Fault, FaultPlan};
use crate::log::{Counters, RequestLine, RequestLog};

/// Name of the operation of a request to a route that the stand-in does not know.
pub const UNKNOWN: &str = "unknown";

/// How long a stopping listener waits for the answers that are under way.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Headers that carry a credential; their names appear in the request log.
const CREDENTIAL_HEADERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "x-amzn-sessionid",
    "x-amz-access-token",
];

/// What all listeners of one service share.
#[derive(Debug)]
pub struct Shared {
    /// `amazon` or `google`.
    pub service: &'static str,
    /// The service's clock.
    pub clock: SimClock,
    /// Which requests fail.
    pub faults: FaultPlan,
    /// Every request that came.
    pub log: RequestLog,
    /// Numbers over all requests.
    pub counters: Counters,
    /// How slow the service is.
    pub pace: Pace,
    /// Seed of everything random.
    pub seed: u64,
}

/// How slow a service is; the default does not wait at all.
#[derive(Debug, Default)]
pub struct Pace {
    latency: Duration,
    bytes_per_s: Option<u64>,
    line_free_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits `latency` before each answer; all bodies of the service together pass at `bytes_per_s`.
    pub fn new(latency: Duration, bytes_per_s: Option<u64>) -> Self {
        Self {
            latency,
            bytes_per_s: bytes_per_s.filter(|rate| *rate > 0),
            line_free_at: Mutex::default(),
        }
    }

    async fn carry(&self, bytes: usize) {
        let Some(rate) = self.bytes_per_s else { return };
        let takes = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let done = {
            let mut free_at = self.line_free_at.lock().await;
            let now = Instant::now();
            let done = free_at.map_or(now, |at| at.max(now)) + takes;
            *free_at = Some(done);
            done
        };
        tokio::time::sleep_until(done).await;
    }
}

/// Response extension by which a handler names its operation in the log, where the route alone does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Operation(pub &'static str);

#[derive(Debug, Clone, Copy)]
struct UnknownRoute;

/// What a listener is and does.
#[derive(Debug)]
pub struct OriginSpec {
    /// Host role, such as `metadata`; the `origin` of the request log.
    pub name: &'static str,
    /// Port of 127.0.0.1; any free one if `None`.
    pub port: Option<u16>,
    /// The routes. Whatever they do not cover is answered with 404 "unknown route".
    pub router: Router,
    /// Names a request's operation before anything acts on it, so that faults can be decided; [`UNKNOWN`] for the rest.
    pub operation_of: fn(&Parts) -> &'static str,
    /// The service's usual error body for a status: content type and text.
    pub error_body: fn(StatusCode) -> (&'static str, String),
}

/// A running listener.
#[derive(Debug)]
pub struct Origin {
    name: &'static str,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Listeners that are opened before their routes exist, because the routes need to know each other's addresses.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    address: SocketAddr,
    listener: TcpListener,
}

impl Listener {
    /// Opens a port of 127.0.0.1; any free one if `port` is `None`. Requests wait until [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`SimError::Bind`] if the port is taken.
    pub async fn open(name: &'static str, port: Option<u16>) -> Result<Self, SimError> {
        let port = port.unwrap_or(0);
        let bind = |source| SimError::Bind {
            origin: name.to_owned(),
            port,
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self {
            name,
            address,
            listener,
        })
    }

    /// Host role.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Base URL without a path and without a slash at the end: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers requests from now on. `spec.name` and `spec.port` must be those the listener was opened with.
    pub fn serve(self, spec: OriginSpec, shared: Arc<Shared>) -> Origin {
        let gate = Gate {
            name: spec.name,
            operation_of: spec.operation_of,
            error_body: spec.error_body,
            shared,
        };
        let router = spec
            .router
            .fallback(unknown_route)
            .method_not_allowed_fallback(unknown_route)
            .layer(middleware::from_fn_with_state(Arc::new(gate), pass));
        self.serve_plain(router)
    }

    /// Answers requests without log, counters and faults: for control routes.
    pub fn serve_plain(self, router: Router) -> Origin {
        let (stop, stopped) = watch::channel(false);
        // Also ends when the `Origin` is dropped: then the channel closes.
        let signal = |mut stopped: watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let server = axum::serve(self.listener, router).with_graceful_shutdown(signal(stopped.clone()));
        let task = tokio::spawn(async move {
            let too_late = async {
                signal(stopped).await;
                tokio::time::sleep(LAST_ANSWERS).await;
            };
            tokio::select! {
                result = server => if let Err(error) = result { tracing::warn!(%error, "listener ended") },
                () = too_late => {}
            }
        });
        Origin {
            name: self.name,
            address: self.address,
            stop,
            task,
        }
    }
}

impl Origin {
    /// Opens a listener and answers requests at once.
    ///
    /// # Errors
    /// [`SimError::Bind`] if the port is taken.
    pub async fn bind(spec: OriginSpec, shared: Arc<Shared>) -> Result<Self, SimError> {
        Ok(Listener::open(spec.name, spec.port).await?.serve(spec, shared))
    }

    /// Host role.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Base URL without a path and without a slash at the end: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the listener and its idle connections; answers under way get two seconds to end.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Names and base URLs of listeners.
pub fn urls(origins: &[Origin]) -> BTreeMap<String, String> {
    origins
        .iter()
        .map(|origin| (origin.name.to_owned(), origin.url()))
        .collect()
}

#[derive(Debug)]
struct Gate {
    name: &'static str,
    operation_of: fn(&Parts) -> &'static str,
    error_body: fn(StatusCode) -> (&'static str, String),
    shared: Arc<Shared>,
}

/// Log, counters, pace and faults around every request.
async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let shared = &gate.shared;
    let (parts, body) = request.into_parts();
    let operation = (gate.operation_of)(&parts);
    let at_ms = shared.clock.now().as_millisecond();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let credentials = credential_names(&parts.headers, &parts.uri);
    let fault = shared.faults.decide(operation);

    let body = metered(body, Arc::clone(shared), Direction::In);
    if !shared.pace.latency.is_zero() {
        tokio::time::sleep(shared.pace.latency).await;
    }
    let response = match &fault {
        Some(Fault::Status {
            status,
            retry_after,
            body: text,
        }) => {
            // A client in the middle of a body would see a reset instead of the status.
            drain(body).await;
            gate.failure(*status, *retry_after, text.as_deref())
        }
        _ => next.run(Request::from_parts(parts, body)).await,
    };

    let unknown = response.extensions().get::<UnknownRoute>().is_some();
    let operation = match response.extensions().get::<Operation>() {
        _ if unknown => UNKNOWN,
        Some(Operation(named)) => named,
        None => operation,
    };
    shared.counters.request(operation, unknown);
    shared.log.push(RequestLine {
        at_ms,
        origin: gate.name.to_owned(),
        method,
        path,
        operation: operation.to_owned(),
        status: response.status().as_u16(),
        credentials,
    });
    let response = with_length(response);
    let response = match fault {
        Some(Fault::Truncate { at }) => truncated(response, at).await,
        Some(Fault::FlipBit) => flipped(response, shared.seed),
        _ => response,
    };
    response.map(|body| metered(body, Arc::clone(shared), Direction::Out))
}

impl Gate {
    fn failure(&self, status: u16, retry_after: Option<u64>, text: Option<&str>) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (content_type, text) = match text {
            Some(text) => (guess_type(text), text.to_owned()),
            None => (self.error_body)(status),
        };
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], text).into_response();
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn guess_type(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') => "text/html",
        _ => "text/plain",
    }
}

/// The answer to a route that the stand-in does not know.
pub async fn unknown_route(method: Method, uri: Uri) -> Response {
    let body = serde_json::json!({ "message": format!("unknown route {method} {}", uri.path()) });
    let mut response = (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    response.extensions_mut().insert(UnknownRoute);
    response
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

/// Names and values of the cookies of a request, in the order they came.
pub fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    In,
    Out,
}

/// Counts and slows the bytes of a body.
fn metered(body: Body, shared: Arc<Shared>, direction: Direction) -> Body {
    if matches!(direction, Direction::Out) && http_body_is_empty(&body) {
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

fn http_body_is_empty(body: &Body) -> bool {
    axum::body::HttpBody::size_hint(body).exact() == Some(0)
}

async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    while let Some(Ok(_)) = stream.next().await {}
}

/// Writes `Content-Length` where the length is known: [`metered`] hides it from the server.
fn with_length(mut response: Response) -> Response {
    let bodyless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let exact = axum::body::HttpBody::size_hint(response.body()).exact();
    if let Some(length) = exact.filter(|_| !bodyless) {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from(length));
    }
    response
}

/// Sends the first bytes only, while `Content-Length` still promises the whole.
async fn truncated(response: Response, at: Option<u64>) -> Response {
    let (mut parts, body) = response.into_parts();
    let promised = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let (promised, body) = match promised {
        Some(promised) => (promised, body),
        // Without a promised length a short body would be no lie: take its length first.
        None => match axum::body::to_bytes(body, usize::MAX).await {
            Ok(whole) => (whole.len() as u64, Body::from(whole)),
            Err(_) => (0, Body::empty()),
        },
    };
    let keep = at.unwrap_or(promised / 2).min(promised.saturating_sub(1));
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
    let pieces = body.into_data_stream().scan(keep, |left, piece| {
        let next = if *left == 0 {
            None
        } else {
            Some(piece.map(|piece: Bytes| {
                let piece = piece.slice(..piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                *left -= piece.len() as u64;
                piece
            }))
        };
        std::future::ready(next)
    });
    Response::from_parts(parts, cut_off(pieces))
}

/// A body that ends in an error, so that the connection is closed instead of reused.
fn cut_off(pieces: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static) -> Body {
    let end = futures_util::stream::once(async {
        // The server drops what it has not written yet when a body fails: let it write first.
        tokio::task::yield_now().await;
        Err(axum::Error::new(std::io::Error::other("cut off by the fault plan")))
    });
    Body::from_stream(pieces.chain(end))
}

fn flipped(response: Response, seed: u64) -> Response {
    response.map(|body| {
        let mut done = false;
        let stream = body.into_data_stream().map(move |piece| {
            piece.map(|piece: Bytes| {
                if done || piece.is_empty() {
                    return piece;
                }
                done = true;
                let mut wrong = piece.to_vec();
                // The last byte of the first piece: past the headers by which a type is recognised.
                if let Some(byte) = wrong.last_mut() {
                    *byte ^= 1 << (seed % 8);
                }
                Bytes::from(wrong)
            })
        });
        Body::from_stream(stream)
    })
}

/// A body from a stream that cannot fail.
pub fn streamed(stream: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(stream.map(Ok::<_, Infallible>))
}
