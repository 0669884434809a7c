//! What a refusal means: the status and, for logins, the `code` decide; the texts are in the server's language.
//!
//! # Source
//! Reference 0.5, 1.3.1, 1.4, 1.7 and 2.8; recordings `errors.json`, `sessions.json`, `session-2fa.json`, `limits.json`.

use std::time::Duration;

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Rejection, Resource};
use photomove_http::{ErrorReply, classify_status, redact};

use crate::KIND;
use crate::wire::ErrorBody;
use crate::wire::{PASSCODE_REQUIRED, PASSCODE_WRONG};

/// A login is free again after this long (reference 1.7); the server does not say so.
pub(crate) const LOGIN_REFILL: Duration = Duration::from_secs(60);
/// Longest text of the server that is passed on.
const SHOWN_CHARS: usize = 200;

/// Name of the detail that tells a wrong passcode from a missing one.
pub(crate) const PASSCODE: &str = "passcode";

/// Turns a reply that is not a success into an error of the right kind.
pub fn classify(reply: &ErrorReply<'_>) -> Error {
    let status = reply.status.as_u16();
    let body = ErrorBody::read(reply.body);
    let error = match status {
        ..300 => page(reply),
        300..400 => elsewhere(reply),
        400 => bad_request(reply),
        401 if signs_in(reply.operation) => login(&body),
        401 => Error::new(
            ErrorKind::Auth(AuthProblem::Expired),
            "the server does not accept the sign-in",
        )
        .hint("sign in again with `photomove auth login photoprism`"),
        403 => forbidden(reply.operation),
        404 if reply.operation == Operation::Connect || signs_in(reply.operation) => {
            Error::new(ErrorKind::Config, format!("there is no photoprism at {}", reply.origin))
                .hint("check the address, and the base path if the server has one")
        }
        // WebDAV alone answers these (recording `webdav.json`).
        405 => Error::new(ErrorKind::Unsupported, "the server does not do this at this address"),
        409 => Error::new(ErrorKind::NotFound, "the folder that it belongs into does not exist"),
        412 => Error::new(
            ErrorKind::Conflict { existing: None },
            "there is a file of that name already",
        ),
        423 => Error::new(
            ErrorKind::Unavailable {
                retry_after: reply.retry_after,
            },
            "another program has locked the file",
        ),
        413 => too_large(reply),
        429 if signs_in(reply.operation) => Error::new(
            ErrorKind::RateLimited {
                retry_after: Some(reply.retry_after.unwrap_or(LOGIN_REFILL)),
            },
            "the server lets nobody sign in from here for a while after many failed attempts",
        )
        .hint("it takes one attempt a minute; check the password before the next"),
        500 => Error::new(
            ErrorKind::Unavailable {
                retry_after: reply.retry_after,
            },
            "the server could not do it",
        )
        .hint("look into the server's log"),
        507 => Error::new(
            ErrorKind::Quota {
                resource: Resource::Storage,
                resets_at: None,
            },
            "the server's storage is full",
        )
        .hint("make room on the server or raise its limit `PHOTOPRISM_FILES_QUOTA`, then run again"),
        _ => classify_status(reply),
    };
    let error = match shown(&body) {
        Some(text) => error.context("server says", text),
        None => error,
    };
    error.provider(KIND).operation(reply.operation)
}

/// Says whether the request is one that asks for a token.
fn signs_in(operation: Operation) -> bool {
    matches!(operation, Operation::SignIn | Operation::RenewSignIn)
}

/// A web page where the interface should be.
fn page(reply: &ErrorReply<'_>) -> Error {
    Error::new(
        ErrorKind::Protocol,
        format!("{} sent a web page where photoprism belongs", reply.origin),
    )
    .hint("check the address; a proxy in front of the server may want a sign-in of its own")
}

/// A redirect away from the site.
fn elsewhere(reply: &ErrorReply<'_>) -> Error {
    let error = Error::new(ErrorKind::Config, "the server sends the request to another address");
    match reply.redirected_to {
        Some(url) => error.context("address", redact::url(url)),
        None => error,
    }
    .hint("use the server's final address, with `https://` if it has one")
}

fn bad_request(reply: &ErrorReply<'_>) -> Error {
    let kind = ErrorKind::Rejected(Rejection::Invalid);
    match reply.operation {
        // A full disk, a broken form and a name that is too long are all this one answer.
        Operation::Stage => Error::new(kind, "the server could not store the upload")
            .hint("check the free space on the server, then run again"),
        // Searches of a client without a user end here: the server hides its refusal behind this status (#4665).
        Operation::ListAssets | Operation::ListAlbums | Operation::ListMembers => {
            Error::new(kind, "the server does not take this search")
                .hint("check the filter; a client that acts for no user cannot search at all")
        }
        _ => Error::new(kind, "the server does not take this request"),
    }
}

fn login(body: &ErrorBody) -> Error {
    match body.code {
        Some(PASSCODE_REQUIRED) => Error::new(
            ErrorKind::Auth(AuthProblem::Challenge),
            "the account wants a passcode beside the password",
        )
        .context(PASSCODE, "missing")
        .hint("sign in again with `photomove auth login photoprism`, or use an app password, which needs none"),
        Some(PASSCODE_WRONG) => Error::new(ErrorKind::Auth(AuthProblem::Challenge), "the passcode is not right")
            .context(PASSCODE, "wrong")
            .hint("wait for the next passcode; three wrong ones lock the sign-in for minutes"),
        _ => Error::new(
            ErrorKind::Auth(AuthProblem::Revoked),
            "the name, password or secret is not right",
        )
        .hint("check them in a browser, then sign in with `photomove auth login photoprism`"),
    }
}

fn forbidden(operation: Operation) -> Error {
    let kind = ErrorKind::Auth(AuthProblem::MissingScope);
    match operation {
        Operation::Open | Operation::ReadBack => Error::new(kind, "the server does not give the file out")
            .hint("the key of downloads has run out, or the account may not download"),
        Operation::Stage | Operation::Commit => Error::new(kind, "the server does not take uploads from this sign-in")
            .hint(
                "the server may be read-only, uploads or imports may be switched off, or the account or scope does not \
                 cover `files`",
            ),
        _ => Error::new(kind, "the server does not allow this to the sign-in").hint(
            "the account needs the role `admin`, an app password or client the right scope; the feature may be switched \
             off or the server read-only",
        ),
    }
}

/// Too large for the server, or for a proxy in front of it, which often takes 1 MB only.
fn too_large(reply: &ErrorReply<'_>) -> Error {
    Error::new(
        ErrorKind::Rejected(Rejection::TooLarge),
        "the upload is larger than the server, or a proxy in front of it, takes",
    )
    .hint(match reply.body.trim_start().starts_with('{') {
        true => "raise `PHOTOPRISM_UPLOAD_LIMIT` on the server",
        false => "raise the limit of the proxy (`client_max_body_size` of nginx)",
    })
}

/// Returns what the server says for people to read: one line, no more than a sentence.
fn shown(body: &ErrorBody) -> Option<String> {
    let text = body.error.as_deref().filter(|text| !text.trim().is_empty())?;
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    Some(line.take(SHOWN_CHARS).collect())
}

#[cfg(test)]
mod tests;
