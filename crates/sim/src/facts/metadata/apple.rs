//! Two values of Apple's maker note: whether a picture is HDR, and the id that its copies share.

/// Tags of the note.
const HDR_IMAGE_TYPE: u16 = 0x000a;
const CONTENT_IDENTIFIER: u16 = 0x0011;
const IMAGE_UNIQUE_ID: u16 = 0x0015;

/// What the note tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AppleNote {
    pub(super) hdr: bool,
    pub(super) unique_id: Option<String>,
}

pub(super) fn read(note: &[u8]) -> AppleNote {
    parse(note).unwrap_or_default()
}

fn parse(note: &[u8]) -> Option<AppleNote> {
    if !note.starts_with(b"Apple iOS\0") {
        return None;
    }
    let short = |at: usize| Some(u16::from_be_bytes(*note.get(at..at + 2)?.first_chunk()?));
    let long = |at: usize| Some(u32::from_be_bytes(*note.get(at..at + 4)?.first_chunk()?) as usize);
    let mut found = AppleNote::default();
    for entry in 0..usize::from(short(14)?) {
        let at = 16 + entry * 12;
        match short(at)? {
            // 3 is the picture that was combined of several, 4 the plain one.
            HDR_IMAGE_TYPE => found.hdr = long(at + 8)? == 3,
            CONTENT_IDENTIFIER | IMAGE_UNIQUE_ID => {
                let (len, from) = (long(at + 4)?, long(at + 8)?);
                let text = note.get(from..from.checked_add(len)?)?;
                found.unique_id = Some(String::from_utf8_lossy(text).trim_end_matches('\0').to_lowercase());
            }
            _ => {}
        }
    }
    Some(found)
}
