//! Facts while they are gathered: several places of a file may offer the same one, and the best offer stays.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;

use crate::dates::Stamp;
use crate::facts::WARNINGS_MAX;
use crate::{
    ByteRange, DateField, Exposure, MediaFacts, MotionMark, Orientation, PixelSize, Place, PlaceField, Warning,
    WarningKind,
};

mod choice;

/// Who offers a fact. The first one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Giver {
    /// The structure of the file itself: sizes, HEIF's turns, a movie's matrix.
    Container,
    Xmp,
    Iptc,
    Exif,
    /// Windows' own tags in EXIF.
    Windows,
    /// Text chunks, atoms and tags of the container.
    ContainerText,
    /// Fields that often hold something else.
    Doubtful,
}

/// A fact and who gave it.
#[derive(Debug)]
struct Offered<T>(Option<(Giver, T)>);

impl<T> Default for Offered<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Offered<T> {
    fn offer(&mut self, giver: Giver, fact: Option<T>) {
        if let Some(fact) = fact
            && self.0.as_ref().is_none_or(|(before, _)| giver < *before)
        {
            self.0 = Some((giver, fact));
        }
    }

    fn take(self) -> Option<T> {
        self.0.map(|(_, fact)| fact)
    }
}

/// One date of the file as its field has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) field: DateField,
    pub(crate) when: When,
    pub(crate) doubtful: bool,
}

/// A clock on the wall, or an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Wall(Stamp),
    Instant(Timestamp),
}

/// What XMP and boxes say of a video inside a photo, before anybody looked there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MotionHint {
    pub(crate) marked_by: MotionMark,
    /// How far before the file's end the video begins, and its length if that is said.
    pub(crate) from_end: Option<u64>,
    pub(crate) length: Option<u64>,
    pub(crate) still_at_us: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) is_video: bool,
    dates: Vec<Found>,
    place: Offered<Place>,
    orientation: Offered<Orientation>,
    size: Offered<PixelSize>,
    duration: Offered<Duration>,
    make: Offered<String>,
    model: Offered<String>,
    lens: Offered<String>,
    iso: Offered<u32>,
    f_number: Offered<f64>,
    time_s: Offered<f64>,
    focal_length_mm: Offered<f64>,
    title: Offered<String>,
    description: Offered<String>,
    keywords: Offered<Vec<String>>,
    people: Offered<Vec<String>>,
    rating: Offered<i8>,
    favourite: Offered<bool>,
    original_name: Offered<String>,
    content_id: Offered<String>,
    pub(crate) motion_hint: Option<MotionHint>,
    /// Where a box or a trailer has the video, which was seen there.
    pub(crate) motion_found: Option<(MotionMark, ByteRange)>,
    /// Whose XMP packet is continued elsewhere.
    pub(crate) extended_xmp: Option<String>,
    warnings: Vec<Warning>,
}

