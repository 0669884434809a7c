//! A source, a sink, a clock and a folder; runs that can be repeated on the same journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use photomove_core::drill::Drill;
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
    pub drill: Drill,
    /// What the engine and the journal take for the time; the services keep to `clock`.
    pub own_clock: Option<SharedClock>,
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
            drill: Drill::none(),
            own_clock: None,
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

    pub(super) fn time(&self) -> SharedClock {
        match &self.own_clock {
            Some(clock) => Arc::clone(clock),
            None => Arc::clone(&self.clock) as SharedClock,
        }
    }

    pub(super) fn open(&self, fuse: Option<Fuse>) -> Journal {
        self.open_tuned(Tuning {
            fuse,
            ..Tuning::default()
        })
    }

    pub(super) fn open_tuned(&self, tuning: Tuning) -> Journal {
        let tuning = Tuning {
            no_sync: true,
            ..tuning
        };
        Journal::open_with(&self.journal_path(), self.time(), tuning).unwrap()
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
            clock: self.time(),
            random: Arc::new(SeededRandom::new(7)),
            observer: Arc::clone(&self.recorder) as Arc<dyn Observer>,
            stop: self.stop.clone(),
            drill: self.drill.clone(),
            sampler: None,
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
        let complaints = self.compare();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    /// Says what is lost, doubled, strange or in other albums at the destination.
    pub(super) fn compare(&self) -> Vec<String> {
        let name = |body: &[u8]| String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let items = self.source.items();
        let wanted: BTreeSet<Vec<u8>> = items.iter().map(|item| item.bytes.to_vec()).collect();
        let got = self.bodies();
        let lost = wanted.iter().filter(|body| !got.contains_key(*body));
        let mut complaints: Vec<String> = lost.map(|body| format!("lost: {}", name(body))).collect();
        for (body, count) in &got {
            if !wanted.contains(body) {
                complaints.push(format!("strange: {}", name(body)));
            }
            if *count != 1 {
                complaints.push(format!("{count} times: {}", name(body)));
            }
        }
        let (albums, wanted) = (Self::shelves(&self.sink), Self::shelves(&self.source));
        if albums != wanted {
            let titles = |shelves: &[(String, BTreeSet<Vec<u8>>)]| -> Vec<String> {
                shelves
                    .iter()
                    .map(|(title, members)| format!("{title}: {}", members.len()))
                    .collect()
            };
            complaints.push(format!("albums are {:?}, not {:?}", titles(&albums), titles(&wanted)));
        }
        complaints
    }

    /// Both halves of the checker: the journal alone, and the journal against the destination.
    pub(super) async fn audit(&self) -> Vec<String> {
        let journal = self.open(None);
        let mut complaints = Vec::new();
        for job in journal.jobs().await.unwrap() {
            let broken = journal.check(job.id).await.unwrap();
            complaints.extend(broken.iter().map(ToString::to_string));
        }
        complaints.extend(self.compare());
        complaints
    }
}

pub(super) fn item(n: usize) -> MemoryItem {
    MemoryItem::new(format!("i{n}"), format!("{n}.jpg"), format!("bytes of picture {n}"))
}
