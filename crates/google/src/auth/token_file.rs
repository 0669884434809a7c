//! The kept sign-in, as one JSON text in a [`CredentialStore`].

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{AuthProblem, CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

use super::identity::{Identity, Whose, project_of_client};
use super::lenient;
use super::permission::{self, Permission};

const VERSION: u32 = 1;
/// What a sign-in lasts while the project's status is "Testing".
const TESTING_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

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
    /// What was granted; empty where that is not known.
    #[serde(default, deserialize_with = "lenient::scopes")]
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
    #[serde(
        default,
        alias = "expiry",
        deserialize_with = "lenient::time",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<Timestamp>,
    /// When the sign-in as a whole runs out, UTC; `None` = nobody said.
    #[serde(default, deserialize_with = "lenient::time", skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    /// When consent was given, UTC; `None` = not known.
    #[serde(default, deserialize_with = "lenient::time", skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// Whether the project was "In production" then, as Google or the person said; `false` = "Testing".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    /// Says whose account it is.
    #[serde(default, serialize_with = "exposed", skip_serializing_if = "Option::is_none")]
    pub id_token: Option<SecretString>,
    /// Whose account it is.
    #[serde(
        default,
        deserialize_with = "lenient::account",
        skip_serializing_if = "Option::is_none"
    )]
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

/// How long a sign-in lasts before somebody has to give consent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Until then: Google or the person said so.
    Until(Timestamp),
    /// Until then at the latest if the project is in "Testing", which nobody said; `None` = not known since when.
    Perhaps(Option<Timestamp>),
    /// No end is known.
    Long,
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
            refresh_expires_at: None,
            signed_in_at: None,
            published: None,
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
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with(['[', '#']) {
            return Err(unusable("the kept sign-in is in the form of another program")
                .hint_instead("take it over with `photomove auth login google --token FILE`"));
        }
        // serde_json's words may quote a token, so that only the place is passed on.
        let file: Self = serde_json::from_str(text).map_err(|error| {
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
                "nobody is signed in to Google Photos",
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

    /// Returns whose it is: a person's; the project's, where the sign-in cannot tell more; `None` = to be asked.
    pub fn whose(&self) -> Option<Whose> {
        if let Some(identity) = self.identity() {
            return Some(Whose::Person(identity));
        }
        (!self.scopes.is_empty() && !permission::tells_whose(&self.scopes)).then_some(Whose::Project)
    }

    /// Returns the permissions that the sign-in lacks; `None` = not known.
    pub fn missing(&self) -> Option<Vec<Permission>> {
        (!self.scopes.is_empty()).then(|| permission::missing(&self.scopes))
    }

    /// Returns how long the sign-in lasts, as seen at `now`.
    pub fn lasts(&self, now: Timestamp) -> Lasts {
        if self.refresh_token.is_none() {
            return self.expires_at.map_or(Lasts::Perhaps(None), Lasts::Until);
        }
        match (self.refresh_expires_at, self.published) {
            (Some(until), _) => Lasts::Until(until),
            (None, Some(true)) => Lasts::Long,
            (None, _) => match self.signed_in_at.and_then(|at| at.checked_add(TESTING_LIFE).ok()) {
                // It outlived what one of a project in testing lives.
                Some(until) if until < now => Lasts::Long,
                until => Lasts::Perhaps(until),
            },
        }
    }

    /// Notes whether the project is "In production", as a person said.
    pub fn set_published(&mut self, published: bool) {
        self.published = Some(published);
        self.refresh_expires_at = match published {
            true => None,
            false => self.signed_in_at.and_then(|at| at.checked_add(TESTING_LIFE).ok()),
        };
    }

    /// Notes how long Google said that the sign-in lasts from `now` on.
    pub(crate) fn note_life(&mut self, seconds: Option<u64>, now: Timestamp) {
        let Some(life) = seconds.map(Duration::from_secs) else {
            return;
        };
        self.refresh_expires_at = now.checked_add(life).ok();
        // A person can give consent for an hour or a month too; only a week is what "Testing" gives.
        if self.published.is_none() && life <= TESTING_LIFE && life + Duration::from_secs(3600) > TESTING_LIFE {
            self.published = Some(false);
        }
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
        let naive = google_auth
            .replace("{\"token\"", "{\"account\": \"\", \"token\"")
            .replace("123456Z", "123456")
            .replace(r#"["openid"]"#, r#""openid email""#);
        for text in [google_auth, rclone, &naive] {
            let file = TokenFile::parse(text).unwrap();
            assert_eq!(file.access_token.as_ref().unwrap().expose_secret(), "t");
            assert!(file.expires_at.is_some());
        }
        let bare = google_auth
            .replace(r#""2026-11-20T12:34:56.123456Z""#, "null")
            .replace(r#"["openid"]"#, "null");
        let file = TokenFile::parse(&bare).unwrap();
        assert_eq!((file.expires_at, file.scopes.len(), file.whose()), (None, 0, None));
    }

    #[test]
    fn how_long_it_lasts_is_what_was_said_else_perhaps_a_week() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (start, end) = (at("2026-11-20T12:00:00Z"), at("2026-11-27T12:00:00Z"));
        let mut file = TokenFile::parse(FILE).unwrap();
        assert_eq!(file.lasts(start), Lasts::Perhaps(None));
        file.signed_in_at = Some(start);
        assert_eq!(file.lasts(start), Lasts::Perhaps(Some(end)));
        assert_eq!(
            file.lasts(at("2026-11-28T00:00:00Z")),
            Lasts::Long,
            "it outlived the week"
        );
        file.set_published(true);
        assert_eq!(file.lasts(start), Lasts::Long);
        file.set_published(false);
        assert_eq!(file.lasts(start), Lasts::Until(end));

        for (seconds, published) in [(604_799, Some(false)), (3600, None), (2_592_000, None)] {
            let mut file = TokenFile::parse(FILE).unwrap();
            file.note_life(Some(seconds), start);
            assert_eq!(file.published, published, "{seconds}");
            assert!(matches!(file.lasts(start), Lasts::Until(_)));
        }
        let mut file = TokenFile::parse(FILE).unwrap();
        file.refresh_token = None;
        assert_eq!(file.lasts(start), Lasts::Until(at("2026-11-20T12:34:56Z")));
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
