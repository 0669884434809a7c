//! Files of a photo, pictures that the server makes, and the changes of many photos at once that only newer servers know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::Json;
use photomove_core::{BytesBody, ErrorKind};
use photomove_http::HttpEnv;
use photomove_photoprism::client::{Download, ThumbSize, UploadFile};
use photomove_photoprism::search::LabelSearch;
use photomove_photoprism::wire::{BatchValue, NewLabel};
use photomove_photoprism::{PhotoPrismAuth, PhotoPrismClient, PhotoPrismConfig, SignIn};
use photomove_sim::Library;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::photos::{second, stack};
use crate::support::{Bench, pictures, visible};

/// No file and no photo has this id.
const NOWHERE: &str = "fqxetse3cy5eo9z2";

async fn is_jpeg(download: Download) -> bool {
    let said = download.media_type() == Some("image/jpeg");
    said && download.bytes(1 << 20).await.unwrap().starts_with(b"\xff\xd8\xff")
}

#[tokio::test]
async fn a_file_is_turned() {
    let bench = Bench::start().await;
    let photo = bench.photo().await;
    let file = photo.primary_file().unwrap();
    let turned = bench.client.set_orientation(&photo.uid, &file.uid, 6).await.unwrap();
    let (was, is) = (file, turned.primary_file().unwrap());
    assert_eq!((is.orientation, is.width, is.height), (6, was.height, was.width));
    assert_eq!(bench.photo_state(&photo.uid).await["Files"][0]["Orientation"], 6);
    let error = bench
        .client
        .set_orientation(&photo.uid, &file.uid, 9)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Config);
    let error = bench.client.set_orientation(&photo.uid, NOWHERE, 1).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert_eq!(
        bench.count("photo_orientation"),
        2,
        "what is no orientation is not sent"
    );
}

#[tokio::test]
async fn a_file_of_a_stack_is_deleted_but_never_the_primary_one() {
    let bench = Bench::start().await;
    let photo = stack(&bench).await;
    let (primary, file) = (photo.primary_file().unwrap(), second(&photo));
    let rest = bench.client.delete_file(&photo.uid, &file.uid).await.unwrap();
    assert!(rest.file(&file.hash).is_none() && rest.file(&primary.hash).is_some());
    assert_eq!(bench.status_of(&format!("files/{}", file.hash)).await, 404);
    assert!(
        !bench.sim().originals().iter().any(|path| path.ends_with(&file.name)),
        "the bytes are gone too"
    );
    let error = bench.client.delete_file(&photo.uid, &primary.uid).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
    assert_eq!(bench.status_of(&format!("files/{}", primary.hash)).await, 200);
    assert_eq!(
        bench.count("photo_file_delete"),
        2,
        "nothing is deleted twice by itself"
    );
}

#[tokio::test]
async fn parts_of_pictures_are_shown() {
    let bench = Bench::start().await;
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    let part = |hash: &str| format!("{hash}-0410c5186186");
    let crop = async |thumb: &str| bench.client.crop(thumb, &ThumbSize::Tile224).await;
    assert!(is_jpeg(crop(&part(&picture.sha1)).await.unwrap()).await);
    let error = crop(&part(&"0".repeat(40))).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "a drawing is no part of a picture");
    for wrong in [
        picture.sha1.as_str(),
        "",
        "0410c5186186",
        &format!("{}-/../x", picture.sha1),
    ] {
        let error = crop(wrong).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Config, "{wrong}");
    }
    assert_eq!(bench.count("thumbnail"), 2);
}

