//! Later looks at the destination: what is looked at next, what was found, and what becomes of the outcomes.
//!
//! What is missing or differs counts as failed from the moment a second look has confirmed it, and can be taken up by a
//! retry. What a service cannot prove at some level takes nothing from an outcome: that was decided by what was known
//! when the item was made.

use jiff::Timestamp;
use photomove_core::{Checksums, Claim, DestId, PartId, Result};
use rusqlite::Connection;

use super::rows::{checksums, exec, number, one, rows};
use super::{
    JobId, Journal, filings, from_json, instant, merge, millis, staging, to_json, unsigned, uploads, verdicts,
};
use crate::{Count, Difference, Findings, Level, Reason};

/// Items that can be looked for: those that count as arrived, and those that a later look found to be lost.
const LOOKED_AT: &str = "u.dest_id IS NOT NULL AND (u.state IN('verified','unverifiable','already_there')
   OR (u.state='failed' AND u.error_kind IN('missing','differs')))
   AND EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=u.id AND a.job=?1)";

/// Under which name it is kept what seemed lost at the first look; the second one decides. Looks of several levels may be
/// under way, and each one counts for itself.
fn suspect(level: Level) -> &'static str {
    match level {
        Level::Receipt => "suspect_receipt",
        Level::Checksum => "suspect_checksum",
        Level::Download => "suspect_download",
    }
}

/// Under which name a level is kept in the evidence. `checksum` itself is what an outcome rests on, and stays.
fn kept_as(level: Level) -> &'static str {
    match level {
        Level::Checksum => "checksum_later",
        other => other.name(),
    }
}

/// A look that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub job: i64,
    pub level: Level,
    pub begun_at: Timestamp,
    /// Whether everything was looked at once, and what seemed lost is looked at again.
    pub second: bool,
    /// The last item that was looked at.
    pub place: i64,
    pub sums: Findings,
}

/// Goes on with a look that was interrupted, or begins a new one.
pub(crate) fn open(c: &Connection, job: i64, level: Level, now: Timestamp) -> Result<Look> {
    let row = one(
        c,
        "SELECT begun_at,second_look,place,sums FROM recheck WHERE job=?1 AND level=?2",
        (job, level.name()),
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, bool>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
            ))
        },
    )?;
    let look = match row {
        Some((begun_at, second, place, sums)) => Look {
            job,
            level,
            begun_at: instant(begun_at),
            second,
            place,
            sums: from_json(&sums)?,
        },
        None => Look {
            job,
            level,
            begun_at: now,
            second: false,
            place: 0,
            sums: Findings::default(),
        },
    };
    put(c, &look)?;
    Ok(look)
}

fn put(c: &Connection, look: &Look) -> Result<()> {
    exec(
        c,
        "INSERT INTO recheck(job,level,begun_at,second_look,place,sums) VALUES(?1,?2,?3,?4,?5,?6)
         ON CONFLICT DO UPDATE SET second_look=excluded.second_look, place=excluded.place, sums=excluded.sums",
        (
            look.job,
            look.level.name(),
            millis(look.begun_at),
            look.second,
            look.place,
            to_json(&look.sums)?,
        ),
    )?;
    Ok(())
}

/// Ends a look: the next one begins anew.
pub(crate) fn close(c: &Connection, look: &Look) -> Result<()> {
    exec(
        c,
        "DELETE FROM recheck WHERE job=?1 AND level=?2",
        (look.job, look.level.name()),
    )?;
    Ok(())
}

/// An item to look at.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub upload: i64,
    pub dest: DestId,
    pub size_bytes: u64,
    pub checksums: Checksums,
    /// The first part, by which it is read back.
    pub part: PartId,
    /// Whether it counts as lost already.
    pub lost: bool,
    /// Whether the source promised a hash of any of its parts.
    pub promised: bool,
    /// Whether the destination is known to show it to this program: it counts as made by it, or it was seen.
    pub shown: bool,
}

