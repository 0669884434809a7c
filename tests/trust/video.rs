//! Videos that are too large to be sent twice: continued in the middle, streamed past a spool that cannot hold them.

use std::time::Duration;

use photomove_sim::run::SyntheticVideos;
use photomove_sim::{Fill, SimOptions};

use crate::checker;
use crate::figures::{Scenario, size};
use crate::ground::{Ground, options};
use crate::memory::{self, MIB};

const GIB: u64 = 1024 * MIB;

/// A video of this length among a few pictures; the target keeps hashes only.
async fn ground(bytes: u64, seed: u64) -> Ground {
    Ground::start(SimOptions {
        fill: Some(Fill::Synthetic {
            count: 3,
            bytes: 20_000,
        }),
        videos: vec![SyntheticVideos { count: 1, bytes }],
        discard: true,
        seed,
        ..options()
    })
    .await
}

/// What the service says of the upload of the large file: bytes that it holds, and bytes that came.
fn upload_of(ground: &Ground, bytes: u64) -> Option<(u64, u64)> {
    let lines = ground.google().upload_lines();
    let line = lines.iter().rfind(|line| line["size"] == bytes)?;
    Some((line["received"].as_u64()?, line["bytes_in"].as_u64()?))
}

/// Waits until nothing of a broken connection is under way any more.
async fn at_rest(ground: &Ground, bytes: u64) -> (u64, u64) {
    let mut last = None;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = upload_of(ground, bytes);
        if let Some(now) = now.filter(|_| now == last) {
            return now;
        }
        last = now;
    }
}

/// Killed in the middle of the large file; gives the bytes that the next run sends.
async fn killed_half_way(ground: &Ground, bytes: u64, args: &[&str]) -> u64 {
    let mut run = ground.spawn(args);
    let half = run
        .until(|| upload_of(ground, bytes).is_some_and(|(_, came)| came >= bytes / 2))
        .await;
    assert!(half, "it ended before: {:?}", run.said());
    run.kill();
    let (kept, came) = at_rest(ground, bytes).await;
    assert!(kept > 0 && kept < bytes, "{kept} of {bytes} bytes were kept");

    let (peak, ended) = memory::watch(ground.spawn(args)).await;
    ended.expect_code(0);
    let (_, all) = upload_of(ground, bytes).expect("the upload is known");
    assert_eq!(all - came, bytes - kept, "not exactly what was missing was sent");
    checker::finished(ground).await.assert_none();
    memory::judge(peak);
    bytes - kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_upload_goes_on_where_the_service_is() {
    let scenario = Scenario::begin("video::a_killed_upload_goes_on_where_the_service_is", 51);
    let bytes = size(66 * MIB, 3 * GIB);
    let ground = ground(bytes, scenario.seed).await;
    let rest = killed_half_way(&ground, bytes, &["amazon", "google", "--yes"]).await;
    scenario.figure(
        &format!(
            "video of {} MiB, killed in the middle: bytes sent afterwards",
            bytes / MIB
        ),
        rest,
        "exactly what the service did not have",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_stream_goes_on_where_the_service_is() {
    let scenario = Scenario::begin("video::a_killed_stream_goes_on_where_the_service_is", 52);
    let bytes = size(40 * MIB, 3 * GIB);
    let spool = size("8MiB", "1GiB");
    let ground = ground(bytes, scenario.seed).await;
    let rest = killed_half_way(&ground, bytes, &["amazon", "google", "--yes", "--spool-max", spool]).await;
    scenario.figure(
        &format!(
            "video of {} MiB past a spool of {spool}, killed in the middle: bytes sent afterwards",
            bytes / MIB
        ),
        rest,
        "exactly what the service did not have",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_larger_than_the_spool_arrives() {
    let scenario = Scenario::begin("video::a_video_larger_than_the_spool_arrives", 53);
    let bytes = size(40 * MIB, 12 * GIB);
    let spool = size("8MiB", "1GiB");
    let ground = ground(bytes, scenario.seed).await;
    let began = std::time::Instant::now();
    let run = ground.spawn(&["amazon", "google", "--yes", "--spool-max", spool]);
    let (peak, ended) = memory::watch(run).await;
    ended.expect_code(0);
    checker::finished(&ground).await.assert_none();
    memory::judge(peak);
    scenario.figure(
        &format!("video of {} MiB with --spool-max {spool}, seconds", bytes / MIB),
        began.elapsed().as_secs(),
        &memory::told(peak),
    );
}
