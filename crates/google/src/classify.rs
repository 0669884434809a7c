//! What a refusal means: status and body decide the kind of error; policy follows from the kind elsewhere.
//!
//! # Source
//! Upload guide, quota page and best practices of the Library API (read 2026-08). Texts of refusals are *observed*: the
//! service documents codes only, and the code alone does not tell a full quota from a full account.

mod quota;

use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Rejection, Resource};
use photomove_http::ErrorReply;

pub(crate) use self::quota::{RATE_LIMITED_WAIT, lesson};
use self::quota::{day_is_spent, quota, rate_limited};
use crate::wire::{ErrorReplyBody, Failure, Status};

/// Longest text of the service that is passed on.
const SHOWN_CHARS: usize = 200;

/// What is known about a refused request.
struct Refusal<'a> {
    status: u16,
    body: ErrorReplyBody,
    operation: Operation,
    retry_after: Option<Duration>,
    now: Timestamp,
    text: &'a str,
    none: &'a Failure,
}

impl Refusal<'_> {
    fn failure(&self) -> &Failure {
        self.body.failure().unwrap_or(self.none)
    }

    fn says(&self, part: &str) -> bool {
        match &self.body {
            // JSON that was cut off on its way still says what it says.
            ErrorReplyBody::Other => contains(self.text, part),
            _ => contains(&self.failure().message, part),
        }
    }

    fn has_reason(&self, reasons: &[&str]) -> bool {
        let found = self.failure().reason();
        found.is_some_and(|found| reasons.contains(&found))
    }
}

/// Turns a reply that is not a success into an error of the right kind.
pub fn classify(reply: &ErrorReply<'_>) -> Error {
    let none = Failure::default();
    let refusal = Refusal {
        status: reply.status.as_u16(),
        body: ErrorReplyBody::read(reply.body),
        operation: reply.operation,
        retry_after: reply.retry_after,
        now: reply.now,
        text: reply.body,
        none: &none,
    };
    let error = of_text(&refusal).unwrap_or_else(|| of_status(&refusal));
    error.provider("google").operation(refusal.operation)
}

/// Texts that decide whatever the status is.
fn of_text(refusal: &Refusal<'_>) -> Option<Error> {
    quota(refusal)
        .or_else(|| project(refusal))
        .or_else(|| upload(refusal))
        .or_else(|| album(refusal))
        .or_else(|| batch(refusal))
}

/// Refusals that concern the project or the sign-in as a whole.
fn project(refusal: &Refusal<'_>) -> Option<Error> {
    let scopes = refusal.says("insufficient authentication scopes")
        || refusal.failure().status == "insufficient_scope"
        || refusal.has_reason(&["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"]);
    if scopes {
        return Some(missing_scope());
    }
    let off = refusal.says("has not been used in project")
        || refusal.has_reason(&["SERVICE_DISABLED", "accessNotConfigured"]);
    if off {
        return Some(switched_off(refusal.failure()));
    }
    if refusal.says("disabled for the user") {
        return Some(
            Error::new(ErrorKind::Config, "google photos is switched off for this account")
                .hint("open photos.google.com once with this account, or ask its administrator"),
        );
    }
    None
}

fn switched_off(failure: &Failure) -> Error {
    let url = failure
        .help_url()
        .unwrap_or("https://console.cloud.google.com/apis/library/photoslibrary.googleapis.com");
    let error = Error::new(
        ErrorKind::Config,
        "the google project has the Photos Library API switched off",
    )
    .hint(format!(
        "open {url}, press `Enable`, wait a few minutes, then run the same command again"
    ));
    match project_named(&failure.message) {
        Some(project) => error.context("project", project),
        None => error,
    }
}

/// Returns the number of the project that a message is about.
fn project_named(message: &str) -> Option<&str> {
    let after = &message[message.find("in project ")? + "in project ".len()..];
    let number = after.split_whitespace().next()?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)
}

/// An access token that does not cover the call.
pub(crate) fn missing_scope() -> Error {
    Error::new(
        ErrorKind::Auth(AuthProblem::MissingScope),
        "the sign-in does not cover this request",
    )
    .hint("sign in again with `photomove auth login google` and leave every box ticked")
}

fn upload(refusal: &Refusal<'_>) -> Option<Error> {
    if refusal.says("payload must not be empty") {
        let kind = ErrorKind::Rejected(Rejection::Empty);
        return Some(Error::new(kind, "google photos takes no empty files"));
    }
    if refusal.says("checksum") && refusal.says("payload") {
        if refusal.operation == Operation::Verify {
            // The canary: the hash was wrong by intention, so that sending it again is of no use.
            let kind = ErrorKind::Rejected(Rejection::Damaged);
            return Some(Error::new(kind, "google photos noticed the wrong hash"));
        }
        return Some(Error::new(
            ErrorKind::Corrupt,
            "the bytes changed on their way to google photos",
        ));
    }
    if refusal.says("remaining storage") {
        let kind = ErrorKind::Quota {
            resource: Resource::Storage,
            resets_at: None,
        };
        return Some(
            Error::new(kind, "the google account has no storage left for this")
                .hint("free some storage at one.google.com/storage and run the same command again"),
        );
    }
    None
}

