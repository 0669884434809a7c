//! MP4, QuickTime and 3GPP videos, and Canon's CR3, which is built like them.

use std::time::Duration;

use super::boxes::{self, Box4};
use crate::draft::{Draft, Giver};
use crate::exif::{self, Frame, Part};
use crate::window::Window;
use crate::{DateField, Orientation, PixelSize, WarningKind, dates, xmp};

mod place;
mod texts;

/// Films in pieces have thousands of boxes; what is wanted is before the pieces.
const BOXES_MAX: usize = 256;
const TRACKS_MAX: usize = 64;
const PACKET_MAX: u64 = 2 << 20;
/// Seconds from 1904 to 1970.
const EPOCH_1904: u64 = 2_082_844_800;
const XMP_ID: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const CANON_ID: [u8; 16] = *b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";

pub(super) fn read(window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.size();
    let mut found_movie = false;
    let mut at = 0;
    for _ in 0..BOXES_MAX {
        let Some(found) = boxes::next(window, at, size) else {
            break;
        };
        if found.cut {
            draft.warn(WarningKind::CutShort, "film that ends inside a box");
        }
        match &found.kind {
            b"moov" => {
                found_movie = true;
                movie(window, found, draft);
            }
            b"moof" if found_movie => break,
            b"uuid" => packet(window, found, draft),
            _ => {}
        }
        at = found.end;
    }
    if !found_movie {
        draft.warn(WarningKind::CutShort, "film without a header");
    }
}

fn packet(window: &mut Window<'_>, found: Box4, draft: &mut Draft) {
    if window.hop(found.body) != Some(XMP_ID) {
        return;
    }
    let text = Box4 {
        body: found.body + 16,
        ..found
    };
    if text.body <= text.end
        && let Some(bytes) = text.bytes(window, PACKET_MAX)
    {
        xmp::read(&bytes, draft);
    }
}

fn movie(window: &mut Window<'_>, movie: Box4, draft: &mut Draft) {
    let parts = boxes::all(window, movie.body, movie.end, BOXES_MAX);
    let canon = parts.iter().find(|part| is_canon(window, part)).copied();
    if let Some(canon) = canon {
        // A raw photo: its tracks are pictures, its header's time is that of EXIF in UTC.
        raw_photo(window, canon, draft);
        return;
    }
    let mut in_pieces = None;
    let mut tracks = 0;
    for part in parts {
        match &part.kind {
            b"mvhd" => header(window, part, draft),
            b"mvex" => in_pieces = Some(part),
            b"trak" if tracks < TRACKS_MAX => {
                tracks += 1;
                track(window, part, draft);
            }
            b"meta" => texts::meta(window, part, draft),
            b"udta" => texts::user_data(window, part, draft),
            _ => {}
        }
    }
    if let Some(pieces) = in_pieces {
        let duration = pieces_duration(window, movie, pieces);
        draft.duration(Giver::ContainerText, duration);
    }
}

fn is_canon(window: &mut Window<'_>, part: &Box4) -> bool {
    &part.kind == b"uuid" && window.hop(part.body) == Some(CANON_ID)
}

fn raw_photo(window: &mut Window<'_>, canon: Box4, draft: &mut Draft) {
    for part in boxes::all(window, canon.body + 16, canon.end, 32) {
        match &part.kind {
            b"CMT1" => exif::read(window, part.body, part.end, Frame::Inside, draft),
            b"CMT2" => exif::read_single(window, part.body, part.end, Part::Exposure, draft),
            b"CMT4" => exif::read_single(window, part.body, part.end, Part::Gps, draft),
            _ => {}
        }
    }
}

/// Time scale and how long something takes in it; all ones stand for not known.
fn length(scale: u32, units: u64, wide: bool) -> Option<Duration> {
    let unknown = if wide { u64::MAX } else { u64::from(u32::MAX) };
    if scale == 0 || units == 0 || units == unknown {
        return None;
    }
    let scale = u64::from(scale);
    let nanoseconds = units % scale * 1_000_000_000 / scale;
    Some(Duration::new(units / scale, u32::try_from(nanoseconds).ok()?))
}

