//! Days of few requests, limits of a person's own, and pauses: what was sent becomes items, and nothing is sent twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{Clock, ManualClock, Operation};

use super::harness::{Bench, clock, demanding, kind_source};
use crate::{Event, RunLimit, StopReason, Summary, WaitReason};

/// Runs day after day until nothing is left; returns the requests of each day.
async fn days(bench: &Bench, per_day: u64, most: usize) -> Vec<u64> {
    let counted = || -> u64 {
        let operations = [
            Operation::Connect,
            Operation::Stage,
            Operation::Commit,
            Operation::CreateAlbum,
            Operation::AddToAlbum,
        ];
        operations.iter().map(|operation| bench.sink.calls_of(*operation)).sum()
    };
    let mut days = Vec::new();
    loop {
        let before = counted();
        let summary = bench.run().await;
        days.push(counted() - before);
        let staged = staged(bench);
        assert_eq!(staged, 0, "sent and not made into items today: {days:?}");
        assert!(*days.last().unwrap() <= per_day, "{days:?}");
        let Some(stop) = summary.stopped else { return days };
        let StopReason::Quota {
            resets_at: Some(resets_at),
            ..
        } = stop
        else {
            panic!("{stop:?}")
        };
        assert!(days.len() < most, "no end: {days:?}");
        let left = resets_at.duration_since(bench.clock.now());
        bench.clock.advance(left.unsigned_abs());
    }
}

fn staged(bench: &Bench) -> i64 {
    let journal = rusqlite::Connection::open(bench.journal_path()).unwrap();
    journal
        .query_row("SELECT count(*) FROM upload WHERE state='staged'", [], |row| row.get(0))
        .unwrap()
}

fn limited(per_day: u32) -> Bench {
    let clock = clock();
    let sink = demanding(&clock).with_requests_per_day(per_day);
    Bench::with(clock.clone(), kind_source(&clock), sink)
}

/// A program that waits for the next day keeps nothing back for what it finished the day before.
#[tokio::test]
async fn what_was_kept_back_on_another_day_is_free_again() {
    let bench = limited(2_000);
    bench.fill(150);
    let caps = photomove_core::PhotoProvider::capabilities(&*bench.sink);
    caps.sink.unwrap().allowance.unwrap().keep(1_900);
    let summary = bench.run().await;
    assert!(summary.stopped.is_none(), "{:?}", summary.stopped);
    assert_eq!(summary.uploaded.count, 150);
}

#[tokio::test]
async fn no_file_is_sent_that_cannot_become_an_item_the_same_day() {
    for (per_day, items, albums) in [(60, 200, 5), (60, 130, 0), (5, 12, 0), (5, 8, 1), (4, 6, 2)] {
        let bench = limited(per_day);
        bench.fill(items);
        for album in 0..albums {
            // Every item in two albums, so that some enter their second one by a request of its own.
            bench.album(
                &format!("a{album}"),
                (0..items).filter(|n| n % albums == album || (n + 1) % albums == album),
            );
        }
        let days = days(&bench, u64::from(per_day), items).await;
        assert_eq!(
            bench.sink.calls_of(Operation::Stage),
            items as u64,
            "sent twice: {days:?}"
        );
        let opened = bench.source.calls_of(Operation::Open);
        assert!(
            opened <= (items + days.len()) as u64,
            "read in vain: {opened} times in {days:?}"
        );
        bench.assert_same_library();
        // All days but the last are used, but for what is kept back and then not needed.
        let unused: u64 = days[..days.len() - 1]
            .iter()
            .map(|used| u64::from(per_day) - used)
            .sum();
        assert!(
            unused <= 2 * days.len() as u64 * (albums as u64 + 1),
            "{per_day} a day: {days:?}"
        );
    }
}

#[tokio::test]
async fn a_day_that_the_service_ends_early_stops_the_sending_and_not_the_rest() {
    use photomove_core::{Error, ErrorKind, FailWhen, Resource};
    let bench = Bench::new();
    bench.fill(30);
    let over = || {
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at: None,
        };
        Error::new(kind, "the day is over")
    };
    bench.sink.fail_nth(Operation::Stage, 11, FailWhen::Before, over);
    let summary = bench.run().await;
    assert!(
        matches!(summary.stopped, Some(StopReason::Quota { .. })),
        "{:?}",
        summary.stopped
    );
    assert_eq!(staged(&bench), 0);
    assert!(summary.accounting.verified.count >= 10, "{:?}", summary.accounting);
    bench.run().await;
    assert_eq!(bench.sink.calls_of(Operation::Stage), 31);
    bench.assert_same_library();
}

fn told(bench: &Bench, wanted: WaitReason) -> usize {
    let events = bench.recorder.0.lock().unwrap();
    let waits = events
        .iter()
        .filter(|event| matches!(event, Event::Waiting { reason, .. } if *reason == wanted));
    waits.count()
}

