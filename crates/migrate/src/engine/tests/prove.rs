//! Batteries: the same few disasters again and again, each time drawn from another seed.
//!
//! `cargo test` runs a sample, `PHOTOMOVE_PROVE=full` all of it. Whatever fails prints its seed and the command that runs
//! that one case alone. Decisions hang on the subject of a call and not on its turn, so that they do not change with
//! the order in which tasks happen to run.

mod clocks;
mod damage;
mod disk;
mod large;
mod lost;
mod torn;

use std::collections::HashMap;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// Whether all cases are wanted, not a sample.
pub(super) fn is_full() -> bool {
    std::env::var("PHOTOMOVE_PROVE").is_ok_and(|size| size == "full")
}

/// The one size or the other.
pub(super) fn size<T>(full: T, sample: T) -> T {
    if is_full() { full } else { sample }
}

/// Says how to run a case alone, unless it passes.
struct Replay {
    test: &'static str,
    seed: u64,
}

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {seed}; again: PHOTOMOVE_SEED={seed} cargo test -p photomove-migrate --lib -- prove::{test}",
                seed = self.seed,
                test = self.test
            );
        }
    }
}

/// Runs cases until so many disasters have happened; a case tells how many it had. One seed alone if that is asked for.
async fn until(test: &'static str, disasters: u64, case: impl AsyncFn(u64) -> u64) {
    if let Ok(seed) = std::env::var("PHOTOMOVE_SEED") {
        let seed = seed.parse().expect("PHOTOMOVE_SEED is a number");
        let _replay = Replay { test, seed };
        Box::pin(case(seed)).await;
        return;
    }
    let mut seen = 0;
    for seed in 1.. {
        let _replay = Replay { test, seed };
        let new = Box::pin(case(seed)).await;
        assert!(new > 0, "a case without a disaster proves nothing");
        seen += new;
        if seen >= disasters {
            eprintln!("{test}: {seen} disasters in {seed} cases");
            return;
        }
    }
}

/// Draws by seed, subject and how often that subject came up before.
struct Dice {
    seed: u64,
    turns: Mutex<HashMap<String, u64>>,
}

impl Dice {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            turns: Mutex::default(),
        }
    }

    /// A number that belongs to a subject for good.
    fn fixed(&self, subject: &str) -> u64 {
        let digest = Sha256::digest(format!("{} {subject}", self.seed));
        u64::from_be_bytes(std::array::from_fn(|byte| digest[byte]))
    }

    /// How often the subject has come up, this time included.
    fn turn(&self, subject: &str) -> u64 {
        let mut turns = self.turns.lock().unwrap();
        let turn = turns.entry(subject.to_owned()).or_default();
        *turn += 1;
        *turn
    }

    /// A number that is another one each time.
    fn throw(&self, subject: &str) -> u64 {
        let turn = self.turn(subject);
        self.fixed(&format!("{subject} {turn}"))
    }

    /// True so many times in a hundred.
    fn chance(&self, subject: &str, percent: u64) -> bool {
        self.throw(subject) % 100 < percent
    }
}
