//! Lost replies, bad items, old tokens, limits, stops.

use std::time::Duration;

use photomove_core::{AuthProblem, Damage, Error, ErrorKind, FailWhen, Happened, MemoryItem, Operation, Resource};

use super::harness::{Bench, clock, demanding, item, kind_source};
use crate::StopReason;

fn lost() -> Error {
    Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false)
}

#[tokio::test]
async fn lost_replies_are_settled_without_doubles() {
    for operation in [
        Operation::Stage,
        Operation::Commit,
        Operation::CreateAlbum,
        Operation::AddToAlbum,
    ] {
        for when in [FailWhen::Before, FailWhen::AfterActing] {
            let bench = Bench::new();
            bench.fill(60);
            bench.album("a", 0..55);
            bench.album("b", 50..60);
            bench.sink.fail_next(operation, when, lost);
            let summary = bench.run().await;
            assert!(
                summary.stopped.is_none(),
                "{operation:?} {when:?}: {:?}",
                summary.stopped
            );
            assert_eq!(summary.accounting.verified.count, 60, "{operation:?} {when:?}");
            bench.assert_same_library();
            let stages = bench.sink.calls_of(Operation::Stage);
            let extra = u64::from(operation == Operation::Stage);
            assert_eq!(stages, 60 + extra, "{operation:?} {when:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_commit_with_used_tokens_refused_sends_exactly_those_again() {
    let clock = clock();
    let sink = demanding(&clock).with_token_reuse(false);
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(60);
    bench.sink.fail_next(Operation::Commit, FailWhen::AfterActing, lost);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 60);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 60 + 50);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_poisoned_batch_is_halved_until_the_bad_item_stands_alone() {
    let bench = Bench::new();
    bench.fill(20);
    let bad = || Error::new(ErrorKind::BadBatch, "request must contain a valid upload token");
    // 20, 10, 5, 2, 1: the first item alone is refused, and its bytes are sent again.
    for _ in 0..5 {
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, bad);
    }
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.verified.count, 20);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 21);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_item_whose_new_token_is_refused_too_fails_alone() {
    let bench = Bench::new();
    bench.fill(20);
    let bad = || Error::new(ErrorKind::BadBatch, "request must contain a valid upload token");
    // As above; then 1, 3, 5 and 10 others pass, and the tenth call is the first item again.
    for nth in [1, 2, 3, 4, 5, 10] {
        bench.sink.fail_nth(Operation::Commit, nth, FailWhen::Before, bad);
    }
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (19, 1)
    );
    assert_eq!(bench.sink.calls_of(Operation::Stage), 21);
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    assert_eq!(
        (failures[0].name.as_str(), failures[0].reason.kind.as_str()),
        ("0.jpg", "bad_batch")
    );
}

#[tokio::test]
async fn a_corrupt_download_is_tried_again_and_then_fails_with_both_hashes() {
    let bench = Bench::new();
    bench.fill(5);
    bench.source.damage(&"i1".into(), Damage::WrongBytes, 2);
    bench.source.damage(&"i2".into(), Damage::WrongBytes, 9);
    bench.source.damage(&"i3".into(), Damage::EndsAfter(4), 9);
    bench.source.damage(&"i4".into(), Damage::BreaksAfter(4), 1);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 3);
    assert_eq!(summary.accounting.failed.count, 2);
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    let expected = photomove_core::Checksums::of(&item(2).bytes).md5_hex().unwrap();
    assert_eq!(failures[0].reason.kind, "corrupt");
    assert!(
        failures[0]
            .reason
            .message
            .starts_with(&format!("wrong MD5: expected {expected}, got ")),
        "{}",
        failures[0].reason.message
    );
    assert_eq!(failures[1].reason.message, "wrong length: expected 18 bytes, got 4");
    assert!(!bench.bodies().contains_key(&item(2).bytes.to_vec()));
    // The next pass tries again what failed by bad luck.
    bench.source.damage(&"i2".into(), Damage::WrongBytes, 0);
    bench.source.damage(&"i3".into(), Damage::WrongBytes, 0);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 5);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_duplicate_is_read_from_its_twin_where_one_copy_is_damaged() {
    let bench = Bench::new();
    bench.fill(2);
    bench
        .source
        .insert(MemoryItem::new("twin", "t.jpg", "bytes of picture 1"));
    bench.source.damage(&"i1".into(), Damage::WrongBytes, 9);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 3);
}

