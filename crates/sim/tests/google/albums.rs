//! `albums` and the shapes of their replies.

use serde_json::{Value, json};

use super::support::{READ, Stand, batch, jpeg, json_of, keys, message};

#[tokio::test]
async fn a_new_album_has_four_fields() {
    let stand = Stand::start().await;
    let (status, album) = stand
        .post("/v1/albums", json!({ "album": { "title": "Пример" } }))
        .await;
    assert_eq!(
        (status, keys(&album)),
        (200, vec!["id", "isWriteable", "productUrl", "title"])
    );
    assert_eq!(album["isWriteable"], json!(true));
    assert_eq!(
        album["productUrl"],
        format!("https://photos.google.com/lr/album/{}", album["id"].as_str().unwrap())
    );
    let (_, again) = stand
        .post("/v1/albums", json!({ "album": { "title": "Пример" } }))
        .await;
    assert_ne!(album["id"], again["id"], "titles are not unique");
}

#[tokio::test]
async fn counts_travel_as_text_and_zero_is_left_out() {
    let stand = Stand::start().await;
    let album = stand.album("Trip").await;
    let path = format!("/v1/albums/{album}");
    let (_, empty) = stand.get(&path).await;
    assert_eq!(
        keys(&empty),
        ["coverPhotoBaseUrl", "id", "isWriteable", "productUrl", "title"]
    );
    let item = stand.item(jpeg(0).await, "a.jpg").await;
    let (status, reply) = stand
        .post(&format!("{path}:batchAddMediaItems"), json!({ "mediaItemIds": [item] }))
        .await;
    assert_eq!((status, reply), (200, json!({})));
    let (_, full) = stand.get(&path).await;
    assert_eq!(
        (&full["mediaItemsCount"], &full["coverPhotoMediaItemId"]),
        (&json!("1"), &json!(item))
    );

    let reader = stand.google().access_token(&[READ]);
    let url = format!("{}{path}", stand.google().library_url());
    let (_, seen) = json_of(stand.http.get(url).bearer_auth(reader).send().await.unwrap()).await;
    assert_eq!(seen.get("isWriteable"), None, "false is left out");
}

#[tokio::test]
async fn adding_is_all_or_nothing_and_never_doubles() {
    let stand = Stand::start().await;
    let album = stand.album("Trip").await;
    let add = format!("/v1/albums/{album}:batchAddMediaItems");
    let (one, two) = (
        stand.item(jpeg(0).await, "a.jpg").await,
        stand.item(jpeg(1).await, "b.jpg").await,
    );
    let (status, reply) = stand.post(&add, json!({ "mediaItemIds": [one, "nobody"] })).await;
    assert_eq!(
        (status, message(&reply)),
        (400, "Request contains an invalid media item id.")
    );
    assert!(stand.google().albums()[0].items.is_empty());
    for _ in 0..2 {
        assert_eq!(stand.post(&add, json!({ "mediaItemIds": [one, two] })).await.0, 200);
    }
    assert_eq!(stand.google().albums()[0].items, [one.clone(), two.clone()]);
    assert_eq!(stand.post(&add, json!({ "mediaItemIds": [one, one] })).await.0, 400);
    assert_eq!(stand.post(&add, json!({ "mediaItemIds": vec!["x"; 51] })).await.0, 400);

    let remove = format!("/v1/albums/{album}:batchRemoveMediaItems");
    assert_eq!(stand.post(&remove, json!({ "mediaItemIds": [] })).await.0, 400);
    assert_eq!(
        stand.post(&remove, json!({ "mediaItemIds": [one] })).await,
        (200, json!({}))
    );
    assert_eq!(stand.google().albums()[0].items, [two]);
    assert_eq!(
        stand.google().library().len(),
        2,
        "removed from the album, not from the library"
    );
}

#[tokio::test]
async fn only_the_apps_albums_are_listed_in_pages() {
    let stand = Stand::with(|switches| switches.writes_per_minute = None).await;
    assert_eq!(stand.get("/v1/albums").await, (200, json!({})));
    stand.google().preload_foreign_album("Shared by a friend");
    for number in 0..23 {
        stand.album(&format!("Album {number}")).await;
    }
    let (_, first) = stand.get("/v1/albums?excludeNonAppCreatedData=true").await;
    assert_eq!(first["albums"].as_array().unwrap().len(), 20);
    let token = first["nextPageToken"].as_str().unwrap();
    let (_, second) = stand
        .get(&format!("/v1/albums?excludeNonAppCreatedData=true&pageToken={token}"))
        .await;
    assert_eq!(
        (second["albums"].as_array().unwrap().len(), second.get("nextPageToken")),
        (3, None)
    );
    assert_eq!(
        stand.get(&format!("/v1/albums?pageSize=5&pageToken={token}")).await.0,
        400,
        "bound to its parameters"
    );
    let (_, large) = stand.get("/v1/albums?pageSize=500").await;
    assert_eq!(large["albums"].as_array().unwrap().len(), 23);
}

