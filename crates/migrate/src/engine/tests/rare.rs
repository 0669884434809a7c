//! What comes together only rarely, and would then lose a photo, send it for ever, or raise a false alarm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use photomove_core::{AuthProblem, Error, ErrorKind, FailWhen, HashKinds, MemoryItem, Operation, Resource};
use rusqlite::Connection;

use super::harness::{Bench, clock, demanding, item, kind_source};
use super::killer::{Gate, Killer};
use super::kills::{die_around, small_batches, visible};
use super::streams::{
    LONG, assert_recorded, bench as stream_bench, bench_with as stream_bench_with, bytes, film, watched,
};
use crate::{Journal, StopReason, Summary};

fn revoked() -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back")
}

fn change(bench: &Bench, sql: &str) {
    let journal = Connection::open(bench.journal_path()).unwrap();
    journal.execute_batch("PRAGMA foreign_keys=ON").unwrap();
    journal.execute_batch(sql).unwrap();
}

async fn run_through(bench: &Bench, gate: Gate) -> Summary {
    let migration = bench.migration(bench.open(None), Arc::new(gate));
    Box::pin(migration.run()).await.unwrap()
}

/// A task that was begun for an upload which is merged into another one meanwhile must not meet another photo there.
#[tokio::test]
async fn the_number_of_an_upload_is_never_given_again() {
    let bench = Bench::new();
    bench.fill(3);
    bench.plan().await;
    change(
        &bench,
        "UPDATE part SET upload=1 WHERE upload=3; DELETE FROM upload WHERE id=3; UPDATE job SET state='finished'",
    );
    bench.source.insert(item(3));
    bench.plan().await;
    let journal = Connection::open(bench.journal_path()).unwrap();
    let ids: String = journal
        .query_row(
            "SELECT group_concat(id) FROM (SELECT id FROM upload ORDER BY id)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(ids, "1,2,4");
}

#[tokio::test]
async fn an_album_that_vanished_is_made_anew_with_all_of_its_items() {
    let clock = clock();
    let mut bench = Bench::with(clock.clone(), kind_source(&clock), small_batches(demanding(&clock)));
    bench.fill(6);
    bench.album("a", 0..6);
    let gone = || Error::new(ErrorKind::NotFound, "there is no such album");
    bench.sink.fail_nth(Operation::Commit, 2, FailWhen::Before, gone);
    let first = bench.run().await;
    assert_eq!((first.albums.failed, first.albums.filed), (1, 3));
    bench.change = |options| options.retry_refused = true;
    bench.sink.fail_next(Operation::CreateAlbum, FailWhen::Before, revoked);
    let second = bench.run().await;
    assert!(
        matches!(second.stopped, Some(StopReason::SignInNeeded(_))),
        "{second:?}"
    );
    let third = bench.run().await;
    assert_eq!((third.albums.failed, third.albums.filed), (0, 6), "{:?}", third.stopped);
    assert_eq!(bench.sink.albums().last().unwrap().members.len(), 6);
}

/// An item that the destination did not name can enter no album; that is told, and is no defect of the journal.
#[tokio::test]
async fn a_new_album_of_an_item_without_a_name_is_told_as_lost() {
    let bench = Bench::new();
    bench.fill(3);
    let gate = || {
        let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
        gate.nameless = Some("0.jpg");
        gate
    };
    let first = run_through(&bench, gate()).await;
    assert_eq!(first.accounting.unverifiable.count, 1, "{:?}", first.accounting);
    bench.album("new", 0..3);
    let second = run_through(&bench, gate()).await;
    assert!(second.stopped.is_none(), "{:?}", second.stopped);
    assert_eq!((second.albums.filed, second.albums.unfiled), (2, 1));
    assert!(
        second
            .losses
            .iter()
            .any(|loss| loss.why.contains("does not tell which item"))
    );
}

/// What the spool holds for an upload that was given up holds no room any more.
#[tokio::test]
async fn a_file_on_its_way_that_nobody_wants_is_deleted() {
    let bench = Bench::new();
    bench.fill(2);
    bench.plan().await;
    change(
        &bench,
        "UPDATE upload SET state='failed', error_kind='superseded', error='newer', spool='1.part', size=4 WHERE id=1",
    );
    let file = bench.folder.path().join("spool/1.part");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, b"xxxx").unwrap();
    bench.run().await;
    assert!(!file.exists());
}

