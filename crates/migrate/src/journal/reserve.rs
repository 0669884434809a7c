//! How many requests it takes to finish what was begun: so many are kept back before anything else is begun.

use std::collections::BTreeMap;

use photomove_core::Result;
use rusqlite::Connection;

use super::rows::{number, rows};
use super::{signed, to_json, unsigned};

/// What calls of the destination hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    /// Uploads of which one call makes items.
    pub commit_batch: u32,
    /// Items that one call adds to an album; `None` = there are no albums.
    pub add_batch: Option<u32>,
    /// Whether items enter their first album as they are made.
    pub on_commit: bool,
}

/// Counts what is staged, up to `max`.
pub(crate) fn staged(c: &Connection, job: i64, max: u64) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM (SELECT 1 FROM upload WHERE job=?1 AND state IN('staged','committing') LIMIT ?2)",
        (job, signed(max)),
    )
    .map(unsigned)
}

/// Returns the requests that make items of what is staged or under way and put them into their albums. `under_way` are
/// uploads that are received or sent just now.
pub(crate) fn requests(c: &Connection, job: i64, under_way: &[i64], calls: Calls) -> Result<u64> {
    let under_way = to_json(&under_way)?;
    let mut sum = 0;
    // By album: places still open, and whether the album has to be created.
    let mut albums: BTreeMap<i64, (u64, bool)> = BTreeMap::new();
    let groups = rows(
        c,
        &format!(
            "SELECT g.first_album, count(*), (SELECT state IN('wanted','creating') FROM album WHERE id=g.first_album)
             FROM ({BEGUN}) g GROUP BY g.first_album"
        ),
        (job, &under_way),
        |row| {
            Ok((
                row.get::<_, Option<i64>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Option<bool>>(2)?,
            ))
        },
    )?;
    for (album, uploads, is_new) in groups {
        sum += unsigned(uploads).div_ceil(u64::from(calls.commit_batch.max(1)));
        if let (Some(album), true) = (album, calls.on_commit) {
            albums.insert(album, (0, is_new.unwrap_or(false)));
        }
    }
    let Some(add_batch) = calls.add_batch else {
        return Ok(sum);
    };
    let further = [
        rows(
            c,
            &format!(
                "SELECT f.album, count(*), a.state IN('wanted','creating') FROM ({BEGUN}) g CROSS JOIN filing f ON f.upload=g.id
                 CROSS JOIN album a ON a.id=f.album
                 WHERE f.state='wanted' AND a.job=?1 AND a.state<>'failed' AND (NOT ?3 OR f.album IS NOT g.first_album) GROUP BY f.album"
            ),
            (job, &under_way, calls.on_commit),
            place,
        )?,
        // Items that exist already and wait for their further albums only.
        rows(
            c,
            "SELECT f.album, count(*), a.state IN('wanted','creating') FROM filing f INDEXED BY filing_ready CROSS JOIN album a ON a.id=f.album
             WHERE f.state='wanted' AND f.ready=1 AND a.job=?1 AND a.state<>'failed' GROUP BY f.album",
            [job],
            place,
        )?,
    ];
    for (album, places, is_new) in further.into_iter().flatten() {
        let entry = albums.entry(album).or_default();
        entry.0 += places;
        entry.1 |= is_new;
    }
    for (places, is_new) in albums.into_values() {
        sum += places.div_ceil(u64::from(add_batch.max(1))) + u64::from(is_new);
    }
    Ok(sum)
}

/// Uploads that are staged, being made into items, or under way (`?2`).
const BEGUN: &str = "SELECT id, first_album FROM upload WHERE job=?1 AND state='staged'
  UNION ALL SELECT id, first_album FROM upload WHERE job=?1 AND state='committing'
  UNION ALL SELECT id, first_album FROM upload WHERE id IN(SELECT value FROM json_each(?2)) AND state IN('wanted','spooled','staging')";

fn place(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, u64, bool)> {
    Ok((row.get(0)?, unsigned(row.get(1)?), row.get(2)?))
}
