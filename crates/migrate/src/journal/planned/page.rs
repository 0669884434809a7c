//! What a job would do, as lines of a plan file.

use photomove_core::Result;
use rusqlite::Connection;

use super::super::rows::{checksums, rows};
use super::super::{from_json, unsigned};
use crate::plan_file::{Line, PlanAlbum, PlanItem, PlanOutcome, PlanPart};

/// How far the lines have been read: all albums come before the first item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Albums up to this row.
    Album(i64),
    /// Items up to this row.
    Item(i64),
}

impl Default for Place {
    fn default() -> Self {
        Self::Album(0)
    }
}

/// Returns the next lines; none = that was all.
pub(crate) fn page(c: &Connection, job: i64, after: Place, limit: usize) -> Result<Vec<(Place, Line)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = match after {
        Place::Album(row) => {
            let albums = albums(c, job, row, limit)?;
            if !albums.is_empty() {
                return Ok(albums);
            }
            0
        }
        Place::Item(row) => row,
    };
    items(c, job, after, limit)
}

fn albums(c: &Connection, job: i64, after: i64, limit: i64) -> Result<Vec<(Place, Line)>> {
    rows(
        c,
        "SELECT a.id, a.source_id, coalesce(a.source_title,a.title),
           (SELECT count(*) FROM member m JOIN album s ON s.id=m.album JOIN asset t ON t.id=m.asset
             WHERE s.job=?1 AND s.source_id=a.source_id AND m.pass=j.pass AND t.pass=j.pass)
         FROM album a JOIN job j ON j.id=a.job WHERE a.job=?1 AND a.slice=0 AND a.id>?2 AND a.pass=j.pass ORDER BY a.id LIMIT ?3",
        (job, after, limit),
        |row| {
            let album = PlanAlbum {
                id: row.get(1)?,
                title: row.get(2)?,
                places: unsigned(row.get(3)?),
            };
            Ok((Place::Album(row.get(0)?), Line::Album(album)))
        },
    )
}

fn items(c: &Connection, job: i64, after: i64, limit: i64) -> Result<Vec<(Place, Line)>> {
    // What an earlier pass listed and this one did not is gone.
    let found = rows(
        c,
        "SELECT a.id,a.source_id,a.revision,a.kind FROM asset a JOIN job j ON j.id=a.job
         WHERE a.job=?1 AND a.id>?2 AND a.pass=j.pass ORDER BY a.id LIMIT ?3",
        (job, after, limit),
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
            ))
        },
    )?;
    found
        .into_iter()
        .map(|(row, id, revision, kind)| {
            let item = PlanItem {
                id,
                revision,
                kind: from_json(&format!("\"{kind}\""))?,
                parts: parts(c, row)?,
                albums: rows(
                    c,
                    "SELECT DISTINCT a.source_id FROM member m JOIN album a ON a.id=m.album JOIN job j ON j.id=a.job
                     WHERE m.asset=?1 AND a.job=?2 AND m.pass=j.pass",
                    (row, job),
                    |row| row.get(0),
                )?,
            };
            Ok((Place::Item(row), Line::Item(item)))
        })
        .collect()
}

fn parts(c: &Connection, asset: i64) -> Result<Vec<PlanPart>> {
    let found = rows(
        c,
        "SELECT p.source_id,p.role,p.name,p.size,p.md5,p.sha1,p.sha256,p.skipped,u.state,u.error FROM part p
         LEFT JOIN upload u ON u.id=p.upload WHERE p.asset=?1 ORDER BY p.id",
        [asset],
        |row| {
            let skipped: Option<String> = row.get(7)?;
            let state: Option<String> = row.get(8)?;
            let outcome = match state.as_deref() {
                _ if skipped.is_some() => PlanOutcome::Refused,
                Some("failed") => PlanOutcome::Refused,
                Some("committed" | "verified" | "unverifiable" | "already_there") => PlanOutcome::AlreadyThere,
                _ => PlanOutcome::Planned,
            };
            let reason = match outcome {
                PlanOutcome::Refused => skipped.or(row.get(9)?),
                _ => None,
            };
            let part = PlanPart {
                id: row.get(0)?,
                role: photomove_core::PartRole::Primary,
                name: row.get(2)?,
                size: row.get::<_, Option<i64>>(3)?.map(unsigned),
                md5: None,
                sha1: None,
                sha256: None,
                outcome,
                reason,
            };
            Ok((row.get::<_, String>(1)?, part.with_checksums(&checksums(row, 4)?)))
        },
    )?;
    found
        .into_iter()
        .map(|(role, part)| {
            Ok(PlanPart {
                role: from_json(&format!("\"{role}\""))?,
                ..part
            })
        })
        .collect()
}
