//! Locks: one run per job, one per target owner.
//!
//! The operating system lets go of a lock when its process ends, however it ends; so a lock left by a killed run holds
//! nobody up. Names are hashes: no owner can be read from the folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Operation, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// A job: source owner, target owner, options.
    Job,
    /// The owner of a destination.
    Target,
}

impl LockKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Target => "target",
        }
    }
}

/// Locks that are held until this is dropped.
#[derive(Debug)]
pub struct Locks {
    folder: PathBuf,
    now: Timestamp,
    held: Vec<(File, PathBuf)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    since: Timestamp,
    /// The machine it runs on; a state folder may lie on a disk that several machines see.
    #[serde(default)]
    host: Option<String>,
}

/// How often a lock is tried that somebody looks at in the same moment.
const TRIES: u32 = 4;
/// Between two of them; who looks lets go at once.
const BETWEEN_TRIES: Duration = Duration::from_millis(15);

impl Locks {
    /// Holds nothing yet; lock files lie in `folder`, `now` is written beside what is locked.
    pub fn new(folder: impl Into<PathBuf>, now: Timestamp) -> Self {
        Self {
            folder: folder.into(),
            now,
            held: Vec::new(),
        }
    }

    /// Takes the lock on what the words name.
    ///
    /// # Errors
    /// [`ErrorKind::InUse`] if another run holds it, with its process, its machine and since when.
    pub fn take(&mut self, kind: LockKind, words: &[&str]) -> Result<()> {
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Internal, "the lock file cannot be used")
                .operation(Operation::Journal)
                .context("folder", self.folder.display())
                .source(error)
                .hint("check the permissions of the state folder")
        };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let path = self.folder.join(format!("{}-{}.lock", kind.prefix(), name(words)));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        // Who holds it stands in a file of its own: on Windows nobody can read a locked one.
        let holder = path.with_extension("who");
        let mut tries = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Err(TryLockError::WouldBlock) => return Err(in_use(kind, &holder)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let who = Holder {
            pid: std::process::id(),
            since: self.now,
            host: host(),
        };
        let text = serde_json::to_vec(&who).unwrap_or_default();
        // Only a note for people: no need to wait for the disk.
        note(&holder, &text).map_err(failed)?;
        self.held.push((file, holder));
        Ok(())
    }
}

/// A lock that a run holds at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What is locked.
    pub kind: LockKind,
    /// Number of the process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
    /// Whether it runs on this machine, as far as both know their names.
    pub is_here: bool,
}

impl Locks {
    /// Says who holds the lock on what the words name; `None` = nobody, whatever a killed run has left behind.
    pub fn holder(folder: &Path, kind: LockKind, words: &[&str]) -> Option<Holding> {
        let path = folder.join(format!("{}-{}.lock", kind.prefix(), name(words)));
        // Without the note nobody holds it, and the lock is not touched.
        let who = read_note(&path.with_extension("who"))?;
        let taken = is_taken(&path).unwrap_or_else(|error| {
            tracing::debug!(%error, "a lock cannot be looked at");
            false
        });
        taken.then_some(Holding {
            kind,
            pid: who.pid,
            since: who.since,
            is_here: who.host == host(),
        })
    }

    /// Says which locks of a folder are held and by whom; notes that a killed run left are not counted.
    ///
    /// # Errors
    /// When the folder cannot be read; one that does not exist holds none.
    pub fn held_in(folder: &Path) -> io::Result<Vec<Holding>> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut held = Vec::new();
        for entry in entries {
            let note = entry?.path();
            // A lock without a note is not touched: a run that is about to take it would find it taken.
            if note.extension().is_none_or(|ending| ending != "who") || !is_taken(&note.with_extension("lock"))? {
                continue;
            }
            let who = read_note(&note);
            let name = note.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let kind = if name.starts_with(LockKind::Job.prefix()) {
                LockKind::Job
            } else {
                LockKind::Target
            };
            if let Some(who) = who {
                held.push(Holding {
                    kind,
                    pid: who.pid,
                    since: who.since,
                    is_here: who.host == host(),
                });
            }
        }
        held.sort_by_key(|one| (one.since, one.kind.prefix()));
        Ok(held)
    }
}

fn is_taken(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        for (file, holder) in self.held.drain(..) {
            // The note goes before the lock, so that the next holder's note stays.
            let _ = fs::remove_file(holder);
            let _ = file.unlock();
        }
    }
}

