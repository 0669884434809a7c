//! Bytes that recorded uploads sent: samples, and what was made of them.

use std::path::Path;

use sha1::{Digest, Sha1};

use super::recording::Part;

/// The bytes of a part of an upload.
pub(crate) fn bytes_of(part: &Part, samples: Option<&Path>) -> Result<Vec<u8>, String> {
    let Some(file) = &part.file else { return Ok(Vec::new()) };
    let bytes = match file.strip_prefix("generated:") {
        None => sample(samples, file)?,
        Some(recipe) => cook(recipe.strip_prefix(' ').unwrap_or(recipe), samples)?,
    };
    match &part.sha1 {
        Some(sha1) if *sha1 != sha1_hex(&bytes) && !is_rewritten(file) => {
            Err(format!("{file}: these are not the recorded bytes"))
        }
        _ => Ok(bytes),
    }
}

/// Pictures whose metadata the recorder wrote with a tool: not the same bytes here, but the same metadata.
pub(crate) fn is_rewritten(file: &str) -> bool {
    let recipe = file.strip_prefix("generated: ").unwrap_or_default();
    let of_picture = recipe
        .split([' ', ','])
        .next()
        .is_some_and(|first| first.ends_with(".jpg"));
    let metadata = ["Exif", "DocumentID", "ImageUniqueID"]
        .iter()
        .any(|word| recipe.contains(word));
    recipe.starts_with("like ") || of_picture && metadata
}

/// The sample of so many bytes, which recordings of other bodies than forms tell by their size: `(161713 bytes)`.
pub(crate) fn by_size(text: &str, samples: Option<&Path>) -> Option<Vec<u8>> {
    let size: u64 = text.strip_prefix('(')?.strip_suffix(" bytes)")?.parse().ok()?;
    let folders = std::fs::read_dir(samples?).ok()?.flatten();
    let mut files = folders
        .filter_map(|folder| std::fs::read_dir(folder.path()).ok())
        .flatten()
        .flatten();
    let found = files.find(|file| file.metadata().is_ok_and(|facts| facts.len() == size))?;
    std::fs::read(found.path()).ok()
}

/// Whether the bytes of this name or recipe come from a sample.
pub(crate) fn needs_samples(file: &str) -> bool {
    file.strip_prefix("generated:")
        .is_none_or(|recipe| recipe.contains(".jpg ") || recipe.contains(" of ") || recipe.contains(" followed by "))
}

