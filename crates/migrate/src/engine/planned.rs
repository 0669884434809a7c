//! Plan files: written from what was planned, and read into the journal before the source is listed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use photomove_core::{Error, ErrorKind, Result};

use super::core::{Core, defect};
use crate::journal::planned::{self, Place};
use crate::plan_file::{Line, Lines, PlanWriter};
use crate::{Drift, PLAN_FILE_VERSION, PlanAccount, PlanEnd, PlanFile, PlanHeader};

/// Lines that share a transaction, or a read.
const LINES: usize = 500;

/// Says where the source is not as it was planned; `None` = there is no plan that is kept to.
pub(super) async fn drift(core: &Core) -> Result<Option<Drift>> {
    let Some(plan) = &core.options.plan else {
        return Ok(None);
    };
    let (job, filters) = (core.job.id, plan.header.filters.clone());
    core.journal
        .read(move |c| planned::drift(c, job, &filters))
        .await
        .map(Some)
}

/// Refuses a plan that was made for other accounts.
pub(super) fn must_be_for(plan: &PlanFile, source: &PlanAccount, target: &PlanAccount) -> Result<()> {
    let header = &plan.header;
    for (side, planned, found) in [
        ("source", &header.source, source),
        ("destination", &header.target, target),
    ] {
        if planned.is(found) {
            continue;
        }
        let (planned, found) = told_apart(planned, found);
        return Err(
            Error::new(ErrorKind::Config, format!("the plan was made for another {side}"))
                .context("plan", plan.path.display())
                .context("made for", planned)
                .context("signed in", found)
                .hint("sign in to the account that the plan was made for, or make a new plan; nothing was read or written"),
        );
    }
    Ok(())
}

/// Returns the names of two different accounts for people.
fn told_apart(planned: &PlanAccount, found: &PlanAccount) -> (String, String) {
    let name = |account: &PlanAccount| match &account.label {
        Some(label) => format!("{} ({label})", account.kind),
        None => account.kind.clone(),
    };
    let (planned, found) = (name(planned), name(found));
    if planned == found {
        // Not every service has names for its accounts: all of one shop are called as the shop is.
        let found = format!("another account of {found}");
        return (planned, found);
    }
    (planned, found)
}

impl Core {
    /// Reads the plan file into the journal, unless this pass has done so.
    pub(super) async fn read_plan(&self) -> Result<()> {
        let Some(plan) = self.options.plan.clone() else {
            return Ok(());
        };
        let job = self.job.id;
        if self.journal.read(move |c| planned::is_read(c, job)).await? {
            return Ok(());
        }
        self.journal.write(move |c| planned::clear(c, job)).await?;
        let path = plan.path.clone();
        let mut lines = blocking(move || Lines::open(&path)).await?;
        loop {
            let (rest, some) = blocking(move || some_lines(lines)).await?;
            lines = rest;
            if some.is_empty() {
                break;
            }
            self.journal
                .write(move |c| {
                    for line in &some {
                        match line {
                            Line::Item(item) => planned::put_item(c, job, item)?,
                            Line::Album(album) => planned::put_album(c, job, album)?,
                            Line::PhotomovePlan(_) | Line::End(_) => {}
                        }
                    }
                    Ok(())
                })
                .await?;
        }
        let (_, end) = lines.finish()?;
        if end != plan.end {
            return Err(
                Error::new(ErrorKind::Config, "the plan file was replaced while it was read")
                    .context("file", plan.path.display())
                    .hint("run the command again"),
            );
        }
        self.journal.write(move |c| planned::set_read(c, job)).await
    }
}

fn some_lines(mut lines: Lines) -> Result<(Lines, Vec<Line>)> {
    let mut some = Vec::with_capacity(LINES);
    while some.len() < LINES
        && let Some(line) = lines.next()?
    {
        some.push(line);
    }
    Ok((lines, some))
}

/// Writes down what the job would do: albums, then items, a page at a time.
pub(super) async fn save(core: &Arc<Core>, path: &Path, from: &str, to: &str) -> Result<PlanEnd> {
    let header = PlanHeader {
        version: PLAN_FILE_VERSION,
        program: format!("photomove {}", env!("CARGO_PKG_VERSION")),
        made_at: core.now(),
        from: from.to_owned(),
        to: to.to_owned(),
        source: core.plan_accounts.0.clone(),
        target: core.plan_accounts.1.clone(),
        filters: core.options.filters.clone(),
        free_bytes: core.options.target_free_bytes,
    };
    let (job, path) = (core.job.id, PathBuf::from(path));
    let mut writer = blocking(move || PlanWriter::create(&path, header)).await?;
    let mut place = Place::default();
    loop {
        let at = place;
        let page = core.journal.read(move |c| planned::page(c, job, at, LINES)).await?;
        let Some(last) = page.last().map(|(place, _)| *place) else {
            break;
        };
        place = last;
        writer = blocking(move || {
            for (_, line) in page {
                match line {
                    Line::Album(album) => writer.album(album)?,
                    Line::Item(item) => writer.item(item)?,
                    Line::PhotomovePlan(_) | Line::End(_) => {}
                }
            }
            Ok(writer)
        })
        .await?;
    }
    blocking(move || writer.finish()).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| defect("reading or writing a plan file panicked").source(error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_accounts_of_one_name_are_told_apart() {
        let account = |owner: &str| PlanAccount {
            kind: "amazon".to_owned(),
            origin: String::new(),
            label: Some("amazon.com".to_owned()),
            owner_sha256: owner.to_owned(),
        };
        assert_eq!(
            told_apart(&account("one"), &account("two")),
            (
                "amazon (amazon.com)".to_owned(),
                "another account of amazon (amazon.com)".to_owned()
            )
        );
    }
}
