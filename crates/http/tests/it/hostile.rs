//! Answers that no honest service gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream;
use photomove_core::{BytesBody, Checksums, ErrorKind, Operation, Result};
use photomove_http::{Bucket, Http, Method, RetryPolicy};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::server::{Server, builder, client, reply, slept};

const HOUR: f64 = 3600.0;

/// More than any buffer on the way holds; its hashes are nobody's business.
fn large() -> BytesBody {
    BytesBody::with_checksums(vec![7; 64 * 1024 * 1024].into(), Checksums::default())
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    (listener, base.parse().unwrap())
}

async fn json(http: &Http, url: Url) -> Result<Value> {
    http.call(Operation::ListAssets, Method::GET, url)
        .send()
        .await?
        .json()
        .await
}

#[rstest::rstest]
#[case::one_long(1)]
#[case::very_many(100_000)]
#[tokio::test]
async fn ten_mebibytes_of_headers_are_refused_and_not_asked_for_again(#[case] headers: usize) {
    let (listener, url) = listen().await;
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
                for number in 0..headers {
                    head.extend(format!("x-{number}: {}\r\n", "a".repeat(10 * 1024 * 1024 / headers)).as_bytes());
                }
                head.extend(b"content-length: 2\r\n\r\n{}");
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&head).await;
            });
        }
    });
    let (http, clock) = client(&[]);
    let error = json(&http, url).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.to_string().contains("headers"), "{error}");
    assert!(error.to_string().len() < 300);
    assert_eq!(slept(&clock), 0.0);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    server.abort();
}

#[tokio::test]
async fn json_nested_a_million_deep_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
        let server = Server::start(move |_, _| reply(200, &[("content-type", "application/json")], &text)).await;
        let (http, _) = client(&[]);
        let error = json(&http, server.url("/")).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("recursion limit"), "{error}");
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn json_without_end_is_read_to_its_limit_and_no_further() {
    let server = Server::start(|_, _| {
        let chunk = bytes::Bytes::from(vec![b' '; 1024 * 1024]);
        let chunks = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        let mut reply = axum::response::Response::new(axum::body::Body::from_stream(chunks));
        let json = "application/json".parse().unwrap();
        reply.headers_mut().insert("content-type", json);
        reply
    })
    .await;
    let (http, _) = client(&[]);
    let error = json(&http, server.url("/")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("longer than"), "{error}");
    assert_eq!(server.count(), 1);
}

#[rstest::rstest]
#[case("99999999999")]
#[case("184467440737095516160")]
#[case("-1")]
#[case("1e9")]
#[case("Fri, 31 Dec 9999 23:59:59 GMT")]
#[case("Thu, 01 Jan 1970 00:00:00 GMT")]
#[case("soon")]
#[case("")]
#[tokio::test]
async fn an_absurd_retry_after_costs_an_hour_at_most(#[case] asked: &'static str) {
    for status in [429, 503] {
        let server = Server::start(move |n, _| match n {
            0..3 => reply(status, &[("retry-after", asked)], ""),
            _ => reply(200, &[], ""),
        })
        .await;
        let (builder, clock) = builder(&[]);
        let http = builder.bucket("b", Bucket::default()).build().unwrap();
        let mut calls = 0;
        while server.count() < 4 {
            calls += 1;
            let call = http
                .call(Operation::ListAssets, Method::GET, server.url("/"))
                .bucket("b");
            match call.send().await {
                Ok(_) => break,
                Err(error) => assert!(error.is_exhausted() && error.is_transient(), "{error:?}"),
            }
        }
        assert!(calls <= 4);
        assert!(slept(&clock) <= 3.0 * HOUR, "{}", slept(&clock));
    }
}

/// Serves one connection after another: each request gets the next answer; counts connections.
async fn keep_alive(first: &'static [u8], late: Option<&'static [u8]>) -> (Url, tokio::task::JoinHandle<()>) {
    let (listener, url) = listen().await;
    let task = tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            connections += 1;
            let answer: &[u8] = match connections {
                1 => first,
                _ => b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n\"second\"",
            };
            let late = late.filter(|_| connections == 1);
            tokio::spawn(async move {
                let mut chunk = [0; 4096];
                while stream.read(&mut chunk).await.is_ok_and(|size| size > 0) {
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                    if let Some(late) = late {
                        tokio::time::sleep(Duration::from_millis(30)).await;
                        let _ = stream.write_all(late).await;
                    }
                }
            });
        }
    });
    (url, task)
}

const TWICE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n\"first\"\
HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n\"first\"";
const ONCE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n\"first\"";
const GARBAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n\"first\"\0\0\xff more";

#[rstest::rstest]
#[case::duplicate(TWICE, None)]
#[case::late_duplicate(ONCE, Some(ONCE))]
#[case::garbage(GARBAGE, None)]
#[tokio::test]
async fn what_follows_an_answer_is_not_taken_for_the_next_one(
    #[case] first: &'static [u8],
    #[case] late: Option<&'static [u8]>,
) {
    let (url, server) = keep_alive(first, late).await;
    let (http, _) = client(&[]);
    assert_eq!(json(&http, url.clone()).await.unwrap(), "first");
    // Long enough for the late one to have come.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(json(&http, url).await.unwrap(), "second");
    server.abort();
}

#[tokio::test]
async fn a_success_that_comes_before_the_whole_body_was_sent_is_no_success() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut chunk = [0; 1024];
            let _ = stream.read(&mut chunk).await;
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken")
                .await;
            // Neither read on nor closed: the client has nothing to go by but the answer.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(600)).await;
                drop(stream);
            });
        }
    });
    let (builder, _) = builder(&[]);
    let http = builder.retry(RetryPolicy::never()).build().unwrap();
    let body = large();
    let call = http.call(Operation::Stage, Method::POST, url).body(&body);
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Network, "{error:?}");
    assert!(error.to_string().contains("whole body"), "{error}");
    server.abort();
}

#[tokio::test]
async fn an_upload_that_nobody_reads_is_left() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let (builder, _) = builder(&[]);
    let http = builder
        .idle_timeout(Duration::from_millis(200))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let body = large();
    let call = http.call(Operation::Stage, Method::POST, url).body(&body);
    assert_eq!(*call.send().await.unwrap_err().kind(), ErrorKind::Timeout);
    server.abort();
}

#[tokio::test]
async fn a_head_that_trickles_without_end_is_left() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ").await;
                while stream.write_all(b"a").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    });
    let (builder, _) = builder(&[]);
    let http = builder
        .idle_timeout(Duration::from_millis(200))
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let error = json(&http, url).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    server.abort();
}
