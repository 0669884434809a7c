//! One upload from `wanted` or `spooled` to `staged`.

mod interruptible;
mod log;
pub(super) mod streamed;

use std::sync::Arc;

use photomove_core::drill::Mutant;
use photomove_core::{Checksums, Error, ErrorKind, ItemKey, Lookup, NewPart, OutOfSight, Staged, Wanted};

use super::core::{Core, StepResult};
use super::policy::{self, Step};
use super::receive::{Parcel, ROOM_PAUSE, Trouble};
use crate::journal::setbacks::{self, Setback};
use crate::journal::staging::{self, Begun, From};
use crate::journal::uploads::{self, UploadRow};
use crate::journal::{listing, marks};
use crate::{Reason, StopReason};

use interruptible::Interruptible;
use log::Log;

impl Core {
    /// Receives, hashes and stages one upload.
    pub(super) async fn transfer(self: Arc<Self>, id: i64) -> StepResult {
        let _running = self.board.meter.enter(&self.env.clock);
        let Some(row) = self.read(move |c| uploads::load(c, id)).await? else {
            // Nothing of this job is to be read for it: taken again and again, it would hold the run for ever.
            return self.write(move |c| staging::hand_over(c, id)).await;
        };
        if row.received.is_none() && self.is_there(&row, &row.origin.promised, None).await? {
            return Ok(());
        }
        if let Some(size) = self.streams(&row) {
            return Box::pin(self.send_streamed(&row, size)).await;
        }
        let Some(parcel) = self.fetch(&row).await? else {
            return Ok(());
        };
        let sums = parcel.received.checksums;
        let is_news = !row.origin.promised.kinds().contains(self.sink_caps.find_by);
        if is_news && self.is_there(&row, &sums, None).await? {
            self.spool.remove(id).await;
            return Ok(());
        }
        self.send(&row, parcel).await
    }

    /// Asks the sink for the bytes by hash; `true` = they are there, and the upload has its outcome.
    async fn is_there(&self, row: &UploadRow, sums: &Checksums, intent: Option<i64>) -> StepResult<bool> {
        let find_by = self.sink_caps.find_by;
        if find_by.is_empty() || !sums.kinds().contains(find_by) {
            return Ok(false);
        }
        let wanted = [wanted(row.key, sums, &row.name)];
        let found = match self.sink.find(&wanted).await {
            Ok(found) => found,
            Err(error) => {
                self.resolve_stage_error(row, intent, error, false).await?;
                // Whatever was decided is in the journal; the row is taken again from there.
                return Ok(true);
            }
        };
        let (upload, now) = (row.id, self.now());
        let (id, told) = match found.into_iter().next() {
            Some(Lookup::Found { id, trashed: false }) => (id, Vec::new()),
            Some(Lookup::OutOfSight { id, how }) => match how {
                // Put away there as here: that is no loss.
                OutOfSight::Archived if row.metadata.archived.as_ref().is_some_and(|flag| flag.value) => {
                    (id, Vec::new())
                }
                OutOfSight::Archived => (id, vec![put_away()]),
                OutOfSight::Hidden => {
                    let reason = hidden();
                    self.write(move |c| staging::fail(c, upload, intent, &reason, now))
                        .await?;
                    self.tell_outcomes(vec![upload]).await?;
                    return Ok(true);
                }
            },
            _ => return Ok(false),
        };
        self.write(move |c| {
            staging::already_there(c, upload, intent, id.as_str(), now)?;
            setbacks::put(c, upload, &told)
        })
        .await?;
        self.tell_outcomes(vec![row.id]).await?;
        Ok(true)
    }

    /// Gets the bytes, from the spool or the source; `None` = the journal says what became of the upload.
    async fn fetch(&self, row: &UploadRow) -> StepResult<Option<Parcel>> {
        let id = row.id;
        if row.received.is_some() {
            match self.reopen(row).await {
                Ok(Some(parcel)) => return Ok(Some(parcel)),
                Ok(None) => {
                    // Taken again from there: perhaps it does not fit into the spool any more.
                    self.spool.remove(id).await;
                    self.write(move |c| staging::spool_lost(c, id)).await?;
                    return Ok(None);
                }
                Err(error) => return Err(StopReason::Failed(error)),
            }
        }
        let place = self.open_places.acquire().await;
        if self.is_ending() {
            // The run was stopped while this one waited for its turn.
            return Ok(None);
        }
        let received = self.receive_refreshed(row).await;
        drop(place);
        let parcel = match received {
            Ok(parcel) => parcel,
            Err(trouble) => {
                self.spool.remove(id).await;
                self.resolve_trouble(row, trouble).await?;
                return Ok(None);
            }
        };
        self.streaks.success();
        if parcel.received.spool.is_some() {
            let received = parcel.received.clone();
            self.write(move |c| staging::spooled(c, id, &received)).await?;
        }
        Ok(Some(parcel))
    }

