//! Ids, codes and tokens: opaque to clients, and the same for the same seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Characters of an item id in captures.
const ITEM_ID_CHARS: usize = 98;
/// Characters of an album id in captures.
const ALBUM_ID_CHARS: usize = 76;
/// Bytes behind an upload token of 531 characters, as captured in 2026.
const UPLOAD_TOKEN_BYTES: usize = 398;

/// Makes everything that looks random out of one seed.
#[derive(Debug)]
pub(super) struct Mint {
    seed: u64,
    made: u64,
}

impl Mint {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, made: 0 }
    }

    /// The id of an item: decided by owner and content, so that concurrent runs agree.
    pub(super) fn item_id(&self, prefix: &str, account: &str, content: &[u8], generation: u32) -> String {
        let generation = generation.to_be_bytes();
        self.id(
            prefix,
            ITEM_ID_CHARS,
            &[b"item", account.as_bytes(), content, &generation],
        )
    }

    /// The id of the next album.
    pub(super) fn album_id(&mut self, prefix: &str) -> String {
        let number = self.next();
        self.id(prefix, ALBUM_ID_CHARS, &[b"album", &number])
    }

    /// The id of the next enrichment.
    pub(super) fn enrichment_id(&mut self, prefix: &str) -> String {
        let number = self.next();
        self.id(prefix, ALBUM_ID_CHARS, &[b"enrichment", &number])
    }

    /// The next upload token: standard base64, so with `+` and `/`, and not safe in a URL.
    pub(super) fn upload_token(&mut self) -> String {
        let number = self.next();
        // Every captured token starts with "CAIS": field 1 = 2, then a length-delimited field 2.
        let mut bytes = vec![0x08, 0x02, 0x12, 0x89, 0x03];
        bytes.extend(self.bytes(&[b"upload", &number], UPLOAD_TOKEN_BYTES - bytes.len()));
        STANDARD_NO_PAD.encode(bytes)
    }

    /// The next secret of `length` bytes behind `prefix`, in the URL-safe alphabet.
    pub(super) fn secret(&mut self, prefix: &str, length: usize) -> String {
        let number = self.next();
        format!(
            "{prefix}{}",
            URL_SAFE_NO_PAD.encode(self.bytes(&[b"secret", prefix.as_bytes(), &number], length))
        )
    }

    /// What every id of one account and client begins with.
    pub(super) fn id_prefix(&self, account: &str, project: &str) -> String {
        let text = URL_SAFE_NO_PAD.encode(self.bytes(&[b"prefix", account.as_bytes(), project.as_bytes()], 6));
        let letters: String = text.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
        format!("A{letters}")
    }

    /// A number from 0 to 1 that belongs to `key` for good.
    pub(super) fn share(&self, key: &[u8]) -> f64 {
        let bytes = self.bytes(&[b"share", key], 4);
        let number = bytes.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        f64::from(number) / f64::from(u32::MAX)
    }

    /// `length` characters of the URL-safe alphabet that belong to `key` for good.
    pub(super) fn text_for(&self, key: &str, length: usize) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(self.bytes(&[b"text", key.as_bytes()], length));
        text.truncate(length);
        text
    }

    /// `length` lower-case letters and digits that belong to `key` for good.
    pub(super) fn lower_text(&self, key: &str, length: usize) -> String {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        self.bytes(&[b"text", key.as_bytes()], length)
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(*byte) % 36]))
            .collect()
    }

    fn id(&self, prefix: &str, chars: usize, parts: &[&[u8]]) -> String {
        let mut id = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(self.bytes(parts, chars)));
        id.truncate(chars);
        id
    }

    fn next(&mut self) -> [u8; 8] {
        self.made += 1;
        self.made.to_be_bytes()
    }

    fn bytes(&self, parts: &[&[u8]], length: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(length + 32);
        let mut block = 0_u32;
        while out.len() < length {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(block.to_be_bytes());
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            out.extend_from_slice(&hash.finalize());
            block += 1;
        }
        out.truncate(length);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_alphabets_are_those_of_the_captures() {
        let mut mint = Mint::new(7);
        let token = mint.upload_token();
        assert_eq!(token.len(), 531);
        assert!(token.starts_with("CAIS") && token.contains('+') && token.contains('/'));
        let prefix = mint.id_prefix("1", "2");
        let album = mint.album_id(&prefix);
        let item = mint.item_id(&prefix, "1", b"content", 0);
        assert_eq!((album.len(), item.len()), (76, 98));
        assert_eq!(album[..prefix.len()], item[..prefix.len()]);
        assert!(item.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
    }

    #[test]
    fn same_seed_same_tokens() {
        let tokens = |seed| {
            let mut mint = Mint::new(seed);
            [mint.upload_token(), mint.secret("1//", 40)]
        };
        assert_eq!(tokens(1), tokens(1));
        assert_ne!(tokens(1), tokens(2));
    }
}
