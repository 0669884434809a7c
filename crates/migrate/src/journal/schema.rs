//! The journal's tables, and how an older file becomes a newer one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use photomove_core::{Error, ErrorKind, Operation, Result};
use rusqlite::{Connection, TransactionBehavior};

use super::sql_error;

/// The version that this program writes.
pub(crate) const VERSION: i64 = 4;

/// A step from one version to the next.
pub(super) struct Migration {
    /// The version it starts from.
    pub from: i64,
    /// What it does; runs in one transaction with the change of the version.
    pub sql: &'static str,
}

/// All steps, oldest first. A new journal is version 1 and all of them.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        from: 1,
        sql: VERSION_2,
    },
    Migration {
        from: 2,
        sql: VERSION_3,
    },
    Migration {
        from: 3,
        sql: VERSION_4,
    },
];

// What a large statement changes is kept for its undoing, and what it sorts too: in memory that would grow with the
// library. SQLite's files for it are private and have no name, or go with the process.
const PRAGMAS: &str =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=FILE;";

// Where this differs from the design, docs/decisions says why: `filing` carries what `member.state` carried, ledger
// and account_fact are named by text because requests are counted before the owner is known, and uploads know their
// key, group and place so that full batches can be taken by index.
const TABLES: &str = "
CREATE TABLE account(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, origin TEXT NOT NULL, owner TEXT NOT NULL, label TEXT,
  UNIQUE(kind, origin, owner)) STRICT;
CREATE TABLE job(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES account, target INTEGER NOT NULL REFERENCES account,
  options TEXT NOT NULL, options_hash BLOB NOT NULL, pass INTEGER NOT NULL DEFAULT 1, bound_at INTEGER, created_at INTEGER NOT NULL,
  unreadable INTEGER NOT NULL DEFAULT 0, unlisted INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK(state IN('listing','running','waiting','finished')), wake_at INTEGER, UNIQUE(source, target, options_hash)) STRICT;
CREATE TABLE cursor(job INTEGER NOT NULL REFERENCES job, stream TEXT NOT NULL, resume TEXT NOT NULL, fast TEXT, fast_until INTEGER,
  done INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, stream)) STRICT, WITHOUT ROWID;
CREATE TABLE asset(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, revision TEXT NOT NULL, kind TEXT NOT NULL,
  metadata TEXT NOT NULL, locator TEXT NOT NULL, read_before INTEGER, pass INTEGER NOT NULL, UNIQUE(job, source_id)) STRICT;
CREATE TABLE upload(id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES account, job INTEGER NOT NULL REFERENCES job,
  bundle INTEGER REFERENCES asset, key BLOB NOT NULL, size INTEGER, md5 BLOB, sha1 BLOB, sha256 BLOB, spool TEXT, state TEXT NOT NULL CHECK(state IN
   ('wanted','spooled','staging','staged','committing','committed','verified','unverifiable','already_there','failed')),
  first_album INTEGER REFERENCES album, place INTEGER, token TEXT, token_until INTEGER, token_session TEXT, staged_at INTEGER,
  sent INTEGER NOT NULL DEFAULT 0, dest_id TEXT, app_owned INTEGER, commits INTEGER NOT NULL DEFAULT 0, described INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_try INTEGER, error_kind TEXT, error TEXT) STRICT;
CREATE UNIQUE INDEX upload_content ON upload(target, sha1, size) WHERE sha1 IS NOT NULL AND state <> 'failed';
CREATE INDEX upload_md5 ON upload(target, md5, size) WHERE md5 IS NOT NULL;
CREATE INDEX upload_queue ON upload(job, state, next_try);
CREATE INDEX upload_group ON upload(job, state, first_album, place);
CREATE INDEX upload_bundle ON upload(bundle) WHERE bundle IS NOT NULL;
CREATE INDEX upload_dest ON upload(target, dest_id) WHERE dest_id IS NOT NULL;
CREATE TABLE part(id INTEGER PRIMARY KEY, asset INTEGER NOT NULL REFERENCES asset, source_id TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
  media_type TEXT, size INTEGER, md5 BLOB, sha1 BLOB, sha256 BLOB, upload INTEGER REFERENCES upload, skipped TEXT, UNIQUE(asset, source_id, role),
  CHECK(upload IS NULL OR skipped IS NULL)) STRICT;
CREATE INDEX part_upload ON part(upload);
CREATE TABLE album(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, slice INTEGER NOT NULL DEFAULT 0, title TEXT NOT NULL,
  description TEXT, state TEXT NOT NULL CHECK(state IN('wanted','creating','open','failed')), dest_id TEXT, listed INTEGER NOT NULL DEFAULT 0, error TEXT,
  UNIQUE(job, source_id, slice)) STRICT;
