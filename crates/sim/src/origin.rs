//! One listener of a service: a host role on its own port of 127.0.0.1, with everything that all requests share.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::middleware;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::SimClock;
use crate::control::Service;
use crate::error::SimError;
use crate::faults::FaultPlan;
use crate::library_change::LibraryCommand;
use crate::log::{Counters, RequestLog};

mod answer;
mod form;
mod gate;
mod paging;
mod wire;

use gate::Gate;
pub(crate) use gate::mark_unknown;
pub use gate::unknown_route;
use wire::{Wire, WireListener};

/// Name of the operation of a request to a route that the stand-in does not know.
pub const UNKNOWN: &str = "unknown";

/// How long a stopping listener waits for the answers that are under way.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

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
    /// The service itself, for faults that need to know what it holds; set when it has started.
    service_itself: OnceLock<Weak<dyn Service>>,
}

impl Shared {
    /// With fresh counts and an empty log of at most `log_lines` lines.
    pub fn new(
        service: &'static str,
        clock: SimClock,
        faults: FaultPlan,
        pace: Pace,
        log_lines: usize,
        seed: u64,
    ) -> Self {
        let counters = Counters::with_faults(Arc::clone(faults.tally()));
        Self {
            service,
            clock,
            faults,
            log: RequestLog::keeping(log_lines),
            counters,
            pace,
            seed,
            service_itself: OnceLock::new(),
        }
    }

    /// Says which service this belongs to; only the first call counts.
    pub(crate) fn belongs_to(&self, service: &Arc<dyn Service>) {
        let _ = self.service_itself.set(Arc::downgrade(service));
    }

    /// Lets somebody else upload pictures; whether the service could do it.
    async fn intrude(&self, count: u64) -> bool {
        let Some(service) = self.service_itself.get().and_then(Weak::upgrade) else {
            return false;
        };
        let command = LibraryCommand {
            add: count,
            ..LibraryCommand::default()
        };
        service.change_library(command).await.is_ok()
    }

    /// Asks the service; `None` before it has started and after it has ended.
    fn with_service<T>(&self, ask: impl FnOnce(&dyn Service) -> T) -> Option<T> {
        let service = self.service_itself.get()?.upgrade()?;
        Some(ask(&*service))
    }
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
            numbers: AtomicU64::new(1),
        };
        let routes = spec
            .router
            .fallback(unknown_route)
            .method_not_allowed_fallback(unknown_route);
        // Around the routes, not inside: a fault may lead a request to another route.
        let router = Router::new()
            .fallback_service(routes)
            .layer(middleware::from_fn_with_state(Arc::new(gate), gate::pass));
        self.serve_plain(router)
    }

    /// Answers requests without log, counters and faults: for control routes.
    pub fn serve_plain(self, router: Router) -> Origin {
        let (stop, stopped) = watch::channel(false);
        // Also ends when the `Origin` is dropped: then the channel closes.
        let signal = |mut stopped: watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let service = router.into_make_service_with_connect_info::<Wire>();
        let server = axum::serve(WireListener(self.listener), service).with_graceful_shutdown(signal(stopped.clone()));
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

/// A body from a stream that cannot fail.
pub fn streamed(stream: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(stream.map(Ok::<_, Infallible>))
}
