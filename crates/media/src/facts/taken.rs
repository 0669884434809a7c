//! When something was taken, and how far that can be trusted.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A date of a file. Cameras write the clock on the wall without a zone, videos an instant without a wall clock: each is
/// kept as found, and what follows from the others is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// What the clock on the wall showed; parts beyond [`precision`](Self::precision) are those of its beginning.
    pub local: Option<DateTime>,
    /// How far the wall clock was ahead of UTC.
    pub offset: Option<Offset>,
    /// The instant.
    pub instant: Option<Timestamp>,
    /// How exact it is.
    pub precision: Precision,
    /// Where the file has it.
    pub field: DateField,
    /// How the offset became known.
    pub offset_from: Option<OffsetFrom>,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

impl Taken {
    /// Says whether another date tells nothing that this one does not: the same second, with fewer fractions and no more
    /// of a zone.
    pub(crate) fn says_all_of(&self, other: &Self) -> bool {
        let whole = |local: DateTime| local.with().subsec_nanosecond(0).build().ok();
        other.offset.is_none_or(|offset| self.offset == Some(offset))
            && other.precision <= self.precision
            && match (self.local, other.local) {
                (Some(mine), Some(theirs)) => whole(mine) == whole(theirs),
                (_, None) => self.instant.map(Timestamp::as_second) == other.instant.map(Timestamp::as_second),
                (None, Some(_)) => false,
            }
    }
}

/// How exact a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// Only the year is known.
    Year,
    /// Year and month are known.
    Month,
    /// The day is known.
    Day,
    /// The minute is known.
    Minute,
    /// The second is known.
    Second,
    /// Fractions of a second are known.
    Subsecond,
}

/// Where a date was found. The order is that of precedence for photos; for videos, the fields from
/// [`QuickTimeKeys`](Self::QuickTimeKeys) to [`UserData`](Self::UserData) come first, with XMP after the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DateField {
    /// EXIF `DateTimeOriginal`, with `OffsetTimeOriginal` and `SubSecTimeOriginal`.
    ExifOriginal,
    /// XMP `exif:DateTimeOriginal`.
    XmpOriginal,
    /// XMP `photoshop:DateCreated`.
    XmpDateCreated,
    /// IPTC `DateCreated` and `TimeCreated`.
    IptcCreated,
    /// EXIF `DateTimeDigitized`, which ExifTool calls `CreateDate`.
    ExifDigitized,
    /// XMP `exif:DateTimeDigitized`.
    XmpDigitized,
    /// XMP `xmp:CreateDate`.
    XmpCreated,
    /// IPTC `DigitalCreationDate` and `DigitalCreationTime`.
    IptcDigitized,
    /// Apple's key `com.apple.quicktime.creationdate`.
    QuickTimeKeys,
    /// Creation time of the movie header of MP4 and QuickTime files.
    MovieHeader,
    /// `DateUTC` of Matroska and WebM files.
    MatroskaDate,
    /// `IDIT` or `ICRD` of AVI files.
    RiffDate,
    /// The video atom `©day`, or the tag `DATE_RECORDED` of Matroska.
    UserData,
    /// PNG text `Creation Time`.
    PngCreationTime,
    /// Day and time of the GPS fix, EXIF or XMP.
    Gps,
    /// EXIF `DateTime`, which editors overwrite; ExifTool calls it `ModifyDate`.
    ExifModified,
    /// The file's name.
    FileName,
}

/// How the offset of a date became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OffsetFrom {
    /// The field itself has it, or the EXIF field that belongs to it.
    Field,
    /// Another field has the same second with an offset.
    SameTime(DateField),
    /// The difference to the time of the GPS fix.
    GpsDifference,
}

/// How far a date can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// As far as the camera's clock was right.
    Usual,
    /// The field is often something else than the moment of taking, or the value is one that clocks start with.
    Low,
}
