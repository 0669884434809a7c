//! Downloads that are not what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use photomove_core::{
    Account, Album, AlbumId, Asset, AssetId, BytesBody, Capabilities, Cursor, Filters, HashKinds, Locator, Media,
    Member, MemoryItem, MemoryProvider, Page, PartId, PhotoProvider, PhotoSink, PhotoSource, ProviderInfo, Result,
};

use super::{Dice, size, until};
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};
use crate::{Event, Outcome};

const ITEMS: usize = 40;
/// As the options have it.
const ATTEMPTS: u64 = 3;

/// A source whose bodies are damaged on their way, each so often in a row as the dice say.
struct Damaging {
    inner: Arc<MemoryProvider>,
    dice: Dice,
    bodies: BTreeMap<String, Vec<u8>>,
    delivered: AtomicU64,
}

impl fmt::Debug for Damaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Damaging")
    }
}

/// How often an item comes damaged before it comes whole.
fn times(dice: &Dice, id: &str) -> u64 {
    dice.fixed(&format!("times {id}")) % (ATTEMPTS + 2)
}

impl Damaging {
    fn damage(&self, id: &str, turn: u64) -> Vec<u8> {
        let mut body = self.bodies[id].clone();
        let draw = |what: &str| self.dice.fixed(&format!("{what} {id} {turn}"));
        let place = |length: usize| usize::try_from(draw("place") % length as u64).unwrap();
        match draw("kind") % 8 {
            0 => body.clear(),
            1 => body.truncate(1),
            2 => body.truncate(body.len() - 1),
            3 => body.push(b'x'),
            4 => body.extend_from_slice(&[b'y'; 3000]),
            5 => {
                // Another one's bytes, of the same length: bodies that were swapped.
                let others: Vec<_> = self.bodies.iter().filter(|(other, _)| *other != id).collect();
                body = others[place(others.len())].1.clone();
            }
            6 => body = b"<!DOCTYPE html><html><body>Please sign in</body></html>".to_vec(),
            _ => {
                let at = place(body.len());
                body[at] ^= 1 << (draw("bit") % 8);
            }
        }
        body
    }
}

#[async_trait]
impl PhotoProvider for Damaging {
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
impl PhotoSource for Damaging {
    async fn start(&self, filters: &Filters) -> Result<Cursor> {
        self.inner.start(filters).await
    }
    async fn assets(&self, at: &Cursor) -> Result<Page<Asset>> {
        self.inner.assets(at).await
    }
    async fn albums(&self, at: Option<&Cursor>) -> Result<Page<Album>> {
        PhotoSource::albums(&*self.inner, at).await
    }
    async fn members(&self, album: &AlbumId, at: Option<&Cursor>) -> Result<Page<Member>> {
        self.inner.members(album, at).await
    }
    async fn refresh(&self, asset: &AssetId, locator: &Locator) -> Result<Option<Asset>> {
        self.inner.refresh(asset, locator).await
    }
    async fn open(&self, part: &PartId, locator: &Locator, offset: u64) -> Result<Media> {
        let id = locator.0["item"].as_str().unwrap().to_owned();
        let turn = self.dice.turn(&id);
        if turn > times(&self.dice, &id) {
            return self.inner.open(part, locator, offset).await;
        }
        self.delivered.fetch_add(1, Ordering::SeqCst);
        let body = self.damage(&id, turn);
        let told = self.dice.fixed(&format!("told {id} {turn}")) % 3;
        Ok(Media {
            starts_at: 0,
            size_bytes: match told {
                0 => None,
                1 => Some(body.len() as u64),
                _ => Some(self.bodies[&id].len() as u64),
            },
            stream: BytesBody::chunks(body.into()),
        })
    }
}

fn promise(dice: &Dice, id: &str) -> HashKinds {
    match dice.fixed(&format!("promise {id}")) % 4 {
        0 => HashKinds::NONE,
        1 => HashKinds::MD5,
        2 => HashKinds::SHA1,
        _ => HashKinds::MD5.union(HashKinds::SHA1),
    }
}

async fn case(seed: u64) -> u64 {
    let clock = clock();
    let bench = Bench::with(clock.clone(), kind_source(&clock), demanding(&clock));
    let dice = Dice::new(seed);
    let mut bodies = BTreeMap::new();
    for n in 0..ITEMS {
        let id = format!("i{n}");
        // All of one length, so that it tells nothing of which is which.
        let body = format!("{seed:016x} picture {n:04} {}", "z".repeat(100)).into_bytes();
        bodies.insert(id.clone(), body.clone());
        bench.source.insert(MemoryItem {
            promise_hashes: promise(&dice, &id),
            ..MemoryItem::new(&*id, format!("{n}.jpg"), body)
        });
    }
    let source = Arc::new(Damaging {
        inner: Arc::clone(&bench.source),
        dice: Dice::new(seed),
        bodies: bodies.clone(),
        delivered: AtomicU64::new(0),
    });
    let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
    let migration = bench.migration_from(Arc::clone(&source) as Arc<dyn PhotoProvider>, bench.open(None), target);
    let summary = Box::pin(migration.run()).await.unwrap();
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    let told: BTreeMap<String, Outcome> = bench
        .recorder
        .0
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::Item { asset, outcome, .. } => Some((asset.clone(), *outcome)),
            _ => None,
        })
        .collect();
    let arrived: BTreeSet<Vec<u8>> = bench.sink.items().into_iter().map(|item| item.bytes.to_vec()).collect();
    let mut unproven = 0;
    for (id, body) in &bodies {
        let outcome = told[id];
        if promise(&dice, id).is_empty() {
            assert!(
                matches!(outcome, Outcome::Unverifiable | Outcome::Failed),
                "{id}: {outcome:?}"
            );
            unproven += 1;
            continue;
        }
        let lasting = times(&dice, id) >= ATTEMPTS;
        assert_eq!(outcome == Outcome::Failed, lasting, "{id}: {outcome:?}");
        assert_eq!(outcome == Outcome::Verified, !lasting, "{id}: {outcome:?}");
        assert!(
            lasting || arrived.contains(body),
            "{id} is told as verified, and its bytes are not there"
        );
    }
    // Whatever is there and is nobody's came from where nothing was promised.
    let whole: BTreeSet<&Vec<u8>> = bodies.values().collect();
    assert!(arrived.iter().filter(|body| !whole.contains(body)).count() <= unproven);
    source.delivered.load(Ordering::SeqCst)
}

#[tokio::test]
async fn damaged_downloads_are_never_verified() {
    until("damage::damaged_downloads_are_never_verified", size(10_000, 200), case).await;
}
