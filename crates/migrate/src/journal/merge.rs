//! Identical bytes are one upload with the union of their albums; and which album an upload enters first.

use photomove_core::{Checksums, Result};
use rusqlite::Connection;

use super::filings;
use super::rows::{exec, one};
use super::signed;

/// Finds an upload of the same bytes to the same target, of this job or of another.
///
/// SHA-1 with the size decides where both are known, else MD5 with the size, as promised by the source.
pub(crate) fn twin(c: &Connection, target: i64, size: u64, sums: &Checksums, except: i64) -> Result<Option<i64>> {
    if let Some(sha1) = &sums.sha1 {
        let found = one(
            c,
            "SELECT id FROM upload WHERE target=?1 AND sha1=?2 AND size=?3 AND state<>'failed' AND id<>?4",
            (target, sha1, signed(size), except),
            |row| row.get(0),
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    let Some(md5) = &sums.md5 else {
        return Ok(None);
    };
    one(
        c,
        "SELECT id FROM upload WHERE target=?1 AND md5=?2 AND size=?3 AND state<>'failed' AND id<>?4
           AND (sha1 IS NULL OR ?5 IS NULL OR sha1=?5) ORDER BY id LIMIT 1",
        (target, md5, signed(size), except, &sums.sha1),
        |row| row.get(0),
    )
}

/// Takes over an unfinished upload of another job, which nobody would finish in this run otherwise.
pub(crate) fn adopt(c: &Connection, upload: i64, job: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET job=?2 WHERE id=?1 AND job<>?2 AND state NOT IN('verified','unverifiable','already_there','failed')",
        (upload, job),
    )?;
    Ok(())
}

/// Takes over all unfinished uploads that parts of this job wait for.
pub(crate) fn adopt_all(c: &Connection, target: i64, job: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET job=?2 WHERE target=?1 AND job<>?2 AND state NOT IN('verified','unverifiable','already_there','failed')
           AND EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=upload.id AND a.job=?2)",
        (target, job),
    )?;
    Ok(())
}

/// Lets all parts of `from` share the upload `into`; `from` is no more.
pub(crate) fn merge(c: &Connection, from: i64, into: i64, job: i64) -> Result<()> {
    adopt(c, into, job)?;
    exec(c, "UPDATE part SET upload=?2 WHERE upload=?1", (from, into))?;
    exec(
        c,
        "UPDATE upload SET again=coalesce(again,(SELECT again FROM upload WHERE id=?1)) WHERE id=?2",
        (from, into),
    )?;
    exec(
        c,
        "INSERT OR IGNORE INTO filing(album,upload,position,state,ready,again)
         SELECT f.album, ?2, f.position, 'wanted', 0, f.again FROM filing f WHERE f.upload=?1",
        (from, into),
    )?;
    exec(c, "DELETE FROM filing WHERE upload=?1", [from])?;
    // The history of the vanished row stays readable under the row that took its place.
    exec(c, "UPDATE intent_item SET upload=?2 WHERE upload=?1", (from, into))?;
    exec(c, "DELETE FROM evidence WHERE upload=?1", [from])?;
    exec(c, "DELETE FROM upload WHERE id=?1", [from])?;
    filings::mark_ready(c, into)?;
    assign_group(c, into)
}

const GROUP: &str = "UPDATE upload SET
  first_album=(SELECT min(f.album) FROM filing f JOIN album a ON a.id=f.album
    WHERE f.upload=upload.id AND a.job=upload.job AND f.state='wanted' AND a.state<>'failed'),
  place=(SELECT f.position FROM filing f JOIN album a ON a.id=f.album
    WHERE f.upload=upload.id AND a.job=upload.job AND f.state='wanted' AND a.state<>'failed' ORDER BY f.album LIMIT 1)
  WHERE state IN('wanted','spooled','staging','staged')";

/// Works out which album an upload enters first: the first one in the order of the listing.
pub(crate) fn assign_group(c: &Connection, upload: i64) -> Result<()> {
    exec(c, &format!("{GROUP} AND id=?1"), [upload])?;
    Ok(())
}

/// Works that out for all uploads of a job, once all albums are known.
pub(crate) fn assign_groups(c: &Connection, job: i64) -> Result<()> {
    exec(c, &format!("{GROUP} AND job=?1"), [job])?;
    Ok(())
}

/// Sends the uploads of an album that could not be created to their next album, or to none.
pub(crate) fn regroup(c: &Connection, album: i64) -> Result<()> {
    exec(
        c,
        &format!("{GROUP} AND id IN(SELECT upload FROM filing WHERE album=?1)"),
        [album],
    )?;
    Ok(())
}