impl Item {
    /// What is to be proven; a `bare` claim asks only whether the item is there.
    pub(crate) fn claim(&self, bare: bool) -> Claim {
        Claim {
            id: self.dest.clone(),
            size_bytes: self.size_bytes,
            checksums: if bare { Checksums::default() } else { self.checksums },
        }
    }

    pub(crate) fn count(&self) -> Count {
        Count {
            count: 1,
            bytes: self.size_bytes,
        }
    }
}

/// Returns what is looked at next.
pub(crate) fn next(c: &Connection, look: &Look, limit: u32) -> Result<Vec<Item>> {
    // The second look is at what the first one found to be lost.
    let seemed = "EXISTS(SELECT 1 FROM evidence e WHERE e.upload=u.id AND e.level=?6 AND e.at>=?4)";
    let sql = format!(
        "SELECT u.id,u.dest_id,coalesce(u.size,0),u.md5,u.sha1,u.sha256,u.state='failed',
           (SELECT source_id FROM part WHERE upload=u.id ORDER BY id LIMIT 1),
           EXISTS(SELECT 1 FROM part WHERE upload=u.id AND (md5 IS NOT NULL OR sha1 IS NOT NULL OR sha256 IS NOT NULL)),
           u.state='failed' OR u.app_owned IS 1
             OR EXISTS(SELECT 1 FROM evidence e WHERE e.upload=u.id AND e.level<>'checksum' AND e.result IN('exists','same'))
         FROM upload u NOT INDEXED WHERE u.id>?2 AND {LOOKED_AT} AND (NOT ?5 OR {seemed}) ORDER BY u.id LIMIT ?3"
    );
    rows(
        c,
        &sql,
        (
            look.job,
            look.place,
            limit,
            millis(look.begun_at),
            look.second,
            suspect(look.level),
        ),
        |row| {
            Ok(Item {
                upload: row.get(0)?,
                dest: row.get::<_, String>(1)?.into(),
                size_bytes: unsigned(row.get(2)?),
                checksums: checksums(row, 3)?,
                lost: row.get(6)?,
                part: PartId::new(row.get::<_, Option<String>>(7)?.unwrap_or_default()),
                promised: row.get(8)?,
                shown: row.get(9)?,
            })
        },
    )
}

/// Counts what is to be looked at, and what has no name at the destination by which it could be.
pub(crate) fn totals(c: &Connection, job: i64) -> Result<(Count, u64)> {
    let items = one(
        c,
        &format!("SELECT count(*), coalesce(sum(u.size),0) FROM upload u NOT INDEXED WHERE {LOOKED_AT}"),
        [job],
        |row| {
            Ok(Count {
                count: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
            })
        },
    )?;
    let nameless = number(
        c,
        "SELECT count(*) FROM upload WHERE job=?1 AND state='unverifiable' AND dest_id IS NULL",
        [job],
    )?;
    Ok((items.unwrap_or_default(), unsigned(nameless)))
}

/// What was found out about an item.
#[derive(Debug, Clone)]
pub(crate) enum Finding {
    /// The bytes are the same; the detail names the hashes.
    Same(String),
    /// It is there, and that is all that is known.
    Exists,
    /// It is missing or differs.
    Broken(Reason),
    /// The destination does not show it to this program, which says nothing about it.
    Unshown(Reason),
    /// Nobody could tell.
    Unknown(Reason),
}

