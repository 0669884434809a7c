//! From `staged` to `committed`: groups, batches, replies.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{ItemKey, Metadata, Result, Staged};
use rusqlite::Connection;
use secrecy::ExposeSecret;

use super::intents::{self, Detail, IntentKind, IntentRow};
use super::rows::{exec, number, one, rows};
use super::{filings, instant, millis, runs, staging, unsigned, uploads};
use crate::Reason;

/// Staged uploads that enter the same album first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    pub album: Option<i64>,
    pub ready: u64,
    /// When the oldest of them was staged.
    pub oldest: Option<Timestamp>,
    /// How often the token of any of them died before it was used.
    pub expired: u32,
    /// Whether more uploads of the group may still be staged.
    pub pending: bool,
}

/// Whether a staged upload (`u`) can be made an item at `?2`, and its bundle with it: no file of that is still to come.
const READY: &str = "((u.next_try IS NULL OR u.next_try<=?2)
  AND (u.bundle IS NULL OR NOT EXISTS(SELECT 1 FROM upload s WHERE s.bundle=u.bundle
    AND (s.state IN('wanted','spooled','staging') OR s.state='staged' AND s.next_try>?2))))";

/// Returns the groups that have staged uploads, in the order of the albums.
pub(crate) fn groups(c: &Connection, (job, only): (i64, Option<i64>), now: Timestamp) -> Result<Vec<Group>> {
    rows(
        c,
        &format!(
            "SELECT g.first_album, g.n, g.oldest,
           EXISTS(SELECT 1 FROM upload w WHERE w.job=?1 AND w.state='wanted' AND w.first_album IS g.first_album AND (?3 IS NULL OR w.again IS ?3))
           OR EXISTS(SELECT 1 FROM upload w WHERE w.job=?1 AND w.state='spooled' AND w.first_album IS g.first_album AND (?3 IS NULL OR w.again IS ?3))
           OR EXISTS(SELECT 1 FROM upload w WHERE w.job=?1 AND w.state='staging' AND w.first_album IS g.first_album AND (?3 IS NULL OR w.again IS ?3))
           OR EXISTS(SELECT 1 FROM upload w WHERE w.job=?1 AND w.state='staged' AND w.first_album IS g.first_album AND w.next_try>?2),
           g.expired
         FROM (SELECT first_album, sum({READY}) AS n, min(staged_at) AS oldest, max(expired) AS expired FROM upload u
           WHERE job=?1 AND state='staged' GROUP BY first_album) g WHERE g.n>0 ORDER BY g.first_album"
        ),
        (job, millis(now), only),
        |row| {
            Ok(Group {
                album: row.get(0)?,
                ready: unsigned(row.get(1)?),
                oldest: row.get::<_, Option<i64>>(2)?.map(instant),
                pending: row.get(3)?,
                expired: row.get(4)?,
            })
        },
    )
}

/// Says whether an upload that is still on its way comes before the last one of the next full batch.
pub(crate) fn is_held(
    c: &Connection,
    (job, only): (i64, Option<i64>),
    album: Option<i64>,
    batch: u32,
    now: Timestamp,
) -> Result<bool> {
    let last = one(
        c,
        "SELECT place FROM upload WHERE job=?1 AND state='staged' AND first_album IS ?2 AND (next_try IS NULL OR next_try<=?4)
         ORDER BY place, id LIMIT 1 OFFSET ?3",
        (job, album, batch.saturating_sub(1), millis(now)),
        |row| row.get::<_, Option<i64>>(0),
    )?
    .flatten();
    let Some(last) = last else {
        return Ok(false);
    };
    number(
        c,
        "SELECT EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state='wanted' AND first_album IS ?2 AND place<?3 AND (?5 IS NULL OR again IS ?5))
           OR EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state='spooled' AND first_album IS ?2 AND place<?3 AND (?5 IS NULL OR again IS ?5))
           OR EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state='staging' AND first_album IS ?2 AND place<?3 AND (?5 IS NULL OR again IS ?5))
           OR EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state='staged' AND first_album IS ?2 AND place<?3 AND next_try>?4)",
        (job, album, last, millis(now), only),
    )
    .map(|held| held != 0)
}

/// A staged upload as `commit` needs it.
#[derive(Debug, Clone)]
pub(crate) struct CommitRow {
    pub upload: i64,
    pub key: ItemKey,
    pub bundle: Option<i64>,
    pub asset: String,
    pub staged: Staged,
    pub file_name: String,
    pub metadata: Metadata,
    pub attempts: u32,
    /// Whether its token was refused before, so that its bytes were sent again.
    pub refused_before: bool,
}

