//! What an unkind source, destination or user brings about.

use std::sync::Arc;

use photomove_core::{
    Damage, Error, ErrorKind, Evidence, FailWhen, Happened, HashKinds, MemoryAlbum, MemoryItem, Operation,
    PhotoProvider, ReadOrder,
};

use super::harness::{Bench, clock, demanding, kind_source};
use super::odd::OddSource;
use crate::{Event, Outcome, StopReason, Summary};

fn lost() -> Error {
    Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false)
}

async fn run_from(bench: &Bench, source: OddSource) -> Summary {
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration_from(Arc::new(source), bench.open(None), target);
    let run = Box::pin(migration.run());
    tokio::time::timeout(std::time::Duration::from_secs(20), run)
        .await
        .expect("the run never ends")
        .unwrap()
}

async fn run(bench: &Bench) -> Summary {
    tokio::time::timeout(std::time::Duration::from_secs(20), Box::pin(bench.run()))
        .await
        .expect("the run never ends")
}

#[tokio::test]
async fn a_source_that_is_read_in_order_is_read_again_from_where_it_failed() {
    let clock = clock();
    let source = kind_source(&clock).with_source_caps(|caps| caps.order = ReadOrder::BySequence);
    let bench = Bench::with(clock.clone(), source, demanding(&clock));
    bench.fill(12);
    bench.source.damage(&"i2".into(), Damage::WrongBytes, 1);
    assert_eq!(run(&bench).await.accounting.verified.count, 12);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_file_of_unknown_length_that_outgrows_the_spool_fails_instead_of_going_round() {
    let mut bench = Bench::new();
    bench.change = |options| {
        options.memory_part_max_bytes = 1000;
        options.spool_max_bytes = 5000;
    };
    bench.source.insert(MemoryItem::new("huge", "h.mp4", vec![9; 6000]));
    bench.source.insert(MemoryItem::new("large", "l.mp4", vec![8; 3000]));
    let mut odd = OddSource::new(&bench.source);
    odd.hide_sizes = true;
    let summary = run_from(&bench, odd).await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (1, 1)
    );
}

#[tokio::test]
async fn a_superseded_upload_is_not_tried_again_for_ever() {
    let mut bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    bench.source.insert(MemoryItem::new("i1", "1.jpg", "second version"));
    let revoked = || Error::new(ErrorKind::Auth(photomove_core::AuthProblem::Revoked), "signed out");
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    assert!(bench.run().await.stopped.is_some());
    // The staged one is given up by the listing of the next pass, which comes while the job is unfinished.
    rusqlite::Connection::open(bench.journal_path())
        .unwrap()
        .execute("UPDATE job SET state='finished'", [])
        .unwrap();
    bench.source.insert(MemoryItem::new("i1", "1.jpg", "third version"));
    run(&bench).await;
    bench.change = |options| options.retry_refused = true;
    assert_eq!(run(&bench).await.accounting.verified.count, 3);
}

#[tokio::test]
async fn an_upload_whose_part_is_left_to_another_job_does_not_go_round() {
    let bench = Bench::new();
    bench.fill(3);
    bench
        .source
        .insert(MemoryItem::new("gone", "g.jpg", "bytes of picture 1"));
    // The first job knows only what is listed now; it stops before it sends anything.
    bench.plan().await;
    bench.source.set_owner("somebody else");
    bench.plan().await;
    bench.source.remove(&"i1".into());
    bench.source.remove(&"gone".into());
    let summary = run(&bench).await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.skipped.count),
        (2, 2)
    );
    bench.source.set_owner("source");
    let summary = run(&bench).await;
    assert_eq!(
        (summary.accounting.already_there.count, summary.accounting.skipped.count),
        (2, 2),
        "{:?}",
        summary.accounting
    );
}

