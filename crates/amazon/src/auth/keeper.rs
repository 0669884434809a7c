//! Where cookies that were renewed in mid-run are kept, so that they outlive it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use photomove_core::{CredentialKey, CredentialStore, Digester, Error, ErrorKind, HashKinds, Operation, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::cookies::{Cookies, config};

/// Keeps cookies beyond the run that renewed them.
#[async_trait]
pub trait CookieKeeper: fmt::Debug + Send + Sync {
    /// Returns what is kept now; `None` if nothing is, or if it belongs to other cookies than those that were given.
    ///
    /// Asked when the provider is opened, and again when the service refuses the cookies: another run may have renewed
    /// them since, or the person signed in again.
    ///
    /// # Errors
    /// When what is kept cannot be read.
    async fn load(&self) -> Result<Option<Cookies>>;

    /// Keeps renewed cookies; durable when it returns, and written whole or not at all.
    ///
    /// # Errors
    /// When they cannot be written.
    async fn save(&self, cookies: &Cookies) -> Result<()>;
}

/// Keeps nothing: renewed cookies end with the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeepNothing;

#[async_trait]
impl CookieKeeper for KeepNothing {
    async fn load(&self) -> Result<Option<Cookies>> {
        Ok(None)
    }

    async fn save(&self, _cookies: &Cookies) -> Result<()> {
        Ok(())
    }
}

/// Keeps cookies in a credential store: as part of a sign-in that lies there, or beside a file that a person owns.
///
/// The text in the store is a JSON object whose `cookies` is what [`Cookies::to_credential`] writes; other fields stay as
/// they are. The plain text of [`Cookies::to_credential`] is understood too.
///
/// ```
/// use std::sync::Arc;
/// use photomove_amazon::{AmazonConfig, AmazonPhotos, Cookies, KeptCookies};
/// use photomove_core::{CredentialKey, MemoryCredentialStore};
/// use photomove_http::HttpEnv;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> photomove_core::Result<()> {
/// let cookies = Cookies::parse("session-id=133-1; ubid-acbde=133-2; at-acbde=Atza|3; sess-at-acbde=4; sst-acbde=5")?;
/// let store = Arc::new(MemoryCredentialStore::default());
/// let keeper = KeptCookies::beside_file(store, CredentialKey::new("amazon-renewed", "default"), &cookies);
/// let amazon = AmazonPhotos::open(&AmazonConfig::default(), &cookies, Arc::new(keeper), &HttpEnv::system()).await?;
/// # let _ = amazon;
/// # Ok(())
/// # }
/// ```
pub struct KeptCookies {
    store: Arc<dyn CredentialStore>,
    key: CredentialKey,
    /// Tells which cookies of the person's own file the kept ones replace; `None` = the sign-in itself is kept.
    given: Option<String>,
    /// Fingerprint of what the store had when it was looked at or written last.
    last: Mutex<Option<String>>,
}

impl KeptCookies {
    /// Renews the sign-in that the store keeps under `key`, in its place. One that somebody else changed since it was
    /// looked at last, or removed, stays as it is: the person may have signed in anew.
    pub fn of_sign_in(store: Arc<dyn CredentialStore>, key: CredentialKey) -> Self {
        Self {
            store,
            key,
            given: None,
            last: Mutex::default(),
        }
    }

    /// Keeps renewed cookies under `key` instead of `given`, which came from a person's own file; that file is never
    /// written. Once the person puts other cookies into it, the kept ones count no longer.
    pub fn beside_file(store: Arc<dyn CredentialStore>, key: CredentialKey, given: &Cookies) -> Self {
        Self {
            store,
            key,
            given: Some(fingerprint(given)),
            last: Mutex::default(),
        }
    }

    fn note(&self, cookies: &Cookies) {
        *self.last() = Some(fingerprint(cookies));
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn kept(&self) -> Result<Option<Map<String, Value>>> {
        let Some(text) = self.store.load(&self.key).await? else {
            return Ok(None);
        };
        // serde's words could quote a value, so they are left out.
        match serde_json::from_str(text.expose_secret()) {
            Ok(Value::Object(map)) => Ok(Some(map)),
            _ => Err(config("kept cookies cannot be read").hint("sign in again with `photomove auth login amazon`")),
        }
    }
}

#[async_trait]
impl CookieKeeper for KeptCookies {
    async fn load(&self) -> Result<Option<Cookies>> {
        let kept = match self.kept().await {
            // The person's own file still has cookies, and no sign-in of ours mends what lies beside it.
            Err(error) if self.given.is_some() && *error.kind() == ErrorKind::Config => {
                tracing::warn!("renewed cookies of an earlier run cannot be read; those of the file are used");
                None
            }
            kept => kept?,
        };
        let Some(kept) = kept else {
            return Ok(None);
        };
        let replaces = kept.get("given").and_then(Value::as_str);
        if self.given.is_some() && replaces != self.given.as_deref() {
            return Ok(None);
        }
        let cookies = of_kept(&kept)?;
        self.note(&cookies);
        Ok(Some(cookies))
    }

