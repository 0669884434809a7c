//! Listing the source: assets, albums, members, one page a step, so that a run can stop after any of them.

use std::sync::Arc;

use photomove_core::drill::Mutant;
use photomove_core::{Cursor, Error, ErrorKind, Page, Result};

use super::commit::After;
use super::core::{Core, StepResult};
use super::policy::Step;
use super::titles::Titles;
use crate::journal::jobs;
use crate::journal::listing::{self, AlbumToList, AssetPage};
use crate::journal::{JobState, albums, filings, filtered, merge, planned};
use crate::{Event, StopReason};

/// So many pages in a row without a new asset mean that the listing runs in circles.
const STALE_PAGES_MAX: u32 = 200;
/// So many empty pages in a row mean the same; filters may leave many of them empty.
const EMPTY_PAGES_MAX: u32 = 10_000;

/// How many assets the source says that it has.
const TOTAL: &str = "total";
/// How many of them it has not listed at the end.
pub(super) use crate::journal::overview::SHORT;

/// What is listed next.
#[derive(Debug)]
enum Next {
    Start,
    Assets(Cursor),
    Albums(Option<Cursor>),
    Members(AlbumToList, Option<Cursor>),
    Close,
    Done,
}

/// What a listing remembers between its steps; nothing of it is needed after a crash.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub done: bool,
    stale_pages: u32,
    empty_pages: u32,
    titles: Titles,
}

impl Core {
    /// Lists one page.
    pub(super) async fn list_step(self: Arc<Self>, mut listing: Listing) -> (Listing, StepResult<After>) {
        let result = self.list_next(&mut listing).await;
        (listing, result)
    }

    async fn list_next(&self, state: &mut Listing) -> StepResult<After> {
        let next = self.next_to_list().await?;
        let reply = match next {
            Next::Start => self.start_listing().await,
            Next::Assets(at) => self.list_assets(&at, state).await,
            Next::Albums(at) => self.list_albums(at.as_ref(), state).await,
            Next::Members(album, at) => self.list_members(album, at.as_ref()).await,
            Next::Close => self.close_listing().await,
            Next::Done => {
                state.done = true;
                self.align().await.map_err(|error| error.hint("run the command again"))
            }
        };
        let error = match reply {
            Ok(()) => {
                self.streaks.success();
                return Ok(After::Done);
            }
            Err(error) => error,
        };
        if *error.kind() == ErrorKind::Internal {
            return Err(StopReason::Failed(error));
        }
        let hint = error.hint_text().map(str::to_owned);
        match self.decide(error, 0) {
            Step::Stop(stop) => Err(stop),
            Step::Again { reason, at } => {
                self.tell_retry("list the source", &reason, Some(at));
                Ok(After::Pause(at))
            }
            Step::Settle(error) => Err(StopReason::Failed(error)),
            Step::Fail(reason) | Step::Split(reason) => Err(StopReason::Failed(
                Error::new(ErrorKind::Protocol, reason.message).hint(hint.unwrap_or_else(|| {
                    "the source cannot be listed; nothing was lost, run the command again later".into()
                })),
            )),
            Step::Exists(_) => Ok(After::Done),
        }
    }

    async fn next_to_list(&self) -> StepResult<Next> {
        let (job, by_members) = (self.job.id, !self.intake.albums_in_listing);
        let members_first = by_members && !self.intake.filters.albums.is_empty();
        self.read(move |c| {
            // Albums come first where the assets themselves name theirs.
            match jobs::cursor(c, job, "albums")? {
                None => return Ok(Next::Albums(None)),
                Some(Some(at)) => return Ok(Next::Albums(Some(at))),
                Some(None) => {}
            }
            let members = || match listing::albums_to_list(c, job, 1)?.into_iter().next() {
                Some(album) => {
                    let at = jobs::cursor(c, job, &listing::members_stream(album.id))?.flatten();
                    Ok(Some(Next::Members(album, at)))
                }
                None => Ok(None),
            };
            if members_first && let Some(next) = members()? {
                return Ok(next);
            }
            match jobs::cursor(c, job, "assets")? {
                None => return Ok(Next::Start),
                Some(Some(at)) => return Ok(Next::Assets(at)),
                Some(None) => {}
            }
            if by_members && let Some(next) = members()? {
                return Ok(next);
            }
            Ok(match jobs::cursor(c, job, "planned")? {
                None => Next::Close,
                Some(_) => Next::Done,
            })
        })
        .await
    }

