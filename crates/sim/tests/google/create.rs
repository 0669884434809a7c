//! `mediaItems:batchCreate`: all its rules.

use photomove_sim::SimOptions;
use photomove_sim::demo;
use photomove_sim::google::TrashedItem;
use rstest::rstest;
use serde_json::{Value, json};

use super::support::{ALL, START, Stand, batch, jpeg, keys, message};

const FAILED: &str = "Failed: There was an error while trying to create this media item.";

fn results(reply: &Value) -> &Vec<Value> {
    reply["newMediaItemResults"].as_array().expect("results")
}

fn codes(reply: &Value) -> Vec<Option<i64>> {
    results(reply)
        .iter()
        .map(|result| result["status"]["code"].as_i64())
        .collect()
}

fn ids(reply: &Value) -> Vec<Option<&str>> {
    results(reply)
        .iter()
        .map(|result| result["mediaItem"]["id"].as_str())
        .collect()
}

#[tokio::test]
async fn the_reply_is_as_thin_as_the_captured_one() {
    let stand = Stand::start().await;
    let album = stand.album("Bicycle stands").await;
    let token = stand.upload(jpeg(0).await).await;
    let body = json!({
        "albumId": album,
        "newMediaItems": [{
            "description": "108-0890",
            "simpleMediaItem": { "fileName": "108-0890_IMG.jpg", "uploadToken": token },
        }],
    });
    let (status, reply) = stand.create(body).await;
    assert_eq!(status, 200);
    let result = &results(&reply)[0];
    let id = result["mediaItem"]["id"].as_str().unwrap();
    assert_eq!((id.len(), album.len()), (98, 76));
    let pixels = &result["mediaItem"]["mediaMetadata"]["width"];
    assert!(
        pixels.as_str().unwrap().parse::<u32>().is_ok(),
        "a 64-bit number travels as text"
    );
    // Nothing else: no baseUrl, no description, no photo, no code.
    let wanted = json!({
        "uploadToken": token,
        "status": { "message": "Success" },
        "mediaItem": {
            "id": id,
            "productUrl": format!("https://photos.google.com/lr/album/{album}/photo/{id}"),
            "mimeType": "image/jpeg",
            "mediaMetadata": { "creationTime": START, "width": pixels, "height": pixels },
            "filename": "108-0890_IMG.jpg",
        },
    });
    assert_eq!(*result, wanted);
    let (_, full) = stand.get(&format!("/v1/mediaItems/{id}")).await;
    assert_eq!(full["description"], "108-0890");
    assert_eq!(full["productUrl"], format!("https://photos.google.com/lr/photo/{id}"));
    assert_eq!(stand.google().library()[0].albums, ["Bicycle stands"]);
}

#[tokio::test]
async fn fifty_are_accepted_and_fifty_one_are_not() {
    let stand = Stand::start().await;
    let mut tokens = Vec::new();
    for number in 0..51 {
        tokens.push(stand.upload(jpeg(number).await).await);
    }
    let named: Vec<(&str, &str)> = tokens.iter().map(|token| (token.as_str(), "a.jpg")).collect();
    let (status, reply) = stand.create(batch(&named)).await;
    assert_eq!(status, 400);
    let wanted =
        json!({ "code": 400, "message": "Request must have less than 50 items.", "status": "INVALID_ARGUMENT" });
    assert_eq!(reply["error"], wanted);
    assert!(stand.google().library().is_empty());
    assert_eq!(stand.create(batch(&named[..50])).await.0, 200);
    assert_eq!(stand.google().library().len(), 50);
    assert_eq!(stand.create(json!({ "newMediaItems": [] })).await.0, 400);
}

#[tokio::test]
async fn one_bad_token_fails_the_whole_batch() {
    let stand = Stand::start().await;
    let good = stand.upload(jpeg(0).await).await;
    let (status, reply) = stand.create(batch(&[(&good, "a.jpg"), ("garbage", "b.jpg")])).await;
    assert_eq!(
        (status, message(&reply)),
        (400, "Request must contain a valid upload token.")
    );
    assert!(stand.google().library().is_empty());
}

#[tokio::test]
async fn a_token_of_another_account_fails_the_batch() {
    let mut stand = Stand::start().await;
    let token = stand.upload(jpeg(0).await).await;
    stand.token = stand.google().add_account("other@gmail.example", &ALL);
    let (status, reply) = stand.create(batch(&[(&token, "a.jpg")])).await;
    assert_eq!(
        (status, message(&reply)),
        (400, "Request must contain a valid upload token.")
    );
}

