//! Types of files: media types, extensions, and whether they are photos or videos.

/// What a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A still picture, raw ones included.
    Photo,
    /// A moving picture.
    Video,
    /// Something else.
    Other,
}

/// Type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileType {
    /// Media type in lower case, without parameters.
    pub media_type: &'static str,
    /// Usual extension in lower case, without a dot.
    pub extension: &'static str,
    /// What it shows.
    pub kind: FileKind,
    /// Whether it is a camera's raw file.
    pub raw: bool,
}

impl FileType {
    /// Returns the type that a file's extension stands for, in upper or lower case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::of_extension(crate::split_extension(name).1?)
    }

    /// Returns the type that an extension stands for, in upper or lower case, without its dot.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let row = ROWS
            .iter()
            .find(|row| row.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))?;
        Some(row.file_type())
    }

    /// Returns the type that a media type stands for; parameters are left aside.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let plain = essence(media_type);
        let row = ROWS
            .iter()
            .find(|row| row.media_types.iter().any(|known| known.eq_ignore_ascii_case(plain)))?;
        Some(row.file_type())
    }

    /// Says whether it is a still picture.
    pub fn is_photo(&self) -> bool {
        self.kind == FileKind::Photo
    }

    /// Says whether it is a moving picture.
    pub fn is_video(&self) -> bool {
        self.kind == FileKind::Video
    }

    /// Says whether an extension, in upper or lower case, is usual for this type.
    pub fn has_extension(&self, extension: &str) -> bool {
        Self::of_extension(extension).is_some_and(|named| named.media_type == self.media_type)
            || self.extension.eq_ignore_ascii_case(extension)
    }

    /// A type that is not in the tables.
    pub(crate) const fn unknown(media_type: &'static str, extension: &'static str, kind: FileKind) -> Self {
        Self {
            media_type,
            extension,
            kind,
            raw: false,
        }
    }
}

/// Returns the media type that an extension stands for, in upper or lower case, without its dot.
pub fn media_type_of_extension(extension: &str) -> Option<&'static str> {
    FileType::of_extension(extension).map(|file_type| file_type.media_type)
}

/// Returns the usual extension of a media type.
pub fn extension_of_media_type(media_type: &str) -> Option<&'static str> {
    FileType::of_media_type(media_type).map(|file_type| file_type.extension)
}

/// Returns what a media type shows; unknown ones are told by their first half.
pub fn kind_of(media_type: &str) -> FileKind {
    if let Some(known) = FileType::of_media_type(media_type) {
        return known.kind;
    }
    match essence(media_type).split_once('/') {
        Some((half, _)) if half.eq_ignore_ascii_case("image") => FileKind::Photo,
        Some((half, _)) if half.eq_ignore_ascii_case("video") => FileKind::Video,
        _ => FileKind::Other,
    }
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

struct Row {
    /// The first one is ours, the others are what else is in use.
    media_types: &'static [&'static str],
    /// The first one is the usual one.
    extensions: &'static [&'static str],
    kind: FileKind,
    raw: bool,
}

impl Row {
    const fn file_type(&self) -> FileType {
        FileType {
            media_type: self.media_types[0],
            extension: self.extensions[0],
            kind: self.kind,
            raw: self.raw,
        }
    }
}

const fn photo(media_types: &'static [&'static str], extensions: &'static [&'static str]) -> Row {
    Row {
        media_types,
        extensions,
        kind: FileKind::Photo,
        raw: false,
    }
}

const fn raw(media_types: &'static [&'static str], extensions: &'static [&'static str]) -> Row {
    Row {
        media_types,
        extensions,
        kind: FileKind::Photo,
        raw: true,
    }
}

const fn video(media_types: &'static [&'static str], extensions: &'static [&'static str]) -> Row {
    Row {
        media_types,
        extensions,
        kind: FileKind::Video,
        raw: false,
    }
}