/// Without a promised hash it is known only at the end that the destination holds the bytes.
#[tokio::test]
async fn a_long_file_that_turns_out_to_be_there_already_is_not_created_again() {
    let bench = stream_bench_with(|sink| {
        sink.with_dedup(false)
            .with_sink_caps(|caps| caps.find_by = HashKinds::MD5)
    });
    bench.sink.insert(film("before", 1, LONG));
    bench.source.insert(film("told", 1, LONG));
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..film("silent", 1, LONG)
    });
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.accounting.already_there.count, 2, "{:?}", summary.accounting);
    assert_eq!(bench.bodies()[&bytes(1, LONG)], 1);
}

/// From the spool to the destination: stopped in the middle if it can be continued, and continued there.
#[tokio::test]
async fn a_stop_cuts_a_long_upload_from_the_spool_and_the_next_run_goes_on() {
    const FILM: u64 = 400_000;
    let mut bench = stream_bench();
    bench.change = |options| options.memory_part_max_bytes = 1000;
    bench.source.insert(film("film", 1, FILM));
    let stop = bench.stop.clone();
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.at_byte = Some((60_000, Box::new(move || stop.drain())));
    let summary = run_through(&bench, gate).await;
    assert!(
        matches!(summary.stopped, Some(StopReason::Interrupted)),
        "{:?}",
        summary.stopped
    );
    let sent = bench.sink.taken_bytes();
    assert!((60_000..200_000).contains(&sent), "{sent}");
    bench.stop = crate::StopToken::new();
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), FILM);
    assert_eq!(
        bench.source.calls_of(Operation::Open),
        1,
        "what lies in the spool is not read again"
    );
    bench.assert_same_library();
}

/// A stop before a film is received, or while it comes into the spool: nothing else is begun, and what came is kept.
#[tokio::test]
async fn a_stop_begins_neither_a_download_nor_an_upload() {
    for receiving in [false, true] {
        let mut bench = stream_bench();
        bench.change = |options| options.memory_part_max_bytes = 1000;
        bench.source.insert(film("film", 1, LONG));
        let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
        let mut source = watched(&bench);
        let stop = bench.stop.clone();
        if receiving {
            source.at_open = Some(Box::new(move || stop.drain()));
        } else {
            gate.look = Box::new(move |operation, _| {
                if operation == Operation::Prepare {
                    stop.drain();
                }
            });
        }
        let migration = bench.migration_from(Arc::new(source), bench.open(None), Arc::new(gate));
        let summary = Box::pin(migration.run()).await.unwrap();
        drop(migration);
        assert!(
            matches!(summary.stopped, Some(StopReason::Interrupted)),
            "{:?}",
            summary.stopped
        );
        assert_eq!(bench.source.calls_of(Operation::Open), u64::from(receiving));
        assert_eq!(bench.sink.calls_of(Operation::Stage), 0);
        bench.stop = crate::StopToken::new();
        assert_eq!(bench.run().await.accounting.verified.count, 1);
        assert_eq!(bench.source.calls_of(Operation::Open), 1);
    }
}

/// An album that was cut into slices, and a duplicate that was found only afterwards, in both of them.
#[tokio::test]
async fn an_item_in_two_slices_of_an_album_does_not_stop_the_next_pass() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        if let Some(albums) = &mut caps.albums {
            albums.max_items = Some(2);
        }
    });
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(3);
    bench.album("a", 0..3);
    assert_eq!(bench.run().await.albums.open, 2);
    change(
        &bench,
        "INSERT INTO filing(album,upload,position,state,ready) VALUES(1,3,9,'wanted',1)",
    );
    bench.source.insert(item(3));
    bench.album("a", 0..4);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!((summary.albums.filed, summary.albums.open), (4, 2));
}

