//! Counters and stories for the observer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::diary::Diary;
use super::speed::Meter;
use crate::{Accounting, Count, Event, Observer, Outcome, Progress, Stage};

/// Keeps the counters and tells them.
#[derive(Debug)]
pub(super) struct Board {
    observer: Arc<dyn Observer>,
    counters: Mutex<Progress>,
    diary: OnceLock<Arc<Diary>>,
    /// Measures how fast files get across.
    pub meter: Arc<Meter>,
}

impl Board {
    pub(super) fn new(observer: Arc<dyn Observer>) -> Self {
        Self {
            observer,
            counters: Mutex::default(),
            meter: Arc::default(),
            diary: OnceLock::new(),
        }
    }

    /// Has what happens from now on written down, too.
    pub(super) fn keep(&self, diary: Arc<Diary>) {
        // The run that the board belongs to has one; a second call brings the same.
        let _ = self.diary.set(diary);
    }

    pub(super) fn tell(&self, event: &Event) {
        self.observer.event(event);
        if let Some(diary) = self.diary.get() {
            diary.event(event);
        }
    }

    pub(super) fn stage(&self, stage: Stage) {
        self.tell(&Event::Stage { stage });
    }

    /// Changes counters and tells them.
    pub(super) fn count(&self, change: impl FnOnce(&mut Progress)) {
        let now = {
            let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut counters);
            *counters
        };
        self.tell(&Event::Progress(now));
    }

    /// Counts bytes as they arrive; told at most once a mebibyte.
    pub(super) fn received(&self, bytes: u64) {
        const STEP: u64 = 1 << 20;
        let now = {
            let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
            let before = counters.received_bytes / STEP;
            counters.received_bytes += bytes;
            (counters.received_bytes / STEP != before).then_some(*counters)
        };
        if let Some(now) = now {
            self.tell(&Event::Progress(now));
        }
    }

    pub(super) fn now(&self) -> Progress {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts parts that reached an outcome.
    pub(super) fn done(&self, outcome: Outcome, parts: Count) {
        self.count(|counters| {
            let place = match outcome {
                Outcome::Verified => &mut counters.verified,
                Outcome::Unverifiable => &mut counters.unverifiable,
                Outcome::AlreadyThere => &mut counters.already_there,
                Outcome::Skipped => &mut counters.skipped,
                Outcome::Failed => &mut counters.failed,
            };
            *place += parts.count;
            counters.done += parts.count;
            counters.done_bytes += parts.bytes;
        });
    }

    /// Takes the journal's sums, which are the truth.
    pub(super) fn align(&self, sums: &Accounting, listed: bool) {
        self.count(|counters| {
            counters.listed = listed;
            counters.found = sums.found.count;
            counters.found_bytes = sums.found.bytes;
            counters.verified = sums.verified.count;
            counters.unverifiable = sums.unverifiable.count;
            counters.already_there = sums.already_there.count;
            counters.skipped = sums.skipped.count;
            counters.failed = sums.failed.count;
            counters.done = sums.found.count - sums.waiting.count.min(sums.found.count);
            counters.done_bytes = sums.found.bytes - sums.waiting.bytes.min(sums.found.bytes);
        });
    }
}
