//! What a destination does not take, does not prove or does not have.

use photomove_core::{
    AuthProblem, Error, ErrorKind, FailWhen, HashKinds, MemoryAlbum, MemoryItem, Operation, Origin, Rejection,
    Resource, Sourced,
};

use super::harness::{Bench, clock, demanding, item, kind_source};
use crate::StopReason;

#[tokio::test]
async fn limits_of_the_destination_are_kept_and_told() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        caps.limits.photo = Some(100);
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(4);
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(9);
    bench.album("a", 0..9);
    bench.source.insert(MemoryItem::new("big", "big.jpg", vec![7; 101]));
    bench.source.insert(MemoryItem::new("nothing", "n.jpg", ""));
    let mut wordy = MemoryItem::new("wordy", "wordy.jpg", "wordy");
    wordy.metadata.description = Some(Sourced {
        value: "ä".repeat(1200),
        origin: Origin::Provider,
    });
    bench.source.insert(wordy);
    bench
        .source
        .add_album(MemoryAlbum::new("t", "T".repeat(600), ["wordy".into()]));
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (10, 2)
    );
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    let kinds: Vec<_> = failures.iter().map(|failure| failure.reason.kind.as_str()).collect();
    assert_eq!(kinds, ["rejected_too_large", "empty"]);
    assert_eq!(
        bench.source.calls_of(Operation::Open),
        10,
        "what is refused is not downloaded"
    );
    let losses: Vec<_> = summary
        .losses
        .iter()
        .map(|loss| (loss.what.as_str(), loss.count))
        .collect();
    assert!(losses.contains(&("end of a description", Some(1))), "{losses:?}");
    assert!(losses.contains(&("end of an album title", Some(1))), "{losses:?}");
    let titles: Vec<_> = bench
        .sink
        .albums()
        .into_iter()
        .map(|album| (album.title, album.members.len()))
        .collect();
    for wanted in [
        ("Album a".into(), 4),
        ("Album a (2)".into(), 4),
        ("Album a (3)".into(), 1),
        ("T".repeat(500), 1),
    ] {
        assert!(titles.contains(&wanted), "{wanted:?} in {titles:?}");
    }
    assert!(bench.run().await.nothing_to_do);
}

#[tokio::test]
async fn items_that_the_destination_refuses_fail_alone() {
    let bench = Bench::new();
    bench.fill(6);
    bench.album("a", 0..6);
    let refused = || Error::new(ErrorKind::Rejected(Rejection::MediaType), "not a picture");
    bench.sink.fail_next(Operation::Stage, FailWhen::Before, refused);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none());
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (5, 1)
    );
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    assert_eq!(failures[0].reason.kind, "rejected_media_type");
    // It was refused for good: the next run does not try it again unless told to.
    assert!(bench.run().await.nothing_to_do);
    let mut bench = bench;
    bench.change = |options| options.retry_refused = true;
    assert_eq!(bench.run().await.accounting.verified.count, 6);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_full_destination_stops_the_run_and_it_goes_on_later() {
    let bench = Bench::new();
    bench.fill(4);
    let full = || {
        let kind = ErrorKind::Quota {
            resource: Resource::Storage,
            resets_at: None,
        };
        Error::new(kind, "the storage is full")
    };
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, full);
    let summary = bench.run().await;
    assert!(
        matches!(summary.stopped, Some(StopReason::DestinationFull(_))),
        "{:?}",
        summary.stopped
    );
    assert_eq!(bench.run().await.accounting.verified.count, 4);
}

#[tokio::test]
async fn unproven_items_never_count_as_verified() {
    let clock = clock();
    let sink = demanding(&clock).with_exists_only_evidence();
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(3);
    let summary = bench.run().await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.unverifiable.count),
        (0, 3)
    );
}

#[tokio::test]
async fn what_the_source_promised_no_hash_of_is_never_verified() {
    let bench = Bench::new();
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..item(0)
    });
    let sums = bench.run().await.accounting;
    assert_eq!((sums.verified.count, sums.unverifiable.count), (0, 1));
    let journal = rusqlite::Connection::open(bench.journal_path()).unwrap();
    let detail: String = journal
        .query_row("SELECT detail FROM evidence", [], |row| row.get(0))
        .unwrap();
    assert!(detail.ends_with("source gave no checksum"), "{detail}");
}

