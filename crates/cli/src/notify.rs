//! `--notify-command`: tells another program that the run waits for somebody, or that it has ended.

use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::exit::Exit;
use crate::print::Printer;
use crate::signal::Signals;

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The run waits, for a person or for an hour.
    Paused,
    /// The run has ended in this way.
    Ended(Exit),
}

impl Happening {
    /// Word of `PHOTOMOVE_EVENT`.
    fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Ended(Exit::Done | Exit::ItemsFailed | Exit::Differences) => "finished",
            Self::Ended(Exit::SignIn | Exit::Quota | Exit::Full | Exit::Interrupted) => "stopped",
            Self::Ended(Exit::Error | Exit::Usage | Exit::InUse) => "failed",
        }
    }
}

/// Runs the command, if there is one, beside everything else.
#[derive(Debug)]
pub(crate) struct Notifier {
    command: Option<String>,
    printer: Printer,
    signals: Signals,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Notifier {
    /// Tells nobody if there is no command.
    pub(crate) fn new(command: Option<String>, printer: Printer, signals: Signals) -> Self {
        Self {
            command,
            printer,
            signals,
            running: Mutex::new(Vec::new()),
        }
    }

    /// Starts the command and returns at once; `message` is one line without secrets.
    pub(crate) fn tell(&self, happening: Happening, message: &str) {
        let Some(command) = &self.command else { return };
        let mut command = shell(command);
        command
            .env("PHOTOMOVE_EVENT", happening.word())
            .env("PHOTOMOVE_MESSAGE", one_line(message))
            .env_remove("PHOTOMOVE_EXIT_CODE")
            .stdin(Stdio::null())
            // Standard output is data.
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if let Happening::Ended(exit) = happening {
            command.env("PHOTOMOVE_EXIT_CODE", exit.code().to_string());
        }
        let printer = self.printer.clone();
        let task = tokio::spawn(async move {
            if let Some(words) = run(command).await {
                printer.talk(&format!("warning: the notify command {words}"));
            }
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|task| !task.is_finished());
        running.push(task);
    }

    /// Waits for what was started, unless the person does not want to.
    pub(crate) async fn finish(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in running {
            tokio::select! {
                _ = task => {}
                () = self.signals.abort.cancelled() => return,
            }
        }
    }
}

/// Returns what went wrong.
async fn run(mut command: Command) -> Option<String> {
    match tokio::time::timeout(LIMIT, command.status()).await {
        Ok(Ok(status)) => (!status.success()).then(|| format!("failed: {}", how(status))),
        Ok(Err(error)) => Some(format!("cannot be started: {error}")),
        Err(_) => Some(format!("was ended: it took longer than {} seconds", LIMIT.as_secs())),
    }
}

fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    // Not as an argument: `cmd` has rules of its own for quotes, and the line is written for them.
    command.arg("/C").raw_arg(line);
    command
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn told(command: &str, happening: Happening) -> String {
        let (printer, _, talk) = Printer::captured(false);
        let notifier = Notifier::new(Some(command.to_owned()), printer, Signals::default());
        notifier.tell(happening, "two\nlines");
        notifier.finish().await;
        talk.text()
    }

    #[tokio::test]
    async fn the_command_learns_what_happened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let line = format!(
            "echo \"$PHOTOMOVE_EVENT ${{PHOTOMOVE_EXIT_CODE-none}} $PHOTOMOVE_MESSAGE\" >> {}",
            file.display()
        );
        for happening in [
            Happening::Paused,
            Happening::Ended(Exit::Done),
            Happening::Ended(Exit::SignIn),
            Happening::Ended(Exit::InUse),
        ] {
            assert_eq!(told(&line, happening).await, "");
        }
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            "paused none two lines\nfinished 0 two lines\nstopped 4 two lines\nfailed 10 two lines\n"
        );
    }

    #[tokio::test]
    async fn its_failure_is_a_warning() {
        assert_eq!(
            told("exit 3", Happening::Paused).await,
            "warning: the notify command failed: exit code 3\n"
        );
    }
}
