//! What the write lanes do next: create items, fill albums, set metadata, and at the end the albums that nothing needed.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Done, Lane, Schedule};
use crate::engine::core::StepResult;
use crate::journal::{albums, commits, filings, uploads, verdicts};

/// What a write lane does next.
#[derive(Debug, Clone, Copy)]
enum Work {
    Commit(Option<i64>),
    Refile(i64),
    Add(i64),
    Create(i64),
    Describe,
}

impl Schedule<'_> {
    pub(super) async fn fill_lanes(&mut self, now: Timestamp) -> StepResult {
        let lanes = usize::from(self.core.sink_caps.write_lanes.max(1));
        while self.lanes.len() < lanes {
            let Some(lane) = self.next_lane(now).await? else {
                return Ok(());
            };
            self.prepare().await?;
            let core = Arc::clone(self.core);
            let work = lane;
            self.lanes.insert(match work {
                Work::Commit(album) => Lane::Group(album),
                Work::Refile(album) | Work::Add(album) | Work::Create(album) => Lane::Album(album),
                Work::Describe => Lane::Describe,
            });
            self.tasks.spawn(async move {
                match work {
                    Work::Commit(album) => Done::Lane(Lane::Group(album), Box::pin(core.commit_group(album)).await),
                    Work::Refile(album) => Done::Lane(Lane::Album(album), Box::pin(core.refile(album)).await),
                    Work::Add(album) => Done::Lane(Lane::Album(album), Box::pin(core.add_further(album)).await),
                    Work::Create(album) => Done::Lane(Lane::Album(album), Box::pin(core.create_only(album)).await),
                    Work::Describe => Done::Lane(Lane::Describe, Box::pin(core.describe_some()).await),
                }
            });
        }
        Ok(())
    }

    fn is_busy(&self, album: Option<i64>) -> bool {
        self.lanes.contains(&Lane::Group(album)) || album.is_some_and(|album| self.lanes.contains(&Lane::Album(album)))
    }

    /// Half of a token's life is time enough to wait for company.
    fn is_aged(&self, oldest: Option<Timestamp>, now: Timestamp) -> bool {
        match (self.core.sink_caps.staged_ttl, oldest) {
            (Some(ttl), Some(oldest)) => now.duration_since(oldest).unsigned_abs() >= ttl / 2 && oldest < now,
            _ => false,
        }
    }

    async fn next_lane(&self, now: Timestamp) -> StepResult<Option<Work>> {
        let job = self.core.job.id;
        let batch = self.core.sink_caps.commit_batch.get();
        let which = (job, self.core.only);
        for group in self.core.read(move |c| commits::groups(c, which, now)).await? {
            if self.is_busy(group.album) {
                continue;
            }
            let waited_in_vain = group.expired > 0 && group.ready >= u64::from(self.company(group.expired));
            let is_pending = group.pending && !self.is_finishing();
            if !is_pending || waited_in_vain || self.is_aged(group.oldest, now) {
                return Ok(Some(Work::Commit(group.album)));
            }
            if group.ready >= u64::from(batch) {
                let album = group.album;
                let held = self
                    .core
                    .read(move |c| commits::is_held(c, which, album, batch, now))
                    .await?;
                if !held {
                    return Ok(Some(Work::Commit(album)));
                }
            }
        }
        if let Some(albums) = &self.core.sink_caps.albums {
            let own_only = albums.foreign_items_only_on_commit;
            if own_only && let Some(album) = self.further(Some(true), batch).await? {
                return Ok(Some(Work::Refile(album)));
            }
            if let Some(album) = self.further(own_only.then_some(false), albums.add_batch).await? {
                return Ok(Some(Work::Add(album)));
            }
        }
        let may_describe = !self.no_questions && !self.lanes.contains(&Lane::Describe);
        if may_describe && !self.core.later_fields().is_empty() {
            let waiting = self.core.read(move |c| verdicts::to_describe(c, job, 1)).await?;
            if !waiting.is_empty() {
                return Ok(Some(Work::Describe));
            }
        }
        self.last_albums(job).await
    }

    async fn further(&self, foreign: Option<bool>, batch: u32) -> StepResult<Option<i64>> {
        let which = (self.core.job.id, self.core.only);
        let wanted = filings::Which {
            foreign,
            described: !self.core.later_fields().is_empty(),
        };
        let found = self.core.read(move |c| filings::further(c, which, wanted)).await?;
        let due = |one: &filings::Further| one.ready >= u64::from(batch.max(1)) || !one.pending || self.is_finishing();
        Ok(found
            .into_iter()
            .filter(|one| !self.is_busy(Some(one.album)))
            .find(due)
            .map(|one| one.album))
    }

    /// Albums that nothing needed, at the very end.
    async fn last_albums(&self, job: i64) -> StepResult<Option<Work>> {
        if self.core.sink_caps.albums.is_none() || !self.transfers.is_empty() || !self.lanes.is_empty() {
            return Ok(None);
        }
        let (waiting, staged) = self.core.read(move |c| uploads::waiting(c, job, 1)).await?;
        if waiting + staged > 0 {
            return Ok(None);
        }
        let album = self.core.read(move |c| albums::next_wanted(c, job)).await?;
        Ok(album.map(Work::Create))
    }
}
