//! New access tokens at run time, by crate `yup-oauth2`.
//!
//! Two things of that crate are worked around. It reads the machine's clock, so that it is never asked whether a token
//! is still good: when to renew is decided by our clock, and it is told to renew. And it does not say why a renewal
//! failed, for it would go on to ask a person: then the question is put once more by hand, for the sake of the answer.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use photomove_core::{
    AuthProblem, Clock, CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result, SharedClock, SystemClock,
};
use photomove_http::http::Request;
use photomove_http::http::header::CONTENT_TYPE;
use photomove_http::{Http, hyper_client};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use yup_oauth2::authenticator_delegate::InstalledFlowDelegate;
use yup_oauth2::storage::{TokenInfo, TokenStorage, TokenStorageError};
use yup_oauth2::{ApplicationSecret, InstalledFlowAuthenticator, InstalledFlowReturnMethod};

use super::failure;
use super::permission;
use super::secret::ClientSecret;
use super::token_file::TokenFile;

/// The crate's own limit is not applied by the client that it is given.
const PATIENCE: Duration = Duration::from_secs(60);
/// What an access token lasts where the reply does not say.
const USUAL_LIFETIME_S: i64 = 3599;

/// What a renewal works with.
pub(crate) struct Renewal<'a> {
    pub(crate) http: &'a Http,
    pub(crate) store: &'a Arc<dyn CredentialStore>,
    pub(crate) key: &'a CredentialKey,
    pub(crate) secret: Option<&'a ClientSecret>,
}

/// The client as it is told to the token endpoint.
pub(super) struct OAuthClient {
    pub(super) id: String,
    pub(super) secret: SecretString,
    pub(super) token_uri: Url,
}

impl OAuthClient {
    /// Asks for new access, once, without keeping anything.
    pub(super) async fn redeem(&self, http: &Http, refresh_token: &SecretString) -> Result<Fresh> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token.expose_secret())
            .append_pair("client_id", &self.id)
            .append_pair("client_secret", self.secret.expose_secret())
            .finish();
        let reply = post_form(http, Operation::RenewSignIn, &self.token_uri, form).await?;
        if !reply.status().is_success() {
            return Err(failure::of_reply(
                &reply,
                Operation::RenewSignIn,
                http.env().clock.now(),
            ));
        }
        serde_json::from_slice(reply.body()).map_err(|_| {
            Error::new(
                ErrorKind::Protocol,
                "google's sign-in service gave an answer that is not known",
            )
            .provider("google")
            .operation(Operation::RenewSignIn)
        })
    }
}

