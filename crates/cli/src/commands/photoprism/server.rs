//! `photomove photoprism status`, `settings`, `log`, `metrics` and `sessions`: the server itself.

use clap::Args;
use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Result, SettingChange};
use photomove_migrate::Journal;
use photomove_photoprism::wire::{ServerConfig, SessionEntry, Settings};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::Prism;
use crate::commands::migrate::{put_settings_back, settings_agreed};
use crate::endpoint::{self, Endpoint};
use crate::exit::Exit;
use crate::providers::Accounts;
use crate::text;

/// Lines of the log that are asked for at once.
const LOG_ROWS: u32 = 100;
/// Sign-ins of a kind that are listed at most.
const SESSIONS: u32 = 1_000;
/// Who may have checked a sign-in.
const PROVIDERS: [&str; 6] = ["local", "ldap", "oidc", "application", "client", "access_token"];

/// Arguments of `photomove photoprism settings`.
#[derive(Debug, Args)]
#[command(after_help = "\
Names are those of the server's interface with dots between them: `stack.meta=false ui.language=de`. Values are JSON; a text needs \
no quotes. What was changed is shown as the server keeps it now.")]
pub(crate) struct SettingsArgs {
    /// What to change; all is shown if not given
    #[arg(value_name = "NAME=VALUE", value_parser = super::edit::field)]
    changes: Vec<(String, Value)>,
}

/// Arguments of `photomove photoprism log`.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Only lines with this text
    #[arg(value_name = "TEXT", conflicts_with = "clear")]
    query: Option<String>,
    /// Stop after N lines, the newest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Empty the log
    #[arg(long)]
    clear: bool,
}

/// Arguments of `photomove photoprism app-password`.
#[derive(Debug, Args)]
pub(crate) struct AppPasswordArgs {
    /// What it is called in the list of apps and devices
    #[arg(value_name = "NAME", default_value = "photomove")]
    name: String,
    /// What it covers: `*` for everything, or words such as `photos albums files sessions settings logs`
    #[arg(long, value_name = "WORDS", default_value = "*")]
    scope: String,
}

/// Makes an app password and prints it, once.
pub(super) async fn app_password(prism: &Prism<'_>, args: AppPasswordArgs) -> Result<Exit> {
    let Some((name, password)) = prism.sign_in.user() else {
        return Err(Error::new(
            ErrorKind::Config,
            "only somebody who signed in by name and password can make an app password",
        )
        .hint("sign in with `photomove auth login photoprism --user NAME`, or make it in the browser: \"Settings\", \"Account\""));
    };
    let made = prism
        .client
        .create_app_password(name, password, &args.name, &args.scope)
        .await?;
    let secret = made.access_token.expose_secret();
    prism.app.printer.object(&json!({
        "type": "app_password", "name": args.name, "scope": made.scope, "password": secret,
    }));
    prism.app.printer.text(secret);
    prism
        .app
        .printer
        .talk("it is shown this once; `photomove auth login photoprism --app-password` takes it");
    Ok(Exit::Done)
}

/// Shows version, features and state.
pub(super) async fn status(prism: &Prism<'_>) -> Result<Exit> {
    let client = &prism.client;
    // Says that the server runs, whoever asks; what follows needs a sign-in.
    let state = client.status().await?;
    let config = client.config().await?;
    let account = client.account().await?;
    let generation = config.server_version().generation();
    let off = switched_off(&config);
    let printer = &prism.app.printer;
    printer.object(&json!({
        "type": "photoprism_server", "server": endpoint::shown(client.site()), "state": state.status,
        "version": config.version, "edition": config.edition, "public": config.public, "read_only": config.readonly,
        "user": account.user.as_ref().map(|user| &user.name), "role": account.user.as_ref().map(|user| &user.role),
        "scope": account.scope, "off": off, "count": config.count,
    }));
    printer.text(&format!(
        "{}: {}",
        endpoint::shown(client.site()),
        text::clean(&state.status)
    ));
    let known = generation.map_or("a build of its own".to_owned(), |generation| format!("{generation:?}"));
    printer.text(&format!(
        "version: {} {} ({known})",
        text::clean(&config.version),
        text::clean(&config.edition)
    ));
    match &account.user {
        Some(user) => printer.text(&format!(
            "user: {} ({})",
            text::clean(&user.name),
            text::clean(&user.role)
        )),
        None => printer.text("user: none that the server tells"),
    }
    let scope = account
        .scope
        .as_deref()
        .map(|scope| if scope.is_empty() { "everything" } else { scope });
    printer.text(&format!("may: {}", text::clean(scope.unwrap_or("not told"))));
    for (said, words) in [
        (config.public, "in public mode: whoever reaches it may do everything"),
        (config.readonly, "read-only: it takes no uploads and deletes nothing"),
    ] {
        if said {
            printer.text(words);
        }
    }
    if !off.is_empty() {
        printer.text(&format!("switched off: {}", off.join(", ")));
    }
    Ok(Exit::Done)
}

