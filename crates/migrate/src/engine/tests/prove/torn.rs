//! A journal that lost its end, or a piece of itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use photomove_core::{ErrorKind, MemoryProvider, Operation};
use rusqlite::Connection;

use super::{Dice, is_full, size};
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};
use crate::engine::tests::killer::{Gate, Killer};
use crate::engine::tests::kills::{library, small_batches, visible};
use crate::journal::Tuning;
use crate::{JobId, Journal};

/// How much of the end of the log is cut, byte by byte.
const TAIL: usize = 64 * 1024;
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Both files of a journal in the middle of a run.
#[derive(Clone, Default)]
struct Files {
    main: Vec<u8>,
    log: Vec<u8>,
}

fn bench() -> Bench {
    let clock = clock();
    let bench = Bench::with(
        clock.clone(),
        kind_source(&clock).with_page_items(3),
        small_batches(demanding(&clock)),
    );
    library(&bench);
    bench.fill(30);
    bench
}

/// Copies the journal in the middle of its run, when the log holds all that was ever written.
async fn in_the_middle() -> Files {
    let bench = bench();
    let copy: Arc<Mutex<Files>> = Arc::default();
    let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
    let (kept, path) = (Arc::clone(&copy), bench.journal_path());
    gate.look = Box::new(move |operation, _| {
        if operation == Operation::AddToAlbum {
            let log = path.with_extension("sqlite-wal");
            *kept.lock().unwrap() = Files {
                main: fs::read(&path).unwrap(),
                log: fs::read(log).unwrap(),
            };
        }
    });
    let journal = bench.open_tuned(Tuning {
        no_checkpoint: true,
        ..Tuning::default()
    });
    let summary = Box::pin(bench.migration(journal, Arc::new(gate)).run()).await.unwrap();
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    let files = copy.lock().unwrap().clone();
    assert!(files.log.len() > TAIL, "the log is too short: {}", files.log.len());
    files
}

/// How many bytes of the log the last whole transaction ends at.
fn boundary(log: &[u8], page: usize) -> usize {
    let frame = FRAME_HEADER + page;
    let frames = log.len().saturating_sub(WAL_HEADER) / frame;
    let ends_transaction = |n: &usize| {
        let at = WAL_HEADER + n * frame + 4;
        log[at..at + 4] != [0; 4]
    };
    (0..frames)
        .rev()
        .find(ends_transaction)
        .map_or(0, |n| WAL_HEADER + (n + 1) * frame)
}

/// What a journal holds, in short.
fn fingerprint(path: &Path) -> Vec<(String, i64, i64)> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT 'upload '||state, count(*), sum(attempts) FROM upload GROUP BY state UNION ALL
             SELECT 'intent '||kind, count(*), count(closed_at) FROM intent GROUP BY kind UNION ALL
             SELECT 'filing '||state, count(*), sum(ready) FROM filing GROUP BY state UNION ALL
             SELECT 'listed', (SELECT count(*) FROM asset), (SELECT count(*) FROM member) UNION ALL
             SELECT stream||resume, done, 0 FROM cursor",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?.unwrap_or(0)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Opens what is left and asks the checker; returns what it holds.
async fn open_cut(folder: &Path, files: &Files, cut: usize) -> Vec<(String, i64, i64)> {
    let path = folder.join("journal.sqlite");
    for suffix in ["sqlite-wal", "sqlite-shm"] {
        let _ = fs::remove_file(path.with_extension(suffix));
    }
    fs::write(&path, &files.main).unwrap();
    fs::write(path.with_extension("sqlite-wal"), &files.log[..cut]).unwrap();
    let tuning = Tuning {
        no_sync: true,
        ..Tuning::default()
    };
    let journal = Journal::open_with(&path, clock(), tuning).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
    let broken = journal.check(JobId(1)).await.unwrap();
    assert!(broken.is_empty(), "cut at {cut}: {}", broken[0]);
    drop(journal);
    fingerprint(&path)
}

