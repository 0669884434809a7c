//! What tests plant into a debug build from outside.

use crate::support::{Stage, synthetic};

#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn a_planned_death_is_a_sudden_one_and_the_next_run_goes_on() {
    use std::os::unix::process::ExitStatusExt;

    let mut stage = Stage::new(synthetic(5)).await;
    for plan in ["kill=commit:12", "kill=request:9"] {
        stage.set("PHOTOMOVE_DRILL", plan);
        let status = stage.program(&["amazon", "google", "--yes"]).status().expect("starts");
        assert_eq!(status.signal(), Some(9), "{plan}: {status}");
    }
    stage.unset("PHOTOMOVE_DRILL");
    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert_eq!(stage.google_items().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_or_a_clock_that_cannot_be_used_is_told() {
    let mut stage = Stage::new(synthetic(1)).await;
    for (name, value) in [
        ("PHOTOMOVE_DRILL", "kill=never"),
        ("PHOTOMOVE_CLOCK_URL", "http://127.0.0.1:1/clock"),
    ] {
        stage.set(name, value);
        let run = stage.photomove(&["status"]).await.expect_code(2);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        stage.unset(name);
    }
}
