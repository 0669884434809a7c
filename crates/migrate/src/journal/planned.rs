//! What a plan file says, beside what is listed now: only what is as planned is moved.

mod page;

use photomove_core::{Asset, Filters, Part, Result};
use rusqlite::Connection;

use super::jobs;
use super::listing::{self, Intake, News};
use super::rows::{exec, number, one, rows};
use super::{from_json, merge, signed, to_json, unsigned};
use crate::plan_file::{PlanAlbum, PlanItem, PlanOutcome, PlanPart};
use crate::{Count, Drift, DriftExample, DriftKind};

pub(crate) use page::{Place, page};

/// Name of the mark that says that the whole plan file is in the journal. It goes with each new pass, which reads the
/// file anew and so begins without the drift of the pass before.
const READ: &str = "plan_file";
/// Examples of each kind of drift.
const EXAMPLES: u32 = 5;

/// How an asset compares with the plan.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// There is no plan file, or it is as planned.
    Free,
    /// It is as planned; these are its files.
    Same(Vec<PlanPart>),
    /// Its bytes are others.
    Changed,
    /// It is not in the plan; whether it is met for the first time in this pass.
    LeftOut { first: bool },
}

/// What becomes of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is taken in as any file is.
    Taken,
    /// It is left out.
    LeftOut(String),
    /// It was moved as planned before it changed: it stays as it is.
    Kept,
}

/// Says whether the plan file was read to its end in this pass.
pub(crate) fn is_read(c: &Connection, job: i64) -> Result<bool> {
    Ok(jobs::cursor(c, job, READ)?.is_some())
}

/// Notes that it was.
pub(crate) fn set_read(c: &Connection, job: i64) -> Result<()> {
    jobs::put_cursor(c, job, READ, None)
}

/// Forgets an earlier reading.
pub(crate) fn clear(c: &Connection, job: i64) -> Result<()> {
    exec(c, "DELETE FROM planned WHERE job=?1", [job])?;
    exec(c, "DELETE FROM planned_album WHERE job=?1", [job])?;
    Ok(())
}

/// Stores an item of the plan.
pub(crate) fn put_item(c: &Connection, job: i64, item: &PlanItem) -> Result<()> {
    exec(
        c,
        "INSERT OR REPLACE INTO planned(job,source_id,name,revision,parts,albums,state) VALUES(?1,?2,?3,?4,?5,?6,'unseen')",
        (
            job,
            &item.id,
            item.name(),
            &item.revision,
            to_json(&item.parts)?,
            to_json(&item.albums)?,
        ),
    )?;
    Ok(())
}

/// Stores an album of the plan.
pub(crate) fn put_album(c: &Connection, job: i64, album: &PlanAlbum) -> Result<()> {
    exec(
        c,
        "INSERT OR REPLACE INTO planned_album(job,source_id,title,places,state) VALUES(?1,?2,?3,?4,'unseen')",
        (job, &album.id, &album.title, signed(album.places)),
    )?;
    Ok(())
}

/// Compares a listed asset with the plan and notes what was found.
pub(crate) fn judge(c: &Connection, job: i64, asset: &Asset) -> Result<Verdict> {
    let planned = one(
        c,
        "SELECT revision,parts,state FROM planned WHERE job=?1 AND source_id=?2",
        (job, asset.id.as_str()),
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        },
    )?;
    let Some((revision, parts, state)) = planned else {
        let name = asset.parts.first().map_or("", |part| part.file_name.as_str());
        exec(
            c,
            "INSERT INTO planned(job,source_id,name,revision,parts,albums,state) VALUES(?1,?2,?3,?4,'[]','[]','new')",
            (job, asset.id.as_str(), name, &asset.revision),
        )?;
        return Ok(Verdict::LeftOut { first: true });
    };
    if state == "new" {
        return Ok(Verdict::LeftOut { first: false });
    }
    let parts: Vec<PlanPart> = from_json(&parts)?;
    let same = revision == asset.revision
        && asset.parts.iter().all(|part| {
            planned_part(&parts, part).is_none_or(|planned| planned.is_as_planned(part.size_bytes, &part.checksums))
        });
    exec(
        c,
        "UPDATE planned SET state=?3 WHERE job=?1 AND source_id=?2",
        (job, asset.id.as_str(), if same { "same" } else { "changed" }),
    )?;
    Ok(if same { Verdict::Same(parts) } else { Verdict::Changed })
}

fn planned_part<'a>(parts: &'a [PlanPart], part: &Part) -> Option<&'a PlanPart> {
    parts
        .iter()
        .find(|planned| planned.id == part.id.as_str() && planned.role == part.role)
}

