//! The file that Google's console gives for an OAuth client.

mod wrong;

use std::fmt;

use photomove_core::{ErrorKind, Operation, Result};
use photomove_http::{Http, HttpEnv};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::{Host, Url, form_urlencoded};

use super::failure;
use super::identity::project_of_client;
use super::refresh::post_form;

/// The OAuth client of the person's own Google project.
#[derive(Clone)]
pub struct ClientSecret {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) auth_uri: Url,
    pub(crate) token_uri: Url,
    pub(crate) redirect: Redirect,
    project_id: Option<String>,
}

/// Where the browser may be sent back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// Any port of this machine, as desktop clients may.
    AnyPort,
    /// Exactly this address, port included, as web clients want it.
    Exactly(String),
}

impl Redirect {
    /// Returns where the browser is sent back to if nobody listens there.
    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::AnyPort => "http://127.0.0.1",
            Self::Exactly(uri) => uri,
        }
    }
}

impl ClientSecret {
    /// Reads the text of a client secret file: `installed` (desktop) or `web`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is something else; the message says what it is.
    ///
    /// # Source
    /// Google Cloud console, "Clients" → "Download JSON" (read 2026-08).
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => return Err(wrong::not_json(text)),
        };
        let Value::Object(file) = value else {
            return Err(wrong::wrong(
                "the client secret file holds a list or a single value, not a client",
            ));
        };
        if let Some(Value::Object(client)) = file.get("installed") {
            return Self::read(client, Redirect::AnyPort);
        }
        if let Some(Value::Object(client)) = file.get("web") {
            return Self::read(client, Redirect::Exactly(web_redirect(client)?));
        }
        Err(wrong::something_else(&file))
    }

    fn read(client: &Map<String, Value>, redirect: Redirect) -> Result<Self> {
        let text = |name: &str| {
            let value = client.get(name).and_then(Value::as_str).map(str::trim);
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let needed = |name: &str| text(name).ok_or_else(|| wrong::lacks(name));
        let address = |name: &str| {
            let text = needed(name)?;
            Url::parse(&text).ok().filter(is_safe).ok_or_else(|| {
                wrong::wrong(&format!(
                    "`{name}` of the client secret file is not an address that begins with `https://`"
                ))
            })
        };
        Ok(Self {
            client_id: needed("client_id")?,
            client_secret: needed("client_secret")?.into(),
            auth_uri: address("auth_uri")?,
            token_uri: address("token_uri")?,
            redirect,
            project_id: text("project_id"),
        })
    }

    /// Says whether it is a web client, which takes one address of this machine only.
    pub fn is_web(&self) -> bool {
        self.redirect != Redirect::AnyPort
    }

    /// Asks the token endpoint whether it knows the client, before a person is sent to a page that would only show an error.
    ///
    /// It is asked to renew a token that cannot exist, which changes nothing: only the refusal of a client that it knows is
    /// about the token. An answer of any other kind tells nothing and is no error.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the client was deleted, is disabled, or its secret is not the right one; as any request if
    /// nobody answers.
    pub async fn check(&self, env: &HttpEnv) -> Result<()> {
        let http = Http::builder("google", env).build()?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", "none")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .finish();
        let reply = post_form(&http, Operation::SignIn, &self.token_uri, form).await?;
        let error = failure::of_reply(&reply, Operation::SignIn, env.clock.now());
        let about_client = [401, 403].contains(&reply.status().as_u16()) && *error.kind() == ErrorKind::Config;
        if about_client { Err(error) } else { Ok(()) }
    }

    /// Returns the client's id, which is no secret.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the Google project that the client belongs to: what it uploads is visible to that project alone.
    ///
    /// It is the number that the client's id begins with, for that is always there and never changes; else the
    /// project's name from the file.
    pub fn project(&self) -> &str {
        project_of_client(&self.client_id)
            .or(self.project_id.as_deref())
            .unwrap_or(&self.client_id)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret")
            .field("client_id", &self.client_id)
            .field("project", &self.project())
            .field("token_uri", &self.token_uri.as_str())
            .finish_non_exhaustive()
    }
}

