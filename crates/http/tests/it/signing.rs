//! Credentials: where they go, and how they are renewed.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use photomove_core::{AuthProblem, Disposition, Error, ErrorKind, Happened, Operation, Result};
use photomove_http::{Credentials, HeaderMap, Http, HttpEnv, Method, Origin, OriginRule, RetryPolicy};
use url::Url;

use crate::server::{Server, client, ok, reply};

/// Credentials that count their renewals.
#[derive(Debug)]
pub struct Key {
    number: AtomicU32,
    renewals: AtomicU32,
    renewable: Option<bool>,
    /// Renewals that fail before one succeeds.
    stumbles: u32,
}

impl Key {
    pub fn new() -> Self {
        Self {
            number: AtomicU32::new(0),
            renewals: AtomicU32::new(0),
            renewable: Some(true),
            stumbles: 0,
        }
    }

    /// One that cannot be renewed, or whose renewal fails.
    fn broken(renewable: Option<bool>) -> Self {
        Self {
            renewable,
            ..Self::new()
        }
    }
}

#[async_trait]
impl Credentials for Key {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        let value = format!("Bearer key-{}", self.number.load(Ordering::SeqCst));
        headers.insert("authorization", value.parse().unwrap());
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        let before = self.renewals.fetch_add(1, Ordering::SeqCst);
        // Long enough for every other call to be refused meanwhile.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        match self.renewable {
            Some(true) if before < self.stumbles => {
                return Err(Error::new(
                    ErrorKind::Unavailable { retry_after: None },
                    "the issuer is unwell",
                ));
            }
            Some(true) => self.number.fetch_add(1, Ordering::SeqCst),
            Some(false) => return Ok(false),
            None => return Err(Error::new(ErrorKind::Network, "no way to the issuer").hint("wait")),
        };
        Ok(true)
    }

    fn accept(&self, _origin: &Origin, headers: &HeaderMap) {
        if let Some(cookie) = headers.get("set-cookie") {
            self.number
                .store(cookie.to_str().unwrap().parse().unwrap(), Ordering::SeqCst);
        }
    }
}

/// A server that wants at least this key.
async fn wants(number: u32) -> Server {
    Server::start(move |_, seen| {
        let given = seen
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer key-"));
        match given.and_then(|given| given.parse::<u32>().ok()) {
            Some(given) if given >= number => ok("in"),
            _ => reply(401, &[], ""),
        }
    })
    .await
}

#[tokio::test]
async fn a_refused_call_is_sent_again_with_a_renewed_key() {
    let server = wants(1).await;
    let (http, _) = client(&[&server]);
    let key = Key::new();
    // Not repeatable, but surely not acted upon.
    let call = http.call(Operation::Commit, Method::POST, server.url("/")).bytes("x");
    call.credentials(&key).send().await.unwrap();
    assert_eq!(key.renewals.load(Ordering::SeqCst), 1);
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_call_renews_once_and_then_asks_for_a_person() {
    let server = wants(99).await;
    let (http, _) = client(&[&server]);
    let key = Key::new();
    let call = http
        .call(Operation::Connect, Method::GET, server.url("/"))
        .credentials(&key);
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::Expired));
    assert_eq!(error.disposition(), Disposition::AskPerson);
    assert_eq!((key.renewals.load(Ordering::SeqCst), server.count()), (1, 2));
}

