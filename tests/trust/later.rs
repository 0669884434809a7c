//! A week later: the same command moves exactly what is new, and asks for little else.

use std::time::Duration;

use photomove_sim::{Counts, Fill, LibraryCommand, Membership, SimOptions};

use crate::checker;
use crate::figures::{Scenario, size};
use crate::ground::{Ground, count, options};
use crate::rig::canaries;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const ALBUM: &str = "Synthetic 01";

/// Names of items that are in no album of this title, the first `many` of them.
async fn outside(ground: &Ground, many: usize) -> Vec<String> {
    let lines = ground.amazon().library_lines().await;
    let names = lines.iter().filter_map(|line| {
        let is_in = line["albums"].as_array()?.iter().any(|title| title == ALBUM);
        (!is_in).then(|| line["name"].as_str().map(str::to_owned))?
    });
    names.take(many).collect()
}

/// Stand-ins of which the first holds so many small pictures.
async fn filled(items: u64, scenario: &Scenario) -> Ground {
    let ground = Ground::start(SimOptions {
        fill: Some(Fill::Synthetic {
            count: items,
            bytes: 2_048,
        }),
        seed: scenario.seed,
        ..options()
    })
    .await;
    ground.share_clock();
    ground
}

/// How often an operation was asked for since the first counts.
fn more(before: &Counts, after: &Counts, operation: &str) -> u64 {
    count(after, operation) - count(before, operation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_later_exactly_what_is_new_moves() {
    let scenario = Scenario::begin("later::a_week_later_exactly_what_is_new_moves", 83);
    let (items, new, joined): (u64, u64, u64) = size((1_000, 20, 10), (20_000, 100, 50));
    let ground = filled(items, &scenario).await;
    ground.migrate().await.expect_code(0);
    checker::finished(&ground).await.assert_none();

    ground.clock.advance(WEEK);
    let names = outside(&ground, usize::try_from(joined).expect("few")).await;
    assert_eq!(
        names.len() as u64,
        joined,
        "the library has enough items outside of the album"
    );
    let change = LibraryCommand {
        add: new,
        bytes: Some(2_048),
        join: vec![Membership {
            album: ALBUM.to_owned(),
            names,
        }],
        ..LibraryCommand::default()
    };
    ground.amazon().change_library(change).await.expect("changed");
    let (google, amazon) = (ground.google_counts(), ground.amazon_counts());
    let trials = canaries(&ground.google_requests());

    let later = ground.migrate().await.expect_code(0);

    let (google_now, amazon_now) = (ground.google_counts(), ground.amazon_counts());
    let uploads = more(&google, &google_now, "upload") - (canaries(&ground.google_requests()) - trials);
    assert_eq!(uploads, new, "exactly the new ones are sent");
    assert_eq!(more(&google, &google_now, "batch_create"), new.div_ceil(50));
    assert_eq!(more(&google, &google_now, "album_add"), joined.div_ceil(50));
    assert_eq!(more(&google, &google_now, "album_create"), 0, "every album is known");
    let downloads = more(&amazon, &amazon_now, "download");
    assert_eq!(downloads, new, "exactly the new ones are read");
    assert!(
        later.stdout.contains(&format!("{new} files ("))
            && later.stdout.contains(&format!("{joined} places in albums")),
        "{}",
        later.stdout
    );
    checker::finished(&ground).await.assert_none();

    let again = ground.migrate().await.expect_code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let (to, from) = (
        google_now.requests - google.requests,
        amazon_now.requests - amazon.requests,
    );
    scenario.figure(
        &format!("a week later, {new} of {items} items are new and {joined} joined an album"),
        format!("{to} requests to the target, {from} to the source"),
        &format!(
            "{uploads} uploads, {} calls that create, {} that add to an album; {downloads} downloads, the rest are pages of the \
             listing; 0 lost, 0 doubled",
            more(&google, &google_now, "batch_create"),
            more(&google, &google_now, "album_add")
        ),
    );
}

/// `verify` and `status` of the real program, beside and after a run that was killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_is_told_as_that_and_a_look_costs_one_request_for_fifty_items() {
    let scenario = Scenario::begin(
        "later::a_killed_run_is_told_as_that_and_a_look_costs_one_request_for_fifty_items",
        84,
    );
    let items = 120;
    let ground = filled(items, &scenario).await;
    let held = serde_json::json!([{ "operation": "upload", "nth": 60, "fault": "late", "ms": 3_600_000 }]);
    ground.google_faults(&held);
    let mut run = ground.spawn(&["amazon", "google", "--yes"]);
    assert!(
        run.until(|| count(&ground.google_counts(), "upload") >= 60).await,
        "{:?}",
        run.said()
    );
    let beside = ground.run(&["status"]).await.expect_code(0);
    let process = format!("(process {})", run.id());
    assert!(
        beside.stdout.contains("running since ") && beside.stdout.contains(&process),
        "{}",
        beside.stdout
    );

    run.kill();
    let killed = ground.run(&["status", "--watch"]).await.expect_code(0);
    assert!(killed.stdout.contains("no run is under way: "), "{}", killed.stdout);
    assert!(killed.stdout.contains("ended without a word"), "{}", killed.stdout);

    ground.google_faults(&serde_json::json!([]));
    ground.hurry();
    ground.migrate().await.expect_code(0);
    checker::finished(&ground).await.assert_none();
    let (google, amazon) = (ground.google_counts(), ground.amazon_counts());
    let looked = ground.run(&["verify"]).await.expect_code(0);
    assert!(looked.stdout.contains("120 of 120 items there"), "{}", looked.stdout);
    let asked = more(&google, &ground.google_counts(), "batch_get");
    assert_eq!(asked, items.div_ceil(50));
    assert_eq!(
        ground.amazon_counts().requests,
        amazon.requests,
        "the source is not asked"
    );
    scenario.figure(
        "requests of `photomove verify` for 120 items",
        asked,
        "50 items a request; none to the source",
    );
}
