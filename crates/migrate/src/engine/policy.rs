//! What is done about an error: the one place of the engine that decides it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{AuthProblem, DestId, Disposition, Error, ErrorKind, Happened, Random, Rejection, Resource};

use crate::{Reason, StopReason};

/// So many answers in a row that the service never gives mean that it has changed.
const PROTOCOL_ERRORS_MAX: u32 = 5;
/// So many failures in a row of the network or the service mean that it is gone, not that items are bad.
const OUTAGES_MAX: u32 = 12;
/// First pause before a whole item is tried again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest such pause, whatever a service asks.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// What to do.
#[derive(Debug)]
pub(super) enum Step {
    /// Try the item or the call again, not before then.
    Again { reason: Reason, at: Timestamp },
    /// Give the item up.
    Fail(Reason),
    /// The item exists.
    Exists(DestId),
    /// Send the batch in halves.
    Split(Reason),
    /// Find out what became of the call first.
    Settle(Error),
    /// Stop the run; the item stays as it is.
    Stop(StopReason),
}

/// Counts failures in a row, over all tasks.
#[derive(Debug, Default)]
pub(super) struct Streaks {
    protocol: AtomicU32,
    outage: AtomicU32,
}

impl Streaks {
    /// A call succeeded: the service is there and talks as it always does.
    pub(super) fn success(&self) {
        self.protocol.store(0, Ordering::Relaxed);
        self.outage.store(0, Ordering::Relaxed);
    }
}

/// What the decision depends on besides the error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    /// How often the item was tried before this time.
    pub attempts: u32,
    /// How often it may be tried.
    pub attempts_max: u32,
    pub now: Timestamp,
}

/// Decides.
pub(super) fn decide(error: Error, situation: Situation, streaks: &Streaks, random: &dyn Random) -> Step {
    let disposition = error.disposition();
    if *error.kind() == ErrorKind::Protocol
        && streaks.protocol.fetch_add(1, Ordering::Relaxed) + 1 >= PROTOCOL_ERRORS_MAX
    {
        return Step::Stop(StopReason::Failed(
            error.hint("the service answers in a new way; is there a newer photomove?"),
        ));
    }
    let outage = error.is_transient() && *error.kind() != ErrorKind::Corrupt;
    if outage && streaks.outage.fetch_add(1, Ordering::Relaxed) + 1 >= OUTAGES_MAX {
        return Step::Stop(StopReason::Failed(
            error.hint("check the network and run the command again; it continues where it stopped"),
        ));
    }
    if matches!(disposition, Disposition::Settle) {
        return Step::Settle(error);
    }
    match disposition {
        Disposition::Retry { after } => again(&error, after, situation, random),
        // Tried often enough: that is the sign-in's fault, never the item's.
        Disposition::RefreshAndRetry if situation.attempts + 1 >= situation.attempts_max => {
            Step::Stop(StopReason::SignInNeeded(error))
        }
        Disposition::RefreshAndRetry => again(&error, None, situation, random),
        Disposition::FailItem if error.is_transient() => again(&error, None, situation, random),
        Disposition::FailItem => Step::Fail(reason(&error)),
        Disposition::AlreadyDone(id) => Step::Exists(id),
        Disposition::SplitBatch => Step::Split(reason(&error)),
        Disposition::Settle => Step::Settle(error),
        Disposition::WaitUntil(resets_at) => Step::Stop(StopReason::Quota { resets_at, error }),
        Disposition::AskPerson => Step::Stop(StopReason::SignInNeeded(error)),
        Disposition::StopRun => Step::Stop(stop_reason(error)),
    }
}

/// Turns an error that ends a run into the reason for it.
pub(super) fn stop_reason(error: Error) -> StopReason {
    match error.kind() {
        ErrorKind::Auth(_) => StopReason::SignInNeeded(error),
        ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at,
        } => StopReason::Quota {
            resets_at: *resets_at,
            error,
        },
        ErrorKind::Quota {
            resource: Resource::Storage,
            ..
        } => StopReason::DestinationFull(error),
        ErrorKind::Cancelled => StopReason::Interrupted,
        _ => StopReason::Failed(error),
    }
}

/// Returns the name of the reason for which an error ends a run; see [`StopReason::name`].
pub(super) fn stop_name(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Auth(_) => "sign_in_needed",
        ErrorKind::Quota { resource, .. } => match resource {
            Resource::RequestsPerDay => "quota",
            Resource::Storage => "destination_full",
            Resource::Run => "limit",
        },
        ErrorKind::Cancelled => "interrupted",
        _ => "failed",
    }
}

fn again(error: &Error, after: Option<Duration>, situation: Situation, random: &dyn Random) -> Step {
    let reason = reason(error);
    if situation.attempts + 1 >= situation.attempts_max {
        return Step::Fail(reason);
    }
    let pause = match after {
        Some(after) => after.min(LONGEST_PAUSE),
        None => pause(situation.attempts, random),
    };
    let at = situation.now.saturating_add(pause).unwrap_or(Timestamp::MAX);
    Step::Again { reason, at }
}

