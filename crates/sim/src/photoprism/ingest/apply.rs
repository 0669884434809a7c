//! What metadata does to a photo: which value of which source wins, and what follows from it (reference 3.2, 3.8).

use jiff::Timestamp;

use crate::facts::metadata::{Clock, Metadata, Xmp};
use crate::photoprism::model::{Camera, Lens, Photo, src};
use crate::photoprism::time::{WallTime, in_zone, whole_seconds};
use crate::photoprism::wire;
use crate::photoprism::world::World;

use super::cameras::{self, CameraName};
use super::titles::{TitleParts, auto_title, is_generated, is_title, keyword_list, keywords};
use super::zones;

/// Descriptions that cameras write by themselves and the server does not take.
const CAMERAS_OWN: &[&str] = &["SONY DSC", "DCIM100MEDIA"];

/// When a file was taken: moment, wall clock, zone, source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dated {
    pub(crate) taken_at: Timestamp,
    pub(crate) local: WallTime,
    pub(crate) zone: String,
    pub(crate) source: &'static str,
}

/// Dates a file by its metadata, else by its names, else by the time at which it was written. `known_zone` is that of the
/// photo it joins.
pub(crate) fn date(found: &Metadata, names: [&str; 2], modified: Timestamp, known_zone: &str) -> Dated {
    let zone_of_place = found
        .gps
        .map(|(latitude, longitude)| zones::zone_at(latitude, longitude));
    if let Some(taken) = found.taken {
        let place = zone_of_place.unwrap_or_else(|| known_zone.to_owned());
        let (zone, local, taken_at) = match taken.clock {
            Clock::OffsetWithoutZone(seconds) if place.is_empty() => {
                let local = WallTime {
                    at: taken.wall,
                    offset_s: Some(seconds),
                };
                (String::new(), local, local.moment())
            }
            Clock::Offset(_) | Clock::OffsetWithoutZone(_) | Clock::Utc => {
                let moment = taken.moment().unwrap_or(modified);
                match taken.clock {
                    _ if !place.is_empty() && matches!(taken.clock, Clock::Utc) => {
                        let local = zones::rules(&place).to_datetime(moment);
                        (place, WallTime::new(local), moment)
                    }
                    // Seen: a place beats the offset, the wall clock stays.
                    _ if !place.is_empty() => {
                        let moment = in_zone(taken.wall, &zones::rules(&place));
                        (place, WallTime::new(taken.wall), moment)
                    }
                    Clock::Offset(seconds) => (zones::offset_zone(seconds), WallTime::new(taken.wall), moment),
                    _ => (String::new(), WallTime::new(taken.wall), moment),
                }
            }
            Clock::Local => {
                let moment = in_zone(taken.wall, &zones::rules(&place));
                (place, WallTime::new(taken.wall), moment)
            }
        };
        return Dated {
            taken_at,
            local,
            zone,
            source: src::META,
        };
    }
    let names = names.into_iter().filter(|name| !is_generated(name));
    if let Some(wall) = names.into_iter().find_map(date_of_name) {
        return Dated {
            taken_at: WallTime::new(wall).as_utc(),
            local: WallTime::new(wall),
            zone: String::new(),
            source: src::NAME,
        };
    }
    let modified = whole_seconds(modified);
    Dated {
        taken_at: modified,
        local: WallTime::utc(modified),
        zone: "UTC".to_owned(),
        source: src::AUTO,
    }
}

/// `20190721_184207`, `2019-07-21 18.42.07` anywhere in a name.
fn date_of_name(name: &str) -> Option<jiff::civil::DateTime> {
    let numbers: Vec<&str> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    for at in 0..numbers.len() {
        let joined: String = numbers[at..].concat();
        let day_len = numbers[at].len();
        // A day and a time in two numbers, or all six parts apart.
        let fits = (day_len == 8 && numbers.get(at + 1).is_some_and(|time| time.len() >= 6))
            || (day_len == 4
                && numbers[at..]
                    .iter()
                    .skip(1)
                    .take(5)
                    .filter(|part| part.len() == 2)
                    .count()
                    == 5);
        if fits && joined.len() >= 14 {
            let part = |range: std::ops::Range<usize>| joined.get(range)?.parse::<i16>().ok();
            let small = |range| i8::try_from(part(range)?).ok();
            let wall = jiff::civil::DateTime::new(
                part(0..4)?,
                small(4..6)?,
                small(6..8)?,
                small(8..10)?,
                small(10..12)?,
                small(12..14)?,
                0,
            );
            if let Ok(wall) = wall
                && (1970..2100).contains(&wall.year())
            {
                return Some(wall);
            }
        }
    }
    None
}

fn may(source: &str, known: &str) -> bool {
    src::priority(source) >= src::priority(known)
}