#[tokio::test]
async fn a_token_works_for_one_day() {
    let mut stand = Stand::with(|switches| switches.used_token_accepted = false).await;
    let (first, second) = (stand.upload(jpeg(0).await).await, stand.upload(jpeg(1).await).await);
    stand.advance(24 * 3600 - 1);
    stand.token = stand.google().access_token(&ALL);
    assert_eq!(stand.create(batch(&[(&first, "a.jpg")])).await.0, 200);
    assert_eq!(
        stand.create(batch(&[(&first, "a.jpg")])).await.0,
        400,
        "used, and the switch forbids a second use"
    );
    stand.advance(1);
    assert_eq!(stand.create(batch(&[(&second, "b.jpg")])).await.0, 400);
}

#[tokio::test]
async fn the_same_bytes_twice_in_one_request_are_code_6() {
    let stand = Stand::start().await;
    let (one, two) = (stand.upload(jpeg(0).await).await, stand.upload(jpeg(0).await).await);
    let (status, reply) = stand.create(batch(&[(&one, "first.jpg"), (&two, "second.jpg")])).await;
    assert_eq!((status, codes(&reply)), (200, vec![None, Some(6)]));
    assert_eq!(
        results(&reply)[1],
        json!({ "uploadToken": two, "status": { "code": 6, "message": FAILED } })
    );
    assert_eq!(stand.google().library().len(), 1);
}

#[tokio::test]
async fn the_same_bytes_in_two_requests_are_one_item_with_its_first_name() {
    let stand = Stand::start().await;
    let first = stand.item(jpeg(0).await, "first.jpg").await;
    let token = stand.upload(jpeg(0).await).await;
    for _ in 0..2 {
        let (_, reply) = stand.create(batch(&[(&token, "second.jpg")])).await;
        assert_eq!(ids(&reply), [Some(first.as_str())]);
        assert_eq!(results(&reply)[0]["mediaItem"]["filename"], "first.jpg");
    }
    assert_eq!(stand.google().library().len(), 1);
}

#[tokio::test]
async fn an_item_of_the_phone_is_found_by_its_bytes_only() {
    let stand = Stand::start().await;
    let phone = stand.google().preload_phone_item(jpeg(0).await, "PXL_1.jpg");
    let album = stand.album("Trip").await;
    let token = stand.upload(jpeg(0).await).await;
    let mut body = batch(&[(&token, "mine.jpg")]);
    body["albumId"] = json!(album);
    let (status, reply) = stand.create(body).await;
    assert_eq!((status, ids(&reply)), (200, vec![Some(phone.as_str())]));

    // Put into the album on creation, and yet invisible.
    assert_eq!(stand.google().library()[0].albums, ["Trip"]);
    assert!(!stand.google().library()[0].app_created);
    assert_eq!(stand.get(&format!("/v1/mediaItems/{phone}")).await.0, 404);
    assert_eq!(stand.get("/v1/mediaItems").await, (200, json!({})));
    assert_eq!(
        stand.post("/v1/mediaItems:search", json!({ "albumId": album })).await,
        (200, json!({}))
    );
    let other = stand.album("Other").await;
    let add = format!("/v1/albums/{other}:batchAddMediaItems");
    let (status, reply) = stand.post(&add, json!({ "mediaItemIds": [phone] })).await;
    assert_eq!(
        (status, message(&reply)),
        (400, "Request contains an invalid media item id.")
    );
}

#[tokio::test]
async fn albums_that_cannot_take_items_each_have_their_text() {
    let stand = Stand::start().await;
    let token = stand.upload(jpeg(0).await).await;
    let create = async |album: &str| {
        let mut body = batch(&[(&token, "a.jpg")]);
        body["albumId"] = json!(album);
        let (status, reply) = stand.create(body).await;
        (status, message(&reply).to_owned())
    };
    let foreign = stand.google().preload_foreign_album("Shared by a friend");
    assert_eq!(
        create(&foreign).await,
        (400, "No permission to add media items to this album.".to_owned())
    );
    let gone = stand.album("Gone").await;
    assert!(stand.google().delete_album(&gone));
    assert_eq!(
        create(&gone).await,
        (404, "The provided ID does not match any albums.".to_owned())
    );
    assert_eq!(create("nonsense").await, (400, "Invalid album ID.".to_owned()));
    assert!(stand.google().library().is_empty());
}

