//! All files, albums and reasons of a job, page by page, and their values as every form of the report writes them.

use jiff::Timestamp;
use photomove_core::{CaptureTime, MediaKind, PartRole, Precision, Result};
use photomove_migrate::{AlbumRecord, ItemRecord, JobOverview, JobState, JobStatus, Outcome, ReasonCount};

use super::Subject;

/// Rows that are read from the journal at once.
const PAGE: u32 = 500;

impl Subject<'_> {
    /// Gives every file of the job to `each`, in the order of the listing.
    pub(super) async fn items(&self, mut each: impl FnMut(&ItemRecord) -> Result<()>) -> Result<()> {
        let (job, mut after) = (self.overview.status.id, None);
        loop {
            let page = self.journal.items(job, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            page.iter().try_for_each(&mut each)?;
        }
    }

    /// Gives the first `most` files with this reason to `each`; returns how many there were.
    pub(super) async fn items_with(
        &self,
        reason: &ReasonCount,
        most: u64,
        mut each: impl FnMut(&ItemRecord) -> Result<()>,
    ) -> Result<u64> {
        let (job, mut after, mut given) = (self.overview.status.id, None, 0);
        while given < most {
            let limit = u32::try_from(most - given).unwrap_or(PAGE).min(PAGE);
            let page = self
                .journal
                .items_with(job, reason.outcome, Some(&reason.kind), after, limit)
                .await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            given += page.len() as u64;
            page.iter().try_for_each(&mut each)?;
        }
        Ok(given)
    }

    /// Gives the first `most` albums to `each`; returns how many there were.
    pub(super) async fn albums(&self, most: u64, mut each: impl FnMut(&AlbumRecord) -> Result<()>) -> Result<u64> {
        let (job, mut after, mut given) = (self.overview.status.id, None, 0);
        while given < most {
            let limit = u32::try_from(most - given).unwrap_or(PAGE).min(PAGE);
            let page = self.journal.albums_of(job, after, limit).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            given += page.len() as u64;
            page.iter().try_for_each(&mut each)?;
        }
        Ok(given)
    }
}

/// `photo`, `video`, `live_photo`.
pub(super) fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Photo => "photo",
        MediaKind::Video => "video",
        MediaKind::LivePhoto => "live_photo",
    }
}

/// `primary`, `motion`, `raw`, `edited`, `sidecar`.
pub(super) fn role(role: PartRole) -> &'static str {
    match role {
        PartRole::Primary => "primary",
        PartRole::Motion => "motion",
        PartRole::Raw => "raw",
        PartRole::Edited => "edited",
        PartRole::Sidecar => "sidecar",
    }
}

/// The outcome as programs know it; one that is open is `waiting`.
pub(super) fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Verified) => "verified",
        Some(Outcome::Unverifiable) => "unverifiable",
        Some(Outcome::AlreadyThere) => "already_there",
        Some(Outcome::Skipped) => "skipped",
        Some(Outcome::Failed) => "failed",
        None => "waiting",
    }
}

/// The outcome as people know it.
pub(super) fn outcome_words(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::AlreadyThere) => "already there",
        None => "not finished",
        _ => self::outcome(outcome),
    }
}

/// Says whether the file is at the destination.
pub(super) fn arrived(outcome: Option<Outcome>) -> bool {
    matches!(
        outcome,
        Some(Outcome::Verified | Outcome::Unverifiable | Outcome::AlreadyThere)
    )
}

/// When a picture was taken, as exactly as it is known: `2023-05-12T09:05:00+01:00`, without the offset where nobody knows
/// it, `2023-05` where only the month is known.
pub(super) fn taken(time: &CaptureTime) -> String {
    let civil = time.local;
    match (time.precision, civil) {
        (Precision::Year, Some(at)) => return at.strftime("%Y").to_string(),
        (Precision::Month, Some(at)) => return at.strftime("%Y-%m").to_string(),
        (Precision::Day, Some(at)) => return at.date().to_string(),
        _ => {}
    }
    let offset = time.offset_s.and_then(|s| jiff::tz::Offset::from_seconds(s).ok());
    match (time.as_instant(), offset, civil) {
        (Some(instant), Some(offset), _) => instant.display_with_offset(offset).to_string(),
        (Some(instant), None, None) => instant.to_string(),
        (_, _, Some(local)) => local.to_string(),
        (None, _, None) => String::new(),
    }
}

/// Hexadecimal digits of a hash.
pub(super) fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The instant in the time zone of the machine, for people.
pub(super) fn local(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%a %-d %b %Y %H:%M")
        .to_string()
}

/// Where the job stands.
pub(super) fn state_words(status: &JobStatus) -> String {
    match (status.state, status.wake_at) {
        (JobState::Listing, _) => "the listing is not finished".to_owned(),
        (JobState::Running, _) => "not finished".to_owned(),
        (JobState::Waiting, None) => "waiting for a new sign-in".to_owned(),
        (JobState::Waiting, Some(at)) => format!("waiting until {}", local(at)),
        (JobState::Finished, _) => "finished".to_owned(),
    }
}

/// What matters most, in one sentence without a period.
pub(super) fn verdict(overview: &JobOverview) -> String {
    use crate::text::{count, counted};
    let sums = &overview.status.accounting;
    let found = sums.found.count;
    let there = sums.verified.count + sums.unverifiable.count + sums.already_there.count;
    let target = crate::report::service(&overview.status.target);
    if found == 0 {
        return "Nothing has been found to move yet".to_owned();
    }
    let some = format!("{} of {} are at {target}", count(there), counted(found, "file"));
    if sums.waiting.count > 0 {
        return match sums.failed.count {
            0 => format!("Not finished: so far {some}"),
            failed => format!("Not finished: so far {some}, and {} failed", count(failed)),
        };
    }
    let all = match (found, there == found) {
        (1, true) => format!("The one file is at {target}"),
        (_, true) => format!("All {} are at {target}", counted(found, "file")),
        (_, false) => some,
    };
    let mut rest = Vec::new();
    if sums.failed.count > 0 {
        rest.push(format!("{} failed", count(sums.failed.count)));
    }
    if sums.skipped.count > 0 {
        rest.push(format!("{} left out", count(sums.skipped.count)));
    }
    match (rest.is_empty(), sums.unverifiable.count) {
        (false, 0) => format!("{all}; {}", rest.join(", ")),
        (false, unproven) => format!("{all}; {}, and {} without proof", rest.join(", "), count(unproven)),
        (true, 0) if sums.already_there.count == 0 => format!("{all}, and every one is proven to have the same bytes"),
        (true, 0) => format!("{all}, and nothing is without proof"),
        (true, unproven) if unproven == found => format!("{all}, but nothing proves that they have the same bytes"),
        (true, unproven) => format!("{all}; {} of them without proof of the same bytes", count(unproven)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn times_are_as_exact_as_they_are_known() {
        let local = date(2023, 5, 12).at(9, 5, 0, 0);
        let mut time = CaptureTime::local(local, Precision::Second);
        assert_eq!(taken(&time), "2023-05-12T09:05:00");
        time.offset_s = Some(3600);
        assert_eq!(taken(&time), "2023-05-12T09:05:00+01:00");
        assert_eq!(taken(&CaptureTime::local(local, Precision::Month)), "2023-05");
        assert_eq!(taken(&CaptureTime::local(local, Precision::Year)), "2023");
        let instant = "2023-05-12T08:05:00Z".parse().unwrap();
        assert_eq!(
            taken(&CaptureTime::instant(instant, Precision::Second)),
            "2023-05-12T08:05:00Z"
        );
    }
}