/// Sets a date with what follows from it.
pub(crate) fn set_date(photo: &mut Photo, dated: &Dated) {
    if !may(dated.source, &photo.taken_src) {
        return;
    }
    photo.taken_at = dated.taken_at;
    photo.taken_at_local = dated.local;
    photo.taken_src = dated.source.to_owned();
    photo.time_zone.clone_from(&dated.zone);
    let (year, month, day) = match dated.source {
        src::AUTO => (-1, -1, -1),
        _ => {
            let local = dated.local.at;
            (
                i64::from(local.year()),
                i64::from(local.month()),
                i64::from(local.day()),
            )
        }
    };
    (photo.year, photo.month, photo.day) = (year, month, day);
}

fn set_text(text: &str, target: &mut String, target_src: &mut String, source: &'static str) {
    if !text.is_empty() && may(source, target_src) {
        text.clone_into(target);
        source.clone_into(target_src);
    }
}

/// Sets everything that a file's metadata tells about its photo.
pub(crate) fn set_metadata(world: &mut World, id: u64, found: &Metadata, dated: &Dated) {
    let camera = cameras::camera(&found.make, &found.model);
    let lens = cameras::lens(&found.lens_make, &found.lens_model, camera.as_ref());
    let camera_id = camera.map(|camera| camera_id(world, camera));
    let lens_id = lens.map(|lens| lens_id(world, lens));
    let Some(photo) = world.photos.get_mut(&id) else { return };
    let meta = src::META;
    set_date(photo, dated);
    if let Some((latitude, longitude)) = found.gps
        && may(meta, &photo.place_src)
    {
        (photo.lat, photo.lng) = (latitude, longitude);
        meta.clone_into(&mut photo.place_src);
    }
    if let Some(height) = found.altitude_m
        && photo.place_src != src::MANUAL
        && height >= 1.0
    {
        photo.altitude = height as i64;
    }
    if is_title(&found.title) {
        set_text(&found.title, &mut photo.title, &mut photo.title_src, meta);
    }
    if !CAMERAS_OWN.contains(&found.description.as_str()) {
        set_text(&found.description, &mut photo.caption, &mut photo.caption_src, meta);
    }
    let details = &mut photo.details;
    set_text(&found.subject, &mut details.subject, &mut details.subject_src, meta);
    set_text(&found.artist, &mut details.artist, &mut details.artist_src, meta);
    set_text(
        &found.copyright,
        &mut details.copyright,
        &mut details.copyright_src,
        meta,
    );
    set_text(&found.comment, &mut details.notes, &mut details.notes_src, meta);
    set_text(&found.software, &mut details.software, &mut details.software_src, meta);
    let mut words: Vec<String> = found.keywords.iter().flat_map(|subject| keywords(subject)).collect();
    if found.flash_fired {
        words.push("flash".to_owned());
    }
    set_text(
        &keyword_list(words),
        &mut details.keywords,
        &mut details.keywords_src,
        meta,
    );
    if found.iso > 0 {
        photo.iso = i64::from(found.iso);
    }
    if !found.exposure.is_empty() {
        photo.exposure.clone_from(&found.exposure);
    }
    if found.f_number > 0.0 {
        photo.f_number = found.f_number;
    }
    if found.focal_length_mm > 0 {
        photo.focal_length = i64::from(found.focal_length_mm);
    }
    if let Some(camera_id) = camera_id
        && may(meta, &photo.camera_src)
    {
        photo.camera_id = camera_id;
        meta.clone_into(&mut photo.camera_src);
    }
    if let Some(lens_id) = lens_id {
        photo.lens_id = lens_id;
    }
    if !found.serial.is_empty() {
        photo.camera_serial.clone_from(&found.serial);
    }
    if photo.document_id.is_empty() {
        photo.document_id.clone_from(&found.document_id);
    }
    photo.panorama |= !found.projection.is_empty();
}

fn camera_id(world: &mut World, name: CameraName) -> u64 {
    if let Some(known) = world.cameras.iter().find(|camera| camera.name == name.name) {
        return known.id;
    }
    let id = world.cameras.len() as u64 + 1;
    let camera = Camera {
        id,
        slug: crate::photoprism::library::slug::slug(&name.name),
        name: name.name,
        make: name.make,
        model: name.model,
        kind: name.kind.to_owned(),
    };
    world
        .events
        .created("count.cameras", "cameras.created", || wire::camera(&camera));
    world.cameras.push(camera);
    id
}

fn lens_id(world: &mut World, name: CameraName) -> u64 {
    if let Some(known) = world.lenses.iter().find(|lens| lens.name == name.name) {
        return known.id;
    }
    let id = world.lenses.len() as u64 + 1;
    world.lenses.push(Lens {
        id,
        slug: crate::photoprism::library::slug::slug(&name.name),
        name: name.name,
        make: name.make,
        model: name.model,
    });
    id
}

