//! What the Library API says, in its own words.
//!
//! The service follows the proto3 JSON mapping: 64-bit numbers are strings, fields with their default value are left
//! out. Reading is lenient on both counts and keeps fields that have no name here; what is sent is exact.
//!
//! # Source
//! Library API reference, `mediaItems` and `albums` (read 2026-08); shapes checked against captures.

mod album;
mod failure;
mod item;
mod search;

use std::fmt;

use serde::de::{Deserializer, Visitor};

pub use album::{Album, AlbumPage, AlbumPosition, EnrichmentItem, LatLng, Location, NewEnrichment, PositionType};
pub use failure::{ErrorReplyBody, Failure};
pub use item::{
    BatchCreateReply, BatchGetReply, ItemPage, MediaItem, MediaItemResult, MediaMetadata, NewMediaItem,
    NewMediaItemResult, PhotoFacts, Status, UserInfo, VideoFacts,
};
pub use search::{ContentFilter, Date, DateFilter, DateRange, FeatureFilter, Filters, MediaTypeFilter, SearchRequest};

/// Reads a 64-bit number that came as a string, as the service sends it, or as a number, as hand-made replies have it.
pub(crate) fn lenient_u64<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    struct Lenient;
    impl Visitor<'_> for Lenient {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, as a number or a string")
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
            u64::try_from(value).map(Some).map_err(E::custom)
        }

        fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
            value.trim().parse().map(Some).map_err(E::custom)
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    from.deserialize_any(Lenient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_strings_as_numbers_or_not_at_all() {
        for (count, expected) in [
            (json!({"mediaItemsCount": "489"}), Some(489)),
            (json!({"mediaItemsCount": 7}), Some(7)),
            (json!({"mediaItemsCount": null}), None),
            (json!({}), None),
        ] {
            let album: Album = serde_json::from_value(count).unwrap();
            assert_eq!(album.media_items_count, expected);
        }
        assert!(serde_json::from_value::<Album>(json!({"mediaItemsCount": "many"})).is_err());
    }

    #[test]
    fn an_empty_reply_is_an_empty_page() {
        let page: ItemPage = serde_json::from_value(json!({})).unwrap();
        assert!(page.media_items.is_empty() && page.next_page_token.is_none());
        let page: AlbumPage = serde_json::from_value(json!({"nextPageToken": ""})).unwrap();
        assert_eq!(page.next(), None, "an omitted default and an empty text are the same");
    }

    #[test]
    fn success_is_a_missing_code() {
        let reply: BatchCreateReply = serde_json::from_value(json!({"newMediaItemResults": [
            {"uploadToken": "a", "status": {"message": "Success"}, "mediaItem": {"id": "1", "mediaMetadata": {"width": "4032", "height": 3024}}},
            {"uploadToken": "b", "status": {"message": "OK", "code": 0}, "mediaItem": {"id": "2"}},
            {"uploadToken": "c", "mediaItem": {"id": "3"}},
            {"uploadToken": "d", "status": {"code": 3, "message": "Failed: no"}}
        ]}))
        .unwrap();
        let codes: Vec<i32> = reply.new_media_item_results.iter().map(|r| r.status.code).collect();
        assert_eq!(codes, [0, 0, 0, 3]);
        let item = reply.new_media_item_results[0].media_item.as_ref().unwrap();
        assert_eq!(
            (item.media_metadata.width, item.media_metadata.height),
            (Some(4032), Some(3024))
        );
    }

    #[test]
    fn unnamed_fields_are_kept_and_sent_bodies_are_exact() {
        let album = json!({"id": "A", "title": "T", "shareInfo": {"isJoined": true}});
        let album: Album = serde_json::from_value(album).unwrap();
        assert_eq!(album.other["shareInfo"]["isJoined"], true);
        let item = NewMediaItem::new("token", Some("Сад.jpg"), Some("words"));
        assert_eq!(
            serde_json::to_value(&item).unwrap(),
            json!({"description": "words", "simpleMediaItem": {"uploadToken": "token", "fileName": "Сад.jpg"}})
        );
        let bare = NewMediaItem::new("token", None, None);
        assert_eq!(
            serde_json::to_value(&bare).unwrap(),
            json!({"simpleMediaItem": {"uploadToken": "token"}})
        );
        let text = NewEnrichment::Text("Day one".into());
        assert_eq!(
            serde_json::to_value(&text).unwrap(),
            json!({"textEnrichment": {"text": "Day one"}})
        );
    }
}
