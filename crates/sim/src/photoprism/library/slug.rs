//! Slugs and titles: how the server makes `summer-2019` of "Summer 2019", and what it does to titles of albums.

use deunicode::deunicode_char;

/// Characters of a slug; longer titles get the album's UID behind it.
const SLUG_CHARS: usize = 80;

/// Bytes from which on a title of an album is cut.
const TITLE_BYTES: usize = 160;

/// What is trimmed at both ends of an album's title.
const TRIMMED: &[char] = &['_', '&', '|', '{', '}', '<', '>', ':', ' ', '\n', '\r', '\t', '\\'];

/// The slug of a text: lower-case ASCII words joined by `-`; `-` if no letter and no digit is in it.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for symbol in text.chars() {
        match symbol {
            '\'' | '"' | '’' | '‘' | '“' | '”' => {}
            '&' => push_word(&mut slug, "and"),
            '@' => push_word(&mut slug, "at"),
            _ if symbol.is_alphanumeric() => {
                let ascii = deunicode_char(symbol).unwrap_or_default();
                // Transliterations of ideographs end in a blank: they are words.
                for letter in ascii.chars() {
                    push(&mut slug, letter);
                }
            }
            '_' => slug.push('_'),
            _ => push(&mut slug, '-'),
        }
    }
    let trimmed: String = slug.trim_matches(['-', '_']).chars().take(SLUG_CHARS).collect();
    match trimmed.is_empty() {
        true => "-".to_owned(),
        false => trimmed,
    }
}

fn push(slug: &mut String, letter: char) {
    let letter = letter.to_ascii_lowercase();
    if letter.is_ascii_alphanumeric() {
        slug.push(letter);
    } else if !slug.is_empty() && !slug.ends_with('-') {
        slug.push('-');
    }
}

fn push_word(slug: &mut String, word: &str) {
    push(slug, '-');
    slug.push_str(word);
    push(slug, '-');
}

/// The slug of an album with this title; long ones are told apart by the UID, which a new album does not have yet.
pub(crate) fn album_slug(title: &str, uid: &str) -> String {
    match title.len() < SLUG_CHARS {
        true => slug(title),
        false => format!("{}-{uid}", slug(title)),
    }
}

/// A slug as the database gives it back: its column is numeric where the text is, so leading zeros are lost.
pub(crate) fn stored_slug(slug: &str) -> &str {
    if slug.is_empty() || slug.len() > 18 || !slug.bytes().all(|byte| byte.is_ascii_digit()) {
        return slug;
    }
    match slug.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

/// An album's title as the server keeps it.
pub(crate) fn album_title(title: &str) -> String {
    let title = title.trim_matches(TRIMMED).replace('"', "“");
    if title.len() < TITLE_BYTES {
        return title;
    }
    let ellipsis = '…';
    let mut cut: String = title.chars().take(TITLE_BYTES - ellipsis.len_utf8()).collect();
    cut.push(ellipsis);
    cut
}

/// Every word with a capital letter in front, the rest as it is.
pub(crate) fn title_case(text: &str) -> String {
    let mut cased = String::with_capacity(text.len());
    let mut in_word = false;
    for symbol in text.trim().chars() {
        match in_word || !symbol.is_alphanumeric() {
            true => cased.push(symbol),
            false => cased.extend(symbol.to_uppercase()),
        }
        in_word = symbol.is_alphanumeric() || (in_word && matches!(symbol, '\'' | '’'));
    }
    cased
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_the_slugs_that_were_recorded() {
        let recorded = [
            ("Summer 2019", "summer-2019"),
            ("Été", "ete"),
            ("Ete!", "ete"),
            ("***", "-"),
            ("---", "-"),
            ("😀", "-"),
            ("東京", "dong-jing"),
            ("北京", "bei-jing"),
            ("Лето", "leto"),
            ("He said “hi“", "he-said-hi"),
            ("two\nlines", "two-lines"),
            ("2019/07 Kiel", "2019-07-kiel"),
            ("Nora's day", "noras-day"),
            ("a\\b", "a-b"),
            ("a*b", "a-b"),
            ("aXb", "axb"),
            ("007", "007"),
        ];
        for (title, expected) in recorded {
            assert_eq!(slug(title), expected, "{title}");
        }
        assert_eq!((stored_slug("007"), stored_slug("2019-07")), ("7", "2019-07"));
    }

    #[test]
    fn titles_of_albums_are_trimmed_and_cut() {
        assert_eq!(album_title("  _&|{}<>: Title :_ "), "Title");
        assert_eq!(album_title("He said \"hi\""), "He said “hi“");
        let long = album_title(&"T".repeat(400));
        assert_eq!((long.chars().count(), long.len()), (158, 160));
        assert_eq!(album_slug(&long, "atou02mzbrstd4ut").len(), 97);
        assert_eq!(album_slug(&long, "").len(), 81);
    }

    #[test]
    fn every_word_gets_a_capital() {
        assert_eq!(title_case("travel trips"), "Travel Trips");
        assert_eq!(title_case("küste am meer"), "Küste Am Meer");
        assert_eq!(title_case("nora's day"), "Nora's Day");
    }
}