#[tokio::test]
async fn tokens_that_grew_old_while_away_are_sent_again() {
    let bench = Bench::new();
    bench.fill(10);
    let quota = || {
        Error::new(
            ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at: Some("2026-03-02T08:00:00Z".parse().unwrap()),
            },
            "all requests of the day are used",
        )
    };
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, quota);
    let summary = bench.run().await;
    let Some(StopReason::Quota {
        resets_at: Some(at), ..
    }) = &summary.stopped
    else {
        panic!("{:?}", summary.stopped);
    };
    assert_eq!(at.to_string(), "2026-03-02T08:00:00Z");
    assert_eq!(summary.accounting.waiting.count, 10);
    let job = &bench.open(None).jobs().await.unwrap()[0];
    assert_eq!((job.state, job.wake_at), (crate::JobState::Waiting, Some(*at)));
    bench.clock.advance(Duration::from_secs(24 * 3600 - 60));
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 10);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 20);
    bench.assert_same_library();
}

#[tokio::test]
async fn fresh_tokens_are_used_after_a_stop() {
    let bench = Bench::new();
    bench.fill(10);
    let expired = || Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back");
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, expired);
    let summary = bench.run().await;
    assert!(
        matches!(summary.stopped, Some(StopReason::SignInNeeded(_))),
        "{:?}",
        summary.stopped
    );
    bench.clock.advance(Duration::from_secs(12 * 3600));
    bench.run().await;
    assert_eq!(bench.sink.calls_of(Operation::Stage), 10);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_second_run_on_the_same_target_is_told_who_is_there() {
    let bench = Bench::new();
    bench.fill(1);
    let mut locks = crate::Locks::new(bench.folder.path().join("locks"), jiff::Timestamp::UNIX_EPOCH);
    locks.take(crate::LockKind::Target, &["memory", "", "target"]).unwrap();
    let error = bench.try_run().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InUse);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 0);
    drop(locks);
    assert!(bench.run().await.stopped.is_none());
}

#[tokio::test]
async fn a_stop_drains_and_the_next_run_goes_on() {
    let mut bench = Bench::new();
    bench.fill(40);
    bench.stop.drain();
    let summary = bench.run().await;
    assert!(matches!(summary.stopped, Some(StopReason::Interrupted)));
    assert_eq!(bench.sink.calls_of(Operation::Stage), 0);
    bench.stop = crate::StopToken::new();
    assert_eq!(bench.run().await.accounting.verified.count, 40);
}

#[tokio::test]
async fn another_owner_is_another_job() {
    let bench = Bench::new();
    bench.fill(2);
    bench.run().await;
    bench.source.set_owner("somebody else");
    let summary = bench.run().await;
    // The bytes are at the destination from the first job.
    assert_eq!(summary.accounting.already_there.count, 2);
    assert_eq!(summary.uploaded.count, 0);
    assert_eq!(bench.open(None).jobs().await.unwrap().len(), 2);
}

#[tokio::test]
async fn listing_that_pauses_still_ends() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| caps.staged_ttl = None);
    let mut bench = Bench::with(clock.clone(), kind_source(&clock).with_page_items(5), sink);
    bench.change = |options| {
        options.high_water = 10;
        options.stage_ahead = 20;
    };
    bench.fill(90);
    bench.album("a", 0..90);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.verified.count, 90);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_unfinished_upload_of_another_job_is_taken_over() {
    let bench = Bench::new();
    bench.fill(5);
    bench.album("a", 0..5);
    let revoked = || Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back");
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    assert!(bench.run().await.stopped.is_some());
    bench.source.set_owner("somebody else");
    let second = bench.run().await;
    assert!(second.stopped.is_none(), "{:?}", second.stopped);
    assert_eq!(second.accounting.verified.count, 5);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 5);
    // The first job goes on: its items are there, its album is its own.
    bench.source.set_owner("source");
    let first = bench.run().await;
    assert!(first.stopped.is_none(), "{:?}", first.stopped);
    assert_eq!(first.accounting.already_there.count, 5);
    assert_eq!((first.albums.filed, bench.sink.albums().len()), (5, 2));
    assert!(bench.sink.albums().iter().all(|album| album.members.len() == 5));
}

