//! Keys on a terminal while a run is under way, and what becomes of the terminal.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use photomove_sim::{Fill, SimOptions};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::signals::ended;
use crate::support::Stage;
use crate::terminal::{Terminal, on_a_terminal};

/// Longer than any step on any machine; only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A library that is not moved at once.
async fn slow(count: u64) -> Stage {
    Stage::with(SimOptions {
        fill: Some(Fill::Synthetic { count, bytes: 20_000 }),
        latency: Duration::from_millis(30),
        ..Stage::options()
    })
    .await
}

/// The far end of a terminal: types, and sees all that is written.
struct Screen {
    terminal: std::fs::File,
    seen: Arc<Mutex<String>>,
}

impl Screen {
    fn new(terminal: Terminal) -> Self {
        let terminal = terminal.into_file();
        let seen = Arc::new(Mutex::new(String::new()));
        let (mut from, into) = (terminal.try_clone().expect("one more handle"), Arc::clone(&seen));
        // Ends when the program and this end are gone.
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read) = from.read(&mut piece) {
                into.lock()
                    .expect("not poisoned")
                    .push_str(&String::from_utf8_lossy(&piece[..read]));
            }
        });
        Self { terminal, seen }
    }

    fn press(&self, keys: &str) {
        (&self.terminal)
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    fn seen(&self) -> String {
        self.seen.lock().expect("not poisoned").clone()
    }

    async fn until_shown(&self, words: &str) {
        self.until(words, |screen| screen.seen().contains(words)).await;
    }

    /// Waits until the terminal shows what is typed and waits for lines, or does not.
    async fn until_modes(&self, usual: bool) {
        self.until("the modes of the terminal", |screen| screen.modes() == usual)
            .await;
    }

    fn modes(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("its modes").local_modes;
        assert!(modes.contains(LocalModes::ISIG), "Ctrl-C works as ever");
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let wait = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("`{what}` did not come:\n{}", self.seen());
        }
    }
}

/// A run on a terminal whose keys are read.
async fn begun(stage: &Stage) -> (Screen, Child) {
    let (terminal, run) = on_a_terminal(stage, &["amazon", "google", "--yes"]);
    let screen = Screen::new(terminal);
    assert!(screen.modes(), "as any terminal");
    screen.until_shown("keys: p pauses, r goes on, q ends the run").await;
    screen.until_modes(false).await;
    screen.until_shown("moving").await;
    (screen, run)
}

fn requests(stage: &Stage) -> u64 {
    stage.google_counts().requests
}

/// Waits until nothing has been asked for a while.
async fn until_quiet(stage: &Stage) -> u64 {
    let mut before = requests(stage);
    loop {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let now = requests(stage);
        if now == before {
            return now;
        }
        before = now;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_pauses_goes_on_and_leaves_the_terminal_as_it_was() {
    let stage = slow(60).await;
    let (screen, run) = begun(&stage).await;
    // An arrow key and other letters mean nothing.
    screen.press("\x1b[Dxp");
    screen
        .until_shown("paused: nothing new begins, what is under way goes on; r goes on, q ends it")
        .await;
    let paused_at = until_quiet(&stage).await;
    assert!(stage.google_items().await.len() < 60, "it was to pause before the end");
    assert!(!screen.seen().contains('D'), "keys are not shown: {}", screen.seen());
    screen.press("r");
    screen.until_shown("going on").await;
    assert_eq!(ended(run).await.code(), Some(0));
    assert!(requests(&stage) > paused_at);
    assert_eq!(stage.google_items().await.len(), 60);
    assert!(screen.modes(), "the terminal is as it was");
    assert_eq!(screen.seen().matches("keys: p pauses").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn q_ends_the_run_as_ctrl_c_does() {
    for keys in ["q", "\x03", "pq"] {
        let stage = slow(60).await;
        let (screen, run) = begun(&stage).await;
        screen.press(keys);
        screen
            .until_shown("stopping: what is under way is finished first; Ctrl-C again stops at once")
            .await;
        assert_eq!(ended(run).await.code(), Some(130), "{keys:?}");
        assert!(screen.modes(), "{keys:?}: the terminal is as it was");
        assert!(stage.google_items().await.len() < 60, "{keys:?}");
    }
}

/// Ctrl-Z gives the terminal back before the program stops, and `fg` takes it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_run_gives_the_terminal_back_and_takes_it_again() {
    let stage = slow(60).await;
    let (screen, mut run) = begun(&stage).await;
    let pid = Pid::from_raw(i32::try_from(run.id()).expect("a process id")).expect("not zero");
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", run.id())).expect("it lives");
        stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().chars().next())
    };
    kill_process(pid, Signal::TSTP).expect("the process is there");
    screen.until("stopped", |_| state() == Some(Some('T'))).await;
    assert!(screen.modes(), "the shell's");
    kill_process(pid, Signal::CONT).expect("the process is there");
    screen.until_modes(false).await;
    screen.press("q");
    screen.until_shown("stopping:").await;
    let code = tokio::task::spawn_blocking(move || run.wait())
        .await
        .expect("ends")
        .expect("ends")
        .code();
    assert_eq!(code, Some(130));
    assert!(screen.modes());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_for_people_only() {
    let stage = slow(5).await;
    let (terminal, run) = on_a_terminal(&stage, &["--json", "amazon", "google", "--yes"]);
    let screen = Screen::new(terminal);
    screen.until_shown("\"type\":\"summary\"").await;
    assert_eq!(ended(run).await.code(), Some(0));
    assert!(!screen.seen().contains("keys:"), "{}", screen.seen());
}

/// A question that comes before the run has all that is typed, and the run's keys work after it.
#[tokio::test(flavor = "multi_thread")]
async fn the_question_before_the_run_is_answered_by_what_is_typed() {
    let stage = slow(60).await;
    let (terminal, run) = on_a_terminal(&stage, &["amazon", "google"]);
    let screen = Screen::new(terminal);
    screen.until_shown("[Y/n]").await;
    screen.press("y");
    screen.until_shown("moving").await;
    screen.press("q");
    screen.until_shown("stopping:").await;
    assert_eq!(ended(run).await.code(), Some(130));
    assert!(screen.modes());
}
