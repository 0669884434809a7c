//! A run that is to stop waits for nothing, and does not forget what it may have caused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::drill::{Drill, Mutant};
use photomove_core::{Clock, Disposition, ErrorKind, Happened, Operation};
use photomove_http::{Bucket, Http, HttpEnv, Method, Origin, OriginRule};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::server::{Server, client, env, ok, reply, start_of_test};
use crate::signing::Key;

/// A clock on which nothing ever passes.
#[derive(Debug, Default)]
struct Frozen {
    asleep: Notify,
}

#[async_trait]
impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        start_of_test()
    }

    async fn sleep(&self, _duration: Duration) {
        self.asleep.notify_one();
        std::future::pending().await
    }
}

fn frozen() -> (HttpEnv, Arc<Frozen>) {
    let clock = Arc::new(Frozen::default());
    let (env, _) = env();
    let env = HttpEnv {
        clock: clock.clone(),
        ..env
    };
    (env, clock)
}

/// Stops once somebody sleeps.
fn stop_at_the_first_sleep(stop: &CancellationToken, clock: &Arc<Frozen>) {
    let (stop, clock) = (stop.clone(), Arc::clone(clock));
    tokio::spawn(async move {
        clock.asleep.notified().await;
        stop.cancel();
    });
}

#[rstest::rstest]
#[case(503, Happened::Unknown)]
#[case(429, Happened::No)]
#[tokio::test]
async fn a_wait_to_try_again_ends_and_says_whether_the_attempt_may_have_acted(
    #[case] status: u16,
    #[case] happened: Happened,
) {
    let server = Server::start(move |_, _| reply(status, &[], "")).await;
    let (env, clock) = frozen();
    let http = Http::builder("test", &env).build().unwrap();
    stop_at_the_first_sleep(&env.stop, &clock);
    let call = http
        .call(Operation::Stage, Method::POST, server.url("/"))
        .repeatable(true);
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.has_happened(), happened);
    assert_eq!(error.disposition(), Disposition::StopRun);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn after_a_stop_a_failed_request_is_not_sent_again() {
    let server = Server::start(|_, _| reply(503, &[], "")).await;
    let (env, _) = frozen();
    env.stop.cancel();
    let http = Http::builder("test", &env).build().unwrap();
    let error = http
        .call(Operation::ListAssets, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), server.count()), (&ErrorKind::Cancelled, 1));
}

#[tokio::test]
async fn after_a_stop_a_request_whose_turn_it_is_still_leaves() {
    let server = Server::start(|_, _| ok("done")).await;
    let (env, _) = frozen();
    env.stop.cancel();
    let http = Http::builder("test", &env)
        .bucket("writes", Bucket::default())
        .build()
        .unwrap();
    let call = http
        .call(Operation::Commit, Method::POST, server.url("/"))
        .bucket("writes");
    assert_eq!(call.send().await.unwrap().text(10).await.unwrap(), "done");
}

#[rstest::rstest]
#[case::minute(Bucket { per_minute: Some(1), ..Bucket::default() })]
#[case::second(Bucket { per_second: Some(0.1), ..Bucket::default() })]
#[tokio::test]
async fn a_wait_for_its_turn_ends_with_nothing_sent(#[case] bucket: Bucket) {
    let server = Server::start(|_, _| ok("")).await;
    let (env, clock) = frozen();
    let http = Http::builder("test", &env).bucket("writes", bucket).build().unwrap();
    let call = || {
        http.call(Operation::Commit, Method::POST, server.url("/"))
            .bucket("writes")
    };
    call().send().await.unwrap();
    stop_at_the_first_sleep(&env.stop, &clock);
    let error = call().send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.has_happened(), Happened::No);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_wait_for_a_lane_ends_with_nothing_sent() {
    let server = Server::start(|_, _| ok(&"x".repeat(200_000))).await;
    let (env, _) = frozen();
    let bucket = Bucket {
        in_flight: 1,
        ..Bucket::default()
    };
    let http = Http::builder("test", &env).bucket("reads", bucket).build().unwrap();
    let call = || http.call(Operation::Open, Method::GET, server.url("/")).bucket("reads");
    let held = call().send().await.unwrap();
    let waits = tokio::spawn({
        let (http, url) = (http.clone(), server.url("/"));
        async move {
            http.call(Operation::Open, Method::GET, url)
                .bucket("reads")
                .send()
                .await
        }
    });
    tokio::task::yield_now().await;
    env.stop.cancel();
    let error = waits.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), server.count()), (&ErrorKind::Cancelled, 1));
    drop(held);
}

