//! From plan to run, through pauses, and against other runs: one connection, one set of locks.

use std::sync::Arc;
use std::time::Duration;

use photomove_core::{AuthProblem, Error, ErrorKind, FailWhen, MemoryProvider, Operation, PhotoProvider};

use super::harness::{Bench, demanding, kind_source};
use super::killer::{Gate, Killer};
use crate::{Migration, StopReason};

fn revoked() -> Error {
    Error::new(ErrorKind::Auth(AuthProblem::Revoked), "the sign-in was taken back")
}

fn migration(bench: &Bench) -> Migration {
    bench.migration(bench.open(None), Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>)
}

fn as_provider(provider: &Arc<MemoryProvider>) -> Arc<dyn PhotoProvider> {
    Arc::clone(provider) as Arc<dyn PhotoProvider>
}

#[tokio::test]
async fn a_run_takes_over_what_its_plan_has_opened() {
    let bench = Bench::new();
    bench.fill(3);
    let migration = migration(&bench);
    assert_eq!(migration.plan().await.unwrap().to_send.count, 3);
    // The locks stay: nobody comes between the plan and its run.
    assert_eq!(bench.try_run().await.unwrap_err().kind(), &ErrorKind::InUse);
    let (source, sink) = (
        bench.source.calls_of(Operation::Connect),
        bench.sink.calls_of(Operation::Connect),
    );
    assert_eq!(Box::pin(migration.run()).await.unwrap().accounting.verified.count, 3);
    assert_eq!(bench.source.calls_of(Operation::Connect), source);
    assert_eq!(bench.sink.calls_of(Operation::Connect), sink);
    // After the end they are free, and the same migration looks for what is new.
    assert!(bench.run().await.nothing_to_do);
    bench.source.insert(super::harness::item(3));
    assert_eq!(Box::pin(migration.run()).await.unwrap().uploaded.count, 1);
}

