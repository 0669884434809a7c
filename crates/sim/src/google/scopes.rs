//! OAuth scopes: their names, and which of them each method of the Library API wants.

use std::collections::BTreeSet;

const PREFIX: &str = "https://www.googleapis.com/auth/";

/// Upload bytes, create items and albums.
pub(super) const APPEND: &str = "https://www.googleapis.com/auth/photoslibrary.appendonly";
/// Read what the app created.
pub(super) const READ: &str = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata";
/// Change what the app created.
pub(super) const EDIT: &str = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata";
/// Who is signed in; the short form is what clients ask for.
pub(super) const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
/// Asks for an id token.
pub(super) const OPENID: &str = "openid";

/// Names after the prefix that a consent screen can grant. The last three were removed in 2025: they may still be
/// granted, and no method is content with them.
const KNOWN: [&str; 9] = [
    "photoslibrary.appendonly",
    "photoslibrary.readonly.appcreateddata",
    "photoslibrary.edit.appcreateddata",
    "photospicker.mediaitems.readonly",
    "userinfo.email",
    "userinfo.profile",
    "photoslibrary",
    "photoslibrary.readonly",
    "photoslibrary.sharing",
];

/// Scopes of a grant, under the names that token replies use.
pub(super) type Scopes = BTreeSet<String>;

/// The scopes of a space-separated list, or the first name that does not exist.
pub(super) fn parse(text: &str) -> Result<Scopes, String> {
    text.split_ascii_whitespace()
        .map(|name| canonical(name).ok_or_else(|| name.to_owned()))
        .collect()
}

/// The name under which a scope is granted: `email` and `profile` are answered by their long names.
pub(super) fn canonical(name: &str) -> Option<String> {
    match name {
        OPENID => Some(name.to_owned()),
        "email" | "profile" => Some(format!("{PREFIX}userinfo.{name}")),
        _ => name
            .strip_prefix(PREFIX)
            .filter(|rest| KNOWN.contains(rest))
            .map(|_| name.to_owned()),
    }
}

/// The list as a token reply writes it.
pub(super) fn join(scopes: &Scopes) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Whether the grant holds one of these.
pub(super) fn any(granted: &Scopes, wanted: &[&str]) -> bool {
    wanted.iter().any(|scope| granted.contains(*scope))
}

/// What a fully signed-in photomove has.
pub(super) fn photomove() -> Scopes {
    [APPEND, READ, EDIT, EMAIL, OPENID].map(str::to_owned).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_granted_under_their_long_ones() {
        let scopes = parse(&format!("openid email {APPEND}")).unwrap();
        assert!(any(&scopes, &[EMAIL]) && any(&scopes, &[APPEND]) && any(&scopes, &[OPENID]));
        assert_eq!(parse("email calendar"), Err("calendar".to_owned()));
    }
}
