//! The terminal of a Unix system: keys come one by one and are not shown, all else stays.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

/// Whether keys can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// They come here.
    Ours,
    /// They go to another program at the same terminal.
    Background,
    /// There is no terminal any more.
    Gone,
}

/// The terminal as it was, while it is changed.
#[derive(Debug, Default)]
pub(super) struct Modes(Mutex<Option<Termios>>);

impl Modes {
    /// Changes the terminal unless that is done or `over`. Done again where somebody else changed it back meanwhile, as
    /// shells do when a program comes back to the foreground.
    pub(super) fn enter(&self, over: &AtomicBool) -> Place {
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let terminal = io::stdin();
        let Ok(now) = tcgetattr(&terminal) else {
            return Place::Gone;
        };
        match tcgetpgrp(&terminal) {
            Ok(foreground) if foreground == getpgrp() => {}
            Ok(_) => return Place::Background,
            Err(_) => return Place::Gone,
        }
        let line_mode = LocalModes::ICANON | LocalModes::ECHO;
        if !now.local_modes.intersects(line_mode) || over.load(Ordering::SeqCst) {
            return Place::Ours;
        }
        let mut changed = now.clone();
        changed.local_modes.remove(line_mode);
        changed.special_codes[SpecialCodeIndex::VMIN] = 1;
        changed.special_codes[SpecialCodeIndex::VTIME] = 0;
        *before = Some(now);
        match tcsetattr(&terminal, OptionalActions::Now, &changed) {
            Ok(()) => Place::Ours,
            Err(_) => Place::Gone,
        }
    }

    /// Waits for input as long as `most`, and returns whether there is some; `None` if the terminal has gone away.
    ///
    /// What parses keys reads the end of a terminal that has gone away over and over and never returns, so it is asked
    /// only once there is something for it.
    pub(super) fn await_input(most: Duration) -> Option<bool> {
        let most = Timespec::try_from(most).ok();
        let terminal = io::stdin();
        let mut watched = [PollFd::new(&terminal, PollFlags::IN)];
        match poll(&mut watched, most.as_ref()) {
            Ok(0) | Err(Errno::INTR) => Some(false),
            Ok(_) if watched[0].revents() == PollFlags::IN => Some(true),
            Ok(_) | Err(_) => None,
        }
    }

    /// Makes the terminal what it was.
    pub(super) fn leave(&self) {
        let mut before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        restore(&mut before);
    }
}

fn restore(before: &mut Option<Termios>) {
    let Some(modes) = before.take() else { return };
    let terminal = io::stdin();
    // From the background it would stop the program, and what the shell has set is not ours to change.
    if tcgetpgrp(&terminal).is_ok_and(|foreground| foreground == getpgrp()) {
        // A terminal that has gone away needs nothing.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
    }
}

/// Makes the terminal what it was before Ctrl-Z stops the program: not every shell does that itself.
pub(super) fn give_back_when_suspended(modes: Arc<Modes>) {
    let Ok(mut suspended) = signal(SignalKind::from_raw(Signal::TSTP.as_raw())) else {
        tracing::debug!("Ctrl-Z is left to the system");
        return;
    };
    // Lasts as long as the program: once it is heard, the signal stops nobody by itself.
    tokio::spawn(async move {
        while suspended.recv().await.is_some() {
            // Held until the program goes on, so that nobody changes the terminal again in between.
            let mut before = modes.0.lock().unwrap_or_else(PoisonError::into_inner);
            restore(&mut before);
            // What cannot be stopped goes on.
            let _ = kill_process(getpid(), Signal::STOP);
        }
    });
}
