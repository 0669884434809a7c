//! A retry: what failed, and nothing else.

use std::sync::Arc;

use photomove_core::{
    Damage, Error, ErrorKind, FailWhen, MemoryProvider, Operation, PhotoProvider, Rejection, Resource,
};

use super::harness::{Bench, clock, demanding, item};
use crate::{JobId, JobState, RunKind, StopReason};

const JOB: JobId = JobId(1);

fn retrying(bench: &mut Bench) {
    bench.change = |options| options.retry = Some(JOB);
}

#[tokio::test]
async fn only_what_failed_is_sent_and_the_source_is_not_listed() {
    let mut bench = Bench::new();
    bench.fill(6);
    bench.album("a", 0..6);
    bench.source.damage(&"i2".into(), Damage::WrongBytes, 3);
    let first = bench.run().await;
    assert_eq!((first.accounting.failed.count, first.accounting.verified.count), (1, 5));
    bench.source.insert(item(6));
    let listed = bench.source.calls_of(Operation::ListAssets);
    let retryable = bench.open(None).retryable(JOB, false).await.unwrap();
    assert_eq!(
        (retryable.files.count, retryable.places, retryable.left.len()),
        (1, 0, 0)
    );

    retrying(&mut bench);
    let again = bench.run().await;
    assert!(again.stopped.is_none(), "{:?}", again.stopped);
    let retried = again.retried.unwrap();
    assert_eq!(
        (retried.accounting.found.count, retried.accounting.verified.count),
        (1, 1)
    );
    assert_eq!(retried.albums.filed, 1);
    assert_eq!(again.accounting.verified.count, 6);
    assert_eq!(again.later, None);
    assert_eq!(bench.source.calls_of(Operation::ListAssets), listed);
    assert_eq!(bench.source.calls_of(Operation::Open), 6 + 3);
    assert_eq!(bench.bodies().len(), 6, "the seventh is left to the next pass");
    let journal = bench.open(None);
    assert!(journal.retryable(JOB, false).await.unwrap().is_empty());
    assert_eq!(journal.latest_run(JOB).await.unwrap().unwrap().kind, RunKind::Retry);
    drop(journal);
    bench.change = |_| {};
    assert_eq!(bench.run().await.later.unwrap().new.count, 1);
}

#[tokio::test]
async fn what_was_refused_for_good_is_named_and_taken_only_if_asked_for() {
    let mut bench = Bench::new();
    bench.fill(4);
    for nth in 1..=2 {
        bench.sink.fail_nth(Operation::Stage, nth, FailWhen::Before, || {
            Error::new(
                ErrorKind::Rejected(Rejection::MediaType),
                "the service does not take it",
            )
        });
    }
    let first = bench.run().await;
    assert_eq!(first.accounting.failed.count, 2);
    let journal = bench.open(None);
    let left = journal.retryable(JOB, false).await.unwrap();
    assert!(left.is_empty());
    assert_eq!(
        (left.left[0].reason.kind.as_str(), left.left[0].parts.count),
        ("rejected_media_type", 2)
    );
    drop(journal);
    retrying(&mut bench);
    let nothing = bench.run().await;
    assert_eq!(nothing.retried.unwrap().accounting.found.count, 0);
    assert_eq!(nothing.accounting.failed.count, 2);
    bench.change = |options| {
        options.retry = Some(JOB);
        options.retry_refused = true;
    };
    assert_eq!(bench.run().await.retried.unwrap().accounting.verified.count, 2);
}

