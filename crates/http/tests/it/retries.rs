//! What is sent again, how often, and after how long.

use std::time::Duration;

use photomove_core::{Disposition, ErrorKind, Happened, Operation};
use photomove_http::{Method, RetryPolicy};
use rstest::rstest;

use crate::server::{Server, builder, client, ok, reply, slept};

#[tokio::test]
async fn an_unwell_service_is_asked_again_until_it_answers() {
    let server = Server::start(|n, _| if n < 3 { reply(503, &[], "") } else { ok("fine") }).await;
    let (http, clock) = client(&[]);
    let reply = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.text(10).await.unwrap(), "fine");
    assert_eq!(server.count(), 4);
    assert!(slept(&clock) > 0.0 && slept(&clock) <= 3.5, "{}", slept(&clock));
}

#[tokio::test]
async fn spent_attempts_are_said() {
    let server = Server::start(|_, _| reply(503, &[], "")).await;
    let (http, _) = client(&[]);
    let error = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(server.count(), 5);
    assert!(error.is_exhausted());
    assert_eq!(error.disposition(), Disposition::FailItem);
    assert_eq!(error.provider_name(), Some("test"));
    let text = error.to_string();
    assert!(text.contains("list photos") && text.contains("status 503"), "{text}");
    assert!(text.contains("attempts 5"), "{text}");
}

#[tokio::test]
async fn the_first_call_of_a_run_gives_up_within_seconds() {
    let server = Server::start(|_, _| reply(503, &[], "")).await;
    let (http, clock) = client(&[]);
    let call = http.call(Operation::Connect, Method::GET, server.url("/"));
    assert!(call.send().await.unwrap_err().is_exhausted());
    assert_eq!(server.count(), 3);
    assert!(slept(&clock) <= 4.0, "{}", slept(&clock));
}

#[rstest]
#[case("7", 7.0)]
#[case("Wed, 21 Oct 2026 07:29:30 GMT", 90.0)]
#[tokio::test]
async fn retry_after_is_obeyed(#[case] asked: &'static str, #[case] seconds: f64) {
    let server = Server::start(move |n, _| match n {
        0 => reply(503, &[("retry-after", asked)], ""),
        _ => ok(""),
    })
    .await;
    let (http, clock) = client(&[]);
    http.call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert!((slept(&clock) - seconds).abs() < 0.001, "{}", slept(&clock));
}

#[rstest]
#[case("99999999999999999999")]
#[case("Fri, 21 Oct 2199 07:28:00 GMT")]
#[case("3600")]
#[tokio::test]
async fn a_wait_beyond_the_budget_is_left_to_the_caller(#[case] asked: &'static str) {
    let server = Server::start(move |_, _| reply(503, &[("retry-after", asked)], "")).await;
    let (http, clock) = client(&[]);
    let error = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    let hour = Some(Duration::from_secs(3600));
    assert_eq!(*error.kind(), ErrorKind::Unavailable { retry_after: hour });
    assert!(error.is_exhausted());
    assert_eq!((server.count(), slept(&clock)), (1, 0.0));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let server = Server::start(|_, _| reply(404, &[], "")).await;
    let (http, _) = client(&[]);
    let error = http
        .call(Operation::Refresh, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert_eq!(server.count(), 1);
}

/// A reply that broke off or never came, by what may be done about it.
#[rstest]
#[case::no_reply(b"")]
#[case::half_a_head(b"HTTP/1.1 200 OK\r\nConte")]
#[case::half_a_body(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}")]
#[tokio::test]
async fn a_post_whose_reply_was_lost_is_settled_not_repeated(#[case] lost: &'static [u8]) {
    let server = Server::raw(vec![lost]).await;
    let (http, _) = client(&[]);
    let call = http.call(Operation::Commit, Method::POST, server.url("/")).json(&["x"]);
    let error = call.send().await.unwrap_err();
    assert_eq!(server.count(), 1);
    assert_eq!(error.has_happened(), Happened::Unknown);
    assert_eq!(error.disposition(), Disposition::Settle);
}

#[rstest]
#[case::no_reply(b"")]
#[case::half_a_body(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}")]
#[tokio::test]
async fn a_get_whose_reply_was_lost_is_repeated(#[case] lost: &'static [u8]) {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";
    let server = Server::raw(vec![lost, lost, whole]).await;
    let (http, _) = client(&[]);
    let reply = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.json::<Vec<u8>>().await.unwrap(), Vec::<u8>::new());
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_post_that_is_said_to_be_repeatable_is_repeated() {
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let server = Server::raw(vec![b"", whole]).await;
    let (http, _) = client(&[]);
    let call = http
        .call(Operation::Find, Method::POST, server.url("/"))
        .bytes("again")
        .repeatable(true);
    call.send().await.unwrap();
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|seen| &*seen.body).collect::<Vec<_>>(),
        [b"again", b"again"]
    );
}

#[rstest]
#[case(400, Happened::No, 1)]
#[case(409, Happened::No, 1)]
#[case(429, Happened::No, 5)]
#[case(408, Happened::Unknown, 1)]
#[case(500, Happened::Unknown, 1)]
#[case(503, Happened::Unknown, 1)]
#[tokio::test]
async fn statuses_tell_whether_a_post_had_an_effect(
    #[case] status: u16,
    #[case] happened: Happened,
    #[case] requests: usize,
) {
    let server = Server::start(move |_, _| reply(status, &[], "")).await;
    let (http, _) = client(&[]);
    let call = http.call(Operation::Commit, Method::POST, server.url("/")).bytes("x");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.has_happened(), happened);
    assert_eq!(server.count(), requests);
    let settle = happened == Happened::Unknown;
    assert_eq!(error.disposition() == Disposition::Settle, settle);
}

#[tokio::test]
async fn a_post_is_repeated_when_nothing_answered() {
    let (builder, clock) = builder(&[]);
    let http = builder.build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let error = http
        .call(Operation::Commit, Method::POST, url)
        .bytes("x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.has_happened(), Happened::No);
    assert!(error.is_exhausted() && slept(&clock) > 0.0);
}

#[tokio::test]
async fn a_policy_of_never_sends_once() {
    let server = Server::start(|_, _| reply(503, &[], "")).await;
    let (builder, clock) = builder(&[]);
    let http = builder.retry(RetryPolicy::never()).build().unwrap();
    let error = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_exhausted());
    assert_eq!((server.count(), slept(&clock)), (1, 0.0));
}

#[tokio::test]
async fn the_budget_ends_waits_that_would_exceed_it() {
    let server = Server::start(|_, _| reply(503, &[("retry-after", "20")], "")).await;
    let (builder, clock) = builder(&[]);
    let policy = RetryPolicy {
        attempts: 100,
        budget: Duration::from_secs(70),
        ..RetryPolicy::default()
    };
    let http = builder.retry(policy).build().unwrap();
    http.call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!((server.count(), slept(&clock)), (4, 60.0));
}
