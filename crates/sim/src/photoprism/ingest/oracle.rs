//! The 55 samples against what a real server stored of them (`upload-metadata.json`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::blob::{Blob, Hashes};
use crate::photoprism::model::{File, Photo, Stored, src};
use crate::photoprism::switches::{Generation, PhotoPrismSwitches};
use crate::photoprism::time;
use crate::photoprism::world::World;

use super::import::{Waiting, import_group};
use super::index::Context;
use super::probe::Probe;

/// What differs from the real server, and why: fields of samples, with `*` for any sample.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "camera/Canon_PowerShot_S40.jpg",
        "Artist",
        "the owner in Canon's maker note is not read",
    ),
    (
        "camera/Canon_PowerShot_S40.jpg",
        "Iso",
        "the sensitivity in Canon's maker note is not read",
    ),
    (
        "camera/canon-ixus.jpg",
        "Artist",
        "the owner in Canon's maker note is not read",
    ),
    (
        "camera/canon-ixus.jpg",
        "Iso",
        "the sensitivity in Canon's maker note is not read",
    ),
    (
        "camera/sony-d700.jpg",
        "Exposure",
        "the shutter speed of APEX is not read",
    ),
    (
        "formats/exif.avif",
        "Quality",
        "the resolution counts the pixels that Exif tells, not those there are",
    ),
    (
        "formats/canon-r6.cr3",
        "Files.Width",
        "previews have the size of the picture here",
    ),
    (
        "formats/canon-r6.cr3",
        "Files.Height",
        "previews have the size of the picture here",
    ),
    ("hard/long_description.jpg", "PlaceSrc", "places are not estimated"),
    (
        "hard/mongolels.jpg",
        "Altitude",
        "a height without a position is not read",
    ),
];

/// The folder of samples; says so on stderr where it is missing, and fails where it is required.
fn samples() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/photos");
    let dir = std::env::var_os("PHOTOMOVE_SAMPLES").map_or(beside, PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|what| what.trim() == "samples"),
        "samples are required and missing: {}",
        dir.display()
    );
    std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!("skipped: no sample photos at {}\n", dir.display()),
    )
    .unwrap();
    None
}

fn oracle() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../photoprism/tests/recordings/upload-metadata.json");
    let text = std::fs::read_to_string(path).unwrap();
    let mut recording: Value = serde_json::from_str(&text).unwrap();
    recording["rows"].as_array_mut().map(std::mem::take).unwrap()
}

/// The fields of a row that the real server reads out of the file.
fn shown(world: &World, photo: &Photo) -> Map<String, Value> {
    let details = &photo.details;
    let camera = world
        .cameras
        .iter()
        .find(|camera| camera.id == photo.camera_id)
        .unwrap();
    let mut files: Vec<&File> = world.files_of(photo).collect();
    files.sort_by_key(|file| !file.primary);
    let files: Vec<Value> = files
        .into_iter()
        .map(|file| {
            json!({
                "Name": file.name, "Root": file.root.as_str(), "Primary": file.primary, "FileType": file.file_type,
                "MediaType": file.media_type, "Mime": file.mime, "Codec": file.codec, "Width": file.width,
                "Height": file.height, "Orientation": file.orientation, "Duration": file.duration_ns,
            })
        })
        .collect();
    let value = json!({
        "Type": photo.kind, "TakenAt": time::write(photo.taken_at), "TakenAtLocal": photo.taken_at_local.to_string(),
        "TakenSrc": photo.taken_src, "TimeZone": photo.time_zone, "Title": photo.title, "TitleSrc": photo.title_src,
        "Description": photo.caption, "DescriptionSrc": photo.caption_src, "Lat": (photo.lat * 1e8).round(),
        "Lng": (photo.lng * 1e8).round(), "Altitude": photo.altitude, "PlaceSrc": photo.place_src, "Year": photo.year,
        "Month": photo.month, "Day": photo.day, "Iso": photo.iso, "FNumber": photo.f_number,
        "FocalLength": photo.focal_length, "Exposure": photo.exposure, "Quality": photo.quality,
        "DocumentID": photo.document_id, "Camera": camera.name, "CameraSrc": photo.camera_src,
        "Duration": photo.duration_ns, "Subject": details.subject, "Artist": details.artist,
        "Copyright": details.copyright, "Software": details.software, "Files": files,
    });
    let Value::Object(map) = value else {
        unreachable!("it is an object")
    };
    map
}