#[tokio::test]
async fn of_a_job_that_was_stopped_only_what_failed_is_taken() {
    let mut bench = Bench::new();
    bench.fill(30);
    bench.album("a", 0..30);
    bench.source.damage(&"i0".into(), Damage::WrongBytes, 3);
    let spent = || {
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at: None,
        };
        Error::new(kind, "the day's requests are used up")
    };
    bench.change = |options| {
        options.stage_concurrency = Some(1);
        options.open_concurrency = Some(1);
    };
    bench.sink.fail_nth(Operation::Stage, 5, FailWhen::Before, spent);
    let first = bench.run().await;
    assert!(matches!(first.stopped, Some(StopReason::Quota { .. })));
    if first.accounting.failed.count == 0 {
        // The pauses between its tries are longer than the run; a second one ends the same way.
        bench.sink.fail_nth(Operation::Stage, 5, FailWhen::Before, spent);
        bench.clock.advance(std::time::Duration::from_secs(3600));
        bench.run().await;
        bench.sink.fail_nth(Operation::Stage, 5, FailWhen::Before, spent);
        bench.clock.advance(std::time::Duration::from_secs(3600));
        bench.run().await;
    }
    let journal = bench.open(None);
    let before = journal.jobs().await.unwrap()[0].accounting;
    assert_eq!(before.failed.count, 1, "{before:?}");
    assert!(before.waiting.count > 5, "{before:?}");
    drop(journal);

    let opened = bench.source.calls_of(Operation::Open);
    retrying(&mut bench);
    let again = bench.run().await;
    assert!(again.stopped.is_none(), "{:?}", again.stopped);
    assert_eq!(again.retried.unwrap().accounting.verified.count, 1);
    assert_eq!(bench.source.calls_of(Operation::Open) - opened, 1);
    let journal = bench.open(None);
    let status = &journal.jobs().await.unwrap()[0];
    assert_eq!(status.state, JobState::Running);
    assert!(status.accounting.waiting.count > 0);
    drop(journal);

    bench.change = |_| {};
    let end = bench.run().await;
    assert!(end.stopped.is_none(), "{:?}", end.stopped);
    assert_eq!(end.accounting.verified.count, 30);
    bench.assert_same_library();
}

#[tokio::test]
async fn an_album_that_failed_by_bad_luck_is_made_with_its_places() {
    let mut bench = Bench::new();
    bench.fill(3);
    bench.album("a", 0..3);
    let odd = || Error::new(ErrorKind::Protocol, "no id in the answer");
    bench.sink.fail_next(Operation::CreateAlbum, FailWhen::Before, odd);
    let first = bench.run().await;
    assert_eq!((first.albums.failed, first.albums.unfiled), (1, 3));
    let retryable = bench.open(None).retryable(JOB, false).await.unwrap();
    assert_eq!((retryable.albums, retryable.files.count), (1, 0));
    retrying(&mut bench);
    let again = bench.run().await;
    let albums = again.retried.unwrap().albums;
    assert_eq!((albums.found, albums.open, albums.filed, albums.unfiled), (1, 1, 3, 0));
    assert_eq!(bench.sink.calls_of(Operation::Stage), 3);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_retry_that_was_stopped_goes_on() {
    let mut bench = Bench::new();
    bench.fill(3);
    bench.source.damage(&"i1".into(), Damage::WrongBytes, 3);
    bench.run().await;
    retrying(&mut bench);
    let signed_out = || {
        Error::new(
            ErrorKind::Auth(photomove_core::AuthProblem::Revoked),
            "the sign-in was taken back",
        )
    };
    bench.sink.fail_next(Operation::Stage, FailWhen::Before, signed_out);
    let stopped = bench.run().await;
    assert!(matches!(stopped.stopped, Some(StopReason::SignInNeeded(_))));
    let retryable = bench.open(None).retryable(JOB, false).await.unwrap();
    assert_eq!(
        (retryable.files.count, retryable.unfinished, retryable.is_empty()),
        (0, 1, false)
    );
    let end = bench.run().await;
    assert_eq!(end.retried.unwrap().accounting.verified.count, 1);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_job_whose_listing_is_not_finished_is_refused_and_says_why() {
    let mut bench = Bench::new();
    bench.fill(300);
    let gone = || {
        Error::new(
            ErrorKind::Auth(photomove_core::AuthProblem::Revoked),
            "the sign-in was taken back",
        )
    };
    bench.source.fail_nth(Operation::ListAssets, 2, FailWhen::Before, gone);
    assert!(bench.run().await.stopped.is_some());
    retrying(&mut bench);
    let error = bench.try_run().await.unwrap_err();
    assert!(error.message().contains("listing of job 1 is not finished"), "{error}");
    assert!(error.hint_text().is_some());
}

#[tokio::test]
async fn another_account_than_that_of_the_job_is_refused() {
    let mut bench = Bench::new();
    bench.fill(2);
    bench.run().await;
    retrying(&mut bench);
    let clock = clock();
    let somebody = MemoryProvider::new("somebody else").with_clock(clock.clone());
    let migration = bench.migration_from(
        Arc::new(somebody) as Arc<dyn PhotoProvider>,
        bench.open(None),
        Arc::new(demanding(&clock)),
    );
    let error = Box::pin(migration.run()).await.unwrap_err();
    assert!(
        error.message().contains("another account than the one of job 1"),
        "{error}"
    );
}
