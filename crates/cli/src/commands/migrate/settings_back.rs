//! Settings of the destination that a run has changed: put back once a person has read what may follow.

use std::sync::Arc;

use photomove_core::{PhotoProvider, Result, SettingChange};
use photomove_migrate::{Journal, MigrateOptions, Summary, restore_settings};
use serde_json::json;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::providers::Accounts;
use crate::report;
use crate::settings::Settings;

/// After a run that has ended: asks whoever is at the terminal, and puts back what they want to have put back. `--yes` is
/// no answer to this: what may follow is not what was asked for.
///
/// # Errors
/// When the destination refuses, or a run into it is under way.
pub(super) async fn offer(app: &App, settings: &Settings, to: &Endpoint, summary: &mut Summary) -> Result<()> {
    let done = summary.stopped.is_none() && !summary.settings_left.is_empty();
    if !done || app.global.yes || !app.person.is_there() {
        return Ok(());
    }
    let accounts = Accounts::new(app, settings);
    let Some(journal) = Journal::open_beside(&settings.journal(), app.clock.clone())? else {
        return Ok(());
    };
    let target = accounts.open(accounts.sign_in(to).await?, &journal).await?;
    // Whoever is asked knows first how it went.
    app.printer.talk(&report::last_line(summary));
    if agreed(app, &*target, &summary.settings_left).await? {
        put_back(app, settings, target, &journal).await?;
        summary.settings_left.clear();
    }
    Ok(())
}

/// Asks, with what may follow.
///
/// # Errors
/// As [`crate::ask::Person::confirm`].
pub(crate) async fn agreed(app: &App, target: &dyn PhotoProvider, changes: &[SettingChange]) -> Result<bool> {
    let mut lines = vec![format!("changed in the settings of {}:", target.info().label)];
    lines.extend(changes.iter().map(words));
    app.printer.talk(&format!("\n{}\n", lines.join("\n")));
    let warning = target.capabilities().sink.and_then(|caps| caps.restore_warning);
    app.person.confirm_or(warning.unwrap_or("put them back?"), false).await
}

/// Puts them back and says so.
///
/// # Errors
/// When the destination refuses, or a run into it is under way.
pub(crate) async fn put_back(
    app: &App,
    settings: &Settings,
    target: Arc<dyn PhotoProvider>,
    journal: &Journal,
) -> Result<()> {
    let lock_dir = MigrateOptions::new(&settings.state_dir).lock_dir;
    let changes = restore_settings(target, journal, &lock_dir, app.clock.now()).await?;
    app.printer
        .object(&json!({ "type": "settings_restored", "settings": changes }));
    app.printer.text("the settings are as they were before");
    Ok(())
}

/// `stack.meta: true before, false now`.
pub(crate) fn words(change: &SettingChange) -> String {
    format!("  {}: {} before, {} now", change.setting, change.before, change.after)
}