/// Creation comes first, then modification; version 1 has eight bytes for each.
fn header(window: &mut Window<'_>, part: Box4, draft: &mut Draft) {
    let read = (|| {
        let [version, ..] = window.array::<4>(part.body)?;
        let at = part.body + 4;
        Some(if version == 1 {
            (window.u64(at)?, window.u32(at + 16)?, window.u64(at + 20)?, true)
        } else {
            let created = u64::from(window.u32(at)?);
            (created, window.u32(at + 8)?, u64::from(window.u32(at + 12)?), false)
        })
    })();
    let Some((created, scale, units, wide)) = read else {
        draft.warn(WarningKind::CutShort, "film whose header is cut short");
        return;
    };
    draft.duration(Giver::Container, length(scale, units, wide));
    created_at(created, draft);
}

/// Takes a time of creation. The header's comes first; those of tracks stand in for one that is zero.
fn created_at(created: u64, draft: &mut Draft) {
    let seconds = |from: u64| i64::try_from(from).ok().and_then(|seconds| dates::instant(seconds, 0));
    match created {
        0 => {}
        // Some programs count from 1970; a film of before that day is not to be expected.
        1..EPOCH_1904 => draft.doubtful_at(DateField::MovieHeader, seconds(created)),
        _ => draft.at(DateField::MovieHeader, seconds(created - EPOCH_1904)),
    }
}

/// The length of a film in pieces is in a box of its own.
fn pieces_duration(window: &mut Window<'_>, movie: Box4, pieces: Box4) -> Option<Duration> {
    let header = boxes::find(window, movie, &[b"mvhd"])?;
    let [version, ..] = window.array::<4>(header.body)?;
    let scale = window.u32(header.body + if version == 1 { 20 } else { 12 })?;
    let total = boxes::find(window, pieces, &[b"mehd"])?;
    let [version, ..] = window.array::<4>(total.body)?;
    if version == 1 {
        length(scale, window.u64(total.body + 4)?, true)
    } else {
        length(scale, u64::from(window.u32(total.body + 4)?), false)
    }
}

/// The first track with pictures tells their size and how they are turned.
fn track(window: &mut Window<'_>, track: Box4, draft: &mut Draft) {
    if draft.has_size() {
        return;
    }
    let Some(handler) = boxes::find(window, track, &[b"mdia", b"hdlr"]) else {
        return;
    };
    if window.array(handler.body + 8) != Some(*b"vide") {
        return;
    }
    let shape = track_header(window, track, draft);
    let size = shape
        .and_then(|(size, _)| size)
        .or_else(|| described_size(window, track));
    draft.size(Giver::Container, size);
    // Every track has a matrix; one that turns nothing says nothing.
    let turned = shape
        .and_then(|(_, turn)| turn)
        .filter(|turn| *turn != Orientation::UPRIGHT);
    draft.orientation(Giver::Container, turned);
}

fn track_header(
    window: &mut Window<'_>,
    track: Box4,
    draft: &mut Draft,
) -> Option<(Option<PixelSize>, Option<Orientation>)> {
    let header = boxes::find(window, track, &[b"tkhd"])?;
    let [version, ..] = window.array::<4>(header.body)?;
    let created = if version == 1 {
        window.u64(header.body + 4)?
    } else {
        u64::from(window.u32(header.body + 4)?)
    };
    created_at(created, draft);
    let matrix = header.body + if version == 1 { 52 } else { 40 };
    let bytes: [u8; 44] = window.array(matrix)?;
    let number = |at: usize| Some(i32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let turn = Orientation::from_matrix(number(0)?, number(4)?, number(12)?, number(16)?);
    // Sixteen bits of each are behind the point.
    let side = |at: usize| Some(number(at)?.cast_unsigned() >> 16);
    Some((PixelSize::of(side(36)?, side(40)?), turn))
}

/// The size in the description of the first sample, for tracks whose header has none.
fn described_size(window: &mut Window<'_>, track: Box4) -> Option<PixelSize> {
    let list = boxes::find(window, track, &[b"mdia", b"minf", b"stbl", b"stsd"])?;
    let [w1, w0, h1, h0] = window.array(list.body + 8 + 32)?;
    PixelSize::of(
        u32::from(u16::from_be_bytes([w1, w0])),
        u32::from(u16::from_be_bytes([h1, h0])),
    )
}