/// Secrets go over HTTPS, or stay on the machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns the first redirect address of a web client that leads to a port of this machine.
fn web_redirect(client: &Map<String, Value>) -> Result<String> {
    let registered = client.get("redirect_uris").and_then(Value::as_array);
    let local = registered.into_iter().flatten().filter_map(Value::as_str).find(|uri| {
        Url::parse(uri).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url) && url.port().is_some())
    });
    local.map(str::to_owned).ok_or_else(wrong::web_client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    pub(crate) const INSTALLED: &str = r#"{"installed": {
        "client_id": "1234567890-abc123.apps.googleusercontent.com", "project_id": "photomove-demo",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
        "client_secret": "GOCSPX-invented", "redirect_uris": ["http://localhost"]}}"#;

    #[test]
    fn a_desktop_file_is_read_and_its_secret_not_shown() {
        let secret = ClientSecret::parse(&format!("\u{feff}{INSTALLED}\n")).unwrap();
        assert_eq!(secret.project(), "1234567890");
        assert_eq!(secret.redirect, Redirect::AnyPort);
        assert!(!format!("{secret:?}").contains("GOCSPX"));
    }

    #[test]
    fn a_web_file_needs_a_way_back_to_this_machine() {
        let mut file: Value = serde_json::from_str(INSTALLED).unwrap();
        let mut client = file["installed"].take();
        for (uris, expected) in [
            (
                json!(["https://example.com/back", "http://localhost:8085/back"]),
                Some("http://localhost:8085/back"),
            ),
            (json!(["https://example.com/back", "http://localhost"]), None),
            (json!(null), None),
        ] {
            client["redirect_uris"] = uris;
            let read = ClientSecret::parse(&json!({"web": client}).to_string());
            match expected {
                Some(uri) => assert_eq!(read.unwrap().redirect, Redirect::Exactly(uri.into())),
                None => assert!(read.unwrap_err().message().contains("web client")),
            }
        }
    }

    #[rstest]
    #[case("", "is empty")]
    #[case("AIzaSyInvented", "API key")]
    #[case("GOCSPX-invented", "client secret alone")]
    #[case("1-a.apps.googleusercontent.com", "client id alone")]
    #[case("<html>", "web page")]
    #[case("client_id = 1", "not JSON")]
    #[case(r#"{"installed": {"client_id": "x","#, "a part of it is missing")]
    #[case("[]", "a list")]
    #[case("{}", "neither `installed` nor `web`")]
    #[case(r#"{"type": "service_account", "private_key": "x"}"#, "service account")]
    #[case(r#"{"type": "authorized_user", "refresh_token": "x"}"#, "token of a sign-in")]
    #[case(
        r#"{"access_token": "ya29.x", "scope": "x", "expires_in": 3599}"#,
        "OAuth playground"
    )]
    #[case(r#"{"type": "authorized_user", "refresh_token": "x", "client_id": "764086051850-6qr.apps.googleusercontent.com"}"#, "gcloud")]
    #[case(r#"{"project_info": {"project_number": "1"}, "client": []}"#, "Android")]
    #[case(r#"{"client_id": "x", "client_secret": "y"}"#, "lacks its outer")]
    #[case(r#"{"installed": {"client_id": "x"}}"#, "lacks `client_secret`")]
    #[case(r#"{"installed": {"client_id": "x", "client_secret": "y", "auth_uri": "http://example.com/a", "token_uri": "https://x"}}"#, "`auth_uri`")]
    fn a_wrong_file_is_told_by_name(#[case] text: &str, #[case] what: &str) {
        let error = ClientSecret::parse(text).unwrap_err();
        assert!(error.message().contains(what), "{error}");
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.hint_text().is_some());
        if text.len() > 8 {
            assert!(!format!("{error:?}").contains(text));
        }
    }
}