#[tokio::test]
async fn a_position_needs_an_album_and_decides_the_order() {
    let stand = Stand::start().await;
    let album = stand.album("Ordered").await;
    let mut tokens = Vec::new();
    for number in 0..3 {
        tokens.push(stand.upload(jpeg(number).await).await);
    }
    let create = async |token: &str, album: Option<&str>, position: Value| {
        let mut body = batch(&[(token, "a.jpg")]);
        body["albumPosition"] = position;
        if let Some(album) = album {
            body["albumId"] = json!(album);
        }
        stand.create(body).await
    };
    assert_eq!(
        create(&tokens[0], None, json!({ "position": "FIRST_IN_ALBUM" }))
            .await
            .0,
        400
    );
    let first = ids(&create(&tokens[0], Some(&album), json!({})).await.1)[0]
        .unwrap()
        .to_owned();
    let last = ids(
        &create(&tokens[1], Some(&album), json!({ "position": "LAST_IN_ALBUM" }))
            .await
            .1,
    )[0]
    .unwrap()
    .to_owned();
    let after = json!({ "position": "AFTER_MEDIA_ITEM", "relativeMediaItemId": first });
    let middle = ids(&create(&tokens[2], Some(&album), after).await.1)[0]
        .unwrap()
        .to_owned();
    assert_eq!(stand.google().albums()[0].items, [first, middle, last]);
    let nowhere = json!({ "position": "AFTER_MEDIA_ITEM", "relativeMediaItemId": "nobody" });
    assert_eq!(create(&tokens[2], Some(&album), nowhere).await.0, 400);
}

