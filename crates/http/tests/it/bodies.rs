//! Bodies both ways: replayed, whole, limited.

use std::io::Write;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use photomove_core::{Body, ByteStream, BytesBody, Checksums, Error, ErrorKind, Happened, Operation, Result};
use photomove_http::Method;
use rstest::rstest;
use serde::Deserialize;

use crate::server::{Server, builder, client, ok, reply};

#[tokio::test]
async fn a_streamed_body_is_opened_anew_for_each_attempt_with_its_length() {
    let server = Server::start(|n, _| if n == 0 { reply(503, &[], "") } else { ok("") }).await;
    let (http, _) = client(&[]);
    let body = BytesBody::new(vec![7; 300_000]);
    http.call(Operation::Stage, Method::PUT, server.url("/"))
        .body(&body)
        .send()
        .await
        .unwrap();
    for seen in server.seen() {
        assert_eq!(seen.body.len(), 300_000);
        assert_eq!(seen.header("content-length"), Some("300000"));
        assert_eq!(seen.header("transfer-encoding"), None);
    }
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn the_rest_of_a_body_can_be_sent() {
    let server = Server::start(|_, _| ok("")).await;
    let (http, _) = client(&[]);
    let body = BytesBody::new("0123456789");
    let call = http
        .call(Operation::Stage, Method::PUT, server.url("/"))
        .body_from(&body, 7);
    call.send().await.unwrap();
    assert_eq!(server.seen()[0].body, "789");
}

/// A body that promises ten bytes.
#[derive(Debug)]
struct Promises(Checksums, Vec<Option<&'static str>>);

#[async_trait]
impl Body for Promises {
    fn size_bytes(&self) -> u64 {
        10
    }

    fn checksums(&self) -> &Checksums {
        &self.0
    }

    async fn stream(&self, _offset: u64) -> Result<ByteStream> {
        let chunks = self.1.clone().into_iter().map(|chunk| match chunk {
            Some(text) => Ok(Bytes::from_static(text.as_bytes())),
            None => Err(Error::new(ErrorKind::Internal, "disk is on fire")),
        });
        Ok(stream::iter(chunks).boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        Ok(self.0)
    }
}

#[rstest]
#[case::fails(vec![Some("0123"), None], ErrorKind::Internal, "disk is on fire")]
#[case::short(vec![Some("0123")], ErrorKind::Corrupt, "shorter")]
#[case::long(vec![Some("0123"), Some("0123456789")], ErrorKind::Corrupt, "longer")]
#[tokio::test]
async fn a_body_that_breaks_its_promise_is_our_own_error(
    #[case] chunks: Vec<Option<&'static str>>,
    #[case] kind: ErrorKind,
    #[case] words: &str,
) {
    let server = Server::start(|_, _| ok("")).await;
    let (http, _) = client(&[]);
    let body = Promises(Checksums::of(b""), chunks);
    let call = http.call(Operation::Stage, Method::POST, server.url("/")).body(&body);
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), kind);
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.has_happened(), Happened::No);
}

#[rstest]
#[case::length(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nshort")]
#[case::chunked(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n")]
#[tokio::test]
async fn a_download_that_breaks_off_ends_with_an_error(#[case] cut: &'static [u8]) {
    let server = Server::raw(vec![cut]).await;
    let (http, _) = client(&[]);
    let reply = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    let chunks: Vec<_> = reply.stream().collect().await;
    assert_eq!(chunks[0].as_ref().unwrap(), "short");
    let error = chunks.last().unwrap().as_ref().unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("broke off"), "{error}");
    assert_eq!(error.operation_name(), Some(Operation::Open));
}

#[tokio::test]
async fn a_short_download_that_breaks_off_is_repeated() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nshort";
    let whole = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nlong long";
    let server = Server::raw(vec![cut, whole]).await;
    let (http, _) = client(&[]);
    let reply = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.bytes(9).await.unwrap(), "long long");

    let server = Server::raw(vec![cut]).await;
    let error = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_exhausted());
    assert!(error.to_string().contains("received 5 of 9 bytes"), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let (builder, _) = builder(&[]);
    let http = builder
        .idle_timeout(Duration::from_millis(100))
        .retry(photomove_http::RetryPolicy::never())
        .build()
        .unwrap();
    let call = http.call(Operation::Stage, Method::POST, url).bytes("x");
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert_eq!(error.has_happened(), Happened::Unknown);
    drop(listener);
}

