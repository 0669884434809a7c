//! The text of `q` and `filter`: words, and `key:value` pairs.

/// What stands in a text of the query language.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// `key:value` pairs in order; keys in lower case.
    pub(crate) pairs: Vec<(String, String)>,
    /// The other words in lower case.
    pub(crate) words: Vec<String>,
}

/// Takes a text apart as the server does: an unclosed quotation mark swallows the rest.
pub(crate) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let (mut key, mut value) = (String::new(), String::new());
    let (mut quoted, mut is_pair) = (false, false);
    for symbol in text.trim().chars().chain(std::iter::once('\n')) {
        match symbol {
            _ if symbol.is_whitespace() && !quoted => {
                let word = std::mem::take(&mut key);
                let text = std::mem::take(&mut value);
                if is_pair {
                    parsed.pairs.push((word, text));
                } else if !word.is_empty() {
                    parsed.words.push(word);
                }
                is_pair = false;
            }
            ':' if !is_pair => is_pair = true,
            '"' => quoted = !quoted,
            _ if is_pair => value.push(symbol),
            _ => key.extend(symbol.to_lowercase()),
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_pairs_are_told_apart() {
        let parsed = parse("Falcon title:\"Falcon at dusk\" YEAR:2008|2001 path:2021/04");
        assert_eq!(parsed.words, ["falcon"]);
        let pairs: Vec<_> = parsed.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            pairs,
            [("title", "Falcon at dusk"), ("year", "2008|2001"), ("path", "2021/04")]
        );
    }

    #[test]
    fn odd_texts_are_read_as_the_server_reads_them() {
        assert_eq!(parse("\"unclosed"), Parsed::default());
        assert_eq!(parse(":").pairs, [(String::new(), String::new())]);
        assert_eq!(parse("a:b:c").pairs, [("a".to_owned(), "b:c".to_owned())]);
        assert_eq!(parse("  "), Parsed::default());
    }
}
