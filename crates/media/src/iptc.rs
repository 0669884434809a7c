//! IPTC's older records, alone or among Photoshop's resources.

use crate::draft::{Draft, Giver};
use crate::{DateField, dates, text};

/// The resource that holds the records.
const RECORDS: u16 = 0x0404;
/// A record of envelopes says that text is UTF-8: ESC % G.
const UTF_8: &[u8] = b"\x1b%G";

/// Reads Photoshop's resources: `8BIM`, a number, a name of even length, a size, the data, padded to even length.
pub(crate) fn read_photoshop(resources: &[u8], draft: &mut Draft) {
    let mut rest = resources;
    while let Some((number, data, after)) = resource(rest) {
        if number == RECORDS {
            read(data, draft);
        }
        rest = after;
    }
}

fn resource(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let rest = bytes.strip_prefix(b"8BIM").or_else(|| bytes.strip_prefix(b"MeSa"))?;
    let (number, rest) = rest.split_first_chunk::<2>()?;
    let name = usize::from(*rest.first()?) + 1;
    let rest = rest.get(name + name % 2..)?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    // The last resource may be cut; what is there of it still counts.
    let data = &rest[..size.min(rest.len())];
    let after = rest.get(size.checked_add(size % 2)?..).unwrap_or_default();
    Some((u16::from_be_bytes(*number), data, after))
}

/// Reads records: a mark, two numbers, a size, the value.
pub(crate) fn read(records: &[u8], draft: &mut Draft) {
    let mut found = Found::default();
    let mut rest = records;
    while let Some((number, value, after)) = record(rest) {
        found.add(number, value);
        rest = after;
    }
    found.offer(draft);
}

/// Number and value of a record, and what follows it.
type Record<'b> = ((u8, u8), &'b [u8], &'b [u8]);

fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let (&[mark, record, dataset, high, low], rest) = bytes.split_first_chunk::<5>()?;
    // Values of more than 32 KiB have a size of their own form; no field that is read here can be so long.
    if mark != 0x1c || high & 0x80 != 0 {
        return None;
    }
    let size = usize::from(u16::from_be_bytes([high, low]));
    let value = rest.get(..size)?;
    Some(((record, dataset), value, &rest[size..]))
}

#[derive(Default)]
struct Found<'b> {
    utf_8: bool,
    title: Option<&'b [u8]>,
    description: Option<&'b [u8]>,
    keywords: Vec<&'b [u8]>,
    created: Pair<'b>,
    digitized: Pair<'b>,
}

#[derive(Default)]
struct Pair<'b> {
    day: Option<&'b [u8]>,
    time: Option<&'b [u8]>,
}

impl<'b> Found<'b> {
    fn add(&mut self, number: (u8, u8), value: &'b [u8]) {
        match number {
            (1, 90) => self.utf_8 = value == UTF_8,
            (2, 5) => self.title = Some(value),
            (2, 120) => self.description = Some(value),
            (2, 25) if self.keywords.len() < 2000 => self.keywords.push(value),
            (2, 55) => self.created.day = Some(value),
            (2, 60) => self.created.time = Some(value),
            (2, 62) => self.digitized.day = Some(value),
            (2, 63) => self.digitized.time = Some(value),
            _ => {}
        }
    }

    fn text(&self, value: &[u8]) -> Option<String> {
        if self.utf_8 {
            text::worth_keeping(String::from_utf8_lossy(value).into_owned())
        } else {
            text::guessed(value)
        }
    }

    fn offer(&self, draft: &mut Draft) {
        draft.title(Giver::Iptc, self.title.and_then(|value| self.text(value)));
        draft.description(Giver::Iptc, self.description.and_then(|value| self.text(value)));
        draft.keywords(Giver::Iptc, self.keywords.iter().filter_map(|value| self.text(value)));
        draft.wall(DateField::IptcCreated, self.created.stamp());
        draft.wall(DateField::IptcDigitized, self.digitized.stamp());
    }
}

impl Pair<'_> {
    fn stamp(&self) -> Option<dates::Stamp> {
        let day = std::str::from_utf8(self.day?).ok()?;
        let time = self.time.and_then(|time| std::str::from_utf8(time).ok());
        dates::parse_iptc(day, time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(rows: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (record, dataset, value) in rows {
            bytes.extend([0x1c, *record, *dataset]);
            bytes.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(value);
        }
        bytes
    }

    fn in_photoshop(records: &[u8]) -> Vec<u8> {
        let mut bytes = b"8BIM\x04\x25\0\0\0\0\0\x03abc\0".to_vec();
        bytes.extend(b"8BIM\x04\x04\x03abc");
        bytes.extend(u32::try_from(records.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(records);
        bytes
    }

    #[test]
    fn records_among_resources_tell_title_words_and_time() {
        let records = records(&[
            (1, 90, UTF_8),
            (2, 5, "Zürich".as_bytes()),
            (2, 25, b"lake"),
            (2, 25, b"boat"),
            (2, 25, b"lake"),
            (2, 55, b"20080808"),
            (2, 60, b"080808+0200"),
            (2, 120, b"A boat on a lake"),
        ]);
        let mut draft = Draft::default();
        read_photoshop(&in_photoshop(&records), &mut draft);
        let facts = draft.into_facts(None);
        assert_eq!(facts.title.as_deref(), Some("Zürich"));
        assert_eq!(facts.keywords, ["lake", "boat"]);
        assert_eq!(facts.description.as_deref(), Some("A boat on a lake"));
        let taken = facts.taken.unwrap();
        assert_eq!(taken.instant.unwrap().to_string(), "2008-08-08T06:08:08Z");
        assert_eq!(taken.field, DateField::IptcCreated);
    }

    #[test]
    fn text_without_a_mark_may_be_latin_1() {
        let mut draft = Draft::default();
        read(&records(&[(2, 5, b"Z\xfcrich")]), &mut draft);
        assert_eq!(draft.into_facts(None).title.as_deref(), Some("Zürich"));
    }

    #[test]
    fn what_is_cut_ends_there() {
        let whole = in_photoshop(&records(&[(2, 25, b"lake"), (2, 25, b"boat")]));
        for length in 0..whole.len() {
            let mut draft = Draft::default();
            read_photoshop(&whole[..length], &mut draft);
            assert!(draft.into_facts(None).keywords.len() < 2);
        }
    }
}
