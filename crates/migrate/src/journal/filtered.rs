//! What the filters of a job let in, and what they leave out: only what is let in becomes a row, the rest is counted.

use photomove_core::{Asset, Filters, Fit, Member, Result};
use rusqlite::Connection;

use super::jobs::{self, Job};
use super::listing::{self, AlbumToList, Intake};
use super::rows::{exec, number, rows};
use super::{from_json, signed, unsigned};
use crate::{Filtered, Namesakes};

/// Assets that were listed and do not fit.
const LEFT_OUT: &str = "left_out";
/// Those of them that have no date, but fit else.
const NO_DATE: &str = "no_date";
/// Assets that fit and were listed, but have no place in a job that once held as many as it may.
const BEYOND: &str = "beyond";
/// Set once as many fitting assets were listed as the limit says: the listing ends there.
const FULL: &str = "full";

/// Reads the filters out of what makes a job; beside them there may be the name of a plan.
pub(crate) fn of_options(options: &str) -> Result<Filters> {
    let mut filters: serde_json::Value = from_json(options)?;
    if let Some(fields) = filters.as_object_mut() {
        fields.remove("plan");
    }
    from_json(&filters.to_string())
}

/// Stands before the rows of a job while a page is stored.
pub(super) struct Gate<'a> {
    c: &'a Connection,
    intake: &'a Intake,
    /// Fitting assets that this pass has listed.
    seen: u64,
    /// Assets that the job holds, from whatever pass.
    held: u64,
    left_out: u64,
    no_date: u64,
    beyond: u64,
}

impl<'a> Gate<'a> {
    pub(super) fn open(c: &'a Connection, intake: &'a Intake) -> Result<Self> {
        let (mut seen, mut held) = (0, 0);
        if intake.filters.limit.is_some() {
            seen = listing::listed(c, intake.job)? + jobs::note(c, intake.job.id, BEYOND)?.unwrap_or(0);
            held = unsigned(number(c, "SELECT count(*) FROM asset WHERE job=?1", [intake.job.id])?);
        }
        Ok(Self {
            c,
            intake,
            seen,
            held,
            left_out: 0,
            no_date: 0,
            beyond: 0,
        })
    }

    /// Says whether as many fitting assets were listed as are meant.
    pub(super) fn is_full(&self) -> bool {
        self.intake.filters.limit.is_some_and(|limit| self.seen >= limit)
    }

    /// Says whether an asset belongs to the job; to be asked once for each asset of a page, in its order.
    pub(super) fn lets_in(&mut self, asset: &Asset) -> Result<bool> {
        let filters = &self.intake.filters;
        if filters.is_empty() {
            return Ok(true);
        }
        let fit = match self.is_in_album(asset)? {
            true => filters.matches(asset),
            false => Fit::No,
        };
        if fit != Fit::Yes {
            self.left_out += 1;
            self.no_date += u64::from(fit == Fit::NoDate);
            return Ok(false);
        }
        let Some(limit) = filters.limit else {
            return Ok(true);
        };
        let known = super::rows::one(
            self.c,
            "SELECT pass FROM asset WHERE job=?1 AND source_id=?2",
            (self.intake.job.id, asset.id.as_str()),
            |row| row.get::<_, i64>(0),
        )?;
        match known {
            // Listed twice in this pass.
            Some(pass) if pass >= self.intake.job.pass => {}
            Some(_) => self.seen += 1,
            // One of the first ones was deleted since: the one behind them does not take its place, or a trial of ten
            // would move one more each time.
            None if self.held >= limit => {
                self.seen += 1;
                self.beyond += 1;
                return Ok(false);
            }
            None => {
                self.seen += 1;
                self.held += 1;
            }
        }
        Ok(true)
    }

    fn is_in_album(&self, asset: &Asset) -> Result<bool> {
        let job = self.intake.job.id;
        if self.intake.filters.albums.is_empty() {
            return Ok(true);
        }
        if !self.intake.albums_in_listing {
            let chosen = number(
                self.c,
                "SELECT EXISTS(SELECT 1 FROM chosen c JOIN album a ON a.id=c.album WHERE c.asset=?2 AND a.job=?1)",
                (job, asset.id.as_str()),
            )?;
            return Ok(chosen != 0);
        }
        for album in asset.albums.iter().flatten() {
            let meant = number(
                self.c,
                "SELECT EXISTS(SELECT 1 FROM album WHERE job=?1 AND source_id=?2)",
                (job, album.as_str()),
            )?;
            if meant != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes down what was left out, and returns how much it was.
    pub(super) fn close(self) -> Result<u64> {
        let job = self.intake.job.id;
        for (name, count) in [
            (LEFT_OUT, self.left_out),
            (NO_DATE, self.no_date),
            (BEYOND, self.beyond),
            (FULL, u64::from(self.is_full())),
        ] {
            if count > 0 {
                let before = jobs::note(self.c, job, name)?.unwrap_or(0);
                jobs::put_note(self.c, job, name, before + count)?;
            }
        }
        Ok(self.left_out + self.beyond)
    }
}

/// Returns the members of albums that were chosen, as source id of the album and place in it.
pub(super) fn places(c: &Connection, job: i64, asset: &str) -> Result<Vec<(String, Option<u64>)>> {
    rows(
        c,
        "SELECT a.source_id, c.position FROM chosen c JOIN album a ON a.id=c.album WHERE c.asset=?2 AND a.job=?1",
        (job, asset),
        |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(unsigned))),
    )
}

