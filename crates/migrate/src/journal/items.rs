//! All files of a job as reports and proofs list them: page by page, so that nothing grows with the library. Works beside
//! a run.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use photomove_core::{CaptureTime, Checksums, DestId, ItemKey, MediaKind, PartRole, Result};
use rusqlite::{Connection, Row};

use super::rows::{checksums, each, one, rows};
use super::{JobId, Journal, accounting, from_json, instant, unsigned};
use crate::{Count, Outcome, Reason};

/// One file of a job, with all that is known about it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ItemRecord {
    /// Place in the list; give the last one to [`Journal::items`] to go on.
    pub id: i64,
    /// Job in the journal.
    pub job: JobId,
    /// Id of the asset at the source.
    pub asset: String,
    /// Key of the item that is made of it at the destination; files with the same bytes share one. `None` if nothing is
    /// to be sent.
    pub key: Option<ItemKey>,
    /// File name as the source said it: any characters.
    pub name: String,
    /// What the asset is.
    pub kind: MediaKind,
    /// What the file is to its asset.
    pub role: PartRole,
    /// Length in bytes, if known.
    pub size_bytes: Option<u64>,
    /// Hashes of the bytes that were received, and where nothing was, those that the source promised.
    pub checksums: Checksums,
    /// When it was taken, as the source said.
    pub taken: Option<CaptureTime>,
    /// Albums that the source has it in, in the order of the listing.
    pub albums: Vec<ItemAlbum>,
    /// What became of it; `None` while that is open.
    pub outcome: Option<Outcome>,
    /// Why it is not proven to be at the destination; `None` if it is, or was there before.
    pub reason: Option<Reason>,
    /// Id of its item at the destination.
    pub destination: Option<DestId>,
    /// What was found out about the item at the destination.
    pub evidence: Option<ItemEvidence>,
    /// How often it was tried again.
    pub attempts: u32,
    /// Whether an earlier file of the job has the same bytes, so that both are one item at the destination.
    pub is_copy: bool,
}

/// A place in an album.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAlbum {
    /// Title of the album.
    pub title: String,
    /// Whether the item is in the album of that title at the destination.
    pub filed: bool,
}

/// What was found out about an item at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemEvidence {
    /// How it was asked: `receipt`, `checksum` or `download`.
    pub level: String,
    /// `verified`, `unverifiable`, or the kind of the reason why it failed.
    pub result: String,
    /// What proves it, for people.
    pub detail: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Journal {
    /// Lists the files of a job in the order of the listing, at most `limit`; go on with the last one's id.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn items(&self, job: JobId, after: Option<i64>, limit: u32) -> Result<Vec<ItemRecord>> {
        self.read(move |c| page(c, job, "1", None, after, limit)).await
    }

    /// Lists those of one outcome, `None` = those that have none yet, and if `reason` is given only those of that kind of
    /// reason.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn items_with(
        &self,
        job: JobId,
        outcome: Option<Outcome>,
        reason: Option<&str>,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ItemRecord>> {
        let reason = reason.map(str::to_owned);
        self.read(move |c| page(c, job, having(outcome), reason.as_deref(), after, limit))
            .await
    }

    /// Returns the first file of each of these items, as far as the job has them; in no order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn items_of(&self, job: JobId, keys: HashSet<ItemKey>) -> Result<Vec<ItemRecord>> {
        self.read(move |c| {
            let mut uploads = Vec::with_capacity(keys.len());
            // Nothing is indexed by key; one look at each row is quicker than many looks for one.
            each(c, "SELECT id,key FROM upload WHERE job=?1", [job.0], |row| {
                let key: [u8; 16] = row.get(1)?;
                if keys.contains(&ItemKey::from_u128(u128::from_be_bytes(key))) {
                    uploads.push(row.get::<_, i64>(0)?);
                }
                Ok(())
            })?;
            let mut items = Vec::with_capacity(uploads.len());
            for upload in uploads {
                items.extend(page(c, job, &format!("p.upload={upload}"), None, None, 1)?);
            }
            Ok(items)
        })
        .await
    }

    /// Counts the files that are not proven to be at the destination by outcome and kind of reason: what failed first, then
    /// what was left out, what is not finished, and what arrived without proof.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn reasons(&self, job: JobId) -> Result<Vec<ReasonCount>> {
        self.read(move |c| reasons(c, job)).await
    }
}

/// Files that are not proven to be at the destination, for one kind of reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReasonCount {
    /// What became of them; `None` while that is open.
    pub outcome: Option<Outcome>,
    /// One of [`Reason::KINDS`].
    pub kind: String,
    /// How many.
    pub files: Count,
}

