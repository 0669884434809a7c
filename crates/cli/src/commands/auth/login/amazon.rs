//! Signing in to Amazon Photos: cookies are taken, the service is asked whose they are, a person confirms it.

mod steps;
mod taking;

use photomove_amazon::Marketplace;
use photomove_core::{Account, AuthProblem, CredentialStore, Error, ErrorKind, Result};

use self::taking::Given;
use super::LoginArgs;
use crate::endpoint::Kind;
use crate::errors;
use crate::providers::amazon::{AmazonSignIn, Known, known};
use crate::providers::{self, Accounts, Held, SignIn};
use crate::text;

/// How often somebody at a terminal may try.
const TRIES: u32 = 5;

/// Takes cookies, asks the service whose they are, and keeps them.
pub(super) async fn login(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Account> {
    if !taking::asks(accounts, args) {
        let given = taking::take(accounts, args).await?;
        return check_and_keep(accounts, args, given, name).await;
    }
    let printer = &accounts.app.printer;
    printer.talk(&steps::text(shop_of_steps(accounts, args, name).await?));
    for left in (0..TRIES).rev() {
        let tried = async {
            let given = taking::pasted(accounts, args).await?;
            check_and_keep(accounts, args, given, name).await
        };
        match tried.await {
            Err(error) if left > 0 && is_mended_by_another_try(&error) => {
                let error = for_another_try(error);
                printer.talk_in_columns(&format!(
                    "{}\ntry again, or end with Ctrl-C\n",
                    errors::render(&error).trim_end()
                ));
            }
            ended => return ended,
        }
    }
    Err(Error::new(ErrorKind::Internal, "the last try did not end"))
}

/// The address in the steps: that of the shop that is already known, if one is.
async fn shop_of_steps(accounts: &Accounts<'_>, args: &LoginArgs, name: &str) -> Result<Option<Marketplace>> {
    let named = args
        .marketplace
        .as_ref()
        .or(accounts.settings.amazon.marketplace.as_ref());
    if let Some(named) = named {
        return named.parse().map(Some);
    }
    let before = known(accounts, name).await?;
    let domain = before.map(|known| known.about.to_ascii_lowercase());
    let domain = domain.as_deref().and_then(|about| about.split(',').next());
    Ok(domain.and_then(|domain| domain.parse().ok()))
}

/// Whether something else that is pasted may do. A service that cannot be reached is asked no sooner.
fn is_mended_by_another_try(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Config | ErrorKind::Auth(_))
}

/// Who is asked again has no use for the command that they have typed.
fn for_another_try(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Auth(AuthProblem::Expired | AuthProblem::Revoked) => error.hint_instead(
            "reload the page in the browser, sign in there if it asks for it, and copy the request again",
        ),
        _ => error,
    }
}

async fn check_and_keep(accounts: &Accounts<'_>, args: &LoginArgs, given: Given, name: &str) -> Result<Account> {
    let app = accounts.app;
    let sign_in = AmazonSignIn::new(given.cookies, given.marketplace);
    let (account, about) = ask_service(accounts, &sign_in).await?;
    let whose = Known {
        owner: account.owner.as_str().to_owned(),
        about,
    };
    // One after the other: whose it is comes first, then what it would replace.
    if !app.person.is_there() {
        app.printer.text(&whose.about);
    } else if !app.person.confirm(&format!("{}. Is that yours?", whose.about)).await? {
        return Err(Error::new(ErrorKind::Cancelled, "nothing was kept").hint(
            "sign in to your own account in the browser, or use a private window of it, and copy the request again",
        ));
    }
    may_replace(accounts, args, name, &whose).await?;
    let credential = sign_in.known_as(whose.clone()).to_credential()?;
    let key = providers::key(Kind::Amazon, name);
    accounts.store.save(&key, &credential).await?;
    tell_twins(accounts, name, &whose).await?;
    Ok(account)
}

/// Whose account it is, and what a person recognises it by.
async fn ask_service(accounts: &Accounts<'_>, sign_in: &AmazonSignIn) -> Result<(Account, String)> {
    match accounts.usage(SignIn::Amazon(sign_in.clone())).await {
        Ok((account, held)) => {
            let about = about(&account, &held);
            Ok((account, about))
        }
        Err(error) if matches!(error.kind(), ErrorKind::Protocol | ErrorKind::NotFound) => {
            tracing::debug!("how much the account holds was not told: {error}");
            let account = accounts
                .open_alone(SignIn::Amazon(sign_in.clone()))
                .await?
                .connect()
                .await?;
            let about = about(&account, &[]);
            Ok((account, about))
        }
        Err(error) => Err(error),
    }
}

/// `Amazon.de, 27,599 photos, 1,339 videos, 149.0 GB`.
fn about(account: &Account, held: &[Held]) -> String {
    let domain = account.label.as_deref().unwrap_or("amazon");
    let mut parts = vec![domain.replacen('a', "A", 1)];
    let of = |category: &str| held.iter().find(|held| held.category == category);
    let media = [(of("photo"), "photo"), (of("video"), "video")];
    for (held, word) in media {
        parts.extend(held.and_then(|held| held.files).map(|files| text::counted(files, word)));
    }
    let bytes = media.iter().filter_map(|(held, _)| (*held)?.bytes);
    if let Some(bytes) = bytes.reduce(u64::saturating_add) {
        parts.push(text::bytes(bytes));
    }
    parts.join(", ")
}

/// Notices that a name has been another account's so far.
async fn may_replace(accounts: &Accounts<'_>, args: &LoginArgs, name: &str, whose: &Known) -> Result<()> {
    let Some(before) = known(accounts, name)
        .await?
        .filter(|before| before.owner != whose.owner)
    else {
        return Ok(());
    };
    super::replacement_is_meant(accounts, args, Kind::Amazon, name, &before.about).await
}

/// Says under which other name the same account is kept: nobody should move it twice.
async fn tell_twins(accounts: &Accounts<'_>, name: &str, whose: &Known) -> Result<()> {
    for other in accounts.kept(Kind::Amazon).await? {
        if other != name
            && known(accounts, &other)
                .await?
                .is_some_and(|known| known.owner == whose.owner)
        {
            let typed = providers::typed(Kind::Amazon, &other);
            accounts
                .app
                .printer
                .talk(&format!("note: the same account is also signed in as `{typed}`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use photomove_core::Owner;

    use super::*;

    fn account(label: Option<&str>) -> Account {
        Account {
            owner: Owner::from("A1"),
            label: label.map(str::to_owned),
            used: None,
            limit: None,
            expires: None,
        }
    }

    fn held(category: &str, files: u64, bytes: u64) -> Held {
        Held {
            category: category.to_owned(),
            files: Some(files),
            bytes: Some(bytes),
        }
    }

    #[test]
    fn an_account_is_recognised_by_what_it_holds() {
        let all = [
            held("doc", 5, 524_288),
            held("photo", 27_599, 148_000_000_000),
            held("video", 1_339, 1_000_000_000),
        ];
        assert_eq!(
            about(&account(Some("amazon.de")), &all),
            "Amazon.de, 27,599 photos, 1,339 videos, 149.0 GB"
        );
        assert_eq!(
            about(&account(Some("amazon.co.uk")), &[held("photo", 1, 900)]),
            "Amazon.co.uk, 1 photo, 900 B"
        );
        assert_eq!(about(&account(None), &[]), "Amazon");
    }
}
