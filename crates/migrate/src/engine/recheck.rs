//! A later look at what the destination holds, without the source: what is missing or changed is counted as lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use photomove_core::{
    Agreement, Checksums, Digester, Error, ErrorKind, Evidence, PhotoProvider, PhotoSink, Result, SinkCaps,
};

use super::Party;
use super::diary::Diary;
use super::policy::{self, Situation, Step, Streaks};
use super::verify::VERIFY_BATCH;
use crate::journal::rechecks::{self, Finding, Item, Look};
use crate::journal::runs;
use crate::lock::{LockKind, Locks};
use crate::{
    AccountName, Budget, Checked, EngineEnv, Event, JobId, Journal, Level, Progress, Reason, Recheck, RunKind,
    RunNotes, Stage, StopReason, WaitReason,
};

/// How often a call or a download is tried before nobody can tell.
const ATTEMPTS: u32 = 3;
/// How many items are read back at once, at most.
const DOWNLOADS_MAX: u16 = 4;

/// What is looked at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecheckOptions {
    /// Which job.
    pub job: JobId,
    /// How closely; `None` = as closely as the destination allows without giving all bytes back.
    pub level: Option<Level>,
    /// Folder of the lock files.
    pub lock_dir: PathBuf,
    /// FROM and TO as they were typed for the job, for whoever is to be told the exact command later.
    pub words: Option<(String, String)>,
}

impl RecheckOptions {
    /// Looks at a job as closely as the destination allows; locks lie in `state_dir`.
    pub fn new(job: JobId, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            job,
            level: None,
            lock_dir: state_dir.into().join("locks"),
            words: None,
        }
    }
}

/// Looks again at what a job has brought to its destination.
///
/// Nothing is written there, and the source is not needed. A look that was stopped goes on where it was: call
/// [`run`](Self::run) again, also after a restart.
#[derive(Debug)]
pub struct Verification {
    target: Arc<dyn PhotoProvider>,
    journal: Journal,
    options: RecheckOptions,
    env: EngineEnv,
}

/// What a step ends with.
type Stopped<T> = std::result::Result<T, StopReason>;

/// A destination that is looked at.
struct Looking<'a> {
    journal: &'a Journal,
    env: &'a EngineEnv,
    sink: Arc<dyn PhotoSink>,
    caps: SinkCaps,
    streaks: Streaks,
    diary: Diary,
    /// Why the destination proves less than the level asks for.
    proves_no_more: Option<String>,
}

impl Verification {
    /// Names what is looked at; nothing is asked yet.
    pub fn new(target: Arc<dyn PhotoProvider>, journal: Journal, options: RecheckOptions, env: EngineEnv) -> Self {
        Self {
            target,
            journal,
            options,
            env,
        }
    }

