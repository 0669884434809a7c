//! Clocks that are set forward and back, as after a suspend or a wrong battery.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{Clock, Operation, Result};
use photomove_http::{Bucket, Fresh, Http, HttpEnv, Method, TokenCache};

use crate::server::{Server, env, ok, reply, start_of_test};

const DAY: i64 = 24 * 3600;

/// A clock that can be set, and that remembers how long was slept on it.
#[derive(Debug, Default)]
struct Settable {
    seconds: AtomicI64,
    slept: Mutex<Duration>,
}

impl Settable {
    fn set(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn slept(&self) -> Duration {
        *self.slept.lock().unwrap()
    }
}

#[async_trait]
impl Clock for Settable {
    fn now(&self) -> Timestamp {
        let since = SignedDuration::from_secs(self.seconds.load(Ordering::SeqCst));
        let slept = SignedDuration::try_from(self.slept()).unwrap();
        start_of_test() + since + slept
    }

    async fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap() += duration;
        tokio::task::yield_now().await;
    }
}

async fn bench(bucket: Bucket, limited: bool) -> (Server, Http, Arc<Settable>) {
    let server = Server::start(move |n, _| if limited && n == 0 { reply(429, &[], "") } else { ok("") }).await;
    let clock = Arc::new(Settable::default());
    let (env, _) = env();
    let env = HttpEnv {
        clock: clock.clone(),
        ..env
    };
    let http = Http::builder("test", &env).bucket("b", bucket).build().unwrap();
    (server, http, clock)
}

#[rstest::rstest]
#[case::minute(Bucket { per_minute: Some(1), ..Bucket::default() }, 61)]
#[case::second(Bucket { per_second: Some(0.1), ..Bucket::default() }, 10)]
#[tokio::test]
async fn a_clock_that_jumps_by_a_day_makes_nobody_wait_for_a_day(#[case] bucket: Bucket, #[case] usual_s: u64) {
    for jump in [DAY, -DAY] {
        let (server, http, clock) = bench(bucket, false).await;
        let call = || http.call(Operation::Commit, Method::POST, server.url("/")).bucket("b");
        call().send().await.unwrap();
        clock.set(jump);
        call().send().await.unwrap();
        clock.set(-jump);
        call().send().await.unwrap();
        assert!(clock.slept() <= Duration::from_secs(2 * usual_s), "{:?}", clock.slept());
    }
}

#[tokio::test]
async fn a_pause_of_the_bucket_survives_a_clock_that_is_set_back() {
    let bucket = Bucket {
        rate_limited_backoff: Duration::from_secs(30),
        ..Bucket::default()
    };
    let (server, http, clock) = bench(bucket, true).await;
    let call = || http.call(Operation::Commit, Method::POST, server.url("/")).bucket("b");
    call().once().send().await.unwrap_err();
    clock.set(-DAY);
    call().send().await.unwrap();
    assert_eq!(clock.slept(), Duration::from_secs(30));
}

#[tokio::test]
async fn a_token_is_renewed_when_it_looks_old_and_replaced_when_it_only_looks_fresh() {
    let clock = Arc::new(Settable::default());
    let cache = TokenCache::new(clock.clone(), Duration::from_secs(60));
    let issue = |value: u32| {
        let until = clock.now().checked_add(Duration::from_secs(3600)).ok();
        async move { Ok(Fresh { value, until }) as Result<_> }
    };
    assert_eq!(cache.get(|| issue(1)).await.unwrap().value, 1_u32);
    clock.set(DAY);
    assert_eq!(cache.get(|| issue(2)).await.unwrap().value, 2_u32, "it looks old");
    clock.set(-DAY);
    let looks_fresh = cache.get(|| issue(3)).await.unwrap();
    assert_eq!(looks_fresh.value, 2_u32, "good for another day by this clock");
    let other = cache.replace(looks_fresh.generation, || issue(3)).await.unwrap();
    assert_eq!(other.value, 3_u32, "the service refused it");
}
