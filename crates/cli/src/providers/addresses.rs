//! Which addresses the providers ask, told without asking them.

use photomove_core::Result;
use url::Url;

use super::Accounts;
use crate::endpoint::Kind;
#[cfg(feature = "amazon")]
use crate::{endpoint::Endpoint, settings::AmazonSettings};

/// Returns the addresses that a provider asks, as far as the settings and the kept sign-ins tell. Nothing is sent.
///
/// # Errors
/// [`photomove_core::ErrorKind::Config`] if settings make no sense.
pub(crate) async fn addresses(accounts: &Accounts<'_>, kind: Kind) -> Result<Vec<Url>> {
    match kind {
        #[cfg(feature = "amazon")]
        Kind::Amazon => amazon(accounts).await,
        #[cfg(feature = "google")]
        Kind::Google => google(accounts),
        #[cfg(feature = "photoprism")]
        Kind::PhotoPrism => super::photoprism::addresses(accounts).await,
        #[cfg(not(all(feature = "amazon", feature = "google", feature = "photoprism")))]
        _ => Ok(Vec::new()),
    }
}

/// Which shop it is, the cookies tell; a sign-in that cannot be read is told about where it is looked at.
#[cfg(feature = "amazon")]
async fn amazon(accounts: &Accounts<'_>) -> Result<Vec<Url>> {
    let mut endpoints = vec![None];
    endpoints.extend(accounts.kept(Kind::Amazon).await?.into_iter().map(Some));
    let mut all = Vec::new();
    for account in endpoints {
        let endpoint = Endpoint::of(Kind::Amazon).with_account(account);
        // The one without a name would be asked for where there are several.
        if endpoint.account.is_none() && accounts.file_of_settings(&endpoint).await?.is_none() {
            continue;
        }
        if let Ok(sign_in) = accounts.sign_in(&endpoint).await
            && let Ok(provider) = accounts.open_alone(sign_in).await
        {
            all.extend(provider.info().origins.clone());
        }
    }
    if all.is_empty() {
        all = of_shop(&accounts.settings.amazon)?;
    }
    Ok(all)
}

/// Without a sign-in: the shop of the settings, else the first one.
#[cfg(feature = "amazon")]
fn of_shop(settings: &AmazonSettings) -> Result<Vec<Url>> {
    let config = super::amazon::config(settings, None)?;
    match config
        .marketplace
        .or_else(|| photomove_amazon::Marketplace::all().next())
    {
        Some(marketplace) => config.addresses(marketplace),
        None => Ok(Vec::new()),
    }
}

#[cfg(feature = "google")]
fn google(accounts: &Accounts<'_>) -> Result<Vec<Url>> {
    let settings = crate::settings::GoogleSettings {
        // A client file that cannot be read changes no address.
        client_secret: None,
        ..accounts.settings.google.clone()
    };
    super::google::config(&settings)?.addresses()
}
