//! Settings, health and log of the server.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nullable;

/// `GET /settings`. Written back, fields that are `None` and keys that are not in `other` stay as the server has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// Look and language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui: Option<UiSettings>,
    /// What can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
    /// Imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportSettings>,
    /// Indexing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexSettings>,
    /// Which files become one photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackSettings>,
    /// Downloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<DownloadSettings>,
    /// What else there is: search, maps, share, templates, albums.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Look and language.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct UiSettings {
    /// Language of all texts, those of errors too, such as `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Time zone of the pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What can be used; a switch that is missing is not written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Features {
    /// Uploads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<bool>,
    /// Imports, which uploads need too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<bool>,
    /// Downloads of zips; single files go without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<bool>,
    /// Albums.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub albums: Option<bool>,
    /// The archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<bool>,
    /// Deletion for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<bool>,
    /// Changes of photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<bool>,
    /// Indexing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<bool>,
    /// Changes of these settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<bool>,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<bool>,
    /// Private photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Approval of photos of low quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<bool>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Imports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImportSettings {
    /// Folder to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether files are moved instead of copied.
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    pub move_files: Option<bool>,
    /// Folder where imports go, only where one is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dest: Option<String>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Indexing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct IndexSettings {
    /// Folder to start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether previews are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub convert: Option<bool>,
    /// Whether files that did not change are read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescan: Option<bool>,
    /// Whether archived photos are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_archived: Option<bool>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which files become one photo.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StackSettings {
    /// Files with one document id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<bool>,
    /// Files of one second, place and camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<bool>,
    /// Files whose names are numbered alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<bool>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl StackSettings {
    /// Sets the three switches.
    #[must_use]
    pub fn with_switches(mut self, uuid: Option<bool>, meta: Option<bool>, name: Option<bool>) -> Self {
        (self.uuid, self.meta, self.name) = (uuid, meta, name);
        self
    }
}

impl Settings {
    /// A change of nothing but which files become one photo.
    pub fn of_stack(stack: StackSettings) -> Self {
        Self {
            stack: Some(stack),
            ..Self::default()
        }
    }
}

/// Downloads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DownloadSettings {
    /// How downloads are named: `file`, `original` or `share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether they are off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Whether zips hold originals only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originals: Option<bool>,
    /// Whether zips hold RAW files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_raw: Option<bool>,
    /// Whether zips hold side-cars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_sidecar: Option<bool>,
    /// What else there is.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `GET /status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServerStatus {
    /// `operational`.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
}

/// One line of the server's log of warnings and errors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ServerLogEntry {
    /// Number; newer ones are higher.
    #[serde(rename = "ID", deserialize_with = "nullable")]
    pub id: i64,
    /// When.
    pub time: Option<Timestamp>,
    /// `warning` or `error`.
    #[serde(deserialize_with = "nullable")]
    pub level: String,
    /// What. Names files by their canonical path, not by the name they were uploaded with.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_stacking_writes_nothing_else() {
        let change = Settings::of_stack(StackSettings::default().with_switches(Some(false), Some(false), None));
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"stack":{"uuid":false,"meta":false}}"#
        );
    }

    #[test]
    fn settings_come_back_as_they_were_read() {
        let text = r#"{"features":{"people":false,"upload":true},"import":{"move":false,"path":"/"},"maps":{"style":""},"ui":{"language":"de","zoom":false}}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        let before: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&settings).unwrap(), before);
    }
}
