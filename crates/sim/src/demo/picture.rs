//! Small pictures that differ: a sky, a ground, and shapes in seeded colours.

use jpeg_encoder::{ColorType, Encoder};

use crate::error::SimError;
use crate::seeded::Seeded;

const WIDTH_PX: u16 = 160;
const HEIGHT_PX: u16 = 120;

/// A JPEG of 160 × 120 pixels with this EXIF block.
pub(super) fn jpeg(seeded: &mut Seeded, exif: Option<&[u8]>) -> Result<Vec<u8>, SimError> {
    encode(&scene(seeded, WIDTH_PX, HEIGHT_PX), WIDTH_PX, HEIGHT_PX, exif)
}

/// Encodes RGB pixels.
pub(super) fn encode(rgb: &[u8], width: u16, height: u16, exif: Option<&[u8]>) -> Result<Vec<u8>, SimError> {
    let failed = |error: jpeg_encoder::EncodingError| SimError::Generate {
        what: "a demo picture".to_owned(),
        message: error.to_string(),
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 70);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).map_err(failed)?;
    }
    encoder.encode(rgb, width, height, ColorType::Rgb).map_err(failed)?;
    Ok(bytes)
}

/// RGB pixels of a landscape with a sun and some discs.
pub(super) fn scene(seeded: &mut Seeded, width: u16, height: u16) -> Vec<u8> {
    let (sky, ground) = (color(seeded), color(seeded));
    let horizon = height / 3 + seeded.below(u64::from(height) / 3) as u16;
    let discs: Vec<_> = (0..3)
        .map(|_| Disc {
            x: seeded.below(u64::from(width)) as i32,
            y: seeded.below(u64::from(height)) as i32,
            radius: 6 + seeded.below(24) as i32,
            color: color(seeded),
        })
        .collect();
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..height {
        // A gradient, so that pictures look like something and do not shrink to nothing.
        let shade = (u32::from(y) * 80 / u32::from(height)) as u8;
        let base = if y < horizon { sky } else { ground };
        for x in 0..width {
            let disc = discs.iter().find(|disc| disc.covers(i32::from(x), i32::from(y)));
            let [red, green, blue] = disc.map_or(base, |disc| disc.color);
            pixels.extend([
                red.saturating_add(shade),
                green.saturating_sub(shade / 2),
                blue.saturating_add(shade / 3),
            ]);
        }
    }
    pixels
}

struct Disc {
    x: i32,
    y: i32,
    radius: i32,
    color: [u8; 3],
}

impl Disc {
    fn covers(&self, x: i32, y: i32) -> bool {
        let (dx, dy) = (x - self.x, y - self.y);
        dx * dx + dy * dy <= self.radius * self.radius
    }
}

fn color(seeded: &mut Seeded) -> [u8; 3] {
    let [red, green, blue, ..] = seeded.next_u64().to_le_bytes();
    [red, green, blue]
}
