//! Seeded numbers and ids: the same seed gives the same run on every machine and with every version of every crate.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A small generator (SplitMix64); good for test data, not for secrets.
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// Starts a stream of numbers that depends on `seed` and `purpose` only.
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a keeps streams for different purposes apart without another dependency.
        let salt = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(mix(seed ^ salt))
    }

    /// The next number of the stream.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// A number from 0 (inclusive) to 1 (exclusive).
    pub fn fraction(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A string of `len` characters out of `[A-Za-z0-9_-]`.
    pub fn id(&mut self, len: usize) -> String {
        (0..len)
            .map(|_| char::from(ALPHABET[(self.next_u64() >> 58) as usize]))
            .collect()
    }

    /// A string of `len` characters out of `[A-Z0-9]`, as owner ids are written.
    pub fn upper_id(&mut self, len: usize) -> String {
        const UPPER: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..len).map(|_| char::from(UPPER[self.below(36) as usize])).collect()
    }

    /// A UUID-shaped string, as services put into error bodies.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

/// Scrambles one number; equal input gives equal output.
pub fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_streams_and_purposes_differ() {
        let mut first = Seeded::new(7, "ids");
        let mut again = Seeded::new(7, "ids");
        let mut other = Seeded::new(7, "tokens");
        let id = first.id(22);
        assert_eq!(id.len(), 22);
        assert_eq!(id, again.id(22));
        assert_ne!(id, other.id(22));
    }

    #[test]
    fn fractions_stay_inside_their_bounds() {
        let mut seeded = Seeded::new(1, "fractions");
        assert!(
            (0..1000)
                .map(|_| seeded.fraction())
                .all(|value| (0.0..1.0).contains(&value))
        );
    }
}
