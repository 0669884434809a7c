//! RIFF: WebP pictures and AVI videos, in chunks with a name and a length.

use std::time::Duration;

use crate::draft::{Draft, Giver};
use crate::exif::{self, Frame};
use crate::window::Window;
use crate::{DateField, PixelSize, WarningKind, dates, text, xmp};

const TEXT_MAX: u64 = 1 << 20;
/// Lists are not nested deeper than the headers of streams.
const DEPTH_MAX: u8 = 4;

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.size();
    chunks(window, 12, size, 0, draft);
}

fn chunks(window: &mut Window<'_>, mut at: u64, end: u64, depth: u8, draft: &mut Draft) {
    while at + 8 <= end {
        let Some(head) = window.hop::<8>(at) else { return };
        let (name, length) = head.split_at(4);
        let length = length
            .first_chunk()
            .map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
        let data = at + 8;
        let data_end = data + length;
        if data_end > end {
            draft.warn(WarningKind::CutShort, "RIFF file that ends inside a chunk");
        }
        let name = name.first_chunk().copied().unwrap_or_default();
        if chunk(window, name, data, data_end.min(end), depth, draft).is_none() {
            let name = String::from_utf8_lossy(&name).trim().to_owned();
            draft.warn(WarningKind::Damaged, format!("RIFF chunk {name} that is broken"));
        }
        at = data_end + length % 2;
    }
}

fn chunk(window: &mut Window<'_>, name: [u8; 4], at: u64, end: u64, depth: u8, draft: &mut Draft) -> Option<()> {
    match &name {
        b"LIST" => {
            let kind: [u8; 4] = window.hop(at)?;
            // The pictures of a video are in a list, too.
            if &kind != b"movi" && depth < DEPTH_MAX {
                chunks(window, at + 4, end, depth + 1, draft);
            }
        }
        b"VP8X" => {
            let bytes: [u8; 10] = window.array(at)?;
            let side = |from: usize| {
                let bytes = bytes.get(from..from + 3)?;
                Some(1 + u32::from(bytes[0]) + (u32::from(bytes[1]) << 8) + (u32::from(bytes[2]) << 16))
            };
            draft.size(Giver::Container, PixelSize::of(side(4)?, side(7)?));
        }
        b"VP8 " if !draft.has_size() => {
            let [.., w0, w1, h0, h1] = window.array::<10>(at)?;
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            draft.size(Giver::Container, PixelSize::of(side(w0, w1), side(h0, h1)));
        }
        b"VP8L" if !draft.has_size() => {
            let [_, bytes @ ..] = window.array::<5>(at)?;
            let bits = u32::from_le_bytes(bytes);
            let size = PixelSize::of((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
            draft.size(Giver::Container, size);
        }
        b"EXIF" => {
            // Some writers keep the head that JPEG wants.
            let head = window.fetch(at, 6).is_some_and(|head| head == b"Exif\0\0");
            exif::read(window, at + if head { 6 } else { 0 }, end, Frame::Inside, draft);
        }
        b"XMP " | b"_PMX" => xmp::read(&text_bytes(window, at, end)?, draft),
        b"avih" => {
            let bytes: [u8; 40] = window.array(at)?;
            let number = |from: usize| Some(u32::from_le_bytes(*bytes.get(from..)?.first_chunk()?));
            draft.size(Giver::Container, PixelSize::of(number(32)?, number(36)?));
            let frames = u64::from(number(0)?) * u64::from(number(16)?);
            draft.duration(Giver::Container, (frames > 0).then(|| Duration::from_micros(frames)));
        }
        b"IDIT" | b"ICRD" => {
            let text = text::guessed(&text_bytes(window, at, end)?)?;
            let stamp = dates::parse(&text).or_else(|| dates::parse_c_time(&text));
            draft.wall(DateField::RiffDate, stamp);
        }
        b"INAM" => draft.title(Giver::ContainerText, text::guessed(&text_bytes(window, at, end)?)),
        b"ICMT" => draft.description(Giver::ContainerText, text::guessed(&text_bytes(window, at, end)?)),
        b"IKEY" => {
            let words = text::guessed(&text_bytes(window, at, end)?).unwrap_or_default();
            draft.keywords(Giver::ContainerText, words.split([';', ',']).map(str::to_owned));
        }
        _ => {}
    }
    Some(())
}

fn text_bytes(window: &mut Window<'_>, at: u64, end: u64) -> Option<Vec<u8>> {
    let length = end.checked_sub(at)?.min(TEXT_MAX);
    window.up_to(at, usize::try_from(length).ok()?)
}
