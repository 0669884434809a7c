//! A server that gives one recorded answer, and little else.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::recording::Exchange;

#[derive(Debug, Default)]
struct State {
    exchange: Option<Exchange>,
    /// What came: method and path.
    seen: Vec<(String, String)>,
    /// Requests that nobody answers.
    strange: Vec<String>,
    /// Requests without a sign-in.
    unsigned: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) base: Url,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let state: Arc<Mutex<State>> = Arc::default();
        let own = Arc::clone(&state);
        let app = Router::new().fallback(move |request: Request| {
            let state = Arc::clone(&own);
            async move {
                let (head, body) = request.into_parts();
                axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let mut state = state.lock().unwrap();
                let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
                if !head.headers.contains_key("x-auth-token") {
                    state.unsigned = true;
                }
                state.answer(&method, &path)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, state }
    }

    /// Gives the answer of this exchange from now on.
    pub(crate) fn serve(&self, exchange: &Exchange) {
        *self.state.lock().unwrap() = State {
            exchange: Some(exchange.clone()),
            ..State::default()
        };
    }

    /// Says what was not as recorded about the requests that came.
    pub(crate) fn problem(&self, exchange: &Exchange) -> Option<String> {
        let state = self.state.lock().unwrap();
        if !state.strange.is_empty() {
            return Some(format!("unexpected requests: {:?}", state.strange));
        }
        let wanted = (exchange.method.clone(), exchange.path.clone());
        (!state.seen.contains(&wanted)).then(|| format!("asked something else: {:?}", state.seen))
    }
}

impl State {
    fn answer(&mut self, method: &str, path: &str) -> Response {
        self.seen.push((method.to_owned(), path.to_owned()));
        let exchange = self.exchange.clone().unwrap();
        if exchange.method == method && exchange.path == path {
            return recorded(&exchange);
        }
        match (method, path) {
            // Whether the token is alive, and the keys of downloads.
            ("GET", "/api/v1/config") => reply(200, config(exchange.status != 401)),
            ("GET", "/api/v1/session") => reply(200, json!({"config": config(true)})),
            // Where an answer to a login is on its way, it says whether the server is public.
            ("MKCOL", _) => plain(201, "Created"),
            // What a function looks at before it acts.
            ("GET", path) if exchange.path.starts_with(path) && exchange.json.is_some() => {
                reply(200, exchange.json.unwrap_or_default())
            }
            _ => {
                self.strange.push(format!("{method} {path}"));
                plain(418, "")
            }
        }
    }
}

fn config(alive: bool) -> Value {
    match alive {
        true => json!({"mode": "user", "downloadToken": "8a3sn3bg", "previewToken": "8a3sn3bg"}),
        false => json!({"mode": "public"}),
    }
}

fn reply(status: u16, json: Value) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(json.to_string()))
        .unwrap()
}

fn plain(status: u16, text: &str) -> Response {
    Response::builder()
        .status(status)
        .body(Body::from(text.to_owned()))
        .unwrap()
}

/// Makes the answer of an exchange; bytes that were not kept are zeros.
fn recorded(exchange: &Exchange) -> Response {
    let body = match (&exchange.json, &exchange.text, exchange.size) {
        (Some(json), _, _) => Body::from(json.to_string()),
        (_, Some(text), _) => Body::from(text.clone()),
        (_, _, Some(size)) => Body::from(vec![0; size]),
        _ => panic!("{}: an answer without content", exchange.name),
    };
    let mut response = Response::builder().status(StatusCode::from_u16(exchange.status).unwrap());
    for (name, value) in exchange.answer_headers.as_object().into_iter().flatten() {
        let own = [
            "content-length",
            "transfer-encoding",
            "date",
            "connection",
            "content-encoding",
        ];
        if own.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        for value in value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]) {
            response = response.header(name, value.as_str().unwrap());
        }
    }
    response.body(body).unwrap()
}