fn note(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text)
}

fn read_note(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Name of this machine in its network.
#[cfg(unix)]
fn host() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    (!name.is_empty()).then_some(name)
}

/// Name of this machine in its network.
#[cfg(not(unix))]
fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok().filter(|name| !name.is_empty())
}

fn name(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update((word.len() as u64).to_be_bytes());
        hash.update(word.as_bytes());
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn in_use(kind: LockKind, holder: &Path) -> Error {
    let what = match kind {
        LockKind::Job => "another run is working on the same migration",
        LockKind::Target => "another run is writing to the same destination account",
    };
    let mut error = Error::new(ErrorKind::InUse, what).operation(Operation::Journal);
    if let Some(who) = read_note(holder) {
        error = error
            .context("process", who.pid)
            .context("since", who.since.strftime("%F %T UTC"));
        if let Some(host) = who.host {
            error = error.context("on", host);
        }
    }
    error.hint("wait until it has ended, or stop it with Ctrl-C; `photomove status` shows how far it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        first.take(LockKind::Target, &["google", "anna@example.org"]).unwrap();
        let mut second = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        let error = second
            .take(LockKind::Target, &["google", "anna@example.org"])
            .unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InUse);
        let text = error.to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(text.contains("1970-01-01"), "{text}");
        assert!(
            host().is_some_and(|host| text.contains(&format!("on {host}"))),
            "{text}"
        );
        assert!(error.hint_text().is_some());
        second.take(LockKind::Target, &["google", "ben@example.org"]).unwrap();
        drop(first);
        second.take(LockKind::Target, &["google", "anna@example.org"]).unwrap();
    }

    #[test]
    fn who_holds_what_can_be_asked_without_taking_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("locks");
        assert_eq!(Locks::held_in(&place).unwrap(), []);
        let mut run = Locks::new(&place, Timestamp::UNIX_EPOCH);
        run.take(LockKind::Job, &["a"]).unwrap();
        run.take(LockKind::Target, &["b"]).unwrap();
        let mut dead = Locks::new(&place, Timestamp::UNIX_EPOCH);
        dead.take(LockKind::Job, &["dead"]).unwrap();
        drop(dead.held.pop().unwrap().0);
        let held = Locks::held_in(&place).unwrap();
        assert_eq!(held.len(), 2, "{held:?}");
        assert_eq!((held[0].kind, held[1].kind), (LockKind::Job, LockKind::Target));
        assert_eq!(held[0].pid, std::process::id());
        drop(run);
        assert_eq!(Locks::held_in(&place).unwrap(), []);
    }

    /// What a killed run leaves: its files, and no lock on them.
    #[test]
    fn a_lock_that_a_killed_run_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut dead = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        dead.take(LockKind::Job, &["job"]).unwrap();
        let (file, note) = dead.held.pop().unwrap();
        drop(file);
        assert!(note.exists());
        let later = Timestamp::from_second(1_000_000_000).unwrap();
        let mut heir = Locks::new(folder.path(), later);
        heir.take(LockKind::Job, &["job"]).unwrap();
        let error = Locks::new(folder.path(), later)
            .take(LockKind::Job, &["job"])
            .unwrap_err();
        assert!(error.to_string().contains("2001-09-09"), "{error}");
    }

    #[test]
    fn whoever_looks_learns_who_holds_a_lock_and_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let look = || Locks::holder(folder.path(), LockKind::Job, &["job"]);
        assert_eq!(look(), None);
        let mut run = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        run.take(LockKind::Job, &["job"]).unwrap();
        let who = look().unwrap();
        assert_eq!((who.pid, who.since), (std::process::id(), Timestamp::UNIX_EPOCH));
        // Killed: the note stays, the lock does not.
        let (file, note) = run.held.pop().unwrap();
        drop(file);
        assert!(note.exists());
        assert_eq!(look(), None);
        let mut heir = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        heir.take(LockKind::Job, &["job"]).unwrap();
    }

    #[test]
    fn names_of_lock_files_tell_no_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mut locks = Locks::new(folder.path(), Timestamp::UNIX_EPOCH);
        locks.take(LockKind::Job, &["amazon", "anna"]).unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert!(!entry.file_name().to_string_lossy().contains("anna"));
            assert!(!String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).contains("anna"));
        }
    }
}
