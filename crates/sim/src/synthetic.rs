//! Computed JPEGs of any size: one prefix shared by all, the difference in the last bytes, nothing stored.
//!
//! The file is valid: header and tables, comment segments as padding, a comment with the index, the scan of a small grey
//! picture, the end marker. Because only the last bytes differ, the hash of one item costs two blocks.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::blob::{Hasher, Hashes};
use crate::error::SimError;
use crate::seeded::mix;

pub(crate) mod video;

/// Width and height in pixels of every computed picture.
pub(crate) const SIDE_PX: u32 = 16;

/// Marker and length field of a segment.
const SEGMENT_HEAD: u64 = 4;
/// Largest segment, marker included: the length field counts itself and holds 65535.
const SEGMENT_MAX: u64 = 65_537;
/// Comment with the index, 16 digits.
const STAMP_LEN: u64 = SEGMENT_HEAD + 16;

/// What all computed pictures of one library share.
#[derive(Debug)]
pub(crate) struct Shape {
    seed: u64,
    len: u64,
    /// From the start marker up to where padding goes.
    opening: Vec<u8>,
    /// From the scan header to the end marker.
    closing: Vec<u8>,
    prefix_hash: OnceLock<Hasher>,
}

impl Shape {
    /// Pictures of exactly `len` bytes.
    pub(crate) fn new(seed: u64, len: u64) -> Result<Arc<Self>, SimError> {
        let (opening, closing) = grey_picture()?;
        let fixed = opening.len() as u64 + STAMP_LEN + closing.len() as u64;
        let least = fixed + SEGMENT_HEAD;
        if len < least {
            return Err(SimError::Options(format!(
                "a synthetic picture needs at least {least} bytes, not {len}"
            )));
        }
        Ok(Arc::new(Self {
            seed,
            len,
            opening,
            closing,
            prefix_hash: OnceLock::new(),
        }))
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn hashes(&self, index: u64) -> Hashes {
        let shared = self.prefix_hash.get_or_init(|| {
            let mut hasher = Hasher::default();
            let end = self.prefix_len();
            for start in (0..end).step_by(crate::blob::CHUNK_BYTES) {
                hasher.update(&self.bytes(0, start..end.min(start + crate::blob::CHUNK_BYTES as u64)));
            }
            hasher
        });
        let mut hasher = shared.clone();
        hasher.update(&self.bytes(index, self.prefix_len()..self.len));
        hasher.finish()
    }

    /// The bytes of `range`, which must lie inside the file.
    pub(crate) fn bytes(&self, index: u64, range: Range<u64>) -> Bytes {
        let mut out = vec![0; (range.end - range.start) as usize];
        let mut put = |at: u64, bytes: &[u8]| {
            let (from, to) = (at.max(range.start), (at + bytes.len() as u64).min(range.end));
            if from < to {
                let source = &bytes[(from - at) as usize..(to - at) as usize];
                out[(from - range.start) as usize..(to - range.start) as usize].copy_from_slice(source);
            }
        };
        let (opening, prefix) = (self.opening.len() as u64, self.prefix_len());
        put(0, &self.opening);
        let noise = range.start.max(opening)..range.end.min(prefix);
        if noise.start < noise.end {
            for word in noise.start / 8..=noise.end / 8 {
                let bytes = noise_word(self.seed, word);
                let at = (word * 8).max(noise.start);
                let end = (word * 8 + 8).min(noise.end);
                if at < end {
                    put(at, &bytes[(at - word * 8) as usize..(end - word * 8) as usize]);
                }
            }
        }
        for (at, len) in self.padding_segments() {
            if at < range.end && at + SEGMENT_HEAD > range.start {
                let [high, low] = ((len - 2) as u16).to_be_bytes();
                put(at, &[0xff, 0xfe, high, low]);
            }
        }
        put(prefix, &[0xff, 0xfe, 0, 18]);
        put(prefix + SEGMENT_HEAD, format!("{index:016x}").as_bytes());
        put(prefix + STAMP_LEN, &self.closing);
        Bytes::from(out)
    }

    /// Bytes that all pictures share.
    fn prefix_len(&self) -> u64 {
        self.len - STAMP_LEN - self.closing.len() as u64
    }

    /// Start and length of each comment segment that fills the prefix.
    fn padding_segments(&self) -> impl Iterator<Item = (u64, u64)> {
        let (start, end) = (self.opening.len() as u64, self.prefix_len());
        let mut at = start;
        std::iter::from_fn(move || {
            let left = end - at;
            if left == 0 {
                return None;
            }
            // What remains after this segment must be nothing or room for a segment's head.
            let len = match left.min(SEGMENT_MAX) {
                len if left > len && left - len < SEGMENT_HEAD => len - SEGMENT_HEAD,
                len => len,
            };
            let segment = (at, len);
            at += len;
            Some(segment)
        })
    }
}

/// Eight bytes of padding; never 0xff, which careless readers take for a marker.
fn noise_word(seed: u64, word: u64) -> [u8; 8] {
    mix(seed ^ mix(word))
        .to_le_bytes()
        .map(|byte| if byte == 0xff { 0x7f } else { byte })
}

/// A small grey JPEG, split before its scan.
fn grey_picture() -> Result<(Vec<u8>, Vec<u8>), SimError> {
    let failed = |message: String| SimError::Generate {
        what: "a synthetic picture".to_owned(),
        message,
    };
    let mut jpeg = Vec::new();
    let pixels = vec![0x80; (SIDE_PX * SIDE_PX) as usize];
    jpeg_encoder::Encoder::new(&mut jpeg, 80)
        .encode(&pixels, SIDE_PX as u16, SIDE_PX as u16, jpeg_encoder::ColorType::Luma)
        .map_err(|error| failed(error.to_string()))?;
    // Tables hold no 0xff 0xda: quantisation values and Huffman codes of a grey picture stay below.
    let scan = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xda])
        .ok_or_else(|| failed("no scan".to_owned()))?;
    let closing = jpeg.split_off(scan);
    Ok((jpeg, closing))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks the segments up to the scan, as a strict reader would.
    fn comments(jpeg: &[u8]) -> usize {
        assert_eq!(jpeg[..2], [0xff, 0xd8]);
        let (mut at, mut comments) = (2, 0);
        loop {
            assert_eq!(jpeg[at], 0xff, "marker at {at}");
            match jpeg[at + 1] {
                0xda => break,
                0xfe => comments += 1,
                _ => {}
            }
            at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        }
        assert_eq!(jpeg[jpeg.len() - 2..], [0xff, 0xd9]);
        comments
    }

    #[test]
    fn pictures_of_every_size_are_valid_jpegs_of_exactly_that_size() {
        let least = Shape::new(1, 10_000).unwrap();
        let fixed = least.len() - (least.prefix_len() - least.opening.len() as u64);
        for padding in [
            4, 5, 100, 65_536, 65_537, 65_538, 65_539, 65_540, 65_541, 131_075, 262_144,
        ] {
            let shape = Shape::new(1, fixed + padding).unwrap();
            let bytes = shape.bytes(3, 0..shape.len());
            assert_eq!(bytes.len() as u64, fixed + padding);
            assert!(comments(&bytes) >= 2);
        }
        assert!(Shape::new(1, fixed + 3).unwrap_err().to_string().contains("at least"));
    }

    #[test]
    fn any_piece_equals_the_same_piece_of_the_whole() {
        let shape = Shape::new(9, 150_000).unwrap();
        let whole = shape.bytes(5, 0..shape.len());
        for range in [
            0..1,
            7..400,
            65_000..66_500,
            149_950..150_000,
            149_999..150_000,
            3..150_000,
        ] {
            assert_eq!(
                shape.bytes(5, range.clone()),
                whole[range.start as usize..range.end as usize]
            );
        }
    }

    #[test]
    fn only_the_last_bytes_differ_and_hashes_are_those_of_the_bytes() {
        let shape = Shape::new(9, 100_000).unwrap();
        let (first, second) = (shape.bytes(1, 0..shape.len()), shape.bytes(2, 0..shape.len()));
        assert_eq!(first[..99_900], second[..99_900]);
        assert_ne!(first, second);
        assert_eq!(shape.hashes(1), Hashes::of(&first));
        assert_eq!(shape.hashes(2), Hashes::of(&second));
        assert_ne!(Shape::new(10, 100_000).unwrap().hashes(1), shape.hashes(1));
    }
}
