//! Labels.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::or_unset;

/// A label.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Label {
    /// Number, which the calls that change a photo's labels want.
    #[serde(rename = "ID")]
    pub id: u64,
    /// Id, `l…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Short name of the first name.
    pub slug: String,
    /// Short name of the present name.
    pub custom_slug: String,
    /// Name, Written With Capitals by the server.
    pub name: String,
    /// Labels of low priority are not listed unless all are asked for.
    pub priority: i64,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Description.
    pub description: String,
    /// Notes.
    pub notes: String,
    /// Number of photos.
    pub photo_count: i64,
    /// SHA-1 of the cover's file.
    pub thumb: String,
    /// When it was made.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(deserialize_with = "or_unset", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A label to be put on a photo, or a change of one that is on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewLabel {
    /// Name; the server capitalises its words.
    pub name: String,
    /// Per cent; 100 hides it.
    pub uncertainty: u8,
    /// Priority.
    pub priority: i64,
}

impl NewLabel {
    /// Makes a label that is sure.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// A change of a label: what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LabelProperties {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Whether it is a favourite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}
