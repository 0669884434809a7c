//! `PUT /photos/:uid`: what a change of metadata does, step by step in the order of the server.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::access::{Action, Resource};
use super::super::ingest::titles::{TitleParts, auto_title};
use super::super::model::{Details, Photo, src};
use super::super::reply::{Answer, Refusal};
use super::super::request::{Call, Object};
use super::super::server::tell_config;
use super::super::switches::Generation;
use super::super::time::{WallTime, in_zone, whole_seconds, zero, zone};
use super::super::wire::caption_keys;
use super::super::words::Message;
use super::super::world::World;
use super::patterns::keyword_list;
use super::photos::{known, whole};
use super::{places, quality, search};

/// How much earlier than its record a photo must be taken for its time to count when nobody says where that is from.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// `PUT /photos/:uid`.
pub(super) fn update(world: &mut World, call: &Call) -> Answer {
    world.authorize(call, Resource::Photos, &[Action::Update])?;
    let uid = known(world, call)?;
    let mut photo = world.photo(&uid).cloned().ok_or_else(Refusal::not_found)?;
    let body = call.object()?;
    let place_before = (photo.lat, photo.lng, photo.country.clone());
    merge(&mut photo, &body, call.switches.generation)?;
    let undated = photo.taken_at <= zero();
    settle_time(&mut photo, call.now);
    settle_day(&mut photo);
    if place_before != (photo.lat, photo.lng, photo.country.clone()) && photo.place_src == src::MANUAL {
        places::locate(world, &mut photo, call);
    }
    settle_title(&mut photo);
    photo.edited_at = Some(whole_seconds(call.now));
    photo.updated_at = call.now;
    // The present takes the place of a missing time only after the photo was judged.
    let taken_at = photo.taken_at;
    if undated {
        photo.taken_at = zero();
    }
    photo.quality = quality::score(&photo);
    photo.taken_at = taken_at;
    if let Some(slot) = world.photo_mut(&uid) {
        *slot = photo;
    }
    if world.events.heard() {
        let row = world
            .photo(&uid)
            .and_then(|photo| search::told(world, photo, call.switches.generation));
        world
            .events
            .publish("photos.updated", json!({ "entities": row.as_slice() }));
        let text = world.say(Message::ChangesSaved);
        world.events.publish("notify.success", json!({ "message": text }));
        tell_config(world, call);
    }
    whole(world, &uid, call)
}

/// Copies what was sent; what was not sent stays. A wrong type refuses everything.
fn merge(photo: &mut Photo, body: &Object, generation: Generation) -> Result<(), Refusal> {
    let [caption, caption_src] = caption_keys(generation);
    for (key, slot) in [
        ("Type", &mut photo.kind),
        ("TypeSrc", &mut photo.type_src),
        ("TakenSrc", &mut photo.taken_src),
        ("TimeZone", &mut photo.time_zone),
        ("Title", &mut photo.title),
        ("TitleSrc", &mut photo.title_src),
        (caption, &mut photo.caption),
        (caption_src, &mut photo.caption_src),
        ("OriginalName", &mut photo.original_name),
        ("Exposure", &mut photo.exposure),
        ("Country", &mut photo.country),
        ("CellID", &mut photo.cell_id),
        ("PlaceID", &mut photo.place_id),
        ("PlaceSrc", &mut photo.place_src),
        ("CameraSrc", &mut photo.camera_src),
    ] {
        set(slot, body.string(key)?);
    }
    for (key, slot) in [
        ("Stack", &mut photo.stack),
        ("Altitude", &mut photo.altitude),
        ("Year", &mut photo.year),
        ("Month", &mut photo.month),
        ("Day", &mut photo.day),
        ("Iso", &mut photo.iso),
        ("FocalLength", &mut photo.focal_length),
        ("CellAccuracy", &mut photo.cell_accuracy),
    ] {
        set(slot, body.int(key)?);
    }
    for (key, slot) in [
        ("Favorite", &mut photo.favorite),
        ("Private", &mut photo.private),
        ("Scan", &mut photo.scan),
        ("Panorama", &mut photo.panorama),
    ] {
        set(slot, body.boolean(key)?);
    }
    for (key, slot) in [
        ("Lat", &mut photo.lat),
        ("Lng", &mut photo.lng),
        ("FNumber", &mut photo.f_number),
    ] {
        set(slot, body.float(key)?);
    }
    for (key, slot) in [("CameraID", &mut photo.camera_id), ("LensID", &mut photo.lens_id)] {
        set(slot, body.int(key)?.map(|id| u64::try_from(id).unwrap_or(0)));
    }
    set(&mut photo.taken_at, body.time("TakenAt")?.map(WallTime::moment));
    set(&mut photo.taken_at_local, body.time("TakenAtLocal")?);
    if let Some(sent) = body.object("Details")? {
        let mut details = Details {
            software: photo.details.software.clone(),
            software_src: photo.details.software_src.clone(),
            ..Details::new(photo.details.created_at)
        };
        merge_details(&mut details, &sent)?;
        // Details of another photo, or of none, are taken for a mistake and left out in silence.
        if sent.int("PhotoID")? == i64::try_from(photo.id).ok() {
            photo.details = details;
        }
    }
    Ok(())
}

/// All details are set at once: what was not sent becomes empty.
fn merge_details(details: &mut Details, sent: &Object) -> Result<(), Refusal> {
    // What software made a file is not for people to say.
    let editable = details
        .texts_mut()
        .into_iter()
        .filter(|(key, _)| !key.starts_with("Software"));
    for (key, slot) in editable {
        set(slot, sent.string(key)?);
    }
    details.keywords = keyword_list(&details.keywords);
    Ok(())
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// In UTC the moment counts, elsewhere the wall clock; a zone that nobody knows is UTC.
fn settle_time(photo: &mut Photo, now: Timestamp) {
    if photo.taken_at <= zero() {
        photo.taken_at = whole_seconds(now);
    }
    if photo.taken_at_local.as_utc() <= zero() {
        photo.taken_at_local = WallTime::utc(photo.taken_at);
    }
    if photo.time_zone.eq_ignore_ascii_case("utc") {
        photo.taken_at_local = WallTime::utc(photo.taken_at);
    } else {
        let zone = zone(&photo.time_zone).unwrap_or(TimeZone::UTC);
        photo.taken_at = whole_seconds(in_zone(photo.taken_at_local.at, &zone));
    }
}

/// Year, month and day: a person's own stay, others follow the wall clock.
fn settle_day(photo: &mut Photo) {
    let latest = photo.created_at.checked_sub(RECENT).unwrap_or(photo.created_at);
    if photo.taken_src.is_empty() && photo.taken_at > latest {
        (photo.year, photo.month, photo.day) = (-1, -1, -1);
    } else if photo.taken_src != src::MANUAL {
        let day = photo.taken_at_local.at.date();
        (photo.year, photo.month, photo.day) = (day.year().into(), day.month().into(), day.day().into());
    }
}

/// A title that nobody stands for is made anew, and a caption that nobody stands for goes with it.
pub(crate) fn settle_title(photo: &mut Photo) {
    if !photo.title.is_empty() && !photo.title_src.is_empty() {
        return;
    }
    photo.title_src.clear();
    photo.title = auto_title(TitleParts {
        name: &photo.name,
        original_name: &photo.original_name,
        path: &photo.path,
        year: (!photo.taken_src.is_empty()).then(|| photo.taken_at_local.at.year()),
    });
    if photo.caption_src.is_empty() {
        photo.caption.clear();
    }
}
