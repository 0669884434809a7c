//! The kept sign-in, as one JSON text in a [`CredentialStore`].

use std::fmt;

use jiff::Timestamp;
use photomove_core::{AuthProblem, CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

use super::identity::{Identity, project_of_client};

const VERSION: u32 = 1;

/// A sign-in: tokens, what they cover and whose they are. Fields that have no name here are kept as they came.
///
/// The names of google-auth's and rclone's files are understood too.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenFile {
    /// Form of the file, 1.
    #[serde(default = "version")]
    pub version: u32,
    /// The OAuth client that the tokens were made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// That client's secret, so that the client secret file is needed once only.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretString>,
    /// Where tokens are renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_uri: Option<Url>,
    /// What was granted.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Opens the API for about an hour.
    #[serde(
        default,
        alias = "token",
        serialize_with = "exposed",
        skip_serializing_if = "Option::is_none"
    )]
    pub access_token: Option<SecretString>,
    /// Brings new access tokens.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// `Bearer`.
    #[serde(default = "bearer")]
    pub token_type: String,
    /// When the access token runs out, UTC.
    #[serde(default, alias = "expiry", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Says whose account it is.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    pub id_token: Option<SecretString>,
    /// Whose account it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<TokenAccount>,
    /// The Google project of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What else the file holds.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Whose account a sign-in belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAccount {
    /// Stable id of the account.
    pub sub: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

fn version() -> u32 {
    VERSION
}

fn bearer() -> String {
    "Bearer".to_owned()
}

#[expect(clippy::ref_option, reason = "serde hands references to fields")]
fn exposed<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(to)
}

impl TokenFile {
    /// Starts with nothing but its form.
    pub(crate) fn empty() -> Self {
        Self {
            version: VERSION,
            client_id: None,
            client_secret: None,
            token_uri: None,
            scopes: Vec::new(),
            access_token: None,
            refresh_token: None,
            token_type: bearer(),
            expires_at: None,
            id_token: None,
            account: None,
            project: None,
            other: Map::new(),
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is not a kept sign-in, or one of a newer photomove.
    pub fn parse(text: &str) -> Result<Self> {
        // serde_json's words may quote a token, so that only the place is passed on.
        let file: Self = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            unusable("the kept sign-in cannot be read")
                .context("line", error.line())
                .context("column", error.column())
        })?;
        if file.version > VERSION {
            return Err(unusable("the kept sign-in was written by a newer photomove"));
        }
        if file.refresh_token.is_none() && file.access_token.is_none() {
            return Err(unusable("the kept sign-in holds no token"));
        }
        Ok(file)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if it cannot be written as JSON.
    pub fn to_text(&self) -> Result<SecretString> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(ErrorKind::Internal, "sign-in cannot be written as JSON").source(error))?;
        Ok((text + "\n").into())
    }

    /// Reads the sign-in of `key`.
    ///
    /// # Errors
    /// [`AuthProblem::Missing`] if there is none; [`ErrorKind::Config`] if it cannot be used.
    pub async fn load(store: &dyn CredentialStore, key: &CredentialKey) -> Result<Self> {
        match store.load(key).await? {
            Some(text) => Self::parse(text.expose_secret()),
            None => Err(Error::new(
                ErrorKind::Auth(AuthProblem::Missing),
                "nobody is signed in to google photos",
            )
            .provider("google")
            .operation(Operation::SignIn)
            .context("account", &key.account)
            .hint("sign in with `photomove auth login google`")),
        }
    }

    /// Keeps the sign-in under `key`.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save(&self, store: &dyn CredentialStore, key: &CredentialKey) -> Result<()> {
        store.save(key, &self.to_text()?).await
    }

    /// Returns whose account it is, where the file tells.
    pub fn identity(&self) -> Option<Identity> {
        if let Some(account) = &self.account {
            return Some(Identity {
                sub: account.sub.clone(),
                email: account.email.clone(),
            });
        }
        Identity::from_id_token(self.id_token.as_ref()?.expose_secret())
    }

    /// Returns the project of the OAuth client: the number in the client's id, else the name in the file.
    pub fn project(&self) -> Option<&str> {
        let client_id = self.client_id.as_deref();
        client_id
            .and_then(project_of_client)
            .or(self.project.as_deref())
            .or(client_id)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

fn unusable(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider("google")
        .operation(Operation::Settings)
        .hint("sign in again with `photomove auth login google`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use photomove_core::MemoryCredentialStore;

    const FILE: &str = r#"{"version": 1, "client_id": "7-a.apps.googleusercontent.com", "token_uri": "https://oauth2.googleapis.com/token",
        "scopes": ["openid"], "access_token": "ya29.hush", "refresh_token": "1//hush", "token_type": "Bearer",
        "expires_at": "2026-11-20T12:34:56Z", "account": {"sub": "117", "email": "a@b.example"}, "note": {"by": "me"}}"#;

    #[tokio::test]
    async fn a_sign_in_is_kept_with_all_that_it_held() {
        let store = MemoryCredentialStore::default();
        let key = CredentialKey::new("google", "default");
        let missing = TokenFile::load(&store, &key).await.unwrap_err();
        assert_eq!(*missing.kind(), ErrorKind::Auth(AuthProblem::Missing));
        TokenFile::parse(FILE).unwrap().save(&store, &key).await.unwrap();
        let file = TokenFile::load(&store, &key).await.unwrap();
        assert_eq!(file.refresh_token.as_ref().unwrap().expose_secret(), "1//hush");
        assert_eq!(file.other["note"]["by"], "me");
        assert_eq!(
            file.identity().unwrap().owner(file.project().unwrap()).as_str(),
            "117@7"
        );
        assert_eq!(file.expires_at, "2026-11-20T12:34:56Z".parse().ok());
    }

    #[test]
    fn files_of_other_tools_are_understood() {
        let google_auth = r#"{"token": "t", "refresh_token": "r", "token_uri": "https://x.example/t", "client_id": "c",
            "client_secret": "s", "scopes": ["openid"], "expiry": "2026-11-20T12:34:56.123456Z"}"#;
        let rclone = r#"{"access_token": "t", "token_type": "Bearer", "refresh_token": "r", "expiry": "2026-11-20T12:34:56.123456789+01:00"}"#;
        for text in [google_auth, rclone] {
            let file = TokenFile::parse(text).unwrap();
            assert_eq!(file.access_token.as_ref().unwrap().expose_secret(), "t");
            assert!(file.expires_at.is_some());
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_without_its_secrets() {
        let newer = FILE.replace("\"version\": 1", "\"version\": 2");
        let broken = FILE.replace("\"2026-11-20T12:34:56Z\"", "\"1//hush\"");
        for text in [newer.as_str(), broken.as_str(), "{}", "hush", "[]"] {
            let error = TokenFile::parse(text).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Config);
            assert!(!format!("{error:?} {error}").contains("hush"), "{error:?}");
        }
        assert!(!format!("{:?}", TokenFile::parse(FILE).unwrap()).contains("hush"));
    }
}