#[tokio::test]
async fn a_panic_in_a_provider_stops_the_run_and_loses_nothing() {
    let bench = Bench::new();
    bench.fill(3);
    let mut gate = super::killer::Gate::new(&bench.sink, &super::killer::Killer::new(u64::MAX));
    gate.look = Box::new(|operation, _| assert!(operation != Operation::Commit, "a defect of the provider"));
    let summary = Box::pin(bench.migration(bench.open(None), std::sync::Arc::new(gate)).run())
        .await
        .unwrap();
    assert!(
        matches!(summary.stopped, Some(StopReason::Failed(_))),
        "{:?}",
        summary.stopped
    );
    assert_eq!(bench.run().await.accounting.verified.count, 3);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_abort_drops_what_is_under_way_and_the_next_run_settles_it() {
    let mut bench = Bench::new();
    bench.fill(8);
    let mut gate = super::killer::Gate::new(&bench.sink, &super::killer::Killer::new(u64::MAX));
    let stop = bench.stop.clone();
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Commit {
            stop.abort();
        }
    });
    let summary = Box::pin(bench.migration(bench.open(None), std::sync::Arc::new(gate)).run())
        .await
        .unwrap();
    assert!(
        matches!(summary.stopped, Some(StopReason::Interrupted)),
        "{:?}",
        summary.stopped
    );
    bench.stop = crate::StopToken::new();
    assert_eq!(bench.run().await.accounting.verified.count, 8);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_version_that_was_replaced_meanwhile_is_not_created() {
    let bench = Bench::new();
    bench.fill(3);
    let revoked = || Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back");
    bench.run().await;
    bench.source.insert(MemoryItem::new("i1", "1.jpg", "second version"));
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    assert!(bench.run().await.stopped.is_some());
    // The pass goes on with what it listed: the source gives other bytes than were promised, or the staged ones are used.
    bench.source.insert(MemoryItem::new("i1", "1.jpg", "third version"));
    assert_eq!(bench.run().await.accounting.verified.count, 3);
    assert_eq!(bench.run().await.accounting.verified.count, 3);
    let bodies = bench.bodies();
    assert!(bodies.contains_key("third version".as_bytes()));
    assert!(bodies.values().all(|n| *n == 1));
}

#[tokio::test]
async fn a_service_that_loses_every_reply_stops_the_run_with_the_intent_open() {
    for operation in [Operation::Commit, Operation::CreateAlbum, Operation::AddToAlbum] {
        let bench = Bench::new();
        bench.fill(6);
        bench.album("a", 0..4);
        bench.album("b", 0..4);
        for _ in 0..40 {
            bench.sink.fail_next(operation, FailWhen::Before, lost);
        }
        let summary = bench.run().await;
        assert!(
            matches!(summary.stopped, Some(StopReason::Failed(_))),
            "{operation:?}: {:?}",
            summary.stopped
        );
        assert!(bench.sink.calls_of(operation) < 20, "{operation:?}");
        // It goes on from run to run until the service is well again.
        for _ in 0..12 {
            if bench.run().await.stopped.is_none() {
                break;
            }
        }
        bench.assert_same_library();
        assert_eq!(bench.sink.calls_of(Operation::Stage), 6, "{operation:?}");
    }
}

#[tokio::test]
async fn an_album_that_was_created_without_an_id_in_the_reply_is_adopted() {
    let bench = Bench::new();
    bench.fill(2);
    bench.album("a", 0..2);
    let strange = || Error::new(ErrorKind::Protocol, "the new album has no id").happened(Happened::Yes, false);
    bench
        .sink
        .fail_next(Operation::CreateAlbum, FailWhen::AfterActing, strange);
    assert!(bench.run().await.stopped.is_none());
    bench.assert_same_library();
}