fn switched_off(config: &ServerConfig) -> Vec<String> {
    let features = config.settings.as_ref().and_then(|settings| settings.features.clone());
    let features = serde_json::to_value(features.unwrap_or_default()).unwrap_or_default();
    let disabled = serde_json::to_value(&config.disable).unwrap_or_default();
    let names = |object: &Value, value: bool| -> Vec<String> {
        let pairs = object.as_object().into_iter().flatten();
        let fits = pairs.filter(|(_, found)| found.as_bool() == Some(value));
        fits.map(|(name, _)| text::clean(name)).collect()
    };
    let mut off = names(&features, false);
    off.extend(names(&disabled, true));
    off.sort();
    off.dedup();
    off
}

/// The value of a name with dots.
fn at<'v>(settings: &'v Value, name: &str) -> Option<&'v Value> {
    name.split('.').try_fold(settings, |value, part| value.get(part))
}

/// Shows the settings, or changes some and shows these.
pub(super) async fn settings(prism: &Prism<'_>, args: SettingsArgs) -> Result<Exit> {
    let as_value = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let mut settings = as_value(&prism.client.settings().await?);
    let names: Vec<String> = args.changes.iter().map(|(name, _)| name.clone()).collect();
    // The server says nothing of a name that it does not know.
    if let Some(unknown) = names.iter().find(|name| at(&settings, name).is_none()) {
        let said = format!("the server has no setting `{}`", text::clean(unknown));
        return Err(
            Error::new(ErrorKind::Config, said).hint("`photomove photoprism settings` shows all with their values")
        );
    }
    if !names.is_empty() {
        settings = as_value(&prism.client.change_settings(&change(args.changes)?).await?);
    }
    prism
        .app
        .printer
        .object(&json!({ "type": "photoprism_settings", "settings": settings }));
    let mut lines = Vec::new();
    match names.is_empty() {
        true => flatten("", &settings, &mut lines),
        false => names
            .iter()
            .filter_map(|name| Some((name, at(&settings, name)?)))
            .for_each(|(name, value)| flatten(name, value, &mut lines)),
    }
    prism.app.printer.text(&lines.join("\n"));
    Ok(Exit::Done)
}

fn change(pairs: Vec<(String, Value)>) -> Result<Settings> {
    let mut all = Map::new();
    for (name, value) in pairs {
        let mut at = &mut all;
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.insert(part.to_owned(), value.clone());
                break;
            }
            let below = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
            at = below.as_object_mut().ok_or_else(|| {
                Error::new(ErrorKind::Config, format!("`{name}` is set twice, once as a whole")).hint("name each once")
            })?;
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| {
        Error::new(ErrorKind::Config, format!("the server has no such setting: {error}"))
            .hint("`photomove photoprism settings` shows all with their values")
    })
}

fn flatten(name: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(&name, value, lines);
            }
        }
        value => lines.push(format!("{} = {}", text::clean(name), text::clean(&value.to_string()))),
    }
}

