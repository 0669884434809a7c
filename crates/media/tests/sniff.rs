//! Types by first bytes, on beginnings made by hand after each format's description.

use photomove_media::{FileKind, FileType, SNIFF_BYTES, sniff, sniff_named};
use rstest::rstest;

fn ftyp(major: &[u8; 4], others: &[&[u8; 4]]) -> Vec<u8> {
    let size = u32::try_from(16 + 4 * others.len()).unwrap_or_default();
    let mut bytes = size.to_be_bytes().to_vec();
    bytes.extend_from_slice(b"ftyp");
    bytes.extend_from_slice(major);
    bytes.extend_from_slice(&[0; 4]);
    for other in others {
        bytes.extend_from_slice(*other);
    }
    // The next box must not be taken for a part of this one.
    bytes.extend_from_slice(b"\0\0\0\x08avifheic");
    bytes
}

fn ebml(doc_type: &str) -> Vec<u8> {
    let mut bytes = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\x82".to_vec();
    bytes.push(0x80 | u8::try_from(doc_type.len()).unwrap_or_default());
    bytes.extend_from_slice(doc_type.as_bytes());
    bytes.extend_from_slice(b"\x42\x87\x81\x04");
    bytes
}

fn riff(kind: &[u8; 4]) -> Vec<u8> {
    [b"RIFF\x24\x08\0\0", kind.as_slice(), b"VP8 LIST"].concat()
}

/// A directory at the usual place; texts of more than four bytes stand after it.
fn tiff(big_endian: bool, tags: &[(u16, &[u8])]) -> Vec<u8> {
    let u16s = |n: u16| if big_endian { n.to_be_bytes() } else { n.to_le_bytes() };
    let u32s = |n: usize| {
        let n = u32::try_from(n).unwrap_or_default();
        if big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    };
    let mut head = if big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    head.extend_from_slice(&u32s(8));
    head.extend_from_slice(&u16s(u16::try_from(tags.len()).unwrap_or_default()));
    let mut rest = Vec::new();
    let rest_at = head.len() + 12 * tags.len() + 4;
    for (tag, value) in tags {
        head.extend_from_slice(&u16s(*tag));
        head.extend_from_slice(&u16s(2));
        head.extend_from_slice(&u32s(value.len()));
        if value.len() <= 4 {
            head.extend_from_slice(value);
            head.resize(head.len() + 4 - value.len(), 0);
        } else {
            head.extend_from_slice(&u32s(rest_at + rest.len()));
            rest.extend_from_slice(value);
        }
    }
    [head, vec![0; 4], rest].concat()
}

fn packets(size: usize, lead: usize) -> Vec<u8> {
    let mut bytes = vec![0; size * 20];
    for at in (lead..bytes.len()).step_by(size) {
        bytes[at] = 0x47;
    }
    bytes
}

const MAKE: u16 = 0x010f;
const SUB_IFDS: u16 = 0x014a;
const DNG_VERSION: u16 = 0xc612;

#[rstest]
#[case(b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), "image/jpeg", "jpg")]
#[case(b"\xff\xd8\xff\xe1\0\x10Exif\0".to_vec(), "image/jpeg", "jpg")]
#[case(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec(), "image/png", "png")]
#[case(b"GIF89a\x01\0\x01\0".to_vec(), "image/gif", "gif")]
#[case(riff(b"WEBP"), "image/webp", "webp")]
#[case(ftyp(b"heic", &[b"mif1"]), "image/heic", "heic")]
#[case(ftyp(b"heix", &[b"mif1"]), "image/heic", "heic")]
#[case(ftyp(b"mif1", &[b"mif1", b"heic"]), "image/heic", "heic")]
#[case(ftyp(b"mif1", &[b"mif1", b"avif"]), "image/avif", "avif")]
#[case(ftyp(b"mif1", &[b"mif1", b"miaf"]), "image/heif", "heif")]
#[case(ftyp(b"avif", &[b"mif1"]), "image/avif", "avif")]
#[case(tiff(false, &[(0x0100, b"\x01")]), "image/tiff", "tif")]
#[case(tiff(true, &[(0x0100, b"\x01")]), "image/tiff", "tif")]
#[case(b"II*\0".to_vec(), "image/tiff", "tif")]
#[case(b"II*\0\xff\xff\xff\xff\xff\xff".to_vec(), "image/tiff", "tif")]
#[case([&b"BM\x7a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0"[..], &[0; 40]].concat(), "image/bmp", "bmp")]
#[case(b"\0\0\x01\0\x01\0\x10\x10".to_vec(), "image/vnd.microsoft.icon", "ico")]
#[case(b"II*\0\x10\0\0\0CR\x02\0".to_vec(), "image/x-canon-cr2", "cr2")]
#[case(ftyp(b"crx ", &[b"isom"]), "image/x-canon-cr3", "cr3")]
#[case(tiff(true, &[(MAKE, b"NIKON CORPORATION\0"), (SUB_IFDS, b"\0\0\x01\0")]), "image/x-nikon-nef", "nef")]
#[case(tiff(false, &[(MAKE, b"SONY \0\0"), (SUB_IFDS, b"\0\0\x01\0")]), "image/x-sony-arw", "arw")]
#[case(tiff(false, &[(MAKE, b"NIKON CORPORATION\0")]), "image/tiff", "tif")]
#[case(tiff(false, &[(MAKE, b"Leica\0"), (DNG_VERSION, b"\x01\x04\0\0")]), "image/x-adobe-dng", "dng")]
#[case(tiff(true, &[(MAKE, b"PENTAX \0"), (SUB_IFDS, b"\0\0\x01\0")]), "image/x-pentax-pef", "pef")]
#[case(b"IIRO\x08\0\0\0\x18\0".to_vec(), "image/x-olympus-orf", "orf")]
#[case(b"FUJIFILMCCD-RAW 0201".to_vec(), "image/x-fujifilm-raf", "raf")]
#[case(b"IIU\0\x18\0\0\0\x88\xe7\x74\xd8".to_vec(), "image/x-panasonic-rw2", "rw2")]
#[case(ftyp(b"isom", &[b"mp41"]), "video/mp4", "mp4")]
#[case(ftyp(b"mp42", &[b"isom"]), "video/mp4", "mp4")]
#[case(ftyp(b"XAVC", &[b"iso2"]), "video/mp4", "mp4")]
#[case(ftyp(b"CAEP", &[b"isom"]), "video/mp4", "mp4")]
#[case(ftyp(b"zzzz", &[b"heic"]), "image/heic", "heic")]
#[case(ftyp(b"qt  ", &[b"qt  "]), "video/quicktime", "mov")]
#[case(b"\0\0\0\x08wide\0\0\0\x08mdat".to_vec(), "video/quicktime", "mov")]
#[case(b"\0\0\x10\0moov\0\0\0\x6cmvhd".to_vec(), "video/quicktime", "mov")]
#[case(ftyp(b"M4V ", &[b"isom"]), "video/x-m4v", "m4v")]
#[case(ftyp(b"3gp5", &[b"isom"]), "video/3gpp", "3gp")]
#[case(ftyp(b"3g2a", &[b"isom"]), "video/3gpp2", "3g2")]
#[case(ebml("matroska"), "video/x-matroska", "mkv")]
#[case(ebml("webm"), "video/webm", "webm")]
#[case(riff(b"AVI "), "video/x-msvideo", "avi")]
#[case(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c".to_vec(), "video/x-ms-asf", "asf")]
#[case(b"\0\0\x01\xba\x44\0\x04".to_vec(), "video/mpeg", "mpg")]
#[case(packets(188, 0), "video/mp2t", "mts")]
#[case(packets(192, 4), "video/mp2t", "mts")]
fn first_bytes_tell_the_type(#[case] bytes: Vec<u8>, #[case] media_type: &str, #[case] extension: &str) {
    let seen = sniff(&bytes).map(|seen| (seen.media_type, seen.extension));
    assert_eq!(seen, Some((media_type, extension)));
}

