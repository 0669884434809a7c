//! QuickTime, MP4 and their relatives, among them CR3: boxes, read by hand because maker boxes are needed as well.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::blocks::find;
use super::exif_block::offset_s;
use super::{Clock, Found, Metadata, set};

/// Seconds from 1904, where these files count from, to 1970.
const EPOCH_1904_S: i64 = 2_082_844_800;

/// Bytes of the id at the start of Canon's own box.
const UUID_BYTES: usize = 16;

pub(super) fn read(bytes: &[u8], found: &mut Metadata) {
    let Some(moov) = child(bytes, b"moov") else { return };
    let mut clock = None;
    for (kind, body) in boxes(moov) {
        match kind {
            b"mvhd" => clock = read_header(body, found),
            b"trak" => read_track(body, found),
            b"udta" => read_user_data(body, found),
            b"meta" => read_keys(body, found),
            _ => {}
        }
    }
    found.taken = found.taken.or(clock);
}

fn read_header(body: &[u8], found: &mut Metadata) -> Option<Found> {
    let (created, timescale, duration) = times(body)?;
    // PhotoPrism has the duration from ExifTool, which rounds it to hundredths of a second.
    if timescale > 0 {
        found.duration_ns = ((duration as f64 / timescale as f64) * 100.0).round() as u64 * 10_000_000;
    }
    let at = Timestamp::from_second(i64::try_from(created).ok()?.checked_sub(EPOCH_1904_S)?).ok()?;
    (created > 0 && at.as_second() >= 0).then(|| Found {
        wall: Offset::UTC.to_datetime(at),
        clock: Clock::Utc,
    })
}

/// Creation time, units per second and length in units of `mvhd` and `mdhd`.
fn times(body: &[u8]) -> Option<(u64, u64, u64)> {
    let wide = *body.first()? == 1;
    let long = |at| Some(u64::from(u32::from_be_bytes(*body.get(at..at + 4)?.first_chunk()?)));
    let double = |at| Some(u64::from_be_bytes(*body.get(at..at + 8)?.first_chunk()?));
    if wide {
        Some((double(4)?, long(20)?, double(24)?))
    } else {
        Some((long(4)?, long(12)?, long(16)?))
    }
}

fn read_track(track: &[u8], found: &mut Metadata) {
    let Some(media) = child(track, b"mdia") else { return };
    let is_video = child(media, b"hdlr").is_some_and(|handler| handler.get(8..12) == Some(b"vide"));
    if !is_video || found.width_px > 0 {
        return;
    }
    if let Some((width, height, turned)) = child(track, b"tkhd").and_then(track_size) {
        (found.width_px, found.height_px) = (width, height);
        found.orientation = if turned { 6 } else { 1 };
    }
    let Some(table) = child(media, b"minf").and_then(|info| child(info, b"stbl")) else {
        return;
    };
    if let Some(kind) = child(table, b"stsd").and_then(|entries| entries.get(12..16)) {
        found.codec = String::from_utf8_lossy(kind).to_lowercase();
    }
    let timescale = child(media, b"mdhd").and_then(times).map(|(_, timescale, _)| timescale);
    if let Some((samples, each)) = child(table, b"stts").and_then(first_run)
        && let Some(timescale) = timescale
        && each > 0
    {
        found.frames_per_second = timescale as f64 / each as f64;
        found.frames = samples;
    }
}

/// All samples, and the length of the first one.
fn first_run(table: &[u8]) -> Option<(u64, u64)> {
    let long = |at: usize| Some(u64::from(u32::from_be_bytes(*table.get(at..at + 4)?.first_chunk()?)));
    let runs = usize::try_from(long(4)?).ok()?;
    let samples = (0..runs.min(100_000)).map_while(|run| long(8 + run * 8)).sum();
    Some((samples, long(12)?))
}

/// Width, height, and whether the picture is shown turned by a quarter.
fn track_size(body: &[u8]) -> Option<(u32, u32, bool)> {
    let matrix = if *body.first()? == 1 { 52 } else { 40 };
    let long = |at: usize| Some(u32::from_be_bytes(*body.get(at..at + 4)?.first_chunk()?));
    let turned = long(matrix)? == 0 && long(matrix + 4)? != 0;
    Some((long(matrix + 36)? >> 16, long(matrix + 40)? >> 16, turned))
}

fn read_user_data(body: &[u8], found: &mut Metadata) {
    for (kind, body) in boxes(body) {
        match kind {
            b"\xa9xyz" => set_place(&classic(body), found),
            b"\xa9mak" => set(&mut found.make, &classic(body)),
            b"\xa9mod" => set(&mut found.model, &classic(body)),
            b"\xa9swr" => set(&mut found.software, &classic(body)),
            b"\xa9day" => set_date(&classic(body), found),
            b"meta" => read_keys(body, found),
            _ => {}
        }
    }
}

/// Length, language, text.
fn classic(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(4..).unwrap_or_default()).into_owned()
}

