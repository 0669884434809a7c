//! What the program says and does when it cannot go on: another run in the way, a damaged journal, a full disk.

#[cfg(unix)]
use std::process::Command;

use photomove_sim::{Fill, ServiceKind, ServiceSpec, SimOptions};
use serde_json::json;

use crate::checker::{self, Books};
use crate::figures::{Scenario, size};
use crate::ground::{Ground, Run, count, options};

const MOVE: [&str; 3] = ["amazon", "google", "--yes"];

async fn ground(items: u64) -> Ground {
    Ground::start(SimOptions {
        fill: Some(Fill::Synthetic {
            count: items,
            bytes: 3_000,
        }),
        ..options()
    })
    .await
}

/// Starts a run whose fifth upload is answered in an hour.
async fn held(ground: &Ground) -> Run {
    ground.google_faults(&json!([{ "operation": "upload", "nth": 5, "fault": "late", "ms": 3_600_000 }]));
    let mut run = ground.spawn(&MOVE);
    let is_held = run.until(|| count(&ground.google_counts(), "upload") >= 4).await;
    assert!(is_held, "{:?}", run.said());
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_is_refused_and_a_killed_run_holds_nobody_up() {
    let _scenario = Scenario::begin("standing::a_second_run_is_refused_and_a_killed_run_holds_nobody_up", 1);
    let ground = ground(20).await;
    ground.share_clock();
    let first = held(&ground).await;

    let second = ground.migrate().await.expect_code(10);
    assert!(
        second.stderr.contains(&first.id().to_string()),
        "nobody is named: {}",
        second.stderr
    );
    ground.run(&["status"]).await.expect_code(0);

    first.kill();
    ground.google_faults(&json!([]));
    ground.hurry();
    ground.migrate().await.expect_code(0);
    checker::finished(&ground).await.assert_none();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_into_one_account_are_refused() {
    let _scenario = Scenario::begin("standing::two_jobs_into_one_account_are_refused", 1);
    let ground = ground(20).await;
    let other = photomove_sim::start(SimOptions {
        services: vec![ServiceSpec::new(ServiceKind::Amazon)],
        fill: Some(Fill::Synthetic { count: 3, bytes: 5_000 }),
        seed: 77,
        ..options()
    })
    .await
    .expect("another source");
    let first = held(&ground).await;

    let own: Vec<_> = ground
        .sims
        .env()
        .iter()
        .filter(|(name, _)| name.starts_with("PHOTOMOVE_AMAZON_"))
        .collect();
    for (name, _) in &own {
        ground.set(name, other.env()[*name].clone());
    }
    let second = ground.migrate().await.expect_code(10);
    assert!(
        second.stderr.contains(&first.id().to_string()),
        "nobody is named: {}",
        second.stderr
    );
    for (name, value) in own {
        ground.set(name, value.clone());
    }

    first.kill();
    ground.google_faults(&json!([]));
    ground.hurry();
    ground.migrate().await.expect_code(0);
    checker::finished_in(&ground.sims, &ground.journal())
        .await
        .assert_none();
}

/// Damages the journal by `harm`, and sees that it is refused, kept, and done without.
async fn damaged(harm: impl Fn(&mut Vec<u8>)) {
    let ground = ground(20).await;
    ground.hurry();
    ground.migrate().await.expect_code(0);
    let mut bytes = std::fs::read(ground.journal()).expect("the journal");
    harm(&mut bytes);
    std::fs::write(ground.journal(), &bytes).expect("written");

    let refused = ground.migrate().await.expect_code(1);
    assert!(
        refused.stderr.contains("--new-journal"),
        "no way out is named: {}",
        refused.stderr
    );
    assert_eq!(
        std::fs::read(ground.journal()).expect("the journal"),
        bytes,
        "the damaged journal was changed"
    );

    ground
        .run(&["amazon", "google", "--yes", "--new-journal"])
        .await
        .expect_code(0);
    let kept = ground.state_dir().join("journal.db.broken-1");
    assert_eq!(std::fs::read(kept).expect("the damaged journal is kept"), bytes);
    checker::finished(&ground).await.assert_none();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_journal_is_kept_and_done_without() {
    let _scenario = Scenario::begin("standing::a_cut_journal_is_kept_and_done_without", 1);
    damaged(|bytes| bytes.truncate(bytes.len() / 2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overwritten_journal_is_kept_and_done_without() {
    let _scenario = Scenario::begin("standing::an_overwritten_journal_is_kept_and_done_without", 1);
    damaged(|bytes| bytes.iter_mut().skip(4096).take(3 * 4096).for_each(|byte| *byte = 0xa5)).await;
}

/// Runs with files of at most so many bytes, as on a disk that is full from there on; `false` if that was enough.
#[cfg(unix)]
async fn on_a_full_disk(ground: &Ground, blocks: u64) -> bool {
    let mut shell = Command::new("sh");
    // The signal that comes with the limit would end the program; a full disk gives an error only.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_photomove")]);
    let before = ground.google_counts().requests;
    let ended = ground.spawn_as(shell, &MOVE).ended().await;
    if ended.code == Some(0) {
        return false;
    }
    let (said, asked) = (ended.text(), ground.google_counts().requests - before);
    let ended = ended.expect_code(1);
    assert!(ended.stderr.contains("disk") || ended.stderr.contains("room"), "{said}");
    assert!(!ended.stderr.contains("defect of photomove"), "{said}");
    assert!(asked < 200, "{asked} requests on a full disk");
    true
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_run_and_room_lets_it_go_on() {
    let scenario = Scenario::begin("standing::a_full_disk_stops_the_run_and_room_lets_it_go_on", 1);
    // Blocks of 512 bytes, from a journal that cannot be made to one that has room enough.
    let (mut full, mut sizes, mut blocks) = (0, 0, 8);
    loop {
        let ground = ground(20).await;
        ground.hurry();
        sizes += 1;
        if !on_a_full_disk(&ground, blocks).await {
            break;
        }
        full += 1;
        checker::at_any_moment(&ground).await.assert_none();
        ground.migrate().await.expect_code(0);
        checker::finished(&ground).await.assert_none();
        blocks += blocks.div_ceil(size(1, 16));
    }
    assert!(full >= 3, "the disk was full {full} times only");
    scenario.figure(
        "disks full under the program",
        full,
        &format!("of {sizes} sizes; 0 lost, 0 doubled"),
    );
}

#[cfg(not(unix))]
#[test]
fn a_full_disk_stops_the_run_and_room_lets_it_go_on() {
    crate::figures::say("skipped: file sizes cannot be limited here; the engine's own tests fill a disk everywhere");
}

/// However much is said, and whatever goes wrong while it is said, no secret is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_said_or_written() {
    let _scenario = Scenario::begin("standing::nothing_secret_is_said_or_written", 1);
    let ground = ground(20).await;
    ground.hurry();
    // A secret that means nothing to anybody, so that it can only come from the file of cookies.
    let cookies = &ground.sims.env()["PHOTOMOVE_AMAZON_COOKIES"];
    let text = std::fs::read_to_string(cookies).expect("cookie file");
    let last = text.lines().last().expect("a cookie");
    let fields: Vec<&str> = last.split('\t').collect();
    let planted = [&fields[..5], &["x-canary", "CANARY-7f3a91c2d4"]].concat().join("\t");
    std::fs::write(cookies, format!("{text}{planted}\n")).expect("written");
    ground.google_faults(&json!([
        { "operation": "upload", "nth": 3, "fault": "expire_session" },
        { "operation": "upload", "nth": 6, "fault": "status", "status": 403, "body_kind": "html" },
        { "operation": "batch_create", "nth": 1, "fault": "reset_after" },
        { "operation": "album_create", "nth": 1, "fault": "malformed_json" },
        { "operation": "token", "nth": 1, "fault": "status", "status": 500 },
    ]));
    ground.run(&["-vvv", "amazon", "google", "--yes"]).await;
    ground.google_faults(&json!([]));
    ground
        .run(&["-vvv", "--json", "amazon", "google", "--yes"])
        .await
        .expect_code(0);
    checker::finished(&ground).await.assert_none();
}

/// A finished job that is run again asks for what is new, and for little else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_job_asks_the_target_for_nothing() {
    let scenario = Scenario::begin("standing::a_finished_job_asks_the_target_for_nothing", 1);
    let items = size(230, 100_000);
    let ground = ground(items).await;
    ground.hurry();
    ground.migrate().await.expect_code(0);
    let library = |ground: &Ground| {
        let lines = ground.google_requests();
        lines.iter().filter(|line| line.origin == "library").count()
    };
    let (google, amazon) = (ground.google_counts(), ground.amazon_counts());
    // Pages of files, of albums and of their members, as the first run asked for them.
    let pages = count(&amazon, "list") + count(&amazon, "children");
    let (log, seen) = (
        library(&ground),
        Books::read(&ground.journal()).expect("opens").uploads.len(),
    );

    let began = std::time::Instant::now();
    let again = ground.migrate().await.expect_code(0);
    let took = began.elapsed();

    assert_eq!(seen as u64, items);
    assert!(again.stdout.contains("nothing"), "{}", again.stdout);
    // `connect` looks at one page of albums; a log that is full would hide the rest.
    let asked = ground.google_counts().requests - google.requests;
    assert!(asked <= 3, "{asked} requests to the target");
    if log < 40_000 {
        assert_eq!(library(&ground) - log, 1, "{:?}", ground.google_counts());
    }
    let asked = ground.amazon_counts().requests - amazon.requests;
    assert!(
        asked <= pages + 5,
        "{asked} requests to the source, {pages} pages: {:?}",
        ground.amazon_counts()
    );
    scenario.figure(
        &format!("re-run of a finished job of {items} items, seconds"),
        format!("{:.1}", took.as_secs_f64()),
        &format!("{asked} requests to the source for {pages} pages, one to the target's library"),
    );
}
