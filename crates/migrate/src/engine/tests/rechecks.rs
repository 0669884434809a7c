//! Later looks at the destination.

use std::sync::Arc;

use photomove_core::{
    Error, ErrorKind, Evidence, FailWhen, HashKinds, MemoryItem, Operation, PhotoProvider, Resource, SeededRandom,
};

use super::harness::{Bench, clock, demanding, item, kind_source};
use super::killer::{Gate, Killer};
use crate::{EngineEnv, Event, JobId, Level, Observer, Recheck, RecheckOptions, StopReason, StopToken, Verification};

const JOB: JobId = JobId(1);

/// A destination that tells hashes of what it holds at any time.
fn telling() -> Bench {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| caps.reports_later = HashKinds::SHA1);
    Bench::with(clock.clone(), kind_source(&clock), sink)
}

/// Stops the look once it has looked at something.
#[derive(Debug)]
struct Stopper(StopToken);

impl Observer for Stopper {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Progress(progress) if progress.done > 0) {
            self.0.drain();
        }
    }
}

async fn look_at(bench: &Bench, target: Arc<dyn PhotoProvider>, level: Option<Level>) -> Recheck {
    look_with(bench, target, level, Arc::clone(&bench.recorder) as Arc<dyn Observer>).await
}

async fn look_with(
    bench: &Bench,
    target: Arc<dyn PhotoProvider>,
    level: Option<Level>,
    observer: Arc<dyn Observer>,
) -> Recheck {
    let mut options = RecheckOptions::new(JOB, bench.folder.path());
    options.level = level;
    let env = EngineEnv {
        clock: bench.time(),
        random: Arc::new(SeededRandom::new(7)),
        observer,
        stop: bench.stop.clone(),
        drill: bench.drill.clone(),
        sampler: None,
    };
    let verification = Verification::new(target, bench.open(None), options, env);
    Box::pin(verification.run()).await.unwrap()
}

async fn look(bench: &Bench, level: Option<Level>) -> Recheck {
    look_at(bench, Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>, level).await
}

/// The destination as if it had lost everything.
fn blind(bench: &Bench) -> Arc<dyn PhotoProvider> {
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.evidence = Some(Evidence::Missing);
    Arc::new(gate)
}

/// Copies and their original, `[looked at, same, exists, missing, differs, found again]`.
fn counts(look: &Recheck) -> [u64; 6] {
    let found = &look.findings;
    [
        found.looked_at,
        found.same,
        found.exists,
        found.missing,
        found.differs,
        found.found_again,
    ]
    .map(|count| count.count)
}

