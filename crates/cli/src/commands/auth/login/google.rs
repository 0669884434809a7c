//! Signing in to Google Photos: through a browser with the person's own OAuth client, or by another program's sign-in.

mod import;

use std::sync::Arc;

use photomove_core::{Account, CredentialStore, Error, ErrorKind, MemoryQuotaStore, Result};
use photomove_google::{ClientSecret, Login, TokenFile};
use secrecy::{ExposeSecret, SecretString};

use super::super::setup;
use super::LoginArgs;
use crate::endpoint::{Endpoint, Kind};
use crate::providers::google::earlier::{earlier, may_replace};
use crate::providers::google::{client_key, client_text, console, standing_of};
use crate::providers::{self, Accounts};

/// Asks for consent, keeps the sign-in and the client, and asks the service whose account it is.
pub(super) async fn login(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Account> {
    if let Some(path) = &args.token {
        return import::login(accounts, args, name, path).await;
    }
    let Some((client, text)) = client(accounts, args, name).await? else {
        return Err(no_client());
    };
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    // Google would show a page with an error, and the browser would never come back.
    client.check(&env).await?;
    let before = earlier(accounts, name).await;
    let mut person = accounts.app.person.clone();
    if args.no_browser {
        person = person.without_browser();
    }
    let mut login = Login::new(client, &env)?.with_pasting(args.no_browser);
    let email = before
        .as_ref()
        .and_then(TokenFile::identity)
        .and_then(|identity| identity.email);
    if let Some(email) = email.filter(|_| !args.replace) {
        login = login.with_hint(email);
    }
    let mut file = Box::pin(login.run(&person)).await?.file;
    may_replace(accounts, name, before.as_ref(), &file, args.replace).await?;
    ask_whether_published(accounts, &mut file).await?;
    file.save(&accounts.store, &providers::key(Kind::Google, name)).await?;
    accounts.store.save(&client_key(name), &text).await?;
    // A named account is looked up in the store, whatever the settings say.
    let endpoint = Endpoint::named(Kind::Google, name);
    let sign_in = accounts.sign_in(&endpoint).await?;
    let connected = accounts.open_alone(sign_in).await?.connect().await;
    connected.map_err(|error| still_kept(accounts, error))
}

/// Tells what somebody who has just signed in should know.
pub(super) async fn tell_notes(accounts: &Accounts<'_>, name: &str) -> Result<()> {
    let text = accounts.store.load(&providers::key(Kind::Google, name)).await?;
    let Some(text) = text else { return Ok(()) };
    let file = TokenFile::parse(text.expose_secret())?;
    let endpoint = Endpoint::named(Kind::Google, name);
    for note in standing_of(accounts, &endpoint, file).notes() {
        accounts.app.printer.note(&note);
    }
    Ok(())
}

/// Consent was given and is kept, whatever is in the way now.
fn still_kept(accounts: &Accounts<'_>, error: Error) -> Error {
    if !matches!(error.kind(), ErrorKind::Auth(_)) {
        let status = crate::again::command(accounts.app, "auth status");
        accounts.app.printer.talk(&format!(
            "the sign-in itself is kept; `{status}` tells whether it works\n"
        ));
    }
    error
}

/// A project in "Testing" gives sign-ins of a week. Where Google does not say, the person may know.
async fn ask_whether_published(accounts: &Accounts<'_>, file: &mut TokenFile) -> Result<()> {
    if file.refresh_expires_at.is_some() || file.published.is_some() {
        return Ok(());
    }
    let person = &accounts.app.person;
    if !person.is_there() {
        return Ok(());
    }
    let project = file.project().map(str::to_owned);
    let audience = console(&accounts.settings.google).with_project(project).audience();
    accounts.app.printer.talk(&format!(
        "While a project's publishing status is `Testing`, sign-ins end after seven days.\nThe status is shown at {audience}\n"
    ));
    let choices = ["`In production`", "`Testing`", "I do not know"].map(str::to_owned);
    match person.choose("The project's publishing status", &choices).await? {
        Some(0) => file.set_published(true),
        Some(1) => file.set_published(false),
        _ => {}
    }
    Ok(())
}

/// The client of the option, else of the settings, else the one that was kept at an earlier sign-in. A person at a terminal
/// who has none is shown how to make one.
async fn client(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Option<(ClientSecret, SecretString)>> {
    let found = client_at_hand(accounts, args, name).await?;
    if found.is_some() || !accounts.app.person.is_there() {
        return Ok(found);
    }
    accounts.app.printer.talk(
        "A sign-in at Google Photos needs an OAuth client of your own. It is free and takes ten minutes, once.\n",
    );
    if !accounts
        .app
        .person
        .confirm("Shall photomove show you how, step by step?")
        .await?
    {
        return Ok(None);
    }
    setup::walk(accounts, name, args.no_browser).await?;
    client_at_hand(accounts, args, name).await
}

async fn client_at_hand(
    accounts: &Accounts<'_>,
    args: &LoginArgs,
    name: &str,
) -> Result<Option<(ClientSecret, SecretString)>> {
    let given = args
        .client_secret
        .as_ref()
        .or(accounts.settings.google.client_secret.as_ref());
    if let Some(path) = given {
        return client_text(path).map(Some);
    }
    match accounts.store.load(&client_key(name)).await? {
        Some(text) => Ok(Some((ClientSecret::parse(text.expose_secret())?, text))),
        None => Ok(None),
    }
}

fn no_client() -> Error {
    Error::new(ErrorKind::Config, "a sign-in at google needs an OAuth client of your own")
        .provider(Kind::Google.word())
        .hint(
            "`photomove auth setup google` shows how to make one; with its file: `photomove auth login google --client-secret \
             FILE`",
        )
}