#[tokio::test]
async fn twenty_calls_share_one_renewal() {
    let server = wants(1).await;
    let (http, _) = client(&[&server]);
    let key = Key::new();
    let calls = (0..20).map(|_| {
        http.call(Operation::ListAssets, Method::GET, server.url("/"))
            .credentials(&key)
            .send()
    });
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(key.renewals.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn twenty_calls_share_one_failed_renewal() {
    let server = wants(1).await;
    let (http, _) = client(&[&server]);
    // A failure that may pass by itself is tried again, by one for all each time.
    for (renewable, kind, renewals) in [
        (Some(false), ErrorKind::Auth(AuthProblem::Expired), 1..=1),
        (None, ErrorKind::Network, 2..=10),
    ] {
        let key = Key::broken(renewable);
        let calls = (0..20).map(|_| {
            http.call(Operation::ListAssets, Method::GET, server.url("/"))
                .credentials(&key)
                .send()
        });
        for result in join_all(calls).await {
            assert_eq!(*result.unwrap_err().kind(), kind);
        }
        let renewed = key.renewals.load(Ordering::SeqCst);
        assert!(renewals.contains(&renewed), "{renewed}");
    }
}

#[tokio::test]
async fn cookies_of_allowed_origins_are_accepted_and_others_are_not() {
    let server = Server::start(|n, _| reply(200, &[("set-cookie", if n == 0 { "5" } else { "6" })], "")).await;
    let foreign = Server::start(|_, _| reply(200, &[("set-cookie", "99")], "")).await;
    let (http, _) = client(&[&server]);
    let key = Key::new();
    for url in [server.url("/"), foreign.url("/"), server.url("/")] {
        http.call(Operation::Connect, Method::GET, url)
            .credentials(&key)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(foreign.seen()[0].header("authorization"), None);
    assert_eq!(server.seen()[1].header("authorization"), Some("Bearer key-5"));
}

#[tokio::test]
async fn plain_http_to_another_machine_sees_no_credentials() {
    let url: Url = "http://photos.invalid/".parse().unwrap();
    let rules = vec![OriginRule::Exact(Origin::of(&url))];
    let http = Http::builder("test", &HttpEnv::system())
        .credential_origins(rules)
        .build()
        .unwrap();
    let key = Key::new();
    let call = http.call(Operation::Connect, Method::GET, url).credentials(&key);
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("http://photos.invalid"), "{error}");
    assert!(error.hint_text().unwrap().contains("https"));
}

#[tokio::test]
async fn a_secret_header_is_refused_where_it_may_not_go() {
    let foreign = Server::start(|_, _| ok("")).await;
    let (http, _) = client(&[]);
    let call = http.call(Operation::Connect, Method::GET, foreign.url("/"));
    let error = call.header("authorization", "Bearer s3cret").send().await.unwrap_err();
    assert_eq!(foreign.count(), 0);
    assert!(!format!("{error:?}").contains("s3cret"));
}

/// Asks another host for its key, and loses that connection.
#[derive(Debug)]
struct Lost {
    at_once: bool,
}

impl Lost {
    fn error() -> Error {
        Error::new(ErrorKind::Network, "the connection to the issuer broke off").happened(Happened::Unknown, false)
    }
}

#[async_trait]
impl Credentials for Lost {
    async fn apply(&self, _origin: &Origin, _headers: &mut HeaderMap) -> Result<()> {
        if self.at_once { Err(Self::error()) } else { Ok(()) }
    }

    async fn renew(&self) -> Result<bool> {
        Err(Self::error())
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}

#[tokio::test]
async fn a_lost_renewal_says_nothing_about_the_call_that_waited_for_it() {
    for at_once in [true, false] {
        let server = wants(1).await;
        let http = Http::builder("test", &HttpEnv::system())
            .credential_origins(vec![OriginRule::Exact(Origin::of(&server.url("/")))])
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let key = Lost { at_once };
        let call = http.call(Operation::CreateAlbum, Method::POST, server.url("/"));
        let error = call.credentials(&key).send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.has_happened()),
            (&ErrorKind::Network, Happened::No)
        );
        assert_ne!(error.disposition(), Disposition::Settle);
    }
}

#[tokio::test]
async fn an_issuer_that_stumbles_is_asked_again_and_calls_go_on() {
    let server = wants(1).await;
    let (http, _) = client(&[&server]);
    let key = Key {
        stumbles: 2,
        ..Key::new()
    };
    let calls = (0..5).map(|_| {
        http.call(Operation::Commit, Method::POST, server.url("/"))
            .bytes("x")
            .credentials(&key)
            .send()
    });
    for reply in join_all(calls).await {
        reply.unwrap();
    }
    assert_eq!(key.renewals.load(Ordering::SeqCst), 3, "one at a time");
}
