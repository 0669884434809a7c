//! What people ask about jobs; works beside a run.

use photomove_core::Result;

use super::rows::{number, rows};
use super::{Failure, JobId, JobState, JobStatus, Journal, accounting, instant, unsigned};
use crate::{AccountName, Reason};

impl Journal {
    /// Lists all jobs, oldest first, at most 10,000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn jobs(&self) -> Result<Vec<JobStatus>> {
        self.read(|c| {
            let mut jobs = rows(
                c,
                "SELECT j.id,s.kind,s.label,t.kind,t.label,j.state,j.created_at,j.wake_at,j.pass FROM job j
                 JOIN account s ON s.id=j.source JOIN account t ON t.id=j.target ORDER BY j.id LIMIT 10000",
                [],
                |row| {
                    Ok(JobStatus {
                        id: JobId(row.get(0)?),
                        source: AccountName {
                            kind: row.get(1)?,
                            label: row.get(2)?,
                        },
                        target: AccountName {
                            kind: row.get(3)?,
                            label: row.get(4)?,
                        },
                        state: JobState::from_name(&row.get::<_, String>(5)?),
                        created_at: instant(row.get(6)?),
                        wake_at: row.get::<_, Option<i64>>(7)?.map(instant),
                        pass: unsigned(row.get(8)?),
                        accounting: crate::Accounting::default(),
                        open_intents: 0,
                    })
                },
            )?;
            for job in &mut jobs {
                job.accounting = accounting::accounting(c, job.id.0)?;
                job.open_intents = unsigned(number(
                    c,
                    "SELECT count(*) FROM intent WHERE job=?1 AND closed_at IS NULL",
                    [job.id.0],
                )?);
            }
            Ok(jobs)
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
                            Some(message) => Reason {
                                kind: "gone".into(),
                                message,
                            },
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
