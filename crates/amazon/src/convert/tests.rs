use photomove_core::{CaptureTime, Origin, Precision};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// A node as the reference shows it (3.6); composed, not recorded.
fn photo() -> Value {
    json!({
        "id": "phExisting00000000001a", "kind": "FILE", "name": "IMG_2158.HEIC", "ownerId": "A2EXAMPLEOWN8X",
        "createdBy": "AmazonPhotosWeb", "status": "AVAILABLE", "version": 4,
        "createdDate": "2023-08-14T20:11:03.412Z", "modifiedDate": "2023-08-14T20:11:09.998Z",
        "parents": ["folderWeb000000000001a"], "xAccntParents": [], "xAccntParentMap": {}, "labels": [],
        "keywords": ["beach"], "settings": {"favorite": true, "hidden": false}, "description": "two gulls",
        "tempLink": 7, "lowResThumbnail": "x", "assets": [{"tempLink": "https://hush", "id": "r"}],
        "contentProperties": {
            "size": 1843200, "md5": "4a8a08f09d37b73795649038408b5f33", "version": 1, "contentType": "image/heic",
            "extension": "HEIC", "contentDate": "2023-08-14T14:13:21.000Z",
            "image": {"width": 3024, "dateTimeOriginal": "2023-08-14T14:13:21.000Z", "apertureValue": "54823/32325"},
            "address": {"city": "Vancouver", "state": "BC", "country": "Canada", "latitude": 49.2827, "longitude": -123.1207},
            "locationId": "CAN#BC#Vancouver",
        },
    })
}

fn converted(value: Value) -> Option<Asset> {
    asset(Node::from_value(value).unwrap())
}

#[test]
fn a_photo_becomes_an_asset_with_one_part() {
    let asset = converted(photo()).unwrap();
    assert_eq!(
        (asset.id.as_str(), asset.kind),
        ("phExisting00000000001a", MediaKind::Photo)
    );
    assert_eq!(asset.revision, "1:4a8a08f09d37b73795649038408b5f33");
    assert_eq!(owner(&asset.locator), Some("A2EXAMPLEOWN8X"));
    let [part] = &asset.parts[..] else {
        panic!("one part, not {}", asset.parts.len())
    };
    assert_eq!(
        (part.file_name.as_str(), part.size_bytes),
        ("IMG_2158.HEIC", Some(1_843_200))
    );
    assert_eq!(
        part.checksums.md5_hex().as_deref(),
        Some("4a8a08f09d37b73795649038408b5f33")
    );
}

#[test]
fn metadata_are_mapped_and_the_rest_is_kept() {
    let metadata = converted(photo()).unwrap().metadata;
    let local = jiff::civil::date(2023, 8, 14).at(14, 13, 21, 0);
    assert_eq!(
        metadata.taken.unwrap(),
        Sourced::provider(CaptureTime::local(local, Precision::Second))
    );
    assert_eq!(
        metadata.description.unwrap(),
        Sourced {
            value: "two gulls".to_owned(),
            origin: Origin::Provider
        }
    );
    assert_eq!(metadata.keywords.unwrap().value, ["beach"]);
    let place = metadata.place.unwrap().value;
    assert_eq!(
        (place.latitude, place.name.as_deref()),
        (49.2827, Some("Vancouver, BC, Canada"))
    );
    assert_eq!(
        (metadata.favourite.unwrap().value, metadata.hidden.unwrap().value),
        (true, false)
    );
    assert_eq!(metadata.extra["takenFrom"], "image.dateTimeOriginal");
    assert_eq!(metadata.extra["createdBy"], "AmazonPhotosWeb");
    assert_eq!(
        metadata.extra["contentProperties"]["image"]["apertureValue"],
        "54823/32325"
    );
    assert_eq!(metadata.extra["contentProperties"]["locationId"], "CAN#BC#Vancouver");
}

