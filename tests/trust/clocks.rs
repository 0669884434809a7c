//! Clocks that jump, stand still or disagree, against everything that expires.

use std::time::Duration;

use jiff::SignedDuration;
use photomove_sim::{Fill, ServiceKind, SimOptions};
use serde_json::json;

use crate::checker;
use crate::figures::{Scenario, size};
use crate::ground::options;
use crate::rig::Rig;

/// What ends after a while, and a little more than that.
const EXPIRIES: [(&str, SignedDuration); 4] = [
    ("page token", SignedDuration::from_secs(10 * 60 + 1)),
    ("access token", SignedDuration::from_secs(3600 + 1)),
    ("upload token", SignedDuration::from_secs(24 * 3600 + 1)),
    // Noon in California when a scenario starts.
    ("day of quota", SignedDuration::from_secs(12 * 3600 + 1)),
];

/// What becomes of the clocks in the middle of a run.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The machine slept: both go on, further ahead.
    Suspend,
    /// The client's clock alone is put forward.
    ClientForward,
    /// The client's clock alone is put back.
    ClientBack,
    /// Both are put back.
    BothBack,
    /// The service's clock is ahead of the client's by a day, and time passes.
    ServiceAheadByADay,
    /// The service's clock is behind the client's by a day, and time passes.
    ServiceBehindByADay,
}

const TURNS: [Turn; 6] = [
    Turn::Suspend,
    Turn::ClientForward,
    Turn::ClientBack,
    Turn::BothBack,
    Turn::ServiceAheadByADay,
    Turn::ServiceBehindByADay,
];

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Turn {
    /// What is so from the beginning.
    fn before(self, rig: &Rig) {
        match self {
            Self::ServiceAheadByADay => rig.clock.skew(-DAY),
            Self::ServiceBehindByADay => rig.clock.skew(DAY),
            _ => {}
        }
    }

    fn happen(self, rig: &Rig, by: SignedDuration) {
        match self {
            Self::Suspend | Self::ServiceAheadByADay | Self::ServiceBehindByADay => rig.clock.service().shift(by),
            Self::ClientForward => rig.clock.skew(by),
            Self::ClientBack => rig.clock.skew(-by),
            Self::BothBack => rig.clock.service().shift(-by),
        }
    }
}

/// Moments of a run, as requests of both services.
const MOMENTS: [u64; 3] = [45, 9, 80];
const ITEMS: u64 = 40;

/// Turns the clocks at a moment of a run, then lets the job finish.
async fn turn(expiry: SignedDuration, turn: Turn, moment: u64, seed: u64) -> u32 {
    let mut rig = Rig::start(SimOptions {
        fill: Some(Fill::Synthetic {
            count: ITEMS,
            bytes: 3_000,
        }),
        seed,
        ..options()
    })
    .await;
    rig.page_size = 10;
    turn.before(&rig);
    let requests = || {
        let counts = |kind| rig.service(kind).shared().counters.counts().requests;
        counts(ServiceKind::Amazon) + counts(ServiceKind::Google)
    };
    let watch = async {
        while requests() < moment {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        turn.happen(&rig, expiry);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = rig.run() => {}
        () = watch => {}
    }
    let runs = rig.finish(6).await;
    let case = format!("{turn:?} by {expiry:?} after {moment} requests");
    let findings = checker::finished_in(&rig.sims, &rig.journal()).await;
    assert!(findings.is_empty(), "{case}:\n{findings}");
    runs
}

async fn against(scenario: &Scenario, name: &str, expiry: SignedDuration) {
    let mut cases = 0;
    for how in TURNS {
        for moment in &MOMENTS[..size(1, 3)] {
            turn(expiry, how, *moment, scenario.seed).await;
            cases += 1;
        }
    }
    scenario.figure(&format!("clocks turned against the {name}"), cases, "0 lost, 0 doubled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn against_page_tokens() {
    let scenario = Scenario::begin("clocks::against_page_tokens", 41);
    against(&scenario, EXPIRIES[0].0, EXPIRIES[0].1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn against_access_tokens() {
    let scenario = Scenario::begin("clocks::against_access_tokens", 42);
    against(&scenario, EXPIRIES[1].0, EXPIRIES[1].1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn against_upload_tokens() {
    let scenario = Scenario::begin("clocks::against_upload_tokens", 43);
    against(&scenario, EXPIRIES[2].0, EXPIRIES[2].1).await;
}

/// The target's day is over in the middle, by its own count, whatever the client's clock says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn against_the_day_of_quota() {
    let scenario = Scenario::begin("clocks::against_the_day_of_quota", 44);
    against(&scenario, EXPIRIES[3].0, EXPIRIES[3].1).await;
    for how in TURNS {
        let mut options = options();
        options.fill = Some(Fill::Synthetic {
            count: ITEMS,
            bytes: 3_000,
        });
        options.google.requests_per_day = Some(40);
        let mut rig = Rig::start(options).await;
        rig.requests_per_day = 40;
        how.before(&rig);
        let mut days = 0;
        while rig.try_finish(1).await.is_err() {
            days += 1;
            assert!(days < 12, "{how:?}: no end after {days} days");
            how.happen(&rig, SignedDuration::from_hours(1));
            rig.clock.service().advance(Duration::from_secs(25 * 3600));
        }
        assert!(days >= 1, "{how:?}: the day's requests were enough");
        checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
    }
    scenario.figure(
        "days of quota that ended under turned clocks",
        json!(TURNS.len()),
        "0 lost, 0 doubled",
    );
}