    /// Looks at all items until none is left or something stops it; [`Recheck::stopped`] says what.
    ///
    /// # Errors
    /// When nothing could be begun: the destination cannot be reached or is not the job's, the job is in use, or the
    /// journal cannot be written.
    pub async fn run(&self) -> Result<Recheck> {
        self.env.observer.event(&Event::Stage { stage: Stage::Connect });
        let job = self.options.job.0;
        let words = self.journal.read(move |c| runs::lock_words(c, job)).await?;
        if words.len() < 7 {
            return Err(Error::new(ErrorKind::Config, format!("there is no job {job}")));
        }
        let cannot = || {
            let message = format!("{} cannot be looked at", self.target.info().label);
            Error::new(ErrorKind::Unsupported, message)
        };
        let sink = Arc::clone(&self.target).as_sink().ok_or_else(cannot)?;
        let account = sink.connect().await?;
        let party = Party::of(&*self.target, &account);
        party.must_be_of(self.options.job, [&words[3], &words[4], &words[5]])?;
        let caps = self.target.capabilities().sink.ok_or_else(cannot)?;
        let now = self.env.clock.now();
        let mut locks = Locks::new(&self.options.lock_dir, now);
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        locks.take(LockKind::Job, &all)?;
        locks.take(LockKind::Target, &party.words())?;

        let level = self.options.level.unwrap_or(match caps.reports_later.is_empty() {
            true => Level::Receipt,
            false => Level::Checksum,
        });
        let (items, nameless) = self.journal.read(move |c| rechecks::totals(c, job)).await?;
        let notes = RunNotes {
            pid: std::process::id(),
            words: self.options.words.clone(),
            budget: Budget::of(&caps),
            checked: Some(Checked {
                level: level.name().to_owned(),
                of: items.count,
                ..Checked::default()
            }),
            stage: Some(Stage::Verify),
            ..RunNotes::default()
        };
        let first = notes.clone();
        let (run, mut look) = self
            .journal
            .write(move |c| {
                Ok((
                    runs::begin(c, job, RunKind::Verify, &first, now)?,
                    rechecks::open(c, job, level, now)?,
                ))
            })
            .await?;
        let mut looking = Looking {
            journal: &self.journal,
            env: &self.env,
            sink,
            streaks: Streaks::default(),
            diary: Diary::new(self.journal.clone(), self.env.clock.clone(), run, notes),
            proves_no_more: proves_no_more(level, &caps, &self.target.info().label),
            caps,
        };
        self.env.observer.event(&Event::Stage { stage: Stage::Verify });
        looking.tell(&look, items.count);
        let stopped = looking.look_at_all(&mut look, items.count).await.err();
        let name = stopped.as_ref().map_or("finished", StopReason::name);
        let message = stopped.as_ref().and_then(StopReason::error).map(ToString::to_string);
        looking.diary.change(|notes| checked(notes, &look, items.count));
        looking.diary.end(name, message).await?;
        Ok(Recheck {
            job: self.options.job,
            target: AccountName {
                kind: party.kind.to_owned(),
                label: account.label,
            },
            level,
            begun_at: look.begun_at,
            items,
            findings: look.sums,
            nameless,
            proves_no_more: looking.proves_no_more,
            stopped,
        })
    }
}

/// Says why a level proves no more than that items exist, as far as that is known before the first question.
fn proves_no_more(level: Level, caps: &SinkCaps, label: &str) -> Option<String> {
    (level == Level::Checksum && caps.reports_later.is_empty())
        .then(|| format!("{label} tells no hashes of what it holds; it can only be asked whether an item is there"))
}

fn checked(notes: &mut RunNotes, look: &Look, of: u64) {
    let sums = &look.sums;
    notes.checked = Some(Checked {
        level: look.level.name().to_owned(),
        done: sums.looked_at.count.min(of),
        of,
        same: sums.same.count,
        exists: sums.exists.count,
        missing: sums.missing.count,
        differs: sums.differs.count,
        unknown: sums.unknown.count,
    });
}

