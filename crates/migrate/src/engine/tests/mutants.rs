//! Planted defects: each must be seen by a scenario of the ordinary tests, and the same scenario must pass without it.

use std::sync::Arc;

use photomove_core::drill::{Drill, Mutant};
use photomove_core::{Damage, Error, ErrorKind, FailWhen, Happened, MemoryAlbum, MemoryItem, Operation, PhotoProvider};

use super::harness::{Bench, clock, demanding, kind_source};
use super::killer::{Gate, Killer};
use super::kills::{library, small_batches};
use super::odd::OddSource;

/// Mutants of the engine; those of the providers and of streamed uploads are caught where their rules are kept.
const ENGINE: [Mutant; 7] = [
    Mutant::ActBeforeIntent,
    Mutant::BlindCreateRetry,
    Mutant::LengthWithoutHash,
    Mutant::ForgetSecondAlbum,
    Mutant::CursorBeforePage,
    Mutant::UnverifiableAsVerified,
    Mutant::CloseIntentsUnsettled,
];

/// Runs to the end and says what both halves of the checker and the engine itself complain about.
async fn finish(bench: &Bench) -> Vec<String> {
    let mut complaints = match bench.try_run().await {
        Err(error) => vec![error.to_string()],
        Ok(summary) => match summary.stopped {
            Some(stop) => vec![format!("stopped: {stop:?}")],
            None => Vec::new(),
        },
    };
    complaints.extend(bench.audit().await);
    complaints
}

/// Dies at one boundary after the other and goes on; the first complaints end it.
async fn killed_everywhere(drill: &Drill, step: usize) -> Vec<String> {
    for k in (2..).step_by(step) {
        let clock = clock();
        // Nothing forgives here: used tokens are refused, equal bytes become another item.
        let sink = small_batches(demanding(&clock))
            .with_dedup(false)
            .with_token_reuse(false);
        let mut bench = Bench::with(clock.clone(), kind_source(&clock).with_page_items(3), sink);
        bench.drill = drill.clone();
        library(&bench);
        let killer = Killer::new(k);
        let gate: Arc<dyn PhotoProvider> = Arc::new(Gate::new(&bench.sink, &killer));
        // A count would betray what is missing, and all would be listed once more.
        let source = || {
            let mut source = OddSource::new(&bench.source);
            source.hintless = true;
            Arc::new(source) as Arc<dyn PhotoProvider>
        };
        let migration = bench.migration_from(source(), bench.open(Some(killer.fuse())), gate);
        let ended = tokio::select! {
            biased;
            () = killer.died() => false,
            ended = Box::pin(migration.run()) => ended.is_ok_and(|summary| summary.stopped.is_none()),
        };
        drop(migration);
        if ended {
            return Vec::new();
        }
        let target = Arc::clone(&bench.sink) as Arc<dyn PhotoProvider>;
        let again = bench.migration_from(source(), bench.open(None), target);
        let end = Box::pin(again.run()).await;
        drop(again);
        let mut complaints: Vec<String> = end.err().iter().map(ToString::to_string).collect();
        complaints.extend(bench.audit().await);
        if !complaints.is_empty() {
            return complaints;
        }
    }
    Vec::new()
}

async fn scenario(mutant: Mutant, drill: &Drill) -> Vec<String> {
    // Without defects the deaths are the same for all three, and the other tests have them all.
    let step = if drill.has(mutant) { 1 } else { 9 };
    let clock = clock();
    let mut bench = Bench::with(clock.clone(), kind_source(&clock), demanding(&clock));
    bench.drill = drill.clone();
    bench.fill(12);
    match mutant {
        Mutant::ActBeforeIntent | Mutant::CursorBeforePage | Mutant::CloseIntentsUnsettled => {
            return killed_everywhere(drill, step).await;
        }
        Mutant::BlindCreateRetry => {
            bench.album("a", 0..5);
            let lost = || Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false);
            bench
                .sink
                .fail_next(Operation::CreateAlbum, FailWhen::AfterActing, lost);
        }
        Mutant::LengthWithoutHash => {
            bench.source.damage(&"i3".into(), Damage::WrongBytes, 1);
        }
        Mutant::ForgetSecondAlbum => {
            bench
                .source
                .insert(MemoryItem::new("twin", "t.jpg", "bytes of picture 1"));
            bench.album("a", [0, 1]);
            bench.source.add_album(MemoryAlbum::new("b", "B", ["twin".into()]));
        }
        Mutant::UnverifiableAsVerified => {
            let sink = demanding(&clock).with_exists_only_evidence();
            bench.sink = Arc::new(sink);
        }
        other => panic!("no scenario for {other}"),
    }
    finish(&bench).await
}

#[tokio::test]
async fn every_mutant_is_caught() {
    for mutant in ENGINE {
        let complaints = scenario(mutant, &Drill::none()).await;
        assert!(complaints.is_empty(), "without {mutant}: {complaints:#?}");
        let complaints = scenario(mutant, &Drill::mutant(mutant)).await;
        assert!(!complaints.is_empty(), "{mutant} goes unnoticed");
        eprintln!("{mutant}: {}", complaints[0]);
    }
    // Whatever is planted in a destination's client, or lies with streamed uploads, has its test there.
    let elsewhere = [
        Mutant::StaleToken,
        Mutant::CookiesFollowRedirect,
        Mutant::TrustOwnOffset,
    ];
    assert_eq!(ENGINE.len() + elsewhere.len(), Mutant::ALL.len());
}
