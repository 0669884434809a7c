//! Names of files: their endings, and the one function that makes a path of a foreign name.

use crate::FileType;

/// Longest name of a file on the usual file systems, in bytes.
pub const LONGEST_NAME_BYTES: usize = 255;

/// An ending longer than this is taken for a part of the name.
const LONGEST_EXTENSION_BYTES: usize = 16;

/// What a name becomes of which nothing is left.
const NO_NAME: &str = "unnamed";

/// Splits a name at its last dot: `("photo", Some("jpg"))`. A leading dot begins a name, not an ending.
pub fn split_extension(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && !extension.is_empty()
                && extension.len() <= LONGEST_EXTENSION_BYTES
                && !extension.contains(['/', '\\', ' ']) =>
        {
            (stem, Some(extension))
        }
        _ => (name, None),
    }
}

/// Makes a file name out of what a service said: one that names a file in the folder it is put into, and no other, on
/// Linux, macOS and Windows. Different names may become one.
///
/// Path separators, characters that Windows does not take and control characters become `_`; names of Windows devices
/// get a `_`; dots and spaces at the end go; the whole has at most 255 bytes, with its ending kept; it is never empty,
/// `.` or `..`.
pub fn safe_file_name(name: &str) -> String {
    let tame: String = name.chars().map(tame).collect();
    // `.` and `..` vanish here, like every name of dots and spaces alone.
    let trimmed = tame.trim_start().trim_end_matches(['.', ' ']);
    let mut safe = if trimmed.is_empty() {
        NO_NAME.to_owned()
    } else {
        trimmed.to_owned()
    };
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    shorten(&safe)
}

/// Gives a name the usual ending of a type, unless it has one that means the same.
pub fn with_extension_of(name: &str, file_type: &FileType) -> String {
    let (stem, extension) = split_extension(name);
    match extension {
        Some(extension) if file_type.has_extension(extension) => name.to_owned(),
        // Only endings that stand for a type are replaced: `Dr. Smith` and `v1.2` are names.
        Some(extension) if FileType::of_extension(extension).is_some() => {
            format!("{stem}.{}", file_type.extension)
        }
        _ => format!("{}.{}", name.trim_end_matches('.'), file_type.extension),
    }
}

fn tame(letter: char) -> char {
    match letter {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        // Marks that turn the direction of writing make `gpj.exe` look like `exe.jpg`.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '_',
        letter if letter.is_control() => '_',
        letter => letter,
    }
}

/// Says whether Windows takes a name for a device, which it does whatever its ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let upper = stem.to_ascii_uppercase();
    if matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") {
        return true;
    }
    let port = upper.strip_prefix("COM").or_else(|| upper.strip_prefix("LPT"));
    // Windows takes the superscripts for digits, too.
    port.is_some_and(|number| {
        let mut letters = number.chars();
        matches!(letters.next(), Some('0'..='9' | '¹' | '²' | '³')) && letters.next().is_none()
    })
}

