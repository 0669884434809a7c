//! `--notify-command`: tells another program that the run waits for somebody, or that it has ended.

use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::process::{Child, Command};
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
            .env("PHOTOMOVE_MESSAGE", tame(message, cfg!(windows)))
            .env_remove("PHOTOMOVE_EXIT_CODE")
            .stdin(Stdio::null())
            // Standard output is data.
            .stdout(Stdio::null());
        if let Happening::Ended(exit) = happening {
            command.env("PHOTOMOVE_EXIT_CODE", exit.code().to_string());
        }
        let printer = self.printer.clone();
        let warn = move |words: &str| printer.talk(&format!("warning: the notify command {words}"));
        // Started here, not in the task: a program that is told to leave at once does not wait for its tasks.
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return warn(&format!("cannot be started: {error}")),
        };
        let task = tokio::spawn(async move {
            if let Some(words) = ended(child, tokio::time::sleep(LIMIT)).await {
                warn(&words);
            }
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|task| !task.is_finished());
        running.push(task);
    }

    /// Waits for what was started, unless the person does not want to; then it goes on alone.
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

/// Waits for the end, which comes at `limit` at the latest, and returns what went wrong.
async fn ended(mut child: Child, limit: impl Future<Output = ()>) -> Option<String> {
    tokio::select! {
        status = child.wait() => match status {
            Ok(status) => (!status.success()).then(|| format!("failed: {}", how(status))),
            Err(error) => Some(format!("cannot be waited for: {error}")),
        },
        () = limit => {
            end(&mut child);
            Some(format!("was ended: it took longer than {} seconds", LIMIT.as_secs()))
        }
    }
}

/// Ends the shell and what it has started.
#[cfg(unix)]
fn end(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(group) = id.and_then(Pid::from_raw) {
        // An error means that all have ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.start_kill();
}

/// Ends the shell; what it has started goes on, as Windows knows no groups of that kind.
#[cfg(windows)]
fn end(child: &mut Child) {
    let _ = child.start_kill();
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
    // A group of its own: a Ctrl-C is meant for the migration, and the whole group can be ended.
    command.args(["-c", line]).process_group(0);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    // Not as an argument: `cmd` has rules of its own for quotes, and the line is written for them. With `/S` it takes off
    // exactly the outer ones.
    command.args(["/D", "/S", "/C"]).raw_arg(format!("\"{line}\""));
    command
}

/// One line; `for_cmd` without what `cmd` would take for its own language where the line says `%PHOTOMOVE_MESSAGE%`: some of
/// the words are those of a service.
fn tame(text: &str, for_cmd: bool) -> String {
    text.chars()
        .map(|c| match c {
            '"' if for_cmd => '\'',
            '&' | '|' | '<' | '>' | '^' | '%' | '!' | '(' | ')' if for_cmd => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
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

    /// What a process does, as the system tells it; `None` if it is gone.
    #[cfg(target_os = "linux")]
    fn state(id: &str) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn one_that_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id");
        let id = || std::fs::read_to_string(&file).unwrap_or_default();
        let child = shell(&format!("sleep 600 & echo $! > {}; wait", file.display()))
            .spawn()
            .unwrap();
        let begun = async {
            while !id().ends_with('\n') {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(ended(child, begun).await.unwrap().starts_with("was ended: "));
        let gone = async {
            // A zombie has ended too; nobody may be there to take it away.
            while state(&id()).is_some_and(|state| state != 'Z') {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.expect("it still sleeps");
    }

    #[test]
    fn who_leaves_at_once_lets_the_command_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let (printer, _, _) = Printer::captured(false);
        let signals = Signals::default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let notifier = Notifier::new(
                Some(format!("sleep 0.2; echo > {}", file.display())),
                printer,
                signals.clone(),
            );
            signals.abort.cancel();
            notifier.tell(Happening::Ended(Exit::Interrupted), "stopped");
            notifier.finish().await;
        });
        runtime.shutdown_timeout(Duration::from_millis(200));
        let began = std::time::Instant::now();
        while !file.exists() {
            assert!(began.elapsed() < LIMIT, "the command was ended with the program");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_service_cannot_write_commands() {
        assert_eq!(tame("a\nb & \"c\" %PATH%", false), "a b & \"c\" %PATH%");
        assert_eq!(tame("a\nb & \"c\" %PATH%", true), "a b   'c'  PATH");
    }

    #[tokio::test]
    async fn its_failure_is_a_warning() {
        assert_eq!(
            told("exit 3", Happening::Paused).await,
            "warning: the notify command failed: exit code 3\n"
        );
    }
}
