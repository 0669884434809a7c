//! Opens originals by whichever route works.

use std::sync::atomic::{AtomicUsize, Ordering};

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Rejection, Result};

use crate::classify::{is_content_refusal, is_web_page};
use crate::client::{AmazonClient, Download, Route};

/// Remembers which route worked, so that one that is closed is not tried for each of 100,000 files.
#[derive(Debug, Default)]
pub(super) struct Routes {
    preferred: AtomicUsize,
}

impl Routes {
    /// Opens an original, trying the other routes where one is closed or ill.
    pub(super) async fn open(
        &self,
        client: &AmazonClient,
        id: &str,
        owner: Option<&str>,
        offset: u64,
    ) -> Result<Download> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for step in 0..Route::ALL.len() {
            let index = (first + step) % Route::ALL.len();
            let route = Route::ALL[index];
            match try_route(client, route, id, owner, offset).await {
                Ok(download) => {
                    if step > 0 {
                        tracing::debug!(%route, "this way to the originals works");
                        self.preferred.store(index, Ordering::Relaxed);
                    }
                    return Ok(download);
                }
                Err(error) if is_route_trouble(&error) => {
                    tracing::debug!(%route, %error, "this way to the original is closed");
                    failures.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(explain(client, failures).await)
    }
}

async fn try_route(
    client: &AmazonClient,
    route: Route,
    id: &str,
    owner: Option<&str>,
    offset: u64,
) -> Result<Download> {
    match client.download(route, id, owner, offset).await {
        // The file is shorter than what was received of it before: it is another one now, so it is read from the start.
        Err(error) if offset > 0 && *error.kind() == ErrorKind::Rejected(Rejection::Invalid) => {
            client.download(route, id, owner, 0).await
        }
        result => result,
    }
}

/// Says whether another route may do better: this one is closed, ill, or stands in a region that the cookies do not fit.
fn is_route_trouble(error: &Error) -> bool {
    is_content_refusal(error)
        || is_web_page(error)
        || matches!(
            error.kind(),
            ErrorKind::NotFound
                | ErrorKind::Unavailable { .. }
                | ErrorKind::Network
                | ErrorKind::Timeout
                | ErrorKind::Protocol
                | ErrorKind::Rejected(_)
        )
}

/// Chooses the failure that says most, once no route works.
async fn explain(client: &AmazonClient, mut failures: Vec<Error>) -> Error {
    // A content host refuses cookies of another region and dead ones with the same words; the metadata host knows
    // which it is, for it answers to live ones.
    if let Some(index) = failures.iter().position(is_content_refusal) {
        return match client.root().await {
            Ok(_) => failures.swap_remove(index),
            Err(error) if matches!(error.kind(), ErrorKind::Auth(AuthProblem::WrongRegion)) => {
                expired_everywhere(failures.swap_remove(index))
            }
            Err(error) => error,
        };
    }
    // A web page usually means that the session is over. If it is not, this one file is odd, and must not stop the run.
    if let Some(index) = failures.iter().position(is_web_page) {
        return match client.root().await {
            Ok(_) => web_page_for_a_file(failures.swap_remove(index)),
            Err(error) => error,
        };
    }
    let passing = |error: &Error| error.is_transient();
    // The file is gone only if every route says so; one that is merely ill may still have it.
    let index = failures.iter().position(passing).or_else(|| {
        failures
            .iter()
            .position(|error| !matches!(error.kind(), ErrorKind::NotFound))
    });
    match index {
        Some(index) => failures.swap_remove(index),
        None => failures
            .pop()
            .unwrap_or_else(|| Error::new(ErrorKind::Internal, "no route to the original was tried")),
    }
    .operation(Operation::Open)
}

/// The metadata host still accepts the cookies.
fn web_page_for_a_file(page: Error) -> Error {
    Error::new(ErrorKind::Protocol, "the service sends a web page instead of the file")
        .provider(crate::KIND)
        .operation(Operation::Open)
        .hint("open the photo in Amazon Photos in a browser: can it be seen and downloaded there?")
        .source(page)
}

/// Even the metadata host, which belongs to no region, refuses.
fn expired_everywhere(refusal: Error) -> Error {
    Error::new(
        ErrorKind::Auth(AuthProblem::Expired),
        "no host of the service accepts the cookies",
    )
    .provider(crate::KIND)
    .operation(Operation::Open)
    .hint("sign in to Amazon Photos in a browser again and give the new cookies with `photomove auth login amazon`")
    .source(refusal)
}
