//! Google's JSON beside a file: what the server takes from it, and how it errs (reference 3.8).

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Deserialize;

use crate::facts::metadata::{Clock, Found, Metadata};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sidecar {
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    photo_taken_time: Time,
    #[serde(default)]
    geo_data: Geo,
}

#[derive(Debug, Deserialize)]
struct Time {
    timestamp: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Geo {
    latitude: f64,
    longitude: f64,
    altitude: f64,
}

/// Fills what the file did not tell; `name` is the name under which the file came. Other JSON fills nothing.
pub(crate) fn fill(json: &[u8], name: &str, found: &mut Metadata) {
    let Ok(sidecar) = serde_json::from_slice::<Sidecar>(json) else {
        return;
    };
    // A title that is not just the name of the file beats one inside of it; seen.
    let title = super::kinds::stem(&sidecar.title);
    if !title.is_empty() && !name.ends_with(&sidecar.title) && title != super::kinds::stem(name) {
        title.clone_into(&mut found.title);
    }
    if found.description.is_empty() {
        sidecar.description.trim().clone_into(&mut found.description);
    }
    let (latitude, longitude) = (sidecar.geo_data.latitude, sidecar.geo_data.longitude);
    let has_place = (latitude, longitude) != (0.0, 0.0);
    if found.taken.is_none()
        && let Ok(seconds) = sidecar.photo_taken_time.timestamp.parse()
        && let Ok(at) = Timestamp::from_second(seconds)
    {
        // The second is UTC and is taken as the wall clock: with a place it is shifted a second time.
        found.taken = Some(Found {
            wall: Offset::UTC.to_datetime(at),
            clock: Clock::Local,
        });
    }
    if found.gps.is_none() && has_place {
        found.gps = Some((latitude, longitude));
        found.altitude_m = Some(sidecar.geo_data.altitude);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_taken_as_the_wall_clock() {
        let json = br#"{"title":"IMG_1.jpg","description":" Anemones ","photoTakenTime":{"timestamp":"1563727327"},
            "geoData":{"latitude":54.3213,"longitude":10.1349,"altitude":4.0},"favorited":true}"#;
        let mut found = Metadata::default();
        fill(json, "IMG_1.jpg", &mut found);
        assert_eq!(found.taken.unwrap().wall.to_string(), "2019-07-21T16:42:07");
        assert_eq!((found.title.as_str(), found.description.as_str()), ("", "Anemones"));
        assert_eq!(found.gps, Some((54.3213, 10.1349)));
        fill(
            br#"{"title":"A nice falcon.jpg","photoTakenTime":{"timestamp":"1"}}"#,
            "IMG_7.jpg",
            &mut found,
        );
        assert_eq!(found.title, "A nice falcon");
        fill(br#"{"albumData":{}}"#, "IMG_7.jpg", &mut found);
        assert_eq!(found.title, "A nice falcon");
    }
}
