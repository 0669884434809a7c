//! Parts that are larger than the spool may hold.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use photomove_core::drill::{Drill, Mutant};
use photomove_core::{
    Damage, Error, ErrorKind, FailWhen, Happened, HashKinds, MemoryItem, MemoryProvider, Operation, PhotoProvider,
};
use rusqlite::Connection;

use super::harness::{Bench, clock, demanding, kind_source};
use super::killer::{Gate, Killer};
use super::kills::visible;
use super::odd::OddSource;
use crate::{StopReason, Summary};

/// Longer than the spool of the bench, and no multiple of a block.
pub(super) const LONG: u64 = 20_123;
/// What fits into the spool, but not into memory.
pub(super) const MIDDLE: u64 = 3_210;

pub(super) fn bytes(seed: u8, len: u64) -> Vec<u8> {
    (0..len)
        .map(|n| u8::try_from((n * n / 7 + u64::from(seed) * 13) % 251).unwrap())
        .collect()
}

pub(super) fn film(id: &str, seed: u8, len: u64) -> MemoryItem {
    MemoryItem {
        // As Amazon does, and unlike what the destination wants.
        promise_hashes: HashKinds::MD5,
        ..MemoryItem::new(id, format!("{id}.mp4"), bytes(seed, len))
    }
}

/// A sink that takes files in pieces, a memory of two blocks of 500 bytes, and a spool of 5,000.
pub(super) fn bench_with(sink: impl FnOnce(MemoryProvider) -> MemoryProvider) -> Bench {
    let clock = clock();
    let target = sink(demanding(&clock).with_sink_caps(|caps| caps.resumable = true));
    let mut bench = Bench::with(Arc::clone(&clock), kind_source(&clock), target);
    bench.change = |options| {
        options.memory_part_max_bytes = 1000;
        options.spool_max_bytes = 5000;
    };
    bench
}

pub(super) fn bench() -> Bench {
    bench_with(|sink| sink)
}

/// What is left of uploads under way: handles of unfinished ones, and states of their hashes.
pub(super) fn traces(bench: &Bench) -> (i64, i64) {
    let journal = Connection::open(bench.journal_path()).unwrap();
    let count = |sql: &str| journal.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        count("SELECT count(*) FROM upload WHERE token IS NOT NULL AND state IN('wanted','spooled','staging')"),
        count("SELECT count(*) FROM hash_state"),
    )
}

/// The journal knows of a streamed part all that it knows of a received one.
pub(super) fn assert_recorded(bench: &Bench, body: &[u8]) {
    let journal = Connection::open(bench.journal_path()).unwrap();
    let sums = photomove_core::Checksums::of(body);
    let found: i64 = journal
        .query_row(
            "SELECT count(*) FROM upload WHERE size=?1 AND md5=?2 AND sha1=?3 AND sent=size",
            (i64::try_from(body.len()).unwrap(), sums.md5, sums.sha1),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(found, 1);
}

/// A source that is watched, in front of the bench's own.
pub(super) fn watched(bench: &Bench) -> OddSource {
    OddSource::new(&bench.source)
}

pub(super) async fn run_from(bench: &Bench, source: OddSource) -> Summary {
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration_from(Arc::new(source), bench.open(None), target);
    let run = tokio::time::timeout(Duration::from_secs(20), Box::pin(migration.run()));
    let summary = run.await.expect("the run never ends").unwrap();
    assert!(summary.accounting.adds_up(), "{summary:?}");
    summary
}

#[tokio::test]
async fn a_part_larger_than_the_spool_streams_and_is_proven() {
    let bench = bench();
    bench.fill(3);
    bench.source.insert(film("long", 1, LONG));
    bench.album("a", 0..3);
    let source = watched(&bench);
    let given = Arc::clone(&source.given);
    let summary = run_from(&bench, source).await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.verified.count, 4);
    bench.assert_same_library();
    assert_recorded(&bench, &bytes(1, LONG));
    assert_eq!(traces(&bench), (0, 0));
    assert_eq!(given.load(Ordering::SeqCst), bench.sink.taken_bytes(), "each byte once");
    assert!(!bench.folder.path().join("spool").exists(), "nothing was kept on disk");
    assert!(bench.run().await.nothing_to_do);
}