/// Media types as ExifTool names them, where IANA or custom has several.
const ROWS: &[Row] = &[
    photo(
        &["image/jpeg", "image/jpg", "image/pjpeg"],
        &["jpg", "jpeg", "jpe", "jfif"],
    ),
    photo(&["image/png", "image/x-png"], &["png"]),
    photo(&["image/gif"], &["gif"]),
    photo(&["image/webp"], &["webp"]),
    photo(&["image/heic"], &["heic"]),
    photo(&["image/heic-sequence"], &["heics"]),
    photo(&["image/heif"], &["heif", "hif"]),
    photo(&["image/heif-sequence"], &["heifs"]),
    photo(&["image/avif"], &["avif"]),
    photo(&["image/avif-sequence"], &["avifs"]),
    photo(&["image/jxl"], &["jxl"]),
    photo(&["image/jp2"], &["jp2"]),
    photo(&["image/tiff", "image/tif"], &["tif", "tiff"]),
    photo(&["image/bmp", "image/x-ms-bmp", "image/x-bmp"], &["bmp", "dib"]),
    photo(&["image/vnd.microsoft.icon", "image/x-icon", "image/ico"], &["ico"]),
    raw(&["image/x-adobe-dng", "image/dng"], &["dng"]),
    raw(&["image/x-canon-crw"], &["crw"]),
    raw(&["image/x-canon-cr2"], &["cr2"]),
    raw(&["image/x-canon-cr3"], &["cr3"]),
    raw(&["image/x-nikon-nef"], &["nef"]),
    raw(&["image/x-nikon-nrw"], &["nrw"]),
    raw(&["image/x-sony-arw"], &["arw"]),
    raw(&["image/x-sony-sr2"], &["sr2"]),
    raw(&["image/x-sony-srf"], &["srf"]),
    raw(&["image/x-olympus-orf"], &["orf"]),
    raw(&["image/x-fujifilm-raf", "image/x-fuji-raf"], &["raf"]),
    raw(&["image/x-panasonic-rw2"], &["rw2"]),
    raw(&["image/x-leica-rwl"], &["rwl"]),
    raw(&["image/x-pentax-pef"], &["pef"]),
    raw(&["image/x-samsung-srw"], &["srw"]),
    raw(&["image/x-sigma-x3f"], &["x3f"]),
    raw(&["image/x-kodak-dcr"], &["dcr"]),
    raw(&["image/x-epson-erf"], &["erf"]),
    raw(&["image/x-hasselblad-3fr"], &["3fr"]),
    video(&["video/mp4", "application/mp4"], &["mp4", "mp4v", "mpg4"]),
    video(&["video/x-m4v"], &["m4v"]),
    video(&["video/quicktime"], &["mov", "qt"]),
    video(&["video/3gpp", "audio/3gpp"], &["3gp", "3gpp"]),
    video(&["video/3gpp2", "audio/3gpp2"], &["3g2", "3gpp2"]),
    video(&["video/x-matroska", "video/matroska"], &["mkv"]),
    video(&["video/webm"], &["webm"]),
    // DivX files are AVI files with another ending.
    video(
        &["video/x-msvideo", "video/avi", "video/msvideo", "video/divx"],
        &["avi", "divx"],
    ),
    video(&["video/x-ms-wmv"], &["wmv"]),
    video(&["video/x-ms-asf", "application/vnd.ms-asf"], &["asf"]),
    // MOD and TOD are what camcorders call program and transport streams.
    video(&["video/mpeg"], &["mpg", "mpeg", "mpe", "m2v", "mod"]),
    video(&["video/mp2t", "video/m2ts"], &["mts", "m2ts", "m2t", "ts", "tod"]),
    video(&["video/x-flv"], &["flv"]),
    video(&["video/x-f4v", "video/mp4-f4v"], &["f4v"]),
    video(&["video/ogg"], &["ogv"]),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rstest::rstest;

    use super::*;

    #[test]
    fn no_name_stands_for_two_types() {
        let mut seen = HashSet::new();
        for row in ROWS {
            for name in row.extensions.iter().chain(row.media_types) {
                assert!(seen.insert(name), "{name} stands twice");
                assert_eq!(name.to_ascii_lowercase(), **name);
            }
        }
    }

    #[test]
    fn tables_lead_there_and_back() {
        for row in ROWS {
            let file_type = row.file_type();
            assert_eq!(FileType::of_media_type(file_type.media_type), Some(file_type));
            assert_eq!(FileType::of_extension(file_type.extension), Some(file_type));
            assert!(
                row.extensions
                    .iter()
                    .all(|extension| file_type.has_extension(extension))
            );
        }
    }

    #[rstest]
    #[case("a.JPG", "image/jpeg", FileKind::Photo, false)]
    #[case("b.c.HeIc", "image/heic", FileKind::Photo, false)]
    #[case("IMG_0001.CR3", "image/x-canon-cr3", FileKind::Photo, true)]
    #[case("x.dng", "image/x-adobe-dng", FileKind::Photo, true)]
    #[case("00001.MTS", "video/mp2t", FileKind::Video, false)]
    #[case("film.divx", "video/x-msvideo", FileKind::Video, false)]
    #[case("clip.3gp", "video/3gpp", FileKind::Video, false)]
    fn names_tell_types(#[case] name: &str, #[case] media_type: &str, #[case] kind: FileKind, #[case] raw: bool) {
        let file_type = FileType::of_name(name).unwrap();
        assert_eq!(
            (file_type.media_type, file_type.kind, file_type.raw),
            (media_type, kind, raw)
        );
    }

    #[rstest]
    #[case("noextension")]
    #[case("letter.docx")]
    #[case(".jpg")]
    #[case("")]
    fn names_that_tell_nothing(#[case] name: &str) {
        assert_eq!(FileType::of_name(name), None);
    }

    #[rstest]
    #[case("IMAGE/JPEG; q=1", FileKind::Photo)]
    #[case("image/x-of-tomorrow", FileKind::Photo)]
    #[case("video/x-of-tomorrow", FileKind::Video)]
    #[case("application/mp4", FileKind::Video)]
    #[case("application/pdf", FileKind::Other)]
    #[case("", FileKind::Other)]
    fn media_types_tell_kinds(#[case] media_type: &str, #[case] kind: FileKind) {
        assert_eq!(kind_of(media_type), kind);
    }
}
