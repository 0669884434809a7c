use photomove_core::Disposition;
use photomove_http::{HeaderMap, Origin, StatusCode};
use rstest::rstest;
use url::Url;

use super::*;

fn noon() -> Timestamp {
    "2026-11-21T20:00:00Z".parse().unwrap()
}

fn refuse(status: u16, body: &str, operation: Operation) -> Error {
    let origin = Origin::of(&Url::parse("https://photoslibrary.googleapis.com").unwrap());
    classify(&ErrorReply {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &HeaderMap::new(),
        body,
        origin: &origin,
        operation,
        retry_after: None,
        redirected_to: None,
        now: noon(),
    })
}

fn wrapped(message: &str) -> String {
    serde_json::json!({"error": {"code": 400, "message": message, "status": "X"}}).to_string()
}

const RETRY_30: ErrorKind = ErrorKind::RateLimited {
    retry_after: Some(RATE_LIMITED_WAIT),
};
const BUSY: ErrorKind = ErrorKind::Unavailable { retry_after: None };

#[rstest]
#[case::per_minute(
    429,
    "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of service",
    RETRY_30
)]
#[case::older(
    429,
    "Quota exceeded for quota metric 'photoslibrary.googleapis.com/write_requests' and limit 'WritesPerMinutePerUser'",
    RETRY_30
)]
#[case::concurrent(
    429,
    "Quota exceeded for quota 'concurrent write request' of service 'photoslibrary.googleapis.com'.",
    RETRY_30
)]
#[case::unknown_429(429, "", RETRY_30)]
#[case::upload_quota(
    400,
    "Insufficient tokens for quota 'photoslibrary.googleapis.com/upload_requests' and limit 'UploadsPerMinute' of service",
    RETRY_30
)]
#[case::storage(400, "The remaining storage in the user's account is not enough to perform this operation.", ErrorKind::Quota { resource: Resource::Storage, resets_at: None })]
#[case::token(400, "Request must contain a valid upload token.", ErrorKind::BadBatch)]
#[case::foreign_album(
    400,
    "No permission to add media items to this album.",
    ErrorKind::Rejected(Rejection::Policy)
)]
#[case::album_gone(404, "The provided ID does not match any albums.", ErrorKind::NotFound)]
#[case::album_gone_400(400, "The provided ID does not match any albums.", ErrorKind::NotFound)]
#[case::album_id(400, "Invalid album ID.", ErrorKind::Rejected(Rejection::Invalid))]
#[case::too_many(400, "Request must have less than 50 items.", ErrorKind::Protocol)]
#[case::scope(
    403,
    "Request had insufficient authentication scopes.",
    ErrorKind::Auth(AuthProblem::MissingScope)
)]
#[case::not_enabled(
    403,
    "Photos Library API has not been used in project 7 before or it is disabled. Enable it by visiting https://console.example/x?project=7 then retry.",
    ErrorKind::Config
)]
#[case::photos_off(403, "Google Photos is disabled for the user", ErrorKind::Config)]
#[case::policy(403, "The caller does not have permission", ErrorKind::Config)]
#[case::expired(
    401,
    "Request had invalid authentication credentials.",
    ErrorKind::Auth(AuthProblem::Expired)
)]
#[case::gone(404, "Media item not found.", ErrorKind::NotFound)]
#[case::internal(500, "Internal error encountered.", BUSY)]
#[case::down(503, "The service is currently unavailable.", BUSY)]
fn refused_batches_have_the_right_kind(#[case] status: u16, #[case] message: &str, #[case] kind: ErrorKind) {
    assert_eq!(*refuse(status, &wrapped(message), Operation::Commit).kind(), kind);
}

