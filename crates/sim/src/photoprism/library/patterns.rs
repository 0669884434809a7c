//! Small text rules of the server: patterns, lists, yes and no, keywords.

use std::collections::BTreeSet;

/// Fewest letters of a word that is found by a search for text.
const INDEXED_CHARS: usize = 3;

/// Words that are too common to be found by.
const STOP_WORDS: &[&str] = &["and", "the", "with", "for", "from", "und", "der", "die", "das"];

/// Whether `text` matches `pattern` as SQL `LIKE` does: `%` any text, `_` any character, ASCII letters of any case.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    matches(pattern, text, '%', Some('_'))
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    matches(pattern, text, '*', None)
}

/// Whether `text` matches one of the patterns of a list with `|`.
pub(crate) fn any_wildcard(patterns: &str, text: &str) -> bool {
    split_or(patterns).any(|pattern| wildcard(pattern, text))
}

fn matches(pattern: &str, text: &str, any: char, one: Option<char>) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The classic two pointers: on a mismatch the last "any text" takes one character more.
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(&c) if c == any => {
                retry = Some((p, t));
                p += 1;
            }
            Some(&c) if Some(c) == one || c.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == any)
}

/// Parts of a list with `|`, without empty ones.
pub(crate) fn split_or(list: &str) -> impl Iterator<Item = &str> {
    list.split('|').map(str::trim).filter(|part| !part.is_empty())
}

/// Parts of a list with `&`, without empty ones.
pub(crate) fn split_and(list: &str) -> impl Iterator<Item = &str> {
    list.split('&').map(str::trim).filter(|part| !part.is_empty())
}

/// Whether a text says no; any other text that is not empty says yes.
pub(crate) fn says_no(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "0" | "no" | "n" | "false" | "f" | "none" | "nein" | "non" | "off" | "never"
    )
}

/// The words of a text in lower case: letters, digits and hyphens; neither numbers nor single ASCII letters.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '\'';
    text.split(move |c: char| !is_part(c))
        .map(|word| word.trim_matches(['-', '\'']).to_lowercase())
        .filter(|word| !word.is_empty() && !word.chars().all(char::is_numeric))
        .filter(|word| word.len() > 1)
}

/// Keywords as they are kept: single words, each once, sorted, joined by `, `.
pub(crate) fn keyword_list(text: &str) -> String {
    let unique: BTreeSet<_> = words(text).collect();
    unique.into_iter().collect::<Vec<_>>().join(", ")
}

/// The words of a text that the keyword index holds.
pub(crate) fn indexed(text: &str) -> impl Iterator<Item = String> {
    words(text).filter(|word| word.chars().count() >= INDEXED_CHARS && !STOP_WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_has_its_wildcards() {
        for (pattern, text, expected) in [
            ("100%", "100 days", true),
            ("a_b", "aXb", true),
            ("%", "", true),
            ("%days", "100 DAYS", true),
            ("summer", "Summer", true),
            ("été", "Été", false),
            ("a%b%c", "a-b-b-c", true),
            ("a%b", "a-b-c", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
        assert!(any_wildcard("x|DSCN*", "dscn0010") && !wildcard("a_b", "aXb"));
    }

    #[test]
    fn keywords_are_single_words() {
        let text = "a, at, sea, 42, Los Angeles, x-ray, New_York, É, Été, 東京, beach; tree|dune #tag";
        let expected = "angeles, at, beach, dune, los, new, sea, tag, tree, x-ray, york, é, été, 東京";
        assert_eq!(keyword_list(text), expected);
        assert_eq!(
            keyword_list("Ferry, SUMMER, ferry, two words"),
            "ferry, summer, two, words"
        );
    }
}
