//! What a run moves when nothing goes wrong.

use photomove_core::{MemoryAlbum, MemoryItem, Operation};

use super::harness::{Bench, item};
use crate::Event;

#[tokio::test]
async fn a_library_arrives_with_its_albums() {
    let bench = Bench::new();
    bench.fill(120);
    bench.album("a", 0..60);
    bench.album("b", 30..90);
    bench.album("empty", []);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.verified.count, 120);
    assert_eq!(summary.accounting.found.count, 120);
    assert_eq!(summary.albums.filed, 120);
    bench.assert_same_library();
}

#[tokio::test]
async fn requests_stay_within_the_budget() {
    let bench = Bench::new();
    bench.fill(230);
    bench.album("a", 0..120);
    bench.album("b", 100..170);
    bench.album("c", 0..7);
    bench.run().await;
    // Groups by first album: a 120, b 50, none 60. Further: b 20, c 7.
    assert_eq!(bench.sink.calls_of(Operation::Stage), 230);
    assert_eq!(bench.sink.calls_of(Operation::Commit), 3 + 1 + 2);
    assert_eq!(bench.sink.calls_of(Operation::CreateAlbum), 3);
    assert_eq!(bench.sink.calls_of(Operation::AddToAlbum), 2);
    assert_eq!(bench.sink.calls_of(Operation::Settle), 0);
    assert_eq!(bench.sink.peak_writes(), 1);
}

#[tokio::test]
async fn members_keep_the_order_of_the_source() {
    let bench = Bench::new();
    bench.fill(130);
    bench.album("a", (0..130).rev());
    bench.run().await;
    let wanted: Vec<_> = (0..130).rev().map(|n| format!("bytes of picture {n}")).collect();
    let items = bench.sink.items();
    let body = |id: &photomove_core::AssetId| {
        let item = items.iter().find(|item| item.id == *id).unwrap();
        String::from_utf8(item.bytes.to_vec()).unwrap()
    };
    let got: Vec<_> = bench.sink.albums()[0].members.iter().map(body).collect();
    assert_eq!(got, wanted);
}

#[tokio::test]
async fn duplicates_are_sent_once_with_the_union_of_their_albums() {
    let bench = Bench::new();
    bench.fill(3);
    let twin = |id: &str, promise| MemoryItem {
        promise_hashes: promise,
        ..MemoryItem::new(id, format!("{id}.jpg"), "bytes of picture 1")
    };
    let usual = item(0).promise_hashes;
    bench.source.insert(twin("promised", usual));
    bench.source.insert(twin("silent", photomove_core::HashKinds::NONE));
    bench.album("a", [0, 1]);
    bench
        .source
        .add_album(MemoryAlbum::new("b", "B", ["promised".into(), "i2".into()]));
    bench.source.add_album(MemoryAlbum::new("c", "C", ["silent".into()]));
    let summary = bench.run().await;
    assert_eq!(bench.sink.calls_of(Operation::Stage), 3);
    // Of the silent one nobody can say whether the bytes that came are the right ones.
    let sums = summary.accounting;
    assert_eq!((sums.verified.count, sums.unverifiable.count), (4, 1));
    bench.assert_same_library();
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_do() {
    let bench = Bench::new();
    bench.fill(70);
    bench.album("a", 0..60);
    bench.album("empty", []);
    assert!(!bench.run().await.nothing_to_do);
    let before = bench.sink.calls();
    let summary = bench.run().await;
    assert!(summary.nothing_to_do);
    assert_eq!(summary.accounting.verified.count, 70);
    for (operation, calls) in bench.sink.calls() {
        let was = before
            .iter()
            .find(|(known, _)| *known == operation)
            .map_or(0, |(_, n)| *n);
        let allowed = u64::from(operation == Operation::Connect);
        assert_eq!(calls - was, allowed, "{operation:?}");
    }
}

#[tokio::test]
async fn a_later_run_takes_what_is_new_and_what_changed() {
    let bench = Bench::new();
    bench.fill(10);
    bench.album("a", 0..5);
    bench.run().await;
    bench.source.insert(MemoryItem::new("i3", "3.jpg", "other bytes"));
    bench.source.insert(item(10));
    bench.album("a", [0, 1, 2, 3, 4, 7, 10]);
    let summary = bench.run().await;
    assert_eq!(summary.uploaded.count, 2);
    assert_eq!(summary.accounting.verified.count, 11);
    assert_eq!(bench.sink.albums().len(), 1);
    let shelf = &Bench::shelves(&bench.sink)[0].1;
    for body in ["other bytes", "bytes of picture 7", "bytes of picture 10"] {
        assert!(shelf.contains(body.as_bytes()), "{body}");
    }
}

#[tokio::test]
async fn a_plan_counts_and_writes_nothing() {
    let bench = Bench::new();
    bench.fill(60);
    bench
        .source
        .insert(MemoryItem::new("twin", "t.jpg", "bytes of picture 1"));
    bench.source.insert(MemoryItem::new("nothing", "n.jpg", ""));
    bench.source.insert(MemoryItem::new("film", "f.mp4", "a film"));
    bench.album("a", 0..55);
    let plan = bench.plan().await;
    assert_eq!(plan.assets, 63);
    assert_eq!(plan.to_send.count, 61);
    assert_eq!(plan.duplicates.count, 1);
    assert_eq!(plan.refused[0].reason.kind, "empty");
    assert_eq!((plan.albums, plan.memberships), (1, 55));
    assert_eq!(plan.kinds.len(), 2);
    assert!(!plan.nothing_to_do);
    assert_eq!(bench.sink.calls(), [(Operation::Connect, 1)]);
    // The run goes on from the listing.
    let lists = bench.source.calls_of(Operation::ListAssets);
    let summary = bench.run().await;
    assert_eq!(bench.source.calls_of(Operation::ListAssets), lists);
    assert_eq!(summary.accounting.failed.count, 1);
    assert_eq!(summary.accounting.verified.count, 62);
    assert!(bench.plan().await.nothing_to_do);
}

#[tokio::test]
async fn the_observer_is_told_every_outcome() {
    let bench = Bench::new();
    bench.fill(12);
    bench.source.insert(MemoryItem::new("nothing", "n.jpg", ""));
    bench.run().await;
    let events = bench.recorder.0.lock().unwrap();
    let items = events
        .iter()
        .filter(|event| matches!(event, Event::Item { .. }))
        .count();
    assert_eq!(items, 13, "also the empty one, which is refused unseen");
    let last = events.iter().rev().find_map(|event| match event {
        Event::Progress(progress) => Some(*progress),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!((last.found, last.done, last.verified, last.failed), (13, 13, 12, 1));
    assert_eq!((last.uploaded, last.created), (12, 12));
}

/// Whoever calls the engine may do so from a task of a runtime with many threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_can_be_given_to_another_thread() {
    let bench = Bench::new();
    bench.fill(30);
    bench.album("a", 0..30);
    let target = std::sync::Arc::clone(&bench.sink);
    let migration = bench.migration(bench.open(None), target);
    let task = tokio::spawn(async move { migration.run().await });
    assert_eq!(task.await.unwrap().unwrap().accounting.verified.count, 30);
    bench.assert_same_library();
}
