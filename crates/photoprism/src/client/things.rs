//! Labels, people, faces, folders, months and the map.

use futures_util::stream::BoxStream;
use photomove_core::{Operation, Result};
use photomove_http::Method;

use super::PhotoPrismClient;
use super::ids::uid;
use super::photos::{PAGE_ROWS, counted, pages};
use crate::search::{FaceSearch, FolderSearch, GeoSearch, LabelSearch, Page, SubjectSearch};
use crate::wire::{Face, FolderList, GeoResult, Label, LabelProperties, Moment, Root, Subject, SubjectProperties};

impl PhotoPrismClient {
    /// Finds labels: one page of at most `count`, from `offset` on. The server does not count them.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn labels(&self, search: &LabelSearch, count: u32, offset: u64) -> Result<Page<Label>> {
        let pairs = search.parameters().page(count, offset);
        let reply = self.list(Operation::ListAlbums, &["labels"], &pairs).await?;
        Ok(Page::new(reply.json().await?, None, count, offset))
    }

    /// Finds labels, page after page. Ends after the first error.
    pub fn all_labels(&self, search: LabelSearch) -> BoxStream<'_, Result<Label>> {
        pages(0, move |offset| {
            let search = search.clone();
            async move { self.labels(&search, PAGE_ROWS, offset).await }
        })
    }

    /// Changes a label.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn update_label(&self, label: &str, change: &LabelProperties) -> Result<Label> {
        self.put(Operation::Describe, &["labels", uid(label)?], change).await
    }

    /// Makes a label a favourite. The server says nothing of use.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn like_label(&self, label: &str) -> Result<()> {
        self.like(Method::POST, "labels", label).await
    }

    /// Makes a label no favourite.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn unlike_label(&self, label: &str) -> Result<()> {
        self.like(Method::DELETE, "labels", label).await
    }

    /// Finds people: one page of at most `count`, from `offset` on.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn subjects(&self, search: &SubjectSearch, count: u32, offset: u64) -> Result<Page<Subject>> {
        let pairs = search.parameters().page(count, offset);
        let reply = self.list(Operation::ListAlbums, &["subjects"], &pairs).await?;
        let counted = counted(&reply);
        Ok(Page::new(reply.json().await?, counted, count, offset))
    }

    /// Finds people, page after page. Ends after the first error.
    pub fn all_subjects(&self, search: SubjectSearch) -> BoxStream<'_, Result<Subject>> {
        pages(0, move |offset| {
            let search = search.clone();
            async move { self.subjects(&search, PAGE_ROWS, offset).await }
        })
    }

    /// Reads a person.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn subject(&self, subject: &str) -> Result<Subject> {
        self.get(Operation::ListAlbums, &["subjects", uid(subject)?]).await
    }

    /// Changes a person.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none; [`photomove_core::ErrorKind::RateLimited`] while the
    /// server looks for people itself.
    pub async fn update_subject(&self, subject: &str, change: &SubjectProperties) -> Result<Subject> {
        self.put(Operation::Describe, &["subjects", uid(subject)?], change)
            .await
    }

    /// Makes a person a favourite.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn like_subject(&self, subject: &str) -> Result<()> {
        self.like(Method::POST, "subjects", subject).await
    }

    /// Makes a person no favourite.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn unlike_subject(&self, subject: &str) -> Result<()> {
        self.like(Method::DELETE, "subjects", subject).await
    }

    /// The replies have no form worth knowing: labels answer with an empty reply put into JSON.
    async fn like(&self, method: Method, what: &str, id: &str) -> Result<()> {
        let segments = [what, uid(id)?, "like"];
        let call = self.call(Operation::Describe, method, &segments);
        self.send(call.repeatable(true)).await.map(drop)
    }

    /// Finds faces: one page of at most `count`, from `offset` on.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn faces(&self, search: &FaceSearch, count: u32, offset: u64) -> Result<Page<Face>> {
        let pairs = search.parameters().page(count, offset);
        let reply = self.list(Operation::ListAlbums, &["faces"], &pairs).await?;
        let counted = counted(&reply);
        Ok(Page::new(reply.json().await?, counted, count, offset))
    }

    /// Reads a face.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::NotFound`] if there is none.
    pub async fn face(&self, face: &str) -> Result<Face> {
        self.get(Operation::ListAlbums, &["faces", uid(face)?]).await
    }

    /// Lists a folder of originals or of what waits for import; an empty path is the root.
    ///
    /// A folder that does not exist is no error: [`FolderList::folders`] is `None` then. Files are listed only with
    /// [`FolderSearch::files`] and a count, and only for originals.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Config`] for other roots; when the server cannot be asked.
    pub async fn folders(&self, root: &Root, path: &str, search: &FolderSearch) -> Result<FolderList> {
        let root = match root {
            Root::Originals => "originals",
            Root::Import => "import",
            other => {
                return Err(photomove_core::Error::new(
                    photomove_core::ErrorKind::Config,
                    "folders are listed of originals and of what waits for import",
                )
                .provider(crate::KIND)
                .operation(Operation::ListAlbums)
                .context("root", other));
            }
        };
        let mut segments = vec!["folders", root];
        segments.extend(path.split('/').filter(|name| !name.is_empty()));
        let reply = self
            .list(Operation::ListAlbums, &segments, search.parameters().pairs())
            .await?;
        reply.json().await
    }

    /// Lists the months that have photos.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn months(&self) -> Result<Vec<Moment>> {
        self.get(Operation::ListAlbums, &["moments", "time"]).await
    }

    /// Finds photos with a position.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn geo(&self, search: &GeoSearch) -> Result<GeoResult> {
        let reply = self
            .list(Operation::ListAssets, &["geo"], search.parameters().pairs())
            .await?;
        reply.json().await
    }
}
