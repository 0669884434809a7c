//! What a run writes down about itself for whoever asks from outside: at most every two seconds, and what it waits for
//! at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Result, SharedClock};

use crate::journal::runs;
use crate::{Event, Journal, Observer, RunNotes, WaitReason, Waiting};

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
                // A client that pauses does so until its time has come, whatever others do meanwhile.
                let stays = |waiting: &mut Waiting| {
                    waiting.reason == WaitReason::RateLimited && waiting.until.is_some_and(|until| until > now)
                };
                let waited = page.notes.waiting.take_if(|waiting| !stays(waiting)).is_some();
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

#[cfg(test)]
mod tests {
    use photomove_core::{Clock, ManualClock};

    use super::*;
    use crate::journal::jobs;
    use crate::{JobId, RunKind, WaitReason};

    const JOB: JobId = JobId(1);

    async fn diary(folder: &tempfile::TempDir, clock: &ManualClock) -> (Journal, Diary) {
        let clock: SharedClock = Arc::new(clock.clone());
        let journal = Journal::open(&folder.path().join("j.sqlite"), Arc::clone(&clock)).unwrap();
        let now = clock.now();
        let run = journal
            .write(move |c| {
                let (source, target) = (
                    jobs::account(c, "a", "", "anna", None)?,
                    jobs::account(c, "b", "", "anna", None)?,
                );
                let job = jobs::open_job(c, source, target, "{}", b"hash", now)?;
                runs::begin(c, job.id, RunKind::Migrate, &RunNotes::default(), now)
            })
            .await
            .unwrap();
        let diary = Diary::new(journal.clone(), clock, run, RunNotes::default());
        (journal, diary)
    }

    /// What is written down; what was posted before is by then.
    async fn written(journal: &Journal) -> RunNotes {
        journal.write(|_| Ok(())).await.unwrap();
        journal.latest_run(JOB).await.unwrap().unwrap().notes
    }

    fn progress(uploaded: u64) -> Event {
        Event::Progress(crate::Progress {
            uploaded,
            ..crate::Progress::default()
        })
    }

    #[tokio::test]
    async fn counters_are_written_every_two_seconds_and_no_more_often() {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-03-01T10:00:00Z".parse().unwrap());
        let (journal, diary) = diary(&folder, &clock).await;
        for uploaded in 1..=10 {
            clock.advance(Duration::from_millis(500));
            diary.event(&progress(uploaded));
        }
        assert_eq!(written(&journal).await.progress.uploaded, 8);
        diary.end("finished", None).await.unwrap();
        assert_eq!(written(&journal).await.progress.uploaded, 10);
        // What comes after the end is not written over it.
        clock.advance(Duration::from_secs(10));
        diary.event(&progress(11));
        assert_eq!(written(&journal).await.progress.uploaded, 10);
    }

    /// Others go on while a client pauses; who asks from outside is told of the pause until it is over.
    #[tokio::test]
    async fn a_pause_is_written_at_once_and_told_until_its_time_has_come() {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-03-01T10:00:00Z".parse().unwrap());
        let (journal, diary) = diary(&folder, &clock).await;
        let until = clock.now().saturating_add(Duration::from_secs(60)).ok();
        let reason = WaitReason::RateLimited;
        diary.event(&Event::Waiting { reason, until });
        assert_eq!(written(&journal).await.waiting, Some(Waiting { reason, until }));
        for second in 1..=6 {
            clock.advance(Duration::from_secs(10));
            diary.event(&progress(second));
            assert_eq!(written(&journal).await.waiting.is_some(), second < 6, "{second}");
        }
        // The engine itself waits only if there is nothing else to do: what moves ends it.
        let backoff = WaitReason::Backoff;
        let until = clock.now().saturating_add(Duration::from_secs(600)).ok();
        diary.event(&Event::Waiting { reason: backoff, until });
        assert!(written(&journal).await.waiting.is_some());
        diary.event(&progress(7));
        assert_eq!(written(&journal).await.waiting, None);
    }
}
