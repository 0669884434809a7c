//! What did not stay at the destination although it should have, known only once an item was there.

use photomove_core::Result;
use rusqlite::Connection;

use super::rows::{exec, rows};
use super::unsigned;
use crate::Loss;

/// Why a field is lost that the destination took and then did not have.
pub(crate) const NOT_KEPT: &str = "the destination took it, but did not keep it";
/// What is told of an item that was there before, where people do not see it.
pub(crate) const IN_SIGHT: &str = "place in the usual views";
/// Why that is so.
pub(crate) const ARCHIVED: &str = "the destination held the file in its archive before, and it stays there";
/// Kinds of losses that are told; there are few, and a report must stay one.
const TOLD_MAX: u32 = 100;

/// One thing that is lost of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setback {
    pub what: String,
    pub why: String,
}

/// Notes what is lost of an item, in place of what was noted before.
pub(crate) fn put(c: &Connection, upload: i64, found: &[Setback]) -> Result<()> {
    exec(c, "DELETE FROM setback WHERE upload=?1", [upload])?;
    for Setback { what, why } in found {
        exec(
            c,
            "INSERT OR IGNORE INTO setback(upload,what,why) VALUES(?1,?2,?3)",
            (upload, what, why),
        )?;
    }
    Ok(())
}

/// Counts what is lost of the items of a job; the files of one bundle are one item.
pub(crate) fn losses(c: &Connection, job: i64) -> Result<Vec<Loss>> {
    rows(
        c,
        "SELECT s.what, s.why, count(DISTINCT coalesce(u.bundle,-u.id)) FROM setback s CROSS JOIN upload u ON u.id=s.upload
         WHERE EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=u.id AND a.job=?1)
         GROUP BY s.what, s.why ORDER BY 3 DESC, 1, 2 LIMIT ?2",
        (job, TOLD_MAX),
        |row| {
            Ok(Loss {
                in_file: false,
                what: row.get(0)?,
                why: row.get(1)?,
                count: Some(unsigned(row.get(2)?)),
            })
        },
    )
}