impl Looking<'_> {
    async fn look_at_all(&mut self, look: &mut Look, of: u64) -> Stopped<()> {
        loop {
            if self.env.stop.is_draining() {
                return Err(StopReason::Interrupted);
            }
            let asked = look.clone();
            let page = self.read(move |c| rechecks::next(c, &asked, VERIFY_BATCH)).await?;
            if page.is_empty() {
                if look.second {
                    let done = look.clone();
                    return self.write(move |c| rechecks::close(c, &done)).await;
                }
                let mut next = look.clone();
                *look = self
                    .write(move |c| {
                        rechecks::look_again(c, &mut next)?;
                        Ok(next)
                    })
                    .await?;
                continue;
            }
            let found = self.find_out(look.level, page).await?;
            let (mut next, now) = (look.clone(), self.env.clock.now());
            *look = self
                .write(move |c| {
                    rechecks::store(c, &mut next, &found, now)?;
                    Ok(next)
                })
                .await?;
            self.tell(look, of);
        }
    }

    fn tell(&self, look: &Look, of: u64) {
        self.diary.change(|notes| checked(notes, look, of));
        let sums = &look.sums;
        let progress = Progress {
            listed: true,
            found: of,
            done: sums.looked_at.count.min(of),
            done_bytes: sums.looked_at.bytes,
            verified: sums.same.count,
            unverifiable: sums.exists.count,
            failed: sums.missing.count + sums.differs.count,
            ..Progress::default()
        };
        self.env.observer.event(&Event::Progress(progress));
    }

    /// Asks about a page of items.
    async fn find_out(&mut self, level: Level, page: Vec<Item>) -> Stopped<Vec<(Item, Finding)>> {
        if level == Level::Download && self.proves_no_more.is_none() {
            return self.read_back(page).await;
        }
        let bare = level == Level::Receipt || self.proves_no_more.is_some();
        self.ask(page, bare).await
    }

    async fn ask(&self, page: Vec<Item>, bare: bool) -> Stopped<Vec<(Item, Finding)>> {
        let claims: Vec<_> = page.iter().map(|item| item.claim(bare)).collect();
        let mut attempts = 0;
        let answers = loop {
            let error = match self.stoppable(self.sink.verify(&claims)).await? {
                Ok(answers) if answers.len() == claims.len() => break answers,
                Ok(_) => Error::new(ErrorKind::Protocol, "the answer is not as long as the question"),
                Err(error) => error,
            };
            self.pause_or_give_up(error, attempts, "ask the destination").await?;
            attempts += 1;
        };
        self.streaks.success();
        let mut found = Vec::with_capacity(page.len());
        for (item, answer) in page.into_iter().zip(answers) {
            let finding = match answer {
                Ok(evidence) => of_evidence(evidence, bare),
                Err(error) => self.of_error(error)?,
            };
            let finding = self.as_far_as_shown(&item, finding);
            found.push((item, finding));
        }
        Ok(found)
    }

    /// Reads the bytes of a page of items back; from a destination that gives none it asks instead.
    async fn read_back(&mut self, page: Vec<Item>) -> Stopped<Vec<(Item, Finding)>> {
        let at_once = usize::from(self.caps.stage_concurrency.clamp(1, DOWNLOADS_MAX));
        let (sink, env) = (&self.sink, self.env);
        let read = |item: Item| async move {
            let result = tokio::select! {
                result = download(&**sink, &item) => Some(result),
                () = env.stop.aborted() => None,
            };
            (item, result)
        };
        let results: Vec<_> = futures_util::stream::iter(page)
            .map(read)
            .buffered(at_once)
            .collect()
            .await;
        let unsupported = results.iter().find_map(|(_, result)| match result {
            Some(Err(error)) if *error.kind() == ErrorKind::Unsupported => Some(error.message().to_owned()),
            _ => None,
        });
        if let Some(why) = unsupported {
            self.proves_no_more = Some(why);
            let page = results.into_iter().map(|(item, _)| item).collect();
            return self.ask(page, true).await;
        }
        let mut found = Vec::with_capacity(results.len());
        for (item, result) in results {
            let finding = match result.ok_or(StopReason::Interrupted)? {
                Ok(finding) => finding,
                Err(error) => self.read_again(&item, error).await?,
            };
            let finding = self.as_far_as_shown(&item, finding);
            found.push((item, finding));
        }
        self.streaks.success();
        Ok(found)
    }

    async fn read_again(&self, item: &Item, mut error: Error) -> Stopped<Finding> {
        for attempt in 0..ATTEMPTS {
            if *error.kind() == ErrorKind::NotFound {
                return Ok(missing());
            }
            if attempt + 1 == ATTEMPTS || !error.is_transient() {
                break;
            }
            self.pause_or_give_up(error, attempt, "read an item back").await?;
            match self.stoppable(download(&*self.sink, item)).await? {
                Ok(finding) => return Ok(finding),
                Err(next) => error = next,
            }
        }
        self.of_error(error)
    }

    /// Where a program is shown only what it made itself, "not found" says nothing about an item that another one may
    /// have brought before: identical bytes are one item there, whoever sent them first.
    fn as_far_as_shown(&self, item: &Item, finding: Finding) -> Finding {
        match finding {
            Finding::Broken(reason) if reason.kind == "missing" && !item.shown && self.caps.unseen.is_some() => {
                Finding::Unshown(Reason {
                    kind: "no_proof".into(),
                    message:
                        "the destination does not show it; it shows a program only what that made itself, and another \
                              one may have brought this item before"
                            .into(),
                })
            }
            other => other,
        }
    }

    /// Waits before the next try of a call, or says why there is none.
    async fn pause_or_give_up(&self, error: Error, attempts: u32, what: &str) -> Stopped<()> {
        let situation = Situation {
            attempts,
            attempts_max: ATTEMPTS,
            now: self.env.clock.now(),
        };
        match policy::decide(error, situation, &self.streaks, &*self.env.random) {
            Step::Stop(stop) => Err(stop),
            // Nothing is changed by asking.
            Step::Exists(_) => Ok(()),
            Step::Settle(error) => Err(StopReason::Failed(error)),
            Step::Again { reason, at } => {
                self.env.observer.event(&Event::Retry {
                    what: what.to_owned(),
                    reason,
                    at: Some(at),
                });
                self.env.observer.event(&Event::Waiting {
                    reason: WaitReason::Backoff,
                    until: Some(at),
                });
                let pause = at.duration_since(self.env.clock.now());
                let pause = if pause.is_positive() {
                    pause.unsigned_abs()
                } else {
                    Duration::ZERO
                };
                tokio::select! {
                    () = self.env.clock.sleep(pause) => Ok(()),
                    () = self.env.stop.drained() => Err(StopReason::Interrupted),
                }
            }
            Step::Fail(reason) | Step::Split(reason) => Err(StopReason::Failed(
                Error::new(ErrorKind::Protocol, reason.message)
                    .hint("run the command again later; it goes on where it stopped"),
            )),
        }
    }

    /// An error about one item: it stops everything, or nobody can tell.
    fn of_error(&self, error: Error) -> Stopped<Finding> {
        if *error.kind() == ErrorKind::NotFound {
            return Ok(missing());
        }
        let reason = policy::reason(&error);
        let situation = Situation {
            attempts: ATTEMPTS,
            attempts_max: ATTEMPTS,
            now: self.env.clock.now(),
        };
        match policy::decide(error, situation, &self.streaks, &*self.env.random) {
            Step::Stop(stop) => Err(stop),
            Step::Settle(error) => Err(StopReason::Failed(error)),
            Step::Exists(_) => Ok(Finding::Exists),
            Step::Again { .. } | Step::Fail(_) | Step::Split(_) => Ok(Finding::Unknown(reason)),
        }
    }

    async fn stoppable<T>(&self, work: impl Future<Output = T>) -> Stopped<T> {
        tokio::select! {
            done = work => Ok(done),
            () = self.env.stop.aborted() => Err(StopReason::Interrupted),
        }
    }

    async fn read<T, F>(&self, read: F) -> Stopped<T>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
    {
        self.journal.read(read).await.map_err(StopReason::Failed)
    }

    async fn write<T, F>(&self, write: F) -> Stopped<T>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
    {
        self.journal.write(write).await.map_err(StopReason::Failed)
    }
}

