//! PNG: chunks with a length, a name and a checksum.

use std::io::Read;

use super::exif_in_memory;
use crate::draft::{Draft, Giver};
use crate::exif::{self, Frame};
use crate::window::{FETCH_MAX, Window};
use crate::{DateField, PixelSize, WarningKind, dates, iptc, text, xmp};

const XMP: &[u8] = b"XML:com.adobe.xmp";
/// Most bytes of one text chunk, packed or not.
const TEXT_MAX: usize = 2 << 20;
/// Most bytes of all packed texts of a file together: a few kilobytes unpack to millions.
const UNPACKED_MAX: usize = 8 << 20;

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    let mut at = 8;
    let mut room = UNPACKED_MAX;
    // Texts may follow the picture, which is in chunks itself.
    while let Some(head) = window.hop::<8>(at) {
        let (length, name) = head.split_at(4);
        let length = length
            .first_chunk()
            .map_or(0, |bytes| u64::from(u32::from_be_bytes(*bytes)));
        let data = at + 8;
        let end = data.saturating_add(length);
        match name {
            b"IHDR" => draft.size(Giver::Container, size(window, data)),
            b"eXIf" => exif::read(window, data, end.min(window.size()), Frame::Inside, draft),
            b"tEXt" | b"zTXt" | b"iTXt" if length <= TEXT_MAX as u64 => {
                let bytes = usize::try_from(length)
                    .ok()
                    .and_then(|length| window.up_to(data, length));
                if let Some((keyword, text)) = bytes
                    .as_deref()
                    .and_then(|bytes| keyword_and_text(name, bytes, &mut room))
                {
                    says(&keyword, text, draft);
                }
            }
            b"IEND" => return,
            _ => {}
        }
        at = end.saturating_add(4);
    }
    draft.warn(WarningKind::CutShort, "PNG that ends before its end mark");
}

fn size(window: &mut Window<'_>, at: u64) -> Option<PixelSize> {
    PixelSize::of(window.u32(at)?, window.u32(at + 4)?)
}

/// The bytes of a text, and whether they are UTF-8 rather than Latin-1.
struct Text {
    bytes: Vec<u8>,
    utf_8: bool,
}

fn keyword_and_text(name: &[u8], chunk: &[u8], room: &mut usize) -> Option<(Vec<u8>, Text)> {
    let (keyword, rest) = split_at_zero(chunk)?;
    let (bytes, utf_8) = match name {
        b"zTXt" => (inflated(rest.get(1..)?, room)?, false),
        b"iTXt" => {
            let (&[packed, _], rest) = rest.split_first_chunk::<2>()?;
            let (_language, rest) = split_at_zero(rest)?;
            let (_translated, rest) = split_at_zero(rest)?;
            (
                if packed == 1 {
                    inflated(rest, room)?
                } else {
                    rest.to_vec()
                },
                true,
            )
        }
        _ => (rest.to_vec(), false),
    };
    Some((keyword.to_vec(), Text { bytes, utf_8 }))
}

fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// Unpacks so much as is there; a packed chunk must not fill the memory.
fn inflated(packed: &[u8], room: &mut usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(packed).take(TEXT_MAX.min(*room) as u64);
    // What comes before a mistake still counts.
    let _ = reader.read_to_end(&mut bytes);
    *room -= bytes.len();
    (!bytes.is_empty()).then_some(bytes)
}

fn says(keyword: &[u8], value: Text, draft: &mut Draft) {
    if keyword == XMP {
        xmp::read(&value.bytes, draft);
        return;
    }
    if let Some(profile) = keyword.strip_prefix(b"Raw profile type ") {
        if let Some(bytes) = unhexed(&value.bytes) {
            raw_profile(profile, &bytes, draft);
        }
        return;
    }
    let text = if value.utf_8 {
        text::worth_keeping(String::from_utf8_lossy(&value.bytes).into_owned())
    } else {
        text::guessed(&value.bytes)
    };
    match keyword {
        b"Title" => draft.title(Giver::ContainerText, text),
        b"Description" => draft.description(Giver::ContainerText, text),
        b"Creation Time" => {
            let stamp = text.and_then(|text| dates::parse(&text).or_else(|| dates::parse_rfc_1123(&text)));
            draft.wall(DateField::PngCreationTime, stamp);
        }
        _ => {}
    }
}

/// ImageMagick's way before there was a chunk for EXIF: a name, a length, lines of hexadecimal digits.
fn unhexed(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.trim_ascii_start().splitn(3, |byte| *byte == b'\n');
    let (_name, length, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let length: usize = std::str::from_utf8(length).ok()?.trim().parse().ok()?;
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let digits: Vec<u8> = digits.iter().filter_map(digit).collect();
    let (pairs, _) = digits.as_chunks::<2>();
    Some(
        pairs
            .iter()
            .take(length.min(FETCH_MAX))
            .map(|[high, low]| high << 4 | low)
            .collect(),
    )
}

fn raw_profile(name: &[u8], bytes: &[u8], draft: &mut Draft) {
    match name {
        b"exif" | b"APP1" if bytes.starts_with(b"Exif\0\0") => exif_in_memory(&bytes[6..], draft),
        b"exif" => exif_in_memory(bytes, draft),
        b"APP1" => {
            let packet = bytes.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0");
            xmp::read(packet.unwrap_or(bytes), draft);
        }
        b"xmp" => xmp::read(bytes, draft),
        b"iptc" | b"8bim" if bytes.starts_with(b"8BIM") => iptc::read_photoshop(bytes, draft),
        b"iptc" => iptc::read(bytes, draft),
        _ => {}
    }
}
