//! Sessions: whose they are, their keys of downloads, their end.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};
use photomove_http::Method;
use secrecy::{ExposeSecret, SecretString};

use super::{PhotoPrismClient, odd};
use crate::KIND;
use crate::auth::{Account, KeptAccount, MediaTokens, SignIn};
use crate::wire::{AppPassword, ServerConfig, Session, SessionEnded, SessionEntry};

/// Names a session without letting anybody in: SHA-256 of its token in hex.
///
/// Uploads that wait to be processed belong to one; under another they are not found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionRef(String);

impl SessionRef {
    /// Returns the 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which of the two keys in addresses is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKey {
    /// That of downloads.
    Download,
    /// That of thumbnails and videos.
    Preview,
}

impl PhotoPrismClient {
    /// Names the present session, signing in first if there is none.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn session_ref(&self) -> Result<SessionRef> {
        Ok(SessionRef(self.session().entered().await?.id))
    }

    /// Reads the session: whose it is, what it covers, the server's configuration.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with [`AuthProblem::MissingScope`] for app passwords and clients whose scope lacks `sessions`,
    /// although they are alive; [`PhotoPrismClient::config`] is open to them.
    pub async fn read_session(&self) -> Result<Session> {
        let session: Session = self
            .json(self.call(Operation::Connect, Method::GET, &["session"]))
            .await?;
        if let Some(config) = &session.config {
            self.note_config(config);
        }
        Ok(session)
    }

    /// Finds out whose the sign-in is and what it covers, as far as the server tells.
    ///
    /// # Errors
    /// When the sign-in fails or the server cannot be asked.
    pub async fn account(&self) -> Result<Account> {
        match self.read_session().await {
            Ok(session) => {
                let user = session.user.as_ref().filter(|user| !user.uid.is_empty());
                Ok(Account {
                    user: user.map(|user| KeptAccount {
                        uid: user.uid.clone(),
                        name: user.name.clone(),
                        role: user.role.clone(),
                    }),
                    told: true,
                    web_dav: user.map(|user| user.web_dav),
                    provider: session.provider,
                    scope: Some(session.scope),
                })
            }
            Err(error) if *error.kind() == ErrorKind::Auth(AuthProblem::MissingScope) => {
                let given = self.0.user_uid.as_ref().map(|uid| KeptAccount {
                    uid: uid.clone(),
                    name: String::new(),
                    role: String::new(),
                });
                Ok(Account {
                    user: self.session().entered().await?.account.or(given),
                    told: false,
                    provider: String::new(),
                    scope: None,
                    web_dav: None,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Returns whose uploads they are, `u…`.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with [`AuthProblem::MissingScope`] for a client that acts for nobody, and for sign-ins that
    /// may not ask and were not told.
    pub async fn user_uid(&self) -> Result<String> {
        if let Some(uid) = &self.0.user_uid {
            return Ok(uid.clone());
        }
        let live = self.session().entered().await?;
        if let Some(account) = live.account {
            return Ok(account.uid);
        }
        let account = self.account().await?;
        let told = account.told;
        if let Some(user) = account.user {
            self.session().note_account(user.clone()).await;
            return Ok(user.uid);
        }
        let error = |message: &str| {
            Error::new(ErrorKind::Auth(AuthProblem::MissingScope), message)
                .provider(KIND)
                .operation(Operation::Connect)
        };
        Err(match told {
            true => error("the client acts for no user, so that it can neither search nor upload").hint(
                "make one with `photoprism clients add` and the name of an administrator, or use an app password",
            ),
            false => error("the sign-in may not ask whose it is, which uploads need")
                .hint("add `sessions` to its scope, or give the user's id with the setting `user_uid`"),
        })
    }

    /// Returns a key for addresses of downloads or thumbnails.
    ///
    /// # Errors
    /// When the server cannot be asked, or gives none.
    pub(crate) async fn media_key(&self, key: MediaKey) -> Result<SecretString> {
        match self.session().media() {
            Some(media) => Ok(pick(media, key)),
            None => self.fetch_media_key(key).await,
        }
    }

    /// Returns another key than the refused one. After a restart the server knows the old key again as soon as the
    /// session was used, so that the same one may come back and is worth a second try.
    ///
    /// # Errors
    /// When the server cannot be asked, or gives none.
    pub(crate) async fn renew_media_key(&self, key: MediaKey, refused: &SecretString) -> Result<SecretString> {
        if let Some(media) = self.session().media() {
            let present = pick(media, key);
            if present.expose_secret() != refused.expose_secret() {
                return Ok(present);
            }
        }
        self.fetch_media_key(key).await
    }

    async fn fetch_media_key(&self, key: MediaKey) -> Result<SecretString> {
        let config: ServerConfig = self
            .json(self.call(Operation::Connect, Method::GET, &["config"]))
            .await?;
        if config.is_signed_in() {
            self.note_config(&config);
        } else {
            // A session that is over is not refused here, but there; the renewal follows from that.
            self.read_session().await?;
        }
        self.session()
            .media()
            .map(|media| pick(media, key))
            .ok_or_else(|| odd(Operation::Connect, "the server gives no key for downloads"))
    }

    pub(crate) fn note_config(&self, config: &ServerConfig) {
        // Who is not signed in gets keys, too, but none that open anything.
        if config.is_signed_in() {
            self.session()
                .note_media(config.download_token.as_deref(), config.preview_token.as_deref());
        }
    }

    /// Sends a request that carries a key in its address; a refused key is renewed once.
    ///
    /// # Errors
    /// What the second refusal says, or any other.
    pub(crate) async fn with_media_key<'a, C>(&'a self, key: MediaKey, call: C) -> Result<photomove_http::Reply>
    where
        C: Fn(&str) -> photomove_http::Call<'a>,
    {
        let first = self.media_key(key).await?;
        match call(first.expose_secret()).send().await {
            Err(error) if *error.kind() == ErrorKind::Auth(AuthProblem::MissingScope) => {
                let second = self.renew_media_key(key, &first).await?;
                call(second.expose_secret()).send().await
            }
            sent => sent,
        }
    }

    /// Ends the session of this client, if it has one that is its own: a password's or a client's. App passwords stay.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn log_out(&self) -> Result<()> {
        match self.session().sign_in().await? {
            SignIn::User { .. } => self.delete_session().await.map(drop),
            SignIn::Client { .. } => self.revoke().await.map(drop),
            SignIn::AppPassword { .. } | SignIn::Public => Ok(()),
        }
    }

    /// Ends the session at the server (`DELETE /session`); in public mode nothing happens.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if there is none, or its scope lacks `sessions`.
    pub async fn delete_session(&self) -> Result<SessionEnded> {
        self.json(
            self.call(Operation::SignOut, Method::DELETE, &["session"])
                // A session that is over must not be opened once more to be ended.
                .once(),
        )
        .await
    }

    /// Takes the token of a client or an app password back (`POST /oauth/revoke`). The app password is gone for good.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] for sessions of users, which [`PhotoPrismClient::delete_session`] ends.
    pub async fn revoke(&self) -> Result<SessionEnded> {
        let call = self.call(Operation::SignOut, Method::POST, &["oauth", "revoke"]);
        self.json(call.once()).await
    }

    /// Makes an app password for the user who is signed in with a password.
    ///
    /// `scope` in words separated by blanks, `*` = everything; the password is asked for once more. Never sent again by
    /// itself: a second one would stay unseen.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the password is wrong or the session is none of a user.
    pub async fn create_app_password(
        &self,
        user: &str,
        password: &SecretString,
        name: &str,
        scope: &str,
    ) -> Result<AppPassword> {
        let form = [
            ("grant_type", "password"),
            ("username", user),
            ("password", password.expose_secret()),
            ("client_name", name),
            ("scope", scope),
            ("expires_in", "0"),
        ];
        let call = self.call(Operation::SignIn, Method::POST, &["oauth", "token"]);
        self.json(call.form(&form)).await
    }

    /// Lists sessions of a user, app passwords with `provider` `application`; at most `count`.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the sign-in may not.
    pub async fn user_sessions(&self, uid: &str, provider: Option<&str>, count: u32) -> Result<Vec<SessionEntry>> {
        let mut query = vec![("count", count.to_string())];
        query.extend(provider.map(|provider| ("provider", provider.to_owned())));
        let call = self.call(Operation::Connect, Method::GET, &["users", uid, "sessions"]);
        self.json(call.query(&query)).await
    }
}

fn pick(media: MediaTokens, key: MediaKey) -> SecretString {
    match key {
        MediaKey::Download => media.download,
        MediaKey::Preview => media.preview,
    }
}
