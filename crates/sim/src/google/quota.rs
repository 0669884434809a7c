//! Limits per day, per minute and "one write at a time", counted by the stand-in's clock.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::reply::ApiError;
use super::switches::GoogleSwitches;
use super::world::AccountIndex;

const SERVICE: &str = "photoslibrary.googleapis.com";
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// What has been used of every limit.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    day: Option<(Date, u32)>,
    writes: HashMap<AccountIndex, VecDeque<Timestamp>>,
    uploads: VecDeque<Timestamp>,
    writing: HashSet<AccountIndex>,
    lane_free_at: HashMap<AccountIndex, Timestamp>,
}

impl Quotas {
    /// Counts one request of the project, or refuses it.
    pub(super) fn take_request(
        &mut self,
        now: Timestamp,
        switches: &GoogleSwitches,
        project: &str,
    ) -> Result<(), ApiError> {
        let today = now.to_zoned(switches.quota_day_zone.clone()).date();
        let used = match self.day {
            Some((day, used)) if day == today => used,
            _ => 0,
        };
        if let Some(limit) = switches.requests_per_day.filter(|limit| used >= *limit) {
            return Err(exceeded(
                "All requests",
                "All requests per day",
                project,
                limit,
                "all_requests",
                "ApiCallsPerProjectPerDay",
            ));
        }
        self.day = Some((today, used + 1));
        Ok(())
    }

    /// Requests of the project's present day.
    pub(super) fn requests_today(&self, now: Timestamp, switches: &GoogleSwitches) -> u32 {
        let today = now.to_zoned(switches.quota_day_zone.clone()).date();
        self.day.filter(|(day, _)| *day == today).map_or(0, |(_, used)| used)
    }

    /// Counts one write of the person, or refuses it.
    pub(super) fn take_write(
        &mut self,
        now: Timestamp,
        switches: &GoogleSwitches,
        account: AccountIndex,
        project: &str,
    ) -> Result<(), ApiError> {
        let Some(limit) = switches.writes_per_minute else {
            return Ok(());
        };
        if take(self.writes.entry(account).or_default(), now, limit) {
            return Ok(());
        }
        let (metric, name) = ("Write requests", "Write requests per minute per user");
        Err(exceeded(
            metric,
            name,
            project,
            limit,
            "write_requests",
            "WritesPerMinutePerUser",
        ))
    }

    /// Counts one upload of the project; the refusal is the text of a **400**.
    pub(super) fn take_upload(
        &mut self,
        now: Timestamp,
        switches: &GoogleSwitches,
        project: &str,
    ) -> Result<(), String> {
        let Some(limit) = switches.uploads_per_minute else {
            return Ok(());
        };
        if take(&mut self.uploads, now, limit) {
            return Ok(());
        }
        Err(format!(
            "Insufficient tokens for quota '{SERVICE}/upload_requests' and limit 'UploadsPerMinute' of service '{SERVICE}' \
             for consumer 'project_number:{project}'."
        ))
    }

    /// Takes the account's write lane; give it back with [`leave_lane`](Self::leave_lane).
    pub(super) fn enter_lane(&mut self, now: Timestamp, account: AccountIndex) -> Result<(), ApiError> {
        let held = self.lane_free_at.get(&account).is_some_and(|free_at| now < *free_at);
        if held || !self.writing.insert(account) {
            return Err(ApiError::quota(
                format!("Quota exceeded for quota 'concurrent write request' of service '{SERVICE}'."),
                None,
            ));
        }
        Ok(())
    }

    /// Frees the lane, `hold` after `now`.
    pub(super) fn leave_lane(&mut self, now: Timestamp, account: AccountIndex, hold: SignedDuration) {
        self.writing.remove(&account);
        self.lane_free_at
            .insert(account, now.saturating_add(hold).unwrap_or(Timestamp::MAX));
    }
}

/// Notes one more event unless `limit` of them lie within the last minute.
fn take(events: &mut VecDeque<Timestamp>, now: Timestamp, limit: u32) -> bool {
    while events.front().is_some_and(|event| now.duration_since(*event) >= MINUTE) {
        events.pop_front();
    }
    if events.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        return false;
    }
    events.push_back(now);
    true
}

fn exceeded(metric: &str, limit: &str, project: &str, value: u32, metric_id: &str, limit_id: &str) -> ApiError {
    ApiError::quota(
        format!(
            "Quota exceeded for quota metric '{metric}' and limit '{limit}' of service '{SERVICE}' for consumer \
             'project_number:{project}'."
        ),
        Some(json!({
            "service": SERVICE, "quota_limit_value": value.to_string(), "quota_location": "global",
            "consumer": format!("projects/{project}"),
            "quota_metric": format!("{SERVICE}/{metric_id}"), "quota_limit": limit_id,
        })),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn with(change: impl Fn(&mut GoogleSwitches)) -> GoogleSwitches {
        let mut switches = GoogleSwitches::default();
        change(&mut switches);
        switches
    }

    #[test]
    fn the_day_ends_at_midnight_pacific_in_winter_and_summer() {
        let switches = with(|s| s.requests_per_day = Some(1));
        for (last, first) in [
            ("2026-01-15T07:59:59Z", "2026-01-15T08:00:00Z"),
            ("2026-07-15T06:59:59Z", "2026-07-15T07:00:00Z"),
        ] {
            let mut quotas = Quotas::default();
            quotas.take_request(at(last), &switches, "1").unwrap();
            assert!(quotas.take_request(at(last), &switches, "1").is_err());
            quotas.take_request(at(first), &switches, "1").unwrap();
            assert_eq!(quotas.requests_today(at(first), &switches), 1);
        }
    }

    #[test]
    fn a_minute_slides() {
        let switches = with(|s| s.writes_per_minute = Some(2));
        let mut quotas = Quotas::default();
        let mut write = |time: &str| quotas.take_write(at(time), &switches, 0, "1").is_ok();
        assert!(write("2026-01-01T00:00:00Z") && write("2026-01-01T00:00:30Z"));
        assert!(!write("2026-01-01T00:00:59Z"));
        assert!(write("2026-01-01T00:01:00Z"));
        assert!(!write("2026-01-01T00:01:29Z"));
    }

    #[test]
    fn the_lane_is_held_while_writing_and_as_long_as_asked_after() {
        let (start, hold) = (at("2026-01-01T00:00:00Z"), SignedDuration::from_secs(10));
        let mut quotas = Quotas::default();
        quotas.enter_lane(start, 0).unwrap();
        assert!(quotas.enter_lane(start, 0).is_err());
        quotas.enter_lane(start, 1).unwrap();
        quotas.leave_lane(start, 0, hold);
        assert!(quotas.enter_lane(start + SignedDuration::from_secs(9), 0).is_err());
        quotas.enter_lane(start + hold, 0).unwrap();
    }
}