    async fn save(&self, cookies: &Cookies) -> Result<()> {
        let written: Value = serde_json::from_str(cookies.to_credential().expose_secret())
            .map_err(|_| Error::new(ErrorKind::Internal, "cookies cannot be written as JSON").provider(crate::KIND))?;
        let text = match &self.given {
            Some(given) => json!({ "given": given, "cookies": written }),
            None => match self.kept().await? {
                Some(kept) if self.last().as_ref() != Some(&fingerprint(&of_kept(&kept)?)) => {
                    tracing::debug!("the sign-in was changed meanwhile; renewed cookies are not kept");
                    return Ok(());
                }
                Some(mut kept) if kept.get("cookies").is_some_and(Value::is_object) => {
                    kept.insert("cookies".to_owned(), written);
                    Value::Object(kept)
                }
                Some(_) => written,
                None => {
                    tracing::debug!("the sign-in was removed meanwhile; renewed cookies are not kept");
                    return Ok(());
                }
            },
        };
        let saved = self.store.save(&self.key, &SecretString::from(text.to_string())).await;
        saved.map_err(|error| error.operation(Operation::RenewSignIn).provider(crate::KIND))?;
        self.note(cookies);
        Ok(())
    }
}

impl fmt::Debug for KeptCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptCookies")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Reads the cookies of a kept sign-in.
fn of_kept(kept: &Map<String, Value>) -> Result<Cookies> {
    let text = match kept.get("cookies") {
        Some(inner @ Value::Object(_)) => inner.to_string(),
        _ => Value::Object(kept.clone()).to_string(),
    };
    Cookies::from_credential(&text.into())
}

/// Tells cookies apart without holding them.
pub(crate) fn fingerprint(cookies: &Cookies) -> String {
    let mut digester = Digester::new(HashKinds::SHA256);
    digester.update(cookies.to_credential().expose_secret().as_bytes());
    let hash = digester.finish().sha256.unwrap_or_default();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use photomove_core::MemoryCredentialStore;

    use super::*;

    fn cookies(session: &str) -> Cookies {
        Cookies::parse(&format!("session-id={session}; ubid-main=2; at-main=3")).unwrap()
    }

    fn key() -> CredentialKey {
        CredentialKey::new("amazon", "anna")
    }

    #[tokio::test]
    async fn a_sign_in_is_renewed_in_its_place_and_keeps_its_other_fields() {
        let store = Arc::new(MemoryCredentialStore::default());
        let keeper = KeptCookies::of_sign_in(store.clone(), key());
        let inner: Value = serde_json::from_str(cookies("1").to_credential().expose_secret()).unwrap();
        let text = json!({"marketplace": "amazon.com", "cookies": inner}).to_string();
        store.save(&key(), &text.into()).await.unwrap();
        assert_eq!(
            fingerprint(&keeper.load().await.unwrap().unwrap()),
            fingerprint(&cookies("1"))
        );
        keeper.save(&cookies("2")).await.unwrap();
        let text = store.load(&key()).await.unwrap().unwrap();
        let kept: Value = serde_json::from_str(text.expose_secret()).unwrap();
        assert_eq!(kept["marketplace"], "amazon.com");
        assert_eq!(
            fingerprint(&keeper.load().await.unwrap().unwrap()),
            fingerprint(&cookies("2"))
        );
    }

    #[tokio::test]
    async fn plain_cookies_are_renewed_too_and_a_removed_sign_in_stays_removed() {
        let store = Arc::new(MemoryCredentialStore::default());
        let keeper = KeptCookies::of_sign_in(store.clone(), key());
        keeper.save(&cookies("2")).await.unwrap();
        assert!(store.load(&key()).await.unwrap().is_none());
        store.save(&key(), &cookies("1").to_credential()).await.unwrap();
        keeper.load().await.unwrap();
        for renewed in ["2", "3"] {
            keeper.save(&cookies(renewed)).await.unwrap();
            let kept = keeper.kept().await.unwrap().unwrap();
            assert_eq!(fingerprint(&of_kept(&kept).unwrap()), fingerprint(&cookies(renewed)));
        }
    }

    #[tokio::test]
    async fn a_new_sign_in_of_the_person_is_not_overwritten() {
        let store = Arc::new(MemoryCredentialStore::default());
        let keeper = KeptCookies::of_sign_in(store.clone(), key());
        store.save(&key(), &cookies("1").to_credential()).await.unwrap();
        keeper.load().await.unwrap();
        store.save(&key(), &cookies("person").to_credential()).await.unwrap();
        keeper.save(&cookies("2")).await.unwrap();
        let kept = keeper.load().await.unwrap().unwrap();
        assert_eq!(fingerprint(&kept), fingerprint(&cookies("person")));
        // Once it was looked at, and did not do, it is replaced.
        keeper.save(&cookies("2")).await.unwrap();
        let kept = keeper.load().await.unwrap().unwrap();
        assert_eq!(fingerprint(&kept), fingerprint(&cookies("2")));
    }

    #[tokio::test]
    async fn what_replaced_the_cookies_of_a_file_counts_for_these_only() {
        let store = Arc::new(MemoryCredentialStore::default());
        let keeper = KeptCookies::beside_file(store.clone(), key(), &cookies("1"));
        assert!(keeper.load().await.unwrap().is_none());
        keeper.save(&cookies("2")).await.unwrap();
        assert_eq!(
            fingerprint(&keeper.load().await.unwrap().unwrap()),
            fingerprint(&cookies("2"))
        );
        let other_file = KeptCookies::beside_file(store.clone(), key(), &cookies("9"));
        assert!(other_file.load().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_an_error_that_quotes_nothing() {
        let store = Arc::new(MemoryCredentialStore::default());
        store.save(&key(), &"[\"hush\"]".into()).await.unwrap();
        let error = KeptCookies::of_sign_in(store.clone(), key()).load().await.unwrap_err();
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        let beside = KeptCookies::beside_file(store, key(), &cookies("1"));
        assert!(beside.load().await.unwrap().is_none());
    }
}
