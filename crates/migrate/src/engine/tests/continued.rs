//! Uploads that are continued in the middle, after a kill.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use photomove_core::drill::{Drill, Mutant};
use photomove_core::{
    AuthProblem, Error, ErrorKind, FailWhen, HashKinds, MemoryItem, MemoryProvider, Operation, PhotoProvider, StageKind,
};

use super::harness::{Bench, clock, demanding, kind_source};
use super::killer::{Gate, Killer};
use super::kills::{die_around, run_until_killed, visible};
use super::odd::OddSource;
use super::streams::{LONG, MIDDLE, assert_recorded, bench, bench_with, bytes, film, run_from, traces, watched};

/// Runs until the destination has stored that much of a file that is at least so long; the process dies there.
async fn die_at(bench: &Bench, source: OddSource, dies_at: u64) {
    let killer = Killer::new(u64::MAX);
    let mut gate = Gate::new(&bench.sink, &killer);
    gate.dies_at = Some(dies_at);
    let migration = bench.migration_from(Arc::new(source), bench.open(None), Arc::new(gate));
    tokio::select! {
        biased;
        () = killer.died() => {}
        ended = Box::pin(migration.run()) => panic!("nothing died: {ended:?}"),
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_costs_only_what_the_destination_did_not_have() {
    // At a mark, right after one, in a block, at the last byte but one, at the end.
    for dies_at in [1, 499, 500, 501, 7_250, 20_000, LONG - 1, LONG] {
        let bench = bench();
        bench.source.insert(film("long", 1, LONG));
        die_at(&bench, watched(&bench), dies_at).await;
        assert_eq!(bench.sink.taken_bytes(), dies_at);
        let source = watched(&bench);
        let (opened, given) = (Arc::clone(&source.opened), Arc::clone(&source.given));
        let summary = run_from(&bench, source).await;
        assert_eq!(summary.accounting.verified.count, 1, "{dies_at}: {:?}", summary.stopped);
        assert_eq!(bench.sink.taken_bytes(), LONG, "{dies_at}");
        bench.assert_same_library();
        assert_recorded(&bench, &bytes(1, LONG));
        let mark = if dies_at == LONG { LONG } else { dies_at / 500 * 500 };
        let from: Vec<u64> = (mark < LONG).then_some(mark).into_iter().collect();
        assert_eq!(*opened.lock().unwrap(), from, "{dies_at}");
        assert_eq!(given.load(Ordering::SeqCst), LONG - mark, "{dies_at}");
        assert_eq!(traces(&bench), (0, 0), "{dies_at}");
    }
}

/// A sink may say more of an upload under way, such as its hash: what is known of the bytes sent so far stays.
#[tokio::test]
async fn a_reply_that_is_lost_with_the_process_at_the_very_end_costs_no_byte() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    die_around(&bench, Operation::Stage, FailWhen::AfterActing).await;
    assert_eq!(traces(&bench).0, 1);
    let source = watched(&bench);
    let given = Arc::clone(&source.given);
    assert_eq!(run_from(&bench, source).await.accounting.verified.count, 1);
    assert_eq!((bench.sink.taken_bytes(), given.load(Ordering::SeqCst)), (LONG, 0));
    bench.assert_same_library();
    assert_recorded(&bench, &bytes(1, LONG));
}

#[tokio::test]
async fn a_source_without_ranges_is_read_from_the_start_and_nothing_is_sent_twice() {
    let clock = clock();
    let source = kind_source(&clock).with_source_caps(|caps| caps.ranged = false);
    let mut bench = Bench::with(
        clock.clone(),
        source,
        demanding(&clock).with_sink_caps(|caps| caps.resumable = true),
    );
    bench.change = |options| {
        options.memory_part_max_bytes = 1000;
        options.spool_max_bytes = 5000;
    };
    bench.source.insert(film("long", 1, LONG));
    die_at(&bench, watched(&bench), 7_250).await;
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), LONG);
    bench.assert_same_library();
}

#[tokio::test]
async fn killed_again_and_again_a_long_file_arrives_in_one_piece() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    for n in 1..20 {
        die_at(&bench, watched(&bench), n * 1_013).await;
        bench.clock.advance(Duration::from_secs(660));
    }
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), LONG);
    bench.assert_same_library();
}

