//! Albums, places in them, and enrichments.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::lenient_u64;

/// An album that this program may see.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Album {
    /// Permanent id, opaque.
    pub id: String,
    /// Title, not unique.
    pub title: String,
    /// Address for its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_url: Option<String>,
    /// Whether this program may add to it with the scopes granted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_writeable: bool,
    /// Members; left out by the service when 0.
    #[serde(deserialize_with = "lenient_u64", skip_serializing_if = "Option::is_none")]
    pub media_items_count: Option<u64>,
    /// Address of the cover's bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_photo_base_url: Option<String>,
    /// The cover's item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_photo_media_item_id: Option<String>,
    /// What else came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One page of albums; the last one has no token.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlbumPage {
    /// Albums; may be none on a page that is not the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub albums: Vec<Album>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

impl AlbumPage {
    /// Returns the token of the next page, `None` on the last one.
    pub fn next(&self) -> Option<&str> {
        self.next_page_token.as_deref().filter(|token| !token.is_empty())
    }
}

/// A place in an album.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlbumPosition {
    position: PositionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_media_item_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative_enrichment_item_id: Option<String>,
}

/// Where in an album.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PositionType {
    /// Before everything.
    FirstInAlbum,
    /// After everything.
    LastInAlbum,
    /// After an item.
    AfterMediaItem,
    /// After an enrichment.
    AfterEnrichmentItem,
}

impl AlbumPosition {
    /// The album's beginning.
    pub fn first() -> Self {
        Self::at(PositionType::FirstInAlbum)
    }

    /// The album's end.
    pub fn last() -> Self {
        Self::at(PositionType::LastInAlbum)
    }

    /// Behind an item of the album.
    pub fn after_item(id: impl Into<String>) -> Self {
        Self {
            relative_media_item_id: Some(id.into()),
            ..Self::at(PositionType::AfterMediaItem)
        }
    }

    /// Behind an enrichment of the album.
    pub fn after_enrichment(id: impl Into<String>) -> Self {
        Self {
            relative_enrichment_item_id: Some(id.into()),
            ..Self::at(PositionType::AfterEnrichmentItem)
        }
    }

    fn at(position: PositionType) -> Self {
        Self {
            position,
            relative_media_item_id: None,
            relative_enrichment_item_id: None,
        }
    }
}

/// A point on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatLng {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A named point on the earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Name for people.
    pub location_name: String,
    /// Where it is.
    pub latlng: LatLng,
}

/// Something between the photos of an album.
#[derive(Debug, Clone, PartialEq)]
pub enum NewEnrichment {
    /// A text.
    Text(String),
    /// A place.
    Location(Location),
    /// A map with a way.
    Map {
        /// Where the way begins.
        origin: Location,
        /// Where it ends.
        destination: Location,
    },
}

impl Serialize for NewEnrichment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => json!({"textEnrichment": {"text": text}}),
            Self::Location(location) => json!({"locationEnrichment": {"location": location}}),
            Self::Map { origin, destination } => {
                json!({"mapEnrichment": {"origin": origin, "destination": destination}})
            }
        }
        .serialize(to)
    }
}

/// An enrichment that exists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EnrichmentItem {
    /// Its id.
    pub id: String,
}