/// The body of a request that was not kept: `@` and a recipe, or the text itself.
pub(crate) fn silent_body(text: &str, samples: Option<&Path>) -> Result<Vec<u8>, String> {
    match text.strip_prefix('@') {
        Some(recipe) if recipe.contains(' ') => cook(recipe, samples),
        Some(file) => sample(samples, file),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn cook(recipe: &str, samples: Option<&Path>) -> Result<Vec<u8>, String> {
    if let Some(bytes) = rewritten(recipe, samples)? {
        return Ok(bytes);
    }
    if let Some((file, tail)) = recipe.split_once(" followed by ") {
        let tail = tail.trim_start_matches("the ASCII bytes ").trim_matches('\'');
        return Ok([&sample(samples, file)?, tail.as_bytes()].concat());
    }
    if let Some((count, file)) = recipe
        .strip_prefix("first ")
        .and_then(|rest| rest.split_once(" bytes of "))
    {
        let count: usize = count
            .parse()
            .map_err(|_| format!("cannot read the recipe {recipe:?}"))?;
        let mut bytes = sample(samples, file)?;
        bytes.truncate(count);
        return Ok(bytes);
    }
    if let Some(file) = recipe.strip_suffix(" without its last 100 bytes") {
        let mut bytes = sample(samples, file)?;
        bytes.truncate(bytes.len().saturating_sub(100));
        return Ok(bytes);
    }
    Ok(match recipe {
        "0 bytes" => Vec::new(),
        "the byte x" => b"x".to_vec(),
        "bytes 0..255 forty times" => (0..=255_u8).collect::<Vec<_>>().repeat(40),
        "note" | "note.txt" => b"hello".to_vec(),
        "a.pdf" => b"%PDF-1.4\n".to_vec(),
        "a.mp3" => [b"ID3".as_slice(), &[0; 100]].concat(),
        // The directory of an empty archive.
        "a.zip" => [b"PK\x05\x06".as_slice(), &[0; 18]].concat(),
        "<html>error</html> twenty times" => b"<html>error</html>".repeat(20),
        // Texts of companions stand in the recording as they are.
        text => text.as_bytes().to_vec(),
    })
}

/// Pictures with metadata of the recorder's: a picture gets a block of its own in front, and loses the Exif it had.
fn rewritten(recipe: &str, samples: Option<&Path>) -> Result<Option<Vec<u8>>, String> {
    let (anemones, fir) = ("nature/wood_anemones.jpg", "nature/silver_fir.jpg");
    let exif = |file: &str, taken: &str| Ok(Some(with_segment(&sample(samples, file)?, &exif_segment(taken))));
    match recipe {
        "like C.jpg but 2020-07-21" => return exif(anemones, "2020:07:21 18:42:07"),
        "like D.jpg but 2020-07-21" => return exif(fir, "2020:07:21 18:42:07"),
        _ => {}
    }
    let file = recipe.split([' ', ',']).next().unwrap_or_default();
    if !file.ends_with(".jpg") {
        return Ok(None);
    }
    if recipe.contains("ImageUniqueID") {
        // Such an id joins nothing: only the bytes must be others than the sample's.
        return Ok(Some([&sample(samples, file)?, b"id".as_slice()].concat()));
    }
    if recipe.contains("DocumentID") {
        // Two pairs of pictures share an id each.
        let document = match file {
            "camera/sony-d700.jpg" | "camera/Nikon_D70.jpg" => "6c2b6c1e-6d1a-4a2a-8a71-52b1b1f0a9c3",
            _ => "0f4b8a52-93f1-4c57-9a57-6f0f2f3f1e11",
        };
        let packet = format!(
            "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
             xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
             xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\" xmpMM:DocumentID=\"{document}\"/></rdf:RDF></x:xmpmeta>"
        );
        let mut picture = sample(samples, file)?;
        // The tool wrote the block anew, and without the instance ids that some samples have.
        for at in 0..picture.len().saturating_sub(10) {
            if picture[at..].starts_with(b"InstanceID") {
                picture[at..at + 10].copy_from_slice(b"InstanceNo");
            }
        }
        return Ok(Some(insert(&picture, packet.as_bytes())));
    }
    match recipe.contains("Exif") {
        true if recipe.contains("one second later") => exif(file, "2019:07:21 18:42:08"),
        true => exif(file, "2019:07:21 18:42:07"),
        false => Ok(None),
    }
}

/// A JPEG with a block in place of the one of the same kind.
fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    while jpeg.get(at) == Some(&0xff)
        && jpeg
            .get(at + 1)
            .is_some_and(|marker| matches!(marker, 0xe0..=0xef | 0xfe))
    {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != 0xe1 || jpeg.get(at + 4..at + 8) != segment.get(..4) {
            out.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    out.extend_from_slice(&jpeg[at..]);
    insert(&out, segment)
}

/// Puts an APP1 block behind the first marker of a JPEG.
fn insert(jpeg: &[u8], block: &[u8]) -> Vec<u8> {
    let len = u16::try_from(block.len() + 2).unwrap_or(2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &len, block, &jpeg[2..]].concat()
}

/// Exif of an iPhone X in Kiel.
fn exif_segment(taken: &str) -> Vec<u8> {
    // Each directory: entries of tag, type, count and value; longer values stand behind all directories.
    let text = |tag: u16, text: &str| (tag, 2_u16, [text.as_bytes(), b"\0"].concat());
    let long = |tag: u16, value: u32| (tag, 4_u16, value.to_be_bytes().to_vec());
    let degrees = |tag: u16, value: f64| {
        let minutes = value.fract() * 60.0;
        let parts = [
            (value.trunc() as u32, 1),
            (minutes.trunc() as u32, 1),
            ((minutes.fract() * 60_000.0).round() as u32, 1000),
        ];
        let bytes: Vec<u8> = parts
            .iter()
            .flat_map(|(top, bottom)| [top.to_be_bytes(), u32::to_be_bytes(*bottom)].concat())
            .collect();
        (tag, 5_u16, bytes)
    };
    let sizes = [4, 2, 4].map(|entries| 2 + entries * 12 + 4);
    let starts = [8, 8 + sizes[0], 8 + sizes[0] + sizes[1]];
    let directories = [
        vec![
            text(0x010f, "Apple"),
            text(0x0110, "iPhone X"),
            long(0x8769, starts[1] as u32),
            long(0x8825, starts[2] as u32),
        ],
        vec![text(0x9003, taken), text(0x9011, "+02:00")],
        vec![
            text(0x0001, "N"),
            degrees(0x0002, 54.3213),
            text(0x0003, "E"),
            degrees(0x0004, 10.1349),
        ],
    ];
    let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
    let mut behind = Vec::new();
    let behind_at = 8 + sizes.iter().sum::<usize>();
    for directory in directories {
        tiff.extend((directory.len() as u16).to_be_bytes());
        for (tag, kind, value) in directory {
            let count = match kind {
                2 => value.len(),
                5 => value.len() / 8,
                _ => 1,
            };
            tiff.extend(tag.to_be_bytes());
            tiff.extend(kind.to_be_bytes());
            tiff.extend((count as u32).to_be_bytes());
            if value.len() <= 4 {
                tiff.extend(value.iter().copied().chain([0; 4]).take(4));
            } else {
                tiff.extend(((behind_at + behind.len()) as u32).to_be_bytes());
                behind.extend(value);
            }
        }
        tiff.extend([0; 4]);
    }
    [b"Exif\0\0".as_slice(), &tiff, &behind].concat()
}

pub(crate) fn sample(samples: Option<&Path>, file: &str) -> Result<Vec<u8>, String> {
    let path = samples.ok_or("there are no samples here")?.join(file);
    std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// SHA-1 in lower-case hexadecimal digits.
pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// WebDAV names targets by whole addresses, which hold the host.
pub(crate) fn absolute(header: &str, value: &str, base: &str) -> String {
    if !header.eq_ignore_ascii_case("destination") {
        return value.to_owned();
    }
    match value
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
    {
        Some(path) => format!("{base}{path}"),
        None => value.to_owned(),
    }
}
