//! When a run that has used up its day goes on: some minutes after the next one is to begin, and if that begins late, soon
//! again.

use jiff::{SignedDuration, Timestamp};
use photomove_core::Random;

/// The new days that were waited for.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    /// When the last one was to begin.
    day: Option<Timestamp>,
    /// How often that was not so.
    in_vain: u32,
    /// Bytes that were sent before.
    sent_bytes: u64,
    /// When the run goes on.
    until: Option<Timestamp>,
}

impl Awaited {
    /// A new day may begin later than it is said to: for so long it is asked for again soon.
    const LATE_AT_MOST: SignedDuration = SignedDuration::from_hours(3);
    /// Between two such questions, and twice and four times that.
    const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(15);

    /// When the run goes on; `None` = nobody knows when the day begins.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Bytes that the run had sent when it was refused last.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Takes a refusal for the day's requests, of a run that has sent so many bytes since it was begun.
    pub(super) fn refused(
        &mut self,
        now: Timestamp,
        resets_at: Option<Timestamp>,
        sent_bytes: u64,
        random: &dyn Random,
    ) {
        self.until = self.next(now, resets_at, sent_bytes, random);
    }

    /// Returns when to go on after a refusal for the day's requests, of a run that has sent so many bytes since it was begun.
    /// All who wait for the same midnight should not come at the same instant.
    fn next(
        &mut self,
        now: Timestamp,
        resets_at: Option<Timestamp>,
        sent_bytes: u64,
        random: &dyn Random,
    ) -> Option<Timestamp> {
        let is_late = self
            .day
            .is_some_and(|day| now.duration_since(day) < Self::LATE_AT_MOST && now >= day);
        if is_late && sent_bytes == self.sent_bytes {
            let wait = Self::ASK_AGAIN * (1 << self.in_vain.min(2));
            self.in_vain += 1;
            let soon = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
            return Some(resets_at.map_or(soon, |at| at.min(soon)));
        }
        (self.in_vain, self.sent_bytes, self.day) = (0, sent_bytes, resets_at);
        let jitter = SignedDuration::from_secs(60 + i64::try_from(random.next_u64() % 540).unwrap_or(0));
        resets_at.map(|at| at.saturating_add(jitter).unwrap_or(at))
    }
}

#[cfg(test)]
mod tests {
    use photomove_core::SeededRandom;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_new_day_is_asked_for_some_minutes_after_it_is_to_begin() {
        let random = SeededRandom::new(3);
        let (now, reset) = (at("2026-11-01T12:00:00Z"), at("2026-11-02T08:00:00Z"));
        for _ in 0..50 {
            let until = Awaited::default().next(now, Some(reset), 0, &random).unwrap();
            let late = until.duration_since(reset).as_secs();
            assert!((60..600).contains(&late), "{late} s");
        }
        assert_eq!(Awaited::default().next(now, None, 0, &random), None);
    }

    #[test]
    fn a_day_that_begins_late_is_asked_for_again_soon_and_not_a_day_later() {
        let random = SeededRandom::new(3);
        let mut awaited = Awaited::default();
        let first = awaited.next(
            at("2027-03-14T01:00:00Z"),
            Some(at("2027-03-14T08:00:00Z")),
            500,
            &random,
        );
        let mut now = first.unwrap();
        let tomorrow = Some(at("2027-03-15T07:00:00Z"));
        let mut waits = Vec::new();
        for _ in 0..4 {
            let until = awaited.next(now, tomorrow, 500, &random).unwrap();
            waits.push(until.duration_since(now).as_mins());
            now = until;
        }
        assert_eq!(waits, [15, 30, 60, 60]);
        // By then it is no matter of a late day any more.
        let until = awaited
            .next(now + SignedDuration::from_hours(1), tomorrow, 500, &random)
            .unwrap();
        assert!(until > at("2027-03-15T07:00:00Z"));
    }

    #[test]
    fn a_day_on_which_something_was_sent_had_begun() {
        let random = SeededRandom::new(3);
        let mut awaited = Awaited::default();
        let first = awaited.next(
            at("2026-11-02T01:00:00Z"),
            Some(at("2026-11-02T08:00:00Z")),
            500,
            &random,
        );
        let now = first.unwrap() + SignedDuration::from_mins(20);
        let tomorrow = at("2026-11-03T08:00:00Z");
        assert!(awaited.next(now, Some(tomorrow), 900, &random).unwrap() > tomorrow);
    }
}
