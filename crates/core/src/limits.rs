//! Limits are checked here, in one wrapper, not in each provider.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Account, AlbumCaps, Body, Capabilities, Claim, Committed, DestAlbumId, DestId, Error, ErrorKind, Evidence, Fields,
    Intent, Lookup, Media, Metadata, NewAlbum, NewPart, Operation, PartId, PhotoProvider, PhotoSink, PhotoSource,
    ProviderInfo, Rejection, Result, SettingChange, Settled, SinkCaps, StageLog, Staged, StagedBundle, TextLimits,
    Wanted,
};

/// Cuts a text to at most `max` Unicode scalar values; what is borrowed was short enough.
pub fn cut_chars(text: &str, max: u32) -> Cow<'_, str> {
    // A machine whose `usize` cannot hold the limit cannot hold a longer text either.
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    match text.char_indices().nth(max) {
        Some((end, _)) => Cow::Owned(text[..end].to_owned()),
        None => Cow::Borrowed(text),
    }
}

/// Cuts a file name to at most `max` Unicode scalar values and keeps its extension; what is borrowed was short enough.
///
/// What follows the last dot is an extension if it is 1 to 10 ASCII letters and digits and leaves room for a name.
pub fn cut_file_name(name: &str, max: u32) -> Cow<'_, str> {
    let Cow::Owned(plain) = cut_chars(name, max) else {
        return Cow::Borrowed(name);
    };
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return Cow::Owned(plain);
    };
    let is_extension =
        (1..=10).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // ASCII only, so bytes are characters; one more for the dot.
    let kept = u32::try_from(extension.len() + 1).unwrap_or(u32::MAX);
    if !is_extension || stem.is_empty() || kept >= max {
        return Cow::Owned(plain);
    }
    Cow::Owned(format!("{}.{extension}", cut_chars(stem, max - kept)))
}

/// A sink that keeps the limits of the one inside: it refuses what is too large before anything is sent, and cuts texts
/// that are too long.
///
/// Cutting is silent here: who reports losses compares a text with [`cut_chars`] or [`cut_file_name`] of it first.
#[derive(Debug, Clone)]
pub struct LimitedSink {
    inner: Arc<dyn PhotoSink>,
}

impl LimitedSink {
    /// Wraps a sink.
    pub fn new(inner: Arc<dyn PhotoSink>) -> Self {
        Self { inner }
    }

    fn caps(&self) -> Option<SinkCaps> {
        self.inner.capabilities().sink
    }

    fn texts(&self) -> TextLimits {
        self.caps().map(|caps| caps.texts).unwrap_or_default()
    }

    fn title_chars(&self) -> Option<u32> {
        Some(self.caps()?.albums?.title_chars)
    }

    fn albums(&self, operation: Operation) -> Result<Option<AlbumCaps>> {
        match self.caps() {
            None => Ok(None),
            Some(SinkCaps {
                albums: Some(albums), ..
            }) => Ok(Some(albums)),
            Some(_) => Err(self.refused(ErrorKind::Unsupported, operation, "it has no albums")),
        }
    }

    fn refused(&self, kind: ErrorKind, operation: Operation, message: impl Into<String>) -> Error {
        Error::new(kind, message)
            .provider(self.inner.info().kind)
            .operation(operation)
    }

    fn too_many(&self, operation: Operation, what: &str, count: usize, limit: u32) -> Result<()> {
        if u32::try_from(count).is_ok_and(|count| count <= limit) {
            return Ok(());
        }
        let message = format!("{count} {what} in one request, it takes {limit}");
        Err(self.refused(ErrorKind::Rejected(Rejection::Invalid), operation, message))
    }

    fn check_body(&self, caps: &SinkCaps, part: &NewPart, body: &dyn Body) -> Result<()> {
        let refuse = |kind, message: String| {
            Err(self
                .refused(kind, Operation::Stage, message)
                .context("file", &part.file_name))
        };
        let size = body.size_bytes();
        if size == 0 {
            return refuse(ErrorKind::Rejected(Rejection::Empty), "the file is empty".into());
        }
        if let Some(limit) = byte_limit(caps, part.media_type.as_deref()).filter(|limit| size > *limit) {
            let message = format!("the file has {size} bytes, it takes {limit}");
            return refuse(ErrorKind::Rejected(Rejection::TooLarge), message);
        }
        let known = body.checksums().kinds();
        // What streams straight into a resumable upload is hashed on its way, and sealed before that is final.
        if !caps.resumable && !known.contains(caps.needs_before_stage) {
            let message = format!(
                "it needs {} before the first byte, known: {known}",
                caps.needs_before_stage
            );
            return refuse(ErrorKind::Unsupported, message);
        }
        Ok(())
    }
}

/// Largest file of that type; of an unknown type whatever is allowed for any type, the sink will know.
pub(crate) fn byte_limit(caps: &SinkCaps, media_type: Option<&str>) -> Option<u64> {
    let is = |kind: &str, main: &str| kind.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(main));
    match media_type {
        Some(kind) if is(kind, "video/") => caps.limits.video,
        Some(kind) if is(kind, "image/") => caps.limits.photo,
        // `application/octet-stream` and the like say no more than no type at all.
        _ => Some(caps.limits.photo?.max(caps.limits.video?)),
    }
}