fn limit_of(summary: &Summary) -> Option<RunLimit> {
    match &summary.stopped {
        Some(StopReason::Limit(limit)) => Some(*limit),
        _ => None,
    }
}

#[tokio::test]
async fn so_many_bytes_are_sent_and_what_was_sent_becomes_items() {
    let mut bench = Bench::new();
    bench.fill(40);
    bench.album("a", 0..40);
    // "bytes of picture 7" has 18 or 19 bytes.
    bench.change = |options| options.max_transfer_bytes = Some(190);
    let summary = bench.run().await;
    assert_eq!(limit_of(&summary), Some(RunLimit::Transfer));
    assert_eq!(serde_json::to_value(&summary.stopped).unwrap()["limit"], "transfer");
    assert!((190..=209).contains(&summary.uploaded.bytes), "{:?}", summary.uploaded);
    assert_eq!(summary.accounting.verified.count, summary.uploaded.count);
    assert_eq!((staged(&bench), told(&bench, WaitReason::Closing)), (0, 1));
    let mut runs = 1;
    while bench.run().await.stopped.is_some() {
        runs += 1;
    }
    assert_eq!((runs, bench.sink.calls_of(Operation::Stage)), (3, 40));
    bench.assert_same_library();
}

#[tokio::test]
async fn a_limit_that_is_as_large_as_the_library_is_none() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.change = |options| options.max_transfer_bytes = Some(180);
    assert!(bench.run().await.stopped.is_none());
}

/// A clock that others move: who sleeps on it waits for them.
#[derive(Debug)]
struct Moved(Arc<ManualClock>);

#[async_trait]
impl Clock for Moved {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().saturating_add(duration).unwrap();
        while self.now() < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn when_the_time_is_over_nothing_more_is_begun() {
    let mut bench = Bench::new();
    bench.fill(400);
    bench.album("a", 0..400);
    bench.own_clock = Some(Arc::new(Moved(Arc::clone(&bench.clock))));
    bench.plan().await;
    bench.change = |options| options.stop_at = "2026-03-01T11:00:00Z".parse::<Timestamp>().ok();
    let meanwhile = async {
        while bench.sink.calls_of(Operation::Stage) < 10 {
            tokio::task::yield_now().await;
        }
        bench.clock.advance(Duration::from_secs(3600));
    };
    let (summary, ()) = tokio::join!(bench.run(), meanwhile);
    assert_eq!(limit_of(&summary), Some(RunLimit::Time), "{:?}", summary.stopped);
    let sent = bench.sink.calls_of(Operation::Stage);
    assert!((10..400).contains(&sent), "{sent}");
    assert_eq!((staged(&bench), summary.accounting.verified.count), (0, sent));
    bench.change = |_| {};
    bench.run().await;
    assert_eq!(bench.sink.calls_of(Operation::Stage), 400);
    bench.assert_same_library();
}

#[tokio::test]
async fn a_time_that_is_over_before_the_listing_is_leaves_the_rest_for_later() {
    let mut bench = Bench::new();
    bench.fill(10);
    bench.change = |options| options.stop_at = "2026-03-01T10:00:00Z".parse::<Timestamp>().ok();
    assert_eq!(limit_of(&bench.run().await), Some(RunLimit::Time));
    assert_eq!(bench.sink.items().len(), 0);
    let target = Arc::clone(&bench.sink) as Arc<dyn photomove_core::PhotoProvider>;
    let error = bench.migration(bench.open(None), target).plan().await.unwrap_err();
    assert!(
        error.to_string().contains("the time that this run was allowed is over"),
        "{error}"
    );
}

async fn until_paused(bench: &Bench) {
    while told(bench, WaitReason::Paused) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_run_pauses_and_goes_on() {
    let bench = Bench::new();
    bench.fill(20);
    bench.stop.pause();
    let meanwhile = async {
        until_paused(&bench).await;
        // Nothing is begun, however often the engine gets its turn.
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
        let begun = bench.sink.calls_of(Operation::Stage) + bench.source.calls_of(Operation::ListAssets);
        assert_eq!((begun, told(&bench, WaitReason::Paused)), (0, 1));
        bench.stop.resume();
    };
    let (summary, ()) = tokio::join!(bench.run(), meanwhile);
    assert!(summary.stopped.is_none());
    bench.assert_same_library();
}

#[tokio::test]
async fn a_pause_does_not_hold_up_the_end() {
    let bench = Bench::new();
    bench.fill(20);
    bench.stop.pause();
    let meanwhile = async {
        until_paused(&bench).await;
        bench.stop.drain();
    };
    let (summary, ()) = tokio::join!(bench.run(), meanwhile);
    assert!(matches!(summary.stopped, Some(StopReason::Interrupted)));
}
