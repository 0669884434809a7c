//! What reports read from a journal, and the looks at files on their way.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use photomove_core::{HashKinds, ItemKey, MediaKind, MemoryItem, PhotoProvider};

use super::harness::{Bench, item};
use crate::{EngineEnv, ItemRecord, JobId, Journal, MigrateOptions, Migration, Outcome, Sample, Sampler, Wish};

const OUTCOMES: [Option<Outcome>; 6] = [
    None,
    Some(Outcome::Verified),
    Some(Outcome::Unverifiable),
    Some(Outcome::AlreadyThere),
    Some(Outcome::Skipped),
    Some(Outcome::Failed),
];

async fn all(journal: &Journal, page: u32) -> Vec<ItemRecord> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let found = journal.items(JobId(1), after, page).await.unwrap();
        let Some(last) = found.last() else { return items };
        after = Some(last.id);
        items.extend(found);
    }
}

/// Three pictures, a copy of the first one, an empty file, and an album.
fn mixed() -> Bench {
    let bench = Bench::new();
    bench.fill(3);
    bench
        .source
        .insert(MemoryItem::new("copy", "again.jpg", "bytes of picture 0"));
    bench.source.insert(MemoryItem::new("empty", "empty.jpg", ""));
    bench.album("a", [0, 2]);
    bench
}

#[tokio::test]
async fn every_file_is_listed_once_with_its_outcome_whatever_the_page() {
    let bench = mixed();
    let summary = bench.run().await;
    let journal = bench.open(None);
    let items = all(&journal, 100).await;
    assert_eq!(all(&journal, 2).await, items);
    assert_eq!(items.len() as u64, summary.accounting.found.count);
    for outcome in OUTCOMES {
        let listed = journal.items_with(JobId(1), outcome, None, None, 100).await.unwrap();
        let expected: Vec<_> = items.iter().filter(|item| item.outcome == outcome).cloned().collect();
        assert_eq!(listed, expected, "{outcome:?}");
    }
    let first = &items[0];
    assert_eq!(
        (first.name.as_str(), first.kind, first.is_copy),
        ("0.jpg", MediaKind::Photo, false)
    );
    assert_eq!(first.outcome, Some(Outcome::Verified));
    assert_eq!(first.reason, None);
    assert!(first.checksums.sha1.is_some() && first.destination.is_some());
    assert_eq!(first.evidence.as_ref().unwrap().level, "checksum");
    assert_eq!(first.albums.len(), 1);
    assert!(
        first.albums[0].filed && first.albums[0].title == "Album a",
        "{:?}",
        first.albums
    );
    let copy = items.iter().find(|item| item.name == "again.jpg").unwrap();
    assert!(copy.is_copy && copy.destination == first.destination && copy.key == first.key);
    let empty = items.iter().find(|item| item.name == "empty.jpg").unwrap();
    assert_eq!(empty.outcome, Some(Outcome::Failed));
    assert_eq!(empty.reason.as_ref().unwrap().kind, "empty");
}

#[tokio::test]
async fn a_job_at_a_glance_adds_up_to_its_accounting() {
    let bench = mixed();
    let summary = bench.run().await;
    let journal = bench.open(None);
    let overview = journal.overview(JobId(1)).await.unwrap().unwrap();
    assert_eq!(overview.status.accounting, summary.accounting);
    assert_eq!(overview.albums, summary.albums);
    assert_eq!(
        overview.losses.iter().filter(|loss| loss.count.is_some()).count(),
        summary.losses.len()
    );
    let (mut found, mut verified) = (0, 0);
    for kind in &overview.kinds {
        assert!(kind.accounting.adds_up());
        found += kind.accounting.found.count;
        verified += kind.accounting.verified.count;
    }
    assert_eq!(
        (found, verified),
        (summary.accounting.found.count, summary.accounting.verified.count)
    );
    // Three items were made of the four files that arrived.
    assert_eq!(
        overview.days.iter().map(|day| day.arrived.count).sum::<u64>(),
        3,
        "{:?}",
        overview.days
    );
    let albums = journal.albums_of(JobId(1), None, 10).await.unwrap();
    assert_eq!((albums.len(), albums[0].places, albums[0].filed), (1, 2, 2));
    assert!(journal.overview(JobId(7)).await.unwrap().is_none());
}

