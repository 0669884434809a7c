//! Files by their hash, and what became of an upload.

use photomove_core::{Operation, Result};

use super::PhotoPrismClient;
use super::ids::sha1;
use super::photos::absent;
use crate::wire::{File, Photo};

/// What a server holds of a file, by its SHA-1.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Arrival {
    /// The server does not know the bytes: they never came, or were rejected. Sending them again unchanged leaves one
    /// more useless copy at the server.
    Unknown,
    /// The photo is there and shown.
    Visible(Box<Photo>),
    /// The photo is there, in the archive. The same bytes sent again are swallowed.
    Archived(Box<Photo>),
    /// The server has the bytes, but shows the photo nowhere: no preview could be made of it, or the file vanished from
    /// the server's disk. After a wrong extension only deleting it for good helps; the same bytes are swallowed.
    Hidden(Box<Photo>),
    /// The photo of the file changed while it was looked up, more than once. Asking again helps.
    Unsettled,
}

impl Arrival {
    /// Returns the photo, if there is one.
    pub fn photo(&self) -> Option<&Photo> {
        match self {
            Self::Visible(photo) | Self::Archived(photo) | Self::Hidden(photo) => Some(photo),
            Self::Unknown | Self::Unsettled => None,
        }
    }

    /// Reads it off a photo that the file of this SHA-1 was said to belong to; `None` if the photo does not have it.
    pub(crate) fn of(photo: Photo, hash: &str) -> Option<Self> {
        let file = photo.file(hash)?;
        let whole = !file.missing && file.error.is_empty();
        let shown = whole && photo.quality >= 0 && photo.primary_file().is_some();
        let photo = Box::new(photo);
        Some(match (shown, photo.is_archived()) {
            (true, false) => Self::Visible(photo),
            (true, true) => Self::Archived(photo),
            (false, _) => Self::Hidden(photo),
        })
    }
}

impl PhotoPrismClient {
    /// Reads the file of this SHA-1, whatever the case of its digits; `None` if the server does not know it.
    ///
    /// Found are also files of archived and hidden photos, companions and generated previews: it proves only that the
    /// bytes are known.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn file(&self, hash: &str) -> Result<Option<File>> {
        let hash = sha1(hash)?;
        absent(self.get(Operation::Find, &["files", &hash]).await)
    }

    /// Says what the server holds of the file of this SHA-1: the only proof of an upload.
    ///
    /// Photos are merged at any time, so that the file may move to another photo between the two questions asked; it is
    /// followed a few times.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn arrival(&self, hash: &str) -> Result<Arrival> {
        let hash = sha1(hash)?;
        for _ in 0..3 {
            let Some(file) = self.file(&hash).await? else {
                return Ok(Arrival::Unknown);
            };
            let photo = absent(self.photo(&file.photo_uid).await)?;
            if let Some(arrival) = photo.and_then(|photo| Arrival::of(photo, &hash)) {
                return Ok(arrival);
            }
        }
        Ok(Arrival::Unsettled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    const HASH: &str = "82c61c54275982e72e1cfb13e4e3bba3e26b3da0";

    fn photo(change: impl FnOnce(&mut Photo)) -> Photo {
        let file = File {
            hash: HASH.into(),
            primary: true,
            ..File::default()
        };
        let mut photo = Photo {
            quality: 3,
            files: Some(vec![file]),
            ..Photo::default()
        };
        change(&mut photo);
        photo
    }

    fn file(photo: &mut Photo) -> &mut File {
        &mut photo.files.as_mut().unwrap()[0]
    }

    #[test]
    fn only_a_photo_that_is_shown_has_arrived() {
        let of = |change: fn(&mut Photo)| Arrival::of(photo(change), HASH);
        assert!(matches!(of(|_| ()), Some(Arrival::Visible(_))));
        assert!(matches!(
            of(|photo| photo.deleted_at = Some(Timestamp::UNIX_EPOCH)),
            Some(Arrival::Archived(_))
        ));
        assert!(matches!(of(|photo| photo.quality = -1), Some(Arrival::Hidden(_))));
        assert!(matches!(
            of(|photo| file(photo).primary = false),
            Some(Arrival::Hidden(_))
        ));
        assert!(matches!(
            of(|photo| file(photo).missing = true),
            Some(Arrival::Hidden(_))
        ));
        assert!(matches!(
            of(|photo| file(photo).error = "broken".into()),
            Some(Arrival::Hidden(_))
        ));
        assert_eq!(of(|photo| photo.files = Some(Vec::new())), None, "a ghost has no files");
    }
}