/// Returns the metadata with its texts cut, `None` if nothing is too long.
fn cut_metadata(metadata: &Metadata, limits: TextLimits) -> Option<Metadata> {
    let description = metadata.description.as_ref()?;
    let Cow::Owned(text) = cut_chars(&description.value, limits.description_chars?) else {
        return None;
    };
    let mut cut = metadata.clone();
    cut.description.as_mut()?.value = text;
    Some(cut)
}

/// Returns the name cut, `None` if it is not too long.
fn cut_name(name: &str, limits: TextLimits) -> Option<String> {
    match cut_file_name(name, limits.file_name_chars?) {
        Cow::Owned(name) => Some(name),
        Cow::Borrowed(_) => None,
    }
}

fn cut_part(part: &NewPart, limits: TextLimits) -> Cow<'_, NewPart> {
    let (name, metadata) = (cut_name(&part.file_name, limits), cut_metadata(&part.metadata, limits));
    if name.is_none() && metadata.is_none() {
        return Cow::Borrowed(part);
    }
    let mut part = part.clone();
    part.file_name = name.unwrap_or(part.file_name);
    part.metadata = metadata.unwrap_or(part.metadata);
    Cow::Owned(part)
}

fn cut_bundles(bundles: &[StagedBundle], limits: TextLimits) -> Cow<'_, [StagedBundle]> {
    let mut out = Cow::Borrowed(bundles);
    for (index, bundle) in bundles.iter().enumerate() {
        if let Some(name) = cut_name(&bundle.file_name, limits) {
            out.to_mut()[index].file_name = name;
        }
        if let Some(metadata) = cut_metadata(&bundle.metadata, limits) {
            out.to_mut()[index].metadata = metadata;
        }
    }
    out
}

fn cut_album(album: &NewAlbum, title_chars: Option<u32>) -> NewAlbum {
    let title = title_chars.map_or(Cow::Borrowed(&*album.title), |max| cut_chars(&album.title, max));
    NewAlbum {
        title: title.into_owned(),
        description: album.description.clone(),
    }
}

fn cut_wanted(wanted: &Wanted, limits: TextLimits) -> Wanted {
    let mut out = wanted.clone();
    out.file_name = cut_name(&wanted.file_name, limits).unwrap_or(out.file_name);
    out
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl PhotoProvider for LimitedSink {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn connect(&self) -> Result<Account> {
        self.inner.connect().await
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Arc::clone(&self.inner).as_source()
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(self)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl PhotoSink for LimitedSink {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        let limits = self.texts();
        // What was stored under a cut name is found under the cut name.
        let cut: Vec<Wanted> = wanted.iter().map(|wanted| cut_wanted(wanted, limits)).collect();
        self.inner.find(&cut).await
    }

    async fn stage(
        &self,
        part: &NewPart,
        body: &dyn Body,
        resume: Option<&Staged>,
        log: &dyn StageLog,
    ) -> Result<Staged> {
        if let Some(caps) = self.caps() {
            self.check_body(&caps, part, body)?;
        }
        let part = cut_part(part, self.texts());
        self.inner.stage(&part, body, resume, log).await
    }

    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        if let Some(caps) = self.caps() {
            self.too_many(Operation::Commit, "items", batch.len(), caps.commit_batch.get())?;
        }
        if album.is_some() && self.albums(Operation::Commit)?.is_some_and(|albums| !albums.on_commit) {
            let message = "it takes no album when items are created";
            return Err(self.refused(ErrorKind::Unsupported, Operation::Commit, message));
        }
        self.inner.commit(&cut_bundles(batch, self.texts()), album).await
    }

    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        // The intent was written down uncut, the request was sent cut: the sink must look for what it was sent.
        let texts = self.texts();
        let sent = match intent {
            Intent::Stage { part, wanted, staged } => Intent::Stage {
                part: *part,
                wanted: cut_wanted(wanted, texts),
                staged: staged.clone(),
            },
            Intent::Commit { bundles, album } => Intent::Commit {
                bundles: cut_bundles(bundles, texts).into_owned(),
                album: album.clone(),
            },
            Intent::CreateAlbum { album, since, known } => Intent::CreateAlbum {
                album: cut_album(album, self.title_chars()),
                since: *since,
                known: known.clone(),
            },
            Intent::AddToAlbum { .. } => intent.clone(),
        };
        self.inner.settle(&sent).await
    }

    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        let title_chars = self.albums(Operation::CreateAlbum)?.map(|albums| albums.title_chars);
        self.inner.create_album(&cut_album(album, title_chars)).await
    }

    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        if let Some(albums) = self.albums(Operation::AddToAlbum)? {
            self.too_many(Operation::AddToAlbum, "members", members.len(), albums.add_batch)?;
        }
        self.inner.add_to_album(album, members).await
    }

    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        let cut = cut_metadata(patch, self.texts());
        self.inner.describe(item, cut.as_ref().unwrap_or(patch)).await
    }

    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        self.inner.verify(claims).await
    }

    async fn read_back(&self, item: &DestId, part: &PartId) -> Result<Media> {
        self.inner.read_back(item, part).await
    }

    async fn changes_ahead(&self) -> Result<Vec<SettingChange>> {
        self.inner.changes_ahead().await
    }

    async fn prepare(&self) -> Result<Vec<SettingChange>> {
        self.inner.prepare().await
    }

    async fn restore(&self, changes: &[SettingChange]) -> Result<()> {
        self.inner.restore(changes).await
    }
}

#[cfg(test)]
mod tests;
