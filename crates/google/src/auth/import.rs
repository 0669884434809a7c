//! Sign-ins that other programs made: google-auth, rclone, yup-oauth2.
//!
//! Only reading is done here: their files are never written. What they hold is renewed once, which shows that it works, what
//! it covers and, where the grant ends some day, when.

mod rclone;
mod yup;

use photomove_core::{Error, ErrorKind, Result};
use photomove_http::{Http, HttpEnv};
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::identity::Identity;
use super::permission;
use super::refresh::OAuthClient;
use super::secret::{ClientSecret, is_safe};
use super::token_file::{TokenAccount, TokenFile};

/// Where tokens are renewed, for files that do not say.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// The clients of Google's own command line, whose sign-ins open no photo library.
const GCLOUD: [&str; 2] = ["764086051850-", "32555940559."];

/// Which program's form a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// This one's own.
    Photomove,
    /// Google's libraries for Python.
    GoogleAuth,
    /// rclone.
    Rclone,
    /// The Rust crate.
    YupOauth2,
}

impl Tool {
    /// Returns the name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Photomove => "photomove",
            Self::GoogleAuth => "google-auth",
            Self::Rclone => "rclone",
            Self::YupOauth2 => "yup-oauth2",
        }
    }
}

/// A sign-in as another program kept it.
#[derive(Debug, Clone)]
pub struct Import {
    file: TokenFile,
    tool: Tool,
}

impl Import {
    /// Reads the text of a file: JSON of google-auth (`authorized_user`), rclone or yup-oauth2, an `rclone.conf`, or the line
    /// `token = …` out of one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is something else; the message says what it is, and no message quotes the file.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(unusable("the file with the sign-in is empty"));
        }
        if rclone::is_encrypted(text) {
            return Err(unusable("this rclone.conf is encrypted").hint_instead(
                "`rclone config show REMOTE` shows the line `token = …`: put that line into a file of its own",
            ));
        }
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(entries)) => yup::best(&entries),
            Ok(Value::Object(object)) => Self::of_object(object),
            Ok(_) => Err(unusable("the file with the sign-in holds a single value")),
            Err(_) if text.starts_with('<') => Err(unusable("the file with the sign-in is a web page")),
            Err(_) => rclone::of_conf(text),
        }
    }

    fn of_object(object: Map<String, Value>) -> Result<Self> {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        if object.contains_key("installed") || object.contains_key("web") {
            return Err(unusable("this is the file of an OAuth client, not a sign-in")
                .hint_instead("sign in with it: `photomove auth login google --client-secret FILE`"));
        }
        if text("type") == Some("service_account") || object.contains_key("private_key") {
            return Err(unusable(
                "this is the key of a service account; those have no photo library",
            ));
        }
        if text("client_id").is_some_and(is_gcloud) {
            return Err(unusable(
                "this is a sign-in of Google's own command line (gcloud), which opens no photo library",
            ));
        }
        if let Some(remotes) = rclone::remotes_of_dump(&object) {
            return rclone::only_one(remotes);
        }
        let tool = if object.contains_key("version") && !object.contains_key("universe_domain") {
            Tool::Photomove
        } else if object.contains_key("token")
            || text("type") == Some("authorized_user")
            || object.contains_key("client_id")
        {
            Tool::GoogleAuth
        } else {
            Tool::Rclone
        };
        let mut object = object;
        // oauth2client, the library before google-auth.
        if let Some(expiry) = object.remove("token_expiry") {
            object.entry("expiry").or_insert(expiry);
        }
        Self::of_fields(object, tool)
    }

    /// Reads the fields of one sign-in under any of the names that are known.
    fn of_fields(object: Map<String, Value>, tool: Tool) -> Result<Self> {
        // serde_json's words may quote a token.
        let mut file: TokenFile = serde_json::from_value(Value::Object(object))
            .map_err(|_| unusable("a field of the sign-in is not what it should be"))?;
        if file.access_token.is_none() && file.refresh_token.is_none() {
            return Err(unusable("the file holds no token"));
        }
        file.scopes = permission::named(file.scopes.iter().map(String::as_str));
        if tool != Tool::Photomove {
            // What else the other program keeps is its own affair.
            file.other.clear();
        }
        Ok(Self { file, tool })
    }

    /// Returns whose form the file has.
    pub fn tool(&self) -> Tool {
        self.tool
    }

    /// Returns whether the file names its OAuth client.
    pub fn has_client(&self) -> bool {
        self.file.client_id.is_some() && self.file.client_secret.is_some()
    }

    /// Renews the sign-in once and returns it in photomove's own form; nothing is kept yet.
    ///
    /// `client` is the OAuth client that it was made through; it must be given where the file does not hold it.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if the sign-in has ended or lacks a permission that nothing works without;
    /// [`ErrorKind::Config`] if the client is missing or another one.
    pub async fn redeem(self, client: Option<&ClientSecret>, env: &HttpEnv) -> Result<TokenFile> {
        let mut file = self.file;
        let refresh_token = file.refresh_token.clone().ok_or_else(|| {
            unusable("the file holds no refresh token: the sign-in would last an hour only").hint_instead(
                "let the other program sign in anew with `access_type=offline`, or use `photomove auth login google`",
            )
        })?;
        let client = oauth_client(&file, client)?;
        let http = Http::builder("google", env).build()?;
        let fresh = client.redeem(&http, &refresh_token).await?;
        fresh.enter(&mut file, env.clock.now());
        if let Some(identity) = file.id_token.as_ref().and_then(Identity::of_secret) {
            file.account = Some(TokenAccount {
                sub: identity.sub,
                email: identity.email,
            });
        }
        if !file.scopes.is_empty() {
            permission::check_import(&file.scopes)?;
        }
        file.client_id = Some(client.id);
        file.client_secret = Some(client.secret);
        file.token_uri = Some(client.token_uri);
        Ok(file)
    }
}

