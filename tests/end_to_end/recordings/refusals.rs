//! What the clients must make of each recorded refusal.

use photomove_core::{AuthProblem, DestId, ErrorKind, Rejection, Resource};

const RATE_LIMITED: ErrorKind = ErrorKind::RateLimited { retry_after: None };
const UNAVAILABLE: ErrorKind = ErrorKind::Unavailable { retry_after: None };
const DAY_IS_SPENT: ErrorKind = ErrorKind::Quota {
    resource: Resource::RequestsPerDay,
    resets_at: None,
};
const STORAGE_IS_FULL: ErrorKind = ErrorKind::Quota {
    resource: Resource::Storage,
    resets_at: None,
};
const EXISTS: ErrorKind = ErrorKind::Conflict { existing: None };

/// Kinds of the refusals of a recording, in their order.
pub fn expected(recording: &str) -> Vec<ErrorKind> {
    use ErrorKind::{Auth, BadBatch, Config, Network, Protocol, Rejected};
    let (service, name) = recording.split_once('/').expect("service and name");
    let name = name.trim_end_matches(".json");
    match (service, name) {
        ("amazon-photos", name) => match name {
            "conflict-409-name-exists" => vec![EXISTS; 4],
            "dtp-endpoint-403-not-registered" => vec![Auth(AuthProblem::MissingScope)],
            "dtp-upload-403-quota-2026" => {
                vec![STORAGE_IS_FULL, STORAGE_IS_FULL, Rejected(Rejection::Policy), EXISTS]
            }
            "dtp-upload-409-duplicate-2026" => {
                vec![ErrorKind::Conflict {
                    existing: Some(DestId::from("existingId")),
                }]
            }
            "list-400-next-token-expired" => vec![Protocol],
            "observations-2026-metadata-host" => vec![Protocol, UNAVAILABLE, EXISTS],
            "root-401-metadata-host" => vec![Auth(AuthProblem::Missing)],
            "server-500-internal-failure" => vec![UNAVAILABLE],
            "throttle-429-bodies" => vec![RATE_LIMITED; 3],
            "upload-401-content-host" => vec![Auth(AuthProblem::WrongRegion)],
            _ => Vec::new(),
        },
        (_, name) => match name {
            "429-daily-old-metric-name" | "429-daily-with-headers" => vec![DAY_IS_SPENT],
            "429-messages-collected" => vec![DAY_IS_SPENT, RATE_LIMITED, RATE_LIMITED],
            "429-writes-per-minute-per-user-2019"
            | "429-writes-per-minute-per-user-with-details"
            | "uploads-400-upload-quota" => vec![RATE_LIMITED],
            "albums-batchadd-400-invalid-item" => vec![BadBatch],
            "api-not-enabled-403-2020" | "api-not-enabled-403-errors-array" => vec![Config],
            "batchcreate-400-more-than-50" => vec![Protocol],
            "http-error-messages-collected" => vec![
                UNAVAILABLE,
                UNAVAILABLE,
                BadBatch,
                Rejected(Rejection::Invalid),
                UNAVAILABLE,
                UNAVAILABLE,
                Network,
            ],
            "library-401-headers" => vec![Auth(AuthProblem::Expired)],
            "mediaitems-batchget-500" => vec![UNAVAILABLE],
            "oauth-refresh-400-bad-request" | "oauth-refresh-400-revoked" => vec![Auth(AuthProblem::Revoked)],
            "search-403-insufficient-scopes" => vec![Auth(AuthProblem::MissingScope)],
            // What a fresh token is refused with lacks the permission to upload.
            "uploads-401-authentication-session" => vec![Auth(AuthProblem::MissingScope)],
            "uploads-400-empty-payload" => vec![Rejected(Rejection::Empty)],
            _ => Vec::new(),
        },
    }
}

/// The kind without waits and instants, which depend on the moment.
pub fn timeless(kind: &ErrorKind) -> ErrorKind {
    match kind {
        ErrorKind::RateLimited { .. } => RATE_LIMITED,
        ErrorKind::Unavailable { .. } => UNAVAILABLE,
        ErrorKind::Quota { resource, .. } => ErrorKind::Quota {
            resource: *resource,
            resets_at: None,
        },
        other => other.clone(),
    }
}