#[rstest]
#[case::empty(
    400,
    "{\n  \"code\": 3,\n  \"message\": \"Payload must not be empty\"\n}\n",
    ErrorKind::Rejected(Rejection::Empty)
)]
#[case::quota(400, r#"{"code": 3, "message": "Insufficient tokens for quota \u0027x/upload_requests\u0027 and limit \u0027UploadsPerMinute\u0027"}"#, RETRY_30)]
#[case::session(
    401,
    r#"{"code": 16, "message": "Authentication session is not defined."}"#,
    ErrorKind::Auth(AuthProblem::Expired)
)]
#[case::hash(
    400,
    r#"{"code": 3, "message": "User-provided checksum does not match received payload content."}"#,
    ErrorKind::Corrupt
)]
#[case::older_hash(
    400,
    r#"{"code": 3, "message": "Checksum from header does not match received payload content."}"#,
    ErrorKind::Corrupt
)]
#[case::other_400(
    400,
    r#"{"code": 3, "message": "Something else."}"#,
    ErrorKind::Rejected(Rejection::Invalid)
)]
#[case::condition(412, "", ErrorKind::Rejected(Rejection::Invalid))]
#[case::large(413, "", ErrorKind::Rejected(Rejection::TooLarge))]
#[case::front_end(
    502,
    "<!DOCTYPE html>\n<html lang=en><title>Error 502 (Server Error)!!1</title>",
    BUSY
)]
#[case::wrong_path(
    404,
    "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title>",
    ErrorKind::Protocol
)]
fn refused_uploads_have_the_right_kind(#[case] status: u16, #[case] body: &str, #[case] kind: ErrorKind) {
    assert_eq!(*refuse(status, body, Operation::Stage).kind(), kind);
}

#[rstest]
#[case::text(r#"{"error": {"message": "Quota exceeded for quota metric 'All requests' and limit 'All requests per day' of service"}}"#)]
#[case::older(r#"{"error": {"message": "Quota exceeded for quota metric 'photoslibrary.googleapis.com/all_requests' and limit 'ApiCallsPerProjectPerDay'"}}"#)]
#[case::metadata(
    r#"{"error": {"message": "?", "details": [{"metadata": {"quota_limit": "ApiCallsPerProjectPerDay"}}]}}"#
)]
fn the_spent_day_waits_for_midnight_in_california(#[case] body: &str) {
    let error = refuse(429, body, Operation::Commit);
    let Disposition::WaitUntil(Some(at)) = error.disposition() else {
        panic!("{error:?}");
    };
    let midnight: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    assert!(at > midnight && at.duration_since(midnight).as_secs() < 1800, "{at}");
}

#[test]
fn a_switched_off_api_names_the_address_of_the_switch() {
    let message = "Photos Library API has not been used in project 7 before or it is disabled. Enable it by visiting https://console.example/x?project=7 then retry.";
    let error = refuse(403, &wrapped(message), Operation::Connect);
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("https://console.example/x?project=7")
    );
    let listed = r#"[{"error": {"code": 403, "message": "off", "errors": [{"reason": "accessNotConfigured"}]}}]"#;
    assert_eq!(*refuse(403, listed, Operation::Connect).kind(), ErrorKind::Config);
}

#[test]
fn a_bad_member_spoils_the_batch_and_a_bad_id_is_not_found() {
    let body = wrapped("Request contains an invalid media item id.");
    assert_eq!(*refuse(400, &body, Operation::AddToAlbum).kind(), ErrorKind::BadBatch);
    assert_eq!(*refuse(400, &body, Operation::Describe).kind(), ErrorKind::NotFound);
}

#[test]
fn the_canary_is_not_sent_again_when_its_hash_is_refused() {
    let body = r#"{"code": 3, "message": "User-provided checksum does not match received payload content."}"#;
    let error = refuse(400, body, Operation::Verify);
    assert_eq!(error.disposition(), Disposition::FailItem);
    assert_eq!(
        refuse(400, body, Operation::Stage).disposition(),
        Disposition::Retry { after: None }
    );
}

#[test]
fn the_identity_endpoint_speaks_the_language_of_oauth() {
    let body =
        r#"{"error": "insufficient_scope", "error_description": "Request had insufficient authentication scopes."}"#;
    let error = refuse(403, body, Operation::Connect);
    assert_eq!(*error.kind(), ErrorKind::Auth(AuthProblem::MissingScope));
}

#[rstest]
#[case(3, ErrorKind::Rejected(Rejection::MediaType))]
#[case(6, ErrorKind::Conflict { existing: None })]
#[case(8, RETRY_30)]
#[case(13, BUSY)]
#[case(14, BUSY)]
#[case(99, ErrorKind::Protocol)]
fn the_number_alone_tells_a_broken_file_from_a_busy_service(#[case] code: i32, #[case] kind: ErrorKind) {
    let status = Status {
        code,
        message: "Failed: There was an error while trying to create this media item.".into(),
        details: Vec::new(),
    };
    assert_eq!(*classify_item(&status, noon()).kind(), kind);
}

