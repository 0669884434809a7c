//! The stand-in of Google Photos, brought into the situation of each recording.

mod stage;

use photomove_sim::google::ErrorStyle;
use photomove_sim::{LibraryItem, MediaFacts};
use serde_json::{Value, json};

use self::stage::{
    ALBUM, ALBUM_ADD, ALBUMS, APPEND_ONLY, BATCH_CREATE, BATCH_GET, GET, LIST, READ, SEARCH, Stage, new_item,
};
use super::lab::Given;
use super::photo;
use super::recording::Recording;

/// The stand-in's reply for each recorded one; `None` where it has none.
pub async fn replies(recording: &Recording) -> Vec<Option<Given>> {
    let name = recording.stem();
    if name.starts_with("album") {
        albums(name).await
    } else if name.starts_with("mediaitem") || name.starts_with("fixture") || name.starts_with("search-videos") {
        items(name).await
    } else if name.starts_with("batch") {
        batches(name).await
    } else {
        refusals(name).await
    }
}

async fn albums(name: &str) -> Vec<Option<Given>> {
    let mut stage = Stage::start(|_| {}).await;
    let given = match name {
        "album-create" => stage.new_album().await,
        "album-get-with-cover" => {
            let id = stage.full_album().await;
            stage.only(&[READ]);
            stage.get(ALBUM, &id, "").await
        }
        "albums-batchadd-400-invalid-item" => {
            let foreign = stage.google().preload_phone_item(photo::plain(1).await, "IMG_1.jpg");
            let id = stage.empty_album().await;
            stage.post_to(ALBUM_ADD, &id, json!({"mediaItemIds": [foreign]})).await
        }
        "albums-list-app-created" => {
            stage.empty_album().await;
            stage.get(ALBUMS, "", "").await
        }
        "albums-list-pagetoken-shape" => {
            stage.empty_album().await;
            stage.empty_album().await;
            let query = "excludeNonAppCreatedData=true&pageSize=1";
            let page = stage.get(ALBUMS, "", query).await;
            let token = page.json()["nextPageToken"].as_str().expect("a token").to_owned();
            let plain = token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            assert!(
                plain && token.len() > 200,
                "page tokens are long texts of URL-safe base64, not {token}"
            );
            stage.get(ALBUMS, "", &format!("{query}&pageToken={token}")).await
        }
        "albums-list-unicode-title" => {
            stage.full_album().await;
            stage.only(&[READ]);
            stage.get(ALBUMS, "", "").await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn items(name: &str) -> Vec<Option<Given>> {
    let given = match name {
        "mediaitem-get-photo-2019" | "mediaitem-get-photo-with-description" => {
            let stage = Stage::start(|_| {}).await;
            let described = name.ends_with("description");
            let id = stage.item(1, described).await;
            stage.get(GET, &id, "").await
        }
        "mediaitem-photo-no-exposuretime" => {
            let stage = Stage::start(|_| {}).await;
            stage.item(1, false).await;
            stage.get(LIST, "", "").await
        }
        "mediaitems-batchget-500" => {
            let stage = Stage::start(|_| {}).await;
            let id = stage.item(1, false).await;
            stage.google().switches().poisonous_id = Some(id.clone());
            stage.get(BATCH_GET, "", &format!("mediaItemIds={id}")).await
        }
        "fixture-ha-list-albums" => {
            let stage = Stage::start(|_| {}).await;
            stage.full_album().await;
            stage.get(ALBUMS, "", "").await
        }
        "fixture-ha-list-mediaitems" => {
            let photo = LibraryItem::from_bytes("a.jpg", photo::plain(1).await);
            let stage = Stage::filled(vec![described(photo), described(video("a"))]).await;
            stage.get(LIST, "", "").await
        }
        "search-videos-processing-and-ready" => {
            let stage = Stage::filled(vec![video("a"), video("b")]).await;
            stage.google().switches().video_processing = jiff::SignedDuration::from_secs(600);
            stage.lab.advance(700);
            let token = stage.upload(movie("c")).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "c.mp4", "")]}))
                .await;
            let filters = json!({"mediaTypeFilter": {"mediaTypes": ["VIDEO"]}});
            let given = stage.post(SEARCH, json!({"pageSize": 3, "filters": filters})).await;
            assert_eq!(
                given.json()["mediaItems"].as_array().map(Vec::len),
                Some(3),
                "{given:?}"
            );
            given
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn batches(name: &str) -> Vec<Option<Given>> {
    let stage = Stage::start(|switches| {
        if name.ends_with("2018") {
            switches.success_message = "OK".into();
        }
        if name.contains("code3") {
            switches.failure_prefix = "BAD_IMAGE: ".into();
        }
    })
    .await;
    let given = match name {
        "batchcreate-400-more-than-50" => {
            let items: Vec<Value> = (0..51)
                .map(|number| new_item(&format!("token-{number}"), "a.jpg", ""))
                .collect();
            stage.post(BATCH_CREATE, json!({"newMediaItems": items})).await
        }
        "batchcreate-into-album-two-items" => {
            let album = stage.empty_album().await;
            let tokens = [
                stage.upload(photo::plain(1).await).await,
                stage.upload(photo::plain(2).await).await,
            ];
            let items = tokens.map(|token| new_item(&token, "a.jpg", "words"));
            stage.create(json!({"albumId": album, "newMediaItems": items})).await
        }
        "batchcreate-item-code3-http200" => {
            let token = stage.upload(b"no picture at all".to_vec()).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "refused-by-google.arw", "")]}))
                .await
        }
        "batchcreate-ok-2018" => {
            let token = stage.upload(photo::plain(1).await).await;
            stage
                .create(json!({"newMediaItems": [new_item(&token, "a.jpg", "")]}))
                .await
        }
        "batchget-two-items" => {
            let (first, second) = (stage.item(1, true).await, stage.item(2, true).await);
            stage
                .get(BATCH_GET, "", &format!("mediaItemIds={first}&mediaItemIds={second}"))
                .await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

async fn refusals(name: &str) -> Vec<Option<Given>> {
    let mut stage = Stage::start(|switches| {
        switches.error_style = match name {
            "429-writes-per-minute-per-user-2019" => ErrorStyle::ErrorsOnly,
            "search-403-insufficient-scopes" => ErrorStyle::Bare,
            _ => ErrorStyle::Full,
        };
        switches.api_enabled = !name.starts_with("api-not-enabled");
    })
    .await;
    let nothing = || json!({"newMediaItems": []});
    let given = match name {
        "429-daily-old-metric-name" => {
            stage.google().switches().requests_per_day = Some(0);
            stage.post(SEARCH, json!({})).await
        }
        "429-daily-with-headers" => {
            stage.google().switches().requests_per_day = Some(0);
            stage.post(BATCH_CREATE, nothing()).await
        }
        "429-messages-collected" => return quotas(&stage).await,
        "429-writes-per-minute-per-user-2019" => {
            stage.google().switches().writes_per_minute = Some(0);
            stage.new_album().await
        }
        "429-writes-per-minute-per-user-with-details" => {
            stage.google().switches().writes_per_minute = Some(0);
            stage.post(BATCH_CREATE, nothing()).await
        }
        "api-not-enabled-403-2020" => stage.get(ALBUMS, "", "").await,
        "http-error-messages-collected" => return collected(&stage).await,
        "library-401-headers" => {
            stage.token = "ya29.nobody".into();
            stage.get(LIST, "", "").await
        }
        "oauth-refresh-400-bad-request" | "oauth-refresh-400-revoked" => stage.revoked_refresh().await,
        "search-403-insufficient-scopes" => {
            stage.only(&[APPEND_ONLY]);
            stage.post(SEARCH, json!({})).await
        }
        "uploads-400-empty-payload" => stage.try_upload(Vec::new()).await,
        "uploads-400-upload-quota" => {
            stage.google().switches().uploads_per_minute = Some(0);
            stage.try_upload(photo::plain(1).await).await
        }
        "uploads-401-authentication-session" => {
            stage.token = "ya29.nobody".into();
            stage.try_upload(photo::plain(1).await).await
        }
        other => panic!("no situation for {other}"),
    };
    vec![Some(given)]
}

/// The day's quota, the minute's, and a write while another one goes on.
async fn quotas(stage: &Stage) -> Vec<Option<Given>> {
    let switches = || stage.google().switches();
    switches().requests_per_day = Some(0);
    let day = stage.new_album().await;
    (switches().requests_per_day, switches().writes_per_minute) = (None, Some(0));
    let minute = stage.new_album().await;
    switches().writes_per_minute = None;
    switches().hold_write_lane = jiff::SignedDuration::from_secs(60);
    assert_eq!(stage.new_album().await.status, 200);
    vec![Some(day), Some(minute), Some(stage.new_album().await)]
}

/// Refusals of one uploader's life, in the order of the recording; the last one was no reply.
async fn collected(stage: &Stage) -> Vec<Option<Given>> {
    let token = stage.upload(photo::plain(1).await).await;
    let good = json!({"newMediaItems": [new_item(&token, "a.jpg", "")]});
    let mut all = Vec::new();
    for status in [500, 503] {
        stage.fail("batch_create", status);
        all.push(Some(stage.post(BATCH_CREATE, good.clone()).await));
    }
    stage.google().service().shared().faults.replace(Vec::new());
    all.push(Some(
        stage
            .post(BATCH_CREATE, json!({"newMediaItems": [new_item("wrong", "a.jpg", "")]}))
            .await,
    ));
    let mut elsewhere = good;
    elsewhere["albumId"] = json!("wrong");
    all.push(Some(stage.post(BATCH_CREATE, elsewhere).await));
    for status in [500, 503] {
        stage.fail("album_list", status);
        all.push(Some(stage.get(ALBUMS, "", "").await));
    }
    all.push(None);
    all
}

/// The beginning of an MP4 file; `tail` makes it different from others.
fn movie(tail: &str) -> Vec<u8> {
    [
        b"\0\0\0\x14ftypisom\0\0\x02\0mp41",
        &[0, 0, 0, 12][..],
        b"free",
        tail.as_bytes(),
        b"....",
    ]
    .concat()
}

/// A video of which size and camera are known.
fn video(name: &str) -> LibraryItem {
    let facts = MediaFacts {
        make: Some("Examplo".into()),
        model: Some("Examplo Phone 12".into()),
        width_px: Some(1920),
        height_px: Some(1080),
        ..MediaFacts::default()
    };
    LibraryItem {
        facts,
        ..LibraryItem::from_bytes(format!("{name}.mp4"), movie(name))
    }
}

fn described(item: LibraryItem) -> LibraryItem {
    LibraryItem {
        description: Some("words".into()),
        ..item
    }
}