impl Renewal<'_> {
    /// Brings and keeps a new access token.
    pub(crate) async fn run(&self, file: TokenFile) -> Result<TokenFile> {
        let Some(refresh_token) = file.refresh_token.clone() else {
            return Err(Error::new(
                ErrorKind::Auth(AuthProblem::Revoked),
                "the sign-in has run out and cannot be renewed: it holds no refresh token",
            )
            .provider("google")
            .operation(Operation::RenewSignIn)
            .hint("sign in again with `photomove auth login google`"));
        };
        let client = self.client(&file)?;
        let shelf = Arc::new(Shelf {
            file: Mutex::new(file),
            failure: Mutex::default(),
            store: Arc::clone(self.store),
            key: self.key.clone(),
            clock: Arc::clone(&self.http.env().clock),
        });
        if self.by_yup(&client, &shelf).await? {
            return Ok(shelf.file());
        }
        if let Some(failure) = shelf.failure() {
            return Err(failure);
        }
        let fresh = client.redeem(self.http, &refresh_token).await?;
        shelf.keep(fresh).await?;
        Ok(shelf.file())
    }

    fn client(&self, file: &TokenFile) -> Result<OAuthClient> {
        let wrong = |message: &str| {
            Error::new(ErrorKind::Config, message)
                .provider("google")
                .operation(Operation::RenewSignIn)
                .hint("sign in again with `photomove auth login google --client-secret FILE`")
        };
        if let Some(secret) = self.secret {
            if file.client_id.as_ref().is_some_and(|id| *id != secret.client_id) {
                return Err(wrong(
                    "the kept sign-in belongs to another OAuth client than the client secret file",
                ));
            }
            return Ok(OAuthClient {
                id: secret.client_id.clone(),
                secret: secret.client_secret.clone(),
                token_uri: file.token_uri.clone().unwrap_or_else(|| secret.token_uri.clone()),
            });
        }
        match (&file.client_id, &file.client_secret, &file.token_uri) {
            (Some(id), Some(secret), Some(token_uri)) => Ok(OAuthClient {
                id: id.clone(),
                secret: secret.clone(),
                token_uri: token_uri.clone(),
            }),
            _ => Err(wrong(
                "the kept sign-in does not hold its OAuth client: the client secret file is needed",
            )),
        }
    }

    /// Says whether the renewal succeeded.
    async fn by_yup(&self, client: &OAuthClient, shelf: &Arc<Shelf>) -> Result<bool> {
        let secret = ApplicationSecret {
            client_id: client.id.clone(),
            client_secret: client.secret.expose_secret().to_owned(),
            token_uri: client.token_uri.to_string(),
            ..ApplicationSecret::default()
        };
        let authenticator = InstalledFlowAuthenticator::with_client(
            secret,
            InstalledFlowReturnMethod::Interactive,
            hyper_client::builder(self.http.env())?,
        )
        .flow_delegate(Box::new(NoPerson))
        .with_storage(Box::new(Handle(Arc::clone(shelf))))
        .build()
        .await
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "client for renewing the sign-in cannot be made").source(error)
        })?;
        let scopes = shelf.file().scopes;
        // Its errors are not kept: they may quote what was sent.
        let renewed = tokio::time::timeout(PATIENCE, authenticator.force_refreshed_token(&scopes)).await;
        Ok(matches!(renewed, Ok(Ok(_))))
    }
}

/// Sends a form that holds secrets, once.
pub(crate) async fn post_form(
    http: &Http,
    operation: Operation,
    url: &Url,
    form: String,
) -> Result<photomove_http::http::Response<Vec<u8>>> {
    let request = Request::post(url.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.into_bytes())
        .map_err(|error| {
            Error::new(
                ErrorKind::Internal,
                "request to google's sign-in service cannot be built",
            )
            .source(error)
        })?;
    http.raw(operation, request).await
}

/// What a renewal brings.
#[derive(Deserialize)]
pub(super) struct Fresh {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) id_token: Option<SecretString>,
    pub(super) expires_in: Option<i64>,
    pub(super) scope: Option<String>,
    /// What is left of a grant that ends.
    pub(super) refresh_token_expires_in: Option<u64>,
}

impl Fresh {
    /// Puts what came into the file.
    pub(super) fn enter(self, file: &mut TokenFile, now: Timestamp) {
        let lifetime = Duration::from_secs(self.expires_in.unwrap_or(USUAL_LIFETIME_S).max(0).unsigned_abs());
        file.access_token = Some(self.access_token);
        // Usually none comes: the old one stays.
        file.refresh_token = self.refresh_token.or(file.refresh_token.take());
        file.id_token = self.id_token.or(file.id_token.take());
        file.expires_at = now.checked_add(lifetime).ok();
        file.note_life(self.refresh_token_expires_in, now);
        if let Some(scope) = self.scope {
            file.scopes = permission::named(scope.split_whitespace());
        }
    }
}

/// Our store, as a renewal sees it.
struct Shelf {
    file: Mutex<TokenFile>,
    failure: Mutex<Option<Error>>,
    store: Arc<dyn CredentialStore>,
    key: CredentialKey,
    clock: SharedClock,
}

impl Shelf {
    fn file(&self) -> TokenFile {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn keep(&self, fresh: Fresh) -> Result<()> {
        let mut file = self.file();
        let is_ours = self.is_still_kept(&file).await;
        fresh.enter(&mut file, self.clock.now());
        if is_ours {
            file.save(&*self.store, &self.key).await?;
        } else {
            tracing::debug!("the sign-in was changed or removed meanwhile; the renewed one is not kept");
        }
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }

    /// Says whether the store still has the sign-in that is renewed: a person may have signed in anew, or out, while
    /// Google was asked.
    async fn is_still_kept(&self, file: &TokenFile) -> bool {
        let refresh = |file: &TokenFile| {
            file.refresh_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned())
        };
        match self.store.load(&self.key).await {
            Ok(Some(text)) => TokenFile::parse(text.expose_secret()).is_ok_and(|kept| refresh(&kept) == refresh(file)),
            Ok(None) => false,
            // Writing tells what is wrong.
            Err(_) => true,
        }
    }
}

