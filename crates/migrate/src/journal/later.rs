//! What a later pass over the source found to be different from the passes before.

use photomove_core::Result;
use rusqlite::Connection;

use super::jobs::Job;
use super::rows::{number, one};
use super::{filtered, instant, unsigned};
use crate::{Count, Later};

/// Says what the present pass found; `None` in the first one, or while the listing is not complete.
pub(crate) fn later(c: &Connection, job: Job) -> Result<Option<Later>> {
    if job.pass < 2 || super::jobs::cursor(c, job.id, "planned")?.is_none() {
        return Ok(None);
    }
    let pair = (job.id, job.pass);
    let files = |which: &str| {
        let sql = format!(
            "SELECT count(*), coalesce(sum(p.size),0) FROM asset a CROSS JOIN part p ON p.asset=a.id WHERE a.job=?1 AND {which}"
        );
        one(c, &sql, pair, |row| {
            Ok(Count {
                count: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
            })
        })
        .map(Option::unwrap_or_default)
    };
    let places = |which: &str| {
        let sql = format!(
            "SELECT count(*) FROM album b CROSS JOIN member m ON m.album=b.id CROSS JOIN asset a ON a.id=m.asset WHERE b.job=?1 AND {which}"
        );
        number(c, &sql, pair).map(unsigned)
    };
    let albums = |which: &str| {
        let sql = format!("SELECT count(*) FROM album WHERE job=?1 AND slice=0 AND {which}");
        number(c, &sql, pair).map(unsigned)
    };
    let mut later = Later {
        since: one(c, "SELECT before_at FROM job WHERE id=?1", [job.id], |row| {
            row.get::<_, Option<i64>>(0)
        })?
        .flatten()
        .map(instant),
        new: files("a.since=?2")?,
        changed: files("p.since=?2 AND a.since<?2")?,
        new_places: places("m.since=?2 AND a.since<?2")?,
        new_albums: albums("since=?2")?,
        renamed_albums: albums("pass=?2 AND state<>'wanted' AND source_title<>title")?,
        ..Later::default()
    };
    // A listing that ended at a limit says nothing about what it did not come to.
    if filtered::passed_over(c, job.id)?.is_some() {
        later.gone = files("a.pass<?2")?;
        later.gone_albums = albums("pass<?2")?;
        // Slices are no albums of the source, so that those have no pass of their own.
        later.gone_places = places(
            "m.pass<?2 AND a.pass=?2 AND EXISTS(SELECT 1 FROM album s WHERE s.job=?1 AND s.source_id=b.source_id AND s.slice=0 AND s.pass=?2)",
        )?;
    }
    Ok(Some(later))
}
