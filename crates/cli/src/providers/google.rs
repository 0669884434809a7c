//! Google Photos: a token file of the settings, or the kept sign-in, which holds the OAuth client too.

pub(crate) mod earlier;
pub(crate) mod standing;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use photomove_core::{
    CredentialKey, CredentialStore, Error, ErrorKind, FactStore, MemoryQuotaStore, PhotoProvider, Result,
};
use photomove_google::console::Console;
use photomove_google::{ClientSecret, GoogleConfig, GooglePhotos, TokenFile};
use photomove_http::HttpEnv;
use secrecy::{ExposeSecret, SecretString};

use self::standing::Standing;
use super::single_file::SingleFileStore;
use super::{Accounts, DEFAULT_ACCOUNT, key};
use crate::again;
use crate::ask;
use crate::endpoint::{Endpoint, Kind};
use crate::settings::GoogleSettings;

/// More than any client or sign-in has.
const MOST_BYTES: u64 = 1 << 20;

/// Where the sign-in of one account is kept.
#[derive(Debug)]
pub(crate) struct GoogleSignIn {
    pub(crate) store: Arc<dyn CredentialStore>,
    pub(crate) key: CredentialKey,
}

/// Finds the sign-in of an endpoint.
pub(super) async fn sign_in(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<GoogleSignIn> {
    if let Some(path) = accounts.file_of_settings(endpoint).await? {
        let key = key(Kind::Google, DEFAULT_ACCOUNT);
        return Ok(GoogleSignIn {
            store: Arc::new(SingleFileStore::new(path, key.clone())),
            key,
        });
    }
    let missing = || {
        // The client file is asked for where none is set: it is what people lack at their first sign-in.
        let how = if accounts.settings.google.client_secret.is_some() {
            ""
        } else {
            " --client-secret client_secret.json"
        };
        ask::not_signed_in(Kind::Google.word(), &endpoint.to_string(), how)
    };
    let account = accounts.account(endpoint).await?.ok_or_else(missing)?;
    Ok(GoogleSignIn {
        store: Arc::new(accounts.store.clone()),
        key: key(Kind::Google, &account),
    })
}

/// Makes the provider.
pub(super) async fn open(
    accounts: &Accounts<'_>,
    sign_in: GoogleSignIn,
    env: &HttpEnv,
    facts: Arc<dyn FactStore>,
) -> Result<Arc<dyn PhotoProvider>> {
    let config = config(&accounts.settings.google)?;
    Ok(Arc::new(
        GooglePhotos::open(config, sign_in.store, sign_in.key, facts, env).await?,
    ))
}

/// Returns where the console's pages are.
pub(crate) fn console(settings: &GoogleSettings) -> Console {
    Console::default().with_base(settings.console_url.clone())
}

/// Looks at the sign-in of an endpoint.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) async fn standing(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<Standing> {
    let file = token_file(accounts, endpoint).await?;
    Ok(standing_of(accounts, endpoint, file))
}

/// Looks at a sign-in that is already at hand.
pub(crate) fn standing_of(accounts: &Accounts<'_>, endpoint: &Endpoint, file: TokenFile) -> Standing {
    // The only account is typed without a name.
    let account = endpoint.account.clone().filter(|name| name != DEFAULT_ACCOUNT);
    let login = again::login(accounts.app, &endpoint.with_account(account));
    let console = console(&accounts.settings.google);
    Standing::new(file, console, login, accounts.app.clock.now())
}

/// Reads the sign-in of an endpoint.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(super) async fn token_file(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<TokenFile> {
    let sign_in = sign_in(accounts, endpoint).await?;
    TokenFile::load(&*sign_in.store, &sign_in.key).await
}

/// Takes a kept sign-in back at Google and forgets it.
pub(super) async fn revoke(accounts: &Accounts<'_>, account: &str) -> Result<bool> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let config = config(&accounts.settings.google)?;
    photomove_google::sign_out(&config, &env, &accounts.store, &key(Kind::Google, account)).await
}

/// Returns where the OAuth client of an account lies in the store.
pub(crate) fn client_key(account: &str) -> CredentialKey {
    CredentialKey::new("google-client", account)
}

/// Turns settings into the provider's own.
///
/// # Errors
/// [`ErrorKind::Config`] if the client secret file cannot be used.
pub(crate) fn config(settings: &GoogleSettings) -> Result<GoogleConfig> {
    let mut config = GoogleConfig::default();
    config.library_url = settings.library_url.clone();
    config.userinfo_url = settings.userinfo_url.clone();
    config.revoke_url = settings.revoke_url.clone();
    if let Some(writes) = settings.writes_per_minute {
        config = config.with_writes_per_minute(Some(writes.get()));
    }
    if let Some(requests) = settings.requests_per_day {
        config = config.with_requests_per_day(requests.get());
    }
    if let Some(path) = &settings.client_secret {
        config = config.with_client_secret(client_of_file(path)?);
    }
    Ok(config)
}

/// Reads an OAuth client file.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read or is something else.
fn client_of_file(path: &Path) -> Result<ClientSecret> {
    client_text(path).map(|(client, _)| client)
}

/// Reads an OAuth client file and returns its text too, to be kept.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read or is something else.
pub(crate) fn client_text(path: &Path) -> Result<(ClientSecret, SecretString)> {
    let text = text_of_file(path, "client secret file").map_err(|error| {
        error.hint("download it from the Google Cloud console: \"Clients\", your desktop client, \"Download JSON\"")
    })?;
    let client = ClientSecret::parse(text.expose_secret()).map_err(|error| error.context("file", path.display()))?;
    Ok((client, text))
}

/// Reads a file that a person named; what is no text comes with signs in place of what cannot be read.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read, or is far too long to be what it should be.
pub(crate) fn text_of_file(path: &Path, what: &str) -> Result<SecretString> {
    let wrong = |why: String| {
        Error::new(
            ErrorKind::Config,
            format!("cannot read {what} {}: {why}", path.display()),
        )
        .provider(Kind::Google.word())
    };
    if path.is_dir() {
        return Err(wrong("it is a folder".to_owned()));
    }
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong("it is far too long".to_owned()));
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(text.into())
}
