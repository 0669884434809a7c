//! What a file is, by its first bytes, and whether it ends where its own structure says it does.
//!
//! Written for the stand-in alone, so that a mistake in the toolkit's own reader cannot hide here.

use std::io::{self, Read, Seek, SeekFrom};

/// A media type that the stand-in recognises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The type as Google names it, e.g. `image/heif`.
    pub(super) mime: &'static str,
    /// How its structure is checked.
    pub(super) family: Family,
    /// Whether Google's list of accepted types has it (read 2026-08).
    pub(super) on_the_list: bool,
}

/// Formats that share a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Jpeg,
    Png,
    Gif,
    Riff,
    IsoBmff,
    Tiff,
    Bmp,
    Ico,
    Matroska,
    Asf,
    Mpeg,
}

impl Format {
    /// Whether Google shows it as a video.
    pub(super) fn is_video(self) -> bool {
        self.mime.starts_with("video/")
    }
}

/// Bytes of the head that [`sniff`] wants to see.
pub(super) const HEAD_BYTES: usize = 4096;

/// Tells the format by the first bytes; `None` for everything that is no picture and no video.
pub(super) fn sniff(head: &[u8]) -> Option<Format> {
    let listed = |mime, family| {
        Some(Format {
            mime,
            family,
            on_the_list: true,
        })
    };
    match head {
        [0xff, 0xd8, 0xff, ..] => listed("image/jpeg", Family::Jpeg),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => listed("image/png", Family::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => listed("image/gif", Family::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => listed("image/webp", Family::Riff),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => listed("video/x-msvideo", Family::Riff),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => listed(tiff_type(head), Family::Tiff),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => listed("image/bmp", Family::Bmp),
        [0, 0, 1, 0, count, 0, ..] if *count > 0 => listed("image/x-icon", Family::Ico),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(matroska(head)),
        [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, ..] => listed("video/x-ms-wmv", Family::Asf),
        [0, 0, 1, 0xba | 0xb3, ..] => listed("video/mpeg", Family::Mpeg),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => iso_bmff(head),
        [
            _,
            _,
            _,
            _,
            b'm' | b'w' | b'f',
            b'o' | b'i' | b'r',
            b'o' | b'd' | b'e',
            b'v' | b'e',
            ..,
        ] if old_quicktime(head) => listed("video/quicktime", Family::IsoBmff),
        _ if is_transport_stream(head) => listed("video/mp2t", Family::Mpeg),
        _ => None,
    }
}

/// QuickTime files from before `ftyp` start with one of these boxes.
fn old_quicktime(head: &[u8]) -> bool {
    matches!(head.get(4..8), Some(b"moov" | b"wide" | b"free"))
}

/// Raw files are TIFFs; the maker is told by signatures near the start.
fn tiff_type(head: &[u8]) -> &'static str {
    let has = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    if head.get(8..10) == Some(b"CR") {
        "image/x-canon-cr2"
    } else if has(b"NIKON CORPORATION") {
        "image/x-nikon-nef"
    } else if has(&[0x12, 0xc6, 1, 0]) || has(&[0xc6, 0x12, 0, 1]) {
        // The tag DNGVersion (0xC612) with its type BYTE, in either byte order.
        "image/x-adobe-dng"
    } else {
        "image/tiff"
    }
}

fn matroska(head: &[u8]) -> Format {
    // WebM is Matroska to the eye, yet Google's list names MKV only.
    let webm = head.windows(4).take(64).any(|window| window == b"webm");
    let mime = if webm { "video/webm" } else { "video/x-matroska" };
    Format {
        mime,
        family: Family::Matroska,
        on_the_list: !webm,
    }
}

fn iso_bmff(head: &[u8]) -> Option<Format> {
    let size = usize::try_from(be32(head, 0)?).ok()?.clamp(16, head.len().max(16));
    let brands = head.get(8..size.min(head.len()))?;
    // Major brand first, then the compatible ones behind the minor version.
    let all: Vec<&[u8]> = brands
        .chunks_exact(4)
        .enumerate()
        .filter(|(at, _)| *at != 1)
        .map(|(_, brand)| brand)
        .collect();
    let any = |wanted: &[&[u8; 4]]| all.iter().any(|brand| wanted.iter().any(|w| *brand == w.as_slice()));
    let mime = match *all.first()? {
        [b'q', b't', ..] => "video/quicktime",
        [b'3', b'g', b'p' | b'r' | b's' | b'e', _] => "video/3gpp",
        [b'3', b'g', b'2', _] => "video/3gpp2",
        b"crx " => "image/x-canon-cr3",
        b"M4A " | b"M4B " => return None,
        _ if any(&[b"avif", b"avis"]) => "image/avif",
        _ if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"]) => "image/heif",
        _ => "video/mp4",
    };
    Some(Format {
        mime,
        family: Family::IsoBmff,
        on_the_list: true,
    })
}

fn is_transport_stream(head: &[u8]) -> bool {
    let packets = |start: usize, step: usize| (0..4).all(|n| head.get(start + n * step) == Some(&0x47));
    packets(0, 188) || packets(4, 192)
}

/// Whether a file of this format reaches to its own end.
///
/// Looks at structure only, decodes nothing. Formats without an end of their own count as complete.
pub(super) fn is_complete<R: Read + Seek>(format: Format, mut bytes: R, length: u64) -> io::Result<bool> {
    bytes.seek(SeekFrom::Start(0))?;
    let checked = match format.family {
        Family::Jpeg => jpeg_ends(&mut bytes),
        Family::Png => png_ends(&mut bytes),
        Family::Gif => gif_ends(&mut bytes, length),
        Family::Riff => riff_ends(&mut bytes, length),
        Family::IsoBmff => boxes_end(&mut bytes, length, format.is_video()),
        Family::Tiff => tiff_ends(&mut bytes, length),
        Family::Bmp => bmp_ends(&mut bytes, length),
        Family::Asf => asf_ends(&mut bytes, length),
        Family::Matroska => matroska_ends(&mut bytes, length),
        Family::Ico => ico_ends(&mut bytes, length),
        Family::Mpeg => Ok(true),
    };
    match checked {
        // Running out of bytes is what a cut file looks like.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        other => other,
    }
}

/// Walks the segments, then looks for the end marker behind the scans.
fn jpeg_ends<R: Read + Seek>(bytes: &mut R) -> io::Result<bool> {
    let mut bytes = io::BufReader::new(bytes);
    let mut in_scan = false;
    let mut byte = [0_u8];
    bytes.seek_relative(2)?;
    loop {
        bytes.read_exact(&mut byte)?;
        if byte[0] != 0xff {
            if in_scan {
                continue;
            }
            return Ok(false);
        }
        while byte[0] == 0xff {
            bytes.read_exact(&mut byte)?;
        }
        match byte[0] {
            0xd9 => return Ok(true),
            // A stuffed zero or a restart marker belongs to the scan.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            marker => {
                let mut length = [0_u8; 2];
                bytes.read_exact(&mut length)?;
                let length = u16::from_be_bytes(length);
                if length < 2 {
                    return Ok(false);
                }
                skip(&mut bytes, u64::from(length) - 2)?;
                in_scan = marker == 0xda || in_scan;
            }
        }
    }
}

