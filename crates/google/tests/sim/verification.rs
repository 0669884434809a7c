use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use photomove_core::{
    Body, Checksums, Claim, DestId, Error, ErrorKind, Evidence, FactStore, HashKinds, MemoryFactStore, PhotoSink,
    Result,
};
use photomove_google::GooglePhotos;
use photomove_sim::{Fault, FaultRule, GoogleSwitches};

use crate::support::{self, Bench, body, key, put, stage};

async fn evidence(google: &GooglePhotos, id: &str, number: u32) -> Evidence {
    support::evidence(google, id, &body(number)).await
}

fn accepted() -> Vec<FaultRule> {
    vec![FaultRule::new("upload", Fault::WrongHashAccepted)]
}

const PROVEN: Evidence = Evidence::Hash(HashKinds::SHA1);

#[tokio::test]
async fn what_was_sent_on_a_day_with_a_refused_canary_is_proven_also_after_a_restart() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let made = put(&google, 0..2, None).await;
    let requests = bench.sim().requests_today();
    assert_eq!(evidence(&google, &made[0], 0).await, PROVEN);
    bench.sim().clock().advance(Duration::from_secs(5 * 24 * 3600));
    assert_eq!(evidence(&bench.google().await, &made[1], 1).await, PROVEN);
    assert_eq!(bench.sim().requests_today(), 0, "receipts speak, no request is made");
    assert_eq!(requests, 4, "canary, two uploads, one batch");
}

#[tokio::test]
async fn one_canary_a_day_and_its_day_is_californias() {
    let bench = Bench::start().await;
    for number in 0..3 {
        // A new process each time.
        stage(&bench.google().await, number).await.unwrap();
    }
    assert_eq!(bench.count("upload"), 1 + 3);
    bench.sim().clock().advance(Duration::from_secs(12 * 3600 - 60));
    let google = bench.google().await;
    stage(&google, 3).await.unwrap();
    assert_eq!(bench.count("upload"), 1 + 4, "23:59 in California");
    bench.sim().clock().advance(Duration::from_secs(60));
    stage(&google, 4).await.unwrap();
    assert_eq!(bench.count("upload"), 2 + 5, "the next day");
    let known = bench
        .facts
        .get(&account(&bench).await, "upload_hash_checked:2026-11-22")
        .await
        .unwrap();
    assert_eq!(known.as_deref(), Some("refused"));
}

async fn account(bench: &Bench) -> String {
    let file = bench.file().await;
    format!("google:{}", file.identity().unwrap().owner(file.project().unwrap()))
}

#[tokio::test]
async fn many_uploads_at_once_wait_for_one_canary() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    futures_util::future::join_all((0..6).map(|number| stage(&google, number)))
        .await
        .into_iter()
        .for_each(|staged| {
            staged.unwrap();
        });
    assert_eq!(bench.count("upload"), 1 + 6);
}

#[tokio::test]
async fn a_service_that_compares_nothing_proves_nothing_even_on_later_days() {
    let bench = Bench::with(GoogleSwitches::default(), accepted()).await;
    let google = bench.google().await;
    let made = put(&google, [1], None).await;
    assert_eq!(evidence(&google, &made[0], 1).await, Evidence::ExistsOnly);
    // The next day it compares again: the new upload is proven, the old one is not.
    let service = bench.sims.service(photomove_sim::ServiceKind::Google).unwrap();
    service.shared().faults.replace(Vec::new());
    bench.sim().clock().advance(Duration::from_secs(24 * 3600));
    let google = bench.google().await;
    let later = put(&google, [2], None).await;
    assert_eq!(evidence(&google, &later[0], 2).await, PROVEN);
    assert_eq!(evidence(&google, &made[0], 1).await, Evidence::ExistsOnly);
    assert_eq!(evidence(&bench.google().await, &made[0], 1).await, Evidence::ExistsOnly);
    // Sent once more, the same bytes are compared.
    put(&google, [1], None).await;
    assert_eq!(evidence(&google, &made[0], 1).await, PROVEN);
}

