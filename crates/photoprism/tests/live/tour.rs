//! What is done at a server, and undone.

use photomove_core::{Body, BytesBody, Error, ErrorKind, Result};
use photomove_photoprism::client::{Arrival, DownloadName, PhotoPrismClient, UploadFile};
use photomove_photoprism::search::PhotoSearch;
use photomove_photoprism::wire::{AlbumProperties, Photo, PhotoProperties};
use photomove_sim::Library;

/// Visits a server; nothing that it has not made is touched.
pub(crate) struct Tour {
    client: PhotoPrismClient,
    /// SHA-1 of the pictures that were sent.
    pictures: Vec<String>,
    album: Option<String>,
}

/// Says what was not as it should be.
fn wrong(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, what)
}

fn check(fits: bool, what: &str) -> Result<()> {
    fits.then_some(()).ok_or_else(|| wrong(what))
}

impl Tour {
    pub(crate) fn new(client: PhotoPrismClient) -> Self {
        Self {
            client,
            pictures: Vec::new(),
            album: None,
        }
    }

    pub(crate) async fn run(&mut self) -> Result<()> {
        self.client.status().await?;
        let config = self.client.config().await?;
        check(config.is_signed_in(), "a signed-in client is not signed in")?;
        check(
            !config.readonly,
            "the server is read-only: take another one for this test",
        )?;
        let account = self.client.account().await?;
        let user = account.user.ok_or_else(|| wrong("nobody is signed in"))?;
        check(user.uid == self.client.user_uid().await?, "two ids of one user")?;
        self.client.settings().await?;
        self.fill().await?;
        self.change().await?;
        self.archive().await
    }

    /// Uploads two pictures that nobody has, and puts one into an album.
    async fn fill(&mut self) -> Result<()> {
        let random = self.client.env().random.next_u64();
        let library = Library::synthetic(2, 4096, random).map_err(|error| wrong(error.to_string()))?;
        for (number, item) in library.items.iter().enumerate() {
            let bytes = item.blob.bytes().await.map_err(|error| wrong(error.to_string()))?;
            let body = BytesBody::new(bytes.clone());
            let sha1 = body.checksums().sha1_hex().unwrap_or_default();
            check(
                self.client.arrival(&sha1).await? == Arrival::Unknown,
                "a new picture is known",
            )?;
            self.pictures.push(sha1.clone());
            let name = format!("photomove-{random:016x}-{number}.jpg");
            let uploaded = self
                .client
                .upload::<&str>(&[UploadFile::new(&name, &body)], &[])
                .await?;
            let photo = visible(&uploaded[0].arrival)?;
            check(photo.file(&sha1).is_some(), "the photo lacks its file")?;
            let copy = self
                .client
                .download(&sha1, &DownloadName::File)
                .await?
                .bytes(1 << 20)
                .await?;
            check(copy == bytes, "other bytes came back")?;
        }
        let title = AlbumProperties {
            title: Some("photomove live test".to_owned()),
            ..AlbumProperties::default()
        };
        let album = self
            .client
            .create_distinct_album(&format!("photomove-{random:016x}"), &title)
            .await?;
        self.album = Some(album.uid.clone());
        check(album.title == "photomove live test", "the album has another title")?;
        let photo = self.photo(0).await?;
        self.client.add_to_album(&album.uid, [&photo.uid]).await?;
        let members = self.client.photos(&PhotoSearch::of_album(&album.uid), 10, 0).await?;
        check(
            members.rows.len() == 1 && members.rows[0].uid == photo.uid,
            "the album has other members",
        )
    }

    /// Changes a photo and reads back what stayed.
    async fn change(&self) -> Result<()> {
        let photo = self.photo(0).await?;
        let change = PhotoProperties::default()
            .with_title("Erster Schnee")
            .with_caption("Im Garten");
        self.client.update_photo(&photo.uid, &change).await?;
        self.client.like_photo(&photo.uid).await?;
        self.client.set_private(&photo.uid, true).await?;
        let photo = self.photo(0).await?;
        check(
            photo.title == "Erster Schnee" && photo.caption_text() == "Im Garten",
            "the texts did not stay",
        )?;
        check(photo.favorite && photo.private, "favourite or private did not stay")?;
        self.client.unlike_photo(&photo.uid).await?;
        check(!self.photo(0).await?.favorite, "it is a favourite still")
    }

    async fn archive(&self) -> Result<()> {
        let photo = self.photo(1).await?;
        self.client.archive_photos([&photo.uid]).await?;
        let archived = self.client.arrival(&self.pictures[1]).await?;
        check(matches!(archived, Arrival::Archived(_)), "it was not archived")?;
        self.client.restore_photos([&photo.uid]).await?;
        visible(&self.client.arrival(&self.pictures[1]).await?).map(drop)
    }

    async fn photo(&self, number: usize) -> Result<Photo> {
        let found = self.client.photo_by_hash(&self.pictures[number]).await?;
        found.ok_or_else(|| wrong("an uploaded picture is gone"))
    }

    /// Takes away what was made, whatever became of the tour. Photos that hold files of somebody else stay.
    pub(crate) async fn clean_up(&self) -> Result<()> {
        if let Some(album) = &self.album {
            self.client.delete_album(album).await?;
        }
        for sha1 in &self.pictures {
            let Some(photo) = self.client.photo_by_hash(sha1).await? else {
                continue;
            };
            let own = |hash: &String| self.pictures.contains(hash);
            check(
                photo.originals().all(|file| own(&file.hash)),
                "a picture was merged into a photo of somebody else: delete it by hand",
            )?;
            self.client.delete_photos([&photo.uid]).await?;
            check(
                self.client.arrival(sha1).await? == Arrival::Unknown,
                "a deleted picture is known still",
            )?;
        }
        self.client.log_out().await
    }
}

fn visible(arrival: &Arrival) -> Result<&Photo> {
    match arrival {
        Arrival::Visible(photo) => Ok(photo),
        other => Err(wrong(format!("a picture did not arrive: {other:?}"))),
    }
}
