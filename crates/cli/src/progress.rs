//! What a person sees while it runs: a bar on a terminal, else a line every 30 seconds, and each failure as it happens.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dialoguer::console::{Term, truncate_str};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::SharedClock;
use photomove_http::{Wait, WaitCause, WaitWatch};
use photomove_migrate::{Event, Observer, Outcome, Progress, Stage, WaitReason};
use serde_json::Value;

use crate::print::Printer;
use crate::text;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// How far back the rates look.
const WINDOW: Duration = Duration::from_secs(15);
/// Counters go to `--json` at most this often.
const OBJECT_EVERY: Duration = Duration::from_secs(1);
/// More failures than these are left to `photomove status --failures`.
const LINES_OF_ITEMS: u64 = 20;

/// What is said while a person lets the run pause.
const PAUSED: &str = "paused: r goes on";

/// Watches a run for a person.
#[derive(Debug)]
pub(crate) struct Watcher {
    printer: Printer,
    clock: SharedClock,
    zone: TimeZone,
    bar: Mutex<Option<ProgressBar>>,
    state: Mutex<State>,
    notebook: OnceLock<Arc<dyn Observer>>,
}

#[derive(Debug)]
struct State {
    stage: Option<Stage>,
    progress: Progress,
    waiting: Option<String>,
    /// Whether a person lets the run pause.
    paused: bool,
    samples: VecDeque<Sample>,
    last_object: Option<Timestamp>,
    /// What requests waited for last, to the second.
    last_wait: Option<(WaitReason, i64)>,
    last_line: Timestamp,
    items_told: u64,
}

/// Counters at an instant.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Timestamp,
    done: u64,
    done_bytes: u64,
    moved_bytes: u64,
}

/// Speeds over the window, per second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Rates {
    items: f64,
    done_bytes: f64,
    moved_bytes: f64,
}

