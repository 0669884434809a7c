//! Fields that are read: of albums, photos and files.

use photomove_photoprism::wire::{Album, File, Photo};
use serde::Serialize;
use serde_json::{Value, json};

use crate::recorded::{agrees, is_nothing, same};
use crate::rows;
use crate::support::{Bench, pictures};

/// Marks of a file's record, of a photo's and of an album's.
const FILE: &[&str] = &["PhotoUID", "Hash", "Root"];
const PHOTO: &[&str] = &["Details", "TakenAtLocal", "CameraSerial"];
const ALBUM: &[&str] = &["Template", "Slug"];

fn written(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// A file of the recordings and one of the stand-in say in `key` what `ours` reads.
async fn file(bench: &Bench, key: &str, ours: impl Fn(&File) -> Value) {
    agrees(FILE, key, &ours);
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    let state = bench.state(&format!("files/{}", picture.sha1)).await;
    let typed = bench.client.file(&picture.sha1).await.unwrap().unwrap();
    let read = ours(&typed);
    let sent = &state[key];
    assert!(same(&read, sent), "{key}: read {read} of {sent}");
}

/// A photo of the recordings and one of the stand-in say in `key` what `ours` reads.
async fn photo(bench: &Bench, key: &str, recorded_key: &str, ours: impl Fn(&Photo) -> Value) {
    agrees(PHOTO, recorded_key, &ours);
    let photo = bench.photo().await;
    let change = json!({"Title": "Told", "TitleSrc": "manual", "Caption": "Words", "CaptionSrc": "manual"});
    let path = format!("photos/{}", photo.uid);
    bench.send(photomove_http::Method::PUT, &path, &change).await;
    let state = bench.state(&path).await;
    let typed = bench.client.photo(&photo.uid).await.unwrap();
    let (read, sent) = (ours(&typed), &state[key]);
    assert!(!is_nothing(sent), "the stand-in says nothing in {key}: {state}");
    assert!(same(&read, sent), "{key}: read {read} of {sent}");
}

/// An album of the recordings and one of the stand-in say in `key` what `ours` reads.
async fn album(bench: &Bench, key: &str, ours: impl Fn(&Album) -> Value) {
    agrees(ALBUM, key, &ours);
    let album = bench.album("Summer").await;
    let change = json!({"Description": "Two weeks", "Private": true, "Favorite": true});
    let path = format!("albums/{}", album.uid);
    bench.send(photomove_http::Method::PUT, &path, &change).await;
    let state = bench.state(&path).await;
    let typed = bench.client.album(&album.uid).await.unwrap();
    let (read, sent) = (ours(&typed), &state[key]);
    assert!(!is_nothing(sent), "the stand-in says nothing in {key}: {state}");
    assert!(same(&read, sent), "{key}: read {read} of {sent}");
}

/// Width and height are those of the primary file.
async fn size(bench: &Bench, key: &str, ours: impl Fn((u32, u32)) -> u32) {
    let photo = bench.photo().await;
    let state = bench.photo_state(&photo.uid).await;
    let files = state["Files"].as_array().unwrap();
    let primary = files.iter().find(|file| file["Primary"] == true).unwrap();
    let read = ours(photo.size_px().unwrap());
    assert!(read > 0);
    assert_eq!(json!(read), primary[key]);
    let rows = bench.state("photos?count=10&primary=true").await;
    assert_eq!(json!(read), rows[0][key], "rows say the same");
}

rows! {
    album_uid: "Album.uid" => async |bench: &Bench| album(bench, "UID", |album| json!(album.uid)).await;
    album_title: "Album.title" => async |bench: &Bench| album(bench, "Title", |album| json!(album.title)).await;
    album_favorite: "Album.favorite" => async |bench: &Bench| {
        album(bench, "Favorite", |album| json!(album.favorite)).await;
    };
    album_private: "Album.private" => async |bench: &Bench| album(bench, "Private", |album| json!(album.private)).await;
    album_description: "Album.description" => async |bench: &Bench| {
        album(bench, "Description", |album| json!(album.description)).await;
    };
    album_json: "Album.json" => async |bench: &Bench| {
        let album = bench.album("All of it").await;
        let state = bench.album_state(&album.uid).await;
        let json = bench.client.album(&album.uid).await.unwrap().to_json();
        for (key, sent) in state.as_object().unwrap() {
            assert!(same(&json[key], sent), "{key}: {} of {sent}", json[key]);
        }
        // What has no name with us is there, too.
        let typed: Album = serde_json::from_value(json!({"UID": "a1", "Invented": {"deep": [1]}})).unwrap();
        assert_eq!(typed.to_json()["Invented"], json!({"deep": [1]}));
    };

    photo_uid: "Photo.uid" => async |bench: &Bench| photo(bench, "UID", "UID", |photo| json!(photo.uid)).await;
    photo_path: "Photo.path" => async |bench: &Bench| photo(bench, "Path", "Path", |photo| json!(photo.path)).await;
    photo_name: "Photo.name" => async |bench: &Bench| photo(bench, "Name", "Name", |photo| json!(photo.name)).await;
    photo_title: "Photo.title" => async |bench: &Bench| photo(bench, "Title", "Title", |photo| json!(photo.title)).await;
    photo_description: "Photo.description" => async |bench: &Bench| {
        // The stand-in is of 2025, the recordings are older.
        photo(bench, "Caption", "Description", |photo| json!(photo.caption_text())).await;
    };
    photo_width: "Photo.width" => async |bench: &Bench| size(bench, "Width", |(width, _)| width).await;
    photo_height: "Photo.height" => async |bench: &Bench| size(bench, "Height", |(_, height)| height).await;
    photo_files: "Photo.files" => async |bench: &Bench| {
        let photo = bench.photo().await;
        let state = bench.photo_state(&photo.uid).await;
        let uids: Vec<_> = photo.all_files().iter().map(|file| json!(file.uid)).collect();
        let sent: Vec<_> = state["Files"].as_array().unwrap().iter().map(|file| file["UID"].clone()).collect();
        assert!(!uids.is_empty());
        assert_eq!(uids, sent);
    };

    file_uid: "PhotoFile.uid" => async |bench: &Bench| file(bench, "UID", |file| json!(file.uid)).await;
    file_photo_uid: "PhotoFile.photo_uid" => async |bench: &Bench| {
        file(bench, "PhotoUID", |file| json!(file.photo_uid)).await;
    };
    file_name: "PhotoFile.name" => async |bench: &Bench| file(bench, "Name", |file| json!(file.name)).await;
    file_root: "PhotoFile.root" => async |bench: &Bench| file(bench, "Root", |file| json!(file.root.as_str())).await;
    file_hash: "PhotoFile.hash" => async |bench: &Bench| file(bench, "Hash", |file| json!(file.hash)).await;
    file_size: "PhotoFile.size" => async |bench: &Bench| file(bench, "Size", |file| json!(file.size)).await;
    file_primary: "PhotoFile.primary" => async |bench: &Bench| file(bench, "Primary", |file| json!(file.primary)).await;
    file_time_index: "PhotoFile.time_index" => async |bench: &Bench| {
        file(bench, "TimeIndex", |file| json!(file.time_index)).await;
    };
    file_media_id: "PhotoFile.media_id" => async |bench: &Bench| {
        file(bench, "MediaID", |file| json!(file.media_id)).await;
    };
    file_media_utc: "PhotoFile.media_utc" => async |bench: &Bench| {
        file(bench, "MediaUTC", |file| json!(file.media_utc)).await;
    };
    file_instance_id: "PhotoFile.instance_id" => async |bench: &Bench| {
        file(bench, "InstanceID", |file| json!(file.instance_id)).await;
    };
    file_codec: "PhotoFile.codec" => async |bench: &Bench| file(bench, "Codec", |file| json!(file.codec)).await;
    file_file_type: "PhotoFile.file_type" => async |bench: &Bench| {
        file(bench, "FileType", |file| json!(file.file_type)).await;
    };
    file_media_type: "PhotoFile.media_type" => async |bench: &Bench| {
        file(bench, "MediaType", |file| json!(file.media_type.as_str())).await;
    };
    file_mime: "PhotoFile.mime" => async |bench: &Bench| file(bench, "Mime", |file| json!(file.mime)).await;
    file_width: "PhotoFile.width" => async |bench: &Bench| file(bench, "Width", |file| json!(file.width)).await;
    file_height: "PhotoFile.height" => async |bench: &Bench| file(bench, "Height", |file| json!(file.height)).await;
    file_orientation: "PhotoFile.orientation" => async |bench: &Bench| {
        file(bench, "Orientation", |file| json!(file.orientation)).await;
    };
    file_orientation_src: "PhotoFile.orientation_src" => async |bench: &Bench| {
        file(bench, "OrientationSrc", |file| json!(file.orientation_src.as_str())).await;
    };
    file_aspect_ratio: "PhotoFile.aspect_ratio" => async |bench: &Bench| {
        file(bench, "AspectRatio", |file| json!(file.aspect_ratio)).await;
    };
    file_color_profile: "PhotoFile.color_profile" => async |bench: &Bench| {
        file(bench, "ColorProfile", |file| json!(file.color_profile)).await;
    };
    file_main_color: "PhotoFile.main_color" => async |bench: &Bench| {
        file(bench, "MainColor", |file| json!(file.main_color)).await;
    };
    file_colors: "PhotoFile.colors" => async |bench: &Bench| file(bench, "Colors", |file| json!(file.colors)).await;
    file_luminance: "PhotoFile.luminance" => async |bench: &Bench| {
        file(bench, "Luminance", |file| json!(file.luminance)).await;
    };
    file_diff: "PhotoFile.diff" => async |bench: &Bench| file(bench, "Diff", |file| json!(file.diff)).await;
    file_chroma: "PhotoFile.chroma" => async |bench: &Bench| file(bench, "Chroma", |file| json!(file.chroma)).await;
    file_software: "PhotoFile.software" => async |bench: &Bench| {
        file(bench, "Software", |file| json!(file.software)).await;
    };
    file_mod_time: "PhotoFile.mod_time" => async |bench: &Bench| {
        file(bench, "ModTime", |file| json!(file.mod_time)).await;
    };
    file_created_at: "PhotoFile.created_at" => async |bench: &Bench| {
        file(bench, "CreatedAt", |file| written(file.created_at)).await;
    };
    file_created_in: "PhotoFile.created_in" => async |bench: &Bench| {
        file(bench, "CreatedIn", |file| json!(file.created_in)).await;
    };
    file_updated_at: "PhotoFile.updated_at" => async |bench: &Bench| {
        file(bench, "UpdatedAt", |file| written(file.updated_at)).await;
    };
    file_markers: "PhotoFile.markers" => async |bench: &Bench| {
        // No faces were found on the recorded server, so that its lists are empty.
        let picture = pictures(1).await.remove(0);
        bench.upload(&picture).await;
        assert!(bench.client.file(&picture.sha1).await.unwrap().unwrap().markers.is_empty());
        assert!(bench.sim().add_person(&picture.sha1, "Anna Lind"));
        let state = bench.state(&format!("files/{}", picture.sha1)).await;
        let sent = &state["Markers"][0];
        let file = bench.client.file(&picture.sha1).await.unwrap().unwrap();
        let marker = &file.markers[0];
        assert_eq!((marker.name.as_str(), marker.kind.as_str()), ("Anna Lind", "face"));
        for (key, ours) in [
            ("UID", json!(marker.uid)), ("FileUID", json!(marker.file_uid)), ("SubjUID", json!(marker.subj_uid)),
            ("X", json!(marker.x)), ("Y", json!(marker.y)), ("W", json!(marker.w)), ("H", json!(marker.h)),
            ("Thumb", json!(marker.thumb)),
        ] {
            assert!(!is_nothing(sent.get(key).unwrap()) && same(&sent[key], &ours), "{key}: {ours} of {}", sent[key]);
        }
    };
}
