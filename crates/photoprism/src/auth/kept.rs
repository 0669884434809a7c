//! A sign-in as a person gives it, and as it is kept.

use std::fmt;

use jiff::Timestamp;
use photomove_core::{CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use super::login::Live;
use crate::{KIND, PhotoPrismConfig};

/// How to sign in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum SignIn {
    /// With a user's password; accounts with a second factor are asked for their passcode at each new session.
    User {
        /// Name; the server does not tell `Anna` from `anna`.
        name: String,
        /// Password, or an app password of the user.
        #[serde(serialize_with = "exposed")]
        password: SecretString,
    },
    /// With an app password, which needs no passcode and can be limited to a scope. Recommended.
    AppPassword {
        /// The app password, four groups of letters and digits.
        #[serde(serialize_with = "exposed")]
        password: SecretString,
    },
    /// As an OAuth2 client that an administrator made with `photoprism clients add`.
    Client {
        /// Its id, `c…`.
        id: String,
        /// Its secret.
        #[serde(serialize_with = "exposed")]
        secret: SecretString,
    },
    /// At a server that asks nobody (`AUTH_MODE=public`).
    Public,
}

impl SignIn {
    /// Returns what kind it is, in a word for people.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::AppPassword { .. } => "app password",
            Self::Client { .. } => "client",
            Self::Public => "public",
        }
    }

    /// Says whether both are the same, secrets included.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        match (self, other) {
            (Self::User { name, password }, Self::User { name: n, password: p }) => name == n && same(password, p),
            (Self::AppPassword { password }, Self::AppPassword { password: p }) => same(password, p),
            (Self::Client { id, secret }, Self::Client { id: i, secret: s }) => id == i && same(secret, s),
            (Self::Public, Self::Public) => true,
            _ => false,
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Self::AppPassword { .. } => f.debug_struct("AppPassword").finish_non_exhaustive(),
            Self::Client { id, .. } => f.debug_struct("Client").field("id", id).finish_non_exhaustive(),
            Self::Public => f.write_str("Public"),
        }
    }
}

/// A session that outlives the run that opened it: uploads that wait on the server belong to it.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptSession {
    /// Its token.
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
    /// When it ends; `None` = never.
    pub until: Option<Timestamp>,
}

impl fmt::Debug for KeptSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSession")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Whose a sign-in is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptAccount {
    /// `u…`, by which uploads are addressed.
    pub uid: String,
    /// Name to sign in with.
    pub name: String,
    /// Role, such as `admin`.
    #[serde(default)]
    pub role: String,
}

/// A sign-in as the credential store keeps it: for one server, with the session that is open.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptSignIn {
    /// The server's root; secrets of one server are never sent to another.
    pub url: Url,
    /// Whether they may go there by plain `http://`.
    #[serde(default)]
    pub plain_http: bool,
    /// How to sign in.
    pub sign_in: SignIn,
    /// The session that is open.
    #[serde(default)]
    pub session: Option<KeptSession>,
    /// Whose it is, where the server told.
    #[serde(default)]
    pub account: Option<KeptAccount>,
}

impl KeptSignIn {
    /// A sign-in that has not been used yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the address cannot be used.
    pub fn try_new(config: &PhotoPrismConfig, sign_in: SignIn) -> Result<Self> {
        Ok(Self {
            url: config.site()?,
            plain_http: config.plain_http,
            sign_in,
            session: None,
            account: None,
        })
    }

    /// Returns settings for its server, all else as usual.
    pub fn config(&self) -> PhotoPrismConfig {
        let mut config = PhotoPrismConfig::new(self.url.clone()).with_plain_http(self.plain_http);
        config.user_uid = self.account.as_ref().map(|account| account.uid.clone());
        config
    }

    /// Takes a session over, where there is one beside the sign-in itself.
    pub(crate) fn note_session(&mut self, live: &Live) {
        self.session = match self.sign_in {
            SignIn::User { .. } | SignIn::Client { .. } => live.token.clone().map(|token| KeptSession {
                token,
                until: live.until,
            }),
            SignIn::AppPassword { .. } | SignIn::Public => None,
        };
        if live.account.is_some() {
            self.account.clone_from(&live.account);
        }
    }