/// The same fields of a recorded row; what it leaves out is empty or zero.
fn recorded(row: &Value, like: &Map<String, Value>) -> Map<String, Value> {
    let default = |kind: &Value| match kind {
        Value::String(_) => json!(""),
        Value::Number(_) => json!(0),
        other => other.clone(),
    };
    let in_details = ["Subject", "Artist", "Copyright", "Software"];
    like.iter()
        .map(|(key, ours)| {
            let from = if in_details.contains(&key.as_str()) {
                &row["Details"]
            } else {
                row
            };
            let mut value = from.get(key).cloned().unwrap_or_else(|| default(ours));
            if matches!(key.as_str(), "Lat" | "Lng") {
                value = json!((value.as_f64().unwrap() * 1e8).round());
            }
            if key == "Files" {
                for file in value.as_array_mut().unwrap() {
                    for (key, kind) in [("Codec", json!("")), ("Duration", json!(0))] {
                        if file.get(key).is_none() {
                            file[key] = kind;
                        }
                    }
                }
            }
            (key.clone(), value)
        })
        .collect()
}

fn same(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() < 0.5,
        _ => left == right,
    }
}

/// Undated files have the time of the upload in their names.
fn undated(text: &str) -> String {
    match text.split_once("_") {
        Some((day, rest)) if day.starts_with("2026/11/20261121") => format!("2026/11/_{}", &rest[7..]),
        _ => text.to_owned(),
    }
}

fn differences(file: &str, ours: &Map<String, Value>, theirs: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let is_undated = theirs["TakenSrc"] == "";
    for (key, ours) in ours {
        let theirs = &theirs[key];
        if key == "Files" {
            let (ours, theirs) = (ours.as_array().unwrap(), theirs.as_array().unwrap());
            if ours.len() != theirs.len() {
                found.insert(
                    format!("{file} Files"),
                    format!("{} files, recorded {}", ours.len(), theirs.len()),
                );
            }
            for (ours, theirs) in ours.iter().zip(theirs) {
                for (key, ours) in ours.as_object().unwrap() {
                    let theirs = &theirs[key];
                    let equal = match (key.as_str(), ours.as_str(), theirs.as_str()) {
                        ("Name", Some(ours), Some(theirs)) if is_undated => undated(ours) == undated(theirs),
                        _ => same(ours, theirs),
                    };
                    if !equal {
                        found.insert(format!("{file} Files.{key}"), format!("{ours}, recorded {theirs}"));
                    }
                }
            }
            continue;
        }
        if is_undated && key.starts_with("TakenAt") || same(ours, theirs) {
            continue;
        }
        found.insert(format!("{file} {key}"), format!("{ours}, recorded {theirs}"));
    }
    found
}

#[tokio::test]
async fn samples_are_stored_as_a_real_server_stored_them() {
    let Some(dir) = samples() else { return };
    let now = "2026-11-21T02:43:44Z".parse().unwrap();
    let switches = PhotoPrismSwitches {
        stack_meta: false,
        stack_uuid: false,
        ..PhotoPrismSwitches::of(Generation::G1)
    };
    let mut world = World::new(1, now, &switches);
    let context = Context {
        now,
        switches: &switches,
        user_uid: "",
        action: "import",
    };
    let mut wrong = BTreeMap::new();
    let rows = oracle();
    assert_eq!(rows.len(), 55);
    for (at, row) in rows.iter().enumerate() {
        let file = row["file"].as_str().unwrap();
        let bytes = std::fs::read(dir.join(file)).unwrap();
        let sha1 = Hashes::of(&bytes).sha1_hex();
        assert_eq!(sha1, row["sha1"], "{file}");
        let stored = Stored {
            blob: Blob::memory(bytes),
            sha1: sha1.clone(),
            modified: now,
        };
        let name = format!("s{at:02}_{}", file.rsplit('/').next().unwrap());
        let probe = Probe::read(&name, stored).await.unwrap();
        import_group(&mut world, context, &[Waiting { name, probe }], &[]);
        let photo = world
            .file_by_hash(&sha1)
            .and_then(|file| world.photos.get(&file.photo_id))
            .cloned();
        match (photo, row["server"].is_null()) {
            (None, true) => {}
            (Some(photo), false) => {
                let ours = shown(&world, &photo);
                wrong.extend(differences(file, &ours, &recorded(&row["server"], &ours)));
                let src = [&photo.taken_src, &photo.title_src];
                assert!(src.iter().all(|word| src::priority(word) > 0), "{file}");
            }
            (photo, refused) => {
                let stored = photo.is_some();
                wrong.insert(
                    format!("{file} *"),
                    format!("indexed: {stored}, recorded: {}", !refused),
                );
            }
        }
    }
    let known = |key: &str| {
        DIFFERENCES.iter().any(|(file, field, _)| {
            let (own, own_field) = key.split_once(' ').unwrap();
            (*file == "*" || *file == own) && *field == own_field
        })
    };
    let unknown: Vec<String> = wrong
        .iter()
        .filter(|(key, _)| !known(key))
        .map(|(key, what)| format!("{key}: {what}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "{} differences:\n{}",
        unknown.len(),
        unknown.join("\n")
    );
}
