//! Videos: headers, keys, user data.

use std::time::Duration;

use photomove_media::{Confidence, DateField, MediaFacts, PlaceField};
use rstest::rstest;

use crate::build::{atom, ftyp, riff, riff_chunks, xmp};
use crate::{facts, instant, local, named};

/// 2019-07-04T05:06:07Z, counted from 1904.
const TIME: u64 = 3_645_061_567;

fn mvhd(version: u8, created: u64) -> Vec<u8> {
    let mut body = vec![version, 0, 0, 0];
    for time in [created, TIME + 1_000_000] {
        if version == 1 {
            body.extend(time.to_be_bytes());
        } else {
            body.extend(u32::try_from(time).unwrap().to_be_bytes());
        }
    }
    body.extend(600_u32.to_be_bytes());
    if version == 1 {
        body.extend(900_u64.to_be_bytes());
    } else {
        body.extend(900_u32.to_be_bytes());
    }
    body.resize(body.len() + 80, 0);
    atom(b"mvhd", body)
}

fn track(handler: &[u8; 4], matrix: [i32; 4], side: (u32, u32)) -> Vec<u8> {
    let mut header = vec![0; 40];
    let [a, b, c, d] = matrix;
    for number in [a, b, 0, c, d, 0, 0, 0, 0x4000_0000] {
        header.extend(number.to_be_bytes());
    }
    header.extend((side.0 << 16).to_be_bytes());
    header.extend((side.1 << 16).to_be_bytes());
    let hdlr = atom(b"hdlr", [&[0; 8][..], handler, &[0; 13]].concat());
    atom(b"trak", [atom(b"tkhd", header), atom(b"mdia", hdlr)].concat())
}

fn film(parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [mvhd(0, TIME), parts.concat()].concat();
    [ftyp(b"isom"), atom(b"mdat", [0; 100]), atom(b"moov", head)].concat()
}

fn film_of(header: &[u8]) -> MediaFacts {
    facts(&[ftyp(b"isom"), atom(b"moov", header)].concat())
}

#[rstest]
#[case(0)]
#[case(1)]
fn creation_comes_first_in_both_versions(#[case] version: u8) {
    let facts = film_of(&mvhd(version, TIME));
    assert_eq!(instant(&facts).as_deref(), Some("2019-07-04T05:06:07Z"));
    assert_eq!(local(&facts), None);
    assert_eq!(facts.duration, Some(Duration::from_millis(1500)));
    assert_eq!(facts.taken.unwrap().confidence, Confidence::Usual);
}

#[test]
fn zero_is_no_time_and_a_small_number_counts_from_1970() {
    assert_eq!(film_of(&mvhd(0, 0)).taken, None);
    let facts = film_of(&mvhd(0, 1_562_216_767));
    assert_eq!(instant(&facts).as_deref(), Some("2019-07-04T05:06:07Z"));
    assert_eq!(facts.taken.unwrap().confidence, Confidence::Low);
}

#[test]
fn a_camera_that_writes_local_time_gives_itself_away_by_the_name() {
    let file = film(&[]);
    let same = named(&file, "VID_20190704_050604.mp4");
    assert_eq!(
        (local(&same).as_deref(), instant(&same)),
        (Some("2019-07-04T05:06:07"), None)
    );
    assert_eq!(same.taken.unwrap().field, DateField::MovieHeader);
    let other = named(&file, "VID_20190704_070607.mp4");
    assert_eq!(instant(&other).as_deref(), Some("2019-07-04T05:06:07Z"));
}

#[test]
fn a_track_tells_the_time_that_the_header_leaves_out() {
    let mut track = track(b"vide", [0x10000, 0, 0, 0x10000], (40, 30));
    // Behind the heads of both boxes and a version.
    track[20..24].copy_from_slice(&u32::try_from(TIME).unwrap().to_be_bytes());
    let facts = film_of(&[mvhd(0, 0), track].concat());
    assert_eq!(instant(&facts).as_deref(), Some("2019-07-04T05:06:07Z"));
}

