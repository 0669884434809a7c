//! The log file: everything at the level of details, one line each, fit for a bug report.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use photomove_core::{Clock, Error, ErrorKind, Operation, Result, SystemClock};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clean::Cleaner;
use crate::print::Printer;
use crate::text::printable;

/// How the first line of every run begins, and so every log file.
const HEAD: &str = "# photomove ";
/// Options whose value may hold anything.
const SECRET_OPTIONS: [&str; 1] = ["--notify-command"];

/// A log file that is open; cheap to clone.
#[derive(Clone)]
pub(crate) struct LogFile(Arc<Inner>);

struct Inner {
    /// `None` once a write has failed.
    file: Mutex<Option<File>>,
    path: PathBuf,
    cleaner: Cleaner,
    printer: Printer,
}

impl LogFile {
    /// Opens the file to go on at its end, for its owner alone, and writes the line with which a run begins.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be opened, or holds something that is no log of photomove.
    pub(crate) fn open(path: &Path, argv: &[OsString], printer: &Printer) -> Result<Self> {
        let failed = |error: io::Error| {
            Error::new(
                ErrorKind::Config,
                format!("cannot write the log file {}: {error}", path.display()),
            )
            .operation(Operation::Settings)
            .hint("name a file in a folder of yours: `--log-file photomove.log`")
        };
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // On Windows the file inherits the access list of its folder.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if path.is_file() && !is_log(path).map_err(failed)? {
            return Err(Error::new(
                ErrorKind::Config,
                format!("{} exists and is no log of photomove", path.display()),
            )
            .operation(Operation::Settings)
            .hint("name another file with `--log-file`: nothing is written into a file that holds something else"));
        }
        let file = options.open(path).map_err(failed)?;
        keep_private(&file);
        let log = Self(Arc::new(Inner {
            file: Mutex::new(Some(file)),
            path: path.to_owned(),
            cleaner: Cleaner::of_user(),
            printer: printer.clone(),
        }));
        log.write(&head(argv, &log.0.cleaner));
        Ok(log)
    }

    /// Writes one line. A disk that is full is told once, and ends the log, never the run.
    fn write(&self, line: &str) {
        let mut slot = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = slot.as_mut() else { return };
        let text = format!(
            "{}\n",
            printable(&self.0.cleaner.text(line.trim_end()).replace('\n', " / "))
        );
        // One call for each line, so that those of two programs do not mix.
        let Err(error) = file.write_all(text.as_bytes()) else {
            return;
        };
        *slot = None;
        drop(slot);
        self.0.printer.talk_only(&format!(
            "warning: the log file {} cannot be written any more: {error}; the run goes on without it",
            self.0.path.display()
        ));
    }
}

/// Says whether an existing file is empty or begins as a log does.
fn is_log(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == HEAD.as_bytes())
}

/// Takes rights of others off a log that an editor or a copy has widened; a device has none to take.
fn keep_private(file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Ok(facts) = file.metadata()
            && facts.is_file()
            && facts.permissions().mode() & 0o077 != 0
        {
            // Somebody else's file stays as it is: who may write it has decided that.
            let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// The line with which a run begins: version, machine, time zone, command line.
fn head(argv: &[OsString], cleaner: &Cleaner) -> String {
    let zone = TimeZone::system();
    format!(
        "{HEAD}{} · {} {} · {} · time zone {} · {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        SystemClock.now().to_zoned(zone.clone()).strftime("%F %T %:z"),
        zone.iana_name().unwrap_or("unknown"),
        command_line(argv, cleaner)
    )
}

/// The command as it was typed, without what may be secret in it.
fn command_line(argv: &[OsString], cleaner: &Cleaner) -> String {
    let mut words = vec!["photomove".to_owned()];
    let mut hide_next = false;
    for word in argv.iter().skip(1) {
        let text = word.to_string_lossy();
        if hide_next {
            words.push("[hidden]".to_owned());
            hide_next = false;
            continue;
        }
        let option = text.split('=').next().unwrap_or_default();
        if !SECRET_OPTIONS.contains(&option) {
            let clean = cleaner.text(&text);
            let plain = !clean.is_empty() && !clean.contains(char::is_whitespace);
            words.push(if plain { clean } else { format!("'{clean}'") });
            continue;
        }
        hide_next = !text.contains('=');
        words.push(if hide_next {
            option.to_owned()
        } else {
            format!("{option}=[hidden]")
        });
    }
    words.join(" ")
}

/// Tells the time of a line, with its offset: those who read it may be elsewhere.
pub(crate) struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        let now = SystemClock.now().to_zoned(TimeZone::system());
        write!(w, "{}", now.strftime("%FT%T%.3f%:z"))
    }
}

/// One event; written as a whole when it is dropped.
pub(crate) struct Entry {
    log: LogFile,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Entry;

    fn make_writer(&'a self) -> Entry {
        Entry {
            log: self.clone(),
            text: Vec::new(),
        }
    }
}

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.text.is_empty() {
            self.log.write(&String::from_utf8_lossy(&self.text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_keeps_its_words_and_loses_what_may_be_secret() {
        let cleaner = Cleaner::with_home("/home/anna");
        let told = |words: &[&str]| command_line(&argv(words), &cleaner);
        assert_eq!(
            told(&[
                "/opt/photomove",
                "amazon@anna",
                "google",
                "--notify-command",
                "curl https://hush"
            ]),
            "photomove amazon@a… google --notify-command [hidden]"
        );
        assert_eq!(
            told(&[
                "photomove",
                "--notify-command=hush",
                "--state-dir",
                "/home/anna/my s",
                "status"
            ]),
            "photomove --notify-command=[hidden] --state-dir '~/my s' status"
        );
    }

    #[test]
    fn a_file_that_holds_something_else_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        std::fs::write(&path, "SQLite format 3").unwrap();
        let (printer, _, _) = Printer::captured(false);
        let Err(error) = LogFile::open(&path, &argv(&["photomove"]), &printer) else {
            panic!("it is no log");
        };
        assert!(error.message().ends_with("is no log of photomove"), "{error}");
        assert!(error.hint_text().is_some());
        assert_eq!(std::fs::read(&path).unwrap(), b"SQLite format 3");
    }

    #[test]
    fn a_second_run_goes_on_at_the_end_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photomove.log");
        let (printer, _, _) = Printer::captured(false);
        for _ in 0..2 {
            let log = LogFile::open(&path, &argv(&["photomove", "status"]), &printer).unwrap();
            log.write("said anna@example.org\nand \u{1b}]0;more\u{202e}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode(&path), 0o600);
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            }
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(
            lines[0].starts_with(HEAD) && lines[0].ends_with("photomove status"),
            "{text}"
        );
        assert_eq!(lines[1], "said [e-mail] / and \u{fffd}]0;more\u{fffd}");
        assert_eq!(lines[3], lines[1]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_once_and_ends_the_log_alone() {
        let (printer, _, talk) = Printer::captured(false);
        let log = LogFile::open(Path::new("/dev/full"), &argv(&["photomove"]), &printer).unwrap();
        log.write("a");
        log.write("b");
        let said = talk.text();
        assert_eq!(said.matches("warning: the log file /dev/full").count(), 1, "{said}");
        assert!(said.contains("No space left"), "{said}");
    }
}