/// Sets what an `.xmp` companion tells: no position, no rating, no people.
pub(crate) fn set_xmp(photo: &mut Photo, text: &str) {
    let xmp = Xmp::read(text);
    let source = src::XMP;
    set_text(&xmp.title, &mut photo.title, &mut photo.title_src, source);
    set_text(&xmp.description, &mut photo.caption, &mut photo.caption_src, source);
    let details = &mut photo.details;
    set_text(&xmp.artist, &mut details.artist, &mut details.artist_src, source);
    set_text(
        &xmp.copyright,
        &mut details.copyright,
        &mut details.copyright_src,
        source,
    );
    set_text(
        &keyword_list(xmp.sequence),
        &mut details.keywords,
        &mut details.keywords_src,
        source,
    );
    photo.favorite |= xmp.favorite;
    if let Some(found) = xmp.created_element {
        // Seen: it is converted to UTC, and UTC is the zone from then on.
        let taken_at = found.moment().unwrap_or(photo.taken_at);
        let dated = Dated {
            taken_at,
            local: WallTime::utc(taken_at),
            zone: "UTC".to_owned(),
            source,
        };
        set_date(photo, &dated);
    }
}

/// Adds the keywords that the server finds itself: words of names and the main colour.
pub(crate) fn add_keywords(photo: &mut Photo, color: &str, with_names: bool) {
    let known = photo.details.keywords.split(',').map(|word| word.trim().to_owned());
    let mut words: Vec<String> = known.collect();
    words.push(color.to_owned());
    if with_names {
        words.extend(keywords(&photo.original_name));
        words.extend(keywords(&photo.path));
    }
    photo.details.keywords = keyword_list(words);
}

/// The title, unless somebody gave one. Photos without a preview are not looked at closely.
pub(crate) fn retitle(photo: &mut Photo, has_preview: bool) {
    if src::priority(&photo.title_src) > src::priority(src::AUTO) {
        return;
    }
    let dated = photo.taken_src != src::AUTO && has_preview;
    photo.title = auto_title(TitleParts {
        name: &photo.name,
        original_name: &photo.original_name,
        path: &photo.path,
        year: dated.then(|| photo.taken_at_local.at.year()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::metadata::Found;

    fn at(text: &str) -> jiff::civil::DateTime {
        text.parse().unwrap()
    }

    fn dated(found: Metadata) -> (String, String, String) {
        let dated = date(&found, ["", ""], Timestamp::UNIX_EPOCH, "");
        (dated.taken_at.to_string(), dated.local.to_string(), dated.zone)
    }

    fn texts(texts: [&str; 3]) -> (String, String, String) {
        let [taken, local, zone] = texts.map(str::to_owned);
        (taken, local, zone)
    }

    #[test]
    fn zones_come_from_the_place_then_from_the_offset() {
        let taken = |clock, gps| Metadata {
            taken: Some(Found {
                wall: at("2008-10-22T16:28:39"),
                clock,
            }),
            gps,
            ..Metadata::default()
        };
        let rome = Some((43.4674, 11.8851));
        assert_eq!(
            dated(taken(Clock::Local, rome)),
            texts(["2008-10-22T14:28:39Z", "2008-10-22T16:28:39Z", "Europe/Rome"])
        );
        assert_eq!(
            dated(taken(Clock::Local, None)),
            texts(["2008-10-22T16:28:39Z", "2008-10-22T16:28:39Z", ""])
        );
        assert_eq!(
            dated(taken(Clock::Offset(-14_400), None)),
            texts(["2008-10-22T20:28:39Z", "2008-10-22T16:28:39Z", "UTC-4"])
        );
        assert_eq!(
            dated(taken(Clock::OffsetWithoutZone(7200), None)),
            texts(["2008-10-22T14:28:39Z", "2008-10-22T16:28:39+02:00", ""])
        );
        assert_eq!(
            dated(taken(Clock::Utc, rome)),
            texts(["2008-10-22T16:28:39Z", "2008-10-22T18:28:39Z", "Europe/Rome"])
        );
        assert_eq!(
            dated(Metadata::default()),
            texts(["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "UTC"])
        );
    }

    #[test]
    fn dates_are_found_in_names() {
        for name in ["IMG_20190721_184207", "2019-07-21 18.42.07", "PXL_20190721_184207123"] {
            assert_eq!(date_of_name(name), Some(at("2019-07-21T18:42:07")), "{name}");
        }
        for name in ["IMG_0001", "20190721", "DSC_20199999_184207", "b"] {
            assert_eq!(date_of_name(name), None, "{name}");
        }
    }
}
