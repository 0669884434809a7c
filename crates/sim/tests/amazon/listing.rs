//! `/nodes`, `children`, single nodes and usage.

use std::collections::HashSet;

use photomove_sim::AmazonSwitches;
use photomove_sim::amazon::TokenRule;
use serde_json::Value;

use crate::support::{BASE, small, synthetic, texts, with};

#[tokio::test]
async fn the_root_has_no_name_and_the_usual_folders() {
    let stage = with(synthetic(2), AmazonSwitches::default()).await;
    let page = stage.nodes("filters=isRoot:true").await;
    assert_eq!(page["count"], 1);
    let root = &page["data"][0];
    assert_eq!((root["isRoot"].as_bool(), root.get("name")), (Some(true), None));
    assert_eq!(root["id"].as_str().unwrap().len(), 22);
    assert!(root["ownerId"].as_str().unwrap().starts_with('A'));
    let id = root["id"].as_str().unwrap();
    let (_, children) = stage
        .json(&format!(
            "/drive/v1/nodes/{id}/children?filters=kind:FOLDER&sort=['name ASC']&{BASE}"
        ))
        .await;
    assert_eq!(texts(&children, "name"), ["Backup", "Documents", "Pictures", "Videos"]);
    let web = stage.nodes("filters=kind:FOLDER AND name:\"Web\"").await;
    let files = stage.nodes("filters=kind:FILE").await;
    assert_eq!(files["data"][0]["parents"], serde_json::json!([web["data"][0]["id"]]));
}

#[tokio::test]
async fn tokens_lead_through_the_whole_library_past_the_window_of_9999() {
    let stage = with(synthetic(10_450), AmazonSwitches::default()).await;
    let query = "filters=kind:FILE AND status:AVAILABLE&sort=['createdDate ASC']&limit=200";
    let mut page = stage.nodes(query).await;
    let mut ids: HashSet<_> = texts(&page, "id").into_iter().collect();
    let mut pages = 1;
    while let Some(token) = page.get("nextToken").and_then(Value::as_str) {
        page = stage.nodes(&format!("{query}&startToken={token}")).await;
        assert_eq!(page["count"], 10_450);
        ids.extend(texts(&page, "id"));
        pages += 1;
    }
    assert_eq!((ids.len(), pages), (10_450, 53));
}

