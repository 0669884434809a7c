//! The journal as a file: private, durable, one truth for readers, refused when damaged.

use std::fs;
use std::sync::Arc;

use photomove_core::{FactStore, ManualClock, QuotaStore};

use super::*;

fn open(path: &Path) -> Result<Journal> {
    Journal::open(path, Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)))
}

#[tokio::test]
async fn the_file_and_its_companions_are_private_and_every_commit_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/journal.sqlite");
    let journal = open(&path).unwrap();
    journal.add("project", "requests", "2026-03-01", 1).await.unwrap();
    let sync: i64 = journal
        .write(|c| {
            c.pragma_query_value(None, "synchronous", |row| row.get(0))
                .map_err(sql_error)
        })
        .await
        .unwrap();
    assert_eq!(sync, 2, "FULL");
    #[cfg(unix)]
    for entry in fs::read_dir(folder.path().join("state")).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn quota_and_facts_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    {
        let journal = open(&path).unwrap();
        assert_eq!(journal.add("project", "requests", "2026-03-01", 3).await.unwrap(), 3);
        assert_eq!(journal.add("project", "requests", "2026-03-01", 2).await.unwrap(), 5);
        journal.put("project", "canary", "refused").await.unwrap();
        journal.put("project", "canary", "accepted").await.unwrap();
    }
    let journal = open(&path).unwrap();
    assert_eq!(journal.used("project", "requests", "2026-03-01").await.unwrap(), 5);
    assert_eq!(journal.used("project", "requests", "2026-03-02").await.unwrap(), 0);
    assert_eq!(
        journal.get("project", "canary").await.unwrap().as_deref(),
        Some("accepted")
    );
    assert_eq!(journal.get("other", "canary").await.unwrap(), None);
}

#[tokio::test]
async fn writes_at_once_share_transactions_and_all_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.sqlite")).unwrap();
    let writes = (0..500).map(|_| journal.add("project", "requests", "day", 1));
    let sums = futures_util::future::join_all(writes).await;
    assert!(sums.iter().all(Result::is_ok));
    assert_eq!(journal.used("project", "requests", "day").await.unwrap(), 500);
}

#[tokio::test]
async fn a_write_that_fails_takes_nothing_else_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.sqlite")).unwrap();
    let bad = journal.write(|c| {
        c.execute("INSERT INTO account_fact VALUES('a','f','v',1)", [])
            .map_err(sql_error)?;
        c.execute("INSERT INTO nowhere VALUES(1)", []).map_err(sql_error)
    });
    let (bad, good) = tokio::join!(bad, journal.put("b", "f", "v"));
    assert!(bad.is_err());
    good.unwrap();
    assert_eq!(journal.get("a", "f").await.unwrap(), None);
    assert_eq!(journal.get("b", "f").await.unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.sqlite")).unwrap();
    journal
        .write(|c| {
            let pages: i64 = c
                .pragma_query_value(None, "page_count", |row| row.get(0))
                .map_err(sql_error)?;
            c.pragma_update(None, "max_page_count", pages + 2).map_err(sql_error)
        })
        .await
        .unwrap();
    let value = "x".repeat(200_000);
    let (full, beside) = tokio::join!(journal.put("a", "large", &value), journal.put("a", "small", "y"));
    let error = full.unwrap_err();
    assert!(error.hint_text().unwrap().contains("make room"), "{error}");
    assert_eq!(journal.get("a", "large").await.unwrap(), None);
    // The small one may have been told that it failed with the group; it is never there only in part.
    assert_eq!(journal.get("a", "small").await.unwrap().is_some(), beside.is_ok());
    journal.put("a", "later", "z").await.unwrap();
}

#[tokio::test]
async fn looking_works_beside_a_writer_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    let clock = || Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    assert!(Journal::open_read_only(&path, clock()).unwrap().is_none());
    let journal = open(&path).unwrap();
    journal.put("a", "f", "v").await.unwrap();
    let look = Journal::open_read_only(&path, clock()).unwrap().unwrap();
    assert_eq!(look.get("a", "f").await.unwrap().as_deref(), Some("v"));
    assert!(look.put("a", "f", "w").await.is_err());
    assert!(look.jobs().await.unwrap().is_empty());
}

#[test]
fn a_damaged_journal_is_refused_with_the_way_out_and_can_be_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    drop(open(&path).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(100).take(3000) {
        *byte = 0xAA;
    }
    fs::write(&path, &bytes).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.message(), "the journal is damaged");
    assert!(error.hint_text().unwrap().contains("--new-journal"));
    let aside = Journal::set_aside(&path).unwrap().unwrap();
    assert_eq!(aside, folder.path().join("j.sqlite.broken-1"));
    assert_eq!(fs::read(&aside).unwrap(), bytes);
    assert_eq!(Journal::set_aside(&path).unwrap(), None);
    drop(open(&path).unwrap());
    assert_eq!(
        Journal::set_aside(&path).unwrap(),
        Some(folder.path().join("j.sqlite.broken-2"))
    );
}

#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(
        &path,
        "these are my notes, not a journal, and they are longer than a header of a database would be",
    )
    .unwrap();
    assert_eq!(open(&path).unwrap_err().message(), "the journal is damaged");
    assert!(fs::read_to_string(&path).unwrap().starts_with("these are my notes"));
}

#[tokio::test]
async fn a_journal_of_the_previous_version_is_brought_up_to_date_before_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    let clock: SharedClock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    assert!(Journal::open_up_to_date(&path, clock.clone()).unwrap().is_none());
    {
        let mut connection = Connection::open(&path).unwrap();
        schema::prepare(&connection).unwrap();
        let steps = &schema::MIGRATIONS[..schema::MIGRATIONS.len() - 1];
        schema::bring_up(&mut connection, &path, steps, VERSION - 1).unwrap();
        connection
            .execute_batch(
                "INSERT INTO account VALUES(1,'a','','anna',NULL),(2,'b','','anna',NULL);
                 INSERT INTO job(id,source,target,options,options_hash,created_at,state) VALUES(7,1,2,'{}',x'00',1,'running');",
            )
            .unwrap();
    }
    assert!(Journal::open_read_only(&path, clock.clone()).is_err());
    let journal = Journal::open_up_to_date(&path, clock).unwrap().unwrap();
    let overview = journal.overview(JobId(7)).await.unwrap().unwrap();
    assert_eq!(
        (overview.status.id, overview.days.len(), overview.losses.len()),
        (JobId(7), 0, 0)
    );
    assert!(journal.items(JobId(7), None, 10).await.unwrap().is_empty());
    assert!(folder.path().join(format!("j.sqlite.v{}", VERSION - 1)).exists());
}

#[test]
fn a_journal_that_is_just_being_made_is_none_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.sqlite");
    // What a run leaves between making the file and making its tables.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode=WAL; VACUUM").unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 0);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    assert!(Journal::open_read_only(&path, clock).unwrap().is_none());
}
