//! The name of an ICC profile, wherever in the file the profile lies uncompressed.

use super::blocks::find;

/// Bytes of a profile's header before its tags.
const HEADER_BYTES: usize = 128;

pub(super) fn profile_name(bytes: &[u8]) -> Option<String> {
    let mut from = 0;
    // Every profile has this signature 36 bytes after its start.
    while let Some(at) = find(bytes.get(from..)?, b"acsp") {
        let at = from + at;
        if let Some(name) = at.checked_sub(36).and_then(|start| name_of(&bytes[start..])) {
            return Some(name);
        }
        from = at + 4;
    }
    None
}

fn name_of(profile: &[u8]) -> Option<String> {
    let count = word(profile, HEADER_BYTES)?.min(100);
    for tag in 0..count {
        let at = HEADER_BYTES + 4 + tag * 12;
        if profile.get(at..at + 4)? == b"desc" {
            return text(profile.get(word(profile, at + 4)?..)?);
        }
    }
    None
}

/// Version 2 has ASCII with its length, version 4 a list of UTF-16 texts.
fn text(value: &[u8]) -> Option<String> {
    let text = match value.get(..4)? {
        b"desc" => {
            let len = word(value, 8)?;
            String::from_utf8_lossy(value.get(12..12 + len)?).into_owned()
        }
        b"mluc" => {
            let (len, at) = (word(value, 20)?, word(value, 24)?);
            let units: Vec<u16> = value
                .get(at..at + len)?
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        _ => return None,
    };
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    (!text.is_empty()).then(|| text.to_owned())
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = bytes.get(at..at.checked_add(4)?)?.first_chunk()?;
    usize::try_from(u32::from_be_bytes(*word)).ok()
}
