//! One node: a file, a folder or an album.

use std::fmt;

use photomove_core::Result;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::fields::{Fields, number};
use super::protocol;

/// Longest id that is taken; real ones have 22 bytes.
const ID_BYTES: usize = 256;

/// A node of the account's tree; every field but the id may be missing.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Node {
    /// Id, 22 characters of `[A-Za-z0-9_-]` (*observed*).
    pub id: String,
    /// `FILE`, `FOLDER`, `VISUAL_COLLECTION` (an album) and others.
    pub kind: Option<String>,
    /// File name with extension, or title; the root has none.
    pub name: Option<String>,
    /// Account that it belongs to.
    pub owner_id: Option<String>,
    /// `AVAILABLE`, `TRASH` and others.
    pub status: Option<String>,
    /// Grows with every change of the metadata.
    pub version: Option<u64>,
    /// When it was uploaded or made, as the service writes it.
    pub created_date: Option<String>,
    /// When its metadata changed last, as the service writes it.
    pub modified_date: Option<String>,
    /// Folders; the first is the one that counts.
    pub parents: Vec<String>,
    /// Whether it is the root.
    pub is_root: Option<bool>,
    /// Whether it is shared.
    pub is_shared: Option<bool>,
    /// What its owner has written about it.
    pub description: Option<String>,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Labels, which other programs set.
    pub labels: Vec<String>,
    /// Flags that its owner sets.
    pub settings: Settings,
    /// What a file holds; `None` on folders and albums, and on files that were never processed.
    pub content: Option<ContentProperties>,
    /// Address of the content, where it was asked for; as good as a key.
    pub temp_link: Option<SecretString>,
    /// All that is not typed here, or had another type than expected.
    pub other: Map<String, Value>,
}

/// Flags; `None` = the service did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Marked as a favourite.
    pub favorite: Option<bool>,
    /// Kept out of the usual views.
    pub hidden: Option<bool>,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ContentProperties {
    /// Bytes of the original.
    pub size: Option<u64>,
    /// MD5 of the original in hexadecimal digits.
    pub md5: Option<String>,
    /// Media type.
    pub content_type: Option<String>,
    /// Extension without the dot.
    pub extension: Option<String>,
    /// Date by which the service sorts: a wall-clock time with a `Z` that means nothing (*observed*).
    pub content_date: Option<String>,
    /// Grows when the bytes change.
    pub version: Option<u64>,
    /// What a picture's own metadata say.
    pub image: Properties,
    /// What a video's own metadata say.
    pub video: Properties,
    /// Where it was taken: names of places, and the point.
    pub address: Properties,
    /// All that is not typed here, or had another type than expected.
    pub other: Map<String, Value>,
}

/// Properties by name as they came; spellings vary from node to node, so nothing is read into them here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(pub Map<String, Value>);

impl Properties {
    /// Returns a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns a date as the service writes it.
    pub fn date(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        value.as_str().or_else(|| value.get("value")?.as_str())
    }

    /// Returns a decimal number, which may be written as a text.
    pub fn decimal(&self, name: &str) -> Option<f64> {
        let value = self.0.get(name)?;
        value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok())
            .filter(|number| number.is_finite())
    }

    /// Returns a whole number, which may be written as a text.
    pub fn number(&self, name: &str) -> Option<u64> {
        number(self.0.get(name)?)
    }
}