macro_rules! offers {
    ($($(#[$doc:meta])* $name:ident: $fact:ty;)*) => {
        impl Draft {
            $($(#[$doc])* pub(crate) fn $name(&mut self, giver: Giver, fact: Option<$fact>) {
                self.$name.offer(giver, fact);
            })*
        }
    };
}

offers! {
    orientation: Orientation;
    size: PixelSize;
    duration: Duration;
    make: String;
    model: String;
    lens: String;
    iso: u32;
    title: String;
    description: String;
    rating: i8;
    favourite: bool;
    original_name: String;
    content_id: String;
}

impl Draft {
    pub(crate) fn wall(&mut self, field: DateField, stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            self.push_date(field, When::Wall(stamp), false);
        }
    }

    pub(crate) fn at(&mut self, field: DateField, instant: Option<Timestamp>) {
        if let Some(instant) = instant {
            self.push_date(field, When::Instant(instant), false);
        }
    }

    pub(crate) fn doubtful_at(&mut self, field: DateField, instant: Option<Timestamp>) {
        if let Some(instant) = instant {
            self.push_date(field, When::Instant(instant), true);
        }
    }

    fn push_date(&mut self, field: DateField, when: When, doubtful: bool) {
        // The first of a field is the file's own; later ones are of embedded pictures.
        if !self.dates.iter().any(|found| found.field == field) {
            self.dates.push(Found { field, when, doubtful });
        }
    }

    pub(crate) fn change_date(&mut self, field: DateField, change: impl Fn(When) -> When) {
        for found in self.dates.iter_mut().filter(|found| found.field == field) {
            found.when = change(found.when);
        }
    }

    /// A number that measures something: not one that stands for none.
    pub(crate) fn f_number(&mut self, giver: Giver, number: Option<f64>) {
        self.f_number.offer(giver, number.filter(|n| *n > 0.0 && n.is_finite()));
    }

    pub(crate) fn time_s(&mut self, giver: Giver, seconds: Option<f64>) {
        self.time_s.offer(giver, seconds.filter(|s| *s > 0.0 && s.is_finite()));
    }

    pub(crate) fn focal_length_mm(&mut self, giver: Giver, length: Option<f64>) {
        self.focal_length_mm
            .offer(giver, length.filter(|l| *l > 0.0 && l.is_finite()));
    }

    pub(crate) fn keywords(&mut self, giver: Giver, words: impl IntoIterator<Item = String>) {
        self.keywords.offer(giver, distinct(words));
    }

    pub(crate) fn people(&mut self, giver: Giver, names: impl IntoIterator<Item = String>) {
        self.people.offer(giver, distinct(names));
    }

    /// Takes a place if it can be one. Zero and zero is what devices write that know none.
    pub(crate) fn place(&mut self, giver: Giver, field: PlaceField, position: Position) {
        let Position {
            latitude,
            longitude,
            altitude_m,
        } = position;
        if latitude == 0.0 && longitude == 0.0 {
            return;
        }
        // A comparison that is false for what is no number.
        if !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0) {
            self.warn(WarningKind::Implausible, "place that is not on Earth left out");
            return;
        }
        let known = |metres: &f64| metres.is_finite() && metres.abs() < 65_535.0 && *metres != -1.0;
        self.place.offer(
            giver,
            Some(Place {
                latitude,
                longitude,
                altitude_m: altitude_m.filter(known),
                field,
            }),
        );
    }

    pub(crate) fn has_make(&self, wanted: &str) -> bool {
        let make = self.make.0.as_ref();
        make.is_some_and(|(_, make)| make.eq_ignore_ascii_case(wanted))
    }

    pub(crate) fn has_size(&self) -> bool {
        self.size.0.is_some()
    }

    pub(crate) fn warn(&mut self, kind: WarningKind, detail: impl Into<String>) {
        let detail = detail.into();
        let known = self.warnings.iter().any(|warning| warning.detail == detail);
        if !known && self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(Warning { kind, detail });
        }
    }

    pub(crate) fn forget(&mut self, kind: WarningKind) {
        self.warnings.retain(|warning| warning.kind != kind);
    }

    /// Chooses among the dates and makes the facts. Dates after `latest` are left out.
    pub(crate) fn into_facts(mut self, latest: Option<Timestamp>) -> MediaFacts {
        let found = std::mem::take(&mut self.dates);
        let dates = choice::in_order(found, self.is_video, latest, &mut self);
        MediaFacts {
            taken: choice::best(&dates),
            dates,
            place: self.place.take(),
            orientation: self.orientation.take(),
            size_px: self.size.take(),
            duration: self.duration.take(),
            camera: crate::Camera {
                make: self.make.take(),
                model: self.model.take(),
                lens: self.lens.take(),
            },
            exposure: Exposure {
                iso: self.iso.take(),
                f_number: self.f_number.take(),
                time_s: self.time_s.take(),
                focal_length_mm: self.focal_length_mm.take(),
            },
            title: self.title.take(),
            description: self.description.take(),
            keywords: self.keywords.take().unwrap_or_default(),
            people: self.people.take().unwrap_or_default(),
            rating: self.rating.take(),
            favourite: self.favourite.take(),
            original_name: self.original_name.take(),
            content_id: self.content_id.take(),
            warnings: self.warnings,
            ..MediaFacts::default()
        }
    }
}

/// Degrees and metres as a file has them, before anybody asked whether they can be true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) altitude_m: Option<f64>,
}

fn distinct(words: impl IntoIterator<Item = String>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    crate::text::add_words(&mut all, words);
    (!all.is_empty()).then_some(all)
}

/// Says whether an offset is one that places use.
pub(crate) fn is_usual(offset: Offset) -> bool {
    crate::dates::OFFSETS_S.contains(&offset.seconds())
}
