//! What becomes of an upload on its way: received, sent, staged, put back, given up.

use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Checksums, ItemKey, Locator, Result, SessionId, Staged};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use super::intents::{self, Detail, IntentKind};
use super::rows::{checksums, exec, number, one, rows};
use super::uploads::face;
use super::{merge, millis, signed, unsigned};
use crate::Reason;

/// What was received, in full and as promised.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub size_bytes: u64,
    pub checksums: Checksums,
    pub spool: Option<String>,
}

/// Notes that the bytes lie in the spool.
pub(crate) fn spooled(c: &Connection, id: i64, received: &Received) -> Result<()> {
    if merge::twin(c, target_of(c, id)?, received.size_bytes, &received.checksums, id)?.is_some() {
        // They are identical to others; the next step, before sending, joins the two.
        return Ok(());
    }
    exec(
        c,
        &format!(
            "UPDATE upload SET state='spooled', {KEEP_HANDLE}, size=?2, md5=?3, sha1=?4, sha256=?5, spool=?6 WHERE id=?1 AND state='wanted'"
        ),
        (
            id,
            signed(received.size_bytes),
            &received.checksums.md5,
            &received.checksums.sha1,
            &received.checksums.sha256,
            &received.spool,
        ),
    )?;
    Ok(())
}

/// The handle of an upload under way stays good for the very bytes that were sent under it, and for no others.
const KEEP_HANDLE: &str = "token=CASE WHEN sha1 IS ?4 AND size IS ?2
  AND NOT EXISTS(SELECT 1 FROM hash_state WHERE upload=upload.id) THEN token END";

/// The same for bytes that stream: how far they were sent is known by their marks.
const KEEP_STREAM: &str = "token=CASE WHEN EXISTS(SELECT 1 FROM hash_state WHERE upload=upload.id) THEN token END";

fn target_of(c: &Connection, id: i64) -> Result<i64> {
    number(c, "SELECT target FROM upload WHERE id=?1", [id])
}

/// Where the bytes of an upload are while they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Here, received whole.
    Here,
    /// At the source; what is known of them is what it promised.
    Source,
}

/// What is to be done with received bytes.
#[derive(Debug, Clone)]
pub(crate) enum Begun {
    /// Send them under this intent, and go on with this upload if there is one.
    Send { intent: i64, resume: Option<Staged> },
    /// Another upload has the same bytes and takes over these parts.
    Merged { parts: Vec<i64> },
    /// Somebody else took the row meanwhile.
    Gone,
}

/// Writes down that bytes are about to be sent, or joins the upload with one of the same bytes.
pub(crate) fn begin_stage(
    c: &Connection,
    id: i64,
    job: i64,
    received: &Received,
    from: From,
    now: Timestamp,
) -> Result<Begun> {
    let target = target_of(c, id)?;
    if let Some(twin) = merge::twin(c, target, received.size_bytes, &received.checksums, id)? {
        // One that waits itself knows only the source's promise; proven bytes do not wait for it.
        let proven = number(c, "SELECT sha1 IS NOT NULL FROM upload WHERE id=?1", [twin])? != 0;
        if proven {
            let parts = rows(c, "SELECT id FROM part WHERE upload=?1 ORDER BY id", [id], |row| {
                row.get(0)
            })?;
            merge::merge(c, id, twin, job)?;
            return Ok(Begun::Merged { parts });
        }
    }
    let keep = match from {
        From::Here => KEEP_HANDLE,
        From::Source => KEEP_STREAM,
    };
    let changed = exec(
        c,
        &format!(
            "UPDATE upload SET state='staging', {keep}, size=?2, md5=?3, sha1=?4, sha256=?5, spool=?6, next_try=NULL
             WHERE id=?1 AND state IN('wanted','spooled')"
        ),
        (
            id,
            signed(received.size_bytes),
            &received.checksums.md5,
            &received.checksums.sha1,
            &received.checksums.sha256,
            &received.spool,
        ),
    )?;
    if changed == 0 {
        return Ok(Begun::Gone);
    }
    let intent = intents::open(c, job, IntentKind::Stage, None, &Detail::default(), &[(id, None)], now)?;
    let resume = one(
        c,
        "SELECT token,token_until,token_session,dest_id FROM upload WHERE id=?1",
        [id],
        |row| intents::staged(row, 0),
    )?;
    Ok(Begun::Send {
        intent,
        resume: resume.flatten(),
    })
}