/// What was damaged on its way before the kill is not mended by reading it again afterwards: the destination has it.
#[tokio::test]
async fn bytes_that_were_damaged_before_the_kill_are_noticed_after_it() {
    for (flipped, dies_at) in [(7_100, 7_250), (7_200, 12_000), (300, 7_250), (LONG - 1, LONG)] {
        let bench = bench();
        bench.source.insert(film("long", 1, LONG));
        let source = watched(&bench);
        *source.flips.lock().unwrap() = Some(flipped);
        die_at(&bench, source, dies_at).await;
        let summary = bench.run().await;
        assert_eq!(summary.accounting.verified.count, 1, "{:?}", summary.stopped);
        bench.assert_same_library();
        assert_eq!(
            bench.sink.calls_of(Operation::Stage),
            3,
            "{flipped}: it is sent again from its start"
        );
    }
}

#[tokio::test]
async fn a_source_that_changed_meanwhile_begins_anew_and_nothing_is_mixed() {
    for promise in [HashKinds::MD5, HashKinds::NONE] {
        let bench = bench();
        let version = |seed| MemoryItem {
            promise_hashes: promise,
            ..film("long", seed, LONG)
        };
        bench.source.insert(version(1));
        die_at(&bench, watched(&bench), 9_000).await;
        bench.source.insert(version(2));
        let first = bench.run().await;
        let mixed = bench.bodies().into_keys().any(|body| body != bytes(2, LONG));
        assert!(!mixed, "{promise}");
        // Where a hash was promised, the old promise does not hold; the next pass lists the new one.
        assert_eq!(first.accounting.failed.count, u64::from(promise == HashKinds::MD5));
        bench.run().await;
        bench.assert_same_library();
    }
}

#[tokio::test]
async fn a_source_that_lost_the_file_meanwhile_leaves_it_out() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    die_at(&bench, watched(&bench), 9_000).await;
    bench.source.remove(&"long".into());
    let summary = bench.run().await;
    assert_eq!(summary.accounting.skipped.count, 1, "{:?}", summary.stopped);
    assert_eq!(traces(&bench), (0, 0));
}

#[tokio::test]
async fn an_upload_that_the_destination_forgot_begins_anew() {
    let bench = bench();
    bench.source.insert(film("long", 1, LONG));
    die_at(&bench, watched(&bench), 9_000).await;
    bench.sink.forget_staged();
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), 9_000 + LONG);
    bench.assert_same_library();
}

/// A handle is used as long as its service keeps it, and not longer, unless that very defect is planted.
#[tokio::test]
async fn a_handle_is_not_used_after_its_end() {
    for (len, planted) in [(200, false), (MIDDLE, false), (LONG, false), (LONG, true)] {
        for (hours, old) in [(23, false), (25, true)] {
            let mut bench = bench();
            bench.source.insert(film("film", 1, len));
            die_at(&bench, watched(&bench), 150).await;
            bench.clock.advance(Duration::from_secs(hours * 3600));
            if planted {
                bench.drill = Drill::mutant(Mutant::StaleToken);
            }
            let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
            let resumed = Arc::clone(&gate.resumed);
            gate.dies_at = None;
            let migration = bench.migration(bench.open(None), Arc::new(gate));
            let summary = Box::pin(migration.run()).await.unwrap();
            assert_eq!(
                summary.accounting.verified.count, 1,
                "{len} {hours}: {:?}",
                summary.stopped
            );
            assert_eq!(*resumed.lock().unwrap(), [!old || planted], "{len} {hours} {planted}");
            assert_eq!(
                bench.sink.taken_bytes(),
                len + if old { 150 } else { 0 },
                "{len} {hours}"
            );
            bench.assert_same_library();
        }
    }
}

/// What is in memory or in the spool is continued, too, if it is the same as before.
#[tokio::test]
async fn received_parts_are_continued_after_a_kill() {
    for len in [900, MIDDLE] {
        let bench = bench();
        bench.source.insert(film("film", 1, len));
        die_at(&bench, watched(&bench), 777).await;
        assert_eq!(bench.run().await.accounting.verified.count, 1);
        assert_eq!(bench.sink.taken_bytes(), len);
        let opens = bench.source.calls_of(Operation::Open);
        assert_eq!(
            opens,
            if len == MIDDLE { 1 } else { 2 },
            "what lies in the spool is not read again"
        );
        bench.assert_same_library();
    }
}

#[tokio::test]
async fn a_received_part_that_is_another_one_now_is_not_continued() {
    for (len, spoil) in [(900, false), (MIDDLE, false), (MIDDLE, true)] {
        let bench = bench();
        let version = |seed| MemoryItem {
            promise_hashes: HashKinds::NONE,
            ..film("film", seed, len)
        };
        bench.source.insert(version(1));
        die_at(&bench, watched(&bench), 777).await;
        bench.source.insert(version(2));
        if spoil {
            let spool = bench.folder.path().join("spool");
            let file = std::fs::read_dir(&spool).unwrap().next().unwrap().unwrap().path();
            std::fs::write(file, bytes(9, len)).unwrap();
        }
        bench.run().await;
        // What lies unharmed in the spool is what was listed.
        let kept = len == MIDDLE && !spoil;
        assert_eq!(
            bench.bodies().into_keys().collect::<Vec<_>>(),
            [bytes(if kept { 1 } else { 2 }, len)]
        );
        assert_eq!(
            bench.sink.taken_bytes(),
            if kept { len } else { len + 777 },
            "{len} {spoil}"
        );
    }
}

