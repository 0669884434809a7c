//! Small reads from large files: a few pages are kept, and everything that is read is counted and limited.

use std::collections::VecDeque;
use std::io;

use crate::ReadAt;

/// What is read at once where little is wanted.
const PAGE_BYTES: u64 = 4096;
/// How many pages are kept.
const PAGES: usize = 8;
/// Most bytes of one fetch; callers that want more have misread something.
pub(crate) const FETCH_MAX: usize = 4 << 20;

/// A view of a file from which pieces are taken; whatever loops over a broken file ends with its steps.
pub(crate) struct Window<'r> {
    reader: &'r mut dyn ReadAt,
    size: u64,
    pages: VecDeque<Page>,
    bytes_left: u64,
    steps_left: u32,
    bytes_read: u64,
    trouble: Trouble,
}

struct Page {
    at: u64,
    bytes: Vec<u8>,
}

/// Why pieces could not be had; that they are past the end is for the one who asks to judge.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// First place that the reader would not give although it is inside the file.
    pub(crate) missing_at: Option<u64>,
    /// The limit of bytes or of steps was reached.
    pub(crate) over_budget: bool,
    /// The reader failed.
    pub(crate) error: Option<io::Error>,
}

impl<'r> Window<'r> {
    /// Looks at a file through a limit of bytes and of single reads.
    pub(crate) fn new(reader: &'r mut dyn ReadAt, bytes_max: u64, steps_max: u32) -> Self {
        Self {
            size: reader.size_bytes(),
            reader,
            pages: VecDeque::with_capacity(PAGES),
            bytes_left: bytes_max,
            steps_left: steps_max,
            bytes_read: 0,
            trouble: Trouble::default(),
        }
    }

    /// Size of the whole file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns what was read in all and what went wrong.
    pub(crate) fn finish(self) -> (u64, Trouble) {
        (self.bytes_read, self.trouble)
    }

    /// Returns exactly `length` bytes from `at` on, `None` if they are not there or not allowed.
    pub(crate) fn fetch(&mut self, at: u64, length: usize) -> Option<Vec<u8>> {
        let bytes = self.up_to(at, length)?;
        (bytes.len() == length).then_some(bytes)
    }

