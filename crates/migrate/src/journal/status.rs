//! What people ask about jobs; works beside a run.

use photomove_core::{Filters, Result, SettingChange};
use rusqlite::Connection;

use super::rows::{number, one, rows};
use super::{Failure, JobId, JobState, JobStatus, Journal, accounting, filtered, instant, unsigned};
use crate::{AccountName, Reason};

impl Journal {
    /// Lists all jobs, oldest first, at most 10,000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn jobs(&self) -> Result<Vec<JobStatus>> {
        self.read(|c| {
            let mut jobs = Vec::new();
            for number in numbers(c)? {
                jobs.extend(status(c, number)?);
            }
            Ok(jobs)
        })
        .await
    }

    /// Lists the numbers of all jobs, oldest first, at most 10,000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn job_numbers(&self) -> Result<Vec<JobId>> {
        self.read(numbers).await
    }

    /// Returns how a job stands; `None` if there is no such job.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn job(&self, job: JobId) -> Result<Option<JobStatus>> {
        self.read(move |c| status(c, job)).await
    }

    /// Returns the job that ran last, or the youngest one if none of them has run with this version.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn latest_job(&self) -> Result<Option<JobId>> {
        self.read(|c| {
            one(
                c,
                "SELECT id FROM job ORDER BY (SELECT max(id) FROM run WHERE run.job=job.id) DESC NULLS LAST, id DESC LIMIT 1",
                [],
                |row| row.get(0).map(JobId),
            )
        })
        .await
    }

    /// Lists settings of destinations that runs have changed and not put back, with the account, oldest first; at most 1000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn settings_left(&self) -> Result<Vec<(AccountName, SettingChange)>> {
        self.read(|c| {
            rows(
                c,
                "SELECT a.kind,a.label,s.setting,s.before,s.after FROM setting_change s CROSS JOIN account a ON a.id=s.target
                 WHERE s.restored_at IS NULL ORDER BY s.id LIMIT 1000",
                [],
                |row| {
                    let account = AccountName {
                        kind: row.get(0)?,
                        label: row.get(1)?,
                    };
                    let change = SettingChange {
                        setting: row.get(2)?,
                        before: row.get(3)?,
                        after: row.get(4)?,
                    };
                    Ok((account, change))
                },
            )
        })
        .await
    }

    /// Lists parts that failed or were skipped, in the order of the listing; go on with the last one's id.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn failures(&self, job: JobId, after: Option<i64>, limit: u32) -> Result<Vec<Failure>> {
        self.read(move |c| {
            rows(
                c,
                "SELECT p.id,a.source_id,p.name,p.size,p.skipped,u.error_kind,u.error FROM part p JOIN asset a ON a.id=p.asset
                 LEFT JOIN upload u ON u.id=p.upload
                 WHERE a.job=?1 AND p.id>?2 AND (p.skipped IS NOT NULL OR u.state='failed') ORDER BY p.id LIMIT ?3",
                (job.0, after.unwrap_or(0), limit),
                |row| {
                    let skipped: Option<String> = row.get(4)?;
                    Ok(Failure {
                        id: row.get(0)?,
                        asset: row.get(1)?,
                        name: row.get(2)?,
                        size_bytes: row.get::<_, Option<i64>>(3)?.map(unsigned),
                        skipped: skipped.is_some(),
                        reason: match skipped {
                            Some(message) => Reason::of_skipped(message),
                            None => Reason {
                                kind: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                                message: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                            },
                        },
                    })
                },
            )
        })
        .await
    }
}

fn numbers(c: &Connection) -> Result<Vec<JobId>> {
    rows(c, "SELECT id FROM job ORDER BY id LIMIT 10000", [], |row| {
        row.get(0).map(JobId)
    })
}

fn status(c: &Connection, job: JobId) -> Result<Option<JobStatus>> {
    let found = one(
        c,
        "SELECT s.kind,s.label,t.kind,t.label,j.state,j.created_at,j.wake_at,j.pass,j.options FROM job j
         JOIN account s ON s.id=j.source JOIN account t ON t.id=j.target WHERE j.id=?1",
        [job.0],
        |row| {
            let options: String = row.get(8)?;
            let status = JobStatus {
                id: job,
                filters: Filters::default(),
                source: AccountName {
                    kind: row.get(0)?,
                    label: row.get(1)?,
                },
                target: AccountName {
                    kind: row.get(2)?,
                    label: row.get(3)?,
                },
                state: JobState::from_name(&row.get::<_, String>(4)?),
                created_at: instant(row.get(5)?),
                wake_at: row.get::<_, Option<i64>>(6)?.map(instant),
                pass: unsigned(row.get(7)?),
                accounting: crate::Accounting::default(),
                open_intents: 0,
            };
            Ok((status, options))
        },
    )?;
    let Some((mut found, options)) = found else {
        return Ok(None);
    };
    found.filters = filtered::of_options(&options)?;
    found.accounting = accounting::accounting(c, job.0)?;
    found.open_intents = unsigned(number(
        c,
        "SELECT count(*) FROM intent WHERE job=?1 AND closed_at IS NULL",
        [job.0],
    )?);
    Ok(Some(found))
}
