//! What a sink tells while it takes a part.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{Result, SharedClock, StageLog, Staged};
use secrecy::ExposeSecret;

use crate::Journal;
use crate::journal::{marks, staging};

/// The journal learns how far an upload is once it is so much further,
const STEP_BYTES: u64 = 16 << 20;
/// or so much later: it is told to people, never relied on.
const STEP_TIME: Duration = Duration::from_secs(5);

/// Keeps the handle of an upload under way in the journal, and how far it is.
pub(super) struct Log<'a> {
    journal: &'a Journal,
    clock: &'a SharedClock,
    upload: i64,
    resumed: Option<&'a Staged>,
    /// Whether the upload can be continued by another process.
    durable: Arc<AtomicBool>,
    state: Mutex<State>,
}

struct State {
    /// Whether the upload goes on that was begun before.
    same: bool,
    first: Option<u64>,
    last: u64,
    written: (u64, Timestamp),
}

impl<'a> Log<'a> {
    pub(super) fn new(journal: &'a Journal, clock: &'a SharedClock, upload: i64, resumed: Option<&'a Staged>) -> Self {
        Self {
            journal,
            clock,
            upload,
            resumed,
            durable: Arc::default(),
            state: Mutex::new(State {
                same: resumed.is_some(),
                first: None,
                last: 0,
                written: (0, clock.now()),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Becomes true once the handle is in the journal.
    pub(super) fn durable(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.durable)
    }

    /// Says whether an upload that was begun before is further now: then this try was no failure.
    pub(super) fn went_on(&self) -> bool {
        let state = self.state();
        state.same && state.first.is_some_and(|first| state.last > first)
    }
}

#[async_trait]
impl StageLog for Log<'_> {
    async fn opened(&self, handle: &Staged) -> Result<()> {
        let is_same = self
            .resumed
            .is_some_and(|old| old.token.expose_secret() == handle.token.expose_secret());
        {
            let mut state = self.state();
            state.same &= is_same;
        }
        let (upload, handle) = (self.upload, handle.clone());
        self.journal
            .write(move |c| staging::stage_opened(c, upload, &handle))
            .await?;
        self.durable.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn stored(&self, bytes: u64) {
        let now = self.clock.now();
        {
            let mut state = self.state();
            state.first.get_or_insert(bytes);
            state.last = state.last.max(bytes);
            let (then, at) = state.written;
            let is_later = now.duration_since(at).unsigned_abs() >= STEP_TIME;
            if bytes <= then || (bytes - then < STEP_BYTES && !is_later) {
                return;
            }
            state.written = (bytes, now);
        }
        let upload = self.upload;
        if let Err(error) = self.journal.write(move |c| marks::sent(c, upload, bytes)).await {
            // What counts is asked of the destination; the next write that matters stops the run.
            tracing::debug!(%error, upload, "how far an upload is could not be written down");
        }
    }
}
