//! Sums over a job, and the check that they add up.

use photomove_core::{Error, ErrorKind, Operation, Result};
use rusqlite::Connection;

use super::jobs;
use super::rows::{number, rows};
use super::{filings, unsigned};
use crate::{Accounting, Count, Loss};

/// Adds up where every part of a job is.
pub(crate) fn accounting(c: &Connection, job: i64) -> Result<Accounting> {
    let mut sums = Accounting::default();
    let outcomes = rows(
        c,
        "SELECT outcome,n,coalesce(bytes,0) FROM accounting WHERE job=?1",
        [job],
        |row| {
            let count = Count {
                count: unsigned(row.get(1)?),
                bytes: unsigned(row.get(2)?),
            };
            Ok((row.get::<_, String>(0)?, count))
        },
    )?;
    for (outcome, count) in outcomes {
        let place = match outcome.as_str() {
            "verified" => &mut sums.verified,
            "unverifiable" => &mut sums.unverifiable,
            "already_there" => &mut sums.already_there,
            "skipped" => &mut sums.skipped,
            "failed" => &mut sums.failed,
            _ => &mut sums.waiting,
        };
        place.add(count);
    }
    // Counted apart from the outcomes, so that a part that falls out of the joins is noticed.
    let found = rows(
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
    sums.found = found.first().copied().unwrap_or_default();
    Ok(sums)
}

/// Fails loudly unless every part has exactly one outcome and no call is open.
pub(crate) fn must_be_complete(c: &Connection, job: i64) -> Result<Accounting> {
    let sums = accounting(c, job)?;
    let open = number(
        c,
        "SELECT count(*) FROM intent WHERE job=?1 AND closed_at IS NULL",
        [job],
    )?;
    let lost = number(
        c,
        "SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE a.job=?1 AND p.upload IS NULL AND p.skipped IS NULL",
        [job],
    )?;
    if sums.adds_up() && sums.waiting.count == 0 && open == 0 && lost == 0 {
        return Ok(sums);
    }
    Err(Error::new(ErrorKind::Internal, "the accounting does not add up")
        .operation(Operation::Journal)
        .context("found", sums.found.count)
        .context("without outcome", sums.waiting.count)
        .context("without upload", lost)
        .context("open calls", open)
        .hint("this is a defect of photomove; keep the journal and report it"))
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
