//! The process dies at every boundary in turn; the next run loses nothing and doubles nothing.

use std::sync::Arc;

use photomove_core::{
    FailWhen, HashKinds, MemoryAlbum, MemoryItem, MemoryProvider, Operation, PhotoProvider, StageKind,
};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use super::harness::{Bench, clock, demanding, kind_source};
use super::killer::{Gate, Killer};
use crate::Migration;

const ITEMS: usize = 7;

pub(super) fn library(bench: &Bench) {
    bench.fill(ITEMS);
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..MemoryItem::new("twin", "twin.jpg", "bytes of picture 1")
    });
    bench.album("a", [0, 1, 2, 3]);
    bench.album("b", [3, 4]);
    bench
        .source
        .add_album(MemoryAlbum::new("c", "Album c", ["twin".into(), "i5".into()]));
    bench.album("empty", []);
}

/// As a folder does it: what is sent is there at once, and can be found by its hash.
pub(super) fn visible(sink: MemoryProvider) -> MemoryProvider {
    sink.with_sink_caps(|caps| {
        caps.stage = StageKind::VisibleAtOnce;
        caps.find_by = HashKinds::MD5;
        caps.staged_ttl = None;
    })
}

/// Lets the process die right before or right after the first call of that sort.
pub(super) async fn die_around(bench: &Bench, operation: Operation, when: FailWhen) {
    let killer = Killer::new(u64::MAX);
    let mut gate = Gate::new(&bench.sink, &killer);
    gate.dies_around = Some((operation, when));
    let migration = bench.migration(bench.open(None), Arc::new(gate));
    tokio::select! {
        biased;
        () = killer.died() => {}
        ended = Box::pin(migration.run()) => panic!("{operation:?} {when:?}: nothing died: {ended:?}"),
    }
}

pub(super) fn small_batches(sink: MemoryProvider) -> MemoryProvider {
    sink.with_sink_caps(|caps| caps.commit_batch = std::num::NonZeroU32::new(3).unwrap())
}

/// Runs until the killer strikes or the run ends; says whether it ended.
pub(super) async fn run_until_killed(bench: &Bench, killer: &Arc<Killer>) -> bool {
    let journal = bench.open(Some(killer.fuse()));
    let gate: Arc<dyn PhotoProvider> = Arc::new(Gate::new(&bench.sink, killer));
    let migration: Migration = bench.migration(journal, gate);
    tokio::select! {
        biased;
        () = killer.died() => false,
        ended = Box::pin(migration.run()) => {
            // Dying inside the journal's thread shows here as an error that nothing follows.
            ended.is_ok_and(|summary| summary.stopped.is_none())
        }
    }
}

/// Kills at every `step`-th boundary; 1 = at all of them.
async fn kill_everywhere(step: usize, sink: impl Fn(MemoryProvider) -> MemoryProvider) {
    let mut kills = 0_usize;
    for k in (2..).step_by(step) {
        let clock = clock();
        let (source, target) = (
            kind_source(&clock).with_page_items(3),
            sink(small_batches(demanding(&clock))),
        );
        let bench = Bench::with(clock, source, target);
        library(&bench);
        let killer = Killer::new(k);
        if run_until_killed(&bench, &killer).await {
            break;
        }
        kills += 1;
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "kill {k}: {:?}", summary.stopped);
        assert_eq!(summary.accounting.found.count, 8, "kill {k}");
        let sums = summary.accounting;
        let arrived = sums.verified.count + sums.unverifiable.count + sums.already_there.count;
        assert_eq!(arrived, 8, "kill {k}: {:?}", summary.accounting);
        bench.assert_same_library();
        let calls = bench.sink.calls_of(Operation::Stage);
        // At most four were in flight when it died, and a batch of three may have had its tokens used.
        assert!(calls <= 7 + 4 + 3, "kill {k}: {calls} uploads");
        let open = bench.open(None).jobs().await.unwrap()[0].open_intents;
        assert_eq!(open, 0, "kill {k}");
        if k % 8 == 0 {
            assert!(bench.run().await.nothing_to_do, "kill {k}");
        }
    }
    assert!(kills * step > 60, "only {kills} boundaries were found");
}

#[tokio::test]
async fn killed_at_every_boundary_where_repeating_is_harmless() {
    kill_everywhere(1, |sink| sink).await;
}

#[tokio::test]
async fn killed_at_every_boundary_where_used_tokens_are_refused() {
    kill_everywhere(3, |sink| sink.with_token_reuse(false)).await;
}

#[tokio::test]
async fn killed_at_every_boundary_where_equal_bytes_are_not_known_again() {
    kill_everywhere(1, |sink| sink.with_dedup(false).with_token_reuse(false)).await;
}

#[tokio::test]
async fn killed_at_every_boundary_where_staging_is_final() {
    kill_everywhere(3, visible).await;
}

#[tokio::test]
async fn killed_again_and_again_it_still_ends() {
    let clock = clock();
    let bench = Bench::with(
        Arc::clone(&clock),
        kind_source(&clock),
        small_batches(demanding(&clock)),
    );
    library(&bench);
    let mut runs: u64 = 0;
    while !run_until_killed(&bench, &Killer::new(14 + runs * 5 % 17)).await {
        runs += 1;
        bench.clock.advance(std::time::Duration::from_secs(660));
        assert!(runs < 60, "no progress from run to run");
    }
    assert!(runs > 5);
    bench.assert_same_library();
}

/// The intent of a call is durable before the call is made, with the very tokens that it uses.
#[tokio::test]
async fn intents_are_durable_before_the_act() {
    let bench = Bench::new();
    library(&bench);
    let path = bench.journal_path();
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.look = Box::new(move |operation, batch| {
        let kind = match operation {
            Operation::Stage => "stage",
            Operation::Commit => "commit",
            Operation::CreateAlbum => "create_album",
            Operation::AddToAlbum => "add_to_album",
            _ => return,
        };
        let other = Connection::open(&path).unwrap();
        let mut statement = other
            .prepare("SELECT id FROM intent WHERE kind=?1 AND closed_at IS NULL ORDER BY id DESC")
            .unwrap();
        let open: Vec<i64> = statement
            .query_map([kind], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!open.is_empty(), "no intent for {kind}");
        if kind == "commit" {
            let mut statement = other
                .prepare("SELECT token FROM intent_item WHERE intent=?1 ORDER BY position")
                .unwrap();
            let kept: Vec<String> = statement
                .query_map([open[0]], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let sent: Vec<String> = batch
                .iter()
                .flat_map(|bundle| &bundle.parts)
                .map(|(_, staged)| staged.token.expose_secret().to_owned())
                .collect();
            assert_eq!(kept, sent);
        }
    });
    let migration = bench.migration(bench.open(None), Arc::new(gate));
    let summary = Box::pin(migration.run()).await.unwrap();
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    bench.assert_same_library();
}
