//! Signing in to Amazon Photos: cookies from a file, standard input, variables, or typed unseen.

use std::io::Read;
use std::path::Path;

use photomove_amazon::Cookies;
use photomove_core::{Account, CredentialStore, Error, ErrorKind, Result};
use secrecy::ExposeSecret;

use super::LoginArgs;
use crate::endpoint::Kind;
use crate::providers::amazon::{AmazonSignIn, cookies_of_file};
use crate::providers::{self, Accounts, SignIn};

/// More than any browser keeps for a site.
const MOST_BYTES: u64 = 1 << 20;

/// Takes cookies, asks the service whose they are, and keeps them.
pub(super) async fn login(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Account> {
    let cookies = take(accounts, args).await?;
    let sign_in = AmazonSignIn::new(cookies, args.marketplace.clone());
    let credential = sign_in.to_credential()?;
    let account = accounts.open_alone(SignIn::Amazon(sign_in)).await?.connect().await?;
    accounts
        .store
        .save(&providers::key(Kind::Amazon, name), &credential)
        .await?;
    Ok(account)
}

async fn take(accounts: &Accounts<'_>, args: &LoginArgs) -> Result<Cookies> {
    let app = accounts.app;
    if args.from_env {
        let cookies = Cookies::from_variables(app.environment.texts())?;
        if cookies.is_empty() {
            return Err(
                Error::new(ErrorKind::Config, "no cookies among the environment variables")
                    .provider(Kind::Amazon.word())
                    .hint("set `session_id`, `ubid_main` and `at_main` (or `ubid_acb…` and `at_acb…` of your shop)"),
            );
        }
        return Ok(cookies);
    }
    match &args.cookies {
        Some(path) if path == Path::new("-") => of_standard_input(),
        Some(path) => cookies_of_file(path),
        None if app.person.is_there() => {
            app.printer.talk(
                "sign in at your Amazon shop in a browser, open Amazon Photos there, and copy the `Cookie:` header of a request\n\
                 (developer tools, tab \"Network\"); what you paste here is not shown",
            );
            let text = app.person.secret("Cookie").await?;
            Cookies::parse(text.expose_secret())
        }
        None => of_standard_input(),
    }
}

fn of_standard_input() -> Result<Cookies> {
    let mut text = String::new();
    std::io::stdin()
        .take(MOST_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("cannot read cookies from standard input: {error}"),
            )
            .provider(Kind::Amazon.word())
        })?;
    Cookies::parse(&text)
}
