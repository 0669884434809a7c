//! What is to be set, compared with what is there.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use photomove_core::{CaptureTime, Fields, Metadata, Origin, Place, Precision, cut_chars};

use super::{has_label, zones};
use crate::convert::{split_keywords, zone};
use crate::wire::{LocalTime, Photo, PhotoProperties, Source};

/// Characters of a title.
const TITLE_CHARS: u32 = 200;
/// Degrees below which two positions are the same: some ten metres, as services round them.
const SAME_PLACE: f64 = 1e-4;
/// The furthest that a clock on a wall is from UTC.
const FURTHEST_ZONE: SignedDuration = SignedDuration::from_hours(14);

/// What is to be set of a photo.
#[derive(Debug, Default)]
pub(super) struct Wishes<'m> {
    taken: Option<Time<'m>>,
    title: Option<&'m str>,
    caption: Option<&'m str>,
    keywords: Option<Keywords>,
    place: Option<&'m Place>,
    favourite: bool,
    private: bool,
    pub(super) archived: bool,
}

/// A time to be set.
#[derive(Debug, Clone, Copy)]
struct Time<'m> {
    value: CaptureTime,
    /// The source's own name for the zone.
    zone: Option<&'m str>,
    /// Whether it came out of the file, which the server reads itself.
    embedded: bool,
}

/// Keywords as the server can keep them: single words, and labels for all others.
#[derive(Debug, Default)]
struct Keywords {
    words: BTreeSet<String>,
    phrases: Vec<String>,
}

impl Keywords {
    fn of(all: &[String]) -> Self {
        let mut keywords = Self::default();
        for word in all.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
            match is_word(word) {
                true => drop(keywords.words.insert(word.to_lowercase())),
                false => keywords.phrases.push(word.to_owned()),
            }
        }
        keywords
    }
}

/// Says whether the server keeps a keyword as it is: it splits phrases, and drops numbers and single letters
/// (reference 2.2.2).
fn is_word(word: &str) -> bool {
    let letters = word.chars().count();
    let plain = word.chars().all(|c| c.is_alphanumeric() || c == '-');
    let number = word.chars().all(|c| c.is_ascii_digit() || c == '-');
    let short = letters < 2 && word.is_ascii();
    plain && !number && !short && !word.starts_with('-') && !word.ends_with('-')
}

impl<'m> Wishes<'m> {
    pub(super) fn of(patch: &'m Metadata) -> Self {
        let text = |text: &'m Option<photomove_core::Sourced<String>>| {
            text.as_ref()
                .map(|text| text.value.as_str())
                .filter(|text| !text.is_empty())
        };
        let flag = |flag: &Option<photomove_core::Sourced<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let keywords = patch.keywords.as_ref().map(|words| Keywords::of(&words.value));
        Self {
            taken: patch.taken.as_ref().map(|taken| Time {
                value: taken.value,
                zone: zones::named(patch),
                embedded: taken.origin == Origin::Embedded,
            }),
            title: text(&patch.title),
            caption: text(&patch.description),
            keywords: keywords.filter(|keywords| !keywords.words.is_empty() || !keywords.phrases.is_empty()),
            place: patch.place.as_ref().map(|place| &place.value),
            favourite: flag(&patch.favourite),
            private: flag(&patch.private),
            archived: flag(&patch.archived),
        }
    }

    /// What is to be sent; `None` if all is as it should be.
    pub(super) fn change(&self, photo: &Photo) -> Option<PhotoProperties> {
        let granted = self.granted(photo);
        let lacks = |field| !granted.contains(field);
        let mut change = PhotoProperties::default();
        if let Some(time) = self.taken.filter(|_| lacks(Fields::TAKEN)) {
            change = time.set(change, photo);
        }
        if let Some(title) = self.title.filter(|_| lacks(Fields::TITLE)) {
            change = change.with_title(cut_chars(title, TITLE_CHARS));
        }
        if let Some(caption) = self.caption.filter(|_| lacks(Fields::DESCRIPTION)) {
            change = change.with_caption(caption);
        }
        if let Some(keywords) = &self.keywords
            && let Some(details) = &photo.details
            && !keywords.words.iter().all(|word| keeps(photo, word))
        {
            let mut all: BTreeSet<&str> = split_keywords(&details.keywords).collect();
            all.extend(keywords.words.iter().map(String::as_str));
            let all: Vec<&str> = all.into_iter().collect();
            let mut details = details.change();
            // Without its number the server passes over all of it.
            details.photo_id = photo.id;
            change = change.with_details(details.with_keywords(all.join(", ")));
        }
        if let Some(place) = self.place.filter(|_| lacks(Fields::PLACE)) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "metres above sea fit, whatever their fraction"
            )]
            let altitude = place.altitude_m.map(|metres| metres.round() as i32);
            change = change.with_position(place.latitude, place.longitude, altitude);
        }
        if self.favourite && !photo.favorite {
            change = change.with_favorite(true);
        }
        if self.private && !photo.private {
            change = change.with_private(true);
        }
        (change != PhotoProperties::default()).then_some(change)
    }

    /// Labels that a photo lacks.
    pub(super) fn labels(&self, photo: &Photo) -> Vec<String> {
        let phrases = self.keywords.iter().flat_map(|keywords| &keywords.phrases);
        phrases.filter(|phrase| !has_label(photo, phrase)).cloned().collect()
    }

    /// Which of the wishes a photo fulfils.
    pub(super) fn granted(&self, photo: &Photo) -> Fields {
        let keywords = |keywords: &Keywords| {
            keywords.words.iter().all(|word| keeps(photo, word))
                && keywords.phrases.iter().all(|phrase| has_label(photo, phrase))
        };
        [
            (self.taken.is_some_and(|time| time.is_of(photo)), Fields::TAKEN),
            (
                self.title
                    .is_some_and(|title| photo.title == title && photo.title_src != Source::Auto),
                Fields::TITLE,
            ),
            (
                self.caption.is_some_and(|caption| photo.caption_text() == caption),
                Fields::DESCRIPTION,
            ),
            (self.keywords.as_ref().is_some_and(keywords), Fields::KEYWORDS),
            (self.place.is_some_and(|place| is_at(photo, place)), Fields::PLACE),
            (self.favourite && photo.favorite, Fields::FAVOURITE),
            (self.private && photo.private, Fields::PRIVATE),
            (self.archived && photo.is_archived(), Fields::ARCHIVED),
        ]
        .into_iter()
        .filter(|(granted, _)| *granted)
        .fold(Fields::NONE, |all, (_, field)| all.union(field))
    }
}

