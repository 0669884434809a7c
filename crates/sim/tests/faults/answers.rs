//! Faults of what an answer says: status, headers, bytes.

use std::io::Read;

use rstest::rstest;
use serde_json::Value;

use crate::support::{ITEM_BYTES, amazon, google, only};

const USAGE: &str = "/drive/v1/account/usage";
/// The same every time.
const INFO: &str = "/drive/v1/account/info";

#[rstest]
#[case("99999999999", "99999999999")]
#[case("\"-5\"", "-5")]
#[case("\"soon\"", "soon")]
#[case("\"Wed, 21 Oct 2015 07:28:00 GMT\"", "Wed, 21 Oct 2015 07:28:00 GMT")]
#[tokio::test]
async fn retry_after_says_what_the_plan_says(#[case] written: &str, #[case] wanted: &str) {
    let stage = amazon(
        1,
        &format!(r#"[{{"operation":"usage","fault":"status","status":429,"retry_after":{written}}}]"#),
    )
    .await;
    let response = stage.get("metadata", USAGE).await;
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].to_str().unwrap()
        ),
        (429, wanted)
    );
}

#[tokio::test]
async fn a_retry_date_and_the_date_follow_the_services_clock() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","fault":"status","status":503,"retry_after":{"date_in_s":60}}]"#,
    )
    .await;
    let clock = &stage.service().shared().clock;
    clock.shift(jiff::SignedDuration::from_hours(-24 * 365));
    let response = stage.get("metadata", USAGE).await;
    let at = |name: &str| {
        let text = response.headers()[name].to_str().unwrap().to_owned();
        let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).unwrap();
        civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    };
    let wait_s = at("retry-after").duration_since(at("date")).as_secs();
    assert!((58..=60).contains(&wait_s), "{wait_s}");
    let ahead_s = clock.now().duration_since(at("date")).as_secs();
    assert!((0..60).contains(&ahead_s), "{ahead_s}");
}

