//! Refusals of who asked too often or too much: which limit it was, how long to wait, and what it teaches.

use std::time::Duration;

use jiff::Timestamp;
use photomove_core::{Error, ErrorKind, Resource};
use photomove_http::{LONGEST_RETRY_AFTER, Lesson};

use super::{Refusal, shown};
use crate::client::{UPLOADS, WRITES};
use crate::day;

/// Google asks for this much before the first repeat of a rate-limited request.
pub(crate) const RATE_LIMITED_WAIT: Duration = Duration::from_secs(30);
/// Detail of an error: the limit in the service's own word.
const LIMIT: &str = "limit";
/// Detail of an error: the number of that limit.
const LIMIT_VALUE: &str = "value";
/// The service's word for changes of one account in a minute; the texts of older replies are turned into it.
const WRITES_PER_MINUTE: &str = "WritesPerMinutePerUser";
/// The service's word for uploads of one project in a minute.
const UPLOADS_PER_MINUTE: &str = "UploadsPerMinute";

pub(super) fn quota(refusal: &Refusal<'_>) -> Option<Error> {
    let exceeded = refusal.says("quota exceeded")
        || refusal.says("insufficient tokens for quota")
        || refusal.says("exhausted within")
        || refusal.has_reason(&["rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"]);
    if refusal.status != 429 && !exceeded {
        return None;
    }
    let failure = refusal.failure();
    let told = failure.metadata("quota_limit").map(shown).unwrap_or_default();
    let of_the_day = told.contains("PerDay")
        || refusal.says("per day")
        || refusal.says("PerDay")
        || refusal.has_reason(&["dailyLimitExceeded"]);
    if of_the_day {
        return Some(day_is_spent(refusal.now));
    }
    // What the body asks for counts as much as what a header does.
    let asked = refusal.retry_after.max(failure.retry_delay());
    let limited = |what: String| Error::new(rate_limited(asked), what);
    if refusal.says("concurrent write") {
        let what = "google photos is still busy with another change of this account";
        return Some(limited(what.to_owned()));
    }
    let limit = match told.as_str() {
        "" if refusal.says("Write requests per minute") || refusal.says(WRITES_PER_MINUTE) => WRITES_PER_MINUTE,
        "" if refusal.says(UPLOADS_PER_MINUTE) => UPLOADS_PER_MINUTE,
        told => told,
    };
    let what = match limit {
        "" => "google photos was asked too often",
        WRITES_PER_MINUTE => "google photos takes no more changes of this account within a minute",
        UPLOADS_PER_MINUTE => "google photos takes no more uploads of this project within a minute",
        _ => "google photos was asked too often",
    };
    let mut error = limited(what.to_owned());
    if !limit.is_empty() {
        error = error.context(LIMIT, limit);
    }
    if let Some(value) = failure
        .metadata("quota_limit_value")
        .and_then(|text| text.parse::<u32>().ok())
    {
        error = error.context(LIMIT_VALUE, value);
    }
    Some(error)
}

/// Reads what a refusal of an upload or of a change teaches.
///
/// Whether an upload is one of the changes that a minute takes is not documented. An upload that is refused for that
/// limit is one.
pub(crate) fn lesson(bucket: &'static str, refusal: &Error) -> Option<Lesson> {
    let detail = |wanted: &str| {
        let (_, value) = refusal.details().iter().find(|(name, _)| *name == wanted)?;
        Some(value.as_str())
    };
    if detail(LIMIT) != Some(WRITES_PER_MINUTE) {
        return None;
    }
    let per_minute = detail(LIMIT_VALUE)
        .and_then(|value| value.parse().ok())
        .filter(|most| *most > 0);
    match bucket {
        UPLOADS => Some(Lesson {
            counted_with: Some(WRITES),
            per_minute,
        }),
        WRITES => Some(Lesson {
            counted_with: None,
            per_minute,
        }),
        _ => None,
    }
}

pub(super) fn rate_limited(asked: Option<Duration>) -> ErrorKind {
    let asked = asked.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    ErrorKind::RateLimited {
        retry_after: Some(asked.max(RATE_LIMITED_WAIT)),
    }
}

pub(super) fn day_is_spent(now: Timestamp) -> Error {
    let resets_at = day::next_reset(now);
    let kind = ErrorKind::Quota {
        resource: Resource::RequestsPerDay,
        resets_at,
    };
    let error = Error::new(kind, "the google project has used up its requests of the day");
    match resets_at {
        Some(at) => error.hint(format!("run the same command again after {at}; it continues")),
        None => error.hint("run the same command again tomorrow; it continues"),
    }
}
