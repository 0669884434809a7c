//! `.yml` companions: what they set on a photo before its file is indexed for the first time (reference 3.8).

use saphyr::{LoadableYamlNode, Scalar, Yaml};

use crate::photoprism::model::{Photo, src};
use crate::photoprism::switches::Generation;
use crate::photoprism::time::WallTime;

/// Sets all that a companion tells. A text that is no YAML, or no map, sets nothing.
///
/// The key of the caption is that of the generation; the other one is ignored without a word. The UID is for the caller.
pub(crate) fn apply(text: &str, generation: Generation, photo: &mut Photo) -> Option<String> {
    let documents = Yaml::load_from_str(text).ok()?;
    let Yaml::Mapping(map) = documents.into_iter().next()? else {
        return None;
    };
    let mut uid = None;
    let caption = if generation == Generation::G1 {
        "Description"
    } else {
        "Caption"
    };
    for (key, value) in &map {
        let Some(key) = string(key) else { continue };
        match (key.as_str(), value) {
            ("UID", value) => uid = string(value),
            ("Details", Yaml::Mapping(details)) => {
                for (key, value) in details {
                    if let (Some(key), Some(value)) = (string(key), string(value)) {
                        set_detail(photo, &key, value);
                    }
                }
            }
            (key, value) if key == caption => text_of(value, &mut photo.caption),
            (key, value) if key.strip_suffix("Src") == Some(caption) => text_of(value, &mut photo.caption_src),
            (key, value) => set(photo, key, value),
        }
    }
    dates(photo, &map_has(&map, "TimeZone"));
    uid
}

/// Whether a text is no YAML at all.
pub(crate) fn is_broken(text: &str) -> bool {
    Yaml::load_from_str(text).is_err()
}

fn map_has(map: &saphyr::Mapping<'_>, key: &str) -> bool {
    map.iter().any(|(known, _)| string(known).as_deref() == Some(key))
}

fn set(photo: &mut Photo, key: &str, value: &Yaml<'_>) {
    match key {
        "TakenAt" => {
            if let Some(at) = string(value).as_deref().and_then(WallTime::parse) {
                photo.taken_at = at.moment();
                if photo.taken_src.is_empty() {
                    src::YAML.clone_into(&mut photo.taken_src);
                }
            }
        }
        "TakenAtLocal" => {
            if let Some(at) = string(value).as_deref().and_then(WallTime::parse) {
                photo.taken_at_local = at;
            }
        }
        "TakenSrc" => text_of(value, &mut photo.taken_src),
        "Type" => text_of(value, &mut photo.kind),
        "TypeSrc" => text_of(value, &mut photo.type_src),
        "Title" => text_of(value, &mut photo.title),
        "TitleSrc" => text_of(value, &mut photo.title_src),
        "OriginalName" => text_of(value, &mut photo.original_name),
        "Favorite" => flag(value, &mut photo.favorite),
        "Private" => flag(value, &mut photo.private),
        "Scan" => flag(value, &mut photo.scan),
        "Panorama" => flag(value, &mut photo.panorama),
        "TimeZone" => text_of(value, &mut photo.time_zone),
        "PlaceSrc" => text_of(value, &mut photo.place_src),
        "Lat" => decimal(value, &mut photo.lat),
        "Lng" => decimal(value, &mut photo.lng),
        "Altitude" => whole(value, &mut photo.altitude),
        "Year" => whole(value, &mut photo.year),
        "Month" => whole(value, &mut photo.month),
        "Day" => whole(value, &mut photo.day),
        _ => {}
    }
}

