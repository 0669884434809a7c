//! Identifiers: newtypes over shared strings, so that an album id never lands where an asset id belongs.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as the provider gave it; nothing is trimmed or checked.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }
    };
}

string_id!(
    /// Names one asset at its source; stable across listings of the same account.
    AssetId
);
string_id!(
    /// Names one file of an asset at its source.
    PartId
);
string_id!(
    /// Names one album at its source.
    AlbumId
);
string_id!(
    /// Names one item at a destination.
    DestId
);
string_id!(
    /// Names one album at a destination.
    DestAlbumId
);
string_id!(
    /// Names the owner of an account as the service knows it; never a secret, but personal: shown only to its owner.
    Owner
);
string_id!(
    /// Names the sign-in session that staged bytes are bound to; never the session's secret.
    SessionId
);

/// Identifies one part for ever: the first 128 bits of SHA-256 over provider kind, owner, asset id and part id.
///
/// An album never enters the key, so that a photo in two albums is one item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemKey([u8; 16]);

impl ItemKey {
    /// Derives the key of a part.
    pub fn derive(kind: &str, owner: &Owner, asset: &AssetId, part: &PartId) -> Self {
        let mut hash = Sha256::new();
        for field in [kind, owner.as_str(), asset.as_str(), part.as_str()] {
            // The length goes first, so that ("ab","c") and ("a","bc") differ.
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        let digest = hash.finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }

    /// Makes a key from a number, for engines that number their items and for tests.
    pub fn from_u128(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// Returns the number given to [`ItemKey::from_u128`].
    pub fn as_u128(&self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn keys_differ_when_the_same_letters_are_split_otherwise() {
        let key = |owner: &str, asset: &str| ItemKey::derive("k", &owner.into(), &asset.into(), &"p".into());
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_eq!(key("ab", "c"), key("ab", "c"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn key_is_equal_exactly_when_all_fields_are(
            one in any::<(String, String, String, String)>(),
            other in any::<(String, String, String, String)>(),
            letters in ("[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}"),
            others in ("[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}"),
        ) {
            let key = |(kind, owner, asset, part): &(String, String, String, String)| {
                ItemKey::derive(kind, &Owner::new(&**owner), &AssetId::new(&**asset), &PartId::new(&**part))
            };
            prop_assert_eq!(key(&one) == key(&other), one == other);
            // Few letters in short fields: here the same text is often split otherwise.
            prop_assert_eq!(key(&letters) == key(&others), letters == others);
            prop_assert_eq!(key(&one), key(&one.clone()));
        }

        #[test]
        fn key_survives_number_json_and_text(number in any::<u128>()) {
            let key = ItemKey::from_u128(number);
            prop_assert_eq!(key.as_u128(), number);
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(serde_json::from_str::<ItemKey>(&json).unwrap(), key);
            let text = key.to_string();
            prop_assert!(text.len() == 32 && u128::from_str_radix(&text, 16) == Ok(number));
        }
    }
}
