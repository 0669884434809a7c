//! Frames per second of an MP4 or MOV, out of its video track's tables.

use std::io::Cursor;

use super::sniff::{be32, box_at};

/// Frames per second, where the bytes hold the whole `moov` box of a plain file.
pub(super) fn frames_per_second(bytes: &[u8]) -> Option<f64> {
    let moov = child(bytes, b"moov")?;
    children(moov)
        .into_iter()
        .filter(|(kind, _)| kind == b"trak")
        .find_map(|(_, track)| of_track(track))
}

fn of_track(track: &[u8]) -> Option<f64> {
    let media = child(track, b"mdia")?;
    if child(media, b"hdlr")?.get(8..12)? != b"vide" {
        return None;
    }
    let header = child(media, b"mdhd")?;
    let timescale = be32(header, if header.first()? == &1 { 20 } else { 12 })?;
    let table = child(child(child(media, b"minf")?, b"stbl")?, b"stts")?;
    let (mut samples, mut ticks) = (0_u64, 0_u64);
    for entry in table.get(8..)?.chunks_exact(8).take(be32(table, 4)? as usize) {
        let count = u64::from(be32(entry, 0)?);
        samples += count;
        ticks = ticks.checked_add(count.checked_mul(u64::from(be32(entry, 4)?))?)?;
    }
    (samples > 0 && ticks > 0 && timescale > 0).then(|| {
        let fps = samples as f64 * f64::from(timescale) / ticks as f64;
        (fps * 1000.0).round() / 1000.0
    })
}

fn child<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    children(bytes)
        .into_iter()
        .find(|(kind, _)| kind == wanted)
        .map(|(_, content)| content)
}

/// The boxes side by side in `bytes`, up to the first that does not fit.
fn children(bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let (mut found, mut at) = (Vec::new(), 0);
    while let Ok(Some((kind, start, end))) = box_at(&mut cursor, at, bytes.len() as u64) {
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let Some(content) = range.and_then(|(start, end)| bytes.get(start..end)) else {
            break;
        };
        found.push((kind, content));
        at = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn movie(handler: &[u8; 4]) -> Vec<u8> {
        let stts = boxed(b"stts", &words(&[0, 2, 59, 1001, 1, 1001]));
        let media = [
            boxed(b"mdhd", &words(&[0, 0, 0, 30_000, 60_060, 0])),
            boxed(b"hdlr", &[&words(&[0, 0])[..], handler, &[0; 12]].concat()),
            boxed(b"minf", &boxed(b"stbl", &stts)),
        ];
        boxed(b"moov", &boxed(b"trak", &boxed(b"mdia", &media.concat())))
    }

    #[test]
    fn frames_are_counted_over_the_track_of_pictures() {
        assert_eq!(frames_per_second(&movie(b"vide")), Some(29.97));
        assert_eq!(frames_per_second(&movie(b"soun")), None);
    }

    #[test]
    fn cut_or_hostile_tables_give_nothing_and_do_not_hang() {
        let whole = movie(b"vide");
        for length in 0..whole.len() {
            assert_eq!(frames_per_second(&whole[..length]), None);
        }
        assert_eq!(frames_per_second(&[0; 64]), None);
        assert_eq!(frames_per_second(&[0xff; 64]), None);
    }
}