fn read_rows(c: &Connection, ids: &[(i64, Option<String>)]) -> Result<Vec<CommitRow>> {
    let mut found = Vec::with_capacity(ids.len());
    for (id, token) in ids {
        let row = one(
            c,
            "SELECT key,bundle,coalesce(?2,token),token_until,token_session,dest_id,attempts,coalesce(error_kind IN('bad_batch','not_found'),0) FROM upload WHERE id=?1",
            (id, token),
            |row| {
                let key: [u8; 16] = row.get(0)?;
                Ok((
                    ItemKey::from_u128(u128::from_be_bytes(key)),
                    row.get(1)?,
                    intents::staged(row, 2)?,
                    (row.get(6)?, row.get(7)?),
                ))
            },
        )?;
        let Some((key, bundle, Some(staged), (attempts, refused_before))) = row else {
            continue;
        };
        let asset = one(
            c,
            "SELECT a.source_id FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=?1 ORDER BY p.id LIMIT 1",
            [id],
            |row| row.get(0),
        )?
        .unwrap_or_default();
        let file_name = uploads::face(c, *id)?.map_or_else(String::new, |(name, _, _)| name);
        found.push(CommitRow {
            upload: *id,
            key,
            bundle,
            asset,
            staged,
            file_name,
            metadata: uploads::metadata(c, *id)?,
            attempts,
            refused_before,
        });
    }
    Ok(found)
}

/// Takes the next batch of a group in the album's order, at most `limit` bundles; each is taken whole, its files one
/// after the other.
pub(crate) fn take(c: &Connection, job: i64, album: Option<i64>, limit: u32, now: Timestamp) -> Result<Vec<CommitRow>> {
    let first = rows(
        c,
        &format!(
            "SELECT u.id, u.token, u.bundle FROM upload u WHERE u.job=?1 AND u.state='staged' AND u.first_album IS ?3 AND {READY}
             ORDER BY u.place, coalesce(u.bundle, u.id), u.id LIMIT ?4"
        ),
        (job, millis(now), album, limit),
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?)),
    )?;
    let mut ids = Vec::with_capacity(first.len());
    let mut taken = HashSet::new();
    for (id, token, bundle) in first {
        match bundle {
            None => ids.push((id, token)),
            Some(bundle) if taken.insert(bundle) => ids.extend(rows(
                c,
                "SELECT id, token FROM upload WHERE bundle=?1 AND job=?2 AND state='staged' AND first_album IS ?3 ORDER BY id",
                (bundle, job, album),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?),
            Some(_) => {}
        }
    }
    read_rows(c, &ids)
}

/// Reads rows anew that were read before.
pub(crate) fn refresh(c: &Connection, rows: Vec<CommitRow>) -> Result<Vec<CommitRow>> {
    let ids: Vec<_> = rows
        .into_iter()
        .map(|row| (row.upload, Some(row.staged.token.expose_secret().to_owned())))
        .collect();
    read_rows(c, &ids)
}

/// Notes that a reply was lost: it may have used the tokens up, so that their next refusal says nothing about the items.
pub(crate) fn explain_refusal(c: &Connection, uploads: &[i64]) -> Result<()> {
    for upload in uploads {
        exec(
            c,
            "UPDATE upload SET error_kind=NULL WHERE id=?1 AND error_kind IN('bad_batch','not_found')",
            [upload],
        )?;
    }
    Ok(())
}

/// Reads the rows of an intent with the tokens that it used, in its order.
pub(crate) fn rows_of(c: &Connection, intent: &IntentRow) -> Result<Vec<CommitRow>> {
    read_rows(c, &intent.items)
}

/// Takes items that exist and may enter an album only by being created again with the token they had.
pub(crate) fn take_refile(c: &Connection, album: i64, limit: u32, now: Timestamp) -> Result<Vec<CommitRow>> {
    exec(
        c,
        "UPDATE filing SET state='unfiled', ready=0, reason=?3 WHERE album=?1 AND state='wanted' AND ready=1
           AND upload IN(SELECT id FROM upload u WHERE u.id=filing.upload AND u.app_owned IS 0 AND (u.token IS NULL OR u.token_until<=?2))",
        (album, millis(now), FOREIGN),
    )?;
    let ids = rows(
        c,
        "SELECT f.upload, u.token FROM filing f JOIN upload u ON u.id=f.upload WHERE f.album=?1 AND f.state='wanted' AND f.ready=1
           AND u.app_owned IS 0 ORDER BY f.position, f.upload LIMIT ?2",
        (album, limit),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    read_rows(c, &ids)
}

/// Why an item that belongs to another app is not in an album.
pub(crate) const FOREIGN: &str =
    "the destination has the item from another app, which may enter albums only while it is uploaded";

/// Writes a commit down.
pub(crate) fn open(
    c: &Connection,
    job: i64,
    album: Option<i64>,
    detail: &Detail,
    batch: &[CommitRow],
    now: Timestamp,
) -> Result<i64> {
    let items: Vec<_> = batch
        .iter()
        .map(|row| (row.upload, Some(row.staged.token.expose_secret().to_owned())))
        .collect();
    let intent = intents::open(c, job, IntentKind::Commit, album, detail, &items, now)?;
    for row in batch {
        if !detail.refile {
            exec(
                c,
                "UPDATE upload SET state='committing', commits=commits+1 WHERE id=?1 AND state='staged'",
                [row.upload],
            )?;
        }
        if let Some(album) = album {
            filings::adding(c, album, row.upload)?;
        }
    }
    Ok(intent)
}

/// What became of one element of a commit.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// The item exists.
    Created {
        dest: Option<String>,
        already_there: bool,
        app_owned: Option<bool>,
        in_album: bool,
    },
    /// It did not happen; the token is still good.
    Staged { retry: Option<(Reason, Timestamp)> },
    /// It did not happen; the token is no good, the bytes are sent again.
    SendAgain { reason: Reason, at: Timestamp },
    /// It will not happen.
    Failed(Reason),
}

