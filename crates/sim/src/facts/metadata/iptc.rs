//! IPTC texts out of the resource blocks of Photoshop.

use super::{Metadata, set};

pub(super) fn read(mut blocks: &[u8], found: &mut Metadata) {
    while let Some((id, body, rest)) = resource(blocks) {
        if id == 0x0404 {
            read_records(body, found);
        }
        blocks = rest;
    }
}

/// Id and body of the first resource, and what follows it.
fn resource(blocks: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let rest = blocks.strip_prefix(b"8BIM")?;
    let id = u16::from_be_bytes(*rest.first_chunk()?);
    let name = usize::from(*rest.get(2)?) + 1;
    let rest = rest.get(2 + name + name % 2..)?;
    let len = u32::from_be_bytes(*rest.first_chunk()?) as usize;
    let body = rest.get(4..4 + len)?;
    Some((id, body, rest.get(4 + len + len % 2..).unwrap_or_default()))
}

fn read_records(mut records: &[u8], found: &mut Metadata) {
    while let Some(&[0x1c, record, set_id, high, low]) = records.first_chunk() {
        let len = usize::from(u16::from_be_bytes([high, low]));
        let Some(body) = records.get(5..5 + len) else { return };
        let text = String::from_utf8_lossy(body);
        match (record, set_id) {
            (2, 5) => set(&mut found.title, &text),
            (2, 25) if !found.keywords.iter().any(|known| *known == text) => found.keywords.push(text.into_owned()),
            (2, 80) => set(&mut found.artist, &text),
            (2, 116) => set(&mut found.copyright, &text),
            (2, 120) => set(&mut found.description, &text),
            _ => {}
        }
        records = &records[5 + len..];
    }
}
