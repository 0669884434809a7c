//! How many bytes a second may move, all connections together.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use photomove_core::{Error, ErrorKind, Result, SharedClock};

use crate::steady::Steady;

/// Bytes are counted in cells of which a second has about so many.
const CELLS_A_SECOND: u64 = 10_000;
/// What may move at once after a quiet time: this part of a second's worth.
const BURSTS_A_SECOND: u64 = 10;
/// No piece waits for more than this part of a second, so that a slow line is not taken for a silent one.
const PIECES_A_SECOND: u64 = 8;
const LARGEST_PIECE: u64 = 16 * 1024;
const SMALLEST_PIECE: u64 = 256;
/// Below it, no service waits for a request to end.
const SLOWEST: u64 = 1_000;

/// A limit that uploads and downloads share. Clones are the same limit; the default is none.
#[derive(Clone, Default)]
pub struct Bandwidth(Option<Arc<Limit>>);

struct Limit {
    bytes_per_second: u64,
    cell_bytes: u64,
    burst: NonZeroU32,
    limiter: RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Nanos>>,
    clock: Steady,
    /// Who waits keeps the others behind, in turn.
    turn: tokio::sync::Mutex<()>,
}

impl Bandwidth {
    /// Returns no limit.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Limits to so many bytes a second, 1000 at least.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it is less.
    pub fn of(bytes_per_second: u64, clock: &SharedClock) -> Result<Self> {
        let wrong = || {
            Error::new(ErrorKind::Config, "a limit of the bandwidth must be 1 kB/s or more")
                .context("bytes a second", bytes_per_second)
        };
        if bytes_per_second < SLOWEST {
            return Err(wrong());
        }
        let cell_bytes = bytes_per_second.div_ceil(CELLS_A_SECOND);
        let period = u128::from(cell_bytes) * 1_000_000_000 / u128::from(bytes_per_second);
        let period = Duration::from_nanos(u64::try_from(period).unwrap_or(u64::MAX));
        let burst = (bytes_per_second / cell_bytes / BURSTS_A_SECOND).max(1);
        let burst = u32::try_from(burst).ok().and_then(NonZeroU32::new).ok_or_else(wrong)?;
        let quota = Quota::with_period(period).ok_or_else(wrong)?.allow_burst(burst);
        let clock = Steady::new(clock);
        Ok(Self(Some(Arc::new(Limit {
            bytes_per_second,
            cell_bytes,
            burst,
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            turn: tokio::sync::Mutex::default(),
        }))))
    }

    /// Returns the limit in bytes a second.
    pub fn bytes_per_second(&self) -> Option<u64> {
        self.0.as_ref().map(|limit| limit.bytes_per_second)
    }

    /// Returns how many bytes are best moved at once, `None` without a limit.
    pub(crate) fn piece_bytes(&self) -> Option<usize> {
        let limit = self.0.as_ref()?;
        let piece = (limit.bytes_per_second / PIECES_A_SECOND).clamp(SMALLEST_PIECE, LARGEST_PIECE);
        usize::try_from(piece).ok()
    }

    /// Waits until so many bytes may move.
    pub(crate) async fn take(&self, bytes: usize) {
        let Some(limit) = &self.0 else { return };
        let mut cells = (bytes as u64).div_ceil(limit.cell_bytes);
        let _turn = limit.turn.lock().await;
        while cells > 0 {
            let some = cells.min(u64::from(limit.burst.get()));
            // At most the burst, so that there is always room for it some time.
            let Some(n) = u32::try_from(some).ok().and_then(NonZeroU32::new) else {
                return;
            };
            match limit.limiter.check_n(n) {
                Ok(Ok(())) => cells -= some,
                Ok(Err(not_until)) => {
                    let wait = not_until.wait_time_from(GovernorClock::now(&limit.clock));
                    // Never zero, or a clock that stands still would let the loop spin.
                    limit.clock.sleep(wait.max(Duration::from_nanos(1))).await;
                }
                Err(_) => return,
            }
        }
    }
}

impl fmt::Debug for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes_per_second() {
            Some(rate) => write!(f, "Bandwidth({rate} B/s)"),
            None => f.write_str("Bandwidth(unlimited)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use jiff::Timestamp;
    use photomove_core::{Clock, ManualClock};
    use rstest::rstest;

    use super::*;

    fn limited(rate: u64) -> (Bandwidth, ManualClock) {
        let clock = ManualClock::new("2026-01-02T10:00:00Z".parse::<Timestamp>().unwrap());
        let shared: SharedClock = Arc::new(clock.clone());
        (Bandwidth::of(rate, &shared).unwrap(), clock)
    }

    #[rstest]
    #[case(1_000, 20_000)]
    #[case(15_000, 300_000)]
    #[case(10_000_000, 200_000_000)]
    #[case(5_000_000_000, 100_000_000_000)]
    #[tokio::test]
    async fn bytes_take_the_time_that_the_rate_says(#[case] rate: u64, #[case] bytes: u64) {
        let (bandwidth, clock) = limited(rate);
        let began = clock.now();
        let piece = usize::try_from(bytes / 1000).unwrap();
        for _ in 0..1000 {
            bandwidth.take(piece).await;
        }
        let seconds = clock.now().duration_since(began).as_secs_f64();
        assert!((seconds - 20.0).abs() < 0.25, "{seconds} s at {rate} B/s");
    }

    #[tokio::test]
    async fn many_share_one_limit_and_none_waits_long_for_a_piece() {
        let (bandwidth, clock) = limited(100_000);
        let began = clock.now();
        let piece = bandwidth.piece_bytes().unwrap();
        join_all((0..8).map(|_| async {
            for _ in 0..10 {
                bandwidth.take(piece).await;
            }
        }))
        .await;
        let wanted = (80 * piece) as f64 / 100_000.0;
        let seconds = clock.now().duration_since(began).as_secs_f64();
        assert!((seconds - wanted).abs() < 0.25, "{seconds} s, not {wanted} s");
        assert!(piece as f64 / 100_000.0 < 0.2);
    }

    #[tokio::test]
    async fn without_a_limit_nothing_waits() {
        let bandwidth = Bandwidth::unlimited();
        bandwidth.take(usize::MAX).await;
        assert_eq!((bandwidth.piece_bytes(), bandwidth.bytes_per_second()), (None, None));
        assert!(Bandwidth::of(999, &photomove_core::SystemClock::shared()).is_err());
    }
}
