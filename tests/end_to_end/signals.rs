//! What ends a run and what does not: requests of the system, closed terminals, readers that have gone away.

use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use photomove_sim::{Fill, SimOptions};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::Stage;
#[cfg(target_os = "linux")]
use crate::terminal::on_a_terminal;

/// A library that is not moved at once.
async fn slow(count: u64) -> Stage {
    Stage::with(SimOptions {
        fill: Some(Fill::Synthetic { count, bytes: 20_000 }),
        latency: Duration::from_millis(30),
        ..Stage::options()
    })
    .await
}

fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("not zero");
    kill_process(pid, signal).expect("the process is there");
}

pub async fn ended(mut child: Child) -> ExitStatus {
    let wait = tokio::task::spawn_blocking(move || child.wait());
    wait.await.expect("the waiting thread ends").expect("the child ends")
}

async fn assert_finished(stage: &Stage, items: usize) {
    assert_eq!(stage.google_items().await.len(), items);
    let status = stage.photomove(&["status"]).await.expect_code(0);
    assert!(status.stdout.contains(": finished"), "{}", status.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_the_system_ends_the_run_and_the_next_one_goes_on() {
    let stage = slow(30).await;
    let run = stage.spawn(&["amazon", "google", "--yes"]);
    stage.until_google_holds(1).await;
    send(&run, Signal::TERM);
    assert_eq!(ended(run).await.code(), Some(130));
    assert!(stage.google_items().await.len() < 30, "it was to stop before the end");
    stage.photomove(&["amazon", "google", "--yes"]).await.expect_code(0);
    assert_finished(&stage, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_does_not_end_the_run() {
    let stage = slow(10).await;
    let run = stage.spawn(&["amazon", "google", "--yes"]);
    stage.until_google_holds(1).await;
    send(&run, Signal::HUP);
    assert_eq!(ended(run).await.code(), Some(0));
    assert_finished(&stage, 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_have_gone_away_do_not_end_the_run() {
    for words in [
        &["amazon", "google", "--yes", "-v"][..],
        &["--json", "amazon", "google", "--yes"],
    ] {
        let stage = slow(10).await;
        let mut command = stage.program(words);
        let mut run = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop((run.stdout.take(), run.stderr.take()));
        assert_eq!(ended(run).await.code(), Some(0));
        assert_finished(&stage, 10).await;
    }
}

/// A window that is closed: the system sends SIGHUP, and every later write fails.
#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_terminal_that_goes_away_does_not_end_the_run() {
    let stage = slow(30).await;
    let (terminal, run) = on_a_terminal(&stage, &["amazon", "google", "--yes"]);
    drop(terminal.until_shown("moving").await);
    assert!(stage.google_items().await.len() < 30, "it was to go on after this");
    assert_eq!(ended(run).await.code(), Some(0));
    assert_finished(&stage, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn a_request_of_the_system_ends_a_question_and_leaves_the_terminal_as_it_was() {
    let stage = slow(3).await;
    let (terminal, run) = on_a_terminal(&stage, &["amazon", "google"]);
    let before = terminal.modes();
    let terminal = terminal.until_shown("to Google Photos?").await;
    terminal.until_hidden().await;
    send(&run, Signal::TERM);
    assert_eq!(ended(run).await.code(), Some(130));
    assert_eq!(terminal.modes(), before);
    assert_eq!(stage.google_items().await.len(), 0);
}