#[tokio::test]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten_while_waiting_for_a_turn() {
    let server = Server::start(|_, _| reply(503, &[("retry-after", "0")], "")).await;
    let (env, clock) = frozen();
    // The first wait passes, the second one, for the turn, is cut short.
    let clock = Arc::new(FirstSleepPasses {
        inner: clock,
        left: AtomicU64::new(1),
    });
    let env = HttpEnv {
        clock: clock.clone(),
        ..env
    };
    let bucket = Bucket {
        per_minute: Some(1),
        ..Bucket::default()
    };
    let http = Http::builder("test", &env).bucket("writes", bucket).build().unwrap();
    stop_at_the_first_sleep(&env.stop, &clock.inner);
    let call = http
        .call(Operation::Describe, Method::PATCH, server.url("/"))
        .repeatable(true)
        .bucket("writes");
    let error = call.send().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Cancelled);
    assert_eq!((error.has_happened(), server.count()), (Happened::Unknown, 1));
}

#[derive(Debug)]
struct FirstSleepPasses {
    inner: Arc<Frozen>,
    left: AtomicU64,
}

#[async_trait]
impl Clock for FirstSleepPasses {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn sleep(&self, duration: Duration) {
        if self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_err()
        {
            self.inner.sleep(duration).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_is_sent_once_leaves_the_rest_to_its_caller() {
    let server = Server::start(|n, _| if n < 2 { reply(503, &[], "") } else { ok("") }).await;
    let (http, _) = client(&[&server]);
    let key = Key::new();
    let mut attempts = http.attempts(Operation::Stage);
    attempts.begin();
    loop {
        let call = http
            .call(Operation::Stage, Method::POST, server.url("/"))
            .credentials(&key)
            .once();
        match call.send().await {
            Ok(_) => break,
            Err(error) => {
                assert!(!error.is_exhausted());
                assert_eq!(error.disposition(), Disposition::Settle, "it may have acted");
                attempts.again(error.happened(Happened::Unknown, true)).await.unwrap();
            }
        }
    }
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_planned_death_passes_the_boundaries_of_each_request() {
    let (env, _) = env();
    for (plan, deaths) in [("kill=request:4", 1), ("kill=request:5", 0)] {
        let count = Arc::new(AtomicU64::new(0));
        let dies = Arc::clone(&count);
        let drill = Drill::parse(plan, move || {
            dies.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
        let server = Server::start(|n, _| if n == 0 { reply(503, &[], "") } else { ok("") }).await;
        let http = Http::builder("test", &HttpEnv { drill, ..env.clone() })
            .build()
            .unwrap();
        let call = http.call(Operation::ListAssets, Method::GET, server.url("/"));
        call.send().await.unwrap();
        // Two attempts, each with a boundary before and one after.
        assert_eq!(count.load(Ordering::SeqCst), deaths);
    }
}

#[tokio::test]
async fn the_planted_defect_shows_credentials_to_strangers() {
    for (drill, shown) in [
        (Drill::none(), None),
        (Drill::mutant(Mutant::CookiesFollowRedirect), Some("Bearer key-0")),
    ] {
        let stranger = Server::start(|_, _| ok("")).await;
        let to = stranger.url("/").to_string();
        let home = Server::start(move |_, _| reply(302, &[("location", &to)], "")).await;
        let (env, _) = env();
        let http = Http::builder("test", &HttpEnv { drill, ..env })
            .credential_origins(vec![OriginRule::Exact(Origin::of(&home.base))])
            .build()
            .unwrap();
        let key = Key::new();
        let call = http.call(Operation::Open, Method::GET, home.url("/")).credentials(&key);
        call.send().await.unwrap();
        assert_eq!(stranger.seen()[0].header("authorization"), shown);
    }
}
