//! From an endpoint to a provider that is signed in. The only place that knows which providers this build has.

#[cfg(feature = "amazon")]
pub(crate) mod amazon;
pub(crate) mod files;
#[cfg(feature = "google")]
pub(crate) mod google;
mod single_file;

use std::sync::Arc;

use bytes::Bytes;
use photomove_core::{
    Account, CredentialKey, CredentialStore, Error, ErrorKind, FactStore, FileCredentialStore, MemoryFactStore,
    MemoryQuotaStore, PhotoProvider, QuotaStore, Result,
};
use photomove_http::HttpEnv;
use photomove_migrate::Journal;

use crate::app::App;
use crate::endpoint::{Endpoint, Kind};
use crate::settings::Settings;

/// The account of a provider that has only one.
pub(crate) const DEFAULT_ACCOUNT: &str = "default";

/// Sign-ins and what is made of them.
#[derive(Debug)]
pub(crate) struct Accounts<'a> {
    /// The program.
    pub(crate) app: &'a App,
    /// What is to be used.
    pub(crate) settings: &'a Settings,
    /// Where sign-ins are kept.
    pub(crate) store: FileCredentialStore,
}

/// A sign-in as it was found.
#[derive(Debug)]
pub(crate) enum SignIn {
    /// Cookies.
    #[cfg(feature = "amazon")]
    Amazon(amazon::AmazonSignIn),
    /// Client and token.
    #[cfg(feature = "google")]
    Google(google::GoogleSignIn),
}

/// What an account holds of one category of files.
#[derive(Debug)]
pub(crate) struct Held {
    /// The service's own word for it, such as `photo`.
    pub(crate) category: String,
    /// How many files.
    pub(crate) files: Option<u64>,
    /// Their bytes.
    pub(crate) bytes: Option<u64>,
}

impl<'a> Accounts<'a> {
    /// Looks after the sign-ins of the state folder.
    pub(crate) fn new(app: &'a App, settings: &'a Settings) -> Self {
        Self {
            app,
            settings,
            store: FileCredentialStore::new(settings.credentials()),
        }
    }

    /// Finds the sign-in of an endpoint: that of the settings unless an account is named, else the kept one.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with the command to run if there is none; [`ErrorKind::Config`] if it cannot be read, or if
    /// there are several and nobody can be asked.
    pub(crate) async fn sign_in(&self, endpoint: &Endpoint) -> Result<SignIn> {
        match endpoint.kind {
            #[cfg(feature = "amazon")]
            Kind::Amazon => amazon::sign_in(self, endpoint).await.map(SignIn::Amazon),
            #[cfg(feature = "google")]
            Kind::Google => google::sign_in(self, endpoint).await.map(SignIn::Google),
            #[cfg(not(all(feature = "amazon", feature = "google")))]
            kind => Err(not_built(kind)),
        }
    }

    /// Makes a provider that counts its requests and keeps its facts in the journal.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if settings or sign-in make no sense.
    pub(crate) async fn open(&self, sign_in: SignIn, journal: &Journal) -> Result<Arc<dyn PhotoProvider>> {
        self.open_with(sign_in, Arc::new(journal.clone()), Arc::new(journal.clone()))
            .await
    }

    /// Makes a provider for a few calls beside any journal.
    ///
    /// # Errors
    /// As [`Accounts::open`].
    pub(crate) async fn open_alone(&self, sign_in: SignIn) -> Result<Arc<dyn PhotoProvider>> {
        self.open_with(
            sign_in,
            Arc::new(MemoryQuotaStore::default()),
            Arc::new(MemoryFactStore::default()),
        )
        .await
    }

    async fn open_with(
        &self,
        sign_in: SignIn,
        quota: Arc<dyn QuotaStore>,
        facts: Arc<dyn FactStore>,
    ) -> Result<Arc<dyn PhotoProvider>> {
        let env = self.http(quota)?;
        match sign_in {
            #[cfg(feature = "amazon")]
            SignIn::Amazon(sign_in) => Ok(amazon::open(self, &sign_in, &env).await?),
            #[cfg(feature = "google")]
            SignIn::Google(sign_in) => google::open(self, sign_in, &env, facts).await,
        }
    }

    /// Asks whose account it is and what it holds, as far as the service tells.
    ///
    /// # Errors
    /// When the service refuses or cannot be asked.
    pub(crate) async fn usage(&self, sign_in: SignIn) -> Result<(Account, Vec<Held>)> {
        match sign_in {
            #[cfg(feature = "amazon")]
            SignIn::Amazon(sign_in) => {
                let env = self.http(Arc::new(MemoryQuotaStore::default()))?;
                let amazon = amazon::open(self, &sign_in, &env).await?;
                Ok((amazon.connect().await?, amazon::usage(&amazon).await?))
            }
            #[cfg(feature = "google")]
            sign_in @ SignIn::Google(_) => Ok((self.open_alone(sign_in).await?.connect().await?, Vec::new())),
        }
    }

