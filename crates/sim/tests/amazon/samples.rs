//! Real files in a folder: served as nodes whose facts agree with an independent reading of the same files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use photomove_sim::{AmazonSwitches, Library};
use serde_json::Value;

use crate::support::with;

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
    // Past the test harness, which would swallow it.
    let _ = std::io::stderr().write_all(format!("skipped: no sample photos at {}\n", dir.display()).as_bytes());
    None
}

/// What differs between the two readings of a file, as `file: what`.
fn differences(node: &Value, expected: &Value) -> Vec<String> {
    let content = &node["contentProperties"];
    let media = if content["video"].is_object() {
        &content["video"]
    } else {
        &content["image"]
    };
    let text = |value: &Value| value.as_str().map(|text| text.trim().to_owned());
    let exif_date = |value: &Value| {
        text(value).map(|date| {
            date.split('.')
                .next()
                .unwrap_or_default()
                .replace(['-', ':', 'T', ' '], "")
        })
    };
    let near = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 0.0001,
        (a, b) => a == b,
    };
    let checks = [
        ("md5", content["md5"] == expected["md5"]),
        ("size", content["size"] == expected["FileSize"]),
        ("type", content["contentType"] == expected["MIMEType"]),
        ("make", text(&media["make"]) == text(&expected["Make"])),
        ("model", text(&media["model"]) == text(&expected["Model"])),
        ("width", media["width"] == expected["ImageWidth"]),
        ("height", media["height"] == expected["ImageHeight"]),
        (
            "date",
            exif_date(&media["dateTimeOriginal"]) == exif_date(&expected["DateTimeOriginal"]),
        ),
        (
            "latitude",
            near(&content["address"]["latitude"], &expected["GPSLatitude"]),
        ),
        (
            "longitude",
            near(&content["address"]["longitude"], &expected["GPSLongitude"]),
        ),
    ];
    checks
        .iter()
        .filter(|(_, same)| !same)
        .map(|(what, _)| (*what).to_owned())
        .collect()
}

#[tokio::test]
async fn the_samples_become_nodes_that_agree_with_another_reader() {
    let Some(dir) = samples() else { return };
    let stage = with(Library::from_dir(&dir).unwrap(), AmazonSwitches::default()).await;
    let page = stage.nodes("filters=kind:FILE AND status:AVAILABLE").await;
    assert_eq!(page["count"], 55);
    let albums = stage.nodes("filters=kind:VISUAL_COLLECTION&sort=['name ASC']").await;
    assert_eq!(
        crate::support::texts(&albums, "name"),
        ["camera", "formats", "gps", "hard", "nature", "phone", "video"]
    );
    let oracle: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(dir.join("../expected-metadata.json")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for node in page["data"].as_array().unwrap() {
        let expected = oracle
            .iter()
            .find(|expected| expected["md5"] == node["contentProperties"]["md5"])
            .unwrap();
        let differences = differences(node, expected);
        if !differences.is_empty() {
            found.insert(
                expected["SourceFile"].as_str().unwrap().to_owned(),
                differences.join(" "),
            );
        }
    }
    // The stand-in reads EXIF and `mvhd`; the other reader also knows frame sizes of AVIF, HEIC, WebP and Matroska, raw
    // files, XMP and the places of videos.
    let explained = [
        ("formats/8bit-sRGB.avif", "width height"),
        (
            "formats/canon-r6.cr3",
            "make model width height date latitude longitude",
        ),
        ("formats/denali.webp", "width height"),
        ("formats/exif.avif", "width height"),
        ("gps/thompson-springs.jpg", "date"),
        ("phone/IMG_5195.HEIC", "width height"),
        ("video/meta.mov", "make model latitude longitude"),
        ("video/meta.mp4", "latitude longitude"),
        ("video/mkv_640x360.mkv", "width height date"),
    ];
    let explained = explained.map(|(file, what)| (file.to_owned(), what.to_owned()));
    assert_eq!(found, BTreeMap::from(explained));
}
