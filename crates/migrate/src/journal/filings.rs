//! Which upload belongs into which album at the destination: the members as the source lists them, by item.

use std::collections::BTreeMap;

use photomove_core::{DestId, Result};
use rusqlite::Connection;

use super::rows::{each, exec, number, one, rows};
use super::unsigned;

/// Reasons that are told apart; the rest of them are other reasons.
const REASONS_KEPT: usize = 1_000;

/// The place that another job has given an upload (`p`) in the album of a member (`m`), or in a slice of it, as the
/// same album of this job; none = it has no place there yet.
const FILED_BEFORE: &str =
    "(SELECT n.id FROM album mine CROSS JOIN filing g ON g.upload=p.upload CROSS JOIN album b ON b.id=g.album
  CROSS JOIN album n ON n.job=mine.job AND n.source_id=mine.source_id AND n.dest_id=b.dest_id
  WHERE mine.id=m.album AND g.state='filed' AND b.job<>mine.job LIMIT 1)";

/// Derives the filings of an asset from its memberships; those that exist stay as they are.
pub(crate) fn file_asset(c: &Connection, asset: i64, forget_second_album: bool) -> Result<()> {
    exec(
        c,
        &format!(
            "INSERT OR IGNORE INTO filing(album,upload,position,state,ready)
             SELECT coalesce({FILED_BEFORE},m.album), p.upload, m.position, iif({FILED_BEFORE} IS NULL,'wanted','filed'), 0
             FROM member m JOIN part p ON p.asset=m.asset WHERE m.asset=?1 AND p.upload IS NOT NULL
               AND NOT (?2 AND p.id>(SELECT min(id) FROM part WHERE upload=p.upload))"
        ),
        (asset, forget_second_album),
    )?;
    for upload in rows(
        c,
        "SELECT DISTINCT upload FROM part WHERE asset=?1 AND upload IS NOT NULL",
        [asset],
        |row| row.get::<_, i64>(0),
    )? {
        mark_ready(c, upload)?;
    }
    Ok(())
}

/// Takes for filed what other jobs have put into the same albums since these places were listed: a trial made them, and
/// they are not sent once more. One that lies in another slice of the album there is taken to be in that slice here.
pub(crate) fn filed_by_siblings(c: &Connection, job: i64) -> Result<()> {
    // From the albums that exist: in a job that has none yet there is nothing to look for.
    let found = "FROM album n CROSS JOIN album mine ON mine.job=n.job AND mine.source_id=n.source_id
       CROSS JOIN filing f INDEXED BY filing_open ON f.album=mine.id CROSS JOIN filing g ON g.upload=f.upload
       CROSS JOIN album b ON b.id=g.album AND b.dest_id=n.dest_id
       WHERE n.job=?1 AND n.state='open' AND f.state='wanted' AND g.state='filed' AND b.job<>n.job AND b.state='open'";
    exec(
        c,
        &format!(
            "INSERT INTO filing(album,upload,position,state,ready) SELECT n.id,f.upload,f.position,'filed',0 {found}
             ON CONFLICT DO UPDATE SET state='filed', ready=0, reason=NULL WHERE state='wanted'"
        ),
        [job],
    )?;
    exec(
        c,
        "DELETE FROM filing WHERE state='wanted' AND album IN(SELECT id FROM album WHERE job=?1)
           AND EXISTS(SELECT 1 FROM album mine CROSS JOIN filing h ON h.upload=filing.upload CROSS JOIN album n ON n.id=h.album
             WHERE mine.id=filing.album AND h.state='filed' AND n.job=mine.job AND n.source_id=mine.source_id AND n.id<>mine.id
               AND n.state='open')",
        [job],
    )?;
    Ok(())
}

