//! Reading back: list, search, get, batchGet, patch, partial replies.

use jiff::SignedDuration;
use photomove_sim::google::MissingAs;
use serde_json::{Value, json};

use super::support::{Stand, jpeg, keys, message};

fn names(reply: &Value) -> Vec<&str> {
    let items = reply["mediaItems"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item["filename"].as_str().unwrap()).collect()
}

/// Three items, a second apart.
async fn three(stand: &Stand) -> Vec<String> {
    let mut ids = Vec::new();
    for (number, name) in ["a.jpg", "b.jpg", "c.jpg"].into_iter().enumerate() {
        ids.push(stand.item(jpeg(number).await, name).await);
        stand.advance(1);
    }
    ids
}

#[tokio::test]
async fn a_full_item_has_the_captured_fields() {
    let stand = Stand::start().await;
    let id = stand.item(jpeg(0).await, "a.jpg").await;
    let (status, item) = stand.get(&format!("/v1/mediaItems/{id}")).await;
    assert_eq!(status, 200);
    assert_eq!(
        keys(&item),
        ["baseUrl", "filename", "id", "mediaMetadata", "mimeType", "productUrl"]
    );
    assert_eq!(
        keys(&item["mediaMetadata"]),
        ["creationTime", "height", "photo", "width"]
    );
    assert!(item["mediaMetadata"]["width"].is_string());
}

#[tokio::test]
async fn newest_come_first_and_pages_follow() {
    let stand = Stand::start().await;
    three(&stand).await;
    let (_, first) = stand.get("/v1/mediaItems?pageSize=2").await;
    assert_eq!(names(&first), ["c.jpg", "b.jpg"]);
    let token = first["nextPageToken"].as_str().unwrap();
    let (_, second) = stand.get(&format!("/v1/mediaItems?pageSize=2&pageToken={token}")).await;
    assert_eq!((names(&second), second.get("nextPageToken")), (vec!["a.jpg"], None));
}

#[tokio::test]
async fn quoted_numbers_and_booleans_are_read() {
    let stand = Stand::start().await;
    three(&stand).await;
    let body = json!({ "pageSize": "2", "filters": { "includeArchivedMedia": "true" } });
    let (status, reply) = stand.post("/v1/mediaItems:search", body).await;
    assert_eq!((status, names(&reply).len()), (200, 2));
}