    /// Receives a part; if the source does not find it, asks for newer facts about the asset once.
    async fn receive_refreshed(&self, row: &UploadRow) -> Result<Parcel, Trouble> {
        let first = self.receive(row, &row.origin.locator).await;
        let error = match first {
            Err(Trouble::Failed(error)) if *error.kind() == ErrorKind::NotFound => error,
            other => return other,
        };
        let asset = self.source.refresh(&row.origin.asset, &row.origin.locator).await?;
        let Some(asset) = asset.filter(|asset| asset.parts.iter().any(|part| part.id == row.origin.part)) else {
            return Err(Trouble::Gone);
        };
        if asset.locator == row.origin.locator {
            return Err(listed_without_bytes(&error).into());
        }
        let (asset_row, locator) = (row.origin.asset_row, asset.locator.clone());
        self.journal
            .write(move |c| staging::put_locator(c, asset_row, &locator))
            .await?;
        match self.receive(row, &asset.locator).await {
            Err(Trouble::Failed(error)) if *error.kind() == ErrorKind::NotFound => {
                Err(listed_without_bytes(&error).into())
            }
            other => other,
        }
    }

    async fn resolve_trouble(&self, row: &UploadRow, trouble: Trouble) -> StepResult {
        let (id, now) = (row.id, self.now());
        let error = match trouble {
            Trouble::Failed(error) => error,
            Trouble::NoRoom => {
                let until = now.saturating_add(ROOM_PAUSE).unwrap_or(now);
                return self.write(move |c| staging::postpone(c, id, until)).await;
            }
            Trouble::Gone => return self.skip_gone(row).await,
        };
        self.resolve_stage_error(row, None, error, false).await
    }

    async fn skip_gone(&self, row: &UploadRow) -> StepResult {
        let (id, part) = (row.id, row.origin.part_row);
        let reason = Reason {
            kind: "gone".into(),
            message: "the source does not have it any more".into(),
        };
        let text = reason.message.clone();
        self.write(move |c| staging::skip_gone(c, id, part, &text)).await?;
        let bytes = row.origin.size_bytes.unwrap_or(0);
        self.tell_skipped(&row.name, row.origin.asset.as_str(), bytes, reason);
        Ok(())
    }

    async fn send(&self, row: &UploadRow, parcel: Parcel) -> StepResult {
        let (id, job) = (row.id, self.job.id);
        let received = parcel.received.clone();
        // The place comes first: an intent is open only while its request may be under way.
        let place = self.stage_places.acquire().await;
        if self.is_ending() && parcel.received.spool.is_some() {
            // It is kept; sending it may take hours.
            return Ok(());
        }
        let now = self.now();
        let begun = self
            .write(move |c| staging::begin_stage(c, id, job, &received, From::Here, now))
            .await?;
        let (intent, resume) = match begun {
            Begun::Send { intent, resume } => (intent, resume.filter(|handle| self.is_alive(handle))),
            Begun::Merged { parts } => {
                self.spool.remove(id).await;
                return self.tell_parts(parts).await;
            }
            Begun::Gone => {
                self.spool.remove(id).await;
                return Ok(());
            }
        };
        let part = self.new_part(row);
        let log = Log::new(&self.journal, &self.env.clock, id, resume.as_ref());
        let body = Interruptible::new(
            &*parcel.body,
            &log,
            (&self.env.stop, &self.cut),
            parcel.received.spool.is_some(),
        );
        let reply = self.sink.stage(&part, &body, resume.as_ref(), &log).await;
        drop(place);
        let staged = match reply {
            Err(_) if body.was_cut() => return self.resolve_stage_error(row, Some(intent), cut_short(), false).await,
            Ok(staged) => self.by_our_clock(staged, resume.is_some()),
            Err(error) => {
                return self.resolve_stage_error(row, Some(intent), error, log.went_on()).await;
            }
        };
        self.streaks.success();
        let now = self.now();
        self.write(move |c| staging::staged(c, id, intent, &staged, now))
            .await?;
        let look = self.look_at(row, &*parcel.body).await;
        if parcel.received.spool.is_some() {
            self.spool.remove(id).await;
        }
        let size_bytes = parcel.received.size_bytes;
        self.board.count(|counters| {
            counters.uploaded += 1;
            counters.uploaded_bytes += size_bytes;
        });
        drop(body);
        drop(parcel);
        if let Some(look) = look {
            self.give_sample(row, size_bytes, look).await;
        }
        Ok(())
    }

