//! Pasting a request on a real terminal: nothing of it shows, however long it is and whatever ends it.

use std::process::Child;

use photomove_sim::SimOptions;

use crate::support::{Stage, synthetic};
use crate::terminal::{Terminal, on_a_terminal};

/// More than the line of a terminal takes, as real requests have it.
const LONG: usize = 9_000;

async fn newcomer() -> Stage {
    let mut stage = Stage::with(SimOptions {
        fill: Some(synthetic(3)),
        ..Stage::options()
    })
    .await;
    stage.unset("PHOTOMOVE_AMAZON_COOKIES");
    stage
}

/// Cookies of the stand-in, and a long one of nobody's.
fn cookies(stage: &Stage) -> Vec<(String, String)> {
    let mut cookies = stage.sims.amazon().expect("started").cookies();
    cookies.push(("long".to_owned(), "hush".repeat(LONG / 4)));
    cookies
}

/// As Chrome copies it on Linux, with the line ends that a terminal makes of a paste.
fn copied(stage: &Stage) -> String {
    let cookies: Vec<String> = cookies(stage)
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "curl 'https://www.amazon.com/drive/v1/account/usage' \\\r  -H 'accept: */*' \\\r  -b '{}' \\\r  -H 'x: y'",
        cookies.join("; ")
    )
}

async fn code(mut run: Child) -> Option<i32> {
    let wait = tokio::task::spawn_blocking(move || run.wait());
    wait.await.expect("the thread ends").expect("the program ends").code()
}

#[track_caller]
fn assert_hidden(stage: &Stage, terminal: &Terminal) {
    for (name, value) in cookies(stage) {
        assert!(
            !terminal.text().contains(&value[..8]),
            "`{name}` was shown:\n{}",
            terminal.text()
        );
    }
}

async fn prompted(stage: &Stage, words: &[&str]) -> (Terminal, Child) {
    let (terminal, run) = on_a_terminal(stage, words);
    let terminal = terminal.until_shown("paste here:").await;
    terminal.until_hidden().await;
    (terminal, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_is_taken_whether_the_terminal_marks_it_or_not() {
    for marked in [false, true] {
        let stage = newcomer().await;
        let (terminal, run) = prompted(&stage, &["auth", "login", "amazon"]).await;
        let request = copied(&stage);
        let pasted = if marked {
            format!("\u{1b}[200~{request}\u{1b}[201~")
        } else {
            request
        };
        let terminal = terminal.write(pasted).await.until_shown("received").await;
        let terminal = terminal.write("\r").await.until_shown("Is that yours?").await;
        assert!(
            terminal.text().contains("Amazon.com, 3 photos, 0 videos"),
            "{}",
            terminal.text()
        );
        terminal.until_hidden().await;
        let terminal = terminal.write("y").await.until_shown("kept in:").await;
        assert_hidden(&stage, &terminal);
        assert_eq!(code(run).await, Some(0));
        let status = stage.photomove(&["auth", "status"]).await;
        assert!(status.stdout.contains("amazon (kept): valid"), "{}", status.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_a_paste_leaves_the_terminal_as_it_was() {
    let stage = newcomer().await;
    let (terminal, run) = on_a_terminal(&stage, &["auth", "login", "amazon"]);
    let before = terminal.modes();
    let terminal = terminal.until_shown("paste here:").await;
    terminal.until_hidden().await;
    let half = copied(&stage)[..LONG].to_owned();
    let terminal = terminal.write(half).await.until_shown("received").await;
    let terminal = terminal.write("\u{3}").await.until_shown("no answer was given").await;
    assert_eq!(code(run).await, Some(130));
    assert_eq!(terminal.modes(), before);
    assert_hidden(&stage, &terminal);
    assert!(!stage.state_dir().join("credentials").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_for_the_sign_in_that_it_lacks_and_goes_on() {
    let stage = newcomer().await;
    let (terminal, run) = on_a_terminal(&stage, &["amazon", "google"]);
    let terminal = terminal.until_shown("Sign in to Amazon Photos now?").await;
    terminal.until_hidden().await;
    let terminal = terminal.write("y").await.until_shown("paste here:").await;
    terminal.until_hidden().await;
    let terminal = terminal.write(copied(&stage)).await.until_shown("received").await;
    let terminal = terminal.write("\r").await.until_shown("Is that yours?").await;
    terminal.until_hidden().await;
    let terminal = terminal.write("y").await.until_shown("to Google Photos?").await;
    terminal.until_hidden().await;
    let terminal = terminal.write("y").await.until_shown("3 of 3 verified").await;
    assert_eq!(code(run).await, Some(0));
    assert_hidden(&stage, &terminal);
    assert_eq!(stage.google_items().await.len(), 3);
}
