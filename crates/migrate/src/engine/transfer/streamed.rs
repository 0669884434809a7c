//! An upload whose bytes go straight from the source to the destination, for they fit nowhere on the way.

use std::sync::Arc;
use std::time::Duration;

use photomove_core::{Agreement, Asset, Body, Checksums, StageKind, Staged};

use super::log::Log;
use crate::StopReason;
use crate::engine::core::{Core, StepResult};
use crate::engine::stream::{Cut, StreamedBody, read_ahead};
use crate::journal::marks::{self, Marks};
use crate::journal::staging::{self, Begun, From, Received, Streamed};
use crate::journal::uploads::UploadRow;

/// How long a part waits for its turn: what goes before it is large.
const TURN_PAUSE: Duration = Duration::from_secs(30);

/// How many parts stream at once, where both sides bear so many calls: small parts must not wait for large ones.
pub(in crate::engine) fn places(open: u16, stage: u16) -> usize {
    usize::from(open.min(stage) / 2).clamp(1, 2)
}

impl Core {
    /// Says whether a part is sent without being received before, and how long it is.
    pub(super) fn streams(&self, row: &UploadRow) -> Option<u64> {
        let size = row.origin.size_bytes.filter(|_| row.received.is_none())?;
        let fits = size <= self.options.memory_part_max_bytes || !self.spool.never_holds(size);
        (self.sink_caps.resumable && !fits && self.can_be_found(&row.origin.promised)).then_some(size)
    }

    /// Where bytes are visible at once, they must be found by their hash before and, if a reply is lost, after.
    pub(in crate::engine) fn can_be_found(&self, promised: &Checksums) -> bool {
        let find_by = self.sink_caps.find_by;
        self.sink_caps.stage == StageKind::Hidden || (!find_by.is_empty() && promised.kinds().contains(find_by))
    }

    /// Sends a part straight from the source.
    pub(super) async fn send_streamed(self: &Arc<Self>, row: &UploadRow, size: u64) -> StepResult {
        let Ok(_turn) = self.stream_places.try_acquire() else {
            let (id, now) = (row.id, self.now());
            let until = now.saturating_add(TURN_PAUSE).unwrap_or(now);
            return self.write(move |c| staging::postpone(c, id, until)).await;
        };
        if self.handle_of(row).is_some() && !self.is_as_before(row).await? {
            return Ok(());
        }
        // In the order in which all others take them; the source's place is held as long as it is read.
        let open_place = self.open_places.acquire().await;
        let memory = self.hold_memory(read_ahead(self.block())).await;
        let memory = memory.map_err(StopReason::Failed)?;
        let stage_place = self.stage_places.acquire().await;
        if self.is_ending() {
            return Ok(());
        }
        let Some((intent, resume, marks)) = self.begin_streamed(row, size).await? else {
            return Ok(());
        };
        let body = StreamedBody::new(self, row, size, marks);
        let log = Log::new(&self.journal, &self.env.clock, row.id, resume.as_ref());
        let mut reply = self.sink.stage(&self.new_part(row), &body, resume.as_ref(), &log).await;
        drop((open_place, memory, stage_place));
        let mut sums = Checksums::default();
        if reply.is_ok() {
            // Whether or not the sink has asked: nothing else says that the bytes are those that were promised.
            match body.seal().await {
                Ok(sealed) => sums = sealed,
                Err(error) => reply = Err(error),
            }
        }
        match reply {
            Ok(staged) => {
                self.streamed(row, intent, self.by_our_clock(staged, resume.is_some()), sums, size)
                    .await
            }
            Err(error) => match body.cut() {
                Some(Cut::Gone) => {
                    let (id, now) = (row.id, self.now());
                    self.write(move |c| staging::back(c, id, Some(intent), None, false, now))
                        .await?;
                    self.skip_gone(row).await
                }
                Some(Cut::Failed(cause)) => self.resolve_stage_error(row, Some(intent), cause, log.went_on()).await,
                None => self.resolve_stage_error(row, Some(intent), error, log.went_on()).await,
            },
        }
    }

    /// Before an upload is continued: does the source still have what it was begun with? `false` = it is decided.
    async fn is_as_before(&self, row: &UploadRow) -> StepResult<bool> {
        let id = row.id;
        let asset = match self.source.refresh(&row.origin.asset, &row.origin.locator).await {
            Ok(asset) => asset,
            Err(error) => {
                self.resolve_stage_error(row, None, error, false).await?;
                return Ok(false);
            }
        };
        match asset.map(|asset| is_same(row, &asset)) {
            Some(Some(true)) => Ok(true),
            Some(Some(false)) => {
                tracing::info!(upload = id, "the file changed at the source, its upload begins anew");
                self.write(move |c| staging::forget_handle(c, id)).await?;
                // Taken again from there, without a handle.
                Ok(false)
            }
            Some(None) | None => {
                self.write(move |c| staging::forget_handle(c, id)).await?;
                self.skip_gone(row).await?;
                Ok(false)
            }
        }
    }

    async fn begin_streamed(&self, row: &UploadRow, size: u64) -> StepResult<Option<(i64, Option<Staged>, Marks)>> {
        let (id, job, now) = (row.id, self.job.id, self.now());
        let promised = Received {
            size_bytes: size,
            checksums: row.origin.promised,
            spool: None,
        };
        if self.handle_of(row).is_none() {
            self.write(move |c| staging::forget_handle(c, id)).await?;
        }
        let begun = self
            .write(move |c| {
                let begun = staging::begin_stage(c, id, job, &promised, From::Source, now)?;
                Ok((begun, marks::load(c, id)?))
            })
            .await?;
        match begun {
            (Begun::Send { intent, resume }, marks) => Ok(Some((intent, resume, marks))),
            (Begun::Merged { parts }, _) => {
                self.tell_parts(parts).await?;
                Ok(None)
            }
            (Begun::Gone, _) => Ok(None),
        }
    }

    async fn streamed(&self, row: &UploadRow, intent: i64, staged: Staged, sums: Checksums, size: u64) -> StepResult {
        self.streaks.success();
        let (id, job, now) = (row.id, self.job.id, self.now());
        let outcome = self
            .write(move |c| staging::streamed(c, id, job, intent, &staged, &sums, now))
            .await?;
        match outcome {
            Streamed::Staged => {}
            Streamed::TookOver(twin) => self.spool.remove(twin).await,
            Streamed::Merged(parts) => self.tell_parts(parts).await?,
        }
        self.board.count(|counters| {
            counters.uploaded += 1;
            counters.uploaded_bytes += size;
        });
        Ok(())
    }
}

/// Compares what the source says now with what was listed; `None` = it has the part no more.
fn is_same(row: &UploadRow, asset: &Asset) -> Option<bool> {
    let part = asset.parts.iter().find(|part| part.id == row.origin.part)?;
    let same_size = part.size_bytes.is_none_or(|size| Some(size) == row.origin.size_bytes);
    let same_bytes = match part.checksums.agrees(&row.origin.promised) {
        Agreement::Same(kinds) => !kinds.is_empty(),
        Agreement::Different(_) => false,
        // Without a hash only its version can say.
        Agreement::Unknown => asset.revision == row.origin.revision,
    };
    Some(same_size && same_bytes)
}
