//! Opens originals by whichever route works.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Rejection, Result};

use crate::classify::{is_content_refusal, is_web_page};
use crate::client::{AmazonClient, Download, Route};

/// Times the routes are gone through, each time but the first with other cookies than before: an answer may change them
/// while a renewal is on its way.
const ROUNDS: u32 = 3;
/// Downloads whose facts are remembered: a multiple of those that can be on their way at once, and some 20 KB however
/// large the library is. Of one that is forgotten only its length and hash tell whether it changed.
const REMEMBERED: usize = 64;

/// Remembers which route worked, so that one that is closed is not tried for each of 100,000 files, and what the last
/// downloads were, so that one that goes on in the middle is known for the same file.
#[derive(Debug, Default)]
pub(super) struct Routes {
    preferred: AtomicUsize,
    begun: Mutex<VecDeque<Begun>>,
}

/// A download that was begun, maybe to be gone on with.
#[derive(Debug, Clone)]
struct Begun {
    id: String,
    /// Hosts have tags of their own.
    route: Route,
    etag: Option<String>,
    size_bytes: Option<u64>,
}

/// What a round through the routes came to.
enum Round {
    Opened(Download),
    /// The cookies were renewed meanwhile: all may be open now.
    Renewed,
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
        let wanted = Wanted {
            client,
            id,
            owner,
            offset,
        };
        for _ in 0..ROUNDS {
            if let Round::Opened(download) = self.round(&wanted).await? {
                return Ok(download);
            }
        }
        Err(expired_at_content())
    }

    async fn round(&self, wanted: &Wanted<'_>) -> Result<Round> {
        let client = wanted.client;
        let generation = client.session().generation();
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        let mut asked = false;
        for step in 0..Route::ALL.len() {
            let index = (first + step) % Route::ALL.len();
            let route = Route::ALL[index];
            match self.try_route(wanted, route).await {
                Ok(download) => {
                    if step > 0 {
                        tracing::debug!(%route, "this way to the originals works");
                        self.preferred.store(index, Ordering::Relaxed);
                    }
                    return Ok(Round::Opened(download));
                }
                Err(error) if is_expired(&error) => {
                    // Before more is asked with cookies that may be dead: the metadata host knows, and renews them.
                    if !std::mem::replace(&mut asked, true) {
                        client.confirm_owner(Operation::Open).await?;
                    }
                    if client.session().generation() != generation {
                        return Ok(Round::Renewed);
                    }
                    failures.push(error);
                }
                Err(error) if is_route_trouble(&error) => {
                    tracing::debug!(%route, %error, "this way to the original is closed");
                    failures.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        explain(client, generation, failures).await
    }

    async fn try_route(&self, wanted: &Wanted<'_>, route: Route) -> Result<Download> {
        let Wanted {
            client,
            id,
            owner,
            offset,
        } = *wanted;
        let begun = if offset > 0 { self.begun(id) } else { None };
        let etag = begun
            .as_ref()
            .filter(|begun| begun.route == route)
            .and_then(|begun| begun.etag.as_deref());
        let anew = async || {
            let download = client.download(route, id, owner, 0).await?;
            self.note(id, route, &download);
            Ok(download)
        };
        match client.download_of(route, id, owner, offset, etag).await {
            Ok(download) if download.starts_at == 0 => {
                self.note(id, route, &download);
                Ok(download)
            }
            // Other bytes under the same name: their end does not belong to the beginning that is here.
            Ok(download) if begun.is_some_and(|begun| begun.is_another(route, &download)) => {
                tracing::debug!(%route, "the file has changed since its beginning was read");
                anew().await
            }
            // The file is shorter than what was received of it before, so it is another one now; or the answer is not the
            // part that was asked for.
            Err(error)
                if offset > 0
                    && matches!(
                        error.kind(),
                        ErrorKind::Rejected(Rejection::Invalid) | ErrorKind::Protocol
                    ) =>
            {
                anew().await
            }
            result => result,
        }
    }

    fn begun(&self, id: &str) -> Option<Begun> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().find(|begun| begun.id == id).cloned()
    }

    fn note(&self, id: &str, route: Route, download: &Download) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|begun| begun.id != id);
        if begun.len() >= REMEMBERED {
            begun.pop_front();
        }
        begun.push_back(Begun {
            id: id.to_owned(),
            route,
            etag: download.etag.clone(),
            size_bytes: download.size_bytes,
        });
    }
}

