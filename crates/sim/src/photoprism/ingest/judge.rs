//! Whether a picture can be made of a file, and what that makes of it in the index (reference 3.4, 3.6).

use crate::facts::metadata::Metadata;

use super::kinds::{Kind, Media};

/// What becomes of a file that was moved into originals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Is a preview itself.
    Preview,
    /// A JPEG is made for it.
    NeedsPreview,
    /// Goes into the index without any preview: a hidden photo.
    Hidden,
    /// Stays on the disk and is not indexed.
    Refused,
}

/// What the server's programs can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools {
    /// Whether RAW files can be developed.
    pub(crate) raw: bool,
}

/// Judges a file by what its extension says and what its bytes are.
pub(crate) fn judge(kind: Kind, content_type: &str, whole: bool, found: &Metadata, tools: Tools) -> Verdict {
    let is_picture = content_type.starts_with("image/");
    let is_video = content_type.starts_with("video/");
    let visible = whole && is_picture && found.width_px > 0;
    match (kind.media, kind.code) {
        (Media::Image, "jpg") => match content_type {
            "image/jpeg" if whole => Verdict::Preview,
            "image/jpeg" => Verdict::Refused,
            _ if visible => Verdict::Hidden,
            _ => Verdict::Refused,
        },
        (Media::Image, "png") => match content_type {
            "image/png" if whole => Verdict::Preview,
            "image/png" => Verdict::Refused,
            _ if visible => Verdict::NeedsPreview,
            _ => Verdict::Refused,
        },
        (Media::Image, "heic" | "heics") => match content_type {
            "image/heic" | "image/heif" | "image/avif" if whole => Verdict::NeedsPreview,
            _ => Verdict::Refused,
        },
        (Media::Image, _) if is_picture && whole => Verdict::NeedsPreview,
        // CR3 and the TIFF-like ones; their own readers are not rebuilt here.
        (Media::Raw, _) if tools.raw && whole && (is_picture || content_type == "application/octet-stream") => {
            Verdict::NeedsPreview
        }
        (Media::Video, _) if is_video && whole => Verdict::NeedsPreview,
        (Media::Vector, _) if !is_video && !is_picture || content_type == "image/svg+xml" => Verdict::NeedsPreview,
        (Media::Document, _) if content_type == "application/pdf" => Verdict::NeedsPreview,
        _ => Verdict::Refused,
    }
}

/// Whether the start of a file of `len` bytes belongs to a file that can be decoded at least in part.
pub(crate) fn is_whole(content_type: &str, head: &[u8], len: u64) -> bool {
    match content_type {
        "image/jpeg" => has_scan(head),
        "image/png" => has_pixels(head),
        "image/heic" | "image/heif" | "image/avif" => boxes_fit(head, len, b"meta"),
        // Its preview lies before the picture, so that cut ones do well enough.
        "image/x-canon-cr3" => memchr::memmem::find(head, b"moov").is_some(),
        "video/mp4" | "video/quicktime" | "video/3gpp" | "video/3gpp2" => boxes_fit(head, len, b"moov"),
        _ => len > 0,
    }
}

/// A frame, a scan, and something after it.
fn has_scan(bytes: &[u8]) -> bool {
    let mut at = 2;
    let mut frame = false;
    while let Some(&[0xff, kind, high, low]) = bytes.get(at..at + 4).and_then(|head| head.first_chunk()) {
        let len = usize::from(u16::from_be_bytes([high, low]));
        match kind {
            0xff => {
                at += 1;
                continue;
            }
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => frame = true,
            0xda => return frame && bytes.len() > at + 2 + len,
            0xd9 => return false,
            _ => {}
        }
        at += 2 + len;
    }
    false
}

