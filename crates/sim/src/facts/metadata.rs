//! A deeper reading of the bytes than [`super::read_facts`]: what a server finds that asks ExifTool, in one flat record.
//!
//! Exif (JPEG, TIFF, HEIF, AVIF, PNG, WebP, CR3), XMP packets, IPTC, ICC profile names, text chunks of PNG, QuickTime and
//! Matroska headers. Which of several dates counts is decided here as well, because it depends on where each was found.

use jiff::Timestamp;
use jiff::civil::DateTime;

mod apple;
mod blocks;
mod exif_block;
mod icc;
mod iptc;
mod matroska;
mod movie;
mod png;
mod sizes;
mod xmp;

pub(crate) use xmp::Xmp;

/// A date as found, before any time zone is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The wall clock as written, without parts of a second.
    pub(crate) wall: DateTime,
    /// What the wall clock means.
    pub(crate) clock: Clock,
}

/// What the wall clock of a [`Found`] date means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Where the picture was taken; the offset from UTC is not told.
    Local,
    /// Where the picture was taken, so many seconds east of UTC.
    Offset(i32),
    /// As [`Clock::Offset`], but the server knows no zone and keeps the offset in the text of the local time.
    OffsetWithoutZone(i32),
    /// UTC: the headers of videos and the clock of GPS.
    Utc,
}

impl Found {
    pub(crate) fn local(wall: DateTime) -> Self {
        Self {
            wall,
            clock: Clock::Local,
        }
    }

    /// The moment, with a wall clock of unknown place taken as UTC.
    pub(crate) fn moment(&self) -> Option<Timestamp> {
        let seconds = match self.clock {
            Clock::Offset(seconds) | Clock::OffsetWithoutZone(seconds) => seconds,
            Clock::Local | Clock::Utc => 0,
        };
        let offset = jiff::tz::Offset::from_seconds(seconds).ok()?;
        offset.to_timestamp(self.wall).ok()
    }
}

/// What the bytes of a file tell; empty and zero where they tell nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metadata {
    /// When it was taken.
    pub(crate) taken: Option<Found>,
    /// Latitude and longitude in degrees.
    pub(crate) gps: Option<(f64, f64)>,
    /// Metres above the sea.
    pub(crate) altitude_m: Option<f64>,
    pub(crate) title: String,
    pub(crate) description: String,
    /// The list of subjects of XMP, joined.
    pub(crate) subject: String,
    /// Keywords as XMP and IPTC list them.
    pub(crate) keywords: Vec<String>,
    pub(crate) artist: String,
    pub(crate) copyright: String,
    /// User comment of Exif, or the comment of a JPEG.
    pub(crate) comment: String,
    pub(crate) software: String,
    pub(crate) make: String,
    pub(crate) model: String,
    /// Serial number of the camera.
    pub(crate) serial: String,
    pub(crate) lens_make: String,
    pub(crate) lens_model: String,
    pub(crate) iso: u32,
    /// Exposure time as PhotoPrism writes it: `1/75`, `0.01`.
    pub(crate) exposure: String,
    pub(crate) f_number: f64,
    /// Millimetres, of the 35 mm equivalent if the file tells it.
    pub(crate) focal_length_mm: u32,
    pub(crate) flash_fired: bool,
    /// 1 to 8, 0 if not told.
    pub(crate) orientation: u16,
    /// Pixels as stored, before the orientation is applied.
    pub(crate) width_px: u32,
    /// Pixels as stored, before the orientation is applied.
    pub(crate) height_px: u32,
    /// `jpeg`, `heic`, `avc1` …
    pub(crate) codec: String,
    pub(crate) duration_ns: u64,
    pub(crate) frames_per_second: f64,
    pub(crate) frames: u64,
    pub(crate) color_profile: String,
    pub(crate) hdr: bool,
    /// Name of a projection, such as `equirectangular`.
    pub(crate) projection: String,
    /// UUID of the document that the file is a version of.
    pub(crate) document_id: String,
    /// UUID of this version.
    pub(crate) instance_id: String,
    /// Whether a video follows the picture in the same file.
    pub(crate) embedded_video: bool,
}

impl Metadata {
    /// Width and height as people see them.
    pub(crate) fn shown_size(&self) -> (u32, u32) {
        if self.orientation >= 5 {
            (self.height_px, self.width_px)
        } else {
            (self.width_px, self.height_px)
        }
    }
}

/// Reads a picture or video whose media type by content is `content_type`; nothing for anything else.
pub(crate) fn read_metadata(content_type: &str, bytes: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    sizes::read(content_type, bytes, &mut found);
    match content_type {
        "video/x-matroska" | "video/webm" => {
            matroska::read(bytes, &mut found);
            return found;
        }
        "image/x-canon-cr3" => movie::read_cr3(bytes, &mut found),
        _ if content_type.starts_with("video/") => {
            movie::read(bytes, &mut found);
            return found;
        }
        _ if !content_type.starts_with("image/") => return found,
        _ => {}
    }
    let dates = still(content_type, bytes, &mut found);
    found.taken = dates.choose().or(found.taken);
    found
}