/// Puts back what migrations have changed in the server's settings, once the person has read what may follow.
pub(super) async fn restore_settings(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<Exit> {
    let (app, settings) = (accounts.app, accounts.settings);
    let nothing = "nothing to put back: no migration has changed settings there";
    let Some(journal) = Journal::open_beside(&settings.journal(), app.clock.clone())? else {
        app.printer.text(nothing);
        return Ok(Exit::Done);
    };
    let target = accounts.open(accounts.sign_in(endpoint).await?, &journal).await?;
    let own = target.connect().await?.label.map(|label| of_server(&label).to_owned());
    let left = journal.settings_left().await?;
    let left: Vec<SettingChange> = left
        .into_iter()
        .filter(|(account, _)| {
            account.kind == endpoint.kind.word() && account.label.as_deref().map(of_server) == own.as_deref()
        })
        .map(|(_, change)| change)
        .collect();
    if left.is_empty() {
        app.printer.text(nothing);
        return Ok(Exit::Done);
    }
    if !settings_agreed(app, &*target, &left).await? {
        return Err(
            Error::new(ErrorKind::Cancelled, "nothing was changed").hint("the same command puts them back another day")
        );
    }
    put_settings_back(app, settings, target, &journal).await?;
    Ok(Exit::Done)
}

/// The server of an account's name, `anna at photos.example`: its settings are everybody's.
fn of_server(label: &str) -> &str {
    label.rsplit(' ').next().unwrap_or(label)
}

/// Shows the server's log, or empties it.
pub(super) async fn log(prism: &Prism<'_>, args: LogArgs) -> Result<Exit> {
    let printer = &prism.app.printer;
    if args.clear {
        prism.agreed("empty the server's log").await?;
        prism.client.clear_log().await?;
        printer.text("the log is empty");
        return Ok(Exit::Done);
    }
    let query = args.query.unwrap_or_default();
    let mut shown = 0;
    while shown < args.limit {
        let count = LOG_ROWS.min(args.limit - shown);
        let rows = prism.client.log(count, shown, &query).await?;
        for row in &rows {
            printer.object(&json!({
                "type": "photoprism_log", "time": row.time, "level": row.level, "message": row.message,
            }));
            let time = row
                .time
                .map(|at| at.strftime("%F %T UTC").to_string())
                .unwrap_or_default();
            printer.text(&format!(
                "{time}  {:7}  {}",
                text::clean(&row.level),
                text::clean(&row.message)
            ));
        }
        let got = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        shown = shown.saturating_add(got);
        if got < count {
            break;
        }
    }
    printer.talk(&text::counted(shown.into(), "line"));
    Ok(Exit::Done)
}

/// Prints the server's figures.
pub(super) async fn metrics(prism: &Prism<'_>) -> Result<Exit> {
    let figures = prism.client.metrics().await?;
    let printer = &prism.app.printer;
    printer.object(&json!({ "type": "photoprism_metrics", "text": figures }));
    printer.text(&text::printable_lines(figures.trim_end()));
    Ok(Exit::Done)
}

/// Lists the sign-ins of the account.
pub(super) async fn sessions(prism: &Prism<'_>) -> Result<Exit> {
    let uid = prism.client.user_uid().await?;
    // Asked without a provider the server names none.
    let mut count = 0;
    for provider in PROVIDERS {
        for one in prism.client.user_sessions(&uid, Some(provider), SESSIONS).await? {
            tell_session(prism, &one);
            count += 1;
        }
    }
    prism.app.printer.talk(&text::counted(count, "sign-in"));
    Ok(Exit::Done)
}

fn tell_session(prism: &Prism<'_>, one: &SessionEntry) {
    let at = |seconds: i64| (seconds > 0).then(|| Timestamp::from_second(seconds).ok()).flatten();
    let (used, ends) = (at(one.last_active), at(one.expires));
    prism.app.printer.object(&json!({
        "type": "photoprism_session", "id": one.id, "client": one.client_name, "by": one.auth_provider,
        "scope": one.auth_scope, "last_used": used, "ends": ends,
    }));
    let shown = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.strftime("%F %H:%M UTC").to_string());
    let times = [format!("used {}", shown(used)), format!("ends {}", shown(ends))];
    let facts = [&one.client_name, &one.auth_scope].map(|fact| text::clean(fact));
    // A session of the browser has neither name nor scope.
    let facts = facts.into_iter().filter(|fact| !fact.is_empty()).chain(times);
    prism.app.printer.text(&format!(
        "{}  {:11}  {}",
        text::clean(&one.id),
        text::clean(&one.auth_provider),
        facts.collect::<Vec<_>>().join(" · ")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_become_settings() {
        let pairs = vec![
            ("stack.meta".to_owned(), json!(false)),
            ("stack.uuid".to_owned(), json!(false)),
            ("maps.style".to_owned(), json!("streets")),
        ];
        let settings = change(pairs).unwrap();
        let stack = settings.stack.as_ref().unwrap();
        assert_eq!((stack.meta, stack.uuid, stack.name), (Some(false), Some(false), None));
        let mut lines = Vec::new();
        flatten("", &serde_json::to_value(&settings).unwrap(), &mut lines);
        assert_eq!(
            lines,
            ["maps.style = \"streets\"", "stack.meta = false", "stack.uuid = false"]
        );
        let wrong = vec![("stack.meta".to_owned(), json!("no"))];
        assert_eq!(change(wrong).unwrap_err().kind(), &ErrorKind::Config);
        let twice = vec![("stack".to_owned(), json!(1)), ("stack.meta".to_owned(), json!(true))];
        assert!(change(twice).is_err());
    }
}
