//! The installed-app flow: a page in the browser, a port on this machine, PKCE and a state.
//!
//! # Source
//! "OAuth 2.0 for iOS & Desktop Apps" (read 2026-08), RFC 8252, RFC 7636.

use std::fmt;
use std::future::pending;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields,
    HttpRequest, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use photomove_core::{
    Answer, CredentialKey, CredentialStore, Error, ErrorKind, Interaction, Operation, Owner, Prompt, Result,
};
use photomove_http::{Http, HttpEnv};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::SCOPES;
use super::answer::{self, Code, unsigned};
use super::failure;
use super::identity::Identity;
use super::listener::Listener;
use super::permission;
use super::secret::ClientSecret;
use super::token_file::{TokenAccount, TokenFile};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

type Tokens = StandardTokenResponse<Extras, BasicTokenType>;
type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What Google adds to the standard reply.
#[derive(Serialize, Deserialize)]
struct Extras {
    id_token: Option<String>,
    /// Seconds until consent has to be given again, of a grant that ends.
    refresh_token_expires_in: Option<u64>,
}

impl fmt::Debug for Extras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Extras")
    }
}

impl ExtraTokenFields for Extras {}

/// One sign-in through a browser.
#[derive(Debug)]
pub struct Login {
    secret: ClientSecret,
    http: Http,
    patience: Duration,
    hint: Option<String>,
    pasting: bool,
}

/// A sign-in that succeeded.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What is to be kept.
    pub file: TokenFile,
    /// Whose account it is.
    pub identity: Identity,
    /// The same as photomove knows it.
    pub owner: Owner,
}

impl SignedIn {
    /// Keeps the sign-in.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn save(&self, store: &dyn CredentialStore, key: &CredentialKey) -> Result<()> {
        self.file.save(store, key).await
    }
}

impl Login {
    /// Prepares a sign-in with the person's own OAuth client.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a trusted certificate cannot be used.
    pub fn new(secret: ClientSecret, env: &HttpEnv) -> Result<Self> {
        Ok(Self {
            secret,
            http: Http::builder("google", env).build()?,
            patience: PATIENCE,
            hint: None,
            pasting: false,
        })
    }

    /// Sets how long the person may take.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the e-mail address that the page suggests.
    #[must_use]
    pub fn with_hint(mut self, email: impl Into<String>) -> Self {
        self.hint = Some(email.into());
        self
    }

    /// Lets the sign-in go on without a port of this machine: the interaction brings the address that the browser ends at.
    #[must_use]
    pub fn with_pasting(mut self, pasting: bool) -> Self {
        self.pasting = pasting;
        self
    }

    /// Asks the person to open Google's page and returns the sign-in; nothing is kept yet.
    ///
    /// The interaction answers [`Answer::Done`] once the page is open, or [`Answer::Text`] with the address that the
    /// browser ended at, where the browser runs on another machine.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] if consent was refused, the answer was not ours or a permission is missing;
    /// [`ErrorKind::Config`] if Google does not accept the client; [`ErrorKind::Timeout`] if nobody answered.
    pub async fn run(&self, interaction: &dyn Interaction) -> Result<SignedIn> {
        let listener = match Listener::open(&self.secret.redirect).await {
            Ok(listener) => Some(listener),
            Err(_) if self.pasting => None,
            Err(error) => return Err(error),
        };
        let redirect_uri = listener
            .as_ref()
            .map_or(self.secret.redirect.uri(), Listener::redirect_uri);
        let client = self.client(redirect_uri)?;
        let state = self.random_text();
        let verifier = PkceCodeVerifier::new(self.random_text());
        let url = self.page(&client, &state, &verifier);
        let code = self.code(listener.as_ref(), interaction, url, &state).await?;
        let tokens = self.exchange(&client, code, verifier).await?;
        self.signed_in(&tokens)
    }

