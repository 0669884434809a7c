//! What a sign-in allows, in words.

use photomove_core::{AuthProblem, Error, ErrorKind, Operation};

use super::{SCOPE_APPEND, SCOPE_EDIT, SCOPE_READ, SCOPES};

/// Long form under which `email` is granted.
const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
/// What opened whole libraries until 31 March 2025. It is still granted, and opens nothing.
const REMOVED: [&str; 3] = [
    "https://www.googleapis.com/auth/photoslibrary",
    "https://www.googleapis.com/auth/photoslibrary.readonly",
    "https://www.googleapis.com/auth/photoslibrary.sharing",
];

/// Something that a sign-in may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Upload files, create items and albums.
    Upload,
    /// Read what this program created.
    ReadBack,
    /// Change what this program created.
    Edit,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Upload, Self::ReadBack, Self::Edit];

    /// Returns the scope that grants it.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Upload => SCOPE_APPEND,
            Self::ReadBack => SCOPE_READ,
            Self::Edit => SCOPE_EDIT,
        }
    }

    /// Returns what it allows, as in "may …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::ReadBack => "read back what it sent",
            Self::Edit => "edit what it sent",
        }
    }

    /// Returns what does not work without it.
    pub fn without(self) -> &'static str {
        match self {
            Self::Upload => "nothing can be uploaded",
            Self::ReadBack => "nothing can be verified, and a run that broke off cannot go on",
            Self::Edit => "putting items into further albums may fail, and descriptions cannot be changed",
        }
    }

    /// Says whether a migration is possible without it.
    pub fn can_be_missed(self) -> bool {
        self == Self::Edit
    }
}

/// Returns scopes under the names that are asked for.
pub(crate) fn named<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let name = |scope| if scope == EMAIL { "email" } else { scope };
    scopes.into_iter().map(|scope| name(scope).to_owned()).collect()
}

/// Says whether a sign-in with these scopes can tell whose account it is.
pub(crate) fn tells_whose(scopes: &[String]) -> bool {
    let any = ["openid", "email", "profile", EMAIL, PROFILE];
    scopes.iter().any(|scope| any.contains(&scope.as_str()))
}

/// Returns which permissions these scopes do not give.
pub(crate) fn missing(scopes: &[String]) -> Vec<Permission> {
    let given = |permission: &Permission| scopes.iter().any(|scope| scope == permission.scope());
    Permission::ALL
        .into_iter()
        .filter(|permission| !given(permission))
        .collect()
}

/// A person can untick boxes and the exchange still succeeds. The address is the one thing that can be done without.
pub(crate) fn check_consent(granted: &[String]) -> photomove_core::Result<()> {
    let lacks: Vec<&str> = SCOPES
        .iter()
        .copied()
        .filter(|scope| *scope != "email" && !granted.iter().any(|granted| granted == scope))
        .collect();
    if lacks.is_empty() {
        return Ok(());
    }
    Err(lacking(&lacks, granted).hint("sign in again with `photomove auth login google` and leave every box ticked"))
}

/// As [`check_consent`] for a sign-in that another tool made: what a migration can do without may be missing.
///
/// # Errors
/// [`AuthProblem::MissingScope`] with the names of all permissions that are missing, and what does not work without.
pub(crate) fn check_import(granted: &[String]) -> photomove_core::Result<()> {
    let missing = missing(granted);
    if missing.iter().all(|permission| permission.can_be_missed()) {
        return Ok(());
    }
    let lacks: Vec<&str> = missing.iter().map(|permission| permission.scope()).collect();
    Err(lacking(&lacks, granted).hint(
        "sign in with `photomove auth login google`, which asks for all of them, or let the other tool ask for them too",
    ))
}

fn lacking(lacks: &[&str], granted: &[String]) -> Error {
    let words: Vec<String> = lacks.iter().map(|scope| described(scope)).collect();
    let mut message = format!("permissions were not granted: {}", words.join("; "));
    if granted.iter().any(|scope| REMOVED.contains(&scope.as_str())) {
        message.push_str("; those to whole libraries, which it has, open nothing since March 2025");
    }
    Error::new(ErrorKind::Auth(AuthProblem::MissingScope), message)
        .provider("google")
        .operation(Operation::SignIn)
}

/// `photoslibrary.appendonly` (without it nothing can be uploaded)
fn described(scope: &str) -> String {
    let name = scope.rsplit('/').next().unwrap_or(scope);
    let permission = Permission::ALL.into_iter().find(|known| known.scope() == scope);
    let without = permission.map_or("it cannot be told whose account it is", Permission::without);
    format!("`{name}` (without it {without})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_what_does_not_work() {
        let all = named(SCOPES);
        assert!(check_consent(&all).is_ok() && check_import(&all).is_ok());
        let without = |scope: &str| -> Vec<String> { all.iter().filter(|kept| *kept != scope).cloned().collect() };
        let error = check_consent(&without(SCOPE_READ)).unwrap_err();
        assert_eq!(
            error.message(),
            "permissions were not granted: `photoslibrary.readonly.appcreateddata` (without it nothing can be verified, and \
             a run that broke off cannot go on)"
        );
        assert!(check_consent(&without("openid")).is_err() && check_import(&without("openid")).is_ok());
        assert!(check_consent(&without("email")).is_ok());
        assert!(check_import(&without(SCOPE_EDIT)).is_ok() && check_import(&without(SCOPE_APPEND)).is_err());
        assert_eq!(missing(&without(SCOPE_EDIT)), [Permission::Edit]);
    }

    #[test]
    fn a_permission_of_old_is_no_permission() {
        let old = named([REMOVED[0]]);
        let error = check_import(&old).unwrap_err();
        assert!(error.message().contains("`photoslibrary.appendonly`"), "{error}");
        assert!(error.message().contains("since March 2025"), "{error}");
        assert!(!tells_whose(&old) && tells_whose(&named([EMAIL])));
    }
}