/// Drops filings into albums that none of an upload's parts is a member of any more; what is done stays.
pub(crate) fn forget_unwanted(c: &Connection, upload: i64) -> Result<()> {
    exec(
        c,
        "DELETE FROM filing WHERE upload=?1 AND state='wanted' AND EXISTS(SELECT 1 FROM part WHERE upload=?1)
           AND NOT EXISTS(SELECT 1 FROM part p JOIN member m ON m.asset=p.asset JOIN album a ON a.id=m.album JOIN album s ON s.id=filing.album
             WHERE p.upload=?1 AND a.job=s.job AND a.source_id=s.source_id)",
        [upload],
    )?;
    Ok(())
}

/// Notes that the item exists, so that it can be added to albums.
pub(crate) fn mark_ready(c: &Connection, upload: i64) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET ready=1 WHERE upload=?1 AND state='wanted' AND ready=0 AND EXISTS(SELECT 1 FROM upload u
           WHERE u.id=?1 AND u.dest_id IS NOT NULL AND u.state IN('committed','verified','unverifiable','already_there'))",
        [upload],
    )?;
    Ok(())
}

/// An album with items that exist and are not in it yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Further {
    pub album: i64,
    pub ready: u64,
    /// Whether more of its items may still come.
    pub pending: bool,
}

// The partial indexes hold only what is open: this is asked after every finished task.
/// Which items enter albums now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which {
    /// Only items that this program may not manage, or only others.
    pub foreign: Option<bool>,
    /// Only those whose metadata are set. An item that is put away leaves its albums at some services.
    pub described: bool,
}

/// Returns the albums that lack items which exist.
pub(crate) fn further(c: &Connection, (job, only): (i64, Option<i64>), which: Which) -> Result<Vec<Further>> {
    rows(
        c,
        "SELECT g.album, g.n, EXISTS(SELECT 1 FROM filing w INDEXED BY filing_open CROSS JOIN upload v ON v.id=w.upload
             WHERE w.album=g.album AND w.state='wanted' AND (w.ready=0 OR ?4 AND v.state='committed' AND v.described=0)
               AND v.state IN('wanted','spooled','staging','staged','committing','committed')
               AND (?3 IS NULL OR v.again IS ?3 OR v.state NOT IN('wanted','spooled')))
         FROM (SELECT f.album, count(*) AS n FROM filing f INDEXED BY filing_ready CROSS JOIN upload u ON u.id=f.upload
           CROSS JOIN album a ON a.id=f.album
           WHERE f.state='wanted' AND f.ready=1 AND a.job=?1 AND a.state IN('wanted','open')
             AND (?2 IS NULL OR (u.app_owned IS 0)=?2) AND (NOT ?4 OR u.state<>'committed' OR u.described=1) GROUP BY f.album) g ORDER BY g.album",
        (job, which.foreign, only, which.described),
        |row| {
            Ok(Further {
                album: row.get(0)?,
                ready: unsigned(row.get(1)?),
                pending: row.get(2)?,
            })
        },
    )
}

/// Takes the next items to add to an album: upload and the item's id.
pub(crate) fn take(c: &Connection, album: i64, which: Which, limit: u32) -> Result<Vec<(i64, String)>> {
    rows(
        c,
        "SELECT f.upload, u.dest_id FROM filing f JOIN upload u ON u.id=f.upload
         WHERE f.album=?1 AND f.state='wanted' AND f.ready=1 AND (?2 IS NULL OR (u.app_owned IS 0)=?2)
           AND (NOT ?4 OR u.state<>'committed' OR u.described=1)
         ORDER BY f.position, f.upload LIMIT ?3",
        (album, which.foreign, limit, which.described),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Returns the items of uploads, those that have one.
pub(crate) fn dest_ids(c: &Connection, uploads: &[i64]) -> Result<Vec<DestId>> {
    let mut found = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let id = one(c, "SELECT dest_id FROM upload WHERE id=?1", [upload], |row| {
            row.get::<_, Option<String>>(0)
        })?;
        found.extend(id.flatten().map(DestId::from));
    }
    Ok(found)
}

/// Notes that items are being put into an album.
pub(crate) fn adding(c: &Connection, album: i64, upload: i64) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='adding' WHERE album=?1 AND upload=?2 AND state='wanted'",
        (album, upload),
    )?;
    Ok(())
}