fn set_detail(photo: &mut Photo, key: &str, value: String) {
    let details = &mut photo.details;
    let target = match key {
        "Keywords" => &mut details.keywords,
        "KeywordsSrc" => &mut details.keywords_src,
        "Notes" => &mut details.notes,
        "NotesSrc" => &mut details.notes_src,
        "Subject" => &mut details.subject,
        "SubjectSrc" => &mut details.subject_src,
        "Artist" => &mut details.artist,
        "ArtistSrc" => &mut details.artist_src,
        "Copyright" => &mut details.copyright,
        "CopyrightSrc" => &mut details.copyright_src,
        "License" => &mut details.license,
        "LicenseSrc" => &mut details.license_src,
        _ => return,
    };
    *target = value;
}

/// Without a local time the companion's moment in its zone counts.
fn dates(photo: &mut Photo, has_zone: &bool) {
    if photo.taken_src.is_empty() {
        return;
    }
    if *has_zone && photo.taken_at_local.as_utc() == photo.created_at {
        let zone = super::zones::rules(&photo.time_zone);
        photo.taken_at_local = WallTime::new(zone.to_datetime(photo.taken_at));
    }
    let local = photo.taken_at_local.at;
    if photo.year <= 0 {
        (photo.year, photo.month, photo.day) = (
            i64::from(local.year()),
            i64::from(local.month()),
            i64::from(local.day()),
        );
    }
}

fn string(value: &Yaml<'_>) -> Option<String> {
    match value {
        Yaml::Value(Scalar::String(text)) => Some(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Some(number.to_string()),
        Yaml::Value(Scalar::FloatingPoint(number)) => Some(number.to_string()),
        Yaml::Value(Scalar::Boolean(yes)) => Some(yes.to_string()),
        Yaml::Representation(text, ..) => Some(text.to_string()),
        _ => None,
    }
}

fn text_of(value: &Yaml<'_>, target: &mut String) {
    if let Some(text) = string(value) {
        *target = text;
    }
}

fn flag(value: &Yaml<'_>, target: &mut bool) {
    if let Some(text) = string(value) {
        *target = text == "true";
    }
}

fn decimal(value: &Yaml<'_>, target: &mut f64) {
    if let Some(number) = string(value).and_then(|text| text.parse().ok()) {
        *target = number;
    }
}

fn whole(value: &Yaml<'_>, target: &mut i64) {
    if let Some(number) = string(value).and_then(|text| text.parse().ok()) {
        *target = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_companion_sets_everything_and_a_broken_one_nothing() {
        let now = "2026-11-21T02:46:01Z".parse().unwrap();
        let text = "UID: ptotz7suo4rcvtj6\nTakenAt: 2011-10-02T16:15:00Z\nTakenAtLocal: 2011-10-02T09:15:00Z\n\
                    TakenSrc: manual\nTitle: \"YAML: title\"\nTitleSrc: manual\nDescription: old key\nCaption: new key\n\
                    Favorite: true\nTimeZone: America/Los_Angeles\nLat: 37.7793\nLng: -122.4193\nAltitude: 16\n\
                    Details:\n  Keywords: ferry, harbour\n  KeywordsSrc: manual\n";
        let mut photo = Photo::new(now);
        let uid = apply(text, Generation::G2, &mut photo);
        assert_eq!(uid.as_deref(), Some("ptotz7suo4rcvtj6"));
        assert_eq!(
            (photo.title.as_str(), photo.caption.as_str()),
            ("YAML: title", "new key")
        );
        assert_eq!(photo.taken_at_local.to_string(), "2011-10-02T09:15:00Z");
        assert_eq!((photo.lat, photo.lng, photo.altitude), (37.7793, -122.4193, 16));
        assert_eq!((photo.year, photo.favorite), (2011, true));
        assert_eq!(photo.details.keywords, "ferry, harbour");
        let mut photo = Photo::new(now);
        apply(text, Generation::G1, &mut photo);
        assert_eq!(photo.caption, "old key");
        let mut untouched = Photo::new(now);
        assert_eq!(
            apply("Title: \"unclosed\n  x: [\n", Generation::G1, &mut untouched),
            None
        );
        assert_eq!(untouched.title, "");
    }
}
