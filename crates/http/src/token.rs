//! Tokens that run out: renewed by one task, shared by all.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Result, SharedClock};
use tokio::sync::Mutex;

/// A token as a renewal brings it.
#[derive(Clone)]
pub struct Fresh<T> {
    /// The token.
    pub value: T,
    /// When it runs out; `None` = never, as far as is known.
    pub until: Option<Timestamp>,
}

impl<T> fmt::Debug for Fresh<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// A token as it is used; remember its generation to say later which one was refused.
#[derive(Clone)]
pub struct Token<T> {
    /// The token.
    pub value: T,
    /// Counts renewals.
    pub generation: u64,
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Keeps one token and renews it, single flight: whoever waited for the lock looks again before renewing.
pub struct TokenCache<T> {
    state: Mutex<State<T>>,
    clock: SharedClock,
    margin: Duration,
}

struct State<T> {
    current: Option<Fresh<T>>,
    generation: u64,
}

impl<T> fmt::Debug for TokenCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

impl<T: Clone> TokenCache<T> {
    /// Starts without a token. One is renewed `margin` before it runs out, so that no request leaves with a token that
    /// dies on the way.
    pub fn new(clock: SharedClock, margin: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                current: None,
                generation: 0,
            }),
            clock,
            margin,
        }
    }

    /// Takes over a token that was kept from an earlier run.
    #[must_use]
    pub fn with(mut self, token: Fresh<T>) -> Self {
        let state = self.state.get_mut();
        state.current = Some(token);
        state.generation = 1;
        self
    }

    /// Returns the token, renewed first if there is none or it is about to run out.
    ///
    /// # Errors
    /// When the renewal failed.
    pub async fn get<F>(&self, renew: impl FnOnce() -> F) -> Result<Token<T>>
    where
        F: Future<Output = Result<Fresh<T>>>,
    {
        let mut state = self.state.lock().await;
        if let Some(current) = &state.current
            && self.lasts(current)
        {
            return Ok(Token {
                value: current.value.clone(),
                generation: state.generation,
            });
        }
        state.renew(renew).await
    }

    /// Returns another token than the one of `refused`: renews it, unless somebody else has done so since.
    ///
    /// # Errors
    /// When the renewal failed.
    pub async fn replace<F>(&self, refused: u64, renew: impl FnOnce() -> F) -> Result<Token<T>>
    where
        F: Future<Output = Result<Fresh<T>>>,
    {
        let mut state = self.state.lock().await;
        if let Some(current) = &state.current
            && state.generation != refused
        {
            return Ok(Token {
                value: current.value.clone(),
                generation: state.generation,
            });
        }
        state.renew(renew).await
    }

    /// Returns the generation of the present token, 0 if there was none yet.
    pub async fn generation(&self) -> u64 {
        self.state.lock().await.generation
    }

    fn lasts(&self, token: &Fresh<T>) -> bool {
        let Some(until) = token.until else {
            return true;
        };
        let needed = self.clock.now().saturating_add(self.margin);
        needed.is_ok_and(|needed| needed < until)
    }
}

impl<T: Clone> State<T> {
    async fn renew<F>(&mut self, renew: impl FnOnce() -> F) -> Result<Token<T>>
    where
        F: Future<Output = Result<Fresh<T>>>,
    {
        let fresh = renew().await?;
        let value = fresh.value.clone();
        self.current = Some(fresh);
        self.generation += 1;
        Ok(Token {
            value,
            generation: self.generation,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use photomove_core::{Error, ErrorKind, ManualClock};

    use super::*;

    struct Issuer {
        issued: AtomicU32,
        clock: ManualClock,
    }

    impl Issuer {
        fn new() -> (Self, TokenCache<u32>) {
            let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
            let cache = TokenCache::new(Arc::new(clock.clone()), Duration::from_secs(60));
            let issued = AtomicU32::new(0);
            (Self { issued, clock }, cache)
        }

        async fn issue(&self) -> Result<Fresh<u32>> {
            tokio::task::yield_now().await;
            let value = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
            let until = self.clock_now().saturating_add(Duration::from_secs(3600)).ok();
            Ok(Fresh { value, until })
        }

        fn clock_now(&self) -> Timestamp {
            photomove_core::Clock::now(&self.clock)
        }
    }

    #[tokio::test]
    async fn twenty_callers_share_one_renewal() {
        let (issuer, cache) = Issuer::new();
        let tokens = join_all((0..20).map(|_| cache.get(|| issuer.issue()))).await;
        assert!(tokens.into_iter().all(|token| token.unwrap().value == 1));
        let refused = cache.generation().await;
        let tokens = join_all((0..20).map(|_| cache.replace(refused, || issuer.issue()))).await;
        assert!(tokens.into_iter().all(|token| token.unwrap().value == 2));
    }

    #[tokio::test]
    async fn a_token_is_renewed_shortly_before_it_runs_out() {
        let (issuer, cache) = Issuer::new();
        assert_eq!(cache.get(|| issuer.issue()).await.unwrap().value, 1);
        issuer.clock.advance(Duration::from_secs(3539));
        assert_eq!(cache.get(|| issuer.issue()).await.unwrap().value, 1);
        issuer.clock.advance(Duration::from_secs(1));
        assert_eq!(cache.get(|| issuer.issue()).await.unwrap().value, 2);
    }

    #[tokio::test]
    async fn a_failed_renewal_keeps_nothing() {
        let (issuer, cache) = Issuer::new();
        let fails = || async { Err(Error::new(ErrorKind::Network, "no way")) };
        assert!(cache.get(fails).await.is_err());
        assert_eq!(cache.get(|| issuer.issue()).await.unwrap().generation, 1);
    }

    #[test]
    fn debug_shows_no_token() {
        let fresh = Fresh {
            value: "s3cret",
            until: None,
        };
        let token = Token {
            value: "s3cret",
            generation: 1,
        };
        assert!(!format!("{fresh:?}{token:?}").contains("s3cret"));
    }
}
