//! Whatever happens to a file, reading it ends, does not panic and stays within its limits.

use std::io;

use photomove_media::{MediaFacts, ReadAt, ReadOptions, WARNINGS_MAX, read_facts};

use crate::{Samples, TestResult, samples};

const CUTS: usize = 200;
const MUTATIONS: usize = 10_000;

/// Counts what is asked for.
struct Counted<'b> {
    bytes: &'b [u8],
    reads: u32,
}

impl ReadAt for Counted<'_> {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        self.bytes.read_at(offset, buffer)
    }
}

fn read(bytes: &[u8], name: &str) -> io::Result<MediaFacts> {
    let options = ReadOptions::default();
    let mut counted = Counted { bytes, reads: 0 };
    let facts = read_facts(&mut counted, &options)?;
    assert!(
        facts.bytes_read <= options.bytes_max,
        "{name}: {} bytes",
        facts.bytes_read
    );
    assert!(
        counted.reads <= 2 * options.reads_max,
        "{name}: {} reads",
        counted.reads
    );
    assert!(facts.warnings.len() <= WARNINGS_MAX, "{name}");
    if let Some(place) = facts.place {
        assert!(
            place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0,
            "{name}: {place:?}"
        );
    }
    if let Some(video) = facts.motion.and_then(|motion| motion.video) {
        assert!(video.start < facts.size_bytes, "{name}: {video:?}");
    }
    Ok(facts)
}

/// A seeded sequence: the same numbers in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % limit.max(1)
    }

    /// A place in a file: half of the times near its beginning or end, where the facts are.
    fn place(&mut self, length: usize) -> usize {
        match self.below(8) {
            0..4 => self.below(length),
            4 => self.below(length.min(64)),
            5 => self.below(length.min(4096)),
            6 => self.below(length.min(64 << 10)),
            _ => length - 1 - self.below(length.min(8192)),
        }
    }
}

fn all(samples: &Samples) -> io::Result<Vec<(&str, Vec<u8>)>> {
    let read = |name: &String| std::fs::read(samples.folder.join(name));
    samples
        .oracle
        .keys()
        .map(|name| Ok((name.as_str(), read(name)?)))
        .collect()
}

#[test]
fn every_beginning_of_a_file_is_borne() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    let mut seeded = Seeded(0x5eed_0001);
    for (name, bytes) in all(&samples)? {
        for _ in 0..CUTS {
            let end = seeded.place(bytes.len());
            read(&bytes[..end], name)?;
        }
    }
    Ok(())
}

#[test]
fn every_change_of_a_file_is_borne() -> TestResult {
    let Some(samples) = samples()? else {
        return Ok(());
    };
    let full = std::env::var("PHOTOMOVE_PROVE").is_ok_and(|size| size == "full");
    let factor = if full { 20 } else { 1 };
    let mut seeded = Seeded(0x5eed_0002);
    let mut files = all(&samples)?;
    for round in 0..MUTATIONS * factor {
        let count = files.len();
        let (name, bytes) = &mut files[round % count];
        let mut undo = Vec::new();
        for _ in 0..=seeded.below(12) {
            let at = seeded.place(bytes.len());
            undo.push((at, bytes[at]));
            bytes[at] = match seeded.below(6) {
                0 => 0,
                1 => 0xff,
                2 => bytes[at] ^ 1 << seeded.below(8),
                3 => bytes[at].wrapping_add(1),
                4 => 0x7f,
                _ => u8::try_from(seeded.below(256))?,
            };
        }
        read(bytes, name)?;
        for (at, byte) in undo.into_iter().rev() {
            bytes[at] = byte;
        }
    }
    Ok(())
}

#[test]
fn a_reader_that_fails_is_an_error_and_one_that_gives_nothing_is_a_warning() -> TestResult {
    struct Failing(bool);
    impl ReadAt for Failing {
        fn size_bytes(&self) -> u64 {
            1 << 40
        }
        fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            if self.0 {
                Err(io::ErrorKind::TimedOut.into())
            } else {
                Ok(0)
            }
        }
    }
    let options = ReadOptions::default();
    let error = read_facts(&mut Failing(true), &options).err().ok_or("no error")?;
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let facts = read_facts(&mut Failing(false), &options)?;
    assert!(!facts.warnings.is_empty() && facts.bytes_read == 0);
    Ok(())
}
