//! What a person sees on a terminal after all that was drawn over is gone, and what they type.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::support::Stage;
use crate::terminal::on_a_terminal;

/// Longer than any step on any machine; only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);
const A_MOMENT: Duration = Duration::from_millis(5);
const COLUMNS: u16 = 80;
/// More than any command of the session prints, so that nothing is scrolled away.
const ROWS: u16 = 400;

/// A command that runs on a terminal of its own.
pub struct Screen {
    terminal: std::fs::File,
    shown: Arc<Mutex<vt100::Parser>>,
    reader: std::thread::JoinHandle<()>,
    run: Running,
}

/// A program that does not outlive a test which has failed.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut run) = self.0.take() {
            let _ = run.kill();
            let _ = run.wait();
        }
    }
}

impl Screen {
    /// Types a command.
    pub fn start(stage: &Stage, words: &[&str]) -> Self {
        let (terminal, run) = on_a_terminal(stage, words);
        let terminal = terminal.into_file();
        let size = Winsize {
            ws_row: 24,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).expect("its size");
        let shown = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let (mut from, into) = (terminal.try_clone().expect("one more handle"), Arc::clone(&shown));
        // Ends when the program has closed the terminal.
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read) = from.read(&mut piece) {
                into.lock().expect("not poisoned").process(&piece[..read]);
            }
        });
        Self {
            terminal,
            shown,
            reader,
            run: Running(Some(run)),
        }
    }

    /// What stands there now; lines that the terminal broke are whole.
    pub fn text(&self) -> String {
        self.shown.lock().expect("not poisoned").screen().contents()
    }

    /// Waits until words are shown.
    pub async fn until_shown(&self, words: &str) {
        let wait = async {
            while !self.text().contains(words) {
                tokio::time::sleep(A_MOMENT).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "`{words}` did not come:\n{}", self.text());
    }

    /// Waits until the last line ends in a prompt for something that shows while it is typed, and types it.
    pub async fn answer_line(&self, prompt: &str, answer: &str) {
        let asked = |text: String| text.trim_end().ends_with(prompt);
        let wait = async {
            while !asked(self.text()) {
                tokio::time::sleep(A_MOMENT).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "`{prompt}` is not asked:\n{}", self.text());
        self.press(answer);
        self.press("\r");
    }

    /// Waits for a question whose answer is one hidden key or a paste, and gives it.
    pub async fn answer(&self, question: &str, keys: &str) {
        self.until_shown(question).await;
        let hidden = async {
            while tcgetattr(&self.terminal)
                .expect("its modes")
                .local_modes
                .contains(LocalModes::ECHO)
            {
                tokio::time::sleep(A_MOMENT).await;
            }
        };
        let taken = tokio::time::timeout(PATIENCE, hidden).await;
        assert!(
            taken.is_ok(),
            "`{question}` does not take the terminal:\n{}",
            self.text()
        );
        self.press(keys);
    }

    fn press(&self, keys: &str) {
        (&self.terminal)
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
    }

    /// Waits for the end, and returns all that stays on the screen; fails unless it ended with this code.
    pub async fn ended(mut self, code: i32) -> String {
        let run = self.run.0.as_mut().expect("it runs until it is dropped");
        let end = async {
            loop {
                if let Some(status) = run.try_wait().expect("a child can be asked") {
                    return status;
                }
                tokio::time::sleep(A_MOMENT).await;
            }
        };
        let status = tokio::time::timeout(PATIENCE, end).await;
        let status = status.unwrap_or_else(|_| {
            let text = self.shown.lock().expect("not poisoned").screen().contents();
            panic!("it does not end:\n{text}")
        });
        let reader = self.reader;
        // Nobody holds the other end any more, so that reading ends too.
        tokio::task::spawn_blocking(move || reader.join())
            .await
            .expect("ends")
            .expect("reads");
        let shown = self.shown.lock().expect("not poisoned");
        let text = shown.screen().contents();
        assert_eq!(status.code(), Some(code), "{text}");
        assert!(shown.screen().cursor_position().0 < ROWS - 1, "too long: {text}");
        text
    }
}
