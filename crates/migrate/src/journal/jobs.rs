//! Accounts, jobs, passes and cursors.

use jiff::Timestamp;
use photomove_core::{Cursor, Result, SettingChange};
use rusqlite::Connection;

use super::rows::{exec, number, one, rows};
use super::{JobState, albums, filtered, from_json, instant, millis, planned, to_json, unsigned};

/// A job as a run needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub id: i64,
    pub target: i64,
    pub pass: i64,
    pub state: JobState,
}

impl JobState {
    pub(super) fn from_name(name: &str) -> Self {
        match name {
            "listing" => Self::Listing,
            "waiting" => Self::Waiting,
            "finished" => Self::Finished,
            _ => Self::Running,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Finished => "finished",
        }
    }
}

/// Finds or makes the row of an account.
pub(crate) fn account(c: &Connection, kind: &str, origin: &str, owner: &str, label: Option<&str>) -> Result<i64> {
    number(
        c,
        "INSERT INTO account(kind,origin,owner,label) VALUES(?1,?2,?3,?4)
         ON CONFLICT DO UPDATE SET label=coalesce(excluded.label,label) RETURNING id",
        (kind, origin, owner, label),
    )
}

/// Notes, in a journal that knows no job yet, that an earlier one was set aside.
pub(super) fn follow_lost_journal(c: &Connection, now: Timestamp) -> Result<()> {
    exec(
        c,
        "INSERT OR IGNORE INTO account_fact(account,fact,value,at) SELECT 'journal','follows','a lost one',?1
         WHERE NOT EXISTS(SELECT 1 FROM job)",
        [millis(now)],
    )?;
    Ok(())
}

/// Says whether an earlier journal was set aside before this one was begun.
pub(crate) fn follows_lost_journal(c: &Connection) -> Result<bool> {
    number(
        c,
        "SELECT EXISTS(SELECT 1 FROM account_fact WHERE account='journal' AND fact='follows')",
        [],
    )
    .map(|found| found != 0)
}

/// Finds or makes the job of source, target and options.
pub(crate) fn open_job(
    c: &Connection,
    source: i64,
    target: i64,
    options: &str,
    options_hash: &[u8],
    now: Timestamp,
) -> Result<Job> {
    exec(
        c,
        "INSERT INTO job(source,target,options,options_hash,bound_at,created_at,state) VALUES(?1,?2,?3,?4,?5,?5,'listing')
         ON CONFLICT DO NOTHING",
        (source, target, options, options_hash, millis(now)),
    )?;
    let job = one(
        c,
        "SELECT id,pass,state FROM job WHERE source=?1 AND target=?2 AND options_hash=?3",
        (source, target, options_hash),
        |row| {
            Ok(Job {
                id: row.get(0)?,
                target,
                pass: row.get(1)?,
                state: JobState::from_name(&row.get::<_, String>(2)?),
            })
        },
    )?;
    job.ok_or_else(|| super::sql_error(rusqlite::Error::QueryReturnedNoRows))
}

/// Notes where a job stands.
pub(crate) fn set_state(c: &Connection, job: i64, state: JobState, wake_at: Option<Timestamp>) -> Result<()> {
    exec(
        c,
        "UPDATE job SET state=?2, wake_at=?3 WHERE id=?1",
        (job, state.name(), wake_at.map(millis)),
    )?;
    Ok(())
}

/// Kinds of failure that may not come again: a new pass tries what failed so. A page that is no answer (`protocol`) may
/// be gone tomorrow as well.
pub(crate) const BAD_LUCK: &str = "'corrupt','network','timeout','unavailable','rate_limited','protocol'";

