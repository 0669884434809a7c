//! Files that hold secrets.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells temporary files of one process apart: two tasks may write the same file at once.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// Writes a file that only its owner may read, atomically: readers see the old content or the new, never a part.
///
/// On Unix the file is created with mode 0600, before its first byte. On Windows it inherits the access list of its
/// folder, which in a user's profile admits that user, administrators and the system alone.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written, synced or renamed.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "path has no file name"))?;
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    temporary_name.push(format!(".{}.{number}.part", std::process::id()));
    let temporary = folder.join(temporary_name);
    let written = write_new(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The half-written copy may hold a secret; the first error is the one worth telling.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    sync_folder(folder)
}

/// Makes the new name durable. Windows has no such call; there the file system's own journal does it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    // What an earlier process of the same number left behind, or a link put there, must lend neither its place nor its
    // permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_and_private() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("deep/token.json");
        write_private(&path, b"one")?;
        write_private(&path, b"two")?;
        assert_eq!(fs::read(&path)?, b"two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path().join("deep"))?.count(), 1);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn what_lay_there_lends_no_permissions() -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("left-behind");
        fs::write(&path, b"old")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        write_new(&path, b"secret")?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn writers_at_once_leave_one_whole_content() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("token.json");
        let contents: Vec<Vec<u8>> = (0..8_u8).map(|writer| vec![writer; 4096]).collect();
        std::thread::scope(|scope| {
            let writers: Vec<_> = contents
                .iter()
                .map(|content| scope.spawn(|| (0..20).try_for_each(|_| write_private(&path, content))))
                .collect();
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().map_err(|_| io::Error::other("a writer panicked"))?)
        })?;
        assert!(contents.contains(&fs::read(&path)?));
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }
}
