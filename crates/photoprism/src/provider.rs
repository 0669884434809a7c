//! The server as a place that photos are moved from or to.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use photomove_core::{
    Account, AuthProblem, Capabilities, Error, ErrorKind, Operation, Owner, PhotoProvider, PhotoSink, PhotoSource,
    ProviderInfo, Result, SessionId,
};
use photomove_http::{HttpEnv, Origin};
use url::Url;

use crate::auth::{KeptAccount, PhotoPrismAuth};
use crate::client::PhotoPrismClient;
use crate::config::PhotoPrismConfig;
use crate::search::{AlbumSearch, PhotoSearch};
use crate::sink::PhotoPrismSink;
use crate::wire::{ServerConfig, StackSettings};
use crate::{KIND, sink, source};

/// Photos that a page of a listing holds; each is read by itself.
const PAGE_PHOTOS: u32 = 100;
/// The words of a scope without which nothing can be moved (reference 1.6).
const NEEDED_SCOPES: [&str; 3] = ["photos", "albums", "files"];

/// A PhotoPrism server, as source and as sink.
///
/// Clone the [`Arc`] it comes in; [`PhotoProvider::as_sink`] gives the side that photos are moved to, whose
/// [`PhotoProvider::connect`] asks for more than reading needs.
pub struct PhotoPrism {
    client: PhotoPrismClient,
    info: ProviderInfo,
    uploads: u16,
    downloads: u16,
    processes: u16,
    page_photos: u32,
    known: Mutex<Known>,
}

/// What a server has said of itself.
#[derive(Debug, Clone, Default)]
struct Known {
    session: Option<SessionId>,
    /// Whether it stacks photos by their metadata.
    stacks: Option<bool>,
}

impl PhotoPrism {
    /// Prepares the provider; nothing is sent before [`PhotoProvider::connect`].
    ///
    /// # Errors
    /// As [`PhotoPrismClient::new`].
    pub fn new(config: &PhotoPrismConfig, env: &HttpEnv, auth: PhotoPrismAuth) -> Result<Arc<Self>> {
        Ok(Arc::new(Self::prepared(config, env, auth)?))
    }

    /// As [`PhotoPrism::new`], with pages of so many photos; at least 1.
    ///
    /// # Errors
    /// As [`PhotoPrismClient::new`].
    pub fn with_page_photos(
        config: &PhotoPrismConfig,
        env: &HttpEnv,
        auth: PhotoPrismAuth,
        photos: u32,
    ) -> Result<Arc<Self>> {
        let mut provider = Self::prepared(config, env, auth)?;
        provider.page_photos = photos.max(1);
        Ok(Arc::new(provider))
    }

    fn prepared(config: &PhotoPrismConfig, env: &HttpEnv, auth: PhotoPrismAuth) -> Result<Self> {
        let client = PhotoPrismClient::new(config, env, auth)?;
        let info = ProviderInfo {
            kind: KIND,
            label: "PhotoPrism".to_owned(),
            origins: vec![client.site().clone()],
        };
        Ok(Self {
            client,
            info,
            uploads: config.uploads.max(1),
            downloads: config.downloads.max(1),
            processes: config.processes.clamp(1, crate::PROCESSES),
            page_photos: PAGE_PHOTOS,
            known: Mutex::default(),
        })
    }

    /// Returns the client, for what is no business of a source or sink.
    pub fn client(&self) -> &PhotoPrismClient {
        &self.client
    }

    pub(crate) fn page_photos(&self) -> u32 {
        self.page_photos
    }

    pub(crate) fn uploads(&self) -> u16 {
        self.uploads
    }

    pub(crate) fn downloads(&self) -> u16 {
        self.downloads
    }

    pub(crate) fn processes(&self) -> u16 {
        self.processes
    }

    /// Says whether the server stacks photos by their metadata, as far as it has said.
    pub(crate) fn stacks(&self) -> Option<bool> {
        self.known(|known| known.stacks)
    }

    pub(crate) fn note_stacks(&self, settings: Option<&StackSettings>) {
        let Some(settings) = settings else { return };
        let stacks = settings.meta.unwrap_or(true) || settings.uuid.unwrap_or(true);
        self.known(|known| known.stacks = Some(stacks));
    }

    /// The session under which files are staged at present.
    pub(crate) fn last_session(&self) -> Option<SessionId> {
        self.known(|known| known.session.clone())
    }

    /// Asks which session is used now.
    pub(crate) async fn session(&self) -> Result<SessionId> {
        let session = SessionId::new(self.client.session_ref().await?.as_str());
        self.known(|known| known.session = Some(session.clone()));
        Ok(session)
    }

