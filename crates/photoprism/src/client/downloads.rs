//! Bytes: originals, archives, thumbnails, videos.

use bytes::Bytes;
use photomove_core::{ByteStream, Error, ErrorKind, Operation, Result};
use photomove_http::header::{CONTENT_DISPOSITION, CONTENT_RANGE, RANGE};
use photomove_http::{Call, Method, Reply};

use super::ids::{sha1, uid};
use super::{MediaKey, PhotoPrismClient, odd};
use crate::wire::{Selection, ZipMade, text_enum};

text_enum! {
    /// Which name a download suggests.
    DownloadName {
        /// That on the server's disk.
        File = "file",
        /// That before import.
        Original = "original",
        /// One made of time and title.
        Share = "share",
    }
}

text_enum! {
    /// Size of a thumbnail: `tile` is a square, `fit` and the like a rectangle that it fits into.
    ThumbSize {
        /// 50 × 50 pixels.
        Tile50 = "tile_50",
        /// 100 × 100 pixels.
        Tile100 = "tile_100",
        /// 224 × 224 pixels.
        Tile224 = "tile_224",
        /// 500 × 500 pixels.
        Tile500 = "tile_500",
        /// 1080 × 1080 pixels.
        Tile1080 = "tile_1080",
        /// 224 × 224 pixels, the left part.
        Left224 = "left_224",
        /// 224 × 224 pixels, the right part.
        Right224 = "right_224",
        /// Three by three pixels: the colours.
        Colors = "colors",
        /// Within 720 × 720 pixels.
        Fit720 = "fit_720",
        /// Within 1280 × 1024 pixels.
        Fit1280 = "fit_1280",
        /// Within 1600 × 900 pixels.
        Fit1600 = "fit_1600",
        /// Within 1920 × 1200 pixels.
        Fit1920 = "fit_1920",
        /// Within 2048 × 2048 pixels.
        Fit2048 = "fit_2048",
        /// Within 2560 × 1600 pixels.
        Fit2560 = "fit_2560",
        /// Within 3840 × 2400 pixels.
        Fit3840 = "fit_3840",
        /// Within 4096 × 4096 pixels.
        Fit4096 = "fit_4096",
        /// Within 7680 × 4320 pixels.
        Fit7680 = "fit_7680",
    }
}

/// Bytes that arrive.
#[derive(Debug)]
pub struct Download {
    reply: Reply,
    offset: u64,
}

impl Download {
    /// Returns how many bytes follow, where the server says it; archives come without.
    pub fn size_bytes(&self) -> Option<u64> {
        self.reply.content_length()
    }

    /// Returns where in the file the bytes begin: 0 unless a later part was asked for and the server gave it.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the media type as the server says it.
    pub fn media_type(&self) -> Option<&str> {
        self.reply.content_type()
    }

    /// Returns the name that the server suggests, without folders.
    pub fn file_name(&self) -> Option<String> {
        file_name(self.reply.headers().get(CONTENT_DISPOSITION)?.to_str().ok()?)
    }

    /// Returns the bytes as they arrive. Ones that end early end with an error.
    pub fn stream(self) -> ByteStream {
        self.reply.stream()
    }

    /// Reads all bytes, at most `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if there are more; [`ErrorKind::Network`] if they end early.
    pub async fn bytes(self, limit: usize) -> Result<Bytes> {
        self.reply.bytes(limit).await
    }
}

impl PhotoPrismClient {
    /// Downloads the file of this SHA-1, byte for byte as it is stored.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or it vanished from the server's disk.
    pub async fn download(&self, hash: &str, name: &DownloadName) -> Result<Download> {
        self.download_part(Operation::Open, hash, 0, name).await
    }

    /// Downloads a file from a byte on. Look at [`Download::offset`]: a proxy may have sent the whole.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::download`]; [`ErrorKind::Protocol`] if the file is not that long.
    pub async fn download_from(&self, hash: &str, offset: u64) -> Result<Download> {
        self.download_part(Operation::Open, hash, offset, &DownloadName::File)
            .await
    }

    /// Downloads a file for another purpose than a copy of it.
    pub(crate) async fn download_part(
        &self,
        operation: Operation,
        hash: &str,
        offset: u64,
        name: &DownloadName,
    ) -> Result<Download> {
        let hash = sha1(hash)?;
        let reply = self.with_media_key(MediaKey::Download, |key| {
            let call = self
                .bytes_call(operation, &["dl", &hash])
                .query(&[("t", key), ("name", name.as_str())]);
            match offset {
                0 => call,
                _ => call.header(RANGE, format!("bytes={offset}-")),
            }
        });
        let reply = reply.await?;
        let begins = begin(&reply);
        if begins != 0 && begins != offset {
            return Err(odd(
                operation,
                "the server sent another part of the file than was asked for",
            ));
        }
        let download = Download { reply, offset: begins };
        drawn(download, operation, "the server has no such file")
    }

