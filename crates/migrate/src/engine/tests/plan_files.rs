//! A plan that is written down is what is done later, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use photomove_core::{ErrorKind, Filters, MemoryAlbum, MemoryItem, PhotoProvider, Sourced};

use super::harness::{Bench, clock, demanding, item, kind_source};
use crate::{Drift, DriftKind, EngineEnv, MigrateOptions, Migration, PlanFile, Summary};

impl Bench {
    fn target(&self) -> Arc<dyn PhotoProvider> {
        Arc::clone(&self.sink) as Arc<dyn PhotoProvider>
    }

    async fn save_plan(&self) -> PathBuf {
        let path = self.folder.path().join("plan.json");
        let migration = self.migration(self.open(None), self.target());
        Box::pin(migration.plan()).await.unwrap();
        migration.save_plan(&path, "memory", "memory@b").await.unwrap();
        path
    }

    fn applying(&self, plan: PlanFile) -> Migration {
        let mut options = MigrateOptions::new(self.folder.path());
        (self.change)(&mut options);
        let env = EngineEnv {
            clock: self.time(),
            ..EngineEnv::system()
        };
        let source = Arc::clone(&self.source) as Arc<dyn PhotoProvider>;
        Migration::new(source, self.target(), self.open(None), options.with_plan(plan), env)
    }

    async fn apply(&self, path: &Path) -> Summary {
        let summary = Box::pin(self.applying(PlanFile::open(path).unwrap()).run())
            .await
            .unwrap();
        assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
        assert!(summary.accounting.adds_up(), "{:?}", summary.accounting);
        summary
    }
}

fn names(drift: &Drift, kind: DriftKind) -> Vec<&str> {
    let of_kind = drift.examples.iter().filter(|example| example.kind == kind);
    of_kind.map(|example| example.name.as_str()).collect()
}

#[tokio::test]
async fn an_unchanged_library_is_moved_as_planned_and_only_once() {
    let bench = Bench::new();
    bench.fill(7);
    bench.album("a", 0..4);
    bench.source.insert(MemoryItem::new("none", "none.jpg", ""));
    let path = bench.save_plan().await;
    let file = PlanFile::open(&path).unwrap();
    assert_eq!((file.end.items, file.end.files, file.end.albums), (8, 7, 1));
    assert_eq!(
        (file.header.from.as_str(), file.header.to.as_str()),
        ("memory", "memory@b")
    );
    let summary = bench.apply(&path).await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (7, 1)
    );
    assert!(summary.drift.unwrap().is_none());
    assert_eq!(bench.sink.items().len(), 7);
    assert_eq!(Bench::shelves(&bench.sink)[0].1.len(), 4);
    let again = bench.apply(&path).await;
    assert!(again.nothing_to_do);
    assert!(again.drift.unwrap().is_none());
    // What a whole migration does later finds the albums and items of the plan.
    assert!(bench.run().await.accounting.already_there.count == 7);
    assert_eq!((bench.sink.items().len(), bench.sink.albums().len()), (7, 1));
}

