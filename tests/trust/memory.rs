//! Memory that does not grow with the library. The stand-ins live in the test's process, the client in its own.

use photomove_sim::{Fill, SimOptions};

use crate::checker;
use crate::figures::{Scenario, full, say, size};
use crate::ground::{Ground, Output, Run, options};

/// Bytes of a mebibyte.
pub const MIB: u64 = 1024 * 1024;
/// What a run may take at most, in KiB. The code of an unoptimised build alone is larger by a third of that.
fn most_kib() -> u64 {
    let unoptimised = cfg!(debug_assertions) && !full();
    if unoptimised { 84 * 1024 } else { 64 * 1024 }
}

/// Watches a run to its end: the most memory it ever had in KiB, `None` where the system does not tell.
pub async fn watch(mut run: Run) -> (Option<u64>, Output) {
    let (id, mut most) = (run.id(), None);
    run.until(|| {
        most = peak_kib(id).max(most);
        false
    })
    .await;
    (most, run.ended().await)
}

/// Fails if it was too much.
#[track_caller]
pub fn judge(peak: Option<u64>) {
    match peak {
        Some(kib) => assert!(
            kib <= most_kib(),
            "{kib} KiB at the peak, {} KiB are allowed",
            most_kib()
        ),
        None => say("skipped: this system does not tell how much memory a program had at the most"),
    }
}

/// Says it for a figure.
pub fn told(peak: Option<u64>) -> String {
    peak.map_or_else(String::new, |kib| format!("peak {:.1} MiB", kib as f64 / 1024.0))
}

#[cfg(target_os = "linux")]
fn peak_kib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn peak_kib(_id: u32) -> Option<u64> {
    None
}

/// Moves so many items and gives the peak.
async fn moved(scenario: &Scenario, items: u64, bytes: u64) {
    let mut options = SimOptions {
        fill: Some(Fill::Synthetic { count: items, bytes }),
        discard: true,
        seed: scenario.seed,
        ..options()
    };
    options.google.write_takes = std::time::Duration::ZERO;
    let ground = Ground::start(options).await;
    let began = std::time::Instant::now();
    let (peak, ended) = watch(ground.spawn(&["amazon", "google", "--yes"])).await;
    let took = began.elapsed();
    ended.expect_code(0);
    scenario.figure(
        &format!("peak memory over {items} items of {} KiB", bytes / 1024),
        told(peak),
        &format!(
            "{:.0} s, {:.0} items/s",
            took.as_secs_f64(),
            items as f64 / took.as_secs_f64()
        ),
    );
    judge(peak);
    checker::finished(&ground).await.assert_none();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_pictures() {
    let scenario = Scenario::begin("memory::of_pictures", 61);
    // A debug build would need minutes for more; the build server measures the release build too.
    let items = if cfg!(debug_assertions) { 200 } else { 2_000 };
    moved(&scenario, size(items, 20_000), MIB).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_items() {
    let scenario = Scenario::begin("memory::of_many_items", 62);
    moved(&scenario, size(300, 200_000), 2048).await;
}