impl Begun {
    fn is_another(&self, route: Route, download: &Download) -> bool {
        let differ = |one: Option<&str>, other: Option<&str>| one.is_some() && other.is_some() && one != other;
        let sizes = self.size_bytes.zip(download.size_bytes);
        sizes.is_some_and(|(one, other)| one != other)
            || (self.route == route && differ(self.etag.as_deref(), download.etag.as_deref()))
    }
}

/// What is to be opened.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    client: &'w AmazonClient,
    id: &'w str,
    owner: Option<&'w str>,
    offset: u64,
}

/// A host says of the cookies that they have run out; only a web page may be the fault of one odd file.
fn is_expired(error: &Error) -> bool {
    let refused = matches!(
        error.kind(),
        ErrorKind::Auth(AuthProblem::Expired | AuthProblem::Missing)
    );
    refused && !is_web_page(error)
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
async fn explain(client: &AmazonClient, generation: u64, mut failures: Vec<Error>) -> Result<Round> {
    let session = client.session();
    // A content host refuses cookies of another region and dead ones with the same words; the metadata host knows
    // which it is, for it answers to live ones.
    if let Some(index) = failures
        .iter()
        .position(|error| is_content_refusal(error) || is_expired(error))
    {
        let refusal = failures.swap_remove(index);
        return match client.confirm_owner(Operation::Open).await {
            Ok(()) if session.generation() != generation => Ok(Round::Renewed),
            // It took these very cookies before, so that its region is right: they are stale there.
            Ok(()) if session.content_knew(generation) => match session.replace_for_content(generation).await? {
                true => Ok(Round::Renewed),
                false => Err(expired_at_content().source(refusal)),
            },
            Ok(()) if session.content_ever_worked() => Err(expired_at_content().source(refusal)),
            Ok(()) => Err(refusal),
            Err(error) if matches!(error.kind(), ErrorKind::Auth(AuthProblem::WrongRegion)) => {
                Err(expired_everywhere(refusal))
            }
            Err(error) => Err(error),
        };
    }
    // A web page usually means that the session is over. If it is not, this one file is odd, and must not stop the run.
    if let Some(index) = failures.iter().position(is_web_page) {
        client.confirm_owner(Operation::Open).await?;
        if session.generation() != generation {
            return Ok(Round::Renewed);
        }
        return Err(web_page_for_a_file(failures.swap_remove(index)));
    }
    // The file is gone only if every route says so; one that is merely ill may still have it.
    let index = failures.iter().position(Error::is_transient).or_else(|| {
        failures
            .iter()
            .position(|error| !matches!(error.kind(), ErrorKind::NotFound))
    });
    match index {
        Some(index) => Err(failures.swap_remove(index)),
        None => {
            // To another account every file of this one is gone.
            client.confirm_owner(Operation::Open).await?;
            Err(failures
                .pop()
                .unwrap_or_else(|| Error::new(ErrorKind::Internal, "no route to the original was tried")))
        }
    }
    .map_err(|error: Error| error.operation(Operation::Open))
}

/// The metadata host still accepts the cookies.
fn web_page_for_a_file(page: Error) -> Error {
    Error::new(ErrorKind::Protocol, "the service sends a web page instead of the file")
        .provider(crate::KIND)
        .operation(Operation::Open)
        .hint("open the photo in Amazon Photos in a browser: can it be seen and downloaded there?")
        .source(page)
}

/// The metadata host still accepts the cookies, a content host that did so before does not, and renewal did not help.
fn expired_at_content() -> Error {
    Error::new(
        ErrorKind::Auth(AuthProblem::Expired),
        "the hosts of the originals no longer accept the cookies",
    )
    .exhausted()
    .provider(crate::KIND)
    .operation(Operation::Open)
    .hint("sign in to Amazon Photos in a browser again and give the new cookies with `photomove auth login amazon`")
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
