//! A credential store of one file at a path that a person chose, such as `PHOTOMOVE_GOOGLE_TOKEN`.

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use photomove_core::{CredentialKey, CredentialStore, Error, ErrorKind, Operation, Result, write_private};
use secrecy::{ExposeSecret, SecretString};

/// The file holds the sign-in of `key`; it is written back in private and at once, or not at all.
#[derive(Debug, Clone)]
pub(crate) struct SingleFileStore {
    path: PathBuf,
    key: CredentialKey,
}

impl SingleFileStore {
    /// Takes the file as the sign-in of `key`.
    pub(crate) fn new(path: impl Into<PathBuf>, key: CredentialKey) -> Self {
        Self { path: path.into(), key }
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Error {
        Error::new(
            ErrorKind::Config,
            format!("cannot {doing} sign-in file {}: {error}", self.path.display()),
        )
        .operation(Operation::Settings)
        .hint("check the path and that the file belongs to you")
    }
}

#[async_trait]
impl CredentialStore for SingleFileStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<SecretString>> {
        if *key != self.key {
            return Ok(None);
        }
        match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => Ok(Some(text.into())),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    async fn save(&self, key: &CredentialKey, secret: &SecretString) -> Result<()> {
        if *key != self.key {
            return Err(Error::new(ErrorKind::Internal, "a sign-in file holds one account"));
        }
        // A few hundred bytes: the blocking write is shorter than handing it to another thread.
        write_private(&self.path, secret.expose_secret().as_bytes()).map_err(|error| self.failed("write", &error))
    }

    async fn remove(&self, key: &CredentialKey) -> Result<bool> {
        if *key != self.key {
            return Ok(false);
        }
        match tokio::fs::remove_file(&self.path).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("remove", &error)),
        }
    }

    async fn list(&self) -> Result<Vec<CredentialKey>> {
        Ok(if self.path.exists() {
            vec![self.key.clone()]
        } else {
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_renewed_sign_in_is_written_back_in_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        std::fs::write(&path, "old").unwrap();
        let key = CredentialKey::new("google", "default");
        let store = SingleFileStore::new(&path, key.clone());
        assert_eq!(store.load(&key).await.unwrap().unwrap().expose_secret(), "old");
        store.save(&key, &"new".into()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(
            store
                .load(&CredentialKey::new("google", "other"))
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn a_missing_file_is_a_mistake_not_a_missing_sign_in() {
        let key = CredentialKey::new("google", "default");
        let error = SingleFileStore::new("does/not/exist.json", key.clone())
            .load(&key)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
    }
}