/// Cuts a name between letters, its ending kept.
fn shorten(name: &str) -> String {
    if name.len() <= LONGEST_NAME_BYTES {
        return name.to_owned();
    }
    let (stem, extension) = split_extension(name);
    let ending = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let mut room = LONGEST_NAME_BYTES - ending.len();
    while !stem.is_char_boundary(room) {
        room -= 1;
    }
    let cut = stem[..room].trim_end_matches(['.', ' ']);
    let cut = if cut.is_empty() { NO_NAME } else { cut };
    format!("{cut}{ending}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.jpg", "a", Some("jpg"))]
    #[case("a.b.JPG", "a.b", Some("JPG"))]
    #[case("a", "a", None)]
    #[case(".jpg", ".jpg", None)]
    #[case("a.", "a.", None)]
    #[case("Dr. Smith", "Dr. Smith", None)]
    #[case("写真.heic", "写真", Some("heic"))]
    fn names_are_split_at_their_ending(#[case] name: &str, #[case] stem: &str, #[case] extension: Option<&str>) {
        assert_eq!(split_extension(name), (stem, extension));
    }

    #[rstest]
    #[case("IMG_0001.JPG", "IMG_0001.JPG")]
    #[case("Ünïcödé 写真 🎉.heic", "Ünïcödé 写真 🎉.heic")]
    #[case("../../etc/passwd", ".._.._etc_passwd")]
    #[case("..\\..\\win.ini", ".._.._win.ini")]
    #[case("/abs/olute.jpg", "_abs_olute.jpg")]
    #[case("C:\\x.jpg", "C__x.jpg")]
    #[case("a\0b\nc.jpg", "a_b_c.jpg")]
    #[case("stream.jpg:hidden", "stream.jpg_hidden")]
    #[case("name.jpg. . ", "name.jpg")]
    #[case("   ", "unnamed")]
    #[case("", "unnamed")]
    #[case(".", "unnamed")]
    #[case("..", "unnamed")]
    #[case("...", "unnamed")]
    #[case("CON", "_CON")]
    #[case("con.jpg", "_con.jpg")]
    #[case("Com1.tar.gz", "_Com1.tar.gz")]
    #[case("LPT¹.jpg", "_LPT¹.jpg")]
    #[case("nul .jpg", "_nul .jpg")]
    #[case("COM10.jpg", "COM10.jpg")]
    #[case("console.jpg", "console.jpg")]
    #[case("\u{202e}gpj.exe", "_gpj.exe")]
    #[case("what?<>|*\".jpg", "what______.jpg")]
    #[case(".hidden.jpg", ".hidden.jpg")]
    fn foreign_names_are_confined(#[case] name: &str, #[case] safe: &str) {
        assert_eq!(safe_file_name(name), safe);
    }

    #[rstest]
    #[case(&"x".repeat(300), 255)]
    #[case(&format!("{}.jpg", "写".repeat(100)), 253)]
    #[case(&format!("{}.jpg", "🎉".repeat(63)), 252)]
    #[case(&format!("{}.jpg", ".".repeat(300)), "unnamed.jpg".len())]
    fn long_names_are_cut_between_letters(#[case] name: &str, #[case] bytes: usize) {
        let safe = safe_file_name(name);
        assert_eq!(safe.len(), bytes, "{safe}");
        assert_eq!(split_extension(&safe).1, split_extension(name).1);
    }

    /// Every name of up to four letters out of the troublesome ones, instead of a sample of them.
    #[test]
    fn no_name_leads_out_of_its_folder() {
        let letters = ['.', ' ', '/', '\\', '\0', ':', 'a', '~', '\u{7f}', '\u{85}'];
        let mut names = vec![String::new()];
        for _ in 0..4 {
            names = names
                .iter()
                .flat_map(|name| letters.iter().map(move |letter| format!("{name}{letter}")))
                .chain(names.clone())
                .collect();
        }
        for name in names {
            let safe = safe_file_name(&name);
            assert!(!safe.is_empty() && safe != "." && safe != "..", "{name:?}");
            assert!(!safe.ends_with(['.', ' ']), "{name:?}");
            assert!(!safe.contains(['/', '\\', '\0', ':']), "{name:?}");
            assert_eq!(safe_file_name(&safe), safe, "{name:?} is not settled at once");
            let path = std::path::Path::new(&safe);
            assert_eq!(path.components().count(), 1, "{name:?}");
        }
    }

    #[rstest]
    #[case("a.jpg", "image/jpeg", "a.jpg")]
    #[case("a.JPEG", "image/jpeg", "a.JPEG")]
    #[case("a", "image/jpeg", "a.jpg")]
    #[case("a.heic", "image/jpeg", "a.jpg")]
    #[case("v1.2", "image/png", "v1.2.png")]
    #[case("Dr. Smith", "video/mp4", "Dr. Smith.mp4")]
    #[case("a.", "video/mp4", "a.mp4")]
    #[case("00001.m2ts", "video/mp2t", "00001.m2ts")]
    fn names_get_the_ending_of_their_type(#[case] name: &str, #[case] media_type: &str, #[case] wanted: &str) {
        let file_type = FileType::of_media_type(media_type).unwrap();
        assert_eq!(with_extension_of(name, &file_type), wanted);
    }
}
