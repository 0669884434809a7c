//! Taking a text that is pasted, however long and on however many lines, without showing it.
//!
//! A terminal's own line editing cuts lines at 1,024 or 4,096 characters and shows what comes while nobody reads, so keys
//! are taken raw. Terminals that say where a paste begins and ends are asked to; others send its line ends as Enter.

#[cfg(unix)]
#[path = "paste/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "paste/windows.rs"]
mod system;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::system::Keys;
use crate::text;

/// More than any browser copies.
const MOST_BYTES: usize = 1 << 20;

/// Says whether what came so far can be all.
pub(crate) type IsWhole = fn(&str) -> bool;

/// What a person does at a terminal, as far as it matters here.
/// No `Debug` outside of tests: what is pasted lets somebody in.
#[cfg_attr(test, derive(Debug))]
#[derive(PartialEq, Eq)]
enum Key {
    Char(char),
    /// A paste that the terminal has marked as one. The console of Windows marks none.
    #[cfg_attr(windows, allow(dead_code, reason = "made by terminals of other systems"))]
    Paste(String),
    Enter,
    Backspace,
    /// Ctrl-U.
    Clear,
    /// Ctrl-D.
    End,
    /// Ctrl-C.
    Cancel,
}

/// What a key has led to.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    More,
    /// A line ended: the end, if nothing follows at once.
    LineEnd,
    /// The end, whatever follows.
    End,
    Cancelled,
    TooLong,
}

/// What came so far.
#[derive(Default)]
struct Pasted {
    text: String,
    /// Whether the terminal says what a paste is: then Enter is a key that a person pressed.
    marked: bool,
}

impl Pasted {
    fn take(&mut self, key: Key) -> Step {
        let mut step = Step::More;
        match key {
            Key::Char(c) => self.text.push(c),
            Key::Paste(text) => {
                self.marked = true;
                self.text.push_str(&text);
            }
            Key::Enter => {
                self.text.push('\n');
                step = if self.marked { Step::End } else { Step::LineEnd };
            }
            Key::Backspace => drop(self.text.pop()),
            Key::Clear => self.text.clear(),
            Key::End if !self.text.is_empty() => step = Step::End,
            Key::End | Key::Cancel => step = Step::Cancelled,
        }
        if self.text.len() > MOST_BYTES {
            Step::TooLong
        } else {
            step
        }
    }

    /// Whether the line that has just ended ends all.
    fn is_over(&self, is_whole: IsWhole) -> bool {
        let lines = self.text.trim_end_matches('\n').len();
        // An empty line, also the very first one.
        self.text.len() - lines >= 2 || lines == 0 || is_whole(&self.text)
    }
}

/// The terminal while it hands over every key, and nothing shows.
pub(super) struct Hidden {
    over: Arc<AtomicBool>,
    keys: Option<Keys>,
}

impl Hidden {
    pub(super) fn begin() -> io::Result<Self> {
        Ok(Self {
            over: Arc::new(AtomicBool::new(false)),
            keys: Some(Keys::begin()?),
        })
    }

    /// What reads, on a thread that may wait.
    pub(super) fn reader(
        &mut self,
        prompt: &str,
        is_whole: IsWhole,
    ) -> impl FnOnce() -> io::Result<String> + Send + 'static {
        let (over, prompt, keys) = (Arc::clone(&self.over), prompt.to_owned(), self.keys.take());
        move || match keys {
            Some(mut keys) => read(&prompt, is_whole, || keys.next(), &over),
            None => Err(io::ErrorKind::Interrupted.into()),
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        system::end();
        // The terminal is still raw. One that has gone away needs nothing.
        let _ = write!(io::stderr(), "\r\n");
    }
}

