//! Text in the encodings that metadata comes in.

/// Longest text that is kept, in bytes.
const TEXT_MAX: usize = 64 << 10;

/// Reads bytes as UTF-8, or, where they are none, as Latin-1, which older programs write.
pub(crate) fn guessed(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    worth_keeping(text)
}

/// Reads two bytes per letter; a mark at the beginning outdoes `little`.
pub(crate) fn utf_16(bytes: &[u8], little: bool) -> Option<String> {
    let (bytes, little) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] => (rest, false),
        all => (all, little),
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| {
        if little {
            u16::from_le_bytes(*pair)
        } else {
            u16::from_be_bytes(*pair)
        }
    });
    let text = char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    worth_keeping(text)
}

/// Reads UTF-8, or UTF-16 where a mark at the beginning says so.
pub(crate) fn marked(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => utf_16(bytes, false),
        _ => guessed(bytes),
    }
}

/// Drops text of blanks alone, which cameras write for nothing, and cuts what is too long for any title or caption.
/// Blanks at the end are what fixed fields are filled with.
pub(crate) fn worth_keeping(mut text: String) -> Option<String> {
    if text.len() > TEXT_MAX {
        let mut end = TEXT_MAX;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    let kept = text.trim_end_matches(|c: char| c.is_whitespace() || c == '\0').len();
    text.truncate(kept);
    (!text.trim_start().is_empty()).then_some(text)
}

/// Adds words that are not there yet.
pub(crate) fn add_words(words: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    /// More words than a picture has; a broken file must not fill the memory.
    const WORDS_MAX: usize = 2000;
    for word in more {
        let word = word.trim();
        if !word.is_empty() && words.len() < WORDS_MAX && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf_8_or_else_latin_1() {
        assert_eq!(guessed("Zürich\0rest".as_bytes()).as_deref(), Some("Zürich"));
        assert_eq!(guessed(b"Z\xfcrich").as_deref(), Some("Zürich"));
        assert_eq!(guessed(b"   \0"), None);
        assert_eq!(guessed(b""), None);
        assert_eq!(guessed(b"two  \r\n").as_deref(), Some("two"));
    }

    #[test]
    fn windows_writes_two_bytes_per_letter() {
        assert_eq!(utf_16(b"H\0i\0\0\0x\0", true).as_deref(), Some("Hi"));
        assert_eq!(utf_16(b"\0H\0i", false).as_deref(), Some("Hi"));
        assert_eq!(utf_16(b"\xff\xfeH\0i\0", false).as_deref(), Some("Hi"));
        assert_eq!(marked(b"\xfe\xff\0H\0i").as_deref(), Some("Hi"));
        assert_eq!(utf_16(b"\x3d\xd8", true).as_deref(), Some("\u{fffd}"));
    }

    #[test]
    fn words_are_kept_once() {
        let mut words = vec!["a".to_owned()];
        add_words(&mut words, ["b".to_owned(), " a ".to_owned(), String::new()]);
        assert_eq!(words, ["a", "b"]);
    }
}
