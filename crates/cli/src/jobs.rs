//! Jobs by their number: `[JOB]` of `status`, `report`, `retry` and `verify`.

use photomove_core::{Error, ErrorKind, Result};
use photomove_migrate::{JobId, JobStatus, Journal};

use crate::again;
use crate::app::App;
use crate::endpoint::{self, Endpoint};

/// Returns the job with that number; without a number the one that ran last.
///
/// # Errors
/// [`ErrorKind::Config`] if there is no such job, or none at all.
pub(crate) async fn pick_job(app: &App, journal: &Journal, number: Option<i64>) -> Result<JobStatus> {
    let known = journal.job_numbers().await?;
    let picked = match number {
        Some(number) => known.iter().find(|job| job.0 == number).copied(),
        None => journal.latest_job().await?,
    };
    let status = match picked {
        Some(job) => journal.job(job).await?,
        None => None,
    };
    status.ok_or_else(|| missing(app, number, &known))
}

/// Returns FROM and TO of a job, as they were typed for its last run.
///
/// # Errors
/// When the journal cannot be read, or this program has no provider of that kind.
pub(crate) async fn endpoints(journal: &Journal, job: &JobStatus) -> Result<(Endpoint, Endpoint)> {
    let run = journal.latest_run(job.id).await?;
    let typed = run.and_then(|run| run.notes.words);
    let (from, to) = typed.unwrap_or_else(|| (job.source.kind.clone(), job.target.kind.clone()));
    endpoint::parse_pair(&from, &to)
}

/// There is no journal, or none of its jobs is meant.
pub(crate) fn missing(app: &App, number: Option<i64>, known: &[JobId]) -> Error {
    let (message, hint) = match (number, known.is_empty()) {
        (Some(number), false) => (
            format!("there is no job {number}"),
            format!("known: {}; `{}` lists them", list(known), again::command(app, "status")),
        ),
        _ => (
            "nothing has been moved yet, so there is no job".to_owned(),
            format!(
                "`{}` moves everything; another `--state-dir` has other jobs",
                again::command(app, "FROM TO")
            ),
        ),
    };
    Error::new(ErrorKind::Config, message).hint(hint)
}

/// The first and the last of them are enough to see what is meant.
fn list(known: &[JobId]) -> String {
    match known {
        [first, .., last] if known.len() > 5 => format!("{} to {}", first.0, last.0),
        _ => known.iter().map(|job| job.0.to_string()).collect::<Vec<_>>().join(", "),
    }
}