    /// Takes a kept sign-in back at the service; `false` where the service has no way to do that.
    ///
    /// # Errors
    /// When the service cannot be asked.
    pub(crate) async fn revoke(&self, kind: Kind, account: &str) -> Result<bool> {
        match kind {
            #[cfg(feature = "google")]
            Kind::Google => google::revoke(self, account).await,
            _ => {
                tracing::debug!("no way to take {account} back at {}", kind.label());
                Ok(false)
            }
        }
    }

    /// Returns the endpoint with the account that it means, so that it means the same one later: nobody is asked twice.
    ///
    /// # Errors
    /// As [`Accounts::account`].
    pub(crate) async fn settled(&self, endpoint: &Endpoint) -> Result<Endpoint> {
        if self.file_of_settings(endpoint).await?.is_some() {
            return Ok(endpoint.clone());
        }
        let account = self.account(endpoint).await?;
        Ok(Endpoint {
            kind: endpoint.kind,
            // The only account needs no name, and a name would rule out a file that the settings name.
            account: account
                .filter(|name| name != DEFAULT_ACCOUNT)
                .or(endpoint.account.clone()),
        })
    }

    /// Returns what HTTP clients work with.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the certificate file cannot be read.
    pub(crate) fn http(&self, quota: Arc<dyn QuotaStore>) -> Result<HttpEnv> {
        let mut env = HttpEnv::system();
        env.clock = self.app.clock.clone();
        env.random = self.app.random.clone();
        env.quota = quota;
        // Whoever drains a run does not want to wait for the next try of a call.
        env.stop = self.app.signals.drain.clone();
        env.drill = self.app.drill.clone();
        if let Some(path) = &self.settings.ca_cert {
            let pem = std::fs::read(path).map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    format!("cannot read certificate file {}: {error}", path.display()),
                )
                .hint("check `--ca-cert`")
            })?;
            env.ca_certs_pem.push(Bytes::from(pem));
        }
        Ok(env)
    }

    /// Returns which kept account an endpoint means; `None` if nobody is signed in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if there are several and nobody can be asked.
    pub(crate) async fn account(&self, endpoint: &Endpoint) -> Result<Option<String>> {
        let kept = self.kept(endpoint.kind).await?;
        let default = || kept.iter().any(|name| name == DEFAULT_ACCOUNT);
        if endpoint.account.is_none() && files::named(self.settings, endpoint.kind).is_some() && default() {
            // The settings' file stands for the default account, and so does what replaced it.
            return Ok(Some(DEFAULT_ACCOUNT.to_owned()));
        }
        if let Some(account) = &endpoint.account {
            return Ok(kept.into_iter().find(|name| name == account));
        }
        if kept.len() < 2 {
            return Ok(kept.into_iter().next());
        }
        let question = format!("which account of {}?", endpoint.kind.label());
        if let Some(chosen) = self.app.person.choose(&question, &kept).await? {
            return Ok(kept.into_iter().nth(chosen));
        }
        let names: Vec<String> = kept
            .iter()
            .map(|name| format!("`{}`", typed(endpoint.kind, name)))
            .collect();
        Err(Error::new(
            ErrorKind::Config,
            format!("{} has several accounts: {}", endpoint.kind.label(), names.join(", ")),
        )
        .hint(format!("name one of them instead of `{}`", endpoint.kind.word())))
    }

    /// Returns the kept accounts of a kind, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) async fn kept(&self, kind: Kind) -> Result<Vec<String>> {
        let keys = self.store.list().await?;
        Ok(keys
            .into_iter()
            .filter(|key| key.provider == kind.word())
            .map(|key| key.account)
            .collect())
    }
}

/// Returns what to type for an account.
pub(crate) fn typed(kind: Kind, account: &str) -> String {
    if account == DEFAULT_ACCOUNT {
        return kind.word().to_owned();
    }
    format!("{}@{account}", kind.word())
}

/// Returns where the sign-in of an account lies in the store.
pub(crate) fn key(kind: Kind, account: &str) -> CredentialKey {
    CredentialKey::new(kind.word(), account)
}

/// The refusal of a provider that was left out when this program was built.
#[cfg(not(all(feature = "amazon", feature = "google")))]
pub(crate) fn not_built(kind: Kind) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("this build of photomove has no {}", kind.label()),
    )
    .hint(format!("build it with the feature `{}`", kind.word()))
}
