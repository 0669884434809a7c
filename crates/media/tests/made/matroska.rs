//! Matroska and WebM.

use std::time::Duration;

use photomove_media::DateField;

use crate::{facts, instant};

/// An element with a length of eight bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let length = 0x0100_0000_0000_0000 | body.len() as u64;
    [id, &length.to_be_bytes(), body].concat()
}

fn head() -> Vec<u8> {
    element(b"\x1a\x45\xdf\xa3", &[0x42, 0x82, 0x84, b'w', b'e', b'b', b'm'])
}

fn info() -> Vec<u8> {
    let rows = [
        element(b"\x2a\xd7\xb1", &1_000_000_u32.to_be_bytes()),
        element(b"\x44\x89", &2500_f64.to_be_bytes()),
        // A second and a half before 2001.
        element(b"\x44\x61", &(-1_500_000_000_i64).to_be_bytes()),
        element(b"\x7b\xa9", b"House"),
    ];
    element(b"\x15\x49\xa9\x66", &rows.concat())
}

fn tags() -> Vec<u8> {
    let simple = |name: &[u8], value: &[u8]| {
        element(
            b"\x67\xc8",
            &[element(b"\x45\xa3", name), element(b"\x44\x87", value)].concat(),
        )
    };
    let rows = [
        simple(b"DESCRIPTION", b"A house"),
        simple(b"DATE_RECORDED", b"2019-07-04"),
    ];
    element(b"\x12\x54\xc3\x67", &element(b"\x73\x73", &rows.concat()))
}

#[test]
fn header_tracks_and_tags_behind_the_pictures_are_read() {
    let video = [element(b"\xb0", &[2, 0x80]), element(b"\xba", &[1, 0x68])].concat();
    let tracks = element(b"\x16\x54\xae\x6b", &element(b"\xae", &element(b"\xe0", &video)));
    let cluster = element(b"\x1f\x43\xb6\x75", &[0; 50_000]);
    let seek_head = |position: u64| {
        let seek = [
            element(b"\x53\xab", b"\x12\x54\xc3\x67"),
            element(b"\x53\xac", &position.to_be_bytes()),
        ];
        element(b"\x11\x4d\x9b\x74", &element(b"\x4d\xbb", &seek.concat()))
    };
    let before = seek_head(0).len() + info().len() + tracks.len() + cluster.len();
    let body = [seek_head(before as u64), info(), tracks, cluster, tags()].concat();
    let facts = facts(&[head(), element(b"\x18\x53\x80\x67", &body)].concat());
    assert_eq!(instant(&facts).as_deref(), Some("2000-12-31T23:59:58.5Z"));
    assert_eq!(
        facts.dates.iter().map(|d| d.field).collect::<Vec<_>>(),
        [DateField::MatroskaDate, DateField::UserData]
    );
    assert_eq!(facts.duration, Some(Duration::from_millis(2500)));
    assert_eq!(facts.size_px.map(|s| (s.width_px, s.height_px)), Some((640, 360)));
    assert_eq!(
        (facts.title.as_deref(), facts.description.as_deref()),
        (Some("House"), Some("A house"))
    );
    assert!(facts.bytes_read < 20_000, "{}", facts.bytes_read);
}

#[test]
fn a_segment_of_unknown_length_goes_on_to_the_end() {
    let segment = [b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(), info()].concat();
    let facts = facts(&[head(), segment].concat());
    assert_eq!(facts.title.as_deref(), Some("House"));
}