struct Handle(Arc<Shelf>);

#[async_trait]
impl TokenStorage for Handle {
    async fn get(&self, _scopes: &[&str]) -> Option<TokenInfo> {
        let file = self.0.file();
        let text = |secret: Option<SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
        Some(TokenInfo {
            access_token: text(file.access_token),
            refresh_token: text(file.refresh_token),
            expires_at: None,
            id_token: None,
        })
    }

    async fn set(&self, _scopes: &[&str], token: TokenInfo) -> Result<(), TokenStorageError> {
        let Some(access_token) = token.access_token else {
            return Err(TokenStorageError::Other("there is no access token".into()));
        };
        // It was made by the machine's clock a moment ago; what counts is how long it lasts.
        let machine = SystemClock.now().as_second();
        let kept = self.0.keep(Fresh {
            access_token: access_token.into(),
            refresh_token: token.refresh_token.map(Into::into),
            id_token: token.id_token.map(Into::into),
            expires_in: token.expires_at.map(|at| at.unix_timestamp() - machine),
            // That crate passes neither on.
            scope: None,
            refresh_token_expires_in: None,
        });
        kept.await.map_err(|error| {
            *self.0.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            TokenStorageError::Other("the sign-in cannot be kept".into())
        })
    }
}

/// Declines when the crate wants to ask a person after a failed renewal.
struct NoPerson;

impl fmt::Debug for NoPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoPerson")
    }
}

impl InstalledFlowDelegate for NoPerson {
    fn present_user_url<'a>(
        &'a self,
        _url: &'a str,
        _need_code: bool,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        Box::pin(async { Err("nobody is asked".to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::MemoryCredentialStore;

    use super::*;

    fn signed_in(refresh_token: &str) -> TokenFile {
        let text = serde_json::json!({ "access_token": "old", "refresh_token": refresh_token }).to_string();
        TokenFile::parse(&text).unwrap()
    }

    fn shelf(store: &Arc<MemoryCredentialStore>, file: TokenFile) -> Shelf {
        Shelf {
            file: Mutex::new(file),
            failure: Mutex::default(),
            store: store.clone(),
            key: CredentialKey::new("google", "default"),
            clock: Arc::new(SystemClock),
        }
    }

    fn renewed() -> Fresh {
        serde_json::from_str(r#"{"access_token": "new", "expires_in": 3599}"#).unwrap()
    }

    async fn kept(shelf: &Shelf) -> Option<[String; 2]> {
        let text = shelf.store.load(&shelf.key).await.unwrap()?;
        let file = TokenFile::parse(text.expose_secret()).unwrap();
        let text = |secret: Option<SecretString>| secret.unwrap().expose_secret().to_owned();
        Some([text(file.access_token), text(file.refresh_token)])
    }

    #[tokio::test]
    async fn a_sign_in_that_was_made_or_ended_meanwhile_stays_as_it_is() {
        let store = Arc::new(MemoryCredentialStore::default());
        let shelf = shelf(&store, signed_in("anna"));
        shelf.file().save(&*store, &shelf.key).await.unwrap();
        shelf.keep(renewed()).await.unwrap();
        assert_eq!(kept(&shelf).await, Some(["new", "anna"].map(str::to_owned)));

        signed_in("ben").save(&*store, &shelf.key).await.unwrap();
        shelf.keep(renewed()).await.unwrap();
        assert_eq!(kept(&shelf).await, Some(["old", "ben"].map(str::to_owned)));
        let own = shelf.file().access_token.unwrap();
        assert_eq!(own.expose_secret(), "new", "the run itself goes on");

        store.remove(&shelf.key).await.unwrap();
        shelf.keep(renewed()).await.unwrap();
        assert_eq!(kept(&shelf).await, None);
    }
}
