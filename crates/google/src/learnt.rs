//! What refusals have taught about the requests of a minute, kept from run to run.
//!
//! Whether an upload is one of the changes that a minute takes is not documented (*inferred* either way). A run begins
//! with the better of the two, learns from the first refusal, and remembers it for a week: then it is tried anew, for
//! limits change, and a wrong belief would make every run many times slower.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use photomove_core::{FactStore, Result};
use serde::{Deserialize, Serialize};

use crate::client::LibraryClient;

const FACT: &str = "uploads_count_as_changes";
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The fact as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// When it was learnt.
    at: Timestamp,
    /// Uploads and changes together in a minute, if a number was known.
    per_minute: Option<u32>,
}

/// Keeps what was learnt.
pub(crate) struct Learnt {
    facts: Arc<dyn FactStore>,
    account: RwLock<String>,
    is_kept: AtomicBool,
}

impl Learnt {
    pub(crate) fn new(facts: Arc<dyn FactStore>) -> Self {
        Self {
            facts,
            account: RwLock::default(),
            is_kept: AtomicBool::new(false),
        }
    }

    /// Says whose limits they are, and lets the client go by what an earlier run learnt, unless it is too long ago.
    pub(crate) async fn recall(&self, client: &LibraryClient, account: String, now: Timestamp) -> Result<()> {
        let kept = self.facts.get(&account, FACT).await?;
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = account;
        // What cannot be read is learnt again.
        let Some(kept) = kept.and_then(|text| serde_json::from_str::<Kept>(&text).ok()) else {
            return Ok(());
        };
        let age = now.duration_since(kept.at);
        if age.abs() >= FORGOTTEN_AFTER {
            return Ok(());
        }
        self.is_kept.store(true, Ordering::SeqCst);
        client.count_uploads_as_changes(kept.per_minute)
    }

    /// Keeps what the client has learnt since. A loss of it costs a refusal in the next run, so that nothing fails by it.
    pub(crate) async fn keep(&self, client: &LibraryClient, now: Timestamp) {
        let Ok(Some(per_minute)) = client.uploads_count_as_changes() else {
            return;
        };
        if self.is_kept.swap(true, Ordering::SeqCst) {
            return;
        }
        let kept = Kept {
            at: now,
            per_minute: Some(per_minute),
        };
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner).clone();
        let put = match serde_json::to_string(&kept) {
            Ok(text) => self
                .facts
                .put(&account, FACT, &text)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match put {
            Ok(()) => tracing::info!(
                provider = "google",
                "uploads count among the {per_minute} changes that a minute takes; this is remembered for a week"
            ),
            Err(error) => tracing::warn!(
                provider = "google",
                error,
                "what was learnt about limits cannot be kept"
            ),
        }
    }
}

impl fmt::Debug for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The account is that of a person.
        f.debug_struct("Learnt")
            .field("is_kept", &self.is_kept)
            .finish_non_exhaustive()
    }
}
