//! Lines that a person types while something else may happen first.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use photomove_core::Result;

use super::blocking;

/// Says whether a wait for a line can be given up without taking away the answer to a later question.
pub(super) const CAN_BE_GIVEN_UP: bool = cfg!(unix);

/// Longer than any address that a page leads to; of a longer line the rest is the next one.
const LINE_MAX: u64 = 64 << 10;

/// Returns a line of standard input without its end; `None` at the end of all input.
///
/// Where nobody waits for it any more no line is taken, as far as the system can tell that there is one.
pub(super) async fn line() -> Result<Option<String>> {
    let wanted = Wanted::default();
    let seen = Arc::clone(&wanted.0);
    let line = blocking(move || {
        if !await_input(&seen).map_err(dialoguer::Error::IO)? {
            return Ok(None);
        }
        let mut line = String::new();
        let read = io::stdin()
            .lock()
            .take(LINE_MAX)
            .read_line(&mut line)
            .map_err(dialoguer::Error::IO)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    })
    .await;
    drop(wanted);
    line
}

/// Whether somebody still waits; goes with whoever does.
#[derive(Default)]
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns once there is something to read, `false` if nobody waits any more. A terminal passes its input on line by line,
/// so that a whole line is there then.
#[cfg(unix)]
fn await_input(given_up: &AtomicBool) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    /// How often somebody who does not want the line any more is noticed.
    const LOOK_EVERY: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    let input = io::stdin();
    loop {
        if given_up.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let mut watched = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut watched, Some(&LOOK_EVERY)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            // An end of the input, or an error, is for the reading to find. What came after nobody waited any more answers
            // a later question.
            Ok(_) => return Ok(!given_up.load(Ordering::Relaxed)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Here only the reading itself can tell.
#[cfg(not(unix))]
fn await_input(_given_up: &AtomicBool) -> io::Result<bool> {
    Ok(true)
}
