//! What failed and is taken up again because a person asks for it: without another listing of the source.

use photomove_core::Result;
use rusqlite::Connection;

use super::jobs::{AFRESH, BAD_LUCK, NEVER_AGAIN};
use super::rows::{each, exec, number, one, rows};
use super::{JobId, JobState, Journal, accounting, albums, commits, filings, jobs, merge, unsigned};
use crate::{Accounting, AlbumSummary, Count, LeftAlone, Reason, Retried, Retryable};

/// What was found to be lost at the destination, or to be something else there.
const LOST: &str = "'missing','differs'";

/// Uploads that parts of job ?1 wait for, whichever job sent them.
const OF_JOB: &str = "u.id IN(SELECT p.upload FROM asset a CROSS JOIN part p ON p.asset=a.id WHERE a.job=?1)";

/// Places that can be had once more; ?2 = also what was refused for good.
fn open_places() -> String {
    format!(
        "f.state='unfiled' AND a.state='open' AND (?2 OR coalesce(f.reason,'') NOT IN('{}','{}'))",
        commits::FOREIGN,
        filings::NO_ID
    )
}

fn taken(refused: bool) -> String {
    let kinds = format!("error_kind IN({BAD_LUCK},{LOST})");
    format!(
        "u.state='failed' AND {} AND coalesce(u.error_kind,'') NOT IN({NEVER_AGAIN})",
        if refused { "1" } else { &kinds }
    )
}

fn albums_taken(refused: bool) -> String {
    let kinds = format!("error_kind IN({BAD_LUCK})");
    format!(
        "state='failed' AND error_kind<>'unknown_outcome' AND {}",
        if refused { "1" } else { &kinds }
    )
}

/// Marks what failed, and what an earlier run of this kind did not finish, so that run `run` takes it; with `refused`
/// also what was refused for good.
pub(crate) fn begin(c: &Connection, job: i64, run: i64, refused: bool, on_commit: bool) -> Result<()> {
    // What a run took up that was stopped while it did the same, and did not finish.
    exec(
        c,
        "UPDATE upload SET again=?2 WHERE job=?1 AND again IS NOT NULL
           AND state IN('wanted','spooled','staging','staged','committing','committed')",
        (job, run),
    )?;
    exec(
        c,
        "UPDATE filing SET again=?2 WHERE again IS NOT NULL AND state IN('wanted','adding') AND album IN(SELECT id FROM album WHERE job=?1)",
        (job, run),
    )?;
    let failed = format!("SELECT u.id FROM upload u WHERE {OF_JOB} AND {}", taken(refused));
    exec(
        c,
        &format!("UPDATE filing SET again=?2 WHERE state IN('wanted','filed') AND upload IN({failed})"),
        (job, run),
    )?;
    // What was lost at the destination after it was filed is in no album any more.
    exec(
        c,
        &format!("UPDATE filing SET state='wanted', ready=0 WHERE state='filed' AND upload IN({failed})"),
        [job],
    )?;
    jobs::forget_later_looks(c, &failed, [job])?;
    exec(
        c,
        &format!("UPDATE upload SET {AFRESH}, job=?1, again=?2 WHERE id IN({failed})"),
        (job, run),
    )?;
    exec(
        c,
        "UPDATE part SET again=?2 WHERE upload IN(SELECT id FROM upload WHERE job=?1 AND again=?2)",
        (job, run),
    )?;
    begin_albums(c, job, run, refused)?;
    send_for_albums(c, job, run)?;
    if on_commit {
        merge::assign_groups(c, job)?;
    }
    jobs::set_state(c, job, JobState::Running, None)
}

fn begin_albums(c: &Connection, job: i64, run: i64, refused: bool) -> Result<()> {
    let failed = format!("SELECT id FROM album WHERE job=?1 AND {}", albums_taken(refused));
    exec(
        c,
        &format!("UPDATE filing SET again=?2 WHERE state IN('unfiled','filed') AND album IN({failed})"),
        (job, run),
    )?;
    exec(
        c,
        &format!("UPDATE album SET again=?2 WHERE id IN({failed})"),
        (job, run),
    )?;
    albums::try_again(c, job, refused)?;
    exec(
        c,
        &format!(
            "UPDATE filing AS g SET again=?3, state='wanted', reason=NULL, ready=coalesce((SELECT u.dest_id IS NOT NULL AND u.state IN
               ('committed','verified','unverifiable','already_there') FROM upload u WHERE u.id=g.upload),0)
             WHERE EXISTS(SELECT 1 FROM filing f JOIN album a ON a.id=f.album WHERE f.album=g.album AND f.upload=g.upload AND a.job=?1 AND {})",
            open_places()
        ),
        (job, refused, run),
    )?;
    Ok(())
}

/// Items of other apps enter albums only while they are uploaded. For an album alone nothing is ever sent by itself, but a
/// person may want it: then their bytes are sent once more, and whatever becomes of that, the items are where they were.
fn send_for_albums(c: &Connection, job: i64, run: i64) -> Result<()> {
    exec(
        c,
        "UPDATE upload SET before=state, state='wanted', again=?2, attempts=0, next_try=NULL, token=NULL, token_until=NULL, token_session=NULL,
           spool=NULL, sent=0, staged_at=NULL
         WHERE job=?1 AND app_owned=0 AND state IN('verified','unverifiable','already_there')
           AND EXISTS(SELECT 1 FROM filing f JOIN album a ON a.id=f.album WHERE f.upload=upload.id AND a.job=?1 AND f.state='wanted' AND f.again=?2)
           AND EXISTS(SELECT 1 FROM part p JOIN asset a ON a.id=p.asset WHERE p.upload=upload.id AND a.job=?1)",
        (job, run),
    )?;
    exec(
        c,
        "UPDATE filing SET ready=0 WHERE state='wanted' AND again=?2
           AND upload IN(SELECT id FROM upload WHERE job=?1 AND state='wanted' AND before IS NOT NULL)",
        (job, run),
    )?;
    Ok(())
}