#[tokio::test]
async fn a_pause_keeps_the_locks_and_new_sign_ins_go_on() {
    let bench = Bench::new();
    bench.fill(5);
    bench.album("a", 0..5);
    let mut migration = migration(&bench);
    bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
    let summary = Box::pin(migration.run()).await.unwrap();
    assert!(matches!(summary.stopped, Some(StopReason::SignInNeeded(_))));
    assert_eq!(bench.try_run().await.unwrap_err().kind(), &ErrorKind::InUse);
    bench.clock.advance(Duration::from_secs(3600));
    migration.with_sides(as_provider(&bench.source), as_provider(&bench.sink));
    let summary = Box::pin(migration.run()).await.unwrap();
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    // Counted over the pause, and no body twice.
    assert_eq!((summary.uploaded.count, summary.nothing_to_do), (5, false));
    assert_eq!(bench.sink.calls_of(Operation::Stage), 5);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_sign_in_of_somebody_else_is_refused_and_nothing_is_touched() {
    let bench = Bench::new();
    bench.fill(5);
    for is_target in [false, true] {
        let mut migration = migration(&bench);
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
        let stopped = Box::pin(migration.run()).await.unwrap().stopped;
        assert!(matches!(stopped, Some(StopReason::SignInNeeded(_))), "{stopped:?}");
        let stranger = match is_target {
            false => kind_source(&bench.clock),
            true => demanding(&bench.clock),
        };
        stranger.set_owner("somebody else");
        let stranger = Arc::new(stranger);
        match is_target {
            false => migration.with_sides(as_provider(&stranger), as_provider(&bench.sink)),
            true => migration.with_sides(as_provider(&bench.source), as_provider(&stranger)),
        }
        let error = Box::pin(migration.run()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Auth(AuthProblem::WrongAccount));
        assert!(error.hint_text().is_some());
        assert_eq!(stranger.calls(), [(Operation::Connect, 1)], "only asked who they are");
        assert_eq!(bench.open(None).jobs().await.unwrap().len(), 1);
        // The right one goes on where it stopped.
        migration.with_sides(as_provider(&bench.source), as_provider(&bench.sink));
        bench.sink.fail_next(Operation::Commit, FailWhen::Before, revoked);
        assert!(Box::pin(migration.run()).await.unwrap().stopped.is_some());
        drop(migration);
    }
    assert_eq!(bench.run().await.accounting.verified.count, 5);
    assert_eq!(bench.sink.calls_of(Operation::Stage), 5);
}

#[tokio::test]
async fn two_jobs_into_one_account_do_not_run_at_once() {
    let bench = Bench::new();
    bench.fill(2);
    let first = migration(&bench);
    first.plan().await.unwrap();
    let other = Arc::new(kind_source(&bench.clock));
    other.set_owner("another source");
    let second = bench.migration_from(as_provider(&other), bench.open(None), as_provider(&bench.sink));
    let error = Box::pin(second.run()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InUse);
    let text = error.to_string();
    assert!(text.contains("the same destination account"), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    assert!(text.contains("since 2026-03-01") && text.contains(", on "), "{text}");
    drop(first);
    assert!(Box::pin(second.run()).await.unwrap().stopped.is_none());
}

#[tokio::test]
async fn one_migration_runs_once_at_a_time() {
    let bench = Bench::new();
    bench.fill(2);
    let migration = Arc::new(migration(&bench));
    let (one, other) = tokio::join!(Box::pin(migration.run()), Box::pin(migration.run()));
    assert!(one.unwrap().stopped.is_none());
    assert_eq!(other.unwrap_err().kind(), &ErrorKind::InUse);
}

#[tokio::test]
async fn albums_that_failed_by_bad_luck_are_tried_again_in_the_next_pass() {
    let bench = Bench::new();
    bench.fill(6);
    bench.album("a", 0..4);
    bench.album("b", 3..6);
    let strange = || Error::new(ErrorKind::Protocol, "no such answer was ever seen");
    bench.sink.fail_next(Operation::CreateAlbum, FailWhen::Before, strange);
    let summary = bench.run().await;
    assert_eq!((summary.albums.failed, summary.albums.unfiled), (1, 4));
    assert_eq!(summary.accounting.verified.count, 6);
    let summary = bench.run().await;
    assert_eq!((summary.albums.failed, summary.albums.unfiled), (0, 0));
    bench.assert_same_library();
    // What is refused for good stays refused until somebody says otherwise.
    let mut bench = Bench::new();
    bench.fill(3);
    bench.album("a", 0..3);
    let refused = || Error::new(ErrorKind::Rejected(photomove_core::Rejection::Policy), "no such title");
    bench.sink.fail_next(Operation::CreateAlbum, FailWhen::Before, refused);
    assert_eq!(bench.run().await.albums.failed, 1);
    assert!(bench.run().await.nothing_to_do);
    bench.change = |options| options.retry_refused = true;
    assert_eq!(bench.run().await.albums.failed, 0);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_page_in_place_of_a_picture_is_not_the_last_word() {
    let bench = Bench::new();
    bench.fill(2);
    for _ in 0..2 {
        let page = || Error::new(ErrorKind::Protocol, "a web page instead of the file");
        bench.source.fail_next(Operation::Open, FailWhen::Before, page);
    }
    assert_eq!(bench.run().await.accounting.failed.count, 2);
    assert_eq!(bench.run().await.accounting.verified.count, 2);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_album_of_the_same_title_is_not_adopted_unless_a_journal_was_lost() {
    let bench = Bench::new();
    bench.fill(2);
    bench.album("a", 0..2);
    bench
        .sink
        .add_album(photomove_core::MemoryAlbum::new("theirs", "Album a", []));
    bench.run().await;
    assert_eq!(bench.sink.albums().len(), 2);
    assert_eq!(bench.sink.calls_of(Operation::Settle), 0);
}

#[tokio::test]
async fn a_broken_rule_at_the_end_is_a_loud_error() {
    let bench = Bench::new();
    bench.fill(3);
    let path = bench.journal_path();
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Verify {
            let other = rusqlite::Connection::open(&path).unwrap();
            other
                .execute(
                    "INSERT INTO intent(job,kind,detail,opened_at) VALUES(1,'commit','{}',0)",
                    [],
                )
                .unwrap();
        }
    });
    let error = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Internal);
    assert!(error.message().contains("1 requests are still open"), "{error}");
    assert!(error.hint_text().unwrap().contains("keep the journal and report it"));
}