type Change = fn(&mut crate::MigrateOptions);

/// The spool is made larger or smaller between two runs: what was sent the other way is not relied on.
#[tokio::test]
async fn another_way_after_the_kill_begins_anew() {
    for grows in [true, false] {
        let mut bench = bench();
        bench.source.insert(film("film", 1, LONG));
        let small: Change = |options| {
            options.memory_part_max_bytes = 1000;
            options.spool_max_bytes = 5000;
        };
        let large: Change = |options| options.memory_part_max_bytes = 1000;
        bench.change = if grows { small } else { large };
        die_at(&bench, watched(&bench), 9_000).await;
        bench.change = if grows { large } else { small };
        if !grows {
            std::fs::remove_dir_all(bench.folder.path().join("spool")).unwrap();
        }
        assert_eq!(bench.run().await.accounting.verified.count, 1);
        assert_eq!(bench.sink.taken_bytes(), 9_000 + LONG, "{grows}");
        bench.assert_same_library();
    }
}

/// One part in memory, one in the spool, one that streams; the process dies at every boundary in turn.
async fn kill_everywhere(step: usize, sink: impl Fn(MemoryProvider) -> MemoryProvider) {
    let mut kills = 0;
    for k in (2..).step_by(step) {
        let bench = bench_with(&sink);
        bench.source.insert(film("long", 1, LONG));
        bench.source.insert(film("middle", 2, MIDDLE));
        bench.source.insert(film("short", 3, 300));
        let silent = MemoryItem {
            promise_hashes: HashKinds::NONE,
            ..film("twin", 1, LONG)
        };
        // Where staging is final, what cannot be looked for does not stream.
        let hidden = bench.sink.capabilities().sink.unwrap().stage == StageKind::Hidden;
        if hidden {
            bench.source.insert(silent);
        }
        bench.source.add_album(photomove_core::MemoryAlbum::new(
            "a",
            "A",
            ["long".into(), "short".into()],
        ));
        if run_until_killed(&bench, &Killer::new(k)).await {
            break;
        }
        kills += 1;
        let summary = bench.run().await;
        assert!(summary.stopped.is_none(), "kill {k}: {:?}", summary.stopped);
        assert_eq!(summary.accounting.failed.count, 0, "kill {k}: {:?}", summary.accounting);
        bench.assert_same_library();
        assert_recorded(&bench, &bytes(1, LONG));
        assert_eq!(traces(&bench), (0, 0), "kill {k}");
        assert_eq!(bench.open(None).jobs().await.unwrap()[0].open_intents, 0, "kill {k}");
    }
    assert!(kills * step > 80, "only {kills} boundaries were found");
}

#[tokio::test]
async fn killed_at_every_boundary_of_a_stream() {
    kill_everywhere(3, |sink| sink).await;
}

#[tokio::test]
async fn killed_at_every_boundary_of_a_stream_where_staging_is_final() {
    kill_everywhere(5, visible).await;
}

/// Tokens are counted as dead when their day is over, unless that very defect is planted.
#[tokio::test]
async fn a_token_is_not_used_after_its_day() {
    for planted in [false, true] {
        let mut bench = Bench::new();
        bench.fill(6);
        bench.album("a", 0..3);
        let revoked = || Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back");
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
        assert!(bench.run().await.stopped.is_some());
        bench.clock.advance(Duration::from_secs(25 * 3600));
        if planted {
            bench.drill = Drill::mutant(Mutant::StaleToken);
        }
        let old = Arc::new(AtomicU64::new(0));
        let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
        let (seen, now) = (Arc::clone(&old), Arc::clone(&bench.clock));
        gate.look = Box::new(move |_, batch| {
            let now = photomove_core::Clock::now(&*now);
            let dead = batch.iter().flat_map(|bundle| &bundle.parts);
            let dead = dead.filter(|(_, staged)| staged.until.is_some_and(|until| until <= now));
            seen.fetch_add(dead.count() as u64, Ordering::SeqCst);
        });
        let migration = bench.migration(bench.open(None), Arc::new(gate));
        Box::pin(migration.run()).await.unwrap();
        assert_eq!(old.load(Ordering::SeqCst) > 0, planted);
    }
}