#[tokio::test]
async fn reasons_are_counted_and_lead_to_their_files() {
    let bench = mixed();
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..item(7)
    });
    bench.run().await;
    let journal = bench.open(None);
    let reasons = journal.reasons(JobId(1)).await.unwrap();
    let told: Vec<_> = reasons
        .iter()
        .map(|one| (one.outcome, one.kind.as_str(), one.files.count))
        .collect();
    assert_eq!(
        told,
        [
            (Some(Outcome::Failed), "empty", 1),
            (Some(Outcome::Unverifiable), "no_source_hash", 1)
        ]
    );
    for one in reasons {
        let files = journal
            .items_with(JobId(1), one.outcome, Some(&one.kind), None, 9)
            .await
            .unwrap();
        assert_eq!(files.len() as u64, one.files.count);
        assert!(files.iter().all(|file| file.reason.as_ref().unwrap().kind == one.kind));
        assert!(crate::Reason::KINDS.contains(&one.kind.as_str()));
    }
    let nothing = journal
        .items_with(JobId(1), Some(Outcome::Failed), Some("gone"), None, 9)
        .await
        .unwrap();
    assert!(nothing.is_empty());
    let all = all(&journal, 10).await;
    let keys = [all[1].key.unwrap(), ItemKey::from_u128(1)].into();
    assert_eq!(journal.items_of(JobId(1), keys).await.unwrap(), [all[1].clone()]);
}

#[tokio::test]
async fn what_has_no_proof_says_why() {
    let bench = Bench::new();
    bench.source.insert(MemoryItem {
        promise_hashes: HashKinds::NONE,
        ..item(0)
    });
    bench.run().await;
    let items = all(&bench.open(None), 10).await;
    assert_eq!(items[0].outcome, Some(Outcome::Unverifiable));
    let reason = items[0].reason.as_ref().unwrap();
    assert_eq!(reason.kind, "no_source_hash", "{reason:?}");
}

/// Wants the first bytes of every file.
#[derive(Debug, Default)]
struct Eye {
    seen: Mutex<Vec<(ItemKey, String, Bytes)>>,
}

#[async_trait]
impl Sampler for Eye {
    fn wants(&self, sample: &Sample<'_>) -> Option<Wish> {
        (!sample.name.starts_with('2')).then_some(Wish {
            first_bytes: 5,
            // More than there is: the engine must not wait for it while it holds any.
            work_bytes: u64::MAX,
        })
    }

    async fn take(&self, sample: &Sample<'_>, first: Bytes) {
        self.seen
            .lock()
            .unwrap()
            .push((sample.key, sample.name.to_owned(), first));
    }
}

#[tokio::test]
async fn a_sampler_is_given_the_first_bytes_of_what_it_wants() {
    let bench = Bench::new();
    bench.fill(4);
    let eye = Arc::new(Eye::default());
    let env = EngineEnv {
        clock: bench.time(),
        sampler: Some(Arc::clone(&eye) as Arc<dyn Sampler>),
        ..EngineEnv::system()
    };
    let mut options = MigrateOptions::new(bench.folder.path());
    options.memory_budget_bytes = 64;
    let journal = bench.open(None);
    let migration = Migration::new(
        Arc::clone(&bench.source) as Arc<dyn PhotoProvider>,
        Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>,
        journal.clone(),
        options,
        env,
    );
    let summary = migration.run().await.unwrap();
    assert_eq!(summary.accounting.verified.count, 4, "{summary:?}");
    let items = all(&journal, 10).await;
    let mut seen = eye.seen.lock().unwrap().clone();
    seen.sort_by(|a, b| a.1.cmp(&b.1));
    let names: Vec<_> = seen.iter().map(|(_, name, _)| name.as_str()).collect();
    // Those that came while another one was looked at are not waited for.
    assert!(
        !names.is_empty() && names.iter().all(|name| ["0.jpg", "1.jpg", "3.jpg"].contains(name)),
        "{names:?}"
    );
    for (key, name, first) in seen {
        assert_eq!(first, "bytes");
        let record = items.iter().find(|item| item.name == name).unwrap();
        assert_eq!(record.key, Some(key));
    }
}
