//! The suites run on providers in memory, and fail where they should.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rstest::rstest;
use serde_json::json;

use super::sink::{self, Arrived, ArrivedAlbum, SinkFixture, TestFile};
use super::source::{self, KnownAlbum, KnownFile, SourceFixture};
use super::{Failure, Outcome};
use crate::{
    AssetId, Body, BundleKind, Checksums, Claim, Committed, Damage, DestAlbumId, DestId, Evidence, Fields, HashKinds,
    Intent, LimitedSink, Locator, Lookup, ManualClock, Media, MediaKind, MemoryAlbum, MemoryItem, MemoryPart,
    MemoryProvider, Metadata, NewAlbum, NewPart, PartId, PartRole, PhotoProvider, PhotoSink, PhotoSource, Result,
    SettingChange, Settled, SharedClock, Sourced, StageKind, StageLog, Staged, StagedBundle, Wanted,
};

mod losing;

fn clock() -> SharedClock {
    Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH))
}

type Make = fn() -> MemoryProvider;

/// A library of 11 files in 10 assets and 2 albums.
struct Library {
    make: Make,
    change: fn(&MemoryProvider),
}

fn picture(number: u32) -> KnownFile {
    let bytes: Vec<u8> = (0..5000).map(|at: u32| (at * (number + 3) % 251) as u8).collect();
    KnownFile::new(format!("picture-{number}.jpg"), bytes)
}

#[async_trait]
impl SourceFixture for Library {
    async fn source(&self) -> Result<Arc<dyn PhotoSource>> {
        let provider = (self.make)().with_clock(clock());
        for number in 0..10 {
            let file = picture(number);
            let mut item = MemoryItem::new(format!("id-{number}"), file.file_name, file.bytes);
            item.metadata.favourite = Some(Sourced::provider(number == 2 || number == 7));
            item.metadata.taken = (number != 5).then(|| {
                let day = jiff::civil::date(2023, 7, 1 + number as i8).at(12, 0, 0, 0);
                Sourced::provider(crate::CaptureTime::local(day, crate::Precision::Second))
            });
            if number == 4 {
                item.kind = MediaKind::LivePhoto;
                let clip = KnownFile::new("clip.mov", picture(99).bytes);
                let (file_name, bytes) = (clip.file_name, clip.bytes);
                item.parts = vec![MemoryPart {
                    role: PartRole::Motion,
                    file_name,
                    bytes,
                    media_type: None,
                }];
            }
            provider.insert(item);
        }
        let ids = |numbers: &[u32]| {
            numbers
                .iter()
                .map(|n| AssetId::new(format!("id-{n}")))
                .collect::<Vec<_>>()
        };
        provider.add_album(MemoryAlbum::new("a", "Summer", ids(&[9, 1, 2, 4])));
        provider.add_album(MemoryAlbum::new("b", "Winter", ids(&[2])));
        (self.change)(&provider);
        Ok(Arc::new(provider))
    }

    fn files(&self) -> Vec<KnownFile> {
        let clip = KnownFile::new("clip.mov", picture(99).bytes);
        (0..10).map(picture).chain([clip]).collect()
    }

    fn albums(&self) -> Vec<KnownAlbum> {
        let names = |numbers: &[u32]| numbers.iter().map(|n| picture(*n).file_name).collect::<Vec<_>>();
        vec![
            KnownAlbum::new("Summer", names(&[1, 2, 4, 9])),
            KnownAlbum::new("Winter", names(&[2])),
        ]
    }

    fn unknown(&self) -> (AssetId, Locator) {
        ("nothing".into(), Locator(json!({ "item": "nothing" })))
    }
}

#[rstest]
#[case::one_page(|| MemoryProvider::new("anna"))]
#[case::small_pages(|| MemoryProvider::new("anna").with_page_items(3))]
#[case::no_ranges(|| MemoryProvider::new("anna").with_source_caps(|caps| caps.ranged = false))]
#[case::albums_in_listing(|| MemoryProvider::new("anna").with_source_caps(|caps| caps.members_in_listing = true))]
#[case::filters_itself(|| MemoryProvider::new("anna").with_page_items(3).with_source_caps(|caps| {
    caps.filters = crate::FilterCaps::NONE.with_albums().with_kind().with_favourite().with_dates();
}))]
#[case::few_promises(|| MemoryProvider::new("anna").with_source_caps(|caps| {
    caps.hashes = HashKinds::MD5;
    caps.fields = Fields::NONE;
}))]
#[case::no_sink(|| MemoryProvider::new("anna").without_sink())]
#[tokio::test]
async fn memory_is_a_source(#[case] make: Make) -> Result<(), Failure> {
    let report = source::all(&Library { make, change: |_| {} }).await?;
    assert!(report.passed() >= report.checks.len() - 2, "{report}");
    Ok(())
}