    async fn start_listing(&self) -> Result<()> {
        let job = self.job;
        let mut filters = self.options.filters.clone();
        if !filters.albums.is_empty() {
            let ids = self.journal.read(move |c| filtered::album_ids(c, job)).await?;
            filters = filters.with_album_ids(ids.into_iter().map(Into::into));
        }
        let cursor = self.source.start(&filters).await?;
        self.journal
            .write(move |c| jobs::put_cursor(c, job.id, "assets", Some(&cursor)))
            .await
    }

    async fn list_assets(&self, at: &Cursor, state: &mut Listing) -> Result<()> {
        let page = self.source.assets(at).await?;
        moves_on(at, page.next.as_ref())?;
        let total = page.total_hint;
        let (assets, unreadable) = self.sort_out(page.items);
        let page = AssetPage {
            assets,
            unreadable,
            next: page.next,
        };
        let empty = page.assets.is_empty();
        if self.env.drill.has(Mutant::CursorBeforePage) {
            let (job, next) = (self.job.id, page.next.clone());
            self.journal
                .write(move |c| jobs::put_cursor(c, job, "assets", next.as_ref()))
                .await?;
        }
        let intake = self.intake.clone();
        let news = self
            .journal
            .write(move |c| {
                if let Some(total) = total {
                    jobs::put_note(c, intake.job.id, TOTAL, total)?;
                }
                listing::store_assets(c, &intake, &page)
            })
            .await?;
        // Whether what a filter leaves out was listed before, nobody knows.
        let empty = empty || news.left_out > 0;
        self.must_be_new(state, news.assets > 0, empty).await?;
        if news.parts.count > 0 {
            self.board.count(|counters| {
                counters.found += news.parts.count;
                counters.found_bytes += news.parts.bytes;
            });
        }
        self.tell_planned(news.planned).await
    }

    /// Fails once a listing runs in circles.
    async fn must_be_new(&self, state: &mut Listing, new: bool, empty: bool) -> Result<()> {
        if new {
            (state.stale_pages, state.empty_pages) = (0, 0);
        } else if empty {
            state.empty_pages += 1;
        } else {
            state.stale_pages += 1;
        }
        let mut stale_max = u64::from(STALE_PAGES_MAX);
        if u64::from(state.stale_pages) > stale_max {
            let job = self.job;
            let (sweeps, listed) = self
                .journal
                .read(move |c| Ok((jobs::cursor(c, job.id, "swept")?.is_some(), listing::listed(c, job)?)))
                .await?;
            // Listing once more in the same pass brings only what is known; each page of it has at least one asset.
            stale_max += if sweeps { listed } else { 0 };
        }
        if u64::from(state.stale_pages) > stale_max || state.empty_pages > EMPTY_PAGES_MAX {
            return Err(
                Error::new(ErrorKind::Protocol, "the source lists the same photos again and again").exhausted(),
            );
        }
        Ok(())
    }

    async fn list_albums(&self, at: Option<&Cursor>, state: &mut Listing) -> Result<()> {
        let page: Page<_> = self.source.albums(at).await?;
        if let Some(at) = at {
            moves_on(at, page.next.as_ref())?;
        }
        let (mut albums, unreadable) = self.sort_out(page.items);
        let (filters, by_plan) = (self.options.filters.clone(), self.intake.by_plan);
        if !filters.albums.is_empty() {
            for album in &albums {
                state.titles.note(&filters.albums, &album.title);
            }
            albums.retain(|album| filters.names(&album.title));
        }
        let job = self.job.id;
        let missing = self
            .journal
            .write(move |c| {
                listing::store_albums(c, job, &albums, unreadable, page.next.as_ref())?;
                // Albums that nothing was found in are not in a plan file.
                if filters.albums.is_empty() || page.next.is_some() || by_plan {
                    return Ok(Vec::new());
                }
                let missing = filtered::titles_without_album(c, job, &filters)?;
                if !missing.is_empty() {
                    // The same command finds an album that is made meanwhile.
                    jobs::drop_cursor(c, job, "albums")?;
                }
                Ok(missing)
            })
            .await?;
        match missing.is_empty() {
            true => Ok(()),
            false => Err(state.titles.complaint(&missing)),
        }
    }