#[test]
fn words_of_the_service_become_one_short_line() {
    assert_eq!(shown("a\n b.\n"), "a b");
    assert!(shown(&"x".repeat(500)).chars().count() <= 201);
}

/// A refusal as the newest captures have it, with whatever stands in its details.
fn limited(limit: Option<(&str, &str)>, delay: Option<&str>, retry_after: Option<u64>) -> Error {
    let mut details = Vec::new();
    if let Some((name, value)) = limit {
        details.push(
            serde_json::json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
            "metadata": {"quota_limit": name, "quota_limit_value": value}}),
        );
    }
    if let Some(delay) = delay {
        details.push(serde_json::json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}));
    }
    let body = serde_json::json!({"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": details}});
    let origin = Origin::of(&Url::parse("https://photoslibrary.googleapis.com").unwrap());
    classify(&ErrorReply {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: &HeaderMap::new(),
        body: &body.to_string(),
        origin: &origin,
        operation: Operation::Stage,
        retry_after: retry_after.map(Duration::from_secs),
        redirected_to: None,
        now: noon(),
    })
}

#[rstest]
#[case::neither(None, None, 30)]
#[case::header(None, Some(45), 45)]
#[case::body(Some("75s"), None, 75)]
#[case::longer_of_both(Some("75s"), Some(45), 75)]
#[case::shorter_than_google_asks_for(Some("1s"), Some(2), 30)]
#[case::absurd(Some("315360000s"), None, 3600)]
#[case::garbage(Some("in a while"), None, 30)]
fn the_wait_is_the_longest_that_is_asked_for(
    #[case] delay: Option<&str>,
    #[case] retry_after: Option<u64>,
    #[case] seconds: u64,
) {
    let wanted = ErrorKind::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    };
    assert_eq!(*limited(None, delay, retry_after).kind(), wanted);
}

#[rstest]
#[case::number("WritesPerMinutePerUser", "12", "uploads", Some((Some("writes"), Some(12))))]
#[case::no_number("WritesPerMinutePerUser", "many", "uploads", Some((Some("writes"), None)))]
#[case::zero("WritesPerMinutePerUser", "0", "uploads", Some((Some("writes"), None)))]
#[case::of_a_change("WritesPerMinutePerUser", "12", "writes", Some((None, Some(12))))]
#[case::of_a_question("WritesPerMinutePerUser", "12", "reads", None)]
#[case::of_the_project("UploadsPerMinute", "600", "uploads", None)]
#[case::unknown("ReadsPerMinutePerUser", "600", "uploads", None)]
fn an_upload_that_is_refused_as_a_change_is_one(
    #[case] name: &str,
    #[case] value: &str,
    #[case] bucket: &'static str,
    #[case] wanted: Option<(Option<&str>, Option<u32>)>,
) {
    let lesson = lesson(bucket, &limited(Some((name, value)), None, None));
    assert_eq!(lesson.map(|lesson| (lesson.counted_with, lesson.per_minute)), wanted);
}

#[rstest]
#[case("Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of service")]
#[case("Quota exceeded for quota metric 'x/write_requests' and limit 'WritesPerMinutePerUser' of service")]
fn texts_without_details_teach_the_same(#[case] message: &str) {
    let refusal = refuse(429, &wrapped(message), Operation::Stage);
    assert!(lesson("uploads", &refusal).is_some_and(|lesson| lesson.counted_with == Some("writes")));
}

#[test]
fn each_limit_has_its_words() {
    let words = |limit| limited(Some((limit, "30")), None, None).to_string();
    assert_says(
        &words("WritesPerMinutePerUser"),
        "takes no more changes of this account within a minute",
    );
    assert_says(
        &words("UploadsPerMinute"),
        "takes no more uploads of this project within a minute",
    );
    assert_says(
        &words("ApiCallsPerProjectPerDay"),
        "has used up its requests of the day",
    );
    assert_says(&words("Other"), "was asked too often (limit Other, value 30");
}

#[track_caller]
fn assert_says(text: &str, part: &str) {
    assert!(text.contains(part), "{text}");
}
