//! Signing in to a PhotoPrism server: where it is, who comes, with what; the server says whether that will do.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use photomove_core::{Account, AuthProblem, Error, ErrorKind, Interaction, MemoryQuotaStore, Result, read_secret};
use photomove_photoprism::{KeptSignIn, PhotoPrismConfig, SignIn, SignedIn, sign_in};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::PhotoPrismLoginArgs;
use super::LoginArgs;
use crate::endpoint::{self, Endpoint, Kind};
use crate::errors;
use crate::providers::{self, Accounts, DEFAULT_ACCOUNT, photoprism};

/// How often somebody at a terminal may try a password. The server takes ten wrong ones, then one a minute.
const TRIES: u32 = 3;
/// More than any password has.
const MOST_BYTES: u64 = 1 << 16;

/// What is given beside the address.
struct Given {
    sign_in: SignIn,
    passcode: Option<SecretString>,
    /// Whether the person typed it, who may type it again.
    typed: bool,
}

/// Settles where the server is and under which name its sign-in is kept; other providers stay as they are.
///
/// # Errors
/// [`ErrorKind::Config`] if the address makes no sense, or nobody says it.
pub(super) async fn place(accounts: &Accounts<'_>, args: &LoginArgs, endpoint: &Endpoint) -> Result<Endpoint> {
    if endpoint.kind != Kind::PhotoPrism {
        return Ok(endpoint.clone());
    }
    let given = args.photoprism.url.as_deref().map(endpoint::server).transpose()?;
    let server = match (given, &endpoint.server) {
        (Some(url), Some(server)) if url != *server => {
            return Err(wrong("`--url` and the endpoint name two servers").hint("name one of them"));
        }
        (Some(url), _) => url,
        (None, Some(server)) => server.clone(),
        (None, None) => match earlier(accounts, endpoint).await? {
            Some(server) => server,
            None => asked(accounts, endpoint).await?,
        },
    };
    let account = match &endpoint.account {
        Some(name) => name.clone(),
        None if endpoint.server.is_none() => DEFAULT_ACCOUNT.to_owned(),
        None => name_for(accounts, &server).await?,
    };
    Ok(Endpoint {
        server: Some(server),
        ..Endpoint::named(Kind::PhotoPrism, account)
    })
}

/// The server of the sign-in that is to be replaced.
async fn earlier(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<Option<Url>> {
    let name = endpoint.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
    let kept = photoprism::kept(accounts, name).await;
    // One that cannot be read is nobody's, and is replaced.
    Ok(kept.ok().flatten().map(|kept| kept.url))
}

async fn asked(accounts: &Accounts<'_>, endpoint: &Endpoint) -> Result<Url> {
    if accounts.app.person.is_there() {
        let typed = accounts.app.person.line("Address of the server:").await?;
        return endpoint::server(&typed);
    }
    Err(wrong("nobody says where the server is").hint(format!(
        "give its address: `photomove auth login {endpoint} --url https://photos.example`"
    )))
}

/// The name under which the sign-in of an address without a name is kept: that of the one it replaces, else the default one
/// if it is free, else one made of the address.
async fn name_for(accounts: &Accounts<'_>, server: &Url) -> Result<String> {
    let all = accounts.kept(Kind::PhotoPrism).await?;
    let there = photoprism::at(accounts, all.clone(), server).await?;
    if let [name] = there.as_slice() {
        return Ok(name.clone());
    }
    if !all.iter().any(|name| name == DEFAULT_ACCOUNT) {
        return Ok(DEFAULT_ACCOUNT.to_owned());
    }
    let tame = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let (_, place) = endpoint::shown(server).split_once("://").unwrap_or_default();
    Ok(place.chars().map(tame).collect())
}

/// Asks for what is missing, has the server check it, and keeps it.
pub(super) async fn login(
    accounts: &Accounts<'_>,
    args: &LoginArgs,
    endpoint: &Endpoint,
    name: &str,
) -> Result<Account> {
    let server = endpoint
        .server
        .clone()
        .ok_or_else(|| wrong("no address of the server"))?;
    let options = &args.photoprism;
    let config = PhotoPrismConfig::new(server).with_plain_http(options.plain_http);
    config.site().map_err(|error| match options.plain_http {
        true => error,
        false => error.hint_instead(
            "use `https://`; for a server in a network that you trust add `--plain-http`, or go through a tunnel: \
             `ssh -L 2342:localhost:2342 HOST` and `http://localhost:2342`",
        ),
    })?;
    let is_public = photoprism::is_public(accounts, &config).await?;
    if is_public && !options.public {
        accounts
            .app
            .printer
            .note("the server is in public mode: whoever reaches it may do everything, and no password is asked for");
    }
    for left in (0..TRIES).rev() {
        let given = match is_public || options.public {
            true => public(),
            false => give(accounts, options).await?,
        };
        let typed = given.typed;
        let is_app_password = matches!(given.sign_in, SignIn::AppPassword { .. });
        let checked = check_and_keep(accounts, args, &config, given, name).await;
        let checked = checked.map_err(|error| match error.kind() {
            ErrorKind::Auth(AuthProblem::Expired) if is_app_password => error.hint_instead(
                "look in the browser under \"Settings\", \"Account\", \"Apps and Devices\" whether it is still there, or make \
                 another one",
            ),
            _ => error,
        });
        match checked {
            Err(error) if typed && left > 0 && is_wrong_secret(&error) => {
                let words = errors::render(&error.hint_instead("try again, or end with Ctrl-C"));
                accounts.app.printer.talk_in_columns(&words);
            }
            ended => return ended,
        }
    }
    Err(Error::new(ErrorKind::Internal, "the last try did not end"))
}

/// Whether something else may be typed with more success. Of an app password the server says the same as of a session that
/// is over.
fn is_wrong_secret(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Auth(AuthProblem::Revoked | AuthProblem::Expired)
    )
}