fn is_gcloud(client_id: &str) -> bool {
    GCLOUD.iter().any(|start| client_id.starts_with(start))
}

/// The client that was given, else the file's own.
fn oauth_client(file: &TokenFile, given: Option<&ClientSecret>) -> Result<OAuthClient> {
    if let Some(given) = given {
        if file.client_id.as_ref().is_some_and(|id| *id != given.client_id) {
            return Err(
                unusable("the sign-in belongs to another OAuth client than the client secret file").hint_instead(
                    "leave `--client-secret` away, or give the file of the client that the sign-in was made through",
                ),
            );
        }
        return Ok(OAuthClient {
            id: given.client_id.clone(),
            secret: given.client_secret.clone(),
            token_uri: given.token_uri.clone(),
        });
    }
    let (Some(id), Some(secret)) = (file.client_id.clone(), file.client_secret.clone()) else {
        return Err(
            unusable("the file does not hold the OAuth client that the sign-in was made through").hint_instead(
                "add `--client-secret FILE`; a sign-in through rclone's own client cannot be used: make a client with `photomove \
                 auth setup google`",
            ),
        );
    };
    let token_uri = match &file.token_uri {
        Some(url) => url.clone(),
        None => Url::parse(TOKEN_URI)
            .map_err(|error| Error::new(ErrorKind::Internal, "address of the token endpoint").source(error))?,
    };
    if !is_safe(&token_uri) {
        return Err(unusable("`token_uri` is not an address that begins with `https://`"));
    }
    Ok(OAuthClient { id, secret, token_uri })
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn unusable(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider("google")
        .hint("known are files of google-auth (`authorized_user`), rclone (`rclone.conf`) and yup-oauth2")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use secrecy::ExposeSecret;

    pub(super) const RCLONE_TOKEN: &str = r#"{"access_token":"hush-a","token_type":"Bearer","refresh_token":"hush-r","expiry":"2026-11-20T12:34:56.123456789+01:00"}"#;

    #[rstest]
    #[case(r#"{"token": "hush-a", "refresh_token": "hush-r", "token_uri": "https://x.example/t", "client_id": "7-a.apps.googleusercontent.com",
        "client_secret": "hush-s", "scopes": ["openid"], "universe_domain": "googleapis.com", "account": "", "expiry": "2026-11-20T12:34:56.1Z"}"#, Tool::GoogleAuth, true)]
    #[case(r#"{"type": "authorized_user", "refresh_token": "hush-r", "client_id": "7-a.apps.googleusercontent.com", "client_secret": "hush-s"}"#, Tool::GoogleAuth, true)]
    #[case(r#"{"access_token": "hush-a", "refresh_token": "hush-r", "client_id": "7-a.apps.googleusercontent.com", "client_secret": "hush-s",
        "token_expiry": "2026-11-20T12:34:56Z", "_class": "OAuth2Credentials", "scopes": null}"#, Tool::GoogleAuth, true)]
    #[case(RCLONE_TOKEN, Tool::Rclone, false)]
    #[case(
        r#"{"version": 1, "access_token": "hush-a", "refresh_token": "hush-r"}"#,
        Tool::Photomove,
        false
    )]
    fn json_of_other_tools_is_read(#[case] text: &str, #[case] tool: Tool, #[case] has_client: bool) {
        let import = Import::parse(text).unwrap();
        assert_eq!((import.tool(), import.has_client()), (tool, has_client));
        assert_eq!(import.file.refresh_token.as_ref().unwrap().expose_secret(), "hush-r");
        assert!(!format!("{import:?}").contains("hush"));
    }

    #[rstest]
    #[case("", "is empty")]
    #[case("hush", "neither")]
    #[case("3", "single value")]
    #[case("<html>hush", "web page")]
    #[case("{}", "no token")]
    #[case("[]", "no sign-in")]
    #[case(r#"{"installed": {"client_secret": "hush"}}"#, "OAuth client, not a sign-in")]
    #[case(r#"{"type": "service_account", "private_key": "hush"}"#, "service account")]
    #[case(r#"{"type": "authorized_user", "refresh_token": "hush", "client_id": "764086051850-6qr.apps.googleusercontent.com"}"#, "gcloud")]
    #[case(r#"{"refresh_token": "r", "expiry": "hush"}"#, "not what it should be")]
    #[case("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nhush", "encrypted")]
    fn what_is_none_is_told_without_its_secrets(#[case] text: &str, #[case] what: &str) {
        let error = Import::parse(text).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config);
        assert!(error.message().contains(what), "{error}");
        assert!(error.hint_text().is_some());
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_renewed_is_refused_before_anybody_is_asked() {
        let env = HttpEnv::system();
        let redeemed = async |text: &str| Import::parse(text).unwrap().redeem(None, &env).await.unwrap_err();
        let error = redeemed(RCLONE_TOKEN).await;
        assert!(error.message().contains("does not hold the OAuth client"), "{error}");
        let error = redeemed(r#"{"token": "hush-a", "client_id": "c", "client_secret": "s"}"#).await;
        assert!(error.message().contains("no refresh token"), "{error}");
        let error = redeemed(
            r#"{"refresh_token": "r", "client_id": "c", "client_secret": "s", "token_uri": "http://elsewhere.example/t"}"#,
        )
        .await;
        assert!(error.message().contains("`token_uri`"), "{error}");
    }
}
