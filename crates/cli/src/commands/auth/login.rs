//! `photomove auth login`: takes a sign-in, checks it with the service, keeps it.

#[cfg(feature = "amazon")]
mod amazon;
#[cfg(feature = "google")]
mod google;

use photomove_core::{Account, Error, ErrorKind, Result};
use serde_json::json;

use super::LoginArgs;
use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::{self, Accounts, DEFAULT_ACCOUNT};

/// Signs in.
pub(super) async fn run(app: &App, args: LoginArgs) -> Result<Exit> {
    let endpoint = Endpoint::parse(&args.endpoint)?;
    refuse_foreign_options(&args, endpoint.kind)?;
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let name = endpoint.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    // A name that cannot be kept is refused before anybody signs in.
    accounts.store.path(&providers::key(endpoint.kind, &name))?;
    let account = match endpoint.kind {
        #[cfg(feature = "amazon")]
        Kind::Amazon => amazon::login(&accounts, &args, &name).await?,
        #[cfg(feature = "google")]
        Kind::Google => google::login(&accounts, &args, &name).await?,
        #[cfg(not(all(feature = "amazon", feature = "google")))]
        kind => return Err(providers::not_built(kind)),
    };
    // An account that is named is always the kept one.
    let replaced_file = name == DEFAULT_ACCOUNT && accounts.replace_file_of_settings(endpoint.kind).await?;
    tell(&accounts, endpoint.kind, &name, &account, replaced_file);
    Ok(Exit::Done)
}

fn tell(accounts: &Accounts<'_>, kind: Kind, name: &str, account: &Account, replaced_file: bool) {
    let printer = &accounts.app.printer;
    let typed = providers::typed(kind, name);
    printer.object(&json!({ "type": "signed_in", "endpoint": typed, "account": account.label }));
    let whose = account
        .label
        .as_deref()
        .map(|label| format!(" ({label})"))
        .unwrap_or_default();
    printer.text(&format!("signed in to {}{whose}", kind.label()));
    printer.text(&format!("kept in: {}", accounts.settings.credentials().display()));
    if replaced_file {
        printer.talk(&format!(
            "note: this sign-in is used instead of the file that `{}` or its setting names, until that file changes",
            match kind {
                Kind::Amazon => "PHOTOMOVE_AMAZON_COOKIES",
                Kind::Google => "PHOTOMOVE_GOOGLE_TOKEN",
            }
        ));
    }
}

/// Options of one provider mean nothing to the other.
fn refuse_foreign_options(args: &LoginArgs, kind: Kind) -> Result<()> {
    let amazon = [
        ("--cookies", args.cookies.is_some()),
        ("--from-env", args.from_env),
        ("--marketplace", args.marketplace.is_some()),
    ];
    let google = [
        ("--client-secret", args.client_secret.is_some()),
        ("--no-browser", args.no_browser),
    ];
    let (foreign, owner): (&[_], _) = match kind {
        Kind::Amazon => (&google, Kind::Google),
        Kind::Google => (&amazon, Kind::Amazon),
    };
    match foreign.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(
            Error::new(ErrorKind::Config, format!("`{option}` belongs to `{}`", owner.word()))
                .hint("see `photomove auth login --help`"),
        ),
        None => Ok(()),
    }
}
