//! HEIF, AVIF and JPEG XL: pictures and what belongs to them as items of a file.

use super::boxes::{self, Box4};
use super::exif_in_memory;
use crate::draft::{Draft, Giver};
use crate::exif::{self, Frame};
use crate::window::{FETCH_MAX, Window};
use crate::{ByteRange, MotionMark, Orientation, PixelSize, WarningKind, motion, xmp};

mod items;

use items::{Bytes, Items, Place};

/// Most boxes of a file's outermost level.
const BOXES_MAX: usize = 256;
/// Most bytes of the lists of items.
const LIST_MAX: u64 = 1 << 20;

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.size();
    // JPEG XL may come without any boxes.
    if window.array(0) == Some(*b"\xff\x0a") {
        let why = "nothing inside a bare JPEG XL picture is read";
        draft.warn(WarningKind::Unsupported, why);
        return;
    }
    for found in boxes::all(window, 0, size, BOXES_MAX) {
        if found.cut {
            draft.warn(WarningKind::CutShort, "picture that ends inside a box");
        }
        match &found.kind {
            b"meta" => meta(window, found, draft),
            b"mpvd" if motion::is_video(window, found.body) => {
                let video = ByteRange {
                    start: found.body,
                    length: found.length(),
                };
                draft.motion_found = Some((MotionMark::VideoBox, video));
            }
            // JPEG XL has its metadata in boxes of their own.
            b"Exif" => after_offset(window, found.body, found.end, draft),
            b"xml " => {
                if let Some(packet) = found.bytes(window, LIST_MAX) {
                    xmp::read(&packet, draft);
                }
            }
            _ => {}
        }
    }
}

fn meta(window: &mut Window<'_>, meta: Box4, draft: &mut Draft) {
    let parts = boxes::all(window, meta.body + 4, meta.end, 64);
    let part = |kind: &[u8; 4]| parts.iter().find(|part| part.kind == *kind).copied();
    let mut bytes = |kind: &[u8; 4]| part(kind)?.bytes(window, LIST_MAX);
    let items = Items::read(
        bytes(b"pitm").as_deref(),
        bytes(b"iinf").as_deref(),
        bytes(b"iref").as_deref(),
        bytes(b"iloc").as_deref(),
    );
    if let Some(properties) = part(b"iprp") {
        shape(window, properties, items.primary, draft);
    }
    let own_data = part(b"idat").map(|data| data.body);
    if let Some(place) = items.exif() {
        item(window, place, own_data, draft, Kind::Exif);
    }
    if let Some(place) = items.xmp() {
        item(window, place, own_data, draft, Kind::Xmp);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exif,
    Xmp,
}

fn item(window: &mut Window<'_>, place: &Place, own_data: Option<u64>, draft: &mut Draft, kind: Kind) {
    let base = match place.method {
        0 => 0,
        1 => match own_data {
            Some(at) => at,
            None => return,
        },
        _ => {
            draft.warn(WarningKind::Unsupported, "metadata made of other items");
            return;
        }
    };
    let ranges = place.ranges(base);
    // A block in one piece is read where it is.
    if let (Kind::Exif, [(start, length)]) = (kind, ranges.as_slice()) {
        let end = start.saturating_add(*length).min(window.size());
        after_offset(window, *start, end, draft);
        return;
    }
    let mut bytes = Vec::new();
    for (start, length) in ranges {
        let room = FETCH_MAX.saturating_sub(bytes.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(room);
        bytes.extend(window.up_to(start, length).unwrap_or_default());
    }
    match kind {
        Kind::Xmp => xmp::read(&bytes, draft),
        Kind::Exif => {
            let offset = bytes
                .first_chunk()
                .map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
            if let Some(block) = bytes.get(4..).and_then(|rest| rest.get(offset..)) {
                exif_in_memory(block, draft);
            }
        }
    }
}

/// Four bytes say how far behind them the block begins.
fn after_offset(window: &mut Window<'_>, at: u64, end: u64, draft: &mut Draft) {
    let start = window.u32(at).map(|offset| at + 4 + u64::from(offset));
    match start.filter(|start| *start < end) {
        Some(start) => exif::read(window, start, end, Frame::Inside, draft),
        None => draft.warn(WarningKind::Damaged, "EXIF item that is not there"),
    }
}

/// Size and turning of the main picture.
fn shape(window: &mut Window<'_>, properties: Box4, primary: u32, draft: &mut Draft) {
    let parts = boxes::all(window, properties.body, properties.end, 16);
    let Some(list) = parts.iter().find(|part| &part.kind == b"ipco") else {
        return;
    };
    let list = boxes::all(window, list.body, list.end, 2048);
    let mut turns = None;
    let mut mirror = None;
    for part in parts.iter().filter(|part| &part.kind == b"ipma") {
        let Some(bytes) = part.bytes(window, LIST_MAX) else {
            continue;
        };
        for index in items::properties_of(primary, &bytes) {
            let Some(property) = index.checked_sub(1).and_then(|index| list.get(index)) else {
                continue;
            };
            match &property.kind {
                b"ispe" => {
                    let size = window.array::<12>(property.body).and_then(|bytes| {
                        let mut bytes = Bytes::new(&bytes[4..]);
                        PixelSize::of(bytes.u32()?, bytes.u32()?)
                    });
                    draft.size(Giver::Container, size);
                }
                b"irot" => turns = window.array(property.body).map(|[turns]| turns),
                b"imir" => mirror = window.array(property.body).map(|[axis]| axis & 1),
                _ => {}
            }
        }
    }
    if turns.is_some() || mirror.is_some() {
        let orientation = Orientation::from_heif(turns.unwrap_or(0), mirror);
        draft.orientation(Giver::Container, Some(orientation));
    }
}
