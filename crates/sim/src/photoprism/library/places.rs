//! Where a photo was taken, once a person has set its coordinates. A small table takes the place of the geocoder.

use jiff::Timestamp;

use crate::photoprism::ingest::zones::zone_at;
use crate::photoprism::library::slug::slug;
use crate::photoprism::model::{Cell, Photo, Place, src};
use crate::photoprism::request::Call;
use crate::photoprism::time::in_zone;
use crate::photoprism::world::World;

/// Countries of the time zones that the stand-in knows.
const COUNTRIES: &[(&str, &str)] = &[
    ("Africa/Cairo", "eg"),
    ("Africa/Johannesburg", "za"),
    ("Africa/Nairobi", "ke"),
    ("America/Sao_Paulo", "br"),
    ("America/", "us"),
    ("Asia/Hong_Kong", "hk"),
    ("Asia/Kolkata", "in"),
    ("Asia/Seoul", "kr"),
    ("Asia/Shanghai", "cn"),
    ("Asia/Singapore", "sg"),
    ("Asia/Tokyo", "jp"),
    ("Australia/", "au"),
    ("Europe/Amsterdam", "nl"),
    ("Europe/Athens", "gr"),
    ("Europe/Berlin", "de"),
    ("Europe/Copenhagen", "dk"),
    ("Europe/Dublin", "ie"),
    ("Europe/Helsinki", "fi"),
    ("Europe/Lisbon", "pt"),
    ("Europe/London", "gb"),
    ("Europe/Madrid", "es"),
    ("Europe/Oslo", "no"),
    ("Europe/Paris", "fr"),
    ("Europe/Rome", "it"),
    ("Europe/Stockholm", "se"),
    ("Europe/Vienna", "at"),
    ("Europe/Warsaw", "pl"),
    ("Europe/Zurich", "ch"),
    ("Pacific/Auckland", "nz"),
    ("Pacific/Honolulu", "us"),
];

/// Finds cell, place and country of a photo's new coordinates; the zone follows unless a person has set the time.
///
/// Without coordinates cell and place are unknown, but the country stays; with places switched off nothing else changes.
pub(crate) fn locate(world: &mut World, photo: &mut Photo, call: &Call) {
    if photo.lat == 0.0 && photo.lng == 0.0 {
        photo.cell_id = "zz".to_owned();
        photo.place_id = "zz".to_owned();
        return;
    }
    if call.switches.places {
        place(world, photo, call.now);
    }
}

/// The same for coordinates that are known to be some, with places switched on.
pub(crate) fn place(world: &mut World, photo: &mut Photo, now: Timestamp) {
    let zone = zone_at(photo.lat, photo.lng);
    let Some((_, country)) = COUNTRIES.iter().find(|(known, _)| zone.starts_with(known)) else {
        return;
    };
    let city = zone.rsplit('/').next().unwrap_or(&zone).replace('_', " ");
    photo.country = (*country).to_owned();
    photo.place_id = format!("{country}:{}", slug(&city));
    photo.cell_id = cell_id(photo.lat, photo.lng);
    let (created_at, updated_at) = (now, now);
    world.places.entry(photo.place_id.clone()).or_insert_with(|| Place {
        id: photo.place_id.clone(),
        label: format!("{city}, {}", country.to_uppercase()),
        district: city.clone(),
        city: city.clone(),
        state: city.clone(),
        country: (*country).to_owned(),
        created_at,
        updated_at,
    });
    world.cells.entry(photo.cell_id.clone()).or_insert_with(|| Cell {
        id: photo.cell_id.clone(),
        name: String::new(),
        street: String::new(),
        postcode: String::new(),
        place_id: photo.place_id.clone(),
        created_at,
        updated_at,
    });
    if photo.taken_src != src::MANUAL {
        if let Some(rules) = crate::photoprism::time::zone(&zone) {
            photo.taken_at = in_zone(photo.taken_at_local.at, &rules);
        }
        photo.time_zone = zone;
    }
}

/// A name for the square of about 100 m around a position; looks like the real one, but is no S2 token.
fn cell_id(lat: f64, lng: f64) -> String {
    let part = |degrees: f64, range: f64| ((degrees + range) * 1000.0).round().max(0.0) as u64;
    format!("s2:{:06x}{:06x}", part(lat, 90.0), part(lng, 180.0))
}
