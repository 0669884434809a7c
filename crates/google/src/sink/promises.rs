//! What the service promises and what it does not, in words and lists for plans.

use photomove_core::Gap;

/// What is not kept.
pub(super) const LOSSES: &[Gap] = &[
    Gap {
        what: "capture date of files that hold none themselves",
        why: "Google Photos reads the date from the file, else it shows the time of the upload",
    },
    Gap {
        what: "descriptions of albums",
        why: "albums have a title only",
    },
];

/// What "Upload media" lists by name (read 2026-08); "some RAW formats" are left to the service to decide.
pub(super) const MEDIA_TYPES: &[&str] = &[
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/tiff",
    "image/vnd.microsoft.icon",
    "image/webp",
    "image/x-icon",
    "video/3gpp",
    "video/3gpp2",
    "video/avi",
    "video/divx",
    "video/mp2t",
    "video/mp4",
    "video/mpeg",
    "video/quicktime",
    "video/x-m4v",
    "video/x-matroska",
    "video/x-ms-asf",
    "video/x-ms-wmv",
    "video/x-msvideo",
];

/// Why nobody can say beforehand what is there.
pub(super) const UNSEEN: &str =
    "Google shows a program only what it made itself; the same file sent again stays one item";

/// What stays whatever is done.
pub(super) const LASTING: &str =
    "no program can delete photos or albums at Google Photos afterwards: only you can, by hand";
