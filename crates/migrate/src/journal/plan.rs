//! What a run would do, read from the journal after the listing.

use std::collections::BTreeMap;

use photomove_core::{Fields, MediaKind, Result, SinkCaps};
use rusqlite::Connection;

use super::jobs::Job;
use super::rows::{each, number, one, rows};
use super::{from_json, unsigned};
use crate::{Accounting, Count, KindCount, Loss, Reason, RefusedCount};

fn count(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Count> {
    Ok(Count {
        count: unsigned(row.get(first)?),
        bytes: unsigned(row.get::<_, Option<i64>>(first + 1)?.unwrap_or(0)),
    })
}

/// Counts assets and their parts by kind; row by row, for a group of all rows would be sorted in memory.
pub(crate) fn kinds(c: &Connection, job: i64) -> Result<Vec<KindCount>> {
    let mut sums: BTreeMap<String, (u64, Count)> = BTreeMap::new();
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
            if let Some((assets, parts)) = sums.get_mut(kind) {
                *assets += 1;
                parts.add(count(row, 1)?);
            }
            Ok(())
        },
    )?;
    sums.into_iter()
        .map(|(kind, (assets, parts))| {
            Ok(KindCount {
                kind: from_json::<MediaKind>(&format!("\"{kind}\""))?,
                assets,
                parts,
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

/// Counts the parts that will not be sent, by reason.
pub(crate) fn refused(c: &Connection, job: i64) -> Result<Vec<RefusedCount>> {
    rows(
        c,
        "SELECT coalesce(u.error_kind,''), min(coalesce(u.error,'')), count(*), sum(p.size) FROM part p JOIN asset a ON a.id=p.asset
         JOIN upload u ON u.id=p.upload WHERE a.job=?1 AND u.state='failed' GROUP BY 1 ORDER BY 3 DESC LIMIT 50",
        [job],
        |row| {
            Ok(RefusedCount {
                reason: Reason {
                    kind: row.get(0)?,
                    message: row.get(1)?,
                },
                parts: count(row, 2)?,
            })
        },
    )
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

/// Counts the requests that the destination will see.
pub(crate) fn requests(c: &Connection, job: i64, caps: &SinkCaps) -> Result<u64> {
    let (uploads, _) = to_send(c, job)?;
    let batch = u64::from(caps.commit_batch.get());
    let groups = by_album(
        c,
        "SELECT first_album FROM upload WHERE job=?1 AND state IN('wanted','spooled','staging','staged','committing')",
        job,
    )?;
    let commits: u64 = groups.iter().map(|group| group.div_ceil(batch)).sum();
    let mut sum = uploads.count * u64::from(caps.requests.per_part) + commits * u64::from(caps.requests.per_commit);
    if let Some(albums) = &caps.albums {
        sum += unsigned(number(
            c,
            "SELECT count(*) FROM album WHERE job=?1 AND state='wanted'",
            [job],
        )?);
        let add_batch = u64::from(albums.add_batch.max(1));
        let further = by_album(
            c,
            "SELECT f.album FROM filing f JOIN album a ON a.id=f.album JOIN upload u ON u.id=f.upload
             WHERE a.job=?1 AND f.state='wanted' AND u.state<>'failed' AND u.first_album IS NOT f.album",
            job,
        )?;
        sum += further.iter().map(|n| n.div_ceil(add_batch)).sum::<u64>();
    }
    Ok(sum)
}

/// Says what cannot be kept: fields that the sink does not know, and texts that are too long for it.
pub(crate) fn losses(c: &Connection, job: Job, caps: &SinkCaps) -> Result<Vec<Loss>> {
    let kept = caps.on_create.union(caps.on_update);
    let mut losses = Vec::new();
    let lost: Vec<_> = all_fields().minus(kept).each().collect();
    let counts = with_fields(c, job.id, &lost)?;
    for ((field, name), count) in lost.into_iter().zip(counts) {
        let in_file = caps.reads_from_file.contains(field);
        let why = match in_file {
            true => "the destination reads it from the file, which is sent unchanged",
            false => "the destination has no place for it",
        };
        if count > 0 {
            losses.push(Loss {
                in_file,
                what: name.into(),
                why: why.into(),
                count: Some(count),
            });
        }
    }
    let mut push = |what: &str, why: &str, count: u64| {
        if count > 0 {
            losses.push(Loss {
                in_file: false,
                what: what.into(),
                why: why.into(),
                count: Some(count),
            });
        }
    };
    if let Some(max) = caps
        .texts
        .description_chars
        .filter(|_| kept.contains(Fields::DESCRIPTION))
    {
        let n = number(
            c,
            "SELECT count(*) FROM asset WHERE job=?1 AND length(metadata->>'$.description.value')>?2",
            (job.id, max),
        )?;
        push(
            "end of a description",
            &format!("the destination takes {max} characters"),
            unsigned(n),
        );
    }
    if let Some(max) = caps.texts.file_name_chars {
        let n = number(
            c,
            "SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE a.job=?1 AND length(p.name)>?2",
            (job.id, max),
        )?;
        push(
            "end of a file name",
            &format!("the destination takes {max} characters"),
            unsigned(n),
        );
    }
    let albums = unsigned(number(
        c,
        "SELECT count(*) FROM album WHERE job=?1 AND slice=0",
        [job.id],
    )?);
    match &caps.albums {
        None => push("album", "the destination has no albums", albums),
        Some(album_caps) => {
            let max = album_caps.title_chars;
            let n = number(
                c,
                "SELECT count(*) FROM album WHERE job=?1 AND length(title)>?2",
                (job.id, max),
            )?;
            push(
                "end of an album title",
                &format!("the destination takes {max} characters"),
                unsigned(n),
            );
        }
    }
    Ok(losses)
}

fn all_fields() -> Fields {
    [
        Fields::TAKEN,
        Fields::TITLE,
        Fields::DESCRIPTION,
        Fields::KEYWORDS,
        Fields::PLACE,
        Fields::FAVOURITE,
        Fields::RATING,
        Fields::HIDDEN,
        Fields::ARCHIVED,
        Fields::PRIVATE,
        Fields::PEOPLE,
    ]
    .into_iter()
    .fold(Fields::NONE, Fields::union)
}

/// Counts, for each field, the assets where it holds something worth carrying, as `Metadata::fields` sees it. In one
/// pass: each text is parsed once for all fields.
fn with_fields(c: &Connection, job: i64, fields: &[(Fields, &str)]) -> Result<Vec<u64>> {
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let columns: Vec<_> = fields
        .iter()
        .map(|(field, _)| {
            let (path, test) = worth(*field);
            format!("count(*) FILTER(WHERE metadata->>'$.{path}' {test})")
        })
        .collect();
    let sql = format!("SELECT {} FROM asset WHERE job=?1", columns.join(","));
    let counts = one(c, &sql, [job], |row| {
        (0..fields.len())
            .map(|column| row.get(column).map(unsigned))
            .collect::<rusqlite::Result<Vec<_>>>()
    })?;
    Ok(counts.unwrap_or_default())
}

/// Where a field lies in the JSON, and when it is worth carrying.
fn worth(field: Fields) -> (&'static str, &'static str) {
    match field {
        Fields::TAKEN => ("taken", "IS NOT NULL"),
        Fields::TITLE => ("title.value", "<>''"),
        Fields::DESCRIPTION => ("description.value", "<>''"),
        Fields::KEYWORDS => ("keywords.value[0]", "IS NOT NULL"),
        Fields::PLACE => ("place", "IS NOT NULL"),
        Fields::FAVOURITE => ("favourite.value", "=1"),
        Fields::RATING => ("rating.value", ">0"),
        Fields::HIDDEN => ("hidden.value", "=1"),
        Fields::ARCHIVED => ("archived.value", "=1"),
        Fields::PRIVATE => ("private.value", "=1"),
        _ => ("people.value[0]", "IS NOT NULL"),
    }
}
