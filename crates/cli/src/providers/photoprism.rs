//! PhotoPrism: server and sign-in from a file of the settings or from the store.

use std::path::Path;
use std::sync::Arc;

use photomove_core::{
    Account, CredentialKey, CredentialStore, Error, ErrorKind, MemoryQuotaStore, PhotoProvider, Result, read_secret,
};
use photomove_http::HttpEnv;
use photomove_photoprism::wire::ServerConfig;
use photomove_photoprism::{KeptSignIn, PhotoPrism, PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::single_file::SingleFileStore;
use super::{Accounts, DEFAULT_ACCOUNT, Details, Held, key};
use crate::ask;
use crate::endpoint::{Endpoint, Kind, shown};

/// A sign-in as it was found, and where it is kept: a new session is kept there too.
#[derive(Debug)]
pub(crate) struct PhotoPrismSignIn {
    kept: KeptSignIn,
    store: Arc<dyn CredentialStore>,
    key: CredentialKey,
}

impl PhotoPrismSignIn {
    /// Returns name and password of the user who signs in by them.
    pub(crate) fn user(&self) -> Option<(&str, &SecretString)> {
        match &self.kept.sign_in {
            SignIn::User { name, password } => Some((name, password)),
            _ => None,
        }
    }

    /// Returns what is known of it beside whose it is.
    pub(crate) fn details(&self) -> Details {
        let kept = &self.kept;
        let by = kept.sign_in.kind_name();
        let mut lines = vec![format!("server: {}", shown(&kept.url)), format!("by: {by}")];
        if let Some(account) = &kept.account {
            let role = match account.role.is_empty() {
                true => String::new(),
                false => format!(" ({})", account.role),
            };
            lines.push(format!("user: {}{role}", account.name));
        }
        let until = kept.session.as_ref().and_then(|session| session.until);
        if let Some(until) = until {
            let renewed = match kept.sign_in {
                SignIn::User { .. } => "then it is opened anew, with a passcode if the account has a second factor",
                _ => "then it is opened anew",
            };
            let at = until.to_zoned(jiff::tz::TimeZone::system());
            lines.push(format!(
                "session: until {}; {renewed}",
                at.strftime("%a %d %b at %H:%M")
            ));
        }
        let fields = json!({
            "server": shown(&kept.url),
            "by": by,
            "user": kept.account.as_ref().map(|account| &account.name),
            "role": kept.account.as_ref().map(|account| &account.role),
            "session_expires_at": until,
        });
        Details {
            lines,
            fields: match fields {
                serde_json::Value::Object(fields) => fields,
                _ => serde_json::Map::new(),
            },
        }
    }
}

/// Finds the sign-in of an endpoint.
///
/// # Errors
/// [`ErrorKind::Auth`] with the command to run if there is none; [`ErrorKind::Config`] if it cannot be read, or is that of
/// another server than the endpoint names.
pub(crate) async fn sign_in(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<PhotoPrismSignIn> {
    let missing = || {
        let how = match endpoint.server {
            Some(_) => "",
            None => " --url https://HOST",
        };
        ask::not_signed_in(Kind::PhotoPrism.word(), &endpoint.to_string(), how)
    };
    let (store, key): (Arc<dyn CredentialStore>, _) = match accounts.file_of_settings(endpoint).await? {
        Some(path) => {
            let key = key(Kind::PhotoPrism, DEFAULT_ACCOUNT);
            (Arc::new(SingleFileStore::new(path, key.clone())), key)
        }
        None => {
            let account = accounts.account(endpoint).await?.ok_or_else(missing)?;
            (Arc::new(accounts.store.clone()), key(Kind::PhotoPrism, &account))
        }
    };
    let kept = KeptSignIn::load(&*store, &key).await?.ok_or_else(missing)?;
    match &endpoint.server {
        Some(server) if *server != kept.url => Err(Error::new(
            ErrorKind::Config,
            format!("`{endpoint}` is signed in at another server: {}", shown(&kept.url)),
        )
        .provider(Kind::PhotoPrism.word())
        .hint("leave the address or the name out, or sign in to that server under a name of its own")),
        _ => Ok(PhotoPrismSignIn { kept, store, key }),
    }
}

/// Returns the kept sign-in of an account; `None` if there is none.
///
/// # Errors
/// When it cannot be read.
pub(crate) async fn kept(accounts: &Accounts<'_>, account: &str) -> Result<Option<KeptSignIn>> {
    KeptSignIn::load(&accounts.store, &key(Kind::PhotoPrism, account)).await
}

/// Returns those of the kept accounts that are at a server. One that cannot be read is at none.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn at(accounts: &Accounts<'_>, names: Vec<String>, server: &Url) -> Result<Vec<String>> {
    let mut there = Vec::new();
    for name in names {
        if matches!(kept(accounts, &name).await, Ok(Some(kept)) if kept.url == *server) {
            there.push(name);
        }
    }
    Ok(there)
}

/// Says whether a sign-in file is for a server.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read.
pub(super) fn is_at(path: &Path, server: &Url) -> Result<bool> {
    Ok(of_file(path)?.url == *server)
}

fn of_file(path: &Path) -> Result<KeptSignIn> {
    let text = read_secret(path).map_err(|error| {
        Error::new(
            ErrorKind::Config,
            format!("cannot read sign-in file {}: {error}", path.display()),
        )
        .provider(Kind::PhotoPrism.word())
        .hint("check `PHOTOMOVE_PHOTOPRISM_SIGN_IN` and the settings file")
    })?;
    KeptSignIn::from_credential(&text).map_err(|error| error.context("file", path.display()))
}

/// Says whose a sign-in is, in a few words.
pub(crate) fn whose(kept: &KeptSignIn) -> String {
    let server = shown(&kept.url);
    match &kept.account {
        Some(account) => format!("{} at {server}", account.name),
        None => format!("{} at {server}", kept.sign_in.kind_name()),
    }
}

/// Makes a client that shares its session with later ones.
///
/// # Errors
/// [`ErrorKind::Config`] if the address or a certificate cannot be used.
pub(crate) fn client(accounts: &Accounts<'_>, sign_in: &PhotoPrismSignIn) -> Result<PhotoPrismClient> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    // Somebody who types a command can be asked for a passcode right away; a run is paused instead.
    let auth = auth(sign_in).with_interaction(Arc::new(accounts.app.person.clone()));
    PhotoPrismClient::new(&sign_in.kept.config(), &env, auth)
}

fn auth(sign_in: &PhotoPrismSignIn) -> PhotoPrismAuth {
    PhotoPrismAuth::kept(Arc::clone(&sign_in.store), sign_in.key.clone())
}

/// Makes the provider.
pub(super) async fn open(
    _accounts: &Accounts<'_>,
    sign_in: PhotoPrismSignIn,
    env: &HttpEnv,
) -> Result<Arc<dyn PhotoProvider>> {
    Ok(PhotoPrism::new(&sign_in.kept.config(), env, auth(&sign_in))?)
}

/// Asks whose account it is and what the library holds.
pub(super) async fn usage(accounts: &Accounts<'_>, sign_in: PhotoPrismSignIn) -> Result<(Account, Vec<Held>)> {
    let client = client(accounts, &sign_in)?;
    let counts = client.config().await?.count;
    let account = accounts
        .open_alone(super::SignIn::PhotoPrism(sign_in))
        .await?
        .connect()
        .await?;
    let all = [
        ("all", counts.all),
        ("photo", counts.photos),
        ("live photo", counts.live),
        ("video", counts.videos),
        ("private", counts.private),
        ("in review", counts.review),
        ("hidden", counts.hidden),
        ("archived", counts.archived),
        ("album", counts.albums),
    ];
    let held = all.into_iter().map(|(category, files)| Held {
        category: category.to_owned(),
        files: u64::try_from(files).ok(),
        bytes: None,
    });
    Ok((account, held.collect()))
}

/// Ends the session of a kept sign-in at the server, and says whether there was one to end.
pub(super) async fn sign_out(accounts: &Accounts<'_>, account: &str) -> Result<bool> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let ends = match kept(accounts, account).await {
        Ok(Some(kept)) => matches!(kept.sign_in, SignIn::User { .. } | SignIn::Client { .. }),
        // One that cannot be read is only forgotten.
        _ => false,
    };
    photomove_photoprism::sign_out(&env, &accounts.store, &key(Kind::PhotoPrism, account)).await?;
    Ok(ends)
}

