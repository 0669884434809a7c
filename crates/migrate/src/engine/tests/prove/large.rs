//! A library of many photos: what a second run of a finished job costs, and what the checker does.

use photomove_core::{HashKinds, MemoryItem, Operation};
use std::time::Instant;

use super::size;
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};

#[tokio::test]
async fn a_second_run_of_a_finished_job_only_lists() {
    let items = size(100_000, 1_500);
    let clock = clock();
    let source = kind_source(&clock).with_page_items(200);
    let bench = Bench::with(clock.clone(), source, demanding(&clock));
    for n in 0..items {
        bench.source.insert(MemoryItem {
            promise_hashes: HashKinds::MD5,
            ..MemoryItem::new(format!("i{n}"), format!("{n}.jpg"), format!("bytes of picture {n}"))
        });
    }
    for album in 0..5 {
        let members = (0..items).filter(|n| n % 5 == album);
        bench.album(&format!("{album}"), members);
    }
    let begun = Instant::now();
    assert_eq!(bench.run().await.accounting.verified.count, items as u64);
    let first = begun.elapsed();
    let writes = [
        Operation::Stage,
        Operation::Commit,
        Operation::Find,
        Operation::Settle,
        Operation::CreateAlbum,
        Operation::AddToAlbum,
        Operation::Describe,
        Operation::Verify,
        Operation::Prepare,
    ];
    let calls = || writes.map(|operation| bench.sink.calls_of(operation));
    let (before, pages) = (calls(), bench.source.calls_of(Operation::ListAssets));
    let begun = Instant::now();
    assert!(bench.run().await.nothing_to_do);
    let second = begun.elapsed();
    assert_eq!(calls(), before, "the destination is asked nothing");
    assert_eq!(bench.source.calls_of(Operation::ListAssets), 2 * pages);
    let begun = Instant::now();
    assert_eq!(bench.open(None).check(crate::JobId(1)).await.unwrap(), []);
    eprintln!(
        "large: {items} items; first run {first:?}, second run {second:?}, opening and checking {:?}",
        begun.elapsed()
    );
}
