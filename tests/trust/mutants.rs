//! Planted defects: the checker is worth something only if it finds each of them.
//!
//! | defect | scenario in which it shows |
//! |---|---|
//! | act-before-intent | killed while the reply to an album's creation is under way |
//! | blind-create-retry | the reply to an album's creation is lost |
//! | length-without-hash | one bit of a download is wrong |
//! | forget-second-album | two files with the same bytes in two albums |
//! | cursor-before-page | killed at the boundaries of the journal while listing |
//! | stale-token | a day passes between upload and creation |
//! | cookies-follow-redirect | downloads lead to a storage host |
//! | unverifiable-as-verified | the service accepts a wrong hash |
//! | close-intents-unsettled | killed while the reply to an album's creation is under way |
//! | trust-own-offset | an upload breaks off, and the service kept less than was sent |

use std::future::Future;

use photomove::core::drill::{Drill, Mutant};
use photomove_sim::amazon::RedirectTarget;
use photomove_sim::{Blob, Fill, Library, LibraryAlbum, LibraryItem, ServiceKind, SimOptions};
use serde_json::json;

use crate::checker::{self, Books, Findings, Rule};
use crate::figures::{Scenario, say};
use crate::ground::{Ground, options};
use crate::rig::Rig;

/// Which defects have a scenario below; compared with all there are.
const FOUND: [Mutant; 10] = [
    Mutant::ActBeforeIntent,
    Mutant::BlindCreateRetry,
    Mutant::LengthWithoutHash,
    Mutant::ForgetSecondAlbum,
    Mutant::CursorBeforePage,
    Mutant::StaleToken,
    Mutant::CookiesFollowRedirect,
    Mutant::UnverifiableAsVerified,
    Mutant::CloseIntentsUnsettled,
    Mutant::TrustOwnOffset,
];

#[test]
fn every_defect_has_a_scenario() {
    let names =
        |all: &[Mutant]| -> std::collections::BTreeSet<&str> { all.iter().map(|mutant| mutant.name()).collect() };
    assert_eq!(names(&FOUND), names(&Mutant::ALL));
}

/// Plays a scenario without and with the defect: green first, then with a finding.
async fn found<F: Future<Output = Findings>>(mutant: Mutant, play: impl Fn(Option<Mutant>) -> F) {
    play(None).await.assert_none();
    let findings = play(Some(mutant)).await;
    assert!(!findings.is_empty(), "nobody noticed `{mutant}`");
    tell(mutant, &findings);
}

/// Says what gave a defect away; a few words are enough.
fn tell(mutant: Mutant, findings: &Findings) {
    let words: String = findings
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(160)
        .collect();
    say(&format!("found: {mutant}: {}", words.trim()));
}

fn synthetic(count: u64) -> SimOptions {
    SimOptions {
        fill: Some(Fill::Synthetic { count, bytes: 3_000 }),
        ..options()
    }
}

async fn rig(options: SimOptions, mutant: Option<Mutant>) -> Rig {
    let mut rig = Rig::start(options).await;
    rig.drill = mutant.map_or_else(Drill::none, Drill::mutant);
    rig
}

/// Finishes the job; what keeps it from that is a finding too.
async fn judge(rig: &Rig) -> Findings {
    let ended = rig.try_finish(3).await;
    let mut findings = checker::finished_in(&rig.sims, &rig.journal()).await;
    if let Err(said) = ended {
        findings.add(Rule::Lost, said.chars().take(400).collect::<String>());
    }
    findings
}

/// Dies while Google makes an album and its answer is on the way.
async fn killed_while_an_album_is_made(mutant: Option<Mutant>) -> Findings {
    let ground = Ground::start(synthetic(20)).await;
    ground.share_clock();
    if let Some(mutant) = mutant {
        ground.set("PHOTOMOVE_DRILL", format!("mutant={mutant}"));
    }
    ground.google_faults(&json!([{ "operation": "album_create", "nth": 1, "fault": "late", "ms": 600_000 }]));
    let mut run = ground.spawn(&["amazon", "google", "--yes"]);
    let made = run.until(|| !ground.google().album_lines().is_empty()).await;
    assert!(made, "no album was made: {:?}", run.said());
    run.kill();
    ground.google_faults(&json!([]));
    ground.hurry();
    ground.migrate().await.expect_code(0);
    checker::finished(&ground).await
}

