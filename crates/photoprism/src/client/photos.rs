//! Photos: search, read, change.

use std::borrow::Cow;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use photomove_core::{Body, Digester, Error, ErrorKind, HashKinds, Operation, Result};
use photomove_http::{Method, Reply};
use serde::Deserialize;
use serde_json::json;

use super::PhotoPrismClient;
use super::ids::{sha1, uid};
use crate::search::{Page, PhotoSearch};
use crate::wire::{NewLabel, Photo, PhotoProperties, PhotoRow};

/// Rows of a page where the caller does not say.
pub(crate) const PAGE_ROWS: u32 = 500;
/// Longest backup form of a photo that is read.
const YAML_BYTES: usize = 1024 * 1024;

/// What reactions answer with.
#[derive(Deserialize)]
struct Reaction {
    photo: Photo,
}

impl PhotoPrismClient {
    /// Finds photos: one page of at most `count` **files**, from `offset` on.
    ///
    /// The server says no total; [`Page::next_offset`] tells where to go on. Uploads meanwhile move what comes later, least so
    /// with [`crate::search::PhotoOrder::Oldest`].
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if the server does not take the search, for example an unknown album, and always for a
    /// client that acts for no user.
    pub async fn photos(&self, search: &PhotoSearch, count: u32, offset: u64) -> Result<Page<PhotoRow>> {
        let scoped = search.pairs().any(|(name, _)| name == "s");
        let operation = if scoped {
            Operation::ListMembers
        } else {
            Operation::ListAssets
        };
        let pairs = search.parameters().page(count, offset);
        let reply = self.list(operation, &["photos"], &pairs).await?;
        let counted = counted(&reply);
        let rows: Vec<PhotoRow> = reply.json().await?;
        // Merged rows are fewer than files; without the server's count their files are counted.
        let files = rows.iter().map(|row| row.all_files().len().max(1) as u64).sum();
        Ok(Page::new(rows, counted.or(Some(files)), count, offset))
    }

