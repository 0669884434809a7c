//! Which files are media, which are companions, and which names are never looked at (reference 3.4, 2.8.3).

/// What an extension stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Image,
    Raw,
    Video,
    Vector,
    /// From generation 2 on.
    Document,
    Sidecar,
}

impl Media {
    /// Its word in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Raw => "raw",
            Self::Video => "video",
            Self::Vector => "vector",
            Self::Document => "document",
            Self::Sidecar => "sidecar",
        }
    }
}

/// What a name's extension stands for, and the code of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) media: Media,
    /// `jpg`, `heic`, `raw`, `mov` …
    pub(crate) code: &'static str,
}

/// Extensions by type code; where a code has only its own extension the second list is empty.
const KINDS: &[(Media, &str, &str)] = &[
    (Media::Image, "jpg", "jpg jpeg jpe jif jfif jfi"),
    (Media::Image, "png", "png apng pnga pn"),
    (Media::Image, "gif", ""),
    (Media::Image, "bmp", ""),
    (Media::Image, "tiff", "tif tiff"),
    (Media::Image, "psd", ""),
    (Media::Image, "heic", "heic heif hif avci avcs"),
    (Media::Image, "heics", "heics heifs"),
    (Media::Image, "avif", ""),
    (Media::Image, "avifs", "avis avifs"),
    (Media::Image, "webp", ""),
    (Media::Image, "jxl", ""),
    (Media::Image, "mpo", ""),
    (Media::Image, "thm", ""),
    (Media::Raw, "dng", ""),
    (
        Media::Raw,
        "raw",
        "3fr ari arw bay cap crw cr2 cr3 data dcs dcr drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw obm orf \
         pef ptx pxn r3d raf raw rwl rwz rw2 srf srw sr2 x3f",
    ),
    (Media::Video, "mp4", "mp4 mp"),
    (Media::Video, "m4v", ""),
    (Media::Video, "mov", "mov qt"),
    (Media::Video, "avi", ""),
    (Media::Video, "mpg", "mpg mpeg"),
    (Media::Video, "mp2", "mp2 mpv"),
    (Media::Video, "mjpg", "mjpg mjpeg"),
    (Media::Video, "mkv", ""),
    (Media::Video, "webm", ""),
    (Media::Video, "mts", ""),
    (Media::Video, "m2ts", ""),
    (Media::Video, "3gp", ""),
    (Media::Video, "3g2", ""),
    (Media::Video, "flv", "flv f4v"),
    (Media::Video, "ogv", "ogv ogg ogx"),
    (Media::Video, "asf", ""),
    (Media::Video, "wmv", ""),
    (Media::Video, "dv", ""),
    (Media::Video, "mxf", ""),
    (Media::Video, "avc", ""),
    (Media::Video, "hevc", ""),
    (Media::Video, "vvc", ""),
    (Media::Video, "evc", ""),
    (Media::Video, "av1", ""),
    (Media::Vector, "svg", ""),
    (Media::Vector, "ai", ""),
    (Media::Vector, "ps", "ps ps2 ps3"),
    (Media::Vector, "eps", "eps eps2 eps3 epi ept epsf epsi"),
    (Media::Sidecar, "xmp", ""),
    (Media::Sidecar, "aae", ""),
    (Media::Sidecar, "xml", ""),
    (Media::Sidecar, "yml", "yml yaml"),
    (Media::Sidecar, "json", ""),
    (Media::Sidecar, "txt", ""),
    (Media::Sidecar, "nfo", ""),
    (Media::Sidecar, "md", "md markdown"),
    (Media::Document, "pdf", ""),
];

/// What the extension of a name stands for; `None` for unknown and missing ones, and for documents unless `documents`.
pub(crate) fn kind_of(name: &str, documents: bool) -> Option<Kind> {
    let extension = extension(name)?.to_ascii_lowercase();
    KINDS
        .iter()
        .find(|(_, code, extensions)| match extensions.is_empty() {
            true => *code == extension,
            false => extensions.split_ascii_whitespace().any(|known| known == extension),
        })
        .map(|(media, code, _)| Kind { media: *media, code })
        .filter(|kind| documents || kind.media != Media::Document)
}