/// Notes that an item is in an album.
pub(crate) fn filed(c: &Connection, album: i64, upload: i64) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='filed', ready=0, reason=NULL WHERE album=?1 AND upload=?2",
        (album, upload),
    )?;
    Ok(())
}

/// Notes that an item is not in an album after all and is to be tried again.
pub(crate) fn wanted_again(c: &Connection, album: i64, upload: i64) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='wanted' WHERE album=?1 AND upload=?2 AND state='adding'",
        (album, upload),
    )?;
    mark_ready(c, upload)
}

/// Gives up putting an item into an album.
pub(crate) fn unfiled(c: &Connection, album: i64, upload: i64, reason: &str) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='unfiled', ready=0, reason=?3 WHERE album=?1 AND upload=?2 AND state<>'filed'",
        (album, upload, reason),
    )?;
    Ok(())
}

/// Gives up all that an album still lacks.
pub(crate) fn unfile_album(c: &Connection, album: i64, reason: &str) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='unfiled', ready=0, reason=?2 WHERE album=?1 AND state<>'filed'",
        (album, reason),
    )?;
    Ok(())
}

/// Why an item that arrived is not in a further album.
pub(super) const NO_ID: &str = "the destination does not tell which item it is";

/// Gives up what came into albums after they were given up, and what found out later that its item cannot be named.
pub(crate) fn unfile_failed(c: &Connection, job: i64) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='unfiled', reason=?2 WHERE state='wanted' AND ready=0 AND album IN(SELECT id FROM album WHERE job=?1)
           AND EXISTS(SELECT 1 FROM upload u WHERE u.id=filing.upload AND u.dest_id IS NULL AND u.state IN('verified','unverifiable','already_there'))",
        (job, NO_ID),
    )?;
    exec(
        c,
        "UPDATE filing SET state='unfiled', ready=0, reason=(SELECT coalesce(error,'the album could not be created') FROM album WHERE id=filing.album)
         WHERE state IN('wanted','adding') AND album IN(SELECT id FROM album WHERE job=?1 AND state='failed')",
        [job],
    )?;
    Ok(())
}

/// Gives up all albums of a job.
pub(crate) fn unfile_all(c: &Connection, job: i64, reason: &str) -> Result<()> {
    exec(
        c,
        "UPDATE filing SET state='unfiled', ready=0, reason=?2 WHERE state<>'filed' AND album IN(SELECT id FROM album WHERE job=?1)",
        (job, reason),
    )?;
    exec(
        c,
        "UPDATE album SET state='failed', error=?2 WHERE job=?1 AND state='wanted'",
        (job, reason),
    )?;
    Ok(())
}

/// How many places of an album (`a`) at the destination other jobs have filled, or are to, with what this job has not in it.
const OTHERS: &str =
    "(SELECT count(DISTINCT g.upload) FROM job mine CROSS JOIN job other ON other.source=mine.source AND other.target=mine.target
  AND other.id<>mine.id CROSS JOIN album s ON s.job=other.id AND s.source_id=a.source_id AND s.dest_id=a.dest_id
  CROSS JOIN filing g ON g.album=s.id WHERE mine.id=a.job AND g.state IN('wanted','adding','filed')
    AND NOT EXISTS(SELECT 1 FROM filing f WHERE f.album=a.id AND f.upload=g.upload))";

