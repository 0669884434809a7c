//! The console of Windows: keys are events there, whatever the console does with lines, so that nothing has to be changed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Whether keys can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// They come here.
    Ours,
    /// They go to another program: not on this system.
    #[expect(dead_code, reason = "consoles have no background")]
    Background,
    /// There is no console any more: reading tells that itself.
    #[expect(dead_code, reason = "reading fails then")]
    Gone,
}

/// Nothing is changed.
#[derive(Debug, Default)]
pub(super) struct Modes;

impl Modes {
    /// Changes nothing.
    pub(super) fn enter(&self, _over: &AtomicBool) -> Place {
        Place::Ours
    }

    /// Waits for an event as long as `most`, and returns whether there is one; `None` if there is no console any more.
    pub(super) fn await_input(most: Duration) -> Option<bool> {
        crossterm::event::poll(most).ok()
    }

    /// Has nothing to put back.
    pub(super) fn leave(&self) {}
}

/// Programs are not suspended on this system.
pub(super) fn give_back_when_suspended(_modes: Arc<Modes>) {}
