//! Clocks that jump, sleep and are wrong, against everything that runs out.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{
    AuthProblem, Clock, Error, ErrorKind, FailWhen, ManualClock, MemoryItem, Operation, PhotoProvider, Resource,
    SharedClock,
};

use super::is_full;
use crate::StopReason;
use crate::engine::tests::harness::{Bench, clock, demanding, kind_source};
use crate::engine::tests::killer::{Gate, Killer};
use crate::engine::tests::kills::{library, small_batches};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The machine's clock: the true time and how wrong it is.
#[derive(Debug)]
struct OwnClock {
    truth: Arc<ManualClock>,
    wrong_by: AtomicI64,
}

#[async_trait]
impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        let wrong_by = SignedDuration::from_secs(self.wrong_by.load(Ordering::SeqCst));
        self.truth.now().saturating_add(wrong_by).unwrap()
    }
    async fn sleep(&self, duration: Duration) {
        assert!(
            duration <= Duration::from_secs(15 * 60),
            "waits for {duration:?} because its clock was moved"
        );
        self.truth.sleep(duration).await;
    }
}

/// What happens to time.
#[derive(Debug, Clone, Copy)]
enum Jump {
    /// Somebody sets the machine's clock; the services know nothing of it.
    Set(i64),
    /// The machine sleeps: time goes on everywhere.
    Suspend(i64),
}

const JUMPS: [Jump; 10] = [
    Jump::Set(11 * MINUTE),
    Jump::Set(-11 * MINUTE),
    Jump::Set(HOUR + MINUTE),
    Jump::Set(-HOUR - MINUTE),
    Jump::Set(DAY + MINUTE),
    Jump::Set(-DAY - MINUTE),
    Jump::Suspend(11 * MINUTE),
    Jump::Suspend(HOUR + MINUTE),
    Jump::Suspend(DAY - 10 * MINUTE),
    Jump::Suspend(DAY + MINUTE),
];

/// How wrong the machine's clock is from the start.
const SKEWS: [i64; 3] = [0, DAY, -DAY];

/// At which call time jumps: each kind of call that something runs out for.
const MOMENTS: [(Operation, u64); 8] = [
    (Operation::ListAssets, 2),
    (Operation::ListAssets, 4),
    (Operation::Stage, 1),
    (Operation::Stage, 6),
    (Operation::Commit, 1),
    (Operation::Commit, 2),
    (Operation::AddToAlbum, 1),
    (Operation::Verify, 1),
];

/// A service with a sign-in that lives for an hour and a budget that lives for a day, both by its own clock.
struct Service {
    clock: Arc<ManualClock>,
    signed_in: Mutex<Timestamp>,
    day: Mutex<(i64, u64)>,
    refused: AtomicU64,
}

impl Service {
    const A_DAY: u64 = 14;

    fn judge(&self, operation: Operation) -> Option<Error> {
        let now = self.clock.now();
        {
            let mut signed_in = self.signed_in.lock().unwrap();
            if now.duration_since(*signed_in) > SignedDuration::from_secs(HOUR) {
                *signed_in = now;
                self.refused.fetch_add(1, Ordering::SeqCst);
                return Some(Error::new(
                    ErrorKind::Auth(AuthProblem::Expired),
                    "the access token has run out",
                ));
            }
        }
        if operation != Operation::Stage {
            return None;
        }
        let today = now.as_second().div_euclid(DAY);
        let mut day = self.day.lock().unwrap();
        if day.0 != today {
            *day = (today, 0);
        }
        day.1 += 1;
        (day.1 > Self::A_DAY).then(|| {
            self.refused.fetch_add(1, Ordering::SeqCst);
            let kind = ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at: Timestamp::from_second((today + 1) * DAY).ok(),
            };
            Error::new(kind, "all requests of the day are used")
        })
    }
}