impl Watcher {
    /// Makes a watcher.
    pub(crate) fn new(printer: Printer, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self::with(printer, clock, TimeZone::system()))
    }

    fn with(printer: Printer, clock: SharedClock, zone: TimeZone) -> Self {
        let state = State {
            stage: None,
            progress: Progress::default(),
            waiting: None,
            paused: false,
            samples: VecDeque::new(),
            last_object: None,
            last_wait: None,
            last_line: clock.now(),
            items_told: 0,
        };
        Self {
            printer,
            clock,
            zone,
            bar: Mutex::new(None),
            state: Mutex::new(state),
            notebook: OnceLock::new(),
        }
    }

    /// Writes a line every 30 seconds where there is no terminal; ends never, so it is raced against the run.
    pub(crate) async fn tell_regularly(&self) -> Infallible {
        loop {
            self.clock.sleep(LINE_EVERY).await;
            self.tell_if_due();
        }
    }

    /// Puts the bar up if standard error is a terminal.
    pub(crate) fn begin(&self) {
        if self.printer.talks_to_terminal() {
            *self.bar() = Some(self.printer.bars().add(new_bar()));
        }
    }

    /// Takes the bar away, so that questions and results have the terminal.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    /// Shows that a person lets the run pause, or go on.
    pub(crate) fn pause(&self, paused: bool) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.paused = paused;
        state.waiting = None;
        self.draw(&state, now);
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_if_due(&self) {
        let now = self.clock.now();
        let mut state = self.lock();
        if self.printer.talks_to_terminal() || since(state.last_line, now) < LINE_EVERY {
            return;
        }
        state.last_line = now;
        let line = self.line(&state, now);
        drop(state);
        self.printer.talk(&line);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole state in one line.
    fn line(&self, state: &State, now: Timestamp) -> String {
        let progress = &state.progress;
        let found = format!(
            "{}{}",
            text::count(progress.found),
            if progress.listed { "" } else { " so far" }
        );
        format!("{} of {found} · {}", text::count(progress.done), self.tail(state, now))
    }

    /// Speeds, end and retries, or why nothing moves.
    fn tail(&self, state: &State, now: Timestamp) -> String {
        if let Some(waiting) = &state.waiting {
            return waiting.clone();
        }
        if state.paused {
            return PAUSED.to_owned();
        }
        let progress = &state.progress;
        if state.stage == Some(Stage::Discover) {
            return format!(
                "{} found, {}",
                text::counted(progress.found, "file"),
                text::bytes(progress.found_bytes)
            );
        }
        let rates = state.rates();
        let mut out = format!(
            "{:.1} items/s · {}/s",
            rates.items,
            text::bytes(rates.moved_bytes as u64)
        );
        if let Some(left) = time_left(progress, rates) {
            out.push_str(&format!(" · ends {}", self.wall_time(now, left)));
        }
        for (count, word) in [(progress.failed, "failed"), (progress.retries, "retried")] {
            if count > 0 {
                out.push_str(&format!(" · {} {word}", text::count(count)));
            }
        }
        out
    }

    /// `14:05`, or with the date if that is another day.
    fn wall_time(&self, now: Timestamp, left: Duration) -> String {
        let today = now.to_zoned(self.zone.clone()).date();
        let end = now
            .saturating_add(left)
            .unwrap_or(Timestamp::MAX)
            .to_zoned(self.zone.clone());
        let format = match (left.as_secs() < 3600, end.date() == today) {
            (true, _) => return format!("{} (in {})", end.strftime("%H:%M"), text::duration(left)),
            (false, true) => "%H:%M",
            (false, false) => "%a %d %b %H:%M",
        };
        end.strftime(format).to_string()
    }

    fn take(&self, event: &Event) -> Vec<String> {
        let now = self.clock.now();
        let mut state = self.lock();
        if !matches!(event, Event::Waiting { .. }) {
            state.waiting = None;
        }
        let mut lines = Vec::new();
        match event {
            Event::Stage { stage } => state.stage = Some(*stage),
            Event::Progress(progress) => state.sample(now, *progress),
            Event::Waiting { reason, until } => {
                let what = match reason {
                    WaitReason::Backoff => "waiting to try again",
                    WaitReason::Visibility => "waiting until the destination shows what arrived",
                    WaitReason::Draining => "finishing what is under way",
                    WaitReason::Closing => "a limit is reached: making items of what was sent",
                    WaitReason::Paused => PAUSED,
                    WaitReason::RateLimited => "waiting: the service takes no more requests for now",
                    _ => "waiting",
                };
                let until = until.map(|at| format!(", until {}", at.to_zoned(self.zone.clone()).strftime("%H:%M:%S")));
                state.waiting = Some(format!("{what}{}", until.unwrap_or_default()));
            }
            Event::Item {
                name,
                outcome: outcome @ (Outcome::Failed | Outcome::Skipped),
                reason,
                ..
            } => {
                state.items_told += 1;
                let word = if *outcome == Outcome::Failed {
                    "failed"
                } else {
                    "skipped"
                };
                let reason = reason
                    .as_ref()
                    .map_or_else(String::new, |reason| format!(": {}", reason.message));
                match state.items_told {
                    0..=LINES_OF_ITEMS => lines.push(format!("{word}: {}{reason}", tame(name))),
                    n if n == LINES_OF_ITEMS + 1 => {
                        lines.push(
                            "further ones are not shown here; `photomove status --failures` lists all".to_owned(),
                        );
                    }
                    _ => {}
                }
            }
            Event::Album {
                title,
                reason: Some(reason),
            } => {
                lines.push(format!("album not created: {}: {}", tame(title), reason.message));
            }
            Event::Loss { what } => lines.push(format!("not kept: {}", tame(what))),
            Event::Unreadable { reason } => lines.push(format!("not readable in the listing: {}", reason.message)),
            Event::Retry { what, reason, .. } => tracing::info!("trying again: {}: {}", tame(what), reason.message),
            _ => {}
        }
        self.draw(&state, now);
        lines
    }

    fn draw(&self, state: &State, now: Timestamp) {
        let bar = self.bar();
        let Some(bar) = bar.as_ref() else { return };
        let progress = &state.progress;
        bar.set_prefix(stage_words(state.stage));
        // Before anything is found, or while it is counted, there is nothing to be full.
        let is_counting = progress.found == 0 || state.stage == Some(Stage::Discover);
        bar.set_style(if is_counting { counting_style() } else { moving_style() });
        bar.set_length(progress.found);
        bar.set_position(progress.done);
        // Not padded or wrapped: a cursor in the last column would move with the `^C` that a terminal shows.
        let columns = usize::from(Term::stderr().size().1).saturating_sub(4);
        bar.set_message(truncate_str(&self.tail(state, now), columns, "…").into_owned());
    }

    /// Says whether the event is due for `--json`: counters are thinned out, the rest never is.
    fn object_due(&self, event: &Event) -> bool {
        let Event::Progress(_) = event else { return true };
        let now = self.clock.now();
        let mut state = self.lock();
        if state.last_object.is_some_and(|last| since(last, now) < OBJECT_EVERY) {
            return false;
        }
        state.last_object = Some(now);
        true
    }
}

impl Observer for Watcher {
    fn event(&self, event: &Event) {
        for line in self.take(event) {
            self.printer.talk(&line);
        }
        if self.printer.is_json() && self.object_due(event) {
            self.printer.object(&serde_json::to_value(event).unwrap_or(Value::Null));
        }
    }
}