/// Reads past `count` bytes, so that the end of the file is noticed.
fn skip<R: Read>(bytes: &mut R, count: u64) -> io::Result<()> {
    if io::copy(&mut bytes.by_ref().take(count), &mut io::sink())? == count {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn png_ends<R: Read + Seek>(bytes: &mut R) -> io::Result<bool> {
    bytes.seek(SeekFrom::Start(8))?;
    let mut bytes = io::BufReader::new(bytes);
    loop {
        let mut head = [0_u8; 8];
        bytes.read_exact(&mut head)?;
        skip(&mut bytes, u64::from(be32(&head, 0).unwrap_or(0)) + 4)?;
        if &head[4..] == b"IEND" {
            return Ok(true);
        }
    }
}

fn gif_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    // Some writers pad with zeros behind the trailer.
    bytes.seek(SeekFrom::Start(length.saturating_sub(16)))?;
    let mut tail = Vec::new();
    bytes.read_to_end(&mut tail)?;
    Ok(tail.iter().rev().find(|byte| **byte != 0) == Some(&0x3b))
}

fn riff_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    let head = read_head::<_, 8>(bytes)?;
    Ok(u64::from(le32(&head, 4).unwrap_or(u32::MAX)) + 8 <= length)
}

fn bmp_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    let head = read_head::<_, 14>(bytes)?;
    // Old writers left the size 0; then only the pixel offset can be judged.
    let size = u64::from(le32(&head, 2).unwrap_or(u32::MAX));
    let pixels = u64::from(le32(&head, 10).unwrap_or(u32::MAX));
    Ok(size <= length && pixels < length)
}

fn ico_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    let head = read_head::<_, 6>(bytes)?;
    for _ in 0..u16::from_le_bytes([head[4], head[5]]) {
        let mut entry = [0_u8; 16];
        bytes.read_exact(&mut entry)?;
        let end = u64::from(le32(&entry, 8).unwrap_or(0)) + u64::from(le32(&entry, 12).unwrap_or(0));
        if end > length {
            return Ok(false);
        }
    }
    Ok(true)
}