    /// Returns `length` bytes from `at` on, or fewer where the file ends.
    pub(crate) fn up_to(&mut self, at: u64, length: usize) -> Option<Vec<u8>> {
        let there = self.size.checked_sub(at)?;
        let length = length.min(usize::try_from(there).unwrap_or(usize::MAX));
        if length > FETCH_MAX {
            self.trouble.over_budget = true;
            return None;
        }
        self.step()?;
        if length as u64 > PAGE_BYTES {
            return self.read_direct(at, length);
        }
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let from = at + bytes.len() as u64;
            let wanted = length - bytes.len();
            let page = self.page(from)?;
            let inside = usize::try_from(from - page.at).ok()?;
            let piece = page.bytes.get(inside..).unwrap_or_default();
            if piece.is_empty() {
                self.note_missing(from);
                break;
            }
            bytes.extend_from_slice(&piece[..piece.len().min(wanted)]);
        }
        Some(bytes)
    }

    /// Returns `N` bytes from `at` on.
    pub(crate) fn array<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        self.fetch(at, N)?.try_into().ok()
    }

    /// Returns `N` bytes without reading what surrounds them: for hops over large pieces.
    pub(crate) fn hop<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let end = at.checked_add(N as u64)?;
        if end > self.size || self.has_page(at) && self.has_page(end - 1) {
            return self.array(at);
        }
        self.step()?;
        self.read_direct(at, N)?.try_into().ok()
    }

    /// Returns a big-endian number.
    pub(crate) fn u16(&mut self, at: u64) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// Returns a big-endian number.
    pub(crate) fn u32(&mut self, at: u64) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// Returns a big-endian number.
    pub(crate) fn u64(&mut self, at: u64) -> Option<u64> {
        self.array(at).map(u64::from_be_bytes)
    }

    fn step(&mut self) -> Option<()> {
        match self.steps_left.checked_sub(1) {
            Some(left) => {
                self.steps_left = left;
                Some(())
            }
            None => {
                self.trouble.over_budget = true;
                None
            }
        }
    }

    fn has_page(&self, at: u64) -> bool {
        self.pages.iter().any(|page| page.at == at - at % PAGE_BYTES)
    }

    fn page(&mut self, at: u64) -> Option<&Page> {
        let start = at - at % PAGE_BYTES;
        if let Some(index) = self.pages.iter().position(|page| page.at == start) {
            return self.pages.get(index);
        }
        let length = usize::try_from((self.size - start).min(PAGE_BYTES)).ok()?;
        let bytes = self.read_direct(start, length)?;
        if self.pages.len() == PAGES {
            self.pages.pop_front();
        }
        self.pages.push_back(Page { at: start, bytes });
        self.pages.back()
    }

    /// Reads what is there of a piece.
    fn read_direct(&mut self, at: u64, length: usize) -> Option<Vec<u8>> {
        if length as u64 > self.bytes_left {
            self.trouble.over_budget = true;
            return None;
        }
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match self.reader.read_at(at + filled as u64, &mut bytes[filled..]) {
                Ok(0) => {
                    self.note_missing(at + filled as u64);
                    break;
                }
                // A reader that claims more than it was given room for must not lead past the end.
                Ok(more) => filled = filled.saturating_add(more).min(length),
                Err(error) => {
                    self.trouble.error.get_or_insert(error);
                    return None;
                }
            }
        }
        bytes.truncate(filled);
        self.bytes_left -= filled as u64;
        self.bytes_read += filled as u64;
        Some(bytes)
    }

    fn note_missing(&mut self, at: u64) {
        self.trouble.missing_at.get_or_insert(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prefix;

    fn bytes() -> Vec<u8> {
        (0..20_000_u32).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn pieces_are_the_bytes_of_the_file_across_pages() {
        let bytes = bytes();
        let mut reader = bytes.as_slice();
        let mut window = Window::new(&mut reader, 1 << 20, 1000);
        for (at, length) in [(0, 10), (4090, 20), (4000, 6000), (19_990, 10), (8191, 2)] {
            assert_eq!(window.fetch(at as u64, length).unwrap(), bytes[at..at + length]);
        }
        assert_eq!(window.fetch(19_990, 11), None);
        assert_eq!(window.up_to(19_990, 11).unwrap().len(), 10);
        assert_eq!(window.fetch(u64::MAX, 1), None);
        assert_eq!(window.array(1), Some([1, 2, 3]));
        assert_eq!(window.hop(12_345), Some([bytes[12_345]]));
    }

    #[test]
    fn a_page_is_read_once() {
        let bytes = bytes();
        let mut reader = bytes.as_slice();
        let mut window = Window::new(&mut reader, 1 << 20, 1000);
        for at in 0..100 {
            window.fetch(at, 4);
        }
        assert_eq!(window.finish().0, 4096);
    }

    #[test]
    fn limits_hold_for_bytes_and_for_steps() {
        let bytes = bytes();
        let mut reader = bytes.as_slice();
        let mut window = Window::new(&mut reader, 5000, 1000);
        assert!(window.fetch(0, 10).is_some());
        assert_eq!(window.fetch(5000, 10), None);
        assert!(window.finish().1.over_budget);
        let mut reader = bytes.as_slice();
        let mut window = Window::new(&mut reader, 1 << 20, 3);
        assert_eq!((0..9).filter(|_| window.fetch(0, 1).is_some()).count(), 3);
        assert!(window.finish().1.over_budget);
    }

    #[test]
    fn what_a_prefix_lacks_is_named() {
        let bytes = bytes();
        let mut reader = Prefix::new(&bytes, 1 << 30);
        let mut window = Window::new(&mut reader, 1 << 20, 1000);
        assert_eq!(window.fetch(19_990, 20), None);
        assert_eq!(window.fetch(1 << 29, 4), None);
        let (_, trouble) = window.finish();
        assert_eq!(trouble.missing_at, Some(20_000));
        assert!(!trouble.over_budget);
    }
}