async fn complaints(bench: &Bench) -> Vec<String> {
    let journal = bench.open(None);
    let broken = journal.check(JOB).await.unwrap();
    broken.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_destination_that_tells_no_hashes_proves_existence_and_takes_nothing_from_an_outcome() {
    let bench = Bench::new();
    bench.fill(120);
    bench.run().await;
    let calls = bench.sink.calls_of(Operation::Verify);
    let quick = look(&bench, None).await;
    assert_eq!((quick.level, counts(&quick)), (Level::Receipt, [120, 0, 120, 0, 0, 0]));
    assert_eq!(quick.proves_no_more, None);
    assert_eq!(bench.sink.calls_of(Operation::Verify) - calls, 3, "50 a request");
    let checksum = look(&bench, Some(Level::Checksum)).await;
    assert_eq!(counts(&checksum), [120, 0, 120, 0, 0, 0]);
    assert!(checksum.proves_no_more.is_some());
    assert!(!checksum.has_differences());
    assert_eq!(bench.source.calls_of(Operation::Connect), 1, "the source is not needed");
    let status = &bench.open(None).jobs().await.unwrap()[0];
    assert_eq!(status.accounting.verified.count, 120);
    assert!(complaints(&bench).await.is_empty());
}

#[tokio::test]
async fn hashes_and_bytes_prove_what_is_there() {
    let bench = telling();
    bench.fill(5);
    bench.run().await;
    let checksum = look(&bench, None).await;
    assert_eq!(
        (checksum.level, counts(&checksum)),
        (Level::Checksum, [5, 5, 0, 0, 0, 0])
    );
    let download = look(&bench, Some(Level::Download)).await;
    assert_eq!(counts(&download), [5, 5, 0, 0, 0, 0]);
    assert_eq!(bench.sink.calls_of(Operation::ReadBack), 5);
    assert!(complaints(&bench).await.is_empty());
}

#[tokio::test]
async fn what_is_missing_or_changed_counts_as_failed_and_a_retry_brings_it_back() {
    for level in [Level::Checksum, Level::Download] {
        let mut bench = telling();
        bench.fill(8);
        bench.album("a", 0..8);
        bench.run().await;
        let held = bench.sink.items();
        let named = |n: usize| held.iter().find(|held| held.bytes == item(n).bytes).unwrap().id.clone();
        bench.sink.remove(&named(2));
        let other = MemoryItem::new(named(5), "5.jpg", "bytes of something else");
        bench.sink.insert(other);
        let found = look(&bench, Some(level)).await;
        assert_eq!(counts(&found), [8, 6, 0, 1, 1, 0], "{level}");
        assert!(found.has_differences());
        let journal = bench.open(None);
        let differences = journal.differences(JOB, level, found.begun_at, None, 10).await.unwrap();
        let told: Vec<_> = differences
            .iter()
            .map(|one| (one.name.as_str(), one.reason.kind.as_str()))
            .collect();
        assert_eq!(told, [("2.jpg", "missing"), ("5.jpg", "differs")]);
        let status = &journal.jobs().await.unwrap()[0];
        assert_eq!(
            (status.accounting.failed.count, status.accounting.verified.count),
            (2, 6)
        );
        assert_eq!(journal.retryable(JOB, false).await.unwrap().files.count, 2);
        drop(journal);
        assert!(complaints(&bench).await.is_empty(), "{:?}", complaints(&bench).await);

        // The next pass does not send what a person may have thrown away; a retry does.
        assert_eq!(bench.run().await.accounting.failed.count, 2);
        bench.sink.remove(&named(5));
        bench.change = |options| options.retry = Some(JOB);
        let again = bench.run().await;
        assert_eq!(again.retried.unwrap().accounting.verified.count, 2);
        assert_eq!(again.retried.unwrap().albums.filed, 2);
        assert_eq!(counts(&look(&bench, Some(level)).await), [8, 8, 0, 0, 0, 0]);
        bench.assert_same_library();
        assert!(complaints(&bench).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_found_again_has_its_outcome_back() {
    let bench = Bench::new();
    bench.fill(4);
    bench.sink.insert(MemoryItem::new("phone", "phone.jpg", item(1).bytes));
    let first = bench.run().await;
    assert_eq!(
        (first.accounting.verified.count, first.accounting.already_there.count),
        (3, 1)
    );
    let lost = look_at(&bench, blind(&bench), None).await;
    assert_eq!(counts(&lost), [4, 0, 0, 4, 0, 0]);
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].accounting.failed.count, 4);
    let found = look(&bench, None).await;
    assert_eq!(counts(&found), [4, 0, 4, 0, 0, 4]);
    let accounting = bench.open(None).jobs().await.unwrap()[0].accounting;
    assert_eq!((accounting.verified.count, accounting.already_there.count), (3, 1));
    assert!(complaints(&bench).await.is_empty());
}

#[tokio::test]
async fn one_answer_that_leaves_something_out_loses_nothing() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    // A second look follows the first one in the same run; here the process ends between the two.
    let stopper: Arc<dyn Observer> = Arc::new(Stopper(bench.stop.clone()));
    let first = look_with(&bench, blind(&bench), None, stopper).await;
    assert!(
        matches!(first.stopped, Some(StopReason::Interrupted)),
        "{:?}",
        first.stopped
    );
    assert_eq!(counts(&first), [3, 0, 0, 3, 0, 0]);
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].accounting.verified.count, 3);
    let bench = Bench {
        stop: StopToken::new(),
        ..bench
    };
    let second = look(&bench, None).await;
    assert_eq!(counts(&second), [3, 0, 3, 0, 0, 0]);
    assert_eq!(second.begun_at, first.begun_at, "it is the same look");
    assert!(complaints(&bench).await.is_empty());
}