#[tokio::test]
async fn title_and_cover_can_be_changed_and_nothing_else() {
    let stand = Stand::start().await;
    let album = stand.album("Old").await;
    let item = stand.item(jpeg(0).await, "a.jpg").await;
    let path = format!("/v1/albums/{album}");
    let (status, changed) = stand
        .patch(&format!("{path}?updateMask=title"), json!({ "title": "New" }))
        .await;
    assert_eq!((status, &changed["title"]), (200, &json!("New")));
    let cover = format!("{path}?updateMask=cover_photo_media_item_id");
    assert_eq!(
        stand.patch(&cover, json!({ "coverPhotoMediaItemId": item })).await.0,
        400,
        "not in the album"
    );
    stand
        .post(&format!("{path}:batchAddMediaItems"), json!({ "mediaItemIds": [item] }))
        .await;
    assert_eq!(
        stand.patch(&cover, json!({ "coverPhotoMediaItemId": item })).await.0,
        200
    );
    assert_eq!(
        stand.patch(&format!("{path}?updateMask=productUrl"), json!({})).await.0,
        400
    );
    assert_eq!(stand.patch(&path, json!({ "title": "x" })).await.0, 400, "no mask");
    assert_eq!(
        stand
            .post("/v1/albums", json!({ "album": { "title": "t".repeat(501) } }))
            .await
            .0,
        400
    );
    assert_eq!(
        stand
            .post("/v1/albums", json!({ "album": { "title": "t".repeat(500) } }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn text_and_places_enrich_an_album() {
    let stand = Stand::start().await;
    let album = stand.album("Trip").await;
    let path = format!("/v1/albums/{album}:addEnrichment");
    let text = json!({ "newEnrichmentItem": { "textEnrichment": { "text": "Day one" } }, "albumPosition": { "position": "FIRST_IN_ALBUM" } });
    let (status, reply) = stand.post(&path, text).await;
    assert_eq!((status, keys(&reply)), (200, vec!["enrichmentItem"]));
    assert!(reply["enrichmentItem"]["id"].is_string());
    let place = |latitude: Value| {
        let location = json!({ "locationName": "Basel", "latlng": { "latitude": latitude, "longitude": "7.59" } });
        json!({ "newEnrichmentItem": { "locationEnrichment": { "location": location } } })
    };
    assert_eq!(stand.post(&path, place(json!(47.55))).await.0, 200);
    assert_eq!(stand.post(&path, place(json!(147.55))).await.0, 400);
    assert_eq!(stand.post(&path, json!({ "newEnrichmentItem": {} })).await.0, 400);
}

#[tokio::test]
async fn sharing_is_gone() {
    let stand = Stand::start().await;
    let album = stand.album("Trip").await;
    for (status, reply) in [
        stand.post(&format!("/v1/albums/{album}:share"), json!({})).await,
        stand.get("/v1/sharedAlbums").await,
        stand.post("/v1/sharedAlbums:join", json!({ "shareToken": "x" })).await,
    ] {
        assert_eq!((status, &reply["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    }
}

#[tokio::test]
async fn control_lines_show_items_and_albums() {
    let stand = Stand::start().await;
    let album = stand.album("Trip").await;
    let token = stand.upload(jpeg(0).await).await;
    let mut body = batch(&[(&token, "a.jpg")]);
    body["albumId"] = json!(album);
    stand.create(body).await;
    let service = stand.google().service();
    let lines = service.library_lines().await;
    assert_eq!(
        keys(&lines[0]),
        [
            "albums",
            "description",
            "favorite",
            "id",
            "md5",
            "name",
            "sha1",
            "size",
            "state",
            "taken"
        ]
    );
    assert_eq!(
        (&lines[0]["albums"], &lines[0]["size"]),
        (&json!(["Trip"]), &json!(4096))
    );
    assert_eq!(
        service.album_lines(),
        [json!({ "id": album, "title": "Trip", "count": 1 })]
    );
}
