//! Requests of the day, counted and refused before the service would.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use photomove_core::{Allowance, Error, ErrorKind, Operation, QuotaStore, Resource, Result};

use crate::Origin;

/// A budget of requests that a service grants per day.
#[derive(Debug, Clone)]
pub struct QuotaRule {
    /// Stable, unsecret name of whom the budget belongs to; see [`crate::Http::set_quota_account`].
    pub account: String,
    /// Name of the budget.
    pub resource: &'static str,
    /// Requests a day; `None` = only counted.
    pub per_day: Option<u64>,
    /// IANA name of the time zone at whose midnight the day begins.
    pub zone: &'static str,
    /// Only requests to these origins count.
    pub origins: Vec<Origin>,
    /// Is told what is left, and says how many requests are kept back; see [`Allowance`].
    pub allowance: Allowance,
}

/// Says whether a request begins something, or can as well be made on another day: it may not use what is kept back to
/// finish what was begun.
fn can_wait(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Stage | Operation::Verify | Operation::ReadBack | Operation::Describe
    )
}

/// Returns the next local midnight of a time zone, `None` if there is no such zone.
pub fn next_midnight(now: Timestamp, zone: &str) -> Option<Timestamp> {
    midnight_after(now, &TimeZone::get(zone).ok()?)
}

fn midnight_after(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    // A day may have 23 or 25 hours and may even begin after midnight; the calendar knows.
    let tomorrow = today.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some(tomorrow.timestamp())
}

/// Counts the requests of one rule.
#[derive(Debug)]
pub(crate) struct DayCounter {
    account: RwLock<String>,
    resource: &'static str,
    per_day: Option<u64>,
    zone: TimeZone,
    origins: Vec<Origin>,
    allowance: Allowance,
    store: Arc<dyn QuotaStore>,
    gate: tokio::sync::Mutex<()>,
}

impl DayCounter {
    pub(crate) fn new(rule: QuotaRule, store: Arc<dyn QuotaStore>) -> Result<Self> {
        let zone = TimeZone::get(rule.zone).map_err(|error| {
            Error::new(ErrorKind::Internal, "time zone of a quota is not known")
                .context("zone", rule.zone)
                .source(error)
        })?;
        Ok(Self {
            account: RwLock::new(rule.account),
            resource: rule.resource,
            per_day: rule.per_day,
            zone,
            origins: rule.origins,
            allowance: rule.allowance,
            store,
            gate: tokio::sync::Mutex::new(()),
        })
    }

