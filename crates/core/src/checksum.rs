//! Hashes of whole files, and a comparison that can say "cannot tell".

use std::fmt;

use md5::digest::common::hazmat::{SerializableState, SerializedState};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Sha256;

/// A set of hash functions.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HashKinds(u8);

impl HashKinds {
    /// No hash.
    pub const NONE: Self = Self(0);
    /// MD5.
    pub const MD5: Self = Self(1);
    /// SHA-1.
    pub const SHA1: Self = Self(2);
    /// SHA-256.
    pub const SHA256: Self = Self(4);

    /// Returns the hashes in either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Says whether every hash of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Says whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for HashKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(Self::MD5, "MD5"), (Self::SHA1, "SHA-1"), (Self::SHA256, "SHA-256")];
        let mut first = true;
        for (kind, name) in names {
            if self.contains(kind) {
                if !first {
                    f.write_str(" and ")?;
                }
                f.write_str(name)?;
                first = false;
            }
        }
        if first { f.write_str("none") } else { Ok(()) }
    }
}

impl fmt::Debug for HashKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashKinds({self})")
    }
}

/// The hashes of one file, as far as they are known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checksums {
    /// MD5, 16 raw bytes.
    pub md5: Option<[u8; 16]>,
    /// SHA-1, 20 raw bytes.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256, 32 raw bytes.
    pub sha256: Option<[u8; 32]>,
}

/// What two sets of checksums say about two files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// All hashes that both sides know are equal; these are they.
    Same(HashKinds),
    /// These hashes differ: the files are not the same.
    Different(HashKinds),
    /// No hash is known on both sides: nothing follows. Never count this as success.
    Unknown,
}

impl Checksums {
    /// Says which hashes are known.
    pub fn kinds(&self) -> HashKinds {
        let mut kinds = HashKinds::NONE;
        if self.md5.is_some() {
            kinds = kinds.union(HashKinds::MD5);
        }
        if self.sha1.is_some() {
            kinds = kinds.union(HashKinds::SHA1);
        }
        if self.sha256.is_some() {
            kinds = kinds.union(HashKinds::SHA256);
        }
        kinds
    }

    /// Compares with the checksums of another copy.
    pub fn agrees(&self, other: &Self) -> Agreement {
        let mut same = HashKinds::NONE;
        let mut different = HashKinds::NONE;
        let mut compare = |kind, equal: Option<bool>| match equal {
            Some(true) => same = same.union(kind),
            Some(false) => different = different.union(kind),
            None => {}
        };
        compare(HashKinds::MD5, pair(&self.md5, &other.md5));
        compare(HashKinds::SHA1, pair(&self.sha1, &other.sha1));
        compare(HashKinds::SHA256, pair(&self.sha256, &other.sha256));
        if !different.is_empty() {
            Agreement::Different(different)
        } else if !same.is_empty() {
            Agreement::Same(same)
        } else {
            Agreement::Unknown
        }
    }

    /// Reads an MD5 from 32 hexadecimal digits; `None` if the text is anything else.
    pub fn md5_from_hex(text: &str) -> Option<[u8; 16]> {
        from_hex(text)
    }

    /// Reads a SHA-1 from 40 hexadecimal digits; `None` if the text is anything else.
    pub fn sha1_from_hex(text: &str) -> Option<[u8; 20]> {
        from_hex(text)
    }
}

fn pair<const N: usize>(ours: &Option<[u8; N]>, theirs: &Option<[u8; N]>) -> Option<bool> {
    Some(ours.as_ref()? == theirs.as_ref()?)
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Checksums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Checksums");
        if let Some(md5) = &self.md5 {
            out.field("md5", &hex(md5));
        }
        if let Some(sha1) = &self.sha1 {
            out.field("sha1", &hex(sha1));
        }
        if let Some(sha256) = &self.sha256 {
            out.field("sha256", &hex(sha256));
        }
        out.finish()
    }
}

