//! Buckets in virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use photomove_core::{BytesBody, Error, Operation, SharedClock};
use photomove_http::{Bandwidth, Bucket, Http, HttpEnv, Lesson, Method, Wait, WaitCause, WaitWatch, Waits};

use crate::server::{Server, builder, env, ok, reply, slept};

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

/// Fewer at once after trouble, more again after rounds that went well, never more than the provider's number.
#[tokio::test]
async fn as_many_at_once_as_the_service_can_cope_with() {
    let server = Server::start(|n, _| if n < 2 { reply(503, &[], "") } else { ok("") }).await;
    let (builder, _) = builder(&[]);
    let bucket = Bucket {
        in_flight: 6,
        ..Bucket::default()
    };
    let http = builder.bucket("reads", bucket).build().unwrap();
    assert_eq!(http.lanes("reads").unwrap(), 6);
    // Refused twice: 6, 3, 1; then it goes well, which is a round of one.
    get(&http, &server).await.unwrap();
    let mut seen = vec![http.lanes("reads").unwrap()];
    for _ in 0..20 {
        get(&http, &server).await.unwrap();
        seen.push(http.lanes("reads").unwrap());
    }
    seen.dedup();
    assert_eq!(seen, [2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn an_answer_that_is_no_trouble_of_the_service_changes_nothing() {
    for status in [400, 401, 404, 413] {
        let server = Server::start(move |_, _| reply(status, &[], "")).await;
        let (builder, _) = builder(&[]);
        let http = builder.bucket("reads", Bucket::default()).build().unwrap();
        get(&http, &server).await.unwrap_err();
        assert_eq!(http.lanes("reads").unwrap(), 8, "{status}");
    }
}

/// A service that counts both buckets in one minute and says so to the first one that is over.
fn learn(bucket: &'static str, error: &Error) -> Option<Lesson> {
    let counted_with = (bucket == "uploads").then_some("writes");
    let per_minute = error.to_string().contains("go slower").then_some(4);
    per_minute.map(|_| Lesson {
        counted_with,
        per_minute,
    })
}

#[tokio::test]
async fn what_a_refusal_teaches_is_kept_to_from_then_on() {
    let server = Server::start(|n, _| if n == 5 { reply(429, &[], "") } else { ok("") }).await;
    let (builder, clock) = builder(&[]);
    let bucket = |per_minute| Bucket {
        per_minute,
        rate_limited_backoff: Duration::from_secs(1),
        ..Bucket::default()
    };
    let http = builder
        .bucket("uploads", bucket(None))
        .bucket("writes", bucket(Some(30)))
        .learn(learn)
        .build()
        .unwrap();
    let send = async |name: &'static str| {
        let call = http.call(Operation::Stage, Method::GET, server.url("/")).bucket(name);
        call.send().await.unwrap();
    };
    for _ in 0..5 {
        send("uploads").await;
    }
    assert_eq!((slept(&clock), http.shared_minute("uploads").unwrap()), (0.0, None));
    // The sixth is refused, and the service's minute is full: 61 seconds, then 4 of both kinds.
    send("uploads").await;
    assert_eq!(http.shared_minute("uploads").unwrap(), Some(4));
    assert!((slept(&clock) - 61.0).abs() < 2.0, "{}", slept(&clock));
    for name in ["writes", "uploads", "writes"] {
        send(name).await;
    }
    assert!((slept(&clock) - 61.0).abs() < 2.0, "{}", slept(&clock));
    send("writes").await;
    assert!((slept(&clock) - 122.0).abs() < 2.0, "{}", slept(&clock));
    assert_eq!(server.count(), 11, "one was refused");
}

#[tokio::test]
async fn a_limit_that_the_service_names_lowers_the_known_one_and_never_raises_it() {
    let server = Server::start(|_, _| ok("")).await;
    for (known, then) in [(30, 4), (2, 2)] {
        let (builder, clock) = builder(&[]);
        let bucket = Bucket {
            per_minute: Some(known),
            ..Bucket::default()
        };
        let http = builder.bucket("reads", bucket).learn(learn).build().unwrap();
        http.teach(
            "reads",
            Lesson {
                counted_with: None,
                per_minute: Some(4),
            },
        )
        .unwrap();
        for _ in 0..then {
            get(&http, &server).await.unwrap();
        }
        let before = slept(&clock);
        get(&http, &server).await.unwrap();
        assert_eq!(before, 0.0);
        assert!(slept(&clock) - before > 50.0, "{known}: {}", slept(&clock) - before);
    }
}

#[derive(Debug, Default)]
struct Told(Mutex<Vec<Wait>>);

impl WaitWatch for Told {
    fn waiting(&self, wait: &Wait) {
        self.0.lock().unwrap().push(*wait);
    }
}

#[tokio::test]
async fn waits_are_told_with_their_cause_and_end() {
    let server = Server::start(|n, _| {
        if n == 0 {
            reply(429, &[("retry-after", "40")], "")
        } else {
            ok("")
        }
    })
    .await;
    let told = Arc::new(Told::default());
    let (env, clock) = env();
    let env = HttpEnv {
        waits: Waits::to(told.clone()),
        ..env
    };
    let bucket = Bucket {
        per_minute: Some(1),
        ..Bucket::default()
    };
    let began = photomove_core::Clock::now(&clock);
    let http = Http::builder("test", &env).bucket("reads", bucket).build().unwrap();
    get(&http, &server).await.unwrap();
    let told = told.0.lock().unwrap().clone();
    let seconds = |wait: &Wait| wait.until.duration_since(began).as_secs();
    assert!(told.iter().all(|wait| wait.provider == "test"));
    assert_eq!((told[0].cause, seconds(&told[0])), (WaitCause::RateLimited, 40));
    let last = told.last().unwrap();
    assert_eq!((last.cause, seconds(last)), (WaitCause::Minute, 61));
}

#[tokio::test]
async fn uploads_and_downloads_share_the_bandwidth() {
    let server = Server::start(|_, _| ok(&"x".repeat(200_000))).await;
    let (env, clock) = env();
    let shared: SharedClock = Arc::new(clock.clone());
    let env = HttpEnv {
        bandwidth: Bandwidth::of(100_000, &shared).unwrap(),
        ..env
    };
    let http = Http::builder("test", &env).build().unwrap();
    let body = BytesBody::new(vec![7; 300_000]);
    let call = http.call(Operation::Stage, Method::POST, server.url("/")).body(&body);
    let reply = call.send().await.unwrap();
    assert_eq!(reply.bytes(1 << 20).await.unwrap().len(), 200_000);
    assert_eq!(server.seen()[0].body.len(), 300_000);
    // 300 kB there and 200 kB back at 100 kB/s, but for the first tenth of a second.
    assert!((slept(&clock) - 5.0).abs() < 0.3, "{}", slept(&clock));
}