#[rstest]
#[case(
    r#""body_kind":"json""#,
    Some("application/json"),
    r#"{"message":"planned status 502"}"#
)]
#[case(r#""body_kind":"text","body":"{}""#, Some("text/plain"), "{}")]
#[case(r#""body_kind":"html","body":"<p>""#, Some("text/html; charset=UTF-8"), "<p>")]
#[case(r#""body_kind":"empty""#, None, "")]
#[case(r#""body":"<b>x""#, Some("text/html"), "<b>x")]
#[tokio::test]
async fn bodies_come_in_every_kind(#[case] body: &str, #[case] content_type: Option<&str>, #[case] wanted: &str) {
    let rules = format!(r#"[{{"operation":"usage","fault":"status","status":502,{body}}}]"#);
    let response = amazon(1, &rules).await.get("metadata", USAGE).await;
    let got = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    assert_eq!((response.status().as_u16(), got.as_deref()), (502, content_type));
    assert_eq!(response.text().await.unwrap(), wanted);
}

#[rstest]
#[case(r#""short""#, ITEM_BYTES / 2)]
#[case(r#""short","at":-1"#, ITEM_BYTES - 1)]
#[case(r#""overlong""#, ITEM_BYTES + 1)]
#[case(r#""overlong","by":200000"#, ITEM_BYTES + 200_000)]
#[tokio::test]
async fn wrong_lengths_agree_with_their_header(#[case] fault: &str, #[case] wanted: usize) {
    let stage = amazon(1, &format!(r#"[{{"operation":"download","fault":{fault}}}]"#)).await;
    let (path, bodies) = stage.downloads().await;
    let response = stage.get("download", &path).await;
    assert_eq!(response.content_length(), Some(wanted as u64));
    let got = response.bytes().await.unwrap();
    assert_eq!(got.len(), wanted);
    let same = wanted.min(ITEM_BYTES);
    assert_eq!(got[..same], bodies[0][..same]);
}

#[tokio::test]
async fn a_swapped_body_is_the_one_of_another_item() {
    let stage = amazon(3, r#"[{"operation":"download","nth":1,"fault":"swap_body"}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let swapped = stage.get("download", &path).await.bytes().await.unwrap();
    assert_eq!(swapped, bodies[1]);
    assert_eq!(stage.get("download", &path).await.bytes().await.unwrap(), bodies[0]);
    assert_eq!(stage.faults(), only("swap_body", 1));
}

#[tokio::test]
async fn bodies_of_links_and_single_items_are_swapped_too() {
    let stage = amazon(2, r#"[{"operation":"*","times":2,"fault":"swap_body"}]"#).await;
    let (path, bodies) = stage.downloads().await;
    let id = path.rsplit('/').next().unwrap();
    let node: Value = stage
        .get("metadata", &format!("/drive/v1/nodes/{id}?resourceVersion=V2"))
        .await
        .json()
        .await
        .unwrap();
    assert_ne!(node["id"], id);
    let link = stage
        .get(
            "metadata",
            &format!("/drive/v1/nodes/{id}/contentRedirection?resourceVersion=V2"),
        )
        .await;
    let link = reqwest::Url::parse(link.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(
        stage.get("content", link.path()).await.bytes().await.unwrap(),
        bodies[1]
    );

    let google = google(2, r#"[{"operation":"get","fault":"swap_body"}]"#).await;
    let ids: Vec<_> = google
        .sims
        .google()
        .unwrap()
        .library()
        .into_iter()
        .map(|item| item.id)
        .collect();
    let item: Value = google
        .get("library", &format!("/v1/mediaItems/{}", ids[0]))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(item["id"], ids[1]);
}

#[tokio::test]
async fn a_single_item_has_none_to_swap_with_and_nothing_is_counted() {
    let stage = amazon(1, r#"[{"operation":"download","fault":"swap_body"}]"#).await;
    let (path, bodies) = stage.downloads().await;
    assert_eq!(stage.get("download", &path).await.bytes().await.unwrap(), bodies[0]);
    assert!(stage.faults().is_empty());
}

#[tokio::test]
async fn a_sign_in_page_comes_with_200_and_nothing_is_done() {
    let stage = google(0, r#"[{"operation":"album_create","fault":"html_200"}]"#).await;
    let response = stage
        .post("/v1/albums", serde_json::json!({ "album": { "title": "x" } }))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(response.text().await.unwrap().contains("Sign in"));
    assert!(stage.sims.google().unwrap().albums().is_empty());
}

#[rstest]
#[case("malformed_json")]
#[case("json_bom")]
#[tokio::test]
async fn spoiled_json_has_the_right_length_and_cannot_be_read(#[case] fault: &str) {
    let stage = amazon(1, &format!(r#"[{{"operation":"info","nth":2,"fault":"{fault}"}}]"#)).await;
    let right = stage.get("metadata", INFO).await.bytes().await.unwrap();
    let response = stage.get("metadata", INFO).await;
    let length = response.content_length();
    let wrong = response.bytes().await.unwrap();
    assert_eq!(length, Some(wrong.len() as u64));
    serde_json::from_slice::<Value>(&wrong).unwrap_err();
    match fault {
        "json_bom" => assert_eq!(wrong, [b"\xef\xbb\xbf", &right[..]].concat()),
        _ => assert_eq!(wrong, right[..right.len() / 2]),
    }
}

#[tokio::test]
async fn an_answer_may_be_compressed_or_say_so() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","nth":2,"fault":"encoded"},{"operation":"usage","nth":3,"fault":"encoded","encoding":"br"}]"#,
    )
    .await;
    let plain = stage.get("metadata", USAGE).await.bytes().await.unwrap();
    let gzip = stage.get("metadata", USAGE).await;
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&gzip.bytes().await.unwrap()[..])
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&text).unwrap()["photo"],
        serde_json::from_slice::<Value>(&plain).unwrap()["photo"]
    );
    let br = stage.get("metadata", USAGE).await;
    assert_eq!(br.headers()["content-encoding"], "br");
}

#[tokio::test]
async fn a_wrong_content_type_leaves_the_bytes() {
    let stage = amazon(
        1,
        r#"[{"operation":"download","fault":"wrong_content_type","content_type":"application/x-odd"}]"#,
    )
    .await;
    let (path, bodies) = stage.downloads().await;
    let response = stage.get("download", &path).await;
    assert_eq!(response.headers()["content-type"], "application/x-odd");
    assert_eq!(response.bytes().await.unwrap(), bodies[0]);
}

#[tokio::test]
async fn deep_json_is_as_deep_as_the_plan_says() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","nth":1,"fault":"deep_json","depth":50},{"operation":"usage","nth":2,"fault":"deep_json"}]"#,
    )
    .await;
    let mut deep = stage.get("metadata", USAGE).await.json::<Value>().await.unwrap();
    assert_eq!(deep["photo"]["total"]["count"], 1);
    let mut depth = 0;
    let mut inner = deep["deep"].take();
    while let Value::Array(mut items) = inner {
        depth += 1;
        inner = items.pop().unwrap_or_default();
    }
    assert_eq!(depth, 50);
    let deepest = stage.get("metadata", USAGE).await.bytes().await.unwrap();
    assert_eq!(deepest.iter().filter(|byte| **byte == b'[').count(), 1_000_000);
}

#[tokio::test]
async fn redirects_lead_to_themselves_or_anywhere() {
    let stage = amazon(
        1,
        r#"[{"operation":"usage","nth":1,"fault":"redirect"},
            {"operation":"usage","nth":2,"fault":"redirect","to":"https://example.invalid:1/x","status":307},
            {"operation":"usage","nth":3,"fault":"redirect","to":"file:///etc/passwd"}]"#,
    )
    .await;
    let path = "/drive/v1/account/usage?a=b";
    for (status, to) in [
        (302, path),
        (307, "https://example.invalid:1/x"),
        (302, "file:///etc/passwd"),
    ] {
        let response = stage.get("metadata", path).await;
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["location"].to_str().unwrap()
            ),
            (status, to)
        );
    }
    assert_eq!(stage.faults(), only("redirect", 3));
}

#[tokio::test]
async fn a_disposition_is_hostile_or_missing() {
    let stage = amazon(
        1,
        r#"[{"operation":"download","nth":1,"fault":"content_disposition","value":"attachment; filename=\"../../x\""},
            {"operation":"download","nth":2,"fault":"content_disposition"}]"#,
    )
    .await;
    let (path, _) = stage.downloads().await;
    let path = path.replace("/v2/download/signed/", "/cdproxy/nodes/");
    let hostile = stage.get("content", &path).await;
    assert_eq!(
        hostile.headers()["content-disposition"],
        "attachment; filename=\"../../x\""
    );
    assert!(
        !stage
            .get("content", &path)
            .await
            .headers()
            .contains_key("content-disposition")
    );
    assert!(
        stage
            .get("content", &path)
            .await
            .headers()
            .contains_key("content-disposition")
    );
}

#[tokio::test]
async fn a_huge_header_is_really_sent() {
    let stage = amazon(1, r#"[{"operation":"usage","fault":"huge_header"}]"#).await;
    let (got, end) = stage.raw("metadata", USAGE).await;
    end.unwrap();
    assert!(got.len() > 10 * 1024 * 1024, "{}", got.len());
    assert_eq!(stage.faults(), only("huge_header", 1));
}