#[rstest]
#[case([0x10000, 0, 0, 0x10000], None)]
#[case([0, 0x10000, -0x10000, 0], Some(6))]
#[case([-0x10000, 0, 0, -0x10000], Some(3))]
#[case([0, -0x10000, 0x10000, 0], Some(8))]
fn the_first_track_with_pictures_tells_size_and_turn(#[case] matrix: [i32; 4], #[case] turned: Option<u8>) {
    let sound = track(b"soun", [0x10000, 0, 0, 0x10000], (0, 0));
    let facts = facts(&film(&[sound, track(b"vide", matrix, (1920, 1080))]));
    assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((1920, 1080)));
    assert_eq!(facts.orientation.map(|o| o.exif()), turned);
}

fn keys(rows: &[(&str, &str)]) -> Vec<u8> {
    let mut keys = vec![0; 4];
    keys.extend(u32::try_from(rows.len()).unwrap().to_be_bytes());
    let mut list = Vec::new();
    // The list need not have the order of the keys.
    for (index, (_, value)) in rows.iter().enumerate().rev() {
        let data = atom(b"data", [&[0, 0, 0, 1, 0, 0, 0, 0], value.as_bytes()].concat());
        list.extend(atom(&u32::try_from(index + 1).unwrap().to_be_bytes(), data));
    }
    for (name, _) in rows {
        keys.extend(u32::try_from(name.len() + 8).unwrap().to_be_bytes());
        keys.extend(b"mdta");
        keys.extend(name.bytes());
    }
    let hdlr = atom(b"hdlr", [&[0; 8][..], b"mdta", &[0; 13]].concat());
    atom(b"meta", [hdlr, atom(b"keys", keys), atom(b"ilst", list)].concat())
}

#[test]
fn apples_keys_tell_time_place_camera_words_and_the_other_half() {
    let rows = [
        ("com.apple.quicktime.make", "Apple"),
        ("com.apple.quicktime.model", "iPhone X"),
        ("com.apple.quicktime.creationdate", "2019-02-12T15:27:12+0800"),
        ("com.apple.quicktime.location.ISO6709", "+27.1281+100.2508+012.500/"),
        ("com.apple.quicktime.content.identifier", "7E3B4C2A-0000"),
        ("com.apple.quicktime.title", "House"),
        ("com.apple.quicktime.description", "A house"),
        ("com.apple.quicktime.keywords", "lake,boat"),
    ];
    let facts = facts(&film(&[keys(&rows)]));
    let taken = facts.taken.unwrap();
    assert_eq!(taken.field, DateField::QuickTimeKeys);
    assert_eq!(instant(&facts).as_deref(), Some("2019-02-12T07:27:12Z"));
    assert_eq!(local(&facts).as_deref(), Some("2019-02-12T15:27:12"));
    let place = facts.place.unwrap();
    assert_eq!(
        (place.latitude, place.longitude, place.altitude_m),
        (27.1281, 100.2508, Some(12.5))
    );
    assert_eq!(place.field, PlaceField::QuickTimeKeys);
    assert_eq!(facts.camera.make.as_deref(), Some("Apple"));
    assert_eq!(facts.camera.model.as_deref(), Some("iPhone X"));
    assert_eq!(facts.content_id.as_deref(), Some("7E3B4C2A-0000"));
    assert_eq!(
        (facts.title.as_deref(), facts.description.as_deref()),
        (Some("House"), Some("A house"))
    );
    assert_eq!(facts.keywords, ["lake", "boat"]);
}