fn asf_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    let head = read_head::<_, 30>(bytes)?;
    let header_object = u64::from_le_bytes([
        head[16], head[17], head[18], head[19], head[20], head[21], head[22], head[23],
    ]);
    if header_object >= length {
        return Ok(false);
    }
    // The data object follows the header object and says its own length; 0 means a live stream.
    bytes.seek(SeekFrom::Start(header_object))?;
    let mut data = [0_u8; 24];
    bytes.read_exact(&mut data)?;
    let size = u64::from_le_bytes([
        data[16], data[17], data[18], data[19], data[20], data[21], data[22], data[23],
    ]);
    Ok(header_object.saturating_add(size) <= length)
}

/// Top-level boxes must tile the file; a video needs its `moov`, a picture its `meta` or `moov`.
fn boxes_end<R: Read + Seek>(bytes: &mut R, length: u64, video: bool) -> io::Result<bool> {
    let mut at = 0_u64;
    let mut described = false;
    while at + 8 <= length {
        let Some((kind, _, end)) = box_at(bytes, at, length)? else {
            return Ok(false);
        };
        described |= &kind == b"moov" || (!video && &kind == b"meta");
        if end > length {
            return Ok(false);
        }
        at = end;
    }
    Ok(described)
}

/// Kind, start of content and end of the box at `at`; `None` where no box can be.
pub(super) fn box_at<R: Read + Seek>(bytes: &mut R, at: u64, length: u64) -> io::Result<Option<([u8; 4], u64, u64)>> {
    bytes.seek(SeekFrom::Start(at))?;
    let mut head = [0_u8; 8];
    bytes.read_exact(&mut head)?;
    let kind = [head[4], head[5], head[6], head[7]];
    let (header, size) = match be32(&head, 0).unwrap_or(0) {
        0 => (8, length.saturating_sub(at)),
        1 => {
            let mut large = [0_u8; 8];
            bytes.read_exact(&mut large)?;
            (16, u64::from_be_bytes(large))
        }
        size => (8, u64::from(size)),
    };
    if size < header {
        // A terminator of four zero bytes, or garbage.
        return Ok(None);
    }
    Ok(Some((kind, at + header, at.saturating_add(size))))
}

/// Every directory of the chain and the pixels of the first lie inside the file.
fn tiff_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    let head = read_head::<_, 8>(bytes)?;
    let little = head[0] == b'I';
    let number = |raw: &[u8]| -> u64 {
        let fold = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        if little {
            raw.iter().rev().fold(0, fold)
        } else {
            raw.iter().fold(0, fold)
        }
    };
    bytes.seek(SeekFrom::Start(number(&head[4..8])))?;
    let mut count = [0_u8; 2];
    bytes.read_exact(&mut count)?;
    let mut directory = vec![0_u8; usize::try_from(number(&count)).unwrap_or(0) * 12];
    bytes.read_exact(&mut directory)?;

    let mut list = |tags: [u64; 2]| -> io::Result<Vec<u64>> {
        let Some(entry) = directory
            .chunks_exact(12)
            .find(|entry| tags.contains(&number(&entry[..2])))
        else {
            return Ok(Vec::new());
        };
        let width = if number(&entry[2..4]) == 3 { 2 } else { 4 };
        let size = usize::try_from(number(&entry[4..8]))
            .unwrap_or(usize::MAX)
            .saturating_mul(width);
        if size <= 4 {
            return Ok(entry[8..8 + size].chunks_exact(width).map(number).collect());
        }
        let start = number(&entry[8..12]);
        if start.saturating_add(size as u64) > length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut raw = vec![0_u8; size];
        bytes.seek(SeekFrom::Start(start))?;
        bytes.read_exact(&mut raw)?;
        Ok(raw.chunks_exact(width).map(number).collect())
    };
    let (starts, sizes) = (list([273, 324])?, list([279, 325])?);
    Ok(starts.iter().zip(&sizes).all(|(start, size)| start + size <= length))
}

/// The segment's declared size fits; live recordings leave it open.
fn matroska_ends<R: Read + Seek>(bytes: &mut R, length: u64) -> io::Result<bool> {
    bytes.seek(SeekFrom::Start(4))?;
    let header = ebml_size(bytes)?.unwrap_or(0);
    let at = bytes.stream_position()?.saturating_add(header);
    bytes.seek(SeekFrom::Start(at))?;
    let mut id = [0_u8; 4];
    bytes.read_exact(&mut id)?;
    if id != [0x18, 0x53, 0x80, 0x67] {
        return Ok(false);
    }
    let Some(size) = ebml_size(bytes)? else { return Ok(true) };
    Ok(bytes.stream_position()?.saturating_add(size) <= length)
}

