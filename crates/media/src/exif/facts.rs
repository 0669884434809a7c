//! Which tags tell which facts.

use super::{Block, Directory, Entry, maker, tags, whole};
use crate::dates::{self, Stamp};
use crate::draft::{Draft, Giver};
use crate::window::Window;
use crate::{DateField, Orientation, PixelSize, WarningKind, iptc, xmp};

mod gps;

/// What surrounds a block of EXIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A segment, chunk or item of a picture.
    Inside,
    /// The file itself is a TIFF, or a raw file built like one.
    Whole,
    /// Panasonic's raw files have tags of their own in the first directory.
    Panasonic,
}

/// Reads a block of EXIF from `base` to `end` of the file into the draft.
pub(crate) fn read(window: &mut Window<'_>, base: u64, end: u64, frame: Frame, draft: &mut Draft) {
    let Some((block, first)) = Block::open(window, base, end) else {
        draft.warn(WarningKind::Damaged, "EXIF block without a beginning");
        return;
    };
    let mut reading = Reading {
        block,
        window,
        draft,
        directory: Directory::default(),
    };
    if reading.enter(first) {
        reading.main(frame);
    } else {
        let why = "EXIF directory that is not there";
        reading.draft.warn(WarningKind::Damaged, why);
    }
}

/// Reads a block that holds nothing but the facts of one of the directories that a first directory points to: Canon's
/// CR3 has each in a block of its own.
pub(crate) fn read_single(window: &mut Window<'_>, base: u64, end: u64, part: Part, draft: &mut Draft) {
    let Some((block, first)) = Block::open(window, base, end) else {
        draft.warn(WarningKind::Damaged, "EXIF block without a beginning");
        return;
    };
    let mut reading = Reading {
        block,
        window,
        draft,
        directory: Directory::default(),
    };
    if reading.enter(first) {
        match part {
            Part::Exposure => {
                reading.exposed();
                reading.dated(None);
            }
            Part::Gps => reading.placed(),
        }
    }
}

/// A directory that stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Exposure,
    Gps,
}

struct Reading<'a, 'r> {
    block: Block,
    window: &'a mut Window<'r>,
    draft: &'a mut Draft,
    directory: Directory,
}

impl Reading<'_, '_> {
    /// Goes to a directory; the last one is left.
    fn enter(&mut self, offset: u64) -> bool {
        let Some(directory) = self.block.directory(self.window, offset) else {
            return false;
        };
        if directory.cut {
            let why = "EXIF directory that is cut short";
            self.draft.warn(WarningKind::Damaged, why);
        }
        self.directory = directory;
        true
    }

    fn enter_tag(&mut self, pointer: Option<u32>, what: &str) -> bool {
        let Some(offset) = pointer else { return false };
        let entered = self.enter(u64::from(offset));
        if !entered {
            let why = format!("{what} directory that is not there");
            self.draft.warn(WarningKind::Damaged, why);
        }
        entered
    }

    fn entry(&self, tag: u16) -> Option<Entry> {
        self.directory.get(tag).copied()
    }

    fn text(&mut self, tag: u16) -> Option<String> {
        let entry = self.entry(tag)?;
        self.block.text(self.window, &entry)
    }

    fn trimmed(&mut self, tag: u16) -> Option<String> {
        self.text(tag).map(|text| text.trim().to_owned())
    }

    fn number(&mut self, tag: u16) -> Option<f64> {
        let entry = self.entry(tag)?;
        self.block.number_of(self.window, &entry)
    }

    fn numbers(&mut self, tag: u16) -> Option<Vec<f64>> {
        let entry = self.entry(tag)?;
        self.block.numbers(self.window, &entry)
    }

    fn whole(&mut self, tag: u16) -> Option<u32> {
        let entry = self.entry(tag)?;
        self.block.whole_of(self.window, &entry)
    }

    fn bytes(&mut self, tag: u16) -> Option<Vec<u8>> {
        let entry = self.entry(tag)?;
        self.block.bytes(self.window, &entry)
    }

    fn windows_text(&mut self, tag: u16) -> Option<String> {
        crate::text::utf_16(&self.bytes(tag)?, true)
    }

    fn size(&mut self, width: u16, height: u16) -> Option<PixelSize> {
        PixelSize::of(self.whole(width)?, self.whole(height)?)
    }

    /// The first directory, and those that it points to. The one that follows it is of the small picture.
    fn main(&mut self, frame: Frame) {
        self.described();
        let modified = self.text(tags::MODIFIED);
        let exif = self.whole(tags::EXIF);
        let gps = self.whole(tags::GPS);
        if frame == Frame::Inside {
            let size = self.size(tags::WIDTH, tags::HEIGHT);
            self.draft.size(Giver::Doubtful, size);
        } else {
            self.embedded();
            let size = self.whole_size(frame);
            self.draft.size(Giver::Container, size);
        }
        if self.enter_tag(exif, "EXIF") {
            self.exposed();
        } else {
            self.directory = Directory::default();
        }
        self.dated(modified.as_deref());
        if self.enter_tag(gps, "GPS") {
            self.placed();
        }
    }

