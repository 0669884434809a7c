//! A source that loses something when it is asked for a part of its library, and the checks that notice.

use super::*;

/// A source that leaves out more than it is asked for.
#[derive(Debug)]
struct LosingSource(Arc<dyn PhotoSource>);

#[async_trait]
impl PhotoProvider for LosingSource {
    fn info(&self) -> &crate::ProviderInfo {
        self.0.info()
    }
    fn capabilities(&self) -> crate::Capabilities {
        crate::Capabilities::new(self.0.capabilities().source, None)
    }
    async fn connect(&self) -> Result<crate::Account> {
        self.0.connect().await
    }
    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Some(self)
    }
    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        None
    }
}

#[async_trait]
impl PhotoSource for LosingSource {
    async fn start(&self, filters: &crate::Filters) -> Result<crate::Cursor> {
        let losing = match (filters.favourite, filters.album_ids.len()) {
            (true, _) => filters.clone().with_kind(crate::MediaFilter::Video),
            // All albums but the last one.
            (_, 2..) => filters.clone().with_album_ids(filters.album_ids[1..].to_vec()),
            _ => filters.clone(),
        };
        self.0.start(&losing).await
    }
    async fn assets(&self, at: &crate::Cursor) -> Result<crate::Page<crate::Asset>> {
        self.0.assets(at).await
    }
    async fn albums(&self, at: Option<&crate::Cursor>) -> Result<crate::Page<crate::Album>> {
        self.0.albums(at).await
    }
    async fn members(&self, album: &crate::AlbumId, at: Option<&crate::Cursor>) -> Result<crate::Page<crate::Member>> {
        self.0.members(album, at).await
    }
    async fn refresh(&self, asset: &AssetId, locator: &Locator) -> Result<Option<crate::Asset>> {
        self.0.refresh(asset, locator).await
    }
    async fn open(&self, part: &crate::PartId, locator: &Locator, offset: u64) -> Result<Media> {
        self.0.open(part, locator, offset).await
    }
}

struct LosingLibrary(Library);

#[async_trait]
impl SourceFixture for LosingLibrary {
    async fn source(&self) -> Result<Arc<dyn PhotoSource>> {
        let provider = (self.0.make)().with_clock(clock());
        for number in 0..10 {
            let file = picture(number);
            let mut item = MemoryItem::new(format!("id-{number}"), file.file_name, file.bytes);
            item.metadata.favourite = Some(Sourced::provider(number == 2));
            provider.insert(item);
        }
        provider.add_album(MemoryAlbum::new("a", "Summer", ["id-1".into(), "id-2".into()]));
        provider.add_album(MemoryAlbum::new("b", "Winter", ["id-3".into()]));
        Ok(Arc::new(LosingSource(Arc::new(provider))))
    }
    fn files(&self) -> Vec<KnownFile> {
        (0..10).map(picture).collect()
    }
    fn albums(&self) -> Vec<KnownAlbum> {
        self.0.albums()
    }
    fn unknown(&self) -> (AssetId, Locator) {
        self.0.unknown()
    }
}

#[tokio::test]
async fn source_suite_sees_what_filters_lose() {
    let make: Make = || {
        MemoryProvider::new("anna").with_source_caps(|caps| {
            caps.filters = crate::FilterCaps::NONE.with_albums().with_kind();
        })
    };
    let library = LosingLibrary(Library { make, change: |_| {} });
    let failure = source::filtered_listings_lose_nothing(&library).await.unwrap_err();
    assert!(failure.to_string().contains("loses ["), "{failure}");
    let failure = source::listing_of_albums_holds_their_members(&library)
        .await
        .unwrap_err();
    assert!(failure.to_string().contains("its listing gives {}"), "{failure}");
}
