//! Finding out what became of calls whose reply never came: before anything else at the start, and at once in a run.

use photomove_core::drill::Mutant;
use photomove_core::{Intent, Settled};

use super::commit::unknown_outcome;
use super::core::{Core, StepResult, defect};
use super::policy::{self, Step};
use super::transfer::wanted;
use crate::StopReason;
use crate::journal::intents::{self, IntentKind, IntentRow};
use crate::journal::{commits, staging};

/// How often the sink is asked about one call.
const QUESTIONS: u32 = 4;

impl Core {
    /// Settles every open intent of the target, of whatever job, oldest first.
    pub(super) async fn settle_all(&self) -> StepResult {
        let target = self.job.target;
        if self.env.drill.has(Mutant::CloseIntentsUnsettled) {
            let now = self.now();
            self.write(move |c| intents::close_all(c, target, now)).await?;
        }
        let mut last = 0;
        while let Some(intent) = self.read(move |c| intents::oldest(c, target)).await? {
            if self.env.stop.is_draining() {
                return Err(StopReason::Interrupted);
            }
            if intent.id == last {
                return Err(StopReason::Failed(defect(
                    "a call was settled, but its intent is still open",
                )));
            }
            last = intent.id;
            self.settle_intent(intent).await?;
        }
        Ok(())
    }

    pub(super) async fn settle_intent(&self, intent: IntentRow) -> StepResult {
        match intent.kind {
            IntentKind::Stage => self.settle_stage(intent).await,
            IntentKind::Commit => {
                let row = intent.clone();
                let batch = self.read(move |c| commits::rows_of(c, &row)).await?;
                self.settle_commit(intent, &batch, 0).await.map(|_| ())
            }
            IntentKind::CreateAlbum => self.settle_album(intent).await,
            IntentKind::AddToAlbum => self.settle_add(intent).await,
        }
    }

    /// Asks the sink, again after a pause if it cannot be reached.
    pub(super) async fn ask_settle(&self, question: &Intent) -> StepResult<Settled> {
        for attempt in 0.. {
            let error = match self.sink.settle(question).await {
                Ok(settled) => {
                    self.streaks.success();
                    return Ok(settled);
                }
                Err(error) => error,
            };
            let transient = error.is_transient();
            match self.decide(error, 0) {
                Step::Stop(stop) => return Err(stop),
                Step::Settle(error) => return Err(StopReason::Failed(error)),
                Step::Again { reason, at } if attempt + 1 < QUESTIONS => {
                    self.tell_retry("find out what became of a request", &reason, Some(at));
                    let pause = at.duration_since(self.now()).unsigned_abs();
                    tokio::select! {
                        () = self.env.clock.sleep(pause) => {}
                        () = self.env.stop.drained() => return Err(StopReason::Interrupted),
                    }
                }
                Step::Again { reason, .. } | Step::Fail(reason) | Step::Split(reason) => {
                    let kind = if transient {
                        photomove_core::ErrorKind::Unavailable { retry_after: None }
                    } else {
                        photomove_core::ErrorKind::Protocol
                    };
                    return Err(StopReason::Failed(
                        photomove_core::Error::new(kind, reason.message)
                            .operation(photomove_core::Operation::Settle)
                            .exhausted()
                            .hint("run the command again; it first finds out what became of that request"),
                    ));
                }
                Step::Exists(_) => return Ok(Settled::RepeatIsHarmless),
            }
        }
        Err(StopReason::Failed(defect("settling never ends")))
    }

    async fn settle_stage(&self, intent: IntentRow) -> StepResult {
        let (id, now) = (intent.id, self.now());
        let Some((upload, _)) = intent.items.first().cloned() else {
            return self.write(move |c| intents::close(c, id, "gone", now)).await;
        };
        let Some(sent) = self.read(move |c| staging::being_staged(c, upload)).await? else {
            return self.write(move |c| intents::close(c, id, "gone", now)).await;
        };
        let key = sent.key;
        let question = Intent::Stage {
            part: key,
            wanted: wanted(key, &sent.checksums, &sent.name),
            staged: sent.handle,
        };
        let settled = self.ask_settle(&question).await?;
        match settled {
            Settled::Happened(items) => {
                let dest = items.into_iter().find(|(found, _)| *found == key).map(|(_, dest)| dest);
                let Some(dest) = dest else {
                    return Err(StopReason::Failed(defect(
                        "the destination answered about another item",
                    )));
                };
                // Visible at once: the item exists, and is proven like any other.
                self.write(move |c| staging::exists(c, upload, id, dest.as_str(), now))
                    .await
            }
            Settled::DidNot | Settled::RepeatIsHarmless => {
                self.write(move |c| staging::back(c, upload, Some(id), None, true, now))
                    .await
            }
            Settled::Unknown => {
                let reason = unknown_outcome();
                self.write(move |c| staging::fail(c, upload, Some(id), &reason, now))
                    .await?;
                self.tell_outcomes(vec![upload]).await
            }
            Settled::AlbumHappened(_) => Err(StopReason::Failed(defect(
                "the destination answered about an album, not an item",
            ))),
        }
    }

    /// Waits on the injected clock; `false` if the run is to stop first.
    pub(super) async fn wait_until(&self, at: jiff::Timestamp) -> bool {
        let pause = at.duration_since(self.now());
        if !pause.is_positive() {
            return !self.env.stop.is_draining();
        }
        tokio::select! {
            () = self.env.clock.sleep(pause.unsigned_abs()) => true,
            () = self.env.stop.drained() => false,
        }
    }

    /// Checks that an error at the start is one that stops the run, and says how.
    pub(super) fn stop_for(&self, error: photomove_core::Error) -> StopReason {
        policy::stop_reason(error)
    }
}
