//! Running stand-ins that are asked by hand, past photomove's clients.

use std::sync::Arc;
use std::time::Duration;

use photomove::http::http::Request;
use photomove::http::{Http, HttpEnv};
use photomove_core::{ManualClock, Operation, SeededRandom};
use photomove_sim::{FaultRule, ServiceKind, ServiceSpec, SimClock, SimOptions, Sims, parse_faults};
use serde_json::Value;

const START: &str = "2026-03-01T10:00:00Z";

/// An environment in which waiting takes no time.
pub fn env() -> HttpEnv {
    HttpEnv {
        clock: Arc::new(ManualClock::new(START.parse().expect("instant"))),
        random: Arc::new(SeededRandom::new(1)),
        ..HttpEnv::system()
    }
}

/// A stand-in's reply.
#[derive(Debug)]
pub struct Given {
    /// Method and path, with `{id}` in place of ids.
    pub route: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    /// JSON, or a text.
    pub body: Option<Value>,
}

impl Given {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body, which must be there.
    pub fn json(&self) -> &Value {
        self.body.as_ref().expect("a body")
    }
}

/// One request: a route whose `{id}` is filled in, a query, headers, a body.
#[derive(Debug, Default)]
pub struct Ask<'a> {
    pub route: &'a str,
    pub id: &'a str,
    pub query: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: Vec<u8>,
}

pub struct Lab {
    pub sims: Sims,
    pub clock: SimClock,
    http: Http,
}

impl Lab {
    pub async fn start(kind: ServiceKind, options: SimOptions) -> Self {
        let clock = SimClock::frozen(START.parse().expect("instant"));
        let services = vec![ServiceSpec::new(kind)];
        let options = SimOptions {
            services,
            clock: Some(clock.clone()),
            ..options
        };
        let sims = photomove_sim::start(options).await.expect("the stand-in starts");
        let http = Http::builder("test", &env()).build().expect("a client");
        Self { sims, clock, http }
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Asks the stand-in at `base` once.
    pub async fn ask(&self, base: &str, ask: Ask<'_>) -> Given {
        let (method, path) = ask.route.split_once(' ').expect("method and path");
        let query = if ask.query.is_empty() {
            String::new()
        } else {
            format!("?{}", ask.query)
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{base}{}{query}", path.replace("{id}", ask.id)));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(ask.body).expect("a request");
        let reply = self
            .http
            .raw(Operation::Connect, request)
            .await
            .expect("the stand-in answers");
        let text = String::from_utf8_lossy(reply.body());
        let headers = reply.headers().iter();
        Given {
            route: ask.route.to_owned(),
            status: reply.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: (!text.trim().is_empty())
                .then(|| serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_ref()))),
        }
    }
}

/// A fault plan that answers an operation with a status.
pub fn refused(operation: &str, status: u16) -> Vec<FaultRule> {
    let plan = format!(r#"[{{"operation": "{operation}", "fault": "status", "status": {status}}}]"#);
    parse_faults(&plan).expect("plan")
}
