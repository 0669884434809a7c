//! Raw files and TIFF.

use crate::build::Value::{Bytes, Directory, Long, Short, Text};
use crate::build::{jpeg_with_exif, tiff, xmp};
use crate::{facts, local};

const EXIF: u16 = 0x8769;
const ORIGINAL: u16 = 0x9003;

fn size(file: &[u8]) -> Option<(u32, u32)> {
    facts(file).size_px.map(|size| (size.width_px, size.height_px))
}

#[test]
fn a_raw_photo_is_larger_than_the_small_picture_before_it() {
    let sides = |width: u32, height: u32| vec![(0x0100, Long(vec![width])), (0x0101, Long(vec![height]))];
    let raw = |make: &'static str, more: Vec<(u16, crate::build::Value)>| {
        let mut tags = vec![(0x00fe, Long(vec![1]))];
        tags.extend(sides(160, 120));
        tags.push((0x010f, Text(make)));
        tags.push((0x014a, Directory(sides(6000, 4000))));
        tags.push((EXIF, Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07"))])));
        tags.extend(more);
        tiff(false, tags)
    };
    let dng = raw("Leica", vec![(0xc612, Bytes(vec![1, 4, 0, 0]))]);
    for (file, extension) in [
        (dng, "dng"),
        (raw("NIKON CORPORATION", vec![]), "nef"),
        (raw("SONY", vec![]), "arw"),
    ] {
        let facts = facts(&file);
        assert_eq!(facts.file_type.map(|t| t.extension), Some(extension));
        assert_eq!(size(&file), Some((6000, 4000)), "{extension}");
        assert_eq!(local(&facts).as_deref(), Some("2019-07-04T05:06:07"), "{extension}");
    }
}

#[test]
fn a_tiff_has_packets_and_records_in_tags() {
    let file = tiff(
        true,
        vec![
            (0x0100, Short(40)),
            (0x0101, Short(30)),
            (0x02bc, Bytes(xmp(r#"xmp:Rating="3""#).into_bytes())),
            (0x83bb, Bytes(b"\x1c\x02\x05\0\x05House".to_vec())),
        ],
    );
    let facts = facts(&file);
    assert_eq!(size(&file), Some((40, 30)));
    assert_eq!((facts.rating, facts.title.as_deref()), (Some(3), Some("House")));
}

#[test]
fn only_directories_of_a_large_tiff_are_read() {
    let mut file = tiff(false, vec![(0x010f, Text("Make of a camera"))]);
    // The directory stands behind the picture.
    let directory = file.split_off(8);
    file.resize(8 + (8 << 20), 0x55);
    let at = u32::try_from(file.len()).unwrap();
    file[4..8].copy_from_slice(&at.to_le_bytes());
    let mut directory = directory;
    directory[10..14].copy_from_slice(&(at + 18).to_le_bytes());
    file.extend(directory);
    let facts = facts(&file);
    assert_eq!(facts.camera.make.as_deref(), Some("Make of a camera"));
    assert!(facts.bytes_read < 20_000, "{}", facts.bytes_read);
}

#[test]
fn fujifilms_raw_photo_has_a_picture_that_tells() {
    let picture = jpeg_with_exif(vec![
        (0x0110, Text("X-T5")),
        (EXIF, Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07"))])),
    ]);
    let mut file = b"FUJIFILMCCD-RAW 0201".to_vec();
    file.resize(160, 0);
    file[84..88].copy_from_slice(&160_u32.to_be_bytes());
    file[88..92].copy_from_slice(&u32::try_from(picture.len()).unwrap().to_be_bytes());
    file.extend(picture);
    let facts = facts(&file);
    assert_eq!(facts.camera.model.as_deref(), Some("X-T5"));
    assert_eq!(local(&facts).as_deref(), Some("2019-07-04T05:06:07"));
}

#[test]
fn bitmaps_have_a_size() {
    let mut file = b"BM\x7a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x28\0\0\0".to_vec();
    file.extend((-30_i32).to_le_bytes());
    file.extend(b"\x01\0\x18\0");
    file.resize(128, 0);
    assert_eq!(size(&file), Some((40, 30)));
}