#[tokio::test]
async fn videos_are_played_and_pictures_are_none() {
    let bench = Bench::start().await;
    let film = Library::synthetic_videos(1, 40_000, 7).unwrap().items.remove(0);
    let bytes = film.blob.bytes().await.unwrap();
    let body = BytesBody::new(bytes.clone());
    let file = UploadFile::new(&film.name, &body);
    let uploaded = bench.client.upload::<&str>(&[file], &[]).await.unwrap();
    visible(&uploaded[0]);
    let video = bench.client.video(&uploaded[0].sha1, "avc").await.unwrap();
    assert!(
        video.media_type().unwrap().starts_with("video/"),
        "{:?}",
        video.media_type()
    );
    assert_eq!(video.bytes(1 << 20).await.unwrap(), bytes);
    let picture = pictures(1).await.remove(0);
    bench.upload(&picture).await;
    let error = bench.client.video(&picture.sha1, "avc").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn labels_have_covers_as_far_as_photos_have_them() {
    let bench = Bench::start().await;
    let photo = bench.photo().await;
    let labelled = bench
        .client
        .add_label(&photo.uid, &NewLabel::new("beach"))
        .await
        .unwrap();
    let labels = bench.client.labels(&LabelSearch::new().all(true), 10, 0).await.unwrap();
    let label = labels.rows.iter().find(|label| label.name == "Beach").unwrap();
    let cover = async || bench.client.label_cover(&label.uid, &ThumbSize::Tile500).await;
    assert!(is_jpeg(cover().await.unwrap()).await);
    let number = labelled.labels[0].label_id;
    bench.client.remove_label(&photo.uid, number).await.unwrap();
    assert_eq!(*cover().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(bench.count("cover"), 2);
}

/// The stand-in draws no covers of folders; what comes instead is told as what it is.
#[tokio::test]
async fn a_folder_without_a_cover_has_none() {
    let bench = Bench::start().await;
    let folder = "dqxetse3cy5eo9z2";
    let error = bench
        .client
        .folder_cover(folder, &ThumbSize::Tile500)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert_eq!(bench.count("cover"), 1);
    assert_eq!(bench.count("unknown"), 0);
}

/// A server that knows the call, as it is published; none was recorded.
#[tokio::test]
async fn newer_servers_change_many_photos_at_once() {
    let seen: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let own = Arc::clone(&seen);
    let app = Router::new().fallback(move |request: Request| {
        let seen = Arc::clone(&own);
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            seen.lock().unwrap().push((format!("{} {}", head.method, head.uri.path()), body));
            Json(json!({
                "models": [{"UID": "pqxetse3cy5eo9z1", "Title": "Harbour"}, {"UID": "pqxetse3cy5eo9z2", "Title": "Harbour"}],
                "values": {"Title": {"value": "Harbour", "mixed": false, "action": "none"}},
            }))
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = PhotoPrismConfig::new(address.parse().unwrap());
    let auth = PhotoPrismAuth::new(SignIn::Public);
    let client = PhotoPrismClient::new(&config, &HttpEnv::system(), auth).unwrap();

    let values = BTreeMap::from([("Title".to_owned(), BatchValue::update("Harbour"))]);
    let photos = ["pqxetse3cy5eo9z1", "pqxetse3cy5eo9z2"];
    let edited = client.edit_photos(photos, &values).await.unwrap();

    assert_eq!(
        edited.models.iter().map(|row| row.uid.as_str()).collect::<Vec<_>>(),
        photos
    );
    assert_eq!(edited.values["Title"]["mixed"], false);
    let seen = seen.lock().unwrap();
    let (_, body) = seen
        .iter()
        .find(|(call, _)| call == "POST /api/v1/batch/photos/edit")
        .unwrap();
    let title = json!({"value": "Harbour", "mixed": false, "action": "update"});
    assert_eq!(*body, json!({"photos": photos, "values": {"Title": title}}));
}

#[tokio::test]
async fn older_servers_say_that_they_cannot_change_many_at_once() {
    let bench = Bench::start().await;
    let photo = bench.photo().await;
    let values = BTreeMap::from([("Title".to_owned(), BatchValue::update("Harbour"))]);
    let error = bench.client.edit_photos([&photo.uid], &values).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound, "{error}");
    assert_ne!(bench.photo_state(&photo.uid).await["Title"], "Harbour");
}
