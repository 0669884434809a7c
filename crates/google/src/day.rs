//! Google's day: it ends at midnight in California, as far as anyone knows.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// IANA name of the zone at whose midnight the daily quota is full again.
///
/// Not stated for Photos; other Google APIs document Pacific time (*inferred*).
pub(crate) const ZONE: &str = "America/Los_Angeles";

/// Metering is not exact; a little later is a request less in vain.
const AFTER_MIDNIGHT: Duration = Duration::from_secs(5 * 60);

fn zone() -> TimeZone {
    // A machine without a time-zone database gets the rule itself.
    TimeZone::get(ZONE)
        .or_else(|_| TimeZone::posix("PST8PDT,M3.2.0,M11.1.0"))
        .unwrap_or(TimeZone::UTC)
}

/// Returns the civil date of Google's day, `YYYY-MM-DD`.
pub(crate) fn date(now: Timestamp) -> String {
    now.to_zoned(zone()).date().to_string()
}

/// Returns when the next day has surely begun.
pub(crate) fn next_reset(now: Timestamp) -> Option<Timestamp> {
    let zone = zone();
    let tomorrow = now.to_zoned(zone.clone()).date().tomorrow().ok()?;
    let midnight = tomorrow.to_zoned(zone).ok()?.timestamp();
    midnight.checked_add(AFTER_MIDNIGHT).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_follows_the_clocks_of_california() {
        for (now, today, reset) in [
            ("2026-07-01T06:59:59Z", "2026-06-30", "2026-07-01T07:05:00Z"),
            ("2026-07-01T07:00:00Z", "2026-07-01", "2026-07-02T07:05:00Z"),
            // The clocks go back, for a day of 25 hours.
            ("2026-11-01T06:59:59Z", "2026-10-31", "2026-11-01T07:05:00Z"),
            ("2026-11-01T07:30:00Z", "2026-11-01", "2026-11-02T08:05:00Z"),
            ("2026-11-01T09:30:00Z", "2026-11-01", "2026-11-02T08:05:00Z"),
            // They go forward, for one of 23.
            ("2027-03-14T07:59:59Z", "2027-03-13", "2027-03-14T08:05:00Z"),
            ("2027-03-14T08:00:00Z", "2027-03-14", "2027-03-15T07:05:00Z"),
            ("2027-03-14T10:30:00Z", "2027-03-14", "2027-03-15T07:05:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(date(now), today);
            assert_eq!(next_reset(now), reset.parse().ok());
        }
    }
}