/// Dies at the n-th boundary of the journal, and runs again.
async fn killed_while_listing(mutant: Option<Mutant>, boundary: u64) -> Findings {
    let ground = Ground::start(synthetic(6)).await;
    ground.share_clock();
    ground.hurry();
    let planted = mutant.map_or_else(String::new, |mutant| format!("mutant={mutant},"));
    ground.set("PHOTOMOVE_DRILL", format!("{planted}kill=commit:{boundary}"));
    ground.migrate().await;
    ground.unset("PHOTOMOVE_DRILL");
    ground.migrate().await.expect_code(0);
    checker::finished(&ground).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn act_before_intent() {
    let _scenario = Scenario::begin("mutants::act_before_intent", 1);
    found(Mutant::ActBeforeIntent, killed_while_an_album_is_made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_intents_unsettled() {
    let _scenario = Scenario::begin("mutants::close_intents_unsettled", 1);
    found(Mutant::CloseIntentsUnsettled, killed_while_an_album_is_made).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursor_before_page() {
    let _scenario = Scenario::begin("mutants::cursor_before_page", 1);
    // Listing is among the first things that the journal hears of.
    for boundary in 8..40 {
        let findings = killed_while_listing(Some(Mutant::CursorBeforePage), boundary).await;
        if !findings.is_empty() {
            tell(Mutant::CursorBeforePage, &findings);
            return killed_while_listing(None, boundary).await.assert_none();
        }
    }
    panic!("nobody noticed `{}`", Mutant::CursorBeforePage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blind_create_retry() {
    let _scenario = Scenario::begin("mutants::blind_create_retry", 1);
    found(Mutant::BlindCreateRetry, |mutant| async move {
        let rig = rig(synthetic(20), mutant).await;
        rig.faults(
            ServiceKind::Google,
            &json!([{ "operation": "album_create", "nth": 1, "fault": "reset_after" }]),
        );
        judge(&rig).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn length_without_hash() {
    let _scenario = Scenario::begin("mutants::length_without_hash", 1);
    found(Mutant::LengthWithoutHash, |mutant| async move {
        let rig = rig(synthetic(12), mutant).await;
        rig.faults(
            ServiceKind::Amazon,
            &json!([{ "operation": "download", "nth": 5, "fault": "flip_bit" }]),
        );
        judge(&rig).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forget_second_album() {
    let _scenario = Scenario::begin("mutants::forget_second_album", 1);
    found(Mutant::ForgetSecondAlbum, |mutant| async move {
        let mut library = Library::synthetic(4, 3_000, 1).expect("computed library");
        library.albums = ["Lisbon", "Best of"]
            .map(|title| LibraryAlbum { title: title.into() })
            .into();
        let twin = LibraryItem {
            name: "copy.jpg".into(),
            blob: Blob::clone(&library.items[0].blob),
            albums: vec![1],
            ..library.items[0].clone()
        };
        library.items.iter_mut().for_each(|item| item.albums = vec![0]);
        library.items.push(twin);
        let options = SimOptions {
            fill: Some(Fill::Library(library)),
            ..options()
        };
        judge(&rig(options, mutant).await).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_token() {
    let _scenario = Scenario::begin("mutants::stale_token", 1);
    found(Mutant::StaleToken, |mutant| async move {
        let rig = rig(synthetic(12), mutant).await;
        // The service ends its day when items are to be made: what was sent waits for another one.
        let spent = json!({ "error": {
            "code": 429, "status": "RESOURCE_EXHAUSTED",
            "message": "Quota exceeded for quota metric 'All requests' and limit 'All requests per day' of service \
                        'photoslibrary.googleapis.com' for consumer 'project_number:1'.",
        } });
        let refused = json!([{
            "operation": "batch_create", "nth": 1, "fault": "status", "status": 429, "body": spent.to_string(),
        }]);
        rig.faults(ServiceKind::Google, &refused);
        let summary = rig.run().await.expect("the run begins");
        assert_eq!(
            (rig.uploads(), summary.accounting.verified.count),
            (12, 0),
            "{summary:?}"
        );
        rig.calm();
        let before = rig.google_requests().len();
        rig.clock.service().advance(std::time::Duration::from_secs(25 * 3600));
        let mut findings = judge(&rig).await;
        for line in &rig.google_requests()[before..] {
            let refused = line.operation == "batch_create" && line.status == 400;
            findings.check(Rule::Outcome, !refused, || {
                format!("a token was used after its day: {}", line.path)
            });
        }
        findings
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_follow_redirect() {
    let _scenario = Scenario::begin("mutants::cookies_follow_redirect", 1);
    found(Mutant::CookiesFollowRedirect, |mutant| async move {
        let mut options = synthetic(6);
        options.amazon.signed_download = false;
        options.amazon.redirect_target = RedirectTarget::PreSigned;
        judge(&rig(options, mutant).await).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unverifiable_as_verified() {
    let _scenario = Scenario::begin("mutants::unverifiable_as_verified", 1);
    found(Mutant::UnverifiableAsVerified, |mutant| async move {
        let rig = rig(synthetic(6), mutant).await;
        rig.faults(
            ServiceKind::Google,
            &json!([{ "operation": "upload", "fault": "wrong_hash_accepted" }]),
        );
        let mut findings = judge(&rig).await;
        let verified = Books::read(&rig.journal()).expect("the journal opens").sums()["verified"];
        findings.check(Rule::Outcome, verified == 0, || {
            format!("{verified} verified at a service that accepts wrong hashes")
        });
        findings
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trust_own_offset() {
    let _scenario = Scenario::begin("mutants::trust_own_offset", 1);
    found(Mutant::TrustOwnOffset, |mutant| async move {
        let mut options = options();
        options.fill = Some(Fill::Library(
            Library::synthetic_videos(1, 3 << 20, 1).expect("computed library"),
        ));
        let mut rig = rig(options, mutant).await;
        rig.resumable_from = Some(1 << 20);
        // The first two ask whether hashes are checked this way too.
        rig.faults(
            ServiceKind::Google,
            &json!([{ "operation": "upload_chunk", "nth": 3, "fault": "cut_upload", "after_bytes": 1_000_000 }]),
        );
        let findings = judge(&rig).await;
        assert_eq!(
            rig.happened(ServiceKind::Google, "cut_upload"),
            1,
            "{:?}",
            rig.google_counts()
        );
        findings
    })
    .await;
}