async fn source_failure(make: Make, change: fn(&MemoryProvider)) -> &'static str {
    let failure = source::all(&Library { make, change })
        .await
        .expect_err("the suite should fail");
    failure.check.expect("a suite names the check")
}

#[tokio::test]
async fn source_suite_sees_what_is_wrong() {
    let plain: Make = || MemoryProvider::new("anna").with_page_items(3);
    let wrong = |provider: &MemoryProvider| {
        assert!(provider.damage(&"id-7".into(), Damage::WrongBytes, u32::MAX));
    };
    assert_eq!(source_failure(plain, wrong).await, "open_gives_the_promised_bytes");
    let short = |provider: &MemoryProvider| {
        assert!(provider.damage(&"id-7".into(), Damage::EndsAfter(100), u32::MAX));
    };
    assert_eq!(source_failure(plain, short).await, "open_gives_the_promised_bytes");
    let broken = |provider: &MemoryProvider| {
        assert!(provider.damage(&"id-7".into(), Damage::BreaksAfter(100), u32::MAX));
    };
    assert_eq!(source_failure(plain, broken).await, "open_gives_the_promised_bytes");
    let gone = |provider: &MemoryProvider| assert!(provider.remove(&"id-3".into()));
    assert_eq!(source_failure(plain, gone).await, "listing_holds_every_file_once");
    let moved = |provider: &MemoryProvider| provider.add_album(MemoryAlbum::new("b", "Winter", ["id-3".into()]));
    assert_eq!(source_failure(plain, moved).await, "albums_hold_what_they_should");
    let extra = |provider: &MemoryProvider| provider.add_album(MemoryAlbum::new("c", "Extra", []));
    assert_eq!(source_failure(plain, extra).await, "albums_hold_what_they_should");
}

/// A new library in memory for each check.
struct Target {
    make: Make,
    /// Claims that the service knows equal bytes again.
    dedup: bool,
    /// Goes through [`LimitedSink`].
    limited: bool,
    last: Mutex<Option<Arc<MemoryProvider>>>,
}

impl Target {
    fn new(make: Make) -> Self {
        Self {
            make,
            dedup: true,
            limited: false,
            last: Mutex::new(None),
        }
    }

    fn last(&self) -> Arc<MemoryProvider> {
        self.last.lock().unwrap().clone().expect("a sink was made")
    }
}

#[async_trait]
impl SinkFixture for Target {
    async fn sink(&self) -> Result<Arc<dyn PhotoSink>> {
        let provider = Arc::new((self.make)().with_clock(clock()));
        *self.last.lock().unwrap() = Some(Arc::clone(&provider));
        Ok(if self.limited {
            Arc::new(LimitedSink::new(provider))
        } else {
            provider
        })
    }

    async fn arrived(&self) -> Result<Vec<Arrived>> {
        let arrived = |item: MemoryItem| Arrived {
            id: DestId::new(item.id.as_str()),
            checksums: Checksums::of(&item.bytes),
            description: item.metadata.description.map(|text| text.value),
        };
        Ok(self.last().items().into_iter().map(arrived).collect())
    }

    async fn albums(&self) -> Result<Vec<ArrivedAlbum>> {
        let arrived = |album: MemoryAlbum| ArrivedAlbum {
            id: DestAlbumId::new(album.id.as_str()),
            title: album.title,
            members: album.members.into_iter().map(|id| DestId::new(id.as_str())).collect(),
        };
        Ok(self.last().albums().into_iter().map(arrived).collect())
    }

    fn file(&self, number: u32) -> TestFile {
        let KnownFile { file_name, bytes } = picture(number);
        TestFile {
            file_name,
            media_type: "image/jpeg".into(),
            bytes,
        }
    }

    fn knows_equal_bytes(&self) -> bool {
        self.dedup
    }
}

