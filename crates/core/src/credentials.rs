//! Where sign-ins are kept.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, ErrorKind, Operation, Result, write_private};

/// Names one kept sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CredentialKey {
    /// Kind of provider, such as `google`.
    pub provider: String,
    /// Name the person gave the account, `default` where they gave none.
    pub account: String,
}

impl CredentialKey {
    /// Names the sign-in of `account` at `provider`.
    pub fn new(provider: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            account: account.into(),
        }
    }
}

/// Keeps sign-ins as opaque texts.
#[async_trait]
pub trait CredentialStore: fmt::Debug + Send + Sync {
    /// Returns the sign-in, `None` if there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn load(&self, key: &CredentialKey) -> Result<Option<SecretString>>;
    /// Replaces the sign-in; durable when it returns.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn save(&self, key: &CredentialKey, secret: &SecretString) -> Result<()>;
    /// Forgets the sign-in; says whether there was one.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn remove(&self, key: &CredentialKey) -> Result<bool>;
    /// Lists the sign-ins of all providers, sorted.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn list(&self) -> Result<Vec<CredentialKey>>;
}

/// A store that lives in memory.
#[derive(Debug, Default)]
pub struct MemoryCredentialStore(Mutex<HashMap<CredentialKey, SecretString>>);

#[async_trait]
impl CredentialStore for MemoryCredentialStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<SecretString>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.get(key).cloned())
    }

    async fn save(&self, key: &CredentialKey, secret: &SecretString) -> Result<()> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert(key.clone(), secret.clone());
        Ok(())
    }

    async fn remove(&self, key: &CredentialKey) -> Result<bool> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.remove(key).is_some())
    }

    async fn list(&self) -> Result<Vec<CredentialKey>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = map.keys().cloned().collect();
        keys.sort_by(|a, b| (&a.provider, &a.account).cmp(&(&b.provider, &b.account)));
        Ok(keys)
    }
}

/// A folder with one private file per sign-in: `<provider>@<account>.json`.
#[derive(Debug, Clone)]
pub struct FileCredentialStore {
    folder: PathBuf,
}

impl FileCredentialStore {
    /// Uses the folder; it is made when the first sign-in is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the file of a sign-in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the account's name holds anything but letters, digits, `-`, `_`, `.` and `@`, which
    /// keeps it from naming a file elsewhere.
    pub fn path(&self, key: &CredentialKey) -> Result<PathBuf> {
        let tame = |name: &str| {
            !name.is_empty()
                && !name.starts_with('.')
                && name.len() <= 100
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@'))
        };
        if !tame(&key.provider) || !tame(&key.account) {
            return Err(Error::new(
                ErrorKind::Config,
                "account name may hold letters, digits, `-`, `_`, `.` and `@` only",
            )
            .operation(Operation::Settings)
            .context("account", key.account.escape_debug()));
        }
        Ok(self.folder.join(format!("{}@{}.json", key.provider, key.account)))
    }
}

fn io_error(error: io::Error, path: &Path, doing: &str) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("cannot {doing} {}: {error}", path.display()),
    )
    .operation(Operation::Settings)
    .hint("check that the folder exists and belongs to you")
}

#[async_trait]
impl CredentialStore for FileCredentialStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<SecretString>> {
        let path = self.path(key)?;
        match tokio::fs::read_to_string(&path).await {
            Ok(text) => Ok(Some(text.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(error, &path, "read")),
        }
    }

    async fn save(&self, key: &CredentialKey, secret: &SecretString) -> Result<()> {
        let path = self.path(key)?;
        // A few hundred bytes: the blocking write is shorter than handing it to another thread.
        write_private(&path, secret.expose_secret().as_bytes()).map_err(|error| io_error(error, &path, "write"))
    }

    async fn remove(&self, key: &CredentialKey) -> Result<bool> {
        let path = self.path(key)?;
        match tokio::fs::remove_file(&path).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(io_error(error, &path, "remove")),
        }
    }

    async fn list(&self) -> Result<Vec<CredentialKey>> {
        let mut keys = Vec::new();
        let mut entries = match tokio::fs::read_dir(&self.folder).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(keys),
            Err(error) => return Err(io_error(error, &self.folder, "list")),
        };
        loop {
            match entries.next_entry().await {
                Ok(Some(entry)) => {
                    let name = entry.file_name();
                    let Some((provider, account)) = name
                        .to_str()
                        .and_then(|name| name.strip_suffix(".json"))
                        .and_then(|name| name.split_once('@'))
                    else {
                        continue;
                    };
                    keys.push(CredentialKey::new(provider, account));
                }
                Ok(None) => break,
                Err(error) => return Err(io_error(error, &self.folder, "list")),
            }
        }
        keys.sort_by(|a, b| (&a.provider, &a.account).cmp(&(&b.provider, &b.account)));
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kept_sign_in_comes_back_and_goes() -> Result<()> {
        let folder = tempfile::tempdir().map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))?;
        let store = FileCredentialStore::new(folder.path().join("credentials"));
        let key = CredentialKey::new("google", "anna");
        assert!(store.load(&key).await?.is_none());
        store.save(&key, &"secret".into()).await?;
        assert_eq!(
            store.load(&key).await?.map(|s| s.expose_secret().to_owned()),
            Some("secret".into())
        );
        assert_eq!(store.list().await?, vec![key.clone()]);
        assert!(store.remove(&key).await?);
        assert!(!store.remove(&key).await?);
        Ok(())
    }

    #[test]
    fn an_account_name_cannot_leave_the_folder() {
        let store = FileCredentialStore::new("x");
        for name in ["../up", "a/b", "a\\b", "", ".hidden", "a\0b"] {
            assert!(store.path(&CredentialKey::new("google", name)).is_err(), "{name:?}");
        }
    }
}