fn keeps(photo: &Photo, word: &str) -> bool {
    let details = photo.details.as_ref();
    details.is_some_and(|details| split_keywords(&details.keywords).any(|known| known.to_lowercase() == word))
}

fn is_at(photo: &Photo, place: &Place) -> bool {
    photo.position().is_some_and(|(latitude, longitude)| {
        (latitude - place.latitude).abs() < SAME_PLACE && (longitude - place.longitude).abs() < SAME_PLACE
    })
}

/// Cut to the second, as the server does with what it reads.
fn whole(time: DateTime) -> DateTime {
    time.with().subsec_nanosecond(0).build().unwrap_or(time)
}

fn whole_instant(time: Timestamp) -> i64 {
    time.as_second()
}

impl Time<'_> {
    /// Says whether a photo has this time, as far as both sides know it.
    fn is_of(self, photo: &Photo) -> bool {
        // A time of the server's own making is that of the upload.
        if photo.taken_src == Source::Auto {
            return false;
        }
        if self.embedded {
            return true;
        }
        let theirs = photo.taken_at_local.map(|local| local.datetime());
        let CaptureTime {
            instant,
            local,
            precision,
            ..
        } = self.value;
        if let (Some(local), Some(theirs)) = (local, theirs) {
            return match precision {
                Precision::Year => i32::from(local.year()) == photo.year,
                Precision::Month => i32::from(local.year()) == photo.year && i32::from(local.month()) == photo.month,
                Precision::Day => local.date() == theirs.date(),
                // The wall clock is what people see and what the library is sorted by.
                Precision::Second | Precision::Subsecond => {
                    whole(local) == whole(theirs) && self.zone.is_none_or(|zone| self.is_in(local, zone, photo))
                }
            };
        }
        let (Some(instant), Some(at)) = (self.value.as_instant().or(instant), photo.taken_at) else {
            return false;
        };
        if whole_instant(instant) == whole_instant(at) {
            return true;
        }
        // Without a zone the server has the camera's wall clock in both: it may be this instant anywhere on earth.
        let apart = instant.duration_since(at).abs();
        let quarters = apart.as_secs() % (15 * 60) == 0;
        zone(&photo.time_zone).is_none() && quarters && apart <= FURTHEST_ZONE
    }

    /// Says whether a photo has the zone that the source names, unless that name does not fit the time.
    fn is_in(self, local: DateTime, zone: &str, photo: &Photo) -> bool {
        photo.time_zone == zones::name(local, self.value.offset_s, Some(zone), &photo.time_zone)
    }

    fn set(self, change: PhotoProperties, photo: &Photo) -> PhotoProperties {
        let CaptureTime {
            local,
            offset_s,
            precision,
            ..
        } = self.value;
        let mut change = match (local, self.value.as_instant()) {
            (Some(local), _) => {
                let zone = zones::name(local, offset_s, self.zone, &photo.time_zone);
                change.with_local_time(LocalTime::new(whole(local)), zone)
            }
            (None, Some(instant)) => match zone(&photo.time_zone).filter(|_| photo.time_zone != "UTC") {
                Some(zone) => {
                    let local = whole(instant.to_zoned(zone).datetime());
                    change.with_local_time(LocalTime::new(local), photo.time_zone.as_str())
                }
                None => change.with_time_utc(Timestamp::from_second(instant.as_second()).unwrap_or(instant)),
            },
            (None, None) => return change,
        };
        if matches!(precision, Precision::Year | Precision::Month) {
            change.day = Some(-1);
        }
        if precision == Precision::Year {
            change.month = Some(-1);
        }
        change
    }
}

#[cfg(test)]
mod tests;
