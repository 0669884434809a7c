//! Files that hold secrets.

use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use secrecy::zeroize::Zeroize;

/// Tells temporary files of one process apart: two tasks may write the same file at once.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// Longest text that can be a sign-in: all cookies of a browser, many times over.
const SECRET_BYTES_MAX: u64 = 16 << 20;

/// Reads a text that lets somebody in. It is wiped from memory once it is dropped, and a file that is none, such as a
/// device that never ends, is not read to its end.
///
/// # Errors
/// When the file cannot be read, is no text in UTF-8, or is far too long.
pub fn read_secret(path: &Path) -> io::Result<SecretString> {
    read_secret_up_to(path, SECRET_BYTES_MAX)
}

fn read_secret_up_to(path: &Path, most: u64) -> io::Result<SecretString> {
    let file = fs::File::open(path)?;
    let size = file.metadata()?.len().min(most);
    // Room for all of it at once: a text that grows leaves copies behind.
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    let read = file.take(most + 1).read_to_string(&mut text);
    let read = match read {
        Ok(_) if text.len() as u64 > most => Err(io::Error::new(io::ErrorKind::InvalidData, "it is far too long")),
        read => read,
    };
    match read {
        Ok(_) => Ok(text.into()),
        Err(error) => {
            text.zeroize();
            Err(error)
        }
    }
}

/// Writes a file that only its owner may read, atomically: readers see the old content or the new, never a part.
///
/// On Unix the file is created with mode 0600, before its first byte. On Windows it inherits the access list of its
/// folder, which in a user's profile admits that user, administrators and the system alone.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written, synced or renamed.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = PrivateFile::create(path)?;
    file.write_all(content)?;
    file.commit()
}

/// A file that is written piece by piece, as [`write_private`] does it at once. It is at its place after
/// [`PrivateFile::commit`]; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    temporary: PathBuf,
    // `None` once it is at its place.
    file: Option<BufWriter<fs::File>>,
}

impl PrivateFile {
    /// Begins the file; makes its folder if there is none.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "path has no file name"))?;
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(name);
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        temporary_name.push(format!(".{}.{number}.part", std::process::id()));
        let temporary = folder.join(temporary_name);
        let file = create_new(&temporary)?;
        Ok(Self {
            path: path.to_path_buf(),
            temporary,
            file: Some(BufWriter::new(file)),
        })
    }

    /// Puts the file to its place, in place of an older one.
    ///
    /// # Errors
    /// When it cannot be written, synced or renamed; nothing is left of it then.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.take() {
            let written = file
                .flush()
                .and_then(|()| file.get_ref().sync_all())
                // Windows renames no file that is open.
                .map(|()| drop(file))
                .and_then(|()| fs::rename(&self.temporary, &self.path));
            if let Err(error) = written {
                // The half-written copy may hold a secret; the first error is the one worth telling.
                let _ = fs::remove_file(&self.temporary);
                return Err(error);
            }
        }
        sync_folder(folder_of(&self.path))
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // What is in the buffer is not wanted any more either.
            drop(file.into_parts());
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Makes the new name durable. Windows has no such call; there the file system's own journal does it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn create_new(path: &Path) -> io::Result<fs::File> {
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
    options.open(path)
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

    #[test]
    fn a_secret_is_read_whole_or_not_at_all() -> io::Result<()> {
        use secrecy::ExposeSecret;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cookies.txt");
        fs::write(&path, "hush")?;
        assert_eq!(read_secret_up_to(&path, 4)?.expose_secret(), "hush");
        let error = read_secret_up_to(&path, 3).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("it is far too long"));
        fs::write(&path, b"hush\xff")?;
        assert!(read_secret(&path).is_err_and(|error| !error.to_string().contains("hush")));
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_device_without_an_end_is_given_up() {
        let error = read_secret_up_to(Path::new("/dev/zero"), 1000).err();
        assert_eq!(
            error.map(|error| error.to_string()).as_deref(),
            Some("it is far too long")
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_lay_there_lends_no_permissions() -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("left-behind");
        fs::write(&path, b"old")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        drop(create_new(&path)?);
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("plan.json");
        write_private(&path, b"old")?;
        let mut file = PrivateFile::create(&path)?;
        file.write_all(b"new")?;
        drop(file);
        assert_eq!(fs::read(&path)?, b"old");
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
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
