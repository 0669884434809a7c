//! The real exchanges that the protocol notes rest on, read by this crate's types. Skipped aloud where they are missing.

use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use photomove_core::{AuthProblem, Disposition, Error, ErrorKind, Operation, Rejection};
use photomove_google::classify;
use photomove_google::wire::{Album, AlbumPage, BatchCreateReply, BatchGetReply, ItemPage, MediaItem};
use photomove_http::{ErrorReply, HeaderMap, Origin, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// Returns the folder of recordings: the one that `PHOTOMOVE_RECORDINGS` names, or the one beside the repository.
fn folder() -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings").into();
    let all = std::env::var_os("PHOTOMOVE_RECORDINGS").map_or_else(beside, PathBuf::from);
    let folder = all.join("google-photos");
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PHOTOMOVE_REQUIRE").is_ok_and(|list| list.contains("recordings"));
    assert!(!required, "recordings are required and missing");
    // Past the test harness, which swallows what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: no recordings at {}", folder.display());
    None
}

fn response(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(folder()?.join(format!("{name}.json"))).unwrap();
    Some(serde_json::from_str::<Value>(&text).unwrap()["response"].take())
}

fn read<T: DeserializeOwned>(name: &str) -> Option<T> {
    Some(serde_json::from_value(response(name)?["json"].take()).unwrap())
}

fn refused(name: &str, operation: Operation) -> Option<Error> {
    let response = response(name)?;
    let body = match response.get("json") {
        Some(json) => json.to_string(),
        None => response["text"].as_str().unwrap_or_default().to_owned(),
    };
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    Some(classify(&ErrorReply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body: &body,
        origin: &Origin::of(&Url::parse("https://photoslibrary.googleapis.com").unwrap()),
        operation,
        retry_after: None,
        redirected_to: None,
        now: Timestamp::UNIX_EPOCH,
    }))
}

#[test]
fn recorded_answers_are_read() {
    let Some(reply) = read::<BatchCreateReply>("batchcreate-into-album-two-items") else {
        return;
    };
    for result in &reply.new_media_item_results {
        let item = result.media_item.as_ref().unwrap();
        assert_eq!((result.status.code, item.media_metadata.width), (0, Some(1600)));
        assert!(item.media_metadata.photo.is_none() && item.description.is_none());
    }
    let old: BatchCreateReply = read("batchcreate-ok-2018").unwrap();
    assert_eq!(
        old.new_media_item_results[0].media_item.as_ref().unwrap().filename,
        None
    );
    let got: BatchGetReply = read("batchget-two-items").unwrap();
    let photo = got.media_item_results[0]
        .media_item
        .clone()
        .unwrap()
        .media_metadata
        .photo
        .unwrap();
    assert_eq!((photo.focal_length, photo.iso_equivalent), (Some(5.40625), Some(161)));
    let videos: ItemPage = read("search-videos-processing-and-ready").unwrap();
    assert_eq!(videos.media_items[0].media_metadata.width, None);
    assert_eq!(
        videos.media_items[1].media_metadata.video.as_ref().unwrap().fps,
        Some(60.0)
    );
    let created: Album = read("album-create").unwrap();
    assert!(created.is_writeable && created.media_items_count.is_none());
    let korean: AlbumPage = read("albums-list-unicode-title").unwrap();
    assert_eq!(korean.albums[0].media_items_count, Some(489));
    let hand_made: AlbumPage = read("fixture-ha-list-albums").unwrap();
    assert_eq!(hand_made.albums[0].media_items_count, Some(7));
    let hand_made: ItemPage = read("fixture-ha-list-mediaitems").unwrap();
    assert_eq!(hand_made.media_items[0].media_metadata.height, Some(768));
    for name in [
        "mediaitem-get-photo-2019",
        "mediaitem-get-photo-with-description",
        "mediaitem-photo-no-exposuretime",
    ] {
        let item: MediaItem = read(name).unwrap();
        assert!(!item.id.is_empty() && item.media_metadata.photo.is_some(), "{name}");
    }
}

#[test]
fn recorded_refusals_have_the_right_kind() {
    if folder().is_none() {
        return;
    }
    let wait = |name: &str| matches!(refused(name, Operation::Commit).unwrap().disposition(), Disposition::Retry { after: Some(after) } if after.as_secs() >= 30);
    assert!(wait("429-writes-per-minute-per-user-with-details"));
    assert!(wait("429-writes-per-minute-per-user-2019"));
    assert!(wait("uploads-400-upload-quota"));
    for name in ["429-daily-with-headers", "429-daily-old-metric-name"] {
        let error = refused(name, Operation::Commit).unwrap();
        assert!(
            matches!(error.disposition(), Disposition::WaitUntil(Some(_))),
            "{name}: {error:?}"
        );
    }
    for (name, operation, kind) in [
        (
            "uploads-400-empty-payload",
            Operation::Stage,
            ErrorKind::Rejected(Rejection::Empty),
        ),
        (
            "uploads-401-authentication-session",
            Operation::Stage,
            ErrorKind::Auth(AuthProblem::Expired),
        ),
        (
            "library-401-headers",
            Operation::ListAssets,
            ErrorKind::Auth(AuthProblem::Expired),
        ),
        (
            "search-403-insufficient-scopes",
            Operation::ListAssets,
            ErrorKind::Auth(AuthProblem::MissingScope),
        ),
        ("api-not-enabled-403-2020", Operation::Connect, ErrorKind::Config),
        (
            "api-not-enabled-403-errors-array",
            Operation::Connect,
            ErrorKind::Config,
        ),
        ("batchcreate-400-more-than-50", Operation::Commit, ErrorKind::Protocol),
        (
            "albums-batchadd-400-invalid-item",
            Operation::AddToAlbum,
            ErrorKind::BadBatch,
        ),
        (
            "mediaitems-batchget-500",
            Operation::Refresh,
            ErrorKind::Unavailable { retry_after: None },
        ),
    ] {
        let error = refused(name, operation).unwrap();
        assert_eq!(*error.kind(), kind, "{name}: {error}");
    }
}
