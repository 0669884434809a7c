//! Shapes of nodes: the interpreted and the raw spelling, odd nodes, and what recorded nodes have.

use photomove_sim::AmazonSwitches;
use serde_json::Value;

use crate::support::{demo, small, synthetic, with};

/// Keys of the recorded photo node of 2022, apart from `contentProperties`.
const RECORDED_NODE: [&str; 14] = [
    "accessRuleIds",
    "childAssetTypeInfo",
    "id",
    "name",
    "parentMap",
    "parents",
    "protectedFolder",
    "restricted",
    "status",
    "createdBy",
    "createdDate",
    "modifiedDate",
    "ownerId",
    "contentProperties",
];

#[tokio::test]
async fn a_photo_has_the_fields_of_the_recorded_node_in_the_interpreted_spelling() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let node = stage.first_file().await;
    for key in RECORDED_NODE {
        assert!(node.get(key).is_some(), "{key}");
    }
    let content = &node["contentProperties"];
    assert!(content["contentDate"].as_str().unwrap().starts_with("2023-05-12T"));
    assert_eq!(content["contentSignatures"][0]["contentSignatureType"], "MD5");
    let image = &content["image"];
    assert_eq!(
        (image["width"].as_u64(), image["height"].as_u64()),
        (Some(160), Some(120))
    );
    assert_eq!(image["flash"], "Off, Did not fire");
    assert_eq!(image["colorSpace"], "sRGB");
    assert_eq!(image["exposureProgram"], "Program AE");
    assert_eq!(image["apertureValue"], "2.8");
    assert_eq!(image["resolutionUnit"], "Pixels/Inch");
    assert!(image["exposureTime"].as_str().unwrap().starts_with("1/"));
    assert!(image["orientation"].is_string() && image["isoSpeedRatings"].is_string());
    let (latitude, longitude) = image["location"].as_str().unwrap().split_once(',').unwrap();
    assert_eq!(latitude.parse().ok(), content["address"]["latitude"].as_f64());
    assert_eq!(longitude.parse().ok(), content["address"]["longitude"].as_f64());
}

#[tokio::test]
async fn the_raw_spelling_comes_by_switch() {
    let stage = with(
        small(),
        AmazonSwitches {
            raw_exif: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let image = &stage.first_file().await["contentProperties"]["image"];
    assert_eq!(image["flash"], "16");
    assert_eq!(image["apertureValue"], "3/1");
    assert_eq!(image["resolutionUnit"], "2");
}

#[tokio::test]
async fn content_dates_take_sub_second_digits_for_milliseconds() {
    let stage = with(small(), AmazonSwitches::default()).await;
    let content = stage.first_file().await["contentProperties"].clone();
    let digits = content["image"]["subSecTimeOriginal"].as_str().unwrap();
    let date = content["contentDate"].as_str().unwrap();
    assert!(date.ends_with(&format!(".0{digits}Z")), "{date} {digits}");
    let original = content["image"]["dateTimeOriginal"].as_str().unwrap();
    assert_eq!(original.split('.').next(), date.split('.').next());
}

#[tokio::test]
async fn a_video_has_its_own_properties() {
    let stage = with(demo(), AmazonSwitches::default()).await;
    let page = stage
        .nodes("filters=contentProperties.contentType:video*&limit=1")
        .await;
    assert_eq!(page["count"], 10);
    let content = &page["data"][0]["contentProperties"];
    assert_eq!(content.get("image"), None);
    assert_eq!(content["video"]["duration"], 1.0);
    assert!(content["video"]["creationDate"].as_str().unwrap().ends_with(".000Z"));
}

#[tokio::test]
async fn favourites_and_descriptions_are_shown() {
    let stage = with(demo(), AmazonSwitches::default()).await;
    let favorites = stage.nodes("filters=kind:FILE AND favorite:(true)").await;
    assert!(
        favorites["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|node| node["settings"]["favorite"] == true)
    );
    let described = stage.nodes("filters=kind:FILE").await;
    let texts = described["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["description"].as_str());
    assert!(texts.count() > 20);
}

#[tokio::test]
async fn odd_nodes_come_by_switch_with_the_promised_oddities() {
    let stage = with(
        synthetic(1),
        AmazonSwitches {
            odd_nodes: true,
            ..AmazonSwitches::default()
        },
    )
    .await;
    let page = stage.nodes("filters=kind:FILE&limit=200").await;
    let find = |name: &str| -> Value {
        let nodes = page["data"].as_array().unwrap();
        nodes
            .iter()
            .find(|node| node["name"].as_str().is_some_and(|own| own.contains(name)))
            .unwrap()
            .clone()
    };
    assert_eq!(find("NoMd5")["contentProperties"].get("md5"), None);
    assert_eq!(find("NoContentProperties").get("contentProperties"), None);
    assert_eq!(find("NullLists")["labels"], Value::Null);
    assert!(find("UnknownFields")["hologram"].is_object());
    assert_eq!(find("UnknownKind")["kind"], "HOLOGRAM");
    assert_eq!(find("NumbersAsText")["contentProperties"]["size"], "2048");
    assert!(
        find("DateBefore1970")["contentProperties"]["contentDate"]
            .as_str()
            .unwrap()
            .starts_with("1912")
    );
    assert!(find("id with a dash")["id"].as_str().unwrap().starts_with('-'));
    assert_eq!(find("trashed")["status"], "TRASH");
    assert_eq!(find("hidden.jpg")["settings"]["hidden"], true);
    assert_eq!(page["count"], 26);
    let plain = with(synthetic(1), AmazonSwitches::default()).await;
    assert_eq!(plain.nodes("filters=kind:FILE").await["count"], 1);
}
