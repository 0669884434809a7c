//! Share links.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

use super::time::or_unset;

/// A link that opens an album to whoever has it.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ShareLink {
    /// Id, `s…`.
    #[serde(rename = "UID")]
    pub uid: String,
    /// Id of what it opens.
    #[serde(rename = "ShareUID")]
    pub share_uid: String,
    /// Short name for addresses.
    pub slug: String,
    /// The secret part of the address; not told by `Debug`.
    pub token: String,
    /// Seconds after the last change; 0 for never.
    pub expires: i64,
    /// How often it was opened.
    pub views: u64,
    /// How often it may be opened; 0 for ever.
    pub max_views: u64,
    /// Whether it asks for a password.
    pub verify_password: bool,
    /// A remark.
    pub comment: String,
    /// Id of the user who made it.
    pub created_by: String,
    /// When it was made.
    #[serde(deserialize_with = "or_unset")]
    pub created_at: Option<Timestamp>,
    /// When it changed.
    #[serde(deserialize_with = "or_unset")]
    pub modified_at: Option<Timestamp>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ShareLink {
    /// Returns the path of the page below the server's address; as good as a key to the album.
    pub fn path(&self) -> String {
        format!("s/{}/{}", self.token, self.slug)
    }

    /// Returns the secret part of a page's address, by which the link is found among those of its album; `None` if it is
    /// no address of a share link.
    pub fn token_in(address: &Url) -> Option<SecretString> {
        let mut segments = address.path_segments()?.skip_while(|segment| *segment != "s").skip(1);
        let token = segments.next().filter(|token| !token.is_empty())?;
        Some(token.into())
    }
}

impl fmt::Debug for ShareLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareLink")
            .field("uid", &self.uid)
            .field("share_uid", &self.share_uid)
            .field("expires", &self.expires)
            .field("max_views", &self.max_views)
            .finish_non_exhaustive()
    }
}

/// What a share link is to be. `expires` and `max_views` are replaced even if they are left out: then they become 0.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ShareLinkProperties {
    /// Seconds after the change; 0 for never.
    pub expires: i64,
    /// How often it may be opened; 0 for ever.
    pub max_views: u64,
    /// Short name for addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Password that it asks for.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub password: Option<SecretString>,
    /// The secret part of the address; changes of a link only.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub token: Option<SecretString>,
}

impl fmt::Debug for ShareLinkProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShareLinkProperties")
            .field("expires", &self.expires)
            .field("max_views", &self.max_views)
            .field("slug", &self.slug)
            .finish_non_exhaustive()
    }
}

fn exposed<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_and_not_told() {
        let change = ShareLinkProperties {
            password: Some("hush".into()),
            token: Some("quiet".into()),
            ..Default::default()
        };
        let told = format!("{change:?}");
        assert!(!told.contains("hush") && !told.contains("quiet"));
        let sent = serde_json::to_value(&change).unwrap();
        assert_eq!(sent["Password"], "hush");
        assert_eq!(sent["Expires"], 0);
        let link: ShareLink = serde_json::from_str(r#"{"UID":"s1","Token":"quiet","Slug":"x"}"#).unwrap();
        assert!(!format!("{link:?}").contains("quiet"));
        assert_eq!(link.path(), "s/quiet/x");
    }
}
