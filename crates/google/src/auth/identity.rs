//! Whose account it is: `sub` and `email` of the id token, together with the project of the OAuth client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use photomove_core::Owner;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Whose account a sign-in belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Stable id of the account.
    pub sub: String,
    /// E-mail address, for people.
    pub email: Option<String>,
}

impl Identity {
    /// Reads the claims of an id token.
    ///
    /// Its signature is not checked: it came from the token endpoint over TLS, which is what OpenID Connect Core 3.1.3.7
    /// allows a client to rely on instead. Never read one that came by any other way.
    pub(crate) fn from_id_token(token: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Claims {
            sub: String,
            email: Option<String>,
        }
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        (!claims.sub.is_empty()).then_some(Self {
            sub: claims.sub,
            email: claims.email,
        })
    }

    pub(crate) fn of_secret(token: &SecretString) -> Option<Self> {
        Self::from_id_token(token.expose_secret())
    }

    /// Returns the owner as photomove knows it. The project belongs to it: another project sees nothing of what this
    /// one uploaded, so that a sign-in through another client is another account.
    pub fn owner(&self, project: &str) -> Owner {
        Owner::new(format!("{}@{project}", self.sub))
    }
}

/// Whose a sign-in is, as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A person's.
    Person(Identity),
    /// Somebody's, through this project: it came without `openid`. Another person's sign-in through the same project
    /// could not be told from it.
    Project,
}

impl Whose {
    /// Returns the owner as photomove knows it.
    pub fn owner(&self, project: &str) -> Owner {
        match self {
            Self::Person(identity) => identity.owner(project),
            // No account's id has this form.
            Self::Project => Owner::new(format!("somebody@{project}")),
        }
    }

    /// Returns the name for people, as far as there is one.
    pub fn label(&self, project: &str) -> Option<String> {
        match self {
            Self::Person(identity) => identity.email.clone(),
            Self::Project => Some(format!("project {project}")),
        }
    }
}

/// Returns the project number that a client id begins with.
pub(crate) fn project_of_client(client_id: &str) -> Option<&str> {
    let end = client_id.find(['-', '.'])?;
    let number = &client_id[..end];
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read_and_nonsense_is_nobody() {
        let identity =
            Identity::from_id_token(&token(r#"{"sub": "117", "email": "a@b.example", "aud": "x"}"#)).unwrap();
        assert_eq!(
            (identity.sub.as_str(), identity.email.as_deref()),
            ("117", Some("a@b.example"))
        );
        assert_eq!(identity.owner("123").as_str(), "117@123");
        for nonsense in ["", "a.b", "a.!!.c", &token("{}"), &token(r#"{"sub": ""}"#)] {
            assert_eq!(Identity::from_id_token(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn who_cannot_be_told_is_nobody_elses_owner() {
        assert_eq!(Whose::Project.owner("7").as_str(), "somebody@7");
        assert_eq!(Whose::Project.label("7").as_deref(), Some("project 7"));
    }

    #[test]
    fn the_project_is_the_number_in_front() {
        assert_eq!(
            project_of_client("1234567890-abc.apps.googleusercontent.com"),
            Some("1234567890")
        );
        assert_eq!(
            project_of_client("1234567890.apps.googleusercontent.com"),
            Some("1234567890")
        );
        assert_eq!(project_of_client("name-1.apps.googleusercontent.com"), None);
        assert_eq!(project_of_client(""), None);
    }
}
