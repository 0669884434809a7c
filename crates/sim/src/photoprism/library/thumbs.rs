//! Thumbnails: JPEGs of the right size in one colour, because no picture is decoded.

use jpeg_encoder::{ColorType, Encoder};

use crate::photoprism::model::File;

/// Largest side of a thumbnail that is made; the real server's largest have four times as many pixels on a side.
const LARGEST: i64 = 1920;

/// A size of thumbnails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    width: i64,
    height: i64,
    /// Cut to just this frame, not fitted into it.
    crop: bool,
}

/// The size of a name.
pub(super) fn size(name: &str) -> Option<Size> {
    let (kind, side) = name.split_once('_')?;
    let side: i64 = side.parse().ok()?;
    let (width, height) = match (kind, side) {
        ("tile", 50 | 100 | 160 | 224 | 320 | 480 | 500 | 1080) | ("left" | "right", 224) => (side, side),
        ("fit", 720 | 2048 | 4096) => (side, side),
        ("fit", 1280) => (1280, 1024),
        ("fit", 1600) => (1600, 900),
        ("fit", 1920) => (1920, 1200),
        ("fit", 2560) => (2560, 1600),
        ("fit", 3840) => (3840, 2400),
        ("fit", 7680) => (7680, 4320),
        _ => return None,
    };
    Some(Size {
        width,
        height,
        crop: kind != "fit",
    })
}

/// The thumbnail of a file: as wide and high as the real one, in a colour of its own.
pub(super) fn jpeg(file: &File, size: Size, cropped: bool) -> Vec<u8> {
    let (width, height) = match size.crop || cropped {
        true => (size.width, size.height),
        false => {
            let (own_width, own_height) = (file.width.max(1) as f64, file.height.max(1) as f64);
            let scale = (size.width as f64 / own_width)
                .min(size.height as f64 / own_height)
                .min(1.0);
            ((own_width * scale).round() as i64, (own_height * scale).round() as i64)
        }
    };
    let side = |pixels: i64| u16::try_from(pixels.clamp(1, LARGEST)).unwrap_or(1);
    let (width, height) = (side(width), side(height));
    let shade = u8::from_str_radix(file.hash.get(..2).unwrap_or("80"), 16).unwrap_or(128);
    let pixels = vec![shade; usize::from(width) * usize::from(height)];
    let mut bytes = Vec::new();
    // Encoding into memory fails only for pictures without pixels.
    let _ = Encoder::new(&mut bytes, 70).encode(&pixels, width, height, ColorType::Luma);
    bytes
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn thumbnails_have_the_size_of_real_ones() {
        let mut file = File::new("a.jpg", "82c61c54", 1, Timestamp::UNIX_EPOCH);
        (file.width, file.height) = (640, 480);
        let made = |name: &str| {
            let bytes = jpeg(&file, size(name).unwrap(), false);
            // Height and width stand behind the marker of the frame.
            let at = bytes.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
            let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
            (number(at + 7), number(at + 5))
        };
        assert_eq!(made("tile_224"), (224, 224));
        assert_eq!(made("fit_720"), (640, 480));
        assert_eq!((size("bogus"), size("tile_225")), (None, None));
    }
}
