//! Services that fail in every way that is known: nothing is lost, nothing doubled, and little is done again.

use photomove_sim::{Fill, Library, LibraryAlbum, ServiceKind, SimOptions};
use serde_json::{Value, json};

use crate::checker::{self, Books};
use crate::figures::{Dice, Scenario, size};
use crate::ground::{count, options};
use crate::rig::Rig;

const AMAZON: ServiceKind = ServiceKind::Amazon;
const GOOGLE: ServiceKind = ServiceKind::Google;
/// Bytes of an item.
const BYTES: u64 = 3_000;

/// Options with a library of synthetic items in albums of three, none of which overlap.
fn shelved(seed: u64, albums: usize) -> SimOptions {
    let mut library = Library::synthetic(albums as u64 * 3, BYTES, seed).expect("computed library");
    library.albums = (0..albums)
        .map(|n| LibraryAlbum {
            title: format!("Album {n:03}"),
        })
        .collect();
    for (index, item) in library.items.iter_mut().enumerate() {
        item.albums = vec![index / 3];
    }
    SimOptions {
        fill: Some(Fill::Library(library)),
        seed,
        ..options()
    }
}

fn synthetic(seed: u64, count: u64) -> SimOptions {
    SimOptions {
        fill: Some(Fill::Synthetic { count, bytes: BYTES }),
        seed,
        ..options()
    }
}

/// What may happen to any request: the words of the fault plan without `operation` and `probability`.
fn troubles(dice: &mut Dice) -> Vec<Value> {
    let wait = [
        json!(2),
        json!(86_400),
        json!("99999999999999999999"),
        json!("soon"),
        json!(-5),
        json!({ "date_in_s": 30 }),
    ];
    let wait = wait[usize::try_from(dice.next() % 6).expect("small")].clone();
    vec![
        json!({ "fault": "status", "status": 408 }),
        json!({ "fault": "status", "status": 429 }),
        json!({ "fault": "status", "status": 429, "retry_after": wait }),
        json!({ "fault": "status", "status": 500 }),
        json!({ "fault": "status", "status": 502, "body_kind": "html" }),
        json!({ "fault": "status", "status": 503, "retry_after": wait }),
        json!({ "fault": "status", "status": 504, "body_kind": "empty" }),
        json!({ "fault": "status_after", "status": 503 }),
        json!({ "fault": "reset_before" }),
        json!({ "fault": "reset_after" }),
        json!({ "fault": "reset_after", "at": 1 }),
        json!({ "fault": "stall", "ms": 300_000 }),
        json!({ "fault": "stall", "ms": 300_000, "acted": true }),
        json!({ "fault": "late", "ms": 5_000 }),
        json!({ "fault": "truncate" }),
        json!({ "fault": "duplicate_reply" }),
    ]
}

/// A plan in which every request of the work itself may fail, some operations more often than others.
fn storm(dice: &mut Dice, operations: &[&str], share: f64) -> Value {
    let troubles = troubles(dice);
    let each = share / troubles.len() as f64;
    let rules = operations.iter().flat_map(|operation| {
        troubles.iter().map(move |trouble| {
            let mut rule = trouble.clone();
            rule["operation"] = json!(operation);
            rule["probability"] = json!(each);
            rule
        })
    });
    Value::Array(rules.collect())
}

/// Moves the stand-ins' clock while replies are held back, as time does.
fn pass_time(rig: &Rig) -> tokio::task::JoinHandle<()> {
    let clock = rig.clock.service().clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            clock.advance(std::time::Duration::from_secs(10));
        }
    })
}