#[tokio::test]
async fn a_download_that_falls_silent_is_left() {
    let server = Server::start(|_, _| {
        let chunks = stream::iter([Ok::<_, std::io::Error>("first")]).chain(stream::pending());
        axum::response::Response::new(axum::body::Body::from_stream(chunks))
    })
    .await;
    let (builder, _) = builder(&[]);
    let http = builder.idle_timeout(Duration::from_millis(100)).build().unwrap();
    let reply = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    let error = reply.stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn an_attempt_can_be_limited_in_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let (builder, _) = builder(&[]);
    let http = builder.retry(photomove_http::RetryPolicy::never()).build().unwrap();
    let call = http
        .call(Operation::Open, Method::GET, url)
        .timeout(Duration::from_millis(50));
    assert_eq!(*call.send().await.unwrap_err().kind(), ErrorKind::Timeout);
    drop(listener);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Thing {
    name: String,
    size: u64,
}

async fn json_of(content_type: &'static str, body: &'static str) -> Result<Thing> {
    let server = Server::start(move |_, _| reply(200, &[("content-type", content_type)], body)).await;
    let (http, _) = client(&[]);
    http.call(Operation::Refresh, Method::GET, server.url("/"))
        .send()
        .await?
        .json()
        .await
}

#[tokio::test]
async fn json_is_read_with_or_without_a_byte_order_mark() {
    let thing = Thing {
        name: "a".to_owned(),
        size: 1,
    };
    assert_eq!(
        json_of("application/json", r#"{"name":"a","size":1}"#).await.unwrap(),
        thing
    );
    let marked = "\u{feff}{\"name\":\"a\",\"size\":1}";
    assert_eq!(json_of("text/plain", marked).await.unwrap(), thing);
}

#[rstest]
#[case("application/json", r#"{"name":"a"}"#, "missing field `size`")]
#[case("application/json", r#"{"name":"a","size":"s3cret"}"#, "line 1")]
#[case("text/html; charset=utf-8", "<!doctype html><title>Sign in", "web page")]
#[case("application/json", " <html>", "web page")]
#[case("application/json", "", "EOF")]
#[tokio::test]
async fn what_is_no_json_of_this_form_is_a_protocol_error(
    #[case] content_type: &'static str,
    #[case] body: &'static str,
    #[case] words: &str,
) {
    let error = json_of(content_type, body).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains(words), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn unreadable_json_of_a_post_is_settled() {
    let server = Server::start(|_, _| ok("oops")).await;
    let (http, _) = client(&[]);
    let call = http.call(Operation::Commit, Method::POST, server.url("/")).bytes("x");
    let error = call.send().await.unwrap().json::<Thing>().await.unwrap_err();
    assert_eq!(error.disposition(), photomove_core::Disposition::Settle);
}

#[tokio::test]
async fn a_web_page_can_be_classified_as_an_error() {
    let server = Server::start(|n, _| match n {
        0 => reply(200, &[("content-type", "text/html")], "sign in"),
        _ => ok("in"),
    })
    .await;
    let (builder, _) = builder(&[]);
    let http = builder
        .classify(|reply| {
            assert_eq!((reply.status.as_u16(), reply.body), (200, "sign in"));
            Error::new(ErrorKind::Unavailable { retry_after: None }, "a page")
        })
        .build()
        .unwrap();
    let call = http
        .call(Operation::Connect, Method::GET, server.url("/"))
        .html_is_error();
    assert_eq!(call.send().await.unwrap().text(10).await.unwrap(), "in");
}

#[tokio::test]
async fn a_reply_longer_than_the_limit_is_refused() {
    let server = Server::start(|_, _| ok("0123456789")).await;
    let (http, _) = client(&[]);
    for (limit, fits) in [(10, true), (9, false)] {
        let reply = http
            .call(Operation::Open, Method::GET, server.url("/"))
            .send()
            .await
            .unwrap();
        assert_eq!(reply.content_length(), Some(10));
        assert_eq!(reply.bytes(limit).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn an_error_reply_is_read_up_to_its_limit_and_broken_letters_are_replaced() {
    let server = Server::start(|_, _| {
        let mut body = vec![b'x'; 100_000];
        body[0] = 0xff;
        let mut reply = axum::response::Response::new(body.into());
        *reply.status_mut() = photomove_http::StatusCode::BAD_REQUEST;
        reply
    })
    .await;
    let (builder, _) = builder(&[]);
    let http = builder
        .classify(|reply| {
            assert!(reply.body.starts_with('\u{fffd}'));
            Error::new(ErrorKind::NotFound, reply.body.chars().count().to_string())
        })
        .build()
        .unwrap();
    let error = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.message(), "65536");
}

#[tokio::test]
async fn a_head_reply_with_a_length_has_no_body_to_miss() {
    let server = Server::start(|_, _| ok("0123456789")).await;
    let (http, _) = client(&[]);
    let reply = http
        .call(Operation::Verify, Method::HEAD, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.content_length(), Some(10));
    assert_eq!(reply.bytes(100).await.unwrap(), "");
}

/// The smallest gzip file there is of the given text: stored, not compressed.
fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.write_all(&length.to_le_bytes()).unwrap();
    out.write_all(&(!length).to_le_bytes()).unwrap();
    out.write_all(text.as_bytes()).unwrap();
    let mut crc = !0_u32;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    out.write_all(&(!crc).to_le_bytes()).unwrap();
    out.write_all(&u32::from(length).to_le_bytes()).unwrap();
    out
}

#[tokio::test]
async fn a_packed_reply_is_unpacked_and_its_packed_length_is_not_taken_for_its_own() {
    let server = Server::start(|_, seen| {
        assert_eq!(seen.header("accept-encoding"), Some("gzip"));
        let mut reply = axum::response::Response::new(gzip("unpacked").into());
        reply.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        reply
    })
    .await;
    let (http, _) = client(&[]);
    let reply = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.content_length(), None);
    assert_eq!(reply.text(100).await.unwrap(), "unpacked");
}
