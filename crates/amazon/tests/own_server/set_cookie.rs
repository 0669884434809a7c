//! Cookies that answers set.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::response::Response;
use photomove_core::PhotoProvider;
use rstest::rstest;

use crate::support::{Keeper, Server, first_page, node, page, reply, root, stale};

fn setting(mut response: Response, cookies: &[&'static str]) -> Response {
    for cookie in cookies {
        response
            .headers_mut()
            .append("set-cookie", HeaderValue::from_static(cookie));
    }
    response
}

/// A server that sets cookies with its first answer only.
async fn sets(cookies: &'static [&'static str]) -> Server {
    Server::start(move |seen| match seen.asks_for_root() {
        true => setting(root("A0OWN"), cookies),
        false => page(1, vec![node(1, "A0OWN")], None),
    })
    .await
}

const AS_GIVEN: &str = "session-id=133-1; ubid-main=133-2; at-main=old; x-main=x1; sess-at-main=\"key=\"; sst-main=s1";

#[rstest]
#[case::held(&["at-main=next; Domain=.amazon.com; Path=/; Secure; HttpOnly"], "session-id=133-1; ubid-main=133-2; at-main=next; x-main=x1; sess-at-main=\"key=\"; sst-main=s1")]
#[case::several(&["x-main=x3", "session-id=134-0; domain=www.amazon.com"], "session-id=134-0; ubid-main=133-2; at-main=old; x-main=x3; sess-at-main=\"key=\"; sst-main=s1")]
#[case::not_held(&["session-token=abc; Domain=.amazon.com", "csm-hit=x"], AS_GIVEN)]
#[case::of_another_site(&["at-main=evil; Domain=.evil.example"], AS_GIVEN)]
#[case::deleted(&["at-main=; Domain=.amazon.com", "x-main=-; Expires=Mon, 01-Jan-2004 08:00:01 GMT", "sst-main=x; Max-Age=0"], AS_GIVEN)]
#[tokio::test]
async fn an_ordinary_answer_changes_cookies_that_are_held(#[case] set: &'static [&'static str], #[case] sent: &str) {
    let server = sets(set).await;
    let keeper = Arc::new(Keeper::default());
    let amazon = server.keeping(&keeper).await;
    amazon.connect().await.unwrap();
    first_page(&amazon).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("cookie"), Some(AS_GIVEN));
    assert_eq!(seen[1].header("cookie"), Some(sent));
    assert_eq!(seen[1].header("x-amzn-sessionid"), seen[1].cookie("session-id"));
    assert_eq!(
        keeper.value("at-main").is_some(),
        sent != AS_GIVEN,
        "what was taken is kept"
    );
}

#[tokio::test]
async fn a_value_that_is_far_too_long_is_not_taken() {
    let server = Server::start(|seen| {
        let long = format!("at-main={}", "x".repeat(5000));
        let answer = if seen.asks_for_root() {
            root("A0OWN")
        } else {
            page(1, vec![node(1, "A0OWN")], None)
        };
        let (mut head, body) = answer.into_parts();
        head.headers.append("set-cookie", long.parse().unwrap());
        Response::from_parts(head, body)
    })
    .await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    first_page(&amazon).await.unwrap();
    assert_eq!(server.seen()[1].header("cookie"), Some(AS_GIVEN));
}

#[tokio::test]
async fn one_that_no_header_may_hold_spoils_no_other() {
    let server = Server::start(|seen| {
        let answer = match seen.asks_for_root() {
            true => root("A0OWN"),
            false => page(1, vec![node(1, "A0OWN")], None),
        };
        let (mut head, body) = answer.into_parts();
        for cookie in ["x-main=a\tb", "at-main=next"] {
            head.headers.append("set-cookie", cookie.parse().unwrap());
        }
        Response::from_parts(head, body)
    })
    .await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    first_page(&amazon).await.unwrap();
    assert_eq!(
        server.seen()[1].header("cookie"),
        Some(AS_GIVEN.replace("at-main=old", "at-main=next").as_str())
    );
}

#[tokio::test]
async fn refusals_and_foreign_hosts_change_nothing() {
    let foreign = Server::start(|_| setting(reply(200, &[], "bytes"), &["at-main=evil"])).await;
    let elsewhere = foreign.base.to_string();
    let server = Server::start(move |seen| {
        if seen.path.contains("exchangetoken") {
            return setting(reply(403, &[], ""), &["at-main=visitor"]);
        }
        if seen.path.starts_with("/downloads/") {
            return setting(reply(302, &[("location", &elsewhere)], ""), &["at-main=visitor"]);
        }
        if seen.asks_for_root() {
            return root("A0OWN");
        }
        setting(stale(), &["at-main=visitor", "session-id=999-9"])
    })
    .await;
    let amazon = server.provider();
    amazon.connect().await.unwrap();
    assert!(first_page(&amazon).await.is_err());
    crate::support::open(&amazon, "n1", 0).await.unwrap();
    amazon.connect().await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.header("cookie") == Some(AS_GIVEN)));
    assert_eq!((foreign.seen().len(), foreign.seen()[0].header("cookie")), (1, None));
}
