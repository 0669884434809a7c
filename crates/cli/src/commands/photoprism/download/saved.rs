//! Bytes of the server on their way to a file of this machine: beside its place first, there only when they are right.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use photomove_core::{ByteStream, Digester, Error, ErrorKind, HashKinds, Result};
use photomove_photoprism::client::Download;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::super::photos::sha1_of;

/// What became of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Saved {
    /// It is there now.
    Written,
    /// The same bytes were there before.
    AlreadyHere,
}

/// Writes a download to a file that does not exist yet; `sha1` is what its bytes must have.
///
/// # Errors
/// [`ErrorKind::Conflict`] if there is another file; [`ErrorKind::Corrupt`] if the bytes are not those; [`ErrorKind::Config`]
/// if it cannot be written.
pub(super) async fn save(download: Download, path: &Path, sha1: Option<&str>) -> Result<(Saved, PathBuf)> {
    let expected = download.size_bytes();
    save_stream(download.stream(), expected, path, sha1).await
}

/// As [`save`], of bytes that come from elsewhere, `expected` many if that is known.
pub(in super::super) async fn save_stream(
    bytes: ByteStream,
    expected: Option<u64>,
    path: &Path,
    sha1: Option<&str>,
) -> Result<(Saved, PathBuf)> {
    if path.exists() {
        if let Some(sha1) = sha1
            && path.is_file()
            && sha1_of(path).await? == sha1
        {
            return Ok((Saved::AlreadyHere, path.to_owned()));
        }
        return Err(taken(path));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    let written = write(bytes, expected, &partial, sha1).await;
    let placed = match written {
        Ok(()) => place(&partial, path).await,
        Err(error) => Err(error),
    };
    if placed.is_err() {
        // Whatever is left of it is of no use.
        let _ = fs::remove_file(&partial).await;
    }
    placed.map(|()| (Saved::Written, path.to_owned()))
}

async fn write(mut bytes: ByteStream, expected: Option<u64>, partial: &Path, sha1: Option<&str>) -> Result<()> {
    let mut file = File::create(partial)
        .await
        .map_err(|error| unwritable(partial, &error))?;
    let mut digester = Digester::new(HashKinds::SHA1);
    let mut size = 0_u64;
    while let Some(chunk) = bytes.try_next().await? {
        digester.update(&chunk);
        size += chunk.len() as u64;
        file.write_all(&chunk)
            .await
            .map_err(|error| unwritable(partial, &error))?;
    }
    file.sync_all().await.map_err(|error| unwritable(partial, &error))?;
    let found = digester.finish().sha1_hex().unwrap_or_default();
    let wrong = expected.is_some_and(|expected| expected != size) || sha1.is_some_and(|sha1| sha1 != found);
    if wrong {
        return Err(Error::new(
            ErrorKind::Corrupt,
            "what came is not what the server knows by this hash",
        )
        .context("bytes", size)
        .hint("try again; if it stays so, the file is damaged on the server's disk"));
    }
    Ok(())
}

/// Puts a whole file to its place, unless something else has come there meanwhile.
async fn place(partial: &Path, path: &Path) -> Result<()> {
    match fs::hard_link(partial, path).await {
        Ok(()) => {
            let _ = fs::remove_file(partial).await;
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(path)),
        // Not every disk has links.
        Err(_) if !path.exists() => fs::rename(partial, path)
            .await
            .map_err(|error| unwritable(path, &error)),
        Err(_) => Err(taken(path)),
    }
}

fn taken(path: &Path) -> Error {
    Error::new(
        ErrorKind::Conflict { existing: None },
        format!("there is another file already: {}", path.display()),
    )
    .hint("move it away, or name another place with `--to`")
}

/// A place that cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot write {}: {error}", path.display()))
        .hint("check permissions and the room on the disk")
}
