//! Albums at the destination.

use jiff::Timestamp;
use photomove_core::{DestAlbumId, NewAlbum, Result};
use rusqlite::Connection;

use super::intents::{self, Detail, IntentKind};
use super::rows::{exec, number, one, rows};
use super::{filings, merge, unsigned};
use crate::AlbumSummary;

/// An album as it is to be created.
#[derive(Debug, Clone)]
pub(crate) struct AlbumRow {
    pub id: i64,
    pub new: NewAlbum,
    pub state: String,
    pub dest: Option<DestAlbumId>,
}

/// Reads an album.
pub(crate) fn load(c: &Connection, id: i64) -> Result<Option<AlbumRow>> {
    one(
        c,
        "SELECT title,description,state,dest_id FROM album WHERE id=?1",
        [id],
        |row| {
            Ok(AlbumRow {
                id,
                new: NewAlbum {
                    title: row.get(0)?,
                    description: row.get(1)?,
                },
                state: row.get(2)?,
                dest: row.get::<_, Option<String>>(3)?.map(Into::into),
            })
        },
    )
}

/// Returns an album that does not exist at the destination yet.
pub(crate) fn next_wanted(c: &Connection, job: i64) -> Result<Option<i64>> {
    one(
        c,
        "SELECT id FROM album WHERE job=?1 AND state='wanted' ORDER BY id LIMIT 1",
        [job],
        |row| row.get(0),
    )
}

/// Writes down that an album is about to be created.
pub(crate) fn begin(c: &Connection, job: i64, album: &AlbumRow, now: Timestamp) -> Result<i64> {
    exec(c, "UPDATE album SET state='creating' WHERE id=?1", [album.id])?;
    let detail = Detail {
        title: Some(album.new.title.clone()),
        description: album.new.description.clone(),
        ..Detail::default()
    };
    intents::open(c, job, IntentKind::CreateAlbum, Some(album.id), &detail, &[], now)
}

/// Stores the album's id at the destination.
pub(crate) fn opened(c: &Connection, album: i64, intent: i64, dest: &DestAlbumId, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE album SET state='open', dest_id=?2, error=NULL WHERE id=?1",
        (album, dest.as_str()),
    )?;
    intents::close(c, intent, "created", now)
}

/// Stores the id of an album that exists from before this journal.
pub(crate) fn adopted(c: &Connection, album: i64, dest: &DestAlbumId) -> Result<()> {
    exec(
        c,
        "UPDATE album SET state='open', dest_id=?2, error=NULL WHERE id=?1 AND state='wanted'",
        (album, dest.as_str()),
    )?;
    Ok(())
}

/// Other jobs between the same two accounts, with the albums that they have made of the same one at the source. A job
/// of everything after a trial fills the trial's albums instead of making them once more.
const SIBLING: &str = "FROM album a CROSS JOIN job mine ON mine.id=a.job
  CROSS JOIN job other ON other.source=mine.source AND other.target=mine.target AND other.id<>mine.id
  CROSS JOIN album s ON s.job=other.id AND s.source_id=a.source_id WHERE s.state='open' AND s.dest_id IS NOT NULL";

/// Takes the albums at the destination that other jobs have made, for those of these that are still to be made.
fn adopt_of(c: &Connection, which: &str, id: i64) -> Result<usize> {
    exec(
        c,
        &format!(
            "UPDATE album SET state='open', error=NULL,
               dest_id=(SELECT s.dest_id {SIBLING} AND a.id=album.id AND s.slice=a.slice ORDER BY s.id DESC LIMIT 1)
             WHERE {which}=?1 AND state='wanted' AND EXISTS(SELECT 1 {SIBLING} AND a.id=album.id AND s.slice=a.slice)"
        ),
        [id],
    )
}

/// Takes the album at the destination that another job has made of this one; says whether there is one.
pub(crate) fn adopt_sibling(c: &Connection, album: i64) -> Result<bool> {
    Ok(adopt_of(c, "id", album)? > 0)
}

/// Does that for all albums of a job, which other jobs may have made and filled since it listed them.
pub(crate) fn adopt_siblings(c: &Connection, job: i64) -> Result<()> {
    adopt_of(c, "job", job)?;
    slices_of(c, "a.job", job)?;
    filings::filed_by_siblings(c, job)
}

/// Does that for the further slices that another job has cut the album into.
pub(crate) fn adopt_slices(c: &Connection, album: i64) -> Result<()> {
    slices_of(c, "a.id", album)
}

fn slices_of(c: &Connection, which: &str, id: i64) -> Result<()> {
    exec(
        c,
        &format!(
            "INSERT OR IGNORE INTO album(job,source_id,slice,title,description,state,dest_id,listed)
             SELECT a.job,a.source_id,s.slice,s.title,s.description,'open',s.dest_id,1 {SIBLING}
               AND {which}=?1 AND a.slice=0 AND a.state='open' AND s.slice>0 ORDER BY s.id DESC"
        ),
        [id],
    )?;
    Ok(())
}

