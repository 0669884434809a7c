//! A whole job at a glance, as a report begins: sums by kind, days, albums, what could not be kept. Works beside a run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use photomove_core::{MediaKind, Result};
use rusqlite::Connection;

use super::rows::{each, exec, number, one, rows};
use super::{JobId, Journal, accounting, albums, from_json, instant, jobs, setbacks, signed, unsigned};
use crate::{Accounting, AlbumSummary, Count, JobStatus, Loss, Outcome};

/// Name of the note that keeps how many assets the source counts but did not list.
pub(crate) const SHORT: &str = "short";

/// A whole job at a glance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobOverview {
    /// How it stands.
    pub status: JobStatus,
    /// Where the files of each kind are; kinds that do not occur are left out.
    pub kinds: Vec<KindAccounting>,
    /// What became of albums.
    pub albums: AlbumSummary,
    /// Files that the destination lost or holds with other bytes; they count as failed too.
    pub differences: u64,
    /// What could not be kept.
    pub losses: Vec<Loss>,
    /// Listed items that could not be read, in the last pass.
    pub unreadable: u64,
    /// Assets that the source counts but did not list in the last pass.
    pub unlisted: u64,
    /// What arrived on each day on which something did, oldest first.
    pub days: Vec<DaySum>,
    /// When the last file was proven or found to have no proof.
    pub last_evidence: Option<Timestamp>,
}

/// Where the files of one kind are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindAccounting {
    /// Kind of their assets.
    pub kind: MediaKind,
    /// Where they are.
    pub accounting: Accounting,
}

/// What arrived on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySum {
    /// Day of the machine's calendar.
    pub day: Date,
    /// Files that arrived.
    pub arrived: Count,
}

/// An album as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlbumRecord {
    /// Place in the list; give the last one to [`Journal::albums_of`] to go on.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Whether it exists at the destination.
    pub open: bool,
    /// Why it does not, if it was given up.
    pub error: Option<String>,
    /// Places of items in it.
    pub places: u64,
    /// Those that were kept.
    pub filed: u64,
    /// Those that could not be kept.
    pub unfiled: u64,
}

impl Journal {
    /// Returns a job at a glance; `None` if there is no such job. Reads every row of the job once.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn overview(&self, job: JobId) -> Result<Option<JobOverview>> {
        let Some(status) = self.job(job).await? else {
            return Ok(None);
        };
        self.read(move |c| overview(c, job.0, status).map(Some)).await
    }

    /// Lists the albums of a job in the order of the listing, at most `limit`; go on with the last one's id.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn albums_of(&self, job: JobId, after: Option<i64>, limit: u32) -> Result<Vec<AlbumRecord>> {
        self.read(move |c| {
            rows(
                c,
                "SELECT a.id,a.title,a.state='open',CASE WHEN a.state='failed' THEN coalesce(a.error,'it could not be created') END,
                   (SELECT count(*) FROM filing f WHERE f.album=a.id),
                   (SELECT count(*) FROM filing f WHERE f.album=a.id AND f.state='filed'),
                   (SELECT count(*) FROM filing f WHERE f.album=a.id AND f.state='unfiled')
                 FROM album a WHERE a.job=?1 AND a.id>?2 ORDER BY a.id LIMIT ?3",
                (job.0, after.unwrap_or(0), limit),
                |row| {
                    Ok(AlbumRecord {
                        id: row.get(0)?,
                        title: row.get(1)?,
                        open: row.get(2)?,
                        error: row.get(3)?,
                        places: unsigned(row.get(4)?),
                        filed: unsigned(row.get(5)?),
                        unfiled: unsigned(row.get(6)?),
                    })
                },
            )
        })
        .await
    }
}