fn kind() -> MemoryProvider {
    MemoryProvider::new("anna")
}

fn visible_at_once() -> MemoryProvider {
    kind().with_sink_caps(|caps| caps.stage = StageKind::VisibleAtOnce)
}

fn resumable_stacks() -> MemoryProvider {
    kind().with_sink_caps(|caps| {
        caps.resumable = true;
        caps.bundle = BundleKind::PartsStack;
        caps.staged_ttl = Some(Duration::from_secs(60));
        caps.needs_before_stage = HashKinds::SHA256;
    })
}

fn with_settings() -> MemoryProvider {
    let (setting, before, after) = ("stacking".into(), "on".into(), "off".into());
    kind().with_setting(SettingChange { setting, before, after })
}

#[rstest]
#[case::kind(kind)]
#[case::demanding(|| MemoryProvider::demanding("anna"))]
#[case::tokens_work_once(|| MemoryProvider::demanding("anna").with_token_reuse(false))]
#[case::visible_at_once(visible_at_once)]
#[case::resumable_stacks(resumable_stacks)]
#[case::settings(with_settings)]
#[case::no_proof(|| kind().with_exists_only_evidence())]
#[case::one_at_a_time(|| kind().with_sink_caps(|caps| caps.commit_batch = std::num::NonZeroU32::MIN))]
#[case::no_albums(|| kind().with_sink_caps(|caps| caps.albums = None))]
#[case::albums_by_title(|| kind().with_sink_caps(|caps| {
    if let Some(albums) = &mut caps.albums {
        albums.find_or_create = true;
    }
}))]
#[tokio::test]
async fn memory_is_a_sink(#[case] make: Make, #[values(false, true)] limited: bool) -> Result<(), Failure> {
    let report = sink::all(&Target {
        limited,
        ..Target::new(make)
    })
    .await?;
    assert!(report.passed() >= 14, "{report}");
    Ok(())
}

#[tokio::test]
async fn memory_without_dedup_is_a_sink() -> Result<(), Failure> {
    let report = sink::all(&Target {
        dedup: false,
        ..Target::new(|| kind().with_dedup(false))
    })
    .await?;
    assert!(
        report
            .to_string()
            .contains("`same_bytes_twice_are_one_item` does not apply"),
        "{report}"
    );
    Ok(())
}

#[tokio::test]
async fn sink_suite_sees_that_equal_bytes_double() {
    let failure = sink::all(&Target::new(|| kind().with_dedup(false)))
        .await
        .expect_err("the suite should fail");
    assert_eq!(failure.check, Some("same_bytes_twice_are_one_item"));
    assert!(
        failure
            .to_string()
            .starts_with("check `same_bytes_twice_are_one_item` failed: "),
        "{failure}"
    );
}

/// How a sink can be wrong in ways that [`MemoryProvider`] cannot be set to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    MixesAnswers,
    ClaimsAnyHash,
    ForgetsSettling,
    StoresLess,
    FindsByName,
    ShowsTokens,
    AddsTwice,
}

#[derive(Debug)]
struct WrongSink {
    inner: Arc<MemoryProvider>,
    wrong: Wrong,
    /// There to be shown by `Debug`.
    shown: Mutex<String>,
}

#[async_trait]
impl PhotoProvider for WrongSink {
    fn info(&self) -> &crate::ProviderInfo {
        self.inner.info()
    }
    fn capabilities(&self) -> crate::Capabilities {
        let mut caps = self.inner.capabilities();
        caps.source = None;
        caps
    }
    async fn connect(&self) -> Result<crate::Account> {
        self.inner.connect().await
    }
    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        None
    }
    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(self)
    }
}

