//! The job in the journal: found or made, a new pass of it or a retry begun, and the row of this run.

use std::sync::Arc;

use photomove_core::{Account, AuthProblem, Error, ErrorKind, Operation, Result, SinkCaps};
use sha2::{Digest, Sha256};

use super::diary::Diary;
use super::{Migration, Party};
use crate::journal::{JobState, again, filtered, jobs, runs};
use crate::{Budget, JobId, RunKind, RunNotes};

/// A job, and the notes of the run that works on it.
pub(super) struct Opened {
    pub job: jobs::Job,
    pub diary: Arc<Diary>,
}

/// The options of a job that is known by its number.
pub(super) struct Recalled {
    /// As they are written down.
    pub text: String,
    pub filters: photomove_core::Filters,
}

impl Migration {
    /// Returns the options of the job that is to be worked on again, if both sides are those of that job.
    pub(super) async fn recall(&self, job: JobId, from: &Party, to: &Party) -> Result<Recalled> {
        let words = self.journal.read(move |c| runs::lock_words(c, job.0)).await?;
        let [kind, origin, owner, to_kind, to_origin, to_owner, options] = &words[..] else {
            return Err(
                Error::new(ErrorKind::Config, format!("there is no job {}", job.0)).operation(Operation::Journal)
            );
        };
        from.must_be_of(job, [kind, origin, owner])?;
        to.must_be_of(job, [to_kind, to_origin, to_owner])?;
        Ok(Recalled {
            filters: filtered::of_options(options)?,
            text: options.clone(),
        })
    }

    /// Finds or makes the job, and begins what this run does with it; one that was `begun` by this run just goes on.
    pub(super) async fn open_job(
        &self,
        (from, source): (&Party, &Account),
        (to, target): (&Party, &Account),
        caps: &SinkCaps,
        options: String,
        begun: Option<Arc<Diary>>,
    ) -> Result<Opened> {
        let options_hash = Sha256::digest(options.as_bytes()).to_vec();
        let (from, to) = (from.clone(), to.clone());
        let (source, target) = (source.clone(), target.clone());
        let (now, retry_refused) = (self.env.clock.now(), self.options.retry_refused);
        let (retry, is_new) = (self.options.retry.is_some(), begun.is_none());
        let on_commit = caps.albums.as_ref().is_some_and(|albums| albums.on_commit);
        let notes = self.notes(caps);
        let first = notes.clone();
        let (job, run) = self
            .journal
            .write(move |c| {
                let source = jobs::account(c, from.kind, &from.origin, &from.owner, source.label.as_deref())?;
                let target = jobs::account(c, to.kind, &to.origin, &to.owner, target.label.as_deref())?;
                let mut job = jobs::open_job(c, source, target, &options, &options_hash, now)?;
                let listed = || Ok::<_, Error>(jobs::cursor(c, job.id, "planned")?.is_some());
                if retry && !listed()? {
                    return Err(not_listed(job.id));
                }
                let kind = if retry { RunKind::Retry } else { RunKind::Migrate };
                let run = match is_new {
                    true => Some(runs::begin(c, job.id, kind, &first, now)?),
                    false => None,
                };
                if let Some(run) = run.filter(|_| retry) {
                    again::begin(c, job.id, run, retry_refused, on_commit)?;
                }
                if !retry && job.state == JobState::Finished {
                    jobs::begin_pass(c, job.id, retry_refused, now)?;
                    job.pass += 1;
                }
                let listed = jobs::cursor(c, job.id, "planned")?.is_some();
                let state = if listed { JobState::Running } else { JobState::Listing };
                jobs::set_state(c, job.id, state, None)?;
                job.state = state;
                Ok((job, run))
            })
            .await?;
        let diary = match (begun, run) {
            (Some(diary), _) => {
                diary.go_on().await?;
                diary
            }
            (None, run) => Arc::new(Diary::new(
                self.journal.clone(),
                self.env.clock.clone(),
                run.unwrap_or_default(),
                notes,
            )),
        };
        Ok(Opened { job, diary })
    }

    /// What the run writes down about itself at its beginning.
    fn notes(&self, caps: &SinkCaps) -> RunNotes {
        RunNotes {
            pid: std::process::id(),
            words: self.options.words.clone(),
            budget: Budget::of(caps),
            ..RunNotes::default()
        }
    }
}

impl Party {
    /// Refuses another account than the one that a job was begun with.
    pub(super) fn must_be_of(&self, job: JobId, [kind, origin, owner]: [&String; 3]) -> Result<()> {
        if self.words() == [kind, origin, owner].map(String::as_str) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Auth(AuthProblem::WrongAccount),
            format!("the sign-in is of another account than the one of job {}", job.0),
        )
        .operation(Operation::Connect)
        .provider(self.kind)
        .hint("sign in to the account of that job; nothing was read or written at the other one"))
    }
}

fn not_listed(job: i64) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the listing of job {job} is not finished, so nothing of it can be tried again yet"),
    )
    .operation(Operation::Journal)
    .hint("run the migration again: it goes on where it stopped, and tries failed files too")
}