    /// Says whether an upload that was begun can still be continued.
    fn is_alive(&self, handle: &Staged) -> bool {
        handle.until.is_none_or(|until| self.now() < until) || self.env.drill.has(Mutant::StaleToken)
    }

    /// The handle under which a part was streaming, if it still works.
    fn handle_of<'a>(&self, row: &'a UploadRow) -> Option<&'a Staged> {
        row.resume
            .as_ref()
            .filter(|handle| row.streamed && self.is_alive(handle))
    }

    fn new_part(&self, row: &UploadRow) -> NewPart {
        let bundle = match row.bundle {
            Some(_) => listing::bundle_key(&self.intake, row.origin.asset.as_str()),
            None => row.key,
        };
        NewPart {
            key: row.key,
            bundle,
            role: row.role,
            file_name: row.name.clone(),
            media_type: row.media_type.clone(),
            metadata: row.metadata.clone(),
            siblings: row.siblings.clone(),
        }
    }

    /// Stores what follows from an error while an upload was received or sent; `went_on` = it got further than it was,
    /// so that the try does not count.
    async fn resolve_stage_error(
        &self,
        row: &UploadRow,
        intent: Option<i64>,
        error: Error,
        went_on: bool,
    ) -> StepResult {
        let (id, now, unknown) = (row.id, self.now(), policy::is_unknown(&error));
        // What is wrong with the bytes that were sent stays wrong: they are sent from the start.
        let keep = *error.kind() != ErrorKind::Corrupt;
        match self.decide(error, if went_on { 0 } else { row.attempts }) {
            Step::Again { reason, at } => {
                self.tell_retry(&row.name, &reason, Some(at));
                self.write(move |c| {
                    staging::back(c, id, intent, Some((&reason, at)), keep, now)?;
                    match went_on {
                        true => marks::uncount(c, id),
                        false => Ok(()),
                    }
                })
                .await
            }
            Step::Fail(reason) | Step::Split(reason) => {
                self.write(move |c| staging::fail(c, id, intent, &reason, now)).await?;
                self.spool.remove(id).await;
                self.tell_outcomes(vec![id]).await
            }
            Step::Exists(dest) => {
                self.write(move |c| staging::already_there(c, id, intent, dest.as_str(), now))
                    .await?;
                self.spool.remove(id).await;
                self.tell_outcomes(vec![id]).await
            }
            Step::Settle(error) => match intent {
                Some(intent) => self.settle_now(intent).await,
                None => Err(StopReason::Failed(error)),
            },
            Step::Stop(stop) => {
                // Nobody knows what became of it: the open intent stays, and the next run settles it.
                if !unknown {
                    self.write(move |c| staging::back(c, id, intent, None, keep, now))
                        .await?;
                }
                Err(stop)
            }
        }
    }
}

/// A drain ends at once what can be continued: nobody waits hours for the end of a film.
pub(super) fn cut_short() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped in the middle of a file")
}

/// What the source says it has, but does not give: never left out as gone, for it may come back.
pub(super) fn listed_without_bytes(error: &Error) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("the source lists the file, but does not find its bytes: {error}"),
    )
}

/// What is told of a file that its owner has put away at the destination: nobody takes it out again but they.
fn put_away() -> Setback {
    Setback {
        what: setbacks::IN_SIGHT.into(),
        why: setbacks::ARCHIVED.into(),
    }
}

/// Why a file is not sent that the destination has, but never shows: it would not take it once more.
fn hidden() -> Reason {
    Reason {
        kind: "hidden_there".into(),
        message:
            "the destination holds these very bytes as an item that it never shows, and takes no second copy; delete \
                  that item there for good, then run the command with `--retry-refused`"
                .into(),
    }
}

/// How the sink can look for an upload.
pub(super) fn wanted(key: ItemKey, sums: &Checksums, name: &str) -> Wanted {
    Wanted {
        key,
        checksums: *sums,
        file_name: name.to_owned(),
    }
}