/// Stores what was found out about a page of items, and that the look has come so far.
pub(crate) fn store(c: &Connection, look: &mut Look, found: &[(Item, Finding)], now: Timestamp) -> Result<()> {
    for (item, finding) in found {
        let one = item.count();
        if look.second {
            // It was counted as lost; what it is now takes the place of that.
            take_back(look, c, item)?;
        } else {
            look.sums.looked_at.add(one);
        }
        match finding {
            Finding::Same(detail) => {
                look.sums.same.add(one);
                there(c, look, item, Some(detail), now)?;
            }
            Finding::Exists => {
                look.sums.exists.add(one);
                there(c, look, item, None, now)?;
            }
            Finding::Broken(reason) => {
                let place = match reason.kind.as_str() {
                    "missing" => &mut look.sums.missing,
                    _ => &mut look.sums.differs,
                };
                place.add(one);
                // Only what two looks have not found is lost: a service may leave something out of one answer.
                let level = if look.second {
                    kept_as(look.level)
                } else {
                    suspect(look.level)
                };
                note(c, level, item.upload, &reason.kind, &reason.message, now)?;
                if look.second && !item.lost {
                    exec(c, "UPDATE upload SET before=state WHERE id=?1", [item.upload])?;
                    staging::fail(c, item.upload, None, reason, now)?;
                }
            }
            Finding::Unshown(reason) | Finding::Unknown(reason) => {
                look.sums.unknown.add(one);
                if matches!(finding, Finding::Unshown(_)) {
                    look.sums.unshown.add(one);
                }
                note(c, kept_as(look.level), item.upload, "unknown", &reason.message, now)?;
            }
        }
        look.place = item.upload;
    }
    put(c, look)
}

/// Says that the first look is over and what seemed lost is looked at again.
pub(crate) fn look_again(c: &Connection, look: &mut Look) -> Result<()> {
    look.second = true;
    look.place = 0;
    put(c, look)
}

fn take_back(look: &mut Look, c: &Connection, item: &Item) -> Result<()> {
    let before = one(
        c,
        "DELETE FROM evidence WHERE upload=?1 AND level=?2 RETURNING result",
        (item.upload, suspect(look.level)),
        |row| row.get::<_, String>(0),
    )?;
    let place = match before.as_deref() {
        Some("missing") => &mut look.sums.missing,
        _ => &mut look.sums.differs,
    };
    place.count = place.count.saturating_sub(1);
    place.bytes = place.bytes.saturating_sub(item.size_bytes);
    Ok(())
}

/// The item is there, perhaps with a proof: what was lost is found again, what had no proof has one.
fn there(c: &Connection, look: &mut Look, item: &Item, proof: Option<&String>, now: Timestamp) -> Result<()> {
    if item.lost {
        look.sums.found_again.add(item.count());
        if let Some(size) = number_of_bytes(c, item.upload)?
            && let Some(twin) = merge::twin(c, target_of(c, item.upload)?, size, &item.checksums, item.upload)?
        {
            if !is_to_be_sent(c, twin)? {
                share(c, item.upload, twin)?;
                return enter_albums(c, twin);
            }
            // Nothing was made of it yet, and nothing need be.
            merge::merge(c, twin, item.upload, look.job)?;
        }
        restore(c, item.upload, now)?;
        enter_albums(c, item.upload)?;
    }
    let state = one(c, "SELECT state FROM upload WHERE id=?1", [item.upload], |row| {
        row.get::<_, String>(0)
    })?;
    let Some(proof) = proof else {
        // Nothing is taken from what a checksum has proven before.
        return note(
            c,
            kept_as(look.level),
            item.upload,
            "exists",
            "it exists, the service proves no more",
            now,
        );
    };
    if state.as_deref() == Some("unverifiable") && item.promised {
        exec(c, "UPDATE upload SET state='verified' WHERE id=?1", [item.upload])?;
        verdicts::put_evidence(c, item.upload, "verified", proof, now)?;
    }
    note(c, kept_as(look.level), item.upload, "same", proof, now)
}

fn number_of_bytes(c: &Connection, upload: i64) -> Result<Option<u64>> {
    let size = one(c, "SELECT size FROM upload WHERE id=?1", [upload], |row| {
        row.get::<_, Option<i64>>(0)
    })?;
    Ok(size.flatten().map(unsigned))
}

fn target_of(c: &Connection, upload: i64) -> Result<i64> {
    number(c, "SELECT target FROM upload WHERE id=?1", [upload])
}

fn is_to_be_sent(c: &Connection, upload: i64) -> Result<bool> {
    number(
        c,
        "SELECT state IN('wanted','spooled','staged') FROM upload WHERE id=?1",
        [upload],
    )
    .map(|found| found != 0)
}

