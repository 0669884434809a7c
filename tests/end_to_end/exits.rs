//! Runs that cannot be: another one is under way, the journal is damaged, the disk is full.

use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use photomove_sim::SimOptions;

use crate::support::{Stage, synthetic};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_is_refused_and_told_who_is_under_way() {
    // The reply to the only batch does not come before the clock is moved: until then the first run is under way.
    let held = r#"[{"operation": "batch_create", "nth": 1, "fault": "late", "ms": 1800000}]"#;
    let stage = Stage::with(SimOptions {
        fill: Some(synthetic(40)),
        faults: photomove_sim::parse_faults(held).expect("a plan"),
        ..Stage::options()
    })
    .await;
    let mut first = stage.spawn(&["amazon", "google", "--yes"]);
    stage.until_google_got("upload").await;
    let second = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(10);
    let holder = format!("process {}", first.id());
    assert!(second.stderr.contains(&holder), "no `{holder}` in: {}", second.stderr);
    assert!(second.stderr.contains("hint: "), "{}", second.stderr);
    let (done, mut ended) = tokio::sync::oneshot::channel();
    tokio::task::spawn_blocking(move || done.send(first.wait()));
    let code = loop {
        // Again and again: the batch may not have been under way when the clock was moved first.
        stage.advance_google(Duration::from_secs(1800));
        tokio::select! {
            code = &mut ended => break code.expect("the waiting thread ends").expect("ends"),
            // Not too often: on a busy machine the service would be a week ahead, and the sign-in over.
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    };
    assert_eq!(code.code(), Some(0));
    assert_eq!(stage.google_items().await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_refused_and_kept_beside_a_new_one() {
    let stage = Stage::new(synthetic(5)).await;
    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    let journal = stage.state_dir().join("journal.db");
    let damage = |at: u64| {
        let mut file = std::fs::File::options()
            .write(true)
            .open(&journal)
            .expect("the journal");
        file.seek(SeekFrom::Start(at)).expect("seek");
        file.write_all(&[0x5a; 8192]).expect("write");
    };
    // In the middle, then at its very start, where not even SQLite's name is left.
    for (at, kept) in [(4096 * 2, "journal.db.broken-1"), (0, "journal.db.broken-2")] {
        damage(at);
        let refused = stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(1);
        assert!(refused.stderr.contains("--new-journal"), "{}", refused.stderr);
        let run = stage
            .photomove(&["amazon", "google", "--yes", "--new-journal"])
            .await
            .expect_code(0);
        assert!(run.stderr.contains("old journal kept: "), "{}", run.stderr);
        assert!(stage.state_dir().join(kept).exists(), "{kept}");
        assert_eq!(stage.google_items().await.len(), 5, "nothing is doubled");
    }
}

/// No file may grow beyond what the journal has when it is made: the nearest thing to a full disk without one.
#[tokio::test(flavor = "multi_thread")]
#[cfg(unix)]
async fn a_full_disk_stops_the_run_and_the_next_one_goes_on() {
    let stage = Stage::new(synthetic(60)).await;
    let program = stage.program(&["amazon", "google", "--yes"]);
    let mut command = std::process::Command::new("sh");
    // In blocks of 512 or 1024 bytes, as the shell likes. Without the trap the system ends the program.
    command
        .args(["-c", r#"trap '' XFSZ; ulimit -f 400; exec "$0" "$@""#])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(program.get_current_dir().expect("set"));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("ends")
        .expect("starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: "), "{stderr}");
    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert_eq!(stage.google_items().await.len(), 60);
}
