//! Who may do what: users, OAuth clients, sessions; and the server's log.

use std::fmt;

use jiff::Timestamp;

/// What somebody is; migrations need an admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// May do everything.
    Admin,
    /// May look at what is shared with them.
    Guest,
    /// Holder of a link.
    Visitor,
    /// An OAuth client.
    Client,
}

impl Role {
    /// Its word in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Guest => "guest",
            Self::Visitor => "visitor",
            Self::Client => "client",
        }
    }
}

/// How a session came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// User and password.
    Local,
    /// A link.
    Link,
    /// OAuth client credentials.
    Client,
    /// An app password.
    Application,
    /// Public mode.
    Default,
}

impl Provider {
    /// Its word in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Link => "link",
            Self::Client => "client",
            Self::Application => "application",
            Self::Default => "default",
        }
    }
}

/// A user with the password in clear: test data.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) super_admin: bool,
    pub(crate) can_login: bool,
    pub(crate) webdav: bool,
    pub(crate) password: String,
    pub(crate) passcode: Option<Passcode>,
    pub(crate) base_path: String,
    pub(crate) upload_path: String,
    pub(crate) download_token: String,
    pub(crate) preview_token: String,
    pub(crate) login_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("uid", &self.uid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A second factor.
#[derive(Clone)]
pub(crate) struct Passcode {
    /// Base 32.
    pub(crate) secret: String,
    pub(crate) recovery_code: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) activated_at: Option<Timestamp>,
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passcode")
            .field("activated_at", &self.activated_at)
            .finish_non_exhaustive()
    }
}

/// An OAuth client.
#[derive(Clone)]
pub(crate) struct ApiClient {
    pub(crate) uid: String,
    pub(crate) name: String,
    pub(crate) secret: String,
    /// Words in alphabetical order, or `*`.
    pub(crate) scope: String,
    /// UID of the user it acts for; empty if none.
    pub(crate) user_uid: String,
    /// Seconds that its tokens live.
    pub(crate) expires_s: i64,
    /// Tokens that it may have at a time.
    pub(crate) token_limit: usize,
    pub(crate) enabled: bool,
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("uid", &self.uid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A session of whatever kind; found by the id, which is the SHA-256 of its token.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) ref_id: String,
    /// Empty for clients without a user and for visitors.
    pub(crate) user_uid: String,
    /// Empty unless an OAuth client got it.
    pub(crate) client_uid: String,
    /// Name of the client or of the app password.
    pub(crate) client_name: String,
    /// Of user sessions that were begun with an app password: the app password's session id.
    pub(crate) parent_id: String,
    pub(crate) provider: Provider,
    /// What it may do: the user's role, for clients and app passwords cut down by [`Role::Client`].
    pub(crate) role: Role,
    /// Whether it came from an OAuth client or is an app password.
    pub(crate) is_client: bool,
    /// Empty means everything.
    pub(crate) scope: String,
    pub(crate) download_token: String,
    pub(crate) preview_token: String,
    pub(crate) created_at: Timestamp,
    /// `None`: never.
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) last_active: Timestamp,
    /// Seconds without a call after which it ends; 0 is never.
    pub(crate) timeout_s: i64,
    /// Tokens of links that a visitor opened.
    pub(crate) shares: Vec<String>,
    /// Order of creation, which tells sessions of one second apart.
    pub(crate) number: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("ref_id", &self.ref_id)
            .field("user_uid", &self.user_uid)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// A line of the server's log, as `/errors` shows warnings and errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLine {
    pub(crate) id: u64,
    pub(crate) time: Timestamp,
    /// `warning` or `error`.
    pub(crate) level: &'static str,
    pub(crate) message: String,
}