/// `meta` with `keys` and `ilst`: the metadata of Apple's cameras.
fn read_keys(body: &[u8], found: &mut Metadata) {
    // Version and flags stand before the boxes in MP4, not in QuickTime.
    let body = if body.get(..4) == Some(&[0; 4]) {
        &body[4..]
    } else {
        body
    };
    let (Some(keys), Some(list)) = (child(body, b"keys"), child(body, b"ilst")) else {
        return;
    };
    let keys: Vec<String> = boxes(keys.get(8..).unwrap_or_default())
        .map(|(_, name)| String::from_utf8_lossy(name).into_owned())
        .collect();
    for (kind, item) in boxes(list) {
        let index = u32::from_be_bytes(*kind) as usize;
        let (Some(key), Some(data)) = (index.checked_sub(1).and_then(|at| keys.get(at)), child(item, b"data")) else {
            continue;
        };
        let text = String::from_utf8_lossy(data.get(8..).unwrap_or_default());
        match key.trim_start_matches("com.apple.quicktime.") {
            "location.ISO6709" => set_place(&text, found),
            "creationdate" => set_date(&text, found),
            "make" => set(&mut found.make, &text),
            "model" => set(&mut found.model, &text),
            "software" => set(&mut found.software, &text),
            "title" => set(&mut found.title, &text),
            "description" => set(&mut found.description, &text),
            _ => {}
        }
    }
}

/// `+27.1281+100.2508+000.000/`.
fn set_place(text: &str, found: &mut Metadata) {
    let mut numbers = Vec::new();
    let mut from = 0;
    let bytes = text.trim_end_matches(['/', '\0']);
    for (at, letter) in bytes.char_indices().skip(1) {
        if letter == '+' || letter == '-' {
            numbers.push(bytes[from..at].parse::<f64>());
            from = at;
        }
    }
    numbers.push(bytes[from..].parse());
    if let [Ok(latitude), Ok(longitude), ..] = numbers[..]
        && (latitude, longitude) != (0.0, 0.0)
    {
        found.gps = found.gps.or(Some((latitude, longitude)));
        if let Some(Ok(height)) = numbers.get(2) {
            found.altitude_m = found.altitude_m.or(Some(*height));
        }
    }
}

/// `2019-02-12T15:27:12+0800`.
fn set_date(text: &str, found: &mut Metadata) {
    let text = text.trim_matches('\0').trim();
    let Some((wall, offset)) = text.split_at_checked(19) else {
        return;
    };
    let Ok(wall) = wall.parse() else { return };
    let offset = if offset.len() == 5 {
        format!("{}:{}", &offset[..3], &offset[3..])
    } else {
        offset.to_owned()
    };
    let clock = offset_s(&offset).map_or(Clock::Local, Clock::Offset);
    found.taken = found.taken.or(Some(Found { wall, clock }));
}

/// The TIFF blocks that Canon keeps in its own box: camera, shot, maker's, position.
pub(super) fn cr3_exif_blocks(bytes: &[u8]) -> Vec<&[u8]> {
    let own = child(bytes, b"moov").and_then(|moov| child(moov, b"uuid"));
    let Some(own) = own.and_then(|own| own.get(UUID_BYTES..)) else {
        return Vec::new();
    };
    // The maker's own block has other tags under the same numbers.
    boxes(own)
        .filter(|(kind, _)| kind.starts_with(b"CMT") && *kind != b"CMT3")
        .map(|(_, body)| body)
        .collect()
}

/// The length that CR3 tells like a video.
pub(super) fn read_cr3(bytes: &[u8], found: &mut Metadata) {
    if let Some(header) = child(bytes, b"moov").and_then(|moov| child(moov, b"mvhd")) {
        read_header(header, found);
    }
    found.frames_per_second = 1.0;
}

/// Whether a complete video follows a picture in one file, as motion photos have it; its length is taken over.
pub(super) fn follows(bytes: &[u8], found: &mut Metadata) -> bool {
    let mut from = 16;
    while let Some(at) = find(bytes.get(from..).unwrap_or_default(), b"ftyp") {
        let start = from + at - 4;
        let video = &bytes[start..];
        let brand = bytes.get(start + 8..start + 12).unwrap_or_default();
        if matches!(brand, b"mp42" | b"isom" | b"mp41" | b"qt  ") && child(video, b"moov").is_some() {
            let mut movie = Metadata::default();
            read(video, &mut movie);
            found.duration_ns = movie.duration_ns;
            found.frames_per_second = movie.frames_per_second;
            found.frames = movie.frames;
            return movie.duration_ns > 0;
        }
        from = start + 8;
    }
    false
}

fn child<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find_map(|(kind, body)| (kind == wanted).then_some(body))
}

/// Kind and body of each box up to the first that does not fit.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = rest.get(4..8)?.first_chunk()?;
        let (head, len) = match size {
            0 => (8, rest.len()),
            1 => (
                16,
                usize::try_from(u64::from_be_bytes(*rest.get(8..16)?.first_chunk()?)).ok()?,
            ),
            len => (8, len),
        };
        let body = rest.get(head..len)?;
        rest = rest.get(len..)?;
        Some((kind, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_dates_of_apple_are_read() {
        let mut found = Metadata::default();
        set_place("+27.1281+100.2508-003.500/", &mut found);
        set_date("2019-02-12T15:27:12+0800", &mut found);
        assert_eq!((found.gps, found.altitude_m), (Some((27.1281, 100.2508)), Some(-3.5)));
        assert_eq!(found.taken.unwrap().clock, Clock::Offset(28_800));
        let mut nothing = Metadata::default();
        set_place("", &mut nothing);
        set_place("é+1", &mut nothing);
        set_date("ééééééééééé", &mut nothing);
        assert_eq!(nothing, Metadata::default());
    }
}