CREATE INDEX album_state ON album(job, state);
CREATE INDEX album_unlisted ON album(job) WHERE slice = 0 AND listed = 0;
CREATE TABLE member(album INTEGER NOT NULL REFERENCES album, asset INTEGER NOT NULL REFERENCES asset, position INTEGER,
  PRIMARY KEY(album, asset)) STRICT, WITHOUT ROWID;
CREATE INDEX member_asset ON member(asset);
CREATE TABLE filing(album INTEGER NOT NULL REFERENCES album, upload INTEGER NOT NULL REFERENCES upload, position INTEGER,
  state TEXT NOT NULL CHECK(state IN('wanted','adding','filed','unfiled')), ready INTEGER NOT NULL DEFAULT 0, reason TEXT,
  PRIMARY KEY(album, upload)) STRICT, WITHOUT ROWID;
CREATE INDEX filing_upload ON filing(upload);
CREATE INDEX filing_open ON filing(album) WHERE state = 'wanted';
CREATE INDEX filing_ready ON filing(album, position) WHERE state = 'wanted' AND ready = 1;
CREATE INDEX filing_adding ON filing(album) WHERE state = 'adding';
CREATE TABLE intent(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, kind TEXT NOT NULL CHECK(kind IN
   ('stage','commit','create_album','add_to_album')), album INTEGER REFERENCES album, detail TEXT NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER, outcome TEXT) STRICT;
CREATE INDEX intent_open ON intent(job) WHERE closed_at IS NULL;
CREATE TABLE intent_item(intent INTEGER NOT NULL REFERENCES intent, position INTEGER NOT NULL, upload INTEGER REFERENCES upload, token TEXT,
  PRIMARY KEY(intent, position)) STRICT, WITHOUT ROWID;
CREATE INDEX intent_item_upload ON intent_item(upload);
CREATE TABLE evidence(upload INTEGER NOT NULL REFERENCES upload, level TEXT NOT NULL, result TEXT NOT NULL, at INTEGER NOT NULL, detail TEXT,
  PRIMARY KEY(upload, level)) STRICT, WITHOUT ROWID;
CREATE TABLE ledger(account TEXT NOT NULL, resource TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, refused_at INTEGER,
  PRIMARY KEY(account, resource, day)) STRICT, WITHOUT ROWID;
CREATE TABLE account_fact(account TEXT NOT NULL, fact TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(account, fact)) STRICT, WITHOUT ROWID;
CREATE TABLE setting_change(id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES account, job INTEGER NOT NULL REFERENCES job,
  setting TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, restored_at INTEGER) STRICT;
CREATE VIEW accounting AS SELECT a.job, CASE WHEN p.skipped IS NOT NULL THEN 'skipped'
  WHEN u.job <> a.job AND u.state IN ('verified','unverifiable') THEN 'already_there'
  ELSE coalesce(u.state,'found') END AS outcome, count(*) AS n, sum(p.size) AS bytes
  FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload GROUP BY 1,2;
";

// The first trigger: whoever drops or replaces the handle of an upload drops what is known of the bytes sent under it.
// While they are sent a sink may say more of the same upload, such as its hash. Should it be another upload after all,
// that one has no bytes yet: whatever is given to it is written down anew, from its first byte.
// The second: the number of an upload that was merged into another one is never given again. Tasks and files that were
// begun under it may still be about, and must not meet another photo there.
const VERSION_2: &str = "
CREATE TABLE hash_state(upload INTEGER NOT NULL REFERENCES upload ON DELETE CASCADE, offset INTEGER NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY(upload, offset)) STRICT, WITHOUT ROWID;
CREATE TRIGGER hash_state_of_handle AFTER UPDATE OF token ON upload WHEN NEW.token IS NOT OLD.token
    AND NOT (OLD.state='staging' AND NEW.state='staging' AND OLD.token IS NOT NULL AND NEW.token IS NOT NULL)
  BEGIN DELETE FROM hash_state WHERE upload=NEW.id; END;
CREATE TABLE last_upload(id INTEGER NOT NULL) STRICT;
INSERT INTO last_upload SELECT coalesce(max(id),0) FROM upload;
CREATE TRIGGER upload_number AFTER DELETE ON upload BEGIN UPDATE last_upload SET id=max(id,OLD.id); END;
ALTER TABLE album ADD COLUMN error_kind TEXT;
ALTER TABLE upload ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
DROP VIEW accounting;
";

