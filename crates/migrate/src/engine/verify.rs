//! After creation: metadata that can only be set then, and proof.

use std::sync::Arc;

use jiff::Timestamp;
use photomove_core::drill::Mutant;
use photomove_core::{Claim, Error, ErrorKind, Evidence, Fields, Lookup, Result};

use super::commit::After;
use super::core::{Core, StepResult};
use super::policy::Step;
use super::transfer::wanted;
use crate::journal::setbacks::{NOT_KEPT, Setback};
use crate::journal::verdicts::{self, Verdict, VerifyRow};
use crate::{Event, Reason, StopReason};

/// Claims per call of `verify`.
pub(super) const VERIFY_BATCH: u32 = 50;
/// Items per step of `describe`, one request each.
const DESCRIBE_BATCH: u32 = 20;

/// Says of each field that it is lost.
fn setbacks_of(fields: Fields, why: &str) -> Vec<Setback> {
    let lost = |(_, name): (Fields, &str)| Setback {
        what: name.to_owned(),
        why: why.to_owned(),
    };
    fields.each().map(lost).collect()
}

impl Core {
    /// Says which fields the sink takes only after creation.
    pub(super) fn later_fields(&self) -> Fields {
        self.sink_caps.on_update.minus(self.sink_caps.on_create)
    }

    /// Sets metadata of the next items that need it.
    pub(super) async fn describe_some(self: Arc<Self>) -> StepResult<After> {
        let job = self.job.id;
        let rows = self
            .read(move |c| verdicts::to_describe(c, job, DESCRIBE_BATCH))
            .await?;
        for (upload, dest, metadata) in rows {
            let wanted = self.later_fields();
            let wanted = wanted.minus(wanted.minus(metadata.fields()));
            let mut lost = Vec::new();
            if !wanted.is_empty() {
                match self.sink.describe(&dest, &metadata).await {
                    Ok(stored) => {
                        self.streaks.success();
                        lost = setbacks_of(wanted.minus(stored), NOT_KEPT);
                    }
                    Err(error) => match self.decide(error, 0) {
                        Step::Stop(stop) => return Err(stop),
                        Step::Again { reason, at } => {
                            self.tell_retry("set metadata", &reason, Some(at));
                            return Ok(After::Pause(at));
                        }
                        // Setting is repeatable: whatever became of it, once more does no harm.
                        Step::Settle(_) => return Ok(After::Done),
                        Step::Exists(_) => {}
                        Step::Fail(reason) | Step::Split(reason) => {
                            self.board.tell(&Event::Loss {
                                what: format!("metadata of {dest}: {}", reason.message),
                            });
                            lost = setbacks_of(wanted, &format!("the destination refused it ({})", reason.kind));
                        }
                    },
                }
            }
            self.write(move |c| verdicts::described(c, upload, &lost)).await?;
        }
        Ok(After::Done)
    }

