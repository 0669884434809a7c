//! Media items.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient_u64;

/// A photo or video of the library.
///
/// In the reply to `batchCreate` it is thin: no base URL, no description, neither `photo` nor `video`.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MediaItem {
    /// Permanent id, opaque.
    pub id: String,
    /// Caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Address for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_url: Option<String>,
    /// Address of the bytes, 60 minutes, a secret by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Media type; the only sure sign of photo or video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Name that the owner sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Capture time and size in pixels.
    pub media_metadata: MediaMetadata,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl fmt::Debug for MediaItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The base URL opens the picture to anybody; what has no name here may too.
        f.debug_struct("MediaItem")
            .field("id", &self.id)
            .field("mime_type", &self.mime_type)
            .finish_non_exhaustive()
    }
}

/// Facts that the service read from the bytes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MediaMetadata {
    /// RFC 3339, UTC; the time of the upload where the file has no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<String>,
    /// Pixels; absent while a video is processed.
    #[serde(deserialize_with = "lenient_u64", skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// Pixels; absent while a video is processed.
    #[serde(deserialize_with = "lenient_u64", skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Facts of a photo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<PhotoFacts>,
    /// Facts of a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoFacts>,
}

/// Facts of a photo.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PhotoFacts {
    /// Maker of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_make: Option<String>,
    /// Model of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_model: Option<String>,
    /// Millimetres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<f64>,
    /// F-number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aperture_f_number: Option<f64>,
    /// ISO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso_equivalent: Option<u32>,
    /// Seconds, such as `0.033333335s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_time: Option<String>,
}

/// Facts of a video.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoFacts {
    /// Maker of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_make: Option<String>,
    /// Model of the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_model: Option<String>,
    /// Frames per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// `UNSPECIFIED`, `PROCESSING`, `READY` or `FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// One page of items; the last one has no token.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemPage {
    /// Items; may be none on a page that is not the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_items: Vec<MediaItem>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

impl ItemPage {
    /// Returns the token of the next page, `None` on the last one.
    pub fn next(&self) -> Option<&str> {
        self.next_page_token.as_deref().filter(|token| !token.is_empty())
    }
}

/// An item about to be made of uploaded bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMediaItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    simple_media_item: SimpleMediaItem,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SimpleMediaItem {
    upload_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
}

impl fmt::Debug for SimpleMediaItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The upload token is as good as the bytes.
        f.debug_struct("SimpleMediaItem")
            .field("file_name", &self.file_name)
            .finish_non_exhaustive()
    }
}

impl NewMediaItem {
    /// Makes an item of the bytes behind `upload_token`.
    ///
    /// `file_name` has at most 255 characters, `description` fewer than 1000; empty ones are not sent.
    pub fn new(upload_token: impl Into<String>, file_name: Option<&str>, description: Option<&str>) -> Self {
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            description: text(description),
            simple_media_item: SimpleMediaItem {
                upload_token: upload_token.into(),
                file_name: text(file_name),
            },
        }
    }

    /// Returns the upload token.
    pub fn upload_token(&self) -> &str {
        &self.simple_media_item.upload_token
    }
}

/// How one element of a batch went; `code` 0 is success whatever the message says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// A google.rpc code; left out by the service when 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub code: i32,
    /// Words, never to be tested for success.
    pub message: String,
    /// Details as they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_zero(code: &i32) -> bool {
    *code == 0
}

/// The reply to `batchCreate`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchCreateReply {
    /// One per element, matched by upload token; some may be missing.
    pub new_media_item_results: Vec<NewMediaItemResult>,
}

/// What became of one element of `batchCreate`.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewMediaItemResult {
    /// Which element.
    pub upload_token: String,
    /// How it went.
    pub status: Status,
    /// The item, thin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_item: Option<MediaItem>,
}

impl fmt::Debug for NewMediaItemResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMediaItemResult")
            .field("status", &self.status)
            .field("media_item", &self.media_item)
            .finish_non_exhaustive()
    }
}

/// The reply to `batchGet`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchGetReply {
    /// One per id, same order.
    pub media_item_results: Vec<MediaItemResult>,
}

/// What became of one id of `batchGet`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MediaItemResult {
    /// How it went; left out on success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_item: Option<MediaItem>,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserInfo {
    /// Stable id of the account.
    pub sub: String,
    /// E-mail address, if `email` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_upload_token_and_no_base_url() {
        let reply: BatchCreateReply = serde_json::from_str(
            r#"{"newMediaItemResults": [{"uploadToken": "hush", "mediaItem": {"id": "1", "baseUrl": "https://lh3.example/hush"}}]}"#,
        )
        .unwrap();
        let new = NewMediaItem::new("hush", Some("a.jpg"), None);
        let shown = format!("{reply:?} {new:?}");
        assert!(
            shown.contains("a.jpg") && shown.contains("MediaItem") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
