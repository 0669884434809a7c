//! Codes of the second factor: TOTP with SHA-1, six digits, thirty seconds.

use jiff::Timestamp;
use sha1::{Digest, Sha1};

const STEP_S: i64 = 30;
const BLOCK: usize = 64;

/// The code that a base-32 secret gives at a time.
pub(crate) fn code_at(secret: &str, time: Timestamp) -> String {
    code(secret, time.as_second().div_euclid(STEP_S))
}

/// Whether a code is right now, or was or will be one step away.
pub(super) fn is_right(secret: &str, code_given: &str, now: Timestamp) -> bool {
    let step = now.as_second().div_euclid(STEP_S);
    (step - 1..=step + 1).any(|step| code(secret, step) == code_given)
}

fn code(secret: &str, step: i64) -> String {
    let mac = hmac_sha1(&base32(secret), &step.to_be_bytes());
    let at = usize::from(mac[19] & 0x0f);
    let word = mac[at..at + 4]
        .iter()
        .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = match letter.to_ascii_uppercase() {
            upper @ b'A'..=b'Z' => upper - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => continue,
        };
        bits = bits << 5 | u32::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut padded = [0_u8; BLOCK];
    // Secrets of passcodes are 20 bytes, far below a block.
    for (slot, byte) in padded.iter_mut().zip(key) {
        *slot = *byte;
    }
    let keyed = |pad: u8, message: &[u8]| -> [u8; 20] {
        let mut hash = Sha1::new();
        hash.update(padded.map(|byte| byte ^ pad));
        hash.update(message);
        hash.finalize().into()
    };
    keyed(0x5c, &keyed(0x36, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // "12345678901234567890" in base 32; the RFC's eight digits cut to six.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (second, wanted) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(code_at(secret, Timestamp::from_second(second).unwrap()), wanted);
        }
        let now = Timestamp::from_second(59).unwrap();
        let near = |second: i64| is_right(secret, "287082", Timestamp::from_second(second).unwrap());
        assert!(is_right(secret, "287082", now) && near(89) && near(0) && !near(90));
    }
}
