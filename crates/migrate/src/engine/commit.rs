//! The write lane: items are created in batches, one album a batch.

mod bundles;

use std::sync::Arc;

use photomove_core::drill::Mutant;
use photomove_core::{Committed, Error, ErrorKind, Intent, Result, Settled, StagedBundle};

use bundles::{bundle_count, created, half};

use super::core::{Core, StepResult, defect};
use super::policy::{self, Step};
use crate::journal::commits::{self, CommitRow, Reply};
use crate::journal::intents::{self, Detail, IntentRow};
use crate::journal::staging;
use crate::{Reason, StopReason};

/// How often one and the same batch is repeated before the run stops.
const REPEATS_MAX: u32 = 5;

/// How a batch ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Every element has its reply.
    Done,
    /// Nothing happened; the batch is to be sent in halves.
    Split,
    /// Nothing happened; the whole lane waits.
    Pause(jiff::Timestamp),
}

/// A call's reply for one upload.
type Replies = Vec<(i64, Reply)>;

/// Says whether what was staged is not known any more, rather than refused for what it is.
fn is_gone(step: &Step) -> bool {
    match step {
        Step::Split(_) => true,
        Step::Fail(reason) => reason.kind == "not_found",
        _ => false,
    }
}

impl Core {
    /// Commits the next batch of a group.
    pub(super) async fn commit_group(self: Arc<Self>, group: Option<i64>) -> StepResult<After> {
        self.forget_other_sessions().await?;
        let on_commit = self.sink_caps.albums.as_ref().is_some_and(|caps| caps.on_commit);
        let album = group.filter(|_| on_commit);
        let dest = match album {
            None => None,
            Some(album) => match self.open_album(album).await? {
                super::albums::Opened::Open(dest) => Some(dest),
                super::albums::Opened::Failed => return Ok(After::Done),
                super::albums::Opened::Pause(at) => return Ok(After::Pause(at)),
            },
        };
        let (job, now, limit) = (self.job.id, self.now(), self.sink_caps.commit_batch.get());
        let rows = self.read(move |c| commits::take(c, job, group, limit, now)).await?;
        let detail = Detail {
            dest_album: dest.map(|dest| dest.as_str().to_owned()),
            ..Detail::default()
        };
        self.commit_halving(album, detail, rows).await
    }

    /// Creates items once more that may enter a further album only that way.
    pub(super) async fn refile(self: Arc<Self>, album: i64) -> StepResult<After> {
        let dest = match self.open_album(album).await? {
            super::albums::Opened::Open(dest) => dest,
            super::albums::Opened::Failed => return Ok(After::Done),
            super::albums::Opened::Pause(at) => return Ok(After::Pause(at)),
        };
        let (mut now, limit) = (self.now(), self.sink_caps.commit_batch.get());
        if self.env.drill.has(Mutant::StaleToken) {
            now = jiff::Timestamp::MIN;
        }
        let rows = self.write(move |c| commits::take_refile(c, album, limit, now)).await?;
        let detail = Detail {
            dest_album: Some(dest.as_str().to_owned()),
            refile: true,
            ..Detail::default()
        };
        self.commit_halving(Some(album), detail, rows).await
    }

    fn is_of_other_session(&self, members: &[&CommitRow]) -> bool {
        let present = self.sink.capabilities().sink.and_then(|caps| caps.session);
        let is_other = |row: &&CommitRow| row.staged.bound_to.is_some() && row.staged.bound_to != present;
        present.is_some() && members.iter().any(is_other)
    }

    /// Lets be sent again what was staged under another session than the present one: it has died with that.
    async fn forget_other_sessions(&self) -> StepResult {
        let Some(session) = self.sink.capabilities().sink.and_then(|caps| caps.session) else {
            return Ok(());
        };
        let (job, present) = (self.job.id, session.clone());
        let lost = self.read(move |c| staging::of_other_sessions(c, job, &present)).await?;
        if lost > 0 {
            tracing::info!(
                uploads = lost,
                "uploads were staged under another session and are sent again"
            );
            self.write(move |c| staging::forget_other_sessions(c, job, &session))
                .await?;
        }
        Ok(())
    }