    async fn list_members(&self, album: AlbumToList, at: Option<&Cursor>) -> Result<()> {
        let job = self.job.id;
        let id = album.source_id.as_str().into();
        let page = match self.source.members(&id, at).await {
            Ok(page) => page,
            // Deleted since the albums were listed: what is known of it stays.
            Err(error) if *error.kind() == ErrorKind::NotFound => {
                return self
                    .journal
                    .write(move |c| listing::album_listed(c, job, album.id))
                    .await;
            }
            Err(error) => return Err(error),
        };
        if let Some(at) = at {
            moves_on(at, page.next.as_ref())?;
        }
        let (members, unreadable) = self.sort_out(page.items);
        let intake = self.intake.clone();
        self.journal
            .write(move |c| listing::store_members(c, &intake, &album, &members, unreadable, page.next.as_ref()))
            .await
    }

    /// Everything is listed: decide which album each upload enters first. Lists once more if the count is short.
    async fn close_listing(&self) -> Result<()> {
        let job = self.job;
        let max_items = self.sink_caps.albums.as_ref().and_then(|caps| caps.max_items);
        let on_commit = self.sink_caps.albums.as_ref().is_some_and(|caps| caps.on_commit);
        let has_albums = self.sink_caps.albums.is_some();
        let filtered = !self.options.filters.is_empty();
        let by_plan = self.intake.by_plan;
        self.journal
            .write(move |c| {
                let (unreadable, _) = jobs::oddities(c, job.id)?;
                let listed = listing::listed(c, job)?;
                let total = jobs::note(c, job.id, TOTAL)?.unwrap_or(0);
                let short = match filtered::passed_over(c, job.id)? {
                    Some(passed_over) => total.saturating_sub(listed + unreadable + passed_over),
                    None => 0,
                };
                if short > 0 && jobs::cursor(c, job.id, "swept")?.is_none() {
                    jobs::put_cursor(c, job.id, "swept", None)?;
                    return jobs::list_again(c, job.id);
                }
                jobs::put_note(c, job.id, SHORT, short)?;
                if filtered {
                    filtered::drop_empty_albums(c, job.id)?;
                }
                if by_plan {
                    planned::drop_emptied(c, job.id)?;
                }
                if let Some(max_items) = max_items {
                    filings::slice_albums(c, job.id, max_items)?;
                }
                if !has_albums {
                    filings::unfile_all(c, job.id, "the destination has no albums")?;
                }
                if on_commit {
                    merge::assign_groups(c, job.id)?;
                }
                jobs::put_cursor(c, job.id, "planned", None)?;
                jobs::set_state(c, job.id, JobState::Running, None)
            })
            .await
    }

    /// Takes over what other jobs have made since this one was listed, such as a trial: their albums are not made again,
    /// and what is in them is not sent once more. An album that they filled otherwise than it was cut is cut anew.
    pub(super) async fn adopt_siblings(&self) -> Result<()> {
        let job = self.job.id;
        let max_items = self.sink_caps.albums.as_ref().and_then(|caps| caps.max_items);
        let on_commit = self.sink_caps.albums.as_ref().is_some_and(|caps| caps.on_commit);
        self.journal
            .write(move |c| {
                albums::adopt_siblings(c, job)?;
                // The end of a listing does the rest itself.
                if let Some(max_items) = max_items
                    && jobs::cursor(c, job, "planned")?.is_some()
                    && filings::slice_albums(c, job, max_items)?
                    && on_commit
                {
                    merge::assign_groups(c, job)?;
                }
                Ok(())
            })
            .await
    }

    fn sort_out<T>(&self, items: Vec<Result<T>>) -> (Vec<T>, u64) {
        let mut good = Vec::with_capacity(items.len());
        let mut bad = 0;
        for item in items {
            match item {
                Ok(item) => good.push(item),
                Err(error) => {
                    bad += 1;
                    self.board.tell(&Event::Unreadable {
                        reason: super::policy::reason(&error),
                    });
                }
            }
        }
        (good, bad)
    }
}

/// A cursor that stays where it is would be read for ever.
fn moves_on(at: &Cursor, next: Option<&Cursor>) -> Result<()> {
    match next {
        Some(next) if next.resume == at.resume && next.fast == at.fast => Err(Error::new(
            ErrorKind::Protocol,
            "the source answered with the place in its listing that it was asked for",
        )),
        _ => Ok(()),
    }
}
