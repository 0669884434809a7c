//! Boxes of ISO base media files: HEIF pictures, MP4 and QuickTime videos.

use crate::window::Window;

/// What is shorter is read page by page.
const CLOSE_BYTES: u64 = 64 << 10;

/// A box and where its body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Box4 {
    pub(super) kind: [u8; 4],
    /// First byte of the body.
    pub(super) body: u64,
    /// First byte behind the box, inside what surrounds it.
    pub(super) end: u64,
    /// The box goes on behind what surrounds it.
    pub(super) cut: bool,
}

impl Box4 {
    pub(super) fn length(&self) -> u64 {
        self.end - self.body
    }

    /// The body as far as it is there, if it is no longer than `most`.
    pub(super) fn bytes(&self, window: &mut Window<'_>, most: u64) -> Option<Vec<u8>> {
        if self.length() > most {
            return None;
        }
        window.up_to(self.body, usize::try_from(self.length()).ok()?)
    }
}

/// Reads the box that begins at `at`, inside what ends at `end`.
pub(super) fn next(window: &mut Window<'_>, at: u64, end: u64) -> Option<Box4> {
    if at.checked_add(8)? > end {
        return None;
    }
    // Small boxes lie close together; large ones are hopped over.
    let head: [u8; 8] = if end - at <= CLOSE_BYTES {
        window.array(at)?
    } else {
        window.hop(at)?
    };
    let (size, kind) = head.split_first_chunk::<4>()?;
    let (size, head_bytes) = match u32::from_be_bytes(*size) {
        // The box reaches to the end of the file.
        0 => (end - at, 8),
        1 => (u64::from_be_bytes(window.hop(at + 8)?), 16),
        size => (u64::from(size), 8),
    };
    if size < head_bytes {
        return None;
    }
    let box_end = at.checked_add(size)?;
    let body = at + head_bytes;
    if body > end {
        return None;
    }
    Some(Box4 {
        kind: *kind.first_chunk()?,
        body,
        end: box_end.min(end),
        cut: box_end > end,
    })
}

/// Lists the boxes between two places, as far as they are sound, at most so many.
pub(super) fn all(window: &mut Window<'_>, mut at: u64, end: u64, most: usize) -> Vec<Box4> {
    let mut boxes = Vec::new();
    while boxes.len() < most
        && let Some(found) = next(window, at, end)
    {
        at = found.end;
        boxes.push(found);
    }
    boxes
}

/// Finds a box by its path, the first of each kind.
pub(super) fn find(window: &mut Window<'_>, mut inside: Box4, path: &[&[u8; 4]]) -> Option<Box4> {
    for kind in path {
        let boxes = all(window, inside.body, inside.end, 256);
        inside = *boxes.iter().find(|found| found.kind == **kind)?;
    }
    Some(inside)
}
