//! `photomove auth status`: who is signed in, what for and how long.

use photomove_core::{ErrorKind, Result};
use serde_json::json;

use crate::again;
use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::exit::Exit;
use crate::providers::{self, Accounts};
use crate::text;

/// One line per account: the ones that settings name first.
pub(super) async fn run(app: &App) -> Result<Exit> {
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    let mut endpoints = Vec::new();
    for kind in Kind::ALL {
        let unnamed = Endpoint::of(kind);
        if accounts.file_of_settings(&unnamed).await?.is_some() {
            endpoints.push((unnamed, "by the settings"));
        }
        for account in accounts.kept(kind).await? {
            endpoints.push((Endpoint::named(kind, account), "kept"));
        }
    }
    let mut all_good = true;
    for (endpoint, how) in &endpoints {
        all_good &= tell_account(app, &accounts, endpoint, how).await?;
    }
    if endpoints.is_empty() {
        app.printer.text("nobody is signed in");
        app.printer
            .talk("hint: run `photomove auth login` with `amazon`, `google` or `photoprism`");
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
            // Named as it is typed: the only account goes without a name.
            let account = endpoint
                .account
                .clone()
                .filter(|name| name != providers::DEFAULT_ACCOUNT);
            let named = endpoint.with_account(account);
            let error = again::exact(app, &named, error);
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
    // Read after the service was asked: a sign-in may have been renewed by that.
    let details = accounts.details(endpoint).await.unwrap_or_default();
    if let Some(object) = object.as_object_mut() {
        object.extend(details.fields);
    }
    app.printer.object(&object);
    app.printer.text(&format!("{typed} ({how}): {words}"));
    for line in details.lines {
        app.printer.text(&format!("  {line}"));
    }
    Ok(accepted)
}
