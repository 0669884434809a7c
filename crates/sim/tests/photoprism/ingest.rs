//! Uploads, stacking, limits, import and index as a client meets them.

use bytes::Bytes;
use photomove_sim::photoprism::Generation;
use photomove_sim::{Library, PhotoPrismSwitches};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::support::{Stand, json_of};

/// A JPEG that can be decoded, different for every word.
fn jpeg(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 60);
    encoder.encode(&[90; 64], 8, 8, jpeg_encoder::ColorType::Luma).unwrap();
    let mut with_comment = bytes[..2].to_vec();
    with_comment.extend([0xff, 0xfe, 0, word.len() as u8 + 2]);
    with_comment.extend(word.as_bytes());
    with_comment.extend(&bytes[2..]);
    with_comment
}

/// A JPEG with an XMP packet that has a document id and a title.
fn jpeg_of_document(word: &str, document: &str) -> Vec<u8> {
    let packet = format!(
        "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\" xmpMM:DocumentID=\"{document}\"/></rdf:RDF></x:xmpmeta>"
    );
    let picture = jpeg(word);
    let mut bytes = picture[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend((packet.len() as u16 + 2).to_be_bytes());
    bytes.extend(packet.as_bytes());
    bytes.extend(&picture[2..]);
    bytes
}

fn png() -> Vec<u8> {
    use std::io::Write;
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let mut chunk = (body.len() as u32).to_be_bytes().to_vec();
        chunk.extend(kind);
        chunk.extend(body);
        // Nobody checks the sum here.
        chunk.extend([0; 4]);
        chunk
    };
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&[0; 4 * 13]).unwrap();
    let mut header = 4_u32.to_be_bytes().to_vec();
    header.extend(4_u32.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(chunk(b"IHDR", &header));
    bytes.extend(chunk(b"IDAT", &packed.finish().unwrap()));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

fn sha1(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Stand {
    async fn user(&self) -> String {
        let (_, session) = self.get("/session").await;
        session["user"]["UID"].as_str().unwrap().to_owned()
    }

    /// Stages files under a token; status and body.
    async fn stage(&self, token: &str, files: &[(&str, Vec<u8>)]) -> (u16, Value) {
        let path = format!("/users/{}/upload/{token}", self.user().await);
        let form = files.iter().fold(Form::new(), |form, (name, bytes)| {
            form.part("files", Part::bytes(bytes.clone()).file_name((*name).to_owned()))
        });
        json_of(self.request(Method::POST, &path).multipart(form)).await
    }

    async fn process(&self, token: &str, body: Value) -> (u16, Value) {
        let path = format!("/users/{}/upload/{token}", self.user().await);
        json_of(self.request(Method::PUT, &path).json(&body)).await
    }

    async fn upload(&self, token: &str, files: &[(&str, Vec<u8>)], albums: &[&str]) {
        let (status, body) = self.stage(token, files).await;
        assert_eq!(status, 200, "{body}");
        assert!(
            body["message"].as_str().unwrap().starts_with(&files.len().to_string()),
            "{body}"
        );
        let (status, body) = self.process(token, json!({ "albums": albums })).await;
        assert_eq!((status, body["code"].as_u64()), (200, Some(200)), "{body}");
    }

    /// The file with these bytes, if the index has it.
    async fn file(&self, bytes: &[u8]) -> Option<Value> {
        let (status, body) = self.get(&format!("/files/{}", sha1(bytes))).await;
        (status == 200).then_some(body)
    }

    async fn photo_of(&self, bytes: &[u8]) -> Value {
        let file = self.file(bytes).await.expect("the file is in the index");
        let (status, photo) = self
            .get(&format!("/photos/{}", file["PhotoUID"].as_str().unwrap()))
            .await;
        assert_eq!(status, 200);
        photo
    }
}

fn titles(photo: &Value) -> Vec<&str> {
    photo["Albums"]
        .as_array()
        .unwrap()
        .iter()
        .map(|album| album["Title"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_upload_is_staged_processed_and_found_by_its_hash() {
    let stand = Stand::start().await;
    let picture = jpeg("one");
    let (status, _) = stand.stage("t", &[("IMG_0001.JPG", picture.clone())]).await;
    assert_eq!(status, 200);
    assert!(stand.file(&picture).await.is_none(), "staging does not index");
    assert_eq!(stand.process("t", json!({ "albums": ["Trip"] })).await.0, 200);
    let file = stand.file(&picture).await.unwrap();
    assert_eq!(
        (file["OriginalName"].as_str(), file["Primary"].as_bool()),
        (Some("IMG_0001.JPG"), Some(true))
    );
    let photo = stand.photo_of(&picture).await;
    assert_eq!(titles(&photo), ["Trip"]);
    assert_eq!(
        (photo["Title"].as_str(), photo["Quality"].as_i64()),
        (Some("Unknown"), Some(1))
    );
    // Nothing is left, and that is no error either.
    assert_eq!(stand.process("t", json!({})).await.0, 200);
    for (body, status) in [("", 400), ("albums=x", 400), (r#"{"albums":"x"}"#, 400)] {
        let path = format!("/users/{}/upload/t", stand.user().await);
        let response = stand.request(Method::PUT, &path).body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{body}");
    }
    let foreign = stand
        .request(Method::PUT, "/users/uqxetse3cy5eo9z2/upload/t")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn staged_files_belong_to_their_session_and_equal_names_overwrite_each_other() {
    let stand = Stand::start().await;
    let (first, second) = (jpeg("first"), jpeg("second"));
    stand.stage("t", &[("a.jpg", first.clone())]).await;
    stand.stage("t", &[("a.jpg", second.clone())]).await;
    let login = stand.login_admin().await;
    let path = format!("/api/v1/users/{}/upload/t", stand.user().await);
    let other = stand
        .bare(Method::PUT, &path)
        .header("X-Auth-Token", login["access_token"].as_str().unwrap());
    assert_eq!(other.json(&json!({})).send().await.unwrap().status(), 200);
    assert!(
        stand.file(&second).await.is_none(),
        "another session has a staging folder of its own"
    );
    stand.process("t", json!({})).await;
    assert!(stand.file(&second).await.is_some() && stand.file(&first).await.is_none());
}

#[tokio::test]
async fn equal_bytes_are_swallowed_but_go_into_the_album_even_if_archived() {
    let stand = Stand::start().await;
    let picture = jpeg("twice");
    stand.upload("a", &[("a.jpg", picture.clone())], &[]).await;
    let before = stand.photo_of(&picture).await;
    let selection = json!({ "photos": [before["UID"]] });
    assert_eq!(stand.post("/batch/photos/archive", selection).await.0, 200);
    stand.upload("b", &[("b.jpg", picture.clone())], &["Again"]).await;
    let after = stand.photo_of(&picture).await;
    assert_eq!(after["UID"], before["UID"]);
    assert!(!after["DeletedAt"].is_null(), "it stays archived");
    assert_eq!(titles(&after), ["Again"]);
    assert_eq!(stand.sim().photos().len(), 1);
}

#[tokio::test]
async fn parts_of_one_base_name_are_one_photo_and_a_companion_sets_everything() {
    let stand = Stand::start().await;
    let (picture, other) = (jpeg("live"), png());
    let yaml = "Title: From YAML\nTitleSrc: manual\nCaption: Words\nCaptionSrc: manual\nFavorite: true\n\
                TakenAt: 2011-10-02T16:15:00Z\nTakenAtLocal: 2011-10-02T09:15:00Z\nTakenSrc: manual\n\
                TimeZone: America/Los_Angeles\n";
    let files = [
        ("IMG_4.JPG", picture.clone()),
        ("IMG_4.png", other.clone()),
        ("IMG_4.yml", yaml.as_bytes().to_vec()),
    ];
    stand.upload("t", &files, &[]).await;
    let photo = stand.photo_of(&picture).await;
    assert_eq!(photo["UID"], stand.photo_of(&other).await["UID"]);
    assert_eq!(photo["Files"].as_array().unwrap().len(), 3);
    assert_eq!(
        (photo["Title"].as_str(), photo["Caption"].as_str()),
        (Some("From YAML"), Some("Words"))
    );
    assert_eq!(photo["TakenAtLocal"], "2011-10-02T09:15:00Z");
    assert_eq!(
        (photo["Favorite"].as_bool(), photo["EditedAt"].is_null()),
        (Some(true), true)
    );
    let primary: Vec<&Value> = photo["Files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|file| file["Primary"] == true)
        .collect();
    assert_eq!((primary.len(), &primary[0]["FileType"]), (1, &json!("jpg")));
}

#[tokio::test]
async fn google_json_of_any_name_fills_gaps_and_gives_the_photo_its_name() {
    let stand = Stand::start().await;
    let picture = jpeg("google");
    let json = br#"{"title":"IMG_4.jpg","description":"Words","photoTakenTime":{"timestamp":"1563727327"}}"#;
    let files = [
        ("IMG_4.jpg", picture.clone()),
        ("IMG_4.jpg.supplemental-metadata.json", json.to_vec()),
    ];
    stand.upload("t", &files, &[]).await;
    let photo = stand.photo_of(&picture).await;
    assert_eq!(photo["TakenAtLocal"], "2019-07-21T16:42:07Z");
    assert_eq!(
        (photo["Caption"].as_str(), photo["Title"].as_str()),
        (Some("Words"), Some("Unknown / 2019"))
    );
    assert_eq!(photo["OriginalName"], "IMG_4.jpg.supplemental-metadata");
    let (status, companion) = stand.get(&format!("/files/{}", sha1(json))).await;
    assert_eq!((status, companion["Sidecar"].as_bool()), (200, Some(true)));
}

#[tokio::test]
async fn a_png_named_jpg_is_hidden_until_it_is_deleted_for_good() {
    let stand = Stand::start().await;
    let picture = png();
    stand.upload("a", &[("b.jpg", picture.clone())], &[]).await;
    let photo = stand.photo_of(&picture).await;
    assert_eq!(photo["Quality"], -1);
    assert!(
        photo["Files"]
            .as_array()
            .unwrap()
            .iter()
            .all(|file| file["Primary"] == false)
    );
    stand.upload("b", &[("b.png", picture.clone())], &[]).await;
    assert_eq!(
        stand.photo_of(&picture).await["Quality"],
        -1,
        "the right name is swallowed as a duplicate"
    );
    let deleted = stand
        .post("/batch/photos/delete", json!({ "photos": [photo["UID"]] }))
        .await;
    assert_eq!(deleted.0, 200, "{}", deleted.1);
    stand.upload("c", &[("b.png", picture.clone())], &[]).await;
    assert_eq!(stand.photo_of(&picture).await["Quality"], 1);
}

#[tokio::test]
async fn what_is_no_media_is_never_imported_and_what_is_broken_leaves_only_a_line_in_the_log() {
    let stand = Stand::start().await;
    let broken = b"<html>error</html>".repeat(20);
    for (name, bytes) in [
        ("note.txt", b"hello".to_vec()),
        ("IMG_1", jpeg("no extension")),
        (".hidden.jpg", jpeg("hidden")),
        ("empty.jpg", Vec::new()),
        ("html.jpg", broken.clone()),
    ] {
        stand.stage("t", &[(name, bytes.clone())]).await;
        assert_eq!(stand.process("t", json!({})).await.0, 200);
        assert!(stand.file(&bytes).await.is_none(), "{name}");
    }
    let (_, errors) = stand.get("/errors?count=10").await;
    let levels: Vec<&str> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["Level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["error", "warning"], "{errors}");
}

#[tokio::test]
async fn twins_are_merged_by_the_background_worker_once_stacking_is_on() {
    let stand = Stand::start().await;
    let id = "6c2b6c1e-6d1a-4a2a-8a71-52b1b1f0a9c3";
    let (first, second) = (jpeg_of_document("r", id), jpeg_of_document("s", id));
    let off = json!({ "stack": { "uuid": false, "meta": false } });
    assert_eq!(stand.post("/settings", off).await.0, 200);
    stand.upload("r", &[("R.jpg", first.clone())], &["Album R"]).await;
    stand.upload("s", &[("S.jpg", second.clone())], &["Album S"]).await;
    let (dead, alive) = (stand.photo_of(&second).await, stand.photo_of(&first).await);
    assert_ne!(dead["UID"], alive["UID"], "stacking is off");
    stand.post("/settings", json!({ "stack": { "uuid": true } })).await;
    stand.advance(1000);
    let merged = stand.photo_of(&second).await;
    assert_eq!(
        merged["UID"], alive["UID"],
        "the older of two equally good ones survives"
    );
    assert_eq!(titles(&merged), ["Album R", "Album S"]);
    let (status, ghost) = stand.get(&format!("/photos/{}", dead["UID"].as_str().unwrap())).await;
    assert_eq!(
        (
            status,
            ghost["Quality"].as_i64(),
            ghost["Files"].as_array().unwrap().len()
        ),
        (200, Some(-1), 0)
    );

    let third = jpeg_of_document("t", id);
    stand.upload("t", &[("T.jpg", third.clone())], &[]).await;
    let joined = stand.photo_of(&third).await;
    assert_eq!((&joined["UID"], &joined["OriginalName"]), (&alive["UID"], &json!("T")));
}

#[tokio::test]
async fn a_deleted_album_named_by_an_upload_stays_deleted() {
    let stand = Stand::start().await;
    let (_, album) = stand.post("/albums", json!({ "Title": "Gone" })).await;
    let uid = album["UID"].as_str().unwrap().to_owned();
    let path = format!("/albums/{uid}");
    assert_eq!(json_of(stand.request(Method::DELETE, &path)).await.0, 200);
    stand.upload("t", &[("a.jpg", jpeg("lost"))], &["gone"]).await;
    assert_eq!(stand.get(&path).await.0, 404);
    assert!(titles(&stand.photo_of(&jpeg("lost")).await).is_empty());
}

#[tokio::test]
async fn limits_reject_in_silence_before_generation_3_and_aloud_from_then_on() {
    let large = [jpeg("large"), vec![0; 1_100_000]].concat();
    let limited = |generation| {
        move |switches: &mut PhotoPrismSwitches| {
            *switches = PhotoPrismSwitches::of(generation);
            switches.originals_limit_mb = 1;
            switches.upload_limit_mb = Some(2);
        }
    };
    let old = Stand::with(limited(Generation::G1)).await;
    old.upload("t", &[("a.jpg", large.clone())], &[]).await;
    assert!(old.file(&large).await.is_none());
    assert_eq!(old.stage("t", &[("b.jpg", vec![0; 2_500_000])]).await.0, 200);

    let new = Stand::with(limited(Generation::G3)).await;
    let (status, body) = new
        .stage("t", &[("a.jpg", large), ("b.mp3", vec![1]), ("c.jpg", png())])
        .await;
    assert_eq!(
        (status, body["message"].as_str().unwrap().split(' ').next()),
        (200, Some("0")),
        "{body}"
    );
    assert_eq!(new.process("t", json!({})).await.0, 404);
    assert_eq!(new.stage("t", &[("b.jpg", vec![0; 2_500_000])]).await.0, 413);
    new.sim().switches().disk_full = true;
    assert_eq!(new.stage("t", &[("c.jpg", jpeg("c"))]).await.0, 507);
    old.sim().switches().disk_full = true;
    assert_eq!(old.stage("t", &[("c.jpg", jpeg("c"))]).await.0, 400);
}

#[tokio::test]
async fn offensive_files_take_their_whole_request_with_them() {
    let stand = Stand::with(|switches| "marker-of-offence".clone_into(&mut switches.nsfw_marker)).await;
    stand.stage("t", &[("a.jpg", jpeg("earlier"))]).await;
    let bad = [jpeg("bad"), b"marker-of-offence".to_vec()].concat();
    assert_eq!(
        stand.stage("t", &[("b.jpg", jpeg("good")), ("c.jpg", bad)]).await.0,
        403
    );
    stand.process("t", json!({})).await;
    assert!(stand.file(&jpeg("good")).await.is_none() && stand.file(&jpeg("earlier")).await.is_some());
}

#[tokio::test]
async fn read_only_servers_and_switched_off_features_refuse() {
    let stand = Stand::with(|switches| switches.read_only = true).await;
    assert_eq!(stand.stage("t", &[("a.jpg", jpeg("a"))]).await.0, 403);
    assert_eq!(stand.process("t", json!({})).await.0, 403);
    assert_eq!(stand.post("/import/", json!({})).await.0, 403);
    let stand = Stand::start().await;
    stand
        .post("/settings", json!({ "features": { "upload": false } }))
        .await;
    assert_eq!(stand.stage("t", &[("a.jpg", jpeg("a"))]).await.0, 403);
}

#[tokio::test]
async fn imports_keep_their_folders_and_a_second_run_is_told_apart_by_nothing_but_the_log() {
    let stand = Stand::start().await;
    let picture = jpeg("import");
    for (method, path) in [("MKCOL", "/import/Trip"), ("MKCOL", "/import/Trip/2008")] {
        let request = stand.bare(Method::from_bytes(method.as_bytes()).unwrap(), path);
        assert_eq!(
            request
                .header("X-Auth-Token", &stand.token)
                .send()
                .await
                .unwrap()
                .status(),
            201
        );
    }
    let put = stand
        .bare(Method::PUT, "/import/Trip/2008/x.jpg")
        .header("X-Auth-Token", &stand.token);
    assert_eq!(
        put.body(Bytes::from(picture.clone())).send().await.unwrap().status(),
        201
    );

    let redirect = stand
        .request(Method::POST, "/import")
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            redirect.status().as_u16(),
            redirect.headers()["location"].to_str().unwrap()
        ),
        (307, "/api/v1/import/")
    );
    assert_eq!(stand.post("/import/nope", json!({})).await.0, 200);
    assert_eq!(
        stand.post("/import/Trip", json!({ "albums": ["Trip 2008"] })).await.0,
        200
    );
    let photo = stand.photo_of(&picture).await;
    assert_eq!(
        (photo["OriginalName"].as_str(), titles(&photo)),
        (Some("2008/x"), vec!["Trip 2008"])
    );

    let hold = stand.sim().hold_imports(0);
    let (first, (second, index)) = tokio::join!(stand.post("/import/", json!({ "move": true })), async {
        hold.reached(1).await;
        let others = (
            stand.post("/import/", json!({})).await,
            stand.post("/index", json!({ "path": "/" })).await,
        );
        drop(hold);
        others
    });
    assert_eq!((first.0, second.0, index.0), (200, 200, 500));
    assert_eq!(index.1, json!({ "error": "Already running" }));
    assert!(!stand.sim().photos().is_empty());
}

#[tokio::test]
async fn files_that_vanish_from_the_disk_leave_a_hidden_archived_photo_after_the_next_index_run() {
    let stand = Stand::start().await;
    let picture = jpeg("vanishes");
    stand.upload("t", &[("a.jpg", picture.clone())], &[]).await;
    let photo = stand.photo_of(&picture).await;
    stand.sim().lose_file(&sha1(&picture));
    assert!(stand.file(&picture).await.is_some(), "the index does not know yet");
    assert_eq!(stand.post("/index", json!({ "path": "/" })).await.0, 200);
    assert!(stand.file(&picture).await.is_none());
    let (status, ghost) = stand.get(&format!("/photos/{}", photo["UID"].as_str().unwrap())).await;
    assert_eq!(
        (status, ghost["Quality"].as_i64(), ghost["DeletedAt"].is_null()),
        (200, Some(-1), false)
    );
}

#[tokio::test]
async fn a_library_fills_the_server_with_its_albums() {
    let library = Library::synthetic(50, 4096, 7).unwrap();
    let favorites = library.items.iter().filter(|item| item.favorite).count();
    let members: Vec<usize> = (0..library.albums.len())
        .map(|album| library.items.iter().filter(|item| item.albums.contains(&album)).count())
        .collect();
    let titles: Vec<String> = library.albums.iter().map(|album| album.title.clone()).collect();
    let options = photomove_sim::SimOptions {
        fill: Some(photomove_sim::Fill::Library(library)),
        ..photomove_sim::SimOptions::default()
    };
    let stand = Stand::with_options(options).await;
    let photos = stand.sim().photos();
    assert_eq!(photos.len(), 50);
    assert_eq!(photos.iter().filter(|photo| photo.favorite).count(), favorites);
    assert!(
        photos
            .iter()
            .all(|photo| photo.quality >= 0 && photo.files.len() == 1 && photo.files[0].primary)
    );
    let albums = stand.sim().albums();
    for (title, count) in titles.iter().zip(members) {
        let album = albums.iter().find(|album| album.title == *title).unwrap();
        assert_eq!(album.photos.len(), count, "{title}");
    }
}
