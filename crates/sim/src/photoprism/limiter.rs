//! Limits of failures in a row.

use jiff::{SignedDuration, Timestamp};

/// Failures that are free, and how fast they come back.
#[derive(Debug, Clone)]
pub(crate) struct Limiter {
    refill: SignedDuration,
    used: f64,
    at: Timestamp,
}

impl Limiter {
    /// One failure comes back each `refill`.
    pub(crate) fn new(refill: SignedDuration, now: Timestamp) -> Self {
        Self {
            refill,
            used: 0.0,
            at: now,
        }
    }

    fn settle(&mut self, now: Timestamp) {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.used = (self.used - passed / self.refill.as_secs_f64()).max(0.0);
        self.at = now;
    }

    /// Whether so many more failures are allowed out of `burst`.
    pub(crate) fn allows(&mut self, now: Timestamp, burst: u32, failures: u32) -> bool {
        self.settle(now);
        self.used + f64::from(failures) <= f64::from(burst) + 1e-9
    }

    /// Whether not one more failure is allowed.
    pub(crate) fn is_exhausted(&self, now: Timestamp, burst: u32) -> bool {
        !self.clone().allows(now, burst, 1)
    }

    /// Counts failures.
    pub(crate) fn count(&mut self, now: Timestamp, failures: u32) {
        self.settle(now);
        self.used += f64::from(failures);
    }

    /// Forgets everything, as a restart does.
    pub(crate) fn reset(&mut self) {
        self.used = 0.0;
    }

    /// Leaves nothing out of `burst`.
    pub(crate) fn exhaust(&mut self, now: Timestamp, burst: u32) {
        self.at = now;
        self.used = f64::from(burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_come_back_one_by_one() {
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let mut limiter = Limiter::new(SignedDuration::from_secs(60), start);
        for _ in 0..10 {
            assert!(limiter.allows(start, 10, 1));
            limiter.count(start, 1);
        }
        assert!(!limiter.allows(at(59), 10, 1));
        assert!(limiter.allows(at(60), 10, 1) && !limiter.allows(at(60), 10, 3));
        limiter.reset();
        assert!(limiter.allows(at(60), 10, 10));
        limiter.exhaust(at(60), 10);
        assert!(!limiter.allows(at(60), 10, 1));
    }
}
