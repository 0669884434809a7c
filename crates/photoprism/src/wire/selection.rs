//! Selections, and what the server says of what it did with them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nullable;

/// Things that a call is about; which of them it looks at depends on the call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Selection {
    /// Ids of photos.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// Ids of files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Ids of albums.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub albums: Vec<String>,
    /// Ids of labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Ids of places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// Ids of people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Everything that is archived; for permanent deletion only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl Selection {
    /// Selects photos.
    pub fn photos<I: IntoIterator<Item = S>, S: AsRef<str>>(uids: I) -> Self {
        Self {
            photos: texts(uids),
            ..Self::default()
        }
    }

    /// Selects albums.
    pub fn albums<I: IntoIterator<Item = S>, S: AsRef<str>>(uids: I) -> Self {
        Self {
            albums: texts(uids),
            ..Self::default()
        }
    }

    /// Selects labels.
    pub fn labels<I: IntoIterator<Item = S>, S: AsRef<str>>(uids: I) -> Self {
        Self {
            labels: texts(uids),
            ..Self::default()
        }
    }

    /// Selects files.
    pub fn files<I: IntoIterator<Item = S>, S: AsRef<str>>(uids: I) -> Self {
        Self {
            files: texts(uids),
            ..Self::default()
        }
    }
}

pub(crate) fn texts<I: IntoIterator<Item = S>, S: AsRef<str>>(words: I) -> Vec<String> {
    words.into_iter().map(|word| word.as_ref().to_owned()).collect()
}

/// A zip archive that the server made; it is gone about a second after its download.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ZipMade {
    /// Text for people, in the server's language.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// Name of the archive.
    #[serde(deserialize_with = "nullable")]
    pub filename: String,
}

/// A change of one field of many photos; servers since late 2025 only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchValue {
    /// New value; for `add` and `remove` a list of things.
    #[serde(default)]
    pub value: Value,
    /// Whether the photos differ in it; the server's answer says so.
    #[serde(default)]
    pub mixed: bool,
    /// What to do.
    #[serde(default)]
    pub action: BatchAction,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl BatchValue {
    /// Sets the value for all.
    pub fn update(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            mixed: false,
            action: BatchAction::Update,
            other: Map::new(),
        }
    }
}

super::text::text_enum! {
    /// What a change of many photos does with a field.
    BatchAction {
        /// Nothing.
        None = "none",
        /// Sets it.
        Update = "update",
        /// Adds to it.
        Add = "add",
        /// Removes from it.
        Remove = "remove",
    }
}

/// What a change of many photos led to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchEdited {
    /// The photos, as far as the server tells.
    #[serde(deserialize_with = "nullable")]
    pub models: Vec<super::PhotoRow>,
    /// The fields.
    #[serde(deserialize_with = "nullable")]
    pub values: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_selected_is_sent() {
        let photos = Selection::photos(["p1", "p2"]);
        assert_eq!(
            serde_json::to_value(&photos).unwrap(),
            serde_json::json!({"photos": ["p1", "p2"]})
        );
        let all = Selection {
            all: true,
            ..Selection::default()
        };
        assert_eq!(serde_json::to_value(&all).unwrap(), serde_json::json!({"all": true}));
    }
}