/// What was counted as lost was sent once more under another name; then the first one is found again after all.
#[tokio::test]
async fn what_is_found_again_beside_another_copy_of_its_bytes_is_one_item() {
    let bench = Bench::new();
    bench.fill(3);
    bench.album("a", 0..3);
    bench.run().await;
    look_at(&bench, blind(&bench), None).await;
    bench.source.insert(MemoryItem::new("copy", "copy.jpg", item(1).bytes));
    let later = bench.run().await;
    assert_eq!((later.accounting.failed.count, later.uploaded.count), (3, 1));
    let found = look(&bench, None).await;
    assert!(found.stopped.is_none(), "{:?}", found.stopped);
    assert!(!found.has_differences());
    assert_eq!(found.findings.found_again.count, 3);
    let accounting = bench.open(None).jobs().await.unwrap()[0].accounting;
    assert_eq!((accounting.failed.count, accounting.found.count), (0, 4));
    assert!(complaints(&bench).await.is_empty(), "{:?}", complaints(&bench).await);
    assert!(!look(&bench, None).await.has_differences());
    assert!(bench.run().await.stopped.is_none());
}

/// Its bytes are to be sent once more for another file, and need not be any more.
#[tokio::test]
async fn what_is_found_again_is_not_sent_for_another_copy() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    look_at(&bench, blind(&bench), None).await;
    bench.source.insert(MemoryItem::new("copy", "copy.jpg", item(1).bytes));
    assert_eq!(bench.plan().await.to_send.count, 1);
    assert_eq!(look(&bench, None).await.findings.found_again.count, 3);
    let stages = bench.sink.calls_of(Operation::Stage);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(bench.sink.calls_of(Operation::Stage), stages);
    assert_eq!(
        (summary.accounting.failed.count, summary.accounting.found.count),
        (0, 4)
    );
    assert!(complaints(&bench).await.is_empty(), "{:?}", complaints(&bench).await);
}

/// It joined an album while it counted as lost: once it is found again it enters that, too.
#[tokio::test]
async fn what_is_found_again_enters_the_albums_that_it_joined_meanwhile() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    look_at(&bench, blind(&bench), None).await;
    bench.album("a", 0..3);
    assert_eq!(bench.run().await.albums.filed, 0);
    assert_eq!(counts(&look(&bench, None).await), [3, 0, 3, 0, 0, 3]);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.albums.filed, 3);
    bench.assert_same_library();
    assert!(complaints(&bench).await.is_empty(), "{:?}", complaints(&bench).await);
}

/// Lets a look see nothing of what is there, and stops it between its first and its second look.
async fn stop_half_way(bench: Bench, level: Level) -> Bench {
    let stopper: Arc<dyn Observer> = Arc::new(Stopper(bench.stop.clone()));
    let first = look_with(&bench, blind(&bench), Some(level), stopper).await;
    assert_eq!(counts(&first), [3, 0, 0, 3, 0, 0]);
    Bench {
        stop: StopToken::new(),
        ..bench
    }
}

#[tokio::test]
async fn a_look_that_was_stopped_before_a_retry_tells_nothing_of_what_was_sent_again() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    look_at(&bench, blind(&bench), None).await;
    let mut bench = stop_half_way(bench, Level::Receipt).await;
    bench.change = |options| options.retry = Some(JOB);
    assert_eq!(bench.run().await.retried.unwrap().accounting.found.count, 3);
    let look = look(&bench, None).await;
    assert_eq!(counts(&look), [3, 0, 3, 0, 0, 0]);
    assert!(!look.has_differences());
}

#[tokio::test]
async fn a_look_that_was_stopped_keeps_what_it_suspects_apart_from_other_levels() {
    let bench = telling();
    bench.fill(3);
    bench.run().await;
    let bench = stop_half_way(bench, Level::Receipt).await;
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.evidence = Some(Evidence::Missing);
    let lost = look_at(&bench, Arc::new(gate), Some(Level::Checksum)).await;
    assert_eq!(counts(&lost), [3, 0, 0, 3, 0, 0]);
    let receipt = look(&bench, Some(Level::Receipt)).await;
    assert_eq!(counts(&receipt), [3, 0, 3, 0, 0, 3]);
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].accounting.verified.count, 3);
}

