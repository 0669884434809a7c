//! Replies that get lost after the destination acted, and requests that never reach it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use photomove_core::{Error, ErrorKind, FailWhen, Happened, HashKinds, MemoryAlbum, MemoryItem, Operation, StageKind};

use super::{Dice, size, until};
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};
use crate::engine::tests::killer::{Gate, Killer};

/// How a destination takes what comes a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Used tokens give the same items.
    SameAgain,
    /// Used tokens are refused; equal bytes are known again.
    UsedTokensRefused,
    /// The same, and equal bytes make another item.
    NothingKnownAgain,
    /// Bytes are items as soon as they are there.
    FinalAtOnce,
}

#[derive(Default)]
struct Losses {
    all: AtomicU64,
    stages: AtomicU64,
    /// Items of commits that happened and whose reply was lost, as long as their bytes were not sent again since.
    used: Mutex<BTreeSet<String>>,
    again: AtomicU64,
}

fn bench(seed: u64, dice: &Dice, manner: Manner) -> Bench {
    let clock = clock();
    let batch = u32::try_from(3 + dice.fixed("batch") % 12).unwrap();
    let sink = demanding(&clock).with_sink_caps(|caps| {
        caps.commit_batch = std::num::NonZeroU32::new(batch).unwrap();
        if manner == Manner::FinalAtOnce {
            caps.stage = StageKind::VisibleAtOnce;
            caps.find_by = HashKinds::MD5;
            caps.staged_ttl = None;
        }
    });
    let sink = match manner {
        Manner::SameAgain | Manner::FinalAtOnce => sink,
        Manner::UsedTokensRefused => sink.with_token_reuse(false),
        Manner::NothingKnownAgain => sink.with_token_reuse(false).with_dedup(false),
    };
    let bench = Bench::with(clock.clone(), kind_source(&clock).with_page_items(9), sink);
    let items = usize::try_from(30 + dice.fixed("items") % 20).unwrap();
    bench.fill(items);
    for n in 0..3 {
        bench.source.insert(MemoryItem::new(
            format!("twin{n}"),
            "t.jpg",
            format!("bytes of picture {n}"),
        ));
    }
    for album in 0..3 {
        let members = (0..items).filter(|n| dice.fixed(&format!("member {album} {n}")).is_multiple_of(3));
        bench.album(&format!("{album} of {seed}"), members);
    }
    bench
        .source
        .add_album(MemoryAlbum::new("twins", "Twins", ["twin0".into(), "twin1".into()]));
    bench
}

async fn case(seed: u64, manner: Manner) -> u64 {
    let dice = Arc::new(Dice::new(seed));
    let losses = Arc::new(Losses::default());
    let bench = bench(seed, &dice, manner);
    let distinct = bench.source.items().len() as u64 - 3;
    let mut runs = 0;
    loop {
        let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
        let (dice, losses) = (Arc::clone(&dice), Arc::clone(&losses));
        gate.meddle = Box::new(move |operation, subject, when| {
            let percent = match (operation, when) {
                (
                    Operation::Stage | Operation::Commit | Operation::CreateAlbum | Operation::AddToAlbum,
                    FailWhen::AfterActing,
                ) => 25,
                (Operation::Commit | Operation::CreateAlbum | Operation::AddToAlbum, FailWhen::Before) => 5,
                _ => return None,
            };
            if operation == Operation::Stage {
                losses.used.lock().unwrap().remove(subject);
            }
            if !dice.chance(&format!("{operation:?} {when:?} {subject}"), percent) {
                return None;
            }
            if when == FailWhen::AfterActing {
                losses.all.fetch_add(1, Ordering::SeqCst);
                if operation == Operation::Stage {
                    losses.stages.fetch_add(1, Ordering::SeqCst);
                }
                if operation == Operation::Commit {
                    for key in subject.split(' ') {
                        let new = losses.used.lock().unwrap().insert(key.to_owned());
                        losses.again.fetch_add(u64::from(new), Ordering::SeqCst);
                    }
                }
            }
            Some(Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false))
        });
        let summary = Box::pin(bench.migration(bench.open(None), Arc::new(gate)).run())
            .await
            .unwrap();
        runs += 1;
        assert!(runs < 30, "no end: {:?}", summary.stopped);
        if summary.stopped.is_none() {
            let failures = bench.open(None).failures(summary.job, None, 9).await.unwrap();
            assert_eq!(failures, []);
            break;
        }
    }
    assert_eq!(bench.audit().await, Vec::<String>::new());
    let (stages, again) = (
        losses.stages.load(Ordering::SeqCst),
        losses.again.load(Ordering::SeqCst),
    );
    let uploads = bench.sink.calls_of(Operation::Stage);
    match manner {
        // That one body again, nothing else.
        Manner::SameAgain => assert_eq!(uploads, distinct + stages),
        // And exactly the items whose tokens were used up.
        Manner::UsedTokensRefused => assert_eq!(uploads, distinct + stages + again),
        // What happened is found by looking; nothing was used up in vain.
        Manner::NothingKnownAgain => assert_eq!(uploads, distinct + stages),
        Manner::FinalAtOnce => assert_eq!(uploads, distinct),
    }
    losses.all.load(Ordering::SeqCst)
}

#[tokio::test]
async fn lost_replies_where_repeating_is_harmless() {
    until(
        "lost::lost_replies_where_repeating_is_harmless",
        size(4000, 80),
        async |seed| case(seed, Manner::SameAgain).await,
    )
    .await;
}

#[tokio::test]
async fn lost_replies_where_used_tokens_are_refused() {
    until(
        "lost::lost_replies_where_used_tokens_are_refused",
        size(3000, 110),
        async |seed| case(seed, Manner::UsedTokensRefused).await,
    )
    .await;
}

#[tokio::test]
async fn lost_replies_where_equal_bytes_are_not_known_again() {
    let name = "lost::lost_replies_where_equal_bytes_are_not_known_again";
    until(name, size(1500, 30), async |seed| {
        case(seed, Manner::NothingKnownAgain).await
    })
    .await;
}

#[tokio::test]
async fn lost_replies_where_sending_is_final() {
    until(
        "lost::lost_replies_where_sending_is_final",
        size(1500, 30),
        async |seed| case(seed, Manner::FinalAtOnce).await,
    )
    .await;
}