/// Stores the reply for one upload of a commit.
pub(crate) fn apply(
    c: &Connection,
    intent: &IntentRow,
    upload: i64,
    reply: &Reply,
    visible_after: Duration,
    now: Timestamp,
) -> Result<()> {
    if intent.detail.refile {
        return apply_refile(c, intent, upload, reply);
    }
    match reply {
        Reply::Created {
            dest,
            already_there,
            app_owned,
            in_album,
        } => {
            let first_time = number(c, "SELECT commits<=1 FROM upload WHERE id=?1", [upload])? != 0;
            let has_id =
                dest.is_some() || number(c, "SELECT dest_id IS NOT NULL FROM upload WHERE id=?1", [upload])? != 0;
            // What we created ourselves in a call whose reply was lost is there already, too, and is to be proven;
            // and what the sink does not name is to be looked for.
            let known_before = *already_there && first_time && has_id;
            let is_news = number(
                c,
                "SELECT state='committing' AND before IS NULL FROM upload WHERE id=?1",
                [upload],
            )? != 0;
            let visible = now.saturating_add(visible_after).unwrap_or(Timestamp::MAX);
            exec(
                c,
                // What was an item before, and was sent once more only for an album, has its outcome.
                "UPDATE upload SET state=coalesce(before,?2), before=NULL, dest_id=coalesce(?3,dest_id), app_owned=?4, next_try=?5, error=NULL,
                   error_kind=NULL, attempts=0 WHERE id=?1",
                (
                    upload,
                    if known_before { "already_there" } else { "committed" },
                    dest,
                    app_owned,
                    (!visible_after.is_zero()).then(|| millis(visible)),
                ),
            )?;
            if is_news && !known_before {
                runs::count_day(c, upload, now)?;
            }
            if let Some(album) = intent.album {
                if *in_album {
                    filings::filed(c, album, upload)?;
                } else {
                    filings::wanted_again(c, album, upload)?;
                }
            }
            filings::mark_ready(c, upload)
        }
        Reply::Staged { retry } => {
            exec(
                c,
                "UPDATE upload SET state='staged', attempts=attempts+(?2 IS NOT NULL), next_try=?2, error_kind=coalesce(?3,error_kind),
                   error=coalesce(?4,error) WHERE id=?1 AND state='committing'",
                (
                    upload,
                    retry.as_ref().map(|(_, at)| millis(*at)),
                    retry.as_ref().map(|(reason, _)| &reason.kind),
                    retry.as_ref().map(|(reason, _)| &reason.message),
                ),
            )?;
            unadd(c, intent, upload)
        }
        Reply::SendAgain { reason, at } => {
            staging::back(c, upload, None, Some((reason, *at)), false, now)?;
            unadd(c, intent, upload)
        }
        Reply::Failed(reason) => {
            staging::fail(c, upload, None, reason, now)?;
            unadd(c, intent, upload)
        }
    }
}

fn unadd(c: &Connection, intent: &IntentRow, upload: i64) -> Result<()> {
    match intent.album {
        Some(album) => filings::wanted_again(c, album, upload),
        None => Ok(()),
    }
}

fn apply_refile(c: &Connection, intent: &IntentRow, upload: i64, reply: &Reply) -> Result<()> {
    let Some(album) = intent.album else {
        return Ok(());
    };
    match reply {
        Reply::Created { in_album: true, .. } => filings::filed(c, album, upload),
        Reply::Created { .. } => filings::unfiled(c, album, upload, FOREIGN),
        Reply::Staged { .. } => filings::wanted_again(c, album, upload),
        Reply::SendAgain { reason, .. } | Reply::Failed(reason) => filings::unfiled(c, album, upload, &reason.message),
    }
}
