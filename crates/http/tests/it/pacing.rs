//! Buckets in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use photomove_core::Operation;
use photomove_http::{Bucket, Http, Method};

use crate::server::{Server, builder, ok, reply, slept};

async fn get(http: &Http, server: &Server) -> photomove_core::Result<photomove_http::Reply> {
    http.call(Operation::Open, Method::GET, server.url("/"))
        .bucket("reads")
        .send()
        .await
}

#[tokio::test]
async fn requests_are_evenly_spaced() {
    let server = Server::start(|_, _| ok("")).await;
    let (builder, clock) = builder(&[]);
    let bucket = Bucket {
        per_second: Some(0.5),
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    for _ in 0..31 {
        get(&http, &server).await.unwrap();
    }
    assert!((slept(&clock) - 60.0).abs() < 0.01, "{}", slept(&clock));
}

#[tokio::test]
async fn a_minute_takes_so_many_requests_and_the_next_ones_wait_for_it_to_pass() {
    let server = Server::start(|_, _| ok("")).await;
    let (builder, clock) = builder(&[]);
    let bucket = Bucket {
        per_minute: Some(3),
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    for (requests, seconds) in [(3, 0.0), (1, 61.0), (2, 61.0), (1, 122.0)] {
        for _ in 0..requests {
            get(&http, &server).await.unwrap();
        }
        assert!((slept(&clock) - seconds).abs() < 0.01, "{}", slept(&clock));
    }
}

#[tokio::test]
async fn calls_outside_a_bucket_do_not_wait_and_unknown_buckets_are_errors() {
    let server = Server::start(|_, _| ok("")).await;
    let (builder, clock) = builder(&[]);
    let bucket = Bucket {
        per_second: Some(0.1),
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    for _ in 0..3 {
        http.call(Operation::Open, Method::GET, server.url("/"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(slept(&clock), 0.0);
    let call = http
        .call(Operation::Open, Method::GET, server.url("/"))
        .bucket("writes");
    assert!(call.send().await.unwrap_err().to_string().contains("writes"));
}

#[tokio::test]
async fn no_more_are_in_flight_than_allowed_downloads_included() {
    let server = Server::start(|_, _| ok(&"x".repeat(100_000))).await;
    let (builder, _) = builder(&[]);
    let http = builder
        .bucket(
            "reads",
            Bucket {
                in_flight: 2,
                ..Bucket::default()
            },
        )
        .build()
        .unwrap();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let calls = (0..10).map(|_| async {
        let reply = get(&http, &server).await.unwrap();
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        now.fetch_sub(1, Ordering::SeqCst);
        drop(reply);
    });
    join_all(calls).await;
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_that_waits_to_try_again_holds_no_lane() {
    // Were the lane held while sleeping, the retry itself would wait for ever.
    let server = Server::start(|n, _| if n == 0 { reply(503, &[], "") } else { ok("") }).await;
    let (builder, _) = builder(&[]);
    let bucket = Bucket {
        in_flight: 1,
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    get(&http, &server).await.unwrap();
}

#[tokio::test]
async fn too_many_requests_pause_the_whole_bucket_longer_each_time() {
    let server = Server::start(|n, _| if n < 3 { reply(429, &[], "") } else { ok("") }).await;
    let (builder, clock) = builder(&[]);
    let bucket = Bucket {
        rate_limited_backoff: Duration::from_secs(30),
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    get(&http, &server).await.unwrap();
    assert!(
        (slept(&clock) - (30.0 + 60.0 + 120.0)).abs() < 0.01,
        "{}",
        slept(&clock)
    );
}

#[tokio::test]
async fn a_pause_holds_other_callers_back() {
    let server = Server::start(|n, _| match n {
        0 => reply(429, &[("retry-after", "400")], ""),
        _ => ok(""),
    })
    .await;
    let (builder, clock) = builder(&[]);
    let http = builder.bucket("reads", Bucket::default()).build().unwrap();
    // Longer than the budget: given back at once, but the bucket knows.
    get(&http, &server).await.unwrap_err();
    assert_eq!(slept(&clock), 0.0);
    get(&http, &server).await.unwrap();
    assert_eq!(slept(&clock), 400.0);
}

#[tokio::test]
async fn a_short_reply_that_nobody_reads_holds_no_lane() {
    let server = Server::start(|n, _| reply(if n == 0 { 204 } else { 200 }, &[], "")).await;
    let (builder, _) = builder(&[]);
    let bucket = Bucket {
        in_flight: 1,
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    let first = get(&http, &server).await.unwrap();
    let second = get(&http, &server).await.unwrap();
    let third = get(&http, &server).await.unwrap();
    drop((first, second, third));
}