/// The kind of reason of a row that is not proven, as [`finish`] gives it.
const KIND: &str =
    "CASE WHEN p.skipped LIKE 'drift: %' THEN 'drift' WHEN p.skipped LIKE 'plan: %' THEN 'left_out' WHEN p.skipped IS NOT NULL THEN 'gone' WHEN u.state='failed' THEN coalesce(u.error_kind,'internal')
  WHEN u.state IN('verified','unverifiable') THEN CASE WHEN p.md5 IS NULL AND p.sha1 IS NULL AND p.sha256 IS NULL
    THEN 'no_source_hash' ELSE 'no_proof' END ELSE 'waiting' END";

/// Kinds of reasons that are told apart; a journal holds a few.
const KINDS_KEPT: usize = 200;

fn reasons(c: &Connection, job: JobId) -> Result<Vec<ReasonCount>> {
    let mut counts = Vec::new();
    for outcome in [
        Some(Outcome::Failed),
        Some(Outcome::Skipped),
        None,
        Some(Outcome::Unverifiable),
    ] {
        let mut kinds: BTreeMap<String, Count> = BTreeMap::new();
        let sql = format!(
            "SELECT {KIND},p.size FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload
             WHERE a.job=?1 AND {}",
            having(outcome)
        );
        each(c, &sql, [job.0], |row| {
            let kind = row.get_ref(0)?.as_str()?;
            let is_room = kinds.len() < KINDS_KEPT || kinds.contains_key(kind);
            let kind = if is_room { kind } else { "internal" };
            let count = match kinds.get_mut(kind) {
                Some(count) => count,
                None => kinds.entry(kind.to_owned()).or_default(),
            };
            count.add(Count {
                count: 1,
                bytes: unsigned(row.get::<_, Option<i64>>(1)?.unwrap_or(0)),
            });
            Ok(())
        })?;
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, files)| std::cmp::Reverse(files.count));
        counts.extend(
            kinds
                .into_iter()
                .map(|(kind, files)| ReasonCount { outcome, kind, files }),
        );
    }
    Ok(counts)
}

/// The rows that [`accounting::outcome`] gives this outcome.
fn having(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => {
            "p.skipped IS NULL AND (u.state IS NULL OR u.state NOT IN('verified','unverifiable','already_there','failed'))"
        }
        Some(Outcome::Skipped) => "p.skipped IS NOT NULL",
        Some(Outcome::Failed) => "p.skipped IS NULL AND u.state='failed'",
        Some(Outcome::AlreadyThere) => {
            "p.skipped IS NULL AND (u.state='already_there' OR (u.job<>?1 AND u.state IN('verified','unverifiable')))"
        }
        Some(Outcome::Verified) => {
            "p.skipped IS NULL AND u.job=?1 AND u.state='verified'
             AND (p.md5 IS NOT NULL OR p.sha1 IS NOT NULL OR p.sha256 IS NOT NULL)"
        }
        Some(Outcome::Unverifiable) => {
            "p.skipped IS NULL AND u.job=?1 AND (u.state='unverifiable'
             OR (u.state='verified' AND p.md5 IS NULL AND p.sha1 IS NULL AND p.sha256 IS NULL))"
        }
    }
}

/// A row before its albums and its evidence are read.
struct Found {
    record: ItemRecord,
    asset: i64,
    upload: Option<i64>,
    state: Option<String>,
    kind: String,
    role: String,
    taken: Option<String>,
    skipped: Option<String>,
    promised: bool,
    ours: bool,
    error: Option<Reason>,
}

