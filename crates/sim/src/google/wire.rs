//! The shapes of the Library API's replies: keys, types and omitted defaults as in the captures.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::details::Camera;
use super::switches::GoogleSwitches;
use super::world::{AccountIndex, Album, Creator, Item, World};

/// A MediaItem; `None` and empty text are left out, as proto3 JSON does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaItem {
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    product_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    mime_type: String,
    media_metadata: MediaMetadata,
    filename: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MediaMetadata {
    creation_time: String,
    /// A 64-bit number, therefore text.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    photo: Option<Photo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<Video>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Photo {
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_make: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_length: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aperture_f_number: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iso_equivalent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure_time: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Video {
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_make: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    camera_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fps: Option<f64>,
    status: &'static str,
}

/// Where items and albums are rendered from.
#[derive(Clone, Copy)]
pub(super) struct Renderer<'a> {
    pub(super) world: &'a World,
    pub(super) switches: &'a GoogleSwitches,
    pub(super) now: Timestamp,
    /// Base URL of the listener that stands for the host of the bytes.
    pub(super) bytes_url: &'a str,
}

impl Renderer<'_> {
    /// The full item of `get`, `list`, `search` and `batchGet`.
    pub(super) fn item(&self, item: &Item, in_album: Option<&str>) -> MediaItem {
        let details = &item.stored.details;
        let mut rendered = self.thin_item(item, in_album);
        rendered.description = item.description.clone();
        rendered.base_url = Some(self.base_url(&item.id));
        match self.video_status(item) {
            None => rendered.media_metadata.photo = Some(photo(&details.camera)),
            Some("PROCESSING") => {
                let nothing_yet = Video {
                    camera_make: None,
                    camera_model: None,
                    fps: None,
                    status: "PROCESSING",
                };
                rendered.media_metadata.video = Some(nothing_yet);
            }
            Some(status) => {
                let Camera { make, model, .. } = details.camera.clone();
                rendered.media_metadata.video = Some(Video {
                    camera_make: make,
                    camera_model: model,
                    fps: details.frames_per_second,
                    status,
                });
            }
        }
        rendered
    }

    /// The item of a `batchCreate` reply: no base URL, no description, neither photo nor video.
    pub(super) fn thin_item(&self, item: &Item, in_album: Option<&str>) -> MediaItem {
        let details = &item.stored.details;
        let processing = self.video_status(item) == Some("PROCESSING");
        let pixels = |value: Option<u32>| value.filter(|_| !processing).map(|value| value.to_string());
        MediaItem {
            id: item.id.clone(),
            description: String::new(),
            product_url: match in_album {
                Some(album) => format!("https://photos.google.com/lr/album/{album}/photo/{}", item.id),
                None => format!("https://photos.google.com/lr/photo/{}", item.id),
            },
            base_url: None,
            mime_type: item.mime.clone(),
            media_metadata: MediaMetadata {
                creation_time: timestamp(item.creation_time(&self.switches.naive_zone)),
                width: pixels(details.width),
                height: pixels(details.height),
                photo: None,
                video: None,
            },
            filename: item.name.clone(),
        }
    }

    /// `None` for photos.
    fn video_status(&self, item: &Item) -> Option<&'static str> {
        if !item.is_video() {
            return None;
        }
        let failing = &self.switches.fail_videos_named;
        Some(
            if self.now.duration_since(item.created) < self.switches.video_processing {
                "PROCESSING"
            } else if !failing.is_empty() && item.name.contains(failing) {
                "FAILED"
            } else {
                "READY"
            },
        )
    }

    fn base_url(&self, id: &str) -> String {
        format!("{}/lr/{}", self.bytes_url, self.world.mint.text_for(id, 600))
    }

    /// An album of `get`, `list` and `patch`; `writeable` is whether the caller's scopes let it add items.
    pub(super) fn album(&self, album: &Album, writeable: bool) -> AlbumBody {
        let count = album
            .item_ids()
            .filter(|id| self.world.item(album.account, id).is_some())
            .count();
        let cover = self.cover(album.account, album);
        AlbumBody {
            // An empty album has a picture all the same, and no item behind it (albums-list-app-created).
            cover_photo_base_url: Some(self.base_url(cover.as_deref().unwrap_or(&album.id))),
            cover_photo_media_item_id: cover,
            media_items_count: (count > 0).then(|| count.to_string()),
            ..self.new_album(album, writeable)
        }
    }

    /// The four fields of a `create` reply.
    pub(super) fn new_album(&self, album: &Album, writeable: bool) -> AlbumBody {
        AlbumBody {
            id: album.id.clone(),
            title: album.title.clone(),
            product_url: format!("https://photos.google.com/lr/album/{}", album.id),
            is_writeable: writeable && matches!(album.creator, Creator::Project(_)),
            media_items_count: None,
            cover_photo_base_url: None,
            cover_photo_media_item_id: None,
        }
    }

    fn cover(&self, account: AccountIndex, album: &Album) -> Option<String> {
        let here = |id: &&str| self.world.item(account, id).is_some();
        album
            .cover
            .as_deref()
            .filter(here)
            .or_else(|| album.item_ids().find(here))
            .map(str::to_owned)
    }
}

/// An Album.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlbumBody {
    id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    title: String,
    product_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_writeable: bool,
    /// A 64-bit number, therefore text.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_items_count: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_photo_base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_photo_media_item_id: Option<String>,
}

fn photo(camera: &Camera) -> Photo {
    Photo {
        camera_make: camera.make.clone(),
        camera_model: camera.model.clone(),
        focal_length: camera.focal_length_mm,
        aperture_f_number: camera.aperture_f_number,
        iso_equivalent: camera.iso,
        exposure_time: camera.exposure_s.map(duration),
    }
}

/// Seconds with an `s`, with the noise of a 32-bit float, as the service sends them.
fn duration(seconds: f64) -> String {
    let nanoseconds = (f64::from(seconds as f32) * 1e9).floor();
    let text = format!("{:.9}", nanoseconds / 1e9);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// RFC 3339 in UTC with 0, 3, 6 or 9 digits after the second.
pub(super) fn timestamp(at: Timestamp) -> String {
    let nanoseconds = at.as_nanosecond().rem_euclid(1_000_000_000);
    let whole = at
        .checked_sub(SignedDuration::from_nanos(i64::try_from(nanoseconds).unwrap_or(0)))
        .unwrap_or(at);
    let text = whole.to_string();
    let fraction = match nanoseconds {
        0 => return text,
        n if n % 1_000_000 == 0 => format!("{:03}", n / 1_000_000),
        n if n % 1_000 == 0 => format!("{:06}", n / 1_000),
        n => format!("{n:09}"),
    };
    format!("{}.{fraction}Z", text.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-08-10T12:30:08Z", "2026-08-10T12:30:08Z")]
    #[case("2026-08-10T12:30:08.8Z", "2026-08-10T12:30:08.800Z")]
    #[case("2026-08-10T12:30:08.8171Z", "2026-08-10T12:30:08.817100Z")]
    #[case("1969-12-31T23:59:59.123456789Z", "1969-12-31T23:59:59.123456789Z")]
    fn fractions_have_0_3_6_or_9_digits(#[case] given: &str, #[case] wanted: &str) {
        assert_eq!(timestamp(given.parse().unwrap()), wanted);
    }

    #[test]
    fn durations_carry_float_noise() {
        assert_eq!(duration(0.04), "0.039999999s");
        assert_eq!(duration(1.0), "1s");
        assert_eq!(duration(0.5), "0.5s");
    }
}
