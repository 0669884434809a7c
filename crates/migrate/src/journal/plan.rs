//! What a run would do, read from the journal after the listing.

mod losses;

use std::collections::BTreeMap;

use photomove_core::{BundleKind, MediaKind, Result, SinkCaps};
use rusqlite::Connection;

use super::rows::{each, number, one};
use super::{from_json, unsigned};
use crate::{
    Accounting, AlbumPlan, Count, DoubtfulType, Example, KindCount, Reason, RefusedCount, RequestPlan, SplitAlbum,
};

pub(crate) use losses::losses;

/// Reasons and types that are told apart.
const KINDS_MAX: usize = 50;
/// Files that are named for each.
const EXAMPLES_MAX: usize = 3;
/// Albums that are named.
const ALBUMS_MAX: usize = 5;
/// States of an upload whose bytes are still to be sent.
const TO_STAGE: &str = "'wanted','spooled','staging'";
/// States of an upload that is no item yet.
const TO_COMMIT: &str = "'wanted','spooled','staging','staged','committing'";

fn count(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Count> {
    Ok(Count {
        count: unsigned(row.get(first)?),
        bytes: unsigned(row.get::<_, Option<i64>>(first + 1)?.unwrap_or(0)),
    })
}

/// Counts assets and their parts by kind; row by row, for a group of all rows would be sorted in memory.
pub(crate) fn kinds(c: &Connection, job: i64, bundle: BundleKind) -> Result<Vec<KindCount>> {
    let mut sums: BTreeMap<String, (u64, Count, u64)> = BTreeMap::new();
    each(
        c,
        "SELECT a.kind, (SELECT count(*) FROM part WHERE asset=a.id), (SELECT sum(size) FROM part WHERE asset=a.id)
         FROM asset a WHERE a.job=?1",
        [job],
        |row| {
            let kind = row.get_ref(0)?.as_str()?;
            if !sums.contains_key(kind) {
                sums.insert(kind.to_owned(), Default::default());
            }
            if let Some((assets, parts, several)) = sums.get_mut(kind) {
                let of_one = count(row, 1)?;
                *assets += 1;
                *several += u64::from(of_one.count > 1);
                parts.add(of_one);
            }
            Ok(())
        },
    )?;
    sums.into_iter()
        .map(|(kind, (assets, parts, several))| {
            Ok(KindCount {
                kind: from_json::<MediaKind>(&format!("\"{kind}\""))?,
                assets,
                parts,
                split: match bundle {
                    BundleKind::OneItemPerPart => several,
                    BundleKind::PartsStack => 0,
                },
            })
        })
        .collect()
}

/// Counts rows by album: as many numbers as there are albums, however many rows there are.
fn by_album(c: &Connection, sql: &str, job: i64) -> Result<Vec<u64>> {
    let mut counts: BTreeMap<Option<i64>, u64> = BTreeMap::new();
    each(c, sql, [job], |row| {
        *counts.entry(row.get(0)?).or_default() += 1;
        Ok(())
    })?;
    Ok(counts.into_values().collect())
}

/// Counts a job's parts whose size is not known.
pub(crate) fn unknown_sizes(c: &Connection, job: i64) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE a.job=?1 AND p.size IS NULL",
        [job],
    )
    .map(unsigned)
}

/// Counts the uploads that are still to be made, and the parts that share one of them with another part.
pub(crate) fn to_send(c: &Connection, job: i64) -> Result<(Count, Count)> {
    const OPEN: &str = "u.state NOT IN('verified','unverifiable','already_there','failed','committed')";
    let uploads = one(
        c,
        &format!("SELECT count(*), sum(u.size) FROM upload u WHERE u.job=?1 AND {OPEN} AND EXISTS(SELECT 1 FROM part p WHERE p.upload=u.id)"),
        [job],
        |row| count(row, 0),
    )?
    .unwrap_or_default();
    let parts = one(
        c,
        &format!(
            "SELECT count(*), sum(p.size) FROM part p JOIN asset a ON a.id=p.asset JOIN upload u ON u.id=p.upload WHERE a.job=?1 AND {OPEN}"
        ),
        [job],
        |row| count(row, 0),
    )?
    .unwrap_or_default();
    let duplicates = Count {
        count: parts.count.saturating_sub(uploads.count),
        bytes: parts.bytes.saturating_sub(uploads.bytes),
    };
    Ok((uploads, duplicates))
}

/// Counts the parts that the destination holds from earlier runs.
pub(crate) fn held(sums: &Accounting) -> Count {
    let mut held = sums.already_there;
    held.add(sums.verified);
    held.add(sums.unverifiable);
    held
}