// What people ask for beside a run and after it. `run.progress` is replaced every few seconds and never grows; `day_sum`
// counts in the transaction that marks an upload committed, by the civil day of the machine.
// `since` is the pass in which a row was first listed, `pass` the last one that listed it: 0 for rows of before, of which
// that is not known. `chosen` holds the members of the albums that a filter means, until the assets themselves are listed. `again` is the run that takes a row up once more because a person asked for it; `before` is the
// state of an upload until a later look at the destination found it to be lost.
const VERSION_3: &str = "
CREATE TABLE run(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, kind TEXT NOT NULL CHECK(kind IN('migrate','retry','verify')),
  started_at INTEGER NOT NULL, ended_at INTEGER, updated_at INTEGER NOT NULL, progress TEXT NOT NULL, outcome TEXT) STRICT;
CREATE INDEX run_job ON run(job);
CREATE TABLE recheck(job INTEGER NOT NULL REFERENCES job, level TEXT NOT NULL, begun_at INTEGER NOT NULL, second_look INTEGER NOT NULL DEFAULT 0,
  place INTEGER NOT NULL DEFAULT 0, sums TEXT NOT NULL, PRIMARY KEY(job, level)) STRICT, WITHOUT ROWID;
ALTER TABLE job ADD COLUMN before_at INTEGER;
ALTER TABLE asset ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE part ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE part ADD COLUMN again INTEGER;
ALTER TABLE album ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE album ADD COLUMN pass INTEGER NOT NULL DEFAULT 0;
ALTER TABLE album ADD COLUMN source_title TEXT;
ALTER TABLE album ADD COLUMN again INTEGER;
ALTER TABLE member ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN pass INTEGER NOT NULL DEFAULT 0;
ALTER TABLE filing ADD COLUMN again INTEGER;
ALTER TABLE upload ADD COLUMN again INTEGER;
ALTER TABLE upload ADD COLUMN before TEXT;
CREATE INDEX part_again ON part(again) WHERE again IS NOT NULL;
CREATE TABLE day_sum(job INTEGER NOT NULL REFERENCES job, day TEXT NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(job, day)) STRICT, WITHOUT ROWID;
CREATE TABLE loss(job INTEGER NOT NULL REFERENCES job, position INTEGER NOT NULL, in_file INTEGER NOT NULL, what TEXT NOT NULL,
  why TEXT NOT NULL, count INTEGER, PRIMARY KEY(job, position)) STRICT, WITHOUT ROWID;
CREATE TABLE chosen(album INTEGER NOT NULL REFERENCES album, asset TEXT NOT NULL, position INTEGER, PRIMARY KEY(album, asset)) STRICT, WITHOUT ROWID;
CREATE INDEX chosen_asset ON chosen(asset);
CREATE TABLE planned(job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, name TEXT NOT NULL, revision TEXT NOT NULL, parts TEXT NOT NULL,
  albums TEXT NOT NULL, state TEXT NOT NULL CHECK(state IN('unseen','same','changed','new')), PRIMARY KEY(job, source_id)) STRICT, WITHOUT ROWID;
CREATE TABLE planned_album(job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, title TEXT NOT NULL, places INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN('unseen','same','new')), now_title TEXT, kept INTEGER NOT NULL DEFAULT 0, grown INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(job, source_id)) STRICT, WITHOUT ROWID;
";

// What became clear only at the destination: fields that did not stay, places where people do not see an item.
const VERSION_4: &str = "
CREATE TABLE setback(upload INTEGER NOT NULL REFERENCES upload ON DELETE CASCADE, what TEXT NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY(upload, what)) STRICT, WITHOUT ROWID;
";

/// Sets what every connection needs.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch(PRAGMAS).map_err(sql_error)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(sql_error)
}

/// Brings the file to [`VERSION`]: creates the tables, migrates after a copy, or refuses.
pub(super) fn bring_up(connection: &mut Connection, path: &Path, steps: &[Migration], version: i64) -> Result<()> {
    let found = version_of(connection)?;
    if found > version {
        return Err(
            Error::new(ErrorKind::Config, "the journal was written by a newer photomove")
                .operation(Operation::Journal)
                .context("journal", path.display())
                .context("its version", found)
                .context("known up to", version)
                .hint("update photomove, or use another `--state-dir`"),
        );
    }
    if found == version {
        return Ok(());
    }
    if found == 0 {
        return create(connection, path, steps, version);
    }
    copy_aside(connection, path, found)?;
    for step in steps.iter().filter(|step| step.from >= found) {
        // From its first look on nobody else writes: another process may be at the same work.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sql_error)?;
        if version_of(&transaction)? != step.from {
            continue;
        }
        transaction.execute_batch(step.sql).map_err(sql_error)?;
        transaction
            .pragma_update(None, "user_version", step.from + 1)
            .map_err(sql_error)?;
        transaction.commit().map_err(sql_error)?;
    }
    Ok(())
}