/// Notes members of an album that is meant, before the assets themselves are listed.
pub(super) fn choose(c: &Connection, album: &AlbumToList, members: &[Member]) -> Result<()> {
    for member in members {
        exec(
            c,
            "INSERT OR IGNORE INTO chosen(album,asset,position) VALUES(?1,?2,?3)",
            (album.id, member.asset.as_str(), member.position.map(signed)),
        )?;
    }
    Ok(())
}

/// Forgets what a listing has left out and chosen: it begins anew.
pub(super) fn forget(c: &Connection, job: i64) -> Result<()> {
    for name in [LEFT_OUT, NO_DATE, BEYOND, FULL] {
        jobs::drop_note(c, job, name)?;
    }
    exec(
        c,
        "DELETE FROM chosen WHERE album IN(SELECT id FROM album WHERE job=?1)",
        [job],
    )?;
    Ok(())
}

/// Returns how many assets this pass has listed and left out; `None` = the listing ended before its end, at the limit.
pub(crate) fn passed_over(c: &Connection, job: i64) -> Result<Option<u64>> {
    if jobs::note(c, job, FULL)?.is_some() {
        return Ok(None);
    }
    let count = |name| jobs::note(c, job, name).map(Option::unwrap_or_default);
    Ok(Some(count(LEFT_OUT)? + count(BEYOND)?))
}

/// Takes out albums that no asset of a filtered job is in, so that none of them is made at the destination.
pub(crate) fn drop_empty_albums(c: &Connection, job: i64) -> Result<()> {
    exec(
        c,
        "DELETE FROM chosen WHERE album IN(SELECT id FROM album WHERE job=?1)",
        [job],
    )?;
    exec(
        c,
        "DELETE FROM album WHERE job=?1 AND state IN('wanted','open') AND NOT EXISTS(SELECT 1 FROM member WHERE album=album.id)
           AND NOT EXISTS(SELECT 1 FROM filing f WHERE f.album=album.id) AND NOT EXISTS(SELECT 1 FROM intent i WHERE i.album=album.id)",
        [job],
    )?;
    Ok(())
}

/// Returns the titles that are meant and that no album has.
pub(crate) fn titles_without_album(c: &Connection, job: i64, filters: &Filters) -> Result<Vec<String>> {
    let found = titles(c, job)?;
    let one = |title: &String| Filters::default().with_album(title);
    let missing = filters.albums.iter().filter(|title| {
        let wanted = one(title);
        !found.iter().any(|(title, _)| wanted.names(title))
    });
    Ok(missing.cloned().collect())
}

/// Returns the albums that are meant, by their ids at the source.
pub(crate) fn album_ids(c: &Connection, job: Job) -> Result<Vec<String>> {
    rows(
        c,
        "SELECT source_id FROM album WHERE job=?1 AND slice=0 ORDER BY id",
        [job.id],
        |row| row.get(0),
    )
}

/// Says what the filters of a job do; `None` if it has none.
pub(crate) fn summary(c: &Connection, job: i64, filters: &Filters) -> Result<Option<Filtered>> {
    if filters.is_empty() {
        return Ok(None);
    }
    let count = |name| jobs::note(c, job, name).map(Option::unwrap_or_default);
    let mut namesakes = Vec::new();
    if !filters.albums.is_empty() {
        let several = titles(c, job)?.into_iter().filter(|(_, albums)| *albums > 1);
        namesakes = several.map(|(title, albums)| Namesakes { title, albums }).collect();
    }
    Ok(Some(Filtered {
        filters: filters.clone(),
        left_out: count(LEFT_OUT)?,
        without_date: count(NO_DATE)?,
        stopped_at_limit: jobs::note(c, job, FULL)?.is_some(),
        namesakes,
    }))
}

/// The titles of a job's albums, with how many albums have each; few, for only those that are meant are rows.
fn titles(c: &Connection, job: i64) -> Result<Vec<(String, u64)>> {
    rows(
        c,
        "SELECT coalesce(source_title,title), count(*) FROM album WHERE job=?1 AND slice=0 GROUP BY 1 ORDER BY 1",
        [job],
        |row| Ok((row.get(0)?, unsigned(row.get(1)?))),
    )
}
