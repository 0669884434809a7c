//! Sums over a job.

use photomove_core::Result;
use rusqlite::Connection;

use super::jobs;
use super::rows::{each, number, one};
use super::{filings, unsigned};
use crate::{Accounting, Count, Loss, Outcome};

/// Adds up where every part of a job is.
///
/// Row by row instead of by groups: a group of all parts would be sorted in memory.
pub(crate) fn accounting(c: &Connection, job: i64) -> Result<Accounting> {
    let mut sums = Accounting::default();
    each(
        c,
        "SELECT p.size, p.skipped IS NOT NULL, u.state, u.job=?1, p.md5 IS NOT NULL OR p.sha1 IS NOT NULL OR p.sha256 IS NOT NULL
         FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload WHERE a.job=?1",
        [job],
        |row| {
            let count = Count {
                count: 1,
                bytes: unsigned(row.get::<_, Option<i64>>(0)?.unwrap_or(0)),
            };
            let outcome = match (row.get(1)?, row.get_ref(2)?.as_str_or_null()?) {
                (true, _) => Some(Outcome::Skipped),
                (false, Some(state)) => outcome(state, row.get(3)?, row.get(4)?),
                (false, None) => None,
            };
            sums.place(outcome).add(count);
            Ok(())
        },
    )?;
    // Counted apart from the outcomes, so that a part that falls out of the joins is noticed.
    let found = one(
        c,
        "SELECT count(*), coalesce(sum(size),0) FROM part WHERE asset IN(SELECT id FROM asset WHERE job=?1)",
        [job],
        |row| {
            Ok(Count {
                count: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
            })
        },
    )?;
    sums.found = found.unwrap_or_default();
    Ok(sums)
}

/// Says what became of a part by the state of its upload; `None` while that is open.
///
/// A proof at the destination is about the bytes that were received. Whether they are those of the source nobody can
/// say where it promised no hash of the part; so such a part is never verified.
pub(crate) fn outcome(state: &str, ours: bool, promised: bool) -> Option<Outcome> {
    Some(match state {
        "verified" | "unverifiable" | "already_there" if !ours => Outcome::AlreadyThere,
        "verified" if promised => Outcome::Verified,
        "verified" | "unverifiable" => Outcome::Unverifiable,
        "already_there" => Outcome::AlreadyThere,
        "failed" => Outcome::Failed,
        _ => return None,
    })
}

/// Counts parts that the destination lost or holds with other bytes.
pub(crate) fn differences(c: &Connection, job: i64) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM upload u JOIN part p ON p.upload=u.id JOIN asset a ON a.id=p.asset
         WHERE a.job=?1 AND u.state='failed' AND u.error_kind IN('missing','differs')",
        [job],
    )
    .map(unsigned)
}

/// Says what could not be kept of albums.
pub(crate) fn album_losses(c: &Connection, job: i64) -> Result<Vec<Loss>> {
    let mut losses: Vec<Loss> = filings::unfiled_reasons(c, job, 20)?
        .into_iter()
        .map(|(why, count)| Loss {
            in_file: false,
            what: "place in an album".into(),
            why,
            count: Some(count),
        })
        .collect();
    let (_, unlisted) = jobs::oddities(c, job)?;
    if unlisted > 0 {
        losses.push(Loss {
            in_file: false,
            what: "place in an album".into(),
            why: "the source does not list the item".into(),
            count: Some(unlisted),
        });
    }
    Ok(losses)
}