/// Takes MD5, SHA-1 and the length of a stream while it passes; SHA-256 only when asked for, for it costs the most.
#[derive(Clone)]
pub struct Digester {
    md5: Md5,
    sha1: Sha1,
    sha256: Option<Sha256>,
    size_bytes: u64,
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester")
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// First byte of what [`Digester::save`] gives; another one if the meaning of the others changes.
const SAVED_FORM: u8 = 1;

/// Takes one hash's state off the front.
fn take<H: SerializableState>(rest: &mut &[u8]) -> Option<H> {
    let mut state = SerializedState::<H>::default();
    let (own, other) = rest.split_at_checked(state.len())?;
    state.copy_from_slice(own);
    *rest = other;
    H::deserialize(&state).ok()
}

impl Digester {
    /// Starts with nothing read; `kinds` beyond MD5 and SHA-1 are added to these two.
    pub fn new(kinds: HashKinds) -> Self {
        Self {
            md5: Md5::new(),
            sha1: Sha1::new(),
            sha256: kinds.contains(HashKinds::SHA256).then(Sha256::new),
            size_bytes: 0,
        }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha1.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        self.size_bytes += bytes.len() as u64;
    }

    /// Returns how many bytes were taken in.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Writes down where it stands, so that another process can go on from here; a few hundred bytes.
    ///
    /// They are for [`Digester::restore`] of the same version only, which refuses all else.
    pub fn save(&self) -> Vec<u8> {
        let mut saved = vec![SAVED_FORM, u8::from(self.sha256.is_some())];
        saved.extend_from_slice(&self.size_bytes.to_be_bytes());
        saved.extend_from_slice(&self.md5.serialize());
        saved.extend_from_slice(&self.sha1.serialize());
        if let Some(sha256) = &self.sha256 {
            saved.extend_from_slice(&sha256.serialize());
        }
        saved
    }

    /// Goes on from where [`Digester::save`] stood; `None` if the bytes are none of this version.
    pub fn restore(saved: &[u8]) -> Option<Self> {
        let [SAVED_FORM, with_sha256, rest @ ..] = saved else {
            return None;
        };
        let (size, mut rest) = rest.split_first_chunk::<8>()?;
        let digester = Self {
            md5: take(&mut rest)?,
            sha1: take(&mut rest)?,
            sha256: match with_sha256 {
                0 => None,
                1 => Some(take(&mut rest)?),
                _ => return None,
            },
            size_bytes: u64::from_be_bytes(*size),
        };
        rest.is_empty().then_some(digester)
    }

    /// Ends and returns the hashes.
    pub fn finish(self) -> Checksums {
        Checksums {
            md5: Some(self.md5.finalize().into()),
            sha1: Some(self.sha1.finalize().into()),
            sha256: self.sha256.map(|hash| hash.finalize().into()),
        }
    }
}

impl Checksums {
    /// Takes the hashes of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::new(HashKinds::NONE);
        digester.update(bytes);
        digester.finish()
    }

    /// Returns the MD5 as 32 lower-case hexadecimal digits.
    pub fn md5_hex(&self) -> Option<String> {
        self.md5.as_ref().map(|bytes| hex(bytes))
    }