/// The bytes of an item that is found again were sent once more meanwhile: its files share that upload from now on, as
/// all files of the same bytes do. What it was filed into it is still in; nothing is sent for it.
fn share(c: &Connection, upload: i64, twin: i64) -> Result<()> {
    exec(
        c,
        "INSERT OR IGNORE INTO filing(album,upload,position,state,ready,reason)
         SELECT album,?2,position,iif(state='filed','filed','wanted'),0,NULL FROM filing WHERE upload=?1",
        (upload, twin),
    )?;
    exec(c, "DELETE FROM filing WHERE upload=?1", [upload])?;
    exec(c, "UPDATE part SET upload=?2 WHERE upload=?1", (upload, twin))?;
    Ok(())
}

/// Albums that a lost item joined meanwhile can have it now: that is work, so that a job which lacks it is not finished.
fn enter_albums(c: &Connection, upload: i64) -> Result<()> {
    filings::mark_ready(c, upload)?;
    exec(
        c,
        "UPDATE job SET state='running' WHERE state='finished' AND id IN(SELECT a.job FROM filing f JOIN album a ON a.id=f.album
           WHERE f.upload=?1 AND f.state='wanted')",
        [upload],
    )?;
    Ok(())
}

/// Gives an item that was lost the outcome back that it had.
fn restore(c: &Connection, upload: i64, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET state=coalesce(before,'unverifiable'), before=NULL, error=NULL, error_kind=NULL WHERE id=?1",
        [upload],
    )?;
    let state = one(c, "SELECT state FROM upload WHERE id=?1", [upload], |row| {
        row.get::<_, String>(0)
    })?
    .unwrap_or_default();
    if state == "already_there" {
        return Ok(());
    }
    // One that was lost before this program looked again has nothing that bears out any other state.
    let proven = number(
        c,
        "SELECT EXISTS(SELECT 1 FROM evidence WHERE upload=?1 AND level='checksum' AND result=?2)",
        (upload, &state),
    )?;
    if proven == 0 {
        exec(c, "UPDATE upload SET state='unverifiable' WHERE id=?1", [upload])?;
        verdicts::put_evidence(
            c,
            upload,
            "unverifiable",
            "it was not found, and later it was; the service proves no more",
            now,
        )?;
    }
    Ok(())
}

fn note(c: &Connection, level: &str, upload: i64, result: &str, detail: &str, now: Timestamp) -> Result<()> {
    exec(
        c,
        "INSERT INTO evidence(upload,level,result,at,detail) VALUES(?1,?2,?3,?4,?5)
         ON CONFLICT DO UPDATE SET result=excluded.result, at=excluded.at, detail=excluded.detail",
        (upload, level, result, millis(now), detail),
    )?;
    Ok(())
}

impl Journal {
    /// Lists what the last look at that level did not find as it should be, by the order of sending; go on with the last
    /// one's id.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn differences(
        &self,
        job: JobId,
        level: Level,
        since: Timestamp,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Difference>> {
        self.read(move |c| {
            let mut found = rows(
                c,
                "SELECT u.id,coalesce(u.dest_id,''),u.size,e.result,coalesce(e.detail,''),e.at,
                   (SELECT count(*) FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=u.id AND a.job=?1)
                 FROM upload u NOT INDEXED JOIN evidence e ON e.upload=u.id AND e.level=?2
                 WHERE u.id>?3 AND e.at>=?4 AND e.result IN('missing','differs','unknown')
                   AND EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=u.id AND a.job=?1)
                 ORDER BY u.id LIMIT ?5",
                (job.0, kept_as(level), after.unwrap_or(0), millis(since), limit),
                |row| {
                    Ok(Difference {
                        id: row.get(0)?,
                        item: row.get(1)?,
                        name: String::new(),
                        files: unsigned(row.get(6)?),
                        size_bytes: row.get::<_, Option<i64>>(2)?.map(unsigned),
                        reason: Reason {
                            kind: row.get(3)?,
                            message: row.get(4)?,
                        },
                        at: instant(row.get(5)?),
                    })
                },
            )?;
            for one in &mut found {
                one.name = uploads::face(c, one.id)?.map_or_else(String::new, |(name, _, _)| name);
            }
            Ok(found)
        })
        .await
    }
}
