//! A source, a sink, a clock and a folder; runs that can be repeated on the same journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use photomove_core::{ManualClock, MemoryAlbum, MemoryItem, MemoryProvider, PhotoProvider, SeededRandom, SharedClock};

use crate::journal::Tuning;
use crate::journal::writer::Fuse;
use crate::{EngineEnv, Event, Journal, MigrateOptions, Migration, Observer, Plan, StopToken, Summary};

/// Remembers what it was told.
#[derive(Debug, Default)]
pub(super) struct Recorder(pub Mutex<Vec<Event>>);

impl Observer for Recorder {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

pub(super) struct Bench {
    pub clock: Arc<ManualClock>,
    pub source: Arc<MemoryProvider>,
    pub sink: Arc<MemoryProvider>,
    pub folder: tempfile::TempDir,
    pub recorder: Arc<Recorder>,
    pub stop: StopToken,
    pub change: fn(&mut MigrateOptions),
}

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-03-01T10:00:00Z".parse::<Timestamp>().unwrap()))
}

/// A demanding sink, as Google is one, on that clock.
pub(super) fn demanding(clock: &Arc<ManualClock>) -> MemoryProvider {
    MemoryProvider::demanding("target").with_clock(Arc::clone(clock) as SharedClock)
}

pub(super) fn kind_source(clock: &Arc<ManualClock>) -> MemoryProvider {
    MemoryProvider::new("source").with_clock(Arc::clone(clock) as SharedClock)
}

impl Bench {
    pub(super) fn new() -> Self {
        let clock = clock();
        let (source, sink) = (kind_source(&clock), demanding(&clock));
        Self::with(clock, source, sink)
    }

    pub(super) fn with(clock: Arc<ManualClock>, source: MemoryProvider, sink: MemoryProvider) -> Self {
        Self {
            clock,
            source: Arc::new(source),
            sink: Arc::new(sink),
            folder: tempfile::tempdir().unwrap(),
            recorder: Arc::default(),
            stop: StopToken::new(),
            change: |_| {},
        }
    }

    /// Fills the source with numbered items `i0`, `i1`, …
    pub(super) fn fill(&self, items: usize) {
        for n in 0..items {
            self.source.insert(item(n));
        }
    }

    /// Adds an album of numbered items.
    pub(super) fn album(&self, id: &str, members: impl IntoIterator<Item = usize>) {
        let members = members.into_iter().map(|n| format!("i{n}").into());
        self.source
            .add_album(MemoryAlbum::new(id, format!("Album {id}"), members));
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.folder.path().join("journal.sqlite")
    }

    pub(super) fn open(&self, fuse: Option<Fuse>) -> Journal {
        let tuning = Tuning { fuse, no_sync: true };
        Journal::open_with(&self.journal_path(), Arc::clone(&self.clock) as SharedClock, tuning).unwrap()
    }

    pub(super) fn migration(&self, journal: Journal, target: Arc<dyn PhotoProvider>) -> Migration {
        self.migration_from(Arc::clone(&self.source) as Arc<dyn PhotoProvider>, journal, target)
    }

    pub(super) fn migration_from(
        &self,
        source: Arc<dyn PhotoProvider>,
        journal: Journal,
        target: Arc<dyn PhotoProvider>,
    ) -> Migration {
        let mut options = MigrateOptions::new(self.folder.path());
        (self.change)(&mut options);
        let env = EngineEnv {
            clock: Arc::clone(&self.clock) as SharedClock,
            random: Arc::new(SeededRandom::new(7)),
            observer: Arc::clone(&self.recorder) as Arc<dyn Observer>,
            stop: self.stop.clone(),
            drill: photomove_core::drill::Drill::none(),
        };
        Migration::new(source, target, journal, options, env)
    }

    pub(super) async fn try_run(&self) -> photomove_core::Result<Summary> {
        let target = Arc::clone(&self.sink) as Arc<dyn PhotoProvider>;
        Box::pin(self.migration(self.open(None), target).run()).await
    }

    pub(super) async fn run(&self) -> Summary {
        let summary = self.try_run().await.unwrap();
        assert!(summary.accounting.adds_up(), "{summary:?}");
        summary
    }

    pub(super) async fn plan(&self) -> Plan {
        let target = Arc::clone(&self.sink) as Arc<dyn PhotoProvider>;
        Box::pin(self.migration(self.open(None), target).plan()).await.unwrap()
    }

    /// The bodies that the sink holds, with how often.
    pub(super) fn bodies(&self) -> BTreeMap<Vec<u8>, usize> {
        let mut bodies = BTreeMap::new();
        for item in self.sink.items() {
            *bodies.entry(item.bytes.to_vec()).or_default() += 1;
        }
        bodies
    }

    /// The albums of a library as title and set of bodies; albums of one title are joined to show doubles by count.
    pub(super) fn shelves(provider: &MemoryProvider) -> Vec<(String, BTreeSet<Vec<u8>>)> {
        let items: BTreeMap<String, Vec<u8>> = provider
            .items()
            .into_iter()
            .map(|item| (item.id.as_str().to_owned(), item.bytes.to_vec()))
            .collect();
        let mut shelves: Vec<_> = provider
            .albums()
            .into_iter()
            .map(|album| {
                let members = album.members.iter().filter_map(|id| items.get(id.as_str()).cloned());
                (album.title, members.collect())
            })
            .collect();
        shelves.sort();
        shelves
    }

    /// None lost, none doubled, the same albums with the same members.
    pub(super) fn assert_same_library(&self) {
        let wanted: BTreeSet<Vec<u8>> = self
            .source
            .items()
            .into_iter()
            .map(|item| item.bytes.to_vec())
            .collect();
        let got = self.bodies();
        assert_eq!(got.keys().cloned().collect::<BTreeSet<_>>(), wanted);
        let doubled: Vec<_> = got.iter().filter(|(_, n)| **n != 1).collect();
        assert!(doubled.is_empty(), "doubled: {doubled:?}");
        assert_eq!(Self::shelves(&self.sink), Self::shelves(&self.source));
    }
}

pub(super) fn item(n: usize) -> MemoryItem {
    MemoryItem::new(format!("i{n}"), format!("{n}.jpg"), format!("bytes of picture {n}"))
}
