//! When: offsets, fractions, sentinels.

use jiff::tz::Offset;
use photomove_media::{Confidence, DateField, OffsetFrom, Precision, ReadOptions, WarningKind, read_facts_of_prefix};
use rstest::rstest;

use crate::build::Value::{Bytes, Directory, Long, Ratio, Short, Text};
use crate::build::{jpeg_with_exif, jpeg_with_xmp};
use crate::{facts, instant, local, named, warned};

const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const MODIFIED: u16 = 0x0132;
const ORIGINAL: u16 = 0x9003;
const OFFSET: u16 = 0x9010;
const OFFSET_ORIGINAL: u16 = 0x9011;
const FRACTION_ORIGINAL: u16 = 0x9291;

#[rstest]
#[case("+05:45", "2019-07-03T23:21:07.7Z")]
#[case("-03:30", "2019-07-04T08:36:07.7Z")]
#[case("+00:00", "2019-07-04T05:06:07.7Z")]
fn a_time_with_its_offset_is_an_instant(#[case] offset: &'static str, #[case] wanted: &str) {
    let facts = facts(&jpeg_with_exif(vec![(
        EXIF,
        Directory(vec![
            (ORIGINAL, Text("2019:07:04 05:06:07")),
            (OFFSET_ORIGINAL, Text(offset)),
            (FRACTION_ORIGINAL, Text("7")),
        ]),
    )]));
    assert_eq!(instant(&facts).as_deref(), Some(wanted));
    let taken = facts.taken.unwrap();
    assert_eq!(
        (taken.precision, taken.offset_from),
        (Precision::Subsecond, Some(OffsetFrom::Field))
    );
}

#[test]
fn a_time_without_offset_is_no_instant() {
    let facts = facts(&jpeg_with_exif(vec![(
        EXIF,
        Directory(vec![(ORIGINAL, Text("1912:04:15 02:20:00"))]),
    )]));
    assert_eq!(
        (local(&facts).as_deref(), instant(&facts)),
        (Some("1912-04-15T02:20:00"), None)
    );
}

#[test]
fn the_offset_of_the_file_counts_only_if_the_times_are_the_same() {
    for (modified, wanted) in [("2019:07:04 05:06:07", Some(7200)), ("2019:08:04 05:06:07", None)] {
        let facts = facts(&jpeg_with_exif(vec![
            (MODIFIED, Text(modified)),
            (
                EXIF,
                Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07")), (OFFSET, Text("+02:00"))]),
            ),
        ]));
        assert_eq!(facts.taken.unwrap().offset.map(Offset::seconds), wanted);
    }
}

#[rstest]
#[case("0000:00:00 00:00:00")]
#[case("    :  :     :  :  ")]
#[case("-")]
#[case("")]
fn no_date_is_none(#[case] text: &'static str) {
    let facts = facts(&jpeg_with_exif(vec![(EXIF, Directory(vec![(ORIGINAL, Text(text))]))]));
    assert_eq!(facts.taken, None);
}

#[test]
fn an_editors_time_is_doubted() {
    let facts = facts(&jpeg_with_exif(vec![(MODIFIED, Text("2019:07:04 05:06:07"))]));
    let taken = facts.taken.unwrap();
    assert_eq!(
        (taken.field, taken.confidence),
        (DateField::ExifModified, Confidence::Low)
    );
}