fn version_of(connection: &Connection) -> Result<i64> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sql_error)
}

/// Says whether a database has no tables yet.
pub(super) fn is_empty(connection: &Connection) -> Result<bool> {
    connection
        .query_row("SELECT count(*)=0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sql_error)
}

fn create(connection: &mut Connection, path: &Path, steps: &[Migration], version: i64) -> Result<()> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(sql_error)?;
    if version_of(&transaction)? == version {
        // Another process was quicker.
        return Ok(());
    }
    if !is_empty(&transaction)? {
        return Err(Error::new(ErrorKind::Config, "the file is a database, but no journal")
            .operation(Operation::Journal)
            .context("file", path.display())
            .hint("use another `--state-dir`"));
    }
    transaction.execute_batch(TABLES).map_err(sql_error)?;
    for step in steps {
        transaction.execute_batch(step.sql).map_err(sql_error)?;
    }
    transaction
        .pragma_update(None, "user_version", version)
        .map_err(sql_error)?;
    transaction.commit().map_err(sql_error)
}

/// Copies the journal as it is before it is changed; an older copy of the same version is left alone.
fn copy_aside(connection: &Connection, path: &Path, found: i64) -> Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".v{found}"));
    let copy = PathBuf::from(name);
    if copy.exists() {
        return Ok(copy);
    }
    // Copied under another name first, so that a copy cut short is never taken for a whole one.
    let mut part = copy.as_os_str().to_owned();
    // A name of its own: others may be at the same work.
    static COPIES: AtomicU32 = AtomicU32::new(0);
    let number = COPIES.fetch_add(1, Ordering::Relaxed);
    part.push(format!(".{}-{number}.part", std::process::id()));
    let part = PathBuf::from(part);
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Internal, "could not copy the journal before migrating it")
            .operation(Operation::Journal)
            .context("copy", copy.display())
            .source(error)
            .hint("make room on the disk and run the command again")
    };
    if part.exists() {
        std::fs::remove_file(&part).map_err(failed)?;
    }
    super::file::create_private(&part).map_err(failed)?;
    connection
        .execute("VACUUM INTO ?1", [part.to_string_lossy()])
        .map_err(sql_error)?;
    // SQLite does not wait for the disk there.
    let written = std::fs::OpenOptions::new().write(true).open(&part);
    written.and_then(|file| file.sync_all()).map_err(failed)?;
    std::fs::rename(&part, &copy).map_err(failed)?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_journal_is_copied_and_then_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.sqlite");
        let mut connection = Connection::open(&path).unwrap();
        prepare(&connection).unwrap();
        bring_up(&mut connection, &path, &[], 1).unwrap();
        let steps = [Migration {
            from: 1,
            sql: "ALTER TABLE job ADD COLUMN colour TEXT",
        }];
        bring_up(&mut connection, &path, &steps, 2).unwrap();
        connection.execute("UPDATE job SET colour='red'", []).unwrap();
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 2);
        let copy = Connection::open(folder.path().join("j.sqlite.v1")).unwrap();
        let version: i64 = copy.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 1);
        assert!(copy.execute("UPDATE job SET colour='red'", []).is_err());
    }

    #[test]
    fn a_journal_of_version_two_keeps_its_rows_and_gains_the_new_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.sqlite");
        let mut connection = Connection::open(&path).unwrap();
        prepare(&connection).unwrap();
        bring_up(&mut connection, &path, &MIGRATIONS[..1], 2).unwrap();
        connection
            .execute_batch(
                "INSERT INTO account VALUES(1,'a','','anna',NULL),(2,'b','','anna',NULL);
                 INSERT INTO job(id,source,target,options,options_hash,created_at,state) VALUES(7,1,2,'{}',x'00',1,'running');",
            )
            .unwrap();
        bring_up(&mut connection, &path, MIGRATIONS, VERSION).unwrap();
        assert_eq!(version_of(&connection).unwrap(), VERSION);
        let number = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
        assert_eq!(number("SELECT id FROM job"), 7);
        assert_eq!(number("SELECT count(*) FROM run"), 0);
        assert_eq!(number("SELECT count(*) FROM day_sum"), 0);
        assert!(folder.path().join("j.sqlite.v2").exists());
    }

    #[test]
    fn a_newer_journal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.sqlite");
        let mut connection = Connection::open(&path).unwrap();
        bring_up(&mut connection, &path, &[], 1).unwrap();
        connection.pragma_update(None, "user_version", 9).unwrap();
        let error = bring_up(&mut connection, &path, MIGRATIONS, VERSION).unwrap_err();
        assert!(error.message().contains("newer"), "{error}");
    }
}
