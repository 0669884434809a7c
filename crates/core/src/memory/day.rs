//! A budget of requests that a memory provider grants per day, which ends at midnight UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{Allowance, ErrorKind, Operation, Resource, Result};

use super::MemoryProvider;

/// Requests of one day.
#[derive(Debug, Default)]
pub(super) struct Day {
    date: Option<Date>,
    used: u64,
}

impl MemoryProvider {
    /// Grants so many requests a day, which it counts and keeps back as [`Allowance`] says; no limit otherwise.
    ///
    /// Connecting, staging, committing and every change count; questions are free.
    #[must_use]
    pub fn with_requests_per_day(self, requests: u32) -> Self {
        self.with_sink_caps(|caps| {
            caps.requests.per_day = Some(requests);
            caps.requests.per_part = 1;
            caps.requests.per_commit = 1;
            caps.requests.per_connect = 1;
            caps.requests.day_ends = Some("UTC");
            caps.allowance = Some(Allowance::default());
        })
    }

    /// Counts a request, or refuses it.
    pub(super) fn spend(&self, operation: Operation) -> Result<()> {
        let caps = self.rules.sink.as_ref();
        let Some((per_day, allowance)) = caps.and_then(|caps| caps.requests.per_day.zip(caps.allowance.as_ref()))
        else {
            return Ok(());
        };
        let begins = operation == Operation::Stage;
        let counts = begins
            || matches!(
                operation,
                Operation::Connect
                    | Operation::Commit
                    | Operation::CreateAlbum
                    | Operation::AddToAlbum
                    | Operation::Describe
            );
        if !counts {
            return Ok(());
        }
        let today = self.clock.now().to_zoned(TimeZone::UTC).date();
        let mut state = self.state();
        if state.day.date != Some(today) {
            state.day = Day {
                date: Some(today),
                used: 0,
            };
        }
        let left = u64::from(per_day).saturating_sub(state.day.used);
        let kept = if begins { allowance.kept() } else { 0 };
        allowance.set_left(left);
        if left <= kept {
            let kind = ErrorKind::Quota {
                resource: Resource::RequestsPerDay,
                resets_at: end_of(today),
            };
            return Err(Self::refuse(kind, operation, "the day's requests are used up"));
        }
        state.day.used += 1;
        allowance.set_left(left - 1);
        Ok(())
    }
}

fn end_of(day: Date) -> Option<Timestamp> {
    Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
