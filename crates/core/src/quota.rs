//! Requests used per account and day, kept across runs by whoever implements [`QuotaStore`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

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
