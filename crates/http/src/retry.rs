//! When to send a request again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use http::header::{HeaderMap, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;
use photomove_core::{Operation, Random};

/// Longest wait that a service's `Retry-After` can ask for; more than this is taken for a defect.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// How often and how long a request is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Times a request is sent at most, the first time included.
    pub attempts: u32,
    /// Wait before the second time; it doubles from there.
    pub min_delay: Duration,
    /// Longest wait between two times, unless the service asks for more.
    pub max_delay: Duration,
    /// Time from the first sending after which it is not sent again. The second time is granted even when the first one
    /// took longer, for that is how long uploads take.
    pub budget: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            min_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            budget: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// Returns the policy for one kind of call. The first call of a run has a person waiting for it: a service that is
    /// not there is told within seconds.
    pub(crate) fn of(&self, operation: Operation) -> Self {
        match operation {
            Operation::Connect => Self {
                attempts: self.attempts.min(3),
                max_delay: self.max_delay.min(Duration::from_secs(2)),
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// Sends once and never again.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }
}

/// The waits of one call.
pub(crate) struct Schedule {
    delays: ExponentialBackoff,
    budget: Duration,
    began: Option<Timestamp>,
    retries: u32,
}

impl Schedule {
    pub(crate) fn new(policy: &RetryPolicy) -> Self {
        let retries = policy.attempts.saturating_sub(1);
        Self {
            delays: ExponentialBuilder::new()
                .with_factor(2.0)
                .with_min_delay(policy.min_delay)
                .with_max_delay(policy.max_delay)
                .with_max_times(usize::try_from(retries).unwrap_or(usize::MAX))
                .build(),
            budget: policy.budget,
            began: None,
            retries: 0,
        }
    }

    /// Starts the budget; only the first call counts.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// Says how often the call was sent again.
    pub(crate) fn retries(&self) -> u32 {
        self.retries
    }

    /// Returns how long to wait before the next time, `None` if there is none. `after` is what the service asked for,
    /// which is never cut short: if it does not fit, there is no next time.
    pub(crate) fn next(&mut self, after: Option<Duration>, now: Timestamp, random: &dyn Random) -> Option<Duration> {
        let delay = full_jitter(self.delays.next()?, random);
        let delay = after.map_or(delay, |after| after.max(delay));
        let spent = self
            .began
            .and_then(|began| Duration::try_from(now.duration_since(began)).ok())
            .unwrap_or_default();
        let fits = if self.retries == 0 {
            delay <= self.budget
        } else {
            spent.saturating_add(delay) <= self.budget
        };
        fits.then(|| {
            self.retries += 1;
            delay
        })
    }
}

/// Returns a random part of the delay, so that callers who failed together do not come back together.
fn full_jitter(delay: Duration, random: &dyn Random) -> Duration {
    // 53 bits are what an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "both numbers are at most 2^53")]
    let part = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    delay.mul_f64(part)
}

/// Reads `Retry-After`: seconds, or a date in any of the three forms of HTTP; the longest of several. A wait of more than
/// an hour is cut to an hour, one in the past is none.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let asked = headers.get_all(RETRY_AFTER).iter();
    let waits = asked.filter_map(|value| wait_of(value.to_str().ok()?.trim(), now));
    waits.max().map(|wait| wait.min(LONGEST_RETRY_AFTER))
}

fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.is_empty() && are_digits(whole) && are_digits(part) {
        // More digits than a number holds is still a wait, if an absurd one. A part of a second is waited for as a whole.
        let more = u64::from(part.bytes().any(|digit| digit != b'0'));
        return Some(Duration::from_secs(
            whole.parse().unwrap_or(u64::MAX).saturating_add(more),
        ));
    }
    let at = date_of(text)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// Reads a date as RFC 9110 wants it, or in the two forms that it asks everybody to understand.
fn date_of(text: &str) -> Option<Timestamp> {
    if let Ok(at) = rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text)
    {
        return Some(at);
    }
    // The weekday is said twice, and may be wrong: it is skipped.
    let (_, date) = text.split_once(' ')?;
    let civil = ["%d-%b-%y %H:%M:%S GMT", "%b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|format| strtime::parse(format, date.trim()).ok()?.to_datetime().ok())?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use photomove_core::SeededRandom;
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case(" 7 ", Some(7))]
    #[case("0", Some(0))]
    #[case("Wed, 21 Oct 2026 07:28:30 GMT", Some(30))]
    #[case("Wed, 21 Oct 2026 07:27:00 GMT", Some(0))]
    #[case("Wed, 21 Oct 2099 07:28:00 GMT", Some(3600))]
    #[case("99999999999999999999999999", Some(3600))]
    #[case("86400", Some(3600))]
    #[case("2.5", Some(3))]
    #[case("Wednesday, 21-Oct-26 07:28:30 GMT", Some(30))]
    #[case("Wed Oct 21 07:28:30 2026", Some(30))]
    #[case("Sun Nov  6 08:49:37 1994", Some(0))]
    #[case("Thu, 32 Oct 2026 07:28:30 GMT", None)]
    #[case("-5", None)]
    #[case("1.2.3", None)]
    #[case(".", None)]
    #[case("5 minutes", None)]
    #[case("soon", None)]
    #[case("", None)]
    fn retry_after_is_read_in_all_its_forms(#[case] text: &str, #[case] seconds: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        let now = at("2026-10-21T07:28:00Z");
        assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs));
    }

    #[test]
    fn the_longest_of_several_waits_counts() {
        let mut headers = HeaderMap::new();
        for text in ["5", "never", "60", "7"] {
            headers.append(RETRY_AFTER, text.parse().unwrap());
        }
        let now = at("2026-10-21T07:28:00Z");
        assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(60)));
    }

    #[test]
    fn delays_grow_stay_below_their_bounds_and_end() {
        let random = SeededRandom::new(1);
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..200 {
            let mut schedule = Schedule::new(&RetryPolicy::default());
            schedule.begin(now);
            for bound in [500, 1000, 2000, 4000] {
                let delay = schedule.next(None, now, &random).unwrap();
                assert!(delay <= Duration::from_millis(bound), "{delay:?} > {bound} ms");
            }
            assert_eq!(schedule.next(None, now, &random), None);
        }
    }

    #[test]
    fn what_the_service_asks_for_is_the_least_wait_and_never_cut() {
        let random = SeededRandom::new(1);
        let now = Timestamp::UNIX_EPOCH;
        let mut schedule = Schedule::new(&RetryPolicy::default());
        let asked = Duration::from_secs(90);
        assert_eq!(schedule.next(Some(asked), now, &random), Some(asked));
        let too_long = Duration::from_secs(301);
        assert_eq!(schedule.next(Some(too_long), now, &random), None);
    }

    #[test]
    fn a_spent_budget_ends_it_but_grants_the_second_time() {
        let random = SeededRandom::new(1);
        let mut schedule = Schedule::new(&RetryPolicy::default());
        schedule.begin(Timestamp::UNIX_EPOCH);
        let late = at("1970-01-01T01:00:00Z");
        assert!(schedule.next(None, late, &random).is_some());
        assert_eq!(schedule.next(None, late, &random), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_delays() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            let mut schedule = Schedule::new(&RetryPolicy::default());
            [(); 3].map(|()| schedule.next(None, Timestamp::UNIX_EPOCH, &random))
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
