//! Facts of Matroska and WebM: date, codec, size and frame rate out of the first elements.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Found, Metadata};

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const VIDEO: u32 = 0xE0;
const DATE_UTC: u32 = 0x4461;
const CODEC_ID: u32 = 0x86;
const TRACK_TYPE: u32 = 0x83;
const DEFAULT_DURATION: u32 = 0x0023_E383;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;

/// Seconds from 1970 to 2001, where the dates of Matroska count from.
const EPOCH_2001_S: i64 = 978_307_200;

pub(super) fn read(bytes: &[u8], found: &mut Metadata) {
    for (id, segment) in Elements(bytes) {
        if id == SEGMENT {
            for (id, body) in Elements(segment) {
                match id {
                    INFO => read_info(body, found),
                    TRACKS => Elements(body)
                        .filter(|(id, _)| *id == TRACK_ENTRY)
                        .for_each(|(_, track)| read_track(track, found)),
                    _ => {}
                }
            }
        }
    }
}

fn read_info(body: &[u8], found: &mut Metadata) {
    for (id, body) in Elements(body) {
        if id == DATE_UTC
            && let Some(nanos) = body.first_chunk()
            && let Ok(at) = Timestamp::from_second(EPOCH_2001_S + i64::from_be_bytes(*nanos) / 1_000_000_000)
        {
            // Seen: the server knows no zone then and takes it as the wall clock.
            found.taken = Some(Found::local(Offset::UTC.to_datetime(at)));
        }
    }
}

fn read_track(track: &[u8], found: &mut Metadata) {
    let is_video = Elements(track).any(|(id, body)| id == TRACK_TYPE && number(body) == 1);
    if !is_video {
        return;
    }
    for (id, body) in Elements(track) {
        match id {
            CODEC_ID => found.codec = String::from_utf8_lossy(body).to_lowercase(),
            DEFAULT_DURATION if number(body) > 0 => found.frames_per_second = 1e9 / number(body) as f64,
            VIDEO => {
                for (id, body) in Elements(body) {
                    match id {
                        PIXEL_WIDTH => found.width_px = u32::try_from(number(body)).unwrap_or(0),
                        PIXEL_HEIGHT => found.height_px = u32::try_from(number(body)).unwrap_or(0),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn number(body: &[u8]) -> u64 {
    body.iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
}

/// Id and body of each element, the last one cut to what is there.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let id_len = self.0.first()?.leading_zeros() as usize + 1;
        let id = self
            .0
            .get(..id_len.min(4))?
            .iter()
            .fold(0, |all, byte| (all << 8) | u32::from(*byte));
        let rest = self.0.get(id_len..)?;
        let size_len = rest.first()?.leading_zeros() as usize + 1;
        let size = rest.get(..size_len)?;
        if size_len > 8 {
            return None;
        }
        let whole = number(size) & !(1 << (7 * size_len));
        let unknown = whole == (1 << (7 * size_len)) - 1;
        let body = &rest[size_len..];
        let len = if unknown {
            body.len()
        } else {
            usize::try_from(whole).ok()?.min(body.len())
        };
        let (body, after) = body.split_at(len);
        self.0 = after;
        Some((id, body))
    }
}
