//! Quotas, the write lane, and the account's and the project's switches.

use std::time::Duration;

use jiff::SignedDuration;
use photomove_sim::google::ErrorStyle;
use photomove_sim::{Fault, FaultRule};
use serde_json::{Value, json};

use super::support::{ALL, Stand, batch, jpeg, message};

#[tokio::test]
async fn the_daily_quota_ends_at_midnight_in_california() {
    let mut stand = Stand::with(|switches| switches.requests_per_day = Some(2)).await;
    assert_eq!(stand.get("/v1/albums").await.0, 200);
    stand.upload(jpeg(0).await).await;
    assert_eq!(stand.google().requests_today(), 2);
    let (status, reply) = stand.get("/v1/albums").await;
    assert_eq!((status, &reply["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    let text = "Quota exceeded for quota metric 'All requests' and limit 'All requests per day' of service \
                'photoslibrary.googleapis.com' for consumer 'project_number:412345678901'.";
    assert_eq!(message(&reply), text);
    assert_eq!(
        reply["error"]["details"][0]["metadata"]["quota_limit"],
        "ApiCallsPerProjectPerDay"
    );

    // Noon to midnight is twelve hours; the access token has long expired by then.
    stand.advance(12 * 3600 - 1);
    stand.token = stand.google().access_token(&ALL);
    assert_eq!(stand.get("/v1/albums").await.0, 429);
    stand.advance(1);
    assert_eq!(stand.get("/v1/albums").await.0, 200);
}

#[tokio::test]
async fn an_upload_beyond_the_daily_quota_is_a_bare_429() {
    let stand = Stand::with(|switches| switches.requests_per_day = Some(0)).await;
    let response = stand.upload_request(jpeg(0).await).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["code"], 8);
    assert!(body["message"].as_str().unwrap().contains("All requests per day"));
}

#[tokio::test]
async fn writes_per_minute_are_refused_in_the_newest_shape() {
    let stand = Stand::with(|switches| switches.writes_per_minute = Some(2)).await;
    stand.album("One").await;
    stand.album("Two").await;
    let body = json!({ "album": { "title": "Three" } });
    let (status, reply) = stand.post("/v1/albums", body.clone()).await;
    let text = "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of service \
                'photoslibrary.googleapis.com' for consumer 'project_number:412345678901'.";
    let wanted = json!({ "error": {
        "code": 429,
        "message": text,
        "errors": [{ "message": text, "domain": "global", "reason": "rateLimitExceeded" }],
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "service": "photoslibrary.googleapis.com",
                    "quota_limit_value": "2",
                    "quota_location": "global",
                    "consumer": "projects/412345678901",
                    "quota_metric": "photoslibrary.googleapis.com/write_requests",
                    "quota_limit": "WritesPerMinutePerUser",
                },
            },
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{
                    "description": "Request a higher quota limit.",
                    "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                }],
            },
        ],
    } });
    assert_eq!((status, reply), (429, wanted));
    stand.upload(jpeg(0).await).await;
    assert_eq!(
        stand.get("/v1/albums").await.0,
        200,
        "reads and, by default, uploads go on"
    );

    stand.google().switches().error_style = ErrorStyle::ErrorsOnly;
    assert_eq!(
        stand.post("/v1/albums", body.clone()).await.1["error"].get("details"),
        None
    );
    stand.google().switches().error_style = ErrorStyle::Bare;
    assert_eq!(
        stand.post("/v1/albums", body.clone()).await.1["error"].get("errors"),
        None
    );
    stand.advance(60);
    assert_eq!(stand.post("/v1/albums", body).await.0, 200);
}

#[tokio::test]
async fn retry_after_is_sent_on_request_only() {
    let stand = Stand::with(|switches| switches.requests_per_day = Some(0)).await;
    let send = async || stand.request(reqwest::Method::GET, "/v1/albums").send().await.unwrap();
    assert!(!send().await.headers().contains_key("retry-after"));
    stand.google().switches().retry_after_s = Some(7);
    assert_eq!(send().await.headers()["retry-after"], "7");
}

#[tokio::test]
async fn writes_at_the_same_time_are_refused_and_uploads_are_not() {
    let stand = Stand::with(|switches| switches.write_takes = Duration::from_millis(300)).await;
    let token = stand.upload(jpeg(0).await).await;
    let create = stand.create(batch(&[(&token, "a.jpg")]));
    let album = stand.post("/v1/albums", json!({ "album": { "title": "x" } }));
    let upload = stand.upload(jpeg(1).await);
    let ((first, one), (second, two), _) = tokio::join!(create, album, upload);
    let (refused, reply) = if first == 429 { (first, one) } else { (second, two) };
    assert_eq!([first, second].iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(refused, 429);
    assert_eq!(
        message(&reply),
        "Quota exceeded for quota 'concurrent write request' of service 'photoslibrary.googleapis.com'."
    );
    stand.album("Later").await;
}

#[tokio::test]
async fn the_lane_can_stay_taken_after_the_reply() {
    let stand = Stand::with(|switches| switches.hold_write_lane = SignedDuration::from_secs(20)).await;
    stand.album("One").await;
    let body = json!({ "album": { "title": "Two" } });
    assert_eq!(stand.post("/v1/albums", body.clone()).await.0, 429);
    stand.advance(20);
    assert_eq!(stand.post("/v1/albums", body).await.0, 200);
}

#[tokio::test]
async fn an_api_that_is_not_switched_on_says_where_to_do_it() {
    let stand = Stand::with(|switches| switches.api_enabled = false).await;
    let (status, reply) = stand.get("/v1/albums").await;
    assert_eq!((status, &reply["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    assert!(
        message(&reply).contains("has not been used in project 412345678901 before or it is disabled"),
        "{reply}"
    );
    assert_eq!(
        reply["error"]["details"][0]["@type"],
        "type.googleapis.com/google.rpc.Help"
    );
}

#[tokio::test]
async fn an_account_without_photos_is_refused() {
    let stand = Stand::with(|switches| switches.photos_enabled = false).await;
    let (status, reply) = stand.get("/v1/albums").await;
    assert_eq!(
        (status, message(&reply)),
        (403, "Google Photos is disabled for the user")
    );
}

#[tokio::test]
async fn requests_are_counted_and_logged_by_operation() {
    let stand = Stand::start().await;
    stand.item(jpeg(0).await, "a.jpg").await;
    stand.album("One").await;
    assert_eq!(stand.get("/v1/nonsense").await.0, 404);
    let counts = stand.google().counters();
    let count = |operation: &str| counts.by_operation.get(operation).copied().unwrap_or_default();
    assert_eq!(
        [
            count("upload"),
            count("batch_create"),
            count("album_create"),
            count("unknown")
        ],
        [1, 1, 1, 1]
    );
    let lines = stand.google().service().shared().log.lines();
    assert!(
        lines
            .iter()
            .all(|line| line.origin == "library" && line.credentials == ["authorization"])
    );
}

#[tokio::test]
async fn a_planned_failure_has_the_services_own_shape() {
    let fault = Fault::Status {
        status: 503,
        retry_after: None,
        body: None,
    };
    let stand = Stand::with_faults(vec![FaultRule::new("album_list", fault).nth(1)]).await;
    let (status, reply) = stand.get("/v1/albums").await;
    let wanted = json!({ "error": { "code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE" } });
    assert_eq!((status, reply), (503, wanted));
    assert_eq!(stand.get("/v1/albums").await.0, 200);
}
