//! What happens on the disk between the source and the destination.

use std::path::PathBuf;
use std::sync::Arc;

use photomove_core::{Damage, Operation};

use super::harness::Bench;
use super::killer::Killer;
use super::streams::{LONG, MIDDLE, bench, bytes, film};
#[cfg(target_os = "linux")]
use crate::StopReason;

fn spool(bench: &Bench) -> PathBuf {
    bench.folder.path().join("spool")
}

fn files(bench: &Bench) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(spool(bench)) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Every write to `/dev/full` fails as one to a full disk does.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_stops_the_run_with_what_to_do_and_it_goes_on_once_there_is_room() {
    use photomove_core::PhotoProvider;

    let bench = bench();
    for n in 0..6 {
        bench.source.insert(film(&format!("film{n}"), n, MIDDLE));
    }
    let mut gate = super::killer::Gate::new(&bench.sink, &Killer::new(u64::MAX));
    let folder = spool(&bench);
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::Prepare {
            std::fs::create_dir_all(&folder).unwrap();
            for n in 1..=6 {
                std::os::unix::fs::symlink("/dev/full", folder.join(format!("{n}.part"))).unwrap();
            }
        }
    });
    let target: Arc<dyn PhotoProvider> = Arc::new(gate);
    let migration = bench.migration(bench.open(None), target);
    let summary = Box::pin(migration.run()).await.unwrap();
    drop(migration);
    let Some(StopReason::Failed(error)) = &summary.stopped else {
        panic!("{:?}", summary.stopped);
    };
    assert!(error.message().starts_with("the disk is full"), "{error}");
    assert!(error.hint_text().unwrap().contains("make room"), "{error}");
    assert_eq!(bench.sink.calls_of(Operation::Stage), 0);
    // The spool has room for one at a time: nothing was asked for after the first.
    assert_eq!(bench.source.calls_of(Operation::Open), 1);
    assert_eq!(summary.accounting.waiting.count, 6, "nothing failed for it");
    for file in files(&bench) {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(bench.run().await.accounting.verified.count, 6);
    bench.assert_same_library();
}

/// However often a run is killed while it receives, what it leaves does not add up.
#[tokio::test]
async fn leftovers_of_killed_runs_do_not_add_up() {
    let bench = bench();
    for n in 0..8 {
        bench.source.insert(film(&format!("film{n}"), n, 2_400));
    }
    let mut kills = 0;
    for k in 0..40 {
        // Killed at calls of the destination only: a journal that dies first is an error, which the run still handles.
        let killer = Killer::new(3 + k * 5 % 6);
        let gate = Arc::new(super::killer::Gate::new(&bench.sink, &killer));
        let migration = bench.migration(bench.open(None), gate);
        let ended = tokio::select! {
            biased;
            () = killer.died() => false,
            ended = Box::pin(migration.run()) => ended.unwrap().stopped.is_none(),
        };
        drop(migration);
        if ended {
            break;
        }
        kills += 1;
        let left: u64 = files(&bench)
            .iter()
            .map(|file| file.metadata().map_or(0, |meta| meta.len()))
            .sum();
        assert!(left <= 5_000, "{left} bytes after kill {kills}");
    }
    assert!(kills >= 4, "{kills}");
    assert!(bench.run().await.stopped.is_none());
    assert!(files(&bench).is_empty(), "{:?}", files(&bench));
    bench.assert_same_library();
}

/// A folder may serve two jobs at once: one never deletes what the other is receiving.
#[tokio::test]
async fn files_of_another_job_are_left_alone() {
    let bench = bench();
    bench.source.insert(film("film", 1, MIDDLE));
    let killer = Killer::new(u64::MAX);
    let mut gate = super::killer::Gate::new(&bench.sink, &killer);
    gate.dies_at = Some(700);
    let migration = bench.migration(bench.open(None), Arc::new(gate));
    tokio::select! {
        biased;
        () = killer.died() => {}
        ended = Box::pin(migration.run()) => panic!("nothing died: {ended:?}"),
    }
    drop(migration);
    assert_eq!(files(&bench).len(), 1);
    std::fs::write(spool(&bench).join("77.part"), "of no upload").unwrap();
    bench.source.set_owner("somebody else");
    bench.plan().await;
    assert_eq!(files(&bench).len(), 1, "{:?}", files(&bench));
    bench.source.set_owner("source");
    assert_eq!(bench.run().await.accounting.verified.count, 1);
    assert_eq!(bench.source.calls_of(Operation::Open), 1);
    assert!(files(&bench).is_empty());
}

/// A part is refused with the reason where it can neither be kept nor streamed.
#[tokio::test]
async fn what_fits_nowhere_is_refused_with_the_reason() {
    let bench = super::streams::bench_with(|sink| sink.with_sink_caps(|caps| caps.resumable = false));
    bench.source.insert(film("long", 1, LONG));
    bench.source.insert(film("film", 2, MIDDLE));
    bench.source.damage(&"film".into(), Damage::BreaksAfter(900), 1);
    let summary = bench.run().await;
    assert_eq!(
        (summary.accounting.verified.count, summary.accounting.failed.count),
        (1, 1)
    );
    let failures = bench.open(None).failures(summary.job, None, 10).await.unwrap();
    let message = &failures[0].reason.message;
    for word in ["20123 bytes", "may take 5000", "while it is read"] {
        assert!(message.contains(word), "{message}");
    }
    assert!(bench.bodies().contains_key(&bytes(2, MIDDLE)));
}
