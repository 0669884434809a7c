//! A file on this machine as the bytes of an upload: read as often as needed, never held in memory.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use photomove_core::{Body, ByteStream, Checksums, Digester, Error, ErrorKind, HashKinds, Result};
use photomove_media::{SNIFF_BYTES, sniff_named, with_extension_of};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes that are read at once.
const BLOCK: usize = 64 * 1024;

/// A file whose SHA-1 is known.
#[derive(Debug)]
pub(in super::super) struct LocalFile {
    path: PathBuf,
    size_bytes: u64,
    checksums: Checksums,
    /// Its name, with the ending that its content has.
    pub(in super::super) name: String,
}

/// Says whether a file can become a photo, as far as can be seen from outside.
///
/// # Errors
/// [`ErrorKind::Config`] if the file is none, is empty or is not there.
pub(in super::super) fn check(path: &Path) -> Result<()> {
    let wrong = |what: &str| Error::new(ErrorKind::Config, format!("{} is {what}", path.display()));
    let facts = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if facts.is_dir() {
        return Err(wrong("a folder").hint("name the files in it"));
    }
    match facts.is_file() && facts.len() == 0 {
        true => Err(wrong("empty").hint("leave it out: the server takes no empty file")),
        false => Ok(()),
    }
}

impl LocalFile {
    /// Reads a file once, for its hash and its type.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be read, or has no name in UTF-8.
    pub(in super::super) async fn open(path: &Path) -> Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("{} has no name that can be sent", path.display()),
            )
            .hint("give the file a name in UTF-8")
        })?;
        let mut file = File::open(path).await.map_err(|error| unreadable(path, &error))?;
        let mut digester = Digester::new(HashKinds::SHA1);
        let mut first = Vec::new();
        let mut block = vec![0; BLOCK];
        let mut size_bytes = 0;
        loop {
            let read = file.read(&mut block).await.map_err(|error| unreadable(path, &error))?;
            if read == 0 {
                break;
            }
            if first.len() < SNIFF_BYTES {
                first.extend_from_slice(&block[..read.min(SNIFF_BYTES - first.len())]);
            }
            digester.update(&block[..read]);
            size_bytes += read as u64;
        }
        // A wrong ending makes a record that nobody ever sees, and the same bytes are refused from then on.
        let named = match sniff_named(&first, name) {
            Some(found) => with_extension_of(name, &found),
            None => name.to_owned(),
        };
        Ok(Self {
            path: path.to_owned(),
            size_bytes,
            checksums: digester.finish(),
            name: named,
        })
    }

    /// Returns the SHA-1 in hex.
    pub(in super::super) fn sha1(&self) -> String {
        self.checksums.sha1_hex().unwrap_or_default()
    }
}

pub(in super::super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot read {}: {error}", path.display())).hint("check path and permissions")
}

#[async_trait]
impl Body for LocalFile {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn checksums(&self) -> &Checksums {
        &self.checksums
    }

    async fn stream(&self, offset: u64) -> Result<ByteStream> {
        let path = self.path.clone();
        let failed = move |error: std::io::Error| unreadable(&path, &error);
        let mut file = File::open(&self.path).await.map_err(&failed)?;
        file.seek(SeekFrom::Start(offset)).await.map_err(&failed)?;
        let left = self.size_bytes.saturating_sub(offset);
        // One that has grown since it was hashed is sent as it was; one that was cut ends the upload.
        let chunks = stream::try_unfold((file, left, failed), |(mut file, left, failed)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut block = vec![0; BLOCK.min(usize::try_from(left).unwrap_or(BLOCK))];
            let read = file.read(&mut block).await.map_err(&failed)?;
            if read == 0 {
                return Err(failed(std::io::Error::new(
                    std::io::ErrorKind::UnexpectedEof,
                    "it has become shorter while it was sent",
                )));
            }
            block.truncate(read);
            Ok(Some((Bytes::from(block), (file, left - read as u64, failed))))
        });
        Ok(chunks.boxed())
    }

    async fn seal(&self) -> Result<Checksums> {
        Ok(self.checksums)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn the_ending_is_that_of_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.jpg");
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";
        std::fs::write(&path, png).unwrap();
        let file = LocalFile::open(&path).await.unwrap();
        assert!(file.name.ends_with(".png"), "{}", file.name);
        assert_eq!(file.size_bytes(), png.len() as u64);
        let chunks: Vec<Bytes> = file.stream(8).await.unwrap().try_collect().await.unwrap();
        assert_eq!(chunks.concat(), &png[8..]);
    }

    #[tokio::test]
    async fn a_file_that_is_cut_meanwhile_ends_the_upload() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "long enough").unwrap();
        let file = LocalFile::open(&path).await.unwrap();
        std::fs::write(&path, "short").unwrap();
        let sent: Result<Vec<Bytes>> = file.stream(0).await.unwrap().try_collect().await;
        assert!(sent.unwrap_err().to_string().contains("shorter"));
    }
}
