//! From an endpoint to a provider that is signed in. The only place that knows which providers this build has.

mod addresses;
#[cfg(feature = "amazon")]
pub(crate) mod amazon;
pub(crate) mod files;
#[cfg(feature = "google")]
pub(crate) mod google;
#[cfg(feature = "photoprism")]
pub(crate) mod photoprism;
mod single_file;

pub(crate) use self::addresses::addresses;

use std::sync::Arc;

use bytes::Bytes;
use photomove_core::{
    Account, CredentialKey, CredentialStore, Error, ErrorKind, FactStore, FileCredentialStore, MemoryFactStore,
    MemoryQuotaStore, PhotoProvider, QuotaStore, Result,
};
use photomove_http::{Bandwidth, HttpEnv, Waits};
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
    /// How much of the line may be used, all providers together.
    bandwidth: Bandwidth,
    /// Who is told when requests wait.
    waits: Waits,
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
    /// Server and who signs in there.
    #[cfg(feature = "photoprism")]
    PhotoPrism(photoprism::PhotoPrismSignIn),
}

/// What a sign-in is known to be, for people and programs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Details {
    /// For people, one fact a line.
    pub(crate) lines: Vec<String>,
    /// The same for programs.
    pub(crate) fields: serde_json::Map<String, serde_json::Value>,
}

/// That a sign-in ends by itself.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// When.
    pub(crate) at: jiff::Timestamp,
    /// Whether that is known; else it may be so.
    pub(crate) certain: bool,
    /// Why, or how to find out.
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) way_out: String,
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
            bandwidth: Bandwidth::unlimited(),
            waits: Waits::default(),
        }
    }

    /// Lets all providers made from here share the line, and say when they wait.
    pub(crate) fn with_traffic(mut self, bandwidth: Bandwidth, waits: Waits) -> Self {
        (self.bandwidth, self.waits) = (bandwidth, waits);
        self
    }

    /// Removes what an earlier run that died has left of somebody's cookies.
    pub(crate) fn tidy(&self) {
        #[cfg(feature = "amazon")]
        crate::firefox::remove_left_copy(&self.settings.state_dir);
    }

    /// Finds the sign-in of an endpoint: that of the settings unless an account is named, else the kept one.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] with the command to run if there is none; [`ErrorKind::Config`] if it cannot be read, or if
    /// there are several and nobody can be asked.
    pub(crate) async fn sign_in(&self, endpoint: &Endpoint) -> Result<SignIn> {
        self.tidy();
        match endpoint.kind {
            #[cfg(feature = "amazon")]
            Kind::Amazon => amazon::sign_in(self, endpoint).await.map(SignIn::Amazon),
            #[cfg(feature = "google")]
            Kind::Google => google::sign_in(self, endpoint).await.map(SignIn::Google),
            #[cfg(feature = "photoprism")]
            Kind::PhotoPrism => photoprism::sign_in(self, endpoint).await.map(SignIn::PhotoPrism),
            #[cfg(not(all(feature = "amazon", feature = "google", feature = "photoprism")))]
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

    /// Makes a provider for a few calls outside of any migration. They count among the requests of the day where there is
    /// a journal that counts those.
    ///
    /// # Errors
    /// As [`Accounts::open`].
    pub(crate) async fn open_alone(&self, sign_in: SignIn) -> Result<Arc<dyn PhotoProvider>> {
        self.open_with(sign_in, self.ledger()?, Arc::new(MemoryFactStore::default()))
            .await
    }

    /// Returns where requests of the day are counted: in the journal, if there is one.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub(crate) fn ledger(&self) -> Result<Arc<dyn QuotaStore>> {
        let journal = Journal::open_beside(&self.settings.journal(), self.app.clock.clone())?;
        Ok(match journal {
            Some(journal) => Arc::new(journal),
            None => Arc::new(MemoryQuotaStore::default()),
        })
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
            #[cfg(feature = "photoprism")]
            SignIn::PhotoPrism(sign_in) => photoprism::open(self, sign_in, &env).await,
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
            #[cfg(feature = "photoprism")]
            SignIn::PhotoPrism(sign_in) => photoprism::usage(self, sign_in).await,
        }
    }

    /// Returns what is known of a sign-in beside whose it is; nobody is asked.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) async fn details(&self, endpoint: &Endpoint) -> Result<Details> {
        match endpoint.kind {
            #[cfg(feature = "google")]
            Kind::Google => Ok(google::standing(self, endpoint).await?.details()),
            #[cfg(feature = "photoprism")]
            Kind::PhotoPrism => Ok(photoprism::sign_in(self, endpoint).await?.details()),
            _ => Ok(Details::default()),
        }
    }

    /// Returns when a sign-in ends by itself, if it does before long.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) async fn ending(&self, endpoint: &Endpoint) -> Result<Option<Ending>> {
        match endpoint.kind {
            #[cfg(feature = "google")]
            Kind::Google => Ok(google::standing(self, endpoint).await?.ending()),
            _ => Ok(None),
        }
    }

    /// Returns what is worth a word about a sign-in beside earlier runs, as `facts` know them.
    ///
    /// # Errors
    /// When sign-in or facts cannot be read.
    pub(crate) async fn remark(&self, endpoint: &Endpoint, facts: &dyn FactStore) -> Result<Option<String>> {
        match endpoint.kind {
            #[cfg(feature = "google")]
            Kind::Google => {
                let file = google::token_file(self, endpoint).await?;
                google::earlier::changed_project(&file, facts).await
            }
            _ => Ok(None),
        }
    }

    /// Notes what later runs are to be compared with.
    ///
    /// # Errors
    /// When the sign-in cannot be read or the facts cannot be written.
    pub(crate) async fn note_use(&self, endpoint: &Endpoint, facts: &dyn FactStore) -> Result<()> {
        match endpoint.kind {
            #[cfg(feature = "google")]
            Kind::Google => {
                let file = google::token_file(self, endpoint).await?;
                google::earlier::note_project(&file, facts).await
            }
            _ => Ok(()),
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
            #[cfg(feature = "photoprism")]
            Kind::PhotoPrism => photoprism::sign_out(self, account).await,
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
        let several = self.kept(endpoint.kind).await?.len() > 1;
        // The only account needs no name, and a name would rule out a file that the settings name.
        let named = account
            .filter(|name| several || name != DEFAULT_ACCOUNT)
            .or(endpoint.account.clone());
        let settled = endpoint.with_account(named);
        Ok(match settled.account {
            // A name tells the server too.
            Some(_) => Endpoint {
                server: None,
                ..settled
            },
            None => settled,
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
        env.bandwidth = self.bandwidth.clone();
        env.waits = self.waits.clone();
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
        #[cfg(feature = "photoprism")]
        let kept = match &endpoint.server {
            Some(server) => photoprism::at(self, kept, server).await?,
            None => kept,
        };
        if kept.len() < 2 {
            return Ok(kept.into_iter().next());
        }
        let question = format!("which account of {}", endpoint.kind.label());
        if let Some(chosen) = self.app.person.choose(&question, &kept).await? {
            return Ok(kept.into_iter().nth(chosen));
        }
        let names: Vec<String> = kept
            .iter()
            // By its whole name: among several, the one without a name has to be told apart too.
            .map(|name| format!("`{}@{name}`", endpoint.kind.word()))
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
#[cfg(not(all(feature = "amazon", feature = "google", feature = "photoprism")))]
pub(crate) fn not_built(kind: Kind) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("this build of photomove has no {}", kind.label()),
    )
    .hint(format!("build it with the feature `{}`", kind.word()))
}
