//! One of each kind, for tests of whatever has to know them all.

use super::{AuthProblem, ErrorKind, Rejection, Resource};
use crate::DestId;

impl ErrorKind {
    /// Returns every kind with each of its sub-kinds, details present and absent: what a table of all outcomes begins with.
    pub fn samples() -> Vec<Self> {
        let instant = jiff::Timestamp::from_second(1_800_000_000).ok();
        let minute = Some(std::time::Duration::from_secs(60));
        let mut all = vec![
            Self::Config,
            Self::Unsupported,
            Self::Network,
            Self::Timeout,
            Self::NotFound,
            Self::BadBatch,
            Self::Corrupt,
            Self::Protocol,
            Self::Cancelled,
            Self::InUse,
            Self::Internal,
            Self::Conflict { existing: None },
            Self::Conflict {
                existing: Some(DestId::new("1")),
            },
        ];
        for retry_after in [None, minute] {
            all.push(Self::RateLimited { retry_after });
            all.push(Self::Unavailable { retry_after });
        }
        for resource in [Resource::RequestsPerDay, Resource::Storage, Resource::Run] {
            for resets_at in [None, instant] {
                all.push(Self::Quota { resource, resets_at });
            }
        }
        all.extend(
            [
                AuthProblem::Expired,
                AuthProblem::Revoked,
                AuthProblem::MissingScope,
                AuthProblem::WrongRegion,
                AuthProblem::WrongAccount,
                AuthProblem::Challenge,
                AuthProblem::Missing,
            ]
            .map(Self::Auth),
        );
        all.extend(
            [
                Rejection::TooLarge,
                Rejection::MediaType,
                Rejection::Policy,
                Rejection::Damaged,
                Rejection::Empty,
                Rejection::Invalid,
            ]
            .map(Self::Rejected),
        );
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers every kind: whoever adds one cannot compile this without it, nor pass the test without a sample.
    fn number(kind: &ErrorKind) -> usize {
        match kind {
            ErrorKind::Config => 0,
            ErrorKind::Unsupported => 1,
            ErrorKind::Auth(AuthProblem::Expired) => 2,
            ErrorKind::Auth(AuthProblem::Revoked) => 3,
            ErrorKind::Auth(AuthProblem::MissingScope) => 4,
            ErrorKind::Auth(AuthProblem::WrongRegion) => 5,
            ErrorKind::Auth(AuthProblem::WrongAccount) => 6,
            ErrorKind::Auth(AuthProblem::Challenge) => 7,
            ErrorKind::Auth(AuthProblem::Missing) => 8,
            ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                ..
            } => 9,
            ErrorKind::Quota {
                resource: Resource::Storage,
                ..
            } => 10,
            ErrorKind::Quota {
                resource: Resource::Run,
                ..
            } => 11,
            ErrorKind::RateLimited { .. } => 12,
            ErrorKind::Unavailable { .. } => 13,
            ErrorKind::Network => 14,
            ErrorKind::Timeout => 15,
            ErrorKind::NotFound => 16,
            ErrorKind::Rejected(Rejection::TooLarge) => 17,
            ErrorKind::Rejected(Rejection::MediaType) => 18,
            ErrorKind::Rejected(Rejection::Policy) => 19,
            ErrorKind::Rejected(Rejection::Damaged) => 20,
            ErrorKind::Rejected(Rejection::Empty) => 21,
            ErrorKind::Rejected(Rejection::Invalid) => 22,
            ErrorKind::BadBatch => 23,
            ErrorKind::Conflict { .. } => 24,
            ErrorKind::Corrupt => 25,
            ErrorKind::Protocol => 26,
            ErrorKind::Cancelled => 27,
            ErrorKind::InUse => 28,
            ErrorKind::Internal => 29,
        }
    }

    #[test]
    fn no_kind_is_missing() {
        let numbers: BTreeSet<usize> = ErrorKind::samples().iter().map(number).collect();
        assert_eq!(numbers, (0..30).collect());
    }
}
