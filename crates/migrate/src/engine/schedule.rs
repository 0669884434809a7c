//! Takes rows and gives them to tasks, as many at once as both sides bear, until no row is left or something stops it.
//!
//! The journal is the queue: what is to be done next is always asked from it, and the end is when it has nothing.

mod lanes;
mod limits;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::ReadOrder;
use photomove_core::drill::Mutant;
use tokio::task::JoinSet;

use super::commit::After;
use super::core::{Core, StepResult};
use super::discover::Listing;
use super::policy::LONGEST_PAUSE;
use super::verify::VERIFY_BATCH;
use crate::journal::uploads::{Order, Ready};
use crate::journal::{jobs, merge, staging, uploads, verdicts};
use crate::{Event, Stage, StopReason, WaitReason};

/// What a task was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    /// A batch of a group, or of no album.
    Group(Option<i64>),
    /// Work on an album that exists.
    Album(i64),
    /// Metadata of items.
    Describe,
}

/// What a task did.
enum Done {
    List(Listing, StepResult<After>),
    Transfer(i64, StepResult),
    Lane(Lane, StepResult<After>),
    Verify(StepResult<After>),
}

struct Schedule<'a> {
    core: &'a Arc<Core>,
    tasks: JoinSet<Done>,
    listing: Option<Listing>,
    listed: bool,
    list_after: Option<Timestamp>,
    page: VecDeque<Ready>,
    sequence: i64,
    /// Uploads under way, with their bytes as far as known.
    transfers: HashMap<i64, u64>,
    lanes: HashSet<Lane>,
    lane_after: Option<Timestamp>,
    verifying: bool,
    verify_after: Option<Timestamp>,
    prepared: bool,
    /// Why nothing more is begun; the run ends once what was sent is made into items.
    closing: Option<StopReason>,
    /// Whether the destination answers no questions today that can be asked tomorrow.
    no_questions: bool,
    told_paused: bool,
    stop: Option<StopReason>,
}

/// Lists the source to its end.
pub(super) async fn list_only(core: &Arc<Core>) -> Option<StopReason> {
    let mut schedule = Schedule::new(core);
    schedule.work(true).await;
    schedule.stop
}

/// Settles what is open, then does all that there is to do; returns why it stopped before the end.
pub(super) async fn run(core: &Arc<Core>) -> Option<StopReason> {
    core.board.stage(Stage::Settle);
    let settled = tokio::select! {
        settled = core.settle_all() => settled,
        () = core.env.stop.aborted() => Err(StopReason::Interrupted),
    };
    if let Err(stop) = settled {
        return Some(stop);
    }
    let job = core.job;
    if let Err(stop) = core.write(move |c| merge::adopt_all(c, job.target, job.id)).await {
        return Some(stop);
    }
    core.board.stage(Stage::Discover);
    let mut schedule = Schedule::new(core);
    schedule.work(false).await;
    schedule.stop
}

impl<'a> Schedule<'a> {
    fn new(core: &'a Arc<Core>) -> Self {
        Self {
            core,
            tasks: JoinSet::new(),
            listing: Some(Listing::default()),
            listed: false,
            list_after: None,
            page: VecDeque::new(),
            sequence: 0,
            transfers: HashMap::new(),
            lanes: HashSet::new(),
            lane_after: None,
            verifying: false,
            verify_after: None,
            prepared: false,
            closing: None,
            no_questions: false,
            told_paused: false,
            stop: None,
        }
    }

