//! People and their faces.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Source;
use super::time::or_unset;

/// A person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Subject {
    /// Id, `j…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Id of the region that shows the person.
    #[serde(rename = "MarkerUID")]
    pub marker_uid: String,
    /// What it is, `person` above all.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Short name for addresses.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Other name.
    pub alias: String,
    /// About the person.
    pub about: String,
    /// Life of the person.
    pub bio: String,
    /// Notes.
    pub notes: String,
    /// Whether it is a favourite.
    pub favorite: bool,
    /// Whether the person is hidden.
    pub hidden: bool,
    /// Whether the person is private.
    pub private: bool,
    /// Whether the person is left out.
    pub excluded: bool,
    /// Number of files.
    pub file_count: i64,
    /// Number of photos.
    pub photo_count: i64,
    /// Hash and area of a little picture.
    pub thumb: String,
    /// When it became known.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(deserialize_with = "or_unset")]
    pub updated_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A change of a person: what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubjectProperties {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Other name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// About the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Life of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Whether it is a favourite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
    /// Whether the person is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Whether the person is private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Whether the person is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<bool>,
}

/// A face that the server knows from one or more regions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Face {
    /// Id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Where it comes from.
    pub src: Source,
    /// Id of the region that shows it.
    #[serde(rename = "MarkerUID")]
    pub marker_uid: String,
    /// Id of the file.
    #[serde(rename = "FileUID")]
    pub file_uid: String,
    /// Id of the person.
    #[serde(rename = "SubjUID")]
    pub subj_uid: String,
    /// Name of the person.
    pub name: String,
    /// Number of regions.
    pub samples: i64,
    /// Whether it is hidden.
    pub hidden: bool,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