    async fn commit_halving(&self, album: Option<i64>, detail: Detail, rows: Vec<CommitRow>) -> StepResult<After> {
        let mut stack = vec![rows];
        while let Some(mut batch) = stack.pop() {
            if batch.is_empty() {
                continue;
            }
            match self.commit_batch(album, &detail, &batch).await? {
                After::Done => {}
                After::Split => {
                    batch = self.read(move |c| commits::refresh(c, batch)).await?;
                    if batch.is_empty() {
                        continue;
                    }
                    let rest = batch.split_off(half(&batch));
                    // The first half goes first: the album's order stays.
                    stack.push(rest);
                    stack.push(batch);
                }
                pause @ After::Pause(_) => return Ok(pause),
            }
        }
        Ok(After::Done)
    }

    async fn commit_batch(&self, album: Option<i64>, detail: &Detail, batch: &[CommitRow]) -> StepResult<After> {
        if self.env.drill.has(Mutant::ActBeforeIntent) {
            return self.act_first(album, detail, batch).await;
        }
        let intent = self.intend(album, detail, batch).await?;
        let (bundles, dest) = self.bundles(&intent, batch);
        let reply = self.sink.commit(&bundles, dest.as_ref()).await;
        self.take_reply(intent, batch, reply, 0).await
    }

    /// Makes a commit durable as an intent, before it is sent.
    async fn intend(&self, album: Option<i64>, detail: &Detail, batch: &[CommitRow]) -> StepResult<IntentRow> {
        let (job, now) = (self.job.id, self.now());
        let (kept, rows) = (detail.clone(), batch.to_vec());
        self.write(move |c| {
            let id = commits::open(c, job, album, &kept, &rows, now)?;
            intents::load(c, id)
        })
        .await
    }

    /// A planted defect: the rule of [`Self::intend`] turned round.
    async fn act_first(&self, album: Option<i64>, detail: &Detail, batch: &[CommitRow]) -> StepResult<After> {
        let (bundles, dest) = self.bundles(&IntentRow::unwritten(detail.clone()), batch);
        let reply = self.sink.commit(&bundles, dest.as_ref()).await;
        let intent = self.intend(album, detail, batch).await?;
        self.take_reply(intent, batch, reply, 0).await
    }

    /// Stores the reply of a commit; `repeats` = how often the same batch was sent before.
    async fn take_reply(
        &self,
        intent: IntentRow,
        batch: &[CommitRow],
        reply: Result<Vec<Result<Committed>>>,
        repeats: u32,
    ) -> StepResult<After> {
        let (bundles, _) = self.bundles(&intent, batch);
        match reply {
            Ok(results) if results.len() == bundles.len() => {
                self.streaks.success();
                self.take_results(intent, batch, &bundles, results, repeats).await
            }
            Ok(results) => {
                let message = format!("{} results for {} items", results.len(), bundles.len());
                tracing::warn!(%message, "the destination's reply is not as long as the request");
                self.settle_commit(intent, batch, repeats).await
            }
            Err(error) => self.take_refusal(intent, batch, error, repeats).await,
        }
    }

    async fn take_results(
        &self,
        mut intent: IntentRow,
        batch: &[CommitRow],
        bundles: &[StagedBundle],
        results: Vec<Result<Committed>>,
        repeats: u32,
    ) -> StepResult<After> {
        let mut replies: Replies = Vec::with_capacity(batch.len());
        let mut unknown = Vec::new();
        let mut stop = None;
        let mut rows = batch.iter();
        for (bundle, result) in bundles.iter().zip(results) {
            let members: Vec<&CommitRow> = rows.by_ref().take(bundle.parts.len()).collect();
            match result {
                Ok(done) => replies.extend(created(&members, &done, repeats > 0)),
                Err(error) => {
                    let attempts = members.iter().map(|row| row.attempts).max().unwrap_or(0);
                    let reply = match self.decide(error, attempts) {
                        Step::Settle(_) => {
                            unknown.extend(members.iter().map(|row| row.upload));
                            continue;
                        }
                        Step::Stop(reason) => {
                            stop.get_or_insert(reason);
                            Reply::Staged { retry: None }
                        }
                        step => self.item_reply(step, &members),
                    };
                    replies.extend(members.iter().map(|row| (row.upload, reply.clone())));
                }
            }
        }
        self.store(&intent, replies, unknown.is_empty()).await?;
        if let Some(stop) = stop {
            return Err(stop);
        }
        if unknown.is_empty() {
            return Ok(After::Done);
        }
        // What became of these is settled under the same intent, which holds nothing else any more.
        intent.items.retain(|(upload, _)| unknown.contains(upload));
        let left: Vec<CommitRow> = batch
            .iter()
            .filter(|row| unknown.contains(&row.upload))
            .cloned()
            .collect();
        Box::pin(self.settle_commit(intent, &left, repeats)).await
    }

