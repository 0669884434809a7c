//! The library that was on the recorded server before the first request, put together from what it told of it later.

use std::collections::HashMap;
use std::path::Path;

use photomove_sim::Blob;
use serde_json::{Value, json};

use super::recording::{Recording, read};
use super::replayer::Replayer;

/// The answer of an exchange.
fn answer<'a>(recording: &'a Recording, name: &str) -> &'a Value {
    let exchange = recording.exchanges.iter().find(|exchange| exchange.name == name);
    &exchange
        .unwrap_or_else(|| panic!("there is no exchange {name}"))
        .response["json"]
}

/// The thirteen photos of the library: rows of a merged search, and the archived one.
fn photos(folder: &Path) -> Vec<Value> {
    let recording = read(folder, "photos-search");
    let mut photos = answer(&recording, "all-merged").as_array().cloned().unwrap_or_default();
    let mut archived = answer(&recording, "hash-archived-2")[0].clone();
    let files_recording = read(folder, "files-by-hash");
    archived["Files"] = json!([answer(&files_recording, "archived")]);
    photos.push(archived);
    // Rows tell less of files than they hold: take what is told elsewhere.
    let downloads = read(folder, "downloads");
    let flags = read(folder, "photos-flags");
    let mut whole: Vec<Value> = ["known", "raw-jpg-generated", "raw-raw-original"]
        .iter()
        .map(|name| answer(&files_recording, name).clone())
        .collect();
    let mut lost = answer(&downloads, "file-after-gone").clone();
    lost["Missing"] = false.into();
    whole.push(lost);
    whole.push(answer(&flags, "file-of-archived-live").clone());
    for file in photos
        .iter_mut()
        .filter_map(|photo| photo["Files"].as_array_mut())
        .flatten()
    {
        if let Some(told) = whole.iter().find(|told| told["Hash"] == file["Hash"]) {
            *file = told.clone();
        }
    }
    photos
}

/// Albums of folders and months, with what shortened rows leave out, in order of their creation.
fn automatic_albums(folder: &Path) -> Vec<Value> {
    let recording = read(folder, "albums");
    let mut albums: Vec<Value> = Vec::new();
    for name in ["search-folder", "search-month"] {
        let rows = answer(&recording, name).as_array().cloned().unwrap_or_default();
        albums.extend(rows.into_iter().filter(|row| row.get("_note").is_none()));
    }
    for album in &mut albums {
        if album["Type"] == "folder" {
            let path = album["Slug"].as_str().unwrap_or_default().replace('-', "/");
            album["Filter"] = format!("path:{path} public:true").into();
            album["Path"] = path.into();
        }
        if album["CreatedAt"].is_null() {
            album["CreatedAt"] = "2026-11-21T02:54:15Z".into();
        }
        let title = album["Title"].as_str().unwrap_or_default().to_owned();
        if let (true, Some((_, year))) = (album["Type"] == "month", title.split_once(' ')) {
            let day = jiff::civil::Date::strptime("%B %Y %d", format!("{title} 1"));
            let number = day.map_or(0, |day| day.month());
            album["Filter"] = format!("public:true year:{year} month:{number}").into();
            album["Year"] = year.parse::<i64>().unwrap_or(0).into();
            album["Month"] = number.into();
        }
    }
    albums
}

/// Bytes of files: the samples where they are here, else as many bytes of nothing.
fn bodies(samples: Option<&Path>) -> impl Fn(&str, u64) -> Option<Blob> {
    let mut known = HashMap::new();
    for folder in samples
        .and_then(|samples| std::fs::read_dir(samples).ok())
        .into_iter()
        .flatten()
        .flatten()
    {
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if let Ok(bytes) = std::fs::read(file.path()) {
                known.insert(super::recipes::sha1_hex(&bytes), file.path());
            }
        }
    }
    move |sha1, size| match known.get(sha1) {
        Some(path) => Blob::file(path).ok(),
        None => Some(Blob::memory(vec![0; usize::try_from(size).unwrap_or(0)])),
    }
}

fn restore(replayer: &Replayer, photos: Vec<Value>, albums: Vec<Value>) {
    let body = bodies(replayer.samples());
    let told = json!({ "photos": photos, "albums": albums });
    replayer
        .sim()
        .restore(&told, &body)
        .expect("what a server told can be restored");
}

/// UIDs of the photos in the album "Arezzo".
fn arezzo_photos(photos: &[Value]) -> Vec<Value> {
    let members = ["DSCN0010", "DSCN0012", "DSCN0021", "IMG_5195"];
    let inside = photos
        .iter()
        .filter(|photo| members.contains(&photo["OriginalName"].as_str().unwrap_or_default()));
    inside.map(|photo| photo["UID"].clone()).collect()
}

fn arezzo(uid: &str, user_uid: &str, photos: &[Value]) -> Value {
    json!({
        "UID": uid, "Type": "album", "Title": "Arezzo", "Slug": "arezzo", "CreatedBy": user_uid,
        "Thumb": "9ef8dc1aaf7d5f075cd4bd77aa8f7c9d567860e6",
        "CreatedAt": "2026-11-21T02:54:13Z", "UpdatedAt": "2026-11-21T02:54:16Z", "Photos": arezzo_photos(photos),
    })
}