#[tokio::test]
async fn a_source_that_breaks_off_is_read_on_from_there() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    bench.source.damage(&"long".into(), Damage::BreaksAfter(7_777), 2);
    let source = watched(&bench);
    let opened = Arc::clone(&source.opened);
    assert_eq!(run_from(&bench, source).await.accounting.verified.count, 1);
    assert_eq!(*opened.lock().unwrap(), [0, 7_777, 7_777]);
    assert_eq!(bench.sink.taken_bytes(), LONG);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_source_that_ends_early_again_and_again_is_told_and_nothing_arrives() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    bench.source.damage(&"long".into(), Damage::EndsAfter(600), 99);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.failed.count, 1);
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    assert_eq!(
        failures[0].reason.message,
        format!("wrong length: expected {LONG} bytes, got 600")
    );
    assert!(bench.sink.items().is_empty());
}

#[tokio::test]
async fn a_connection_that_breaks_more_often_than_there_are_tries_still_brings_the_file() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    for n in 1..9 {
        bench.sink.break_next_stage(n * 2_050);
    }
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 1, "{:?}", summary.stopped);
    assert_eq!(bench.sink.taken_bytes(), LONG, "what arrived was not sent again");
    bench.assert_same_library();
}

#[tokio::test]
async fn an_upload_that_never_gets_further_fails_in_the_end() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    for _ in 0..9 {
        bench.sink.break_next_stage(2_050);
    }
    let summary = bench.run().await;
    assert_eq!(summary.accounting.failed.count, 1, "{:?}", summary.stopped);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 3);
}

#[tokio::test]
async fn wrong_bytes_are_cancelled_before_they_are_final_and_sent_again() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    bench.source.damage(&"long".into(), Damage::WrongBytes, 1);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 1, "{:?}", summary.stopped);
    assert_eq!(bench.sink.taken_bytes(), 2 * LONG);
    bench.assert_same_library();
}

#[tokio::test]
async fn whoever_trusts_a_length_lets_wrong_bytes_through() {
    for (len, route) in [(200, "memory"), (MIDDLE, "spool"), (LONG, "stream")] {
        for planted in [false, true] {
            let mut bench = bench();
            if planted {
                bench.drill = Drill::mutant(Mutant::LengthWithoutHash);
            }
            bench.source.insert(film("film", 1, len));
            bench.source.damage(&"film".into(), Damage::WrongBytes, 1);
            bench.run().await;
            let arrived = bench.bodies().contains_key(&bytes(1, len));
            assert_eq!(arrived, !planted, "{route}");
        }
    }
}

#[tokio::test]
async fn a_source_that_loses_the_file_in_the_middle_leaves_it_out() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    bench.source.damage(&"long".into(), Damage::BreaksAfter(5_000), 1);
    let mut source = watched(&bench);
    source.gone_after = Some(1);
    let summary = run_from(&bench, source).await;
    assert_eq!(summary.accounting.skipped.count, 1, "{:?}", summary.stopped);
    assert!(bench.sink.items().is_empty());
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0);
}

/// That two parts are the same is known only once one of them has streamed; whatever the other one is by then.
#[tokio::test]
async fn what_turns_out_to_be_a_duplicate_is_joined() {
    for (silent_first, breaks) in [(true, false), (false, false), (true, true), (false, true)] {
        let bench = bench();
        let silent = || MemoryItem {
            promise_hashes: HashKinds::NONE,
            ..film("silent", 1, LONG)
        };
        if silent_first {
            bench.source.insert(silent());
            bench.source.insert(film("told", 1, LONG));
        } else {
            bench.source.insert(film("told", 1, LONG));
            bench.source.insert(silent());
        }
        bench
            .source
            .add_album(photomove_core::MemoryAlbum::new("a", "A", ["silent".into()]));
        bench
            .source
            .add_album(photomove_core::MemoryAlbum::new("b", "B", ["told".into()]));
        if breaks {
            bench.sink.break_next_stage(3_000);
        }
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
        assert_eq!(summary.accounting.failed.count, 0, "{:?}", summary.accounting);
        bench.assert_same_library();
        assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0);
        assert_eq!(traces(&bench), (0, 0));
        assert!(bench.run().await.nothing_to_do);
    }
}

