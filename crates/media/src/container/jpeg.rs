//! JPEG: segments with a mark and a length, up to the picture itself.

use std::collections::BTreeMap;

use crate::draft::{Draft, Giver};
use crate::exif::{self, Frame};
use crate::window::Window;
use crate::{PixelSize, WarningKind, iptc, xmp};

const EXIF: &[u8] = b"Exif\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Packets that are continued hold depth maps and the like; what is wanted fits in far less.
const EXTENDED_XMP_MAX: usize = 1 << 20;
/// Photoshop's resources in all segments together.
const RESOURCES_MAX: usize = 1 << 20;

/// Reads a JPEG that begins at `start`, up to its picture.
pub(super) fn read(window: &mut Window<'_>, start: u64, end: u64, draft: &mut Draft) {
    let mut found = Found::default();
    let whole = walk(window, start, end, draft, &mut found);
    iptc::read_photoshop(&found.resources, draft);
    found.read_extended(draft);
    if !whole {
        draft.warn(WarningKind::CutShort, "JPEG that ends before its picture");
    }
}

#[derive(Default)]
struct Found {
    exif: bool,
    xmp: bool,
    resources: Vec<u8>,
    /// Pieces of continued packets by identifier and offset.
    extended: BTreeMap<(Vec<u8>, u32), Vec<u8>>,
    extended_bytes: usize,
}

/// Goes from segment to segment; says whether the picture was reached.
fn walk(window: &mut Window<'_>, start: u64, end: u64, draft: &mut Draft, found: &mut Found) -> bool {
    let mut at = start + 2;
    while at < end {
        let Some([mark, kind]) = window.array(at) else {
            return false;
        };
        if mark != 0xff {
            let why = "JPEG with other bytes between its segments";
            draft.warn(WarningKind::Damaged, why);
            return true;
        }
        match kind {
            // Any number of marks may stand before a kind.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            0xd9 | 0xda => return true,
            _ => {
                let Some(length) = window.u16(at + 2).map(u64::from).filter(|length| *length >= 2) else {
                    return false;
                };
                let body = at + 4;
                let body_end = (at + 2 + length).min(end);
                segment(window, kind, body, body_end, draft, found);
                at += 2 + length;
            }
        }
    }
    false
}

fn segment(window: &mut Window<'_>, kind: u8, at: u64, end: u64, draft: &mut Draft, found: &mut Found) {
    match kind {
        // Frames of all kinds; the three others in their midst are tables.
        0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
            let size = window.array::<5>(at).and_then(|[_, h1, h0, w1, w0]| {
                let side = |high, low| u32::from(u16::from_be_bytes([high, low]));
                PixelSize::of(side(w1, w0), side(h1, h0))
            });
            draft.size(Giver::Container, size);
        }
        0xe1 => application_1(window, at, end, draft, found),
        0xed if begins(window, at, PHOTOSHOP) => {
            let data = at + PHOTOSHOP.len() as u64;
            if let Some(bytes) = body(window, data, end)
                && found.resources.len() + bytes.len() <= RESOURCES_MAX
            {
                found.resources.extend_from_slice(&bytes);
            }
        }
        _ => {}
    }
}

fn application_1(window: &mut Window<'_>, at: u64, end: u64, draft: &mut Draft, found: &mut Found) {
    if begins(window, at, EXIF) {
        // The first one is the picture's own.
        if !std::mem::replace(&mut found.exif, true) {
            exif::read(window, at + EXIF.len() as u64 + 1, end, Frame::Inside, draft);
        }
    } else if begins(window, at, XMP) {
        found.xmp = true;
        if let Some(packet) = body(window, at + XMP.len() as u64, end) {
            xmp::read(&packet, draft);
        }
    } else if begins(window, at, EXTENDED_XMP) && (draft.extended_xmp.is_some() || !found.xmp) {
        // A few writers put the pieces before the packet that names them.
        found.keep_extended(window, at + EXTENDED_XMP.len() as u64, end);
    }
}

impl Found {
    /// A piece has an identifier of 32 letters, the size of the whole, its own offset, and the text.
    fn keep_extended(&mut self, window: &mut Window<'_>, at: u64, end: u64) -> Option<()> {
        let id: [u8; 32] = window.array(at)?;
        let size = window.u32(at + 32)?;
        let offset = window.u32(at + 36)?;
        if size as usize > EXTENDED_XMP_MAX || self.extended_bytes > EXTENDED_XMP_MAX {
            return None;
        }
        let text = body(window, at + 40, end)?;
        self.extended_bytes += text.len();
        self.extended.insert((id.to_vec(), offset), text);
        Some(())
    }

    fn read_extended(&self, draft: &mut Draft) {
        let Some(wanted) = draft.extended_xmp.take() else {
            return;
        };
        let packet: Vec<u8> = self
            .extended
            .iter()
            .filter(|((id, _), _)| id.eq_ignore_ascii_case(wanted.trim().as_bytes()))
            .flat_map(|(_, text)| text.iter().copied())
            .collect();
        if !packet.is_empty() {
            xmp::read(&packet, draft);
        }
    }
}

fn begins(window: &mut Window<'_>, at: u64, word: &[u8]) -> bool {
    window.fetch(at, word.len()).as_deref() == Some(word)
}

/// What is there of a segment, which the file may cut.
fn body(window: &mut Window<'_>, at: u64, end: u64) -> Option<Vec<u8>> {
    window.up_to(at, usize::try_from(end.checked_sub(at)?).ok()?)
}