    fn item_reply(&self, step: Step, members: &[&CommitRow]) -> Reply {
        let first_time = !members.iter().any(|row| row.refused_before);
        match step {
            Step::Again { reason, at } => {
                if let Some(row) = members.first() {
                    self.tell_retry(&row.file_name, &reason, Some(at));
                }
                Reply::Staged {
                    retry: Some((reason, at)),
                }
            }
            // Not the fault of the item, however often it happens: a run may see many sessions. What was refused for
            // itself is not sent again because of that.
            step if is_gone(&step) && self.is_of_other_session(members) => Reply::SendAgain {
                reason: Reason {
                    kind: "session_over".into(),
                    message: "the session under which it was sent has ended, so it is sent again".into(),
                },
                at: self.now(),
            },
            // Once: a token that the service does not take any more; then it is the item itself.
            Step::Split(reason) if first_time => Reply::SendAgain { reason, at: self.now() },
            Step::Fail(reason) if first_time && reason.kind == "not_found" => {
                Reply::SendAgain { reason, at: self.now() }
            }
            Step::Fail(reason) | Step::Split(reason) => Reply::Failed(reason),
            Step::Exists(dest) => Reply::Created {
                dest: Some(dest.as_str().to_owned()),
                already_there: true,
                app_owned: None,
                in_album: false,
            },
            Step::Settle(error) => Reply::Failed(policy::reason(&error)),
            Step::Stop(_) => Reply::Staged { retry: None },
        }
    }

    async fn take_refusal(
        &self,
        intent: IntentRow,
        batch: &[CommitRow],
        error: Error,
        repeats: u32,
    ) -> StepResult<After> {
        if policy::is_unknown(&error) {
            return match self.decide(error, repeats) {
                // Quota and sign-in stop the run at once; the next one settles.
                Step::Stop(stop) => Err(stop),
                _ => Box::pin(self.settle_commit(intent, batch, repeats)).await,
            };
        }
        let gone_album = intent.album.filter(|_| *error.kind() == ErrorKind::NotFound);
        let all = |reply: Reply| -> Replies { batch.iter().map(|row| (row.upload, reply.clone())).collect() };
        let members: Vec<&CommitRow> = batch.iter().collect();
        match self.decide(error, 0) {
            Step::Again { reason, at } => {
                self.tell_retry("create items", &reason, Some(at));
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                Ok(After::Pause(at))
            }
            Step::Stop(stop) => {
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                Err(stop)
            }
            Step::Fail(reason) if gone_album.is_some() => {
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                if let Some(album) = gone_album {
                    self.give_up_album(album, reason).await?;
                }
                Ok(After::Done)
            }
            Step::Split(_) | Step::Fail(_) | Step::Exists(_) if bundle_count(batch) > 1 => {
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                Ok(After::Split)
            }
            step => {
                let reply = self.item_reply(step, &members);
                self.store(&intent, all(reply), true).await?;
                Ok(After::Done)
            }
        }
    }

