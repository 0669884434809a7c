//! The sign-in as requests use it: one session for all, renewed once for all who wait for it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{AuthProblem, CredentialKey, CredentialStore, Error, ErrorKind, Interaction, Operation, Result};
use photomove_http::http::header::ACCEPT;
use photomove_http::{Credentials, Fresh, HeaderMap, HeaderValue, Http, Method, Origin, Token, TokenCache};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::kept::{KeptAccount, KeptSignIn, SignIn};
use super::login::{Door, Live, Patience, join};
use crate::classify::LOGIN_REFILL;
use crate::{KIND, wire};

/// Sessions are renewed this long before they end, so that none dies on the way; their end is exact to the second.
const MARGIN: Duration = Duration::from_secs(60);
/// A token that worked this short a time ago is probably good still, whatever a 401 says.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Header that the server looks for first; `Authorization` may belong to a proxy in front of it.
const TOKEN_HEADER: &str = "x-auth-token";

/// Where a client's sign-in comes from.
#[derive(Clone)]
pub struct PhotoPrismAuth {
    pub(crate) source: Source,
    pub(crate) interaction: Option<Arc<dyn Interaction>>,
    pub(crate) passcode: Option<SecretString>,
}

#[derive(Clone)]
pub(crate) enum Source {
    Given(SignIn),
    Kept {
        store: Arc<dyn CredentialStore>,
        key: CredentialKey,
    },
}

impl PhotoPrismAuth {
    /// Signs in this way; the session ends with the client, see [`crate::PhotoPrismClient::log_out`].
    pub fn new(sign_in: SignIn) -> Self {
        Self::of(Source::Given(sign_in))
    }

    /// Uses the sign-in that `store` keeps under `key`, and its session as long as that lasts; a new session is kept in
    /// its place.
    pub fn kept(store: Arc<dyn CredentialStore>, key: CredentialKey) -> Self {
        Self::of(Source::Kept { store, key })
    }

    /// Says who is asked for the passcode of an account with a second factor, also in mid-run. Without, such a login is
    /// an error.
    #[must_use]
    pub fn with_interaction(mut self, interaction: Arc<dyn Interaction>) -> Self {
        self.interaction = Some(interaction);
        self
    }

    /// Gives the passcode for the first login.
    #[must_use]
    pub fn with_passcode(mut self, passcode: SecretString) -> Self {
        self.passcode = Some(passcode);
        self
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            interaction: None,
            passcode: None,
        }
    }
}

impl fmt::Debug for PhotoPrismAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Given(sign_in) => f.debug_tuple("PhotoPrismAuth").field(sign_in).finish(),
            Source::Kept { key, .. } => f.debug_tuple("PhotoPrismAuth").field(key).finish(),
        }
    }
}

/// Whose a sign-in is and what it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Whose; `None` for a client that acts for nobody, and for sign-ins that may not ask.
    pub user: Option<KeptAccount>,
    /// Whether the server said so; `false` for sign-ins whose scope lacks `sessions`.
    pub told: bool,
    /// `local`, `application`, `client`, `default`, …; empty if the server did not tell.
    pub provider: String,
    /// What it covers, in words separated by blanks; empty and `*` = everything; `None` if the server did not tell.
    pub scope: Option<String>,
    /// Whether uploads by WebDAV are open to the user; `None` if the server did not tell.
    pub web_dav: Option<bool>,
}

impl Account {
    /// Says whether the scope covers a kind of things, such as `photos`; `None` if the server did not tell.
    pub fn covers(&self, what: &str) -> Option<bool> {
        let scope = self.scope.as_deref()?;
        let words: Vec<&str> = scope.split_whitespace().collect();
        Some(words.is_empty() || words.contains(&"*") || words.contains(&what))
    }

    /// Says whether it is a client that acts for nobody, which can neither search nor upload.
    pub fn is_nobody(&self) -> bool {
        self.told && self.user.is_none()
    }
}

/// Keys of downloads and thumbnails.
#[derive(Clone)]
pub(crate) struct MediaTokens {
    pub(crate) download: SecretString,
    pub(crate) preview: SecretString,
}

/// One session for all requests of a client.
pub(crate) struct SignedSession {
    door: Door,
    source: Source,
    passcode: Mutex<Option<SecretString>>,
    tokens: TokenCache<Live>,
    /// When the server last took the token, and which.
    good: Mutex<Option<(Timestamp, u64)>>,
    media: Mutex<Option<MediaTokens>>,
    account: Mutex<Option<KeptAccount>>,
}

impl SignedSession {
    pub(crate) fn new(http: Http, site: Url, auth: PhotoPrismAuth) -> Self {
        Self {
            tokens: TokenCache::new(Arc::clone(&http.env().clock), MARGIN),
            door: Door {
                http,
                site,
                interaction: auth.interaction,
            },
            source: auth.source,
            passcode: Mutex::new(auth.passcode),
            good: Mutex::default(),
            media: Mutex::default(),
            account: Mutex::default(),
        }
    }

