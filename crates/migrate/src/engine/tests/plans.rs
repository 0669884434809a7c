//! What is said before anything is done, and that saying it changes nothing.

use std::sync::Arc;
use std::time::Duration;

use photomove_core::{
    CaptureTime, Clock, Error, ErrorKind, FailWhen, Ledger, MediaKind, MemoryItem, MemoryPart, Operation, PartRole,
    PhotoProvider, Precision, QuotaStore, Sourced,
};

use super::harness::{Bench, clock, demanding, item, kind_source};
use super::killer::{Gate, Killer};
use crate::{Estimate, Plan, RoomToldBy};

const WRITES: [Operation; 7] = [
    Operation::Stage,
    Operation::Commit,
    Operation::CreateAlbum,
    Operation::AddToAlbum,
    Operation::Describe,
    Operation::Prepare,
    Operation::Restore,
];

/// A sink whose every writing call fails, loudly.
fn read_only(bench: &Bench) -> Arc<dyn PhotoProvider> {
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.meddle = Box::new(|operation, _, when| {
        let writes = when == FailWhen::Before && WRITES.contains(&operation);
        assert!(!writes, "{operation} is a write");
        None
    });
    Arc::new(gate)
}

async fn plan_of(bench: &Bench) -> Plan {
    Box::pin(bench.migration(bench.open(None), read_only(bench)).plan())
        .await
        .unwrap()
}

fn dated(mut item: MemoryItem) -> MemoryItem {
    let taken = CaptureTime::local("2024-05-02T09:00:00".parse().unwrap(), Precision::Second);
    item.metadata.taken = Some(Sourced::provider(taken));
    item
}

fn live(id: &str) -> MemoryItem {
    let mut item = dated(MemoryItem::new(id, format!("{id}.heic"), format!("still of {id}")));
    item.kind = MediaKind::LivePhoto;
    item.parts.push(MemoryPart {
        role: PartRole::Motion,
        file_name: format!("{id}.mov"),
        bytes: format!("clip of {id}").into(),
        media_type: Some("video/quicktime".into()),
    });
    item
}

#[tokio::test]
async fn a_plan_counts_everything_and_writes_nothing() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        caps.limits.photo = Some(100);
        caps.media_types = &["image/jpeg", "image/heic", "video/mp4", "video/quicktime"];
        caps.unseen = Some("it shows nobody what it holds");
        caps.lasting = Some("nothing can be deleted there");
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(4);
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(9);
    bench.album("a", 0..9);
    bench.album("b", 0..2);
    bench.source.insert(dated(MemoryItem::new("v", "film.mp4", "a film")));
    bench.source.insert(live("l"));
    bench
        .source
        .insert(dated(MemoryItem::new("twin", "twin.jpg", item(0).bytes)));
    bench
        .source
        .insert(dated(MemoryItem::new("big", "big.jpg", vec![7; 101])));
    bench
        .source
        .insert(dated(MemoryItem::new("odd", "odd.png", "a drawing")));
    let plan = plan_of(&bench).await;
    let kinds: Vec<_> = plan
        .kinds
        .iter()
        .map(|kind| (kind.kind, kind.assets, kind.parts.count, kind.split))
        .collect();
    assert_eq!(
        kinds,
        [
            (MediaKind::LivePhoto, 1, 2, 1),
            (MediaKind::Photo, 12, 12, 0),
            (MediaKind::Video, 1, 1, 0)
        ]
    );
    assert_eq!((plan.to_send.count, plan.duplicates.count, plan.undated), (13, 1, 9));
    assert_eq!(plan.refused.len(), 1);
    let refused = &plan.refused[0];
    assert_eq!(
        (refused.reason.kind.as_str(), refused.parts.bytes),
        ("rejected_too_large", 101)
    );
    assert_eq!(
        (refused.examples[0].name.as_str(), refused.examples[0].size_bytes),
        ("big.jpg", Some(101))
    );
    assert_eq!(plan.doubtful.len(), 1);
    assert_eq!(plan.doubtful[0].media_type, "image/png");
    assert_eq!(plan.doubtful[0].examples[0].name, "odd.png");
    let albums = &plan.album_plan;
    assert_eq!((albums.to_create, albums.made, albums.split), (4, 0, 1));
    let split = &albums.split_examples[0];
    assert_eq!((split.title.as_str(), split.places, split.into), ("Album a", 9, 3));
    assert_eq!(plan.unseen.as_deref(), Some("it shows nobody what it holds"));
    assert_eq!(plan.lasting.as_deref(), Some("nothing can be deleted there"));
    assert_eq!(plan.sent_earlier.count, 0);
    assert_eq!(bench.sink.items().len(), 0);

    // The same once more, and after all is done.
    assert_eq!(plan_of(&bench).await, plan);
    bench.run().await;
    let after = plan_of(&bench).await;
    assert!(after.nothing_to_do, "{after:?}");
    assert_eq!((after.already_there.count, after.sent_earlier.count), (14, 13));
    assert_eq!((after.album_plan.to_create, after.album_plan.made), (0, 4));
    assert_eq!(after.estimate, Estimate::default());
}