/// Begins to list a finished job's source anew; what failed by bad luck is wanted again.
pub(crate) fn begin_pass(c: &Connection, job: i64, retry_refused: bool, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE job SET pass=pass+1, state='listing', wake_at=NULL, before_at=bound_at, bound_at=?2, unreadable=0, unlisted=0 WHERE id=?1",
        (job, millis(now)),
    )?;
    filtered::forget(c, job)?;
    // What a retry took up and did not finish is work like any other from now on.
    exec(
        c,
        "UPDATE upload SET again=NULL WHERE job=?1 AND again IS NOT NULL",
        [job],
    )?;
    exec(c, "DELETE FROM cursor WHERE job=?1", [job])?;
    exec(c, "UPDATE album SET listed=0 WHERE job=?1", [job])?;
    albums::try_again(c, job, retry_refused)?;
    let again = format!(
        "job=?1 AND state='failed' AND (?2 OR error_kind IN({BAD_LUCK})) AND error_kind NOT IN({NEVER_AGAIN})
           AND EXISTS(SELECT 1 FROM part WHERE part.upload=upload.id)"
    );
    // What was lost at the destination after it was filed is in no album any more.
    exec(
        c,
        &format!(
            "UPDATE filing SET state='wanted', ready=0 WHERE state='filed' AND upload IN(SELECT id FROM upload WHERE {again})"
        ),
        (job, retry_refused),
    )?;
    forget_later_looks(c, &format!("SELECT id FROM upload WHERE {again}"), (job, retry_refused))?;
    exec(
        c,
        &format!("UPDATE upload SET {AFRESH} WHERE {again}"),
        (job, retry_refused),
    )?;
    Ok(())
}

/// Kinds of failure after which nothing is ever sent again by itself: there is nothing to send, or it may have arrived.
pub(crate) const NEVER_AGAIN: &str = "'empty','unknown_outcome'";

/// What an upload is set to that is to be received and sent from the start.
pub(crate) const AFRESH: &str = "state='wanted', attempts=0, next_try=NULL, error=NULL, error_kind=NULL, size=NULL, md5=NULL, sha1=NULL,
  sha256=NULL, token=NULL, token_until=NULL, token_session=NULL, spool=NULL, sent=0, dest_id=NULL, described=0, before=NULL";

/// Forgets what later looks at the destination found of items that are to be sent again: they will be other items.
///
/// A look that is under way has counted them already, so it begins anew.
pub(crate) fn forget_later_looks(c: &Connection, uploads: &str, params: impl rusqlite::Params + Clone) -> Result<()> {
    exec(
        c,
        &format!(
            "DELETE FROM recheck WHERE job IN(SELECT a.job FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload IN({uploads}))"
        ),
        params.clone(),
    )?;
    exec(
        c,
        &format!("DELETE FROM setback WHERE upload IN({uploads})"),
        params.clone(),
    )?;
    exec(
        c,
        &format!("DELETE FROM evidence WHERE level<>'checksum' AND upload IN({uploads})"),
        params,
    )?;
    Ok(())
}

/// Says whether the listing of a stream has begun, and where it goes on; `Some(None)` = it is done.
pub(crate) fn cursor(c: &Connection, job: i64, stream: &str) -> Result<Option<Option<Cursor>>> {
    let row = one(
        c,
        "SELECT resume,fast,fast_until,done FROM cursor WHERE job=?1 AND stream=?2",
        (job, stream),
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, bool>(3)?,
            ))
        },
    )?;
    let Some((resume, fast, fast_until, done)) = row else {
        return Ok(None);
    };
    if done {
        return Ok(Some(None));
    }
    Ok(Some(Some(Cursor {
        resume: from_json(&resume)?,
        fast,
        fast_until: fast_until.map(instant),
    })))
}

/// Stores where a stream goes on; `None` = it is done.
pub(crate) fn put_cursor(c: &Connection, job: i64, stream: &str, next: Option<&Cursor>) -> Result<()> {
    let resume = match next {
        Some(cursor) => to_json(&cursor.resume)?,
        None => "null".into(),
    };
    exec(
        c,
        "INSERT INTO cursor(job,stream,resume,fast,fast_until,done) VALUES(?1,?2,?3,?4,?5,?6)
         ON CONFLICT DO UPDATE SET resume=excluded.resume, fast=excluded.fast, fast_until=excluded.fast_until, done=excluded.done",
        (
            job,
            stream,
            resume,
            next.and_then(|cursor| cursor.fast.as_deref()),
            next.and_then(|cursor| cursor.fast_until).map(millis),
            next.is_none(),
        ),
    )?;
    Ok(())
}

/// Keeps a number about the listing of this pass; the next pass begins without it.
pub(crate) fn put_note(c: &Connection, job: i64, name: &str, number: u64) -> Result<()> {
    exec(
        c,
        "INSERT INTO cursor(job,stream,resume,done) VALUES(?1,?2,?3,1) ON CONFLICT DO UPDATE SET resume=excluded.resume",
        (job, format!("note/{name}"), number.to_string()),
    )?;
    Ok(())
}

