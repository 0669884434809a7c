//! Facts about this program's machinery and the disk, for whoever looks for a fault.

use std::path::Path;

/// The version of the journal that this program writes.
pub const JOURNAL_VERSION: i64 = crate::journal::VERSION;

/// Returns the version of the SQLite that is built in, such as `3.50.4`.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Free bytes of the disk that a folder lies on, and all of them; `None` if the file system does not say.
pub fn disk_room(folder: &Path) -> Option<(u64, u64)> {
    Some((fs4::available_space(folder).ok()?, fs4::total_space(folder).ok()?))
}
