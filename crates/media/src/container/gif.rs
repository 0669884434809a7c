//! GIF: a screen, then pictures and extensions in blocks of up to 255 bytes.

use crate::draft::{Draft, Giver};
use crate::window::Window;
use crate::{PixelSize, WarningKind, text, xmp};

const XMP: &[u8] = b"XMP DataXMP";
/// Comments and packets are short; pictures are not read at all.
const TEXT_MAX: u64 = 1 << 20;

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    if walk(window, draft).is_none() {
        draft.warn(WarningKind::CutShort, "GIF that ends before its end mark");
    }
}

fn walk(window: &mut Window<'_>, draft: &mut Draft) -> Option<()> {
    let [w0, w1, h0, h1, flags, _, _] = window.array(6)?;
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
    draft.size(Giver::Container, PixelSize::of(side(w0, w1), side(h0, h1)));
    let mut at = 13 + colours(flags);
    loop {
        let [kind] = window.hop(at)?;
        match kind {
            b'!' => at = extension(window, at, draft)?,
            b',' => {
                let [flags] = window.hop(at + 9)?;
                at = skip_blocks(window, at + 11 + colours(flags))?;
            }
            b';' => return Some(()),
            _ => return None,
        }
    }
}

fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn extension(window: &mut Window<'_>, at: u64, draft: &mut Draft) -> Option<u64> {
    let [_, kind] = window.hop(at)?;
    let first = at + 2;
    match kind {
        0xfe => {
            let (comment, end) = blocks(window, first)?;
            draft.description(Giver::ContainerText, text::guessed(&comment));
            Some(end)
        }
        0xff if window.fetch(first + 1, XMP.len()).as_deref() == Some(XMP) => {
            // The packet lies there as it is; a slope of numbers behind it leads those who read blocks to the end.
            let packet = first + 1 + XMP.len() as u64;
            let end = skip_blocks(window, packet)?;
            let length = end.checked_sub(packet)?.min(TEXT_MAX);
            let bytes = window.up_to(packet, usize::try_from(length).ok()?)?;
            xmp::read(&bytes, draft);
            Some(end)
        }
        _ => skip_blocks(window, first),
    }
}

fn skip_blocks(window: &mut Window<'_>, mut at: u64) -> Option<u64> {
    loop {
        let [length] = window.hop(at)?;
        at += 1 + u64::from(length);
        if length == 0 {
            return Some(at);
        }
    }
}

fn blocks(window: &mut Window<'_>, mut at: u64) -> Option<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    loop {
        let [length] = window.array(at)?;
        if length == 0 {
            return Some((bytes, at + 1));
        }
        if (bytes.len() as u64) < TEXT_MAX {
            bytes.extend(window.fetch(at + 1, usize::from(length))?);
        }
        at += 1 + u64::from(length);
    }
}
