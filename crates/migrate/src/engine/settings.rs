//! Settings of the destination that were changed for a run: put back at its end, by the next one, or by a person's word.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use photomove_core::{Answer, Error, ErrorKind, Operation, PhotoProvider, Prompt, Result, SettingChange};

use super::Party;
use super::core::Core;
use crate::journal::jobs;
use crate::lock::{LockKind, Locks};
use crate::{Journal, StopReason};

/// Puts back what is still changed, if that is wanted; returns what is left as it is.
pub(super) async fn put_back(core: &Arc<Core>) -> Result<Vec<SettingChange>, StopReason> {
    let target = core.job.target;
    let changes = core.read(move |c| jobs::open_settings(c, target)).await?;
    if changes.is_empty() {
        return Ok(changes);
    }
    if !is_wanted(core).await? {
        return Ok(changes);
    }
    core.sink
        .restore(&changes)
        .await
        .map_err(|error| core.stop_for(error))?;
    let now = core.now();
    core.write(move |c| jobs::settings_restored(c, target, now)).await?;
    Ok(Vec::new())
}

/// Asks the person where putting back is not without consequences. Without an answer everything stays as it is.
async fn is_wanted(core: &Arc<Core>) -> Result<bool, StopReason> {
    if let Some(wanted) = core.options.restore_settings {
        return Ok(wanted);
    }
    let Some(warning) = core.sink_caps.restore_warning else {
        return Ok(true);
    };
    let what = warning.to_owned();
    let answer = core.interaction.ask(Prompt::Confirm { what }).await;
    Ok(matches!(answer.map_err(|error| core.stop_for(error))?, Answer::Done))
}

/// Puts the settings of a destination back that runs into it have changed and not put back; returns them.
///
/// `lock_dir` is the one of [`crate::MigrateOptions`]: nothing is done while a run into the same account is under way.
///
/// # Errors
/// When the destination cannot be reached or refuses, a run into it is under way, or the journal cannot be written.
pub async fn restore_settings(
    target: Arc<dyn PhotoProvider>,
    journal: &Journal,
    lock_dir: &Path,
    now: Timestamp,
) -> Result<Vec<SettingChange>> {
    let cannot = || {
        Error::new(
            ErrorKind::Unsupported,
            format!("{} has no settings that a run changes", target.info().label),
        )
        .operation(Operation::Restore)
    };
    let sink = Arc::clone(&target).as_sink().ok_or_else(cannot)?;
    let account = sink.connect().await?;
    let party = Party::of(&*target, &account);
    let mut locks = Locks::new(lock_dir, now);
    locks.take(LockKind::Target, &party.words())?;
    let (row, changes) = journal
        .write(move |c| {
            let row = jobs::account(c, party.kind, &party.origin, &party.owner, None)?;
            Ok((row, jobs::open_settings(c, row)?))
        })
        .await?;
    if !changes.is_empty() {
        sink.restore(&changes).await?;
        journal.write(move |c| jobs::settings_restored(c, row, now)).await?;
    }
    Ok(changes)
}
