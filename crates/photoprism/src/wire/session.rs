//! Sessions, users, app passwords.

use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ServerConfig, nullable};

/// A session as login and `GET /session` tell it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Session {
    /// `success`.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// SHA-256 of the token in hex: names the session, lets nobody in.
    #[serde(deserialize_with = "nullable")]
    pub session_id: String,
    /// The token. Missing in public mode, and in `id` only before 2024.
    pub access_token: Option<SecretString>,
    /// The token once more, under its old name.
    pub id: Option<SecretString>,
    /// `Bearer`.
    pub token_type: Option<String>,
    /// Seconds until it ends; 0 = never.
    #[serde(deserialize_with = "nullable")]
    pub expires_in: i64,
    /// `local`, `ldap`, `oidc`, `link`, `client`, `application`, `access_token` or `default`.
    #[serde(deserialize_with = "nullable")]
    pub provider: String,
    /// What it covers, in words separated by blanks; empty and `*` = everything.
    #[serde(deserialize_with = "nullable")]
    pub scope: String,
    /// Whose it is; with an empty [`User::uid`] for a client of nobody.
    pub user: Option<User>,
    /// Shares of a visitor.
    pub data: Option<Value>,
    /// The server's configuration as this session sees it.
    pub config: Option<Box<ServerConfig>>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Session {
    /// Returns the token, under whichever name it came.
    pub fn token(&self) -> Option<&SecretString> {
        self.access_token.as_ref().or(self.id.as_ref())
    }

    /// Returns whose session it is; `None` for a client that acts for nobody.
    pub fn user_uid(&self) -> Option<&str> {
        self.user
            .as_ref()
            .map(|user| user.uid.as_str())
            .filter(|uid| !uid.is_empty())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("provider", &self.provider)
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct User {
    /// Number in the server's table.
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: i64,
    /// `u…`; empty for nobody.
    #[serde(rename = "UID", deserialize_with = "nullable")]
    pub uid: String,
    /// Who checks the password: `local`, `ldap`, `oidc`, …
    #[serde(deserialize_with = "nullable")]
    pub auth_provider: String,
    /// `2fa` or empty.
    #[serde(deserialize_with = "nullable")]
    pub auth_method: String,
    /// Name at a foreign sign-in service.
    #[serde(rename = "AuthID", deserialize_with = "nullable")]
    pub auth_id: String,
    /// Name to sign in with.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Name to show.
    #[serde(deserialize_with = "nullable")]
    pub display_name: String,
    /// Mail address.
    #[serde(deserialize_with = "nullable")]
    pub email: String,
    /// `admin`, `guest`, `visitor` or empty; others exist in paid editions.
    #[serde(deserialize_with = "nullable")]
    pub role: String,
    /// Extra attributes.
    #[serde(deserialize_with = "nullable")]
    pub attr: String,
    /// Whether it may do everything.
    #[serde(deserialize_with = "nullable")]
    pub super_admin: bool,
    /// Whether it may sign in on the web.
    #[serde(deserialize_with = "nullable")]
    pub can_login: bool,
    /// Last sign-in.
    pub login_at: Option<Timestamp>,
    /// Whether WebDAV is open to it.
    #[serde(rename = "WebDAV", deserialize_with = "nullable")]
    pub web_dav: bool,
    /// Folder it is kept to.
    #[serde(deserialize_with = "nullable")]
    pub base_path: String,
    /// Folder its uploads go to.
    #[serde(deserialize_with = "nullable")]
    pub upload_path: String,
    /// Whether it may invite others.
    #[serde(deserialize_with = "nullable")]
    pub can_invite: bool,
    /// Who it is.
    pub details: Option<UserDetails>,
    /// What it has set, only what is.
    pub settings: Option<Value>,
    /// SHA-1 of its picture.
    #[serde(deserialize_with = "nullable")]
    pub thumb: String,
    /// Where the picture comes from.
    #[serde(deserialize_with = "nullable")]
    pub thumb_src: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    pub updated_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Who a user is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct UserDetails {
    /// First name.
    #[serde(deserialize_with = "nullable")]
    pub given_name: String,
    /// Last name.
    #[serde(deserialize_with = "nullable")]
    pub family_name: String,
    /// What else came: addresses, birthday, organisation, …
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A token of a client, or an app password, as `POST /oauth/token` gives it.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct AppPassword {
    /// The token; an app password is its own token.
    pub access_token: SecretString,
    /// SHA-256 of the token in hex.
    #[serde(default, deserialize_with = "nullable")]
    pub session_id: String,
    /// What it covers.
    #[serde(default, deserialize_with = "nullable")]
    pub scope: String,
    /// Seconds until it ends; 0 = never.
    #[serde(default, deserialize_with = "nullable")]
    pub expires_in: i64,
    /// What it is called in the list of apps and devices.
    #[serde(default, deserialize_with = "nullable")]
    pub client_name: String,
    /// `success`.
    #[serde(default, deserialize_with = "nullable")]
    pub status: String,
    /// `Bearer`.
    #[serde(default, deserialize_with = "nullable")]
    pub token_type: String,
}

impl fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppPassword")
            .field("client_name", &self.client_name)
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// The end of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SessionEnded {
    /// `deleted`.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// Which one ended.
    #[serde(deserialize_with = "nullable")]
    pub session_id: String,
}

/// A session in a user's list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SessionEntry {
    /// `sess…`, by which an administrator may end it.
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: String,
    /// Whose it is.
    #[serde(rename = "UserUID", deserialize_with = "nullable")]
    pub user_uid: String,
    /// Name of whose it is.
    #[serde(deserialize_with = "nullable")]
    pub user_name: String,
    /// Client that it belongs to, `c…`.
    #[serde(rename = "ClientUID", deserialize_with = "nullable")]
    pub client_uid: String,
    /// Name of the client or app password.
    #[serde(deserialize_with = "nullable")]
    pub client_name: String,
    /// `application`, `client`, `local`, …
    #[serde(deserialize_with = "nullable")]
    pub auth_provider: String,
    /// What it covers.
    #[serde(deserialize_with = "nullable")]
    pub auth_scope: String,
    /// When it was last used, in Unix seconds; 0 = never.
    #[serde(deserialize_with = "nullable")]
    pub last_active: i64,
    /// When it ends, in Unix seconds; 0 = never.
    #[serde(deserialize_with = "nullable")]
    pub expires: i64,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
