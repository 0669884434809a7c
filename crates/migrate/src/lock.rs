//! Locks: one run per job, one per target owner.
//!
//! The operating system lets go of a lock when its process ends, however it ends; so a lock left by a killed run holds
//! nobody up. Names are hashes: no owner can be read from the folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(kind, &holder)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
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
    let who = fs::read(holder)
        .ok()
        .and_then(|text| serde_json::from_slice::<Holder>(&text).ok());
    if let Some(who) = who {
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
