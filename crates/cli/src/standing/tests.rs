use std::sync::Arc;

use photomove_core::{
    Clock, Error, ErrorKind, FailWhen, ManualClock, MemoryAlbum, MemoryItem, MemoryProvider, Operation, PhotoProvider,
    Resource, SeededRandom, SharedClock,
};
use photomove_migrate::{EngineEnv, JobId, MigrateOptions, Migration};

use super::*;
use crate::args::Global;
use crate::settings::{self, Environment};

struct Bench {
    clock: Arc<ManualClock>,
    source: Arc<MemoryProvider>,
    sink: Arc<MemoryProvider>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(items: usize) -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-21T18:00:00Z".parse().unwrap()));
        let shared = || Arc::clone(&clock) as SharedClock;
        let source = MemoryProvider::new("anna").with_clock(shared());
        for n in 0..items {
            source.insert(MemoryItem::new(
                format!("i{n}"),
                format!("{n}.jpg"),
                format!("picture {n:04}"),
            ));
        }
        source.add_album(MemoryAlbum::new("a", "Summer", ["i0".into(), "i1".into()]));
        Self {
            source: Arc::new(source),
            sink: Arc::new(MemoryProvider::demanding("anna's new home").with_clock(shared())),
            clock,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.settings().journal(), Arc::clone(&self.clock) as SharedClock).unwrap()
    }

    fn settings(&self) -> Settings {
        let global = Global {
            state_dir: Some(self.folder.path().to_owned()),
            ..Global::default()
        };
        settings::without_file(&global, &Environment::default()).unwrap()
    }

    fn migration(&self) -> Migration {
        let mut env = EngineEnv::system();
        env.clock = Arc::clone(&self.clock) as SharedClock;
        env.random = Arc::new(SeededRandom::new(1));
        Migration::new(
            Arc::clone(&self.source) as Arc<dyn PhotoProvider>,
            Arc::clone(&self.sink) as Arc<dyn PhotoProvider>,
            self.journal(),
            MigrateOptions::new(self.folder.path()),
            env,
        )
    }

    async fn standing(&self) -> Standing {
        let journal = self.journal();
        let job = journal.job(JobId(1)).await.unwrap().unwrap();
        let now = self.clock.now();
        let mut standing = Standing::of(&journal, &self.settings(), job, now).await.unwrap();
        standing.zone = TimeZone::UTC;
        standing
    }
}

fn spent() -> Error {
    let kind = ErrorKind::Quota {
        resource: Resource::RequestsPerDay,
        resets_at: "2026-11-22T08:05:00Z".parse().ok(),
    };
    Error::new(kind, "the day's requests are used up")
}

/// The number of this process is another one each time.
fn anonymous(text: &str) -> String {
    text.replace(&format!("process {}", std::process::id()), "process N")
}

#[tokio::test]
async fn a_finished_job_is_told_with_its_outcomes() {
    let bench = Bench::new(3);
    Box::pin(bench.migration().run()).await.unwrap();
    bench.clock.advance(std::time::Duration::from_secs(3 * 24 * 3600));
    insta::assert_snapshot!(bench.standing().await.lines().join("\n"), @r"
    job 1: memory (anna) → memory (anna's new home)
    no run is under way: finished on Sat 21 Nov 18:00

    outcome   files  bytes
    verified      3   36 B
    found         3   36 B

    3 of 3 verified · 0 failed
    ");
}

#[tokio::test]
async fn a_run_that_waits_for_tomorrow_is_told_apart_from_one_that_was_ended() {
    let bench = Bench::new(1);
    bench.sink.fail_next(Operation::Stage, FailWhen::Before, spent);
    let migration = bench.migration();
    Box::pin(migration.run()).await.unwrap();
    // Its process is there, and goes on by itself.
    insta::assert_snapshot!(anonymous(&bench.standing().await.headline()), @"waiting for the day's requests until Sun 22 Nov 08:05, since 18:00 (process N)");
    drop(migration);
    insta::assert_snapshot!(bench.standing().await.lines().join("\n"), @r"
    job 1: memory (anna) → memory (anna's new home)
    no run is under way: waiting until Sun 22 Nov 08:05: memory: could not upload: the day's requests are used up; the same command goes on then

    stage              files  bytes
    listed                 1   12 B
    received               0    0 B
    sent                   0    0 B
    created                0    0 B
    verified               0    0 B
    albums            0 of 1
    places in albums  0 of 1

    outcome       files  bytes
    verified          0    0 B
    not finished      1   12 B
    found             1   12 B

    0 of 1 verified · 1 not finished · 0 failed
    ");
}

#[tokio::test]
async fn a_plan_that_waits_for_an_answer_and_one_that_got_none_are_told() {
    let bench = Bench::new(1);
    let migration = bench.migration();
    Box::pin(migration.plan()).await.unwrap();
    let waiting = bench.standing().await;
    assert!(waiting.is_held());
    insta::assert_snapshot!(anonymous(&waiting.headline()), @"a run waits for the answer to its question, since 18:00 (process N)");
    drop(migration);
    let planned = bench.standing().await;
    insta::assert_snapshot!(planned.headline(), @"no run is under way: planned at 18:00; nothing was moved since");
    assert_eq!(planned.object()["running"], Value::Null);
}

#[tokio::test]
async fn a_run_under_way_is_told_with_its_process_and_a_killed_one_is_not_taken_for_one() {
    let bench = Bench::new(3_000);
    let migration = bench.migration();
    let look = bench.journal();
    let begun = async {
        while look.latest_run(JobId(1)).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        bench.standing().await
    };
    let running = tokio::select! {
        biased;
        standing = begun => standing,
        ended = Box::pin(migration.run()) => panic!("too quick: {ended:?}"),
    };
    assert!(running.is_held());
    let said = anonymous(&running.headline());
    assert!(said.starts_with("running since 18:00 (process N): "), "{said}");
    assert_eq!(running.object()["running"]["process"], std::process::id());
    // What is dropped in the middle writes down nothing, as if it had been killed.
    drop(migration);
    let killed = bench.standing().await;
    assert!(!killed.is_held());
    insta::assert_snapshot!(killed.headline(), @"no run is under way: the last one ended without a word after 18:00 (killed, or the machine went down); the same command goes on");
}

#[test]
fn times_of_other_days_have_their_date() {
    let now: Timestamp = "2026-11-21T18:00:00Z".parse().unwrap();
    let told = |at: &str| wall_time(at.parse().unwrap(), now, &TimeZone::UTC);
    assert_eq!(
        [
            told("2026-11-21T08:05:00Z"),
            told("2026-11-22T08:05:00Z"),
            told("2027-01-01T08:05:00Z")
        ],
        ["08:05", "Sun 22 Nov 08:05", "Fri 01 Jan 2027 08:05"]
    );
}
