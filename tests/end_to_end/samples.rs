//! The main job on real files: every sample arrives, verified, in its album.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use photomove_sim::{Fill, SimOptions, parse_faults};

use crate::support::{Stage, count, samples};

/// SHA-1 of every file under the folder, with the album (sub-folder) it lies in.
fn files(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for album in std::fs::read_dir(folder).expect("samples") {
        let album = album.expect("entry");
        let title = album
            .file_name()
            .into_string()
            .expect("sample folders have plain names");
        for file in std::fs::read_dir(album.path()).expect("album folder") {
            let bytes = std::fs::read(file.expect("entry").path()).expect("sample file");
            let sha1 = photomove_core::Checksums::of(&bytes).sha1_hex().expect("taken");
            found.entry(sha1).or_default().insert(title.clone());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn all_samples_arrive_verified_and_a_second_run_has_nothing_to_do() {
    let Some(folder) = samples() else { return };
    let wanted = files(&folder);
    assert_eq!(wanted.len(), 55);
    let stage = Stage::new(Fill::Dir(folder)).await;

    let first = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert!(first.text().contains("55 of 55 verified"), "{}", first.text());
    let arrived: BTreeMap<String, BTreeSet<String>> = stage
        .google_items()
        .await
        .iter()
        .map(|item| {
            let albums = item["albums"].as_array().expect("albums").iter();
            let albums = albums.map(|title| title.as_str().expect("title").to_owned()).collect();
            (item["sha1"].as_str().expect("sha1").to_owned(), albums)
        })
        .collect();
    assert_eq!(arrived, wanted);
    stage.assert_no_unknown_requests();

    let before = stage.google_counts();
    let second = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert!(second.text().contains("nothing to do"), "{}", second.text());
    let after = stage.google_counts();
    for operation in ["upload", "batch_create", "album_create", "album_add"] {
        assert_eq!(count(&after, operation), count(&before, operation), "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_counts_as_verified_when_the_service_accepts_a_wrong_hash() {
    let Some(folder) = samples() else { return };
    let faults = parse_faults(r#"[{"operation": "upload", "fault": "wrong_hash_accepted"}]"#).expect("plan");
    let stage = Stage::with(SimOptions {
        fill: Some(Fill::Dir(folder)),
        faults,
        ..Stage::options()
    })
    .await;

    let run = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    let row = run.stdout.lines().find(|line| line.starts_with("unverifiable "));
    let files = row.and_then(|row| row.split_whitespace().nth(1));
    assert_eq!(files, Some("55"), "{}", run.stdout);
    assert!(!run.text().contains("55 of 55 verified"), "{}", run.text());
}