/// Says what becomes of a file of an asset that was judged so; `row` is the asset's.
pub(crate) fn fate(
    c: &Connection,
    intake: &Intake,
    verdict: &Verdict,
    asset: &Asset,
    row: i64,
    part: &Part,
) -> Result<Fate> {
    let parts = match verdict {
        Verdict::Free => return Ok(Fate::Taken),
        Verdict::Same(parts) => parts,
        Verdict::Changed | Verdict::LeftOut { .. } => {
            let moved = number(
                c,
                "SELECT EXISTS(SELECT 1 FROM part WHERE asset=?1 AND source_id=?2 AND upload IS NOT NULL)",
                (row, part.id.as_str()),
            )?;
            return Ok(match moved {
                0 => Fate::LeftOut("drift: it has changed since the plan was made".into()),
                _ => Fate::Kept,
            });
        }
    };
    Ok(match planned_part(parts, part) {
        None => Fate::LeftOut("drift: this file of the item has come since the plan was made".into()),
        Some(planned) => match planned.outcome {
            PlanOutcome::Planned => Fate::Taken,
            PlanOutcome::Refused if listing::refusal(intake, asset, part).is_some() => Fate::Taken,
            PlanOutcome::Refused => {
                let reason = planned.reason.as_deref().unwrap_or("no reason given");
                Fate::LeftOut(format!("plan: not to be moved: {reason}"))
            }
            PlanOutcome::AlreadyThere if is_there(c, intake.job.target, part)? => Fate::Taken,
            PlanOutcome::AlreadyThere => Fate::LeftOut("plan: not to be moved: it was there already".into()),
        },
    })
}

fn is_there(c: &Connection, target: i64, part: &Part) -> Result<bool> {
    let Some(size) = part.size_bytes else {
        return Ok(false);
    };
    let Some(twin) = merge::twin(c, target, size, &part.checksums, 0)? else {
        return Ok(false);
    };
    let done = "SELECT EXISTS(SELECT 1 FROM upload WHERE id=?1 AND state IN('committed','verified','unverifiable','already_there'))";
    Ok(number(c, done, [twin])? != 0)
}

/// Stores a file that is left out.
pub(crate) fn leave_out(c: &Connection, pass: i64, row: i64, part: &Part, why: &str, news: &mut News) -> Result<()> {
    let role = to_json(&part.role)?;
    let role = role.trim_matches('"');
    let known = one(
        c,
        "SELECT skipped FROM part WHERE asset=?1 AND source_id=?2 AND role=?3",
        (row, part.id.as_str(), role),
        |row| row.get::<_, Option<String>>(0),
    )?;
    if known.as_ref().is_some_and(|skipped| skipped.as_deref() == Some(why)) {
        return Ok(());
    }
    if known.is_none() {
        news.parts.add(Count {
            count: 1,
            bytes: part.size_bytes.unwrap_or(0),
        });
    }
    let id = number(
        c,
        "INSERT INTO part(asset,source_id,role,name,media_type,size,md5,sha1,sha256,skipped,since) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
         ON CONFLICT DO UPDATE SET name=excluded.name, size=excluded.size, upload=NULL, skipped=excluded.skipped RETURNING id",
        (
            row,
            part.id.as_str(),
            role,
            &part.file_name,
            &part.media_type,
            part.size_bytes.map(signed),
            &part.checksums.md5,
            &part.checksums.sha1,
            &part.checksums.sha256,
            why,
            pass,
        ),
    )?;
    news.planned.push(id);
    Ok(())
}

/// Compares a listed album with the plan and returns the title to give it; `None` = it is left out.
pub(crate) fn title(c: &Connection, job: i64, album: &photomove_core::Album) -> Result<Option<String>> {
    exec(
        c,
        "INSERT INTO planned_album(job,source_id,title,places,state) VALUES(?1,?2,?3,0,'new')
         ON CONFLICT DO UPDATE SET state='same', now_title=CASE WHEN title<>excluded.title THEN excluded.title END
           WHERE state<>'new'",
        (job, album.id.as_str(), &album.title),
    )?;
    one(
        c,
        "SELECT title FROM planned_album WHERE job=?1 AND source_id=?2 AND state='same'",
        (job, album.id.as_str()),
        |row| row.get(0),
    )
}

/// Compares a listed place in an album with the plan; `false` = it is left out. `all` = the plan is of all assets that
/// fit.
///
/// A place of what the plan does not mean, and would not mean today, is not one that has come since: a filter left it
/// out then as now.
pub(crate) fn place(c: &Connection, job: i64, album: &str, asset: &str, all: bool) -> Result<bool> {
    let planned = number(
        c,
        "SELECT EXISTS(SELECT 1 FROM planned p, json_each(p.albums) j WHERE p.job=?1 AND p.source_id=?2 AND j.value=?3)",
        (job, asset, album),
    )? != 0;
    if planned {
        let known = exec(
            c,
            "UPDATE planned_album SET kept=kept+1 WHERE job=?1 AND source_id=?2 AND state<>'new'",
            (job, album),
        )?;
        return Ok(known > 0);
    }
    exec(
        c,
        "UPDATE planned_album SET grown=grown+1 WHERE job=?1 AND source_id=?2
           AND EXISTS(SELECT 1 FROM planned p WHERE p.job=?1 AND p.source_id=?3 AND (?4 OR p.state<>'new'))",
        (job, album, asset, all),
    )?;
    Ok(false)
}

