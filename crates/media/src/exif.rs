//! EXIF: directories of tags, in a block of its own or as the frame of a whole TIFF or raw file.
//!
//! Only the directories and the values that are wanted are read, wherever in the file they are.

use crate::window::{FETCH_MAX, Window};

mod facts;
mod maker;
mod tags;

pub(crate) use facts::{Frame, Part, read, read_single};

const ENTRY_BYTES: usize = 12;
/// No camera writes more; a broken count must not lead us on.
const ENTRIES_MAX: usize = 1000;
/// Most bytes of one value: captions and embedded packets of XMP are the largest.
const VALUE_MAX: u64 = FETCH_MAX as u64;
/// Most numbers of one value; the tags that are read have three at most, lists of directories a few more.
const NUMBERS_MAX: usize = 64;

/// A block of EXIF: byte order and what offsets count from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    base: u64,
    end: u64,
    little: bool,
}

/// One tag and where its value is.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    /// Place of the value in the file.
    at: u64,
}

/// A directory as far as it could be read.
#[derive(Debug, Default)]
struct Directory {
    entries: Vec<Entry>,
    /// Entries were promised that are not there.
    cut: bool,
}

impl Directory {
    fn get(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

impl Entry {
    fn unit(&self) -> Option<u64> {
        Some(match self.kind {
            1 | 2 | 6 | 7 | 129 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        })
    }

    fn length(&self) -> Option<u64> {
        self.unit()?.checked_mul(u64::from(self.count))
    }
}

impl Block {
    /// Takes a block from its byte order mark on; `end` is where the file or the surrounding segment ends.
    fn open(window: &mut Window<'_>, base: u64, end: u64) -> Option<(Self, u64)> {
        let head: [u8; 8] = window.array(base)?;
        let little = match &head[..2] {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let block = Self { base, end, little };
        Some((block, u64::from(block.u32(&head[4..]))))
    }

    fn u16(&self, bytes: &[u8]) -> u16 {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        if self.little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        }
    }

    fn u32(&self, bytes: &[u8]) -> u32 {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        if self.little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        }
    }

    fn f64(&self, bytes: &[u8]) -> f64 {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        if self.little {
            f64::from_le_bytes(bytes)
        } else {
            f64::from_be_bytes(bytes)
        }
    }

    /// Reads a directory at an offset of the block.
    fn directory(&self, window: &mut Window<'_>, offset: u64) -> Option<Directory> {
        let at = self.base.checked_add(offset)?;
        let count = usize::from(self.u16(&window.fetch(at, 2)?));
        let there = self.end.saturating_sub(at + 2);
        let room = usize::try_from(there).unwrap_or(usize::MAX) / ENTRY_BYTES;
        let wanted = count.min(ENTRIES_MAX);
        let bytes = window.up_to(at + 2, wanted.min(room) * ENTRY_BYTES)?;
        let entries: Vec<Entry> = bytes
            .chunks_exact(ENTRY_BYTES)
            .enumerate()
            .filter_map(|(index, bytes)| self.entry(bytes, at + 2 + (index * ENTRY_BYTES) as u64))
            .collect();
        Some(Directory {
            cut: bytes.len() < count * ENTRY_BYTES,
            entries,
        })
    }

    fn entry(&self, bytes: &[u8], at: u64) -> Option<Entry> {
        let mut entry = Entry {
            tag: self.u16(bytes),
            kind: self.u16(&bytes[2..]),
            count: self.u32(&bytes[4..]),
            at: at + 8,
        };
        if entry.length()? > 4 {
            entry.at = self.base.checked_add(u64::from(self.u32(&bytes[8..])))?;
        }
        Some(entry)
    }

    /// Returns a value's bytes; one that runs over the block's end is cut there.
    fn bytes(&self, window: &mut Window<'_>, entry: &Entry) -> Option<Vec<u8>> {
        let length = entry.length()?.min(self.end.saturating_sub(entry.at)).min(VALUE_MAX);
        window.up_to(entry.at, usize::try_from(length).ok()?)
    }

    /// Returns a value's text as it is written.
    fn text(&self, window: &mut Window<'_>, entry: &Entry) -> Option<String> {
        // Programs write texts as bytes, too.
        if !matches!(entry.kind, 1 | 2 | 7 | 129) {
            return None;
        }
        crate::text::guessed(&self.bytes(window, entry)?)
    }

    /// Returns a value's numbers; fractions whose lower half is zero are no numbers.
    fn numbers(&self, window: &mut Window<'_>, entry: &Entry) -> Option<Vec<f64>> {
        let unit = usize::try_from(entry.unit()?).ok()?;
        let count = usize::try_from(entry.count).ok()?.min(NUMBERS_MAX);
        let there = self.end.saturating_sub(entry.at);
        let wanted = (unit * count).min(usize::try_from(there).unwrap_or(usize::MAX));
        let bytes = window.up_to(entry.at, wanted)?;
        Some(
            bytes
                .chunks_exact(unit)
                .map(|bytes| self.number(entry.kind, bytes))
                .collect(),
        )
    }

    fn number(&self, kind: u16, bytes: &[u8]) -> f64 {
        let signed = |bytes: &[u8]| f64::from(self.u32(bytes).cast_signed());
        let ratio = |above: f64, below: f64| if below == 0.0 { f64::NAN } else { above / below };
        match kind {
            3 => f64::from(self.u16(bytes)),
            4 | 13 => f64::from(self.u32(bytes)),
            5 => ratio(f64::from(self.u32(bytes)), f64::from(self.u32(&bytes[4..]))),
            6 => f64::from(bytes[0].cast_signed()),
            8 => f64::from(self.u16(bytes).cast_signed()),
            9 => signed(bytes),
            10 => ratio(signed(bytes), signed(&bytes[4..])),
            11 => f64::from(f32::from_bits(self.u32(bytes))),
            12 => self.f64(bytes),
            _ => f64::from(bytes[0]),
        }
    }

    fn number_of(&self, window: &mut Window<'_>, entry: &Entry) -> Option<f64> {
        let first = *self.numbers(window, entry)?.first()?;
        first.is_finite().then_some(first)
    }

    /// Returns a value that cannot be negative as a whole number.
    fn whole_of(&self, window: &mut Window<'_>, entry: &Entry) -> Option<u32> {
        whole(self.number_of(window, entry)?)
    }
}

fn whole(number: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "inside the range of u32"
    )]
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number as u32)
}
