//! What files are made of: where each kind of file keeps EXIF, XMP, sizes and dates.

use crate::draft::Draft;
use crate::exif::{self, Frame};
use crate::window::Window;
use crate::{FileKind, FileType, WarningKind};

mod boxes;
mod gif;
mod heif;
mod jpeg;
mod matroska;
mod movie;
mod png;
mod raw;
mod riff;

/// Reads a file of a known type into the draft.
pub(crate) fn read(file_type: FileType, window: &mut Window<'_>, draft: &mut Draft) {
    let size = window.size();
    match file_type.extension {
        "jpg" => jpeg::read(window, 0, size, draft),
        "png" => png::read(window, draft),
        "gif" => gif::read(window, draft),
        "bmp" => raw::read_bmp(window, draft),
        "webp" | "avi" => riff::read(window, draft),
        "heic" | "heics" | "heif" | "heifs" | "avif" | "avifs" | "jxl" => heif::read(window, draft),
        "cr3" | "mp4" | "m4v" | "mov" | "3gp" | "3g2" | "f4v" => movie::read(window, draft),
        "mkv" | "webm" => matroska::read(window, draft),
        "raf" => raw::read_raf(window, draft),
        "rw2" | "rwl" => exif::read(window, 0, size, Frame::Panasonic, draft),
        "tif" | "dng" | "cr2" | "nef" | "nrw" | "arw" | "sr2" | "srf" | "orf" | "pef" | "srw" | "dcr" | "erf"
        | "3fr" => {
            exif::read(window, 0, size, Frame::Whole, draft);
        }
        _ if file_type.kind == FileKind::Other => {
            draft.warn(WarningKind::Unsupported, "neither a photo nor a video");
        }
        _ => {
            let name = file_type.media_type;
            draft.warn(WarningKind::Unsupported, format!("nothing inside {name} is read"));
        }
    }
}

/// Reads a block of EXIF that had to be unpacked or put together first.
fn exif_in_memory(mut bytes: &[u8], draft: &mut Draft) {
    /// More than any block has tags.
    const STEPS_MAX: u32 = 20_000;
    let length = bytes.len() as u64;
    // Pages are read more than once if the block is larger than all of them.
    let mut window = Window::new(&mut bytes, length.saturating_mul(16), STEPS_MAX);
    exif::read(&mut window, 0, length, Frame::Inside, draft);
}