    /// Returns the text for a credential store.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if it cannot be written, which does not happen.
    pub fn to_credential(&self) -> Result<SecretString> {
        serde_json::to_string(self)
            .map(SecretString::from)
            .map_err(|_| Error::new(ErrorKind::Internal, "the sign-in cannot be written as JSON").provider(KIND))
    }

    /// Reads the text of a credential store.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is something else; never quotes it.
    pub fn from_credential(text: &SecretString) -> Result<Self> {
        // serde's words could quote a secret, so they are left out.
        let mut kept: Self =
            serde_json::from_str(text.expose_secret()).map_err(|_| unreadable("the kept sign-in cannot be read"))?;
        // People write it without the last slash, or as the browser shows it. Whether it may be used is told where it is.
        if let Ok(site) = kept.config().with_plain_http(true).site() {
            kept.url = site;
        }
        Ok(kept)
    }

    /// Reads a kept sign-in; `None` if there is none.
    ///
    /// # Errors
    /// When the store cannot be read, or holds something else.
    pub async fn load(store: &dyn CredentialStore, key: &CredentialKey) -> Result<Option<Self>> {
        match store.load(key).await? {
            Some(text) => Self::from_credential(&text).map(Some),
            None => Ok(None),
        }
    }

    /// Keeps the sign-in.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save(&self, store: &dyn CredentialStore, key: &CredentialKey) -> Result<()> {
        store.save(key, &self.to_credential()?).await
    }
}

fn unreadable(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider(KIND)
        .operation(Operation::Settings)
        .hint("sign in again with `photomove auth login photoprism`")
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> [SignIn; 4] {
        let secret = || SecretString::from("hush");
        [
            SignIn::User {
                name: "anna".to_owned(),
                password: secret(),
            },
            SignIn::AppPassword { password: secret() },
            SignIn::Client {
                id: "cabc".to_owned(),
                secret: secret(),
            },
            SignIn::Public,
        ]
    }

    #[test]
    fn a_kept_sign_in_comes_back_and_shows_no_secret() {
        let config = PhotoPrismConfig::new(Url::parse("https://a.example/prism").unwrap());
        for sign_in in kinds() {
            let mut kept = KeptSignIn::try_new(&config, sign_in.clone()).unwrap();
            kept.session = Some(KeptSession {
                token: "hush".into(),
                until: Some(Timestamp::UNIX_EPOCH),
            });
            let back = KeptSignIn::from_credential(&kept.to_credential().unwrap()).unwrap();
            assert!(back.sign_in.is_same(&sign_in));
            assert_eq!(back.url.as_str(), "https://a.example/prism/");
            assert_eq!(back.session.as_ref().unwrap().token.expose_secret(), "hush");
            assert!(!format!("{back:?}").contains("hush"), "{back:?}");
        }
    }

    #[test]
    fn an_address_written_by_hand_is_that_of_the_server() {
        for (written, meant) in [
            ("https://a.example", "https://a.example/"),
            ("https://a.example/prism", "https://a.example/prism/"),
            (
                "https://a.example/prism/library/browse?view=cards",
                "https://a.example/prism/",
            ),
            ("http://nas.example:2342/prism", "http://nas.example:2342/prism/"),
        ] {
            let text = format!(r#"{{"url": "{written}", "sign_in": {{"kind": "public"}}}}"#);
            let kept = KeptSignIn::from_credential(&text.into()).unwrap();
            assert_eq!(kept.url.as_str(), meant);
        }
        let nas = r#"{"url": "http://nas.example/prism", "sign_in": {"kind": "public"}}"#;
        let kept = KeptSignIn::from_credential(&nas.into()).unwrap();
        assert!(kept.config().site().is_err(), "plain HTTP is still to be allowed");
    }

    #[test]
    fn what_cannot_be_read_is_told_without_being_quoted() {
        let error = KeptSignIn::from_credential(&r#"{"url":"hush"}"#.into()).unwrap_err();
        assert!(!format!("{error:?}").contains("hush") && error.hint_text().is_some());
    }

    #[test]
    fn kinds_are_told_apart() {
        for (a, one) in kinds().iter().enumerate() {
            for (b, other) in kinds().iter().enumerate() {
                assert_eq!(one.is_same(other), a == b);
            }
        }
    }
}
