//! One thread writes; what arrives while it syncs shares the next transaction.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use photomove_core::drill::Boundary;
use photomove_core::{Error, ErrorKind, Operation, Result};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::sql_error;

/// Longest time a transaction is kept open for more writes to join it.
const WINDOW: Duration = Duration::from_millis(50);
/// Most writes in one transaction.
const GROUP_MAX: usize = 512;
/// Most writes that wait; further callers wait for a place.
const QUEUE: usize = 256;

type Done = Box<dyn FnOnce(Option<Error>) + Send>;
/// Runs in the transaction; without one it does nothing and only says whom to tell.
type Task = Box<dyn FnOnce(Option<&Connection>) -> Done + Send>;

/// Says at each boundary whether the journal dies there; set by tests only.
pub(crate) type Fuse = Arc<dyn Fn(Boundary) -> bool + Send + Sync>;

#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, fuse: Option<Fuse>) -> Result<Self> {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || work(&connection, tasks, fuse.as_ref()))
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "could not start the journal's thread")
                    .operation(Operation::Journal)
                    .source(error)
            })?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs the closure inside a transaction and returns once that is durable.
    pub(super) async fn write<T, F>(&self, write: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |connection| {
            let result = match connection {
                Some(connection) => in_savepoint(connection, write),
                None => Err(rolled_back()),
            };
            Box::new(move |failure| {
                // A caller that was dropped does not want to know.
                let _ = reply.send(match failure {
                    Some(error) => Err(error),
                    None => result,
                });
            })
        });
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(task).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Runs the closure inside a transaction later on, unless the queue is full.
    pub(super) fn post<F>(&self, write: F) -> bool
    where
        F: FnOnce(&Connection) -> Result<()> + Send + 'static,
    {
        let task: Task = Box::new(move |connection| {
            let result = connection.map_or(Ok(()), |connection| in_savepoint(connection, write));
            Box::new(move |failure| {
                if let Some(error) = failure.or(result.err()) {
                    tracing::debug!(%error, "a note was not kept");
                }
            })
        });
        self.queue.as_ref().is_some_and(|queue| queue.try_send(task).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue ends the thread once all that waits is written.
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's thread panicked");
        }
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Internal, "the journal's thread has ended")
        .operation(Operation::Journal)
        .hint("run the command again; it continues where it stopped")
}

fn in_savepoint<T>(connection: &Connection, write: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    connection.execute_batch("SAVEPOINT one").map_err(sql_error)?;
    match write(connection) {
        Ok(value) => {
            connection.execute_batch("RELEASE one").map_err(sql_error)?;
            Ok(value)
        }
        Err(error) => {
            // After a full disk SQLite has rolled back everything; the group finds that out by itself.
            if !connection.is_autocommit() {
                connection
                    .execute_batch("ROLLBACK TO one; RELEASE one")
                    .map_err(sql_error)?;
            }
            Err(error)
        }
    }
}

fn work(connection: &Connection, mut tasks: mpsc::Receiver<Task>, fuse: Option<&Fuse>) {
    while let Some(first) = tasks.blocking_recv() {
        let (done, failure) = write_group(connection, first, &mut tasks, fuse);
        let dead = |boundary| fuse.is_some_and(|fuse| fuse(boundary));
        if failure.is_none() && dead(Boundary::AfterCommit) {
            return;
        }
        for tell in done {
            tell(failure.as_ref().map(repeat));
        }
    }
}

/// Runs waiting writes in one transaction; returns whom to tell, and what went wrong with all of them.
fn write_group(
    connection: &Connection,
    first: Task,
    tasks: &mut mpsc::Receiver<Task>,
    fuse: Option<&Fuse>,
) -> (Vec<Done>, Option<Error>) {
    let mut done = Vec::new();
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        done.push(first(None));
        return (done, Some(sql_error(error)));
    }
    let begun = Instant::now();
    let mut next = Some(first);
    while let Some(task) = next {
        done.push(task(Some(connection)));
        if connection.is_autocommit() {
            return (done, Some(rolled_back()));
        }
        next = (done.len() < GROUP_MAX && begun.elapsed() < WINDOW)
            .then(|| tasks.try_recv().ok())
            .flatten();
    }
    if fuse.is_some_and(|fuse| fuse(Boundary::BeforeCommit)) {
        let _ = connection.execute_batch("ROLLBACK");
        return (Vec::new(), Some(gone()));
    }
    if let Err(error) = connection.execute_batch("COMMIT") {
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        return (done, Some(sql_error(error)));
    }
    (done, None)
}

fn rolled_back() -> Error {
    Error::new(ErrorKind::Internal, "the journal could not be written")
        .operation(Operation::Journal)
        .hint("make room on the disk and run the command again; it continues where it stopped")
}

/// Errors hold boxed sources and cannot be cloned; everybody in the group gets the same words.
fn repeat(error: &Error) -> Error {
    let mut copy = Error::new(error.kind().clone(), error.message()).operation(Operation::Journal);
    if let Some(hint) = error.hint_text() {
        copy = copy.hint(hint);
    }
    copy
}