fn missing() -> Finding {
    Finding::Broken(Reason {
        kind: "missing".into(),
        message: "the destination does not have it any more".into(),
    })
}

fn differs(what: &str) -> Finding {
    Finding::Broken(Reason {
        kind: "differs".into(),
        message: format!("the destination holds other bytes: {what}"),
    })
}

fn of_evidence(evidence: Evidence, bare: bool) -> Finding {
    match evidence {
        Evidence::Hash(kinds) if !bare && !kinds.is_empty() => Finding::Same(format!("{kinds} equal")),
        Evidence::Hash(_) | Evidence::SizeOnly | Evidence::ExistsOnly => Finding::Exists,
        Evidence::Missing => missing(),
        Evidence::Differs { what } => differs(&what),
    }
}

/// Reads an item back and compares what its bytes are with what was sent; nothing of it is kept.
async fn download(sink: &dyn PhotoSink, item: &Item) -> Result<Finding> {
    let media = sink.read_back(&item.dest, &item.part).await?;
    if media.starts_at != 0 {
        return Err(Error::new(
            ErrorKind::Protocol,
            "the item is not given from its beginning",
        ));
    }
    let mut digester = Digester::new(item.checksums.kinds());
    let mut stream = media.stream;
    while let Some(chunk) = stream.try_next().await? {
        digester.update(&chunk);
    }
    let size = digester.size_bytes();
    // A stream that ended early is a bad line, not another file.
    if media.size_bytes.is_some_and(|promised| promised != size) {
        return Err(Error::new(
            ErrorKind::Network,
            "the connection ended in the middle of the item",
        ));
    }
    if size != item.size_bytes {
        return Ok(differs(&format!("{size} bytes instead of {}", item.size_bytes)));
    }
    let sums: Checksums = digester.finish();
    Ok(match sums.agrees(&item.checksums) {
        Agreement::Same(kinds) => Finding::Same(format!("{kinds} equal, read back")),
        Agreement::Different(kinds) => differs(&kinds.to_string()),
        Agreement::Unknown => Finding::Exists,
    })
}
