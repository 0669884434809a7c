//! A disk that is full at any moment.

use std::sync::Arc;

use photomove_core::{MemoryItem, Operation, Origin, PhotoProvider, Sourced};

use super::{Dice, size};
use crate::StopReason;
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};
use crate::engine::tests::kills::{library, small_batches};
use crate::journal::Tuning;

const ITEMS: usize = 90;

fn bench() -> Bench {
    let clock = clock();
    let bench = Bench::with(
        clock.clone(),
        kind_source(&clock).with_page_items(5),
        small_batches(demanding(&clock)),
    );
    library(&bench);
    bench.album("large", 0..ITEMS);
    for n in 7..ITEMS {
        let mut item = MemoryItem::new(format!("i{n}"), format!("{n}.jpg"), format!("bytes of picture {n}"));
        // Long texts fill pages soon.
        item.metadata.description = Some(Sourced {
            value: format!("{n} {}", "long ".repeat(180)),
            origin: Origin::Provider,
        });
        bench.source.insert(item);
    }
    bench
}

fn pages(bench: &Bench) -> u32 {
    let connection = rusqlite::Connection::open(bench.journal_path()).unwrap();
    connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_disk_full_at_any_write_stops_the_run_and_room_lets_it_go_on() {
    let whole = bench();
    drop(whole.open(None));
    let first = pages(&whole);
    whole.run().await;
    let last = pages(&whole);
    assert!(last > first + 20, "{first} to {last}");
    let dice = Dice::new(3);
    let mut stopped = 0;
    for limit in first..=last {
        if limit > first + 1 && !dice.fixed(&limit.to_string()).is_multiple_of(size(1, 4)) {
            continue;
        }
        let bench = bench();
        drop(bench.open(None));
        let journal = bench.open_tuned(Tuning {
            max_pages: Some(limit),
            ..Tuning::default()
        });
        let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
        let end = Box::pin(bench.migration(journal, target).run()).await;
        let error = match &end {
            Ok(summary) => match &summary.stopped {
                None => None,
                Some(StopReason::Failed(error)) => Some(error),
                Some(other) => panic!("limit {limit}: {other:?}"),
            },
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            stopped += 1;
            assert!(
                error.hint_text().is_some_and(|hint| hint.contains("make room")),
                "limit {limit}: {error}"
            );
        }
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "limit {limit}: {:?}", summary.stopped);
        assert_eq!(bench.audit().await, Vec::<String>::new(), "limit {limit}");
        let uploads = bench.sink.calls_of(Operation::Stage);
        // Those that were in flight when the disk was full, and no more.
        assert!(uploads <= ITEMS as u64 + 4, "limit {limit}: {uploads} uploads");
    }
    assert!(stopped > 3, "only {stopped} runs met the full disk");
    eprintln!("disk: {stopped} runs met a full disk");
}