/// Cuts albums that hold more than the destination allows into slices, in their own order; says whether there were any.
pub(crate) fn slice_albums(c: &Connection, job: i64, max_items: u32) -> Result<bool> {
    let mut last = 0;
    loop {
        let big = one(
            c,
            // What is in already stays, however full the album is.
            &format!(
                "SELECT a.id, a.source_id, a.slice, a.title, a.description, max(?2-{OTHERS},0) AS room FROM album a
                 WHERE a.job=?1 AND a.id>?3 AND (SELECT count(*) FROM filing f WHERE f.album=a.id) > room
                   AND EXISTS(SELECT 1 FROM filing f WHERE f.album=a.id AND f.state NOT IN('filed','adding'))
                 ORDER BY a.id LIMIT 1"
            ),
            (job, max_items, last),
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, Option<String>>(4)?,
                    row.get::<_, i64>(5)?,
                ))
            },
        )?;
        let Some((album, source_id, slice, title, description, room)) = big else {
            return Ok(last > 0);
        };
        // Slices come after their album, so that each is looked at once, and its own slices after it.
        last = album;
        let first_title = if slice == 0 {
            title
        } else {
            one(
                c,
                "SELECT title FROM album WHERE job=?1 AND source_id=?2 AND slice=0",
                (job, &source_id),
                |row| row.get(0),
            )?
            .unwrap_or(title)
        };
        let next = number(
            c,
            "INSERT INTO album(job,source_id,slice,title,description,state,listed) VALUES(?1,?2,?3,?4,?5,'wanted',1)
             ON CONFLICT DO UPDATE SET listed=1 RETURNING id",
            (
                job,
                &source_id,
                slice + 1,
                format!("{first_title} ({})", slice + 2),
                description,
            ),
        )?;
        // Two files that turned out to be the same may have come from both slices; one place is enough.
        exec(
            c,
            "DELETE FROM filing WHERE album=?1 AND state IN('wanted','unfiled') AND upload IN(SELECT upload FROM filing WHERE album=?2)",
            (album, next),
        )?;
        // What is in the album already stays there; the rest moves in the album's own order.
        exec(
            c,
            "UPDATE filing SET album=?2 WHERE album=?1 AND state NOT IN('filed','adding') AND upload IN(SELECT upload FROM filing WHERE album=?1
               ORDER BY state NOT IN('filed','adding'), position, upload LIMIT -1 OFFSET ?3)",
            (album, next, room),
        )?;
        exec(
            c,
            "UPDATE OR IGNORE member SET album=?2 WHERE album=?1 AND asset IN(SELECT p.asset FROM part p JOIN filing f ON f.upload=p.upload
               WHERE f.album=?2)",
            (album, next),
        )?;
    }
}

/// Returns how many places in albums are filed, given up, and open or lost with their item.
pub(crate) fn totals(c: &Connection, job: i64) -> Result<(u64, u64, u64)> {
    let of = |states: &str| {
        number(
            c,
            &format!(
                "SELECT count(*) FROM filing f JOIN album a ON a.id=f.album WHERE a.job=?1 AND f.state IN({states})"
            ),
            [job],
        )
        .map(unsigned)
    };
    Ok((of("'filed'")?, of("'unfiled'")?, of("'wanted','adding'")?))
}

/// Returns why places in albums were given up, with how many each.
pub(crate) fn unfiled_reasons(c: &Connection, job: i64, limit: usize) -> Result<Vec<(String, u64)>> {
    // Row by row: a group of all rows would be sorted in memory, and there are few reasons.
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    each(
        c,
        "SELECT coalesce(f.reason,'no reason given') FROM filing f JOIN album a ON a.id=f.album WHERE a.job=?1 AND f.state='unfiled'",
        [job],
        |row| {
            let reason = row.get_ref(0)?.as_str()?;
            if let Some(count) = counts.get_mut(reason) {
                *count += 1;
                return Ok(());
            }
            let kept = if counts.len() < REASONS_KEPT {
                reason
            } else {
                "other reasons"
            };
            *counts.entry(kept.to_owned()).or_default() += 1;
            Ok(())
        },
    )?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(limit);
    Ok(counts)
}