/// The library of the chain of `photos-search` and what follows it.
pub(crate) fn prepare(replayer: &mut Replayer, folder: &Path) {
    let user_uid = replayer.sim().user_uid();
    let mut photos = photos(folder);
    for photo in &mut photos {
        photo["CreatedBy"] = user_uid.clone().into();
    }
    let arezzo = arezzo("atou02d4keb0bvr1", &user_uid, &photos);
    let mut albums = automatic_albums(folder);
    // It was the second album.
    albums.insert(1, arezzo);
    restore(replayer, photos, albums);
}

/// The same photos on the server of `photos-get-update`, where they have other UIDs.
pub(crate) fn prepare_for_updates(replayer: &mut Replayer, folder: &Path) {
    let user_uid = replayer.sim().user_uid();
    let recording = read(folder, "photos-get-update");
    let mut photos = photos(folder);
    let whole: Vec<&Value> = ["get", "get-live", "get-webp", "get-archived"]
        .iter()
        .map(|name| answer(&recording, name))
        .collect();
    for photo in &mut photos {
        let id = photo["ID"]
            .as_str()
            .and_then(|id| id.split('-').next()?.parse::<u64>().ok());
        if let Some(told) = whole.iter().find(|told| told["ID"].as_u64() == id) {
            *photo = (*told).clone();
        } else if photo["OriginalName"] == "prairie_falcon" {
            photo["UID"] = answer(&recording, "before-rescan-meta")["UID"].clone();
            photo["EditedAt"] = Value::Null;
        }
        photo["CreatedBy"] = user_uid.clone().into();
    }
    let arezzo = arezzo("atotzuehxsvxm21a", &user_uid, &photos);
    restore(replayer, photos, vec![arezzo]);
}

/// The two photos and three albums of `odds`.
pub(crate) fn prepare_odds(replayer: &mut Replayer, folder: &Path) {
    let user_uid = replayer.sim().user_uid();
    let recording = read(folder, "odds");
    let library = photos(folder);
    let mut dated = library
        .iter()
        .find(|photo| photo["OriginalName"] == "DSCN0010")
        .cloned()
        .unwrap_or_default();
    dated["UID"] = answer(&recording, "keywords-short")["UID"].clone();
    dated["Details"] = answer(&recording, "keywords-short")["Details"].clone();
    let mut review = answer(&recording, "review-0").clone();
    review["Year"] = (-1).into();
    review["TimeZone"] = "UTC".into();
    for photo in [&mut dated, &mut review] {
        photo["CreatedBy"] = user_uid.clone().into();
    }
    let mut albums: Vec<Value> = answer(&recording, "albums-country=de")
        .as_array()
        .cloned()
        .unwrap_or_default();
    albums.reverse();
    for album in &mut albums {
        album["CreatedBy"] = user_uid.clone().into();
        album["Country"] = "zz".into();
        album["Category"] = "".into();
    }
    restore(replayer, vec![dated, review], albums);
}

/// One photo of the library under another UID.
fn one(folder: &Path, original_name: &str, uid: &str, user_uid: &str) -> Value {
    let library = photos(folder);
    let found = library.into_iter().find(|photo| photo["OriginalName"] == original_name);
    let mut photo = found.unwrap_or_else(|| panic!("there is no photo {original_name}"));
    photo["UID"] = uid.into();
    photo["CreatedBy"] = user_uid.into();
    photo
}

/// The photo that lay in the folder of the read-only server.
pub(crate) fn prepare_read_only(replayer: &mut Replayer, folder: &Path) {
    let mut photo = one(folder, "DSCN0010", "ptou0jahte84d1d4", "");
    (photo["Path"], photo["Name"], photo["OriginalName"]) = ("".into(), "DSCN0010".into(), "".into());
    photo["Files"][0]["Name"] = "DSCN0010.jpg".into();
    photo["Files"][0]["Software"] = "Nikon Transfer 1.1 W".into();
    photo["Files"][0]["OriginalName"] = "".into();
    restore(replayer, vec![photo], Vec::new());
}

/// The photo of the server that got odd requests.
pub(crate) fn prepare_errors(replayer: &mut Replayer, folder: &Path) {
    let user_uid = replayer.sim().user_uid();
    let mut photo = one(folder, "canon-ixus", "ptou0jmvxwj6gvop", &user_uid);
    photo["Favorite"] = false.into();
    photo["Title"] = "Unknown / 2001".into();
    photo["OriginalName"] = "IMG_1".into();
    restore(replayer, vec![photo], Vec::new());
}

/// The photo of the server whose features are switched off.
pub(crate) fn prepare_features_off(replayer: &mut Replayer, folder: &Path) {
    let user_uid = replayer.sim().user_uid();
    restore(
        replayer,
        vec![one(folder, "canon-ixus", "ptou0jg89y1mut56", &user_uid)],
        Vec::new(),
    );
}

/// The stack of a JPEG and a film that was uploaded beside the recorded exchanges of `stack-unstack`.
pub(crate) fn add_second_stack(replayer: &Replayer) {
    let Some(folder) = super::recording::folder() else {
        return;
    };
    let mut photo = answer(&read(&folder, "stack-unstack"), "primary-unknown").clone();
    for file in photo["Files"].as_array_mut().into_iter().flatten() {
        let is_picture = file["FileType"] == "jpg";
        file["Primary"] = is_picture.into();
    }
    restore(replayer, vec![photo], Vec::new());
}
