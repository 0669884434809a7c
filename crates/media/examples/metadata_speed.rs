//! How fast the facts of many JPEGs are read, and how many bytes that takes, beside ExifTool where it is installed.
//!
//! ```text
//! cargo run --release -p photomove-media --example metadata_speed -- FOLDER [COUNT]
//! ```
//!
//! FOLDER is made and filled with COUNT generated photos (10,000 if not said), and kept for the next run. The results of a
//! run are in `docs/performance.md`.
#![expect(clippy::print_stdout, reason = "what it is for")]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use photomove_media::{ReadOptions, Seekable, read_facts};

const ROUNDS: usize = 3;
/// What a library's table needs; ExifTool is asked for no more.
const TAGS: &[&str] = &[
    "-DateTimeOriginal",
    "-OffsetTimeOriginal",
    "-CreateDate",
    "-GPSLatitude",
    "-GPSLongitude",
    "-GPSAltitude",
    "-Orientation",
    "-ImageWidth",
    "-ImageHeight",
    "-Make",
    "-Model",
    "-LensModel",
    "-ISO",
    "-FNumber",
    "-ExposureTime",
    "-FocalLength",
    "-Title",
    "-Description",
    "-Subject",
    "-Rating",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("say in which folder the photos may be made")?);
    let count = match arguments.next() {
        Some(count) => count.to_str().ok_or("COUNT is no number")?.parse()?,
        None => 10_000,
    };
    let size = generate(&folder, count)?;
    println!("{count} photos of {} bytes each", size);
    for round in 1..=ROUNDS {
        let before = bytes_read_by_process();
        let start = Instant::now();
        let (dated, bytes) = read_all(&folder, count)?;
        let took = start.elapsed();
        assert_eq!(dated, count, "every photo has a date and a place");
        report(&format!("photomove, round {round}"), count, took, before);
        println!("  asked for {} bytes per file", bytes / count as u64);
    }
    for (name, options) in [("ExifTool", &[][..]), ("ExifTool -fast", &["-fast"])] {
        match exiftool(&folder, options) {
            Ok((took, before)) => report(name, count, took, before),
            Err(error) => println!("{name}: not measured: {error}"),
        }
    }
    Ok(())
}

fn report(who: &str, count: usize, took: Duration, before: Option<u64>) {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let per_second = count as f64 / took.as_secs_f64();
    let bytes = before
        .zip(bytes_read_by_process())
        .map(|(before, after)| (after - before) / count as u64);
    let bytes = bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string());
    println!("{who}: {per_second:.0} files per second, {bytes} bytes per file by system calls");
}

fn name(folder: &Path, index: usize) -> PathBuf {
    folder
        .join(format!("{:03}", index / 100))
        .join(format!("IMG_{index:05}.jpg"))
}

fn read_all(folder: &Path, count: usize) -> Result<(usize, u64), Box<dyn Error>> {
    let options = ReadOptions::default();
    let (mut dated, mut bytes) = (0, 0);
    for index in 0..count {
        let mut file = Seekable::try_new(File::open(name(folder, index))?)?;
        let facts = read_facts(&mut file, &options)?;
        dated += usize::from(facts.taken.is_some() && facts.place.is_some() && facts.size_px.is_some());
        bytes += facts.bytes_read;
    }
    Ok((dated, bytes))
}

fn exiftool(folder: &Path, options: &[&str]) -> Result<(Duration, Option<u64>), Box<dyn Error>> {
    let before = bytes_read_by_process();
    let start = Instant::now();
    let status = Command::new("exiftool")
        .args(["-r", "-n", "-q", "-json"])
        .args(options)
        .args(TAGS)
        .arg(folder)
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("it ended with {status}").into());
    }
    Ok((start.elapsed(), before))
}

/// Bytes that this process, and those that it waited for, got from read calls; Linux counts them.
fn bytes_read_by_process() -> Option<u64> {
    let counts = fs::read_to_string("/proc/self/io").ok()?;
    counts
        .lines()
        .find_map(|line| line.strip_prefix("rchar: ")?.parse().ok())
}

/// Makes what is not there yet. Every photo has its own second and place; the picture is the same.
fn generate(folder: &Path, count: usize) -> Result<usize, Box<dyn Error>> {
    let picture = picture()?;
    let mut size = 0;
    for index in 0..count {
        let path = name(folder, index);
        let bytes = photo(&picture, index)?;
        size = bytes.len();
        if fs::metadata(&path).is_ok_and(|there| there.len() == bytes.len() as u64) {
            continue;
        }
        fs::create_dir_all(path.parent().ok_or("a photo is in a folder")?)?;
        fs::write(&path, bytes)?;
    }
    Ok(size)
}