#[cfg(unix)]
#[tokio::test]
async fn a_plan_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.fill(1);
    let path = bench.save_plan().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let header: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(header["type"], "photomove_plan");
    assert_eq!(header["source"]["owner_sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn what_was_there_when_planned_counts_as_there() {
    let bench = Bench::new();
    bench.fill(3);
    bench.run().await;
    bench.source.insert(item(7));
    bench.source.insert(item(8));
    let path = bench.save_plan().await;
    let end = PlanFile::open(&path).unwrap().end;
    assert_eq!((end.items, end.files), (5, 2));
    let summary = bench.apply(&path).await;
    assert_eq!(
        (
            summary.accounting.verified.count,
            summary.accounting.already_there.count
        ),
        (2, 3)
    );
    assert_eq!(bench.sink.items().len(), 5);
}

#[tokio::test]
async fn an_album_whose_members_are_all_gone_is_not_made() {
    let bench = Bench::new();
    bench.fill(4);
    bench.album("a", 0..2);
    bench.album("b", 2..3);
    let path = bench.save_plan().await;
    bench.source.remove(&"i0".into());
    bench.source.remove(&"i1".into());
    let summary = bench.apply(&path).await;
    let drift = summary.drift.unwrap();
    assert_eq!((drift.gone, drift.albums_shrunk), (2, 1));
    let titles: Vec<_> = bench.sink.albums().into_iter().map(|album| album.title).collect();
    assert_eq!(titles, ["Album b"]);
}

#[tokio::test]
async fn an_album_whose_only_member_was_left_out_is_not_made() {
    let bench = Bench::new();
    bench.fill(2);
    bench.album("a", 0..1);
    bench.album("b", 1..2);
    let path = bench.save_plan().await;
    bench
        .source
        .insert(MemoryItem::new("i0", "0.jpg", "other bytes of picture 0"));
    let summary = bench.apply(&path).await;
    assert_eq!(
        (summary.drift.unwrap().changed, summary.accounting.skipped.count),
        (1, 1)
    );
    let titles: Vec<_> = bench.sink.albums().into_iter().map(|album| album.title).collect();
    assert_eq!(titles, ["Album b"]);
    assert!(bench.open(None).check(summary.job).await.unwrap().is_empty());
    assert!(bench.apply(&path).await.nothing_to_do);
    assert_eq!(bench.sink.albums().len(), 1);
}

/// What a filter leaves out is no drift: neither its albums, nor its places in albums that are kept.
#[tokio::test]
async fn an_unchanged_library_has_no_drift_whatever_the_filter() {
    for in_listing in [false, true] {
        let changes: [fn(&mut MigrateOptions); 6] = [
            |_| {},
            |options| options.filters = Filters::default().with_limit(2),
            |options| options.filters = Filters::default().with_favourite(),
            |options| options.filters = Filters::default().with_favourite().with_limit(2),
            |options| options.filters = Filters::default().with_album("Album mixed"),
            |options| options.filters = Filters::default().with_album("Album mixed").with_favourite(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let clock = clock();
            let source = kind_source(&clock).with_source_caps(|caps| caps.members_in_listing = in_listing);
            let mut bench = Bench::with(clock.clone(), source, demanding(&clock));
            for n in 0..12 {
                let mut one: MemoryItem = item(n);
                one.metadata.favourite = Some(Sourced::provider(n < 4));
                bench.source.insert(one);
            }
            bench.album("mixed", [0, 1, 2, 3, 8, 9]);
            bench.album("left out", 8..12);
            bench.album("empty", 0..0);
            bench.source.add_album(MemoryAlbum::new(
                "unlisted",
                "Album unlisted",
                ["i0".into(), "nowhere".into()],
            ));
            bench.change = change;
            let path = bench.save_plan().await;
            bench.change = |_| {};
            let drift = bench.apply(&path).await.drift.unwrap();
            assert!(drift.is_none(), "{in_listing} {number}: {drift:?}");
        }
    }
}

/// What comes to the albums of a filtered plan is still told, if it would be in the plan today.
#[tokio::test]
async fn an_album_of_a_filtered_plan_that_grew_is_told() {
    let mut bench = Bench::new();
    for n in 0..6 {
        let mut one: MemoryItem = item(n);
        one.metadata.favourite = Some(Sourced::provider(n < 3));
        bench.source.insert(one);
    }
    bench.album("a", [0, 5]);
    bench.change = |options| options.filters = Filters::default().with_favourite();
    let path = bench.save_plan().await;
    bench.change = |_| {};
    let mut fresh: MemoryItem = item(7);
    fresh.metadata.favourite = Some(Sourced::provider(true));
    bench.source.insert(fresh);
    bench.album("a", [0, 1, 4, 5, 7]);
    let drift = bench.apply(&path).await.drift.unwrap();
    let grown = drift
        .examples
        .iter()
        .find(|example| example.kind == DriftKind::AlbumGrown);
    assert_eq!((drift.new, drift.albums_grown, drift.albums_shrunk), (1, 1, 0));
    assert_eq!(grown.unwrap().places, Some(2), "the favourites 1 and 7");
}

#[tokio::test]
async fn what_is_not_as_planned_stays_and_is_named() {
    let bench = Bench::new();
    bench.fill(8);
    bench.album("grown", 0..2);
    bench.album("shrunk", 2..5);
    bench.album("renamed", 5..6);
    bench.album("gone", 6..7);
    let path = bench.save_plan().await;

    bench
        .source
        .insert(MemoryItem::new("i1", "1.jpg", "other bytes of picture 1"));
    bench.source.remove(&"i2".into());
    bench
        .source
        .insert(MemoryItem::new("fresh", "fresh.jpg", "a new picture"));
    let members = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect::<Vec<_>>();
    bench.source.add_album(MemoryAlbum::new(
        "grown",
        "Album grown",
        members(&["i0", "i1", "i7", "fresh"]),
    ));
    bench
        .source
        .add_album(MemoryAlbum::new("renamed", "Other title", members(&["i5"])));
    bench
        .source
        .add_album(MemoryAlbum::new("new", "New album", members(&["i0"])));
    bench.source.remove_album(&"gone".into());

    let migration = bench.applying(PlanFile::open(&path).unwrap());
    let plan = Box::pin(migration.plan()).await.unwrap();
    let drift = plan.drift.clone().unwrap();
    assert_eq!((drift.planned, drift.changed, drift.gone, drift.new), (8, 1, 1, 1));
    assert_eq!(names(&drift, DriftKind::Changed), ["1.jpg"]);
    assert_eq!(names(&drift, DriftKind::Gone), ["2.jpg"]);
    assert_eq!(names(&drift, DriftKind::New), ["fresh.jpg"]);
    assert_eq!(names(&drift, DriftKind::AlbumNew), ["New album"]);
    assert_eq!(names(&drift, DriftKind::AlbumGone), ["Album gone"]);
    assert_eq!(names(&drift, DriftKind::AlbumRenamed), ["Album renamed"]);
    assert_eq!(names(&drift, DriftKind::AlbumGrown), ["Album grown"]);
    assert_eq!(names(&drift, DriftKind::AlbumShrunk), ["Album shrunk"]);
    let of = |kind| drift.examples.iter().find(|example| example.kind == kind).unwrap();
    assert_eq!(of(DriftKind::AlbumGrown).places, Some(2));
    assert_eq!(of(DriftKind::AlbumRenamed).now.as_deref(), Some("Other title"));

    let summary = Box::pin(migration.run()).await.unwrap();
    assert!(summary.stopped.is_none() && summary.accounting.adds_up());
    assert_eq!(summary.drift.unwrap(), drift);
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.skipped.count),
        (6, 1)
    );
    assert_eq!(summary.unlisted, 0, "what is left out is listed");
    let bodies = bench.bodies();
    assert_eq!(bodies.len(), 6);
    assert!(bodies.contains_key(&item(3).bytes.to_vec()) && !bodies.contains_key(&item(1).bytes.to_vec()));
    let shelves: Vec<_> = Bench::shelves(&bench.sink)
        .into_iter()
        .map(|(title, members)| (title, members.len()))
        .collect();
    assert_eq!(
        shelves,
        [
            ("Album grown".into(), 1),
            ("Album renamed".into(), 1),
            ("Album shrunk".into(), 2)
        ]
    );
    drop(migration);
    let journal = bench.open(None);
    let failures = journal.failures(summary.job, None, 10).await.unwrap();
    assert!(
        failures[0].skipped && failures[0].reason.message.starts_with("drift:"),
        "{failures:?}"
    );
}