impl Node {
    /// Reads a node.
    ///
    /// # Errors
    /// [`photomove_core::ErrorKind::Protocol`] if it is no object or has no id.
    pub fn from_value(value: Value) -> Result<Self> {
        let mut fields = Fields::of(value).ok_or_else(|| protocol("a node that is no JSON object"))?;
        let id = fields
            .text("id")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| protocol("a node without an id"))?;
        // Ids are kept by the position in the listing and become parts of addresses.
        if id.len() > ID_BYTES {
            return Err(protocol("a node whose id is far too long"));
        }
        // As parts of addresses these would name something else.
        if matches!(id.as_str(), "." | "..") || id.chars().any(char::is_control) {
            return Err(protocol("a node whose id is none"));
        }
        Ok(Self {
            id,
            kind: fields.text("kind"),
            name: fields.text("name"),
            owner_id: fields.text("ownerId"),
            status: fields.text("status"),
            version: fields.number("version"),
            created_date: fields.date("createdDate"),
            modified_date: fields.date("modifiedDate"),
            parents: fields.texts("parents"),
            is_root: fields.flag("isRoot"),
            is_shared: fields.flag("isShared"),
            description: fields.text("description"),
            keywords: fields.texts("keywords"),
            labels: fields.texts("labels"),
            settings: fields.object("settings").map(Settings::from_map).unwrap_or_default(),
            content: fields.object("contentProperties").map(ContentProperties::from_map),
            temp_link: fields
                .text("tempLink")
                .filter(|link| !link.is_empty())
                .map(SecretString::from),
            other: fields.rest(),
        })
    }

    /// Says whether it is a file.
    pub fn is_file(&self) -> bool {
        self.kind.as_deref() == Some("FILE")
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids suffice to find it; names, places and links are nobody's business.
        f.debug_struct("Node")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Settings {
    fn from_map(map: Map<String, Value>) -> Self {
        let flag = |name: &str| {
            let value = map.get(name)?;
            value.as_bool().or_else(|| value.as_str()?.parse().ok())
        };
        Self {
            favorite: flag("favorite"),
            hidden: flag("hidden"),
        }
    }
}

impl ContentProperties {
    fn from_map(map: Map<String, Value>) -> Self {
        let Some(mut fields) = Fields::of(Value::Object(map)) else {
            return Self::default();
        };
        let mut properties = |name: &str| Properties(fields.object(name).unwrap_or_default());
        let (image, video, address) = (properties("image"), properties("video"), properties("address"));
        Self {
            size: fields.number("size"),
            md5: fields.text("md5"),
            content_type: fields.text("contentType"),
            extension: fields.text("extension"),
            content_date: fields.date("contentDate"),
            version: fields.number("version"),
            image,
            video,
            address,
            other: fields.rest(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::arbitrary::json_value;
    use super::*;

    #[test]
    fn odd_types_stay_where_they_were() {
        let node = Node::from_value(json!({
            "id": "-x", "version": "4", "parents": null, "keywords": "one", "isShared": "true", "hologram": [1],
            "tempLink": "https://content-na.drive.amazonaws.com/cdproxy/templink/hush",
            "contentProperties": {"size": {"huge": true}, "md5": 3, "image": null, "video": {"width": "19"}},
        }))
        .unwrap();
        assert_eq!((node.version, node.is_shared), (Some(4), Some(true)));
        assert!(node.parents.is_empty() && node.keywords.is_empty());
        assert_eq!(node.other.keys().collect::<Vec<_>>(), ["hologram", "keywords"]);
        assert!(!format!("{node:?}").contains("hush"));
        let content = node.content.unwrap();
        assert_eq!((content.size, content.video.number("width")), (None, Some(19)));
        assert_eq!(content.other.keys().collect::<Vec<_>>(), ["md5", "size"]);
    }

    #[test]
    fn ids_that_can_be_none_are_refused() {
        for id in ["", ".", "..", "a\nb", "a\0", &"x".repeat(257)] {
            assert!(Node::from_value(json!({"id": id})).is_err(), "{id:?}");
        }
        assert!(Node::from_value(json!({"id": "-x..y/z"})).is_ok());
    }

    #[test]
    fn dates_may_be_wrapped_as_the_android_app_keeps_them() {
        let node = Node::from_value(json!({"id": "a", "createdDate": {"value": "2022-11-27T14:09:16.927Z"}})).unwrap();
        assert_eq!(node.created_date.as_deref(), Some("2022-11-27T14:09:16.927Z"));
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused_but_never_panics(value in json_value()) {
            let _ = Node::from_value(value.clone());
            let _ = super::super::NodePage::from_value(value.clone());
            let _ = super::super::single_node(value, "a");
        }
    }
}
