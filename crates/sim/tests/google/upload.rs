//! Raw uploads and their errors, which look like no other errors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photomove_sim::google::EmptyUpload;
use photomove_sim::{Fault, FaultRule, Hashes};
use reqwest::{Body, Method, Response};
use rstest::rstest;
use serde_json::Value;

use super::support::{READ, Stand, batch, jpeg, json_of};

/// Status and text, after a look at what all errors of the endpoint have in common.
async fn bare_error(response: Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "text/html; charset=UTF-8");
    assert_eq!(response.headers()["server"], "UploadServer");
    assert!(response.headers().contains_key("x-guploader-uploadid"));
    assert!(!response.headers().contains_key("www-authenticate"));
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_token_is_plain_text_in_standard_base64() {
    let stand = Stand::start().await;
    let response = stand.upload_request(jpeg(0).await).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain");
    let token = response.text().await.unwrap();
    assert_eq!(token.len(), 531);
    assert!(token.contains('+') && token.contains('/'));
    assert_ne!(
        stand.upload(jpeg(0).await).await,
        token,
        "the same bytes get another token"
    );
    assert!(
        stand.google().library().is_empty(),
        "nothing is visible before batchCreate"
    );
}

#[tokio::test]
async fn a_trailing_slash_and_a_body_without_length_are_accepted() {
    let stand = Stand::start().await;
    let bytes = jpeg(0).await;
    let body = Body::wrap_stream(futures_util::stream::iter(
        bytes
            .chunks(1000)
            .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
            .collect::<Vec<_>>(),
    ));
    let request = stand
        .request(Method::POST, "/v1/uploads/")
        .header("x-goog-upload-protocol", "raw")
        .body(body);
    let token = request.send().await.unwrap().text().await.unwrap();
    stand.create(batch(&[(&token, "chunked.jpg")])).await;
    assert_eq!(stand.google().library()[0].sha1, Hashes::of(&bytes).sha1_hex());
}

#[tokio::test]
async fn a_wrong_hash_is_refused_with_the_exact_text_and_a_right_one_is_not() {
    let stand = Stand::start().await;
    let bytes = jpeg(0).await;
    let send = async |of: &[u8]| {
        let hash = format!("sha1={}", STANDARD.encode(Hashes::of(of).sha1));
        stand
            .upload_request(bytes.clone())
            .header("x-goog-hash", hash)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(send(&bytes).await.status(), 200);
    let (status, text) = bare_error(send(b"other").await).await;
    let wanted =
        "{\n  \"code\": 3,\n  \"message\": \"User-provided checksum does not match received payload content.\"\n}";
    assert_eq!((status, text.as_str()), (400, wanted));
}

#[tokio::test]
async fn the_fault_plan_lets_a_wrong_hash_pass() {
    let stand = Stand::with_faults(vec![FaultRule::new("upload", Fault::WrongHashAccepted)]).await;
    let request = stand
        .upload_request(jpeg(0).await)
        .header("x-goog-hash", "sha1=AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn zero_bytes_are_refused_or_poison_the_batch() {
    let stand = Stand::start().await;
    let (status, text) = bare_error(stand.upload_request(Vec::new()).send().await.unwrap()).await;
    assert_eq!(
        (status, text.as_str()),
        (
            400,
            "{\n  \"code\": 3,\n  \"message\": \"Payload must not be empty\"\n}"
        )
    );
    stand.google().switches().empty_upload = EmptyUpload::EmptyToken;
    assert_eq!(stand.upload(Vec::new()).await, "");
    assert_eq!(stand.create(batch(&[("", "empty.jpg")])).await.0, 400);
}

#[rstest]
#[case::expired(true)]
#[case::without_scope(false)]
#[tokio::test]
async fn a_bad_token_and_a_missing_scope_look_alike(#[case] expired: bool) {
    let mut stand = Stand::start().await;
    if expired {
        stand.google().expire_access_tokens();
    } else {
        stand.token = stand.google().access_token(&[READ]);
    }
    let (status, text) = bare_error(stand.upload_request(jpeg(0).await).send().await.unwrap()).await;
    assert_eq!(status, 401);
    assert_eq!(
        text,
        "{\n  \"code\": 16,\n  \"message\": \"Authentication session is not defined.\"\n}"
    );
}

#[rstest]
#[case::missing(None)]
#[case::unheard_of(Some("multipart"))]
#[tokio::test]
async fn other_protocols_are_refused(#[case] protocol: Option<&str>) {
    let stand = Stand::start().await;
    let mut request = stand.request(Method::POST, "/v1/uploads").body(jpeg(0).await);
    if let Some(protocol) = protocol {
        request = request.header("x-goog-upload-protocol", protocol);
    }
    let (status, text) = bare_error(request.send().await.unwrap()).await;
    assert_eq!(status, 400);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["code"], 3);
}

#[tokio::test]
async fn a_photo_above_the_limit_is_too_large() {
    let stand = Stand::with(|switches| switches.photo_limit_bytes = 5000).await;
    let mut large = jpeg(0).await;
    large.resize(5001, 0);
    let response = stand.upload_request(large).send().await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(stand.upload_request(jpeg(0).await).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_upload_rate_limit_is_a_400_with_escaped_apostrophes() {
    let stand = Stand::with(|switches| switches.uploads_per_minute = Some(1)).await;
    stand.upload(jpeg(0).await).await;
    let (status, text) = bare_error(stand.upload_request(jpeg(1).await).send().await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(
        text.contains("Insufficient tokens for quota \\u0027photoslibrary.googleapis.com/upload_requests\\u0027"),
        "{text}"
    );
    let message = serde_json::from_str::<Value>(&text).unwrap()["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("limit 'UploadsPerMinute' of service 'photoslibrary.googleapis.com'"),
        "{message}"
    );
    stand.advance(60);
    stand.upload(jpeg(1).await).await;
}

#[tokio::test]
async fn the_access_token_may_stand_in_the_query() {
    let stand = Stand::start().await;
    let url = format!(
        "{}/v1/albums?access_token={}",
        stand.google().library_url(),
        stand.token
    );
    assert_eq!(json_of(stand.http.get(url).send().await.unwrap()).await.0, 200);
}
