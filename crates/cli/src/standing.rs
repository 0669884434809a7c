//! How a job stands at this moment: whether a run is under way, how far it is, what it waits for, when it ends.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::Result;
use photomove_migrate::{
    Holding, JobState, JobStatus, Journal, Run, RunKind, RunNotes, Speed, Stage, Stages, WaitReason,
};
use serde_json::{Value, json};

use crate::settings::Settings;
use crate::{filters, report, text};

/// A run that has not said anything for so long is said to be silent.
const SILENT_SECONDS: i64 = 120;
/// So long without a file means that a run is slow.
const SLOW_AFTER_S: f64 = 60.0;

/// How a job stands.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) job: JobStatus,
    run: Option<Run>,
    holder: Option<Holding>,
    stages: Stages,
    /// Requests of the present day at the destination.
    used: Option<u64>,
    now: Timestamp,
    zone: TimeZone,
}

impl Standing {
    /// Looks into the journal and at the lock; works beside a run.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) async fn of(journal: &Journal, settings: &Settings, job: JobStatus, now: Timestamp) -> Result<Self> {
        let lock_dir = photomove_migrate::MigrateOptions::new(&settings.state_dir).lock_dir;
        // In this order: a run that ends meanwhile is told as ended, not as killed.
        let holder = journal.holder(job.id, &lock_dir).await?;
        let run = journal.latest_run(job.id).await?;
        let used = match run.as_ref().and_then(|run| run.notes.budget.as_ref()) {
            Some(budget) => journal.used_today(budget, now).await?,
            None => None,
        };
        Ok(Self {
            stages: journal.stages(job.id).await?,
            run,
            holder,
            job,
            used,
            now,
            zone: TimeZone::system(),
        })
    }

    /// Says whether a process works on the job, or waits to go on with it.
    pub(crate) fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// The notes of the run that is under way.
    fn notes(&self) -> Option<&RunNotes> {
        self.run.as_ref().filter(|_| self.is_held()).map(|run| &run.notes)
    }

    fn speed(&self) -> Option<Speed> {
        let busy = self.run.as_ref().is_some_and(|run| run.ended_at.is_none());
        let speed = self.notes().filter(|_| busy)?.speed()?;
        // A run that has only begun, or waited for an answer, is not slow.
        (speed.files_per_minute > 0.0 || speed.over_seconds >= SLOW_AFTER_S).then_some(speed)
    }

    /// All of it for people, in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let job = &self.job;
        let mut lines = vec![format!(
            "job {}: {} → {}",
            job.id.0,
            report::account(&job.source),
            report::account(&job.target)
        )];
        lines.extend(filters::words(&job.filters).map(|words| format!("only: {words}")));
        lines.push(self.headline());
        lines.push(String::new());
        if self.is_held() || job.state != JobState::Finished {
            lines.extend(self.stage_table().lines().map(str::to_owned));
            lines.push(String::new());
        }
        lines.extend(report::accounting_table(&job.accounting).lines().map(str::to_owned));
        let more = self.more();
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
        if job.open_intents > 0 && !self.is_held() {
            lines.push(format!(
                "{} without a known outcome; the next run finds out",
                text::counted(job.open_intents, "request")
            ));
        }
        lines.push(String::new());
        lines.push(report::outcome_line(&job.accounting));
        lines
    }

    /// Speed, requests, end.
    fn more(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(checked) = self.run.as_ref().and_then(|run| run.notes.checked.as_ref()) {
            lines.push(checked_line(checked, self.is_held()));
        }
        if let Some(speed) = self.speed() {
            lines.push(format!(
                "speed: {} files/min · {}/s, over the last {}",
                text::count(speed.files_per_minute.round() as u64),
                text::bytes(speed.bytes_per_second as u64),
                text::duration(std::time::Duration::from_secs_f64(speed.over_seconds))
            ));
        }
        lines.extend(self.requests_line());
        lines.extend(
            self.done_at()
                .map(|at| format!("done: about {}", wall_time(at, self.now, &self.zone))),
        );
        lines
    }

    fn requests_line(&self) -> Option<String> {
        let per_day = self.run.as_ref()?.notes.budget.as_ref()?.per_day;
        let used = self
            .used
            .filter(|_| self.is_held() || self.job.state != JobState::Finished)?;
        let target = report::service(&self.job.target);
        Some(match per_day {
            Some(per_day) => format!(
                "requests to {target} today: {} of {}, {} left",
                text::count(used),
                text::count(per_day),
                text::count(per_day.saturating_sub(used))
            ),
            None => format!("requests to {target} today: {}", text::count(used)),
        })
    }

    /// When all is moved, by the present speed and by the requests of a day, whichever is later.
    fn done_at(&self) -> Option<Timestamp> {
        let notes = self.notes()?;
        let left = self.job.accounting.waiting.count;
        if left == 0 || !notes.progress.listed || notes.checked.is_some() {
            return None;
        }
        let by_speed = self
            .speed()
            .filter(|speed| speed.files_per_minute > 0.1)
            .and_then(|speed| {
                let seconds = left as f64 * 60.0 / speed.files_per_minute;
                let span = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
                self.now.checked_add(span).ok()
            });
        by_speed.into_iter().chain(self.done_by_budget(notes, left)).max()
    }

    /// When the requests of a day suffice for the last file; `None` = today.
    fn done_by_budget(&self, notes: &RunNotes, left: u64) -> Option<Timestamp> {
        let budget = notes.budget.as_ref()?;
        let (per_day, used) = (budget.per_day.filter(|per_day| *per_day > 0)?, self.used?);
        let needed = (left * budget.thousandths_per_file).div_ceil(1_000);
        let days = needed.saturating_sub(per_day.saturating_sub(used)).div_ceil(per_day);
        if days == 0 {
            return None;
        }
        let zone = TimeZone::get(budget.day_ends.as_deref()?).ok()?;
        let today = self.now.to_zoned(zone.clone()).date();
        let day = today
            .checked_add(jiff::Span::new().days(i64::try_from(days).ok()?))
            .ok()?;
        // The day begins at its midnight; nobody knows how much of it is needed.
        Some(day.to_zoned(zone).ok()?.timestamp())
    }

    fn stage_table(&self) -> String {
        let stages = &self.stages;
        let mut table = report::new_table(["stage", "files", "bytes"]);
        for (what, count) in [
            ("listed", stages.listed),
            ("received", stages.received),
            ("sent", stages.sent),
            ("created", stages.created),
            ("verified", stages.verified),
        ] {
            table.add_row([what.to_owned(), text::count(count.count), text::bytes(count.bytes)]);
        }
        for (what, (done, of)) in [("albums", stages.albums), ("places in albums", stages.places)] {
            if of > 0 {
                table.add_row([
                    what.to_owned(),
                    format!("{} of {}", text::count(done), text::count(of)),
                    String::new(),
                ]);
            }
        }
        table.trim_fmt()
    }

    /// What is going on, in one sentence.
    pub(crate) fn headline(&self) -> String {
        let Some(run) = &self.run else {
            return match &self.holder {
                Some(holder) => format!("running since {} {}", self.time(holder.since), process(holder)),
                None => format!("no run is under way: {}", self.state_words()),
            };
        };
        match &self.holder {
            Some(holder) => self.held_words(run, holder),
            None => format!("no run is under way: {}", self.ended_words(run)),
        }
    }

    fn held_words(&self, run: &Run, holder: &Holding) -> String {
        let process = process(holder);
        match run.outcome.as_deref() {
            Some("planned") => format!(
                "a run waits for the answer to its question, since {} {process}",
                self.time(run.updated_at)
            ),
            Some("quota") => format!(
                "waiting for the day's requests{}, since {} {process}",
                self.wake_words(),
                self.time(run.updated_at)
            ),
            Some("sign_in_needed") => format!(
                "waiting for a new sign-in, since {} {process}",
                self.time(run.updated_at)
            ),
            Some(_) => format!("a run is about to end {process}"),
            None => {
                let mut words = format!("running since {} {process}", self.time(run.started_at));
                words.push_str(&format!(": {}", doing(run)));
                let over = |until: Option<Timestamp>| until.is_some_and(|until| until <= self.now);
                if let Some(waiting) = run.notes.waiting.filter(|waiting| !over(waiting.until)) {
                    let until = waiting.until.map(|until| format!(" until {}", self.time(until)));
                    words.push_str(&format!(", {}{}", waits(waiting.reason), until.unwrap_or_default()));
                }
                let silent = self.now.duration_since(run.updated_at).as_secs();
                if silent >= SILENT_SECONDS && run.notes.waiting.is_none() {
                    let silent = std::time::Duration::from_secs(silent.unsigned_abs());
                    words.push_str(&format!(", no progress for {}", text::duration(silent)));
                }
                words
            }
        }
    }

    fn ended_words(&self, run: &Run) -> String {
        let Some(ended_at) = run.ended_at else {
            return format!(
                "the last one ended without a word after {} (killed, or the machine went down); the same command goes on",
                self.time(run.updated_at)
            );
        };
        let ended = self.at(ended_at);
        let why = |words: &str| match &run.notes.message {
            Some(message) => format!("{words} {ended}: {message}"),
            None => format!("{words} {ended}"),
        };
        let what = match run.kind {
            RunKind::Retry => "the last one, a retry, ",
            RunKind::Verify => "the last one, a look at the destination, ",
            _ => "",
        };
        match run.outcome.as_deref() {
            Some("finished") if self.job.state == JobState::Finished => format!("{what}finished {ended}"),
            Some("finished") => format!("{what}ended {ended}; the job is not finished"),
            Some("planned") => format!("planned {ended}; nothing was moved since"),
            Some("interrupted") => format!("{what}interrupted {ended}; the same command goes on"),
            Some("quota") => format!(
                "waiting{}: {}; the same command goes on then",
                self.wake_words(),
                run.notes.message.as_deref().unwrap_or("the day's requests are used up")
            ),
            Some("sign_in_needed") => format!(
                "waiting for a new sign-in since {}{}",
                self.time(ended_at),
                run.notes
                    .message
                    .as_ref()
                    .map(|message| format!(": {message}"))
                    .unwrap_or_default()
            ),
            Some("destination_full") => why("stopped, the destination is full,"),
            _ => why("stopped"),
        }
    }

    /// ` until Sat 15 Nov 09:05`, if the job knows.
    fn wake_words(&self) -> String {
        self.job
            .wake_at
            .map(|at| format!(" until {}", self.time(at)))
            .unwrap_or_default()
    }

    /// What the job itself says, where no run of it is known.
    fn state_words(&self) -> String {
        match self.job.state {
            JobState::Listing => "the listing is not finished".to_owned(),
            JobState::Running => "not finished".to_owned(),
            JobState::Waiting if self.job.wake_at.is_none() => "waiting for a new sign-in".to_owned(),
            JobState::Waiting => format!("waiting{}", self.wake_words()),
            JobState::Finished => "finished".to_owned(),
        }
    }

    /// `at 14:05` or `on Sat 15 Nov 14:05`.
    fn at(&self, at: Timestamp) -> String {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let word = if at.to_zoned(self.zone.clone()).date() == today {
            "at"
        } else {
            "on"
        };
        format!("{word} {}", self.time(at))
    }

    fn time(&self, at: Timestamp) -> String {
        wall_time(at, self.now, &self.zone)
    }

    /// All of it in one line, without what changes every second by itself.
    pub(crate) fn line(&self) -> String {
        let sums = &self.job.accounting;
        let done = sums.found.count.saturating_sub(sums.waiting.count);
        let mut line = format!(
            "job {}: {} of {} · {}",
            self.job.id.0,
            text::count(done),
            text::count(sums.found.count),
            self.headline()
        );
        if sums.failed.count > 0 {
            line.push_str(&format!(" · {} failed", text::count(sums.failed.count)));
        }
        line
    }

    /// The object of `--json`.
    pub(crate) fn object(&self) -> Value {
        let running = self
            .holder
            .as_ref()
            .map(|holder| json!({ "process": holder.pid, "since": holder.since, "on_this_machine": holder.is_here }));
        let requests = self.used.map(|used| {
            let budget = self.run.as_ref().and_then(|run| run.notes.budget.as_ref());
            let per_day = budget.and_then(|budget| budget.per_day);
            json!({ "used": used, "per_day": per_day, "left": per_day.map(|per_day| per_day.saturating_sub(used)) })
        });
        json!({
            "type": "job",
            "job": self.job,
            "running": running,
            "says": self.headline(),
            "run": self.run,
            "stages": self.stages,
            "speed": self.speed(),
            "requests": requests,
            "done_at": self.done_at(),
        })
    }
}