#[tokio::test]
async fn a_file_that_was_missing_and_came_back_is_moved() {
    let bench = Bench::new();
    bench.fill(3);
    bench.plan().await;
    let mut odd = OddSource::new(&bench.source);
    odd.gone = Some("i1".into());
    let summary = run_from(&bench, odd).await;
    assert_eq!(summary.accounting.skipped.count, 1);
    let summary = run(&bench).await;
    assert_eq!(summary.accounting.verified.count, 3);
}

#[tokio::test]
async fn a_file_that_the_source_lists_but_does_not_find_once_is_not_left_out() {
    let bench = Bench::new();
    bench.fill(3);
    let missing = || Error::new(ErrorKind::NotFound, "no such file");
    bench.source.fail_next(Operation::Open, FailWhen::Before, missing);
    let summary = run(&bench).await;
    assert_eq!(summary.accounting.skipped.count, 0);
    assert_eq!(summary.accounting.verified.count, 3);
}

#[tokio::test]
async fn an_item_that_vanished_at_the_destination_enters_its_album_when_it_is_sent_again() {
    let mut bench = Bench::new();
    bench.fill(2);
    bench.album("a", 0..2);
    let mut gate = super::killer::Gate::new(&bench.sink, &super::killer::Killer::new(u64::MAX));
    gate.evidence = Some(Evidence::Missing);
    let summary = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap();
    assert_eq!((summary.accounting.failed.count, summary.differences), (2, 2));
    let ids: Vec<_> = bench.sink.items().into_iter().map(|item| item.id).collect();
    for id in ids {
        bench.sink.remove(&id);
    }
    bench.change = |options| options.retry_refused = true;
    assert_eq!(run(&bench).await.accounting.verified.count, 2);
    let members: Vec<_> = bench.sink.albums().into_iter().map(|album| album.members).collect();
    let present: Vec<_> = bench.sink.items().into_iter().map(|item| item.id).collect();
    assert!(
        present.iter().all(|id| members[0].contains(id)),
        "{members:?} {present:?}"
    );
}

#[tokio::test]
async fn long_titles_that_are_cut_alike_stay_two_albums_when_a_reply_is_lost() {
    for when in [FailWhen::Before, FailWhen::AfterActing] {
        let bench = Bench::new();
        bench.fill(4);
        let title = |end: &str| format!("{}{end}", "T".repeat(500));
        bench
            .source
            .add_album(MemoryAlbum::new("a", title("a"), ["i0".into(), "i1".into()]));
        bench
            .source
            .add_album(MemoryAlbum::new("b", title("b"), ["i2".into(), "i3".into()]));
        bench.sink.fail_nth(Operation::CreateAlbum, 2, when, lost);
        run(&bench).await;
        let sizes: Vec<_> = bench.sink.albums().iter().map(|album| album.members.len()).collect();
        assert_eq!(sizes, [2, 2], "{when:?}");
    }
}

#[tokio::test]
async fn two_albums_of_one_title_stay_two() {
    for operation in [None, Some(FailWhen::Before), Some(FailWhen::AfterActing)] {
        for nth in [1, 2] {
            let bench = Bench::new();
            bench.fill(4);
            bench
                .source
                .add_album(MemoryAlbum::new("a", "Same", ["i0".into(), "i1".into()]));
            bench
                .source
                .add_album(MemoryAlbum::new("b", "Same", ["i2".into(), "i3".into()]));
            if let Some(when) = operation {
                bench.sink.fail_nth(Operation::CreateAlbum, nth, when, lost);
            }
            run(&bench).await;
            bench.assert_same_library();
        }
    }
}

#[tokio::test]
async fn a_short_listing_is_swept_once_however_long_it_is() {
    let clock = clock();
    let bench = Bench::with(clock.clone(), kind_source(&clock).with_page_items(1), demanding(&clock));
    bench.fill(230);
    bench.album("a", [3, 229]);
    let mut odd = OddSource::new(&bench.source);
    odd.hint = Some(999);
    odd.late = Some("i229".into());
    let summary = run_from(&bench, odd).await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.verified.count, 230);
    assert_eq!(summary.albums.filed, 2);
    assert!(summary.losses.is_empty(), "{:?}", summary.losses);
    assert_eq!(summary.unlisted, 999 - 230, "what it still hides is told");
    let pages = bench.source.calls_of(Operation::ListAssets);
    assert!((460..=462).contains(&pages), "{pages}");
}

