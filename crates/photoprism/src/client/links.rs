//! Share links of albums.

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::Method;

use super::PhotoPrismClient;
use super::ids::uid;
use crate::wire::{ShareLink, ShareLinkProperties};

impl PhotoPrismClient {
    /// Lists the share links of an album.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album.
    pub async fn links(&self, album: &str) -> Result<Vec<ShareLink>> {
        self.get(Operation::ListAlbums, &["albums", uid(album)?, "links"]).await
    }

    /// Makes a share link of an album. Before July 2025 servers refuse it to app passwords and clients.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such album; [`ErrorKind::Auth`] if it is not allowed.
    pub async fn create_link(&self, album: &str, properties: &ShareLinkProperties) -> Result<ShareLink> {
        let segments = ["albums", uid(album)?, "links"];
        self.post(Operation::Describe, &segments, properties).await
    }

    /// Changes a share link.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the album has no such link.
    pub async fn update_link(&self, album: &str, link: &str, properties: &ShareLinkProperties) -> Result<ShareLink> {
        let segments = ["albums", uid(album)?, "links", uid(link)?];
        let call = self.call(Operation::Describe, Method::PUT, &segments);
        match self.json(call.repeatable(false).json(properties)).await {
            Err(error) => Err(self.no_link(album, link, error).await),
            changed => changed,
        }
    }

    /// Deletes a share link and returns what it was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the album has no such link.
    pub async fn delete_link(&self, album: &str, link: &str) -> Result<ShareLink> {
        let segments = ["albums", uid(album)?, "links", uid(link)?];
        let call = self.call(Operation::Describe, Method::DELETE, &segments);
        match self.json(call.repeatable(false)).await {
            Err(error) => Err(self.no_link(album, link, error).await),
            deleted => deleted,
        }
    }

    /// An unknown link makes the server fall over, which looks like any other fault of its own: look whether it exists.
    async fn no_link(&self, album: &str, link: &str, error: Error) -> Error {
        if !matches!(error.kind(), ErrorKind::Unavailable { .. }) {
            return error;
        }
        match self.links(album).await {
            Ok(links) if !links.iter().any(|known| known.uid == link) => {
                Error::new(ErrorKind::NotFound, "the album has no such link")
                    .provider(crate::KIND)
                    .operation(Operation::Describe)
                    .context("album", album)
                    .context("link", link)
            }
            _ => error,
        }
    }
}