#[async_trait]
impl PhotoSink for WrongSink {
    async fn find(&self, wanted: &[Wanted]) -> Result<Vec<Lookup>> {
        let mut answers = self.inner.find(wanted).await?;
        if self.wrong == Wrong::FindsByName {
            let by_name = |wanted: &Wanted| self.inner.items().into_iter().find(|i| i.file_name == wanted.file_name);
            for (answer, wanted) in answers.iter_mut().zip(wanted) {
                if let Some(item) = by_name(wanted) {
                    *answer = Lookup::Found {
                        id: DestId::new(item.id.as_str()),
                        trashed: false,
                    };
                }
            }
        }
        Ok(answers)
    }
    async fn stage(&self, p: &NewPart, b: &dyn Body, r: Option<&Staged>, l: &dyn StageLog) -> Result<Staged> {
        let staged = self.inner.stage(p, b, r, l).await?;
        if self.wrong == Wrong::ShowsTokens {
            *self.shown.lock().unwrap() = secrecy::ExposeSecret::expose_secret(&staged.token).to_owned();
        }
        Ok(staged)
    }
    async fn commit(&self, batch: &[StagedBundle], album: Option<&DestAlbumId>) -> Result<Vec<Result<Committed>>> {
        if self.wrong != Wrong::MixesAnswers {
            return self.inner.commit(batch, album).await;
        }
        let mut reversed = batch.to_vec();
        reversed.reverse();
        self.inner.commit(&reversed, album).await
    }
    async fn settle(&self, intent: &Intent) -> Result<Settled> {
        if self.wrong == Wrong::ForgetsSettling && matches!(intent, Intent::Commit { .. }) {
            return Ok(Settled::DidNot);
        }
        self.inner.settle(intent).await
    }
    async fn create_album(&self, album: &NewAlbum) -> Result<DestAlbumId> {
        self.inner.create_album(album).await
    }
    async fn add_to_album(&self, album: &DestAlbumId, members: &[DestId]) -> Result<Vec<Result<()>>> {
        let answers = self.inner.add_to_album(album, members).await?;
        if self.wrong == Wrong::AddsTwice {
            let mut found = self
                .inner
                .albums()
                .into_iter()
                .find(|a| a.id.as_str() == album.as_str())
                .unwrap();
            found.members.extend(members.iter().map(|id| AssetId::new(id.as_str())));
            self.inner.add_album(found);
        }
        Ok(answers)
    }
    async fn describe(&self, item: &DestId, patch: &Metadata) -> Result<Fields> {
        if self.wrong == Wrong::StoresLess {
            return Ok(patch.fields());
        }
        self.inner.describe(item, patch).await
    }
    async fn verify(&self, claims: &[Claim]) -> Result<Vec<Result<Evidence>>> {
        if self.wrong == Wrong::ClaimsAnyHash {
            return Ok(claims
                .iter()
                .map(|claim| Ok(Evidence::Hash(claim.checksums.kinds())))
                .collect());
        }
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

/// A fixture whose sink is wrong.
struct WrongTarget(Target, Wrong);

#[async_trait]
impl SinkFixture for WrongTarget {
    async fn sink(&self) -> Result<Arc<dyn PhotoSink>> {
        self.0.sink().await?;
        let shown = Mutex::new(String::new());
        Ok(Arc::new(WrongSink {
            inner: self.0.last(),
            wrong: self.1,
            shown,
        }))
    }
    async fn arrived(&self) -> Result<Vec<Arrived>> {
        self.0.arrived().await
    }
    async fn albums(&self) -> Result<Vec<ArrivedAlbum>> {
        self.0.albums().await
    }
    fn file(&self, number: u32) -> TestFile {
        self.0.file(number)
    }
    fn knows_equal_bytes(&self) -> bool {
        true
    }
}

#[rstest]
#[case(Wrong::MixesAnswers, "commit_keeps_order_and_length")]
#[case(Wrong::ClaimsAnyHash, "verify_claims_no_more_than_it_reports")]
#[case(Wrong::ForgetsSettling, "settle_of_a_commit")]
#[case(Wrong::StoresLess, "describe_stores_what_it_says")]
#[case(Wrong::FindsByName, "find_tells_what_is_there")]
#[case(Wrong::ShowsTokens, "debug_shows_no_secret")]
#[case(Wrong::AddsTwice, "adding_twice_is_a_set")]
#[tokio::test]
async fn sink_suite_sees_what_is_wrong(#[case] wrong: Wrong, #[case] check: &str) {
    let failure = sink::all(&WrongTarget(Target::new(kind), wrong))
        .await
        .expect_err("the suite should fail");
    assert_eq!(failure.check, Some(check), "{failure}");
}

#[tokio::test]
async fn one_check_can_run_alone() {
    let outcome = sink::commit_keeps_order_and_length(&Target::new(kind)).await;
    assert_eq!(outcome, Ok(Outcome::Passed));
}
