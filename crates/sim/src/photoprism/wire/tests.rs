use super::super::switches::PhotoPrismSwitches;
use super::super::time::WallTime;
use super::*;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_file_has_only_the_members_that_say_something_and_its_place_in_the_order() {
    let now: Timestamp = "2026-11-21T02:49:27.025759028Z".parse().unwrap();
    let mut world = World::new(1, now, &PhotoPrismSwitches::default());
    let mut photo = Photo::new(now);
    photo.taken_at_local = WallTime::parse("2001-06-09T15:17:32Z").unwrap();
    let photo = world.add_photo(photo);
    let mut new = File::new("2001/06/a.jpg", "82c6", 12, now);
    new.uid = "ftotzufo7cyzeo7a".to_owned();
    new.primary = true;
    let id = world.add_file(photo, new);
    let owner = &world.photos[&photo];
    let out = file(&world.files[&id], Some(owner));
    // As recorded for the photo with the numeric id 4.
    assert_eq!(out["TimeIndex"], "79989390848268-9999999999-0-ftotzufo7cyzeo7a");
    assert_eq!(out["CreatedAt"], "2026-11-21T02:49:27.025759028Z");
    assert_eq!(
        keys(&out),
        [
            "CreatedAt",
            "Hash",
            "Markers",
            "MediaID",
            "Name",
            "PhotoUID",
            "Primary",
            "Root",
            "Size",
            "TimeIndex",
            "UID",
            "UpdatedAt"
        ]
    );
    world.files.get_mut(&id).unwrap().in_media_index = false;
    assert!(file(&world.files[&id], None).get("MediaID").is_none());
}

#[test]
fn the_caption_has_the_name_of_its_generation() {
    let now = Timestamp::UNIX_EPOCH;
    let world = World::new(1, now, &PhotoPrismSwitches::default());
    let own = Photo::new(now);
    let [first, second] = [Generation::G1, Generation::G2].map(|generation| photo(&world, &own, generation));
    assert!(first.get("Description").is_some() && first.get("Caption").is_none());
    assert!(second.get("Description").is_none() && second.get("CaptionSrc").is_some());
    assert_eq!(
        (&second["Lat"], &second["DeletedAt"], &second["Albums"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    assert!(second.get("Duration").is_none() && second["Camera"].get("Type").is_none());
    assert!(second["Lat"].is_i64(), "a number without a fraction has no point");
}