#[test]
fn links_and_empty_things_are_not_kept() {
    let extra = converted(photo()).unwrap().metadata.extra;
    let text = serde_json::to_string(&extra).unwrap();
    for gone in ["tempLink", "hush", "lowResThumbnail", "xAccntParents", "labels", "null"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}

#[rstest]
#[case(json!({"id": "a", "kind": "FILE", "name": "a.MOV"}), Some(MediaKind::Video))]
#[case(json!({"id": "a", "kind": "FILE", "name": "a.cr2", "contentProperties": {"contentType": "application/octet-stream"}}), Some(MediaKind::Photo))]
#[case(json!({"id": "a", "kind": "FILE", "name": "x", "contentProperties": {"contentType": "VIDEO/mp4"}}), Some(MediaKind::Video))]
#[case(json!({"id": "a", "kind": "FILE", "contentProperties": {"extension": "png"}}), Some(MediaKind::Photo))]
#[case(json!({"id": "a", "kind": "FILE", "name": "a.pdf", "contentProperties": {"contentType": "application/pdf"}}), None)]
#[case(json!({"id": "a", "kind": "FILE", "name": "noext"}), None)]
#[case(json!({"id": "a", "kind": "HOLOGRAM", "name": "a.jpg"}), None)]
#[case(json!({"id": "a", "name": "a.jpg"}), None)]
fn photos_and_videos_are_told_from_the_rest(#[case] node: Value, #[case] expected: Option<MediaKind>) {
    assert_eq!(kind(&Node::from_value(node).unwrap()), expected);
}

#[test]
fn what_is_missing_is_unknown_not_no() {
    let asset = converted(json!({"id": "-odd", "kind": "FILE", "name": "a/b;c=\"d\".jpg"})).unwrap();
    assert_eq!(
        (asset.metadata.favourite, asset.metadata.hidden, asset.metadata.taken),
        (None, None, None)
    );
    assert_eq!(
        (asset.parts[0].file_name.as_str(), asset.parts[0].checksums.md5),
        ("a/b;c=\"d\".jpg", None)
    );
    let nameless = converted(json!({"id": "x", "kind": "FILE", "contentProperties": {"extension": "png"}})).unwrap();
    assert_eq!(nameless.parts[0].file_name, "x.png");
}

#[test]
fn a_change_of_metadata_is_no_new_revision() {
    let mut renamed = photo();
    renamed["version"] = json!(9);
    renamed["name"] = json!("other.heic");
    assert_eq!(
        converted(renamed).unwrap().revision,
        converted(photo()).unwrap().revision
    );
    let mut edited = photo();
    edited["contentProperties"]["version"] = json!(2);
    assert_ne!(
        converted(edited).unwrap().revision,
        converted(photo()).unwrap().revision
    );
}

#[test]
fn albums_keep_title_and_sharing() {
    let node = json!({"id": "al", "kind": "VISUAL_COLLECTION", "name": "Lisbon 2023", "isShared": true});
    let album = album(Node::from_value(node).unwrap());
    assert_eq!(
        (album.title.as_str(), album.shared, album.item_count),
        ("Lisbon 2023", true, None)
    );
}

proptest! {
    #[test]
    fn any_node_converts_without_panic_and_keeps_its_id(value in crate::wire::arbitrary::json_value(), name in ".{0,20}") {
        let mut value = if value.is_object() { value } else { json!({}) };
        value["id"] = json!("n");
        value["kind"] = json!("FILE");
        value["name"] = json!(format!("{name}.jpg"));
        let asset = converted(value.clone()).expect("the name says that it is a photo");
        prop_assert_eq!(asset.id.as_str(), "n");
        prop_assert_eq!(asset.parts.len(), 1);
        // The journal keeps it as text.
        let kept = serde_json::to_string(&asset.metadata).unwrap();
        let back: Metadata = serde_json::from_str(&kept).unwrap();
        prop_assert_eq!(back.fields(), asset.metadata.fields());
        album(Node::from_value(value).unwrap());
    }
}
