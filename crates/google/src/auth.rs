//! Signing in: the OAuth client's file, the flow through a browser, the kept token and its renewal.
//!
//! The login is crate `oauth2`'s (PKCE and `state`), the renewal at run time is crate `yup-oauth2`'s; both send through
//! clients of photomove-http and both ask the addresses that the client secret file names.

mod answer;
mod failure;
mod identity;
mod import;
mod lenient;
mod listener;
mod login;
mod page;
mod permission;
mod refresh;
mod secret;
mod session;
mod token_file;

pub use identity::{Identity, Whose};
pub use import::{Import, Tool};
pub use login::{Login, SignedIn};
pub use permission::Permission;
pub use secret::ClientSecret;
pub use session::{GoogleAuth, sign_out};
pub use token_file::{Lasts, TokenAccount, TokenFile};

/// Upload bytes, create items and albums.
pub const SCOPE_APPEND: &str = "https://www.googleapis.com/auth/photoslibrary.appendonly";
/// Read what this program created.
pub const SCOPE_READ: &str = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata";
/// Change what this program created.
pub const SCOPE_EDIT: &str = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata";

/// What a sign-in asks for. `openid email` tell whose account it is, which the Photos scopes do not.
pub const SCOPES: [&str; 5] = [SCOPE_APPEND, SCOPE_READ, SCOPE_EDIT, "openid", "email"];
