//! Ids on their way into addresses.

use photomove_core::{Checksums, Error, ErrorKind, Result};

/// Longest word that is taken for an id; real ones have 16 characters.
const ID_CHARS: usize = 64;

/// Checks an id before it becomes part of an address: an empty one, or one with a slash, would name something else, and
/// the server silently drops what does not belong into an id.
pub(crate) fn uid(text: &str) -> Result<&str> {
    let plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if text.is_empty() || text.len() > ID_CHARS || !plain(text) {
        let shown: String = text.chars().take(ID_CHARS).collect();
        return Err(Error::new(ErrorKind::Config, "this is no id of the server")
            .provider(crate::KIND)
            .context("id", format!("`{shown}`"))
            .hint("ids have 16 letters and digits, such as `psrcszk4v9n2t6x1`"));
    }
    Ok(text)
}

/// Checks a SHA-1 and writes it in lower case: the server finds nothing by upper case.
pub(crate) fn sha1(text: &str) -> Result<String> {
    match Checksums::sha1_from_hex(text) {
        Some(_) => Ok(text.to_ascii_lowercase()),
        None => Err(Error::new(ErrorKind::Config, "this is no SHA-1 of a file")
            .provider(crate::KIND)
            .context("hash", format!("`{}`", text.chars().take(ID_CHARS).collect::<String>()))
            .hint("a SHA-1 has 40 hexadecimal digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_get_into_addresses() {
        assert!(uid("psrcszk4v9n2t6x1").is_ok());
        for wrong in ["", "a/b", "..", "p s", "p?x=1", &"a".repeat(65)] {
            assert_eq!(*uid(wrong).unwrap_err().kind(), ErrorKind::Config, "{wrong}");
        }
    }

    #[test]
    fn hashes_are_sent_in_lower_case() {
        let upper = "82C61C54275982E72E1CFB13E4E3BBA3E26B3DA0";
        assert_eq!(sha1(upper).unwrap(), upper.to_lowercase());
        assert!(sha1("82c6").is_err() && sha1("xyz").is_err());
    }
}