/// The letters after the last dot of a base name.
pub(crate) fn extension(name: &str) -> Option<&str> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let (_, extension) = base.rsplit_once('.')?;
    (!extension.is_empty()).then_some(extension)
}

/// Whether a name is never looked at.
pub(crate) fn is_hidden(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    [".", "@", "_.", "__"].iter().any(|start| base.starts_with(start))
}

/// A base name without its known extensions: `IMG_1` of `IMG_1.jpg.json`, but `IMG_1.part` stays.
pub(crate) fn stem(name: &str) -> &str {
    let mut stem = name;
    while let Some((rest, extension)) = stem.rsplit_once('.') {
        if rest.is_empty() || rest.ends_with('/') || kind_of(&format!("x.{extension}"), true).is_none() {
            break;
        }
        stem = rest;
    }
    stem
}

/// Media type of a file by its bytes; texts without a type of their own are `text/plain`.
pub(crate) fn content_type(name: &str, head: &[u8]) -> &'static str {
    if let Some(found) = crate::facts::by_bytes(head) {
        return found;
    }
    if is_tiff(head) {
        return "image/tiff";
    }
    let is_text = !head.iter().take(512).any(|byte| *byte < 9);
    match kind_of(name, true).map(|kind| (kind.media, kind.code)) {
        Some((Media::Sidecar, "json")) => "application/json",
        Some((Media::Vector, "svg")) if is_text => "image/svg+xml",
        // Containers whose bytes are not known here are taken for what they are called.
        Some((Media::Video, _)) if !is_text => crate::facts::content_type(name, &[]),
        _ if is_text => "text/plain",
        _ => "application/octet-stream",
    }
}

/// The media type as the server tells it.
pub(crate) fn told_as(content_type: &'static str) -> &'static str {
    match content_type {
        // Recorded: CR3 is told as what its container is.
        "image/x-canon-cr3" => "video/mp4",
        "image/heif" => "image/heic",
        "image/x-canon-cr2" => "image/tiff",
        found => found,
    }
}

fn is_tiff(head: &[u8]) -> bool {
    head.starts_with(b"II*\0") || head.starts_with(b"MM\0*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_known_by_their_code() {
        let code = |name| kind_of(name, false).map(|kind| (kind.media, kind.code));
        assert_eq!(code("IMG_1.JPEG"), Some((Media::Image, "jpg")));
        assert_eq!(code("a.Cr3"), Some((Media::Raw, "raw")));
        assert_eq!(code("a.jpg.yaml"), Some((Media::Sidecar, "yml")));
        assert_eq!(code("PXL.mp"), Some((Media::Video, "mp4")));
        for name in ["a.pdf", "a.mp3", "a.zip", "a", "a.jpgx", "a.jpg.part", "dir.jpg/a"] {
            assert_eq!(code(name), None, "{name}");
        }
        assert!(kind_of("a.pdf", true).is_some());
    }

    #[test]
    fn stems_lose_known_extensions_only() {
        for (name, expected) in [
            ("IMG_1.JPG", "IMG_1"),
            ("IMG_1.jpg.json", "IMG_1"),
            (
                "IMG_4.jpg.supplemental-metadata.json",
                "IMG_4.jpg.supplemental-metadata",
            ),
            ("a.b.jpg", "a.b"),
            (".jpg", ".jpg"),
            ("x/.jpg", "x/.jpg"),
        ] {
            assert_eq!(stem(name), expected, "{name}");
        }
        assert!(is_hidden("x/._IMG.jpg") && is_hidden("@a.jpg") && is_hidden("__a") && !is_hidden("_a.jpg"));
    }
}