/// Says whether a server asks nobody for a password.
///
/// # Errors
/// When there is no PhotoPrism at the address.
pub(crate) async fn is_public(accounts: &Accounts<'_>, config: &PhotoPrismConfig) -> Result<bool> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let client = PhotoPrismClient::new(config, &env, PhotoPrismAuth::new(SignIn::Public))?;
    let told: ServerConfig = client.public_config().await?;
    Ok(told.public)
}

/// The servers of all sign-ins.
pub(super) async fn addresses(accounts: &Accounts<'_>) -> Result<Vec<Url>> {
    let mut all = Vec::new();
    // A sign-in that cannot be read is told about where it is looked at.
    let named = accounts.settings.photoprism.sign_in.as_deref();
    all.extend(named.and_then(|path| of_file(path).ok()).map(|kept| kept.url));
    for account in accounts.kept(Kind::PhotoPrism).await? {
        let kept = kept(accounts, &account).await.ok().flatten();
        all.extend(kept.map(|kept| kept.url));
    }
    Ok(all)
}

/// What of a sign-in file a person has written; the rest is the session, which this program writes there.
pub(super) fn written_by_hand(text: &str) -> Option<String> {
    let mut file: serde_json::Value = serde_json::from_str(text).ok()?;
    let file = file.as_object_mut()?;
    file.remove("session");
    file.remove("account");
    Some(serde_json::Value::Object(file.clone()).to_string())
}
