//! Where cookies are taken from: what a person pastes, a file, standard input, variables, a browser.

use std::io::Read;
use std::path::Path;

use photomove_amazon::{Cookies, Marketplace};
use photomove_core::{AuthProblem, Error, ErrorKind, Operation, Result};
use secrecy::{ExposeSecret, SecretString};

use super::LoginArgs;
use crate::endpoint::Kind;
use crate::firefox::{BrowserSignIn, Search};
use crate::providers::Accounts;
use crate::providers::amazon::cookies_of_file;

/// More than any browser keeps for a site.
const MOST_BYTES: u64 = 1 << 20;

/// Cookies, and the shop if that had to be said.
pub(super) struct Given {
    pub(super) cookies: Cookies,
    pub(super) marketplace: Option<String>,
}

/// Whether a person is asked to paste.
pub(super) fn asks(accounts: &Accounts<'_>, args: &LoginArgs) -> bool {
    let elsewhere = args.cookies.is_some() || args.from_env || args.from_browser.is_some();
    !elsewhere && accounts.app.person.is_there()
}

/// Takes what a person pastes.
pub(super) async fn pasted(accounts: &Accounts<'_>, args: &LoginArgs) -> Result<Given> {
    let text = accounts.app.person.paste("paste here", Cookies::is_whole).await?;
    if text.expose_secret().trim().is_empty() {
        return Err(Error::new(ErrorKind::Auth(AuthProblem::Missing), "nothing was pasted")
            .provider(Kind::Amazon.word())
            .hint("copy the request in the browser first (step 6), then paste it into this window"));
    }
    of_one_shop(accounts, args, Cookies::parse(text.expose_secret())?).await
}

/// Takes cookies from where the options say.
pub(super) async fn take(accounts: &Accounts<'_>, args: &LoginArgs) -> Result<Given> {
    if args.from_browser.is_some() {
        return of_browser(accounts, args).await;
    }
    let cookies = match &args.cookies {
        _ if args.from_env => of_environment(accounts)?,
        Some(path) if path != Path::new("-") => cookies_of_file(path)?,
        _ => of_standard_input()?,
    };
    of_one_shop(accounts, args, cookies).await
}

fn of_environment(accounts: &Accounts<'_>) -> Result<Cookies> {
    let cookies = Cookies::from_variables(accounts.app.environment.texts())?;
    if cookies.is_empty() {
        return Err(wrong("no cookies among the environment variables")
            .hint("set `session_id`, `ubid_main` and `at_main` (or `ubid_acb…` and `at_acb…` of your shop)"));
    }
    Ok(cookies)
}

fn of_standard_input() -> Result<Cookies> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(format!("cannot read cookies from standard input: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(wrong("what came on standard input is far too long for cookies")
            .hint("give the request, the `cookies.txt`, the JSON or the header alone"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("what came on standard input is no text in UTF-8"))?;
    let text = SecretString::from(text);
    if text.expose_secret().trim().is_empty() {
        return Err(Error::new(
            ErrorKind::Auth(AuthProblem::Missing),
            "nobody can be asked for cookies, and none came on standard input",
        )
        .provider(Kind::Amazon.word())
        .operation(Operation::SignIn)
        .hint(
            "run the command on a terminal, which tells the steps; or give `--cookies FILE`, `--from-browser firefox` or \
             `--from-env`",
        ));
    }
    Cookies::parse(text.expose_secret())
}

/// The shop that the person or the settings name.
fn named_shop(accounts: &Accounts<'_>, args: &LoginArgs) -> Result<Option<Marketplace>> {
    let named = accounts
        .settings
        .amazon
        .marketplace
        .as_ref()
        .or(args.marketplace.as_ref());
    named.map(|name| name.parse()).transpose()
}

/// Settles which shop is meant where cookies open several: the first one would be somebody else's library as well.
async fn of_one_shop(accounts: &Accounts<'_>, args: &LoginArgs, cookies: Cookies) -> Result<Given> {
    let shops = cookies.shops();
    if named_shop(accounts, args)?.is_some() || shops.len() < 2 {
        return Ok(Given {
            cookies,
            marketplace: args.marketplace.clone(),
        });
    }
    let domains: Vec<String> = shops.iter().map(ToString::to_string).collect();
    match accounts.app.person.choose("Which shop", &domains).await? {
        Some(chosen) => Ok(Given {
            cookies,
            marketplace: domains.into_iter().nth(chosen),
        }),
        None => Err(several_shops(&domains)),
    }
}

fn several_shops(domains: &[String]) -> Error {
    wrong(format!("the cookies open several shops: {}", domains.join(", ")))
        .hint("say which one is meant: `--marketplace SHOP`")
}

/// Takes them from Firefox.
async fn of_browser(accounts: &Accounts<'_>, args: &LoginArgs) -> Result<Given> {
    let app = accounts.app;
    let search = Search {
        state_dir: &accounts.settings.state_dir,
        environment: &app.environment,
        wanted: args.browser_profile.as_deref(),
    };
    let mut found = search.sign_ins()?;
    if let Some(shop) = named_shop(accounts, args)? {
        let others: Vec<String> = found
            .iter()
            .map(|found| format!("`{}`: {}", found.name, found.shop))
            .collect();
        found.retain(|found| found.shop == shop);
        if found.is_empty() {
            return Err(Error::new(
                ErrorKind::Auth(AuthProblem::Missing),
                format!(
                    "nobody is signed in to {shop} in Firefox, but elsewhere ({})",
                    others.join(", ")
                ),
            )
            .provider(Kind::Amazon.word())
            .hint(format!(
                "sign in at https://www.{shop}/photos in Firefox, or name another shop"
            )));
        }
    }
    let chosen = choose(accounts, &found).await?;
    app.printer.talk(&format!(
        "taken from Firefox, profile `{}`: {}",
        chosen.name, chosen.shop
    ));
    Ok(Given {
        cookies: chosen.cookies.clone(),
        marketplace: Some(chosen.shop.to_string()),
    })
}

/// One of several sign-ins. Where nobody can be asked, the only one outside of containers is meant.
async fn choose<'f>(accounts: &Accounts<'_>, found: &'f [BrowserSignIn]) -> Result<&'f BrowserSignIn> {
    if let [only] = found {
        return Ok(only);
    }
    let line = |found: &BrowserSignIn| format!("{} in profile `{}`", found.shop, found.name);
    let lines: Vec<String> = found.iter().map(line).collect();
    let question = "Firefox is signed in several times: take which one";
    if let Some(chosen) = accounts.app.person.choose(question, &lines).await?
        && let Some(chosen) = found.get(chosen)
    {
        return Ok(chosen);
    }
    let mut outside = found.iter().filter(|found| found.outside_containers);
    if let (Some(only), None) = (outside.next(), outside.next()) {
        accounts.app.printer.talk(&format!(
            "note: Firefox is also signed in within containers: {}; `--browser-profile NAME` takes one of these",
            lines
                .iter()
                .filter(|text| **text != line(only))
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        ));
        return Ok(only);
    }
    let names: Vec<String> = found.iter().map(|found| format!("`{}`", found.name)).collect();
    let hint = if names.iter().all(|name| *name == names[0]) {
        "say which one is meant: `--marketplace SHOP`".to_owned()
    } else {
        format!(
            "say which one is meant: `--browser-profile NAME`, one of {}",
            names.join(", ")
        )
    };
    Err(wrong(format!("Firefox is signed in several times: {}", lines.join(", "))).hint(hint))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
        .provider(Kind::Amazon.word())
        .operation(Operation::SignIn)
}