    /// Asks for proof of the next items.
    pub(super) async fn verify_some(self: Arc<Self>) -> StepResult<After> {
        let (job, now, described) = (self.job.id, self.now(), !self.later_fields().is_empty());
        let mut rows = self
            .read(move |c| verdicts::take(c, job, VERIFY_BATCH, described, now))
            .await?;
        let nameless: Vec<i64> = rows
            .iter()
            .filter(|row| row.dest.is_none())
            .map(|row| row.upload)
            .collect();
        self.find_ids(&mut rows).await?;
        // Metadata first: whose id is known only now waits for them.
        rows.retain(|row| !described || row.dest.is_none() || !nameless.contains(&row.upload));
        let (known, unknown): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.dest.is_some());
        let claims: Vec<Claim> = known.iter().filter_map(VerifyRow::claim).collect();
        let mut verdicts = Vec::with_capacity(known.len() + unknown.len());
        if !claims.is_empty() {
            let answers = match self.sink.verify(&claims).await {
                Ok(answers) if answers.len() == claims.len() => answers,
                Ok(_) => {
                    return self.verify_failed(Error::new(
                        ErrorKind::Protocol,
                        "the proof is not as long as the question",
                    ));
                }
                Err(error) => return self.verify_failed(error),
            };
            self.streaks.success();
            for (row, answer) in known.iter().zip(answers) {
                verdicts.push((row.upload, self.judge(row, answer)?));
            }
        }
        for row in &unknown {
            verdicts.push((row.upload, self.not_found_yet(row)));
        }
        self.store_verdicts(verdicts).await?;
        Ok(After::Done)
    }

    async fn store_verdicts(&self, verdicts: Vec<(i64, Verdict)>) -> StepResult {
        let now = self.now();
        let told: Vec<i64> = verdicts.iter().map(|(upload, _)| *upload).collect();
        self.write(move |c| {
            verdicts
                .iter()
                .try_for_each(|(upload, verdict)| verdicts::apply(c, *upload, verdict, now))
        })
        .await?;
        self.tell_outcomes(told).await
    }

    fn verify_failed(&self, error: Error) -> StepResult<After> {
        match self.decide(error, 0) {
            Step::Stop(stop) => Err(stop),
            Step::Again { reason, at } => {
                self.tell_retry("verify", &reason, Some(at));
                Ok(After::Pause(at))
            }
            Step::Settle(error) => Err(StopReason::Failed(error)),
            Step::Exists(_) => Ok(After::Pause(self.soon())),
            Step::Fail(reason) | Step::Split(reason) => Err(StopReason::Failed(
                Error::new(ErrorKind::Protocol, reason.message)
                    .hint("run the command again; it goes on with verifying"),
            )),
        }
    }

    /// A moment from now, for what is worth asking again.
    pub(super) fn soon(&self) -> Timestamp {
        let pause = super::policy::pause(0, &*self.env.random);
        self.now().saturating_add(pause).unwrap_or(Timestamp::MAX)
    }

    fn judge(&self, row: &VerifyRow, answer: Result<Evidence>) -> StepResult<Verdict> {
        let arrived = |verified, evidence: &str| {
            let source = if row.promised { "" } else { "; source gave no checksum" };
            Verdict::Arrived {
                verified,
                detail: format!("{evidence}{source}"),
            }
        };
        let lie = self.env.drill.has(Mutant::UnverifiableAsVerified);
        Ok(match answer {
            // What arrived is what was sent; that this is what the source has, only a hash of the source can prove.
            Ok(Evidence::Hash(kinds)) if !kinds.is_empty() => arrived(row.promised || lie, &format!("{kinds} equal")),
            // A proof by no hash at all is none.
            Ok(Evidence::Hash(_) | Evidence::ExistsOnly) => arrived(lie, "it exists, the service proves no more"),
            Ok(Evidence::SizeOnly) => arrived(lie, "the length is equal, the service gives no hash"),
            Ok(Evidence::Missing) => Verdict::Broken(Reason {
                kind: "missing".into(),
                message: "the destination does not have it, although it said so when it was created".into(),
            }),
            Ok(Evidence::Differs { what }) => Verdict::Broken(Reason {
                kind: "differs".into(),
                message: format!("the destination holds other bytes: {what}"),
            }),
            Err(error) => match self.decide(error, row.attempts) {
                Step::Again { reason, at } => {
                    self.tell_retry(&row.name, &reason, Some(at));
                    Verdict::Later { reason, at }
                }
                Step::Stop(stop) => return Err(stop),
                Step::Settle(error) => return Err(StopReason::Failed(error)),
                Step::Exists(_) => arrived(false, "it exists, the service proves no more"),
                Step::Fail(reason) | Step::Split(reason) => arrived(
                    false,
                    &format!("the service was asked and could not tell: {}", reason.message),
                ),
            },
        })
    }

    /// Looks for items whose id the sink did not tell when it created them.
    async fn find_ids(&self, rows: &mut [VerifyRow]) -> StepResult {
        for row in rows.iter_mut().filter(|row| row.dest.is_none()) {
            let question = [wanted(row.key, &row.checksums, &row.name)];
            match self.sink.find(&question).await {
                Ok(found) => {
                    if let Some(Lookup::Found { id, .. } | Lookup::OutOfSight { id, .. }) = found.into_iter().next() {
                        row.dest = Some(id.clone());
                        let upload = row.upload;
                        self.write(move |c| verdicts::put_dest(c, upload, &id)).await?;
                    }
                }
                Err(error) => match self.decide(error, row.attempts) {
                    Step::Stop(stop) => return Err(stop),
                    Step::Settle(error) => return Err(StopReason::Failed(error)),
                    _ => {}
                },
            }
        }
        Ok(())
    }

    fn not_found_yet(&self, row: &VerifyRow) -> Verdict {
        if row.attempts + 1 >= self.options.attempts {
            return Verdict::Arrived {
                verified: false,
                detail: "the service accepted it, but does not show it under its hash".into(),
            };
        }
        Verdict::Later {
            reason: Reason {
                kind: "not_found".into(),
                message: "the service does not show it yet".into(),
            },
            at: self.soon(),
        }
    }
}
