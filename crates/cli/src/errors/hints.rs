//! What to do next where an error itself does not say: one sentence for each kind.
//!
//! Whoever makes an error knows best and gives a hint. This is for the errors of which nobody knew more than their kind, so
//! that no message leaves a person alone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::{AuthProblem, Error, ErrorKind, Rejection, Resource};

/// Returns the error's own hint, or that of its kind.
pub(crate) fn next_step(error: &Error) -> String {
    match error.hint_text().map(str::trim).filter(|hint| !hint.is_empty()) {
        Some(hint) => hint.to_owned(),
        None => of_kind(error.kind(), error.provider_name()),
    }
}

fn of_kind(kind: &ErrorKind, provider: Option<&str>) -> String {
    let words = match kind {
        ErrorKind::Auth(problem) => return sign_in(*problem, provider),
        ErrorKind::Quota { resource, resets_at } => return quota(*resource, *resets_at),
        ErrorKind::Config => "check the options and the settings: `photomove doctor` shows what is in force",
        ErrorKind::Unsupported => "this version cannot do it; `photomove --help` lists what it can",
        ErrorKind::RateLimited { .. } => "wait a few minutes, then run the same command again",
        ErrorKind::Unavailable { .. } => "the service may be well again later: run the same command again",
        ErrorKind::Network | ErrorKind::Timeout => {
            "check the connection to the network and run the same command again; `photomove doctor` asks each host"
        }
        ErrorKind::NotFound => "look in the service's own app whether it is still there",
        ErrorKind::Rejected(rejection) => of_rejection(*rejection),
        ErrorKind::BadBatch => {
            "run the same command again; if it comes back, report it with `--log-file photomove.log`"
        }
        ErrorKind::Conflict { .. } => "look in the service's own app: it may be there already",
        ErrorKind::Corrupt => {
            "run the same command again; if it comes back, see whether the file opens in the service's own app"
        }
        ErrorKind::Protocol => {
            "the service may have changed: look for a newer photomove, or report it with `--log-file photomove.log`"
        }
        ErrorKind::Cancelled => "run the same command again: it goes on from here",
        ErrorKind::InUse => "wait until the other run has ended; `photomove status` shows how far it is",
        _ => "run `photomove doctor`; if it finds nothing, report this with `--log-file photomove.log`",
    };
    words.to_owned()
}

fn sign_in(problem: AuthProblem, provider: Option<&str>) -> String {
    let command = provider.map_or_else(
        || "`photomove auth login` and the name of the service".to_owned(),
        |provider| format!("`photomove auth login {provider}`"),
    );
    match problem {
        AuthProblem::Missing => format!("sign in with {command}"),
        AuthProblem::Expired | AuthProblem::Revoked => format!("sign in again with {command}"),
        AuthProblem::MissingScope => format!("sign in again with {command} and allow all that is asked for"),
        AuthProblem::WrongRegion => {
            format!("sign in at the shop or region that the account belongs to, with {command}")
        }
        AuthProblem::WrongAccount => format!(
            "sign in with the account of last time, or give the other one a name of its own, as in `photomove auth login {}@NAME`",
            provider.unwrap_or("SERVICE")
        ),
        AuthProblem::Challenge => {
            format!("open the service in a browser, answer what it asks, then sign in again with {command}")
        }
    }
}

fn quota(resource: Resource, resets_at: Option<Timestamp>) -> String {
    match (resource, resets_at) {
        (Resource::RequestsPerDay, Some(at)) => format!(
            "run the same command again after {}: it goes on from here",
            at.to_zoned(TimeZone::system()).strftime("%a %d %b %H:%M")
        ),
        (Resource::RequestsPerDay, None) => "run the same command again tomorrow: it goes on from here".to_owned(),
        (Resource::Storage, _) => {
            "make room at the destination, then run the same command again: it goes on from here".to_owned()
        }
        (Resource::Run, _) => "run the same command again: it goes on from here".to_owned(),
    }
}

fn of_rejection(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::TooLarge => "it stays at the source: make it smaller and upload it by hand, or keep it elsewhere",
        Rejection::MediaType => "it stays at the source: convert it and upload it by hand, or keep it elsewhere",
        Rejection::Policy => "it stays at the source: look in the destination's own app what it objects to",
        Rejection::Damaged => {
            "see whether it opens in the source's own app; if it does, try again with `--retry-refused`"
        }
        Rejection::Empty => "there is nothing in it to move; delete it at the source, or leave it",
        Rejection::Invalid => "try it again with `--retry-refused`, or upload it by hand",
    }
}
