//! What videos say in words: Apple's keys, iTunes' list, user data.

use super::super::boxes::{self, Box4};
use super::{PACKET_MAX, place};
use crate::draft::{Draft, Giver};
use crate::window::Window;
use crate::{DateField, PlaceField, dates, text, xmp};

const ENTRIES_MAX: usize = 512;
const TEXT_MAX: u64 = 256 << 10;

/// Reads keys and their values. QuickTime's box has no version before its parts, that of MP4 has.
pub(super) fn meta(window: &mut Window<'_>, meta: Box4, draft: &mut Draft) {
    let plain = window.array(meta.body + 4) == Some(*b"hdlr");
    let first = meta.body + if plain { 0 } else { 4 };
    let parts = boxes::all(window, first, meta.end, 32);
    let part = |kind: &[u8; 4]| parts.iter().find(|part| part.kind == *kind).copied();
    let keys = part(b"keys")
        .and_then(|keys| keys.bytes(window, TEXT_MAX))
        .map(|bytes| names(&bytes));
    let Some(list) = part(b"ilst") else { return };
    for item in boxes::all(window, list.body, list.end, ENTRIES_MAX) {
        let values: Vec<String> = boxes::all(window, item.body, item.end, 64)
            .iter()
            .filter(|data| &data.kind == b"data")
            .filter_map(|data| value(&data.bytes(window, TEXT_MAX)?))
            .collect();
        // With keys, an item's kind is the number of its key, which counts from one.
        let number = u32::from_be_bytes(item.kind) as usize;
        match (&keys, number.checked_sub(1)) {
            (Some(keys), Some(index)) if index < keys.len() => key(&keys[index], values, draft),
            _ => atom(item.kind, values.into_iter().next(), draft),
        }
    }
}

/// Behind a version and a count, each key has its size, its kind and its name.
fn names(bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = bytes.get(8..).unwrap_or_default();
    while names.len() < ENTRIES_MAX
        && let Some((size, _)) = rest.split_first_chunk::<4>()
        && let Some((key, after)) = rest.split_at_checked(u32::from_be_bytes(*size) as usize)
        && let Some(name) = key.get(8..)
    {
        names.push(String::from_utf8_lossy(name).into_owned());
        rest = after;
    }
    names
}

/// A value has its type, its language and its bytes. Numbers are as text here.
fn value(data: &[u8]) -> Option<String> {
    let (head, bytes) = data.split_first_chunk::<8>()?;
    let kind = u32::from_be_bytes(*head.first_chunk()?) & 0x00ff_ffff;
    match kind {
        2 => text::utf_16(bytes, false),
        21 | 22 => {
            let number = bytes
                .iter()
                .take(8)
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            Some(number.to_string())
        }
        23 => Some(f32::from_be_bytes(*bytes.first_chunk()?).to_string()),
        24 => Some(f64::from_be_bytes(*bytes.first_chunk()?).to_string()),
        _ => text::guessed(bytes),
    }
}

/// Apple's keys, and Android's two.
fn key(name: &str, values: Vec<String>, draft: &mut Draft) {
    let giver = Giver::ContainerText;
    let first = values.first().cloned();
    let known = name
        .strip_prefix("com.apple.quicktime.")
        .or_else(|| name.strip_prefix("com.android."));
    match known.unwrap_or_default() {
        "creationdate" => draft.wall(DateField::QuickTimeKeys, first.as_deref().and_then(dates::parse)),
        "location.ISO6709" => {
            if let Some(position) = first.as_deref().and_then(place::iso_6709) {
                draft.place(Giver::Container, PlaceField::QuickTimeKeys, position);
            }
        }
        "make" | "manufacturer" => draft.make(giver, first),
        "model" => draft.model(giver, first),
        "camera.lens_model" => draft.lens(giver, first),
        "title" | "displayname" => draft.title(giver, first),
        "description" => draft.description(giver, first),
        "keywords" => draft.keywords(
            giver,
            values.iter().flat_map(|words| words.split(',')).map(str::to_owned),
        ),
        "rating.user" => {
            let stars = first.and_then(|text| text.trim().parse::<f64>().ok());
            let stars = stars.filter(|stars| (0.0..=5.0).contains(stars)).map(f64::round);
            #[expect(clippy::cast_possible_truncation, reason = "between 0 and 5")]
            draft.rating(giver, stars.map(|stars| stars as i8));
        }
        "content.identifier" => draft.content_id(giver, first),
        "comment" => draft.description(Giver::Doubtful, first),
        _ => {}
    }
}

/// Four letters that iTunes and QuickTime share.
fn atom(kind: [u8; 4], text: Option<String>, draft: &mut Draft) {
    let giver = Giver::ContainerText;
    match &kind {
        b"\xa9nam" | b"titl" => draft.title(giver, text),
        b"desc" | b"\xa9des" | b"dscp" => draft.description(giver, text),
        b"\xa9cmt" | b"\xa9inf" => draft.description(Giver::Doubtful, text),
        b"\xa9day" => draft.wall(DateField::UserData, text.as_deref().and_then(dates::parse)),
        b"\xa9mak" => draft.make(giver, text),
        b"\xa9mod" => draft.model(giver, text),
        b"\xa9key" | b"keyw" => {
            let words = text.unwrap_or_default();
            draft.keywords(giver, words.split([',', ';']).map(str::to_owned));
        }
        b"\xa9xyz" => {
            if let Some(position) = text.as_deref().and_then(place::iso_6709) {
                draft.place(giver, PlaceField::UserData, position);
            }
        }
        _ => {}
    }
}

/// Reads QuickTime's and 3GPP's user data.
pub(super) fn user_data(window: &mut Window<'_>, data: Box4, draft: &mut Draft) {
    for part in boxes::all(window, data.body, data.end, ENTRIES_MAX) {
        match &part.kind {
            b"meta" => meta(window, part, draft),
            b"XMP_" => {
                if let Some(packet) = part.bytes(window, PACKET_MAX) {
                    xmp::read(&packet, draft);
                }
            }
            [0xa9, ..] => {
                let text = part.bytes(window, TEXT_MAX).and_then(|bytes| international(&bytes));
                atom(part.kind, text, draft);
            }
            b"titl" | b"dscp" => {
                // Version and language come first.
                let bytes = part.bytes(window, TEXT_MAX).unwrap_or_default();
                atom(part.kind, bytes.get(6..).and_then(text::marked), draft);
            }
            b"kywd" => {
                let bytes = part.bytes(window, TEXT_MAX).unwrap_or_default();
                draft.keywords(Giver::ContainerText, listed_words(bytes.get(7..).unwrap_or_default()));
            }
            b"loci" => {
                let bytes = part.bytes(window, TEXT_MAX).unwrap_or_default();
                if let Some(position) = bytes.get(4..).and_then(place::loci) {
                    draft.place(Giver::ContainerText, PlaceField::Loci, position);
                }
            }
            _ => {}
        }
    }
}

/// QuickTime's text has its length and its language before it; some writers leave both out.
fn international(bytes: &[u8]) -> Option<String> {
    if let Some((&[high, low, _, _], rest)) = bytes.split_first_chunk::<4>()
        && let Some(words) = rest.get(..usize::from(u16::from_be_bytes([high, low])))
        && !words.is_empty()
    {
        return text::marked(words);
    }
    text::guessed(bytes)
}

/// Words of 3GPP, each behind its length.
fn listed_words(mut rest: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    while let Some((length, after)) = rest.split_first()
        && let Some((word, after)) = after.split_at_checked(usize::from(*length))
    {
        words.extend(text::marked(word));
        rest = after;
    }
    words
}
