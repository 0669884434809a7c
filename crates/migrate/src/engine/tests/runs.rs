//! What a run writes down about itself for whoever looks from outside.

use std::sync::Arc;

use photomove_core::{Error, ErrorKind, FailWhen, MemoryItem, Operation, PhotoProvider, Resource};

use super::harness::{Bench, item};
use super::killer::{Gate, Killer};
use crate::{JobId, RunKind, Stage};

const JOB: JobId = JobId(1);

#[tokio::test]
async fn a_run_leaves_its_start_its_end_and_how_far_it_came() {
    let mut bench = Bench::new();
    bench.fill(5);
    bench.album("a", 0..3);
    bench.change = |options| options.words = Some(("memory@anna".into(), "memory".into()));
    bench.run().await;
    let journal = bench.open(None);
    let run = journal.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!((run.kind, run.outcome.as_deref()), (RunKind::Migrate, Some("finished")));
    assert!(run.ended_at >= Some(run.started_at));
    assert_eq!((run.notes.progress.done, run.notes.progress.created), (5, 5));
    assert_eq!(run.notes.stage, Some(Stage::Report));
    assert_eq!(run.notes.pid, std::process::id());
    assert_eq!(run.notes.words, Some(("memory@anna".into(), "memory".into())));
    assert_eq!(journal.latest_job().await.unwrap(), Some(JOB));
    let stages = journal.stages(JOB).await.unwrap();
    let counts = [
        stages.listed,
        stages.received,
        stages.sent,
        stages.created,
        stages.verified,
    ];
    assert_eq!(counts.map(|count| count.count), [5; 5]);
    assert_eq!((stages.albums, stages.places), ((1, 1), (3, 3)));
    assert_eq!(
        journal.holder(JOB, &bench.folder.path().join("locks")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_plan_is_a_run_that_ended_and_its_run_goes_on_in_the_same_row() {
    let bench = Bench::new();
    bench.fill(2);
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration(bench.open(None), target);
    Box::pin(migration.plan()).await.unwrap();
    let look = bench.open(None);
    let planned = look.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!(planned.outcome.as_deref(), Some("planned"));
    // Whoever has planned holds the job until the run is over.
    let locks = bench.folder.path().join("locks");
    assert_eq!(look.holder(JOB, &locks).await.unwrap().unwrap().pid, std::process::id());
    Box::pin(migration.run()).await.unwrap();
    let run = look.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!((run.id, run.outcome.as_deref()), (planned.id, Some("finished")));
    assert_eq!(look.holder(JOB, &locks).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_that_waits_for_its_budget_says_so_and_is_one_run() {
    let bench = Bench::new();
    bench.fill(3);
    let resets_at = "2026-03-02T08:00:00Z".parse().unwrap();
    bench.sink.fail_next(Operation::Stage, FailWhen::Before, move || {
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at: Some(resets_at),
        };
        Error::new(kind, "the day's requests are used up")
    });
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration(bench.open(None), target);
    Box::pin(migration.run()).await.unwrap();
    let look = bench.open(None);
    let stopped = look.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!(stopped.outcome.as_deref(), Some("quota"));
    assert!(stopped.notes.message.unwrap().contains("used up"));
    assert_eq!(look.jobs().await.unwrap()[0].wake_at, Some(resets_at));
    Box::pin(migration.run()).await.unwrap();
    let run = look.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!((run.id, run.outcome.as_deref()), (stopped.id, Some("finished")));
    assert_eq!(run.notes.message, None);
}

#[tokio::test]
async fn a_run_that_was_killed_has_no_end_and_nobody_holds_the_job() {
    let bench = Bench::new();
    bench.fill(10);
    let killer = Killer::new(u64::MAX);
    let mut gate = Gate::new(&bench.sink, &killer);
    gate.dies_around = Some((Operation::Commit, FailWhen::AfterActing));
    let migration = bench.migration(bench.open(Some(killer.fuse())), Arc::new(gate));
    tokio::select! {
        biased;
        () = killer.died() => {}
        ended = Box::pin(migration.run()) => panic!("nothing died: {ended:?}"),
    }
    drop(migration);
    let journal = bench.open(None);
    let run = journal.latest_run(JOB).await.unwrap().unwrap();
    assert_eq!((run.ended_at, run.outcome), (None, None));
    assert_eq!(
        journal.holder(JOB, &bench.folder.path().join("locks")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn what_arrives_is_counted_on_its_day_and_what_was_there_is_not() {
    let bench = Bench::new();
    bench.fill(4);
    bench.sink.insert(MemoryItem::new("phone", "phone.jpg", item(3).bytes));
    bench.run().await;
    bench.clock.advance(std::time::Duration::from_secs(3 * 24 * 3600));
    bench.source.insert(item(4));
    bench.run().await;
    let overview = bench.open(None).overview(JOB).await.unwrap().unwrap();
    let days: Vec<_> = overview
        .days
        .iter()
        .map(|day| (day.arrived.count, day.arrived.bytes))
        .collect();
    let bytes = |numbers: &[usize]| numbers.iter().map(|n| item(*n).bytes.len() as u64).sum::<u64>();
    assert_eq!(days, [(3, bytes(&[0, 1, 2])), (1, bytes(&[4]))]);
}