#[tokio::test]
async fn an_album_that_would_overflow_takes_nothing() {
    let stand = Stand::with(|switches| switches.album_limit = 2).await;
    let album = stand.album("Small").await;
    let mut tokens = Vec::new();
    for number in 0..3 {
        tokens.push(stand.upload(jpeg(number).await).await);
    }
    let mut body = batch(&tokens.iter().map(|token| (token.as_str(), "a.jpg")).collect::<Vec<_>>());
    body["albumId"] = json!(album);
    let (status, reply) = stand.create(body.clone()).await;
    assert_eq!((status, &reply["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert!(stand.google().library().is_empty());
    body["newMediaItems"].as_array_mut().unwrap().pop();
    assert_eq!(stand.create(body).await.0, 200);
}

#[tokio::test]
async fn a_full_account_creates_nothing_and_says_so_exactly() {
    let stand = Stand::start().await;
    let (first, second) = (stand.upload(jpeg(0).await).await, stand.upload(jpeg(1).await).await);
    let size = jpeg(0).await.len() as u64;
    stand.google().set_storage_limit(Some(2 * size - 1));
    let (status, reply) = stand.create(batch(&[(&first, "a.jpg"), (&second, "b.jpg")])).await;
    let text = "The remaining storage in the user's account is not enough to perform this operation.";
    assert_eq!((status, message(&reply)), (400, text));
    assert!(stand.google().library().is_empty());
    assert_eq!(stand.create(batch(&[(&first, "a.jpg")])).await.0, 200);
    assert_eq!(
        stand.create(batch(&[(&first, "a.jpg")])).await.0,
        200,
        "what is there needs no room"
    );
}

#[tokio::test]
async fn strict_media_refuses_what_is_cut_or_not_on_the_list() {
    let stand = Stand::with(|switches| switches.strict_media = true).await;
    let whole = jpeg(0).await;
    let cut = whole[..whole.len() - 2].to_vec();
    let tokens = [
        stand.upload(whole).await,
        stand.upload(cut).await,
        stand.upload(b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>".to_vec()).await,
    ];
    let named: Vec<(&str, &str)> = tokens
        .iter()
        .map(String::as_str)
        .zip(["a.jpg", "b.jpg", "c.jpg"])
        .collect();
    let (status, reply) = stand.create(batch(&named)).await;
    assert_eq!((status, codes(&reply)), (200, vec![None, Some(3), Some(3)]));
    assert_eq!(results(&reply)[1]["status"]["message"], FAILED);
    assert_eq!(keys(&results(&reply)[1]), ["status", "uploadToken"]);
    stand.google().switches().mixed_batch_status = 207;
    assert_eq!(stand.create(batch(&named)).await.0, 207);
}

#[tokio::test]
async fn a_name_can_ask_for_a_refusal() {
    let stand = Stand::start().await;
    let token = stand.upload(jpeg(0).await).await;
    let (status, reply) = stand.create(batch(&[(&token, "holiday refused-by-google.jpg")])).await;
    assert_eq!((status, codes(&reply)), (200, vec![Some(3)]));
    assert_eq!(codes(&stand.create(batch(&[(&token, "holiday.jpg")])).await.1), [None]);
}

#[tokio::test]
async fn any_file_is_accepted_by_default() {
    let stand = Stand::start().await;
    stand.item(b"no picture at all".to_vec(), "notes.txt").await;
    assert_eq!(stand.google().library()[0].name, "notes.txt");
}

#[tokio::test]
async fn a_chance_failure_is_code_13_once() {
    let stand = Stand::with(|switches| switches.internal_error_rate = 1.0).await;
    let token = stand.upload(jpeg(0).await).await;
    assert_eq!(codes(&stand.create(batch(&[(&token, "a.jpg")])).await.1), [Some(13)]);
    assert_eq!(codes(&stand.create(batch(&[(&token, "a.jpg")])).await.1), [None]);
}

#[tokio::test]
async fn results_can_be_reordered_dropped_and_worded_as_before() {
    let stand = Stand::with(|switches| {
        switches.reverse_results = true;
        switches.success_message = "OK".into();
    })
    .await;
    let (one, two) = (stand.upload(jpeg(0).await).await, stand.upload(jpeg(1).await).await);
    let both = batch(&[(&one, "a.jpg"), (&two, "b.jpg")]);
    let (_, reply) = stand.create(both.clone()).await;
    assert_eq!(results(&reply)[0]["uploadToken"], two);
    assert_eq!(results(&reply)[0]["status"]["message"], "OK");
    stand.google().switches().drop_last_result = true;
    assert_eq!(results(&stand.create(both).await.1).len(), 1);
}

#[rstest]
#[case(TrashedItem::Restored, true)]
#[case(TrashedItem::Recreated, false)]
#[tokio::test]
async fn an_item_in_the_trash_comes_back(#[case] switch: TrashedItem, #[case] same_id: bool) {
    let stand = Stand::with(|switches| switches.trashed_item = switch).await;
    let first = stand.item(jpeg(0).await, "a.jpg").await;
    assert!(stand.google().trash_item(&first));
    assert_eq!(stand.get(&format!("/v1/mediaItems/{first}")).await.0, 404);
    let second = stand.item(jpeg(0).await, "a.jpg").await;
    assert_eq!(first == second, same_id);
    assert_eq!(stand.google().library().len(), 1);
}

#[rstest]
#[case::unknown_field(json!({ "newMediaItems": [{ "simpleMediaItem": { "uploadToken": "x", "file_nam": "a" } }] }), "Unknown name \"file_nam\" at 'new_media_items[0].simple_media_item'")]
#[case::type_of_field(json!({ "albumId": 5, "newMediaItems": [{}] }), "Invalid value at 'album_id' (TYPE_STRING), 5")]
#[case::long_description(json!({ "newMediaItems": [{ "description": "d".repeat(1000), "simpleMediaItem": { "uploadToken": "x" } }] }), "Description")]
#[tokio::test]
async fn malformed_requests_are_refused_with_their_place(#[case] body: Value, #[case] text: &str) {
    let stand = Stand::start().await;
    let (status, reply) = stand.create(body).await;
    assert_eq!(status, 400);
    assert!(message(&reply).contains(text), "{reply}");
}

#[tokio::test]
async fn capture_time_and_camera_come_from_the_file() {
    let library = demo::library(1).unwrap();
    let dated = library
        .items
        .iter()
        .find(|item| item.facts.taken.is_some() && item.facts.model.is_some())
        .expect("a dated photo");
    let stand = Stand::start().await;
    let id = stand
        .item(dated.blob.bytes().await.unwrap().to_vec(), &dated.name)
        .await;
    let (_, item) = stand.get(&format!("/v1/mediaItems/{id}")).await;
    let time = item["mediaMetadata"]["creationTime"].as_str().unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && time != START, "{time}");
    assert_eq!(item["mediaMetadata"]["photo"]["cameraModel"], json!(dated.facts.model));
}

#[tokio::test]
async fn discarded_bodies_keep_their_hashes() {
    let stand = Stand::with_options(SimOptions {
        discard: true,
        ..SimOptions::default()
    })
    .await;
    let bytes = jpeg(0).await;
    let id = stand.item(bytes.clone(), "a.jpg").await;
    let item = &stand.google().library()[0];
    assert_eq!((&item.id, item.size), (&id, bytes.len() as u64));
    assert_eq!(item.md5, photomove_sim::Hashes::of(&bytes).md5_hex());
    assert!(stand.google().body(&id).unwrap().bytes().await.is_err());
}