/// Counts all that this program has sent to a target, from whatever source.
pub(crate) fn sent_earlier(c: &Connection, target: i64) -> Result<Count> {
    Ok(one(
        c,
        "SELECT count(*), sum(size) FROM upload WHERE target=?1 AND state IN('committed','verified','unverifiable')",
        [target],
        |row| count(row, 0),
    )?
    .unwrap_or_default())
}

/// Files of one sort: how many, and some of them.
#[derive(Default)]
struct Pile {
    parts: Count,
    examples: Vec<Example>,
}

impl Pile {
    /// Adds a file from a row of size and name.
    fn add(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        let size = row.get::<_, Option<i64>>(0)?.map(unsigned);
        self.parts.add(Count {
            count: 1,
            bytes: size.unwrap_or(0),
        });
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Example {
                name: row.get(1)?,
                size_bytes: size,
            });
        }
        Ok(())
    }
}

/// Counts the parts that will not be sent, by kind of reason, most first; row by row, for many may be refused.
pub(crate) fn refused(c: &Connection, job: i64) -> Result<Vec<RefusedCount>> {
    let mut piles: BTreeMap<String, (String, Pile)> = BTreeMap::new();
    each(
        c,
        "SELECT p.size, p.name, coalesce(u.error_kind,''), coalesce(u.error,'') FROM part p JOIN asset a ON a.id=p.asset
         JOIN upload u ON u.id=p.upload WHERE a.job=?1 AND u.state='failed'",
        [job],
        |row| {
            let kind = row.get_ref(2)?.as_str()?;
            if !piles.contains_key(kind) && piles.len() < KINDS_MAX {
                piles.insert(kind.to_owned(), (row.get(3)?, Pile::default()));
            }
            piles.get_mut(kind).map_or(Ok(()), |(_, pile)| pile.add(row))
        },
    )?;
    let mut refused: Vec<_> = piles
        .into_iter()
        .map(|(kind, (message, pile))| RefusedCount {
            reason: Reason { kind, message },
            parts: pile.parts,
            examples: pile.examples,
        })
        .collect();
    refused.sort_by_key(|refused| std::cmp::Reverse(refused.parts.count));
    Ok(refused)
}

/// Counts the parts to send whose type the sink does not say to take, by type, most first.
pub(crate) fn doubtful(c: &Connection, job: i64, taken: &[&str]) -> Result<Vec<DoubtfulType>> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let mut piles: BTreeMap<String, Pile> = BTreeMap::new();
    each(
        c,
        &format!(
            "SELECT p.size, p.name, lower(p.media_type) FROM part p JOIN asset a ON a.id=p.asset JOIN upload u ON u.id=p.upload
             WHERE a.job=?1 AND p.media_type IS NOT NULL AND u.state IN({TO_STAGE})"
        ),
        [job],
        |row| {
            let kind = row.get_ref(2)?.as_str()?;
            if taken.contains(&kind) {
                return Ok(());
            }
            if !piles.contains_key(kind) && piles.len() < KINDS_MAX {
                piles.insert(kind.to_owned(), Pile::default());
            }
            piles.get_mut(kind).map_or(Ok(()), |pile| pile.add(row))
        },
    )?;
    let mut types: Vec<_> = piles
        .into_iter()
        .map(|(media_type, pile)| DoubtfulType {
            media_type,
            parts: pile.parts,
            examples: pile.examples,
        })
        .collect();
    types.sort_by_key(|one| std::cmp::Reverse(one.parts.count));
    Ok(types)
}

/// Counts assets of which the source tells no date.
pub(crate) fn undated(c: &Connection, job: i64) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM asset WHERE job=?1 AND metadata->>'$.taken' IS NULL",
        [job],
    )
    .map(unsigned)
}

/// Counts the uploads that are to be sent before so many bytes are used up; `None` = all of them.
pub(crate) fn fitting(c: &Connection, job: i64, free: u64) -> Result<Option<u64>> {
    let (mut fitting, mut bytes, mut short) = (0, 0, false);
    // In the order of their numbers, which is that of the listing.
    each(
        c,
        &format!("SELECT u.size FROM upload u NOT INDEXED WHERE u.job=?1 AND u.state IN({TO_STAGE}) ORDER BY u.id"),
        [job],
        |row| {
            bytes += row.get::<_, Option<i64>>(0)?.map_or(0, unsigned);
            short |= bytes > free;
            fitting += u64::from(!short);
            Ok(())
        },
    )?;
    Ok(short.then_some(fitting))
}