/// Keeps the handle of an upload that is under way, so that it can be continued after a crash.
pub(crate) fn stage_opened(c: &Connection, id: i64, handle: &Staged) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET sent=CASE WHEN token IS ?2 THEN sent ELSE 0 END, token=?2, token_until=?3, token_session=?4
         WHERE id=?1 AND state='staging'",
        (
            id,
            handle.token.expose_secret(),
            handle.until.map(millis),
            handle.bound_to.as_ref().map(|session| session.as_str()),
        ),
    )?;
    Ok(())
}

/// Stores what the sink gave for the bytes and closes the intent.
pub(crate) fn staged(c: &Connection, id: i64, intent: i64, staged: &Staged, now: Timestamp) -> Result<()> {
    let session = staged.bound_to.as_ref().map(|session| session.as_str());
    exec(
        c,
        "UPDATE upload SET state='staged', token=?2, token_until=?3, token_session=?4, dest_id=?5, staged_at=?6, sent=size,
           spool=NULL, next_try=NULL WHERE id=?1 AND state='staging'",
        (
            id,
            staged.token.expose_secret(),
            staged.until.map(millis),
            session,
            staged.visible.as_ref().map(|id| id.as_str()),
            millis(now),
        ),
    )?;
    if let Some(session) = &staged.bound_to {
        // A new session has begun: what was staged in another one has died with it.
        let job = number(c, "SELECT job FROM upload WHERE id=?1", [id])?;
        forget_other_sessions(c, job, session)?;
    }
    intents::close(c, intent, "staged", now)
}

/// Counts what is staged under another session than this one.
pub(crate) fn of_other_sessions(c: &Connection, job: i64, session: &SessionId) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM upload WHERE job=?1 AND state='staged' AND token_session<>?2",
        (job, session.as_str()),
    )
    .map(unsigned)
}

/// Lets be sent again what is staged under another session than this one.
pub(crate) fn forget_other_sessions(c: &Connection, job: i64, session: &SessionId) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET state='wanted', token=NULL, token_until=NULL, token_session=NULL, staged_at=NULL
         WHERE state='staged' AND token_session<>?2 AND job=?1",
        (job, session.as_str()),
    )?;
    Ok(())
}

/// What became of an upload whose hashes are known only now that it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Streamed {
    /// It is staged.
    Staged,
    /// It is staged, and took over the parts of this one, which has the same bytes and had not been sent.
    TookOver(i64),
    /// Another one with the same bytes is further on, and takes over these parts; what was sent is left to expire.
    Merged(Vec<i64>),
}

/// Stores what the sink gave for bytes that streamed, with their hashes; joins the upload with one of the same bytes.
pub(crate) fn streamed(
    c: &Connection,
    id: i64,
    job: i64,
    intent: i64,
    token: &Staged,
    sums: &Checksums,
    now: Timestamp,
) -> Result<Streamed> {
    let size = unsigned(number(c, "SELECT size FROM upload WHERE id=?1", [id])?);
    let twin = merge::twin(c, target_of(c, id)?, size, sums, id)?;
    let mut outcome = Streamed::Staged;
    if let Some(twin) = twin {
        let state = one(
            c,
            "SELECT state,sha1 IS NOT NULL FROM upload WHERE id=?1",
            [twin],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)),
        )?;
        match state {
            Some((state, _)) if state == "wanted" || state == "spooled" => {
                merge::merge(c, twin, id, job)?;
                outcome = Streamed::TookOver(twin);
            }
            Some((state, proven)) if proven || state != "staging" => {
                let parts = rows(c, "SELECT id FROM part WHERE upload=?1 ORDER BY id", [id], |row| {
                    row.get(0)
                })?;
                intents::close(c, intent, "merged", now)?;
                merge::merge(c, id, twin, job)?;
                return Ok(Streamed::Merged(parts));
            }
            // It is being sent itself; whichever of the two is second finds the other.
            _ => {}
        }
    }
    exec(
        c,
        "UPDATE upload SET md5=?2, sha1=?3, sha256=?4 WHERE id=?1",
        (id, &sums.md5, &sums.sha1, &sums.sha256),
    )?;
    staged(c, id, intent, token, now)?;
    Ok(outcome)
}