    fn known<T>(&self, of: impl FnOnce(&mut Known) -> T) -> T {
        of(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds out whose library it is, and that it can be read.
    pub(crate) async fn enter(&self) -> Result<(Account, ServerConfig)> {
        let uid = self.client.user_uid().await?;
        // A dead sign-in is no error to the configuration; these two are refused to it, to clients without a user and to
        // scopes that are too narrow.
        self.client.photos(&PhotoSearch::new(), 1, 0).await.map_err(at_start)?;
        self.client
            .albums(&AlbumSearch::of_people(), 1, 0)
            .await
            .map_err(at_start)?;
        let config = self.client.config().await?;
        if !config.is_signed_in() {
            let kind = ErrorKind::Auth(AuthProblem::Expired);
            return Err(refused(kind, "the server does not accept the sign-in")
                .hint("sign in again with `photomove auth login photoprism`"));
        }
        self.note_stacks(config.settings.as_ref().and_then(|settings| settings.stack.as_ref()));
        self.session().await?;
        let base = self.client.site().path().trim_end_matches('/');
        let server = server_name(self.client.site());
        let account = Account {
            // Two servers on one host are told apart by the base path.
            owner: Owner::from(format!("{uid}{base}")),
            label: Some(match self.user_name().await {
                Some(name) => format!("{name} at {server}"),
                None => server,
            }),
            used: None,
            limit: None,
            expires: None,
        };
        Ok((account, config))
    }

    /// The name of whom the sign-in belongs to, where it may be known.
    async fn user_name(&self) -> Option<String> {
        let named = |account: Option<KeptAccount>| account.map(|account| account.name).filter(|name| !name.is_empty());
        let known = self.client.session().entered().await.ok()?.account;
        match named(known) {
            Some(name) => Some(name),
            None => named(self.client.account().await.ok()?.user),
        }
    }
}

/// The server as people know it: host, port where it is not the usual one, and base path.
fn server_name(site: &Url) -> String {
    let port = site.port().map(|port| format!(":{port}")).unwrap_or_default();
    let base = site.path().trim_end_matches('/');
    format!("{}{port}{base}", Origin::of(site).host)
}

/// Says whether a scope lets everything be done that a migration needs.
pub(crate) fn lacks(scope: &str, writes: bool) -> Vec<&'static str> {
    let words: Vec<&str> = scope.split_whitespace().collect();
    let mut lacking = Vec::new();
    if words.contains(&"read") && writes && !words.contains(&"write") {
        lacking.push("write");
    }
    let all = words.is_empty() || words.contains(&"*") || words == ["read"];
    if !all {
        lacking.extend(NEEDED_SCOPES.into_iter().filter(|needed| !words.contains(needed)));
    }
    lacking
}

/// What the server refuses when it is asked the first time is about the sign-in, not about a search.
fn at_start(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Rejected(_) => refused(
            ErrorKind::Auth(AuthProblem::MissingScope),
            "the sign-in may not search the library",
        )
        .hint("it may be a client without a user: make one with `photoprism clients add` and the name of an administrator, or use an app password")
        .source(error),
        ErrorKind::Auth(AuthProblem::MissingScope) => error.hint_instead(
            "the account needs the role `admin`; an app password or client needs the scope `photos albums files settings`",
        ),
        _ => error,
    }
}

pub(crate) fn refused(kind: ErrorKind, message: impl Into<String>) -> Error {
    Error::new(kind, message).provider(KIND).operation(Operation::Connect)
}

impl fmt::Debug for PhotoPrism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhotoPrism")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PhotoProvider for PhotoPrism {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Some(source::capabilities(self)), Some(sink::capabilities(self)))
    }

    async fn connect(&self) -> Result<Account> {
        Ok(self.enter().await?.0)
    }

    fn as_source(self: Arc<Self>) -> Option<Arc<dyn PhotoSource>> {
        Some(self)
    }

    fn as_sink(self: Arc<Self>) -> Option<Arc<dyn PhotoSink>> {
        Some(Arc::new(PhotoPrismSink::new(self)))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://photos.example/", "photos.example")]
    #[case("https://photos.example:443/prism/", "photos.example/prism")]
    #[case("http://photos.example:443/", "photos.example:443")]
    #[case("http://127.0.0.1:2342/a/b/", "127.0.0.1:2342/a/b")]
    #[case("http://[::1]:2342/", "[::1]:2342")]
    fn servers_on_one_host_look_different(#[case] site: &str, #[case] name: &str) {
        assert_eq!(server_name(&site.parse().unwrap()), name);
    }

    #[rstest]
    #[case("", true, &[])]
    #[case("*", true, &[])]
    #[case("photos albums files", true, &[])]
    #[case("photos files read", true, &["write", "albums"])]
    #[case("photos albums files read", false, &[])]
    #[case("read", false, &[])]
    #[case("read", true, &["write"])]
    #[case("webdav", true, &["photos", "albums", "files"])]
    fn scopes_tell_what_they_lack(#[case] scope: &str, #[case] writes: bool, #[case] lacking: &[&str]) {
        assert_eq!(lacks(scope, writes), lacking);
    }
}