/// A picture that does not pack well, as photos do not.
fn picture() -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = (1024_u16, 768_u16);
    let mut state = 1_u32;
    let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height) * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 26).to_le_bytes()[0] + 96
        })
        .collect();
    let mut bytes = Vec::new();
    jpeg_encoder::Encoder::new(&mut bytes, 80).encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)?;
    Ok(bytes)
}

fn photo(picture: &[u8], index: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let exif = exif(index)?;
    let packet = format!(
        "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmp:Rating=\"3\">\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Photo {index}</rdf:li></rdf:Alt></dc:title><dc:subject><rdf:Bag>\
         <rdf:li>lake</rdf:li><rdf:li>boat</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>{}",
        " ".repeat(2000)
    );
    let mut bytes = picture[..2].to_vec();
    for body in [[b"Exif\0\0".as_slice(), &exif].concat(), packet.into_bytes()] {
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(body.len() + 2)?.to_be_bytes());
        bytes.extend(body);
    }
    bytes.extend_from_slice(&picture[2..]);
    Ok(bytes)
}

/// A block as cameras write it: the facts, a maker's note of two kilobytes, and room for a small picture.
fn exif(index: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut block = Block {
        bytes: b"MM\0*\0\0\0\x08".to_vec(),
    };
    let second = index % 60;
    let time = format!(
        "2019:07:{:02} {:02}:{:02}:{second:02}\0",
        1 + index / 86_400 % 28,
        index / 3600 % 24,
        index / 60 % 60
    );
    let ratio = |above: u32, below: u32| [above.to_be_bytes(), below.to_be_bytes()].concat();
    let minutes = u32::try_from(index % 6000)?;
    let side = |whole: u32| [ratio(whole, 1), ratio(minutes, 100), ratio(0, 1)].concat();
    let exif = block.directory(
        300,
        &[
            (0x829a, 5, ratio(1, 250)),
            (0x829d, 5, ratio(18, 10)),
            (0x8827, 3, 100_u16.to_be_bytes().to_vec()),
            (0x9003, 2, time.clone().into_bytes()),
            (0x9004, 2, time.clone().into_bytes()),
            (0x9011, 2, b"+02:00\0".to_vec()),
            (0x920a, 5, ratio(425, 100)),
            (0x927c, 7, vec![0x5a; 2048]),
            (0xa434, 2, b"A lens of a maker 4.25mm f/1.8\0".to_vec()),
        ],
    )?;
    let gps = block.directory(
        4000,
        &[
            (1, 2, b"N\0".to_vec()),
            (2, 5, side(48)),
            (3, 2, b"E\0".to_vec()),
            (4, 5, side(11)),
            (5, 1, vec![0]),
            (6, 5, ratio(5200, 10)),
        ],
    )?;
    block.directory(
        8,
        &[
            (0x010f, 2, b"Maker\0".to_vec()),
            (0x0110, 2, b"Camera 1\0".to_vec()),
            (0x0112, 3, 6_u16.to_be_bytes().to_vec()),
            (0x0132, 2, time.into_bytes()),
            (0x8769, 4, exif.to_be_bytes().to_vec()),
            (0x8825, 4, gps.to_be_bytes().to_vec()),
        ],
    )?;
    block.bytes.resize(16_000, 0x33);
    Ok(block.bytes)
}

struct Block {
    bytes: Vec<u8>,
}

impl Block {
    /// Writes a directory at a place, its values behind it.
    fn directory(&mut self, at: usize, tags: &[(u16, u16, Vec<u8>)]) -> Result<u32, Box<dyn Error>> {
        let mut values = at + 6 + 12 * tags.len();
        let mut rows = u16::try_from(tags.len())?.to_be_bytes().to_vec();
        for (tag, kind, value) in tags {
            let unit = match kind {
                3 => 2,
                4 => 4,
                5 => 8,
                _ => 1,
            };
            rows.extend(tag.to_be_bytes());
            rows.extend(kind.to_be_bytes());
            rows.extend(u32::try_from(value.len() / unit)?.to_be_bytes());
            if value.len() <= 4 {
                rows.extend(value.iter().chain(&[0; 4]).take(4));
            } else {
                rows.extend(u32::try_from(values)?.to_be_bytes());
                self.put(values, value);
                values += value.len();
            }
        }
        rows.extend([0; 4]);
        self.put(at, &rows);
        Ok(u32::try_from(at)?)
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        if self.bytes.len() < at + value.len() {
            self.bytes.resize(at + value.len(), 0);
        }
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }
}
