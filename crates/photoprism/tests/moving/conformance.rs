use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use photomove_core::conformance::sink::{self, Arrived, ArrivedAlbum, SinkFixture, TestFile};
use photomove_core::conformance::source::{self, KnownAlbum, KnownFile, SourceFixture};
use photomove_core::{AssetId, Checksums, DestId, LimitedSink, Locator, PhotoSink, PhotoSource, Result};
use photomove_sim::photoprism::StoredPhoto;
use photomove_sim::{Generation, Library, PhotoPrismSwitches};
use rstest::rstest;
use tokio::sync::Mutex;

use crate::support::{Bench, pictures, unstacked};

struct Target {
    bench: Mutex<Option<Bench>>,
    pictures: Vec<Bytes>,
    switches: PhotoPrismSwitches,
    limited: bool,
}

fn below(path: &str) -> PhotoPrismSwitches {
    let mut switches = PhotoPrismSwitches::default();
    switches.base_path = path.to_owned();
    switches
}

fn is_seen(photo: &StoredPhoto) -> bool {
    !photo.archived && photo.quality >= 0
}

#[async_trait]
impl SinkFixture for Target {
    async fn sink(&self) -> Result<Arc<dyn PhotoSink>> {
        let bench = Bench::with(|switches| *switches = self.switches.clone()).await;
        let sink = bench.sink();
        sink.connect().await?;
        *self.bench.lock().await = Some(bench);
        Ok(match self.limited {
            true => Arc::new(LimitedSink::new(sink)),
            false => sink,
        })
    }

    async fn arrived(&self) -> Result<Vec<Arrived>> {
        let bench = self.bench.lock().await;
        let photos = bench.as_ref().unwrap().sim().photos();
        let files = photos.into_iter().filter(is_seen).flat_map(|photo| {
            let description = Some(photo.caption).filter(|text| !text.is_empty());
            let own = photo.files.into_iter().filter(|file| file.root == "/");
            own.map(move |file| Arrived {
                id: DestId::from(file.sha1.as_str()),
                checksums: Checksums {
                    sha1: Checksums::sha1_from_hex(&file.sha1),
                    ..Checksums::default()
                },
                description: description.clone(),
            })
        });
        Ok(files.collect())
    }

    async fn albums(&self) -> Result<Vec<ArrivedAlbum>> {
        let bench = self.bench.lock().await;
        let sim = bench.as_ref().unwrap().sim();
        let photos = sim.photos();
        let file = |uid: &String| {
            let photo = photos.iter().find(|photo| photo.uid == *uid).unwrap();
            DestId::from(photo.files.iter().find(|file| file.root == "/").unwrap().sha1.as_str())
        };
        let albums = sim
            .albums()
            .into_iter()
            .filter(|album| album.kind == "album" && !album.deleted);
        Ok(albums
            .map(|album| ArrivedAlbum {
                id: album.uid.into(),
                title: album.title,
                members: album.photos.iter().map(file).collect(),
            })
            .collect())
    }

    fn file(&self, number: u32) -> TestFile {
        TestFile {
            file_name: format!("{number}.jpg"),
            media_type: "image/jpeg".into(),
            bytes: self.pictures[number as usize].clone(),
        }
    }

    fn knows_equal_bytes(&self) -> bool {
        true
    }

    fn unknown(&self) -> DestId {
        DestId::new("0000000000000000000000000000000000000000")
    }

    fn secrets(&self) -> Vec<String> {
        vec!["photomove-test".to_owned()]
    }
}

#[rstest]
#[case::as_usual(PhotoPrismSwitches::default(), false, 1)]
#[case::first_generation(PhotoPrismSwitches::of(Generation::G1), true, 1)]
#[case::third_generation(PhotoPrismSwitches::of(Generation::G3), true, 1)]
#[case::below_a_path(below("prism/mine"), true, 1)]
#[tokio::test]
async fn the_sink_does_what_every_sink_should(
    #[case] switches: PhotoPrismSwitches,
    #[case] limited: bool,
    #[case] skipped: usize,
) {
    let fixture = Target {
        bench: Mutex::default(),
        pictures: pictures(40).await,
        switches,
        limited,
    };
    let report = sink::all(&fixture).await.unwrap_or_else(|failure| panic!("{failure}"));
    let lines: Vec<_> = report.to_string().lines().skip(1).map(str::to_owned).collect();
    assert_eq!(lines.len(), skipped, "{report}");
}

struct Origin {
    bench: Bench,
    files: Vec<KnownFile>,
    albums: Vec<KnownAlbum>,
}

impl Origin {
    async fn new(change: impl FnOnce(&mut PhotoPrismSwitches)) -> Self {
        let library = Library::synthetic(40, 4096, 5).unwrap();
        let mut files = Vec::new();
        for item in &library.items {
            files.push(KnownFile::new(item.name.clone(), item.blob.bytes().await.unwrap()));
        }
        let members = |album: usize| {
            let items = library.items.iter();
            items
                .filter(move |item| item.albums.contains(&album))
                .map(|item| item.name.clone())
        };
        let albums = library.albums.iter().enumerate();
        let albums = albums
            .map(|(index, album)| KnownAlbum::new(album.title.clone(), members(index)))
            .collect();
        Self {
            bench: Bench::filled(Some(library), Vec::new(), change).await,
            files,
            albums,
        }
    }
}

#[async_trait]
impl SourceFixture for Origin {
    async fn source(&self) -> Result<Arc<dyn PhotoSource>> {
        Ok(self.bench.source())
    }

    fn files(&self) -> Vec<KnownFile> {
        self.files.clone()
    }

    fn albums(&self) -> Vec<KnownAlbum> {
        self.albums.clone()
    }

    fn unknown(&self) -> (AssetId, Locator) {
        (
            AssetId::from("psrcszk4v9n2t6x1"),
            Locator(serde_json::json!({ "hashes": {} })),
        )
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.bench.sim().password().to_owned()]
    }
}

#[rstest]
#[case::as_usual(Generation::G2)]
#[case::first_generation(Generation::G1)]
#[case::third_generation(Generation::G3)]
#[tokio::test]
async fn the_source_does_what_every_source_should(#[case] generation: Generation) {
    let fixture = Origin::new(|switches| {
        *switches = PhotoPrismSwitches::of(generation);
        unstacked(switches);
    })
    .await;
    let report = source::all(&fixture)
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(report.passed(), report.checks.len() - 1, "{report}");
}