/// Notes that creating the album did not happen.
pub(crate) fn wanted_again(c: &Connection, album: i64, intent: i64, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE album SET state='wanted' WHERE id=?1 AND state='creating'",
        [album],
    )?;
    intents::close(c, intent, "did_not", now)
}

/// Gives an album up: what it lacks is told, and its uploads go to their next album.
pub(crate) fn failed(
    c: &Connection,
    album: i64,
    intent: Option<i64>,
    kind: &str,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    exec(
        c,
        "UPDATE album SET state='failed', error_kind=?2, error=?3 WHERE id=?1",
        (album, kind, reason),
    )?;
    merge_after_failure(c, album, reason)?;
    match intent {
        Some(intent) => intents::close(c, intent, "failed", now),
        None => Ok(()),
    }
}

/// Gives an album up that the destination has no more, with those of other jobs that stand for the same one: or each job
/// would take the dead one over from the others again.
pub(crate) fn gone(c: &Connection, album: i64, kind: &str, reason: &str, now: Timestamp) -> Result<()> {
    let same = rows(
        c,
        "SELECT s.id FROM album a CROSS JOIN job mine ON mine.id=a.job CROSS JOIN job other ON other.target=mine.target
         CROSS JOIN album s ON s.job=other.id WHERE a.id=?1 AND s.id<>a.id AND s.state='open' AND s.dest_id=a.dest_id",
        [album],
        |row| row.get::<_, i64>(0),
    )?;
    for one in same {
        failed(c, one, None, kind, reason, now)?;
    }
    failed(c, album, None, kind, reason, now)
}

fn merge_after_failure(c: &Connection, album: i64, reason: &str) -> Result<()> {
    filings::unfile_album(c, album, reason)?;
    merge::regroup(c, album)
}

/// Wants albums again that were given up by bad luck, or with `all` for whatever reason that is known.
pub(crate) fn try_again(c: &Connection, job: i64, all: bool) -> Result<()> {
    let again = format!(
        "job=?1 AND state='failed' AND error_kind<>'unknown_outcome' AND (?2 OR error_kind IN({}))",
        super::jobs::BAD_LUCK
    );
    // Also what was filed: an album that was given up after it had existed took its places with it.
    exec(
        c,
        &format!(
            "UPDATE filing SET state='wanted', reason=NULL, ready=coalesce((SELECT u.dest_id IS NOT NULL AND u.state IN
               ('committed','verified','unverifiable','already_there') FROM upload u WHERE u.id=filing.upload),0)
             WHERE state IN('unfiled','filed') AND album IN(SELECT id FROM album WHERE {again})"
        ),
        (job, all),
    )?;
    exec(
        c,
        &format!("UPDATE album SET state='wanted', dest_id=NULL, error=NULL, error_kind=NULL WHERE {again}"),
        (job, all),
    )?;
    Ok(())
}

/// Returns the ids of all albums at the target that the journal knows.
///
/// Whatever their titles: the destination cuts long ones, so that titles that differ here may be equal there.
pub(crate) fn known(c: &Connection, target: i64) -> Result<Vec<DestAlbumId>> {
    rows(
        c,
        "SELECT a.dest_id FROM album a JOIN job j ON j.id=a.job WHERE j.target=?1 AND a.dest_id IS NOT NULL",
        [target],
        |row| row.get::<_, String>(0).map(Into::into),
    )
}

/// Writes down that items are about to be added to an album.
pub(crate) fn begin_add(
    c: &Connection,
    job: i64,
    album: i64,
    dest: &DestAlbumId,
    items: &[(i64, String)],
    now: Timestamp,
) -> Result<i64> {
    let detail = Detail {
        dest_album: Some(dest.as_str().to_owned()),
        ..Detail::default()
    };
    let list: Vec<_> = items.iter().map(|(upload, _)| (*upload, None)).collect();
    for (upload, _) in items {
        filings::adding(c, album, *upload)?;
    }
    intents::open(c, job, IntentKind::AddToAlbum, Some(album), &detail, &list, now)
}

/// Notes that an item turned out to belong to another app.
pub(crate) fn mark_foreign(c: &Connection, upload: i64) -> Result<()> {
    exec(c, "UPDATE upload SET app_owned=0 WHERE id=?1", [upload])?;
    Ok(())
}

/// Says what became of a job's albums.
pub(crate) fn summary(c: &Connection, job: i64) -> Result<AlbumSummary> {
    let count = |states: &str| {
        number(
            c,
            &format!("SELECT count(*) FROM album WHERE job=?1 AND state IN({states})"),
            [job],
        )
        .map(unsigned)
    };
    let (filed, unfiled, waiting) = filings::totals(c, job)?;
    Ok(AlbumSummary {
        found: unsigned(number(c, "SELECT count(*) FROM album WHERE job=?1 AND slice=0", [job])?),
        open: count("'open'")?,
        failed: count("'failed'")?,
        filed,
        unfiled,
        waiting,
    })
}
