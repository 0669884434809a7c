//! The requests that bring a token. None of them carries one: a login with a valid token would end that token.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest,
    HttpResponse, RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use photomove_core::{AuthProblem, Digester, Error, ErrorKind, HashKinds, Interaction, Operation, Result};
use photomove_http::http::header::ACCEPT;
use photomove_http::{ErrorReply, Http, Method, Origin};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::kept::{KeptAccount, KeptSignIn, SignIn};
use super::{PhotoPrismAuth, passcode};
use crate::client::PhotoPrismClient;
use crate::{KIND, PhotoPrismConfig, classify, wire};

/// A token as a login brings it.
#[derive(Clone)]
pub(crate) struct Live {
    /// `None` where the server asks nobody.
    pub(crate) token: Option<SecretString>,
    /// SHA-256 of the token in hex: names the session, lets nobody in.
    pub(crate) id: String,
    /// Whose it is, as far as the login told.
    pub(crate) account: Option<KeptAccount>,
    /// When it ends; `None` = never, as far as is known.
    pub(crate) until: Option<Timestamp>,
}

impl Live {
    /// A token that stands for itself.
    pub(crate) fn of_token(token: SecretString, until: Option<Timestamp>) -> Self {
        Self {
            id: session_id(&token),
            token: Some(token),
            account: None,
            until,
        }
    }

    pub(crate) fn is_token(&self, other: &SecretString) -> bool {
        let own = self.token.as_ref();
        own.is_some_and(|own| own.expose_secret() == other.expose_secret())
    }
}

/// Returns the name of the session that a token belongs to.
fn session_id(token: &SecretString) -> String {
    let mut digester = Digester::new(HashKinds::SHA256);
    digester.update(token.expose_secret().as_bytes());
    let hash = digester.finish().sha256.unwrap_or_default();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How often a login is tried that the server has no time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Once.
    None,
    /// As often as any request.
    Long,
}

/// What logins work with.
pub(crate) struct Door {
    pub(crate) http: Http,
    pub(crate) site: Url,
    pub(crate) interaction: Option<Arc<dyn Interaction>>,
}

impl Door {
    /// Brings a token, with a passcode if the account wants one and there is somebody to ask.
    pub(crate) async fn enter(
        &self,
        sign_in: &SignIn,
        given: Option<SecretString>,
        patience: Patience,
    ) -> Result<Live> {
        match sign_in {
            SignIn::AppPassword { password } => Ok(Live::of_token(password.clone(), None)),
            SignIn::Client { id, secret } => self.client(id, secret, patience).await,
            SignIn::Public => self.public().await,
            SignIn::User { name, password } => {
                let mut code = given;
                let mut tried = 0;
                loop {
                    match self.user(name, password, code.as_ref(), patience).await {
                        Err(error) if passcode::is_wanted(&error) => {
                            let interaction = self.interaction.as_deref();
                            code = Some(passcode::ask(interaction, name, error, tried).await?);
                            tried += 1;
                        }
                        entered => return entered,
                    }
                }
            }
        }
    }

    async fn user(
        &self,
        name: &str,
        password: &SecretString,
        code: Option<&SecretString>,
        patience: Patience,
    ) -> Result<Live> {
        let mut body = json!({"username": name, "password": password.expose_secret()});
        if let Some(code) = code {
            body["code"] = json!(code.expose_secret());
        }
        let session = self.session(&body, patience).await?;
        if session.config.as_ref().is_some_and(|config| config.public) {
            return Err(self.asks_nobody());
        }
        let token = session.token().cloned().ok_or_else(|| self.odd("no token"))?;
        let mut live = Live::of_token(token, self.until(session.expires_in));
        live.account = account(&session);
        Ok(live)
    }

    /// Uploads are addressed by a user even where nobody signs in: the login tells which.
    async fn public(&self) -> Result<Live> {
        let refused = |error: Error| match error.kind() {
            ErrorKind::Auth(_) => Error::new(
                ErrorKind::Auth(AuthProblem::Missing),
                "the server wants a sign-in: it is not in public mode",
            )
            .provider(KIND)
            .operation(Operation::SignIn)
            .hint("sign in with `photomove auth login photoprism`"),
            _ => error,
        };
        let session = self.session(&json!({}), Patience::Long).await.map_err(refused)?;
        if session.config.as_ref().is_some_and(|config| !config.public) {
            return Err(self.odd("a session without a sign-in"));
        }
        Ok(Live {
            token: None,
            id: session.session_id.clone(),
            account: account(&session),
            until: None,
        })
    }

    async fn session(&self, body: &serde_json::Value, patience: Patience) -> Result<wire::Session> {
        let call = self
            .http
            .call(
                Operation::SignIn,
                Method::POST,
                join(&self.site, &["api", "v1", "session"]),
            )
            .header(ACCEPT, "application/json")
            // The password goes to this site and nowhere else.
            .no_redirects()
            .html_is_error()
            // A second session would do no harm.
            .repeatable(true)
            .json(body);
        let call = match patience {
            Patience::None => call.once(),
            Patience::Long => call,
        };
        call.send().await?.json().await
    }

