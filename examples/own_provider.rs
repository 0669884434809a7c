//! A provider of one's own: a shoebox of scanned slides, moved into memory.
//!
//! A source needs eleven short methods. The conformance suite of `photomove-core` then says whether it keeps its promises.
//!
//! Run it with `cargo run --example own_provider`.

#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::sync::Arc;

use photomove::core::{
    Account, Album, AlbumId, Asset, AssetId, BytesBody, Capabilities, Checksums, Cursor, Error, ErrorKind, Fidelity,
    Fields, FilterCaps, Filters, HashKinds, Locator, Media, MediaKind, Member, MemoryProvider, Metadata, Origin, Page,
    Part, PartId, PartRole, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, ReadOrder, Result, Scope, SourceCaps,
    Sourced, SystemClock,
};
use photomove::migrate::{EngineEnv, Journal, MigrateOptions, Migration};

/// One slide: what is written on its frame, and the scan.
#[derive(Debug)]
struct Slide {
    caption: &'static str,
    scan: &'static [u8],
}

/// A box of slides. The box itself is the only album.
#[derive(Debug)]
struct Shoebox {
    info: ProviderInfo,
    slides: Vec<Slide>,
}

impl Shoebox {
    fn new(slides: Vec<Slide>) -> Self {
        let info = ProviderInfo {
            kind: "shoebox",
            label: "Grandfather's shoebox".into(),
            origins: Vec::new(),
        };
        Self { info, slides }
    }

    fn asset(&self, number: usize) -> Option<Asset> {
        let slide = self.slides.get(number)?;
        let description = Sourced {
            value: slide.caption.to_owned(),
            origin: Origin::Sidecar,
        };
        Some(Asset {
            id: AssetId::new(number.to_string()),
            kind: MediaKind::Photo,
            revision: "1".into(),
            parts: vec![Part {
                id: PartId::new("scan"),
                role: PartRole::Primary,
                file_name: format!("slide-{number:03}.jpg"),
                media_type: Some("image/jpeg".into()),
                size_bytes: Some(slide.scan.len() as u64),
                checksums: Checksums::of(slide.scan),
            }],
            metadata: Metadata {
                description: Some(description),
                ..Metadata::default()
            },
            albums: None,
            // Whatever the source needs to find the asset again; here its number.
            locator: Locator(number.into()),
            read_before: None,
        })
    }

    fn slide(&self, locator: &Locator) -> Option<&Slide> {
        let number = usize::try_from(locator.0.as_u64()?).ok()?;
        self.slides.get(number)
    }
}

#[async_trait::async_trait]
impl PhotoProvider for Shoebox {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        let source = SourceCaps {
            scope: Scope::WholeLibrary,
            fidelity: Fidelity::Original,
            hashes: HashKinds::MD5.union(HashKinds::SHA1),
            fields: Fields::DESCRIPTION,
            ranged: true,
            order: ReadOrder::Any,
            members_in_listing: false,
            open_concurrency: 4,
            filters: FilterCaps::NONE,
            loses: &[],
        };
        Capabilities::new(Some(source), None)
    }

    async fn connect(&self) -> Result<Account> {
        Ok(Account {
            owner: "grandfather".into(),
            label: None,
            used: None,
            limit: None,
            expires: None,
        })
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Some(self)
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        None
    }
}

/// Everything fits on one page here; a larger source would put its position into `resume`.
fn start() -> Cursor {
    Cursor {
        resume: serde_json::json!({"page": 0}),
        fast: None,
        fast_until: None,
    }
}

fn last_page<T>(items: Vec<T>) -> Page<T> {
    let total_hint = Some(items.len() as u64);
    Page {
        items: items.into_iter().map(Ok).collect(),
        next: None,
        total_hint,
    }
}

#[async_trait::async_trait]
impl PhotoSource for Shoebox {
    async fn start(&self, _filters: &Filters) -> Result<Cursor> {
        Ok(start())
    }

    async fn assets(&self, _at: &Cursor) -> Result<Page<Asset>> {
        Ok(last_page(
            (0..self.slides.len()).filter_map(|number| self.asset(number)).collect(),
        ))
    }

    async fn albums(&self, _at: Option<&Cursor>) -> Result<Page<Album>> {
        Ok(last_page(vec![Album {
            id: "box".into(),
            title: "Slides 1971".into(),
            description: None,
            item_count: Some(self.slides.len() as u64),
            shared: false,
        }]))
    }

    async fn members(&self, album: &AlbumId, _at: Option<&Cursor>) -> Result<Page<Member>> {
        if album.as_str() != "box" {
            return Err(Error::new(ErrorKind::NotFound, "there is only one box").provider("shoebox"));
        }
        let members = (0..self.slides.len()).map(|number| Member {
            asset: AssetId::new(number.to_string()),
            position: Some(number as u64),
        });
        Ok(last_page(members.collect()))
    }

    async fn refresh(&self, _asset: &AssetId, locator: &Locator) -> Result<Option<Asset>> {
        Ok(locator
            .0
            .as_u64()
            .and_then(|number| self.asset(usize::try_from(number).ok()?)))
    }

    async fn open(&self, _part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        let slide = self
            .slide(locator)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "the slide is not in the box").provider("shoebox"))?;
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| slide.scan.get(offset..))
            .unwrap_or_default();
        Ok(Media {
            starts_at: offset,
            size_bytes: Some(slide.scan.len() as u64),
            stream: BytesBody::chunks(rest.into()),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let shoebox = Arc::new(Shoebox::new(vec![
        Slide {
            caption: "the new car",
            scan: b"scan of the new car",
        },
        Slide {
            caption: "at the lake",
            scan: b"scan of the lake",
        },
        Slide {
            caption: "at the lake, again",
            scan: b"scan of the lake",
        },
    ]));
    let memory = Arc::new(MemoryProvider::new("anna"));
    let folder = tempfile::tempdir().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;

    let journal = Journal::open(&folder.path().join("journal.db"), SystemClock::shared())?;
    let options = MigrateOptions::new(folder.path());
    let summary = Migration::new(shoebox, memory.clone(), journal, options, EngineEnv::system())
        .run()
        .await?;

    let accounting = summary.accounting;
    println!(
        "found {}, verified {}, failed {}",
        accounting.found.count, accounting.verified.count, accounting.failed.count
    );
    for item in memory.items() {
        let description = item.metadata.description.map(|text| text.value).unwrap_or_default();
        println!("{} ({description})", item.file_name);
    }
    for album in memory.albums() {
        println!("album {}: {} items", album.title, album.members.len());
    }
    Ok(())
}
