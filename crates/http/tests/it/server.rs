//! Servers that do as they are told, and clients on a clock that stands still.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use photomove_core::{ManualClock, MemoryQuotaStore, SeededRandom};
use photomove_http::{HeaderMap, Http, HttpBuilder, HttpEnv, Method, Origin, OriginRule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One request as a server got it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A server and what it got.
#[derive(Debug, Clone)]
pub struct Server {
    pub base: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers the n-th request, counted from 0, by the given function.
    pub async fn start(answer: impl Fn(usize, &Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let (listener, base) = listen().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, log) = (answer.clone(), Arc::clone(&log));
            async move {
                let (head, body) = request.into_parts();
                let seen = Seen {
                    method: head.method,
                    path: head.uri.to_string(),
                    headers: head.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap_or_default(),
                };
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(seen.clone());
                    log.len() - 1
                };
                answer(number, &seen)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, seen }
    }

    /// Reads each request, then sends exactly these bytes, the last ones ever after, and hangs up.
    pub async fn raw(replies: Vec<&'static [u8]>) -> Self {
        let (listener, base) = listen().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request);
                    log.len() - 1
                };
                let reply = replies[number.min(replies.len() - 1)];
                let _ = stream.write_all(reply).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { base, seen }
    }

    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    (listener, Url::parse(&base).unwrap())
}

/// Reads a head and as much body as it announces.
async fn read_request(stream: &mut TcpStream) -> Seen {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let mut words = head.split(' ');
                return Seen {
                    method: words.next().unwrap().to_ascii_uppercase().parse().unwrap(),
                    path: words.next().unwrap().to_owned(),
                    headers: HeaderMap::new(),
                    body: Bytes::copy_from_slice(&bytes[end + 4..]),
                };
            }
        }
        let size = stream.read(&mut chunk).await.unwrap();
        assert!(size > 0, "the client hung up in the midst of its request");
        bytes.extend_from_slice(&chunk[..size]);
    }
}

/// Makes a reply.
pub fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(Body::from(body.to_owned())).unwrap()
}

/// Makes a success.
pub fn ok(body: &str) -> Response {
    reply(200, &[], body)
}

pub fn start_of_test() -> Timestamp {
    "2026-10-21T07:28:00Z".parse().unwrap()
}

/// An environment on a clock that stands still until somebody sleeps.
pub fn env() -> (HttpEnv, ManualClock) {
    let clock = ManualClock::new(start_of_test());
    let env = HttpEnv {
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::new(7)),
        quota: Arc::new(MemoryQuotaStore::default()),
        ..HttpEnv::system()
    };
    (env, clock)
}

/// A client that may show credentials to the given servers.
pub fn builder(servers: &[&Server]) -> (HttpBuilder, ManualClock) {
    let (env, clock) = env();
    let rules = servers
        .iter()
        .map(|server| OriginRule::Exact(Origin::of(&server.base)))
        .collect();
    (Http::builder("test", &env).credential_origins(rules), clock)
}

pub fn client(servers: &[&Server]) -> (Http, ManualClock) {
    let (builder, clock) = builder(servers);
    (builder.build().unwrap(), clock)
}

/// Seconds that a test has slept.
pub fn slept(clock: &ManualClock) -> f64 {
    photomove_core::Clock::now(clock)
        .duration_since(start_of_test())
        .as_secs_f64()
}
