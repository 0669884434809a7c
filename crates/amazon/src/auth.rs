//! Signing in: the cookies of a browser session, and which shop they belong to.

mod cookies;
mod credentials;
mod marketplace;
mod parse;
mod session;

pub use cookies::Cookies;
pub use credentials::SessionCredentials;
pub use marketplace::{Marketplace, Region};
pub use session::Session;