fn process(holder: &Holding) -> String {
    if holder.is_here {
        return format!("(process {})", holder.pid);
    }
    format!("(process {} on another machine)", holder.pid)
}

/// What a run is at.
fn doing(run: &Run) -> &'static str {
    match (run.kind, run.notes.stage) {
        (_, Some(Stage::Connect)) | (_, None) => "checking both accounts",
        (_, Some(Stage::Settle)) => "finding out what became of earlier requests",
        (_, Some(Stage::Discover)) if !run.notes.progress.listed => "listing the source",
        (_, Some(Stage::Plan)) => "working out what is to be done",
        (_, Some(Stage::Report)) => "adding up",
        (_, Some(Stage::Verify)) => "looking again at what the destination holds",
        (RunKind::Retry, _) => "trying again what failed",
        _ => "moving files",
    }
}

fn waits(reason: WaitReason) -> &'static str {
    match reason {
        WaitReason::Backoff => "pausing before it tries again",
        WaitReason::Visibility => "waiting for the destination to show what is new",
        WaitReason::Draining => "finishing what is under way, then it ends",
        WaitReason::Closing => "a limit is reached, making items of what was sent",
        WaitReason::Paused => "paused by a person",
        WaitReason::RateLimited => "waiting because a service takes no more requests for now",
        _ => "waiting",
    }
}

fn checked_line(checked: &photomove_migrate::Checked, held: bool) -> String {
    let mut line = format!(
        "{} at the destination ({}): {} of {}",
        if held { "looking again" } else { "looked at again" },
        checked.level,
        text::count(checked.done),
        text::counted(checked.of, "item")
    );
    for (count, word) in [
        (checked.same, "the same"),
        (checked.exists, "there"),
        (checked.missing, "missing"),
        (checked.differs, "changed"),
        (checked.unknown, "not known"),
    ] {
        if count > 0 {
            line.push_str(&format!(" · {} {word}", text::count(count)));
        }
    }
    line
}

/// `14:05` today, `Sat 15 Nov 14:05` on another day, with the year in another one.
fn wall_time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = match (at.date() == now.date(), at.year() == now.year()) {
        (true, _) => "%H:%M",
        (false, true) => "%a %d %b %H:%M",
        (false, false) => "%a %d %b %Y %H:%M",
    };
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests;
