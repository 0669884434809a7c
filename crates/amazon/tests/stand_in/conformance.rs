//! The checks that every source passes.

use std::sync::Arc;

use async_trait::async_trait;
use photomove_core::conformance::source::{self, KnownAlbum, KnownFile, SourceFixture};
use photomove_core::{AssetId, Locator, PhotoSource, Result};
use photomove_sim::amazon::{RedirectTarget, TokenRule};
use photomove_sim::{AmazonSwitches, Library};
use rstest::rstest;

use crate::support::StandIn;

struct Fixture {
    stand_in: StandIn,
    files: Vec<KnownFile>,
    albums: Vec<KnownAlbum>,
}

impl Fixture {
    async fn new(switches: AmazonSwitches) -> Self {
        let library = Library::synthetic(40, 4096, 5).unwrap();
        let mut files = Vec::new();
        for item in &library.items {
            files.push(KnownFile::new(item.name.clone(), item.blob.bytes().await.unwrap()));
        }
        let members = |album: usize| {
            library
                .items
                .iter()
                .filter(move |item| item.albums.contains(&album))
                .map(|item| item.name.clone())
        };
        let albums = library.albums.iter().enumerate();
        let albums = albums
            .map(|(index, album)| KnownAlbum::new(album.title.clone(), members(index)))
            .collect();
        Self {
            stand_in: StandIn::start(library, switches).await,
            files,
            albums,
        }
    }
}

#[async_trait]
impl SourceFixture for Fixture {
    async fn source(&self) -> Result<Arc<dyn PhotoSource>> {
        Ok(self.stand_in.provider())
    }

    fn files(&self) -> Vec<KnownFile> {
        self.files.clone()
    }

    fn albums(&self) -> Vec<KnownAlbum> {
        self.albums.clone()
    }

    fn unknown(&self) -> (AssetId, Locator) {
        (
            AssetId::from("-nosuchnode0000000000a"),
            Locator(serde_json::json!({ "owner": "A0NOBODY" })),
        )
    }

    fn secrets(&self) -> Vec<String> {
        self.stand_in
            .sim()
            .cookies()
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }
}

#[rstest]
#[case::as_expected(AmazonSwitches::default())]
#[case::strict(AmazonSwitches { strict: true, raw_exif: true, ..AmazonSwitches::default() })]
#[case::without_tokens(AmazonSwitches { tokens: TokenRule::Never, ..AmazonSwitches::default() })]
#[case::tokens_for_links_only(AmazonSwitches { tokens: TokenRule::AssetAllAndTempLink, ..AmazonSwitches::default() })]
#[case::by_redirect(AmazonSwitches { signed_download: false, ..AmazonSwitches::default() })]
#[case::by_storage(AmazonSwitches { signed_download: false, redirect_target: RedirectTarget::PreSigned, ..AmazonSwitches::default() })]
#[tokio::test]
async fn source_does_what_every_source_should(#[case] switches: AmazonSwitches) {
    let fixture = Fixture::new(switches).await;
    let report = source::all(&fixture).await.unwrap();
    assert!(report.passed() >= report.checks.len() - 1, "{report}");
    fixture.stand_in.end().await;
}
