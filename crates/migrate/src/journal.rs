//! The journal: one SQLite file that is queue, memory and proof.
//!
//! One thread writes, in groups; a write returns once it is durable. Reads use connections of their own, so that they
//! never wait for a sync. The file and its companions are readable by their owner alone: upload tokens lie in it.

pub(crate) mod accounting;
pub(crate) mod again;
pub(crate) mod albums;
pub(crate) mod checker;
pub(crate) mod commits;
mod file;
pub(crate) mod filings;
pub(crate) mod filtered;
pub(crate) mod intents;
pub(crate) mod items;
pub(crate) mod jobs;
pub(crate) mod later;
pub(crate) mod listing;
pub(crate) mod marks;
pub(crate) mod merge;
pub(crate) mod names;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod planned;
pub(crate) mod rechecks;
pub(crate) mod reserve;
mod rows;
pub(crate) mod runs;
mod schema;
pub(crate) mod setbacks;
pub(crate) mod staging;
mod status;
mod stores;
pub(crate) mod uploads;
pub(crate) mod verdicts;
pub(crate) mod writer;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use photomove_core::drill::Drill;
use photomove_core::{Error, ErrorKind, Filters, Operation, Result, SharedClock};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::{AccountName, Accounting, Reason};

use writer::Writer;

pub(crate) use schema::VERSION;

/// How long another connection is waited for.
const BUSY: std::time::Duration = std::time::Duration::from_secs(10);
/// Connections for reading; further readers wait, for opening one more costs more than most reads.
const READERS_MAX: usize = 2;
/// Prepared statements that a connection keeps; more than the engine has, or each step would parse them anew.
const STATEMENTS_KEPT: usize = 256;

/// Pages that a connection keeps: three of them make 6 MiB, whatever the size of the file.
const CACHE: &str = "PRAGMA cache_size=-2048";

/// The journal of all jobs; clones are the same journal.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

/// What tests change: they kill the process, not the machine, and many times.
#[derive(Default)]
pub(crate) struct Tuning {
    pub fuse: Option<writer::Fuse>,
    pub no_sync: bool,
    /// Pages that the file may grow to: a disk that is full at a moment of the test's choice.
    pub max_pages: Option<u32>,
    /// Lets the write-ahead log grow, so that it holds all that was ever written.
    pub no_checkpoint: bool,
}

struct Inner {
    path: PathBuf,
    clock: SharedClock,
    writer: Option<Writer>,
    readers: Mutex<Vec<Connection>>,
    reader_places: Semaphore,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal, creates it if there is none, and migrates an older one after a copy. Blocks shortly.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a newer photomove wrote it; [`ErrorKind::Internal`] if it is damaged or cannot be
    /// written.
    pub fn open(path: &Path, clock: SharedClock) -> Result<Self> {
        Self::open_with(path, clock, Tuning::default())
    }