fn overview(c: &Connection, job: i64, status: JobStatus) -> Result<JobOverview> {
    let mut losses = known_losses(c, job)?;
    losses.extend(setbacks::losses(c, job)?);
    losses.extend(accounting::album_losses(c, job)?);
    let last = one(
        c,
        "SELECT max(e.at) FROM evidence e JOIN upload u ON u.id=e.upload WHERE u.job=?1",
        [job],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(JobOverview {
        status,
        kinds: kinds(c, job)?,
        albums: albums::summary(c, job)?,
        differences: accounting::differences(c, job)?,
        losses,
        unreadable: jobs::oddities(c, job)?.0,
        unlisted: jobs::note(c, job, SHORT)?.unwrap_or(0),
        days: days(c, job)?,
        last_evidence: last.flatten().map(instant),
    })
}

/// Keeps what cannot be kept: the destination's capabilities are known while it is connected only.
pub(crate) fn put_losses(c: &Connection, job: i64, losses: &[Loss]) -> Result<()> {
    exec(c, "DELETE FROM loss WHERE job=?1", [job])?;
    for (position, loss) in losses.iter().enumerate() {
        exec(
            c,
            "INSERT INTO loss(job,position,in_file,what,why,count) VALUES(?1,?2,?3,?4,?5,?6)",
            (
                job,
                signed(position as u64),
                loss.in_file,
                &loss.what,
                &loss.why,
                loss.count.map(signed),
            ),
        )?;
    }
    Ok(())
}

fn known_losses(c: &Connection, job: i64) -> Result<Vec<Loss>> {
    rows(
        c,
        "SELECT in_file,what,why,count FROM loss WHERE job=?1 ORDER BY position LIMIT 1000",
        [job],
        |row| {
            Ok(Loss {
                in_file: row.get(0)?,
                what: row.get(1)?,
                why: row.get(2)?,
                count: row.get::<_, Option<i64>>(3)?.map(unsigned),
            })
        },
    )
}

fn kinds(c: &Connection, job: i64) -> Result<Vec<KindAccounting>> {
    let mut sums: BTreeMap<String, Accounting> = BTreeMap::new();
    // Row by row, as in the accounting: a group of all parts would be sorted in memory.
    each(
        c,
        "SELECT a.kind, p.size, p.skipped IS NOT NULL, u.state, u.job=?1, p.md5 IS NOT NULL OR p.sha1 IS NOT NULL OR p.sha256 IS NOT NULL
         FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload WHERE a.job=?1",
        [job],
        |row| {
            let one = Count {
                count: 1,
                bytes: unsigned(row.get::<_, Option<i64>>(1)?.unwrap_or(0)),
            };
            let outcome = match (row.get(2)?, row.get_ref(3)?.as_str_or_null()?) {
                (true, _) => Some(Outcome::Skipped),
                (false, Some(state)) => accounting::outcome(state, row.get(4)?, row.get(5)?),
                (false, None) => None,
            };
            let kind = row.get_ref(0)?.as_str()?;
            let sum = match sums.get_mut(kind) {
                Some(sum) => sum,
                None => sums.entry(kind.to_owned()).or_default(),
            };
            sum.found.add(one);
            sum.place(outcome).add(one);
            Ok(())
        },
    )?;
    sums.into_iter()
        .map(|(kind, accounting)| {
            Ok(KindAccounting {
                kind: from_json(&format!("\"{kind}\""))?,
                accounting,
            })
        })
        .collect()
}

/// What arrived by day. Days before the journal counted them are those of the evidence.
fn days(c: &Connection, job: i64) -> Result<Vec<DaySum>> {
    let counted = rows(
        c,
        "SELECT day,files,bytes FROM day_sum WHERE job=?1 ORDER BY day LIMIT 100000",
        [job],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                Count {
                    count: unsigned(row.get(1)?),
                    bytes: unsigned(row.get(2)?),
                },
            ))
        },
    )?;
    let counted: Vec<DaySum> = counted
        .into_iter()
        .filter_map(|(day, arrived)| {
            let day = day.parse().ok()?;
            Some(DaySum { day, arrived })
        })
        .collect();
    let counted_files: u64 = counted.iter().map(|day| day.arrived.count).sum();
    let proven = number(
        c,
        "SELECT count(*) FROM upload WHERE job=?1 AND state IN('verified','unverifiable')",
        [job],
    )?;
    if counted_files >= unsigned(proven) {
        return Ok(counted);
    }
    let first = counted.first().map(|day| day.day);
    let mut sums: BTreeMap<Date, Count> = BTreeMap::new();
    let zone = TimeZone::system();
    each(
        c,
        "SELECT (SELECT min(e.at) FROM evidence e WHERE e.upload=u.id),u.size FROM upload u
         WHERE u.job=?1 AND u.state IN('verified','unverifiable')",
        [job],
        |row| {
            let Some(at) = row.get::<_, Option<i64>>(0)? else {
                return Ok(());
            };
            let day = instant(at).to_zoned(zone.clone()).date();
            if first.is_none_or(|first| day < first) {
                sums.entry(day).or_default().add(Count {
                    count: 1,
                    bytes: unsigned(row.get::<_, Option<i64>>(1)?.unwrap_or(0)),
                });
            }
            Ok(())
        },
    )?;
    let mut days: Vec<DaySum> = sums.into_iter().map(|(day, arrived)| DaySum { day, arrived }).collect();
    days.extend(counted);
    Ok(days)
}
