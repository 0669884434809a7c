//! `photomove auth setup google`: the way through Google's console, step by step, to an OAuth client of one's own.

mod download;
mod steps;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use photomove_core::{CredentialStore, Error, ErrorKind, MemoryQuotaStore, Result};
use photomove_google::ClientSecret;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

pub(super) use self::walk::walk;
use crate::again;
use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::google::{client_key, client_text, console};
use crate::providers::{self, Accounts, DEFAULT_ACCOUNT};

/// Arguments of `photomove auth setup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Google lets no program into a photo library that is not registered, and there is no registration that everybody could use. So \
everybody makes a project and an OAuth client of their own: free, once, about ten minutes. Each step is shown with its page, \
which opens in the browser; it can be left and taken up again at any time.")]
pub(crate) struct SetupArgs {
    /// Provider, or one of several accounts of it: `google`, `google@anna`
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// The downloaded file, if that is all that is missing: it is checked and kept
    #[arg(long, value_name = "FILE")]
    client_secret: Option<PathBuf>,
    /// Print the addresses of the pages only, open none
    #[arg(long)]
    no_browser: bool,
}

/// Walks a person through it; without a terminal, prints the way.
pub(super) async fn run(app: &App, args: SetupArgs) -> Result<Exit> {
    let endpoint = Endpoint::parse(&args.endpoint)?;
    if endpoint.kind != Kind::Google {
        return Err(
            Error::new(ErrorKind::Config, format!("{} needs no setup", endpoint.kind.label()))
                .hint(format!("sign in with `{}`", again::login(app, &endpoint))),
        );
    }
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let name = endpoint.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    // A name that cannot be kept is refused before anybody does anything.
    accounts.store.path(&client_key(&name))?;
    if let Some(path) = &args.client_secret {
        take(&accounts, &name, path).await?;
    } else if app.person.is_there() {
        walk(&accounts, &name, args.no_browser).await?;
    } else {
        return by_reading(&accounts, &endpoint, &name).await;
    }
    sign_in(&accounts, &endpoint, &name, args.no_browser).await
}

/// Prints the steps for whoever reads them elsewhere.
async fn by_reading(accounts: &Accounts<'_>, endpoint: &Endpoint, name: &str) -> Result<Exit> {
    let (app, settings) = (accounts.app, accounts.settings);
    let command = again::command(app, &format!("auth setup {endpoint} --client-secret FILE"));
    let steps = steps::all(&console(&settings.google));
    let of = steps.len();
    for (at, step) in steps.iter().enumerate() {
        app.printer.object(&json!({
            "type": "setup_step", "step": at + 1, "of": of, "title": step.title, "address": step.address, "text": step.text(),
        }));
        app.printer.text(&format!("{}\n", step.whole(at + 1, of)));
    }
    app.printer.text(&format!(
        "Then give photomove the file that you downloaded:\n  {command}"
    ));
    if accounts.store.load(&client_key(name)).await?.is_some() {
        let login = again::login(app, endpoint);
        app.printer.note(&format!(
            "an OAuth client is kept already; to sign in with it: `{login}`"
        ));
    }
    let signed_in = accounts.store.load(&providers::key(Kind::Google, name)).await?;
    Ok(if signed_in.is_some() { Exit::Done } else { Exit::SignIn })
}

/// Offers to sign in with the client that is there now.
async fn sign_in(accounts: &Accounts<'_>, endpoint: &Endpoint, name: &str, no_browser: bool) -> Result<Exit> {
    let app = accounts.app;
    let command = again::login(app, endpoint);
    let signed_in = accounts
        .store
        .load(&providers::key(Kind::Google, name))
        .await?
        .is_some();
    let question = match signed_in {
        true => "Somebody is signed in already. Sign in again with this client?",
        false => "Sign in now?",
    };
    if !app.person.is_there() || !app.person.confirm(question).await? {
        app.printer.talk(&format!("to sign in: `{command}`"));
        return Ok(Exit::Done);
    }
    app.printer.talk("");
    let args = super::LoginArgs {
        endpoint: endpoint.to_string(),
        no_browser,
        ..super::LoginArgs::default()
    };
    super::login::run(app, args).await
}

/// Reads the downloaded file, has it checked by Google, and keeps it.
async fn take(accounts: &Accounts<'_>, name: &str, path: &Path) -> Result<()> {
    let (client, text) = client_text(path)?;
    check(accounts, &client).await?;
    keep(accounts, name, &client, &text).await
}

/// Asks Google whether it knows the client. Being unreachable is no fault of the file.
async fn check(accounts: &Accounts<'_>, client: &ClientSecret) -> Result<()> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    match client.check(&env).await {
        Err(error) if *error.kind() != ErrorKind::Config => {
            let printer = &accounts.app.printer;
            printer.note(&format!(
                "Google could not be asked whether it knows the client: {error}"
            ));
            Ok(())
        }
        checked => checked,
    }
}

async fn keep(accounts: &Accounts<'_>, name: &str, client: &ClientSecret, text: &SecretString) -> Result<()> {
    let printer = &accounts.app.printer;
    let before = accounts.store.load(&client_key(name)).await?;
    let before = before.and_then(|text| ClientSecret::parse(text.expose_secret()).ok());
    accounts.store.save(&client_key(name), text).await?;
    printer.object(&json!({
        "type": "oauth_client", "endpoint": providers::typed(Kind::Google, name),
        "client_id": client.client_id(), "project": client.project(),
    }));
    printer.text(&format!(
        "the file is good: an OAuth client of the Google project {}",
        client.project()
    ));
    printer.text(&format!("kept in: {}", accounts.settings.credentials().display()));
    if client.is_web() {
        printer.note(
            "this is a web client. It works because it may send the browser to a port of this machine, as long as nothing \
             else uses that port; a client of type `Desktop app` takes any port",
        );
    }
    if let Some(before) = before.filter(|before| before.project() != client.project()) {
        printer.note(&format!(
            "the client so far was of the project {}. Google shows a project only what it made itself: what photomove sent \
             through the old one is not seen through this one",
            before.project()
        ));
    }
    let named = accounts.settings.google.client_secret.as_deref();
    let named = named.and_then(|path| client_text(path).ok()).map(|(named, _)| named);
    if named.is_some_and(|named| named.client_id() != client.client_id()) {
        printer.note("the settings name another client file, and it comes first: `PHOTOMOVE_GOOGLE_CLIENT_SECRET` or `client_secret`");
    }
    Ok(())
}
