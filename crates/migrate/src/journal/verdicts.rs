//! From `committed` to an outcome: metadata, evidence.

use jiff::Timestamp;
use photomove_core::{Checksums, Claim, DestId, ItemKey, Metadata, Result};
use rusqlite::Connection;

use super::rows::{checksums, exec, number, one, rows};
use super::setbacks::{self, Setback};
use super::{accounting, filings, millis, staging, unsigned, uploads};
use crate::{Count, Outcome, Reason};

/// A committed upload whose proof is wanted.
#[derive(Debug, Clone)]
pub(crate) struct VerifyRow {
    pub upload: i64,
    pub key: ItemKey,
    pub dest: Option<DestId>,
    pub name: String,
    pub size_bytes: u64,
    pub checksums: Checksums,
    pub attempts: u32,
    /// Whether the source promised a hash of any of its parts.
    pub promised: bool,
}

impl VerifyRow {
    /// Says what is to be proven; `None` while the item's id is not known.
    pub(crate) fn claim(&self) -> Option<Claim> {
        Some(Claim {
            id: self.dest.clone()?,
            size_bytes: self.size_bytes,
            checksums: self.checksums,
        })
    }
}

/// Counts uploads whose proof can be asked for now; `described` = only once their metadata are
/// set, or before their ids are known.
pub(crate) fn waiting(c: &Connection, job: i64, described: bool, now: Timestamp) -> Result<u64> {
    number(
        c,
        "SELECT count(*) FROM upload WHERE job=?1 AND state='committed' AND (next_try IS NULL OR next_try<=?2) AND (NOT ?3 OR described=1 OR dest_id IS NULL)",
        (job, millis(now), described),
    )
    .map(unsigned)
}

/// Takes uploads whose proof can be asked for now.
pub(crate) fn take(c: &Connection, job: i64, limit: u32, described: bool, now: Timestamp) -> Result<Vec<VerifyRow>> {
    let mut found = rows(
        c,
        "SELECT id,dest_id,size,md5,sha1,sha256,attempts,key FROM upload
         WHERE job=?1 AND state='committed' AND (next_try IS NULL OR next_try<=?2) AND (NOT ?4 OR described=1 OR dest_id IS NULL)
         ORDER BY next_try, id LIMIT ?3",
        (job, millis(now), limit, described),
        |row| {
            let key: [u8; 16] = row.get(7)?;
            Ok(VerifyRow {
                upload: row.get(0)?,
                key: ItemKey::from_u128(u128::from_be_bytes(key)),
                dest: row.get::<_, Option<String>>(1)?.map(Into::into),
                name: String::new(),
                size_bytes: unsigned(row.get::<_, Option<i64>>(2)?.unwrap_or(0)),
                checksums: checksums(row, 3)?,
                attempts: row.get(6)?,
                promised: false,
            })
        },
    )?;
    for row in &mut found {
        row.name = uploads::face(c, row.upload)?.map_or_else(String::new, |(name, _, _)| name);
        row.promised = number(
            c,
            "SELECT EXISTS(SELECT 1 FROM part WHERE upload=?1 AND (md5 IS NOT NULL OR sha1 IS NOT NULL OR sha256 IS NOT NULL))",
            [row.upload],
        )? != 0;
    }
    Ok(found)
}

/// What was found out about an upload.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    /// It arrived; the detail says what proves it.
    Arrived { verified: bool, detail: String },
    /// It is missing or differs.
    Broken(Reason),
    /// Nothing could be found out; asked again then.
    Later { reason: Reason, at: Timestamp },
}

