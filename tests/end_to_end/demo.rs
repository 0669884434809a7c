//! The demo: what a newcomer sees first.

use crate::support::{Stage, synthetic};

#[tokio::test(flavor = "multi_thread")]
async fn demo_shows_a_whole_migration_and_leaves_one_folder() {
    let mut stage = Stage::new(synthetic(1)).await;
    // The demo brings its own stand-ins; nothing of the environment may be needed.
    for name in stage.sims.env().clone().into_keys() {
        stage.unset(&name);
    }
    let before = entries(&stage.path("."));

    let run = stage.photomove(&["demo"]).await.expect_code(0);

    assert!(run.text().contains("verified"), "{}", run.text());
    assert!(
        run.text().contains("1 failed"),
        "one item is refused by design: {}",
        run.text()
    );
    let after: Vec<_> = entries(&stage.path("."))
        .into_iter()
        .filter(|name| !before.contains(name))
        .collect();
    assert_eq!(after, ["photomove-demo"], "one folder is left");
}

fn entries(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
