//! `photomove amazon usage`: whose account it is and how much storage is used.

use photomove_core::Result;
use serde_json::json;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::exit::Exit;
use crate::{providers, text};

/// Asks the service and prints what it says.
pub(crate) async fn run(app: &App, endpoint: &str) -> Result<Exit> {
    let endpoint = Endpoint::parse(endpoint)?;
    let settings = app.settings(None)?;
    let accounts = providers::Accounts::new(app, &settings);
    let sign_in = accounts.sign_in(&endpoint).await?;
    let provider = accounts.open_alone(sign_in).await?;
    let account = provider.connect().await?;
    app.printer.object(&json!({
        "type": "usage",
        "provider": endpoint.kind.word(),
        "account": account.label,
        "used_bytes": account.used,
        "limit_bytes": account.limit,
    }));
    let whose = account.label.map(|label| format!(" ({label})")).unwrap_or_default();
    app.printer.text(&format!("{}{whose}", provider.info().label));
    app.printer.text(&match (account.used, account.limit) {
        (Some(used), Some(limit)) => format!("storage: {} of {} used", text::bytes(used), text::bytes(limit)),
        (Some(used), None) => format!("storage: {} used", text::bytes(used)),
        _ => "storage: the service does not tell".to_owned(),
    });
    Ok(Exit::Done)
}