async fn case(jump: Jump, skew: i64, moment: (Operation, u64)) {
    let truth = clock();
    let source = kind_source(&truth)
        .with_page_items(3)
        .with_page_token_life(Duration::from_secs(600));
    let mut bench = Bench::with(Arc::clone(&truth), source, small_batches(demanding(&truth)));
    library(&bench);
    for n in 7..16 {
        bench.source.insert(MemoryItem::new(
            format!("i{n}"),
            format!("{n}.jpg"),
            format!("bytes of picture {n}"),
        ));
    }
    let own = Arc::new(OwnClock {
        truth: Arc::clone(&truth),
        wrong_by: AtomicI64::new(skew),
    });
    bench.own_clock = Some(Arc::clone(&own) as SharedClock);
    let service = Arc::new(Service {
        clock: Arc::clone(&truth),
        signed_in: Mutex::new(truth.now()),
        day: Mutex::default(),
        refused: AtomicU64::new(0),
    });
    let seen = Arc::new(AtomicU64::new(0));
    let leap = {
        let (truth, own, seen) = (Arc::clone(&truth), Arc::clone(&own), Arc::clone(&seen));
        move |operation: Operation| {
            if operation != moment.0 || seen.fetch_add(1, Ordering::SeqCst) + 1 != moment.1 {
                return;
            }
            match jump {
                Jump::Set(seconds) => {
                    own.wrong_by.fetch_add(seconds, Ordering::SeqCst);
                }
                Jump::Suspend(seconds) => truth.advance(Duration::from_secs(seconds.unsigned_abs())),
            }
        }
    };
    let leap = Arc::new(leap);
    let mut runs = 0;
    let summary = loop {
        let mut gate = Gate::new(&bench.sink, &Killer::new(u64::MAX));
        let (service, at_sink) = (Arc::clone(&service), Arc::clone(&leap));
        gate.meddle = Box::new(move |operation, _, when| {
            if when == FailWhen::AfterActing {
                return None;
            }
            at_sink(operation);
            service.judge(operation)
        });
        let mut source = crate::engine::tests::odd::OddSource::new(&bench.source);
        let at_source = Arc::clone(&leap);
        source.look = Some(Box::new(move || at_source(Operation::ListAssets)));
        let source = Arc::new(source) as Arc<dyn PhotoProvider>;
        let migration = bench.migration_from(source, bench.open(None), Arc::new(gate));
        let summary = Box::pin(migration.run()).await.unwrap();
        runs += 1;
        assert!(runs < 12, "no end: {:?}", summary.stopped);
        match &summary.stopped {
            None => break summary,
            // The person, or a waiting run, comes back when the service said so, by the true time.
            Some(StopReason::Quota {
                resets_at: Some(at), ..
            }) => {
                let rest = at.duration_since(truth.now());
                truth.advance(rest.unsigned_abs().max(Duration::from_secs(1)));
            }
            // It was renewed when it was refused; where nothing is tried twice, the next run finds it so.
            Some(StopReason::SignInNeeded(_)) => {}
            Some(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(
        summary.accounting.failed.count + summary.accounting.skipped.count,
        0,
        "{:?}",
        summary.accounting
    );
    assert_eq!(bench.audit().await, Vec::<String>::new());
    assert!(service.refused.load(Ordering::SeqCst) > 0, "nothing ran out");
    assert!(seen.load(Ordering::SeqCst) >= moment.1, "the moment never came");
    // Sixteen bodies; a token whose day is over, or seems to be, costs its body once more and not again and again.
    let uploads = bench.sink.calls_of(Operation::Stage);
    assert!(uploads <= 3 * 16, "{uploads} uploads");
}

#[tokio::test]
async fn wrong_clocks_lose_and_double_nothing() {
    let mut cases = 0;
    for (a, jump) in JUMPS.into_iter().enumerate() {
        for (b, skew) in SKEWS.into_iter().enumerate() {
            for (c, moment) in MOMENTS.into_iter().enumerate() {
                // Every jump, skew and moment is in the sample, though not each with each.
                if !is_full() && (a + 3 * b + c) % 5 != 0 {
                    continue;
                }
                let name = format!("{jump:?}, wrong by {skew} s, at {moment:?}");
                let done = tokio::time::timeout(Duration::from_secs(60), Box::pin(case(jump, skew, moment))).await;
                assert!(done.is_ok(), "never ends: {name}");
                cases += 1;
                eprintln!("{name}");
            }
        }
    }
    assert!(cases >= 40);
}