#[tokio::test]
async fn a_stop_in_the_middle_does_not_wait_for_the_end_and_the_next_run_goes_on() {
    let mut bench = bench();
    bench.source.insert(film("long", 1, LONG));
    let source = watched(&bench);
    let (given, stop) = (Arc::clone(&source.given), bench.stop.clone());
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.at_byte = Some((6_000, Box::new(move || stop.drain())));
    let migration = bench.migration_from(Arc::new(source), bench.open(None), Arc::new(gate));
    let summary = Box::pin(migration.run()).await.unwrap();
    drop(migration);
    assert!(
        matches!(summary.stopped, Some(StopReason::Interrupted)),
        "{:?}",
        summary.stopped
    );
    let sent = bench.sink.taken_bytes();
    assert!((6_000..8_000).contains(&sent), "{sent}");
    assert!(given.load(Ordering::SeqCst) <= LONG);
    bench.stop = crate::StopToken::new();
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), LONG);
    bench.assert_same_library();
}

/// However slow the destination is, the source is read no further ahead than two blocks.
#[tokio::test]
async fn a_slow_destination_holds_the_source_back() {
    let mut bench = bench();
    bench.change = |options| {
        options.memory_part_max_bytes = 256 << 10;
        options.spool_max_bytes = 1 << 20;
    };
    let len = 4 << 20;
    bench.source.insert(film("long", 1, len));
    let source = watched(&bench);
    let given = Arc::clone(&source.given);
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.slow = true;
    let (sink, most) = (Arc::clone(&bench.sink), Arc::new(std::sync::atomic::AtomicU64::new(0)));
    let seen = Arc::clone(&most);
    gate.at_byte = Some((
        0,
        Box::new(move || {
            seen.fetch_max(given.load(Ordering::SeqCst) - sink.taken_bytes(), Ordering::SeqCst);
        }),
    ));
    let migration = bench.migration_from(Arc::new(source), bench.open(None), Arc::new(gate));
    assert_eq!(Box::pin(migration.run()).await.unwrap().accounting.verified.count, 1);
    let (most, block) = (most.load(Ordering::SeqCst), 128 << 10);
    // Besides the blocks: the chunk of the source that was cut, and the one on its way.
    assert!((block..=2 * block + (128 << 10)).contains(&most), "{most}");
}

#[tokio::test]
async fn large_parts_do_not_keep_small_ones_waiting() {
    let bench = bench();
    for n in 0..6 {
        bench.source.insert(film(&format!("long{n}"), n, LONG));
    }
    bench.fill(40);
    let summary = bench.run().await;
    assert_eq!(summary.accounting.verified.count, 46, "{:?}", summary.stopped);
    assert!(bench.sink.peak_stages() >= 3, "{}", bench.sink.peak_stages());
    bench.assert_same_library();
}

/// A reply that is lost after all bytes were stored costs no byte, only a question.
#[tokio::test]
async fn a_lost_reply_at_the_end_sends_no_byte_again() {
    for len in [200, MIDDLE, LONG] {
        let bench = bench();
        bench.source.insert(film("film", 1, len));
        let lost = || Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false);
        bench.sink.fail_next(Operation::Stage, FailWhen::AfterActing, lost);
        let summary = bench.run().await;
        assert_eq!(summary.accounting.verified.count, 1, "{:?}", summary.stopped);
        assert_eq!(bench.sink.taken_bytes(), len);
        bench.assert_same_library();
    }
}

#[tokio::test]
async fn a_sink_whose_items_are_visible_at_once_takes_only_what_it_can_find_again() {
    for (promise, arrives) in [(HashKinds::MD5, 1), (HashKinds::NONE, 0)] {
        let bench = bench_with(visible);
        bench.source.insert(MemoryItem {
            promise_hashes: promise,
            ..film("long", 1, LONG)
        });
        let summary = bench.run().await;
        assert_eq!(summary.accounting.verified.count, arrives, "{:?}", summary.accounting);
        assert_eq!(summary.accounting.failed.count, 1 - arrives);
    }
}
