//! How the session gets onto requests.

use std::fmt;

use async_trait::async_trait;
use photomove_core::{Error, ErrorKind, Operation, Result};
use photomove_http::{Credentials, HeaderMap, HeaderValue, Origin, header};
use secrecy::{ExposeSecret, SecretString};

use super::session::Session;

/// Sends the cookies, and the session's id in the header that the metadata and content hosts want beside them.
///
/// Which origins may see them is the rule of [`photomove_http`]. These never change; a client renews its own.
#[derive(Clone)]
pub struct SessionCredentials {
    cookie: HeaderValue,
    session_id: HeaderValue,
}

impl SessionCredentials {
    /// Prepares the headers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a cookie holds what no header may hold.
    pub fn try_new(session: &Session) -> Result<Self> {
        Ok(Self {
            cookie: secret_header(session.header())?,
            session_id: secret_header(session.session_id())?,
        })
    }
}

fn secret_header(text: &SecretString) -> Result<HeaderValue> {
    // The header's own error is left out: it could quote the value.
    let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
        Error::new(ErrorKind::Config, "a cookie holds a character that no header may hold")
            .provider(crate::KIND)
            .operation(Operation::SignIn)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCredentials").finish_non_exhaustive()
    }
}

impl SessionCredentials {
    pub(crate) fn set(&self, headers: &mut HeaderMap) {
        headers.insert(header::COOKIE, self.cookie.clone());
        headers.insert("x-amzn-sessionid", self.session_id.clone());
    }
}

#[async_trait]
impl Credentials for SessionCredentials {
    async fn apply(&self, _origin: &Origin, headers: &mut HeaderMap) -> Result<()> {
        self.set(headers);
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        Ok(false)
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {
        // These are as they were given.
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::auth::Cookies;

    #[tokio::test]
    async fn headers_are_set_and_marked_secret() {
        let cookies = Cookies::parse("session_id=133-1; ubid_main=2; at_main=Atza|3").unwrap();
        let credentials = SessionCredentials::try_new(&Session::try_new(&cookies, None).unwrap()).unwrap();
        let mut headers = HeaderMap::new();
        let origin = Origin::of(&Url::parse("https://www.amazon.com/").unwrap());
        credentials.apply(&origin, &mut headers).await.unwrap();
        assert_eq!(headers["cookie"], "session-id=133-1; ubid-main=2; at-main=Atza|3");
        assert_eq!(headers["x-amzn-sessionid"], "133-1");
        assert!(headers.values().all(HeaderValue::is_sensitive));
        assert!(!format!("{credentials:?} {headers:?}").contains("Atza"));
    }
}
