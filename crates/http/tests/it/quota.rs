//! The requests of the day.

use std::sync::Arc;

use photomove_core::{Allowance, Clock, Disposition, ManualClock, MemoryQuotaStore, Operation, QuotaStore};
use photomove_http::{Http, HttpEnv, Method, Origin, QuotaRule};

use crate::server::{Server, env, ok, reply};

fn limited(server: &Server, per_day: u64) -> (Http, ManualClock, Arc<MemoryQuotaStore>) {
    let (env, clock) = env();
    let store = Arc::new(MemoryQuotaStore::default());
    let env = HttpEnv {
        quota: store.clone(),
        ..env
    };
    let rule = QuotaRule {
        account: String::new(),
        resource: "requests",
        per_day: Some(per_day),
        zone: "America/Los_Angeles",
        origins: vec![Origin::of(&server.base)],
        allowance: Allowance::default(),
    };
    let http = Http::builder("test", &env).quota(rule).build().unwrap();
    http.set_quota_account("project of mine");
    (http, clock, store)
}

#[tokio::test]
async fn every_attempt_and_every_hop_counts() {
    let server = Server::start(|n, _| match n {
        0 => reply(503, &[], ""),
        1 => reply(302, &[("location", "/next")], ""),
        _ => ok(""),
    })
    .await;
    let (http, _, store) = limited(&server, 100);
    http.call(Operation::Connect, Method::GET, server.url("/"))
        .send()
        .await
        .unwrap();
    // 07:28 UTC is 00:28 in Los Angeles.
    assert_eq!(
        store.used("project of mine", "requests", "2026-10-21").await.unwrap(),
        3
    );
}

#[tokio::test]
async fn the_request_after_the_last_is_refused_here_until_local_midnight() {
    let server = Server::start(|_, _| ok("")).await;
    let (http, clock, _) = limited(&server, 2);
    let get = || http.call(Operation::Connect, Method::GET, server.url("/")).send();
    get().await.unwrap();
    get().await.unwrap();
    let error = get().await.unwrap_err();
    let midnight = "2026-10-22T07:00:00Z".parse().unwrap();
    assert_eq!(error.disposition(), Disposition::WaitUntil(Some(midnight)));
    assert_eq!(error.provider_name(), Some("test"));
    assert_eq!(server.count(), 2);
    clock
        .sleep(midnight.duration_since(clock.now()).try_into().unwrap())
        .await;
    get().await.unwrap();
    assert_eq!(server.count(), 3);
}