#[tokio::test]
async fn a_listing_of_empty_pages_without_end_is_noticed() {
    let bench = Bench::new();
    let mut odd = OddSource::new(&bench.source);
    odd.endless = true;
    let summary = run_from(&bench, odd).await;
    assert!(
        matches!(summary.stopped, Some(StopReason::Failed(_))),
        "{:?}",
        summary.stopped
    );
}

#[tokio::test]
async fn every_file_is_told_once() {
    let bench = Bench::new();
    bench.fill(12);
    bench.source.insert(MemoryItem::new("nothing", "n.jpg", ""));
    bench
        .source
        .insert(MemoryItem::new("promised", "p.jpg", "bytes of picture 1"));
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..MemoryItem::new("silent", "s.jpg", "bytes of picture 1")
    });
    bench.run().await;
    bench
        .source
        .insert(MemoryItem::new("later", "later.jpg", "bytes of picture 1"));
    bench.run().await;
    let events = bench.recorder.0.lock().unwrap();
    let mut told: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Item { asset, outcome, .. } => Some((asset.clone(), *outcome)),
            _ => None,
        })
        .collect();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let mut wanted: Vec<_> = bench
        .source
        .items()
        .iter()
        .map(|item| {
            let outcome = match item.id.as_str() {
                "nothing" => Outcome::Failed,
                "silent" => Outcome::Unverifiable,
                _ => Outcome::Verified,
            };
            (item.id.as_str().to_owned(), outcome)
        })
        .collect();
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(told, wanted);
    for event in events.iter() {
        if let Event::Progress(progress) = event {
            assert!(progress.done <= progress.found, "{progress:?}");
        }
    }
}

/// Bytes that one album's photo shared with another photo stay out of that album once the photo has changed.
#[tokio::test]
async fn a_photo_that_changed_leaves_no_copy_in_its_album() {
    let bench = Bench::new();
    bench.fill(3);
    bench
        .source
        .insert(MemoryItem::new("twin", "t.jpg", "bytes of picture 1"));
    bench
        .source
        .add_album(MemoryAlbum::new("a", "A", ["twin".into(), "i0".into()]));
    bench.plan().await;
    rusqlite::Connection::open(bench.journal_path())
        .unwrap()
        .execute("UPDATE job SET state='finished'", [])
        .unwrap();
    bench.source.insert(MemoryItem::new("twin", "t.jpg", "another picture"));
    assert_eq!(run(&bench).await.accounting.verified.count, 4);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_item_without_an_id_does_not_keep_others_out_of_an_album() {
    let bench = Bench::new();
    bench.fill(3);
    bench.album("a", 0..3);
    bench.album("b", 0..2);
    let mut gate = super::killer::Gate::new(&bench.sink, &super::killer::Killer::new(u64::MAX));
    gate.nameless = Some("0.jpg");
    let summary = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap();
    let sizes: Vec<_> = bench.sink.albums().iter().map(|album| album.members.len()).collect();
    assert_eq!(sizes, [3, 1]);
    let albums = summary.albums;
    assert_eq!((albums.filed, albums.unfiled, albums.waiting), (4, 1, 0));
}

#[tokio::test]
async fn an_item_without_an_id_does_not_wait_for_its_metadata_for_ever() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| caps.on_update = photomove_core::Fields::FAVOURITE);
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(2);
    let mut gate = super::killer::Gate::new(&bench.sink, &super::killer::Killer::new(u64::MAX));
    gate.nameless = Some("0.jpg");
    let summary = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap();
    let sums = summary.accounting;
    assert_eq!((sums.verified.count, sums.unverifiable.count), (1, 1));
}
