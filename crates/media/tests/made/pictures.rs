//! Pictures: where each kind keeps EXIF, XMP and words.

use std::io::Write;

use photomove_media::{WarningKind, read_facts_of_prefix};
use rstest::rstest;

use crate::build::Value::{Bytes, Directory, Short, Text};
use crate::build::{atom, ftyp, jpeg, jpeg_with_exif, png, riff, tiff, xmp};
use crate::{facts, instant, local, warned};

const EXIF: u16 = 0x8769;
const ORIGINAL: u16 = 0x9003;

fn dated() -> Vec<u8> {
    tiff(
        false,
        vec![(EXIF, Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07"))]))],
    )
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn text_chunk(keyword: &str, text: &[u8]) -> Vec<u8> {
    [keyword.as_bytes(), b"\0", text].concat()
}

fn hexed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut text = format!("\n{name}\n{:8}\n", bytes.len());
    for line in digits.as_bytes().chunks(72) {
        text += std::str::from_utf8(line).unwrap();
        text.push('\n');
    }
    text.into_bytes()
}

#[test]
fn png_has_exif_in_a_chunk_or_in_hexadecimal_digits() {
    let prefixed = [b"Exif\0\0".to_vec(), dated()].concat();
    for chunk in [
        (b"eXIf", dated()),
        (b"tEXt", text_chunk("Raw profile type exif", &hexed("exif", &dated()))),
        (
            b"tEXt",
            text_chunk("Raw profile type APP1", &hexed("generic", &prefixed)),
        ),
        (
            b"zTXt",
            text_chunk(
                "Raw profile type exif",
                &[&[0], deflated(&hexed("exif", &prefixed)).as_slice()].concat(),
            ),
        ),
    ] {
        let facts = facts(&png(&[chunk]));
        assert_eq!(
            local(&facts).as_deref(),
            Some("2019-07-04T05:06:07"),
            "{:?}",
            facts.warnings
        );
        assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((40, 30)));
    }
}

#[rstest]
#[case(b"2007:02:13 06:34:38", "2007-02-13T06:34:38", None)]
#[case(b"2007-02-13T06:34:38+01:00", "2007-02-13T06:34:38", Some("2007-02-13T05:34:38Z"))]
#[case(
    b"Tue, 13 Feb 2007 06:34:38 GMT",
    "2007-02-13T06:34:38",
    Some("2007-02-13T06:34:38Z")
)]
fn png_says_when_it_was_made(#[case] text: &[u8], #[case] wall: &str, #[case] utc: Option<&str>) {
    // Behind the picture, where some writers put it.
    let file = png(&[(b"IDAT", vec![0; 9000]), (b"tEXt", text_chunk("Creation Time", text))]);
    let facts = facts(&file);
    assert_eq!(
        (local(&facts).as_deref(), instant(&facts).as_deref()),
        (Some(wall), utc)
    );
}

