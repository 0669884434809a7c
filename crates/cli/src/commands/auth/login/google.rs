//! Signing in to Google Photos: through a browser, with the person's own OAuth client.

use std::sync::Arc;

use photomove_core::{Account, CredentialStore, Error, ErrorKind, MemoryQuotaStore, Result};
use photomove_google::{ClientSecret, Login};
use secrecy::{ExposeSecret, SecretString};

use super::LoginArgs;
use crate::endpoint::{Endpoint, Kind};
use crate::providers::google::{client_key, client_text};
use crate::providers::{self, Accounts};

/// Asks for consent, keeps the sign-in and the client, and asks the service whose account it is.
pub(super) async fn login(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Account> {
    let (client, text) = client(accounts, args, name).await?;
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let mut person = accounts.app.person.clone();
    if args.no_browser {
        person = person.without_browser();
    }
    let signed_in = Box::pin(Login::new(client, &env)?.run(&person)).await?;
    signed_in
        .save(&accounts.store, &providers::key(Kind::Google, name))
        .await?;
    accounts.store.save(&client_key(name), &text).await?;
    // A named account is looked up in the store, whatever the settings say.
    let endpoint = Endpoint {
        kind: Kind::Google,
        account: Some(name.to_owned()),
    };
    let sign_in = accounts.sign_in(&endpoint).await?;
    accounts.open_alone(sign_in).await?.connect().await
}

/// The client of the option, else of the settings, else the one that was kept at an earlier sign-in.
async fn client(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<(ClientSecret, SecretString)> {
    let given = args
        .client_secret
        .as_ref()
        .or(accounts.settings.google.client_secret.as_ref());
    if let Some(path) = given {
        return client_text(path);
    }
    match accounts.store.load(&client_key(name)).await? {
        Some(text) => Ok((ClientSecret::parse(text.expose_secret())?, text)),
        None => Err(Error::new(ErrorKind::Config, "a sign-in at google needs an OAuth client of your own")
            .provider(Kind::Google.word())
            .hint("run `photomove auth login google --client-secret FILE`; `photomove auth login --help` says where the file comes from")),
    }
}
