//! Ids, tokens and passwords in the forms of the server, the same for the same seed.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::blob::hex;
use crate::seeded::Seeded;

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// First letters of UIDs.
pub(crate) mod prefix {
    pub(crate) const PHOTO: char = 'p';
    pub(crate) const FILE: char = 'f';
    pub(crate) const ALBUM: char = 'a';
    pub(crate) const LABEL: char = 'l';
    pub(crate) const SUBJECT: char = 'j';
    pub(crate) const MARKER: char = 'm';
    pub(crate) const USER: char = 'u';
    pub(crate) const CLIENT: char = 'c';
    pub(crate) const LINK: char = 's';
}

/// Makes everything that looks random.
#[derive(Debug)]
pub(crate) struct Mint(Seeded);

impl Mint {
    /// A stream that depends on the seed only.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Seeded::new(seed, "photoprism ids"))
    }

    /// A UID: the prefix, six digits of the time in seconds to base 36, nine random ones.
    pub(crate) fn uid(&mut self, prefix: char, now: Timestamp) -> String {
        let mut rest = u64::try_from(now.as_second()).unwrap_or(0);
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = BASE36[(rest % 36) as usize];
            rest /= 36;
        }
        let time: String = digits.iter().map(|digit| char::from(*digit)).collect();
        format!("{prefix}{time}{}", self.base36(9))
    }

    /// Lower-case letters and digits.
    pub(crate) fn base36(&mut self, length: usize) -> String {
        self.text(BASE36, length)
    }

    /// Letters of both cases and digits.
    pub(crate) fn base62(&mut self, length: usize) -> String {
        self.text(BASE62, length)
    }

    /// An access token: 48 hexadecimal digits.
    pub(crate) fn access_token(&mut self) -> String {
        self.text(b"0123456789abcdef", 48)
    }

    /// An app password: four groups of six, the last character being a check of the others.
    pub(crate) fn app_password(&mut self) -> String {
        let groups: Vec<_> = (0..3).map(|_| self.base62(6)).collect();
        let text = format!("{}-{}", groups.join("-"), self.base62(5));
        let check = check_character(&text);
        format!("{text}{check}")
    }

    /// The short name of a session in listings and staging folders.
    pub(crate) fn ref_id(&mut self) -> String {
        format!("sess{}", self.base36(8))
    }

    /// A secret for passcodes: 32 characters of base 32.
    pub(crate) fn passcode_secret(&mut self) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32)
    }

    fn text(&mut self, letters: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(letters[self.0.below(letters.len() as u64) as usize]))
            .collect()
    }
}

/// The id of a session: the SHA-256 of its token's text.
pub(crate) fn session_id(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Whether a text has the form of a UID with this prefix.
pub(crate) fn is_uid(text: &str, prefix: char) -> bool {
    text.len() == 16 && text.starts_with(prefix) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A UID from a path, in lower case and without other characters; it may still be none.
pub(crate) fn clean_uid(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether a text has the form of an access token.
pub(crate) fn is_access_token(text: &str) -> bool {
    text.len() == 48 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a text has the form of an app password; its check character is not looked at.
pub(crate) fn is_app_password_form(text: &str) -> bool {
    text.len() == 27
        && text.bytes().enumerate().all(|(at, b)| match at {
            6 | 13 | 20 => b == b'-',
            _ => b.is_ascii_alphanumeric(),
        })
}

/// Whether a text is an app password with a right check character.
pub(crate) fn is_app_password(text: &str) -> bool {
    is_app_password_form(text) && text.ends_with(check_character(&text[..26]))
}

fn check_character(text: &str) -> char {
    char::from(BASE62[(crc32(text.as_bytes()) % 62) as usize])
}

/// CRC-32 of IEEE, bit by bit: for 26 bytes a table would be larger than what it saves.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_hold_their_time() {
        let mut mint = Mint::new(1);
        // Recorded: an album of 2026-11-21T02:54:22Z is `atou02mzbrstd4ut`.
        let uid = mint.uid(prefix::ALBUM, "2026-11-21T02:54:22Z".parse().unwrap());
        assert_eq!(&uid[..7], "atou02m");
        assert!(is_uid(&uid, 'a') && !is_uid(&uid, 'p') && !is_uid(&uid[1..], 'a'));
        assert_eq!(clean_uid("PTO-Z_x"), "ptozx");
    }

    #[test]
    fn app_passwords_check_themselves_as_recorded_ones_do() {
        for recorded in [
            "QxsW9Q-lpS9ua-HZdCP3-8jmy8A",
            "Pp3gLe-QGbtty-uzFqlx-tRGBDV",
            "TevY9R-K2UHZg-4cUKKc-1RI4Dh",
        ] {
            assert!(is_app_password(recorded), "{recorded}");
        }
        let made = Mint::new(3).app_password();
        assert!(is_app_password(&made), "{made}");
        assert!(is_app_password_form("QxsW9Q-lpS9ua-HZdCP3-8jmy8B") && !is_app_password("QxsW9Q-lpS9ua-HZdCP3-8jmy8B"));
    }

    #[test]
    fn a_session_is_named_by_the_hash_of_its_token() {
        assert_eq!(
            session_id("234200000000000000000000000000000000000000000000"),
            "a9b8ff820bf40ab451910f8bbfe401b2432446693aa539538fbd2399560a722f"
        );
    }
}