#[test]
fn png_has_words_in_both_encodings_packed_or_not() {
    let packed = |text: &str| [b"\x01\0de\0Titel\0".as_slice(), &deflated(text.as_bytes())].concat();
    let file = png(&[
        (b"tEXt", text_chunk("Description", b"Z\xfcrich")),
        (b"iTXt", text_chunk("Title", &packed("Grüße"))),
        (
            b"iTXt",
            text_chunk(
                "XML:com.adobe.xmp",
                &[b"\0\0\0\0", xmp(r#"xmp:Rating="3""#).as_bytes()].concat(),
            ),
        ),
    ]);
    let facts = facts(&file);
    assert_eq!(facts.description.as_deref(), Some("Zürich"));
    assert_eq!(facts.title.as_deref(), Some("Grüße"));
    assert_eq!(facts.rating, Some(3));
}

#[test]
fn a_small_chunk_that_unpacks_to_much_fills_no_memory() {
    let bomb = deflated(&vec![b' '; 8 << 20]);
    let facts = facts(&png(&[(
        b"zTXt",
        text_chunk("Title", &[&[0], bomb.as_slice()].concat()),
    )]));
    assert_eq!(facts.title, None);
}

#[test]
fn webp_has_three_heads() {
    let lossy = [&[0x30, 1, 0, 0x9d, 1, 0x2a][..], &[40, 0, 30, 0x40]].concat();
    let lossless = vec![0x2f, 39, 0x40, 0x07, 0x10];
    let extended = vec![0x0c, 0, 0, 0, 39, 0, 0, 29, 0, 0];
    for chunk in [(b"VP8 ", lossy), (b"VP8L", lossless), (b"VP8X", extended)] {
        let size = facts(&riff(b"WEBP", &[chunk])).size_px;
        assert_eq!(size.map(|s| (s.width_px, s.height_px)), Some((40, 30)));
    }
}

#[test]
fn webp_has_exif_with_or_without_the_head_of_jpeg() {
    for block in [dated(), [b"Exif\0\0".to_vec(), dated()].concat()] {
        let packet = xmp(r#"xmp:Rating="2""#).into_bytes();
        let facts = facts(&riff(b"WEBP", &[(b"EXIF", block), (b"XMP ", packet)]));
        assert_eq!(local(&facts).as_deref(), Some("2019-07-04T05:06:07"));
        assert_eq!(facts.rating, Some(2));
    }
}

#[test]
fn gif_has_a_packet_and_a_comment() {
    let mut file = b"GIF89a\x28\0\x1e\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    file.extend(b"!\xfe\x05hello\x06 world\0");
    file.extend(b"!\xff\x0bXMP DataXMP");
    file.extend(xmp(r#"xmp:Rating="5" dc:title="House""#).bytes());
    file.push(1);
    file.extend((0..=255_u8).rev());
    file.push(0);
    file.extend(b",\0\0\0\0\x28\0\x1e\0\0\x02\x03abc\0;");
    let facts = facts(&file);
    assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((40, 30)));
    assert_eq!((facts.rating, facts.title.as_deref()), (Some(5), Some("House")));
    assert_eq!(facts.description.as_deref(), Some("hello world"));
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
}

/// A picture whose metadata are in the list's own data, as Apple's tiles are.
#[test]
fn heif_keeps_items_in_the_file_or_in_the_list() {
    for method in [0_u16, 1] {
        let file = heif(method, &[]);
        let facts = facts(&file);
        assert_eq!(
            local(&facts).as_deref(),
            Some("2019-07-04T05:06:07"),
            "{:?}",
            facts.warnings
        );
        assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((40, 30)));
        assert_eq!(facts.orientation, None);
    }
}

#[test]
fn heif_turns_by_its_own_properties() {
    let facts = facts(&heif(0, &[atom(b"irot", [3]), atom(b"imir", [1])]));
    assert_eq!(facts.orientation.map(|o| o.exif()), Some(5));
}

fn heif(method: u16, turns: &[Vec<u8>]) -> Vec<u8> {
    let block = [&6_u32.to_be_bytes()[..], b"Exif\0\0", &dated()].concat();
    let infe = atom(b"infe", [&[2, 0, 0, 0, 0, 7, 0, 0][..], b"Exif", b"\0"].concat());
    let iinf = atom(b"iinf", [&[0, 0, 0, 0, 0, 1][..], &infe].concat());
    let ispe = atom(b"ispe", [0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 30]);
    let ipco = atom(b"ipco", [ispe, turns.concat()].concat());
    let count = u8::try_from(1 + turns.len()).unwrap();
    let mut ipma = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 1, count];
    ipma.extend((1..=count).map(|index| index | 0x80));
    let iprp = atom(b"iprp", [ipco, atom(b"ipma", ipma)].concat());
    let file = |offset: u32| {
        let length = u32::try_from(block.len()).unwrap();
        let mut iloc = vec![1, 0, 0, 0, 0x44, 0, 0, 1, 0, 7];
        iloc.extend(method.to_be_bytes());
        iloc.extend([0, 0, 0, 1]);
        iloc.extend(offset.to_be_bytes());
        iloc.extend(length.to_be_bytes());
        let idat = if method == 1 { atom(b"idat", &block) } else { Vec::new() };
        let meta = [
            vec![0; 4],
            atom(b"pitm", [0, 0, 0, 0, 0, 1]),
            iinf.clone(),
            iprp.clone(),
            atom(b"iloc", iloc),
            idat,
        ];
        [ftyp(b"heic"), atom(b"meta", meta.concat())].concat()
    };
    if method == 1 {
        return file(0);
    }
    let offset = u32::try_from(file(0).len()).unwrap() + 8;
    [file(offset), atom(b"mdat", &block)].concat()
}

#[test]
fn a_continued_packet_is_put_together() {
    let id = "0123456789ABCDEF0123456789ABCDEF";
    let main = xmp(&format!(r#"xmpNote:HasExtendedXMP="{id}" xmp:Rating="1""#));
    let rest = xmp(r#"dc:title="House""#).into_bytes();
    let piece = |from: usize, to: usize| {
        let mut body = b"http://ns.adobe.com/xmp/extension/\0".to_vec();
        body.extend(id.bytes());
        body.extend(u32::try_from(rest.len()).unwrap().to_be_bytes());
        body.extend(u32::try_from(from).unwrap().to_be_bytes());
        body.extend_from_slice(&rest[from..to]);
        (0xe1, body)
    };
    let first = (0xe1, [b"http://ns.adobe.com/xap/1.0/\0", main.as_bytes()].concat());
    let file = jpeg(&[first, piece(100, rest.len()), piece(0, 100)]);
    let facts = facts(&file);
    assert_eq!((facts.rating, facts.title.as_deref()), (Some(1), Some("House")));
}

#[test]
fn photoshops_resources_may_need_two_segments() {
    let records = [b"\x1c\x02\x05\0\x05House".as_slice(), b"\x1c\x02\x19\0\x04boat"].concat();
    let mut resources = b"8BIM\x04\x04\0\0".to_vec();
    resources.extend(u32::try_from(records.len()).unwrap().to_be_bytes());
    resources.extend(&records);
    let (one, two) = resources.split_at(20);
    let segment = |part: &[u8]| (0xed, [b"Photoshop 3.0\0", part].concat());
    let facts = facts(&jpeg(&[segment(one), segment(two)]));
    assert_eq!(
        (facts.title.as_deref(), facts.keywords),
        (Some("House"), vec!["boat".to_owned()])
    );
}

#[test]
fn words_of_windows_and_comments_are_the_last_resort() {
    let wide = |text: &str| Bytes(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    let facts = facts(&jpeg_with_exif(vec![
        (0x9c9b, wide("Grüße")),
        (0x9c9e, wide("lake;boat; ")),
        (0x4746, Short(4)),
        (
            EXIF,
            Directory(vec![(0x9286, Bytes(b"ASCII\0\0\0A boat on a lake".to_vec()))]),
        ),
    ]));
    assert_eq!(facts.title.as_deref(), Some("Grüße"));
    assert_eq!(facts.keywords, ["lake", "boat"]);
    assert_eq!(facts.rating, Some(4));
    assert_eq!(facts.description.as_deref(), Some("A boat on a lake"));
}

#[test]
fn live_stills_have_apples_identifier_wherever_their_note_is() {
    let id = "7E3B4C2A-0000-4F00-8000-1234567890AB\0";
    let mut note = b"Apple iOS\0\0\x01MM\0\x01\0\x11\0\x02\0\0\0\x25\0\0\0\x20\0\0\0\0".to_vec();
    assert_eq!(note.len(), 32);
    note.extend(id.bytes());
    let facts = facts(&jpeg_with_exif(vec![
        (0x010f, Text("Apple")),
        (
            EXIF,
            Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07")), (0x927c, Bytes(note))]),
        ),
    ]));
    assert_eq!(facts.content_id.as_deref(), Some(id.trim_end_matches('\0')));
}

#[test]
fn the_type_is_that_of_the_bytes() {
    let file = jpeg_with_exif(vec![(0x0112, Short(1))]);
    let seen = crate::named(&file, "IMG_0001.HEIC");
    assert_eq!(seen.file_type.map(|t| t.extension), Some("jpg"));
}

#[test]
fn what_is_no_picture_says_so() {
    let text = facts(b"plain text, nothing else");
    assert!(text.file_type.is_none() && warned(&text, WarningKind::UnknownType));
    let other = facts(b"%PDF-1.7");
    assert!(warned(&other, WarningKind::Unsupported));
    let empty = facts(b"");
    assert!(warned(&empty, WarningKind::UnknownType));
}

#[test]
fn a_beginning_says_what_it_lacks() {
    let file = jpeg(&[(0xe1, [b"Exif\0\0".to_vec(), dated()].concat()), (0xe2, vec![0; 5000])]);
    let facts = read_facts_of_prefix(
        &file[..300],
        file.len() as u64,
        &photomove_media::ReadOptions::default(),
    );
    assert_eq!(local(&facts).as_deref(), Some("2019-07-04T05:06:07"));
    assert!(warned(&facts, WarningKind::NotGiven), "{:?}", facts.warnings);
    assert!(!warned(&facts, WarningKind::CutShort), "{:?}", facts.warnings);
    assert_eq!(facts.missing_at, Some(300));
    let cut = crate::facts(&file[..300]);
    assert!(warned(&cut, WarningKind::CutShort), "{:?}", cut.warnings);
}
