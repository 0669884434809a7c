//! The server's interface, one function per endpoint, in the server's own words.

mod albums;
mod batch;
mod downloads;
mod events;
mod files;
mod form;
mod ids;
mod library;
mod links;
mod photos;
mod server;
mod session;
mod things;
mod upload;
mod verbs;
mod webdav;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::http::header::ACCEPT;
use photomove_http::{Bucket, Call, Credentials, Http, HttpBuilder, HttpEnv, Method, Reply, RetryPolicy};
use serde::de::DeserializeOwned;
use url::Url;

use crate::auth::{PhotoPrismAuth, SignedSession};
use crate::{KIND, PhotoPrismConfig, classify};

pub use self::downloads::{Download, DownloadName, ThumbSize};
pub use self::events::Events;
pub use self::files::Arrival;
pub use self::form::UploadFile;
pub use self::library::{ImportRun, IndexRun};
pub(crate) use self::photos::absent;
pub use self::session::{MediaKey, SessionRef};
pub use self::upload::{Received, Uploaded};
pub use self::webdav::{DavEntry, DavRoot, DavWrite, WebDav};

/// Bucket of everything that only looks.
pub(crate) const READS: &str = "reads";
/// Bucket of everything that changes metadata: the server gains nothing from more at once (reference 5.2).
pub(crate) const WRITES: &str = "writes";
/// Bucket of files sent.
pub(crate) const UPLOADS: &str = "uploads";
/// Bucket of uploads that are processed.
pub(crate) const PROCESSES: &str = "processes";
/// Bucket of files fetched.
pub(crate) const DOWNLOADS: &str = "downloads";

/// A proxy or the server asks to go slower; the server itself has no limit but that of logins.
const RATE_LIMITED_BACKOFF: Duration = Duration::from_secs(5);
/// Changes recount the library, which takes long on big ones (reference 5.3).
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
/// Processing and zipping say nothing until they are done (reference 5.3).
const LONG_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Imports and indexing of a whole library take hours; each such call sets a limit of its own.
const LONG_IDLE_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A typed client of one server. Cheap to clone.
///
/// Signs in with its first request. Failed requests are sent again where that does no harm; a session that has ended is
/// renewed, once for all requests that wait for it.
#[derive(Clone)]
pub struct PhotoPrismClient(Arc<Inner>);

struct Inner {
    http: Http,
    session: Arc<SignedSession>,
    site: Url,
    user_uid: Option<String>,
}

impl PhotoPrismClient {
    /// Makes a client for a server; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address, the user agent or a trusted certificate cannot be used.
    pub fn new(config: &PhotoPrismConfig, env: &HttpEnv, auth: PhotoPrismAuth) -> Result<Self> {
        let site = config.site()?;
        let http = builder(config, env, &site).idle_timeout(IDLE_TIMEOUT).build()?;
        Ok(Self(Arc::new(Inner {
            session: Arc::new(SignedSession::new(http.clone(), site.clone(), auth)),
            http,
            site,
            user_uid: config.user_uid.clone(),
        })))
    }

    /// Returns the root of the site, ending in `/`.
    pub fn site(&self) -> &Url {
        &self.0.site
    }

    /// Returns what the client was made with.
    pub fn env(&self) -> &HttpEnv {
        self.0.http.env()
    }

    /// Begins a signed request below `/api/v1`; each segment is encoded as one. An empty last segment makes a trailing
    /// slash.
    pub(crate) fn call(&self, operation: Operation, method: Method, path: &[&str]) -> Call<'_> {
        let url = self.api(path);
        self.begin(operation, method, url)
    }

    /// Begins a request whose answer may take half an hour, or as long as its own limit says.
    pub(crate) fn long_call(&self, operation: Operation, method: Method, path: &[&str]) -> Call<'_> {
        let url = self.api(path);
        self.begin(operation, method, url)
            .timeout(LONG_TIMEOUT)
            .idle_timeout(LONG_IDLE_TIMEOUT)
    }

    /// Begins a request for bytes, which is not signed: a key in its address lets it in.
    pub(crate) fn bytes_call(&self, operation: Operation, path: &[&str]) -> Call<'_> {
        let url = self.api(path);
        self.0
            .http
            .call(operation, Method::GET, url)
            .bucket(DOWNLOADS)
            .redirects_to_any_origin(false)
            .html_is_error()
    }

    /// Begins a signed request to an address of this site outside the interface.
    pub(crate) fn site_call(&self, operation: Operation, method: Method, url: Url) -> Call<'_> {
        self.begin(operation, method, url)
    }

    /// Sends a request and notes what its answer says by the way: that the session is good, and the keys of downloads.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Reply> {
        let reply = call.send().await?;
        self.0.session.note_good().await;
        let header = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok());
        self.0
            .session
            .note_media(header("x-download-token"), header("x-preview-token"));
        Ok(reply)
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        self.send(call).await?.json().await
    }

    /// Returns an address below `/api/v1`.
    pub(crate) fn api(&self, path: &[&str]) -> Url {
        let mut segments = vec!["api", "v1"];
        segments.extend(path);
        crate::auth::join(&self.0.site, &segments)
    }

    pub(crate) fn session(&self) -> &SignedSession {
        &self.0.session
    }

    fn begin(&self, operation: Operation, method: Method, url: Url) -> Call<'_> {
        let credentials: &dyn Credentials = &*self.0.session;
        let bucket = if method == Method::GET { READS } else { WRITES };
        self.0
            .http
            .call(operation, method, url)
            .credentials(credentials)
            .bucket(bucket)
            // Without it, refusals are web pages (reference 0.5).
            .header(ACCEPT, "application/json")
            .redirects_to_any_origin(false)
            .html_is_error()
    }
}

fn builder(config: &PhotoPrismConfig, env: &HttpEnv, site: &Url) -> HttpBuilder {
    let bucket = |in_flight| Bucket {
        in_flight,
        rate_limited_backoff: RATE_LIMITED_BACKOFF,
        ..Bucket::default()
    };
    let builder = Http::builder(KIND, env)
        .credential_origins(vec![config.origin_rule(site)])
        .classify(classify)
        .retry(RetryPolicy {
            attempts: 5,
            min_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            budget: Duration::from_secs(15 * 60),
        })
        .connect_timeout(CONNECT_TIMEOUT)
        .bucket(READS, bucket(4))
        .bucket(WRITES, bucket(2))
        .bucket(UPLOADS, bucket(config.uploads))
        .bucket(PROCESSES, bucket(config.processes.min(crate::PROCESSES)))
        .bucket(DOWNLOADS, bucket(config.downloads));
    match &config.user_agent {
        Some(user_agent) => builder.user_agent(user_agent),
        None => builder,
    }
}

/// An answer that the server never gives.
pub(crate) fn odd(operation: Operation, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Protocol, what)
        .provider(KIND)
        .operation(operation)
}

impl fmt::Debug for PhotoPrismClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhotoPrismClient")
            .field("site", &self.0.site.as_str())
            .finish_non_exhaustive()
    }
}
