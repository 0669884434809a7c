//! `upload-metadata.json`: what the server stored of each of the 55 samples, uploaded alone.

use serde_json::{Value, json};

use super::known;
use super::recording::{folder, read_rows, samples};
use super::replayer::{Difference, Replayer};
use super::scenarios::Chain;

/// Fields of a photo that come out of the file.
const OF_PHOTO: &[&str] = &[
    "Type",
    "TakenAt",
    "TakenAtLocal",
    "TakenSrc",
    "TimeZone",
    "Title",
    "TitleSrc",
    "Description",
    "DescriptionSrc",
    "Favorite",
    "Lat",
    "Lng",
    "Altitude",
    "PlaceSrc",
    "Year",
    "Month",
    "Day",
    "Iso",
    "FNumber",
    "FocalLength",
    "Exposure",
    "Quality",
    "DocumentID",
    "Camera",
    "CameraSrc",
    "Lens",
    "Duration",
];
const OF_DETAILS: &[&str] = &["Subject", "Artist", "Copyright", "Software", "Keywords", "KeywordsSrc"];
const OF_FILE: &[&str] = &[
    "Name",
    "Root",
    "Primary",
    "FileType",
    "MediaType",
    "Mime",
    "Codec",
    "Width",
    "Height",
    "Orientation",
    "Duration",
];

/// Main colours, which the server adds to the keywords of a picture.
const COLOURS: &[&str] = &[
    "black", "grey", "brown", "gold", "white", "purple", "blue", "cyan", "teal", "green", "lime", "yellow", "magenta",
    "orange", "red", "pink",
];

/// Answers leave out what is empty or zero, and so does the recording.
fn normal(key: &str, value: &Value) -> Value {
    match value {
        Value::Null => json!(""),
        Value::Bool(false) => json!(""),
        Value::Number(number) if number.as_f64() == Some(0.0) => json!(""),
        Value::Object(named) => named.get("Name").cloned().unwrap_or_default(),
        Value::String(words) if key == "Keywords" => {
            let words = words.split(", ").filter(|word| !COLOURS.contains(word));
            json!(words.collect::<Vec<_>>().join(", "))
        }
        other => other.clone(),
    }
}

fn same(recorded: &Value, here: &Value) -> bool {
    match (recorded.as_f64(), here.as_f64()) {
        (Some(recorded), Some(here)) => (recorded - here).abs() < 1e-7,
        _ => recorded == here,
    }
}

/// Names of undated files tell when they came; the rest is the checksum.
fn undated(name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    name.strip_prefix("2026/11/20261121_")
        .and_then(|rest| rest.get(6..))
        .unwrap_or(name)
        .to_owned()
}

/// What the fields of a photo or file differ in.
fn compare(keys: &[&str], at: &str, recorded: &Value, here: &Value, is_undated: bool, found: &mut Vec<String>) {
    for key in keys {
        let (recorded, here) = (normal(key, &recorded[key]), normal(key, &here[key]));
        let equal = match *key {
            "TakenAt" | "TakenAtLocal" if is_undated => true,
            "Name" if is_undated => undated(&recorded) == undated(&here),
            _ => same(&recorded, &here),
        };
        if !equal {
            found.push(format!("{at}{key}: recorded {recorded}, here {here}"));
        }
    }
}

fn differences(recorded: &Value, here: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let is_undated = recorded["TakenSrc"] == "";
    compare(OF_PHOTO, "", recorded, here, is_undated, &mut found);
    compare(
        OF_DETAILS,
        "Details.",
        &recorded["Details"],
        &here["Details"],
        is_undated,
        &mut found,
    );
    let files = |photo: &Value| {
        let mut files = photo["Files"].as_array().cloned().unwrap_or_default();
        files.sort_by_key(|file| file["Primary"] != true);
        files
    };
    let (recorded, here) = (files(recorded), files(here));
    if recorded.len() != here.len() {
        found.push(format!("Files: recorded {}, here {}", recorded.len(), here.len()));
    }
    for (recorded, here) in recorded.iter().zip(&here) {
        compare(OF_FILE, "Files.", recorded, here, is_undated, &mut found);
    }
    found
}

#[tokio::test]
async fn samples_are_stored_as_they_were() {
    let (Some(folder), Some(samples)) = (folder(), samples()) else {
        return;
    };
    let recording = read_rows(&folder, "upload-metadata");
    let rows = recording["rows"].as_array().expect("one row for each sample");
    assert_eq!(rows.len(), 55);
    let mut chain = Chain::of(&[]);
    (chain.switches.stack_meta, chain.switches.stack_uuid) = (false, false);
    let began = "2026-11-21T02:43:44Z".parse().ok();
    let replayer = Replayer::start(&chain, began, None).await;
    let token = replayer.sim().access_token();
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let file = row["file"].as_str().expect("a row names its file");
        let bytes = std::fs::read(samples.join(file)).expect("the samples are there");
        let (token, staging) = (token.as_str(), format!("s{at:02}"));
        let name = format!("s{at:02}_{}", file.rsplit('/').next().unwrap_or(file));
        replayer.stage(token, &staging, &[(&name, bytes)]).await;
        replayer.process(token, &staging, &[]).await;
        let path = format!("/files/{}", row["sha1"].as_str().expect("a row names its hash"));
        let (status, stored) = replayer.call_with(token, "GET", &path, None).await;
        let what = match (status, row["server"].is_null()) {
            (404, true) => Vec::new(),
            (200, false) => {
                let path = format!("/photos/{}", stored["PhotoUID"].as_str().unwrap_or_default());
                let (_, photo) = replayer.call_with(token, "GET", &path, None).await;
                differences(&row["server"], &photo)
            }
            (status, _) => vec![format!("status {status}, recorded {}", row["server"])],
        };
        found.extend(what.into_iter().map(|what| Difference {
            recording: "upload-metadata".to_owned(),
            exchange: file.to_owned(),
            what,
        }));
    }
    known::check(&["upload-metadata"], &found);
}