    fn client(&self, redirect_uri: &str) -> Result<OAuthClient> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|error| Error::new(ErrorKind::Internal, "redirect address cannot be read").source(error))?;
        Ok(oauth2::Client::new(ClientId::new(self.secret.client_id.clone()))
            .set_client_secret(oauth2::ClientSecret::new(
                self.secret.client_secret.expose_secret().to_owned(),
            ))
            .set_auth_uri(AuthUrl::from_url(self.secret.auth_uri.clone()))
            .set_token_uri(TokenUrl::from_url(self.secret.token_uri.clone()))
            .set_redirect_uri(redirect)
            .set_auth_type(AuthType::RequestBody))
    }

    fn page(&self, client: &OAuthClient, state: &str, verifier: &PkceCodeVerifier) -> Url {
        let scopes = SCOPES.iter().map(|scope| Scope::new((*scope).to_owned()));
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(verifier))
            .add_extra_param("access_type", "offline")
            // Without it a second sign-in brings no refresh token.
            .add_extra_param("prompt", "consent");
        if let Some(hint) = &self.hint {
            request = request.add_extra_param("login_hint", hint.clone());
        }
        request.url().0
    }

    async fn code(
        &self,
        listener: Option<&Listener>,
        interaction: &dyn Interaction,
        url: Url,
        state: &str,
    ) -> Result<Code> {
        let clock = &self.http.env().clock;
        let prompt = Prompt::OpenUrl {
            url,
            why: "sign in to Google Photos and allow photomove to add to it".to_owned(),
            until: clock.now().checked_add(self.patience).ok(),
        };
        let pasted = async {
            match interaction.ask(prompt).await? {
                Answer::Done => pending().await,
                Answer::Text(text) => answer::read_pasted(text.expose_secret(), state),
                Answer::Refused => Err(unsigned("the sign-in was called off")),
                _ => Err(unsigned("there is nobody who could open google's page")
                    .hint("run `photomove auth login google` on a terminal")),
            }
        };
        let brought = async {
            match listener {
                Some(listener) => listener.code(state).await,
                None => pending().await,
            }
        };
        tokio::select! {
            code = brought => code,
            code = pasted => code,
            () = clock.sleep(self.patience) => Err(self.nobody_answered()),
        }
    }

    fn nobody_answered(&self) -> Error {
        let minutes = self.patience.as_secs().div_ceil(60);
        Error::new(
            ErrorKind::Timeout,
            format!("no answer came from google's page within {minutes} min"),
        )
        .provider("google")
        .operation(Operation::SignIn)
        .hint(
            "sign in again; where the browser runs on another machine, with `photomove auth login google --no-browser`: then the \
             address that it ends at can be pasted",
        )
        .exhausted()
    }

    async fn exchange(&self, client: &OAuthClient, code: Code, verifier: PkceCodeVerifier) -> Result<Tokens> {
        let http = &self.http;
        let send = |request: HttpRequest| async move {
            let reply = http.raw(Operation::SignIn, request).await?;
            if reply.status().is_success() {
                Ok(reply)
            } else {
                Err(failure::of_reply(&reply, Operation::SignIn, http.env().clock.now()))
            }
        };
        client
            .exchange_code(AuthorizationCode::new(code.0.expose_secret().to_owned()))
            .set_pkce_verifier(verifier)
            .request_async(&send)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => error,
                // The others carry the reply's body, which may hold tokens.
                RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                    Error::new(
                        ErrorKind::Protocol,
                        "google's sign-in service gave an answer that is not known",
                    )
                    .provider("google")
                    .operation(Operation::SignIn)
                }
            })
    }

    fn signed_in(&self, tokens: &Tokens) -> Result<SignedIn> {
        let scopes = granted(tokens);
        permission::check_consent(&scopes)?;
        let id_token = tokens.extra_fields().id_token.as_deref();
        let identity = id_token
            .and_then(Identity::from_id_token)
            .ok_or_else(|| unsigned("google did not say whose account it is").hint("sign in once more"))?;
        let refresh_token = tokens.refresh_token().ok_or_else(|| {
            unsigned("google gave no refresh token, so that the sign-in would last an hour only")
                .hint("take photomove's access away at myaccount.google.com/permissions, then sign in again")
        })?;
        let project = self.secret.project().to_owned();
        let secret = |text: &str| Some(SecretString::from(text));
        let lifetime = tokens.expires_in().unwrap_or(Duration::from_secs(3599));
        let now = self.http.env().clock.now();
        let mut file = TokenFile {
            client_id: Some(self.secret.client_id.clone()),
            client_secret: Some(self.secret.client_secret.clone()),
            token_uri: Some(self.secret.token_uri.clone()),
            scopes,
            access_token: secret(tokens.access_token().secret()),
            refresh_token: secret(refresh_token.secret()),
            expires_at: now.checked_add(lifetime).ok(),
            signed_in_at: Some(now),
            id_token: id_token.and_then(secret),
            account: Some(TokenAccount {
                sub: identity.sub.clone(),
                email: identity.email.clone(),
            }),
            project: Some(project.clone()),
            ..TokenFile::empty()
        };
        file.note_life(tokens.extra_fields().refresh_token_expires_in, now);
        let owner = identity.owner(&project);
        Ok(SignedIn { file, identity, owner })
    }

    /// 256 random bits as 43 characters: what RFC 7636 asks of a verifier at least, and more than a state needs.
    fn random_text(&self) -> String {
        let mut bytes = [0; 32];
        self.http.env().random.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// Returns what was granted, under the names that are asked for. A reply without a list grants all (RFC 6749 5.1).
fn granted(tokens: &Tokens) -> Vec<String> {
    let Some(scopes) = tokens.scopes() else {
        return SCOPES.map(str::to_owned).to_vec();
    };
    permission::named(scopes.iter().map(|scope| scope.as_str()))
}