    async fn client(&self, id: &str, secret: &SecretString, patience: Patience) -> Result<Live> {
        let client = OAuthClient::new(ClientId::new(id.to_owned()))
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            // The server does not find the secret in JSON, and Basic is what it checks first (reference 1.4).
            .set_auth_type(AuthType::BasicAuth)
            .set_token_uri(TokenUrl::from_url(join(&self.site, &["api", "v1", "oauth", "token"])));
        let mut attempts = self.http.attempts(Operation::SignIn);
        attempts.begin();
        let tokens = loop {
            match self.exchange(&client).await {
                Ok(tokens) => break tokens,
                Err(error) if patience == Patience::None => return Err(error),
                Err(error) => attempts.again(error).await?,
            }
        };
        let seconds = tokens.expires_in().map_or(0, |lasts| lasts.as_secs());
        let until = self.until(seconds.try_into().unwrap_or(0));
        Ok(Live::of_token(tokens.access_token().secret().clone().into(), until))
    }

    async fn exchange(&self, client: &ReadyClient) -> Result<Tokens> {
        client
            .exchange_client_credentials()
            .request_async(self)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => error,
                // The others carry the reply's body, which may hold a token.
                _ => self.odd("no token"),
            })
    }

    /// Sends a request of crate `oauth2`, and reads a refusal as all others are read.
    async fn raw(&self, mut request: HttpRequest) -> Result<HttpResponse> {
        let json = photomove_http::HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let reply = self.http.raw(Operation::SignIn, request).await?;
        if reply.status().is_success() {
            return Ok(reply);
        }
        let body = String::from_utf8_lossy(reply.body());
        Err(classify(&ErrorReply {
            status: reply.status(),
            headers: reply.headers(),
            body: &body,
            origin: &Origin::of(&self.site),
            operation: Operation::SignIn,
            retry_after: None,
            redirected_to: None,
            now: self.now(),
        })
        .context("status", reply.status().as_u16()))
    }

    fn until(&self, seconds: i64) -> Option<Timestamp> {
        // 0 and -1 = never.
        let lasts = (seconds > 0).then(|| SignedDuration::from_secs(seconds))?;
        self.now().checked_add(lasts).ok()
    }

    fn now(&self) -> Timestamp {
        self.http.env().clock.now()
    }

    fn asks_nobody(&self) -> Error {
        Error::new(
            ErrorKind::Config,
            "the server is in public mode: it takes any password and gives no session",
        )
        .provider(KIND)
        .operation(Operation::SignIn)
        .hint("sign in with `photomove auth login photoprism --public`")
    }

    fn odd(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Protocol,
            format!("{} answered the sign-in with {what}", Origin::of(&self.site)),
        )
        .provider(KIND)
        .operation(Operation::SignIn)
        .hint("check the address; a proxy in front of the server may answer in its place")
    }
}

impl<'c> AsyncHttpClient<'c> for Door {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.raw(request))
    }
}

fn account(session: &wire::Session) -> Option<KeptAccount> {
    let user = session.user.as_ref().filter(|user| !user.uid.is_empty())?;
    Some(KeptAccount {
        uid: user.uid.clone(),
        name: user.name.clone(),
        role: user.role.clone(),
    })
}

/// Appends path segments, each encoded as one.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        // The site is checked to be of the web, so there always is a path.
        path.pop_if_empty().extend(segments);
    }
    url
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Extra {}

impl ExtraTokenFields for Extra {}

type Tokens = StandardTokenResponse<Extra, BasicTokenType>;
type Made<HasTokenUrl> = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    HasTokenUrl,
>;
type OAuthClient = Made<EndpointNotSet>;
type ReadyClient = Made<EndpointSet>;

/// A sign-in that has just been made.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// What to keep.
    pub kept: KeptSignIn,
    /// Whose it is and what it covers.
    pub account: super::Account,
}

/// Signs in and finds out whose the sign-in is; keeps nothing.
///
/// `passcode` is for accounts with a second factor. Without it, `interaction` is asked for one.
///
/// # Errors
/// [`ErrorKind::Auth`] with [`AuthProblem::Challenge`] if a passcode is wanted and nobody gave one, or it was wrong; with
/// [`AuthProblem::Revoked`] if the name, password or secret is wrong; [`ErrorKind::Config`] if there is no PhotoPrism at
/// the address, or it is in public mode.
pub async fn sign_in(
    config: &PhotoPrismConfig,
    env: &photomove_http::HttpEnv,
    sign_in: SignIn,
    passcode: Option<SecretString>,
    interaction: Option<Arc<dyn Interaction>>,
) -> Result<SignedIn> {
    let mut kept = KeptSignIn::try_new(config, sign_in.clone())?;
    let mut auth = PhotoPrismAuth::new(sign_in);
    if let Some(interaction) = interaction {
        auth = auth.with_interaction(interaction);
    }
    if let Some(passcode) = passcode {
        auth = auth.with_passcode(passcode);
    }
    let client = PhotoPrismClient::new(config, env, auth)?;
    let live = client.session().entered().await?;
    let account = client.account().await?;
    kept.account = account.user.clone();
    kept.note_session(&live);
    Ok(SignedIn { kept, account })
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("account", &self.account)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("site", &self.site.as_str())
            .finish_non_exhaustive()
    }
}
