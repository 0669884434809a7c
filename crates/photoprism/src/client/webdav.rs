//! Files in the server's folders by WebDAV: for libraries too large or too deep for uploads.
//!
//! Nothing that is written here is seen in the library before it is indexed ([`DavRoot::Originals`]) or imported
//! ([`DavRoot::Import`]); see [`PhotoPrismClient::index`] and [`PhotoPrismClient::import`].
//!
//! # Source
//! Reference 2.10, recording `webdav.json`.

mod listing;

use jiff::Timestamp;
use photomove_core::{Body, ByteStream, Error, ErrorKind, Operation, Result};
use photomove_http::{Call, Method};
use url::Url;

use super::{DOWNLOADS, PhotoPrismClient, UPLOADS, WRITES, odd};
use crate::KIND;
use crate::auth::join;

pub use self::listing::DavEntry;

/// Longest listing of one folder that is read.
const LISTING_BYTES: usize = 32 * 1024 * 1024;
/// What the server does not take for a picture, so that a half-sent file is never imported (#4249, #4310).
const HALF_SENT: &str = ".part";

/// Which of the server's folders is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DavRoot {
    /// The library's own files. What is written here keeps its folders and names.
    Originals,
    /// Where files wait for an import, which sorts them by date.
    Import,
}

impl DavRoot {
    fn segment(self) -> &'static str {
        match self {
            Self::Originals => "originals",
            Self::Import => "import",
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DavWrite {
    /// Time of last change, by which the server dates pictures that say nothing themselves; whole seconds.
    pub modified: Option<Timestamp>,
    /// Whether the photo becomes a favourite when it is indexed for the first time. The server then writes a `.yml` beside
    /// the file, so that the file is sent under its own name from the start.
    pub favorite: bool,
    /// Whether a file of that name is replaced.
    pub overwrite: bool,
}

impl DavWrite {
    /// Sets the time of last change.
    #[must_use]
    pub fn with_modified(mut self, modified: Option<Timestamp>) -> Self {
        self.modified = modified;
        self
    }

    /// Makes the photo a favourite.
    #[must_use]
    pub fn with_favorite(mut self, favorite: bool) -> Self {
        self.favorite = favorite;
        self
    }

    /// Allows to replace a file of that name.
    #[must_use]
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}

/// The server's folders. Paths are relative to the root, with `/` between folders.
#[derive(Debug, Clone)]
pub struct WebDav {
    client: PhotoPrismClient,
    root: DavRoot,
}

impl PhotoPrismClient {
    /// Returns the files below a root. Needs the permission for WebDAV, and scope `webdav` of app passwords and clients.
    pub fn webdav(&self, root: DavRoot) -> WebDav {
        WebDav {
            client: self.clone(),
            root,
        }
    }
}

impl WebDav {
    /// Asks whether the root can be used.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the account or scope does not cover WebDAV; [`ErrorKind::Unsupported`] if the server has
    /// it switched off, as it is in public mode.
    pub async fn check(&self) -> Result<()> {
        match self.find(Operation::Connect, "", "0").await {
            Ok(_) => Ok(()),
            Err(error) if is_absent(&error) => {
                Err(Error::new(ErrorKind::Unsupported, "the server has webdav switched off")
                    .provider(KIND)
                    .operation(Operation::Connect)
                    .hint("it is off in public mode and with `PHOTOPRISM_DISABLE_WEBDAV`; upload without it")
                    .source(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Lists a folder, itself left out; one level, in the server's order.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none.
    pub async fn list(&self, folder: &str) -> Result<Vec<DavEntry>> {
        let own = path_of(folder)?.join("/");
        let mut entries = self.find(Operation::ListAssets, folder, "1").await?;
        entries.retain(|entry| entry.path != own);
        Ok(entries)
    }

    /// Reads what is known of a file or folder; `None` if there is none.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn stat(&self, path: &str) -> Result<Option<DavEntry>> {
        match self.find(Operation::Refresh, path, "0").await {
            Ok(entries) => Ok(entries.into_iter().next()),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a folder and those above it; those that exist stay.
    ///
    /// # Errors
    /// When one cannot be made, for instance because a file has its name.
    pub async fn make_folders(&self, folder: &str) -> Result<()> {
        let segments = path_of(folder)?;
        for end in 1..=segments.len() {
            let url = self.address(&segments[..end], false);
            let call = self.client.site_call(Operation::Stage, method("MKCOL")?, url);
            match self.client.send(call).await {
                Ok(_) => {}
                // It exists already.
                Err(error) if status(&error) == Some("405") => {}
                Err(error) => return Err(error.context("folder", segments[..end].join("/"))),
            }
        }
        Ok(())
    }

    /// Writes a file, and the folders above it. The file gets its name when all its bytes are there.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if there is a file of that name and [`DavWrite::overwrite`] is not set.
    pub async fn write(&self, path: &str, body: &dyn Body, how: DavWrite) -> Result<()> {
        let segments = path_of(path)?;
        let Some((name, folder)) = segments.split_last() else {
            return Err(wrong_path(path));
        };
        self.make_folders(&folder.join("/")).await?;
        if !how.overwrite && self.stat(path).await?.is_some() {
            return Err(Error::new(
                ErrorKind::Conflict { existing: None },
                "there is a file of that name already",
            )
            .provider(KIND)
            .operation(Operation::Stage)
            .context("file", path));
        }
        if how.favorite {
            return self.put(&segments, body, how).await;
        }
        let half = format!("{name}{HALF_SENT}");
        let mut sent = folder.to_vec();
        sent.push(&half);
        self.put(&sent, body, how).await?;
        self.relocate("MOVE", &sent, &segments, how.overwrite).await
    }

    async fn put(&self, segments: &[&str], body: &dyn Body, how: DavWrite) -> Result<()> {
        let url = self.address(segments, false);
        let mut call = self
            .client
            .site_call(Operation::Stage, Method::PUT, url)
            .bucket(UPLOADS)
            .header("content-type", "application/octet-stream")
            .body(body);
        if let Some(modified) = how.modified {
            call = call.header("x-oc-mtime", modified.as_second().to_string());
        }
        if how.favorite {
            call = call.header("x-favorite", "1");
        }
        self.client.send(call).await.map(drop)
    }

    /// Reads a file from `offset` on.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none; [`ErrorKind::Unsupported`] if it is a folder.
    pub async fn read(&self, path: &str, offset: u64) -> Result<ByteStream> {
        let url = self.address(&path_of(path)?, false);
        let mut call = self
            .client
            .site_call(Operation::Open, Method::GET, url)
            .bucket(DOWNLOADS)
            .header("accept", "*/*");
        if offset > 0 {
            call = call.header("range", format!("bytes={offset}-"));
        }
        let reply = self.client.send(call).await?;
        if offset > 0 && reply.status().as_u16() != 206 {
            return Err(odd(
                Operation::Open,
                "the server sends the whole file where a part was asked for",
            ));
        }
        Ok(reply.stream())
    }

    /// Gives a file or folder another name or place.
    ///
    /// Not sent again by itself, for a second time there is nothing left to move.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if there is something already and `overwrite` is not set.
    pub async fn rename(&self, from: &str, to: &str, overwrite: bool) -> Result<()> {
        self.relocate("MOVE", &path_of(from)?, &path_of(to)?, overwrite).await
    }

    /// Copies a file or folder.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if there is something already and `overwrite` is not set.
    pub async fn copy(&self, from: &str, to: &str, overwrite: bool) -> Result<()> {
        self.relocate("COPY", &path_of(from)?, &path_of(to)?, overwrite).await
    }

    async fn relocate(&self, verb: &'static str, from: &[&str], to: &[&str], overwrite: bool) -> Result<()> {
        if from.is_empty() || to.is_empty() {
            return Err(wrong_path(""));
        }
        let call = self
            .client
            .site_call(Operation::Stage, method(verb)?, self.address(from, false))
            .bucket(WRITES)
            .repeatable(false)
            .header("destination", self.address(to, false).path())
            .header("overwrite", if overwrite { "T" } else { "F" });
        let moved = self.client.send(call).await;
        // The server says "forbidden" where there is nothing to move.
        moved.map(drop).map_err(|error| match status(&error) {
            Some("403") => Error::new(ErrorKind::NotFound, "there is no such file, or it may not be moved")
                .provider(KIND)
                .operation(Operation::Stage)
                .context("file", from.join("/"))
                .source(error),
            _ => error.context("file", from.join("/")),
        })
    }

    /// Deletes a file, or a folder with all that is in it; says whether there was one. There is no way back.
    ///
    /// # Errors
    /// When the server does not do it.
    pub async fn delete(&self, path: &str) -> Result<bool> {
        let segments = path_of(path)?;
        if segments.is_empty() {
            return Err(wrong_path(path));
        }
        let url = self.address(&segments, false);
        let call = self.client.site_call(Operation::Stage, Method::DELETE, url);
        match self.client.send(call).await {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn find(&self, operation: Operation, path: &str, depth: &'static str) -> Result<Vec<DavEntry>> {
        let segments = path_of(path)?;
        let url = self.address(&segments, segments.is_empty() || depth == "1");
        let call: Call<'_> = self
            .client
            .site_call(operation, method("PROPFIND")?, url)
            .bucket(super::READS)
            .header("accept", "text/xml, application/xml")
            .header("depth", depth);
        let text = self.client.send(call).await?.text(LISTING_BYTES).await?;
        listing::read(&text, self.address(&[], true).path())
            .map_err(|problem| odd(operation, format!("the listing of a folder cannot be read: {problem}")))
    }

    /// Returns the address of a path; folders end in `/`.
    fn address(&self, segments: &[&str], folder: bool) -> Url {
        let mut all = vec![self.root.segment()];
        all.extend(segments);
        if folder {
            all.push("");
        }
        join(self.client.site(), &all)
    }
}

/// Takes a path apart.
fn path_of(path: &str) -> Result<Vec<&str>> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let wild = |segment: &&str| matches!(*segment, "." | "..") || segment.chars().any(char::is_control);
    if segments.iter().any(wild) {
        return Err(wrong_path(path));
    }
    Ok(segments)
}

fn wrong_path(path: &str) -> Error {
    Error::new(ErrorKind::Config, "this path cannot be used on the server")
        .provider(KIND)
        .context("path", path.escape_debug())
        .hint("give a path below the root, such as `2024/trip/a.jpg`, without `..`")
}

fn method(name: &'static str) -> Result<Method> {
    Method::from_bytes(name.as_bytes())
        .map_err(|_| Error::new(ErrorKind::Internal, "not the name of a method").context("method", name))
}

/// Returns the status that a refusal came with.
fn status(error: &Error) -> Option<&str> {
    let found = error.details().iter().find(|(name, _)| *name == "status");
    found.map(|(_, value)| value.as_str())
}

/// Says whether there is nothing at an address; at the very root that is told as "no photoprism here".
fn is_absent(error: &Error) -> bool {
    status(error) == Some("404")
}

#[cfg(test)]
mod tests {
    use photomove_http::HttpEnv;

    use super::*;
    use crate::{PhotoPrismAuth, PhotoPrismConfig, SignIn};

    fn dav(url: &str) -> WebDav {
        let config = PhotoPrismConfig::new(Url::parse(url).unwrap());
        let client = PhotoPrismClient::new(&config, &HttpEnv::system(), PhotoPrismAuth::new(SignIn::Public)).unwrap();
        client.webdav(DavRoot::Originals)
    }

    #[test]
    fn addresses_keep_the_base_path_and_encode_names() {
        let dav = dav("https://a.example/prism");
        let segments = path_of("/Trip/Été 50%?.jpg").unwrap();
        assert_eq!(
            dav.address(&segments, false).as_str(),
            "https://a.example/prism/originals/Trip/%C3%89t%C3%A9%2050%25%3F.jpg"
        );
        assert_eq!(dav.address(&[], true).path(), "/prism/originals/");
    }

    #[test]
    fn paths_stay_below_the_root() {
        for path in ["../x", "a/../../b", "a/./b", "a\n"] {
            assert_eq!(*path_of(path).unwrap_err().kind(), ErrorKind::Config, "{path:?}");
        }
    }
}