/// Says whether files of a job are on their way that nobody takes up in a run of this kind.
pub(crate) fn leaves_work(c: &Connection, job: i64) -> Result<bool> {
    number(
        c,
        "SELECT EXISTS(SELECT 1 FROM upload WHERE job=?1 AND state IN('wanted','spooled','staging','staged','committing','committed'))",
        [job],
    )
    .map(|found| found != 0)
}

/// Says what became of what a run took up.
pub(crate) fn retried(c: &Connection, job: i64, run: i64) -> Result<Retried> {
    let mut sums = Accounting::default();
    each(
        c,
        "SELECT p.size, p.skipped IS NOT NULL, u.state, u.job=?1, p.md5 IS NOT NULL OR p.sha1 IS NOT NULL OR p.sha256 IS NOT NULL
         FROM part p INDEXED BY part_again JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload WHERE p.again=?2 AND a.job=?1",
        (job, run),
        |row| {
            let one = Count {
                count: 1,
                bytes: unsigned(row.get::<_, Option<i64>>(0)?.unwrap_or(0)),
            };
            let outcome = match (row.get(1)?, row.get_ref(2)?.as_str_or_null()?) {
                (true, _) => Some(crate::Outcome::Skipped),
                (false, Some(state)) => accounting::outcome(state, row.get(3)?, row.get(4)?),
                (false, None) => None,
            };
            sums.place(outcome).add(one);
            sums.found.add(one);
            Ok(())
        },
    )?;
    let albums = |states: &str| {
        number(
            c,
            &format!("SELECT count(*) FROM album WHERE job=?1 AND again=?2 AND state IN({states})"),
            (job, run),
        )
        .map(unsigned)
    };
    let places = |states: &str| {
        number(
            c,
            &format!("SELECT count(*) FROM album a CROSS JOIN filing f ON f.album=a.id WHERE a.job=?1 AND f.again=?2 AND f.state IN({states})"),
            (job, run),
        )
        .map(unsigned)
    };
    Ok(Retried {
        accounting: sums,
        albums: AlbumSummary {
            found: albums("'wanted','creating','open','failed'")?,
            open: albums("'open'")?,
            failed: albums("'failed'")?,
            filed: places("'filed'")?,
            unfiled: places("'unfiled'")?,
            waiting: places("'wanted','adding'")?,
        },
    })
}

fn retryable(c: &Connection, job: i64, refused: bool) -> Result<Retryable> {
    let parts = "FROM asset a CROSS JOIN part p ON p.asset=a.id CROSS JOIN upload u ON u.id=p.upload WHERE a.job=?1 AND u.state='failed'";
    let taken = taken(refused);
    let files = one(
        c,
        &format!("SELECT count(*), coalesce(sum(p.size),0) {parts} AND {taken}"),
        [job],
        |row| {
            Ok(Count {
                count: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
            })
        },
    )?
    .unwrap_or_default();
    let left = rows(
        c,
        &format!(
            "SELECT coalesce(u.error_kind,''), min(coalesce(u.error,'')), count(*), coalesce(sum(p.size),0) {parts} AND NOT ({taken})
             GROUP BY 1 ORDER BY 3 DESC LIMIT 50"
        ),
        [job],
        |row| {
            Ok(LeftAlone {
                reason: Reason {
                    kind: row.get(0)?,
                    message: row.get(1)?,
                },
                parts: Count {
                    count: unsigned(row.get(2)?),
                    bytes: unsigned(row.get(3)?),
                },
            })
        },
    )?;
    let unfinished = number(
        c,
        "SELECT count(*) FROM asset a CROSS JOIN part p ON p.asset=a.id CROSS JOIN upload u ON u.id=p.upload
         WHERE a.job=?1 AND u.again IS NOT NULL AND u.state IN('wanted','spooled','staging','staged','committing','committed')",
        [job],
    )?;
    let places = |all: bool| {
        number(
            c,
            &format!(
                "SELECT count(*) FROM album a CROSS JOIN filing f ON f.album=a.id WHERE a.job=?1 AND {}",
                open_places()
            ),
            (job, all),
        )
        .map(unsigned)
    };
    let albums = |refused: bool| {
        number(
            c,
            &format!("SELECT count(*) FROM album WHERE job=?1 AND {}", albums_taken(refused)),
            [job],
        )
        .map(unsigned)
    };
    let (unreadable, _) = jobs::oddities(c, job)?;
    Ok(Retryable {
        listed: jobs::cursor(c, job, "planned")?.is_some(),
        files,
        unfinished: unsigned(unfinished),
        albums: albums(refused)?,
        places: places(refused)?,
        left,
        albums_left: albums(true)?.saturating_sub(albums(refused)?),
        places_left: places(true)?.saturating_sub(places(refused)?),
        skipped: unsigned(number(
            c,
            "SELECT count(*) FROM asset a CROSS JOIN part p ON p.asset=a.id WHERE a.job=?1 AND p.skipped IS NOT NULL",
            [job],
        )?),
        unreadable,
    })
}

impl Journal {
    /// Says what a retry of a job would take up, and what it would leave; `refused` = also what was refused for good.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn retryable(&self, job: JobId, refused: bool) -> Result<Retryable> {
        self.read(move |c| retryable(c, job.0, refused)).await
    }
}
