//! The client against what a real server answered: each recorded exchange is asked for by the client's own function, and
//! its recorded answer is served. Exchanges that no function of the client makes are listed with the reason.
//!
//! The recordings are of a server of generation G1; see their README.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod asked;
mod never;
mod recording;
mod server;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use photomove_core::{ManualClock, SeededRandom};
use photomove_http::HttpEnv;
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use rstest::rstest;

use crate::recording::Exchange;
use crate::server::Server;

/// A client that waits for nobody, signed in with a token of the right form.
pub(crate) fn client(server: &Server, user: &str) -> PhotoPrismClient {
    let config = PhotoPrismConfig::new(server.base.clone()).with_user_uid(user);
    let auth = PhotoPrismAuth::new(SignIn::AppPassword {
        password: "AAAAAA-BBBBBB-CCCCCC-DDDDDD".into(),
    });
    PhotoPrismClient::new(&config, &env(), auth).unwrap()
}

pub(crate) fn env() -> HttpEnv {
    HttpEnv {
        clock: Arc::new(ManualClock::new("2026-11-21T20:00:00Z".parse::<Timestamp>().unwrap())),
        random: Arc::new(SeededRandom::new(6)),
        ..HttpEnv::system()
    }
}

/// Asks for all exchanges of some recordings.
async fn replay(files: &[&str]) -> Vec<String> {
    let server = Server::start().await;
    let mut clients: HashMap<String, PhotoPrismClient> = HashMap::new();
    let mut wrong = Vec::new();
    for file in files {
        for exchange in recording::exchanges(file) {
            let place = format!("{file}#{}", exchange.name);
            if let Some(problem) = one(&server, &mut clients, &exchange).await {
                wrong.push(format!("{place}: {} {}: {problem}", exchange.method, exchange.path));
            }
        }
    }
    wrong
}

/// Returns what is wrong with an exchange.
async fn one(server: &Server, clients: &mut HashMap<String, PhotoPrismClient>, exchange: &Exchange) -> Option<String> {
    let reason = never::asked(exchange);
    let user = exchange.user().to_owned();
    let client = clients.entry(user.clone()).or_insert_with(|| client(server, &user));
    server.serve(exchange);
    match (Box::pin(asked::by_client(client, server, exchange)).await, reason) {
        (None, None) => Some("no function of the client makes it, and no reason is given".to_owned()),
        (Some(_), Some(_)) => {
            Some("a function of the client makes it, although a reason says that none does".to_owned())
        }
        (None, Some(_)) => answers::of_refusal(exchange).err(),
        (Some(answer), None) => {
            if let Some(problem) = server.problem(exchange) {
                return Some(problem);
            }
            answers::compare(exchange, answer).err()
        }
    }
}

#[rstest]
#[case::sessions(&["sessions", "session-expiry", "session-restart", "public-mode", "limits"])]
#[case::sign_in(&["session-2fa", "app-password", "client-credentials"])]
#[case::server(&["config", "errors", "readonly", "features-off", "import-index", "webdav"])]
#[case::upload(&["upload-single", "upload-live-photo", "upload-raw-jpeg", "upload-sidecars", "upload-duplicate", "upload-duplicate-archived", "upload-png-named-jpg", "upload-same-basename", "same-token-twice", "upload-zero-byte", "upload-unsupported", "upload-truncated-jpeg"])]
#[case::photos(&["photos-search", "photos-get-update", "photos-flags", "stack-unstack", "merge", "late-merge", "files-by-hash", "downloads", "odds"])]
#[case::albums(&["albums", "album-order", "album-links", "labels"])]
#[tokio::test]
async fn every_recorded_answer_is_read_by_the_function_that_asks_for_it(#[case] files: &[&str]) {
    let wrong = replay(files).await;
    assert!(wrong.is_empty(), "{} exchanges:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_recording_is_replayed_somewhere() {
    let elsewhere = BTreeMap::from([
        ("upload-metadata", "what becomes of 55 samples: the sink's own table"),
        ("performance", "times, no exchanges"),
        ("scopes", "a matrix of statuses, read below"),
        ("websocket", "messages, read below"),
    ]);
    let source = include_str!("main.rs");
    let found: BTreeSet<String> = recording::names();
    assert!(found.len() > 40);
    for name in found {
        assert!(
            elsewhere.contains_key(name.as_str()) || source.contains(&format!("\"{name}\"")),
            "{name}.json is not replayed"
        );
        let has_exchanges = recording::read(&name).get("exchanges").is_some();
        assert_eq!(has_exchanges, !elsewhere.contains_key(name.as_str()), "{name}.json");
    }
}

#[test]
fn every_reason_of_the_list_is_needed() {
    let all: Vec<Exchange> = recording::names()
        .iter()
        .filter(|name| recording::read(name).get("exchanges").is_some())
        .flat_map(|name| recording::exchanges(name))
        .collect();
    let unneeded = never::unneeded(&all);
    assert!(unneeded.is_empty(), "{unneeded:?}");
}

#[test]
fn every_recorded_message_has_a_type() {
    use photomove_photoprism::wire::Event;
    let recording = recording::read("websocket");
    let messages = recording["messages"].as_array().unwrap();
    assert!(messages.len() > 50);
    let mut other = BTreeSet::new();
    for message in messages {
        // Of repeated ones only the first are whole.
        if message["data"].is_string() {
            continue;
        }
        match Event::read(&message.to_string()).unwrap() {
            Event::Other { topic, .. } => {
                other.insert(topic);
            }
            Event::Log { message, .. } | Event::Notify { message, .. } => assert!(!message.is_empty()),
            Event::Entities { what, entities, .. } => assert!(!what.is_empty() && !entities.is_empty()),
            _ => {}
        }
    }
    // The configuration itself was cut out of this recording.
    assert_eq!(other, BTreeSet::from(["config.updated".to_owned()]));
}

#[test]
fn every_status_of_the_scopes_has_a_kind() {
    let recording = recording::read("scopes");
    let mut statuses = BTreeSet::new();
    recording::numbers(&recording["rows"], &mut statuses);
    assert!(statuses.contains(&403) && statuses.contains(&200));
    for status in statuses {
        let error = answers::refusal(status, "");
        assert_eq!(answers::kind_fits(status, error.kind()), Ok(()));
    }
}