#[test]
fn xmp_dates_a_file_without_exif() {
    let facts = facts(&jpeg_with_xmp(r#"exif:DateTimeOriginal="2019-07-04T05:06:07-03:30""#));
    assert_eq!(instant(&facts).as_deref(), Some("2019-07-04T08:36:07Z"));
}

#[test]
fn a_gps_fix_tells_the_zone_and_alone_the_instant() {
    let gps = || {
        Directory(vec![
            (7, Ratio(vec![(3, 1), (6, 1), (9, 1)])),
            (0x1d, Text("2019:07:04")),
        ])
    };
    let both = facts(&jpeg_with_exif(vec![
        (EXIF, Directory(vec![(ORIGINAL, Text("2019:07:04 05:06:07"))])),
        (GPS, gps()),
    ]));
    assert_eq!(instant(&both).as_deref(), Some("2019-07-04T03:06:07Z"));
    assert_eq!(both.taken.unwrap().offset_from, Some(OffsetFrom::GpsDifference));
    let alone = facts(&jpeg_with_exif(vec![(GPS, gps())]));
    assert_eq!(instant(&alone).as_deref(), Some("2019-07-04T03:06:09Z"));
    assert_eq!(alone.taken.unwrap().confidence, Confidence::Low);
}

#[test]
fn dates_after_the_latest_are_left_out_and_names_stand_in() {
    let file = jpeg_with_exif(vec![(EXIF, Directory(vec![(ORIGINAL, Text("2087:07:04 05:06:07"))]))]);
    let options = ReadOptions::default()
        .with_name("IMG_20190704_050607.jpg")
        .with_latest("2026-11-22T00:00:00Z".parse().unwrap());
    let facts = read_facts_of_prefix(&file, file.len() as u64, &options);
    assert_eq!(facts.taken.unwrap().field, DateField::FileName);
    assert!(warned(&facts, WarningKind::Implausible));
    let kept = named(&file, "IMG_20190704_050607.jpg");
    assert_eq!(kept.taken.unwrap().field, DateField::ExifOriginal);
}

fn place(rows: Vec<(u16, crate::build::Value)>) -> photomove_media::MediaFacts {
    facts(&jpeg_with_exif(vec![(GPS, Directory(rows))]))
}

fn degrees(degrees: u32, minutes: (u32, u32)) -> crate::build::Value {
    Ratio(vec![(degrees, 1), minutes, (0, 0)])
}

#[test]
fn greenwich_and_the_equator_are_places_and_their_crossing_is_none() {
    let at = |north: u32, east: u32| {
        place(vec![
            (1, Text("S")),
            (2, degrees(north, (305, 10))),
            (3, Text("W")),
            (4, degrees(east, (0, 1))),
        ])
        .place
    };
    let there = at(51, 0).unwrap();
    assert!(
        (there.latitude + 51.508_333_33).abs() < 1e-8 && there.longitude == 0.0,
        "{there:?}"
    );
    assert_eq!(there.altitude_m, None);
    let nowhere = place(vec![
        (1, Text("N")),
        (2, degrees(0, (0, 1))),
        (3, Text("E")),
        (4, degrees(0, (0, 1))),
    ]);
    assert_eq!(nowhere.place, None);
}

#[test]
fn places_that_cannot_be_are_left_out_aloud() {
    let beyond = vec![
        (1, Text("N")),
        (2, degrees(95, (0, 1))),
        (3, Text("E")),
        (4, degrees(7, (0, 1))),
    ];
    let broken = vec![
        (1, Text("N")),
        (2, Ratio(vec![(5, 0), (0, 1), (0, 1)])),
        (3, Text("E")),
        (4, degrees(7, (0, 1))),
    ];
    let nowhere = vec![(2, degrees(5, (0, 1))), (4, degrees(7, (0, 1)))];
    for rows in [beyond, broken, nowhere] {
        let facts = place(rows);
        assert_eq!(facts.place, None);
        assert!(warned(&facts, WarningKind::Implausible));
    }
}

#[rstest]
#[case(Some(0), (355, 10), Some(35.5))]
#[case(Some(1), (355, 10), Some(-35.5))]
#[case(None, (355, 10), Some(35.5))]
#[case(None, (0, 1), None)]
#[case(Some(0), (0, 1), Some(0.0))]
#[case(Some(0), (65_535, 1), None)]
#[case(Some(1), (1, 1), None)]
#[case(Some(0), (5, 0), None)]
fn altitudes_have_a_reference(#[case] below: Option<u8>, #[case] metres: (u32, u32), #[case] wanted: Option<f64>) {
    let mut rows = vec![
        (1, Text("N")),
        (2, degrees(51, (30, 1))),
        (3, Text("E")),
        (4, degrees(7, (30, 1))),
        (6, Ratio(vec![metres])),
    ];
    rows.extend(below.map(|below| (5, Bytes(vec![below]))));
    assert_eq!(place(rows).place.unwrap().altitude_m, wanted);
}

/// The small picture's directory follows the first; its date is not the photo's.
#[test]
fn the_small_pictures_date_is_not_read() {
    let mut block = crate::build::tiff(true, vec![(0x0112, Short(6))]);
    let next = u32::try_from(block.len()).unwrap();
    block[22..26].copy_from_slice(&next.to_be_bytes());
    let second = crate::build::tiff(true, vec![(ORIGINAL, Text("2001:02:03 04:05:06"))]);
    block.extend_from_slice(&second[8..]);
    let facts = facts(&crate::build::jpeg(&[(0xe1, [b"Exif\0\0".to_vec(), block].concat())]));
    assert_eq!((facts.taken, facts.orientation.map(|o| o.exif())), (None, Some(6)));
}

#[test]
fn a_directory_that_leads_to_itself_is_read_once() {
    let facts = facts(&jpeg_with_exif(vec![
        (0x0112, Short(3)),
        (EXIF, Long(vec![8])),
        (GPS, Long(vec![8])),
    ]));
    assert_eq!(facts.orientation.map(|o| o.exif()), Some(3));
}
