//! `photomove amazon usage`: whose account it is and how much storage is used.

use photomove_core::Result;
use serde_json::json;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::exit::Exit;
use crate::{again, providers, report, text};

/// Asks the service and prints what it says.
pub(crate) async fn run(app: &App, endpoint: &str) -> Result<Exit> {
    let endpoint = Endpoint::parse(endpoint)?;
    let settings = app.settings(None)?;
    let accounts = providers::Accounts::new(app, &settings);
    let asked = async { accounts.usage(accounts.sign_in(&endpoint).await?).await };
    let (account, held) = asked.await.map_err(|error| again::exact(app, &endpoint, error))?;
    let rows = held
        .iter()
        .map(|held| json!({ "category": held.category, "files": held.files, "bytes": held.bytes }));
    app.printer.object(&json!({
        "type": "usage",
        "provider": endpoint.kind.word(),
        "account": account.label,
        "used_bytes": account.used,
        "limit_bytes": account.limit,
        "held": rows.collect::<Vec<_>>(),
    }));
    let whose = account
        .label
        .as_deref()
        .map(|label| format!(" ({label})"))
        .unwrap_or_default();
    app.printer.text(&format!("{}{whose}", endpoint.kind.label()));
    if !held.is_empty() {
        app.printer.text(&report::held_table(&held));
    }
    match (account.used, account.limit) {
        (Some(used), Some(limit)) => {
            app.printer.text(&format!(
                "storage: {} of {} used",
                text::bytes(used),
                text::bytes(limit)
            ));
        }
        (Some(used), None) => app.printer.text(&format!("storage: {} used", text::bytes(used))),
        _ if held.is_empty() => app.printer.text("storage: the service does not tell"),
        _ => {}
    }
    Ok(Exit::Done)
}