    /// Returns the session, signing in first if there is none.
    pub(crate) async fn entered(&self) -> Result<Live> {
        let mut live = self.token().await?.value;
        if live.account.is_none() {
            live.account.clone_from(&lock(&self.account));
        }
        Ok(live)
    }

    /// Returns how to sign in.
    pub(crate) async fn sign_in(&self) -> Result<SignIn> {
        match &self.source {
            Source::Given(sign_in) => Ok(sign_in.clone()),
            Source::Kept { .. } => Ok(self.load().await?.sign_in),
        }
    }

    /// Notes that the server took the token.
    pub(crate) async fn note_good(&self) {
        let generation = self.tokens.generation().await;
        *lock(&self.good) = Some((self.now(), generation));
    }

    /// Keeps whose the sign-in is, for those that did not tell when they were made.
    pub(crate) async fn note_account(&self, account: KeptAccount) {
        *lock(&self.account) = Some(account.clone());
        let Source::Kept { .. } = &self.source else {
            return;
        };
        // Not to know it costs a request in the next run and nothing else.
        let kept = async {
            let mut kept = self.load().await?;
            kept.account = Some(account);
            self.keep(kept).await
        };
        if let Err(error) = kept.await {
            tracing::debug!(provider = KIND, %error, "whose the sign-in is could not be kept");
        }
    }

    pub(crate) fn media(&self) -> Option<MediaTokens> {
        lock(&self.media).clone()
    }

    /// Takes over keys of downloads and thumbnails that came by the way.
    pub(crate) fn note_media(&self, download: Option<&str>, preview: Option<&str>) {
        let mut media = lock(&self.media);
        let old = |pick: fn(&MediaTokens) -> &SecretString| media.as_ref().map(|media| pick(media).clone());
        let new = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(SecretString::from);
        let download = new(download).or_else(|| old(|media| &media.download));
        let preview = new(preview).or_else(|| old(|media| &media.preview));
        if let (Some(download), Some(preview)) = (download, preview) {
            *media = Some(MediaTokens { download, preview });
        }
    }

    async fn token(&self) -> Result<Token<Live>> {
        self.tokens.get(|| self.obtain()).await
    }

    /// Returns the kept session if it lasts, else a new one.
    async fn obtain(&self) -> Result<Fresh<Live>> {
        let live = match &self.source {
            Source::Given(sign_in) => self.enter(sign_in, Patience::Long).await?,
            Source::Kept { .. } => {
                let kept = self.load().await?;
                match self.lasting(&kept) {
                    Some(live) => live,
                    None => self.enter_and_keep(kept, Patience::Long).await?,
                }
            }
        };
        Ok(fresh(live))
    }

    /// Returns another session than the refused one; another process may have opened it.
    async fn another(&self, refused: &Live, patience: Patience) -> Result<Fresh<Live>> {
        let is_refused = |live: &Live| live.token.as_ref().is_none_or(|token| refused.is_token(token));
        let live = match &self.source {
            Source::Given(sign_in) => self.enter(sign_in, patience).await?,
            Source::Kept { .. } => {
                let kept = self.load().await?;
                match self.lasting(&kept).filter(|live| !is_refused(live)) {
                    Some(live) => live,
                    None => self.enter_and_keep(kept, patience).await?,
                }
            }
        };
        if is_refused(&live) {
            // An app password is its own token, and a server that asks nobody has none: nothing new can come.
            return Err(ended());
        }
        Ok(fresh(live))
    }

    async fn enter(&self, sign_in: &SignIn, patience: Patience) -> Result<Live> {
        let passcode = lock(&self.passcode).take();
        Box::pin(self.door.enter(sign_in, passcode, patience)).await
    }

    async fn enter_and_keep(&self, mut kept: KeptSignIn, patience: Patience) -> Result<Live> {
        let live = self.enter(&kept.sign_in, patience).await?;
        kept.note_session(&live);
        self.keep(kept).await?;
        Ok(live)
    }

    /// Keeps a new session, unless the person signed in anew or signed out meanwhile.
    async fn keep(&self, kept: KeptSignIn) -> Result<()> {
        let Source::Kept { store, key } = &self.source else {
            return Ok(());
        };
        let present = KeptSignIn::load(&**store, key).await?;
        if present.is_some_and(|present| present.sign_in.is_same(&kept.sign_in) && present.url == kept.url) {
            kept.save(&**store, key).await?;
        }
        Ok(())
    }