/// A size of EBML; `None` where every bit is set, which means unknown.
fn ebml_size<R: Read>(bytes: &mut R) -> io::Result<Option<u64>> {
    let mut first = [0_u8];
    bytes.read_exact(&mut first)?;
    let extra = first[0].leading_zeros();
    if extra > 7 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mask = 0x7f_u8 >> extra;
    let mut value = u64::from(first[0] & mask);
    let mut unknown = first[0] & mask == mask;
    for _ in 0..extra {
        bytes.read_exact(&mut first)?;
        value = (value << 8) | u64::from(first[0]);
        unknown &= first[0] == 0xff;
    }
    Ok((!unknown).then_some(value))
}

fn read_head<R: Read + Seek, const N: usize>(bytes: &mut R) -> io::Result<[u8; N]> {
    bytes.seek(SeekFrom::Start(0))?;
    let mut head = [0_u8; N];
    bytes.read_exact(&mut head)?;
    Ok(head)
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rstest::rstest;

    use super::*;

    fn complete(bytes: &[u8]) -> bool {
        is_complete(sniff(bytes).unwrap(), Cursor::new(bytes), bytes.len() as u64).unwrap()
    }

    fn png() -> Vec<u8> {
        let mut png = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
        png.extend([
            0, 0, 0, 0, b'I', b'D', b'A', b'T', 0, 0, 0, 0, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0, 0, 0, 0,
        ]);
        png
    }

    fn boxes(parts: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (kind, content) in parts {
            out.extend((8 + content.len() as u32).to_be_bytes());
            out.extend_from_slice(*kind);
            out.extend_from_slice(content);
        }
        out
    }

    #[rstest]
    #[case(b"\xff\xd8\xff\xe0", Some("image/jpeg"))]
    #[case(b"GIF89a..", Some("image/gif"))]
    #[case(b"RIFF\x04\0\0\0WEBPVP8 ", Some("image/webp"))]
    #[case(b"RIFF\x04\0\0\0AVI LIST", Some("video/x-msvideo"))]
    #[case(b"RIFF\x04\0\0\0WAVEfmt ", None)]
    #[case(b"II*\0\x08\0\0\0", Some("image/tiff"))]
    #[case(b"II*\0\x10\0\0\0CR\x02\0", Some("image/x-canon-cr2"))]
    #[case(b"\0\0\0\x14ftypheic\0\0\0\0mif1", Some("image/heif"))]
    #[case(b"\0\0\0\x18ftypmif1\0\0\0\0avifmif1", Some("image/avif"))]
    #[case(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Some("video/quicktime"))]
    #[case(b"\0\0\0\x14ftyp3gp5\0\0\0\x003gp5", Some("video/3gpp"))]
    #[case(b"\0\0\0\x14ftypcrx \0\0\0\x01crx ", Some("image/x-canon-cr3"))]
    #[case(b"\0\0\0\x14ftypisom\0\0\0\x01mp41", Some("video/mp4"))]
    #[case(b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm", Some("video/webm"))]
    #[case(b"%PDF-1.7 not a picture", None)]
    #[case(b"", None)]
    fn type_is_told_by_the_first_bytes(#[case] head: &[u8], #[case] mime: Option<&str>) {
        assert_eq!(sniff(head).map(|format| format.mime), mime);
    }

    #[test]
    fn webm_is_not_on_the_list() {
        assert!(!sniff(b"\x1a\x45\xdf\xa3\x84\x42\x82\x84webm").unwrap().on_the_list);
        assert!(sniff(b"\x1a\x45\xdf\xa3\x84\x42\x82\x88matroska").unwrap().on_the_list);
    }

    #[test]
    fn jpeg_needs_its_end_marker_outside_of_segments() {
        // The comment segment contains an end marker that does not count.
        let mut jpeg = vec![
            0xff, 0xd8, 0xff, 0xfe, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3,
        ];
        assert!(!complete(&jpeg));
        jpeg.extend([0xff, 0xd9]);
        assert!(complete(&jpeg));
        jpeg.extend(b"a motion photo's video");
        assert!(complete(&jpeg));
    }

    #[test]
    fn every_cut_of_a_png_is_noticed() {
        let png = png();
        assert!(complete(&png));
        for length in 8..png.len() {
            assert!(!complete(&png[..length]), "{length}");
        }
    }

    #[test]
    fn video_needs_all_its_boxes() {
        let video = boxes(&[(b"ftyp", b"isom\0\0\0\0"), (b"moov", b"12345678"), (b"mdat", b"abc")]);
        assert!(complete(&video));
        assert!(!complete(&video[..video.len() - 1]));
        assert!(!complete(&boxes(&[(b"ftyp", b"isom\0\0\0\0"), (b"mdat", b"abc")])));
    }

    #[test]
    fn matroska_of_unknown_size_is_complete() {
        let mut live = vec![0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 0xff, 1, 2, 3];
        assert!(complete(&live));
        live[9] = 0x84;
        assert!(!complete(&live));
        live.push(4);
        assert!(complete(&live));
    }
}
