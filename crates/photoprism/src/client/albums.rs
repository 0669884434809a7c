//! Albums and their content.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::Method;
use serde_json::json;

use super::PhotoPrismClient;
use super::ids::uid;
use super::photos::{PAGE_ROWS, absent, counted, pages};
use crate::search::{AlbumSearch, Page, PhotoSearch};
use crate::wire::{Album, AlbumChange, AlbumProperties, Message, PhotoRow, Selection};

impl PhotoPrismClient {
    /// Finds albums: one page of at most `count`, from `offset` on.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if the server does not take the search.
    pub async fn albums(&self, search: &AlbumSearch, count: u32, offset: u64) -> Result<Page<Album>> {
        let pairs = search.parameters().page(count, offset);
        let reply = self.list(Operation::ListAlbums, &["albums"], &pairs).await?;
        let counted = counted(&reply);
        Ok(Page::new(reply.json().await?, counted, count, offset))
    }

    /// Finds albums, page after page; at most one page is in memory. Ends after the first error.
    pub fn all_albums(&self, search: AlbumSearch) -> BoxStream<'_, Result<Album>> {
        pages(0, move |offset| {
            let search = search.clone();
            async move { self.albums(&search, PAGE_ROWS, offset).await }
        })
    }

    /// Finds the albums of people that have exactly this title. Titles are not unique, and the server has no filter for
    /// them, so that all albums are read.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn albums_titled(&self, title: &str) -> Result<Vec<Album>> {
        let same = |album: &Album| album.title == title;
        let albums = self.all_albums(AlbumSearch::of_people());
        albums
            .try_filter(|album| std::future::ready(same(album)))
            .try_collect()
            .await
    }

    /// Reads an album, without its photos and counts.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none, or it is deleted.
    pub async fn album(&self, album: &str) -> Result<Album> {
        self.get(Operation::ListAlbums, &["albums", uid(album)?]).await
    }

    /// Reads an album; `None` if there is none, or it is deleted.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn find_album(&self, album: &str) -> Result<Option<Album>> {
        absent(self.album(album).await)
    }

    /// Makes an album, **or finds one**: the server gives back any of the same user's whose title is alike, a deleted one
    /// with its former photos too, and takes `%` and `_` in the title for wildcards. See
    /// [`PhotoPrismClient::create_distinct_album`].
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if it is not allowed.
    pub async fn create_album(&self, title: &str, favorite: bool) -> Result<Album> {
        let body = json!({"Title": title, "Favorite": favorite});
        self.post_again(Operation::CreateAlbum, &["albums"], &body).await
    }

    /// Makes an album that is surely new: first under a title of the caller's making, then by its real title.
    ///
    /// `unique` has to be a plain word that no album has, such as `photomove-` and random letters; asking again with the
    /// same word finds the album that a lost reply was about, as long as it was not renamed.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] if the server gives an album that is not new; it was not changed then.
    pub async fn create_distinct_album(&self, unique: &str, properties: &AlbumProperties) -> Result<Album> {
        let made = self.create_album(unique, false).await?;
        if made.title != unique {
            return Err(
                Error::new(ErrorKind::Protocol, "the server gave another album than the new one")
                    .provider(crate::KIND)
                    .operation(Operation::CreateAlbum)
                    .context("album", &made.uid)
                    .hint("an album with a title like the temporary one exists; run again"),
            );
        }
        let segments = ["albums", uid(&made.uid)?];
        self.put(Operation::CreateAlbum, &segments, properties).await
    }

    /// Changes an album and returns it as it is then. Its title need not be unique.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn update_album(&self, album: &str, change: &AlbumProperties) -> Result<Album> {
        self.put(Operation::Describe, &["albums", uid(album)?], change).await
    }

    /// Deletes an album; its photos stay. One that people made can come back with its photos, see
    /// [`PhotoPrismClient::create_album`]; others are gone.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn delete_album(&self, album: &str) -> Result<Album> {
        self.delete(Operation::Describe, &["albums", uid(album)?]).await
    }

    /// Makes an album a favourite.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn like_album(&self, album: &str) -> Result<Message> {
        let segments = ["albums", uid(album)?, "like"];
        let call = self.call(Operation::Describe, Method::POST, &segments);
        self.json(call.repeatable(true)).await
    }

    /// Makes an album no favourite.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn unlike_album(&self, album: &str) -> Result<Message> {
        self.delete(Operation::Describe, &["albums", uid(album)?, "like"]).await
    }

    /// Copies the content of other albums into an album; nothing new is made. Unknown ones are left out without a word.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album.
    pub async fn clone_albums<I: IntoIterator<Item = S>, S: AsRef<str>>(
        &self,
        into: &str,
        from: I,
    ) -> Result<AlbumChange> {
        let segments = ["albums", uid(into)?, "clone"];
        let selection = Selection::albums(from);
        self.post_again(Operation::AddToAlbum, &segments, &selection).await
    }

    /// Adds photos to an album, best at most 500 at once; those that are in it already do no harm. Photos in review are
    /// approved by it, and archived ones stay invisible.
    ///
    /// [`AlbumChange::photos`] has the ids that exist: what is missing there was not added. To an album with a filter
    /// nothing can be added, although the server says so.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album; [`ErrorKind::Rejected`] if nothing is selected.
    pub async fn add_to_album<I: IntoIterator<Item = S>, S: AsRef<str>>(
        &self,
        album: &str,
        photos: I,
    ) -> Result<AlbumChange> {
        self.add_selection(album, &Selection::photos(photos)).await
    }

    /// Adds what a selection names: photos, and the photos of files, albums, labels, people and places.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::add_to_album`].
    pub async fn add_selection(&self, album: &str, selection: &Selection) -> Result<AlbumChange> {
        let segments = ["albums", uid(album)?, "photos"];
        self.post_again(Operation::AddToAlbum, &segments, selection).await
    }

    /// Takes photos out of an album; they stay in the library. Photos that never were in it are reported all the same.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album; [`ErrorKind::Rejected`] if nothing is selected.
    pub async fn remove_from_album<I: IntoIterator<Item = S>, S: AsRef<str>>(
        &self,
        album: &str,
        photos: I,
    ) -> Result<AlbumChange> {
        let segments = ["albums", uid(album)?, "photos"];
        let call = self.call(Operation::Describe, Method::DELETE, &segments);
        self.json(call.json(&Selection::photos(photos))).await
    }

    /// Finds the photos of an album, of a smart one too, one row a photo and file as
    /// [`PhotoPrismClient::all_photos`] does.
    pub fn album_photos(&self, album: &str) -> BoxStream<'_, Result<PhotoRow>> {
        self.all_photos(PhotoSearch::of_album(album).primary(true), PAGE_ROWS)
    }
}
