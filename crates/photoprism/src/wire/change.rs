//! What can be changed of a photo.

use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{DetailsChange, LocalTime, MediaType, Source};

/// A change of a photo: what is `None` stays as it is.
///
/// The server sets no source by itself, and an index run replaces whatever has none: the `with_…` functions say
/// [`Source::Manual`]. Every accepted change, an empty one too, takes the photo out of review.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PhotoProperties {
    /// What it is; not checked by the server.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<MediaType>,
    /// Where the type comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_src: Option<Source>,
    /// When it was taken; decides only with the zone `UTC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// What the clock on the wall said; decides with any other zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_at_local: Option<LocalTime>,
    /// Where the time comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_src: Option<Source>,
    /// IANA name in its exact spelling, or `UTC`; the server stores anything and reads what it does not know as UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Year, wall clock; -1 for not known. Kept as sent only if `taken_src` is manual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Month, wall clock; -1 for not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<i32>,
    /// Day, wall clock; -1 for not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// Title; an empty one is replaced by one of the server's making.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the title comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_src: Option<Source>,
    /// Caption; sent under its old name `Description` too.
    #[serde(flatten, serialize_with = "caption")]
    pub caption: Option<String>,
    /// Where the caption comes from; sent under its old name too.
    #[serde(flatten, serialize_with = "caption_src")]
    pub caption_src: Option<Source>,
    /// Keywords, notes and so on; replaced as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<DetailsChange>,
    /// 0 may be stacked, -1 never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<i8>,
    /// Whether it is a favourite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favorite: Option<bool>,
    /// Whether it is private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Whether it is a scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<bool>,
    /// Whether it is a panorama.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panorama: Option<bool>,
    /// Metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altitude: Option<i32>,
    /// Degrees; not checked by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees; not checked by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng: Option<f64>,
    /// Sensitivity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iso: Option<i64>,
    /// Millimetres, as for film of 35 mm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<i64>,
    /// Aperture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f_number: Option<f64>,
    /// Exposure time, such as `1/60`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<String>,
    /// Two lower-case letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Id of the cell.
    #[serde(rename = "CellID", skip_serializing_if = "Option::is_none")]
    pub cell_id: Option<String>,
    /// Metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_accuracy: Option<i64>,
    /// Id of the place.
    #[serde(rename = "PlaceID", skip_serializing_if = "Option::is_none")]
    pub place_id: Option<String>,
    /// Where the place comes from; only with `manual` the server looks up country and place of a new position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_src: Option<Source>,
    /// Number of the camera; not checked by the server.
    #[serde(rename = "CameraID", skip_serializing_if = "Option::is_none")]
    pub camera_id: Option<u64>,
    /// Where the camera comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_src: Option<Source>,
    /// Number of the lens; not checked by the server.
    #[serde(rename = "LensID", skip_serializing_if = "Option::is_none")]
    pub lens_id: Option<u64>,
    /// Name before import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_name: Option<String>,
    /// Fields that have no name here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl PhotoProperties {
    /// Sets the title, by hand.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        (self.title, self.title_src) = (Some(title.into()), Some(Source::Manual));
        self
    }

    /// Sets the caption, by hand.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        (self.caption, self.caption_src) = (Some(caption.into()), Some(Source::Manual));
        self
    }

    /// Sets the time by the clock on the wall and the zone it hung in, by hand; year, month and day follow.
    #[must_use]
    pub fn with_local_time(mut self, time: LocalTime, zone: impl Into<String>) -> Self {
        let (date, zone) = (time.datetime().date(), zone.into());
        // With this zone the other time decides.
        if zone.eq_ignore_ascii_case("UTC") {
            let instant = time.datetime().to_zoned(jiff::tz::TimeZone::UTC);
            self.taken_at = instant.ok().map(|time| time.timestamp());
        }
        self.taken_at_local = Some(time);
        self.time_zone = Some(zone);
        self.taken_src = Some(Source::Manual);
        self.year = Some(date.year().into());
        self.month = Some(date.month().into());
        self.day = Some(date.day().into());
        self
    }

    /// Sets the time where no zone is known, by hand: it becomes a time of UTC.
    #[must_use]
    pub fn with_time_utc(self, time: Timestamp) -> Self {
        let wall = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        self.with_local_time(LocalTime::new(wall), "UTC")
    }

    /// Sets the position in degrees and metres, by hand.
    #[must_use]
    pub fn with_position(mut self, lat: f64, lng: f64, altitude: Option<i32>) -> Self {
        (self.lat, self.lng) = (Some(lat), Some(lng));
        self.altitude = altitude;
        self.place_src = Some(Source::Manual);
        self
    }

    /// Takes the position away, with the country that would stay otherwise.
    #[must_use]
    pub fn without_position(mut self) -> Self {
        self = self.with_position(0.0, 0.0, None);
        let unknown = || Some("zz".to_owned());
        (self.cell_id, self.place_id, self.country) = (unknown(), unknown(), unknown());
        self
    }

    /// Sets the details, all of them.
    #[must_use]
    pub fn with_details(mut self, details: DetailsChange) -> Self {
        self.details = Some(details);
        self
    }

    /// Says whether it is a favourite.
    #[must_use]
    pub fn with_favorite(mut self, favorite: bool) -> Self {
        self.favorite = Some(favorite);
        self
    }

    /// Says whether it is private.
    #[must_use]
    pub fn with_private(mut self, private: bool) -> Self {
        self.private = Some(private);
        self
    }
}

/// Unknown keys are ignored by servers of any age, so that both names are sent to all.
fn both<S: Serializer>(to: S, names: [&str; 2], value: Option<&str>) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    if let Some(value) = value {
        for name in names {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

fn caption<S: Serializer>(value: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    both(to, ["Caption", "Description"], value.as_deref())
}

fn caption_src<S: Serializer>(value: &Option<Source>, to: S) -> Result<S::Ok, S::Error> {
    let value = value.as_ref().map(Source::as_str);
    both(to, ["CaptionSrc", "DescriptionSrc"], value)
}
