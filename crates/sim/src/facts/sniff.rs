//! Media type by the first bytes, else by the extension.

/// Media type of a file: what its first bytes show, else what its extension says, else `application/octet-stream`.
pub fn content_type(name: &str, head: &[u8]) -> &'static str {
    by_bytes(head)
        .or_else(|| by_extension(name))
        .unwrap_or("application/octet-stream")
}

/// Media type by the first bytes alone.
pub fn by_bytes(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, pattern: &[u8]| head.get(from..from + pattern.len()) == Some(pattern);
    match () {
        () if at(0, b"\xff\xd8\xff") => Some("image/jpeg"),
        () if at(0, b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => Some("image/gif"),
        () if at(0, b"RIFF") && at(8, b"WEBP") => Some("image/webp"),
        () if at(0, b"RIFF") && at(8, b"AVI ") => Some("video/x-msvideo"),
        () if at(0, b"BM") && head.len() > 26 && head[14..18] == [40, 0, 0, 0] => Some("image/bmp"),
        () if at(0, b"II*\0") && at(8, b"CR") => Some("image/x-canon-cr2"),
        () if at(0, b"%PDF-") => Some("application/pdf"),
        () if at(0, b"\x1aE\xdf\xa3") => Some(if find(head, b"webm") {
            "video/webm"
        } else {
            "video/x-matroska"
        }),
        () if at(4, b"ftyp") => head.get(8..12).map(by_brand),
        () if at(4, b"moov") || at(4, b"mdat") || at(4, b"wide") => Some("video/quicktime"),
        () if at(0, &[0, 0, 1, 0xba]) || at(0, &[0, 0, 1, 0xb3]) => Some("video/mpeg"),
        () => None,
    }
}

fn by_brand(brand: &[u8]) -> &'static str {
    match brand {
        b"heic" | b"heix" | b"hevc" | b"hevx" => "image/heic",
        b"mif1" | b"msf1" => "image/heif",
        b"avif" | b"avis" => "image/avif",
        b"crx " => "image/x-canon-cr3",
        b"qt  " => "video/quicktime",
        b"M4A " => "audio/mp4",
        [b'3', b'g', b'2', ..] => "video/3gpp2",
        [b'3', b'g', ..] => "video/3gpp",
        _ => "video/mp4",
    }
}

fn find(head: &[u8], pattern: &[u8]) -> bool {
    head[..head.len().min(64)]
        .windows(pattern.len())
        .any(|window| window == pattern)
}

fn by_extension(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "heic" => "image/heic",
        "tif" | "tiff" => "image/tiff",
        "dng" => "image/x-adobe-dng",
        "nef" => "image/x-nikon-nef",
        "arw" => "image/x-sony-arw",
        "cr2" => "image/x-canon-cr2",
        "orf" => "image/x-olympus-orf",
        "rw2" => "image/x-panasonic-rw2",
        "svg" => "image/svg+xml",
        "mp4" | "m4v" => "video/mp4",
        "mov" | "qt" => "video/quicktime",
        "mpg" | "mpeg" => "video/mpeg",
        "wmv" => "video/x-ms-wmv",
        "mts" | "m2ts" => "video/mp2t",
        "txt" | "text" => "text/plain",
        "pdf" => "application/pdf",
        "json" => "application/json",
        "xmp" => "application/rdf+xml",
        "zip" => "application/zip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_before_the_extension() {
        assert_eq!(content_type("a.png", b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(content_type("a.jpg", b"hello"), "image/jpeg");
        assert_eq!(content_type("a.HEIC", b"\0\0\0\x18ftypheic\0\0"), "image/heic");
        assert_eq!(content_type("clip", b"\0\0\0\x14ftypqt  "), "video/quicktime");
        assert_eq!(content_type("noext", b"II*\0\x10\0\0\0"), "application/octet-stream");
        assert_eq!(content_type("a.nef", b"II*\0\x10\0\0\0"), "image/x-nikon-nef");
    }
}
