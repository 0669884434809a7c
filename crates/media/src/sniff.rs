//! Type of a file by its first bytes.

use file_format::FileFormat;

use crate::tiff::{self, Dialect};
use crate::{FileKind, FileType};

/// How many first bytes [`sniff`] wants. Fewer will do for most types; raw files in TIFF's clothes name their maker
/// within these.
pub const SNIFF_BYTES: usize = 4096;

/// Returns the type that a file's first bytes show, `None` if they show none. Text is none: it has no first bytes.
///
/// Give it [`SNIFF_BYTES`] bytes, or all if the file has fewer; more is not looked at.
pub fn sniff(first_bytes: &[u8]) -> Option<FileType> {
    // Without its optional readers the crate looks at signatures only, which is all that a file's beginning can tell:
    // its readers follow boxes to places that are not there, and then take an MP4 for arbitrary data.
    let first_bytes = &first_bytes[..first_bytes.len().min(SNIFF_BYTES)];
    let extension = match FileFormat::from_bytes(first_bytes) {
        FileFormat::Empty | FileFormat::PlainText => return None,
        FileFormat::ArbitraryBinaryData => return unknown_brand(first_bytes),
        FileFormat::TagImageFileFormat | FileFormat::NikonElectronicFile | FileFormat::SonyAlphaRaw => {
            // The crate tells the last two by where a writer happens to put its first tags, which other writers do too.
            match tiff::dialect(first_bytes) {
                Dialect::Plain => "tif",
                Dialect::Dng => "dng",
                Dialect::Nikon => "nef",
                Dialect::Sony => "arw",
                Dialect::Pentax => "pef",
                Dialect::Samsung => "srw",
                Dialect::Olympus => "orf",
            }
        }
        FileFormat::HighEfficiencyImageFileFormat => heif_brand(first_bytes),
        // A library's files in this container have a picture; sound alone has a signature of its own.
        FileFormat::Mpeg4Part14 => "mp4",
        FileFormat::SonyMovie | FileFormat::AppleQuicktime => "mov",
        FileFormat::ExtensibleBinaryMetaLanguage => match doc_type(first_bytes)? {
            b"webm" => "webm",
            b"matroska" => "mkv",
            _ => return None,
        },
        FileFormat::BdavMpeg2TransportStream | FileFormat::Mpeg2TransportStream => {
            return transport_stream(first_bytes);
        }
        format => return named_by_crate(format),
    };
    FileType::of_extension(extension)
}

/// Returns the type that a file's first bytes show, with its name deciding where bytes leave a choice: raw files that
/// hide in TIFF, and containers that several endings share.
pub fn sniff_named(first_bytes: &[u8], name: &str) -> Option<FileType> {
    let seen = sniff(first_bytes);
    let named = FileType::of_name(name);
    let (Some(seen_type), Some(named_type)) = (seen, named) else {
        return seen;
    };
    let name_decides = match seen_type.extension {
        "tif" => named_type.raw,
        "asf" => named_type.extension == "wmv",
        "mp4" => matches!(named_type.extension, "m4v" | "mov" | "3gp" | "3g2"),
        _ => false,
    };
    if name_decides { named } else { seen }
}

fn named_by_crate(format: FileFormat) -> Option<FileType> {
    let kind = crate::kind_of(format.media_type());
    FileType::of_media_type(format.media_type())
        .or_else(|| {
            // The extension alone proves nothing for other kinds: `ts` is a video here and a program elsewhere.
            matches!(kind, FileKind::Photo | FileKind::Video)
                .then(|| FileType::of_extension(format.extension()))
                .flatten()
        })
        .or_else(|| {
            // The crate lends its names only as long as the format lives; its list lives for ever.
            let listed: &'static FileFormat = FileFormat::from_kind(format.kind())
                .iter()
                .find(|listed| **listed == format)?;
            Some(FileType::unknown(listed.media_type(), listed.extension(), kind))
        })
}

/// Cameras make up first brands of their own, such as `ftypCAEP`; what comes after them tells the family.
fn unknown_brand(bytes: &[u8]) -> Option<FileType> {
    if bytes.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let extension = match heif_brand(bytes) {
        "heif" => "mp4",
        picture => picture,
    };
    FileType::of_extension(extension)
}

/// Tells HEIC and AVIF from their family by the compatible brands after the common first one.
fn heif_brand(bytes: &[u8]) -> &'static str {
    let size = bytes.first_chunk::<4>().map_or(0, |size| u32::from_be_bytes(*size));
    let end = bytes.len().min(usize::try_from(size).unwrap_or(usize::MAX));
    let brands = bytes.get(16..end).unwrap_or_default();
    let has = |wanted: &[&[u8; 4]]| {
        brands
            .chunks_exact(4)
            .any(|brand| wanted.iter().any(|wanted| brand == *wanted))
    };
    if has(&[b"avif", b"avis"]) {
        "avif"
    } else if has(&[b"heic", b"heix", b"heim", b"heis"]) {
        "heic"
    } else {
        "heif"
    }
}

/// Returns the document type of an EBML file: element 0x4282, a length of one byte, the text.
fn doc_type(bytes: &[u8]) -> Option<&[u8]> {
    let head = &bytes[..bytes.len().min(128)];
    let at = head.windows(2).position(|id| id == [0x42, 0x82])?;
    let length = usize::from(head.get(at + 2)? & 0x7f);
    let text = head.get(at + 3..at + 3 + length)?;
    // Some writers pad with zeros.
    Some(text.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// One sync byte in the right place is found in one of 256 files of anything, so that all of them are wanted.
fn transport_stream(bytes: &[u8]) -> Option<FileType> {
    const SYNC: u8 = 0x47;
    // Broadcast streams have packets of 188 bytes, those of cameras four bytes of time code before each.
    let synced = [(0, 188), (4, 192)].into_iter().any(|(first, packet)| {
        let mut starts = bytes.iter().skip(first).step_by(packet);
        starts.len() >= 2 && starts.all(|byte| *byte == SYNC)
    });
    synced.then(|| FileType::of_extension("mts")).flatten()
}
