//! What the fuzz targets do with their bytes. The programs in `fuzz/` and the test that replays their findings share it.

use photomove_media::{ReadOptions, WARNINGS_MAX, read_facts, read_facts_of_prefix, read_sidecar};

/// Whole files of any kind.
pub fn facts(bytes: &[u8]) {
    let mut reader = bytes;
    let options = ReadOptions::default();
    let facts = read_facts(&mut reader, &options).expect("memory can be read");
    assert!(facts.bytes_read <= options.bytes_max);
    assert!(facts.warnings.len() <= WARNINGS_MAX);
    if let Some(place) = facts.place {
        assert!(place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0);
    }
    if let Some(video) = facts.motion.and_then(|motion| motion.video) {
        assert!(video.start < facts.size_bytes && video.length <= facts.size_bytes - video.start);
    }
}

/// Beginnings of files that claim to be larger, with a name: eight bytes of size, a length and the name, the bytes.
pub fn prefix(input: &[u8]) {
    let Some((size, rest)) = input.split_first_chunk::<8>() else {
        return;
    };
    let Some((length, rest)) = rest.split_first() else {
        return;
    };
    let (name, bytes) = rest.split_at(usize::from(*length).min(rest.len()));
    let name = String::from_utf8_lossy(name);
    let options = ReadOptions::default().with_name(&name);
    let facts = read_facts_of_prefix(bytes, u64::from_le_bytes(*size), &options);
    assert!(facts.bytes_read <= options.bytes_max);
}

/// Side-cars, and one laid over itself.
pub fn sidecar(bytes: &[u8]) {
    let facts = read_sidecar(bytes);
    let laid = facts.clone().overlaid_by(facts);
    assert!(laid.warnings.len() <= WARNINGS_MAX);
}

/// A block of EXIF in a JPEG, the same bytes as Photoshop's resources behind it, and as a whole TIFF.
pub fn exif(bytes: &[u8]) {
    let cut = &bytes[..bytes.len().min(60_000)];
    let mut file = vec![0xff, 0xd8];
    for (kind, head) in [(0xe1, b"Exif\0\0".as_slice()), (0xed, b"Photoshop 3.0\0")] {
        let length = u16::try_from(2 + head.len() + cut.len()).expect("the bytes are cut to fit");
        file.extend([0xff, kind]);
        file.extend(length.to_be_bytes());
        file.extend_from_slice(head);
        file.extend_from_slice(cut);
    }
    file.extend([0xff, 0xda]);
    facts(&file);
    facts(bytes);
}

/// Boxes: the same bytes as the header of a film, of a raw photo, and as the list of items of a picture.
pub fn boxes(bytes: &[u8]) {
    for (brand, kind) in [(b"isom", b"moov"), (b"crx ", b"moov"), (b"heic", b"meta")] {
        let mut file = b"\0\0\0\x10ftyp".to_vec();
        file.extend_from_slice(brand);
        file.extend_from_slice(&[0; 4]);
        file.extend(u32::try_from(8 + bytes.len()).unwrap_or(0).to_be_bytes());
        file.extend_from_slice(kind);
        file.extend_from_slice(bytes);
        facts(&file);
    }
}