    pub(crate) fn set_account(&self, account: &str) {
        account.clone_into(&mut self.account.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts one request about to leave, or refuses it.
    pub(crate) async fn count(&self, origin: &Origin, operation: Operation, now: Timestamp) -> Result<()> {
        if !self.origins.contains(origin) {
            return Ok(());
        }
        let account = self.account.read().unwrap_or_else(PoisonError::into_inner).clone();
        let day = now.to_zoned(self.zone.clone()).date().to_string();
        let Some(per_day) = self.per_day else {
            self.store.add(&account, self.resource, &day, 1).await?;
            return Ok(());
        };
        // Looking and counting are one step, or callers in parallel would overdraw the last requests.
        let _gate = self.gate.lock().await;
        let left = per_day.saturating_sub(self.store.used(&account, self.resource, &day).await?);
        let kept = if can_wait(operation) { self.allowance.kept() } else { 0 };
        if left <= kept {
            self.allowance.set_left(left);
            return Err(self.spent(per_day, left, now));
        }
        let used = self.store.add(&account, self.resource, &day, 1).await?;
        self.allowance.set_left(per_day.saturating_sub(used));
        Ok(())
    }

    fn spent(&self, per_day: u64, left: u64, now: Timestamp) -> Error {
        let resets_at = midnight_after(now, &self.zone);
        let kind = ErrorKind::Quota {
            resource: Resource::RequestsPerDay,
            resets_at,
        };
        let error = Error::new(kind, spent_words(per_day, left)).context("quota", self.resource);
        match resets_at {
            Some(at) => error.hint(format!("run the same command again after {at}")),
            None => error,
        }
    }
}

fn spent_words(per_day: u64, left: u64) -> String {
    match left {
        0 => format!("the day's {per_day} requests are used up"),
        1 => format!("the day's {per_day} requests are used up, but for the last one, which finishes what is begun"),
        _ => format!("the day's {per_day} requests are used up, but for the last {left}, which finish what is begun"),
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::{Disposition, MemoryQuotaStore};
    use rstest::rstest;
    use url::Url;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    // Los Angeles leaves summer time on 2026-11-01 and enters it on 2026-03-08.
    #[rstest]
    #[case("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z")]
    #[case("2026-07-01T06:59:59Z", "2026-07-01T07:00:00Z")]
    #[case("2026-07-01T07:00:00Z", "2026-07-02T07:00:00Z")]
    #[case("2026-11-01T07:30:00Z", "2026-11-02T08:00:00Z")]
    #[case("2026-11-01T06:59:59Z", "2026-11-01T07:00:00Z")]
    #[case("2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z")]
    #[case("2026-03-08T08:30:00Z", "2026-03-09T07:00:00Z")]
    #[case("2027-03-14T07:59:59Z", "2027-03-14T08:00:00Z")]
    #[case("2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z")]
    #[case("2027-03-14T10:30:00Z", "2027-03-15T07:00:00Z")]
    fn the_day_ends_at_local_midnight_whatever_its_length(#[case] now: &str, #[case] end: &str) {
        assert_eq!(next_midnight(at(now), "America/Los_Angeles"), Some(at(end)));
    }

    #[test]
    fn an_unknown_zone_is_an_error() {
        assert_eq!(next_midnight(at("2026-07-01T12:00:00Z"), "Mars/Olympus"), None);
    }

    fn counter(per_day: Option<u64>) -> (DayCounter, Origin, Arc<MemoryQuotaStore>) {
        let origin = Origin::of(&Url::parse("https://library.example").unwrap());
        let store = Arc::new(MemoryQuotaStore::default());
        let rule = QuotaRule {
            account: "me".to_owned(),
            resource: "library requests",
            per_day,
            zone: "America/Los_Angeles",
            origins: vec![origin.clone()],
            allowance: Allowance::default(),
        };
        (DayCounter::new(rule, store.clone()).unwrap(), origin, store)
    }

    #[tokio::test]
    async fn the_last_request_passes_and_the_next_waits_for_midnight() {
        let (counter, origin, _) = counter(Some(2));
        // The day on which clocks go back: 25 hours.
        let now = at("2026-11-01T07:30:00Z");
        counter.count(&origin, Operation::Commit, now).await.unwrap();
        counter
            .count(&origin, Operation::Commit, at("2026-11-02T07:59:59Z"))
            .await
            .unwrap();
        let refused = counter.count(&origin, Operation::Commit, now).await.unwrap_err();
        assert_eq!(
            refused.disposition(),
            Disposition::WaitUntil(Some(at("2026-11-02T08:00:00Z")))
        );
        counter
            .count(&origin, Operation::Commit, at("2026-11-02T08:00:00Z"))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn other_origins_and_other_accounts_do_not_count() {
        let (counter, origin, store) = counter(Some(1));
        let now = at("2026-07-01T12:00:00Z");
        let other = Origin::of(&Url::parse("https://elsewhere.example").unwrap());
        counter.count(&other, Operation::Commit, now).await.unwrap();
        counter.count(&origin, Operation::Commit, now).await.unwrap();
        counter.set_account("you");
        counter.count(&origin, Operation::Commit, now).await.unwrap();
        for account in ["me", "you"] {
            assert_eq!(store.used(account, "library requests", "2026-07-01").await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn callers_in_parallel_never_overdraw() {
        let (counter, origin, store) = counter(Some(5));
        let now = at("2026-07-01T12:00:00Z");
        let results =
            futures_util::future::join_all((0..20).map(|_| counter.count(&origin, Operation::Commit, now))).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
        assert_eq!(store.used("me", "library requests", "2026-07-01").await.unwrap(), 5);
    }

    #[tokio::test]
    async fn what_is_kept_back_is_for_finishing_only() {
        let (counter, origin, _) = counter(Some(5));
        let allowance = counter.allowance.clone();
        let now = at("2026-07-01T12:00:00Z");
        assert_eq!(allowance.left(), None);
        counter.count(&origin, Operation::Stage, now).await.unwrap();
        allowance.keep(2);
        counter.count(&origin, Operation::Stage, now).await.unwrap();
        counter.count(&origin, Operation::Verify, now).await.unwrap();
        for operation in [Operation::Stage, Operation::Verify] {
            let refused = counter.count(&origin, operation, now).await.unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the day's 5 requests are used up, but for the last 2, which finish what is begun (quota library requests)"
            );
        }
        assert_eq!(allowance.left(), Some(2));
        counter.count(&origin, Operation::CreateAlbum, now).await.unwrap();
        counter.count(&origin, Operation::Commit, now).await.unwrap();
        let refused = counter.count(&origin, Operation::Commit, now).await.unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("the day's 5 requests are used up (quota")
        );
        // A new day, of which as much is kept.
        counter
            .count(&origin, Operation::Stage, at("2026-07-02T12:00:00Z"))
            .await
            .unwrap();
        assert_eq!(allowance.left(), Some(4));
    }
}