impl Watcher {
    /// Also has the pauses of clients written down, of which the engine knows nothing.
    pub(crate) fn note_waits(&self, notebook: Arc<dyn Observer>) {
        // A watcher watches one run.
        let _ = self.notebook.set(notebook);
    }
}

impl WaitWatch for Watcher {
    fn waiting(&self, wait: &Wait) {
        let reason = match wait.cause {
            WaitCause::RateLimited | WaitCause::Minute => WaitReason::RateLimited,
            WaitCause::Retry => WaitReason::Backoff,
            // Spaced requests are the usual course.
            _ => return,
        };
        let seconds = (reason, wait.until.as_second());
        // Whoever waits for the same says the same.
        if self.lock().last_wait.replace(seconds) != Some(seconds) {
            let until = Some(wait.until);
            let event = Event::Waiting { reason, until };
            self.event(&event);
            if let Some(notebook) = self.notebook.get() {
                notebook.event(&event);
            }
        }
    }
}

impl State {
    fn sample(&mut self, now: Timestamp, progress: Progress) {
        self.progress = progress;
        let sample = Sample {
            at: now,
            done: progress.done,
            done_bytes: progress.done_bytes,
            moved_bytes: progress.uploaded_bytes,
        };
        // A sample a tenth of a second apart is enough for a rate, and bounds the memory.
        let several = self.samples.len() > 1;
        match self.samples.back_mut() {
            Some(last) if several && since(last.at, now) < Duration::from_millis(100) => {
                *last = Sample { at: last.at, ..sample }
            }
            _ => self.samples.push_back(sample),
        }
        while self.samples.len() > 2 && self.samples.front().is_some_and(|first| since(first.at, now) > WINDOW) {
            self.samples.pop_front();
        }
    }

    fn rates(&self) -> Rates {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else {
            return Rates::default();
        };
        let seconds = since(first.at, last.at).as_secs_f64();
        if seconds < 0.1 {
            return Rates::default();
        }
        let rate = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        Rates {
            items: rate(first.done, last.done),
            done_bytes: rate(first.done_bytes, last.done_bytes),
            moved_bytes: rate(first.moved_bytes, last.moved_bytes),
        }
    }
}

/// By bytes where they are known, because a video takes longer than a photo; else by items.
fn time_left(progress: &Progress, rates: Rates) -> Option<Duration> {
    if !progress.listed || progress.done >= progress.found {
        return None;
    }
    let seconds = if progress.found_bytes > 0 && rates.done_bytes > 0.0 {
        progress.found_bytes.saturating_sub(progress.done_bytes) as f64 / rates.done_bytes
    } else if rates.items > 0.0 {
        (progress.found - progress.done) as f64 / rates.items
    } else {
        return None;
    };
    // A century is no forecast.
    (seconds < 3.0e9).then(|| Duration::from_secs_f64(seconds))
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

fn stage_words(stage: Option<Stage>) -> &'static str {
    match stage {
        None | Some(Stage::Connect) => "connecting",
        Some(Stage::Settle) => "checking the last run",
        Some(Stage::Discover) => "listing",
        Some(Stage::Plan) => "planning",
        Some(Stage::Transfer) => "moving",
        Some(Stage::Report) => "adding up",
        Some(_) => "working",
    }
}