/// The dates of a still by where they were found.
#[derive(Debug, Default, Clone, Copy)]
struct Dates {
    exif: exif_block::ExifDates,
    has_exif: bool,
    xmp: xmp::XmpDates,
}

impl Dates {
    /// As seen on a real server: `pdf:CreationDate`, then an XMP creation date that has an offset if Exif has none of its own,
    /// then Exif, then the rest.
    fn choose(&self) -> Option<Found> {
        if let Some(found) = self.xmp.pdf_created {
            return Some(found);
        }
        if self.exif.digitized.is_none()
            && let Some(found) = self.xmp.created
            && let Clock::Offset(seconds) = found.clock
        {
            return Some(match (self.has_exif, seconds) {
                (_, 0) => Found::local(found.wall),
                (true, _) => found,
                (false, _) => Found {
                    clock: Clock::OffsetWithoutZone(seconds),
                    ..found
                },
            });
        }
        let gps = self.exif.gps.map(|wall| Found {
            wall,
            // Seen: beside an XMP date the clock of GPS, which is UTC, was taken as the wall clock.
            clock: if self.xmp.created.is_some() {
                Clock::Local
            } else {
                Clock::Utc
            },
        });
        self.exif
            .original
            .or(self.exif.digitized)
            .or(gps)
            .or(self.xmp.gps.map(|found| Found {
                clock: Clock::Utc,
                ..found
            }))
            .or(self.xmp.original)
            .or(self.xmp.created)
            .or(self.exif.modified)
            .or(self.xmp.modified)
    }
}

fn still(content_type: &str, bytes: &[u8], found: &mut Metadata) -> Dates {
    let mut dates = Dates::default();
    if content_type == "image/x-canon-cr3" {
        for block in movie::cr3_exif_blocks(bytes) {
            dates.has_exif |= exif_block::read_block(block, &mut dates.exif, found);
        }
    } else {
        dates.has_exif = exif_block::read(bytes, &mut dates.exif, found);
    }
    if content_type == "image/jpeg" {
        for segment in blocks::jpeg_segments(bytes) {
            match segment {
                blocks::Segment::Comment(text) => set(&mut found.comment, &text),
                blocks::Segment::Photoshop(block) => iptc::read(block, found),
            }
        }
    }
    if content_type == "image/png" {
        png::read(bytes, found);
    }
    let packets: Vec<Xmp> = xmp::packets(bytes).iter().map(|packet| Xmp::read(packet)).collect();
    let has_instance = packets.iter().any(Xmp::has_instance);
    for packet in packets {
        dates.xmp.fill(packet.dates);
        packet.fill(found, has_instance);
    }
    if found.color_profile.is_empty() {
        found.color_profile = icc::profile_name(bytes).unwrap_or_default();
    }
    found.embedded_video |= matches!(content_type, "image/heic" | "image/jpeg") && movie::follows(bytes, found);
    dates
}

/// Sets a text that is not set yet.
fn set(target: &mut String, text: &str) {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if target.is_empty() && !text.is_empty() {
        text.clone_into(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bytes_give_nothing_and_no_panic() {
        let openings: [&[u8]; 8] = [
            b"",
            b"\xff\xd8\xff\xe1\0\x08Exif\0\0",
            b"\xff\xd8\xff\xed\0\x04Photoshop 3.0\0" as &[u8],
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            b"\0\0\0\x18ftypheic\0\0\0\0",
            b"\0\0\0\x08moov\xff\xff\xff\xff",
            b"\x1aE\xdf\xa3\xff\xff\xff\xff\xff",
            b"<x:xmpmeta <x:xmpmeta </x:xmpmeta>",
        ];
        for opening in openings {
            for kind in [
                "image/jpeg",
                "image/png",
                "image/heic",
                "image/x-canon-cr3",
                "video/mp4",
                "video/x-matroska",
            ] {
                assert_eq!(read_metadata(kind, opening).taken, None, "{kind} {opening:?}");
            }
        }
    }

    #[test]
    fn an_xmp_date_with_an_offset_beats_exif_and_one_without_does_not() {
        let at = |hour| jiff::civil::date(2008, 12, 14).at(hour, 0, 0, 0);
        let with_offset = Found {
            wall: at(23),
            clock: Clock::Offset(32_400),
        };
        let mut dates = Dates {
            has_exif: true,
            ..Dates::default()
        };
        dates.exif.original = Some(Found::local(at(14)));
        dates.xmp.created = Some(with_offset);
        assert_eq!(dates.choose(), Some(with_offset));
        dates.xmp.created = Some(Found::local(at(23)));
        assert_eq!(dates.choose(), Some(Found::local(at(14))));
    }
}
