//! A terminal of its own with the program on it.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::process::Child;
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::Stage;

/// Long enough for any machine; only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);
const A_MOMENT: Duration = Duration::from_millis(5);

/// What a person sees and types on.
pub struct Terminal {
    file: File,
    seen: Vec<u8>,
}

/// Starts the program on a terminal.
pub fn on_a_terminal(stage: &Stage, words: &[&str]) -> (Terminal, Child) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("granted");
    unlockpt(&terminal).expect("unlocked");
    let name = ptsname(&terminal, Vec::new()).expect("its name");
    let program = stage.program(&[]);
    // A session of its own, so that the terminal is the program's, and its end meets the program.
    let mut command = std::process::Command::new("setsid");
    command
        .args(["sh", "-c", r#"exec "$0" "$@" <"$TERMINAL" >"$TERMINAL" 2>&1"#])
        .arg(program.get_program())
        .args(words)
        .env("TERMINAL", name.to_str().expect("text"))
        .current_dir(program.get_current_dir().expect("set"));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "xterm").env_remove("NO_COLOR");
    let run = command.spawn().expect("the program starts");
    // So that a test which waits for words that never come fails, and does not wait for ever.
    fcntl_setfl(&terminal, OFlags::NONBLOCK).expect("not blocking");
    let terminal = Terminal {
        file: terminal.into(),
        seen: Vec::new(),
    };
    (terminal, run)
}

impl Terminal {
    /// Reads what is written until `words` are; fails where the program ends before, or says something else for long.
    pub async fn until_shown(mut self, words: &str) -> Self {
        let from = self.seen.len();
        let mut piece = [0; 4096];
        let shown = async {
            while !String::from_utf8_lossy(&self.seen[from..]).contains(words) {
                match self.file.read(&mut piece) {
                    Ok(read) => self.seen.extend_from_slice(&piece[..read]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::time::sleep(A_MOMENT).await,
                    Err(error) => return Some(error),
                }
            }
            None
        };
        let shown = tokio::time::timeout(PATIENCE, shown).await;
        assert!(
            matches!(shown, Ok(None)),
            "`{words}` is not shown ({shown:?}):\n{}",
            self.text()
        );
        self
    }

    /// The far end itself, for tests that read it their own way; reading it waits.
    pub fn into_file(self) -> File {
        fcntl_setfl(&self.file, OFlags::empty()).expect("blocking");
        self.file
    }

    /// All that was shown so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Types, or pastes: a terminal takes no more than a few kilobytes at once.
    pub async fn write(mut self, text: impl AsRef<[u8]>) -> Self {
        let mut rest = text.as_ref();
        let written = async {
            while !rest.is_empty() {
                match self.file.write(rest) {
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::time::sleep(A_MOMENT).await,
                    Err(error) => panic!("the terminal takes nothing: {error}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, written).await.expect("somebody reads");
        self
    }

    /// Its modes, such as whether it shows what is typed.
    pub fn modes(&self) -> LocalModes {
        tcgetattr(&self.file).expect("its modes").local_modes
    }

    /// Waits until the program has taken the terminal and nothing that is typed shows.
    pub async fn until_hidden(&self) {
        let hidden = async {
            while self.modes().contains(LocalModes::ECHO) {
                tokio::time::sleep(A_MOMENT).await;
            }
        };
        tokio::time::timeout(PATIENCE, hidden)
            .await
            .expect("the question takes the terminal");
    }
}