/// Jobs under fire until so many faults have happened; then calm, and everything must be there.
async fn weather(scenario: &Scenario, faults: u64) {
    let mut dice = Dice::new(scenario.seed);
    let (mut happened, mut jobs, mut runs) = (0, 0, 0);
    while happened < faults {
        let rig = Rig::start(synthetic(dice.next(), 60)).await;
        let time = pass_time(&rig);
        rig.faults(
            AMAZON,
            &storm(&mut dice, &["list", "search", "children", "download", "get"], 0.4),
        );
        let written = [
            "upload",
            "batch_create",
            "album_create",
            "album_add",
            "album_list",
            "token",
            "userinfo",
        ];
        rig.faults(GOOGLE, &storm(&mut dice, &written, 0.4));
        // Whatever comes of a run in such weather: the next one goes on from there.
        for _ in 0..4 {
            runs += 1;
            if rig.run().await.is_ok_and(|summary| summary.stopped.is_none()) {
                break;
            }
        }
        let here = rig.happened(AMAZON, "") + rig.happened(GOOGLE, "");
        assert!(here > 0, "nothing failed");
        happened += here;
        rig.calm();
        runs += u64::from(rig.finish(4).await);
        time.abort();
        checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
        jobs += 1;
    }
    scenario.figure(
        &format!("faults injected, seed {}", scenario.seed),
        happened,
        &format!("{jobs} jobs of 60 items, {runs} runs; 0 lost, 0 doubled"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms() {
    let scenario = Scenario::begin("faults::storms", 11);
    weather(&scenario, size(1_000, 50_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_storms() {
    let scenario = Scenario::begin("faults::other_storms", 12);
    weather(&scenario, size(1_000, 50_000)).await;
}

/// Rules that lose the first reply to an operation about each of these items, after the service acted.
fn lose_first(operation: &str, items: impl Iterator<Item = usize>) -> Value {
    let rule = |item| {
        let name = format!("SYN_{item:07}.");
        json!({ "operation": operation, "name": name, "times": 1, "fault": "reset_after" })
    };
    Value::Array(items.map(rule).collect())
}

/// Replies to one operation are lost by these rules, over as many jobs as it takes; `judge` is told how many.
async fn lose_replies(
    scenario: &Scenario,
    operation: &str,
    rules: Value,
    lost: u64,
    tokens_work_twice: bool,
    judge: impl Fn(&Rig, u64),
) {
    let mut dice = Dice::new(scenario.seed);
    let mut total = 0;
    while total < lost {
        let mut options = shelved(dice.next(), 24);
        options.google.used_token_accepted = tokens_work_twice;
        let rig = Rig::start(options).await;
        rig.faults(GOOGLE, &rules);
        // Twelve in a row look like an outage, which ends a run.
        rig.finish(12).await;
        let here = rig.happened(GOOGLE, "reset_after");
        assert!(here > 0, "no reply to `{operation}` was lost");
        checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
        judge(&rig, here);
        total += here;
    }
    let mode = if tokens_work_twice { "" } else { ", used tokens refused" };
    scenario.figure(&format!("lost replies: {operation}{mode}"), total, "0 lost, 0 doubled");
}

/// Items of a job with lost replies.
const SHELVED: u64 = 72;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_uploads_cost_that_body_again() {
    let scenario = Scenario::begin("faults::lost_replies_to_uploads_cost_that_body_again", 21);
    let rules = json!([{ "operation": "upload", "every": 2, "fault": "reset_after" }]);
    lose_replies(&scenario, "upload", rules, size(60, 3_000), true, |rig, lost| {
        // One more asks whether hashes are checked; its reply may be among the lost ones.
        assert_eq!(count(&rig.google_counts(), "upload"), SHELVED + 1 + lost);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_creates_cost_no_body() {
    let scenario = Scenario::begin("faults::lost_replies_to_creates_cost_no_body", 22);
    let rules = lose_first("batch_create", (0..SHELVED as usize).step_by(3));
    lose_replies(&scenario, "batch_create", rules, size(40, 2_500), true, |rig, _| {
        assert_eq!(rig.uploads(), SHELVED, "a body was sent again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_creates_where_used_tokens_are_refused() {
    let scenario = Scenario::begin("faults::lost_replies_to_creates_where_used_tokens_are_refused", 23);
    let rules = lose_first("batch_create", (0..SHELVED as usize).step_by(3));
    lose_replies(&scenario, "batch_create", rules, size(40, 2_500), false, |rig, lost| {
        // Each lost reply was one about the three items of an album.
        assert_eq!(
            rig.uploads(),
            SHELVED + 3 * lost,
            "not exactly those items were sent again"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_album_creates_make_one_album() {
    let scenario = Scenario::begin("faults::lost_replies_to_album_creates_make_one_album", 24);
    let rules = json!([{ "operation": "album_create", "every": 2, "fault": "reset_after" }]);
    lose_replies(&scenario, "album_create", rules, size(30, 1_000), true, |rig, _| {
        assert_eq!(rig.uploads(), SHELVED, "a body was sent again");
        assert_eq!(rig.service(GOOGLE).album_lines().len(), 24);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_replies_to_album_adds_file_once() {
    let scenario = Scenario::begin("faults::lost_replies_to_album_adds_file_once", 25);
    let (wanted, mut total) = (size(30, 1_000), 0);
    let mut dice = Dice::new(scenario.seed);
    while total < wanted {
        let mut options = shelved(dice.next(), 24);
        if let Some(Fill::Library(library)) = &mut options.fill {
            // A second album each: the first is taken on creation, the others need a request of their own.
            for item in &mut library.items {
                let first = item.albums[0];
                item.albums.push((first + 7) % 24);
                item.albums.sort_unstable();
            }
        }
        let rig = Rig::start(options).await;
        rig.faults(
            GOOGLE,
            &json!([{ "operation": "album_add", "every": 2, "fault": "reset_after" }]),
        );
        rig.finish(3).await;
        checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
        assert_eq!(rig.uploads(), SHELVED, "a body was sent again");
        let here = rig.happened(GOOGLE, "reset_after");
        assert!(here > 0, "no reply was lost");
        total += here;
    }
    scenario.figure("lost replies: album_add", total, "0 lost, 0 doubled");
}

/// Damage to the bytes of an original.
fn damages() -> [Value; 10] {
    [
        json!({ "fault": "flip_bit" }),
        json!({ "fault": "truncate", "at": 0 }),
        json!({ "fault": "truncate", "at": 1 }),
        json!({ "fault": "truncate", "at": -1 }),
        json!({ "fault": "short", "at": 0 }),
        json!({ "fault": "short", "at": 1 }),
        json!({ "fault": "short", "at": -1 }),
        json!({ "fault": "overlong" }),
        json!({ "fault": "html_200" }),
        json!({ "fault": "swap_body" }),
    ]
}

/// Damages every third download in turn; says how many were.
async fn damage(scenario: &Scenario, wanted: u64, node_md5: bool, judge: impl Fn(&Rig)) -> u64 {
    let mut dice = Dice::new(scenario.seed);
    let mut total = 0;
    while total < wanted {
        for damage in damages() {
            let mut options = synthetic(dice.next(), 30);
            options.amazon.node_md5 = node_md5;
            let rig = Rig::start(options).await;
            let mut rule = damage;
            rule["operation"] = json!("download");
            rule["every"] = json!(3);
            rig.faults(AMAZON, &Value::Array(vec![rule]));
            // A page that asks to sign in instead of a picture may end a run.
            for _ in 0..20 {
                let summary = rig.run().await.expect("the run begins");
                if summary.stopped.is_none() && summary.accounting.failed.count == 0 {
                    break;
                }
            }
            total += rig.happened(AMAZON, "");
            judge(&rig);
            if node_md5 {
                checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
            }
        }
    }
    total
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_downloads_are_never_sent() {
    let scenario = Scenario::begin("faults::damaged_downloads_are_never_sent", 31);
    let damaged = damage(&scenario, size(100, 5_000), true, |rig| {
        let why = Books::read(&rig.journal()).expect("the journal opens").complaints();
        assert_eq!(rig.uploads(), 30, "a damaged body was sent, or one never: {why:?}");
    });
    scenario.figure(
        "damaged downloads, hash promised",
        damaged.await,
        "all detected, none sent",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_promised_hash_nothing_is_verified() {
    let scenario = Scenario::begin("faults::without_a_promised_hash_nothing_is_verified", 32);
    let damaged = damage(&scenario, size(100, 5_000), false, |rig| {
        let books = Books::read(&rig.journal()).expect("the journal opens");
        assert_eq!(books.sums()["verified"], 0, "verified without a promised hash");
    });
    scenario.figure("damaged downloads, no hash promised", damaged.await, "none verified");
}