/// Says which albums are made, which are to be, and which become several.
pub(crate) fn album_plan(c: &Connection, job: i64) -> Result<AlbumPlan> {
    let count = |states: &str| {
        number(
            c,
            &format!("SELECT count(*) FROM album WHERE job=?1 AND state IN({states})"),
            [job],
        )
        .map(unsigned)
    };
    let mut plan = AlbumPlan {
        to_create: count("'wanted','creating'")?,
        made: count("'open'")?,
        ..AlbumPlan::default()
    };
    // The second slice stands for its album: each one that is split has one.
    let mut first = Vec::new();
    each(
        c,
        "SELECT source_id FROM album WHERE job=?1 AND slice=1",
        [job],
        |row| {
            plan.split += 1;
            if first.len() < ALBUMS_MAX {
                first.push(row.get::<_, String>(0)?);
            }
            Ok(())
        },
    )?;
    for album in first {
        let found = one(
            c,
            "SELECT (SELECT title FROM album WHERE job=?1 AND source_id=?2 AND slice=0),
               (SELECT count(*) FROM filing f JOIN album a ON a.id=f.album WHERE a.job=?1 AND a.source_id=?2),
               (SELECT count(*) FROM album WHERE job=?1 AND source_id=?2)",
            (job, album),
            |row| {
                Ok(SplitAlbum {
                    title: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                    places: unsigned(row.get(1)?),
                    into: unsigned(row.get(2)?),
                })
            },
        )?;
        plan.split_examples.extend(found);
    }
    Ok(plan)
}

/// Counts albums and places in them.
pub(crate) fn albums(c: &Connection, job: i64) -> Result<(u64, u64)> {
    let albums = number(c, "SELECT count(*) FROM album WHERE job=?1 AND slice=0", [job])?;
    let members = number(
        c,
        "SELECT count(*) FROM member m JOIN album a ON a.id=m.album WHERE a.job=?1",
        [job],
    )?;
    Ok((unsigned(albums), unsigned(members)))
}

/// Says whether every part has its outcome, every album exists and every place in it is decided.
pub(crate) fn nothing_to_do(c: &Connection, job: i64, albums: bool) -> Result<bool> {
    let open = number(
        c,
        "SELECT EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state IN('wanted','spooled','staging','staged','committing','committed'))
           OR (?2 AND EXISTS(SELECT 1 FROM album WHERE job=?1 AND state IN('wanted','creating')))
           OR (?2 AND EXISTS(SELECT 1 FROM filing f JOIN album a ON a.id=f.album WHERE a.job=?1 AND a.state<>'failed'
             AND (f.state='adding' OR (f.state='wanted' AND f.ready=1))))",
        (job, albums),
    )?;
    Ok(open == 0)
}

/// Counts the requests that the destination will see, and the large files among those to send. What each day costs
/// besides is not among them.
pub(crate) fn requests(c: &Connection, job: i64, caps: &SinkCaps) -> Result<(RequestPlan, u64)> {
    let cost = &caps.requests;
    let to_stage = |and: &str| {
        number(
            c,
            &format!(
                "SELECT count(*) FROM upload u WHERE u.job=?1 AND u.state IN({TO_STAGE}) AND EXISTS(SELECT 1 FROM part p WHERE p.upload=u.id) {and}"
            ),
            [job],
        )
        .map(unsigned)
    };
    let files = to_stage("")?;
    let large = match cost.large_from_bytes {
        Some(from) => to_stage(&format!("AND u.size>={from}"))?,
        None => 0,
    };
    let batch = u64::from(caps.commit_batch.get());
    let groups = by_album(
        c,
        &format!("SELECT first_album FROM upload WHERE job=?1 AND state IN({TO_COMMIT})"),
        job,
    )?;
    let commits: u64 = groups.iter().map(|group| group.div_ceil(batch)).sum();
    let mut plan = RequestPlan {
        files: (files - large) * u64::from(cost.per_part) + large * u64::from(cost.per_large_part),
        items: commits * u64::from(cost.per_commit),
        ..RequestPlan::default()
    };
    if let Some(albums) = &caps.albums {
        plan.albums = unsigned(number(
            c,
            "SELECT count(*) FROM album WHERE job=?1 AND state='wanted'",
            [job],
        )?);
        let add_batch = u64::from(albums.add_batch.max(1));
        // What is made and waits for nothing but its places has no first album any more.
        let further = by_album(
            c,
            &format!(
                "SELECT f.album FROM filing f JOIN album a ON a.id=f.album JOIN upload u ON u.id=f.upload
                 WHERE a.job=?1 AND f.state='wanted' AND u.state<>'failed'
                   AND (u.first_album IS NOT f.album OR u.state NOT IN({TO_COMMIT}))"
            ),
            job,
        )?;
        plan.memberships = further.iter().map(|n| n.div_ceil(add_batch)).sum();
    }
    Ok((plan, large))
}
