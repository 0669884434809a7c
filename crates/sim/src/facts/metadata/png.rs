//! Text chunks of PNG.

use super::{Metadata, set};

pub(super) fn read(bytes: &[u8], found: &mut Metadata) {
    for (kind, body) in chunks(bytes) {
        match kind {
            b"tEXt" | b"iTXt" => {
                let Some((key, text)) = split(body) else { continue };
                let text = if kind == b"iTXt" {
                    international(text)
                } else {
                    Some(text)
                };
                let Some(text) = text.map(String::from_utf8_lossy) else {
                    continue;
                };
                match key {
                    b"Software" => set(&mut found.software, &text),
                    b"Title" => set(&mut found.title, &text),
                    b"Description" => set(&mut found.description, &text),
                    b"Author" => set(&mut found.artist, &text),
                    b"Copyright" => set(&mut found.copyright, &text),
                    b"Comment" => set(&mut found.comment, &text),
                    _ => {}
                }
            }
            b"iCCP" => {
                if let Some((name, _)) = split(body) {
                    set(&mut found.color_profile, &String::from_utf8_lossy(name));
                }
            }
            _ => {}
        }
    }
}

/// Kind and body of each chunk up to the first that does not fit.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let len = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = rest.get(4..8)?.first_chunk()?;
        let body = rest.get(8..8usize.checked_add(len)?)?;
        rest = rest.get(12 + len..).unwrap_or_default();
        Some((kind, body))
    })
}

fn split(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = body.iter().position(|byte| *byte == 0)?;
    Some((&body[..at], &body[at + 1..]))
}

/// Text of an uncompressed `iTXt` after its key: two flags, language, translated key, text.
fn international(rest: &[u8]) -> Option<&[u8]> {
    let [compressed, _, ..] = rest else { return None };
    if *compressed != 0 {
        return None;
    }
    let (_, rest) = split(&rest[2..])?;
    Some(split(rest)?.1)
}
