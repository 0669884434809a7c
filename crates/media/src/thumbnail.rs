//! Small pictures of photos: the one that the camera put into the file, or a small photo made smaller.

use std::io::Cursor;

use exif::{In, Tag};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};

/// How far into a JPEG the camera's own small picture can reach: its block comes first and has 64 KiB at most.
const EXIF_BYTES: u64 = 160 * 1024;
/// Largest file that is decoded whole.
const WHOLE_BYTES: u64 = 512 << 10;
/// Most pixels that are decoded.
const PIXELS_MAX: u64 = 2_000_000;
/// Memory while so many pixels are decoded: three bytes each, as many again for a progressive file, and the file twice.
const WORK_BYTES: u64 = 2 * 3 * PIXELS_MAX + 2 * WHOLE_BYTES;
/// Memory while a camera's own small picture is decoded.
const WORK_BYTES_EXIF: u64 = 2 * EXIF_BYTES + (1 << 20);
const QUALITY: u8 = 72;

/// What [`thumbnail`] has to be given of a file, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThumbnailNeeds {
    /// How much of the file, from its first byte on.
    pub first_bytes: u64,
    /// Memory in bytes while it works, those bytes included.
    pub work_bytes: u64,
}

/// Says what a small picture of a file of `size_bytes` bytes would take: the whole file if it is small, else its
/// beginning.
pub fn thumbnail_needs(size_bytes: u64) -> ThumbnailNeeds {
    if size_bytes <= WHOLE_BYTES {
        ThumbnailNeeds {
            first_bytes: size_bytes,
            work_bytes: WORK_BYTES,
        }
    } else {
        ThumbnailNeeds {
            first_bytes: EXIF_BYTES,
            work_bytes: WORK_BYTES_EXIF,
        }
    }
}

/// Makes a JPEG of at most `side_px` by `side_px` pixels, upright and without any metadata; `None` if that cannot be done
/// cheaply.
///
/// `first` is the beginning of a JPEG file, all of it if `is_whole`. A camera's own small picture is taken if there is one;
/// else the file is decoded, if it is here and has no more than two million pixels.
pub fn thumbnail(first: &[u8], is_whole: bool, side_px: u32) -> Option<Vec<u8>> {
    if !first.starts_with(&[0xff, 0xd8]) {
        return None;
    }
    let exif = exif::Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut Cursor::new(first))
        .or_else(|error| error.distill_partial_result(|_| {}))
        .ok();
    let orientation = exif.as_ref().and_then(|exif| {
        let value = exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
        Orientation::from_exif(u8::try_from(value).ok()?)
    });
    let own = exif.as_ref().and_then(|exif| decode(own_picture(exif)?));
    let mut picture = match own {
        Some(own) => own,
        None if is_whole => decode(first)?,
        None => return None,
    };
    if picture.width() > side_px || picture.height() > side_px {
        picture = picture.thumbnail(side_px, side_px);
    }
    picture.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    encode(&picture)
}

/// The small picture that the camera put into the file.
fn own_picture(exif: &exif::Exif) -> Option<&[u8]> {
    let number = |tag| exif.get_field(tag, In::THUMBNAIL)?.value.get_uint(0);
    let from = usize::try_from(number(Tag::JPEGInterchangeFormat)?).ok()?;
    let length = usize::try_from(number(Tag::JPEGInterchangeFormatLength)?).ok()?;
    exif.buf().get(from..from.checked_add(length)?)
}

fn decode(jpeg: &[u8]) -> Option<DynamicImage> {
    let decoder = JpegDecoder::new(Cursor::new(jpeg)).ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return None;
    }
    DynamicImage::from_decoder(decoder).ok()
}

fn encode(picture: &DynamicImage) -> Option<Vec<u8>> {
    let rgb = picture.to_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .write_image(&rgb, rgb.width(), rgb.height(), ExtendedColorType::Rgb8)
        .ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use exif::experimental::Writer;
    use exif::{Field, Value};

    use super::*;

    /// A JPEG of one colour.
    fn jpeg(width: u16, height: u16, exif: Option<&[u8]>) -> Vec<u8> {
        let pixels = vec![90; usize::from(width) * usize::from(height) * 3];
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        if let Some(exif) = exif {
            encoder.add_exif_metadata(exif).unwrap();
        }
        encoder
            .encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb)
            .unwrap();
        bytes
    }

    fn exif(orientation: u16, own: Option<&[u8]>) -> Vec<u8> {
        let orientation = Field {
            tag: Tag::Orientation,
            ifd_num: In::PRIMARY,
            value: Value::Short(vec![orientation]),
        };
        let mut writer = Writer::new();
        writer.push_field(&orientation);
        if let Some(own) = own {
            writer.set_jpeg(own, In::THUMBNAIL);
        }
        let mut block = Cursor::new(Vec::new());
        writer.write(&mut block, false).unwrap();
        block.into_inner()
    }

    fn dimensions(jpeg: &[u8]) -> (u32, u32) {
        JpegDecoder::new(Cursor::new(jpeg)).unwrap().dimensions()
    }

    #[test]
    fn the_cameras_own_picture_is_taken_upright_from_the_beginning_alone() {
        let own = jpeg(160, 120, None);
        let photo = jpeg(1600, 1200, Some(&exif(6, Some(&own))));
        let made = thumbnail(&photo[..20_000.min(photo.len())], false, 120).unwrap();
        // Turned by a quarter.
        assert_eq!(dimensions(&made), (90, 120));
        let text = String::from_utf8_lossy(&made);
        assert!(!text.contains("Exif"), "no metadata");
    }

    #[test]
    fn a_small_photo_without_one_is_made_smaller() {
        let photo = jpeg(800, 400, None);
        assert_eq!(dimensions(&thumbnail(&photo, true, 200).unwrap()), (200, 100));
        assert_eq!(thumbnail(&photo, false, 200), None, "only its beginning is here");
    }

    #[test]
    fn what_is_large_or_no_jpeg_or_broken_has_none() {
        assert_eq!(thumbnail(&jpeg(2000, 1100, None), true, 200), None);
        assert_eq!(thumbnail(b"\x89PNG\r\n\x1a\n", true, 200), None);
        assert_eq!(thumbnail(b"\xff\xd8\xff\xe1\x00\x10Exif\0\0nonsense", true, 200), None);
        let broken = jpeg(80, 60, Some(&exif(99, Some(b"no picture"))));
        // The photo itself is there, and small.
        assert_eq!(dimensions(&thumbnail(&broken, true, 200).unwrap()), (80, 60));
    }

    #[test]
    fn what_it_takes_depends_on_the_size_of_the_file() {
        assert_eq!(thumbnail_needs(5_000).first_bytes, 5_000);
        let large = thumbnail_needs(8 << 20);
        assert_eq!(large.first_bytes, EXIF_BYTES);
        assert!(large.work_bytes < thumbnail_needs(5_000).work_bytes);
    }
}