/// Pixels that unpack to as much as the header promises.
fn has_pixels(bytes: &[u8]) -> bool {
    use std::io::Read;
    let long = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..at + 4)?.first_chunk()?));
    let (Some(width), Some(height)) = (long(16), long(20)) else {
        return false;
    };
    let mut packed = Vec::new();
    let mut at = 8;
    while let (Some(len), Some(kind)) = (long(at), bytes.get(at + 4..at + 8)) {
        let body = bytes.get(at + 8..(at + 8).saturating_add(len as usize));
        match (kind, body) {
            (b"IDAT", Some(body)) => packed.extend_from_slice(body),
            (b"IDAT", None) => packed.extend_from_slice(&bytes[at + 8..]),
            _ => {}
        }
        at = (at + 12).saturating_add(len as usize);
    }
    let mut row = Vec::new();
    let unpacked = flate2::read::ZlibDecoder::new(&packed[..])
        .take(1024)
        .read_to_end(&mut row);
    width > 0 && height > 0 && unpacked.is_ok() && row.len() > 1
}

/// Whether all boxes end within the file and one of them is `needed`; a few bytes after the last one do no harm.
fn boxes_fit(head: &[u8], len: u64, needed: &[u8; 4]) -> bool {
    let mut at = 0_u64;
    let mut found = false;
    loop {
        let Some(rest) = usize::try_from(at).ok().and_then(|at| head.get(at..)) else {
            return found;
        };
        let (Some(size), Some(kind)) = (rest.first_chunk(), rest.get(4..8)) else {
            return found;
        };
        let size = match u32::from_be_bytes(*size) {
            0 => return found || kind == needed,
            1 => match rest.get(8..16).and_then(|wide| wide.first_chunk()) {
                Some(wide) => u64::from_be_bytes(*wide),
                None => return false,
            },
            size => u64::from(size),
        };
        let known = kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if size < 8 || !known {
            return found;
        }
        if at.saturating_add(size) > len {
            return false;
        }
        found |= kind == needed;
        at += size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photoprism::ingest::kinds::kind_of;

    #[test]
    fn content_and_extension_decide_together() {
        let found = Metadata {
            width_px: 800,
            height_px: 800,
            ..Metadata::default()
        };
        let all = Tools { raw: true };
        let of = |name, content| judge(kind_of(name, false).unwrap(), content, true, &found, all);
        assert_eq!(of("a.jpg", "image/jpeg"), Verdict::Preview);
        assert_eq!(of("a.jpg", "image/png"), Verdict::Hidden);
        assert_eq!(of("a.jpg", "image/heic"), Verdict::Hidden);
        assert_eq!(of("a.jpg", "video/mp4"), Verdict::Refused);
        assert_eq!(of("a.jpg", "text/plain"), Verdict::Refused);
        assert_eq!(of("a.png", "image/jpeg"), Verdict::NeedsPreview);
        assert_eq!(of("a.tif", "image/jpeg"), Verdict::NeedsPreview);
        assert_eq!(of("a.heic", "image/jpeg"), Verdict::Refused);
        assert_eq!(of("a.mp4", "video/quicktime"), Verdict::NeedsPreview);
        assert_eq!(of("a.cr3", "image/x-canon-cr3"), Verdict::NeedsPreview);
        let none = Tools { raw: false };
        assert_eq!(
            judge(
                kind_of("a.cr3", false).unwrap(),
                "image/x-canon-cr3",
                true,
                &found,
                none
            ),
            Verdict::Refused
        );
    }

    #[test]
    fn boxes_must_end_within_the_file() {
        let file = b"\0\0\0\x10ftypmp42\0\0\0\0\0\0\0\x08moov\0\0\0\x10mdat12345678";
        assert!(boxes_fit(file, file.len() as u64, b"moov"));
        assert!(boxes_fit(&[file, &b"x2"[..]].concat(), file.len() as u64 + 2, b"moov"));
        assert!(!boxes_fit(&file[..34], 34, b"moov"));
        assert!(!boxes_fit(&file[..16], 16, b"moov"));
    }
}