/// What the sink is asked about an upload that was being sent.
#[derive(Debug, Clone)]
pub(crate) struct BeingStaged {
    pub key: ItemKey,
    pub checksums: Checksums,
    pub name: String,
    pub handle: Option<Staged>,
}

/// Reads what the sink is asked about an upload that was being sent; `None` if it was not.
pub(crate) fn being_staged(c: &Connection, id: i64) -> Result<Option<BeingStaged>> {
    let row = one(
        c,
        "SELECT key,md5,sha1,sha256,token,token_until,token_session,dest_id FROM upload WHERE id=?1 AND state='staging'",
        [id],
        |row| {
            let key: [u8; 16] = row.get(0)?;
            Ok((
                ItemKey::from_u128(u128::from_be_bytes(key)),
                checksums(row, 1)?,
                intents::staged(row, 4)?,
            ))
        },
    )?;
    let Some((key, checksums, handle)) = row else {
        return Ok(None);
    };
    Ok(Some(BeingStaged {
        key,
        checksums,
        name: face(c, id)?.map_or_else(String::new, |(name, _, _)| name),
        handle,
    }))
}

/// Notes that the bytes that were being sent are an item already.
pub(crate) fn exists(c: &Connection, id: i64, intent: i64, dest: &str, now: Timestamp) -> Result<()> {
    super::marks::take_hashes(c, id)?;
    let changed = exec(
        c,
        "UPDATE upload SET state='committed', dest_id=?2, spool=NULL, next_try=NULL WHERE id=?1 AND state='staging'",
        (id, dest),
    )?;
    if changed > 0 {
        super::runs::count_day(c, id, now)?;
    }
    super::filings::mark_ready(c, id)?;
    intents::close(c, intent, "happened", now)
}

/// Puts an upload back to where its bytes are: the spool, or the source.
pub(crate) fn back(
    c: &Connection,
    id: i64,
    intent: Option<i64>,
    retry: Option<(&Reason, Timestamp)>,
    keep_handle: bool,
    now: Timestamp,
) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET state=CASE WHEN spool IS NULL THEN 'wanted' ELSE 'spooled' END,
           attempts=attempts+(?2 IS NOT NULL), next_try=?2, error_kind=coalesce(?3,error_kind), error=coalesce(?4,error), staged_at=NULL,
           token=CASE WHEN ?5 THEN token END, token_until=CASE WHEN ?5 THEN token_until END,
           token_session=CASE WHEN ?5 THEN token_session END
         WHERE id=?1 AND state IN('wanted','spooled','staging','staged','committing')",
        (
            id,
            retry.map(|(_, at)| millis(at)),
            retry.map(|(reason, _)| &reason.kind),
            retry.map(|(reason, _)| &reason.message),
            keep_handle,
        ),
    )?;
    match intent {
        Some(intent) => intents::close(c, intent, "back", now),
        None => Ok(()),
    }
}

