//! Many photos, albums or labels at once.

use std::collections::BTreeMap;

use photomove_core::{Operation, Result};
use serde_json::json;

use super::PhotoPrismClient;
use crate::wire::{BatchEdited, BatchValue, Message, Selection, texts};

impl PhotoPrismClient {
    /// Archives photos. **All albums lose them for good**, even if they are restored; ids that do not exist are ignored.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if nothing is selected.
    pub async fn archive_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, photos: I) -> Result<Message> {
        self.batch("archive", &Selection::photos(photos), true).await
    }

    /// Brings photos back from the archive, into no album.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if nothing is selected.
    pub async fn restore_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, photos: I) -> Result<Message> {
        self.batch("restore", &Selection::photos(photos), true).await
    }

    /// Takes photos out of review.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if nothing is selected.
    pub async fn approve_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, photos: I) -> Result<Message> {
        self.batch("approve", &Selection::photos(photos), true).await
    }

    /// **Turns over** whether photos are private, each for itself; see [`PhotoPrismClient::set_private`].
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if nothing is selected.
    pub async fn toggle_private<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, photos: I) -> Result<Message> {
        self.batch("private", &Selection::photos(photos), false).await
    }

    /// Deletes photos with their files, **for good and whether they are archived or not**. Their bytes can be uploaded
    /// again then.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if none of them exists; [`photomove_core::ErrorKind::Auth`] if the server
    /// allows no deletion.
    pub async fn delete_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, photos: I) -> Result<Message> {
        self.batch("delete", &Selection::photos(photos), false).await
    }

    /// Deletes everything that is archived, with its files and for good.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::delete_photos`].
    pub async fn empty_archive(&self) -> Result<Message> {
        let all = Selection {
            all: true,
            ..Selection::default()
        };
        self.batch("delete", &all, false).await
    }

    /// Archives photos, then deletes them for good.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::delete_photos`].
    pub async fn archive_and_delete_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(
        &self,
        photos: I,
    ) -> Result<Message> {
        let photos = texts(photos);
        self.archive_photos(&photos).await?;
        self.delete_photos(&photos).await
    }

    /// Deletes albums of any type. Those that people made keep their entries: an album made anew with the title of one
    /// may bring them back.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if none of them exists; [`photomove_core::ErrorKind::Rejected`] if nothing
    /// is selected.
    pub async fn delete_albums<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, albums: I) -> Result<Message> {
        let segments = ["batch", "albums", "delete"];
        self.post(Operation::Describe, &segments, &Selection::albums(albums))
            .await
    }

    /// Deletes labels.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Rejected`] if nothing is selected.
    pub async fn delete_labels<I: IntoIterator<Item = S>, S: AsRef<str>>(&self, labels: I) -> Result<Message> {
        let segments = ["batch", "labels", "delete"];
        self.post(Operation::Describe, &segments, &Selection::labels(labels))
            .await
    }

    /// Changes fields of many photos at once, by their names; servers since late 2025 only.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if the server is older.
    ///
    /// # Source
    /// The published description of the interface, 2025; not seen on a real server.
    pub async fn edit_photos<I: IntoIterator<Item = S>, S: AsRef<str>>(
        &self,
        photos: I,
        values: &BTreeMap<String, BatchValue>,
    ) -> Result<BatchEdited> {
        let body = json!({"photos": texts(photos), "values": values});
        self.post(Operation::Describe, &["batch", "photos", "edit"], &body)
            .await
    }

    /// Doing most of them twice is as good as once.
    async fn batch(&self, verb: &str, selection: &Selection, again: bool) -> Result<Message> {
        let segments = ["batch", "photos", verb];
        match again {
            true => self.post_again(Operation::Describe, &segments, selection).await,
            false => self.post(Operation::Describe, &segments, selection).await,
        }
    }
}
