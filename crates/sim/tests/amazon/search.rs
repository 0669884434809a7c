//! `/search` and its aggregations.

use photomove_sim::AmazonSwitches;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{BASE, Stage, small, synthetic, texts, with};

async fn search(stage: &Stage, query: &str) -> Value {
    let (status, page) = stage.json(&format!("/drive/v1/search?{query}&{BASE}")).await;
    assert_eq!(status, 200, "{page}");
    page
}

#[tokio::test]
async fn a_search_finds_media_only_and_has_every_part_of_the_envelope() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let page = search(&stage, "filters=type:(PHOTOS OR VIDEOS)").await;
    assert_eq!(page["count"], 8, "the text file is no media");
    assert_eq!(page["nodeToSearchScoreMap"], json!({}));
    let aggregations = page["aggregations"].as_object().unwrap();
    let mut keys: Vec<_> = aggregations.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "allPeople",
            "clusterId",
            "favorite",
            "location",
            "people",
            "things",
            "time",
            "type"
        ]
    );
    assert_eq!(
        aggregations["type"],
        json!([{ "match": "PHOTOS", "count": 8, "searchData": {} }])
    );
    assert_eq!(search(&stage, "filters=type:(ALBUMS)").await["count"], 8);
}

#[rstest]
#[case("", "contentProperties.contentDate", true)]
#[case("sort=['contentProperties.contentDate DESC']", "contentProperties.contentDate", true)]
#[case("sort=['contentProperties.contentDate ASC']", "contentProperties.contentDate", false)]
#[case("sort=['createdDate DESC']", "createdDate", true)]
#[case("sort=['createdDate ASC']", "createdDate", false)]
#[case("sort=['name DESC']", "name", true)]
#[case("sort=['name ASC']", "name", false)]
#[tokio::test]
async fn searches_are_sorted_by_content_date_unless_asked_otherwise(
    #[case] sort: &str,
    #[case] field: &str,
    #[case] descending: bool,
) {
    let stage = with(small(), AmazonSwitches::default()).await;
    let page = search(&stage, sort).await;
    let value = |node: &Value| {
        field
            .split('.')
            .fold(node, |value, part| &value[part])
            .as_str()
            .unwrap()
            .to_lowercase()
    };
    let values: Vec<_> = page["data"].as_array().unwrap().iter().map(value).collect();
    let mut sorted = values.clone();
    sorted.sort();
    if descending {
        sorted.reverse();
    }
    assert_eq!(values, sorted);
}

#[tokio::test]
async fn offsets_go_past_9999_unless_the_switch_caps_them() {
    let stage = with(synthetic(10_100), AmazonSwitches::default()).await;
    let page = search(&stage, "sort=['createdDate ASC']&offset=10000&limit=200").await;
    assert_eq!(page["data"].as_array().unwrap().len(), 100);
    assert_eq!(page.get("nextToken"), None);
    let capped = with(
        synthetic(1),
        AmazonSwitches {
            search_window: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    assert_eq!(capped.json("/drive/v1/search?offset=9900&limit=200").await.0, 400);
}

#[rstest]
#[case("filters=kind:FILE")]
#[case("filters=kind:(FOLDER)")]
#[case("filters=isTrashed:true")]
#[case("filters=type:(PHOTOS")]
#[tokio::test]
async fn unknown_keys_are_refused(#[case] query: &str) {
    let stage = with(synthetic(1), AmazonSwitches::default()).await;
    let (status, body) = stage.json(&format!("/drive/v1/search?{query}")).await;
    assert_eq!(status, 400);
    assert!(
        body["message"].as_str().unwrap().starts_with("Invalid filter: "),
        "{body}"
    );
}

#[tokio::test]
async fn searches_by_date_use_the_content_date() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let page = search(&stage, "filters=type:(PHOTOS) AND timeYear:(2023)").await;
    assert_eq!(page["count"], 2);
    assert!(texts(&page, "name").iter().any(|name| name.starts_with("Alfama")));
}

#[tokio::test]
async fn one_category_comes_as_a_list() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let path = "/drive/v1/search/aggregation?aggregationContext=all&category=type&resourceVersion=V2";
    let (_, body) = stage.json(path).await;
    assert_eq!(
        body,
        json!({ "aggregations": [{ "match": "PHOTOS", "count": 8, "searchData": {} }] })
    );
    assert_eq!(stage.json("/drive/v1/search/aggregation?category=weather").await.0, 400);
    let months = search(&stage, "groupByForTime=month&limit=1").await;
    assert!(months["aggregations"]["time"][0]["match"].as_str().unwrap().len() == 7);
}

#[tokio::test]
async fn hidden_and_trashed_items_stay_out_of_a_search() {
    let hidden = |shown| async move {
        let switches = AmazonSwitches {
            odd_nodes: true,
            hidden_in_search: shown,
            ..AmazonSwitches::default()
        };
        let stage = with(synthetic(1), switches).await;
        let find = |name: &str| format!("filters=name:({name})");
        let counts = (
            search(&stage, &find("hidden.jpg")).await,
            search(&stage, &find("trashed.jpg")).await,
        );
        (counts.0["count"].as_u64().unwrap(), counts.1["count"].as_u64().unwrap())
    };
    assert_eq!(hidden(false).await, (0, 0));
    assert_eq!(hidden(true).await, (1, 0));
}