#[rstest]
#[case(b"".to_vec())]
#[case(b"plain text, nothing else".to_vec())]
#[case(vec![0; SNIFF_BYTES])]
#[case(ebml("of-my-own"))]
#[case({ let mut noise = packets(192, 4); noise[4 + 192 * 7] = 0; noise })]
fn what_tells_nothing_is_nothing(#[case] bytes: Vec<u8>) {
    assert_eq!(sniff(&bytes), None);
}

#[test]
fn other_files_are_named_but_are_no_pictures() {
    for (bytes, media_type) in [
        (&b"%PDF-1.7"[..], "application/pdf"),
        (b"PK\x03\x04\x14\0", "application/zip"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
    ] {
        let seen = sniff(bytes).map(|seen| (seen.media_type, seen.kind, seen.raw));
        assert_eq!(seen, Some((media_type, FileKind::Other, false)));
    }
}

#[rstest]
#[case(tiff(false, &[(0x0100, b"\x01")]), "a.NEF", "nef")]
#[case(tiff(false, &[(0x0100, b"\x01")]), "a.jpg", "tif")]
#[case(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c".to_vec(), "a.wmv", "wmv")]
#[case(ftyp(b"isom", &[]), "a.m4v", "m4v")]
#[case(ftyp(b"isom", &[]), "a.jpg", "mp4")]
#[case(b"\xff\xd8\xff\xe0".to_vec(), "a.png", "jpg")]
#[case(b"\xff\xd8\xff\xe0".to_vec(), "a", "jpg")]
fn names_decide_only_where_bytes_leave_a_choice(#[case] bytes: Vec<u8>, #[case] name: &str, #[case] extension: &str) {
    assert_eq!(sniff_named(&bytes, name).map(|seen| seen.extension), Some(extension));
}

#[test]
fn names_alone_tell_nothing_when_bytes_do_not() {
    assert_eq!(sniff_named(b"text", "a.jpg"), None);
}

/// Whatever the bytes, looking at them ends and does not panic.
#[test]
fn broken_beginnings_are_borne() {
    let beginnings = [
        tiff(false, &[(MAKE, b"NIKON CORPORATION\0"), (SUB_IFDS, b"\0\0\x01\0")]),
        tiff(true, &[(MAKE, b"SONY \0\0"), (DNG_VERSION, b"\x01\x04\0\0")]),
        ftyp(b"mif1", &[b"heic"]),
        ebml("matroska"),
        packets(188, 0),
    ];
    for beginning in beginnings {
        for length in 0..beginning.len().min(300) {
            sniff(&beginning[..length]);
            let mut broken = beginning.clone();
            for byte in [0, 0x7f, 0xff] {
                broken[length] = byte;
                sniff(&broken);
            }
        }
    }
}

#[test]
fn raw_files_are_photos() {
    let nef = FileType::of_name("a.nef");
    assert!(nef.is_some_and(|nef| nef.raw && nef.is_photo() && !nef.is_video()));
}