/// Stores what was found out.
pub(crate) fn apply(c: &Connection, upload: i64, verdict: &Verdict, now: Timestamp) -> Result<()> {
    match verdict {
        Verdict::Arrived { verified, detail } => {
            let result = if *verified { "verified" } else { "unverifiable" };
            exec(
                c,
                "UPDATE upload SET state=?2, next_try=NULL WHERE id=?1 AND state='committed'",
                (upload, result),
            )?;
            // Without its id it can be added nowhere; what it was to enter later is told as lost, not left open.
            exec(
                c,
                "UPDATE filing SET state='unfiled', reason=?2 WHERE upload=?1 AND state='wanted' AND ready=0
                   AND EXISTS(SELECT 1 FROM upload WHERE id=?1 AND dest_id IS NULL)",
                (upload, filings::NO_ID),
            )?;
            put_evidence(c, upload, result, detail, now)
        }
        Verdict::Broken(reason) => {
            staging::fail(c, upload, None, reason, now)?;
            put_evidence(c, upload, &reason.kind, &reason.message, now)
        }
        Verdict::Later { reason, at } => {
            exec(
                c,
                "UPDATE upload SET attempts=attempts+1, next_try=?2, error_kind=?3, error=?4 WHERE id=?1 AND state='committed'",
                (upload, millis(*at), &reason.kind, &reason.message),
            )?;
            Ok(())
        }
    }
}

pub(super) fn put_evidence(c: &Connection, upload: i64, result: &str, detail: &str, now: Timestamp) -> Result<()> {
    exec(
        c,
        "INSERT INTO evidence(upload,level,result,at,detail) VALUES(?1,'checksum',?2,?3,?4)
         ON CONFLICT DO UPDATE SET result=excluded.result, at=excluded.at, detail=excluded.detail",
        (upload, result, millis(now), detail),
    )?;
    Ok(())
}

/// Stores the id of an item that the sink told only later.
pub(crate) fn put_dest(c: &Connection, upload: i64, dest: &DestId) -> Result<()> {
    exec(c, "UPDATE upload SET dest_id=?2 WHERE id=?1", (upload, dest.as_str()))?;
    filings::mark_ready(c, upload)
}

/// Takes items whose metadata may have to be set after creation.
pub(crate) fn to_describe(c: &Connection, job: i64, limit: u32) -> Result<Vec<(i64, DestId, Metadata)>> {
    let ids = rows(
        c,
        "SELECT id,dest_id FROM upload WHERE job=?1 AND state='committed' AND described=0 AND dest_id IS NOT NULL LIMIT ?2",
        (job, limit),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
    )?;
    ids.into_iter()
        .map(|(id, dest)| Ok((id, dest.into(), uploads::metadata(c, id)?)))
        .collect()
}

/// Notes that an item's metadata are set as far as they can be, and what of them did not stay.
pub(crate) fn described(c: &Connection, upload: i64, lost: &[Setback]) -> Result<()> {
    setbacks::put(c, upload, lost)?;
    exec(c, "UPDATE upload SET described=1 WHERE id=?1", [upload])?;
    Ok(())
}

/// What the observer is told about a part that reached its outcome.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub asset: String,
    pub name: String,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub part: Count,
}

/// Returns the parts of a job that share an upload.
pub(crate) fn parts_of(c: &Connection, job: i64, upload: i64) -> Result<Vec<i64>> {
    rows(
        c,
        "SELECT p.id FROM part p CROSS JOIN asset a ON a.id=p.asset WHERE p.upload=?1 AND a.job=?2 ORDER BY p.id",
        (upload, job),
        |row| row.get(0),
    )
}

/// Tells what became of a part, as the accounting sees it; `None` while that is open.
pub(crate) fn story(c: &Connection, job: i64, part: i64) -> Result<Option<Story>> {
    let row = one(
        c,
        "SELECT a.source_id,p.name,u.state,u.error_kind,u.error,p.size,u.job,
           p.md5 IS NOT NULL OR p.sha1 IS NOT NULL OR p.sha256 IS NOT NULL
         FROM part p JOIN asset a ON a.id=p.asset JOIN upload u ON u.id=p.upload WHERE p.id=?1 AND a.job=?2",
        (part, job),
        |row| {
            let ours = row.get::<_, i64>(6)? == job;
            let Some(outcome) = accounting::outcome(row.get_ref(2)?.as_str()?, ours, row.get(7)?) else {
                return Ok(None);
            };
            let reason = Reason {
                kind: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                message: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            };
            Ok(Some(Story {
                asset: row.get(0)?,
                name: row.get(1)?,
                outcome,
                reason: (outcome == Outcome::Failed).then_some(reason),
                part: Count {
                    count: 1,
                    bytes: unsigned(row.get::<_, Option<i64>>(5)?.unwrap_or(0)),
                },
            }))
        },
    )?;
    Ok(row.flatten())
}
