//! Nothing is lost and nothing doubled, whatever happens on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use photomove_sim::{Fill, SimOptions, demo, parse_faults};

use crate::support::{Stage, count, synthetic};

fn sha1s(items: &[serde_json::Value]) -> Vec<String> {
    let mut sums: Vec<_> = items
        .iter()
        .map(|item| item["sha1"].as_str().expect("sha1").to_owned())
        .collect();
    sums.sort();
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_continues_without_loss_or_double() {
    let options = SimOptions {
        fill: Some(synthetic(120)),
        latency: Duration::from_millis(15),
        ..Stage::options()
    };
    let stage = Stage::with(options).await;
    let mut kills = 0;
    // Each kill comes a little later in the run than the one before.
    for uploads in [5, 40, 90, 121] {
        let mut run = stage.spawn(&["amazon", "google", "--yes"]);
        while run.try_wait().expect("child").is_none() {
            if count(&stage.google_counts(), "upload") >= uploads {
                run.kill().expect("killed");
                kills += 1;
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        run.wait().expect("reaped");
    }
    assert!(kills >= 3, "the runs were to be killed while they worked, {kills} were");

    let last = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);

    assert!(last.text().contains("120 of 120"), "{}", last.text());
    assert_eq!(sha1s(&stage.google_items().await), sha1s(&stage.amazon_items().await));
    let uploads = count(&stage.google_counts(), "upload");
    // Every kill may cost the uploads that were in flight, eight at the most, and nothing else; one asks for the hash check.
    assert!(uploads <= 121 + 8 * kills, "{uploads} uploads after {kills} kills");
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_files_are_sent_once_and_enter_all_their_albums() {
    let library = demo::library(1).expect("demo library");
    let stage = Stage::new(Fill::Library(library)).await;

    stage.photomove(&["amazon", "google", "--yes"]).await;

    let source = stage.amazon_items().await;
    let arrived = stage.google_items().await;
    let distinct: BTreeSet<_> = sha1s(&source).into_iter().collect();
    assert!(distinct.len() < source.len(), "the demo has duplicates");
    assert_eq!(sha1s(&arrived), distinct.iter().cloned().collect::<Vec<_>>());
    assert_eq!(count(&stage.google_counts(), "upload"), distinct.len() as u64 + 1);
    for item in &arrived {
        let titles = |value: &serde_json::Value| -> BTreeSet<String> {
            let titles = value["albums"].as_array().expect("albums").iter();
            titles.map(|title| title.as_str().expect("title").to_owned()).collect()
        };
        let wanted = source
            .iter()
            .filter(|copy| copy["sha1"] == item["sha1"])
            .flat_map(titles)
            .collect();
        assert_eq!(titles(item), wanted, "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_downloads_are_fetched_again() {
    let faults = r#"[{"operation": "download", "nth": 3, "fault": "flip_bit"},
                     {"operation": "download", "nth": 7, "fault": "truncate", "at": 100}]"#;
    let faults = parse_faults(faults).expect("plan");
    let stage = Stage::with(SimOptions {
        fill: Some(synthetic(20)),
        faults,
        ..Stage::options()
    })
    .await;

    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);

    assert_eq!(sha1s(&stage.google_items().await), sha1s(&stage.amazon_items().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_writes_nothing_at_the_target() {
    let stage = Stage::new(synthetic(30)).await;

    let plan = stage.photomove(&["plan", "amazon", "google"]).await.expect_code(0);

    assert!(plan.text().contains("30"), "{}", plan.text());
    for operation in ["upload", "batch_create", "album_create", "album_add", "patch_item"] {
        assert_eq!(count(&stage.google_counts(), operation), 0, "{operation}");
    }
}