#[test]
fn user_data_tell_place_day_and_words() {
    let text = |words: &str| {
        let length = u16::try_from(words.len()).unwrap();
        [&length.to_be_bytes()[..], &[0x15, 0xc7], words.as_bytes()].concat()
    };
    let udta = [
        atom(b"\xa9xyz", text("+27.2939-112.6932/")),
        atom(b"\xa9nam", text("House")),
        atom(b"\xa9day", text("2018-07-04T05:06:07+02:00")),
        atom(b"XMP_", xmp(r#"xmp:Rating="3""#)),
    ];
    let head = [mvhd(0, 0), atom(b"udta", udta.concat())].concat();
    let facts = film_of(&head);
    assert_eq!(
        facts.place.map(|p| (p.latitude, p.longitude)),
        Some((27.2939, -112.6932))
    );
    assert_eq!(facts.title.as_deref(), Some("House"));
    assert_eq!(facts.taken.map(|t| t.field), Some(DateField::UserData));
    assert_eq!(facts.rating, Some(3));
}

#[test]
fn itunes_list_tells_words() {
    let data = |text: &str| atom(b"data", [&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat());
    let list = [atom(b"\xa9nam", data("House")), atom(b"desc", data("A house"))];
    let hdlr = atom(b"hdlr", [&[0; 8][..], b"mdir", &[0; 13]].concat());
    let meta = atom(b"meta", [vec![0; 4], hdlr, atom(b"ilst", list.concat())].concat());
    let facts = facts(&film(&[atom(b"udta", meta)]));
    assert_eq!(
        (facts.title.as_deref(), facts.description.as_deref()),
        (Some("House"), Some("A house"))
    );
}

#[test]
fn phones_of_3gpp_have_boxes_of_their_own() {
    let mut loci = b"\0\0\0\0\x15\xc7Paris\0\0".to_vec();
    for degrees in [2_i32, 48, 35] {
        loci.extend((degrees << 16).to_be_bytes());
    }
    let kywd = b"\0\0\0\0\x15\xc7\x02\x04lake\x04boat".to_vec();
    let udta = [
        atom(b"loci", loci),
        atom(b"titl", b"\0\0\0\0\x15\xc7House\0"),
        atom(b"kywd", kywd),
    ];
    let file = [
        ftyp(b"3gp5"),
        atom(b"moov", [mvhd(0, TIME), atom(b"udta", udta.concat())].concat()),
    ]
    .concat();
    let facts = facts(&file);
    let place = facts.place.unwrap();
    assert_eq!(
        (place.latitude, place.longitude, place.field),
        (48.0, 2.0, PlaceField::Loci)
    );
    assert_eq!(facts.title.as_deref(), Some("House"));
    assert_eq!(facts.keywords, ["lake", "boat"]);
}

#[test]
fn a_packet_at_the_end_of_a_film_is_found() {
    let id = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let packet = [&id[..], xmp(r#"dc:title="House""#).as_bytes()].concat();
    let file = [film(&[]), atom(b"uuid", packet)].concat();
    assert_eq!(facts(&file).title.as_deref(), Some("House"));
}

#[test]
fn a_film_in_pieces_has_its_length_elsewhere() {
    let mut header = mvhd(0, TIME);
    // No length in the header.
    header[24..28].fill(0);
    let mehd = atom(b"mehd", [&[0; 4][..], &1200_u32.to_be_bytes()].concat());
    let facts = film_of(&[header, atom(b"mvex", mehd)].concat());
    assert_eq!(facts.duration, Some(Duration::from_secs(2)));
}

#[test]
fn avi_has_its_time_in_words() {
    let mut avih = vec![0; 56];
    avih[0..4].copy_from_slice(&40_000_u32.to_le_bytes());
    avih[16..20].copy_from_slice(&50_u32.to_le_bytes());
    avih[32..36].copy_from_slice(&640_u32.to_le_bytes());
    avih[36..40].copy_from_slice(&480_u32.to_le_bytes());
    let header = riff_chunks(&[(b"avih", avih), (b"IDIT", b"THU JUL 04 05:06:07 2019\n\0".to_vec())]);
    let info = riff_chunks(&[(b"INAM", b"House\0".to_vec())]);
    let list = |kind: &[u8; 4], body: Vec<u8>| [kind.to_vec(), body].concat();
    let file = riff(
        b"AVI ",
        &[
            (b"LIST", list(b"hdrl", header)),
            (b"LIST", list(b"movi", vec![0; 3000])),
            (b"LIST", list(b"INFO", info)),
        ],
    );
    let facts = facts(&file);
    assert_eq!(local(&facts).as_deref(), Some("2019-07-04T05:06:07"));
    assert_eq!(facts.duration, Some(Duration::from_secs(2)));
    assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((640, 480)));
    assert_eq!(facts.title.as_deref(), Some("House"));
}