/// Forgets the handle of an upload that was begun: its bytes are sent from the start.
pub(crate) fn forget_handle(c: &Connection, id: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET token=NULL, token_until=NULL, token_session=NULL, sent=0 WHERE id=?1 AND state IN('wanted','spooled')",
        [id],
    )?;
    exec(c, "DELETE FROM hash_state WHERE upload=?1", [id])?;
    Ok(())
}

/// Lets an upload wait without counting that as a try.
pub(crate) fn postpone(c: &Connection, id: i64, until: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET next_try=?2 WHERE id=?1 AND state IN('wanted','spooled')",
        (id, millis(until)),
    )?;
    Ok(())
}

/// Keeps newer facts about where an asset is found at the source.
pub(crate) fn put_locator(c: &Connection, asset_row: i64, locator: &Locator) -> Result<()> {
    exec(
        c,
        "UPDATE asset SET locator=?2 WHERE id=?1",
        (asset_row, super::to_json(locator)?),
    )?;
    Ok(())
}

/// Forgets a spool file that is gone or is not what it was.
pub(crate) fn spool_lost(c: &Connection, id: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET state='wanted', spool=NULL, sha1=NULL WHERE id=?1 AND state='spooled'",
        [id],
    )?;
    Ok(())
}

/// Gives an upload up.
pub(crate) fn fail(c: &Connection, id: i64, intent: Option<i64>, reason: &Reason, now: Timestamp) -> Result<()> {
    if keep_item(c, id, &reason.message)? {
        return match intent {
            Some(intent) => intents::close(c, intent, "failed", now),
            None => Ok(()),
        };
    }
    exec(
        c,
        "UPDATE upload SET state='failed', error_kind=?2, error=?3, token=NULL, next_try=NULL, spool=NULL WHERE id=?1",
        (id, &reason.kind, &reason.message),
    )?;
    match intent {
        Some(intent) => intents::close(c, intent, "failed", now),
        None => Ok(()),
    }
}

/// Gives up sending the bytes of an item once more for an album: the item is what it was. Says whether it was that.
fn keep_item(c: &Connection, id: i64, reason: &str) -> Result<bool> {
    let kept = exec(
        c,
        "UPDATE upload SET state=before, before=NULL, token=NULL, token_until=NULL, token_session=NULL, next_try=NULL, spool=NULL, error=NULL,
           error_kind=NULL WHERE id=?1 AND before IS NOT NULL AND state IN('wanted','spooled','staging','staged','committing')",
        [id],
    )?;
    if kept > 0 {
        exec(
            c,
            "UPDATE filing SET state='unfiled', ready=0, reason=?2 WHERE upload=?1 AND state IN('wanted','adding')",
            (id, reason),
        )?;
    }
    Ok(kept > 0)
}

/// Notes that the destination has the bytes already.
pub(crate) fn already_there(c: &Connection, id: i64, intent: Option<i64>, dest: &str, now: Timestamp) -> Result<()> {
    exec(
        c,
        // What an earlier request of ours may have brought is no find: it is to be proven like all that we sent.
        "UPDATE upload SET dest_id=?2, spool=NULL, token=NULL, next_try=NULL, state=CASE WHEN EXISTS(SELECT 1 FROM intent_item ii
             JOIN intent i ON i.id=ii.intent WHERE ii.upload=?1 AND i.kind='stage' AND i.id IS NOT ?3)
           THEN 'committed' ELSE 'already_there' END WHERE id=?1",
        (id, dest, intent),
    )?;
    if number(c, "SELECT state='committed' FROM upload WHERE id=?1", [id])? != 0 {
        super::runs::count_day(c, id, now)?;
    }
    super::filings::mark_ready(c, id)?;
    match intent {
        Some(intent) => intents::close(c, intent, "already_there", now),
        None => Ok(()),
    }
}