    /// As [`Journal::open`], with the planted deaths of a test at its transactions.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_drilled(path: &Path, clock: SharedClock, drill: Drill) -> Result<Self> {
        let fuse: writer::Fuse = Arc::new(move |boundary| {
            drill.pass(boundary);
            false
        });
        let fuse = Some(fuse);
        Self::open_with(
            path,
            clock,
            Tuning {
                fuse,
                ..Tuning::default()
            },
        )
    }

    pub(crate) fn open_with(path: &Path, clock: SharedClock, tuning: Tuning) -> Result<Self> {
        if let Some(found) = file::is_cut(path) {
            return Err(damaged(path).context("found", found));
        }
        file::create_private(path).map_err(|error| {
            Error::new(ErrorKind::Internal, "the journal cannot be created")
                .operation(Operation::Journal)
                .context("journal", path.display())
                .source(error)
                .hint("check the permissions of that folder and the room on the disk, or use another `--state-dir`")
        })?;
        let mut connection = connect(path)?;
        check(&connection, path)?;
        schema::prepare(&connection).map_err(|error| named(error, path))?;
        if tuning.no_sync {
            connection.execute_batch("PRAGMA synchronous=OFF").map_err(sql_error)?;
        }
        schema::bring_up(&mut connection, path, schema::MIGRATIONS, schema::VERSION)
            .map_err(|error| named(error, path))?;
        connection.execute_batch(CACHE).map_err(sql_error)?;
        if file::numbered(path, 1).exists() {
            jobs::follow_lost_journal(&connection, clock.now()).map_err(|error| named(error, path))?;
        }
        if tuning.no_checkpoint {
            connection
                .execute_batch("PRAGMA wal_autocheckpoint=0")
                .map_err(sql_error)?;
        }
        if let Some(pages) = tuning.max_pages {
            connection
                .pragma_update(None, "max_page_count", pages)
                .map_err(sql_error)?;
        }
        let writer = Writer::start(connection, tuning.fuse)?;
        Ok(Self::from_parts(path, clock, Some(writer)))
    }

    /// Opens the journal for looking only; works while a run holds the locks. `None` if there is no such file.
    ///
    /// # Errors
    /// As [`Journal::open`]; one of an older version is refused too, for looking changes nothing.
    pub fn open_read_only(path: &Path, clock: SharedClock) -> Result<Option<Self>> {
        if fs::metadata(path).map_or(true, |file| file.len() == 0) {
            return Ok(None);
        }
        // Not checked page by page: looking must be quick, and what cannot be read says so itself.
        let connection = connect(path)?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(sql_error)?;
        if version == 0 && schema::is_empty(&connection)? {
            // A run is about to make it.
            return Ok(None);
        }
        if version != schema::VERSION {
            return Err(Error::new(ErrorKind::Config, "the journal is of another version")
                .operation(Operation::Journal)
                .context("journal", path.display())
                .context("its version", version)
                .context("known", schema::VERSION)
                .hint("an older one is migrated by the next `photomove migrate`; for a newer one update photomove"));
        }
        Ok(Some(Self::from_parts(path, clock, None)))
    }

    /// Looks at every page of the file; `None` = it is sound, else what is wrong with it. Takes seconds for a large library.
    ///
    /// # Errors
    /// When the journal cannot be read at all.
    pub async fn damage(&self) -> Result<Option<String>> {
        let path = self.inner.path.clone();
        self.read(move |c| match check(c, &path) {
            Ok(()) => Ok(None),
            Err(error) if error.message() == DAMAGED => Ok(Some(
                error
                    .details()
                    .iter()
                    .find(|(name, _)| *name == "found")
                    .map_or_else(|| error.message().to_owned(), |(_, found)| found.clone()),
            )),
            Err(error) => Err(error),
        })
        .await
    }

    /// Opens the journal for a few writes beside a run, such as counting requests; it is neither created nor migrated nor
    /// checked for that. `None` if there is no such file, or it is of another version. Blocks shortly.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if it cannot be opened.
    pub fn open_beside(path: &Path, clock: SharedClock) -> Result<Option<Self>> {
        if fs::metadata(path).map_or(true, |file| file.len() == 0) {
            return Ok(None);
        }
        let connection = connect(path)?;
        let version: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| named(sql_error(error), path))?;
        if version != schema::VERSION {
            return Ok(None);
        }
        schema::prepare(&connection).map_err(|error| named(error, path))?;
        connection.execute_batch(CACHE).map_err(sql_error)?;
        let writer = Writer::start(connection, None)?;
        Ok(Some(Self::from_parts(path, clock, Some(writer))))
    }

    /// Returns where the journal lies.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    fn from_parts(path: &Path, clock: SharedClock, writer: Option<Writer>) -> Self {
        Self {
            inner: Arc::new(Inner {
                path: path.to_path_buf(),
                clock,
                writer,
                readers: Mutex::new(Vec::new()),
                reader_places: Semaphore::new(READERS_MAX),
            }),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Writes in a transaction; returns once that is durable.
    pub(crate) async fn write<T, F>(&self, write: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        match &self.inner.writer {
            Some(writer) => writer.write(write).await,
            None => {
                Err(Error::new(ErrorKind::Internal, "the journal is open for reading only")
                    .operation(Operation::Journal))
            }
        }
    }

    /// Writes in a transaction, some time soon; nobody waits for it. `false` = too much is waiting to be written.
    pub(crate) fn post<F>(&self, write: F) -> bool
    where
        F: FnOnce(&Connection) -> Result<()> + Send + 'static,
    {
        self.inner.writer.as_ref().is_some_and(|writer| writer.post(write))
    }

    /// Reads what is durable, beside the writer.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let place = self.inner.reader_places.acquire().await;
        let task = tokio::task::spawn_blocking(move || {
            let kept = inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match kept {
                Some(connection) => connection,
                None => reader(&inner.path)?,
            };
            let result = read(&connection);
            let mut readers = inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS_MAX {
                readers.push(connection);
            }
            result
        });
        let done = task.await;
        drop(place);
        done.map_err(|error| {
            Error::new(ErrorKind::Internal, "reading the journal panicked")
                .operation(Operation::Journal)
                .source(error)
        })?
    }
}