fn album(refusal: &Refusal<'_>) -> Option<Error> {
    if refusal.says("does not match any albums") {
        return Some(
            Error::new(ErrorKind::NotFound, "the album does not exist any more")
                .hint("was it deleted at photos.google.com? run the same command again to make it anew"),
        );
    }
    if refusal.says("no permission to add media items") {
        let kind = ErrorKind::Rejected(Rejection::Policy);
        return Some(Error::new(
            kind,
            "google photos lets a program fill only albums that it made itself",
        ));
    }
    if refusal.says("invalid album id") {
        let kind = ErrorKind::Rejected(Rejection::Invalid);
        return Some(Error::new(kind, "google photos does not know an album id of this form"));
    }
    // The wording for a full album is not known; the limit is documented as 20,000 items.
    if refusal.says("album") && refusal.says("maximum") {
        let kind = ErrorKind::Rejected(Rejection::Policy);
        return Some(Error::new(kind, "the album at google photos is full"));
    }
    None
}

fn batch(refusal: &Refusal<'_>) -> Option<Error> {
    if refusal.says("valid upload token") {
        let message = "google photos refuses one of the upload tokens, and with it the whole batch";
        return Some(Error::new(ErrorKind::BadBatch, message));
    }
    if refusal.operation == Operation::AddToAlbum && refusal.says("invalid media item id") {
        let message = "google photos refuses one of the items, and with it the whole batch";
        return Some(Error::new(ErrorKind::BadBatch, message));
    }
    if refusal.says("invalid media item id") {
        return Some(Error::new(
            ErrorKind::NotFound,
            "google photos does not show this item to photomove",
        ));
    }
    None
}

/// What the status says where no text was decisive.
fn of_status(refusal: &Refusal<'_>) -> Error {
    let status = refusal.status;
    let retry_after = refusal.retry_after;
    let on_upload = refusal.operation == Operation::Stage;
    let (kind, message) = match status {
        200..=299 => (
            ErrorKind::Protocol,
            "a web page came where the answer of google photos belongs".to_owned(),
        ),
        401 => (
            ErrorKind::Auth(AuthProblem::Expired),
            "google no longer accepts the sign-in".to_owned(),
        ),
        403 => (ErrorKind::Config, told(refusal, "google refused the request")),
        404 if matches!(refusal.body, ErrorReplyBody::Html | ErrorReplyBody::Other) => (
            ErrorKind::Protocol,
            "google photos does not know this address".to_owned(),
        ),
        404 => (ErrorKind::NotFound, "it does not exist at google photos".to_owned()),
        408 => (
            ErrorKind::Timeout,
            "google photos waited too long for the request".to_owned(),
        ),
        413 => (
            ErrorKind::Rejected(Rejection::TooLarge),
            "the file is larger than google photos takes".to_owned(),
        ),
        415 => (
            ErrorKind::Rejected(Rejection::MediaType),
            "google photos does not take files of this type".to_owned(),
        ),
        // A condition of the upload protocol that will not come true.
        400 | 412 if on_upload => (
            ErrorKind::Rejected(Rejection::Invalid),
            told(refusal, "google photos refused the file"),
        ),
        409 | 499 => (
            ErrorKind::Unavailable { retry_after },
            told(refusal, "google photos gave up on the request"),
        ),
        501 => (ErrorKind::Unsupported, told(refusal, "google photos cannot do this")),
        500..=599 => (
            ErrorKind::Unavailable { retry_after },
            format!("google photos has a problem (HTTP {status})"),
        ),
        _ => (
            ErrorKind::Protocol,
            told(refusal, &format!("google photos answered HTTP {status}")),
        ),
    };
    let error = Error::new(kind, message);
    match status {
        200..=299 => error.hint("does this network ask for a sign-in of its own? open any page in a browser"),
        401 => error.hint("sign in again with `photomove auth login google`"),
        403 => error.hint("check the project and the account at console.cloud.google.com"),
        _ => error,
    }
}

fn told(refusal: &Refusal<'_>, what: &str) -> String {
    match shown(&refusal.failure().message) {
        text if text.is_empty() => what.to_owned(),
        text => format!("{what}: {text}"),
    }
}

/// Words of the service as they may stand inside one of our lines.
pub(crate) fn shown(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SHOWN_CHARS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.trim_end_matches('.').to_owned()
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

/// Turns the status of one element of `batchCreate` into an error; code 6 is the caller's to resolve.
///
/// The text is the same for codes 3, 6 and 13: only the number tells a broken file from a busy service.
pub(crate) fn classify_item(status: &Status, now: Timestamp) -> Error {
    let error = match status.code {
        3 => Error::new(
            ErrorKind::Rejected(Rejection::MediaType),
            "this file cannot become a photo or video there",
        )
        .hint("the file is damaged, or of a type that google photos does not take"),
        5 => Error::new(
            ErrorKind::NotFound,
            "google photos does not find what the item was to be made of",
        ),
        6 => Error::new(
            ErrorKind::Conflict { existing: None },
            "google photos holds these bytes already and does not say under which id",
        ),
        7 => Error::new(ErrorKind::Rejected(Rejection::Policy), item_text(status)),
        8 if contains(&status.message, "per day") => day_is_spent(now),
        8 => Error::new(rate_limited(None), "google photos was asked too often"),
        4 | 10 | 13 | 14 => Error::new(
            ErrorKind::Unavailable { retry_after: None },
            format!("google photos could not make the item just now (code {})", status.code),
        ),
        code => Error::new(ErrorKind::Protocol, item_text(status)).context("code", code),
    };
    error.provider("google").operation(Operation::Commit)
}

fn item_text(status: &Status) -> String {
    match shown(&status.message) {
        text if text.is_empty() => "google photos refused the item".to_owned(),
        text => format!("google photos refused the item: {text}"),
    }
}

#[cfg(test)]
mod tests;