/// Forgets a number about the listing of this pass.
pub(crate) fn drop_note(c: &Connection, job: i64, name: &str) -> Result<()> {
    exec(
        c,
        "DELETE FROM cursor WHERE job=?1 AND stream=?2",
        (job, format!("note/{name}")),
    )?;
    Ok(())
}

/// Lets a stream be listed from its beginning.
pub(crate) fn drop_cursor(c: &Connection, job: i64, stream: &str) -> Result<()> {
    exec(c, "DELETE FROM cursor WHERE job=?1 AND stream=?2", (job, stream))?;
    Ok(())
}

/// Returns a number about the listing of this pass.
pub(crate) fn note(c: &Connection, job: i64, name: &str) -> Result<Option<u64>> {
    let text = one(
        c,
        "SELECT resume FROM cursor WHERE job=?1 AND stream=?2",
        (job, format!("note/{name}")),
        |row| row.get::<_, String>(0),
    )?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Lets everything be listed once more in the same pass, albums and members with it.
pub(crate) fn list_again(c: &Connection, job: i64) -> Result<()> {
    planned::list_again(c, job)?;
    filtered::forget(c, job)?;
    exec(
        c,
        "DELETE FROM cursor WHERE job=?1 AND (stream IN('assets','albums') OR stream LIKE 'members/%')",
        [job],
    )?;
    exec(c, "UPDATE album SET listed=0 WHERE job=?1", [job])?;
    exec(c, "UPDATE job SET unreadable=0, unlisted=0 WHERE id=?1", [job])?;
    Ok(())
}

/// Counts listed items that could not be read, and members of albums that are not listed.
pub(crate) fn count_oddities(c: &Connection, job: i64, unreadable: i64, unlisted: i64) -> Result<()> {
    if unreadable != 0 || unlisted != 0 {
        exec(
            c,
            "UPDATE job SET unreadable=unreadable+?2, unlisted=unlisted+?3 WHERE id=?1",
            (job, unreadable, unlisted),
        )?;
    }
    Ok(())
}

/// Returns how many listed items could not be read, and how many members were of assets that are not listed.
pub(crate) fn oddities(c: &Connection, job: i64) -> Result<(u64, u64)> {
    Ok(one(c, "SELECT unreadable,unlisted FROM job WHERE id=?1", [job], |row| {
        Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
    })?
    .unwrap_or_default())
}

/// Lets rows go on whose pause ends later than any pause can: the clock was put back since.
pub(crate) fn end_long_pauses(c: &Connection, job: i64, latest: Timestamp) -> Result<usize> {
    exec(
        c,
        "UPDATE upload SET next_try=NULL WHERE job=?1 AND state IN('wanted','spooled','staged','committed') AND next_try>?2",
        (job, millis(latest)),
    )
}

/// Keeps what was changed at the destination for the run.
pub(crate) fn put_settings(c: &Connection, job: Job, changes: &[SettingChange]) -> Result<()> {
    for change in changes {
        exec(
            c,
            "INSERT INTO setting_change(target,job,setting,before,after) SELECT ?1,?2,?3,?4,?5 WHERE NOT EXISTS
              (SELECT 1 FROM setting_change WHERE target=?1 AND setting=?3 AND restored_at IS NULL)",
            (job.target, job.id, &change.setting, &change.before, &change.after),
        )?;
    }
    Ok(())
}

/// Returns the destination's settings that are still changed.
pub(crate) fn open_settings(c: &Connection, target: i64) -> Result<Vec<SettingChange>> {
    rows(
        c,
        "SELECT setting,before,after FROM setting_change WHERE target=?1 AND restored_at IS NULL ORDER BY id",
        [target],
        |row| {
            Ok(SettingChange {
                setting: row.get(0)?,
                before: row.get(1)?,
                after: row.get(2)?,
            })
        },
    )
}

/// Notes that the destination's settings are as before.
pub(crate) fn settings_restored(c: &Connection, target: i64, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE setting_change SET restored_at=?2 WHERE target=?1 AND restored_at IS NULL",
        (target, millis(now)),
    )?;
    Ok(())
}
