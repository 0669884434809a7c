//! Width, height and codec of stills from their headers.

use crate::facts::exif_values::jpeg_size;

use super::Metadata;
use super::blocks::find;
use super::png;

pub(super) fn read(content_type: &str, bytes: &[u8], found: &mut Metadata) {
    let (codec, size) = match content_type {
        "image/jpeg" => ("jpeg", jpeg_size(bytes)),
        "image/png" => ("png", png_size(bytes)),
        "image/gif" => ("gif", little(bytes, 6).zip(little(bytes, 8))),
        "image/bmp" => ("bmp", little(bytes, 18).zip(little(bytes, 22))),
        "image/webp" => webp(bytes),
        "image/heic" | "image/heif" => ("heic", item_size(bytes)),
        "image/avif" => ("avif", item_size(bytes)),
        "image/tiff" => ("tiff", None),
        "image/x-canon-cr3" => ("craw", None),
        "image/svg+xml" => ("svg", None),
        _ => ("", None),
    };
    codec.clone_into(&mut found.codec);
    if let Some((width, height)) = size {
        (found.width_px, found.height_px) = (width, height);
    }
    if content_type == "image/gif" {
        found.frames = bytes.windows(3).filter(|bytes| *bytes == [0x21, 0xf9, 0x04]).count() as u64;
    } else if content_type == "image/png"
        && let Some((_, control)) = png::chunks(bytes).find(|(kind, _)| *kind == b"acTL")
        && let Some(frames) = control.first_chunk()
    {
        found.frames = u64::from(u32::from_be_bytes(*frames));
    }
}

fn little(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(*bytes.get(at..at + 2)?.first_chunk()?)))
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..at + 4)?.first_chunk()?))
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    big(bytes, 16).zip(big(bytes, 20))
}

fn webp(bytes: &[u8]) -> (&'static str, Option<(u32, u32)>) {
    let three = |at: usize| Some(little(bytes, at)? | (u32::from(*bytes.get(at + 2)?) << 16));
    match bytes.get(12..16) {
        Some(b"VP8X") => (
            "extended webp",
            three(24).zip(three(27)).map(|(width, height)| (width + 1, height + 1)),
        ),
        Some(b"VP8L") => {
            let bits = bytes.get(21..25).and_then(|bits| bits.first_chunk());
            let size = bits.map(|bits| u32::from_le_bytes(*bits));
            (
                "webp lossless",
                size.map(|bits| ((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1)),
            )
        }
        _ => (
            "webp",
            little(bytes, 26)
                .zip(little(bytes, 28))
                .map(|(width, height)| (width & 0x3fff, height & 0x3fff)),
        ),
    }
}

/// The largest size that an item property of a HEIF file tells: tiles and thumbnails are smaller.
fn item_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let meta = &bytes[..bytes.len().min(64 * 1024)];
    let area = |(width, height): (u32, u32)| u64::from(width) * u64::from(height);
    let mut largest = None;
    let mut from = 0;
    while let Some(at) = find(meta.get(from..)?, b"ispe") {
        let at = from + at;
        if let Some((width, height)) = big(meta, at + 8).zip(big(meta, at + 12))
            && largest.is_none_or(|known| area((width, height)) > area(known))
        {
            largest = Some((width, height));
        }
        from = at + 4;
    }
    largest
}