/// Tokens live shorter than a day, and a day has few requests: in the end everything is created all the same.
#[tokio::test]
async fn days_of_very_few_requests_bring_everything_over_in_the_end() {
    for (per_day, albums) in [(6, 1), (20, 1), (20, 10)] {
        let clock = clock();
        let sink = demanding(&clock).with_sink_caps(|caps| caps.staged_ttl = Some(Duration::from_secs(23 * 3600)));
        let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
        bench.fill(30);
        for album in 0..albums {
            bench.album(&format!("a{album}"), (0..30).filter(|n| n % albums == album));
        }
        let mut days = 0;
        loop {
            days += 1;
            assert!(days < 60, "{per_day} requests a day never suffice");
            let used = AtomicU64::new(0);
            let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
            gate.meddle = Box::new(move |operation, _, when| {
                let costs = matches!(
                    operation,
                    Operation::Stage | Operation::Commit | Operation::CreateAlbum | Operation::AddToAlbum
                );
                let kind = ErrorKind::Quota {
                    resource: Resource::RequestsPerDay,
                    resets_at: None,
                };
                (costs && when == FailWhen::Before && used.fetch_add(1, Ordering::SeqCst) >= per_day)
                    .then(|| Error::new(kind, "the day's requests are used up"))
            });
            let summary = run_through(&bench, gate).await;
            match summary.stopped {
                None => break,
                Some(StopReason::Quota { .. }) => bench.clock.advance(Duration::from_secs(24 * 3600)),
                Some(other) => panic!("{other:?}"),
            }
        }
        bench.assert_same_library();
    }
}

/// The token of an upload that an earlier run completed may be as old as that run.
#[tokio::test]
async fn a_token_that_was_fetched_late_does_not_become_younger() {
    let bench =
        stream_bench_with(|sink| sink.with_sink_caps(|caps| caps.staged_ttl = Some(Duration::from_secs(23 * 3600))));
    bench.source.insert(film("long", 1, LONG));
    die_around(&bench, Operation::Stage, FailWhen::AfterActing).await;
    bench.clock.advance(Duration::from_secs(20 * 3600));
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    assert!(bench.run().await.stopped.is_some());
    bench.clock.advance(Duration::from_secs(5 * 3600));
    let old = Arc::new(AtomicU64::new(0));
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    let (seen, born) = (Arc::clone(&old), bench.sink.taken_bytes());
    let sink = Arc::clone(&bench.sink);
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Commit && sink.taken_bytes() == born {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(run_through(&bench, gate).await.accounting.verified.count, 1);
    assert_eq!(old.load(Ordering::SeqCst), 0, "a dead token was used");
}

/// Found at the destination by the hash that was promised: the other hashes were written down with its last byte.
#[tokio::test]
async fn a_long_file_whose_reply_was_lost_with_the_process_keeps_all_its_hashes() {
    let bench = stream_bench_with(visible);
    bench.source.insert(film("long", 1, LONG));
    die_around(&bench, Operation::Stage, FailWhen::AfterActing).await;
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.sink.taken_bytes(), LONG);
    assert_recorded(&bench, &bytes(1, LONG));
}

/// Two terminals, right after an update or on a new machine: both find a journal that is whole.
#[test]
fn a_journal_is_made_or_migrated_by_one_of_several_at_once() {
    for old in [false, true] {
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal.sqlite");
            if old {
                let journal = Connection::open(&path).unwrap();
                journal
                    .execute_batch(include_str!("../../journal/tests/v1.sql"))
                    .unwrap();
            }
            let openers: Vec<_> = (0..3)
                .map(|_| {
                    let path = path.clone();
                    std::thread::spawn(move || Journal::open(&path, clock()).map(|_| ()))
                })
                .collect();
            for opener in openers {
                opener.join().unwrap().unwrap();
            }
        }
    }
}