    /// Returns the SHA-1 as 40 lower-case hexadecimal digits.
    pub fn sha1_hex(&self) -> Option<String> {
        self.sha1.as_ref().map(|bytes| hex(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn hashes_equal_the_published_ones() {
        let sums = Checksums::of(b"abc");
        assert_eq!(sums.md5_hex().as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
        assert_eq!(
            sums.sha1_hex().as_deref(),
            Some("a9993e364706816aba3e25717850c26c9cd0d89d")
        );
        assert_eq!(Checksums::md5_from_hex("900150983CD24FB0D6963F7D28E17F72"), sums.md5);
        assert_eq!(Checksums::md5_from_hex("no hash"), None);
    }

    #[test]
    fn nothing_in_common_is_never_agreement() {
        let md5 = Checksums {
            md5: Checksums::of(b"a").md5,
            ..Checksums::default()
        };
        let sha1 = Checksums {
            sha1: Checksums::of(b"a").sha1,
            ..Checksums::default()
        };
        assert_eq!(md5.agrees(&sha1), Agreement::Unknown);
        assert_eq!(md5.agrees(&Checksums::of(b"a")), Agreement::Same(HashKinds::MD5));
        assert_eq!(md5.agrees(&Checksums::of(b"b")), Agreement::Different(HashKinds::MD5));
    }

    #[test]
    fn one_differing_hash_outweighs_an_equal_one() {
        let mut forged = Checksums::of(b"a");
        forged.sha1 = Checksums::of(b"b").sha1;
        assert_eq!(
            forged.agrees(&Checksums::of(b"a")),
            Agreement::Different(HashKinds::SHA1)
        );
    }

    /// Keeps the hashes of these kinds, as a service that knows no others would tell them.
    fn known(bytes: &[u8], kinds: u8) -> Checksums {
        let mut digester = Digester::new(HashKinds::SHA256);
        digester.update(bytes);
        let all = digester.finish();
        Checksums {
            md5: all.md5.filter(|_| kinds & 1 != 0),
            sha1: all.sha1.filter(|_| kinds & 2 != 0),
            sha256: all.sha256.filter(|_| kinds & 4 != 0),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agreement_names_exactly_the_hashes_that_both_know(
            one in any::<Vec<u8>>(), other in any::<Vec<u8>>(), ours in 0u8..8, theirs in 0u8..8,
        ) {
            let both = HashKinds(ours & theirs);
            let of_same = if both.is_empty() { Agreement::Unknown } else { Agreement::Same(both) };
            let of_other = if both.is_empty() { Agreement::Unknown } else { Agreement::Different(both) };
            let expected = if one == other { of_same } else { of_other };
            prop_assert_eq!(known(&one, ours).agrees(&known(&one, theirs)), of_same);
            prop_assert_eq!(known(&one, ours).agrees(&known(&other, theirs)), expected);
            prop_assert_eq!(known(&other, theirs).agrees(&known(&one, ours)), expected);
        }

        #[test]
        fn hashes_do_not_depend_on_how_a_stream_is_cut(bytes in any::<Vec<u8>>(), at in any::<proptest::sample::Index>()) {
            let at = at.index(bytes.len() + 1);
            let mut digester = Digester::new(HashKinds::SHA256);
            digester.update(&bytes[..at]);
            digester.update(&bytes[at..]);
            prop_assert_eq!(digester.size_bytes(), bytes.len() as u64);
            prop_assert_eq!(digester.finish(), known(&bytes, 7));
        }

        #[test]
        fn a_saved_digester_goes_on_as_if_it_had_never_stopped(
            bytes in any::<Vec<u8>>(), at in any::<proptest::sample::Index>(), kinds in 0u8..8,
        ) {
            let at = at.index(bytes.len() + 1);
            let mut whole = Digester::new(HashKinds(kinds));
            whole.update(&bytes[..at]);
            let mut again = Digester::restore(&whole.save()).unwrap();
            prop_assert_eq!(again.size_bytes(), at as u64);
            whole.update(&bytes[at..]);
            again.update(&bytes[at..]);
            prop_assert_eq!(again.save(), whole.save());
            prop_assert_eq!(again.finish(), whole.finish());
        }

        #[test]
        fn other_bytes_are_no_saved_digester(bytes in any::<Vec<u8>>(), cut in 1usize..40) {
            let saved = Digester::new(HashKinds::SHA256).save();
            prop_assert!(Digester::restore(&saved[..saved.len() - cut]).is_none());
            prop_assert!(Digester::restore(&[&saved[..], &[0]].concat()).is_none());
            if bytes.first() != Some(&1) {
                prop_assert!(Digester::restore(&bytes).is_none());
            }
        }

        #[test]
        fn hexadecimal_digits_come_back(bytes in any::<Vec<u8>>()) {
            let sums = Checksums::of(&bytes);
            let md5 = sums.md5_hex().unwrap();
            prop_assert_eq!(Checksums::md5_from_hex(&md5), sums.md5);
            prop_assert_eq!(Checksums::md5_from_hex(&md5.to_uppercase()), sums.md5);
            prop_assert_eq!(Checksums::sha1_from_hex(&sums.sha1_hex().unwrap()), sums.sha1);
        }

        #[test]
        fn other_text_is_no_hash(text in any::<String>()) {
            let is_hash = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            prop_assert_eq!(Checksums::md5_from_hex(&text).is_some(), is_hash);
            let json = serde_json::to_string(&Checksums::of(text.as_bytes())).unwrap();
            prop_assert!(serde_json::from_str::<Checksums>(&json).unwrap() == Checksums::of(text.as_bytes()));
        }
    }
}