fn read(
    prompt: &str,
    is_whole: IsWhole,
    mut next: impl FnMut() -> io::Result<Option<Key>>,
    over: &AtomicBool,
) -> io::Result<String> {
    let mut pasted = Pasted::default();
    show(prompt, &pasted);
    let mut shown = 0;
    // A line has ended, and what comes at once would belong to the same paste.
    let mut ended = false;
    while !over.load(Ordering::Relaxed) {
        let Some(key) = next()? else {
            if ended && pasted.is_over(is_whole) {
                return Ok(pasted.text);
            }
            ended = false;
            // Once nothing more comes, so that a long paste is not slowed down.
            if shown != pasted.text.len() {
                show(prompt, &pasted);
                shown = pasted.text.len();
            }
            continue;
        };
        let step = pasted.take(key);
        ended = step == Step::LineEnd;
        match step {
            Step::More | Step::LineEnd => {}
            Step::End => return Ok(pasted.text),
            Step::Cancelled => return Err(io::ErrorKind::Interrupted.into()),
            Step::TooLong => {
                // What is still to come would be typed into the next question, or into the shell: as a command, in sight.
                while !over.load(Ordering::Relaxed) && next()?.is_some() {}
                let most = text::bytes(MOST_BYTES as u64);
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("more than {most} came, which is no request of a browser"),
                ));
            }
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

/// Shows how much came.
fn show(prompt: &str, pasted: &Pasted) {
    let came = match pasted.text.trim().chars().count() as u64 {
        0 => String::new(),
        count => format!("{} received; press Enter", text::counted(count, "character")),
    };
    let mut out = io::stderr();
    let _ = write!(out, "\r\x1b[K{prompt}: {came}");
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: &str) -> bool {
        false
    }

    fn always(_: &str) -> bool {
        true
    }

    #[test]
    fn a_marked_paste_of_many_lines_ends_with_the_key() {
        let mut pasted = Pasted::default();
        let paste = Key::Paste("curl 'a' \\\r  -b 'b'".to_owned());
        assert_eq!(pasted.take(paste), Step::More);
        assert_eq!(pasted.take(Key::Enter), Step::End);
        assert_eq!(pasted.text, "curl 'a' \\\r  -b 'b'\n");
    }

    #[test]
    fn an_unmarked_paste_ends_where_it_is_whole_or_with_an_empty_line() {
        let mut pasted = Pasted::default();
        for c in "a \\".chars() {
            assert_eq!(pasted.take(Key::Char(c)), Step::More);
        }
        assert_eq!(pasted.take(Key::Enter), Step::LineEnd);
        assert!(!pasted.is_over(never) && pasted.is_over(always));
        assert_eq!(pasted.take(Key::Enter), Step::LineEnd);
        assert!(pasted.is_over(never));
        assert_eq!(pasted.text, "a \\\n\n");
    }

    #[test]
    fn enter_alone_is_an_end_too() {
        let mut pasted = Pasted::default();
        assert_eq!(pasted.take(Key::Enter), Step::LineEnd);
        assert!(pasted.is_over(never));
    }

    #[test]
    fn what_was_typed_can_be_taken_back_and_given_up() {
        let mut pasted = Pasted::default();
        for key in [Key::Char('a'), Key::Char('b'), Key::Backspace] {
            assert_eq!(pasted.take(key), Step::More);
        }
        assert_eq!(pasted.text, "a");
        assert_eq!(pasted.take(Key::End), Step::End);
        assert_eq!(pasted.take(Key::Clear), Step::More);
        assert_eq!(pasted.text, "");
        assert_eq!(pasted.take(Key::End), Step::Cancelled);
        assert_eq!(pasted.take(Key::Cancel), Step::Cancelled);
    }

    #[test]
    fn of_a_paste_that_is_too_long_nothing_is_left_for_whoever_reads_next() {
        let keys = [
            Key::Paste("x".repeat(MOST_BYTES + 1)),
            Key::Char('r'),
            Key::Cancel,
            Key::Enter,
        ];
        let mut keys = keys.into_iter();
        let error = read("paste", always, || Ok(keys.next()), &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(keys.next(), None);
    }

    #[test]
    fn what_no_browser_copies_is_refused() {
        let mut pasted = Pasted::default();
        assert_eq!(pasted.take(Key::Paste("x".repeat(MOST_BYTES + 1))), Step::TooLong);
    }
}