/// Takes out albums all of whose planned members are gone or left out, so that none of them is made empty at the
/// destination.
pub(crate) fn drop_emptied(c: &Connection, job: i64) -> Result<()> {
    // A member that is left out has no upload, and so no filing.
    let emptied = "job=?1 AND state='wanted'
       AND NOT EXISTS(SELECT 1 FROM filing f WHERE f.album=album.id) AND NOT EXISTS(SELECT 1 FROM intent i WHERE i.album=album.id)
       AND EXISTS(SELECT 1 FROM planned_album p WHERE p.job=?1 AND p.source_id=album.source_id AND p.places>0)";
    exec(
        c,
        &format!("DELETE FROM member WHERE album IN(SELECT id FROM album WHERE {emptied})"),
        [job],
    )?;
    exec(c, &format!("DELETE FROM album WHERE {emptied}"), [job])?;
    Ok(())
}

/// Forgets the places that were counted: they are listed once more in the same pass.
pub(super) fn list_again(c: &Connection, job: i64) -> Result<()> {
    exec(c, "UPDATE planned_album SET kept=0, grown=0 WHERE job=?1", [job])?;
    Ok(())
}

/// Counts listed assets that are not in the plan.
pub(super) fn left_out(c: &Connection, job: i64) -> Result<u64> {
    number(c, "SELECT count(*) FROM planned WHERE job=?1 AND state='new'", [job]).map(unsigned)
}

/// Says where the source is not as planned, once it is listed; `filters` are those of the plan.
pub(crate) fn drift(c: &Connection, job: i64, filters: &Filters) -> Result<Drift> {
    // Of the first so many items nobody can say what is new.
    let all = filters.limit.is_none();
    let mut drift = one(
        c,
        "SELECT count(*) FILTER(WHERE state<>'new'), count(*) FILTER(WHERE state='changed'), count(*) FILTER(WHERE state='unseen'),
           count(*) FILTER(WHERE state='new') FROM planned WHERE job=?1",
        [job],
        |row| {
            Ok(Drift {
                planned: unsigned(row.get(0)?),
                changed: unsigned(row.get(1)?),
                gone: unsigned(row.get(2)?),
                new: if all { unsigned(row.get(3)?) } else { 0 },
                ..Drift::default()
            })
        },
    )?
    .unwrap_or_default();
    let mut kinds = vec![(DriftKind::Changed, "changed"), (DriftKind::Gone, "unseen")];
    if all {
        kinds.push((DriftKind::New, "new"));
    }
    for (kind, state) in kinds {
        let names = rows(
            c,
            "SELECT name FROM planned WHERE job=?1 AND state=?2 LIMIT ?3",
            (job, state, EXAMPLES),
            |row| row.get(0),
        )?;
        drift.examples.extend(names.into_iter().map(|name| DriftExample {
            kind,
            name,
            now: None,
            places: None,
        }));
    }
    album_drift(c, job, filters.is_empty(), &mut drift)?;
    Ok(drift)
}

fn album_drift(c: &Connection, job: i64, whole: bool, drift: &mut Drift) -> Result<()> {
    // A filtered plan holds only albums with members that are meant: one without any was there before, too, perhaps.
    let new = if whole {
        "state='new'"
    } else {
        "state='new' AND grown>0"
    };
    let kinds = [
        (
            DriftKind::AlbumRenamed,
            "state='same' AND now_title IS NOT NULL",
            "NULL",
        ),
        (DriftKind::AlbumGone, "state='unseen'", "NULL"),
        (DriftKind::AlbumNew, new, "NULL"),
        (DriftKind::AlbumGrown, "state='same' AND grown>0", "grown"),
        (DriftKind::AlbumShrunk, "state='same' AND kept<places", "places-kept"),
    ];
    for (kind, test, places) in kinds {
        let count = number(
            c,
            &format!("SELECT count(*) FROM planned_album WHERE job=?1 AND {test}"),
            [job],
        )
        .map(unsigned)?;
        let total = match kind {
            DriftKind::AlbumRenamed => &mut drift.albums_renamed,
            DriftKind::AlbumGone => &mut drift.albums_gone,
            DriftKind::AlbumNew => &mut drift.albums_new,
            DriftKind::AlbumGrown => &mut drift.albums_grown,
            _ => &mut drift.albums_shrunk,
        };
        *total = count;
        drift.examples.extend(rows(
            c,
            &format!("SELECT title,now_title,{places} FROM planned_album WHERE job=?1 AND {test} LIMIT ?2"),
            (job, EXAMPLES),
            |row| {
                Ok(DriftExample {
                    kind,
                    name: row.get(0)?,
                    now: match kind {
                        DriftKind::AlbumRenamed => row.get(1)?,
                        _ => None,
                    },
                    places: row.get::<_, Option<i64>>(2)?.map(unsigned),
                })
            },
        )?);
    }
    Ok(())
}
