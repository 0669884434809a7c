//! Randomness is passed in, so that every failure replays by its seed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{OsRng, StdRng};
use rand::{RngCore, SeedableRng, TryRngCore};

/// Gives random bytes.
pub trait Random: fmt::Debug + Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// Returns a random number.
    fn next_u64(&self) -> u64;
}

/// A source of randomness as it is handed around.
pub type SharedRandom = Arc<dyn Random>;

/// The operating system's random numbers, fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl SystemRandom {
    /// Returns the operating system's random numbers, ready to be handed around.
    pub fn shared() -> SharedRandom {
        Arc::new(Self)
    }
}

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // A system without random numbers cannot make a secret; going on with weak ones would be worse than stopping.
        OsRng.unwrap_err().fill_bytes(buffer);
    }

    fn next_u64(&self) -> u64 {
        OsRng.unwrap_err().next_u64()
    }
}

/// Random numbers that repeat with their seed; for tests, never for secrets.
pub struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl fmt::Debug for SeededRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededRandom")
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }

    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_sequence() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            [random.next_u64(), random.next_u64()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
