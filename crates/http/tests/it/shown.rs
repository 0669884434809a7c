//! What `Debug`, errors and logs show.

use photomove_core::Operation;
use photomove_http::{HeaderName, Method, http};

use crate::server::{Server, client, ok, reply};

#[tokio::test]
async fn neither_calls_nor_replies_show_secrets() {
    let server = Server::start(|_, _| {
        reply(
            200,
            &[
                ("set-cookie", "s3cret"),
                ("x-amz-access-token", "s3cret"),
                ("etag", "seen"),
            ],
            "",
        )
    })
    .await;
    let (http, _) = client(&[&server]);
    let mut call = http
        .call(Operation::Open, Method::GET, server.url("/p?sig=s3cret"))
        .query(&[("key", "s3cret")])
        .header("accept", "seen");
    for name in ["authorization", "cookie", "x-amzn-sessionid", "x-amz-access-token"] {
        call = call.header(HeaderName::from_static(name), "s3cret");
    }
    let shown = format!("{call:?} {http:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("seen") && shown.contains("x-amzn-sessionid"), "{shown}");
    let reply = call.send().await.unwrap();
    let shown = format!("{reply:?}");
    assert!(!shown.contains("s3cret") && shown.contains("seen"), "{shown}");
    assert_eq!(server.seen()[0].path, "/p?sig=s3cret&key=s3cret");
}

#[tokio::test]
async fn an_impossible_header_is_an_error_without_its_value() {
    let (http, _) = client(&[]);
    let url = "http://127.0.0.1:1/".parse().unwrap();
    let call = http
        .call(Operation::Open, Method::GET, url)
        .header("cookie", "s3cret\n");
    let error = call.send().await.unwrap_err();
    let shown = format!("{error:?}");
    assert!(!shown.contains("s3cret") && shown.contains("cookie"), "{shown}");
}

#[tokio::test]
async fn a_raw_request_is_sent_once_as_it_is() {
    let server = Server::start(|_, _| reply(302, &[("location", "/elsewhere")], "no")).await;
    let (http, _) = client(&[]);
    let request = http::Request::post(server.url("/token").as_str())
        .header("authorization", "Basic abc")
        .body(b"code=1".to_vec())
        .unwrap();
    let answer = http.raw(Operation::SignIn, request).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_slice()),
        (302, b"no".as_slice())
    );
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].body, "code=1");
    assert_eq!(seen[0].header("authorization"), Some("Basic abc"));
}

#[tokio::test]
async fn a_raw_request_in_plain_leaves_this_machine_for_nowhere() {
    let (http, _) = client(&[]);
    let request = http::Request::post("http://accounts.invalid/token")
        .body(Vec::new())
        .unwrap();
    let error = http.raw(Operation::SignIn, request).await.unwrap_err();
    assert!(error.to_string().contains("accounts.invalid"), "{error}");
}

#[tokio::test]
async fn forms_and_json_are_sent_with_their_types() {
    let server = Server::start(|_, _| ok("")).await;
    let (http, _) = client(&[]);
    let post = || http.call(Operation::SignIn, Method::POST, server.url("/"));
    post().form(&[("a", "1 2"), ("b", "&")]).send().await.unwrap();
    post().json(&[1]).send().await.unwrap();
    post().send().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].body, "a=1+2&b=%26");
    assert_eq!(
        seen[0].header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert_eq!(seen[2].header("content-length"), Some("0"));
    assert_eq!(
        seen[0].header("user-agent"),
        Some(concat!("photomove/", env!("CARGO_PKG_VERSION")))
    );
}
