//! Facts of MP4 and QuickTime files, read with mp4-atom.

use jiff::Timestamp;
use jiff::tz::Offset;
use mp4_atom::{Atom, Decode, FourCC, Header, Mvhd, Tkhd};

use super::{MediaFacts, Taken};

/// Seconds from 1904, where these files count from, to 1970.
const EPOCH_1904_S: u64 = 2_082_844_800;

pub(super) fn read(bytes: &[u8]) -> MediaFacts {
    let mut facts = MediaFacts::default();
    let Some(moov) = children(bytes).find_map(|(kind, body)| (kind == b"moov".into()).then_some(body)) else {
        return facts;
    };
    for (kind, mut body) in children(moov) {
        if kind == Mvhd::KIND {
            let Ok(header) = Mvhd::decode_body(&mut body) else {
                continue;
            };
            facts.taken = taken(header.creation_time);
            facts.duration_s = (header.timescale > 0).then(|| header.duration as f64 / f64::from(header.timescale));
        } else if kind == b"trak".into() {
            let size = children(body)
                .find_map(|(kind, mut body)| (kind == Tkhd::KIND).then(|| Tkhd::decode_body(&mut body).ok())?);
            if let Some(size) = size.filter(|size| size.width.integer() > 0 && facts.width_px.is_none()) {
                facts.width_px = Some(u32::from(size.width.integer()));
                facts.height_px = Some(u32::from(size.height.integer()));
            }
        }
    }
    facts
}

/// Kind and body of each box, up to the first that does not fit.
fn children(mut rest: &[u8]) -> impl Iterator<Item = (FourCC, &[u8])> {
    std::iter::from_fn(move || {
        let header = Header::decode(&mut rest).ok()?;
        let len = header.size.unwrap_or(rest.len());
        let (body, after) = rest.split_at_checked(len)?;
        rest = after;
        Some((header.kind, body))
    })
}

/// 0 is what encoders write that know no time.
fn taken(since_1904_s: u64) -> Option<Taken> {
    let seconds = i64::try_from(since_1904_s.checked_sub(EPOCH_1904_S)?).ok()?;
    let at = Timestamp::from_second(seconds).ok()?;
    Some(Taken {
        local: Offset::UTC.to_datetime(at),
        offset_s: Some(0),
        sub_second: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_bytes_give_no_facts_and_no_panic() {
        for bytes in [
            &b""[..],
            b"\0\0\0\x08moov",
            b"\xff\xff\xff\xffmoov",
            b"\0\0\0\x10moov\0\0\0\x08mvhd",
            b"\0\0\0\x04moov",
        ] {
            assert_eq!(read(bytes), MediaFacts::default());
        }
    }

    #[test]
    fn a_creation_time_of_zero_is_no_date() {
        assert_eq!(taken(0), None);
        assert_eq!(
            taken(EPOCH_1904_S + 86_400).unwrap().local.to_string(),
            "1970-01-02T00:00:00"
        );
    }
}
