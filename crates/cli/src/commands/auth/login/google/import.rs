//! Taking over a sign-in that another program made.

use std::path::Path;
use std::sync::Arc;

use photomove_core::{
    Account, CredentialStore, MemoryCredentialStore, MemoryFactStore, MemoryQuotaStore, PhotoProvider, Result,
};
use photomove_google::auth::Import;
use photomove_google::{GooglePhotos, TokenFile};
use secrecy::ExposeSecret;

use super::{ask_whether_published, client_at_hand, earlier, may_replace};
use crate::commands::auth::LoginArgs;
use crate::endpoint::Kind;
use crate::providers::google::{client_key, config, text_of_file};
use crate::providers::{self, Accounts};

/// Reads the file, renews what it holds, asks the service, and keeps it in photomove's own form. The file stays as it is.
pub(super) async fn login(accounts: &Accounts<'_>, args: &LoginArgs, name: &str, path: &Path) -> Result<Account> {
    let text = text_of_file(path, "the file with the sign-in")?;
    let import = Import::parse(text.expose_secret()).map_err(|error| error.context("file", path.display()))?;
    let tool = import.tool();
    let client = if args.client_secret.is_some() || !import.has_client() {
        client_at_hand(accounts, args, name).await?
    } else {
        None
    };
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let redeemed = Box::pin(import.redeem(client.as_ref().map(|(client, _)| client), &env)).await;
    let file = redeemed.map_err(|error| error.context("file", path.display()))?;

    // Tried out of the way: what does not work replaces nothing.
    let aside = Arc::new(MemoryCredentialStore::default());
    let key = providers::key(Kind::Google, name);
    file.save(&*aside, &key).await?;
    let mut settings = config(&accounts.settings.google)?;
    settings.client_secret = None;
    let facts = Arc::new(MemoryFactStore::default());
    let store: Arc<dyn CredentialStore> = aside.clone();
    let google = GooglePhotos::open(settings, store, key.clone(), facts, &env).await?;
    let account = google.connect().await?;

    let mut file = TokenFile::load(&*aside, &key).await?;
    let before = earlier(accounts, name).await;
    may_replace(accounts, name, before.as_ref(), &file, args.replace).await?;
    ask_whether_published(accounts, &mut file).await?;
    file.save(&accounts.store, &key).await?;
    if let Some((_, text)) = client {
        accounts.store.save(&client_key(name), &text).await?;
    }
    accounts
        .app
        .printer
        .talk(&format!("taken over from {}; its file is left as it was", tool.name()));
    Ok(account)
}
