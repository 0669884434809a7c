//! Runs: when each began and ended, how far it is, and what arrived on which day.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::Result;
use rusqlite::Connection;

use super::rows::{each, exec, number, one};
use super::{JobId, Journal, accounting, albums, filings, from_json, instant, millis, to_json, unsigned};
use crate::{Budget, Count, Holding, LockKind, Locks, Run, RunKind, RunNotes, Stages};

/// Writes down that a run begins.
pub(crate) fn begin(c: &Connection, job: i64, kind: RunKind, notes: &RunNotes, now: Timestamp) -> Result<i64> {
    number(
        c,
        "INSERT INTO run(job,kind,started_at,updated_at,progress) VALUES(?1,?2,?3,?3,?4) RETURNING id",
        (job, kind.name(), millis(now), to_json(notes)?),
    )
}

/// Writes down that a run goes on after a pause.
pub(crate) fn go_on(c: &Connection, run: i64) -> Result<()> {
    exec(c, "UPDATE run SET ended_at=NULL, outcome=NULL WHERE id=?1", [run])?;
    Ok(())
}

/// Keeps how far a run is.
pub(crate) fn note(c: &Connection, run: i64, notes: &RunNotes, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE run SET updated_at=?2, progress=?3 WHERE id=?1 AND ended_at IS NULL",
        (run, millis(now), to_json(notes)?),
    )?;
    Ok(())
}

/// Writes down how a run ended.
pub(crate) fn end(c: &Connection, run: i64, outcome: &str, notes: &RunNotes, now: Timestamp) -> Result<()> {
    exec(
        c,
        "UPDATE run SET ended_at=?2, updated_at=?2, outcome=?3, progress=?4 WHERE id=?1",
        (run, millis(now), outcome, to_json(notes)?),
    )?;
    Ok(())
}

/// Counts a file that has just become an item, on the day of this machine's calendar.
pub(super) fn count_day(c: &Connection, upload: i64, now: Timestamp) -> Result<()> {
    exec(
        c,
        "INSERT INTO day_sum(job,day,files,bytes) SELECT job,?2,1,coalesce(size,0) FROM upload WHERE id=?1
         ON CONFLICT DO UPDATE SET files=files+1, bytes=bytes+excluded.bytes",
        (upload, day(now, TimeZone::system())),
    )?;
    Ok(())
}

fn day(now: Timestamp, zone: TimeZone) -> String {
    now.to_zoned(zone).date().to_string()
}

fn stages(c: &Connection, job: i64) -> Result<Stages> {
    let mut stages = Stages {
        listed: accounting::accounting(c, job)?.found,
        ..Stages::default()
    };
    // Row by row: by the job's index, and without a sort.
    each(
        c,
        "SELECT state, coalesce(size,0) FROM upload WHERE job=?1",
        [job],
        |row| {
            let reached = match row.get_ref(0)?.as_str()? {
                "spooled" | "staging" => 1,
                "staged" | "committing" => 2,
                "committed" => 3,
                "verified" | "unverifiable" => 4,
                _ => 0,
            };
            let one = Count {
                count: 1,
                bytes: unsigned(row.get(1)?),
            };
            let places = [
                &mut stages.received,
                &mut stages.sent,
                &mut stages.created,
                &mut stages.verified,
            ];
            places.into_iter().take(reached).for_each(|place| place.add(one));
            Ok(())
        },
    )?;
    let summary = albums::summary(c, job)?;
    let slices = unsigned(number(c, "SELECT count(*) FROM album WHERE job=?1", [job])?);
    let (filed, unfiled, waiting) = filings::totals(c, job)?;
    stages.albums = (summary.open, slices);
    stages.places = (filed, filed + unfiled + waiting);
    Ok(stages)
}

impl Journal {
    /// Returns the last run of a job; `None` if none has run with this version.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn latest_run(&self, job: JobId) -> Result<Option<Run>> {
        self.read(move |c| {
            let row = one(
                c,
                "SELECT id,kind,started_at,ended_at,updated_at,outcome,progress FROM run WHERE job=?1 ORDER BY id DESC LIMIT 1",
                [job.0],
                |row| {
                    let run = Run {
                        id: row.get(0)?,
                        job,
                        kind: RunKind::from_name(&row.get::<_, String>(1)?),
                        started_at: instant(row.get(2)?),
                        ended_at: row.get::<_, Option<i64>>(3)?.map(instant),
                        updated_at: instant(row.get(4)?),
                        outcome: row.get(5)?,
                        notes: RunNotes::default(),
                    };
                    Ok((run, row.get::<_, String>(6)?))
                },
            )?;
            row.map(|(run, notes)| {
                Ok(Run {
                    notes: from_json(&notes)?,
                    ..run
                })
            })
            .transpose()
        })
        .await
    }

    /// Returns how far the stages of a job are.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn stages(&self, job: JobId) -> Result<Stages> {
        self.read(move |c| stages(c, job.0)).await
    }

    /// Returns how many requests of a budget are used on the day that `now` is on there; `None` without a calendar of
    /// that place.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn used_today(&self, budget: &Budget, now: Timestamp) -> Result<Option<u64>> {
        let zone = budget.day_ends.as_deref().unwrap_or("UTC");
        let Ok(zone) = TimeZone::get(zone) else {
            return Ok(None);
        };
        let today = day(now, zone);
        photomove_core::QuotaStore::used(self, &budget.account, &budget.resource, &today)
            .await
            .map(Some)
    }

    /// Says which process works on a job right now, by its lock in `lock_dir`; `None` = none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn holder(&self, job: JobId, lock_dir: &std::path::Path) -> Result<Option<Holding>> {
        let words = self.read(move |c| lock_words(c, job.0)).await?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(Locks::holder(lock_dir, LockKind::Job, &words))
    }
}

/// What names the lock of a job: both sides and the options.
pub(crate) fn lock_words(c: &Connection, job: i64) -> Result<Vec<String>> {
    Ok(one(
        c,
        "SELECT s.kind,s.origin,s.owner,t.kind,t.origin,t.owner,j.options FROM job j
         JOIN account s ON s.id=j.source JOIN account t ON t.id=j.target WHERE j.id=?1",
        [job],
        |row| (0..7).map(|column| row.get::<_, String>(column)).collect(),
    )?
    .unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_the_calendar_where_the_machine_stands() {
        let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        let at = |name: &str| day(now, TimeZone::get(name).unwrap());
        assert_eq!(
            (at("UTC"), at("Europe/Berlin"), at("America/Los_Angeles")),
            (
                "2026-11-21".to_owned(),
                "2026-11-22".to_owned(),
                "2026-11-21".to_owned()
            )
        );
    }
}
