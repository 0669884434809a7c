//! Every kind of call whose reply never came, in the run and after a kill, and what other apps own.

use std::sync::Arc;

use photomove_core::{Error, ErrorKind, FailWhen, Happened, HashKinds, MemoryItem, MemoryProvider, Operation};

use super::harness::{Bench, clock, demanding, item, kind_source};
use super::killer::{Gate, Killer};
use super::kills::{die_around, run_until_killed, visible};

const CALLS: [Operation; 4] = [
    Operation::Stage,
    Operation::Commit,
    Operation::CreateAlbum,
    Operation::AddToAlbum,
];

fn lost() -> Error {
    Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false)
}

fn bench_with(sink: impl FnOnce(MemoryProvider) -> MemoryProvider) -> Bench {
    let clock = clock();
    let target = sink(demanding(&clock));
    Bench::with(Arc::clone(&clock), kind_source(&clock), target)
}

async fn assert_done(bench: &Bench, what: &str) {
    bench.assert_same_library();
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0, "{what}");
}

#[tokio::test]
async fn a_call_that_a_kill_cut_off_is_settled_and_nothing_is_sent_twice() {
    for operation in CALLS {
        for when in [FailWhen::Before, FailWhen::AfterActing] {
            let what = format!("{operation:?} {when:?}");
            let bench = Bench::new();
            // One batch that waits for its last item: nothing else is under way when it is created.
            bench.fill(40);
            bench.album("a", 0..40);
            bench.album("b", 0..10);
            die_around(&bench, operation, when).await;
            let before = bench.sink.calls_of(Operation::Stage);
            let summary = bench.run().await;
            assert_eq!(summary.accounting.verified.count, 40, "{what}: {:?}", summary.stopped);
            assert_done(&bench, &what).await;
            // Asked for again only where it is known that the first request never arrived.
            assert_eq!(bench.sink.calls_of(Operation::CreateAlbum), 2, "{what}");
            if operation != Operation::Stage {
                assert_eq!(before, 40, "{what}");
                assert_eq!(
                    bench.sink.calls_of(Operation::Stage),
                    40,
                    "{what}: a body was sent again"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_commit_that_a_kill_cut_off_costs_its_own_bodies_where_used_tokens_are_refused() {
    for (when, again) in [(FailWhen::Before, 0), (FailWhen::AfterActing, 40)] {
        let bench = bench_with(|sink| sink.with_token_reuse(false));
        bench.fill(40);
        die_around(&bench, Operation::Commit, when).await;
        assert_eq!(bench.sink.calls_of(Operation::Stage), 40);
        let summary = bench.run().await;
        assert_eq!(summary.accounting.verified.count, 40, "{:?}", summary.stopped);
        assert_eq!(bench.sink.calls_of(Operation::Stage), 40 + again, "{when:?}");
        assert_done(&bench, "used tokens").await;
    }
}

#[tokio::test]
async fn what_is_there_at_once_is_found_again_by_its_hash() {
    for operation in CALLS {
        for when in [FailWhen::Before, FailWhen::AfterActing] {
            for killed in [false, true] {
                let what = format!("{operation:?} {when:?} killed: {killed}");
                let bench = bench_with(visible);
                bench.fill(9);
                bench.album("a", 0..5);
                bench.album("b", 4..7);
                if killed {
                    die_around(&bench, operation, when).await;
                } else {
                    bench.sink.fail_next(operation, when, lost);
                }
                let summary = bench.run().await;
                assert!(summary.stopped.is_none(), "{what}: {:?}", summary.stopped);
                assert_eq!(summary.accounting.failed.count, 0, "{what}");
                assert_done(&bench, &what).await;
            }
        }
    }
}

/// Where nobody can say whether it acted, it is never sent again by itself; a person is told.
#[tokio::test]
async fn what_nobody_can_tell_is_not_repeated() {
    for when in [FailWhen::Before, FailWhen::AfterActing] {
        let bench = bench_with(|sink| {
            visible(sink)
                .with_sink_caps(|caps| caps.find_by = HashKinds::NONE)
                .with_dedup(false)
        });
        bench.fill(5);
        bench.sink.fail_next(Operation::Stage, when, lost);
        let summary = bench.run().await;
        assert_eq!(
            (summary.accounting.verified.count, summary.accounting.failed.count),
            (4, 1)
        );
        let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
        assert_eq!(failures[0].reason.kind, "unknown_outcome");
        assert!(
            failures[0].reason.message.contains("look for the item"),
            "{}",
            failures[0].reason.message
        );
        assert!(bench.run().await.nothing_to_do, "{when:?}");
        assert!(bench.bodies().values().all(|n| *n == 1));
        assert_eq!(bench.sink.calls_of(Operation::Stage), 5);
    }
}

/// Two of three items are at the destination already, put there by another app.
fn owned_by_others(bench: &Bench) {
    bench.fill(3);
    bench.album("a", [0, 1]);
    bench.album("b", [0, 1, 2]);
    bench.album("c", [1]);
    for n in 0..2 {
        bench.sink.insert(MemoryItem {
            foreign: true,
            ..MemoryItem::new(format!("phone{n}"), format!("phone{n}.jpg"), item(n).bytes)
        });
    }
}

#[tokio::test]
async fn a_lost_reply_keeps_no_foreign_item_out_of_its_further_albums() {
    for when in [FailWhen::Before, FailWhen::AfterActing] {
        // Item 2 with its album, items 0 and 1 with theirs, then both into b, and one into c.
        for nth in 1..=4 {
            let what = format!("{nth} {when:?}");
            let bench = Bench::new();
            owned_by_others(&bench);
            bench.sink.fail_nth(Operation::Commit, nth, when, lost);
            let summary = bench.run().await;
            assert!(summary.stopped.is_none(), "{what}: {:?}", summary.stopped);
            assert_eq!((summary.albums.filed, summary.albums.unfiled), (6, 0), "{what}");
            assert_eq!(bench.sink.calls_of(Operation::Stage), 3, "{what}");
            assert_eq!(bench.sink.calls_of(Operation::Commit), 5, "{what}");
            assert_done(&bench, &what).await;
        }
    }
}

#[tokio::test]
async fn killed_at_every_boundary_while_foreign_items_enter_albums() {
    let mut kills = 0;
    for k in (2..).step_by(3) {
        let bench = Bench::new();
        owned_by_others(&bench);
        if run_until_killed(&bench, &Killer::new(k)).await {
            break;
        }
        kills += 1;
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "kill {k}: {:?}", summary.stopped);
        assert_eq!((summary.albums.filed, summary.albums.unfiled), (6, 0), "kill {k}");
        assert!(bench.sink.calls_of(Operation::Stage) <= 6, "kill {k}");
        assert_done(&bench, &format!("kill {k}")).await;
    }
    assert!(kills > 15, "{kills}");
}

#[tokio::test]
async fn a_foreign_item_whose_token_is_used_up_is_told_as_unfiled() {
    let bench = bench_with(|sink| sink.with_token_reuse(false));
    owned_by_others(&bench);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    // Each is in the first of its albums; the others are told with their number, and nothing is sent again for them.
    assert_eq!((summary.albums.filed, summary.albums.unfiled), (3, 3));
    assert_eq!(bench.sink.calls_of(Operation::Stage), 3);
    assert_eq!(
        summary.accounting.already_there.count + summary.accounting.verified.count,
        3
    );
    let told = summary
        .losses
        .iter()
        .map(|loss| format!("{loss:?}"))
        .collect::<Vec<_>>();
    assert!(told.iter().any(|loss| loss.contains("Some(3)")), "{told:?}");
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0);
    assert!(bench.run().await.nothing_to_do);
}

#[tokio::test]
async fn a_foreign_item_whose_token_grew_old_is_told_as_unfiled() {
    let bench = Bench::new();
    owned_by_others(&bench);
    // The process dies before both enter their second album, and is started again two days later.
    let killer = Killer::new(u64::MAX);
    let mut gate = Gate::new(&bench.sink, &killer);
    let (dies, commits) = (Arc::clone(&killer), std::sync::atomic::AtomicU64::new(0));
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Commit && commits.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 2 {
            dies.strike();
        }
    });
    let migration = bench.migration(bench.open(Some(killer.fuse())), Arc::new(gate));
    tokio::select! {
        biased;
        () = killer.died() => {}
        ended = Box::pin(migration.run()) => panic!("nothing died: {ended:?}"),
    }
    drop(migration);
    bench.clock.advance(std::time::Duration::from_secs(2 * 24 * 3600));
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(
        bench.sink.calls_of(Operation::Stage),
        3,
        "nothing is sent for an album alone"
    );
    assert_eq!(summary.albums.filed + summary.albums.unfiled, 6);
    assert!(summary.albums.unfiled > 0);
    assert_eq!(summary.albums.waiting, 0);
    assert!(bench.bodies().values().all(|n| *n == 1));
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0);
}
