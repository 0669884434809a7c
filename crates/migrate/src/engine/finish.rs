//! The end of a run: rules that must be kept, settings put back, the summary.

use std::sync::Arc;

use photomove_core::Result;

use super::core::Core;
use super::discover::SHORT;
use super::plan::gaps;
use super::{planned, settings, speed};
use crate::journal::checker::{self, Moment};
use crate::journal::{
    JobId, JobState, accounting, again, albums, filings, jobs, later, overview, plan, setbacks, staging,
};
use crate::{AccountName, Count, Later, Loss, Retried, StopReason, Summary};

pub(super) async fn finish(
    core: &Arc<Core>,
    source: AccountName,
    target: AccountName,
    mut stopped: Option<StopReason>,
) -> Result<Summary> {
    let job = core.job.id;
    let mut settings_left = Vec::new();
    // A retry of a job that was stopped leaves what it was not asked for where it is.
    let leaves_work = match core.only {
        Some(_) => core.journal.read(move |c| again::leaves_work(c, job)).await?,
        None => false,
    };
    if stopped.is_none() && !leaves_work {
        core.journal
            .write(move |c| {
                filings::unfile_failed(c, job)?;
                staging::forget_tokens(c, job)
            })
            .await?;
        core.journal
            .read(move |c| checker::must_keep_rules(c, job, Moment::End))
            .await?;
        match settings::put_back(core).await {
            Ok(left) => settings_left = left,
            Err(stop) => stopped = Some(stop),
        }
    }
    let planned = core.journal.read(move |c| jobs::cursor(c, job, "planned")).await?;
    let listed = planned.is_some();
    let (state, wake_at) = match &stopped {
        None if leaves_work => (JobState::Running, None),
        None => (JobState::Finished, None),
        Some(StopReason::Quota { resets_at, .. }) => (JobState::Waiting, *resets_at),
        Some(StopReason::SignInNeeded(_)) => (JobState::Waiting, None),
        Some(_) if listed => (JobState::Running, None),
        Some(_) => (JobState::Listing, None),
    };
    // A journal that cannot be written any more must not hide why the run stopped.
    let noted = core
        .journal
        .write(move |c| jobs::set_state(c, job, state, wake_at))
        .await;
    if let Err(error) = noted {
        stopped.get_or_insert(StopReason::Failed(error));
    }
    // What was measured helps later plans; it must not hide how the run ended.
    if let Err(error) = speed::note(core).await {
        tracing::warn!(%error, "the speed of the run could not be kept");
    }
    let caps = core.sink_caps.clone();
    let job_row = core.job;
    if let Some(stop) = &stopped {
        check_stopped(core, stop).await?;
    }
    let only = core.only;
    let (sums, albums, differences, losses, oddities, (later, retried)) = core
        .journal
        .read(move |c| {
            let mut seen = setbacks::losses(c, job)?;
            seen.extend(accounting::album_losses(c, job)?);
            let losses = (seen, plan::losses(c, job_row, &caps)?);
            Ok((
                accounting::accounting(c, job)?,
                albums::summary(c, job)?,
                accounting::differences(c, job)?,
                losses,
                (jobs::oddities(c, job)?.0, jobs::note(c, job, SHORT)?),
                news(c, job_row, only)?,
            ))
        })
        .await?;
    let (mut losses, fields) = losses;
    keep_losses(core, &fields).await;
    losses.extend(fields);
    core.board.align(&sums, listed);
    let progress = core.board.now();
    let idle = progress.uploaded == 0 && progress.created == 0 && progress.albums == 0 && !core.was_busy();
    Ok(Summary {
        job: JobId(job),
        source,
        target,
        accounting: sums,
        albums,
        differences,
        losses,
        unreadable: oddities.0,
        unlisted: oddities.1.unwrap_or(0),
        uploaded: Count {
            count: progress.uploaded,
            bytes: progress.uploaded_bytes,
        },
        nothing_to_do: stopped.is_none() && idle,
        drift: planned::drift(core).await?,
        is_filtered: !core.options.filters.is_empty(),
        settings_left,
        later,
        retried,
        stopped,
    })
}

/// What is told of a later pass, or of a run that takes up only what failed.
fn news(c: &rusqlite::Connection, job: jobs::Job, only: Option<i64>) -> Result<(Option<Later>, Option<Retried>)> {
    match only {
        Some(run) => Ok((None, Some(again::retried(c, job.id, run)?))),
        None => Ok((later::later(c, job)?, None)),
    }
}

/// Keeps what cannot be kept of the library for whoever asks later, without a connection to either side.
async fn keep_losses(core: &Arc<Core>, fields: &[Loss]) {
    let job = core.job.id;
    let mut losses = fields.to_vec();
    losses.extend(gaps(core));
    let written = core.journal.write(move |c| overview::put_losses(c, job, &losses)).await;
    if let Err(error) = written {
        // It is told to people, never relied on; the summary has it all the same.
        tracing::warn!(%error, "what cannot be kept could not be written down");
    }
}

/// Notes that a job waits whose listing has stopped, so that whoever looks at the journal learns it.
pub(super) async fn note_waiting(core: &Core, stop: &StopReason) {
    let wake_at = match stop {
        StopReason::Quota { resets_at, .. } => *resets_at,
        StopReason::SignInNeeded(_) => None,
        _ => return,
    };
    let job = core.job.id;
    let write = move |c: &rusqlite::Connection| jobs::set_state(c, job, JobState::Waiting, wake_at);
    if let Err(error) = core.journal.write(write).await {
        // The reason of the stop is what people are to see.
        tracing::warn!("cannot note that the job waits: {error}");
    }
}

/// Checks the rules that hold at any time; a journal that cannot be read must not hide why the run stopped.
async fn check_stopped(core: &Arc<Core>, stop: &StopReason) -> Result<()> {
    let job = core.job.id;
    let found = core
        .journal
        .read(move |c| checker::must_keep_rules(c, job, Moment::Always))
        .await;
    match found {
        Err(error) if checker::is_violation(&error) || !matches!(stop, StopReason::Failed(_)) => Err(error),
        Err(error) => {
            tracing::warn!(%error, "the journal could not be checked");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
