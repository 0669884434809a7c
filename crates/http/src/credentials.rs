//! How a sign-in gets onto requests.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::HeaderMap;
use photomove_core::{Error, ErrorKind, Operation, Result};

use crate::Origin;

/// Puts a sign-in onto requests. Called only for origins that the provider's rules allow.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// Adds headers to a request that goes to `origin`; once per hop and attempt.
    ///
    /// # Errors
    /// When there is no sign-in, or it has run out and cannot be renewed.
    async fn apply(&self, origin: &Origin, headers: &mut HeaderMap) -> Result<()>;

    /// Renews the sign-in after the service said that it has run out; `false` = it cannot be renewed.
    ///
    /// Called by one task at a time and at most once per call; calls that were refused while another one's renewal was
    /// on its way share its outcome.
    ///
    /// # Errors
    /// When the renewal failed for a reason of its own.
    async fn renew(&self) -> Result<bool>;

    /// Sees the headers of a reply, for services that change cookies on the way.
    fn accept(&self, origin: &Origin, headers: &HeaderMap);
}

/// No sign-in.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn apply(&self, _origin: &Origin, _headers: &mut HeaderMap) -> Result<()> {
        Ok(())
    }

    async fn renew(&self) -> Result<bool> {
        Ok(false)
    }

    fn accept(&self, _origin: &Origin, _headers: &HeaderMap) {}
}

/// Lets one call at a time renew, and the others share what came of it.
#[derive(Default)]
pub(crate) struct Renewals {
    gate: tokio::sync::Mutex<()>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    number: u64,
    outcome: Option<Outcome>,
}

/// What is remembered of a renewal; errors cannot be cloned, so that of a failure its words are kept.
#[derive(Clone)]
enum Outcome {
    Renewed,
    Impossible,
    Failed {
        kind: ErrorKind,
        message: String,
        hint: Option<String>,
    },
}

/// What a call learns from a renewal.
pub(crate) struct Renewal {
    /// Whether there is a new sign-in.
    pub(crate) renewed: bool,
    /// Whether this very call caused it.
    pub(crate) own: bool,
}

impl Renewals {
    /// Returns the number of the last renewal, to be asked before a request is signed.
    pub(crate) fn last(&self) -> u64 {
        self.lock().number
    }

    /// Renews, unless another call has done so since `seen`.
    pub(crate) async fn renew(&self, credentials: &dyn Credentials, seen: u64) -> Result<Renewal> {
        let _gate = self.gate.lock().await;
        let since = {
            let last = self.lock();
            last.outcome.clone().filter(|_| last.number != seen)
        };
        if let Some(outcome) = since {
            return outcome.shared();
        }
        let result = credentials.renew().await;
        let mut last = self.lock();
        last.number += 1;
        last.outcome = Some(match &result {
            Ok(true) => Outcome::Renewed,
            Ok(false) => Outcome::Impossible,
            Err(error) => Outcome::Failed {
                kind: error.kind().clone(),
                message: error.message().to_owned(),
                hint: error.hint_text().map(str::to_owned),
            },
        });
        result.map(|renewed| Renewal { renewed, own: true })
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outcome {
    fn shared(self) -> Result<Renewal> {
        let renewed = match self {
            Self::Renewed => true,
            Self::Impossible => false,
            Self::Failed { kind, message, hint } => {
                let error = Error::new(kind, message).operation(Operation::RenewSignIn);
                // What passes by itself is tried once more by whoever comes back first; all else stays as it is.
                let error = if error.is_transient() { error } else { error.exhausted() };
                return Err(match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                });
            }
        };
        Ok(Renewal { renewed, own: false })
    }
}
