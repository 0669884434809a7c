//! What every HTTP provider of photomove needs once: retry, pacing, redirects, redaction, tokens.
//!
//! A provider builds one [`Http`] with [`Http::builder`], says which origins may see its credentials, how its error
//! replies are to be read and how fast it may be asked, and then makes one [`Call`] per request. Whether a failed call
//! is sent again follows from [`photomove_core::Error::disposition`] alone, and only here.
//!
//! Time and randomness come from [`HttpEnv`], so tests run days of waiting in milliseconds. Only the watch over silent
//! connections is on the machine's own clock.

mod attempts;
mod bandwidth;
mod body;
mod call;
mod client;
mod credentials;
mod env;
mod exchange;
mod fault;
pub mod hyper_client;
mod idle;
mod origin;
mod pace;
mod proxies;
mod quota;
mod raw;
pub mod redact;
mod redirect;
mod reply;
mod retry;
mod steady;
pub mod token;
mod trace;
mod transport;
mod upgrade;

pub use attempts::Attempts;
pub use bandwidth::Bandwidth;
pub use call::Call;
pub use client::{Http, HttpBuilder, Lesson};
pub use credentials::{Credentials, NoCredentials};
pub use env::{HttpEnv, Wait, WaitCause, WaitWatch, Waits};
pub use http::header;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
pub use origin::{Origin, OriginRule};
pub use pace::Bucket;
pub use proxies::proxy_for;
pub use quota::{QuotaRule, next_midnight};
pub use reply::{ErrorReply, Reply, classify_status};
pub use retry::{LONGEST_RETRY_AFTER, RetryPolicy, retry_after};
pub use token::{Fresh, Token, TokenCache};
pub use upgrade::Upgraded;

/// The types of crate `http`, for requests sent by [`Http::raw`].
pub use http;
