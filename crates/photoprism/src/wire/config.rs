//! What the server is and can.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Settings, nullable};

/// How the server looks at the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ConfigMode {
    /// Nobody is signed in. Not the public mode of a server, see [`ServerConfig::public`].
    #[default]
    Public,
    /// A visitor with a link.
    Share,
    /// Somebody is signed in, or the server asks nobody.
    User,
    /// Another one.
    #[serde(untagged)]
    Other(String),
}

/// `GET /config`, which also comes with every session.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerConfig {
    /// How the server looks at the caller.
    #[serde(deserialize_with = "nullable")]
    pub mode: ConfigMode,
    /// Name of the program, usually `PhotoPrism`.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// `ce`, `plus`, `pro`, `portal`, …
    #[serde(deserialize_with = "nullable")]
    pub edition: String,
    /// Release, such as `250707-d28b3101e-Linux-AMD64`; `development` for builds of one's own.
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    /// Whether nobody has to sign in.
    #[serde(deserialize_with = "nullable")]
    pub public: bool,
    /// Whether uploads, imports and deletions are refused.
    #[serde(deserialize_with = "nullable")]
    pub readonly: bool,
    /// `password` or `public`.
    #[serde(deserialize_with = "nullable")]
    pub auth_mode: String,
    /// Whether pictures that may offend are taken.
    #[serde(rename = "uploadNSFW", deserialize_with = "nullable")]
    pub upload_nsfw: bool,
    /// Whether features that are not finished are on.
    #[serde(deserialize_with = "nullable")]
    pub experimental: bool,
    /// Base path of the site, empty for none.
    #[serde(deserialize_with = "nullable")]
    pub base_uri: String,
    /// Path of the interface.
    #[serde(deserialize_with = "nullable")]
    pub api_uri: String,
    /// Where thumbnails and files come from; may be another host.
    #[serde(deserialize_with = "nullable")]
    pub content_uri: String,
    /// Where videos come from; may be another host.
    #[serde(deserialize_with = "nullable")]
    pub video_uri: String,
    /// Address of the site as the server knows it.
    #[serde(deserialize_with = "nullable")]
    pub site_url: String,
    /// Key of downloads; `public` for those who are not signed in, which then opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_token: Option<String>,
    /// Key of thumbnails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_token: Option<String>,
    /// What is switched off.
    #[serde(deserialize_with = "nullable")]
    pub disable: Disabled,
    /// What the library holds.
    #[serde(deserialize_with = "nullable")]
    pub count: ClientCounts,
    /// Settings, reduced for those who are not signed in.
    pub settings: Option<Settings>,
    /// What else came: albums, cameras, lenses, countries, thumbs, colours, rights, …
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ServerConfig {
    /// Says whether the request was made by somebody who is signed in, or needed no sign-in.
    pub fn is_signed_in(&self) -> bool {
        self.public || self.mode == ConfigMode::User
    }

    /// Returns the release.
    pub fn server_version(&self) -> ServerVersion {
        ServerVersion(self.version.clone())
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("version", &self.version)
            .field("edition", &self.edition)
            .field("mode", &self.mode)
            .field("public", &self.public)
            .field("readonly", &self.readonly)
            .field("disable", &self.disable)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// The release of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVersion(String);

/// Which of the ways of the interface a release speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// Up to December 2024: photos have a `Description`.
    G1,
    /// Releases of 2025: photos have a `Caption`.
    G2,
    /// From late 2025 on: uploads are checked when they arrive.
    G3,
}

impl ServerVersion {
    /// Returns the text as the server says it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the day of the release as `YYMMDD`; `None` for builds of one's own.
    pub fn day(&self) -> Option<u32> {
        let digits = self.0.get(..6)?;
        let ends = self.0[6..].chars().next().is_none_or(|next| !next.is_ascii_digit());
        digits
            .chars()
            .all(|c| c.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
            .filter(|_| ends)
    }

    /// Returns the generation; `None` for builds of one's own, where only a photo tells (`Caption` or `Description`).
    ///
    /// # Source
    /// Reference 0.3: a capture of build 250129 has `Caption` already; the last release that is known to be G2 is the
    /// preview of August 2025.
    pub fn generation(&self) -> Option<Generation> {
        self.day().map(|day| match day {
            ..250_100 => Generation::G1,
            250_100..=250_831 => Generation::G2,
            _ => Generation::G3,
        })
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is switched off; a key that is missing is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Disabled {
    /// WebDAV.
    #[serde(deserialize_with = "nullable")]
    pub webdav: bool,
    /// Changes of settings.
    #[serde(deserialize_with = "nullable")]
    pub settings: bool,
    /// Names of places.
    #[serde(deserialize_with = "nullable")]
    pub places: bool,
    /// Backups, `.yml` files among them.
    #[serde(deserialize_with = "nullable")]
    pub backups: bool,
    /// Faces.
    #[serde(deserialize_with = "nullable")]
    pub faces: bool,
    /// Video conversion, which videos need for their preview.
    #[serde(deserialize_with = "nullable")]
    pub ffmpeg: bool,
    /// Reading of metadata with ExifTool.
    #[serde(deserialize_with = "nullable")]
    pub exiftool: bool,
    /// RAW files.
    #[serde(deserialize_with = "nullable")]
    pub raw: bool,
    /// HEIC files.
    #[serde(deserialize_with = "nullable")]
    pub heifconvert: bool,
    /// JPEG XL files.
    #[serde(deserialize_with = "nullable")]
    pub jpegxl: bool,
    /// Vector graphics.
    #[serde(deserialize_with = "nullable")]
    pub vectors: bool,
    /// What else can be off.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the library holds: the only totals that the server tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientCounts {
    /// Photos, videos and all else that is neither archived nor hidden.
    #[serde(deserialize_with = "nullable")]
    pub all: i64,
    /// Photos.
    #[serde(deserialize_with = "nullable")]
    pub photos: i64,
    /// Live photos.
    #[serde(deserialize_with = "nullable")]
    pub live: i64,
    /// Videos.
    #[serde(deserialize_with = "nullable")]
    pub videos: i64,
    /// Photos without a usable preview.
    #[serde(deserialize_with = "nullable")]
    pub hidden: i64,
    /// Archived photos.
    #[serde(deserialize_with = "nullable")]
    pub archived: i64,
    /// Favourites.
    #[serde(deserialize_with = "nullable")]
    pub favorites: i64,
    /// Photos that wait for approval.
    #[serde(deserialize_with = "nullable")]
    pub review: i64,
    /// Private photos.
    #[serde(deserialize_with = "nullable")]
    pub private: i64,
    /// Albums.
    #[serde(deserialize_with = "nullable")]
    pub albums: i64,
    /// Files.
    #[serde(deserialize_with = "nullable")]
    pub files: i64,
    /// Folders.
    #[serde(deserialize_with = "nullable")]
    pub folders: i64,
    /// Labels.
    #[serde(deserialize_with = "nullable")]
    pub labels: i64,
    /// People.
    #[serde(deserialize_with = "nullable")]
    pub people: i64,
    /// What else is counted.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("240915-e1280b2fb-Linux-AMD64", Some(240_915), Some(Generation::G1))]
    #[case("250129-abc", Some(250_129), Some(Generation::G2))]
    #[case("250707-d28b3101e-Linux-AMD64-Plus", Some(250_707), Some(Generation::G2))]
    #[case("260305-x", Some(260_305), Some(Generation::G3))]
    #[case("development", None, None)]
    #[case("2507071-x", None, None)]
    #[case("", None, None)]
    #[case("ü50707", None, None)]
    fn releases_tell_their_generation(
        #[case] text: &str,
        #[case] day: Option<u32>,
        #[case] generation: Option<Generation>,
    ) {
        let version = ServerVersion(text.to_owned());
        assert_eq!((version.day(), version.generation()), (day, generation));
    }

    #[test]
    fn nulls_and_unknown_keys_do_no_harm_and_tokens_are_not_shown() {
        let config: ServerConfig = serde_json::from_str(
            r#"{"mode":"user","version":"x","count":null,"albums":null,"downloadToken":"hush","new":{"a":1}}"#,
        )
        .unwrap();
        assert!(config.is_signed_in() && config.other.contains_key("new"));
        assert!(!format!("{config:?}").contains("hush"));
        let other: ServerConfig = serde_json::from_str(r#"{"mode":"embed"}"#).unwrap();
        assert_eq!(other.mode, ConfigMode::Other("embed".to_owned()));
    }
}