#[tokio::test]
async fn a_log_cut_anywhere_opens_at_the_end_of_a_transaction() {
    let files = in_the_middle().await;
    let page = usize::from(u16::from_be_bytes([files.main[16], files.main[17]]));
    let from = files.log.len() - TAIL;
    let dice = Dice::new(1);
    let cuts: Vec<usize> = match is_full() {
        true => (from..=files.log.len()).collect(),
        // A sample, and each side of every frame's end.
        false => (from..=files.log.len())
            .filter(|cut| {
                let past = (cut - WAL_HEADER) % (FRAME_HEADER + page);
                past <= 1 || dice.fixed(&cut.to_string()).is_multiple_of(800)
            })
            .collect(),
    };
    let folder = tempfile::tempdir().unwrap();
    let mut known: HashMap<usize, Vec<(String, i64, i64)>> = HashMap::new();
    for cut in &cuts {
        let end = boundary(&files.log[..*cut], page);
        if let Entry::Vacant(place) = known.entry(end) {
            place.insert(open_cut(folder.path(), &files, end).await);
        }
        assert_eq!(open_cut(folder.path(), &files, *cut).await, known[&end], "cut at {cut}");
    }
    let states: std::collections::HashSet<_> = known.values().collect();
    assert!(states.len() > 2, "only {} states were seen", states.len());
    eprintln!("torn: {} cuts, {} transactions", cuts.len(), known.len());
}

fn same_albums_once(bench: &Bench, what: &str) {
    let complaints = bench.compare();
    assert!(complaints.is_empty(), "{what}: {complaints:#?}");
}

async fn cut_and_begin_anew(sink: impl Fn(MemoryProvider) -> MemoryProvider, halfway: bool) {
    let clock = clock();
    let target = sink(small_batches(demanding(&clock)));
    let bench = Bench::with(clock.clone(), kind_source(&clock).with_page_items(3), target);
    library(&bench);
    if halfway {
        let killer = Killer::new(130);
        super::super::kills::run_until_killed(&bench, &killer).await;
        assert!(!bench.sink.albums().is_empty());
    } else {
        bench.run().await;
    }
    let path = bench.journal_path();
    // Tasks of a killed run let go of it only now; the last connection takes the log with it.
    for _ in 0..1000 {
        drop(bench.open(None));
        if !path.with_extension("sqlite-wal").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(
        !path.with_extension("sqlite-wal").exists(),
        "somebody still has the journal open"
    );
    let whole = fs::read(&path).unwrap();
    let dice = Dice::new(2);
    let cuts = size(400, 40);
    for n in 0..cuts {
        let length = match n {
            0 => 1,
            1 => whole.len() - 1,
            2 => whole.len() / 2,
            3 => 4096,
            _ => 1 + usize::try_from(dice.throw("cut") % (whole.len() as u64 - 1)).unwrap(),
        };
        fs::write(&path, &whole[..length]).unwrap();
        let error = Journal::open(&path, bench.time()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Internal);
        assert!(error.hint_text().unwrap().contains("--new-journal"), "{error}");
        assert_eq!(
            fs::read(&path).unwrap(),
            whole[..length],
            "what is refused is left as it is"
        );
    }
    let kept = Journal::set_aside(&path).unwrap().unwrap();
    assert!(kept.to_string_lossy().ends_with(".broken-1"));
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.albums.failed, 0);
    same_albums_once(&bench, "with the new journal");
    assert_eq!(bench.audit().await, Vec::<String>::new());
    assert!(bench.run().await.nothing_to_do);
}

#[tokio::test]
async fn a_cut_journal_is_refused_and_a_new_one_doubles_nothing() {
    cut_and_begin_anew(|sink| sink, false).await;
    cut_and_begin_anew(|sink| sink, true).await;
}

#[tokio::test]
async fn a_cut_journal_is_refused_and_a_new_one_finds_what_is_there() {
    cut_and_begin_anew(visible, false).await;
    cut_and_begin_anew(visible, true).await;
}

#[test]
fn a_journal_that_lost_all_its_bytes_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    fs::write(&path, b"").unwrap();
    fs::write(folder.path().join("journal.sqlite-wal"), [1; 5000]).unwrap();
    let error = Journal::open(&path, clock()).unwrap_err();
    assert_eq!(error.message(), "the journal is damaged");
    assert_eq!(
        fs::metadata(folder.path().join("journal.sqlite-wal")).unwrap().len(),
        5000
    );
}
