//! Computed MP4s of any size: one opening shared by all, one block that repeats under a running number, nothing stored.
//!
//! The file is valid: `ftyp`, `moov` with date, duration and the places of a few real frames, and an `mdat` with a 64-bit
//! size that holds the frames and then filling. Only the last bytes tell one video from another, so that the gigabytes of
//! a library are hashed once for all its videos of one size.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::blob::{Hasher, Hashes};
use crate::demo::movie;
use crate::error::SimError;
use crate::seeded::{Seeded, mix};

/// Bytes after which the filling repeats.
const BLOCK: u64 = 1024 * 1024;
/// The running number at the start of each block: no two blocks of a file are alike.
const NUMBER: usize = 8;
/// The index, in hexadecimal digits, at the end of the file.
const STAMP: u64 = 16;
/// Size 1, which means "see below", the kind, and the size in 64 bits.
const MDAT_HEAD: usize = 16;
/// Bytes that one second of such a film takes.
const BYTES_PER_SECOND: u64 = 2_000_000;

/// What all computed videos of one library and size share.
#[derive(Debug)]
pub(crate) struct VideoShape {
    seed: u64,
    len: u64,
    /// From the first byte to the end of the frames.
    opening: Vec<u8>,
    block: Bytes,
    prefix_hash: OnceLock<Hasher>,
}