#[tokio::test]
async fn without_the_header_there_is_no_canary_and_no_proof() {
    let bench = Bench::start().await;
    let google = bench.configured(bench.config().with_hash_header(false)).await;
    let made = put(&google, [1], None).await;
    assert_eq!(bench.count("upload"), 1);
    assert_eq!(evidence(&google, &made[0], 1).await, Evidence::ExistsOnly);
}

#[tokio::test]
async fn a_canary_that_fails_for_another_reason_proves_nothing_and_stops_nothing() {
    let broken = Fault::Status {
        status: 400,
        retry_after: None,
        body: Some(r#"{"code": 3, "message": "Something else."}"#.into()),
    };
    let bench = Bench::with(GoogleSwitches::default(), vec![FaultRule::new("upload", broken).nth(1)]).await;
    let google = bench.google().await;
    let made = put(&google, [1], None).await;
    assert_eq!(evidence(&google, &made[0], 1).await, Evidence::ExistsOnly);
}

#[tokio::test]
async fn bytes_that_change_on_their_way_are_sent_again_and_then_given_up() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let mut sums = *body(1).checksums();
    sums.sha1 = Some([7; 20]);
    let damaged = photomove_core::BytesBody::with_checksums(crate::support::bytes(1).into(), sums);
    let error = google.client().upload_raw(&damaged, None).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Corrupt);
    assert!(error.is_exhausted());
    assert_eq!(bench.count("upload"), 5);
}

#[tokio::test]
async fn a_claim_without_a_hash_is_asked_for_at_the_service() {
    for poisonous in [false, true] {
        let bench = Bench::start().await;
        let google = bench.google().await;
        let made = put(&google, 0..2, None).await;
        if poisonous {
            bench.sim().switches().poisonous_id = Some("nobody".into());
        }
        let claim = |id: &str, checksums| Claim {
            id: DestId::from(id),
            size_bytes: 1,
            checksums,
        };
        let none = Checksums::default();
        let claims = [
            claim("nobody", none),
            claim(&made[0], *body(0).checksums()),
            claim(&made[1], none),
        ];
        let answers: Vec<_> = google
            .verify(&claims)
            .await
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(answers, [Evidence::Missing, PROVEN, Evidence::ExistsOnly]);
    }
}

/// A budget that is used up, or a sign-in that is gone, says nothing about items: they are not asked for one by one.
#[tokio::test]
async fn a_question_that_is_refused_as_a_whole_is_no_question_for_each_item() {
    let bench = Bench::start().await;
    let google = bench.google().await;
    let made = put(&google, 0..3, None).await;
    let claims: Vec<_> = made
        .iter()
        .map(|id| Claim {
            id: DestId::from(id.as_str()),
            size_bytes: 1,
            checksums: Checksums::default(),
        })
        .collect();
    let used = bench.sim().requests_today();
    bench.sim().switches().requests_per_day = Some(used);
    let error = google.verify(&claims).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Quota { .. }), "{error}");
    assert_eq!(bench.count("get"), 0);
}

/// A store that cannot write once, as when the program is killed between two writes.
#[derive(Debug)]
struct DiesOnce {
    facts: Arc<MemoryFactStore>,
    writes_left: AtomicU32,
}

#[async_trait]
impl FactStore for DiesOnce {
    async fn get(&self, account: &str, fact: &str) -> Result<Option<String>> {
        self.facts.get(account, fact).await
    }

    async fn put(&self, account: &str, fact: &str, value: &str) -> Result<()> {
        if self.writes_left.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(Error::new(ErrorKind::Internal, "the program was killed"));
        }
        self.facts.put(account, fact, value).await
    }
}

#[tokio::test]
async fn a_day_whose_canary_was_refused_counts_also_if_the_program_died_over_it() {
    let bench = Bench::start().await;
    let facts = Arc::new(DiesOnce {
        facts: bench.facts.clone(),
        writes_left: AtomicU32::new(1),
    });
    let dies = GooglePhotos::open(bench.config(), bench.store.clone(), key(), facts, &bench.env)
        .await
        .unwrap();
    assert!(stage(&dies, 1).await.is_err());
    let google = bench.google().await;
    let made = put(&google, [1], None).await;
    assert_eq!(evidence(&google, &made[0], 1).await, PROVEN);
}