#[tokio::test]
async fn unknown_names_are_refused_in_body_and_query() {
    let stand = Stand::start().await;
    let (status, reply) = stand.post("/v1/mediaItems:search", json!({ "pagesize": 2 })).await;
    assert_eq!((status, &reply["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert!(
        message(&reply).starts_with("Invalid JSON payload received. Unknown name \"pagesize\""),
        "{reply}"
    );
    assert_eq!(stand.get("/v1/albums?pagesize=2").await.0, 400);
    assert_eq!(stand.get("/v1/albums?alt=json&pageSize=50&pageToken=").await.0, 200);
}

#[tokio::test]
async fn an_album_is_searched_in_its_order_and_not_with_filters() {
    let stand = Stand::start().await;
    let ids = three(&stand).await;
    let album = stand.album("Mixed").await;
    let add = format!("/v1/albums/{album}:batchAddMediaItems");
    stand.post(&add, json!({ "mediaItemIds": [ids[1], ids[0]] })).await;
    let (_, reply) = stand.post("/v1/mediaItems:search", json!({ "albumId": album })).await;
    assert_eq!(names(&reply), ["b.jpg", "a.jpg"]);
    let product = reply["mediaItems"][0]["productUrl"].as_str().unwrap();
    assert_eq!(
        product,
        format!("https://photos.google.com/lr/album/{album}/photo/{}", ids[1])
    );
    let both = json!({ "albumId": album, "filters": { "includeArchivedMedia": false } });
    assert_eq!(stand.post("/v1/mediaItems:search", both).await.0, 400);
}

#[tokio::test]
async fn items_without_a_date_are_never_found_by_date() {
    let stand = Stand::start().await;
    three(&stand).await;
    let search = async |filters: Value| {
        stand
            .post("/v1/mediaItems:search", json!({ "filters": filters }))
            .await
            .1
    };
    assert_eq!(
        search(json!({ "dateFilter": { "dates": [{ "year": 2026, "month": 6, "day": 15 }] } })).await,
        json!({})
    );
    assert_eq!(
        names(&search(json!({ "mediaTypeFilter": { "mediaTypes": ["PHOTO"] } })).await).len(),
        3
    );
    assert_eq!(
        search(json!({ "mediaTypeFilter": { "mediaTypes": ["VIDEO"] } })).await,
        json!({})
    );
    let ordered = json!({ "orderBy": "MediaMetadata.creation_time" });
    assert_eq!(
        stand.post("/v1/mediaItems:search", ordered).await.0,
        400,
        "an order needs a date filter"
    );
}

#[tokio::test]
async fn batch_get_keeps_the_order_and_reports_each_item() {
    let stand = Stand::start().await;
    let ids = three(&stand).await;
    let path = format!(
        "/v1/mediaItems:batchGet?mediaItemIds={}&mediaItemIds=nobody&mediaItemIds={}",
        ids[2], ids[0]
    );
    let (status, reply) = stand.get(&path).await;
    let results = reply["mediaItemResults"].as_array().unwrap();
    assert_eq!(status, 200);
    assert_eq!(keys(&results[0]), ["mediaItem"]);
    assert_eq!(results[0]["mediaItem"]["id"], json!(ids[2]));
    assert_eq!(
        results[1],
        json!({ "status": { "code": 5, "message": "Media item not found." } })
    );
    assert_eq!(stand.get("/v1/mediaItems:batchGet").await.0, 400);
    assert_eq!(
        stand
            .get("/v1/mediaItems:batchGet?mediaItemIds=a&mediaItemIds=a")
            .await
            .0,
        400
    );
    stand.google().switches().poisonous_id = Some(ids[0].clone());
    assert_eq!(stand.get(&path).await.0, 500);
}

#[tokio::test]
async fn only_the_description_can_be_patched() {
    let stand = Stand::start().await;
    let id = stand.item(jpeg(0).await, "a.jpg").await;
    let path = format!("/v1/mediaItems/{id}");
    let (status, item) = stand
        .patch(
            &format!("{path}?updateMask=description"),
            json!({ "description": "By the sea" }),
        )
        .await;
    assert_eq!((status, &item["description"]), (200, &json!("By the sea")));
    assert_eq!(stand.google().library()[0].description, "By the sea");
    assert_eq!(
        stand
            .patch(&format!("{path}?updateMask=filename"), json!({ "filename": "b.jpg" }))
            .await
            .0,
        400
    );
    assert_eq!(
        stand
            .patch("/v1/mediaItems/nobody?updateMask=description", json!({}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn an_unknown_item_is_answered_as_the_switch_says() {
    let stand = Stand::start().await;
    assert_eq!(stand.get("/v1/mediaItems/nobody").await.0, 404);
    stand.google().switches().unknown_item = MissingAs::InvalidArgument;
    let (status, reply) = stand.get("/v1/mediaItems/nobody").await;
    assert_eq!((status, message(&reply)), (400, "Invalid media item ID."));
}

#[tokio::test]
async fn new_items_can_take_a_while_to_show_up_in_listings() {
    let stand = Stand::with(|switches| switches.visible_after = SignedDuration::from_secs(30)).await;
    let id = stand.item(jpeg(0).await, "a.jpg").await;
    assert_eq!(stand.get("/v1/mediaItems").await.1, json!({}));
    assert_eq!(
        stand.get(&format!("/v1/mediaItems/{id}")).await.0,
        200,
        "known by its id at once"
    );
    stand.advance(30);
    assert_eq!(names(&stand.get("/v1/mediaItems").await.1), ["a.jpg"]);
}

#[tokio::test]
async fn a_video_in_processing_has_a_base_url_and_no_pixels() {
    let stand = Stand::with(|switches| switches.video_processing = SignedDuration::from_secs(60)).await;
    let mut clip = b"\0\0\0\x10ftypisom\0\0\0\0".to_vec();
    clip.extend(b"\0\0\0\x08moov");
    let id = stand.item(clip, "clip.mp4").await;
    let video = async || stand.get(&format!("/v1/mediaItems/{id}")).await.1;
    let processing = video().await;
    assert_eq!(keys(&processing["mediaMetadata"]), ["creationTime", "video"]);
    assert_eq!(processing["mediaMetadata"]["video"], json!({ "status": "PROCESSING" }));
    assert!(processing["baseUrl"].is_string());
    stand.advance(60);
    assert_eq!(video().await["mediaMetadata"]["video"]["status"], "READY");
    stand.google().switches().fail_videos_named = "clip".into();
    assert_eq!(video().await["mediaMetadata"]["video"]["status"], "FAILED");
}

#[tokio::test]
async fn a_reply_can_be_partial_and_is_pretty_unless_asked() {
    let stand = Stand::start().await;
    let id = stand.item(jpeg(0).await, "a.jpg").await;
    let (_, reply) = stand
        .get("/v1/mediaItems?fields=mediaItems(id,mediaMetadata/width)")
        .await;
    assert_eq!(keys(&reply["mediaItems"][0]), ["id", "mediaMetadata"]);
    let text = async |query: &str| {
        let request = stand.request(reqwest::Method::GET, &format!("/v1/mediaItems/{id}{query}"));
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(text("").await.starts_with("{\n  \""));
    assert_eq!(text("?prettyPrint=false").await.trim_end().lines().count(), 1);
}

#[tokio::test]
async fn a_library_given_at_the_start_is_the_apps_own() {
    let library = photomove_sim::Library::synthetic(30, 4096, 2).unwrap();
    let titles = library.albums.len();
    let fill = Some(photomove_sim::run::Fill::Library(library));
    let stand = Stand::with_options(photomove_sim::SimOptions {
        fill,
        ..Default::default()
    })
    .await;
    let (_, first) = stand.get("/v1/mediaItems?pageSize=100").await;
    assert_eq!(names(&first).len(), 30);
    assert_eq!(
        stand.get("/v1/albums").await.1["albums"].as_array().unwrap().len(),
        titles
    );
}
