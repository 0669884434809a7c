//! Facts about accounts that outlive a run, such as the result of a day's trial, kept by whoever implements
//! [`FactStore`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::Result;

/// Keeps small facts by account and name.
///
/// `account` is a stable, unsecret name of whom the fact is about, `fact` its name; the value is text in the
/// provider's own form and never a secret.
#[async_trait]
pub trait FactStore: fmt::Debug + Send + Sync {
    /// Returns the fact, if it is known.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn get(&self, account: &str, fact: &str) -> Result<Option<String>>;

    /// Keeps the fact in place of an older one; returns once it is kept.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn put(&self, account: &str, fact: &str, value: &str) -> Result<()>;
}

/// A store that lives in memory.
#[derive(Debug, Default)]
pub struct MemoryFactStore(Mutex<HashMap<(String, String), String>>);

#[async_trait]
impl FactStore for MemoryFactStore {
    async fn get(&self, account: &str, fact: &str) -> Result<Option<String>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.get(&(account.into(), fact.into())).cloned())
    }

    async fn put(&self, account: &str, fact: &str, value: &str) -> Result<()> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert((account.into(), fact.into()), value.into());
        Ok(())
    }
}
