//! A journal that the previous version left in the middle of a run.

use std::sync::Arc;

use photomove_core::{
    BytesBody, ItemKey, MemoryAlbum, MemoryItem, Metadata, NewAlbum, NewPart, Operation, PartRole, PhotoSink, Result,
    StageLog, Staged, StagedBundle,
};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use super::harness::{Bench, clock, demanding, item, kind_source};

const JOURNAL: &str = include_str!("../../journal/tests/v1.sql");

struct Deaf;

#[async_trait::async_trait]
impl StageLog for Deaf {
    async fn opened(&self, _handle: &Staged) -> Result<()> {
        Ok(())
    }
    async fn stored(&self, _bytes: u64) {}
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn stage(bench: &Bench, n: usize) -> Staged {
    let part = NewPart {
        key: ItemKey::from_u128(n as u128),
        bundle: ItemKey::from_u128(n as u128),
        role: PartRole::Primary,
        file_name: format!("{n}.jpg"),
        media_type: Some("image/jpeg".into()),
        metadata: Metadata::default(),
        siblings: photomove_core::Siblings::default(),
    };
    let body = BytesBody::new(item(n).bytes);
    bench.sink.stage(&part, &body, None, &Deaf).await.unwrap()
}

/// Brings the destination to where the journal says that it is; `acted` = it took the calls whose replies are missing.
async fn bring_about(bench: &Bench, journal: &Connection, acted: bool) {
    for n in [0, 1, 2, 10] {
        bench.sink.insert(MemoryItem {
            id: format!("d{n}").into(),
            ..item(n)
        });
    }
    bench.sink.add_album(MemoryAlbum::new("A", "Album a", ["d0".into()]));
    bench.sink.add_album(MemoryAlbum::new("B", "Album b", []));
    let mut sent = Vec::new();
    for n in [7, 8, 9, 11] {
        let staged = stage(bench, n).await;
        for table in ["upload", "intent_item"] {
            let sql = format!("UPDATE {table} SET token=?1 WHERE token=?2");
            let named = format!("token of i{n}");
            journal.execute(&sql, (staged.token.expose_secret(), named)).unwrap();
        }
        sent.push((n, staged));
    }
    if !acted {
        return;
    }
    stage(bench, 6).await;
    let of = |n: usize| sent.iter().find(|(m, _)| *m == n).unwrap().1.clone();
    let batch = [8, 9].map(|n| StagedBundle {
        key: ItemKey::from_u128(n as u128),
        parts: vec![(ItemKey::from_u128(n as u128), of(n))],
        file_name: format!("{n}.jpg"),
        metadata: Metadata::default(),
    });
    bench.sink.commit(&batch, Some(&"A".into())).await.unwrap();
    bench.sink.add_to_album(&"B".into(), &["d10".into()]).await.unwrap();
    let album = NewAlbum {
        title: "Album c".into(),
        description: None,
    };
    bench.sink.create_album(&album).await.unwrap();
}

#[tokio::test]
async fn a_journal_of_the_previous_version_is_run_to_its_end() {
    for (acted, reuse) in [(false, true), (true, true), (true, false)] {
        let clock = clock();
        let sink = demanding(&clock).with_token_reuse(reuse);
        let bench = Bench::with(Arc::clone(&clock), kind_source(&clock), sink);
        bench.fill(12);
        let journal = Connection::open(bench.journal_path()).unwrap();
        journal.execute_batch(JOURNAL).unwrap();
        bring_about(&bench, &journal, acted).await;
        drop(journal);
        let spool = bench.folder.path().join("spool");
        std::fs::create_dir_all(&spool).unwrap();
        std::fs::write(spool.join("6.part"), item(5).bytes).unwrap();
        let before = bench.sink.calls_of(Operation::Stage);

        let summary = bench.run().await;
        let what = format!("acted: {acted}, tokens used again: {reuse}");
        assert!(summary.stopped.is_none(), "{what}: {:?}", summary.stopped);
        let sums = &summary.accounting;
        let counts = [
            sums.found,
            sums.verified,
            sums.unverifiable,
            sums.already_there,
            sums.failed,
            sums.skipped,
        ];
        assert_eq!(counts.map(|count| count.count), [13, 9, 1, 1, 1, 1], "{what}");
        // What was wanted, what lay in the spool, and the one whose reply got lost; used tokens cost their two again.
        let again = if acted && !reuse { 2 } else { 0 };
        assert_eq!(bench.sink.calls_of(Operation::Stage) - before, 3 + again, "{what}");
        assert_eq!(bench.source.calls_of(Operation::Open), 2 + again, "{what}");
        assert_eq!(bench.source.calls_of(Operation::ListAssets), 0, "{what}");
        let bodies = bench.bodies();
        for n in (0..12).filter(|n| *n != 3) {
            assert_eq!(bodies.get(&item(n).bytes.to_vec()), Some(&1), "{what}: {n}");
        }
        let body = |n: usize| item(n).bytes.to_vec();
        let shelf = |title: &str, members: &[usize]| (title.to_owned(), members.iter().map(|n| body(*n)).collect());
        assert_eq!(
            Bench::shelves(&bench.sink),
            [
                shelf("Album a", &[0, 8, 9]),
                shelf("Album b", &[0, 10]),
                shelf("Album c", &[11]),
            ],
            "{what}"
        );

        let journal = Connection::open(bench.journal_path()).unwrap();
        assert_eq!(
            number(&journal, "SELECT count(*) FROM intent WHERE closed_at IS NULL"),
            0
        );
        assert_eq!(number(&journal, "PRAGMA user_version"), crate::journal::VERSION);
        let copy = Connection::open(bench.folder.path().join("journal.sqlite.v1")).unwrap();
        assert_eq!(number(&copy, "PRAGMA user_version"), 1);
        assert_eq!(number(&copy, "SELECT count(*) FROM intent WHERE closed_at IS NULL"), 4);
        drop((journal, copy));
        assert!(bench.run().await.nothing_to_do, "{what}");
    }
}

/// A migrated journal and a new one are the same but for their rows.
#[tokio::test]
async fn a_migrated_journal_has_the_tables_of_a_new_one() {
    let shape = |bench: &Bench| -> Vec<(String, String)> {
        let journal = Connection::open(bench.journal_path()).unwrap();
        let mut statement = journal
            .prepare("SELECT name, coalesce(sql,'') FROM sqlite_schema ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(|row| row.unwrap()).collect()
    };
    let (old, new) = (Bench::new(), Bench::new());
    Connection::open(old.journal_path())
        .unwrap()
        .execute_batch(JOURNAL)
        .unwrap();
    drop((old.open(None), new.open(None)));
    assert_eq!(shape(&old), shape(&new));
}
