//! `photomove auth`: signing in and out, and who is signed in.

mod login;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use photomove_core::{CredentialStore, ErrorKind, Result};
use serde_json::json;

use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::{self, Accounts};
use crate::text;

/// Arguments of `photomove auth`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct AuthArgs {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sign in, and keep the sign-in in the state folder
    Login(LoginArgs),
    /// Show who is signed in, and whether the services still accept it
    Status,
    /// Forget a sign-in, and take it back at the service where that is possible
    Logout(LogoutArgs),
}

/// Arguments of `photomove auth login`.
#[derive(Debug, Args)]
#[command(after_help = "\
Amazon Photos: sign in at your Amazon shop in a browser, then hand over its cookies: as a `cookies.txt`, or by pasting \
the `Cookie:` header of a request to Amazon Photos when asked. Needed are `session-id`, `ubid-…` and `at-…`.

Google Photos: needs an OAuth client of your own (Google Cloud console, \"Clients\", type \"Desktop app\", with the Photos \
Library API enabled). It is copied into the state folder, so later runs and sign-ins do not need its file.")]
pub(crate) struct LoginArgs {
    /// Provider, or one of several accounts of it: `amazon`, `google`, `google@anna`
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// Cookies from a file, `-` for standard input: a `cookies.txt` or the text of a `Cookie:` header
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "from_env",
        help_heading = "Amazon Photos"
    )]
    cookies: Option<PathBuf>,
    /// Cookies from the variables of the Python client: `session_id`, `ubid_main`, `at_main` and the like
    #[arg(long, help_heading = "Amazon Photos")]
    from_env: bool,
    /// Shop of the account, such as `amazon.de`, if the cookies' names do not tell
    #[arg(long, value_name = "SHOP", help_heading = "Amazon Photos")]
    marketplace: Option<String>,
    /// OAuth client, as downloaded from the Google Cloud console
    #[arg(long, value_name = "FILE", help_heading = "Google Photos")]
    client_secret: Option<PathBuf>,
    /// Do not open a browser: open the address on any machine and paste where it leads
    #[arg(long, help_heading = "Google Photos")]
    no_browser: bool,
}

/// Arguments of `photomove auth logout`.
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// Provider, or one of several accounts of it
    #[arg(value_name = "ENDPOINT")]
    endpoint: String,
    /// Forget it here only; do not ask the service to take it back
    #[arg(long)]
    local: bool,
}

/// Runs the sub-command.
pub(crate) async fn run(app: &App, args: AuthArgs) -> Result<Exit> {
    match args.action {
        Action::Login(args) => login::run(app, args).await,
        Action::Status => status(app).await,
        Action::Logout(args) => logout(app, &args).await,
    }
}

/// One line per account: the ones that settings name first.
async fn status(app: &App) -> Result<Exit> {
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let mut endpoints = Vec::new();
    for kind in Kind::ALL {
        let unnamed = Endpoint { kind, account: None };
        if accounts.file_of_settings(&unnamed).await?.is_some() {
            endpoints.push((unnamed, "by the settings"));
        }
        for account in accounts.kept(kind).await? {
            endpoints.push((
                Endpoint {
                    kind,
                    account: Some(account),
                },
                "kept",
            ));
        }
    }
    let mut all_good = true;
    for (endpoint, how) in &endpoints {
        all_good &= tell_account(app, &accounts, endpoint, how).await?;
    }
    if endpoints.is_empty() {
        app.printer.text("nobody is signed in");
        app.printer
            .talk("hint: run `photomove auth login amazon` or `photomove auth login google`");
    }
    app.printer
        .text(&format!("sign-ins: {}", settings.credentials().display()));
    Ok(if all_good && !endpoints.is_empty() {
        Exit::Done
    } else {
        Exit::SignIn
    })
}

/// Asks the service; returns whether it accepts the sign-in. Being unreachable is no refusal.
async fn tell_account(app: &App, accounts: &Accounts<'_>, endpoint: &Endpoint, how: &str) -> Result<bool> {
    let typed = providers::typed(
        endpoint.kind,
        endpoint.account.as_deref().unwrap_or(providers::DEFAULT_ACCOUNT),
    );
    let asked = async {
        let sign_in = accounts.sign_in(endpoint).await?;
        accounts.open_alone(sign_in).await?.connect().await
    };
    let mut object = json!({ "type": "sign_in", "endpoint": typed, "how": how });
    let (words, accepted) = match asked.await {
        Ok(account) => {
            object["state"] = "valid".into();
            object["account"] = account.label.clone().into();
            let used = account
                .used
                .map(|used| format!(" · {} used", text::bytes(used)))
                .unwrap_or_default();
            (
                format!(
                    "valid{}{used}",
                    account.label.map(|label| format!(" · {label}")).unwrap_or_default()
                ),
                true,
            )
        }
        Err(error) => {
            let refused = matches!(error.kind(), ErrorKind::Auth(_) | ErrorKind::Config);
            object["state"] = if refused { "refused" } else { "unknown" }.into();
            object["message"] = error.to_string().into();
            object["hint"] = error.hint_text().into();
            let hint = error
                .hint_text()
                .map(|hint| format!("\n  hint: {hint}"))
                .unwrap_or_default();
            (
                format!("{}: {error}{hint}", if refused { "refused" } else { "not checked" }),
                !refused,
            )
        }
    };
    app.printer.object(&object);
    app.printer.text(&format!("{typed} ({how}): {words}"));
    Ok(accepted)
}

async fn logout(app: &App, args: &LogoutArgs) -> Result<Exit> {
    let endpoint = Endpoint::parse(&args.endpoint)?;
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let Some(account) = accounts.account(&endpoint).await? else {
        app.printer
            .text(&format!("nobody is signed in to {}", endpoint.kind.label()));
        return Ok(Exit::Done);
    };
    // Taking back comes first: what is forgotten could not be taken back any more.
    let taken_back = !args.local
        && accounts.revoke(endpoint.kind, &account).await.map_err(|error| {
            error.hint(format!(
                "try again later, or forget it here only: `photomove auth logout {endpoint} --local`"
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
    if endpoint.kind == Kind::Amazon {
        app.printer
            .text("the browser session that the cookies came from goes on; sign out there to end it");
    }
    Ok(Exit::Done)
}