fn public() -> Given {
    Given {
        sign_in: SignIn::Public,
        passcode: None,
        typed: false,
    }
}

/// Takes name and secret from the options, and asks for the rest.
async fn give(accounts: &Accounts<'_>, options: &PhotoPrismLoginArgs) -> Result<Given> {
    let person = &accounts.app.person;
    let (what, name) = match (&options.client_id, options.app_password, &options.user) {
        (Some(_), ..) => ("Client secret", None),
        (None, true, _) => ("App password", None),
        (None, false, Some(user)) => ("Password", Some(user.clone())),
        (None, false, None) if person.is_there() && options.secret_file.is_none() => {
            let typed = person.line("User name:").await?;
            ("Password", Some(typed.trim().to_owned()))
        }
        (None, false, None) => {
            return Err(wrong("nobody says who signs in").hint(
                "add `--user NAME`, `--app-password` or `--client-id ID`, and `--secret-file FILE` for the secret",
            ));
        }
    };
    let (secret, passcode) = match &options.secret_file {
        Some(path) => secret_of_file(path)?,
        None if person.is_there() => (person.secret(what).await?, None),
        None => {
            return Err(Error::new(
                ErrorKind::Auth(AuthProblem::Missing),
                "nobody can be asked for the secret",
            )
            .provider(Kind::PhotoPrism.word())
            .hint("add `--secret-file FILE`, or `--secret-file -` for standard input"));
        }
    };
    if secret.expose_secret().is_empty() {
        return Err(
            Error::new(ErrorKind::Auth(AuthProblem::Missing), "no secret was given").provider(Kind::PhotoPrism.word())
        );
    }
    let sign_in = match (&options.client_id, name) {
        (Some(id), _) => SignIn::Client { id: id.clone(), secret },
        (None, None) => SignIn::AppPassword { password: secret },
        (None, Some(name)) => SignIn::User { name, password: secret },
    };
    Ok(Given {
        sign_in,
        passcode,
        typed: options.secret_file.is_none(),
    })
}

/// Reads a secret, and a passcode from the line below it.
fn secret_of_file(path: &Path) -> Result<(SecretString, Option<SecretString>)> {
    let text: SecretString = if path == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().take(MOST_BYTES).read_to_string(&mut text);
        read.map_err(|error| wrong(&format!("cannot read a secret from standard input: {error}")))?;
        text.into()
    } else {
        read_secret(path).map_err(|error| {
            wrong(&format!("cannot read secret file {}: {error}", path.display())).hint("check `--secret-file`")
        })?
    };
    let mut lines = text.expose_secret().lines();
    let secret = lines.next().unwrap_or_default().to_owned().into();
    let passcode = lines.next().map(str::trim).filter(|line| !line.is_empty());
    Ok((secret, passcode.map(|line| line.to_owned().into())))
}

async fn check_and_keep(
    accounts: &Accounts<'_>,
    args: &LoginArgs,
    config: &PhotoPrismConfig,
    given: Given,
    name: &str,
) -> Result<Account> {
    let env = accounts.http(Arc::new(MemoryQuotaStore::default()))?;
    let person: Arc<dyn Interaction> = Arc::new(accounts.app.person.clone());
    let signed_in = Box::pin(sign_in(config, &env, given.sign_in, given.passcode, Some(person))).await?;
    may_replace(accounts, args, name, &signed_in).await?;
    let key = providers::key(Kind::PhotoPrism, name);
    signed_in.kept.save(&accounts.store, &key).await?;
    // Everything else that a migration needs is asked for here, where it is soonest mended.
    let sign_in = accounts.sign_in(&Endpoint::named(Kind::PhotoPrism, name)).await?;
    let connected = accounts.open_alone(sign_in).await?.connect().await;
    connected.inspect_err(|error| {
        if !matches!(error.kind(), ErrorKind::Auth(AuthProblem::Revoked)) {
            let status = crate::again::command(accounts.app, "auth status");
            accounts.app.printer.talk(&format!(
                "the sign-in itself is kept; `{status}` tells whether it works\n"
            ));
        }
    })
}

/// Notices that a name has been another account's so far, or one of another server.
async fn may_replace(accounts: &Accounts<'_>, args: &LoginArgs, name: &str, new: &SignedIn) -> Result<()> {
    let Some(before) = photoprism::kept(accounts, name).await.ok().flatten() else {
        return Ok(());
    };
    if before.url == new.kept.url && uid(&before).is_none_or(|was| uid(&new.kept).is_none_or(|is| is == was)) {
        return Ok(());
    }
    let about = photoprism::whose(&before);
    super::replacement_is_meant(accounts, args, Kind::PhotoPrism, name, &about).await
}

fn uid(kept: &KeptSignIn) -> Option<&str> {
    kept.account.as_ref().map(|account| account.uid.as_str())
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Config, message).provider(Kind::PhotoPrism.word())
}
