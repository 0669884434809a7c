//! Requests used per account and day, kept across runs by whoever implements [`QuotaStore`].

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::Result;

/// Keeps how many requests an account has used on a day.
///
/// `account` is a stable, unsecret name of whom the quota belongs to, `resource` the name of the quota, `day` the
/// civil date (`YYYY-MM-DD`) in the service's own time zone.
#[async_trait]
pub trait QuotaStore: fmt::Debug + Send + Sync {
    /// Adds `count` and returns the sum of that day.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn add(&self, account: &str, resource: &str, day: &str, count: u64) -> Result<u64>;

    /// Returns the sum of that day.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn used(&self, account: &str, resource: &str, day: &str) -> Result<u64>;
}

/// What is left of a day's requests, as the client counts them, and how many of those are kept back for what was begun.
///
/// A provider that has a daily budget hands it to the engine in [`crate::SinkCaps::allowance`]. The engine says how many
/// requests it takes to finish what is begun; the provider refuses to begin anything, such as an upload, that would
/// eat into them. Clones are the same allowance.
#[derive(Debug, Clone, Default)]
pub struct Allowance(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    left: AtomicU64,
    kept: AtomicU64,
}

/// What is left as long as nobody has counted.
const NOT_KNOWN: u64 = u64::MAX;

impl Default for Shared {
    fn default() -> Self {
        Self {
            left: AtomicU64::new(NOT_KNOWN),
            kept: AtomicU64::new(0),
        }
    }
}

impl Allowance {
    /// Returns how many requests were left when the last one was counted, `None` before the first one.
    pub fn left(&self) -> Option<u64> {
        Some(self.0.left.load(Ordering::SeqCst)).filter(|left| *left != NOT_KNOWN)
    }

    /// Notes how many are left; whoever counts them says so.
    pub fn set_left(&self, requests: u64) {
        self.0.left.store(requests.min(NOT_KNOWN - 1), Ordering::SeqCst);
    }

    /// Returns how many are kept back.
    pub fn kept(&self) -> u64 {
        self.0.kept.load(Ordering::SeqCst)
    }

    /// Keeps so many back, in place of what was kept before.
    pub fn keep(&self, requests: u64) {
        self.0.kept.store(requests, Ordering::SeqCst);
    }
}

/// A store that lives in memory.
#[derive(Debug, Default)]
pub struct MemoryQuotaStore(Mutex<HashMap<(String, String, String), u64>>);

#[async_trait]
impl QuotaStore for MemoryQuotaStore {
    async fn add(&self, account: &str, resource: &str, day: &str, count: u64) -> Result<u64> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the last day of an account matters; older ones go, so that the map stays small.
        map.retain(|key, _| key.0 != account || key.1 != resource || key.2 == day);
        let sum = map.entry((account.into(), resource.into(), day.into())).or_default();
        *sum += count;
        Ok(*sum)
    }

    async fn used(&self, account: &str, resource: &str, day: &str) -> Result<u64> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map
            .get(&(account.into(), resource.into(), day.into()))
            .copied()
            .unwrap_or(0))
    }
}