    /// Downloads the **primary** file of a photo: for raw data, HEIC and videos that is a preview that the server made.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn download_photo(&self, photo: &str) -> Result<Download> {
        self.keyed(MediaKey::Download, &["photos", uid(photo)?, "dl"]).await
    }

    /// Downloads an album as a zip archive of at most 10,000 files.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn download_album(&self, album: &str) -> Result<Download> {
        self.keyed(MediaKey::Download, &["albums", uid(album)?, "dl"]).await
    }

    /// Lets the server write a zip archive of a selection, to be fetched by [`PhotoPrismClient::download_zip`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if nothing of it has files; [`ErrorKind::Auth`] if downloads are switched off.
    pub async fn create_zip(&self, selection: &Selection) -> Result<ZipMade> {
        let call = self.long_call(Operation::Open, Method::POST, &["zip"]);
        let made: ZipMade = self.json(call.repeatable(true).json(selection)).await?;
        match made.filename.is_empty() {
            true => Err(odd(
                Operation::Open,
                "the server does not say what it called the archive",
            )),
            false => Ok(made),
        }
    }

    /// Downloads a zip archive that the server made; it is deleted there about a second after.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or it was downloaded before.
    pub async fn download_zip(&self, filename: &str) -> Result<Download> {
        self.keyed(MediaKey::Download, &["zip", filename]).await
    }

    /// Downloads a thumbnail of the file of this SHA-1.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the server has none: it then sends a drawing.
    pub async fn thumbnail(&self, hash: &str, size: &ThumbSize) -> Result<Download> {
        self.thumbnail_at(&["t", &sha1(hash)?], size.as_str()).await
    }

    /// Downloads a part of a picture, as [`crate::wire::Marker::thumb`] and [`crate::wire::Subject::thumb`] name it: a
    /// SHA-1, `-` and twelve hexadecimal digits.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other name; [`ErrorKind::NotFound`] if the server has none.
    pub async fn crop(&self, thumb: &str, size: &ThumbSize) -> Result<Download> {
        let (hash, area) = thumb.split_once('-').unwrap_or((thumb, ""));
        if area.is_empty() || !area.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::new(ErrorKind::Config, "this is no part of a picture")
                .provider(crate::KIND)
                .operation(Operation::Open)
                .hint("it looks like a SHA-1, `-` and twelve hexadecimal digits"));
        }
        let name = format!("{}-{area}", sha1(hash)?);
        self.thumbnail_at(&["t", &name], size.as_str()).await
    }

    /// Downloads a video in a form that browsers play, such as `avc`; the server converts it if needed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the server has none: it then sends a drawing.
    pub async fn video(&self, hash: &str, format: &str) -> Result<Download> {
        self.thumbnail_at(&["videos", &sha1(hash)?], format).await
    }

    /// Downloads the cover of an album.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has none.
    pub async fn album_cover(&self, album: &str, size: &ThumbSize) -> Result<Download> {
        self.thumbnail_at(&["albums", uid(album)?, "t"], size.as_str()).await
    }

    /// Downloads the cover of a label.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has none.
    pub async fn label_cover(&self, label: &str, size: &ThumbSize) -> Result<Download> {
        self.thumbnail_at(&["labels", uid(label)?, "t"], size.as_str()).await
    }

    /// Downloads the cover of a folder.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has none.
    pub async fn folder_cover(&self, folder: &str, size: &ThumbSize) -> Result<Download> {
        self.thumbnail_at(&["folders", "t", uid(folder)?], size.as_str()).await
    }

    /// Here the key is a part of the path, between what and how large.
    async fn thumbnail_at(&self, what: &[&str], size: &str) -> Result<Download> {
        let call = |key: &str| {
            let mut segments = what.to_vec();
            segments.extend([key, size]);
            self.bytes_call(Operation::Open, &segments)
        };
        let reply = self.with_media_key(MediaKey::Preview, call).await?;
        let download = Download { reply, offset: 0 };
        drawn(download, Operation::Open, "the server has no preview of it")
    }

    async fn keyed(&self, key: MediaKey, segments: &[&str]) -> Result<Download> {
        let call = |key: &str| -> Call<'_> { self.bytes_call(Operation::Open, segments).query(&[("t", key)]) };
        let reply = self.with_media_key(key, call).await?;
        let download = Download { reply, offset: 0 };
        drawn(download, Operation::Open, "the server has no such file")
    }
}

/// Where the bytes of a reply begin.
fn begin(reply: &Reply) -> u64 {
    if reply.status().as_u16() != 206 {
        return 0;
    }
    let range = reply.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.and_then(begin_of).unwrap_or(0)
}

fn begin_of(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// The server sends a drawing instead of what it does not have, and calls it a success. A drawing that somebody put there
/// comes as an attachment with a name.
fn drawn(download: Download, operation: Operation, message: &str) -> Result<Download> {
    let drawing = download.media_type().is_some_and(|kind| kind.starts_with("image/svg"));
    if drawing && download.file_name().is_none() {
        return Err(Error::new(ErrorKind::NotFound, message)
            .provider(crate::KIND)
            .operation(operation));
    }
    Ok(download)
}

/// Reads the name of an attachment; the server puts it in quotes, or not.
fn file_name(disposition: &str) -> Option<String> {
    let (_, rest) = disposition.split_once("filename=")?;
    let name = match rest.strip_prefix('"') {
        Some(quoted) => unquoted(quoted),
        None => rest.split(';').next().unwrap_or_default().trim().to_owned(),
    };
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    (!base.is_empty()).then(|| base.to_owned())
}

fn unquoted(text: &str) -> String {
    let mut name = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => name.extend(letters.next()),
            letter => name.push(letter),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_quoted_or_bare_and_never_with_folders() {
        for (header, name) in [
            ("attachment; filename=\"IMG 1.jpg\"", Some("IMG 1.jpg")),
            ("attachment; filename=trip.zip", Some("trip.zip")),
            ("attachment; filename=\"a\\\"b.jpg\"; size=1", Some("a\"b.jpg")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"\"", None),
            ("inline", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn a_range_says_where_it_begins() {
        assert_eq!(begin_of("bytes 100-199/935911"), Some(100));
        assert_eq!(begin_of("bytes */935911"), None);
    }
}