/// Names come from elsewhere: control characters must not reach a terminal.
fn tame(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn new_bar() -> ProgressBar {
    // Never without a message: a bar of two lines whose second one is empty is cleared as one line only.
    let bar = ProgressBar::new(0)
        .with_style(counting_style())
        .with_message("starting");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn counting_style() -> ProgressStyle {
    style("{prefix:12} {spinner}\n{msg}")
}

fn moving_style() -> ProgressStyle {
    style("{prefix:12} {wide_bar} {pos} of {len}\n{msg}").progress_chars("━╸ ")
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants; a plain bar would be no reason to stop moving photos.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use photomove_core::{Clock, ManualClock};
    use photomove_migrate::Reason;

    use super::*;

    fn watcher(json: bool) -> (Watcher, ManualClock, crate::print::Captured, crate::print::Captured) {
        let (printer, data, talk) = Printer::captured(json);
        let clock = ManualClock::new("2026-01-02T10:00:00Z".parse().unwrap());
        let watcher = Watcher::with(printer, Arc::new(clock.clone()), TimeZone::UTC);
        (watcher, clock, data, talk)
    }

    fn progress(done: u64, retries: u64) -> Event {
        let mut progress = Progress::default();
        progress.listed = true;
        progress.found = 200;
        progress.found_bytes = 200_000_000;
        progress.done = done;
        progress.done_bytes = done * 1_000_000;
        progress.uploaded_bytes = done * 1_000_000;
        progress.retries = retries;
        Event::Progress(progress)
    }

    fn item(name: &str, outcome: Outcome) -> Event {
        let reason = Some(Reason {
            kind: "rejected".to_owned(),
            message: "no photo".to_owned(),
        });
        Event::Item {
            name: name.to_owned(),
            asset: "a".to_owned(),
            outcome,
            reason,
        }
    }

    #[test]
    fn without_a_terminal_there_is_a_line_every_30_seconds() {
        let (watcher, clock, _, talk) = watcher(false);
        watcher.event(&progress(0, 0));
        clock.advance(Duration::from_secs(10));
        watcher.event(&progress(40, 2));
        watcher.tell_if_due();
        assert_eq!(talk.text(), "");
        clock.advance(Duration::from_secs(20));
        watcher.tell_if_due();
        watcher.tell_if_due();
        assert_eq!(
            talk.text(),
            "40 of 200 · 4.0 items/s · 4.0 MB/s · ends 10:01 (in 40 s) · 2 retried\n"
        );
    }

    #[test]
    fn the_end_of_a_long_run_has_its_date() {
        let (watcher, clock, _, _) = watcher(false);
        watcher.event(&progress(0, 0));
        clock.advance(Duration::from_secs(2000));
        watcher.event(&progress(1, 0));
        let line = watcher.line(&watcher.lock(), clock.now());
        assert_eq!(line, "1 of 200 · 0.0 items/s · 500 B/s · ends Wed 07 Jan 01:06");
    }

    #[test]
    fn failures_are_told_as_they_happen_up_to_a_bound() {
        let (watcher, _, _, talk) = watcher(false);
        watcher.event(&item("good.jpg", Outcome::Verified));
        for n in 0..25 {
            watcher.event(&item(&format!("bad{n}\u{1b}[31m.jpg"), Outcome::Failed));
        }
        let text = talk.text();
        assert_eq!(text.lines().count(), 21, "{text}");
        assert_eq!(text.lines().next(), Some("failed: bad0\u{fffd}[31m.jpg: no photo"));
        assert!(text.ends_with("`photomove status --failures` lists all\n"));
    }

    #[test]
    fn counters_for_programs_are_thinned_out_and_the_rest_is_not() {
        let (watcher, clock, data, _) = watcher(true);
        for done in 0..5 {
            watcher.event(&progress(done, 0));
            watcher.event(&item("x.jpg", Outcome::Verified));
        }
        clock.advance(Duration::from_secs(1));
        watcher.event(&progress(5, 0));
        let types: Vec<String> = data
            .text()
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["type"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(types, ["progress", "item", "item", "item", "item", "item", "progress"]);
    }

    #[test]
    fn a_wait_is_told_instead_of_speeds() {
        let (watcher, clock, _, _) = watcher(false);
        let until = Some("2026-01-02T10:05:00Z".parse().unwrap());
        watcher.event(&Event::Waiting {
            reason: WaitReason::Backoff,
            until,
        });
        let line = watcher.line(&watcher.lock(), clock.now());
        assert_eq!(line, "0 of 0 so far · waiting to try again, until 10:05:00");
    }

    #[test]
    fn requests_that_wait_are_told_once_and_a_pause_stays() {
        let (watcher, clock, data, _) = watcher(true);
        let wait = Wait {
            provider: "x",
            cause: WaitCause::RateLimited,
            until: "2026-01-02T10:00:30.5Z".parse().unwrap(),
        };
        for _ in 0..6 {
            watcher.waiting(&wait);
        }
        let mut spaced = wait;
        spaced.cause = WaitCause::Pace;
        watcher.waiting(&spaced);
        assert_eq!(
            data.text(),
            "{\"reason\":\"rate_limited\",\"type\":\"waiting\",\"until\":\"2026-01-02T10:00:30.5Z\"}\n"
        );
        let line = watcher.line(&watcher.lock(), clock.now());
        assert_eq!(
            line,
            "0 of 0 so far · waiting: the service takes no more requests for now, until 10:00:30"
        );
        watcher.pause(true);
        watcher.event(&progress(1, 0));
        let line = watcher.line(&watcher.lock(), clock.now());
        assert_eq!(line, "1 of 200 · paused: r goes on");
        watcher.pause(false);
        assert!(watcher.line(&watcher.lock(), clock.now()).ends_with("items/s · 0 B/s"));
    }
}
