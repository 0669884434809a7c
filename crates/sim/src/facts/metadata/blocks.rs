//! The segments of a JPEG that hold texts.

/// One segment of interest.
pub(super) enum Segment<'a> {
    /// A comment for people.
    Comment(String),
    /// Resource blocks of Photoshop, in one of which IPTC lies.
    Photoshop(&'a [u8]),
}

/// Every comment and Photoshop segment before the picture begins.
pub(super) fn jpeg_segments(bytes: &[u8]) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut at = 2;
    while let Some(&[0xff, kind, high, low]) = bytes.get(at..at + 4).and_then(|head| head.first_chunk()) {
        let len = usize::from(u16::from_be_bytes([high, low]));
        let Some(body) = bytes.get(at + 4..at + 2 + len.max(2)) else {
            break;
        };
        match kind {
            0xfe => segments.push(Segment::Comment(String::from_utf8_lossy(body).into_owned())),
            0xed if body.starts_with(b"Photoshop 3.0\0") => segments.push(Segment::Photoshop(&body[14..])),
            0xda => break,
            _ => {}
        }
        at += 2 + len.max(2);
    }
    segments
}

/// Where `needle` begins in `bytes`.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}
