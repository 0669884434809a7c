//! Plans as a whole: counts, the log, sessions, the control routes, the seed.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Stage, amazon, google, only};

const USAGE: &str = "/drive/v1/account/usage";

async fn control(stage: &Stage, method: Method, path: &str, body: &str) -> (u16, String) {
    let base = stage
        .sims
        .env()
        .iter()
        .find_map(|(name, url)| name.ends_with("_CONTROL").then_some(url))
        .unwrap();
    let answer = stage
        .http
        .request(method, format!("{base}/{path}"))
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn counters_and_log_tell_which_faults_happened() {
    let stage = amazon(1, "[]").await;
    let plan = r#"[{"operation":"usage","every":2,"fault":"status","status":500},{"operation":"usage","nth":3,"fault":"json_bom"}]"#;
    assert_eq!(control(&stage, Method::POST, "faults", plan).await.0, 200);
    for _ in 0..4 {
        stage.get("metadata", USAGE).await.bytes().await.unwrap();
    }
    // Another plan counts from 1; what happened stays counted.
    control(&stage, Method::POST, "faults", plan).await;
    for _ in 0..2 {
        stage.get("metadata", USAGE).await.bytes().await.unwrap();
    }
    let counters: Value = serde_json::from_str(&control(&stage, Method::GET, "counters", "").await.1).unwrap();
    assert_eq!(counters["faults"], json!({ "status": 3, "json_bom": 1 }));
    let (_, log) = control(&stage, Method::GET, "requests", "").await;
    let faults: Vec<_> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["fault"].clone())
        .collect();
    assert_eq!(
        json!(faults),
        json!([null, "status", "json_bom", "status", null, "status"])
    );
}

#[tokio::test]
async fn the_same_seed_spoils_the_same_requests() {
    let spoiled = || async {
        let stage = amazon(
            1,
            r#"[{"operation":"usage","probability":0.4,"times":7,"fault":"status","status":500}]"#,
        )
        .await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(stage.get("metadata", USAGE).await.status().as_u16());
        }
        statuses
    };
    let first = spoiled().await;
    assert_eq!(first, spoiled().await);
    assert_eq!(first.iter().filter(|status| **status == 500).count(), 7);
}

#[tokio::test]
async fn a_plan_whose_rules_could_never_fire_is_refused_while_running() {
    let stage = amazon(1, "[]").await;
    for (plan, reason) in [
        (r#"[{"operation":"usage","fault":"empty_page"}]"#, "only with listings"),
        (
            r#"[{"operation":"list","name":"x","fault":"flip_bit"}]"#,
            "has no file name",
        ),
        (r#"[{"operation":"usage","fault":"late"}]"#, "missing field `ms`"),
        (
            r#"[{"operation":"upload","fault":"flip_bit"}]"#,
            "unknown operation `upload`",
        ),
    ] {
        let (status, text) = control(&stage, Method::POST, "faults", plan).await;
        assert!(status == 400 && text.contains(reason), "{status} {text}");
    }
}

#[tokio::test]
async fn amazons_session_ends_at_the_request_of_the_plan() {
    let stage = amazon(1, r#"[{"operation":"usage","nth":2,"fault":"expire_session"}]"#).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(stage.get("metadata", USAGE).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 401, 401]);
    assert_eq!(stage.faults(), only("expire_session", 1));
}

#[rstest]
#[case("expire_session", 200)]
#[case("revoke_refresh", 400)]
#[tokio::test]
async fn googles_tokens_end_at_the_request_of_the_plan(#[case] fault: &str, #[case] refreshed: u16) {
    let stage = google(
        0,
        &format!(r#"[{{"operation":"album_list","nth":2,"fault":"{fault}"}}]"#),
    )
    .await;
    let google = stage.sims.google().unwrap();
    let file = std::fs::read_to_string(&google.env()["PHOTOMOVE_GOOGLE_TOKEN"]).unwrap();
    let secret = std::fs::read_to_string(&google.env()["PHOTOMOVE_GOOGLE_CLIENT_SECRET"]).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(stage.get("library", "/v1/albums").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 401, 401]);
    let value = |text: &str, name: &str| {
        let at = text.find(&format!("\"{name}\"")).unwrap();
        text[at..].split('"').nth(3).unwrap().to_owned()
    };
    let form = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", value(&file, "refresh_token")),
        ("client_id", value(&secret, "client_id")),
        ("client_secret", value(&secret, "client_secret")),
    ];
    let answer = stage
        .http
        .post(format!("{}/token", google.oauth2_url()))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), refreshed);
    assert_eq!(stage.faults(), only(fault, 1));
}

#[tokio::test]
async fn a_rule_for_everything_leaves_no_operation_out() {
    let stage = google(1, r#"[{"operation":"*","fault":"status","status":503}]"#).await;
    for (origin, path) in [
        ("library", "/v1/mediaItems"),
        ("library", "/v1/albums"),
        ("userinfo", "/v1/userinfo"),
        ("accounts", "/.well-known/openid-configuration"),
    ] {
        assert_eq!(stage.get(origin, path).await.status(), 503, "{path}");
    }
    assert_eq!(stage.faults(), only("status", 4));
    assert_eq!(stage.counts().unknown, 0);
}