#[tokio::test]
async fn a_trial_of_the_first_few_moves_these_and_calls_nothing_new() {
    let mut bench = Bench::new();
    bench.fill(20);
    bench.change = |options| options.filters = photomove_core::Filters::default().with_limit(3);
    let path = bench.save_plan().await;
    bench.change = |_| {};
    assert_eq!(PlanFile::open(&path).unwrap().end.items, 3);
    let summary = bench.apply(&path).await;
    assert_eq!(summary.accounting.verified.count, 3);
    assert!(summary.drift.unwrap().is_none());
    assert_eq!(bench.sink.items().len(), 3);
}

#[tokio::test]
async fn a_killed_apply_goes_on() {
    let bench = Bench::new();
    bench.fill(6);
    let path = bench.save_plan().await;
    let migration = bench.applying(PlanFile::open(&path).unwrap());
    Box::pin(migration.plan()).await.unwrap();
    drop(migration);
    bench.source.insert(MemoryItem::new("late", "late.jpg", "too late"));
    let summary = bench.apply(&path).await;
    assert_eq!(summary.accounting.verified.count, 6);
    assert_eq!(bench.sink.items().len(), 6);
}

#[tokio::test]
async fn a_plan_for_another_account_is_refused_before_anything_is_read() {
    let bench = Bench::new();
    bench.fill(2);
    let path = bench.save_plan().await;
    bench.sink.set_owner("somebody else");
    let error = Box::pin(bench.applying(PlanFile::open(&path).unwrap()).plan())
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    assert_eq!(error.message(), "the plan was made for another destination");
    assert!(error.hint_text().is_some());
    assert_eq!(
        bench.open(None).jobs().await.unwrap().len(),
        1,
        "only the one that was planned"
    );
}

#[tokio::test]
async fn files_that_are_not_what_was_written_are_refused() {
    let bench = Bench::new();
    bench.fill(3);
    let path = bench.save_plan().await;
    let whole = fs::read_to_string(&path).unwrap();
    let said = |text: &str| {
        fs::write(&path, text).unwrap();
        let error = PlanFile::open(&path).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.hint_text().is_some());
        error.message().to_owned()
    };
    let changed = "the plan file was changed since it was written";
    let no_plan = "this is no plan file";
    assert_eq!(said(&whole.replace("1.jpg", "9.jpg")), changed);
    assert_eq!(said(&format!("{whole}{{}}\n")), changed);
    let lines: Vec<&str> = whole.lines().collect();
    let without_second = [&lines[..1], &lines[2..]].concat().join("\n") + "\n";
    assert_eq!(said(&without_second), changed);
    let cut = "the plan file is cut off: its end is missing";
    assert_eq!(said(&whole[..whole.len() / 2]), cut);
    assert_eq!(said(&(lines[..2].join("\n") + "\n")), cut);
    assert_eq!(
        said(&whole.replacen("\"version\":1", "\"version\":2", 1)),
        "the plan file was written by a newer photomove"
    );
    assert_eq!(said(""), no_plan);
    assert_eq!(said("{\"a\":1}\n"), no_plan);
    assert_eq!(said("\u{feff}"), no_plan);
    fs::remove_file(&path).unwrap();
    assert_eq!(
        PlanFile::open(&path).unwrap_err().message(),
        "the plan file cannot be read"
    );
}
