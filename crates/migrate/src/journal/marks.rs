//! How far an upload under way has come: what the destination has, and the state of the hashes at places in the file.
//!
//! A part that streams from the source into a resumable upload is nowhere whole on this machine. Its hash is taken while
//! it passes; so that another process can go on in the middle, the state of the hash is kept at places ("marks") before
//! the bytes up to there are given away. The marks belong to the handle of the upload and go with it.

use std::collections::BTreeMap;

use photomove_core::{Agreement, Digester, Result};
use rusqlite::Connection;

use super::rows::{checksums, exec, one, rows};
use super::{merge, signed, unsigned};

/// States of the hash by how many bytes they hold.
pub(crate) type Marks = BTreeMap<u64, Vec<u8>>;

/// Keeps the state of the hash at a place. Marks beyond `after` are of bytes that are sent anew, and go.
pub(crate) fn put(c: &Connection, upload: i64, after: u64, at: u64, state: &[u8]) -> Result<()> {
    exec(
        c,
        "DELETE FROM hash_state WHERE upload=?1 AND offset>?2",
        (upload, signed(after)),
    )?;
    exec(
        c,
        "INSERT INTO hash_state(upload,offset,state) SELECT id,?2,?3 FROM upload WHERE id=?1",
        (upload, signed(at), state),
    )?;
    Ok(())
}

/// Returns all marks of an upload.
pub(crate) fn load(c: &Connection, upload: i64) -> Result<Marks> {
    let found = rows(
        c,
        "SELECT offset,state FROM hash_state WHERE upload=?1",
        [upload],
        |row| Ok((unsigned(row.get(0)?), row.get(1)?)),
    )?;
    Ok(found.into_iter().collect())
}

/// Notes how many bytes the destination has.
pub(crate) fn sent(c: &Connection, upload: i64, bytes: u64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET sent=?2 WHERE id=?1 AND state='staging'",
        (upload, signed(bytes)),
    )?;
    Ok(())
}

/// Takes back that the last try counted, because it brought the upload on.
pub(crate) fn uncount(c: &Connection, upload: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET attempts=attempts-1 WHERE id=?1 AND attempts>0",
        [upload],
    )?;
    Ok(())
}

/// Takes the hashes of bytes that streamed from the mark at their end: whoever sent them did not live to tell them.
pub(super) fn take_hashes(c: &Connection, id: i64) -> Result<()> {
    let row = one(
        c,
        "SELECT h.state,u.target,u.size,u.md5,u.sha1,u.sha256 FROM upload u JOIN hash_state h ON h.upload=u.id AND h.offset=u.size
         WHERE u.id=?1 AND u.sha1 IS NULL AND u.state='staging'",
        [id],
        |row| {
            let promised = checksums(row, 3)?;
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, promised))
        },
    )?;
    let Some((state, target, size, promised)) = row else {
        return Ok(());
    };
    let Some(sums) = Digester::restore(&state).map(Digester::finish) else {
        return Ok(());
    };
    let differs = matches!(sums.agrees(&promised), Agreement::Different(_));
    if differs || merge::twin(c, target, unsigned(size), &sums, id)?.is_some() {
        return Ok(());
    }
    exec(
        c,
        "UPDATE upload SET md5=?2, sha1=?3, sha256=?4, sent=size WHERE id=?1",
        (id, &sums.md5, &sums.sha1, &sums.sha256),
    )?;
    Ok(())
}
