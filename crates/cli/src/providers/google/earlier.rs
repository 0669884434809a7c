//! A new sign-in beside the one that was there: another account is kept only if a person wants that, and another project is
//! told, because it sees nothing of what the old one uploaded.

use photomove_core::{AuthProblem, CredentialStore, Error, ErrorKind, FactStore, Result};
use photomove_google::TokenFile;
use photomove_google::auth::Whose;

use crate::endpoint::{Endpoint, Kind};
use crate::providers::{self, Accounts, DEFAULT_ACCOUNT, SignIn};

/// Name of the fact that tells through which project an account was used last.
const PROJECT: &str = "project";

/// Returns the sign-in that `name` has had so far, if there is one that can be read.
pub(crate) async fn earlier(accounts: &Accounts<'_>, name: &str) -> Option<TokenFile> {
    // The default account may be the one of the settings' file.
    let account = (name != DEFAULT_ACCOUNT).then(|| name.to_owned());
    let endpoint = Endpoint::of(Kind::Google).with_account(account);
    if name == DEFAULT_ACCOUNT && accounts.file_of_settings(&endpoint).await.ok()?.is_none() {
        let text = accounts.store.load(&providers::key(Kind::Google, name)).await.ok()??;
        return TokenFile::parse(secrecy::ExposeSecret::expose_secret(&text)).ok();
    }
    let sign_in = match accounts.sign_in(&endpoint).await.ok()? {
        SignIn::Google(sign_in) => sign_in,
        #[cfg(any(feature = "amazon", feature = "photoprism"))]
        _ => return None,
    };
    TokenFile::load(&*sign_in.store, &sign_in.key).await.ok()
}

/// Makes sure that a new sign-in may take the place of the earlier one; nothing has been kept yet.
///
/// # Errors
/// [`AuthProblem::WrongAccount`] if it is another account's and nobody says that it may; [`ErrorKind::Cancelled`] if a
/// person says that it may not.
pub(crate) async fn may_replace(
    accounts: &Accounts<'_>,
    name: &str,
    earlier: Option<&TokenFile>,
    new: &TokenFile,
    replace: bool,
) -> Result<()> {
    let Some(earlier) = earlier else { return Ok(()) };
    let (Some(was), Some(is)) = (earlier.whose(), new.whose()) else {
        return Ok(());
    };
    let typed = providers::typed(Kind::Google, name);
    if !is_same(&was, &is) {
        let (was, is) = (named(&was, earlier), named(&is, new));
        let what = format!("last time it was {was}, now it is {is}");
        if replace {
            accounts
                .app
                .printer
                .note(&format!("{what}; the earlier sign-in of `{typed}` is replaced"));
            return Ok(());
        }
        return other_account(accounts, &typed, &what).await;
    }
    if earlier.project() != new.project() {
        return other_project(accounts, earlier, new, replace).await;
    }
    Ok(())
}

/// Whom two sign-ins belong to; who cannot be told is nobody but the same project.
fn is_same(was: &Whose, is: &Whose) -> bool {
    match (was, is) {
        (Whose::Person(was), Whose::Person(is)) => was.sub == is.sub,
        (Whose::Project, Whose::Project) => true,
        _ => false,
    }
}

fn named(whose: &Whose, file: &TokenFile) -> String {
    match whose {
        Whose::Person(identity) => identity
            .email
            .clone()
            .unwrap_or_else(|| format!("account {}", identity.sub)),
        Whose::Project => format!(
            "somebody of project {} (the sign-in does not tell whom)",
            file.project().unwrap_or("unknown")
        ),
    }
}

async fn other_account(accounts: &Accounts<'_>, typed: &str, what: &str) -> Result<()> {
    let both = format!(
        "to keep both, give this one a name: `photomove auth login {}@NAME`",
        Kind::Google.word()
    );
    let choices = [
        "leave everything as it was".to_owned(),
        format!("keep this one as `{typed}`, forget the earlier one"),
    ];
    match accounts.app.person.choose(&format!("{what}. Choose"), &choices).await? {
        Some(1) => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Cancelled, "nothing was kept").hint(both)),
        None => Err(Error::new(
            ErrorKind::Auth(AuthProblem::WrongAccount),
            format!("{what}; nothing was kept"),
        )
        .provider(Kind::Google.word())
        .hint(format!("{both}; to replace the earlier one, add `--replace`"))),
    }
}