#[tokio::test]
async fn an_empty_library_is_a_plan_of_nothing() {
    let plan = plan_of(&Bench::new()).await;
    assert!(plan.nothing_to_do);
    assert_eq!((plan.assets, plan.estimate.requests), (0, 0));
}

/// A sink of 10 requests a day, one of them for itself, whose days end in California.
fn frugal() -> Bench {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        caps.requests.per_part = 1;
        caps.requests.per_commit = 1;
        caps.requests.per_day = Some(10);
        caps.requests.per_staging_day = 1;
        caps.requests.day_ends = Some("America/Los_Angeles");
        caps.ledger = Some(Ledger {
            account: "project".into(),
            resource: "requests",
        });
    });
    Bench::with(clock.clone(), kind_source(&clock), sink)
}

#[tokio::test]
async fn requests_count_albums_further_memberships_and_what_a_day_costs() {
    let bench = frugal();
    bench.fill(12);
    bench.album("a", 0..12);
    bench.album("b", 0..3);
    let estimate = plan_of(&bench).await.estimate;
    // 12 files, one commit into the first album, two albums, one call for the second one's members.
    let of = estimate.of;
    assert_eq!((of.files, of.items, of.albums, of.memberships), (12, 1, 2, 1));
    // 16 at 9 a day.
    assert_eq!((estimate.days, of.daily, estimate.requests), (Some(2), 2, 18));
    assert_eq!(estimate.last_day, Some("2026-03-02T08:00:00Z".parse().unwrap()));
    assert_eq!((estimate.bytes_per_second, estimate.done_at), (None, None));
}

#[tokio::test]
async fn what_another_run_used_today_is_not_there_any_more() {
    let bench = frugal();
    bench.fill(3);
    assert_eq!(plan_of(&bench).await.estimate.days, Some(1));
    // It is still the 28th of February there, until 8 o'clock; the bench's clock says ten.
    let journal = bench.open(None);
    journal.add("project", "requests", "2026-03-01", 8).await.unwrap();
    journal.add("project", "requests", "2026-02-28", 5).await.unwrap();
    drop(journal);
    let estimate = plan_of(&bench).await.estimate;
    assert_eq!((estimate.used_today, estimate.days), (8, Some(2)));
    assert_eq!(estimate.last_day, Some("2026-03-02T08:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn the_speed_of_a_run_is_known_to_the_next_plan() {
    let bench = frugal();
    let large = |id: &str| MemoryItem::new(id, format!("{id}.jpg"), vec![id.len() as u8; 2_000_000 + id.len()]);
    bench.source.insert(large("a"));
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    let clock = Arc::clone(&bench.clock);
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Stage {
            clock.advance(Duration::from_secs(20));
        }
    });
    Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap();
    bench.source.insert(large("bb"));
    let plan = plan_of(&bench).await;
    assert_eq!(plan.estimate.bytes_per_second, Some(100_000));
    let done = plan.estimate.done_at.unwrap();
    assert_eq!(done.duration_since(bench.clock.now()).as_secs(), 20);
}

#[tokio::test]
async fn room_is_compared_with_what_is_needed() {
    let mut bench = Bench::new();
    bench.fill(10);
    let bytes = item(0).bytes.len() as u64;
    let storage = plan_of(&bench).await.storage;
    assert_eq!(
        (storage.needed_bytes, storage.free_bytes, storage.is_short()),
        (bytes * 10, None, false)
    );
    bench.change = |options| options.target_free_bytes = Some(60);
    let storage = plan_of(&bench).await.storage;
    assert_eq!(storage.told_by, Some(RoomToldBy::Person));
    assert_eq!((storage.is_short(), storage.files_that_fit), (true, Some(60 / bytes)));

    // A service that says it itself is believed first.
    let clock = clock();
    let sink = demanding(&clock).with_capacity(1_000_000);
    let mut bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(10);
    bench.change = |options| options.target_free_bytes = Some(60);
    let storage = plan_of(&bench).await.storage;
    assert_eq!(storage.told_by, Some(RoomToldBy::Service));
    assert_eq!((storage.free_bytes, storage.files_that_fit), (Some(1_000_000), None));
}

#[tokio::test]
async fn a_sink_that_must_not_be_written_to_notices_a_run() {
    let bench = Bench::new();
    bench.fill(1);
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.meddle = Box::new(|operation, _, when| {
        let writes = when == FailWhen::Before && WRITES.contains(&operation);
        writes.then(|| Error::new(ErrorKind::Internal, "a write"))
    });
    let summary = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap();
    assert!(summary.stopped.is_some());
}