    /// Finds photos, page after page of `count` files; at most one page is in memory.
    ///
    /// A photo may come more than once: without [`PhotoSearch::primary`] or [`PhotoSearch::merged`] a row is a file, and
    /// pages may part the files of a photo. Tell them apart by their ids. Ends after the first error.
    pub fn all_photos(&self, search: PhotoSearch, count: u32) -> BoxStream<'_, Result<PhotoRow>> {
        pages(0, move |offset| {
            let search = search.clone();
            async move { self.photos(&search, count, offset).await }
        })
    }

    /// Reads a photo with its files, albums and labels, archived ones too.
    ///
    /// The id of a photo whose files were merged into another answers too, see [`Photo::is_ghost`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn photo(&self, photo: &str) -> Result<Photo> {
        self.get(Operation::Refresh, &["photos", uid(photo)?]).await
    }

    /// Reads the photo that the file of this SHA-1 belongs to now; `None` if the server knows no such file.
    ///
    /// It proves only that the bytes are known: the photo may be archived, hidden, or without a primary file. See
    /// [`PhotoPrismClient::arrival`].
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn photo_by_hash(&self, hash: &str) -> Result<Option<Photo>> {
        match self.file(hash).await? {
            Some(file) => absent(self.photo(&file.photo_uid).await),
            None => Ok(None),
        }
    }

    /// Reads the photo that these bytes belong to; `None` if the server does not know them. They are read to be hashed
    /// if their SHA-1 is not known.
    ///
    /// # Errors
    /// When the bytes cannot be read or the server cannot be asked.
    pub async fn photo_by_content(&self, body: &dyn Body) -> Result<Option<Photo>> {
        self.photo_by_hash(&sha1_of(body).await?).await
    }

    /// Reads the backup form of a photo, in YAML; `None` if there is no such photo.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn photo_yaml(&self, photo: &str) -> Result<Option<String>> {
        let segments = ["photos", uid(photo)?, "yaml"];
        let call = self.call(Operation::Refresh, Method::GET, &segments);
        // The server answers with a web page or nothing where it finds none.
        let reply = absent(self.send(call.header("accept", "text/x-yaml")).await)?;
        match reply {
            Some(reply) => Ok(Some(reply.text(YAML_BYTES).await?)),
            None => Ok(None),
        }
    }

    /// Changes a photo and returns it as it is then. Archived ones can be changed too.
    ///
    /// The reply says what was stored: compare, for the server drops some of it without a word.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none; [`ErrorKind::Rejected`] if the server does not take the form.
    pub async fn update_photo(&self, photo: &str, change: &PhotoProperties) -> Result<Photo> {
        self.put(Operation::Describe, &["photos", uid(photo)?], change).await
    }

    /// Makes a photo private or not, whatever it was. The server's own batch call only turns it over.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::update_photo`].
    pub async fn set_private(&self, photo: &str, private: bool) -> Result<Photo> {
        let change = PhotoProperties::default().with_private(private);
        self.update_photo(photo, &change).await
    }

    /// Makes a photo a favourite. What comes back has neither files nor albums.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn like_photo(&self, photo: &str) -> Result<Photo> {
        self.react(Method::POST, photo, "like").await
    }

    /// Makes a photo no favourite. What comes back has neither files nor albums.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn unlike_photo(&self, photo: &str) -> Result<Photo> {
        self.react(Method::DELETE, photo, "like").await
    }

    /// Takes a photo out of review; does nothing with a quality of 3 or more, else brings it back from the archive too.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn approve_photo(&self, photo: &str) -> Result<Photo> {
        self.react(Method::POST, photo, "approve").await
    }

    async fn react(&self, method: Method, photo: &str, verb: &str) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, verb];
        let call = self.call(Operation::Describe, method, &segments).repeatable(true);
        let reaction: Reaction = self.json(call).await?;
        Ok(reaction.photo)
    }

    /// Puts a label on a photo; it is made if there is none of this name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such photo.
    pub async fn add_label(&self, photo: &str, label: &NewLabel) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, "label"];
        self.post_again(Operation::Describe, &segments, label).await
    }

    /// Changes how sure a label of a photo is, by the label's number.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the photo has no such label.
    pub async fn change_label(&self, photo: &str, label: u64, change: &NewLabel) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, "label", &label.to_string()];
        self.put(Operation::Describe, &segments, change).await
    }

    /// Takes a label off a photo, by the label's number. One that the server saw in the picture is only hidden.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the photo has no such label.
    pub async fn remove_label(&self, photo: &str, label: u64) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, "label", &label.to_string()];
        self.delete(Operation::Describe, &segments).await
    }

    /// Says of which file of a photo previews are made.
    ///
    /// The server checks nothing and **loses the photo from sight if it has no such file**; so this looks first.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the photo has no such file.
    pub async fn set_primary_file(&self, photo: &str, file: &str) -> Result<Photo> {
        let before = self.photo(photo).await?;
        if !before.all_files().iter().any(|known| known.uid == file) {
            return Err(Error::new(ErrorKind::NotFound, "the photo has no such file")
                .provider(crate::KIND)
                .operation(Operation::Describe)
                .context("photo", photo)
                .context("file", file));
        }
        let segments = ["photos", uid(photo)?, "files", uid(file)?, "primary"];
        let call = self.call(Operation::Describe, Method::POST, &segments);
        self.json(call.repeatable(true)).await
    }

    /// Makes a photo of its own of a file, and returns the rest of the stack. The file is renamed at the server.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if it is the primary file, a companion or a generated preview.
    pub async fn unstack_file(&self, photo: &str, file: &str) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, "files", uid(file)?, "unstack"];
        self.json(self.call(Operation::Describe, Method::POST, &segments)).await
    }

    /// Writes the orientation, 1 to 8, into a file. **It changes the file's bytes.**
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for any other number; [`ErrorKind::NotFound`] if there is no such file.
    pub async fn set_orientation(&self, photo: &str, file: &str, orientation: u8) -> Result<Photo> {
        if !(1..=8).contains(&orientation) {
            return Err(Error::new(ErrorKind::Config, "orientations are 1 to 8")
                .provider(crate::KIND)
                .operation(Operation::Describe)
                .context("orientation", orientation));
        }
        let segments = ["photos", uid(photo)?, "files", uid(file)?, "orientation"];
        self.put(Operation::Describe, &segments, &json!({"Orientation": orientation}))
            .await
    }

    /// Deletes a file that is not primary, **with its bytes and for good**.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if it is the primary file, for the server calls that a fault of its own.
    pub async fn delete_file(&self, photo: &str, file: &str) -> Result<Photo> {
        let segments = ["photos", uid(photo)?, "files", uid(file)?];
        let call = self.call(Operation::Describe, Method::DELETE, &segments);
        self.json(call.repeatable(false)).await
    }
}

/// Reads `X-Count`.
pub(crate) fn counted(reply: &Reply) -> Option<u64> {
    reply.headers().get("x-count")?.to_str().ok()?.trim().parse().ok()
}

/// Takes "does not exist" for an answer.
pub(crate) fn absent<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads page after page.
pub(crate) fn pages<'c, T, P, F>(first: u64, page: P) -> BoxStream<'c, Result<T>>
where
    T: Send + 'c,
    P: Fn(u64) -> F + Send + Sync + 'c,
    F: Future<Output = Result<Page<T>>> + Send + 'c,
{
    let pages = stream::try_unfold((Some(first), page), |(offset, page)| async move {
        let Some(offset) = offset else { return Ok(None) };
        let found = page(offset).await?;
        let next = found.next_offset();
        let rows = stream::iter(found.rows.into_iter().map(Ok));
        Ok(Some((rows, (next, page))))
    });
    pages.try_flatten().boxed()
}

/// Returns the SHA-1 of a body in hex, as far as it is known, else by reading it.
pub(crate) async fn sha1_of(body: &dyn Body) -> Result<String> {
    if let Some(hash) = body.checksums().sha1_hex() {
        return sha1(&hash);
    }
    let mut hasher = Digester::new(HashKinds::SHA1);
    let mut bytes = body.stream(0).await?;
    while let Some(chunk) = bytes.try_next().await? {
        hasher.update(&chunk);
    }
    let known = hasher.finish().sha1_hex();
    known.ok_or_else(|| Error::new(ErrorKind::Internal, "no SHA-1 was taken").provider(crate::KIND))
}

/// Pairs of an address's query.
pub(crate) type Pairs = [(Cow<'static, str>, String)];