    fn described(&mut self) {
        let make = self.trimmed(tags::MAKE);
        self.draft.make(Giver::Exif, make);
        let model = self.trimmed(tags::MODEL);
        self.draft.model(Giver::Exif, model);
        let orientation = self.whole(tags::ORIENTATION).map(u64::from);
        self.draft
            .orientation(Giver::Exif, orientation.and_then(Orientation::from_exif));
        let description = self.text(tags::DESCRIPTION);
        self.draft.description(Giver::Exif, description);
        let title = self.windows_text(tags::XP_TITLE);
        self.draft.title(Giver::Windows, title);
        let comment = self.windows_text(tags::XP_COMMENT);
        self.draft.description(Giver::Windows, comment);
        let keywords = self.windows_text(tags::XP_KEYWORDS).unwrap_or_default();
        self.draft
            .keywords(Giver::Windows, keywords.split(';').map(str::to_owned));
        let rating = self.whole(tags::RATING).filter(|stars| *stars <= 5);
        self.draft
            .rating(Giver::Exif, rating.and_then(|stars| i8::try_from(stars).ok()));
    }

    /// What a TIFF keeps in tags and other files in segments.
    fn embedded(&mut self) {
        if let Some(packet) = self.bytes(tags::XMP) {
            xmp::read(&packet, self.draft);
        }
        if let Some(records) = self.bytes(tags::IPTC) {
            iptc::read(&records, self.draft);
        }
        if let Some(resources) = self.bytes(tags::PHOTOSHOP) {
            iptc::read_photoshop(&resources, self.draft);
        }
    }

    /// Raw files have a small picture first; the largest of those that are not said to be small is the photo.
    fn whole_size(&mut self, frame: Frame) -> Option<PixelSize> {
        if frame == Frame::Panasonic {
            let width = self.whole(tags::RW2_RIGHT)?.checked_sub(self.whole(tags::RW2_LEFT)?)?;
            let height = self.whole(tags::RW2_BOTTOM)?.checked_sub(self.whole(tags::RW2_TOP)?)?;
            return PixelSize::of(width, height);
        }
        let mut largest = self.size(tags::WIDTH, tags::HEIGHT);
        let others = self.numbers(tags::SUB_IFDS).unwrap_or_default();
        let first = std::mem::take(&mut self.directory);
        for offset in others.into_iter().take(8).filter_map(whole) {
            if !self.enter(u64::from(offset)) || self.whole(tags::REDUCED).is_some_and(|kind| kind & 1 != 0) {
                continue;
            }
            let size = self.size(tags::WIDTH, tags::HEIGHT);
            if size.map(PixelSize::pixels) > largest.map(PixelSize::pixels) {
                largest = size;
            }
        }
        self.directory = first;
        largest
    }

    fn exposed(&mut self) {
        let iso = self.whole(tags::ISO).filter(|iso| *iso > 0 && *iso < 65_535);
        self.draft.iso(Giver::Exif, iso);
        let f_number = self.number(tags::F_NUMBER);
        self.draft.f_number(Giver::Exif, f_number);
        let time = self.number(tags::EXPOSURE);
        self.draft.time_s(Giver::Exif, time);
        let focal_length = self.number(tags::FOCAL_LENGTH);
        self.draft.focal_length_mm(Giver::Exif, focal_length);
        let lens = self.trimmed(tags::LENS_MODEL);
        self.draft.lens(Giver::Exif, lens);
        let title = self.text(tags::TITLE);
        self.draft.title(Giver::Exif, title);
        let size = self.size(tags::PIXEL_WIDTH, tags::PIXEL_HEIGHT);
        self.draft.size(Giver::ContainerText, size);
        let comment = self.user_comment();
        self.draft.description(Giver::Doubtful, comment);
        if let Some(note) = self.entry(tags::MAKER_NOTE) {
            let id = maker::apple_content_id(self.window, note.at, self.block.end);
            self.draft.content_id(Giver::Exif, id);
        }
    }

    /// Eight bytes name the encoding; without a name it is the camera talking to itself.
    fn user_comment(&mut self) -> Option<String> {
        let bytes = self.bytes(tags::USER_COMMENT)?;
        let (name, text) = bytes.split_first_chunk::<8>()?;
        match name {
            b"ASCII\0\0\0" => crate::text::guessed(text),
            b"UNICODE\0" => crate::text::utf_16(text, self.block.little),
            _ => None,
        }
    }

    fn offset(&mut self, tag: u16) -> Option<jiff::tz::Offset> {
        dates::offset(&self.text(tag)?)
    }

    fn dated(&mut self, modified: Option<&str>) {
        let modified_offset = self.offset(tags::OFFSET);
        let digitized_offset = self.offset(tags::OFFSET_DIGITIZED);
        let original_offset = self.offset(tags::OFFSET_ORIGINAL);
        let original = self.text(tags::ORIGINAL);
        let digitized = self.text(tags::DIGITIZED);
        let (original, digitized) = (original.as_deref(), digitized.as_deref());
        // The offset of one time is that of another if they are the same.
        let same = |one: Option<&str>, other: Option<&str>| one.is_some() && one == other;
        let original_offset = original_offset
            .or(modified_offset.filter(|_| same(original, modified)))
            .or(digitized_offset.filter(|_| same(original, digitized)));
        let digitized_offset = digitized_offset.or(modified_offset.filter(|_| same(digitized, modified)));
        let rows = [
            (
                DateField::ExifOriginal,
                original,
                original_offset,
                tags::FRACTION_ORIGINAL,
            ),
            (
                DateField::ExifDigitized,
                digitized,
                digitized_offset,
                tags::FRACTION_DIGITIZED,
            ),
            (DateField::ExifModified, modified, modified_offset, tags::FRACTION),
        ];
        for (field, text, offset, fraction) in rows {
            let fraction = self.text(fraction);
            let complete = |stamp: Stamp| stamp.with_fraction(fraction.as_deref()).with_offset(offset);
            self.draft.wall(field, text.and_then(dates::parse).map(complete));
        }
    }
}
