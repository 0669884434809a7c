//! Sign-ins in files that the settings name, and what counts when somebody signs in anew although there is one.
//!
//! Such a file is used instead of the kept sign-in. Whoever runs `photomove auth login` while it is named wants to go on
//! with the new sign-in, though: which content of the file it replaced is remembered, and the file counts again once it
//! holds something else.

use std::path::Path;
use std::time::UNIX_EPOCH;

use photomove_core::{CredentialKey, CredentialStore, Digester, HashKinds, Result, read_secret};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{Accounts, DEFAULT_ACCOUNT, key};
use crate::endpoint::{Endpoint, Kind};
use crate::settings::Settings;

/// Returns the file that the settings name for a provider.
pub(crate) fn named(settings: &Settings, kind: Kind) -> Option<&Path> {
    match kind {
        Kind::Amazon => settings.amazon.cookies.as_deref(),
        Kind::Google => settings.google.token.as_deref(),
        Kind::PhotoPrism => settings.photoprism.sign_in.as_deref(),
    }
}

impl Accounts<'_> {
    /// Returns the file whose sign-in an endpoint uses; `None` = a kept one is used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn file_of_settings(&self, endpoint: &Endpoint) -> Result<Option<&Path>> {
        let Some(path) = named(self.settings, endpoint.kind).filter(|_| endpoint.account.is_none()) else {
            return Ok(None);
        };
        #[cfg(feature = "photoprism")]
        if let Some(server) = &endpoint.server
            && !super::photoprism::is_at(path, server)?
        {
            return Ok(None);
        }
        Ok((!self.is_replaced(endpoint.kind, path).await?).then_some(path))
    }

    /// Remembers that the kept default sign-in of a provider replaces the one in the settings' file; says whether there
    /// is such a file.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) async fn replace_file_of_settings(&self, kind: Kind) -> Result<bool> {
        let Some(path) = named(self.settings, kind) else {
            return Ok(false);
        };
        let mark = serde_json::json!({ "replaces": content(kind, path) }).to_string();
        self.store.save(&replaced(kind), &mark.into()).await?;
        Ok(true)
    }

    async fn is_replaced(&self, kind: Kind, path: &Path) -> Result<bool> {
        let Some(mark) = self.store.load(&replaced(kind)).await? else {
            return Ok(false);
        };
        if self.store.load(&key(kind, DEFAULT_ACCOUNT)).await?.is_none() {
            return Ok(false);
        }
        let mark: Value = serde_json::from_str(mark.expose_secret()).unwrap_or_default();
        Ok(mark.get("replaces") == Some(&content(kind, path).into()))
    }

    /// Tells the sign-ins that an endpoint may use apart from later ones, without holding them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn fingerprint(&self, endpoint: &Endpoint) -> Result<String> {
        let mut digester = Digester::new(HashKinds::SHA256);
        let mut add = |text: Option<SecretString>, path: &Path| {
            let text = text.unwrap_or_default();
            digester.update(&(text.expose_secret().len() as u64).to_be_bytes());
            digester.update(text.expose_secret().as_bytes());
            // A person may give the same sign-in again, after a check that the service wanted, say.
            digester.update(&written(path).to_be_bytes());
        };
        if endpoint.account.is_none()
            && let Some(path) = named(self.settings, endpoint.kind)
        {
            add(read_secret(path).ok(), path);
            let mark = replaced(endpoint.kind);
            add(self.store.load(&mark).await?, &self.store.path(&mark)?);
        }
        let accounts = match &endpoint.account {
            Some(account) => vec![account.clone()],
            None => self.kept(endpoint.kind).await?,
        };
        for account in accounts {
            let key = key(endpoint.kind, &account);
            // A file that somebody put there, such as a copy, whose name is none of an account.
            let Ok(path) = self.store.path(&key) else { continue };
            add(self.store.load(&key).await?, &path);
        }
        Ok(hex(digester))
    }
}

/// When a file was written, in nanoseconds; 0 where that is not known.
fn written(path: &Path) -> u128 {
    let modified = std::fs::metadata(path).and_then(|facts| facts.modified());
    let since = modified.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

fn replaced(kind: Kind) -> CredentialKey {
    CredentialKey::new("replaced-file", kind.word())
}

/// Tells what a file holds apart from what a person puts into it later; `None` = it cannot be read.
fn content(kind: Kind, path: &Path) -> Option<String> {
    let text = read_secret(path).ok()?;
    let mut digester = Digester::new(HashKinds::SHA256);
    // This program itself writes new access tokens into Google's file; the refresh token stays.
    let refresh = (kind == Kind::Google)
        .then(|| serde_json::from_str::<Value>(text.expose_secret()).ok())
        .flatten()
        .and_then(|file| Some(SecretString::from(file.get("refresh_token")?.as_str()?.to_owned())));
    #[cfg(feature = "photoprism")]
    // Nor do the sessions that this program opens make another PhotoPrism sign-in.
    let refresh = refresh.or_else(|| match kind {
        Kind::PhotoPrism => super::photoprism::written_by_hand(text.expose_secret()).map(SecretString::from),
        _ => None,
    });
    digester.update(refresh.as_ref().unwrap_or(&text).expose_secret().as_bytes());
    Some(hex(digester))
}

fn hex(digester: Digester) -> String {
    let hash = digester.finish().sha256.unwrap_or_default();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_access_token_makes_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        let content_of = |text: &str| {
            std::fs::write(&path, text).unwrap();
            content(Kind::Google, &path).unwrap()
        };
        let first = content_of(r#"{"access_token": "a", "refresh_token": "r"}"#);
        assert_eq!(first, content_of(r#"{"access_token": "b", "refresh_token": "r"}"#));
        assert_ne!(first, content_of(r#"{"access_token": "a", "refresh_token": "s"}"#));
        assert_ne!(content_of("x"), content_of("y"));
    }
}
