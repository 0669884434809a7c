//! The same job later on: new files, new places of old ones, and what is gone at the source.

use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{MemoryAlbum, MemoryItem, Operation};

use super::harness::{Bench, clock, demanding, item, kind_source};
use crate::{Count, Later};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn calls(bench: &Bench) -> [u64; 4] {
    [
        Operation::Stage,
        Operation::Commit,
        Operation::AddToAlbum,
        Operation::CreateAlbum,
    ]
    .map(|operation| bench.sink.calls_of(operation))
}

fn since(before: [u64; 4], bench: &Bench) -> [u64; 4] {
    let mut now = calls(bench);
    now.iter_mut().zip(before).for_each(|(now, before)| *now -= before);
    now
}

#[tokio::test]
async fn a_week_later_exactly_what_is_new_moves_and_what_is_gone_stays() {
    let bench = Bench::new();
    bench.fill(20);
    bench.album("a", 0..10);
    bench.album("b", 5..8);
    bench.album("c", [1]);
    let first = bench.run().await;
    assert_eq!((first.accounting.verified.count, first.later), (20, None));
    let (begun, before) = (bench.clock.clone(), calls(&bench));

    begun.advance(WEEK);
    for n in 20..23 {
        bench.source.insert(item(n));
    }
    bench.source.remove(&"i3".into());
    // Old ones join album a, one of the new ones too; one leaves album b, which has another title now; c is gone.
    bench.album("a", (0..10).chain([15, 16, 20]));
    bench
        .source
        .add_album(MemoryAlbum::new("b", "Another title", ["i5".into(), "i6".into()]));
    bench.source.remove_album(&"c".into());
    let plan = bench.plan().await;
    assert_eq!(plan.to_send.count, 3);
    let second = bench.run().await;

    let bytes = |numbers: &[usize]| numbers.iter().map(|n| item(*n).bytes.len() as u64).sum();
    let files = |numbers: &[usize]| Count {
        count: numbers.len() as u64,
        bytes: bytes(numbers),
    };
    let expected = Later {
        since: Some("2026-03-01T10:00:00Z".parse::<Timestamp>().unwrap()),
        new: files(&[20, 21, 22]),
        new_places: 2,
        gone: files(&[3]),
        gone_places: 1,
        gone_albums: 1,
        renamed_albums: 1,
        ..Later::default()
    };
    assert_eq!((second.later, plan.later), (Some(expected), Some(expected)));
    // Three files, in the batches of album a and of no album; the two old ones in one call; no album is made.
    assert_eq!(since(before, &bench), [3, 2, 1, 0]);
    assert_eq!(second.accounting.verified.count, 23);
    assert_eq!(bench.bodies().len(), 23);
    let shelves = Bench::shelves(&bench.sink);
    let sizes: Vec<_> = shelves
        .iter()
        .map(|(title, members)| (title.as_str(), members.len()))
        .collect();
    assert_eq!(sizes, [("Album a", 13), ("Album b", 3), ("Album c", 1)]);
    let third = bench.run().await;
    assert!(third.nothing_to_do);
    assert_eq!(third.later.unwrap().new, Count::default());
    assert_eq!(third.later.unwrap().gone, files(&[3]));
}

#[tokio::test]
async fn a_file_with_another_revision_is_sent_and_counted_as_changed() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    bench.clock.advance(WEEK);
    bench.source.insert(MemoryItem::new("i1", "1.jpg", "edited since"));
    let later = bench.run().await.later.unwrap();
    assert_eq!((later.new.count, later.changed.count), (0, 1));
    // The earlier version stays: nothing is ever taken away at the destination.
    assert_eq!(bench.bodies().len(), 4);
}

#[tokio::test]
async fn an_album_that_is_full_goes_on_in_its_next_slice() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(5);
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(12);
    bench.album("a", 0..5);
    bench.run().await;
    for last in [7, 9, 11] {
        bench.clock.advance(WEEK);
        bench.album("a", 0..last);
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
        assert_eq!((summary.albums.filed, summary.albums.unfiled), (last as u64, 0));
        assert_eq!(summary.later.unwrap().new_places, 2);
    }
    let shelves = Bench::shelves(&bench.sink);
    let sizes: Vec<_> = shelves
        .iter()
        .map(|(title, members)| (title.as_str(), members.len()))
        .collect();
    assert_eq!(sizes, [("Album a", 5), ("Album a (2)", 5), ("Album a (3)", 1)]);
    assert_eq!(
        bench.sink.calls_of(Operation::Stage),
        12,
        "nothing is sent for an album"
    );
    assert_eq!(bench.sink.calls_of(Operation::CreateAlbum), 3);
}

/// It cannot join by a call, and nothing is sent for an album alone unless a person asks for it.
#[tokio::test]
async fn an_old_item_of_another_app_that_joins_an_album_is_told_and_can_be_sent_for_it() {
    let mut bench = Bench::new();
    bench.fill(3);
    bench.album("a", [0]);
    bench.sink.insert(MemoryItem {
        foreign: true,
        ..MemoryItem::new("phone", "phone.jpg", item(1).bytes)
    });
    let first = bench.run().await;
    assert_eq!(first.accounting.already_there.count, 1);
    bench.clock.advance(WEEK);
    bench.album("a", [0, 1, 2]);
    let second = bench.run().await;
    assert_eq!((second.albums.filed, second.albums.unfiled), (2, 1));
    assert_eq!(bench.sink.calls_of(Operation::Stage), 3);
    let job = second.job;
    let journal = bench.open(None);
    assert_eq!(journal.retryable(job, false).await.unwrap().places, 0);
    assert_eq!(journal.retryable(job, false).await.unwrap().places_left, 1);
    assert_eq!(journal.retryable(job, true).await.unwrap().places, 1);
    drop(journal);

    bench.change = |options| {
        options.retry = Some(crate::JobId(1));
        options.retry_refused = true;
    };
    let third = bench.run().await;
    assert!(third.stopped.is_none(), "{:?}", third.stopped);
    assert_eq!(third.retried.unwrap().albums.filed, 1);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 4);
    assert_eq!(
        (third.accounting.already_there.count, third.accounting.verified.count),
        (1, 2)
    );
    assert_eq!(Bench::shelves(&bench.sink)[0].1.len(), 3);
    assert!(bench.bodies().values().all(|n| *n == 1));
    assert!(bench.audit().await.is_empty(), "{:?}", bench.audit().await);
}