impl VideoShape {
    /// Videos of exactly `len` bytes.
    pub(crate) fn new(seed: u64, len: u64) -> Result<Arc<Self>, SimError> {
        let mut seeded = Seeded::new(seed, "synthetic video");
        let frames = movie::frames(&mut seeded)?;
        let taken = jiff::civil::date(2015, 7, 4).at(12, 30, 0, 0);
        let seconds = u32::try_from(len / BYTES_PER_SECOND)
            .unwrap_or(u32::MAX)
            .clamp(1, 86_400);
        let mut opening = movie::head(&frames, taken, 0, seconds, MDAT_HEAD)?;
        let mdat = len.saturating_sub(opening.len() as u64);
        opening.extend(1_u32.to_be_bytes());
        opening.extend(b"mdat");
        opening.extend(mdat.to_be_bytes());
        opening.extend(frames.concat());
        let least = opening.len() as u64 + STAMP;
        if len < least {
            return Err(SimError::Options(format!(
                "a synthetic video needs at least {least} bytes, not {len}"
            )));
        }
        let block: Vec<u8> = (0..BLOCK / 8).flat_map(|_| seeded.next_u64().to_le_bytes()).collect();
        Ok(Arc::new(Self {
            seed,
            len,
            opening,
            block: Bytes::from(block),
            prefix_hash: OnceLock::new(),
        }))
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes in front of the filling: everything that tells what the file is.
    pub(crate) fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// MD5 and SHA-1; reads the whole file once, which takes seconds for gigabytes.
    pub(crate) fn hashes(&self, index: u64) -> Hashes {
        let shared = self.prefix_hash.get_or_init(|| {
            let (mut hasher, end) = (Hasher::default(), self.len - STAMP);
            let mut at = 0;
            while at < end {
                let piece = self.bytes(0, at..end.min(at + BLOCK));
                hasher.update(&piece);
                at += piece.len() as u64;
            }
            hasher
        });
        self.stamped(shared.clone(), index)
    }

    /// The hashes, if the file has been read already.
    pub(crate) fn known_hashes(&self, index: u64) -> Option<Hashes> {
        Some(self.stamped(self.prefix_hash.get()?.clone(), index))
    }

    fn stamped(&self, mut hasher: Hasher, index: u64) -> Hashes {
        hasher.update(stamp(index).as_bytes());
        hasher.finish()
    }

    /// The bytes of `range`, which must lie inside the file.
    pub(crate) fn bytes(&self, index: u64, range: Range<u64>) -> Bytes {
        let opening = self.opening.len() as u64;
        if range.start >= opening && range.end <= self.len - STAMP {
            let within = (range.start - opening) % BLOCK;
            let len = range.end - range.start;
            if within >= NUMBER as u64 && within + len <= BLOCK {
                return self.block.slice(within as usize..(within + len) as usize);
            }
        }
        let mut out = vec![0; (range.end - range.start) as usize];
        let mut put = |at: u64, bytes: &[u8]| {
            let (from, to) = (at.max(range.start), (at + bytes.len() as u64).min(range.end));
            if from < to {
                let source = &bytes[(from - at) as usize..(to - at) as usize];
                out[(from - range.start) as usize..(to - range.start) as usize].copy_from_slice(source);
            }
        };
        let first = range.start.saturating_sub(opening) / BLOCK;
        for number in first..=range.end.saturating_sub(opening) / BLOCK {
            let at = opening + number * BLOCK;
            put(at, &self.block);
            put(at, &mix(self.seed ^ number).to_le_bytes());
        }
        put(0, &self.opening);
        put(self.len - STAMP, stamp(index).as_bytes());
        Bytes::from(out)
    }
}

fn stamp(index: u64) -> String {
    format!("{index:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::CHUNK_BYTES;
    use crate::facts::read_facts;

    #[test]
    fn any_piece_equals_the_same_piece_of_the_whole() {
        let shape = VideoShape::new(9, 2_500_000).unwrap();
        let whole = shape.bytes(5, 0..shape.len());
        assert_eq!(whole.len(), 2_500_000);
        let edge = shape.opening.len() as u64 + BLOCK;
        for range in [
            0..1,
            7..400,
            edge - 10..edge + 10,
            edge + 8..edge + 64_000,
            edge + 3..edge + 64_000,
            2_499_980..2_500_000,
            2_499_999..2_500_000,
            3..2_500_000,
        ] {
            let piece = &whole[range.start as usize..range.end as usize];
            assert_eq!(shape.bytes(5, range.clone()), piece, "{range:?}");
        }
        let chunks: Vec<u8> = (0..shape.len())
            .step_by(CHUNK_BYTES)
            .flat_map(|at| shape.bytes(5, at..(at + CHUNK_BYTES as u64).min(shape.len())))
            .collect();
        assert_eq!(chunks, whole);
    }

    #[test]
    fn hashes_are_those_of_the_bytes_and_differ_by_index_and_seed() {
        let shape = VideoShape::new(9, 2_100_000).unwrap();
        assert_eq!(shape.known_hashes(1), None);
        assert_eq!(shape.hashes(1), Hashes::of(&shape.bytes(1, 0..shape.len())));
        assert_eq!(shape.known_hashes(2), Some(Hashes::of(&shape.bytes(2, 0..shape.len()))));
        assert_ne!(shape.hashes(1), shape.hashes(2));
        assert_ne!(VideoShape::new(10, 2_100_000).unwrap().hashes(1), shape.hashes(1));
    }

    #[test]
    fn facts_are_in_the_opening_and_the_boxes_tile_the_file_beyond_4_gib() {
        let len = 12_000_000_000;
        let shape = VideoShape::new(1, len).unwrap();
        let facts = read_facts("video/mp4", shape.opening());
        assert_eq!(facts.taken.unwrap().local.to_string(), "2015-07-04T12:30:00");
        assert_eq!(facts.duration_s, Some(6000.0));
        let opening = shape.opening();
        let (mut at, mut kinds) = (0_u64, Vec::new());
        while at < len {
            let head = shape.bytes(0, at..at + 16);
            let size = u64::from(u32::from_be_bytes(head[..4].try_into().unwrap()));
            kinds.push(String::from_utf8(head[4..8].to_vec()).unwrap());
            at += match size {
                1 => u64::from_be_bytes(head[8..16].try_into().unwrap()),
                size => size,
            };
        }
        assert_eq!((at, kinds.join(" ").as_str()), (len, "ftyp moov mdat"));
        assert!(opening.len() < 100_000, "{}", opening.len());
    }

    #[test]
    fn the_first_frame_is_where_the_header_says() {
        let shape = VideoShape::new(1, 100_000).unwrap();
        let opening = shape.opening();
        let table = opening.windows(4).position(|kind| kind == b"stco").unwrap();
        let at = u32::from_be_bytes(opening[table + 12..table + 16].try_into().unwrap()) as usize;
        assert_eq!(opening[at..at + 2], [0xff, 0xd8]);
    }

    #[test]
    fn a_video_that_is_too_small_is_refused_with_the_least_size() {
        let error = VideoShape::new(1, 100).unwrap_err().to_string();
        assert!(error.contains("at least"), "{error}");
    }
}