    /// Finds out what became of a commit whose reply never came, and stores it.
    pub(super) async fn settle_commit(
        &self,
        intent: IntentRow,
        batch: &[CommitRow],
        repeats: u32,
    ) -> StepResult<After> {
        if repeats >= REPEATS_MAX {
            return Err(StopReason::Failed(
                Error::new(
                    ErrorKind::Unavailable { retry_after: None },
                    format!("{repeats} replies to the same request got lost"),
                )
                .operation(photomove_core::Operation::Commit)
                .hint("run the command again; it first finds out what became of that request"),
            ));
        }
        let (bundles, album) = self.bundles(&intent, batch);
        let question = Intent::Commit {
            bundles: bundles.clone(),
            album: album.clone(),
        };
        let settled = self.ask_settle(&question).await?;
        let uploads: Vec<i64> = batch.iter().map(|row| row.upload).collect();
        self.write(move |c| commits::explain_refusal(c, &uploads)).await?;
        let all = |reply: Reply| -> Replies { batch.iter().map(|row| (row.upload, reply.clone())).collect() };
        match settled {
            // That the items exist was known before; whether they entered the album is asked by doing it again.
            Settled::Happened(_) if intent.detail.refile => {
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                Ok(After::Done)
            }
            Settled::Happened(items) => {
                let replies = batch
                    .iter()
                    .map(|row| {
                        let dest = items
                            .iter()
                            .find(|(key, _)| *key == row.key)
                            .map(|(_, id)| id.as_str().to_owned());
                        let reply = match dest {
                            // Whether it entered the album nobody said; adding it again does no harm.
                            Some(dest) => Reply::Created {
                                dest: Some(dest),
                                already_there: false,
                                app_owned: None,
                                in_album: false,
                            },
                            None => Reply::Staged { retry: None },
                        };
                        (row.upload, reply)
                    })
                    .collect();
                self.store(&intent, replies, true).await?;
                Ok(After::Done)
            }
            Settled::DidNot => {
                self.store(&intent, all(Reply::Staged { retry: None }), true).await?;
                Ok(After::Done)
            }
            Settled::RepeatIsHarmless => {
                self.tell_retry("create items", &lost_reply(), None);
                if repeats > 0 {
                    let pause = policy::pause(repeats - 1, &*self.env.random);
                    let at = self.now().saturating_add(pause).unwrap_or(jiff::Timestamp::MAX);
                    if !self.wait_until(at).await {
                        return Err(StopReason::Interrupted);
                    }
                }
                let reply = self.sink.commit(&bundles, album.as_ref()).await;
                let mut batch = batch.to_vec();
                batch.iter_mut().for_each(|row| row.refused_before = false);
                Box::pin(self.take_reply(intent, &batch, reply, repeats + 1)).await
            }
            Settled::Unknown => {
                self.store(&intent, all(Reply::Failed(unknown_outcome())), true).await?;
                Ok(After::Done)
            }
            Settled::AlbumHappened(_) => Err(StopReason::Failed(defect(
                "the destination answered about an album, not items",
            ))),
        }
    }

    async fn store(&self, intent: &IntentRow, replies: Replies, close: bool) -> StepResult {
        let (intent, now, visible) = (intent.clone(), self.now(), self.visible_after());
        let new = |reply: &Reply| matches!(reply, Reply::Created { .. });
        let created = replies.iter().filter(|(_, reply)| new(reply)).count() as u64;
        let told: Vec<i64> = replies.iter().map(|(upload, _)| *upload).collect();
        let refile = intent.detail.refile;
        self.write(move |c| {
            for (upload, reply) in &replies {
                commits::apply(c, &intent, *upload, reply, visible, now)?;
                if !close {
                    intents::drop_item(c, intent.id, *upload)?;
                }
            }
            if close {
                intents::close(c, intent.id, "answered", now)?;
            }
            Ok(())
        })
        .await?;
        if refile {
            return Ok(());
        }
        self.board.count(|counters| counters.created += created);
        self.tell_outcomes(told).await
    }

    /// Settles the commit or stage intent of an upload right after its reply was lost.
    pub(super) async fn settle_now(&self, intent: i64) -> StepResult {
        let row = self.read(move |c| intents::load(c, intent)).await?;
        Box::pin(self.settle_intent(row)).await
    }
}

fn lost_reply() -> Reason {
    Reason {
        kind: "lost_reply".into(),
        message: "the reply got lost; the same request again does no harm".into(),
    }
}

pub(super) fn unknown_outcome() -> Reason {
    Reason {
        kind: "unknown_outcome".into(),
        message: "the reply got lost and the destination cannot say whether it acted; look for the item there before sending it by hand"
            .into(),
    }
}