fn reader(path: &Path) -> Result<Connection> {
    let connection = connect(path)?;
    schema::prepare(&connection)?;
    connection
        .execute_batch("PRAGMA query_only=ON")
        .and_then(|()| connection.execute_batch(CACHE))
        .map_err(sql_error)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection> {
    // Opened for writing even where only read: a WAL journal needs its shared memory file, whoever reads.
    let open = || {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        // From the first look on: whoever closes a journal holds it for a moment.
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // Plans must not follow the values that are bound: a third of all time went into planning anew.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    };
    open().map_err(|error| named(sql_error(error), path))
}

/// Finds damage before anything is built on the file.
fn check(connection: &Connection, path: &Path) -> Result<()> {
    let verdict: Result<String, _> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(damaged(path).context("found", verdict.replace('\n', " "))),
        Err(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Err(damaged(path).source(error))
            }
            _ => Err(named(sql_error(error), path)),
        },
    }
}

const DAMAGED: &str = "the journal is damaged";

fn damaged(path: &Path) -> Error {
    Error::new(ErrorKind::Internal, DAMAGED)
        .operation(Operation::Journal)
        .context("journal", path.display())
        .hint("start with `--new-journal`: the damaged file is kept beside it, and nothing is uploaded twice where the destination can tell")
}

fn named(error: Error, path: &Path) -> Error {
    if error.details().iter().any(|(name, _)| *name == "journal") {
        return error;
    }
    error.context("journal", path.display())
}

/// Turns a database error into ours; says what can be done where that is known.
pub(crate) fn sql_error(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let (message, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (
            "the disk is full",
            "make room and run the command again; it continues where it stopped",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            "the journal is damaged",
            "start with `--new-journal`: the damaged file is kept beside it",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "another program keeps the journal locked",
            "close programs that have the journal open and run the command again",
        ),
        Some(ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => (
            "the journal cannot be read or written",
            "check the disk and the permissions of the state folder, then run the command again",
        ),
        _ => (
            "the journal refused a statement",
            "this is a defect of photomove; please report it with the output of `-v`",
        ),
    };
    Error::new(ErrorKind::Internal, message)
        .operation(Operation::Journal)
        .context("sqlite", error.to_string().replace('\n', " "))
        .hint(hint)
}

/// Milliseconds since 1970, as the journal keeps instants.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The instant of [`millis`]; beyond the calendar is its end.
pub(crate) fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// Reads a count or a size; the journal never holds negative ones.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Writes a count or a size; what SQLite cannot hold is its largest number.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Writes what is kept as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Internal, "a value cannot be written as JSON")
            .operation(Operation::Journal)
            .source(error)
    })
}

/// Reads what is kept as JSON.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::new(ErrorKind::Internal, "the journal holds JSON that cannot be read")
            .operation(Operation::Journal)
            .source(error)
            .hint("was it written by another version? start with `--new-journal`")
    })
}

/// Number of a job in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// The source is being listed.
    Listing,
    /// Items are moved, or would be if a run were under way.
    Running,
    /// Stopped until an instant or until a person has signed in.
    Waiting,
    /// All parts have their outcome.
    Finished,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobStatus {
    /// Its number.
    pub id: JobId,
    /// Where from.
    pub source: AccountName,
    /// Where to.
    pub target: AccountName,
    /// Which part of the library it is about.
    pub filters: Filters,
    /// Where it stands.
    pub state: JobState,
    /// When it was first begun.
    pub created_at: Timestamp,
    /// When it can go on, if it waits.
    pub wake_at: Option<Timestamp>,
    /// How often its source was listed.
    pub pass: u64,
    /// Where every part is.
    pub accounting: Accounting,
    /// Calls whose outcome is not known yet.
    pub open_intents: u64,
}

/// A part that failed or was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Place in the list; give the last one to [`Journal::failures`] to go on.
    pub id: i64,
    /// Id of the asset at the source.
    pub asset: String,
    /// File name.
    pub name: String,
    /// Size in bytes, if known.
    pub size_bytes: Option<u64>,
    /// Whether it was skipped on purpose.
    pub skipped: bool,
    /// Why.
    pub reason: Reason,
}

/// A call whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenIntent {
    /// Its number.
    pub id: i64,
    /// `stage`, `commit`, `create_album` or `add_to_album`.
    pub kind: String,
    /// When it was written down.
    pub opened_at: Timestamp,
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