    async fn load(&self) -> Result<KeptSignIn> {
        let Source::Kept { store, key } = &self.source else {
            return Err(Error::new(ErrorKind::Internal, "this sign-in is not kept").provider(KIND));
        };
        let kept = KeptSignIn::load(&**store, key).await?.ok_or_else(|| {
            Error::new(
                ErrorKind::Auth(AuthProblem::Missing),
                "there is no sign-in for this server",
            )
            .provider(KIND)
            .operation(Operation::Settings)
            .context("account", &key.account)
            .hint("sign in with `photomove auth login photoprism`")
        })?;
        if kept.url == self.door.site {
            return Ok(kept);
        }
        Err(Error::new(
            ErrorKind::Auth(AuthProblem::WrongAccount),
            format!(
                "the kept sign-in is for {}, not for {}",
                Origin::of(&kept.url),
                Origin::of(&self.door.site)
            ),
        )
        .provider(KIND)
        .operation(Operation::Settings)
        .context("account", &key.account)
        .hint("sign in to this server under another name, such as `photoprism@second`"))
    }

    fn lasting(&self, kept: &KeptSignIn) -> Option<Live> {
        let session = kept.session.as_ref()?;
        let needed = self.now().checked_add(MARGIN).ok()?;
        let lasts = session.until.is_none_or(|until| needed < until);
        let mut live = Live::of_token(session.token.clone(), session.until);
        live.account.clone_from(&kept.account);
        lasts.then_some(live)
    }

    /// Says whether a 401 may come from elsewhere than the token: after too many bad tokens from this address, which need
    /// not be ours, the server refuses the good ones too for a while (reference 1.7).
    fn was_good(&self, token: &Token<Live>) -> bool {
        let good = *lock(&self.good);
        let now = self.now();
        let over = token.value.until.is_some_and(|until| now >= until);
        good.is_some_and(|(at, generation)| generation == token.generation && now.duration_since(at) < GOOD_FOR)
            && !over
    }

    /// Asks the server whether it knows the token, in a way that is open to every scope.
    async fn is_alive(&self, live: &Live) -> Result<bool> {
        let Some(token) = &live.token else {
            return Ok(false);
        };
        let config: wire::ServerConfig = self
            .door
            .http
            .call(
                Operation::RenewSignIn,
                Method::GET,
                join(&self.door.site, &["api", "v1", "config"]),
            )
            .header(ACCEPT, "application/json")
            .header(TOKEN_HEADER, token.expose_secret())
            .no_redirects()
            .html_is_error()
            .send()
            .await?
            .json()
            .await?;
        Ok(config.is_signed_in())
    }

    /// Opens another session, or finds that the present one is good after all. A token that worked just now is not
    /// thrown away for one 401: what waits on the server belongs to its session.
    async fn renew_session(&self) -> Result<bool> {
        let refused = self.token().await?;
        let doubtful = self.was_good(&refused);
        let patience = if doubtful { Patience::None } else { Patience::Long };
        let renewed = self.replace(&refused, patience).await;
        let Err(error) = renewed else {
            return Ok(true);
        };
        let locked_out = matches!(error.kind(), ErrorKind::RateLimited { .. });
        let own_token = is_ended(&error);
        if !doubtful || !(locked_out || own_token) {
            return if own_token { Ok(false) } else { Err(error) };
        }
        tracing::warn!(
            provider = KIND,
            "the server refuses a token that was good just now; asking again in a minute"
        );
        if !self.door.http.env().wait(LOGIN_REFILL).await {
            return Err(Error::new(ErrorKind::Cancelled, "stopped instead of signing in again").source(error));
        }
        if self.is_alive(&refused.value).await? {
            return Ok(true);
        }
        match self.replace(&refused, Patience::Long).await {
            Ok(_) => Ok(true),
            Err(error) if is_ended(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn replace(&self, refused: &Token<Live>, patience: Patience) -> Result<Token<Live>> {
        let another = || self.another(&refused.value, patience);
        self.tokens.replace(refused.generation, another).await
    }

    fn now(&self) -> Timestamp {
        self.door.http.env().clock.now()
    }
}

#[async_trait]
impl Credentials for SignedSession {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        let live = self.entered().await?;
        let Some(token) = &live.token else {
            return Ok(());
        };
        let mut value = HeaderValue::try_from(token.expose_secret()).map_err(|_| {
            Error::new(
                ErrorKind::Config,
                "the token or app password holds what no header can hold",
            )
            .hint("sign in again with `photomove auth login photoprism`")
        })?;
        value.set_sensitive(true);
        headers.insert(TOKEN_HEADER, value);
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        Box::pin(self.renew_session()).await
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}

fn fresh(live: Live) -> Fresh<Live> {
    Fresh {
        until: live.until,
        value: live,
    }
}

fn ended() -> Error {
    Error::new(
        ErrorKind::Auth(AuthProblem::Revoked),
        "the server does not know the sign-in any more",
    )
    .provider(KIND)
    .operation(Operation::RenewSignIn)
    .context(OWN_TOKEN, "no")
}

/// Name of the detail of the error that says that there is no other token to be had.
const OWN_TOKEN: &str = "renewable";

fn is_ended(error: &Error) -> bool {
    error.details().iter().any(|(name, _)| *name == OWN_TOKEN)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for SignedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedSession")
            .field("site", &self.door.site.as_str())
            .finish_non_exhaustive()
    }
}
