//! The journal as files: private to their owner, set aside when they cannot be used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use photomove_core::{Error, ErrorKind, Operation, Result, SharedClock};

use super::{Journal, connect, named, schema, sql_error};

impl Journal {
    /// As [`Journal::open_read_only`], but a journal of an older version is brought up to date first, after a copy, as the
    /// next run would do.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_up_to_date(path: &Path, clock: SharedClock) -> Result<Option<Self>> {
        if fs::metadata(path).map_or(true, |file| file.len() == 0) {
            return Ok(None);
        }
        let version: i64 = connect(path)?
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| named(sql_error(error), path))?;
        if (1..schema::VERSION).contains(&version) {
            drop(Self::open(path, clock.clone())?);
        }
        Self::open_read_only(path, clock)
    }

    /// Renames a journal that cannot be used to `NAME.broken-N` and returns the new name; `None` if there is none.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub fn set_aside(path: &Path) -> Result<Option<PathBuf>> {
        if !path.exists() {
            return Ok(None);
        }
        let with = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let number = (1_u32..).find(|n| !numbered(path, *n).exists()).unwrap_or(u32::MAX);
        let kept = numbered(path, number);
        for suffix in ["-wal", "-shm", ""] {
            let from = with(suffix);
            if from.exists() {
                fs::rename(&from, with(&format!(".broken-{number}{suffix}"))).map_err(|error| {
                    Error::new(ErrorKind::Internal, "the damaged journal cannot be renamed")
                        .operation(Operation::Journal)
                        .context("file", from.display())
                        .source(error)
                        .hint("check the permissions of that folder, or use another `--state-dir`")
                })?;
            }
        }
        Ok(Some(kept))
    }
}

/// Name of the n-th journal that was set aside.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".broken-{number}"));
    PathBuf::from(name)
}

/// Finds files that were cut where SQLite looks away: it takes an empty file for a new one and throws its log away, and
/// it reads what is missing of the last page as zeros.
pub(super) fn is_cut(path: &Path) -> Option<&'static str> {
    let length = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(name).map_or(0, |file| file.len())
    };
    if !path.exists() {
        return None;
    }
    match (length(""), length("-wal")) {
        (0, 0) => None,
        (0, _) => Some("an empty file beside its write-ahead log"),
        // Pages are written whole; only a log that is still to be written back may leave a part of one. All page sizes
        // are multiples of the smallest.
        (main, 0) if main % USUAL_PAGE != 0 && main % page_size(path).unwrap_or(512) != 0 => {
            Some("its last page is cut")
        }
        _ => None,
    }
}

/// How large SQLite makes pages unless told otherwise; a file of whole ones is not opened to ask.
const USUAL_PAGE: u64 = 4096;

/// Reads the page size from the file's head.
fn page_size(path: &Path) -> Option<u64> {
    use std::io::Read as _;
    let mut head = [0; 18];
    fs::File::open(path).ok()?.read_exact(&mut head).ok()?;
    match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => Some(65_536),
        size => (size >= 512).then_some(size),
    }
}

/// Creates the file for its owner alone unless it exists; SQLite gives its companions the same permissions.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    // Only a file that is not there yet is opened, and closed again: to close one that exists would take the locks off
    // that SQLite holds on it elsewhere in this process.
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    // On Windows the file inherits the access list of its folder, which in a profile admits its user alone.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => drop(made?),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}
