//! From photos to assets and albums. Pure: no network, no clock.

mod capture;
mod roles;

use std::collections::{BTreeMap, BTreeSet};

use photomove_core::{
    Album as CoreAlbum, AlbumId, Asset, AssetId, Checksums, Fields, Locator, MediaKind, Metadata, Origin, Part, PartId,
    Place, Sourced,
};
use serde_json::{Value, json};

use crate::wire::{Album, File, MediaType, Photo, Source};

pub(crate) use capture::{taken, zone};

/// Metadata that a photo can hold.
pub(crate) const FIELDS: Fields = Fields::TAKEN
    .union(Fields::TITLE)
    .union(Fields::DESCRIPTION)
    .union(Fields::KEYWORDS)
    .union(Fields::PLACE)
    .union(Fields::FAVOURITE)
    .union(Fields::ARCHIVED)
    .union(Fields::PRIVATE)
    .union(Fields::PEOPLE);

/// Label names of this uncertainty are hidden.
const HIDDEN_PERCENT: i64 = 100;
/// Under what name the server's own name of the time zone is kept beside the offset.
pub(crate) const TIME_ZONE: &str = "TimeZone";
/// What the server calls a place that it does not know.
const UNKNOWN: &str = "zz";

/// Makes an asset of a photo with its files; `None` if it has none that people put there, as what a merge left behind.
pub fn asset(photo: &Photo) -> Option<Asset> {
    let parts = roles::ordered(photo);
    if parts.is_empty() {
        return None;
    }
    let hashes: BTreeMap<&str, &str> = parts
        .iter()
        .map(|(file, _)| (file.uid.as_str(), file.hash.as_str()))
        .collect();
    Some(Asset {
        id: AssetId::from(photo.uid.as_str()),
        kind: kind(photo),
        revision: revision(&parts),
        locator: Locator(json!({ "hashes": hashes })),
        metadata: metadata(photo),
        parts: parts.into_iter().map(|(file, role)| part(file, role)).collect(),
        albums: None,
        read_before: None,
    })
}

/// Makes an album of one that people made.
pub fn album(album: Album) -> CoreAlbum {
    let description = [album.description, album.caption]
        .into_iter()
        .find(|text| !text.is_empty());
    CoreAlbum {
        id: AlbumId::from(album.uid),
        title: album.title,
        description,
        item_count: album.photo_count.filter(|_| album.filter.is_empty()),
        shared: album.link_count.is_some_and(|links| links > 0),
    }
}

/// Reads the SHA-1 of a part back out of a locator.
pub(crate) fn hash_of<'l>(locator: &'l Locator, part: &PartId) -> Option<&'l str> {
    locator.0.get("hashes")?.get(part.as_str())?.as_str()
}

fn part(file: &File, role: photomove_core::PartRole) -> Part {
    Part {
        id: PartId::from(file.uid.as_str()),
        role,
        file_name: file_name(file),
        media_type: Some(file.mime.clone()).filter(|mime| !mime.is_empty()),
        size_bytes: (file.size > 0 || !file.missing).then_some(file.size),
        checksums: Checksums {
            sha1: Checksums::sha1_from_hex(&file.hash),
            ..Checksums::default()
        },
    }
}

/// The name before import where it is known, else that on the server's disk.
fn file_name(file: &File) -> String {
    let before = file.original_name.rsplit(['/', '\\']).next().unwrap_or_default();
    match before {
        "" => file.base_name().to_owned(),
        name => name.to_owned(),
    }
}

fn kind(photo: &Photo) -> MediaKind {
    let videos = photo.originals().filter(|file| is_video(file)).count();
    let stills = photo.originals().filter(|file| roles::is_still(file)).count();
    match (&photo.kind, videos, stills) {
        (MediaType::Live, 1.., 1..) => MediaKind::LivePhoto,
        // A short clip alone is called live by older servers.
        (_, 1.., 0) | (MediaType::Video, 1.., _) => MediaKind::Video,
        _ => MediaKind::Photo,
    }
}

fn is_video(file: &File) -> bool {
    file.video || matches!(file.media_type, MediaType::Video | MediaType::Live) && !roles::is_still(file)
}

/// Changes with the files and with nothing else. In order of their names, for the server lists them in any.
fn revision(parts: &[(&File, photomove_core::PartRole)]) -> String {
    let hashes: BTreeSet<&str> = parts.iter().map(|(file, _)| file.hash.as_str()).collect();
    let mut digester = photomove_core::Digester::new(photomove_core::HashKinds::SHA1);
    for hash in hashes {
        digester.update(hash.as_bytes());
    }
    digester.finish().sha1_hex().unwrap_or_default()
}

