//! `photomove auth login`: takes a sign-in, checks it with the service, keeps it.

#[cfg(feature = "amazon")]
mod amazon;
#[cfg(feature = "google")]
mod google;
#[cfg(feature = "photoprism")]
mod photoprism;

#[cfg(any(feature = "amazon", feature = "photoprism"))]
use photomove_core::AuthProblem;
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
    sign_in(app, &args, &endpoint).await?;
    Ok(Exit::Done)
}

/// Signs in at an endpoint as `photomove auth login ENDPOINT` does, within another command.
///
/// # Errors
/// When nobody signs in, or the service does not accept it.
pub(crate) async fn sign_in_now(app: &App, endpoint: &Endpoint) -> Result<()> {
    let args = LoginArgs {
        endpoint: endpoint.to_string(),
        ..LoginArgs::default()
    };
    sign_in(app, &args, endpoint).await
}

/// Lets the sign-in of one account take the place of another's only if somebody wants that.
#[cfg(any(feature = "amazon", feature = "photoprism"))]
async fn replacement_is_meant(
    accounts: &Accounts<'_>,
    args: &LoginArgs,
    kind: Kind,
    name: &str,
    before: &str,
) -> Result<()> {
    let app = accounts.app;
    let typed = providers::typed(kind, name);
    let what = format!("`{typed}` has been another account so far ({before})");
    let both = format!(
        "to keep both, give this one a name: `photomove auth login {}@NAME`",
        kind.word()
    );
    if app.global.yes || args.replace {
        app.printer.note(&format!("{what}; its sign-in is replaced"));
        return Ok(());
    }
    let choices = [
        "leave everything as it was".to_owned(),
        format!("keep this one as `{typed}`, forget the earlier one"),
    ];
    match app.person.choose(&format!("{what}. Choose"), &choices).await? {
        Some(1) => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Cancelled, "nothing was kept").hint(both)),
        None => Err(Error::new(
            ErrorKind::Auth(AuthProblem::WrongAccount),
            format!("{what}; nothing was kept"),
        )
        .provider(kind.word())
        .hint(format!("{both}; to replace the earlier one, add `--replace`"))),
    }
}

async fn sign_in(app: &App, args: &LoginArgs, endpoint: &Endpoint) -> Result<()> {
    let settings = app.settings(None)?;
    let accounts = Accounts::new(app, &settings);
    accounts.tidy();
    #[cfg(feature = "photoprism")]
    let endpoint = &photoprism::place(&accounts, args, endpoint).await?;
    let name = endpoint.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    // A name that cannot be kept is refused before anybody signs in.
    accounts.store.path(&providers::key(endpoint.kind, &name))?;
    let account = match endpoint.kind {
        #[cfg(feature = "amazon")]
        Kind::Amazon => Box::pin(amazon::login(&accounts, args, &name)).await?,
        #[cfg(feature = "google")]
        Kind::Google => Box::pin(google::login(&accounts, args, &name)).await?,
        #[cfg(feature = "photoprism")]
        Kind::PhotoPrism => Box::pin(photoprism::login(&accounts, args, endpoint, &name)).await?,
        #[cfg(not(all(feature = "amazon", feature = "google", feature = "photoprism")))]
        kind => return Err(providers::not_built(kind)),
    };
    // An account that is named is always the kept one.
    let replaced_file = name == DEFAULT_ACCOUNT && accounts.replace_file_of_settings(endpoint.kind).await?;
    tell(&accounts, endpoint.kind, &name, &account, replaced_file);
    #[cfg(feature = "google")]
    if endpoint.kind == Kind::Google {
        google::tell_notes(&accounts, &name).await?;
    }
    Ok(())
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
    let named = match name {
        DEFAULT_ACCOUNT => String::new(),
        _ => format!(" as `{typed}`"),
    };
    printer.text(&format!("signed in to {}{named}{whose}", kind.label()));
    printer.text(&format!("kept in: {}", accounts.settings.credentials().display()));
    if replaced_file {
        printer.talk(&format!(
            "note: this sign-in is used instead of the file that `{}` or its setting names, until that file changes",
            match kind {
                Kind::Amazon => "PHOTOMOVE_AMAZON_COOKIES",
                Kind::Google => "PHOTOMOVE_GOOGLE_TOKEN",
                Kind::PhotoPrism => "PHOTOMOVE_PHOTOPRISM_SIGN_IN",
            }
        ));
    }
}

/// Reads the name of a browser whose cookies can be read.
///
/// # Errors
/// Why those of another one cannot.
pub(super) fn browser(word: &str) -> std::result::Result<String, String> {
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        "firefox" => Ok(word),
        "chrome" | "chromium" | "edge" | "brave" | "opera" | "vivaldi" | "safari" => Err(format!(
            "{word} keeps its cookies locked for other programs; leave `--from-browser` out and paste a request"
        )),
        _ => Err("known browser: `firefox`".to_owned()),
    }
}

/// Options of one provider mean nothing to the others.
fn refuse_foreign_options(args: &LoginArgs, kind: Kind) -> Result<()> {
    let amazon = [
        ("--cookies", args.cookies.is_some()),
        ("--from-env", args.from_env),
        ("--from-browser", args.from_browser.is_some()),
        ("--marketplace", args.marketplace.is_some()),
    ];
    let google = [
        ("--client-secret", args.client_secret.is_some()),
        ("--token", args.token.is_some()),
        ("--no-browser", args.no_browser),
    ];
    let photoprism = [
        ("--url", args.photoprism.url.is_some()),
        ("--user", args.photoprism.user.is_some()),
        ("--app-password", args.photoprism.app_password),
        ("--client-id", args.photoprism.client_id.is_some()),
        ("--public", args.photoprism.public),
        ("--plain-http", args.photoprism.plain_http),
        ("--secret-file", args.photoprism.secret_file.is_some()),
    ];
    let all: [(&[_], _); 3] = [
        (&amazon, Kind::Amazon),
        (&google, Kind::Google),
        (&photoprism, Kind::PhotoPrism),
    ];
    let foreign = all
        .iter()
        .filter(|(_, owner)| *owner != kind)
        .flat_map(|(options, owner)| options.iter().map(move |(option, given)| (option, *given, owner)));
    match foreign.into_iter().find(|(_, given, _)| *given) {
        Some((option, _, owner)) => Err(Error::new(
            ErrorKind::Config,
            format!("`{option}` belongs to `{}`", owner.word()),
        )
        .hint("see `photomove auth login --help`")),
        None => Ok(()),
    }
}
