//! Files that need a few words only: Fujifilm's raw files and bitmaps.

use super::jpeg;
use crate::draft::{Draft, Giver};
use crate::window::Window;
use crate::{PixelSize, WarningKind};

/// Where a RAF file has the place and the length of its JPEG, which has the EXIF of the whole.
const RAF_JPEG: u64 = 84;

pub(super) fn read_raf(window: &mut Window<'_>, draft: &mut Draft) {
    let place = (|| Some((u64::from(window.u32(RAF_JPEG)?), u64::from(window.u32(RAF_JPEG + 4)?))))();
    match place {
        Some((start, length)) if start > RAF_JPEG => {
            let end = start.saturating_add(length).min(window.size());
            jpeg::read(window, start, end, draft);
        }
        _ => draft.warn(WarningKind::Damaged, "RAF file without a picture"),
    }
}

/// Width and height; a height below zero means that the first row is on top.
pub(super) fn read_bmp(window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.array::<8>(18).and_then(|bytes| {
        let (width, height) = bytes.split_first_chunk::<4>()?;
        let width = i32::from_le_bytes(*width).unsigned_abs();
        PixelSize::of(width, i32::from_le_bytes(*height.first_chunk()?).unsigned_abs())
    });
    draft.size(Giver::Container, size);
}