#[tokio::test]
async fn offsets_end_at_the_window_with_the_exact_message_and_get_no_token() {
    let stage = with(synthetic(300), AmazonSwitches::default()).await;
    let page = stage.nodes("filters=kind:FILE&offset=0&limit=200").await;
    assert_eq!(page.get("nextToken"), None);
    assert_eq!(
        stage.nodes("filters=kind:FILE&offset=200").await["data"]
            .as_array()
            .unwrap()
            .len(),
        100
    );
    assert_eq!(
        stage.nodes("filters=kind:FILE&offset=9799&limit=200").await["data"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let (status, body) = stage
        .json("/drive/v1/nodes?filters=kind:FILE&offset=9800&limit=200")
        .await;
    assert_eq!(
        (status, body["message"].as_str()),
        (400, Some("Offset + limit cannot be greater than 9999"))
    );
}

#[tokio::test]
async fn a_token_expires_after_ten_minutes_of_the_services_clock() {
    let stage = with(synthetic(3), AmazonSwitches::default()).await;
    let page = stage.nodes("filters=kind:FILE&limit=1").await;
    let next = format!(
        "filters=kind:FILE&limit=1&startToken={}",
        page["nextToken"].as_str().unwrap()
    );
    stage.advance(599).await;
    assert_eq!(stage.nodes(&next).await["data"].as_array().unwrap().len(), 1);
    stage.advance(1).await;
    let (status, body) = stage.json(&format!("/drive/v1/nodes?{next}")).await;
    assert_eq!(status, 400);
    assert_eq!(body["message"], "Next token is expired");
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["logref", "message"],
        "no `code` key"
    );
}

#[tokio::test]
async fn tokens_follow_their_switch() {
    for (tokens, plain, full) in [
        (TokenRule::Always, true, true),
        (TokenRule::Never, false, false),
        (TokenRule::AssetAllAndTempLink, false, true),
    ] {
        let stage = with(
            synthetic(3),
            AmazonSwitches {
                tokens,
                ..AmazonSwitches::default()
            },
        )
        .await;
        let has_token = async |extra: &str| {
            let (_, page) = stage
                .json(&format!("/drive/v1/nodes?filters=kind:FILE&limit=1{extra}"))
                .await;
            page.get("nextToken").is_some()
        };
        assert_eq!(has_token("").await, plain, "{tokens:?}");
        assert_eq!(has_token("&asset=ALL&tempLink=true").await, full, "{tokens:?}");
    }
}

#[tokio::test]
async fn a_limit_over_200_is_cut_or_refused_by_switch() {
    let cut = with(synthetic(250), AmazonSwitches::default()).await;
    assert_eq!(
        cut.nodes("filters=kind:FILE&limit=1000").await["data"]
            .as_array()
            .unwrap()
            .len(),
        200
    );
    let refusing = with(
        synthetic(1),
        AmazonSwitches {
            refuse_large_limit: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    assert_eq!(
        refusing.json("/drive/v1/nodes?filters=kind:FILE&limit=201").await.0,
        400
    );
}

#[tokio::test]
async fn a_trailing_slash_changes_nothing_and_sorting_works_both_ways() {
    let stage = with(synthetic(5), AmazonSwitches::default()).await;
    let (status, up) = stage
        .json("/drive/v1/nodes/?filters=kind:FILE&sort=['createdDate ASC']")
        .await;
    assert_eq!(status, 200);
    let down = stage
        .nodes("filters=kind:FILE&sort=[\"createdDate DESC\", \"name DESC\"]")
        .await;
    let mut names = texts(&down, "name");
    names.reverse();
    assert_eq!(texts(&up, "name"), names);
    assert_eq!(stage.json("/drive/v1/nodes?sort=createdDate").await.0, 400);
}

#[tokio::test]
async fn a_name_of_several_words_is_found_in_quotes_only() {
    let stage = with(small(), AmazonSwitches::default()).await;
    assert_eq!(
        stage.nodes("filters=kind:FILE AND name:notes with words.txt").await["count"],
        0
    );
    assert_eq!(
        stage.nodes("filters=kind:FILE AND name:\"notes with words.txt\"").await["count"],
        1
    );
}

#[tokio::test]
async fn a_bad_filter_is_refused_with_a_reason() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (status, body) = stage.json("/drive/v1/nodes?filters=isTrashed:true").await;
    assert_eq!(status, 400);
    assert!(body["message"].as_str().unwrap().starts_with("Invalid filter: "));
}

#[tokio::test]
async fn albums_list_their_members_in_full_and_members_name_their_albums() {
    let stage = with(synthetic(60), AmazonSwitches::default()).await;
    let albums = stage.nodes("filters=kind:VISUAL_COLLECTION").await;
    assert_eq!(albums["count"], 3);
    for album in albums["data"].as_array().unwrap() {
        let id = album["id"].as_str().unwrap();
        let (_, members) = stage
            .json(&format!("/drive/v1/nodes/{id}/children?{BASE}&limit=200"))
            .await;
        assert!(members["count"].as_u64().unwrap() > 5);
        for member in members["data"].as_array().unwrap() {
            assert_eq!(member["kind"], "FILE");
            assert!(member["contentProperties"]["md5"].is_string());
            assert!(
                member["parentMap"]["VISUAL_COLLECTION"]
                    .as_array()
                    .unwrap()
                    .contains(&album["id"])
            );
        }
        assert_eq!(
            album["collectionProperties"]["covers"][0]["id"],
            members["data"][0]["id"]
        );
    }
}

#[tokio::test]
async fn children_are_paged_like_nodes() {
    let stage = with(synthetic(450), AmazonSwitches::default()).await;
    let web = stage.nodes("filters=kind:FOLDER AND name:Web").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/drive/v1/nodes/{web}/children?{BASE}");
    let (_, page) = stage.json(&path).await;
    assert_eq!(
        (page["count"].as_u64(), page["data"].as_array().unwrap().len()),
        (Some(450), 200)
    );
    let (_, next) = stage
        .json(&format!("{path}&startToken={}", page["nextToken"].as_str().unwrap()))
        .await;
    assert_eq!(next["data"].as_array().unwrap().len(), 200);
    let (_, last) = stage.json(&format!("{path}&offset=400")).await;
    assert_eq!(last["data"].as_array().unwrap().len(), 50);
    assert_eq!(stage.json("/drive/v1/nodes/nowhere/children").await.0, 404);
}

#[tokio::test]
async fn a_single_node_has_no_envelope_and_a_temp_link_on_request() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let file = stage.first_file().await;
    assert_eq!(file.get("tempLink"), None);
    let id = file["id"].as_str().unwrap();
    let (_, node) = stage
        .json(&format!(
            "/drive/v1/nodes/{id}?asset=ALL&tempLink=true&resourceVersion=V2"
        ))
        .await;
    assert_eq!(node["id"], file["id"]);
    assert!(
        node["tempLink"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/cdproxy/nodes/{id}"))
    );
    let (status, body) = stage.json("/drive/v1/nodes/AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((status, body["code"].as_str()), (404, Some("NODE_NOT_FOUND")));
}

#[tokio::test]
async fn usage_has_four_categories_and_photos_are_free() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let (_, usage) = stage.json("/drive/v1/account/usage").await;
    let mut keys: Vec<_> = usage.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["doc", "lastCalculated", "other", "photo", "video"]);
    assert_eq!(
        (
            usage["photo"]["total"]["count"].as_u64(),
            usage["photo"]["billable"]["bytes"].as_u64()
        ),
        (Some(8), Some(0))
    );
    assert_eq!(usage["doc"]["total"], serde_json::json!({ "bytes": 9, "count": 1 }));
    let textual = with(
        small(),
        AmazonSwitches {
            usage_as_strings: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    assert_eq!(
        textual.json("/drive/v1/account/usage").await.1["doc"]["total"]["count"],
        "1"
    );
}

#[tokio::test]
async fn the_endpoint_call_answers_or_refuses_by_switch() {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (_, body) = stage.json("/drive/v1/account/endpoint").await;
    assert_eq!(body["contentUrl"].as_str().unwrap(), stage.url("content", "/cdproxy/"));
    let refusing = with(
        synthetic(1),
        AmazonSwitches {
            account_endpoint: false,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let (status, body) = refusing.json("/drive/v1/account/endpoint").await;
    assert_eq!(
        (status, body),
        (403, serde_json::json!({ "message": "Not Registered" }))
    );
    assert_eq!(stage.json("/drive/v1/account/info").await.1["status"], "ACTIVE");
    assert!(stage.json("/drive/v1/account/quota").await.1["available"].is_u64());
}

#[tokio::test]
async fn a_library_of_200_000_items_is_listed_without_its_bytes() {
    let library = photomove_sim::Library::synthetic(200_000, 256 * 1024, 1).unwrap();
    let stage = with(library, AmazonSwitches::default()).await;
    let page = stage
        .nodes("filters=kind:FILE&sort=['createdDate ASC']&limit=200")
        .await;
    assert_eq!(page["count"], 200_000);
    assert_eq!(page["data"][199]["contentProperties"]["size"], 262_144);
}
