//! Passcodes: the recorded ones belong to the recorded secret, so here others must be sent.

use sha1::{Digest, Sha1};

/// Seconds that a passcode counts.
const STEP_S: i64 = 30;

/// The passcode of the secret here that stands for a recorded one, if that belongs to the recorded secret at about this time.
pub(crate) fn translated(code: &str, recorded: &str, here: &str, at_s: i64) -> Option<String> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let steps = [0, -1, 1].map(|step| at_s / STEP_S + step);
    let step = steps.into_iter().find(|step| passcode(recorded, *step) == digits)?;
    let new = passcode(here, step);
    Some(match code.contains(' ') {
        true => format!("{} {}", &new[..3], &new[3..]),
        false => new,
    })
}

/// RFC 6238 with SHA-1 and six digits.
fn passcode(secret: &str, step: i64) -> String {
    let mac = hmac(&base32(secret), &step.to_be_bytes());
    let at = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes([mac[at] & 0x7f, mac[at + 1], mac[at + 2], mac[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len().min(64)].copy_from_slice(&key[..key.len().min(64)]);
    let padded = |byte: u8| block.map(|own| own ^ byte);
    let inner = Sha1::digest([&padded(0x36), message].concat());
    Sha1::digest([&padded(0x5c), inner.as_slice()].concat()).to_vec()
}

fn base32(text: &str) -> Vec<u8> {
    let digits = text
        .bytes()
        .filter_map(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|own| *own == byte));
    let bits: Vec<u8> = digits
        .flat_map(|digit| (0..5).rev().map(move |bit| (digit >> bit & 1) as u8))
        .collect();
    bits.chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passcodes_are_those_of_the_standard() {
        // RFC 6238, appendix B: 59 s after 1970 it is 94287082.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(passcode(secret, 1), "287082");
        assert_eq!(translated("287 082", secret, secret, 59).as_deref(), Some("287 082"));
        assert_eq!(translated("000000", secret, secret, 59), None);
    }
}
