//! What is read of makers' own notes.

use super::Block;
use crate::window::Window;

const APPLE: &[u8; 10] = b"Apple iOS\0";
/// Before the directory: the name, a version and the byte order.
const APPLE_HEAD: u64 = 14;
const CONTENT_ID: u16 = 0x0011;

/// Returns the identifier that the two halves of a live photo share. Offsets count from the note's beginning.
pub(super) fn apple_content_id(window: &mut Window<'_>, at: u64, end: u64) -> Option<String> {
    let head = window.fetch(at, usize::try_from(APPLE_HEAD).ok()?)?;
    if !head.starts_with(APPLE) {
        return None;
    }
    let note = Block {
        base: at,
        end,
        little: head.ends_with(b"II"),
    };
    let directory = note.directory(window, APPLE_HEAD)?;
    let entry = directory.get(CONTENT_ID)?;
    note.text(window, entry)
}
