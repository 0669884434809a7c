//! Signing in: the cookies of a browser session, and which shop they belong to.

mod cookies;
mod credentials;
mod keeper;
mod marketplace;
mod parse;
mod session;
pub(crate) mod set_cookie;

pub use cookies::Cookies;
pub(crate) use cookies::{is_amazon_name, suffix};
pub use credentials::SessionCredentials;
pub(crate) use keeper::fingerprint;
pub use keeper::{CookieKeeper, KeepNothing, KeptCookies};
pub use marketplace::{Marketplace, Region};
pub use session::Session;
