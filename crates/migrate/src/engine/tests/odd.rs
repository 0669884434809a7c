//! A source in front of another one that hides, delays or invents.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use photomove_core::{
    Account, Album, AlbumId, Asset, AssetId, Capabilities, Cursor, Error, ErrorKind, Filters, Locator, Media, Member,
    MemoryProvider, Page, PartId, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, Result,
};

pub(super) struct OddSource {
    inner: Arc<MemoryProvider>,
    /// Nobody is told how long a file is.
    pub hide_sizes: bool,
    /// It says that it has so many assets.
    pub hint: Option<u64>,
    /// It lists this one only from the second listing on.
    pub late: Option<AssetId>,
    /// It does not have this one, although it listed it.
    pub gone: Option<AssetId>,
    /// After so many openings it has nothing of what it listed.
    pub gone_after: Option<usize>,
    /// It answers with empty pages for ever.
    pub endless: bool,
    /// The byte at this place is another one the first time that it is read.
    pub flips: Mutex<Option<u64>>,
    /// From where files were read.
    pub opened: Arc<Mutex<Vec<u64>>>,
    /// How many bytes were read.
    pub given: Arc<AtomicU64>,
    /// It does not say how many assets it has.
    pub hintless: bool,
    /// Called before each page of assets.
    pub look: Option<Box<dyn Fn() + Send + Sync>>,
    /// Called whenever a file is opened.
    pub at_open: Option<Box<dyn Fn() + Send + Sync>>,
    starts: AtomicU64,
    pages: AtomicU64,
}

impl fmt::Debug for OddSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OddSource")
    }
}

impl OddSource {
    pub(super) fn new(inner: &Arc<MemoryProvider>) -> Self {
        Self {
            inner: Arc::clone(inner),
            hide_sizes: false,
            hint: None,
            late: None,
            gone: None,
            gone_after: None,
            endless: false,
            flips: Mutex::new(None),
            opened: Arc::default(),
            given: Arc::default(),
            hintless: false,
            look: None,
            at_open: None,
            starts: AtomicU64::new(0),
            pages: AtomicU64::new(0),
        }
    }

    fn is_gone(&self, locator: &Locator) -> bool {
        self.gone.as_ref().is_some_and(|id| locator.0["item"] == id.as_str())
            || self
                .gone_after
                .is_some_and(|openings| self.opened.lock().unwrap().len() >= openings)
    }
}

#[async_trait]
impl PhotoProvider for OddSource {
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
        Some(self)
    }
    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        None
    }
}

#[async_trait]
impl PhotoSource for OddSource {
    async fn start(&self, filters: &Filters) -> Result<Cursor> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        self.inner.start(filters).await
    }
    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>> {
        if let Some(look) = &self.look {
            look();
        }
        if self.endless {
            let page = self.pages.fetch_add(1, Ordering::SeqCst);
            let next = Cursor {
                resume: serde_json::json!({ "page": page + 1 }),
                fast: None,
                fast_until: None,
            };
            return Ok(Page {
                items: Vec::new(),
                next: Some(next),
                total_hint: None,
            });
        }
        let mut page = self.inner.assets(at).await?;
        page.total_hint = self.hint.or(page.total_hint).filter(|_| !self.hintless);
        if let Some(late) = self.late.as_ref().filter(|_| self.starts.load(Ordering::SeqCst) < 2) {
            page.items
                .retain(|item| item.as_ref().map_or(true, |asset| asset.id != *late));
        }
        if self.hide_sizes {
            for part in page.items.iter_mut().flatten().flat_map(|asset| &mut asset.parts) {
                part.size_bytes = None;
            }
        }
        Ok(page)
    }
    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>> {
        PhotoSource::albums(&*self.inner, at).await
    }
    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>> {
        self.inner.members(album, at).await
    }
    async fn refresh(&self, asset: &AssetId, locator: &Locator) -> Result<Option<Asset>> {
        if self.is_gone(locator) {
            return Ok(None);
        }
        self.inner.refresh(asset, locator).await
    }
    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        if self.is_gone(locator) {
            return Err(Error::new(ErrorKind::NotFound, "the file is gone"));
        }
        let mut media = self.inner.open(part, locator, offset).await?;
        if self.hide_sizes {
            media.size_bytes = None;
        }
        self.opened.lock().unwrap().push(offset);
        if let Some(call) = &self.at_open {
            call();
        }
        let mut flip = self.flips.lock().unwrap().take_if(|at| *at >= media.starts_at);
        let (given, mut at) = (Arc::clone(&self.given), media.starts_at);
        media.stream = media
            .stream
            .map_ok(move |chunk| {
                let begins = at;
                at += chunk.len() as u64;
                given.fetch_add(chunk.len() as u64, Ordering::SeqCst);
                let Some(here) = flip.take_if(|place| *place < at) else {
                    return chunk;
                };
                let mut wrong = chunk.to_vec();
                wrong[usize::try_from(here - begins).unwrap()] ^= 1;
                wrong.into()
            })
            .boxed();
        Ok(media)
    }
}
