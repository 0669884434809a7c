//! A library that takes more requests than a day allows: the real program waits for day after day, by a clock that is
//! moved each time it pauses.

use std::time::Duration;

use jiff::Timestamp;
use photomove_sim::{Counts, Fill, SimClock, SimOptions};

use crate::checker;
use crate::figures::{Scenario, size};
use crate::ground::{Ground, Run, count, options};
use crate::rig::Rig;

/// Noon in California, two days before its clocks are set back: one of the days is an hour longer.
const BEGIN: &str = "2026-10-30T19:00:00Z";
/// A day and an hour, so that the longest day is over too.
const PAST_ITS_DAY: Duration = Duration::from_secs(25 * 3600);
/// Nobody counts what the sign-in costs.
const UNCOUNTED: [&str; 5] = ["token", "userinfo", "openid_configuration", "revoke", "authorize"];

/// Requests that count against the day, so far.
fn counted(counts: &Counts) -> u64 {
    let free: u64 = UNCOUNTED.iter().map(|name| count(counts, name)).sum();
    counts.requests - free
}

/// Waits until the run has paused once more than `times`; `false` if it ended before.
async fn paused_after(run: &mut Run, times: usize) -> bool {
    loop {
        if run.has_ended() {
            return false;
        }
        if run.said().1.matches("paused: ").count() > times {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_of_it() {
    let scenario = Scenario::begin("quota::days_of_it", 71);
    let (items, per_day): (u64, u64) = size((5_000, 900), (100_000, 10_000));
    let clock = SimClock::real();
    let begin: Timestamp = BEGIN.parse().expect("a time");
    clock.shift(begin.duration_since(clock.now()));
    let mut options = SimOptions {
        fill: Some(Fill::Synthetic {
            count: items,
            bytes: 2048,
        }),
        seed: scenario.seed,
        clock: Some(clock.clone()),
        ..options()
    };
    options.google.requests_per_day = Some(u32::try_from(per_day).expect("a number of requests"));
    options.google.write_takes = Duration::ZERO;
    let ground = Ground::start(options).await;
    ground.set("PHOTOMOVE_GOOGLE_REQUESTS_PER_DAY", per_day.to_string());
    ground.share_clock();

    let mut run = ground.spawn(&["amazon", "google", "--yes", "--wait"]);
    let mut days: Vec<u64> = Vec::new();
    let day = |days: &[u64]| counted(&ground.google_counts()) - days.iter().sum::<u64>();
    while paused_after(&mut run, days.len()).await {
        days.push(day(&days));
        clock.advance(PAST_ITS_DAY);
    }
    run.ended().await.expect_code(0);
    days.push(day(&days));

    let counts = ground.google_counts();
    assert!(days.iter().all(|used| *used <= per_day), "over the limit: {days:?}");
    // Every day but the last is used to its end, but for what a batch is short of.
    let wasted: u64 = days[..days.len() - 1].iter().map(|used| per_day - used).sum();
    assert!(wasted <= 60 * days.len() as u64, "requests that nobody used: {days:?}");
    let uploads = count(&counts, "upload");
    let canaries = days.len() as u64 + 1;
    assert!(
        (items..=items + canaries).contains(&uploads),
        "{uploads} uploads of {items} items in {} days",
        days.len()
    );
    checker::finished(&ground).await.assert_none();
    scenario.figure(
        &format!("days for {items} items at {per_day} requests a day"),
        days.len(),
        &format!("requests of each day: {days:?}; 0 lost, 0 doubled"),
    );
}

/// Days that are much too short: what is sent becomes an item the same day, so that nothing is ever sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_days_waste_nothing() {
    let scenario = Scenario::begin("quota::short_days_waste_nothing", 72);
    for (per_day, items) in [(60, 150), (5, 7)] {
        let mut options = SimOptions {
            fill: Some(Fill::Synthetic {
                count: items,
                bytes: 2048,
            }),
            seed: scenario.seed,
            ..options()
        };
        options.google.requests_per_day = Some(per_day);
        let mut rig = Rig::start(options).await;
        rig.requests_per_day = per_day;
        let mut days = 1;
        while rig.try_finish(1).await.is_err() {
            let used = rig.sims.google().expect("started").requests_today();
            assert!(used <= per_day, "{used} of {per_day} on day {days}");
            days += 1;
            assert!(days <= items, "no end at {per_day} a day");
            rig.clock.service().advance(PAST_ITS_DAY);
        }
        assert_eq!(rig.uploads(), items, "sent twice at {per_day} a day");
        checker::finished_in(&rig.sims, &rig.journal()).await.assert_none();
        scenario.figure(
            &format!("days for {items} items at {per_day} requests a day"),
            days,
            "each item sent once; 0 lost, 0 doubled",
        );
    }
}
