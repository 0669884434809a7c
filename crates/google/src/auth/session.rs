//! The sign-in as requests use it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result};
use photomove_http::header::AUTHORIZATION;
use photomove_http::{Credentials, Fresh, HeaderMap, HeaderValue, Http, HttpEnv, Origin, TokenCache};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::failure;
use super::identity::{Identity, Whose};
use super::refresh::{Renewal, post_form};
use super::secret::ClientSecret;
use super::token_file::{Lasts, TokenAccount, TokenFile};
use crate::GoogleConfig;

/// Tokens are renewed this long before they run out, so that none dies on its way.
const MARGIN: Duration = Duration::from_secs(60);

/// A kept sign-in; renews itself, once for all who wait for it. Cheap to clone.
#[derive(Clone)]
pub struct GoogleAuth(Arc<Inner>);

struct Inner {
    http: Http,
    store: Arc<dyn CredentialStore>,
    key: CredentialKey,
    secret: Option<ClientSecret>,
    tokens: TokenCache<SecretString>,
}

impl GoogleAuth {
    /// Uses the sign-in that `store` keeps under `key`. Without `secret`, the OAuth client comes from the kept sign-in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a trusted certificate cannot be used.
    pub fn new(
        env: &HttpEnv,
        store: Arc<dyn CredentialStore>,
        key: CredentialKey,
        secret: Option<ClientSecret>,
    ) -> Result<Self> {
        Ok(Self(Arc::new(Inner {
            http: Http::builder("google", env).build()?,
            store,
            key,
            secret,
            tokens: TokenCache::new(Arc::clone(&env.clock), MARGIN),
        })))
    }

    /// Returns whose it is; `None` if the kept sign-in does not tell, and Google has to be asked.
    ///
    /// # Errors
    /// When there is no sign-in that can be used.
    pub async fn whose(&self) -> Result<Option<Whose>> {
        Ok(self.0.load().await?.whose())
    }

    /// Returns when the sign-in as a whole ends, as far as anybody said.
    ///
    /// # Errors
    /// When there is no sign-in that can be used.
    pub async fn ends_at(&self) -> Result<Option<Timestamp>> {
        Ok(match self.0.load().await?.lasts(self.0.http.env().clock.now()) {
            Lasts::Until(until) => Some(until),
            Lasts::Perhaps(_) | Lasts::Long => None,
        })
    }

    /// Returns the Google project that the sign-in belongs to.
    ///
    /// # Errors
    /// When there is no sign-in that can be used, or it names no project and no OAuth client.
    pub async fn project(&self) -> Result<String> {
        let file = self.0.load().await?;
        let named = file.project().or(self.0.secret.as_ref().map(ClientSecret::project));
        named.map(str::to_owned).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                "the kept sign-in does not say which OAuth client it belongs to",
            )
            .provider("google")
            .operation(Operation::Settings)
            .hint("sign in again with `photomove auth login google`")
        })
    }

    /// Keeps whose account it is, for a sign-in that did not tell.
    pub(crate) async fn remember(&self, identity: &Identity) -> Result<()> {
        let mut file = self.0.load().await?;
        file.account = Some(TokenAccount {
            sub: identity.sub.clone(),
            email: identity.email.clone(),
        });
        file.save(&*self.0.store, &self.0.key).await
    }
}

impl Inner {
    async fn load(&self) -> Result<TokenFile> {
        TokenFile::load(&*self.store, &self.key).await
    }

    /// Returns the kept token if it will do, else a new one.
    async fn obtain(&self) -> Result<Fresh<SecretString>> {
        let file = self.load().await?;
        match self.lasting(&file) {
            Some(fresh) => Ok(fresh),
            None => self.renew(file).await,
        }
    }

    /// Returns another token than the refused one; another process may have brought it.
    async fn another(&self, refused: Option<SecretString>) -> Result<Fresh<SecretString>> {
        let file = self.load().await?;
        let is_refused = |token: &SecretString| {
            refused
                .as_ref()
                .is_some_and(|refused| refused.expose_secret() == token.expose_secret())
        };
        match self.lasting(&file) {
            Some(fresh) if !is_refused(&fresh.value) => Ok(fresh),
            _ => self.renew(file).await,
        }
    }

    fn lasting(&self, file: &TokenFile) -> Option<Fresh<SecretString>> {
        let value = file.access_token.clone()?;
        let needed = self.http.env().clock.now().checked_add(MARGIN).ok()?;
        // One that does not say how long it lasts is tried; the service will tell.
        let lasts = file.expires_at.is_none_or(|until| needed < until);
        lasts.then_some(Fresh {
            value,
            until: file.expires_at,
        })
    }

    async fn renew(&self, file: TokenFile) -> Result<Fresh<SecretString>> {
        let renewal = Renewal {
            http: &self.http,
            store: &self.store,
            key: &self.key,
            secret: self.secret.as_ref(),
        };
        let file = Box::pin(renewal.run(file)).await?;
        tracing::debug!(provider = "google", expires_at = ?file.expires_at, "sign-in renewed");
        let value = file
            .access_token
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a renewed sign-in holds no access token"))?;
        Ok(Fresh {
            value,
            until: file.expires_at,
        })
    }
}

#[async_trait]
impl Credentials for GoogleAuth {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        let inner = &*self.0;
        let token = inner.tokens.get(|| inner.obtain()).await?;
        let text = format!("Bearer {}", token.value.expose_secret());
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            Error::new(ErrorKind::Config, "the access token holds what no header can hold")
                .hint("sign in again with `photomove auth login google`")
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        let inner = &*self.0;
        if inner.load().await?.refresh_token.is_none() {
            return Ok(false);
        }
        let refused = inner.tokens.get(|| inner.obtain()).await?;
        let value = refused.value.clone();
        inner
            .tokens
            .replace(refused.generation, || inner.another(Some(value)))
            .await?;
        Ok(true)
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}

impl fmt::Debug for GoogleAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleAuth")
            .field("account", &self.0.key.account)
            .finish_non_exhaustive()
    }
}

/// Ends the kept sign-in: at Google, then in the store. Says whether there was one.
///
/// A sign-in that Google knows no longer is forgotten all the same.
///
/// # Errors
/// When Google cannot be asked; the sign-in is kept then, so that it can be tried again.
pub async fn sign_out(
    config: &GoogleConfig,
    env: &HttpEnv,
    store: &dyn CredentialStore,
    key: &CredentialKey,
) -> Result<bool> {
    let Some(text) = store.load(key).await? else {
        return Ok(false);
    };
    // What cannot be read cannot be revoked, and is forgotten like anything else.
    if let Ok(file) = TokenFile::parse(text.expose_secret())
        && let Some(token) = file.refresh_token.as_ref().or(file.access_token.as_ref())
    {
        revoke(config, env, token).await?;
    }
    store.remove(key).await
}

/// Ends a grant. Made by hand, for crate `oauth2` refuses an address that is not HTTPS, as a stand-in's.
async fn revoke(config: &GoogleConfig, env: &HttpEnv, token: &SecretString) -> Result<()> {
    let http = Http::builder("google", env).build()?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose_secret())
        .finish();
    let reply = post_form(&http, Operation::SignOut, &config.revoke()?, form).await?;
    let unknown = reply.status() == 400 && String::from_utf8_lossy(reply.body()).contains("invalid_token");
    if reply.status().is_success() || unknown {
        return Ok(());
    }
    Err(failure::of_reply(&reply, Operation::SignOut, env.clock.now()))
}
