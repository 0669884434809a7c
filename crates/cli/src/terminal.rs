//! A terminal to draw bars on that may go away while they are drawn: a closed window, a lost connection.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use dialoguer::console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// How often bars are drawn in a second, at most.
const DRAWINGS: u8 = 20;

/// Standard error as a terminal. Once a write to it has failed nothing is written any more, and nothing fails.
///
/// Drawing would panic otherwise, and what could not be written would be kept for later, more and more of it.
#[derive(Debug)]
struct Fleeting {
    term: Term,
    gone: AtomicBool,
}

/// Returns standard error as a place for bars.
pub(crate) fn standard_error() -> ProgressDrawTarget {
    let term = Fleeting {
        term: Term::buffered_stderr(),
        gone: AtomicBool::new(false),
    };
    ProgressDrawTarget::term_like_with_hz(Box::new(term), DRAWINGS)
}

impl Fleeting {
    fn attempt(&self, write: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if !self.gone.load(Ordering::Relaxed) && write(&self.term).is_err() {
            self.gone.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl TermLike for Fleeting {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.attempt(|term| term.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.attempt(|term| term.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.attempt(|term| term.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.attempt(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.attempt(|term| {
            // Lines of bars are filled up to the last column. There the `^C` that a terminal shows itself would begin another
            // line, and one line of the bar could not be taken away any more.
            term.write_str("\r")?;
            term.flush()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_a_terminal_writes_itself_begins_no_line() {
        use std::io::{Read, Seek};

        let mut file = tempfile::tempfile().unwrap();
        let (read, write) = (file.try_clone().unwrap(), file.try_clone().unwrap());
        let term = Fleeting {
            term: Term::read_write_pair(read, write),
            gone: AtomicBool::new(false),
        };
        term.write_str("a bar, filled up with spaces    ").unwrap();
        term.flush().unwrap();
        let mut written = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut written).unwrap();
        assert!(written.ends_with('\r'), "{written:?}");
    }

    #[test]
    fn after_a_failure_nothing_is_tried_and_nothing_fails() {
        let term = Fleeting {
            term: Term::buffered_stderr(),
            gone: AtomicBool::new(false),
        };
        let lost = |_: &Term| Err(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(term.attempt(lost).is_ok());
        assert!(
            term.attempt(|_| panic!("a terminal that is gone is written to"))
                .is_ok()
        );
    }
}
