//! `photomove auth logout`: forgets a sign-in, and takes it back at the service where that is possible.

use photomove_core::{CredentialStore, Result};
use serde_json::json;

use super::LogoutArgs;
use crate::again;
use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::{self, Accounts, files};

/// Forgets the sign-in of an endpoint.
pub(super) async fn run(app: &App, args: &LogoutArgs) -> Result<Exit> {
    let endpoint = Endpoint::parse(&args.endpoint)?;
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let Some(account) = accounts.account(&endpoint).await? else {
        app.printer
            .text(&format!("nobody is signed in to {} here", endpoint.kind.label()));
        tell_file_of_settings(&accounts, &endpoint).await?;
        return Ok(Exit::Done);
    };
    // Taking back comes first: what is forgotten could not be taken back any more.
    let taken_back = !args.local
        && accounts.revoke(endpoint.kind, &account).await.map_err(|error| {
            let local = again::command(app, &format!("auth logout {endpoint} --local"));
            error.hint_instead(format!(
            "the sign-in is kept; try again later, or forget it here only, with {} going on to accept it: `{local}`",
            endpoint.kind.label()
        ))
        })?;
    accounts.store.remove(&providers::key(endpoint.kind, &account)).await?;
    let typed = providers::typed(endpoint.kind, &account);
    app.printer
        .object(&json!({ "type": "signed_out", "endpoint": typed, "revoked": taken_back }));
    let how = if taken_back {
        "forgotten and taken back at the service"
    } else {
        "forgotten"
    };
    app.printer.text(&format!("sign-in of `{typed}`: {how}"));
    match endpoint.kind {
        Kind::Amazon => app
            .printer
            .text("the browser session that the cookies came from goes on; sign out there to end it"),
        // What was revoked is gone for every program that used the same client and account.
        Kind::Google if args.local => app.printer.text(
            "google goes on accepting it; take photomove's access away at https://myaccount.google.com/permissions to end it",
        ),
        Kind::PhotoPrism if taken_back => {}
        Kind::PhotoPrism => app
            .printer
            .text("sessions that it opened end by themselves; the server's web page ends them at once: Settings, Account"),
        Kind::Google => app
            .printer
            .text("the OAuth client stays kept, so that signing in again needs no file"),
    }
    tell_file_of_settings(&accounts, &endpoint).await?;
    Ok(Exit::Done)
}

/// A file that the settings name is the person's own: it is left alone, and used again from now on.
async fn tell_file_of_settings(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<()> {
    let Some(path) = files::named(accounts.settings, endpoint.kind).filter(|_| endpoint.account.is_none()) else {
        return Ok(());
    };
    accounts.app.printer.text(&format!(
        "the settings name a sign-in of their own, which is left alone and used: {}",
        path.display()
    ));
    Ok(())
}
