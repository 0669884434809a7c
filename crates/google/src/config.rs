//! Where Google is and how it is asked.

use photomove_core::{Error, ErrorKind, Operation, Result};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::auth::ClientSecret;
use crate::client::REQUESTS_PER_DAY;

const LIBRARY: &str = "https://photoslibrary.googleapis.com";
const USERINFO: &str = "https://openidconnect.googleapis.com/v1/userinfo";
const REVOKE: &str = "https://oauth2.googleapis.com/revoke";
/// What the refusals themselves name as the limit, per user.
const WRITES_PER_MINUTE: u32 = 30;
/// Below it, a broken connection costs less than the second request of an upload that can be continued.
const RESUMABLE_FROM_BYTES: u64 = 64 * 1024 * 1024;

/// Settings of the Google Photos provider. The defaults reach the real service.
///
/// The addresses of the sign-in page and of the token endpoint are not here: they come from the client secret file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GoogleConfig {
    /// Base address of the Library API, without `/v1`.
    pub library_url: Option<Url>,
    /// Address that tells who is signed in.
    pub userinfo_url: Option<Url>,
    /// Address that ends a sign-in.
    pub revoke_url: Option<Url>,
    /// Whether uploads carry the SHA-1 that the service compares with what arrived. Without it nothing is `verified`.
    pub hash_header: bool,
    /// Files from this length on are uploaded so that a broken upload continues where it stopped, which costs a request
    /// more; `None` = never, and files whose hash is not known beforehand go up unproven.
    pub resumable_from_bytes: Option<u64>,
    /// Changes to the library in a minute, however close together; `None` = as fast as the service answers. The service
    /// refuses more than 30 for half a minute and longer (*observed*).
    pub writes_per_minute: Option<u32>,
    /// Requests to the Library API in a day; a project can be granted more than the usual 10,000.
    pub requests_per_day: u32,
    /// What the program calls itself, instead of the name of the whole program.
    pub user_agent: Option<String>,
    /// The OAuth client; not needed where the kept sign-in holds it.
    #[serde(skip)]
    pub client_secret: Option<ClientSecret>,
}

impl Default for GoogleConfig {
    fn default() -> Self {
        Self {
            library_url: None,
            userinfo_url: None,
            revoke_url: None,
            hash_header: true,
            resumable_from_bytes: Some(RESUMABLE_FROM_BYTES),
            writes_per_minute: Some(WRITES_PER_MINUTE),
            requests_per_day: REQUESTS_PER_DAY,
            user_agent: None,
            client_secret: None,
        }
    }
}

impl GoogleConfig {
    /// Sets the base address of the Library API.
    #[must_use]
    pub fn with_library_url(mut self, url: Url) -> Self {
        self.library_url = Some(url);
        self
    }

    /// Sets the address that tells who is signed in.
    #[must_use]
    pub fn with_userinfo_url(mut self, url: Url) -> Self {
        self.userinfo_url = Some(url);
        self
    }

    /// Sets the address that ends a sign-in.
    #[must_use]
    pub fn with_revoke_url(mut self, url: Url) -> Self {
        self.revoke_url = Some(url);
        self
    }

    /// Sets the OAuth client.
    #[must_use]
    pub fn with_client_secret(mut self, secret: ClientSecret) -> Self {
        self.client_secret = Some(secret);
        self
    }

    /// Switches the hash header of uploads.
    #[must_use]
    pub fn with_hash_header(mut self, on: bool) -> Self {
        self.hash_header = on;
        self
    }

    /// Sets from which length on uploads can be continued.
    #[must_use]
    pub fn with_resumable_from_bytes(mut self, bytes: Option<u64>) -> Self {
        self.resumable_from_bytes = bytes;
        self
    }

    /// Sets how many changes to the library a minute takes.
    #[must_use]
    pub fn with_writes_per_minute(mut self, writes: Option<u32>) -> Self {
        self.writes_per_minute = writes;
        self
    }

    /// Sets how many requests to the Library API a day takes.
    #[must_use]
    pub fn with_requests_per_day(mut self, requests: u32) -> Self {
        self.requests_per_day = requests;
        self
    }

    /// Sets what the program calls itself.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Returns the addresses that are asked, except those that the client secret file names.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if one of those that were set is none of the web.
    pub fn addresses(&self) -> Result<Vec<Url>> {
        Ok(vec![self.library()?, self.userinfo()?, self.revoke()?])
    }

    pub(crate) fn library(&self) -> Result<Url> {
        usable(self.library_url.as_ref(), LIBRARY)
    }

    pub(crate) fn userinfo(&self) -> Result<Url> {
        usable(self.userinfo_url.as_ref(), USERINFO)
    }

    pub(crate) fn revoke(&self) -> Result<Url> {
        usable(self.revoke_url.as_ref(), REVOKE)
    }
}

/// Returns the address that was set or the real one, if it is one of the web.
fn usable(set: Option<&Url>, real: &str) -> Result<Url> {
    let url = match set {
        Some(url) => Some(url.clone()),
        None => Url::parse(real).ok(),
    };
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            Error::new(ErrorKind::Config, "an address of google must begin with `https://`")
                .provider("google")
                .operation(Operation::Settings)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_real_service_and_others_are_checked() {
        let config = GoogleConfig::default();
        assert_eq!(
            config.library().unwrap().as_str(),
            "https://photoslibrary.googleapis.com/"
        );
        assert_eq!(config.userinfo().unwrap().path(), "/v1/userinfo");
        assert!(config.revoke().is_ok() && config.hash_header);
        let odd = config.with_library_url(Url::parse("ftp://example.com").unwrap());
        assert_eq!(*odd.library().unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn settings_are_read_from_text_and_unknown_ones_are_told() {
        let config: GoogleConfig =
            serde_json::from_str(r#"{"library_url": "http://127.0.0.1:9", "hash_header": false}"#).unwrap();
        assert!(!config.hash_header && config.library_url.is_some());
        assert!(serde_json::from_str::<GoogleConfig>(r#"{"libary_url": "x"}"#).is_err());
    }
}
