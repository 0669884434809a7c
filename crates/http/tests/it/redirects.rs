//! Who sees what when a service says "look there".

use photomove_core::{Disposition, ErrorKind, Happened, Operation};
use photomove_http::{ErrorReply, Method};
use rstest::rstest;

use crate::server::{Server, builder, client, ok, reply};
use crate::signing::Key;

/// A server that sends all to another address.
async fn pointer(status: u16, to: String) -> Server {
    Server::start(move |_, _| reply(status, &[("location", &to)], "")).await
}

#[tokio::test]
async fn another_port_is_another_origin_and_sees_no_credentials() {
    let foreign = Server::start(|_, _| ok("bytes")).await;
    let home = pointer(302, foreign.url("/file").to_string()).await;
    let (http, _) = client(&[&home]);
    let key = Key::new();
    let reply = http
        .call(Operation::Open, Method::GET, home.url("/"))
        .header("cookie", "of=mine")
        .header("x-amzn-sessionid", "s3cret")
        .header("accept", "image/*")
        .credentials(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.origin().port, foreign.base.port().unwrap());
    assert_eq!(home.seen()[0].header("authorization"), Some("Bearer key-0"));
    assert_eq!(home.seen()[0].header("cookie"), Some("of=mine"));
    let there = &foreign.seen()[0];
    for name in ["authorization", "cookie", "x-amzn-sessionid", "referer"] {
        assert_eq!(there.header(name), None, "{name}");
    }
    assert_eq!(there.header("accept"), Some("image/*"));
}

#[tokio::test]
async fn an_allowed_origin_sees_credentials_after_a_redirect() {
    let second = Server::start(|_, _| ok("bytes")).await;
    let first = pointer(307, second.url("/file").to_string()).await;
    let (http, _) = client(&[&first, &second]);
    let key = Key::new();
    let call = http
        .call(Operation::Open, Method::GET, first.url("/"))
        .credentials(&key);
    call.send().await.unwrap();
    assert_eq!(second.seen()[0].header("authorization"), Some("Bearer key-0"));
}

#[tokio::test]
async fn credentials_come_back_with_the_way_home() {
    let home = Server::start(|n, _| match n {
        0 => reply(302, &[("location", "http://127.0.0.1:1/never")], ""),
        _ => ok("done"),
    })
    .await;
    let back = home.url("/back").to_string();
    let foreign = pointer(302, back).await;
    let first = pointer(302, foreign.url("/there").to_string()).await;
    let (http, _) = client(&[&home, &first]);
    let key = Key::new();
    // The first answer of `home` is for a request of its own, so that its second one is the end of the way.
    let call = http.call(Operation::Open, Method::GET, home.url("/")).no_redirects();
    call.send().await.unwrap_err();
    let call = http
        .call(Operation::Open, Method::GET, first.url("/"))
        .credentials(&key);
    call.send().await.unwrap();
    assert_eq!(foreign.seen()[0].header("authorization"), None);
    assert_eq!(home.seen()[1].header("authorization"), Some("Bearer key-0"));
}

#[rstest]
#[case(301, Method::POST, Method::GET, "")]
#[case(302, Method::POST, Method::GET, "")]
#[case(303, Method::PUT, Method::GET, "")]
#[case(307, Method::POST, Method::POST, "body")]
#[case(308, Method::PUT, Method::PUT, "body")]
#[tokio::test]
async fn methods_and_bodies_go_on_as_in_browsers(
    #[case] status: u16,
    #[case] sent: Method,
    #[case] arrived: Method,
    #[case] body: &'static str,
) {
    let server = Server::start(move |n, _| match n {
        0 => reply(status, &[("location", "/next")], ""),
        _ => ok(""),
    })
    .await;
    let (http, _) = client(&[&server]);
    let call = http.call(Operation::Stage, sent, server.url("/")).bytes("body");
    call.header("content-type", "text/plain").send().await.unwrap();
    let last = &server.seen()[1];
    assert_eq!((&last.method, &*last.path), (&arrived, "/next"));
    assert_eq!(last.body, body);
    assert_eq!(last.header("content-type").is_some(), !body.is_empty());
}

#[tokio::test]
async fn a_signed_body_is_not_carried_to_a_foreign_origin() {
    let foreign = Server::start(|_, _| ok("")).await;
    let home = pointer(307, foreign.url("/").to_string()).await;
    let (http, _) = client(&[&home]);
    let key = Key::new();
    let call = http.call(Operation::Stage, Method::PUT, home.url("/")).bytes("private");
    let error = call.credentials(&key).send().await.unwrap_err();
    assert_eq!(foreign.count(), 0);
    assert_eq!(*error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_circle_is_named_as_one() {
    let server = Server::start(|_, seen| {
        let to = if seen.path == "/a" { "/b" } else { "/a" };
        reply(302, &[("location", to)], "")
    })
    .await;
    let (http, _) = client(&[]);
    let error = http
        .call(Operation::Open, Method::GET, server.url("/a"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(server.count(), 2);
    assert!(error.to_string().contains("circle"), "{error}");
    assert_eq!(error.disposition(), Disposition::FailItem);
}

#[tokio::test]
async fn a_circle_that_sets_a_cookie_is_followed() {
    let server = Server::start(|n, _| match n {
        0 => reply(302, &[("location", "/"), ("set-cookie", "seen=1")], ""),
        _ => ok("in"),
    })
    .await;
    let (http, _) = client(&[]);
    http.call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn an_endless_way_is_left() {
    let server = Server::start(|n, _| reply(302, &[("location", &format!("/{n}"))], "")).await;
    let (http, _) = client(&[]);
    let error = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(server.count(), 11);
    assert!(error.to_string().contains("more than 10 times"), "{error}");
}

#[tokio::test]
async fn redirects_can_be_left_to_classify() {
    fn classify(reply: &ErrorReply<'_>) -> photomove_core::Error {
        let to = reply.redirected_to.map(ToString::to_string).unwrap_or_default();
        photomove_core::Error::new(ErrorKind::NotFound, format!("moved to {to}"))
    }
    let server = pointer(302, "/signin".to_owned()).await;
    let foreign = pointer(302, "http://elsewhere.invalid/".to_owned()).await;
    let (builder, _) = builder(&[&server]);
    let http = builder.classify(classify).build().unwrap();
    let call = http.call(Operation::Connect, Method::GET, server.url("/"));
    let error = call.no_redirects().send().await.unwrap_err();
    assert!(error.message().ends_with("/signin"), "{error}");
    let call = http.call(Operation::Connect, Method::GET, foreign.url("/"));
    let error = call.redirects_to_any_origin(false).send().await.unwrap_err();
    assert!(error.message().contains("elsewhere.invalid"), "{error}");
}

#[tokio::test]
async fn what_follows_a_redirected_post_may_come_after_its_effect() {
    let server = Server::start(|n, _| match n {
        0 => reply(303, &[("location", "/result")], ""),
        _ => reply(404, &[], ""),
    })
    .await;
    let (http, _) = client(&[]);
    let call = http.call(Operation::Commit, Method::POST, server.url("/")).bytes("x");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.has_happened(), Happened::Unknown);
    assert_eq!(error.disposition(), Disposition::Settle);
}
