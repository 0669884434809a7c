use std::sync::Arc;

use photomove_core::{
    Error, ErrorKind, FailWhen, HashKinds, ManualClock, MemoryItem, MemoryProvider, Operation, PhotoProvider, Resource,
    SeededRandom, SharedClock,
};
use photomove_migrate::{JobId, MigrateOptions, Migration};

use super::*;

struct Bench {
    clock: Arc<ManualClock>,
    sink: Arc<MemoryProvider>,
    folder: tempfile::TempDir,
}

impl Bench {
    /// Four items, moved; `tells` = the destination tells hashes of what it holds.
    async fn moved(tells: bool) -> Self {
        Self::moved_to(|sink| {
            sink.with_sink_caps(|caps| {
                caps.reports_later = if tells { HashKinds::SHA1 } else { HashKinds::NONE };
            })
        })
        .await
    }

    async fn moved_to(change: impl FnOnce(MemoryProvider) -> MemoryProvider) -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-21T18:00:00Z".parse().unwrap()));
        let shared = || Arc::clone(&clock) as SharedClock;
        let source = MemoryProvider::new("anna").with_clock(shared());
        for n in 0..4 {
            source.insert(MemoryItem::new(
                format!("i{n}"),
                format!("{n}.jpg"),
                format!("picture {n}"),
            ));
        }
        let sink = change(MemoryProvider::demanding("anna's new home").with_clock(shared()));
        let bench = Self {
            sink: Arc::new(sink),
            folder: tempfile::tempdir().unwrap(),
            clock,
        };
        let options = MigrateOptions::new(bench.folder.path());
        let sink = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
        let migration = Migration::new(Arc::new(source), sink, bench.journal(), options, bench.env());
        Box::pin(migration.run()).await.unwrap();
        bench
    }

    fn env(&self) -> EngineEnv {
        let mut env = EngineEnv::system();
        env.clock = Arc::clone(&self.clock) as SharedClock;
        env.random = Arc::new(SeededRandom::new(1));
        env
    }

    fn journal(&self) -> Journal {
        let path = self.folder.path().join("journal.db");
        Journal::open(&path, Arc::clone(&self.clock) as SharedClock).unwrap()
    }

    async fn look(&self, level: Option<Level>) -> Recheck {
        let mut options = RecheckOptions::new(JobId(1), self.folder.path());
        options.level = level;
        let sink = Arc::clone(&self.sink) as Arc<dyn PhotoProvider>;
        let verification = Verification::new(sink, self.journal(), options, self.env());
        Box::pin(verification.run()).await.unwrap()
    }
}

#[tokio::test]
async fn existence_alone_is_no_difference() {
    let bench = Bench::moved(false).await;
    let found = bench.look(Some(Level::Checksum)).await;
    insta::assert_snapshot!(result_text(&found), @r"
    found                items  bytes
    there, unverifiable      4   36 B
    looked at                4   36 B

    level checksum: not possible here: memory of anna's new home tells no hashes of what it holds; it can only be asked whether an item is there
    so memory was only asked whether each item is there
    outcomes stay as they are: `verified` ones were proven while they were sent
    ");
    insta::assert_snapshot!(last_line(&found), @"4 of 4 items there · 0 missing");
    assert_eq!(exit_of(&found), Exit::Done);
}

#[tokio::test]
async fn what_is_missing_or_changed_is_counted_and_makes_the_exit_code() {
    let bench = Bench::moved(true).await;
    let items = bench.sink.items();
    bench.sink.remove(&items[0].id);
    bench
        .sink
        .insert(MemoryItem::new(items[1].id.clone(), "x.jpg", "something else"));
    let found = bench.look(None).await;
    insta::assert_snapshot!(result_text(&found), @r"
    found           items  bytes
    the same bytes      2   18 B
    missing             1    9 B
    changed             1    9 B
    looked at           4   36 B

    level checksum: hashes that memory tells were compared with those of the bytes that were sent
    what is missing or changed counts as failed from now on
    ");
    insta::assert_snapshot!(last_line(&found), @"2 of 4 items there · 2 with the same bytes · 1 changed · 1 missing");
    assert_eq!(exit_of(&found), Exit::Differences);
}

#[tokio::test]
async fn what_another_app_brought_and_is_not_shown_is_said_and_has_not_failed() {
    let bench = Bench::moved_to(|sink| {
        let sink = sink.with_sink_caps(|caps| caps.unseen = Some("it shows only what this program made"));
        sink.insert(MemoryItem {
            foreign: true,
            ..MemoryItem::new("phone", "phone.jpg", "picture 1")
        });
        sink
    })
    .await;
    bench.sink.remove(&"phone".into());
    let mut found = bench.look(None).await;
    insta::assert_snapshot!(result_text(&found), @r"
    found      items  bytes
    there          3   27 B
    not known      1    9 B
    looked at      4   36 B

    level receipt: memory was asked whether each item is there, and not for more
    1 item cannot be verified: memory shows a program only what that made itself
    ");
    insta::assert_snapshot!(last_line(&found), @"3 of 4 items there · 1 not known · 0 missing");
    assert_eq!(exit_of(&found), Exit::Done);
    found.findings.unknown.count += 1;
    assert_eq!(
        exit_of(&found),
        Exit::ItemsFailed,
        "one that it could not tell about has"
    );
}

#[tokio::test]
async fn a_spent_budget_has_its_own_exit_code() {
    let bench = Bench::moved(true).await;
    bench.sink.fail_next(Operation::Verify, FailWhen::Before, || {
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at: None,
        };
        Error::new(kind, "the day's requests are used up")
    });
    let found = bench.look(None).await;
    assert_eq!(exit_of(&found), Exit::Quota);
    insta::assert_snapshot!(last_line(&found), @"0 of 4 items looked at · 0 missing");
}
