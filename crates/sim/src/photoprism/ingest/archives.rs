//! Zip archives among uploads: unpacked where the server allows it (from generation 2 on).

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use jiff::Timestamp;

use crate::blob::{Blob, Hashes};
use crate::photoprism::model::Stored;

use super::kinds::extension;

/// Bytes that one file of an archive may unpack to.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// Whether a name is that of an archive.
pub(crate) fn is_archive(name: &str) -> bool {
    extension(name).is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// The files of an archive by their base names; what cannot be unpacked is left out.
pub(crate) async fn unpack(archive: Stored, now: Timestamp) -> BTreeMap<String, Stored> {
    let Ok(bytes) = archive.blob.bytes().await else {
        return BTreeMap::new();
    };
    let unpacked = tokio::task::spawn_blocking(move || files(&bytes, now)).await;
    unpacked.unwrap_or_default()
}

fn files(bytes: &[u8], now: Timestamp) -> BTreeMap<String, Stored> {
    let mut found = BTreeMap::new();
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return found;
    };
    for at in 0..archive.len() {
        let Ok(file) = archive.by_index(at) else { continue };
        let Ok(name) = file
            .name()
            .map(|name| name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned())
        else {
            continue;
        };
        let mut body = Vec::new();
        if name.is_empty() || file.is_dir() || file.take(MOST_BYTES).read_to_end(&mut body).is_err() {
            continue;
        }
        let stored = Stored {
            sha1: Hashes::of(&body).sha1_hex(),
            blob: Blob::memory(body),
            modified: now,
        };
        found.insert(name, stored);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[tokio::test]
    async fn files_are_unpacked_without_their_folders() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, text) in [("Trip/a.jpg", "one"), ("b.txt", "two")] {
            writer.start_file(name, stored).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let archive = |bytes: Vec<u8>| Stored {
            blob: Blob::memory(bytes),
            sha1: String::new(),
            modified: Timestamp::UNIX_EPOCH,
        };
        let files = unpack(archive(bytes), Timestamp::UNIX_EPOCH).await;
        assert_eq!(files.keys().collect::<Vec<_>>(), ["a.jpg", "b.txt"]);
        assert_eq!(files["a.jpg"].blob.bytes().await.unwrap(), "one");
        assert!(
            unpack(archive(b"no archive".to_vec()), Timestamp::UNIX_EPOCH)
                .await
                .is_empty()
        );
    }
}
