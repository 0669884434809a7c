//! Real answers of the service, read by this crate. They are not part of the package: where they are missing the tests
//! say so and pass, unless `PHOTOMOVE_REQUIRE` names `recordings`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use photomove_amazon::wire::{Node, NodePage, Usage};
use photomove_amazon::{classify, convert};
use photomove_core::{AuthProblem, DestId, Error, ErrorKind, Operation, Precision, Rejection};
use photomove_http::{ErrorReply, HeaderMap, Origin, StatusCode};
use serde_json::Value;

/// The `response` of a recording; `None` if there are no recordings here.
fn recorded(name: &str) -> Option<Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("PHOTOMOVE_RECORDINGS")
        .map_or_else(beside, PathBuf::from)
        .join("amazon-photos");
    let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.json"))) else {
        let required = std::env::var("PHOTOMOVE_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("recordings"),
            "recording {name} is required and missing"
        );
        // Past the test harness, which swallows what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: recording {name} is not here");
        return None;
    };
    let recording: Value = serde_json::from_str(&text).unwrap();
    Some(recording["response"].clone())
}

fn classified(status: &Value, body: &str) -> Error {
    classify(&ErrorReply {
        status: StatusCode::from_u16(u16::try_from(status.as_u64().unwrap()).unwrap()).unwrap(),
        headers: &HeaderMap::new(),
        body,
        origin: &Origin::of(&"https://www.amazon.com/".parse().unwrap()),
        operation: Operation::ListAssets,
        retry_after: None,
        redirected_to: None,
        now: Timestamp::UNIX_EPOCH,
    })
}

#[test]
fn a_real_photo_becomes_an_asset() {
    let Some(response) = recorded("node-file-photo-2022") else {
        return;
    };
    let mut value = response["json"].clone();
    // The record of the app has no kind; on the wire every node has.
    value["kind"] = "FILE".into();
    let asset = convert::asset(Node::from_value(value).unwrap()).unwrap();
    let part = &asset.parts[0];
    assert_eq!(
        (part.file_name.as_str(), part.size_bytes),
        ("IMG_0532_edit.jpg", Some(26_094_939))
    );
    assert_eq!(
        part.checksums.md5_hex().as_deref(),
        Some("f10905a0e6d8e63bd3c9fb804672cb41")
    );
    let taken = asset.metadata.taken.unwrap().value;
    // 0.89 s by EXIF's own digits, not .089 as the service's content date has it.
    assert_eq!(taken.local.unwrap().to_string(), "2019-09-06T16:30:09.89");
    assert_eq!((taken.instant, taken.precision), (None, Precision::Subsecond));
    assert_eq!(
        asset.metadata.extra["contentProperties"]["image"]["flash"],
        "Off, Did not fire"
    );
    assert_eq!(asset.metadata.favourite, None);
}

#[test]
fn listings_of_all_ages_are_read() {
    if let Some(response) = recorded("share-children-file") {
        let page = NodePage::from_value(response["json"].clone()).unwrap();
        let node = page.nodes.into_iter().next().unwrap().unwrap();
        assert_eq!(node.content.as_ref().unwrap().size, Some(1_236_461_568));
        // A disk image is no photo.
        assert_eq!(convert::kind(&node), None);
    }
    if let Some(response) = recorded("doc-node-list-2014") {
        let page = NodePage::from_value(response["json"].clone()).unwrap();
        assert_eq!((page.count, page.next_token.as_deref()), (Some(2), Some("kgkbpodpt6")));
        let node = page.nodes.into_iter().next().unwrap().unwrap();
        assert!(node.other.contains_key("creationDate"));
        assert!(convert::asset(node).is_some());
    }
    if let Some(response) = recorded("fixture-acd-nodes") {
        for sample in response["samples"].as_array().unwrap() {
            Node::from_value(sample.clone()).unwrap();
        }
    }
    if let Some(response) = recorded("doc-account-usage-2014") {
        let usage = Usage::from_value(response["json"].clone()).unwrap();
        assert_eq!(usage.categories["photo"].total.count, Some(25));
    }
}

#[test]
fn real_refusals_are_told_apart() {
    let cases = [
        ("root-401-metadata-host", ErrorKind::Auth(AuthProblem::Missing)),
        ("upload-401-content-host", ErrorKind::Auth(AuthProblem::WrongRegion)),
        ("list-400-next-token-expired", ErrorKind::Protocol),
        (
            "server-500-internal-failure",
            ErrorKind::Unavailable { retry_after: None },
        ),
    ];
    for (name, kind) in cases {
        let Some(response) = recorded(name) else { return };
        let error = classified(
            response.get("status").unwrap_or(&500.into()),
            response["text"].as_str().unwrap(),
        );
        assert_eq!(*error.kind(), kind, "{name}: {error}");
    }
    for sample in recorded("throttle-429-bodies").unwrap_or_default()["samples"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let error = classified(&429.into(), sample["text"].as_str().unwrap());
        assert_eq!(*error.kind(), ErrorKind::RateLimited { retry_after: None });
    }
    for sample in recorded("conflict-409-name-exists").unwrap_or_default()["samples"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let error = classified(&409.into(), &sample["json"].to_string());
        assert_eq!(*error.kind(), ErrorKind::Conflict { existing: None });
    }
}

#[test]
fn refusals_of_the_upload_service_are_told_apart() {
    if let Some(response) = recorded("dtp-upload-409-duplicate-2026") {
        let error = classified(&response["status"], &response["json"].to_string());
        assert_eq!(
            *error.kind(),
            ErrorKind::Conflict {
                existing: Some(DestId::from("existingId"))
            }
        );
    }
    if let Some(response) = recorded("dtp-endpoint-403-not-registered") {
        let error = classified(&response["status"], &response["json"].to_string());
        assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope));
    }
    for sample in recorded("dtp-upload-403-quota-2026").unwrap_or_default()["samples"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let error = classified(&sample["status"], &sample.to_string());
        match sample["errorCode"].as_str().unwrap() {
            "InsufficientStorage" | "NoActiveSubscriptionFound" => {
                assert!(matches!(error.kind(), ErrorKind::Quota { .. }), "{error}");
            }
            "ForbiddenAccess" => assert_eq!(*error.kind(), ErrorKind::Rejected(Rejection::Policy)),
            _ => assert_eq!(*error.kind(), ErrorKind::Conflict { existing: None }),
        }
    }
}
