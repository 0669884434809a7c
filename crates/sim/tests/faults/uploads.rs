//! Faults of uploads.

use reqwest::Method;
use serde_json::json;

use crate::support::{ITEM_BYTES, Stage, google, only};

async fn bytes() -> Vec<u8> {
    let library = photomove_sim::Library::synthetic(1, ITEM_BYTES as u64, 9).unwrap();
    library.items[0].blob.bytes().await.unwrap().to_vec()
}

async fn upload(stage: &Stage, name: &str) -> reqwest::Result<reqwest::Response> {
    stage
        .request(Method::POST, "library", "/v1/uploads")
        .header("content-type", "application/octet-stream")
        .header("x-goog-upload-protocol", "raw")
        .header("x-goog-upload-file-name", name)
        .body(bytes().await)
        .send()
        .await
}

#[tokio::test]
async fn a_cut_upload_ends_in_a_reset_and_counts_what_arrived() {
    let stage = google(
        0,
        r#"[{"operation":"upload","times":1,"fault":"cut_upload","after_bytes":1000}]"#,
    )
    .await;
    upload(&stage, "a.jpg").await.unwrap_err();
    assert_eq!(upload(&stage, "a.jpg").await.unwrap().status(), 200);
    assert_eq!(stage.faults(), only("cut_upload", 1));
}

#[tokio::test]
async fn a_cut_behind_the_end_of_an_upload_does_nothing() {
    let stage = google(0, r#"[{"operation":"upload","fault":"cut_upload","after_bytes":1500}]"#).await;
    assert_eq!(upload(&stage, "a.jpg").await.unwrap().status(), 200);
    assert!(stage.faults().is_empty());
}

#[tokio::test]
async fn a_cut_part_of_a_long_upload_keeps_what_arrived() {
    let stage = google(
        0,
        r#"[{"operation":"upload_chunk","times":1,"fault":"cut_upload","after_bytes":300000}]"#,
    )
    .await;
    let body = vec![7_u8; 600_000];
    let started = stage
        .request(Method::POST, "library", "/v1/uploads")
        .header("x-goog-upload-command", "start")
        .header("x-goog-upload-protocol", "resumable")
        .header("x-goog-upload-raw-size", body.len())
        .header("x-goog-upload-content-type", "video/mp4")
        .header("content-length", "0")
        .send()
        .await
        .unwrap();
    let url = reqwest::Url::parse(started.headers()["x-goog-upload-url"].to_str().unwrap()).unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let send = |command: &'static str, offset: usize, body: Vec<u8>| {
        stage
            .request(Method::POST, "library", &path)
            .header("x-goog-upload-command", command)
            .header("x-goog-upload-offset", offset)
            .body(body)
            .send()
    };
    send("upload, finalize", 0, body.clone()).await.unwrap_err();
    let held = send("query", 0, Vec::new()).await.unwrap();
    let held: usize = held.headers()["x-goog-upload-size-received"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(held, 262_144);
    let done = send("upload, finalize", held, body[held..].to_vec()).await.unwrap();
    assert_eq!(
        (
            done.status().as_u16(),
            done.headers()["x-goog-upload-status"].to_str().unwrap()
        ),
        (200, "final")
    );
    assert_eq!(stage.faults(), only("cut_upload", 1));
}

#[tokio::test]
async fn a_name_picks_uploads_and_batches() {
    let stage = google(
        0,
        r#"[{"operation":"upload","name":"cat","times":1,"fault":"status","status":503},
            {"operation":"batch_create","name":"dog","times":1,"fault":"status","status":503}]"#,
    )
    .await;
    let mut statuses = Vec::new();
    for name in ["dog.jpg", "cat.jpg", "cat.jpg"] {
        statuses.push(upload(&stage, name).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 503, 200]);
    let token = upload(&stage, "dog.jpg").await.unwrap().text().await.unwrap();
    // The name that the upload had counts, whatever the batch says.
    let batch = json!({ "newMediaItems": [{ "simpleMediaItem": { "uploadToken": token, "fileName": "x.jpg" } }] });
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let reply = stage.post("/v1/mediaItems:batchCreate", batch.clone()).await.unwrap();
        statuses.push(reply.status().as_u16());
    }
    assert_eq!(statuses, [503, 200]);
}

#[tokio::test]
async fn a_wrong_hash_that_passes_is_counted() {
    let stage = google(0, r#"[{"operation":"upload","times":1,"fault":"wrong_hash_accepted"}]"#).await;
    let wrong = || async {
        stage
            .request(Method::POST, "library", "/v1/uploads")
            .header("x-goog-upload-protocol", "raw")
            .header("x-goog-hash", "sha1=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .body(bytes().await)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!([wrong().await, wrong().await], [200, 400]);
    assert_eq!(stage.faults(), only("wrong_hash_accepted", 1));
}
