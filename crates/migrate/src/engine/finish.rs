//! The end of a run: sums that must add up, settings put back, the summary.

use std::sync::Arc;

use photomove_core::Result;

use super::core::Core;
use crate::journal::{JobId, JobState, accounting, albums, jobs, plan};
use crate::{AccountName, Count, StopReason, Summary};

pub(super) async fn finish(
    core: &Arc<Core>,
    source: AccountName,
    target: AccountName,
    mut stopped: Option<StopReason>,
) -> Result<Summary> {
    let job = core.job.id;
    if stopped.is_none() {
        core.journal.read(move |c| accounting::must_be_complete(c, job)).await?;
        stopped = restore(core).await.err();
    }
    let planned = core.journal.read(move |c| jobs::cursor(c, job, "planned")).await?;
    let listed = planned.is_some();
    let (state, wake_at) = match &stopped {
        None => (JobState::Finished, None),
        Some(StopReason::Quota { resets_at, .. }) => (JobState::Waiting, *resets_at),
        Some(StopReason::SignInNeeded(_)) => (JobState::Waiting, None),
        Some(_) if listed => (JobState::Running, None),
        Some(_) => (JobState::Listing, None),
    };
    if stopped.is_none() {
        core.forget_tokens().await.map_err(into_error)?;
    }
    // A journal that cannot be written any more must not hide why the run stopped.
    let noted = core
        .journal
        .write(move |c| jobs::set_state(c, job, state, wake_at))
        .await;
    if let Err(error) = noted {
        stopped.get_or_insert(StopReason::Failed(error));
    }
    let caps = core.sink_caps.clone();
    let job_row = core.job;
    let (sums, albums, differences, losses, unreadable) = core
        .journal
        .read(move |c| {
            let mut losses = accounting::album_losses(c, job)?;
            losses.extend(plan::losses(c, job_row, &caps)?);
            Ok((
                accounting::accounting(c, job)?,
                albums::summary(c, job)?,
                accounting::differences(c, job)?,
                losses,
                jobs::oddities(c, job)?.0,
            ))
        })
        .await?;
    if !sums.adds_up() {
        return Err(super::core::defect("the accounting does not add up").hint("keep the journal and report it"));
    }
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
        unreadable,
        uploaded: Count {
            count: progress.uploaded,
            bytes: progress.uploaded_bytes,
        },
        nothing_to_do: stopped.is_none() && idle,
        stopped,
    })
}

async fn restore(core: &Arc<Core>) -> Result<(), StopReason> {
    let target = core.job.target;
    let changes = core.read(move |c| jobs::open_settings(c, target)).await?;
    if changes.is_empty() {
        return Ok(());
    }
    core.sink
        .restore(&changes)
        .await
        .map_err(|error| core.stop_for(error))?;
    let now = core.now();
    core.write(move |c| jobs::settings_restored(c, target, now)).await
}

fn into_error(stop: StopReason) -> photomove_core::Error {
    match stop {
        StopReason::Interrupted => super::core::defect("stopped while ending"),
        StopReason::SignInNeeded(error)
        | StopReason::Quota { error, .. }
        | StopReason::DestinationFull(error)
        | StopReason::Failed(error) => error,
    }
}
