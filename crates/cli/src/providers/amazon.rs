//! Amazon Photos: cookies from a file of the settings or from the store.

use std::path::Path;
use std::sync::Arc;

use photomove_amazon::wire::CategoryUsage;
use photomove_amazon::{AmazonConfig, AmazonPhotos, CookieKeeper, Cookies, Endpoints, KeepNothing, KeptCookies};
use photomove_core::{CredentialKey, CredentialStore, Error, ErrorKind, Result, read_secret};
use photomove_http::HttpEnv;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Accounts, DEFAULT_ACCOUNT, Held, key};
use crate::ask;
use crate::endpoint::{Endpoint, Kind};
use crate::settings::AmazonSettings;

/// Cookies as they were found, and the shop if a person named it at the sign-in.
#[derive(Debug, Clone)]
pub(crate) struct AmazonSignIn {
    cookies: Cookies,
    marketplace: Option<String>,
    known: Option<Known>,
    found: Found,
}

/// Whose a sign-in was when it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The account's owner, as the service names it.
    pub(crate) owner: String,
    /// What a person recognises it by, such as `Amazon.de, 27,599 photos, 1,339 videos, 149.0 GB`.
    pub(crate) about: String,
}

/// Where cookies were found: what is renewed is kept there, or beside it.
#[derive(Debug, Clone)]
enum Found {
    /// Nowhere yet.
    New,
    /// In a file of the person's own, which is never written.
    File,
    /// In the store, as this account.
    Kept(String),
}

/// Where renewed cookies lie whose older ones are in a file of the person's own.
const RENEWED: &str = "amazon-renewed";

/// What the store keeps.
#[derive(Serialize, Deserialize)]
struct Kept {
    marketplace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
    cookies: Value,
}

impl AmazonSignIn {
    /// Takes cookies as a sign-in.
    pub(crate) fn new(cookies: Cookies, marketplace: Option<String>) -> Self {
        Self {
            cookies,
            marketplace,
            known: None,
            found: Found::New,
        }
    }

    /// Notes whose it is.
    pub(crate) fn known_as(mut self, known: Known) -> Self {
        self.known = Some(known);
        self
    }

    /// Writes it for the store.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if it cannot be written as JSON.
    pub(crate) fn to_credential(&self) -> Result<SecretString> {
        let cookies = serde_json::from_str(self.cookies.to_credential().expose_secret()).map_err(not_json)?;
        let kept = Kept {
            marketplace: self.marketplace.clone(),
            known: self.known.clone(),
            cookies,
        };
        serde_json::to_string(&kept).map(SecretString::from).map_err(not_json)
    }

    fn of_credential(credential: &SecretString, account: &str) -> Result<Self> {
        // serde's words could quote a value, so they are left out.
        let kept: Kept = serde_json::from_str(credential.expose_secret()).map_err(|_| {
            Error::new(ErrorKind::Config, "the kept sign-in cannot be read")
                .provider(Kind::Amazon.word())
                .hint("sign in again: `photomove auth login amazon`")
        })?;
        let cookies = Cookies::from_credential(&kept.cookies.to_string().into())?;
        Ok(Self {
            cookies,
            marketplace: kept.marketplace,
            known: kept.known,
            found: Found::Kept(account.to_owned()),
        })
    }
}

fn not_json(_: serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, "cookies cannot be written as JSON").provider(Kind::Amazon.word())
}

/// Finds the cookies of an endpoint.
pub(super) async fn sign_in(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<AmazonSignIn> {
    if let Some(path) = accounts.file_of_settings(endpoint).await? {
        return Ok(AmazonSignIn {
            cookies: cookies_of_file(path)?,
            marketplace: None,
            known: None,
            found: Found::File,
        });
    }
    let missing = || ask::not_signed_in(Kind::Amazon.word(), &endpoint.to_string(), "");
    let account = accounts.account(endpoint).await?.ok_or_else(missing)?;
    let credential = accounts
        .store
        .load(&key(Kind::Amazon, &account))
        .await?
        .ok_or_else(missing)?;
    AmazonSignIn::of_credential(&credential, &account)
}

/// Returns whose the kept sign-in of an account was; `None` if there is none, or one that was kept without that.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn known(accounts: &Accounts<'_>, account: &str) -> Result<Option<Known>> {
    let kept = accounts.store.load(&key(Kind::Amazon, account)).await?;
    // One that cannot be read is nobody's, and is replaced.
    Ok(kept
        .and_then(|kept| AmazonSignIn::of_credential(&kept, account).ok())
        .and_then(|sign_in| sign_in.known))
}

/// Reads a cookie file in any of its forms.
///
/// # Errors
/// [`ErrorKind::Config`] if it cannot be read or is malformed.
pub(crate) fn cookies_of_file(path: &Path) -> Result<Cookies> {
    let text = read_secret(path).map_err(|error| {
        Error::new(
            ErrorKind::Config,
            format!("cannot read cookie file {}: {error}", path.display()),
        )
        .provider(Kind::Amazon.word())
        .hint("check the path; the file is a copied request (\"Copy as cURL\"), a `cookies.txt`, JSON, or a `Cookie:` header")
    })?;
    Cookies::parse(text.expose_secret()).map_err(|error| error.context("file", path.display()))
}

/// Makes the provider.
pub(super) async fn open(accounts: &Accounts<'_>, sign_in: &AmazonSignIn, env: &HttpEnv) -> Result<Arc<AmazonPhotos>> {
    let config = config(&accounts.settings.amazon, sign_in.marketplace.as_deref())?;
    let store = Arc::new(accounts.store.clone());
    let keeper: Arc<dyn CookieKeeper> = match &sign_in.found {
        Found::New => Arc::new(KeepNothing),
        Found::Kept(account) => Arc::new(KeptCookies::of_sign_in(store, key(Kind::Amazon, account))),
        Found::File => {
            let beside = CredentialKey::new(RENEWED, DEFAULT_ACCOUNT);
            Arc::new(KeptCookies::beside_file(store, beside, &sign_in.cookies))
        }
    };
    AmazonPhotos::open(&config, &sign_in.cookies, keeper, env).await
}

/// Asks how much the account holds, by category.
pub(super) async fn usage(amazon: &AmazonPhotos) -> Result<Vec<Held>> {
    let usage = amazon.client().usage().await?;
    let held = |(category, amount): (String, CategoryUsage)| Held {
        category,
        files: amount.total.count,
        bytes: amount.total.bytes,
    };
    Ok(usage
        .categories
        .into_iter()
        .map(held)
        .filter(|held| held.files.is_some() || held.bytes.is_some())
        .collect())
}

/// Turns settings into the provider's own; a shop named in the settings beats the one named at the sign-in.
///
/// # Errors
/// [`ErrorKind::Config`] if the marketplace is not known.
pub(super) fn config(settings: &AmazonSettings, marketplace: Option<&str>) -> Result<AmazonConfig> {
    let mut config = AmazonConfig::default().with_endpoints(Endpoints {
        metadata: settings.metadata_url.clone(),
        content: settings.content_url.clone(),
        download: settings.download_url.clone(),
        thumbnail: settings.thumbnail_url.clone(),
    });
    if let Some(marketplace) = settings.marketplace.as_deref().or(marketplace) {
        config = config.with_marketplace(marketplace.parse()?);
    }
    Ok(config)
}