fn page(
    c: &Connection,
    job: JobId,
    having: &str,
    reason: Option<&str>,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<ItemRecord>> {
    // By row id and in this order of the tables, so that a page costs what it holds and nothing is sorted.
    let sql = format!(
        "SELECT p.id,a.source_id,p.name,a.kind,p.role,coalesce(u.size,p.size),p.md5,p.sha1,p.sha256,u.md5,u.sha1,u.sha256,
           a.metadata->'$.taken.value',p.skipped,u.state,u.job=?1,u.error_kind,u.error,u.dest_id,coalesce(u.attempts,0),u.key,
           a.id,u.id,u.id IS NOT NULL AND EXISTS(SELECT 1 FROM part q JOIN asset b ON b.id=q.asset
             WHERE q.upload=u.id AND b.job=?1 AND q.id<p.id)
         FROM part p CROSS JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload
         WHERE p.id>?2 AND a.job=?1 AND {having} AND (?4 IS NULL OR {KIND}=?4) ORDER BY p.id LIMIT ?3"
    );
    rows(c, &sql, (job.0, after.unwrap_or(0), limit, reason), |row| {
        found(job, row)
    })?
    .into_iter()
    .map(|found| finish(c, found))
    .collect()
}

fn found(job: JobId, row: &Row<'_>) -> rusqlite::Result<Found> {
    let (promised, received) = (checksums(row, 6)?, checksums(row, 9)?);
    let key: Option<[u8; 16]> = row.get(20)?;
    let error_kind: Option<String> = row.get(16)?;
    let message: Option<String> = row.get(17)?;
    Ok(Found {
        record: ItemRecord {
            id: row.get(0)?,
            job,
            asset: row.get(1)?,
            key: key.map(|key| ItemKey::from_u128(u128::from_be_bytes(key))),
            name: row.get(2)?,
            kind: MediaKind::Photo,
            role: PartRole::Primary,
            size_bytes: row.get::<_, Option<i64>>(5)?.map(unsigned),
            checksums: Checksums {
                md5: received.md5.or(promised.md5),
                sha1: received.sha1.or(promised.sha1),
                sha256: received.sha256.or(promised.sha256),
            },
            taken: None,
            albums: Vec::new(),
            outcome: None,
            reason: None,
            destination: row.get::<_, Option<String>>(18)?.map(Into::into),
            evidence: None,
            attempts: row.get(19)?,
            is_copy: row.get(23)?,
        },
        asset: row.get(21)?,
        upload: row.get(22)?,
        state: row.get(14)?,
        kind: row.get(3)?,
        role: row.get(4)?,
        taken: row.get(12)?,
        skipped: row.get(13)?,
        promised: !promised.kinds().is_empty(),
        ours: row.get::<_, Option<bool>>(15)?.unwrap_or(false),
        error: error_kind.map(|kind| Reason {
            kind,
            message: message.unwrap_or_default(),
        }),
    })
}

fn finish(c: &Connection, found: Found) -> Result<ItemRecord> {
    let mut record = found.record;
    record.kind = from_json(&format!("\"{}\"", found.kind))?;
    record.role = from_json(&format!("\"{}\"", found.role))?;
    record.taken = found.taken.as_deref().map(from_json).transpose()?;
    record.albums = albums(c, found.asset, found.upload)?;
    if let Some(upload) = found.upload {
        record.evidence = evidence(c, upload)?;
    }
    record.outcome = match (&found.skipped, found.state.as_deref()) {
        (Some(_), _) => Some(Outcome::Skipped),
        (None, Some(state)) => accounting::outcome(state, found.ours, found.promised),
        (None, None) => None,
    };
    record.reason = match (record.outcome, found.skipped) {
        (_, Some(message)) => Some(Reason::of_skipped(message)),
        (Some(Outcome::Failed), None) => Some(found.error.unwrap_or_else(|| Reason {
            kind: "internal".into(),
            message: "the journal does not say why".into(),
        })),
        (Some(Outcome::Unverifiable), None) => Some(unproven(found.promised, record.evidence.as_ref())),
        (None, None) => Some(unfinished(found.error)),
        _ => None,
    };
    Ok(record)
}

/// Why a file that arrived is not proven to be the one of the source.
fn unproven(promised: bool, evidence: Option<&ItemEvidence>) -> Reason {
    let said = evidence.and_then(|evidence| evidence.detail.clone());
    match promised {
        true => Reason {
            kind: "no_proof".into(),
            message: said.unwrap_or_else(|| "the destination proves no more than that it took it".into()),
        },
        false => Reason {
            kind: "no_source_hash".into(),
            message: said.unwrap_or_else(|| "the source gave no checksum".into()),
        },
    }
}

fn unfinished(error: Option<Reason>) -> Reason {
    Reason {
        kind: "waiting".into(),
        message: match error {
            Some(last) => format!("not finished; the last try ended with: {}", last.message),
            None => "not finished".into(),
        },
    }
}

fn albums(c: &Connection, asset: i64, upload: Option<i64>) -> Result<Vec<ItemAlbum>> {
    // An album that was cut into slices is one album of the source: any of them will do.
    rows(
        c,
        "SELECT s.title, EXISTS(SELECT 1 FROM filing f JOIN album g ON g.id=f.album
           WHERE f.upload=?2 AND f.state='filed' AND g.job=s.job AND g.source_id=s.source_id)
         FROM (SELECT DISTINCT al.job,al.source_id FROM member m JOIN album al ON al.id=m.album WHERE m.asset=?1) d
         JOIN album s ON s.job=d.job AND s.source_id=d.source_id AND s.slice=0 ORDER BY s.id",
        (asset, upload),
        |row| {
            Ok(ItemAlbum {
                title: row.get(0)?,
                filed: row.get(1)?,
            })
        },
    )
}

/// The strongest evidence for what the journal says of the upload.
fn evidence(c: &Connection, upload: i64) -> Result<Option<ItemEvidence>> {
    one(
        c,
        "SELECT e.level,e.result,e.detail,e.at FROM evidence e JOIN upload u ON u.id=e.upload WHERE e.upload=?1
         ORDER BY e.result=u.state DESC, CASE e.level WHEN 'download' THEN 3 WHEN 'checksum' THEN 2 ELSE 1 END DESC, e.at DESC LIMIT 1",
        [upload],
        |row| {
            Ok(ItemEvidence {
                level: row.get(0)?,
                result: row.get(1)?,
                detail: row.get(2)?,
                at: instant(row.get(3)?),
            })
        },
    )
}
