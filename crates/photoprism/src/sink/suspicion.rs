//! Why the server most likely has nothing of a file that it took: it gives no reason, and its log is in words for people.

use photomove_core::Rejection;
use photomove_media::split_extension;

/// Largest file that a server takes which was not told otherwise (reference 5.1).
const USUAL_LIMIT_BYTES: u64 = 1000 << 20;
/// Pictures that the server reads by itself; all other types need helpers, which a server may lack.
const PLAIN: &[&str] = &[
    "jpg", "jpeg", "jpe", "jif", "jfif", "jfi", "png", "gif", "bmp", "tif", "tiff", "webp",
];
/// What can come beside a picture only.
const COMPANIONS: &[&str] = &["xmp", "aae", "xml", "json", "txt", "nfo", "md", "markdown"];

/// Returns the most likely reason for a file that was sent under this name.
pub(super) fn of(name: &str, size_bytes: u64) -> Rejection {
    let ending = split_extension(name).1.unwrap_or_default().to_ascii_lowercase();
    if size_bytes > USUAL_LIMIT_BYTES {
        Rejection::TooLarge
    } else if COMPANIONS.contains(&ending.as_str()) {
        Rejection::Policy
    } else if PLAIN.contains(&ending.as_str()) {
        Rejection::Damaged
    } else {
        Rejection::MediaType
    }
}

/// Returns it in words.
pub(super) fn words(suspicion: Rejection) -> &'static str {
    match suspicion {
        Rejection::TooLarge => "it is probably larger than the server takes (`PHOTOPRISM_ORIGINALS_LIMIT`)",
        Rejection::Damaged => "it is probably damaged, or has more pixels than the server takes",
        Rejection::Policy => "it keeps none of that type",
        _ => "it may be damaged, or of a type that needs a helper which the server does not have",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.jpg", 7, Rejection::Damaged)]
    #[case("a.JPEG", 7, Rejection::Damaged)]
    #[case("a.png", 7, Rejection::Damaged)]
    #[case("a.heic", 7, Rejection::MediaType)]
    #[case("a.dng", 7, Rejection::MediaType)]
    #[case("a.mp4", 7, Rejection::MediaType)]
    #[case("a.mp4", 2 << 30, Rejection::TooLarge)]
    #[case("a.xmp", 7, Rejection::Policy)]
    fn the_reason_is_told_by_type_and_size(#[case] name: &str, #[case] size_bytes: u64, #[case] why: Rejection) {
        assert_eq!(of(name, size_bytes), why);
        assert!(!words(why).is_empty());
    }
}