/// A service that shows only what this program made says "not found" of what a phone has brought before, too.
#[tokio::test]
async fn what_was_never_seen_where_only_own_items_are_shown_is_not_known_rather_than_lost() {
    let clock = clock();
    let sink = demanding(&clock).with_sink_caps(|caps| caps.unseen = Some("it shows only what this program made"));
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(3);
    bench.sink.insert(MemoryItem {
        foreign: true,
        ..MemoryItem::new("phone", "phone.jpg", item(1).bytes)
    });
    bench.run().await;
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    gate.evidence = Some(Evidence::Missing);
    let looked = look_at(&bench, Arc::new(gate), None).await;
    assert_eq!((looked.findings.missing.count, looked.findings.unknown.count), (2, 1));
    assert!(
        !looked.has_failed(),
        "what is not shown cannot be verified, and nothing failed"
    );
    let accounting = bench.open(None).jobs().await.unwrap()[0].accounting;
    assert_eq!((accounting.failed.count, accounting.already_there.count), (2, 1));
    assert_eq!(bench.open(None).retryable(JOB, true).await.unwrap().files.count, 2);
}

#[tokio::test]
async fn a_spent_budget_stops_a_look_and_the_next_one_goes_on_where_it_was() {
    let bench = Bench::new();
    bench.fill(170);
    bench.run().await;
    let calls = bench.sink.calls_of(Operation::Verify);
    bench.sink.fail_nth(Operation::Verify, 3, FailWhen::Before, || {
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at: None,
        };
        Error::new(kind, "the day's requests are used up")
    });
    let stopped = look(&bench, None).await;
    assert!(matches!(stopped.stopped, Some(StopReason::Quota { .. })));
    assert_eq!(counts(&stopped)[0], 100);
    bench.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let ended = look(&bench, None).await;
    assert!(ended.stopped.is_none(), "{:?}", ended.stopped);
    assert_eq!(counts(&ended), [170, 0, 170, 0, 0, 0]);
    // Two, the one that was refused, and the last two.
    assert_eq!(bench.sink.calls_of(Operation::Verify) - calls, 5);
    assert_eq!(counts(&look(&bench, None).await)[0], 170, "the next one begins anew");
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_and_one_that_stays_says_nothing_about_items() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    let busy = || Error::new(ErrorKind::Unavailable { retry_after: None }, "the service is busy");
    bench.sink.fail_next(Operation::Verify, FailWhen::Before, busy);
    assert_eq!(counts(&look(&bench, None).await), [3, 0, 3, 0, 0, 0]);
    for _ in 0..3 {
        bench.sink.fail_next(Operation::Verify, FailWhen::Before, busy);
    }
    let given_up = look(&bench, None).await;
    assert!(
        matches!(given_up.stopped, Some(StopReason::Failed(_))),
        "{:?}",
        given_up.stopped
    );
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].accounting.verified.count, 3);
}

#[tokio::test]
async fn bytes_that_prove_what_had_no_proof_make_it_verified() {
    let clock = clock();
    let sink = demanding(&clock).with_exists_only_evidence();
    let bench = Bench::with(clock.clone(), kind_source(&clock), sink);
    bench.fill(2);
    assert_eq!(bench.run().await.accounting.unverifiable.count, 2);
    assert_eq!(counts(&look(&bench, Some(Level::Download)).await), [2, 2, 0, 0, 0, 0]);
    assert_eq!(bench.open(None).jobs().await.unwrap()[0].accounting.verified.count, 2);
    assert!(complaints(&bench).await.is_empty());
}

#[tokio::test]
async fn a_job_that_is_being_moved_is_not_looked_at_and_neither_is_another_account() {
    let bench = Bench::new();
    bench.fill(2);
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration(bench.open(None), target);
    Box::pin(migration.plan()).await.unwrap();
    let try_look = |target: Arc<dyn PhotoProvider>| {
        let options = RecheckOptions::new(JOB, bench.folder.path());
        let mut env = EngineEnv::system();
        env.clock = bench.time();
        Verification::new(target, bench.open(None), options, env)
    };
    let error = Box::pin(try_look(Arc::clone(&bench.sink) as _).run())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::InUse);
    drop(migration);
    let somebody = photomove_core::MemoryProvider::demanding("somebody else");
    let error = Box::pin(try_look(Arc::new(somebody)).run()).await.unwrap_err();
    assert!(
        error.message().contains("another account than the one of job 1"),
        "{error}"
    );
}