/// Leaves out all parts of an upload, because the source does not have them any more.
pub(crate) fn skip_gone(c: &Connection, id: i64, part_row: i64, reason: &str) -> Result<()> {
    if keep_item(c, id, reason)? {
        return Ok(());
    }
    exec(
        c,
        "UPDATE part SET upload=NULL, skipped=?2 WHERE id=?1",
        (part_row, reason),
    )?;
    // Without any part left the upload is no work; with one left, that one is read next.
    let left = number(c, "SELECT count(*) FROM part WHERE upload=?1", [id])?;
    if left > 0 {
        super::filings::forget_unwanted(c, id)?;
        merge::assign_group(c, id)?;
    } else {
        exec(c, "DELETE FROM filing WHERE upload=?1", [id])?;
        exec(c, "UPDATE intent_item SET upload=NULL WHERE upload=?1", [id])?;
        exec(c, "DELETE FROM evidence WHERE upload=?1", [id])?;
        exec(c, "DELETE FROM upload WHERE id=?1", [id])?;
    }
    Ok(())
}

/// Gives an upload that no part of its job wants to a job that wants it; if there is none, gives it up.
pub(crate) fn hand_over(c: &Connection, id: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET job=(SELECT a.job FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 LIMIT 1)
         WHERE id=?1 AND EXISTS(SELECT 1 FROM part WHERE upload=?1)
           AND NOT EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 AND a.job=upload.job)",
        [id],
    )?;
    exec(
        c,
        "UPDATE upload SET state='failed', error_kind='superseded', error='the source has a newer version', token=NULL
         WHERE id=?1 AND state IN('wanted','spooled') AND NOT EXISTS(SELECT 1 FROM part WHERE upload=?1)",
        [id],
    )?;
    Ok(())
}

/// Counts staged uploads whose token will not live long enough.
pub(crate) fn expiring(c: &Connection, job: i64, now: Timestamp, margin: Duration) -> Result<u64> {
    let limit = now.saturating_add(margin).unwrap_or(Timestamp::MAX);
    number(
        c,
        "SELECT count(*) FROM upload WHERE job=?1 AND state='staged' AND token_until<=?2",
        (job, millis(limit)),
    )
    .map(unsigned)
}

/// Puts staged uploads back whose token will not live long enough.
pub(crate) fn expire(c: &Connection, job: i64, now: Timestamp, margin: Duration) -> Result<usize> {
    let limit = now.saturating_add(margin).unwrap_or(Timestamp::MAX);
    exec(
        c,
        "UPDATE upload SET state=CASE WHEN spool IS NULL THEN 'wanted' ELSE 'spooled' END, token=NULL, token_until=NULL,
           token_session=NULL, staged_at=NULL, expired=expired+1 WHERE job=?1 AND state='staged' AND token_until<=?2",
        (job, millis(limit)),
    )
}

/// Drops the tokens of uploads that reached their outcome.
pub(crate) fn forget_tokens(c: &Connection, job: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET token=NULL, token_until=NULL, token_session=NULL WHERE job=?1 AND token IS NOT NULL
           AND state IN('verified','unverifiable','already_there','failed')",
        [job],
    )?;
    Ok(())
}

/// A file in the spool that an earlier run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// Whose bytes it holds.
    pub upload: i64,
    /// How many, if they are still needed.
    pub needed: Option<u64>,
}

/// Says which files of the spool are still needed. Those of other jobs are left alone: they may be running.
pub(crate) fn spool_leftovers(c: &Connection, job: i64, found: &[i64]) -> Result<Vec<Leftover>> {
    let mut leftovers = Vec::new();
    for upload in found.iter().copied() {
        let row = one(
            c,
            "SELECT job, CASE WHEN spool IS NOT NULL AND state IN('wanted','spooled','staging') THEN coalesce(size,0) END
             FROM upload WHERE id=?1",
            [upload],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
        )?;
        match row {
            Some((owner, _)) if owner != job => {}
            Some((_, needed)) => leftovers.push(Leftover {
                upload,
                needed: needed.map(unsigned),
            }),
            None => leftovers.push(Leftover { upload, needed: None }),
        }
    }
    Ok(leftovers)
}