#[tokio::test]
async fn items_of_other_apps_enter_further_albums_by_their_token() {
    let bench = Bench::new();
    bench.fill(3);
    bench.album("a", [0, 1]);
    bench.album("b", [0, 1, 2]);
    bench.sink.insert(MemoryItem {
        foreign: true,
        ..MemoryItem::new("phone", "phone.jpg", item(0).bytes)
    });
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.already_there.count, 1);
    assert_eq!((summary.albums.filed, summary.albums.unfiled), (5, 0));
    bench.assert_same_library();
}

#[tokio::test]
async fn what_is_gone_at_the_source_is_skipped() {
    let bench = Bench::new();
    bench.fill(4);
    bench.plan().await;
    bench.source.remove(&"i2".into());
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.skipped.count),
        (3, 1)
    );
}

#[tokio::test]
async fn large_parts_go_through_the_spool_and_leave_nothing_there() {
    let mut bench = Bench::new();
    bench.change = |options| {
        options.memory_part_max_bytes = 1000;
        options.spool_max_bytes = 5000;
    };
    for n in 0..6_u8 {
        bench
            .source
            .insert(MemoryItem::new(format!("big{n}"), "b.mp4", vec![n; 2000]));
    }
    bench.source.insert(MemoryItem::new("huge", "h.mp4", vec![9; 6000]));
    let summary = bench.run().await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (6, 1)
    );
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    assert!(
        failures[0].reason.message.contains("6000 bytes"),
        "{}",
        failures[0].reason.message
    );
    assert_eq!(std::fs::read_dir(bench.folder.path().join("spool")).unwrap().count(), 0);
}

#[tokio::test]
async fn every_file_of_a_live_photo_arrives_and_enters_the_album() {
    for stacked in [false, true] {
        let clock = clock();
        let sink = demanding(&clock).with_sink_caps(|caps| {
            if stacked {
                caps.bundle = photomove_core::BundleKind::PartsStack;
            }
        });
        let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
        for n in 0..3 {
            let mut live = item(n);
            live.kind = photomove_core::MediaKind::LivePhoto;
            live.parts.push(photomove_core::MemoryPart {
                role: photomove_core::PartRole::Motion,
                file_name: format!("{n}.mov"),
                bytes: format!("clip {n}").into(),
                media_type: Some("video/quicktime".into()),
            });
            bench.source.insert(live);
        }
        bench.album("a", 0..3);
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
        assert_eq!(summary.accounting.verified.count, 6, "stacked {stacked}");
        assert_eq!(bench.sink.items().len(), if stacked { 3 } else { 6 });
        assert_eq!(bench.sink.albums()[0].members.len(), if stacked { 3 } else { 6 });
    }
}

#[tokio::test]
async fn albums_are_filled_later_where_commits_take_none() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.on_commit = false;
            albums.foreign_items_only_on_commit = false;
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(60);
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..MemoryItem::new("twin", "t.jpg", "bytes of picture 1")
    });
    bench.album("a", 0..55);
    bench.source.add_album(MemoryAlbum::new("b", "B", ["twin".into()]));
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    bench.assert_same_library();
    assert_eq!(bench.sink.calls_of(Operation::Commit), 2);
    assert_eq!(bench.sink.calls_of(Operation::AddToAlbum), 3);
}

#[tokio::test]
async fn a_destination_without_albums_takes_the_items_and_tells_the_loss() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| caps.albums = None);
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(4);
    bench.album("a", 0..3);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!((summary.accounting.verified.count, summary.albums.unfiled), (4, 3));
    assert!(
        summary
            .losses
            .iter()
            .any(|loss| loss.what == "album" && loss.count == Some(1))
    );
    assert!(bench.run().await.nothing_to_do);
}

#[tokio::test]
async fn settings_of_the_destination_are_put_back_once() {
    let clock = clock();
    let change = photomove_core::SettingChange {
        setting: "stacking".into(),
        before: "on".into(),
        after: "off".into(),
    };
    let bench = Bench::with(
        clock.clone(),
        kind_source(&clock),
        demanding(&clock).with_setting(change),
    );
    bench.fill(2);
    let revoked = || Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back");
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    bench.run().await;
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("off"));
    bench.run().await;
    assert_eq!(bench.sink.setting("stacking").as_deref(), Some("on"));
    assert_eq!(bench.sink.calls_of(Operation::Restore), 1);
}
