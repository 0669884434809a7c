//! Watches over connections that say nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When something last moved on a connection. On the machine's own clock: a silent peer is silent in real time.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(crate) fn touch(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Returns once nothing has moved for `limit`.
    pub(crate) async fn silent_for(&self, limit: Duration) {
        loop {
            let due = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + limit;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // In real time, because tokio's virtual one is a feature that would rebuild everything under it.
    #[tokio::test]
    async fn movement_puts_silence_off() {
        let activity = Activity::new();
        let began = Instant::now();
        let toucher = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            activity.touch();
        };
        tokio::join!(activity.silent_for(Duration::from_millis(50)), toucher);
        assert!(began.elapsed() >= Duration::from_millis(80));
    }
}