    async fn work(&mut self, list_only: bool) {
        loop {
            self.mind_the_time();
            if self.stop.is_none() && self.core.env.stop.is_draining() {
                self.core.board.tell(&Event::Waiting {
                    reason: WaitReason::Draining,
                    until: None,
                });
                self.stop = Some(StopReason::Interrupted);
            }
            let mut pause = None;
            let is_paused = self.is_paused();
            if self.stop.is_none() && !is_paused {
                match self.fill(list_only).await {
                    Ok(until) => pause = until,
                    Err(stop) => self.halt(stop),
                }
            }
            if self.tasks.is_empty() {
                if is_paused {
                    self.nap(None).await;
                    continue;
                }
                let Some(until) = pause.filter(|_| self.stop.is_none()) else {
                    if self.stop.is_none() && self.core.env.stop.is_draining() {
                        continue;
                    }
                    self.stop = self.stop.take().or(self.closing.take());
                    return;
                };
                self.core.board.tell(&Event::Waiting {
                    reason: WaitReason::Backoff,
                    until: Some(until),
                });
                self.nap(Some(until)).await;
                continue;
            }
            if !self.wait(pause).await {
                return;
            }
        }
    }

    /// Waits until a task is done or a paused row is due; `false` = everything is dropped at once.
    async fn wait(&mut self, pause: Option<Timestamp>) -> bool {
        let draining = self.core.env.stop.is_draining();
        let next = [pause, self.time_left()].into_iter().flatten().min();
        let told_paused = self.told_paused;
        let due = async {
            match next {
                Some(until) => self.core.wait_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.core.env.stop.aborted() => {
                self.tasks.abort_all();
                while self.tasks.join_next().await.is_some() {}
                self.halt(StopReason::Interrupted);
                return false;
            }
            joined = self.tasks.join_next() => match joined {
                Some(Ok(done)) => self.take(done),
                Some(Err(error)) => self.halt(StopReason::Failed(super::task_error(error))),
                None => {}
            },
            () = self.core.env.stop.drained(), if !draining => {}
            () = self.core.env.stop.pause_is_not(told_paused), if !draining => {}
            _ = due => {}
        }
        true
    }

    /// The first reason stays; tasks that are under way are finished.
    fn halt(&mut self, stop: StopReason) {
        if let Some(first) = &self.stop {
            tracing::debug!(?first, ?stop, "stopped once more while draining");
            return;
        }
        self.stop = Some(stop);
    }

    fn take(&mut self, done: Done) {
        match done {
            Done::List(listing, result) => {
                self.listed = listing.done;
                self.listing = Some(listing);
                self.list_after = self.judge(result);
            }
            Done::Transfer(id, result) => {
                self.transfers.remove(&id);
                match result {
                    Ok(()) => {}
                    // No more is sent today, but what was sent is made into items while that is possible.
                    Err(stop @ StopReason::Quota { .. }) => self.close(stop),
                    // Cut because the run's time is over.
                    Err(StopReason::Interrupted) if self.closing.is_some() => {}
                    Err(stop) => self.halt(stop),
                }
            }
            Done::Lane(Lane::Describe, Err(stop @ StopReason::Quota { .. })) => {
                self.lanes.remove(&Lane::Describe);
                self.no_questions = true;
                self.close(stop);
            }
            Done::Lane(lane, result) => {
                self.lanes.remove(&lane);
                self.lane_after = self.judge(result);
            }
            Done::Verify(Err(stop @ StopReason::Quota { .. })) => {
                self.verifying = false;
                self.no_questions = true;
                self.close(stop);
            }
            Done::Verify(result) => {
                self.verifying = false;
                self.verify_after = self.judge(result);
            }
        }
    }

    fn judge(&mut self, result: StepResult<After>) -> Option<Timestamp> {
        match result {
            Ok(After::Pause(at)) => Some(at),
            Ok(After::Done | After::Split) => None,
            Err(stop) => {
                self.halt(stop);
                None
            }
        }
    }

    /// Gives out all work that there is a place for; returns when paused work is due.
    async fn fill(&mut self, list_only: bool) -> StepResult<Option<Timestamp>> {
        let (now, job) = (self.core.now(), self.core.job.id);
        let ready = |after: Option<Timestamp>| after.is_none_or(|after| after <= now);
        if self.core.sink_caps.staged_ttl.is_some() && !list_only {
            self.expire(now, self.core.token_margin()).await?;
        }
        let ahead = self.core.stage_ahead();
        let max = self.core.options.high_water.max(ahead);
        // While the source is listed only: afterwards nothing depends on how many there are, but at some sinks.
        let (waiting, staged) = match self.listed && self.core.sink_caps.stage_ahead.is_none() {
            true => (0, 0),
            false => self.core.read(move |c| uploads::waiting(c, job, max)).await?,
        };
        // Only rows that can still be sent count, and only while sending goes on: so a pause always ends, whether
        // or not commits wait for the end of the listing. Tokens that age are no reason to wait either.
        let full = waiting >= self.core.options.high_water
            && staged < ahead
            && self.core.sink_caps.staged_ttl.is_none()
            && self.closing.is_none()
            && !list_only;
        if !self.listed && ready(self.list_after) && !full {
            self.list();
        }
        if !list_only {
            let unbounded = self.listed && self.core.sink_caps.stage_ahead.is_none();
            // A bundle of more files than that is sent all the same, once nothing else is to be done.
            let is_idle = self.listed && self.tasks.is_empty();
            if self.closing.is_none() && (unbounded || is_idle || staged < ahead) {
                self.fill_transfers(now).await?;
            }
            if self.listed && ready(self.lane_after) {
                self.fill_lanes(now).await?;
            }
            if self.listed && ready(self.verify_after) && !self.no_questions {
                self.fill_verify(now).await?;
            }
        }
        let next = match self.closing {
            None => self.next_due(now).await?,
            Some(_) => self.core.read(move |c| uploads::next_staged(c, job, now)).await?,
        };
        let dues = [
            self.list_after,
            self.lane_after,
            self.verify_after.filter(|_| self.closing.is_none()),
            next.filter(|_| !list_only),
        ];
        Ok(dues.into_iter().flatten().filter(|due| *due > now).min())
    }

    /// Says when the next row that pauses can go on. No row waits longer than the longest pause: what seems to was put
    /// back before the clock was.
    async fn next_due(&self, now: Timestamp) -> StepResult<Option<Timestamp>> {
        let job = self.core.job.id;
        let which = (job, self.core.only);
        let due = self.core.read(move |c| uploads::next_due(c, which, now)).await?;
        let longest = LONGEST_PAUSE.max(self.core.visible_after());
        let latest = now.saturating_add(longest).unwrap_or(Timestamp::MAX);
        if due.is_none_or(|due| due <= latest) {
            return Ok(due);
        }
        tracing::warn!(?due, "the clock was put back; what waits goes on at once");
        self.core.write(move |c| jobs::end_long_pauses(c, job, latest)).await?;
        Ok(Some(
            now.saturating_add(Duration::from_millis(1)).unwrap_or(Timestamp::MAX),
        ))
    }

    fn list(&mut self) {
        if let Some(listing) = self.listing.take() {
            let core = Arc::clone(self.core);
            self.tasks.spawn(async move {
                let (listing, result) = Box::pin(core.list_step(listing)).await;
                Done::List(listing, result)
            });
        }
    }

    async fn fill_transfers(&mut self, now: Timestamp) -> StepResult {
        let caps = (&self.core.source_caps, &self.core.sink_caps);
        let open = self
            .core
            .options
            .open_concurrency
            .unwrap_or(caps.0.open_concurrency)
            .max(1);
        let stage = self
            .core
            .options
            .stage_concurrency
            .unwrap_or(caps.1.stage_concurrency)
            .max(1);
        let in_order = caps.0.order == ReadOrder::BySequence;
        // One more than the larger of the two keeps both sides busy; a source that is read in order is read alone.
        let places = if in_order { 1 } else { usize::from(open.max(stage)) + 1 };
        while self.transfers.len() < places {
            if self.page.is_empty() {
                self.turn_page(now, places, in_order).await?;
            }
            let Some(next @ Ready { id, expired, bytes }) = self.page.front().copied() else {
                return Ok(());
            };
            // Few at once, where the day's requests may not suffice for more.
            let few = usize::try_from(self.company(expired)).unwrap_or(usize::MAX);
            if !self.transfers.is_empty() && self.transfers.len() >= few {
                return Ok(());
            }
            if !self.transfers.contains_key(&id) && !self.may_begin(next).await? {
                return Ok(());
            }
            self.page.pop_front();
            if self.transfers.insert(id, bytes).is_some() {
                continue;
            }
            self.prepare().await?;
            let core = Arc::clone(self.core);
            self.tasks
                .spawn(async move { Done::Transfer(id, Box::pin(core.transfer(id)).await) });
        }
        Ok(())
    }

    async fn turn_page(&mut self, now: Timestamp, places: usize, in_order: bool) -> StepResult {
        let which = (self.core.job.id, self.core.only);
        let limit = u32::try_from(places * 4 + self.transfers.len()).unwrap_or(u32::MAX);
        let mut found = loop {
            let order = match in_order {
                true => Order::BySequence { after: self.sequence },
                false => Order::ByGroup,
            };
            let found = self
                .core
                .read(move |c| uploads::ready(c, which, now, order, limit))
                .await?;
            // At the end of the sequence: what was put back on the way is read from the start.
            let again = in_order && found.is_empty() && self.sequence > 0;
            if in_order {
                self.sequence = found.last().map_or(0, |ready| ready.id);
            }
            if !again {
                break found;
            }
        };
        found.retain(|ready| !self.transfers.contains_key(&ready.id));
        self.page = found.into();
        Ok(())
    }

    /// How many staged uploads make a batch: half as many for each time that a token died before there were enough, or
    /// a day of very few requests would send the same files again for ever and never create one.
    fn company(&self, expired: u32) -> u32 {
        let batch = self.core.sink_caps.commit_batch.get();
        batch.checked_shr(expired).unwrap_or(0).max(1)
    }

    /// Prepares the destination once, before the first row of a run is worked on.
    async fn prepare(&mut self) -> StepResult {
        if self.prepared {
            return Ok(());
        }
        self.core.busy.store(true, std::sync::atomic::Ordering::Relaxed);
        self.core.board.stage(Stage::Transfer);
        let (job, sink) = (self.core.job, &self.core.sink);
        let stop = |error| self.core.stop_for(error);
        // Written down first: who dies between the change and its record would leave it there for ever.
        let ahead = sink.changes_ahead().await.map_err(stop)?;
        if !ahead.is_empty() {
            self.core.write(move |c| jobs::put_settings(c, job, &ahead)).await?;
        }
        let changes = sink.prepare().await.map_err(stop)?;
        self.core.write(move |c| jobs::put_settings(c, job, &changes)).await?;
        self.prepared = true;
        Ok(())
    }

    async fn expire(&self, now: Timestamp, margin: Duration) -> StepResult {
        if self.core.env.drill.has(Mutant::StaleToken) {
            return Ok(());
        }
        let job = self.core.job.id;
        let old = self.core.read(move |c| staging::expiring(c, job, now, margin)).await?;
        if old > 0 {
            tracing::info!(uploads = old, "uploads were not created in time and are sent again");
            self.core.write(move |c| staging::expire(c, job, now, margin)).await?;
        }
        Ok(())
    }

    async fn fill_verify(&mut self, now: Timestamp) -> StepResult {
        if self.verifying {
            return Ok(());
        }
        let (job, described) = (self.core.job.id, !self.core.later_fields().is_empty());
        let waiting = self
            .core
            .read(move |c| verdicts::waiting(c, job, described, now))
            .await?;
        let quiet = self.tasks.is_empty();
        if waiting >= u64::from(VERIFY_BATCH) || (waiting > 0 && quiet) {
            self.verifying = true;
            let core = Arc::clone(self.core);
            self.tasks
                .spawn(async move { Done::Verify(Box::pin(core.verify_some()).await) });
        }
        Ok(())
    }
}