/// The pause before the next try: doubled each time, with jitter of up to a half.
pub(super) fn pause(attempts: u32, random: &dyn Random) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
    let millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis / 2 + random.next_u64() % (millis / 2 + 1))
}

/// Says whether the failed call took effect or may have: then its outcome is asked for before anything else.
pub(super) fn is_unknown(error: &Error) -> bool {
    error.has_happened() != Happened::No
}

impl Reason {
    /// Says for people and programs why an item failed: what the journal keeps of an error.
    pub fn of(error: &Error) -> Self {
        reason(error)
    }
}

/// Says for people and programs why an item failed.
pub(super) fn reason(error: &Error) -> Reason {
    Reason {
        kind: kind_name(error.kind()).into(),
        message: error.to_string().replace(['\n', '\r'], " "),
    }
}

fn kind_name(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "config",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Auth(AuthProblem::WrongAccount) => "wrong_account",
        ErrorKind::Auth(_) => "sign_in",
        ErrorKind::Quota {
            resource: Resource::RequestsPerDay | Resource::Run,
            ..
        } => "quota",
        ErrorKind::Quota {
            resource: Resource::Storage,
            ..
        } => "destination_full",
        ErrorKind::RateLimited { .. } => "rate_limited",
        ErrorKind::Unavailable { .. } => "unavailable",
        ErrorKind::Network => "network",
        ErrorKind::Timeout => "timeout",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Rejected(rejection) => match rejection {
            Rejection::TooLarge => "rejected_too_large",
            Rejection::MediaType => "rejected_media_type",
            Rejection::Policy => "rejected_policy",
            Rejection::Damaged => "rejected_damaged",
            Rejection::Empty => "empty",
            Rejection::Invalid => "rejected_invalid",
        },
        ErrorKind::BadBatch => "bad_batch",
        ErrorKind::Conflict { .. } => "conflict",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::InUse => "in_use",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::SeededRandom;

    use super::*;

    fn step(error: Error, attempts: u32, streaks: &Streaks) -> Step {
        let situation = Situation {
            attempts,
            attempts_max: 3,
            now: Timestamp::UNIX_EPOCH,
        };
        decide(error, situation, streaks, &SeededRandom::new(1))
    }

    #[test]
    fn a_corrupt_download_is_tried_three_times() {
        let streaks = Streaks::default();
        let corrupt = || Error::new(ErrorKind::Corrupt, "wrong MD5");
        assert!(matches!(step(corrupt(), 0, &streaks), Step::Again { .. }));
        assert!(matches!(step(corrupt(), 1, &streaks), Step::Again { .. }));
        assert!(matches!(step(corrupt(), 2, &streaks), Step::Fail(_)));
    }

    #[test]
    fn five_protocol_errors_in_a_row_stop_the_run() {
        let streaks = Streaks::default();
        let odd = || Error::new(ErrorKind::Protocol, "no token in the answer");
        for _ in 0..4 {
            assert!(matches!(step(odd(), 0, &streaks), Step::Fail(_)));
        }
        streaks.success();
        for _ in 0..4 {
            assert!(matches!(step(odd(), 0, &streaks), Step::Fail(_)));
        }
        assert!(matches!(step(odd(), 0, &streaks), Step::Stop(StopReason::Failed(_))));
    }

    #[test]
    fn an_outage_stops_the_run_instead_of_failing_every_item() {
        let streaks = Streaks::default();
        let gone = || Error::new(ErrorKind::Network, "connection refused").exhausted();
        let steps: Vec<_> = (0..12).map(|_| step(gone(), 0, &streaks)).collect();
        assert!(matches!(steps[10], Step::Again { .. }));
        assert!(matches!(steps[11], Step::Stop(StopReason::Failed(_))));
    }

    #[test]
    fn replies_that_get_lost_again_and_again_stop_the_run() {
        let streaks = Streaks::default();
        let lost = || Error::new(ErrorKind::Network, "connection reset").happened(Happened::Unknown, false);
        for _ in 0..11 {
            assert!(matches!(step(lost(), 0, &streaks), Step::Settle(_)));
        }
        assert!(matches!(step(lost(), 0, &streaks), Step::Stop(StopReason::Failed(_))));
    }

    #[test]
    fn quota_storage_and_sign_in_stop_with_their_own_reason() {
        let streaks = Streaks::default();
        let quota = |resource| ErrorKind::Quota {
            resource,
            resets_at: None,
        };
        let day = Error::new(quota(Resource::RequestsPerDay), "day is over");
        assert!(matches!(step(day, 0, &streaks), Step::Stop(StopReason::Quota { .. })));
        let full = Error::new(quota(Resource::Storage), "full");
        assert!(matches!(
            step(full, 0, &streaks),
            Step::Stop(StopReason::DestinationFull(_))
        ));
        let other = Error::new(ErrorKind::Auth(AuthProblem::WrongAccount), "somebody else");
        assert!(matches!(
            step(other, 0, &streaks),
            Step::Stop(StopReason::SignInNeeded(_))
        ));
    }
}
