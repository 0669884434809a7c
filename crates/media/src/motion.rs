//! Videos inside photos: whether they are where they are said to be.

use crate::draft::{Draft, MotionHint};
use crate::window::Window;
use crate::{ByteRange, MotionMark, MotionPhoto, WarningKind};

/// Looks where properties, boxes and trailers have the video.
pub(crate) fn find(window: &mut Window<'_>, draft: &mut Draft) -> Option<MotionPhoto> {
    let hint = draft.motion_hint;
    if draft.motion_found.is_none() && !draft.is_video {
        let hinted = hint.and_then(|hint| Some((hint.marked_by, hinted(window, &hint)?)));
        draft.motion_found = hinted.or_else(|| {
            // Every file would have to be read at its end, too; Samsung's own says whose it is.
            let samsung = hint.is_some() || draft.has_make("samsung");
            let video = samsung.then(|| samsung_trailer(window))??;
            Some((MotionMark::SamsungTrailer, video))
        });
    }
    let found = draft.motion_found;
    if hint.is_some() && found.is_none() {
        let why = "no video where the photo says that one is";
        draft.warn(WarningKind::Damaged, why);
    }
    let marked_by = hint.map(|hint| hint.marked_by).or(found.map(|(mark, _)| mark))?;
    Some(MotionPhoto {
        marked_by,
        video: found.map(|(_, video)| video),
        still_at_us: hint.and_then(|hint| hint.still_at_us).filter(|moment| *moment >= 0),
    })
}

fn hinted(window: &mut Window<'_>, hint: &MotionHint) -> Option<ByteRange> {
    let start = window.size().checked_sub(hint.from_end?)?;
    let rest = window.size() - start;
    let length = hint.length.filter(|length| *length <= rest).unwrap_or(rest);
    is_video(window, start).then_some(ByteRange { start, length })
}

/// Says whether an MP4 or QuickTime file begins here.
pub(crate) fn is_video(window: &mut Window<'_>, start: u64) -> bool {
    window.hop::<8>(start).is_some_and(|head| &head[4..] == b"ftyp")
}

/// Reads the list at the end of a Samsung file: `SEFH`, a version, a count, the entries, the list's length, `SEFT`. An
/// entry has its kind, how far before the list its data begins, and their length; the data begin with their name.
fn samsung_trailer(window: &mut Window<'_>) -> Option<ByteRange> {
    const ENTRIES_MAX: u64 = 64;
    let size = window.size();
    let foot: [u8; 8] = window.hop(size.checked_sub(8)?)?;
    let (length, mark) = foot.split_first_chunk::<4>()?;
    if mark != b"SEFT" {
        return None;
    }
    let list = (size - 8).checked_sub(u64::from(u32::from_le_bytes(*length)))?;
    let head: [u8; 12] = window.array(list)?;
    if &head[..4] != b"SEFH" {
        return None;
    }
    let count = u64::from(u32::from_le_bytes(*head.last_chunk()?));
    for index in 0..count.min(ENTRIES_MAX) {
        let entry: [u8; 12] = window.array(list + 12 + 12 * index)?;
        let back = u32::from_le_bytes(*entry.get(4..)?.first_chunk()?);
        let length = u64::from(u32::from_le_bytes(*entry.last_chunk()?));
        let Some(at) = list.checked_sub(u64::from(back)) else {
            continue;
        };
        let data: [u8; 24] = window.hop(at)?;
        if &data[8..] == b"MotionPhoto_Data" {
            let start = at + 24;
            let length = length.checked_sub(24)?;
            return is_video(window, start).then_some(ByteRange { start, length });
        }
    }
    None
}
