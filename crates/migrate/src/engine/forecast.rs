//! When a run ends: requests of the day against bytes a second.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Beyond so many days nobody plans.
const DAYS_MAX: u64 = 100_000;

/// What a service allows a day.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    /// Requests a day; `None` = any number.
    pub per_day: Option<u64>,
    /// Requests of today that are gone.
    pub used_today: u64,
    /// Requests that each day costs before anything is moved.
    pub daily: u64,
    /// Zone at whose midnight a day ends.
    pub zone: TimeZone,
}

/// How long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Forecast {
    /// Days on which requests are made.
    pub days: Option<u64>,
    /// When the last of them begins, or now.
    pub last_day: Option<Timestamp>,
    /// When all is done; `None` without a speed.
    pub done_at: Option<Timestamp>,
}

/// Works it out, day by day: of a day's requests no more are made than its hours have room for at that speed, and no
/// more hours are used than its requests last.
pub(super) fn forecast(now: Timestamp, requests: u64, needs: Option<Duration>, budget: &Budget) -> Forecast {
    let Some(per_day) = budget.per_day else {
        return Forecast {
            days: None,
            last_day: None,
            done_at: needs.and_then(|needs| now.checked_add(needs).ok()),
        };
    };
    let mut forecast = Forecast::default();
    let (mut at, mut left) = (now, requests as f64);
    let mut usable = per_day.saturating_sub(budget.used_today);
    // Requests a second; without a speed as many as the day has.
    let pace = needs
        .filter(|needs| !needs.is_zero())
        .map(|needs| requests as f64 / needs.as_secs_f64());
    let mut days = 0;
    for _ in 0..DAYS_MAX {
        let end = next_midnight(at, &budget.zone);
        let share = usable.saturating_sub(budget.daily) as f64;
        let hours = end.map_or(f64::INFINITY, |end| end.duration_since(at).as_secs_f64());
        let done = pace.map_or(share, |pace| share.min(pace * hours));
        if done > 0.0 {
            days += 1;
        }
        // Half a request is rounding.
        if left <= done + 0.5 {
            forecast.days = Some(days.max(1));
            forecast.last_day = Some(at);
            forecast.done_at = match (needs, pace) {
                (None, _) => None,
                (Some(_), None) => Some(at),
                (Some(_), Some(pace)) => SignedDuration::try_from_secs_f64(left / pace)
                    .ok()
                    .and_then(|rest| at.checked_add(rest).ok()),
            };
            return forecast;
        }
        left -= done;
        let Some(end) = end else { break };
        (at, usable) = (end, per_day);
        if usable <= budget.daily {
            break;
        }
    }
    forecast
}

/// The civil date of a service's day, as the ledger has it.
pub(super) fn day_of(now: Timestamp, zone: &TimeZone) -> String {
    now.to_zoned(zone.clone()).date().to_string()
}

/// Days have 23 to 25 hours and may even begin after midnight; the calendar knows.
fn next_midnight(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let tomorrow = now.to_zoned(zone.clone()).date().tomorrow().ok()?;
    Some(tomorrow.to_zoned(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn budget(used_today: u64) -> Budget {
        Budget {
            per_day: Some(10_000),
            used_today,
            daily: 2,
            zone: TimeZone::get("America/Los_Angeles").unwrap(),
        }
    }

    #[test]
    fn without_a_speed_the_last_day_is_all_that_is_known() {
        let now = at("2026-07-01T12:00:00Z");
        let today = forecast(now, 9_998, None, &budget(0));
        assert_eq!((today.days, today.last_day, today.done_at), (Some(1), Some(now), None));
        let tomorrow = forecast(now, 9_999, None, &budget(0));
        assert_eq!(tomorrow.days, Some(2));
        assert_eq!(tomorrow.last_day, Some(at("2026-07-02T07:00:00Z")));
    }

    #[test]
    fn what_is_used_today_is_not_there_any_more() {
        let now = at("2026-07-01T12:00:00Z");
        assert_eq!(forecast(now, 5_000, None, &budget(5_000)).days, Some(2));
        // A day without a request left is no day on which any is made.
        let spent = forecast(now, 5_000, None, &budget(10_000));
        assert_eq!(spent.days, Some(1));
        assert_eq!(spent.last_day, Some(at("2026-07-02T07:00:00Z")));
    }

    #[test]
    fn the_day_on_which_clocks_go_back_has_an_hour_more() {
        let now = at("2026-11-01T07:00:00Z");
        let two = forecast(now, 15_000, None, &budget(0));
        assert_eq!(two.last_day, Some(at("2026-11-02T08:00:00Z")));
    }

    #[test]
    fn a_slow_line_takes_longer_than_the_requests() {
        let now = at("2026-07-01T07:00:00Z");
        let needs = Duration::from_secs(5 * 86_400);
        let slow = forecast(now, 1_000, Some(needs), &budget(0));
        assert_eq!(slow.done_at, Some(at("2026-07-06T07:00:00Z")));
        assert_eq!(slow.days, Some(5));
    }

    #[test]
    fn a_fast_line_waits_for_the_requests() {
        let now = at("2026-07-01T07:00:00Z");
        // Two days and a half by requests; the bytes alone take five hours.
        let fast = forecast(now, 24_995, Some(Duration::from_secs(5 * 3600)), &budget(0));
        assert_eq!(fast.days, Some(3));
        let done = fast.done_at.unwrap();
        assert!(
            done > at("2026-07-03T07:59:00Z") && done < at("2026-07-03T08:01:00Z"),
            "{done}"
        );
        assert_eq!(fast.last_day, Some(at("2026-07-03T07:00:00Z")));
    }

    #[test]
    fn a_limit_below_what_a_day_costs_has_no_end() {
        let now = at("2026-07-01T07:00:00Z");
        let none = Budget {
            per_day: Some(2),
            ..budget(0)
        };
        assert_eq!(forecast(now, 1, None, &none), Forecast::default());
    }

    #[test]
    fn without_a_limit_only_bytes_count() {
        let now = at("2026-07-01T07:00:00Z");
        let free = Budget {
            per_day: None,
            ..budget(0)
        };
        let done = forecast(now, 1_000, Some(Duration::from_secs(60)), &free).done_at;
        assert_eq!(done, Some(at("2026-07-01T07:01:00Z")));
    }
}