/// Where a value was found that the server takes from there.
fn origin(source: &Source) -> Origin {
    match source {
        Source::Meta => Origin::Embedded,
        Source::Xmp | Source::Yaml => Origin::Sidecar,
        Source::Name | Source::Estimate | Source::Location | Source::Image => Origin::Inferred,
        _ => Origin::Provider,
    }
}

fn metadata(photo: &Photo) -> Metadata {
    let flag = |value: bool| value.then(|| Sourced::provider(true));
    Metadata {
        taken: taken(photo),
        title: title(photo),
        description: description(photo),
        keywords: keywords(photo),
        place: place(photo),
        favourite: flag(photo.favorite),
        archived: flag(photo.is_archived()),
        private: flag(photo.private),
        people: people(photo),
        extra: extra(photo),
        ..Metadata::default()
    }
}

/// Titles without a source are made up by the server, such as `Unknown / 2008`.
fn title(photo: &Photo) -> Option<Sourced<String>> {
    let is_own = !matches!(photo.title_src, Source::Auto | Source::Default);
    (is_own && !photo.title.is_empty()).then(|| Sourced {
        value: photo.title.clone(),
        origin: origin(&photo.title_src),
    })
}

fn description(photo: &Photo) -> Option<Sourced<String>> {
    let text = photo.caption_text();
    (!text.is_empty()).then(|| Sourced {
        value: text.to_owned(),
        origin: origin(&photo.caption_source()),
    })
}

/// Keywords that somebody gave, and labels that somebody put there. The server adds words of its own to keywords that came
/// with the file: colours, words of the name.
fn keywords(photo: &Photo) -> Option<Sourced<Vec<String>>> {
    let mut words = Vec::new();
    let mut from = Origin::Embedded;
    if let Some(details) = &photo.details
        && !matches!(details.keywords_src, Source::Auto | Source::Default)
    {
        words.extend(split_keywords(&details.keywords).map(str::to_owned));
        from = origin(&details.keywords_src);
    }
    let labels = photo
        .labels
        .iter()
        .filter(|label| label.label_src == Source::Manual && label.uncertainty < HIDDEN_PERCENT)
        .filter_map(|label| label.label.as_ref())
        .map(|label| label.name.clone());
    for label in labels {
        from = Origin::Provider;
        if !words.iter().any(|word| word.eq_ignore_ascii_case(&label)) {
            words.push(label);
        }
    }
    (!words.is_empty()).then_some(Sourced {
        value: words,
        origin: from,
    })
}

/// Splits the server's text of keywords.
pub(crate) fn split_keywords(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn place(photo: &Photo) -> Option<Sourced<Place>> {
    let (latitude, longitude) = photo.position()?;
    let is_known = !matches!(photo.place_src, Source::Estimate);
    let is_real = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    let name = photo
        .place
        .as_ref()
        .filter(|place| place.id != UNKNOWN)
        .map(|place| place.label.clone());
    (is_known && is_real).then(|| Sourced {
        value: Place {
            latitude,
            longitude,
            altitude_m: (photo.altitude != 0.0).then_some(photo.altitude),
            name: name.filter(|name| !name.is_empty()),
        },
        origin: origin(&photo.place_src),
    })
}

fn people(photo: &Photo) -> Option<Sourced<Vec<String>>> {
    let markers = photo.all_files().iter().flat_map(|file| &file.markers);
    let named = markers.filter(|marker| !marker.invalid && !marker.name.is_empty());
    let names: BTreeSet<&str> = named.map(|marker| marker.name.as_str()).collect();
    (!names.is_empty()).then(|| Sourced::provider(names.into_iter().map(str::to_owned).collect()))
}

/// Keeps what has no place in the model, under the server's own names.
fn extra(photo: &Photo) -> BTreeMap<String, Value> {
    let details = photo.details.as_ref();
    let text = |of: fn(&crate::wire::Details) -> &String| details.map(of).filter(|text| !text.is_empty());
    let mut extra: BTreeMap<String, Value> = [
        ("Notes", json!(text(|details| &details.notes))),
        ("Subject", json!(text(|details| &details.subject))),
        ("Artist", json!(text(|details| &details.artist))),
        ("Copyright", json!(text(|details| &details.copyright))),
        ("License", json!(text(|details| &details.license))),
        ("Scan", json!(photo.scan.then_some(true))),
        ("Panorama", json!(photo.panorama.then_some(true))),
        ("Path", json!(photo.path)),
        ("Type", json!(photo.kind.as_str())),
        ("Quality", json!(photo.quality)),
        ("TakenSrc", json!(photo.taken_src.as_str())),
        (TIME_ZONE, json!(photo.time_zone)),
        ("CreatedAt", json!(photo.created_at)),
        ("EditedAt", json!(photo.edited_at)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    extra.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    extra
}

#[cfg(test)]
mod tests;