async fn other_project(accounts: &Accounts<'_>, earlier: &TokenFile, new: &TokenFile, replace: bool) -> Result<()> {
    let app = accounts.app;
    let what = of_projects(
        earlier.project().unwrap_or("unknown"),
        new.project().unwrap_or("unknown"),
    );
    app.printer.note(&what);
    if replace || !app.person.is_there() || app.person.confirm("Use the new project all the same?").await? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Cancelled, "nothing was kept")
        .hint("sign in with the earlier client: `photomove auth login google --client-secret FILE`"))
}

/// What it means that the project is another one.
fn of_projects(was: &str, is: &str) -> String {
    format!(
        "this sign-in belongs to the Google project {is}, the earlier one to {was}. Google shows a project only what it made \
         itself: albums and items that photomove sent through the old one are not seen, albums of the same name are made again \
         beside them, and a run of the old project does not go on"
    )
}

/// Says so if an account was used through another project in an earlier run.
///
/// # Errors
/// When the facts cannot be read.
pub(crate) async fn changed_project(file: &TokenFile, facts: &dyn FactStore) -> Result<Option<String>> {
    let (Some(account), Some(is)) = (account(file), file.project()) else {
        return Ok(None);
    };
    let was = facts.get(&account, PROJECT).await?;
    Ok(was.filter(|was| was != is).map(|was| of_projects(&was, is)))
}

/// Notes through which project an account is used.
///
/// # Errors
/// When the facts cannot be written.
pub(crate) async fn note_project(file: &TokenFile, facts: &dyn FactStore) -> Result<()> {
    let (Some(account), Some(project)) = (account(file), file.project()) else {
        return Ok(());
    };
    if facts.get(&account, PROJECT).await?.as_deref() == Some(project) {
        return Ok(());
    }
    facts.put(&account, PROJECT, project).await
}

fn account(file: &TokenFile) -> Option<String> {
    match file.whose()? {
        Whose::Person(identity) => Some(format!("{}:account {}", Kind::Google.word(), identity.sub)),
        Whose::Project => None,
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::MemoryFactStore;

    use super::*;

    fn file(sub: &str, project: &str) -> TokenFile {
        let text = format!(
            r#"{{"client_id": "{project}-a.apps.googleusercontent.com", "refresh_token": "r", "account": {{"sub": "{sub}"}}}}"#
        );
        TokenFile::parse(&text).unwrap()
    }

    #[tokio::test]
    async fn another_project_of_the_same_account_is_told_until_it_is_used() {
        let facts = MemoryFactStore::default();
        assert_eq!(changed_project(&file("7", "100"), &facts).await.unwrap(), None);
        note_project(&file("7", "100"), &facts).await.unwrap();
        assert_eq!(changed_project(&file("7", "100"), &facts).await.unwrap(), None);
        assert_eq!(
            changed_project(&file("8", "200"), &facts).await.unwrap(),
            None,
            "another account"
        );
        let words = changed_project(&file("7", "200"), &facts).await.unwrap().unwrap();
        assert!(words.contains("project 200, the earlier one to 100"), "{words}");
        note_project(&file("7", "200"), &facts).await.unwrap();
        assert_eq!(changed_project(&file("7", "200"), &facts).await.unwrap(), None);
    }

    #[test]
    fn who_cannot_be_told_is_somebody_else() {
        let person = |sub: &str| file(sub, "1").whose().unwrap();
        assert!(is_same(&person("7"), &person("7")) && !is_same(&person("7"), &person("8")));
        assert!(is_same(&Whose::Project, &Whose::Project) && !is_same(&person("7"), &Whose::Project));
    }
}
