//! What a run writes down about itself for whoever asks from outside: at most every two seconds, and what it waits for
//! at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Result, SharedClock};

use crate::journal::runs;
use crate::{Event, Journal, Observer, RunNotes, Waiting};

/// How often counters are written, at most.
const EVERY: Duration = Duration::from_secs(2);

/// Where others than the engine tell what happens to a run; it is empty until the run has begun.
#[derive(Debug, Default)]
pub(super) struct Notebook(Mutex<Option<Arc<Diary>>>);

impl Notebook {
    pub(super) fn open(&self, diary: &Arc<Diary>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(diary));
    }
}

impl Observer for Notebook {
    fn event(&self, event: &Event) {
        if let Some(diary) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            diary.event(event);
        }
    }
}

/// Keeps the notes of a run.
#[derive(Debug)]
pub(super) struct Diary {
    journal: Journal,
    clock: SharedClock,
    run: i64,
    page: Mutex<Page>,
}

#[derive(Debug)]
struct Page {
    notes: RunNotes,
    written: Timestamp,
}

impl Diary {
    /// Goes on with the notes that were written when the run began.
    pub(super) fn new(journal: Journal, clock: SharedClock, run: i64, notes: RunNotes) -> Self {
        let written = clock.now();
        Self {
            journal,
            clock,
            run,
            page: Mutex::new(Page { notes, written }),
        }
    }

    pub(super) fn run(&self) -> i64 {
        self.run
    }

    /// Takes what the observer is told.
    pub(super) fn event(&self, event: &Event) {
        let now = self.clock.now();
        let mut page = self.page();
        let urgent = match event {
            Event::Stage { stage } => {
                let changed = page.notes.stage.replace(*stage) != Some(*stage);
                page.notes.waiting = None;
                changed
            }
            Event::Waiting { reason, until } => {
                let waiting = Waiting {
                    reason: *reason,
                    until: *until,
                };
                let changed = page.notes.waiting.replace(waiting) != Some(waiting);
                // A pause that is over before anybody can look is not worth a write.
                changed && until.is_none_or(|until| until.duration_since(now) > jiff::SignedDuration::from_secs(2))
            }
            Event::Progress(progress) => {
                let waited = page.notes.waiting.take().is_some();
                page.notes.progress = *progress;
                waited
            }
            _ => return,
        };
        self.write(page, now, urgent);
    }

    /// Takes the counters of a run that tells no observer.
    pub(super) fn change(&self, change: impl FnOnce(&mut RunNotes)) {
        let now = self.clock.now();
        let mut page = self.page();
        change(&mut page.notes);
        self.write(page, now, false);
    }

    fn write(&self, mut page: MutexGuard<'_, Page>, now: Timestamp, urgent: bool) {
        // A clock that was put back is no reason to be silent until it has caught up.
        if !urgent && now.duration_since(page.written).unsigned_abs() < EVERY {
            return;
        }
        page.notes.sample(now);
        let (run, notes) = (self.run, page.notes.clone());
        // Nobody waits for it, and if the journal has much to do the next one will be newer.
        if self.journal.post(move |c| runs::note(c, run, &notes, now)) {
            page.written = now;
        }
    }

    /// Writes down how the run ended; returns once that is durable.
    pub(super) async fn end(&self, outcome: &str, message: Option<String>) -> Result<()> {
        let now = self.clock.now();
        let notes = {
            let mut page = self.page();
            page.notes.waiting = None;
            page.notes.message = message;
            page.notes.clone()
        };
        let (run, outcome) = (self.run, outcome.to_owned());
        self.journal
            .write(move |c| runs::end(c, run, &outcome, &notes, now))
            .await
    }

    /// Writes down that the run goes on after a pause.
    pub(super) async fn go_on(&self) -> Result<()> {
        self.page().notes.message = None;
        let run = self.run;
        self.journal.write(move |c| runs::go_on(c, run)).await
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
