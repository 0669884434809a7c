use std::sync::Arc;

use photomove_core::{
    Damage, Error, ErrorKind, FailWhen, ManualClock, MemoryItem, MemoryProvider, Operation, PhotoProvider, Rejection,
    SeededRandom, SharedClock,
};
use photomove_migrate::{EngineEnv, JobId, MigrateOptions, Migration};

use super::*;

struct Bench {
    clock: Arc<ManualClock>,
    source: Arc<MemoryProvider>,
    sink: Arc<MemoryProvider>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-21T18:00:00Z".parse().unwrap()));
        let source = MemoryProvider::new("anna").with_clock(Arc::clone(&clock) as SharedClock);
        for n in 0..4 {
            source.insert(MemoryItem::new(
                format!("i{n}"),
                format!("{n}.jpg"),
                format!("picture {n}"),
            ));
        }
        let sink = MemoryProvider::demanding("anna's new home").with_clock(Arc::clone(&clock) as SharedClock);
        Self {
            source: Arc::new(source),
            sink: Arc::new(sink),
            clock,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn journal(&self) -> Journal {
        let path = self.folder.path().join("journal.db");
        Journal::open(&path, Arc::clone(&self.clock) as SharedClock).unwrap()
    }

    async fn run(&self, retry: bool) -> Summary {
        let mut env = EngineEnv::system();
        env.clock = Arc::clone(&self.clock) as SharedClock;
        env.random = Arc::new(SeededRandom::new(1));
        let mut options = MigrateOptions::new(self.folder.path());
        options.retry = retry.then_some(JobId(1));
        let source = Arc::clone(&self.source) as Arc<dyn PhotoProvider>;
        let sink = Arc::clone(&self.sink) as Arc<dyn PhotoProvider>;
        let migration = Migration::new(source, sink, self.journal(), options, env);
        Box::pin(migration.run()).await.unwrap()
    }

    async fn found(&self, refused: bool) -> (JobStatus, Retryable) {
        let journal = self.journal();
        let job = journal.job(JobId(1)).await.unwrap().unwrap();
        (job, journal.retryable(JobId(1), refused).await.unwrap())
    }
}

#[tokio::test]
async fn what_is_taken_up_and_what_is_left_is_said_before_it_begins() {
    let bench = Bench::new();
    bench.source.damage(&"i1".into(), Damage::WrongBytes, 3);
    bench.sink.fail_nth(Operation::Stage, 1, FailWhen::Before, || {
        Error::new(
            ErrorKind::Rejected(Rejection::MediaType),
            "the service takes no such files",
        )
    });
    bench.run(false).await;
    let (job, found) = bench.found(false).await;
    insta::assert_snapshot!(beginning(&job, &found), @r"
    job 1: memory (anna) → memory (anna's new home)
    trying again: 1 failed file (9 B)
    left as failed: 1 file (9 B): memory: could not upload: the service takes no such files
    ");
    let (job, found) = bench.found(true).await;
    insta::assert_snapshot!(beginning(&job, &found), @r"
    job 1: memory (anna) → memory (anna's new home)
    trying again: 2 failed files (18 B)
    ");
    let summary = bench.run(true).await;
    assert_eq!(exit_of(&summary), Exit::Done);
    insta::assert_snapshot!(last_line(&summary), @"tried again: 1 of 1 verified · 0 failed");
    let (_, found) = bench.found(false).await;
    assert!(found.is_empty() && leaves_something(&found));
}

#[tokio::test]
async fn what_fails_again_makes_the_exit_code_and_what_was_not_taken_up_does_not() {
    let bench = Bench::new();
    bench.source.damage(&"i1".into(), Damage::WrongBytes, 6);
    bench.run(false).await;
    let again = bench.run(true).await;
    assert_eq!(exit_of(&again), Exit::ItemsFailed);
    insta::assert_snapshot!(last_line(&again), @"tried again: 0 of 1 verified · 1 failed");
    assert_eq!(exit_of(&bench.run(true).await), Exit::Done);
    let (_, found) = bench.found(false).await;
    assert!(found.is_empty() && !leaves_something(&found));
}
